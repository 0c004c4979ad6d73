//! The log: one line per event on stderr, escaped, cut, and dropped rather than waited for.

use std::fmt::Write as _;
use std::io::{self, Write};

use chat_protocol::Timestamp;
use env_logger::{Builder, Env, Target};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Bytes of one line.
const LINE_BYTES_MAX: usize = 1_024;

/// Starts the log. `RUST_LOG` filters; the default is `info`.
pub fn start() {
    Builder::from_env(Env::default().default_filter_or("info"))
        .target(Target::Pipe(Box::new(Stderr)))
        .format(|line, record| {
            let now = Timestamp::from_unix_millis(unix_millis());
            line.write_all(one_line(&format!("{now} {:5} {}", record.level(), record.args())).as_bytes())
        })
        .init();
}

fn unix_millis() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// A text as one line: control characters escaped, cut at [`LINE_BYTES_MAX`].
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_control() {
            // Writing to a string does not fail.
            let _ = write!(line, "{}", c.escape_unicode());
        } else {
            line.push(c);
        }
        if line.len() >= LINE_BYTES_MAX - '\n'.len_utf8() - '…'.len_utf8() {
            line.push('…');
            break;
        }
    }
    line.push('\n');
    line
}

/// Standard error for somebody who must not wait: a line that it does not take now is lost.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let stderr = io::stderr();
        let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0) {
            // A full disk or a closed pipe is no reason to stop the chat.
            let _ = stderr.lock().write_all(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        assert_eq!(one_line("a\nb\u{1b}[2Jñ"), "a\\u{a}b\\u{1b}[2Jñ\n");
        for long in ["x".repeat(5_000), "\u{1b}".repeat(5_000), "🙂".repeat(5_000)] {
            let line = one_line(&long);
            assert!(line.len() <= LINE_BYTES_MAX && line.ends_with("…\n"), "{} bytes", line.len());
        }
    }
}
