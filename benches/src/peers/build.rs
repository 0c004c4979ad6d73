//! Builds: what was built of which sources, and commands that must come to an end.
//!
//! It does not know what is built. The result is kept together with all that it was made of, word for word, and is
//! made anew when that is another.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether a command has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What a finished build was made of, in its directory.
const MADE_OF: &str = "made-of.txt";

/// All that a build is made of: the command, and the text of all files under a directory.
///
/// # Errors
/// As the system reports them.
pub fn ingredients(command: &Command, sources: &Path) -> io::Result<String> {
    let mut text = format!("{command:?}\n");
    for path in files(sources)? {
        let content = fs::read(sources.join(&path))?;
        text.push_str(&format!("\n== {}\n{}", path.display(), String::from_utf8_lossy(&content)));
    }
    Ok(text)
}

/// The files under a directory, relative to it and sorted.
///
/// # Errors
/// As the system reports them.
pub fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if let Ok(path) = path.strip_prefix(directory) {
                files.push(path.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether what is in this directory was made of these ingredients.
#[must_use]
pub fn is_current(home: &Path, ingredients: &str) -> bool {
    fs::read_to_string(home.join(MADE_OF)).is_ok_and(|made_of| made_of == ingredients)
}

/// What is in this directory is about to change: until [`finish`] it is made of nothing.
///
/// # Errors
/// As the system reports them.
pub fn begin(home: &Path) -> io::Result<()> {
    fs::create_dir_all(home)?;
    match fs::remove_file(home.join(MADE_OF)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What is in this directory is made of these ingredients.
///
/// # Errors
/// As the system reports them.
pub fn finish(home: &Path, ingredients: &str) -> io::Result<()> {
    fs::write(home.join(MADE_OF), ingredients)
}

/// Runs a command to its end, but no longer than `limit`. What it says goes to the file `log` and is returned.
/// `waiting` is called now and then.
///
/// # Errors
/// A line that says why it has failed.
pub fn run(command: &mut Command, log: &Path, limit: Duration, waiting: impl Fn()) -> Result<String, String> {
    let system = |error: io::Error| format!("{}: {error}", log.display());
    let file = File::create(log).map_err(system)?;
    let out = file.try_clone().map_err(system)?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(file)
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(system)? {
            break status;
        }
        if started.elapsed() > limit {
            // It may have ended at this moment.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("not done after {} s", limit.as_secs_f32()));
        }
        waiting();
        thread::sleep(LOOK_EVERY);
    };
    let said = String::from_utf8_lossy(&fs::read(log).map_err(system)?).into_owned();
    if status.success() { Ok(said) } else { Err(telling_line(&said).unwrap_or_else(|| status.to_string())) }
}

/// The line that says what went wrong: the first that speaks of an error, since tools give advice after it; if none
/// does, the last one.
fn telling_line(said: &str) -> Option<String> {
    let is_error = |line: &&str| {
        line.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("error"))
    };
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.clone().find(is_error).or_else(|| lines.next_back()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for whatever ends.
    const LONG: Duration = Duration::from_secs(60);

    /// A directory that is gone afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("chat-benches-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("sources/src")).unwrap();
            fs::write(path.join("sources/src/main.rs"), "fn main() {}").unwrap();
            Self(path)
        }

        fn ingredients(&self, command: &str) -> String {
            ingredients(&Command::new(command), &self.0.join("sources")).unwrap()
        }

        fn sh(&self, script: &str, limit: Duration) -> Result<String, String> {
            run(Command::new("sh").args(["-c", script]), &self.0.join("log"), limit, || {})
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_built_is_kept_until_its_sources_or_its_command_change() {
        let scratch = Scratch::new("cache");
        let (home, before) = (scratch.0.join("home"), scratch.ingredients("cc"));
        assert!(!is_current(&home, &before));
        begin(&home).unwrap();
        finish(&home, &before).unwrap();
        assert!(is_current(&home, &scratch.ingredients("cc")));
        assert!(!is_current(&home, &scratch.ingredients("gcc")));

        fs::write(scratch.0.join("sources/src/room.rs"), "").unwrap();
        assert!(!is_current(&home, &scratch.ingredients("cc")), "a file has come");
        fs::remove_file(scratch.0.join("sources/src/room.rs")).unwrap();
        assert!(is_current(&home, &scratch.ingredients("cc")));
        fs::write(scratch.0.join("sources/src/main.rs"), "fn main() { }").unwrap();
        assert!(!is_current(&home, &scratch.ingredients("cc")), "a file has changed");
    }

    #[test]
    fn what_was_begun_and_not_finished_is_not_built() {
        let scratch = Scratch::new("begun");
        let (home, made_of) = (scratch.0.join("home"), scratch.ingredients("cc"));
        begin(&home).unwrap();
        finish(&home, &made_of).unwrap();
        begin(&home).unwrap();
        assert!(!is_current(&home, &made_of));
    }

    #[test]
    fn a_command_that_fails_is_told_by_its_telling_line() {
        let scratch = Scratch::new("fails");
        assert_eq!(scratch.sh("echo one; echo two >&2", LONG).unwrap(), "one\ntwo\n");
        assert_eq!(scratch.sh("echo one; echo two >&2; echo; exit 1", LONG).unwrap_err(), "two");
        assert_eq!(scratch.sh("exit 3", LONG).unwrap_err(), "exit status: 3");
        let missing = run(&mut Command::new("no-such-program"), &scratch.0.join("log"), LONG, || {});
        assert!(missing.is_err_and(|line| line.starts_with("no-such-program: ")));
    }

    #[test]
    fn what_each_tool_says_of_an_error_is_found() {
        let telling = |lines: &[&str]| telling_line(&lines.join("\n")).unwrap();
        let cc =
            ["In file included:", "server.c:9:1: fatal error: no such header", "compilation terminated."];
        assert_eq!(telling(&cc), cc[1]);
        let npm = ["npm warn old", "npm error code ECONNREFUSED", "npm error If you are behind a proxy, see"];
        assert_eq!(telling(&npm), npm[1]);
        let cargo =
            ["   Compiling thiserror v2.0.21", "error: no matching package found", "As a reminder, wait"];
        assert_eq!(telling(&cargo), cargo[1]);
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let scratch = Scratch::new("endless");
        let started = Instant::now();
        let result = scratch.sh("exec sleep 600", LOOK_EVERY);
        assert_eq!(result.unwrap_err(), "not done after 0.05 s");
        assert!(started.elapsed() < LONG);
    }
}
