//! What the user prefers: the configuration file. Where it is, that it is read within bounds, and what can be
//! wrong with it. What may stand in it is [`settings`]' affair, and the complete example is [`sample`]'s.
//!
//! The command line wins over the file, the file over the environment. It does not know the chat: the state, the
//! view and the keymap are each handed their part.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use chat_protocol::Lang;

use crate::keymap::Keymap;
use crate::sanitize::Widths;
use crate::state::Options;
use crate::view::Palette;

pub mod problem;
pub mod reading;
pub mod sample;
pub mod settings;

pub use problem::Problem;

/// Bytes of a configuration file; a longer one is none.
pub const CONFIG_BYTES_MAX: u64 = 65_536;

/// See the module. The default is what holds without a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// The language; `None` is the environment's.
    pub language: Option<Lang>,
    /// Colours or none; `None` leaves it to `NO_COLOR`.
    pub colours: Option<bool>,
    /// For which background they are.
    pub palette: Palette,
    /// How the terminal counts the columns of composed characters.
    pub widths: Widths,
    /// What the state has to know.
    pub options: Options,
    /// Which key does what.
    pub keys: Keymap,
}

/// What is wrong with the file, and which file it is.
#[derive(Debug)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// Reads the file that `--config` names, else the one in its usual place, where none need be.
///
/// # Errors
/// If a file that must be there is not, or if something is wrong in it.
pub fn load(
    named: Option<&OsStr>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Preferences, ConfigError> {
    let Some(path) = named.map(PathBuf::from).or_else(|| usual_path(environment)) else {
        return Ok(Preferences::default());
    };
    match read(&path) {
        Ok(text) => reading::preferences(&text),
        Err(Problem::Unreadable(error)) if named.is_none() && is_absence(&error) => {
            Ok(Preferences::default())
        }
        Err(problem) => Err(problem),
    }
    .map_err(|problem| ConfigError { path, problem })
}

/// `$XDG_CONFIG_HOME/chat-client/config.toml`, else under `~/.config`. A variable that is no absolute path counts
/// as not set, as the XDG specification wants it.
#[must_use]
pub fn usual_path(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("chat-client").join("config.toml"))
}

/// A component of the path that is a file means that there is no such file either.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read(path: &PathBuf) -> Result<String, Problem> {
    let file = File::open(path).map_err(Problem::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(Problem::Unreadable)?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(Problem::TooBig);
    }
    String::from_utf8(bytes).map_err(|_| Problem::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_looked_for_where_xdg_says() {
        let path = |variables: &'static [(&str, &str)]| {
            usual_path(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        let at = |path: &str| Some(PathBuf::from(path));
        assert_eq!(path(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), at("/x/chat-client/config.toml"));
        assert_eq!(path(&[("HOME", "/h")]), at("/h/.config/chat-client/config.toml"));
        assert_eq!(
            path(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]),
            at("/h/.config/chat-client/config.toml")
        );
        assert_eq!(path(&[("XDG_CONFIG_HOME", ""), ("HOME", "")]), None);
    }

    #[test]
    fn no_file_is_no_error_unless_it_was_named() {
        let home = |name: &str| (name == "HOME").then(|| OsString::from("/nowhere"));
        assert_eq!(load(None, home).unwrap(), Preferences::default());
        assert_eq!(load(None, |_| None).unwrap(), Preferences::default());
        let error = load(Some(OsStr::new("/nowhere/config.toml")), home).unwrap_err();
        assert!(matches!(error.problem, Problem::Unreadable(_)), "{error:?}");
    }

    #[test]
    fn a_file_without_an_end_a_directory_and_noise_are_refused() {
        let problem = |path: &str| load(Some(OsStr::new(path)), |_| None).unwrap_err().problem;
        assert!(matches!(problem("/dev/zero"), Problem::TooBig));
        assert!(matches!(problem("/"), Problem::Unreadable(_)));
        let noise = std::env::temp_dir().join(format!("chat-client-noise-{}.toml", std::process::id()));
        std::fs::write(&noise, b"language = \"\xff\"\n").unwrap();
        assert!(matches!(problem(noise.to_str().unwrap()), Problem::NotUtf8));
        std::fs::remove_file(noise).unwrap();
    }
}
