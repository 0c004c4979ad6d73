//! The log, on request only: `RUST_LOG` says what, `CHAT_LOG` names the file. Without a file standard error is used in
//! line mode, and nothing is logged while there is a screen.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::sanitize::sanitize_line;

/// The file that `CHAT_LOG` names cannot be written: whoever asks for a log wants to be told before the chat begins,
/// not to find none after it.
#[derive(Debug)]
pub struct LogError {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

/// Begins to log, if that is asked for.
///
/// # Errors
/// [`LogError`] if the file cannot be written.
pub fn start(line_mode: bool) -> Result<(), LogError> {
    let mut builder = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("off"));
    match file(std::env::var_os("CHAT_LOG"))? {
        Some(file) => builder.target(env_logger::Target::Pipe(Box::new(file))),
        None if line_mode => builder.target(env_logger::Target::Stderr),
        None => return Ok(()),
    };
    // tungstenite logs a frame as it came, and a log is read on a terminal.
    builder.format(|out, record| {
        let words = sanitize_line(&record.args().to_string());
        writeln!(out, "[{} {}] {words}", record.level(), record.target())
    });
    // A second logger in one process, as in tests, changes nothing.
    let _ = builder.try_init();
    Ok(())
}

/// The file of a name; an empty one counts as none, as an empty variable of the environment does.
fn file(path: Option<OsString>) -> Result<Option<File>, LogError> {
    let Some(path) = path.filter(|path| !path.is_empty()).map(PathBuf::from) else { return Ok(None) };
    match File::create(&path) {
        Ok(file) => Ok(Some(file)),
        Err(error) => Err(LogError { path, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_no_file_and_a_name_that_cannot_be_one_is_an_error() {
        assert!(file(None).unwrap().is_none());
        assert!(file(Some(OsString::new())).unwrap().is_none());
        assert!(file(Some("/dev/null".into())).unwrap().is_some());
        for path in ["/nowhere/chat.log", "/", "/dev/null/chat.log"] {
            let error = file(Some(path.into())).unwrap_err();
            assert_eq!(error.path, PathBuf::from(path));
        }
    }
}
