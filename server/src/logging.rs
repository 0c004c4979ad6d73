//! The log: one line per event on stderr, escaped, cut, and dropped rather than waited for. Whoever makes many
//! events can neither fill a disk quickly nor hold the loop up: lines over a rate are left out and counted.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_protocol::Timestamp;
use env_logger::{Builder, Env, Logger, Target};
use log::{Level, Log, Metadata, Record};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::bucket::{Bucket, Rate};
use crate::escape::escape;

/// Bytes of one line.
const LINE_BYTES_MAX: usize = 1_024;
/// Lines of one severity: below warnings, and from warnings on, so that a flood of visitors hides no warning.
pub const LINE_RATE: Rate = Rate { per_second: 200, burst: 1_000 };
/// Once lines are left out, they are for so long at least: saying so for single lines would be a flood by itself.
const SILENCE_MIN: Duration = Duration::from_secs(1);
/// Lines that going on after a silence takes: what was left out, the line itself, and the beginning of the next silence.
const LINES_AROUND_SILENCE: u32 = 3;

/// Starts the log. `RUST_LOG` filters; the default is `info`.
pub fn start() {
    let logger = Builder::from_env(Env::default().default_filter_or("info"))
        .target(Target::Pipe(Box::new(Stderr)))
        .format(|line, record| {
            let now = Timestamp::from_unix_millis(unix_millis());
            line.write_all(one_line(&format!("{now} {:5} {}", record.level(), record.args())).as_bytes())
        })
        .build();
    let level = logger.filter();
    // Started once, by the program; a second log would find the first one in its place.
    if log::set_boxed_logger(Box::new(Limited::new(logger))).is_ok() {
        log::set_max_level(level);
    }
}

/// A logger behind [`LINE_RATE`].
struct Limited {
    logger: Logger,
    started: Instant,
    severities: Mutex<[Allowance; 2]>,
}

impl Limited {
    fn new(logger: Logger) -> Self {
        Self { logger, started: Instant::now(), severities: Mutex::default() }
    }

    fn say(&self, record: &Record<'_>, text: std::fmt::Arguments<'_>) {
        let (level, target) = (record.level(), record.target());
        self.logger.log(&Record::builder().level(level).target(target).args(text).build());
    }
}

impl Log for Limited {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.logger.matches(record) {
            return;
        }
        let severity = usize::from(record.level() <= Level::Warn);
        let verdict = {
            let mut severities = self.severities.lock().unwrap_or_else(PoisonError::into_inner);
            severities[severity].judge(self.started.elapsed())
        };
        match verdict {
            Verdict::Write { left_out: 0 } => self.logger.log(record),
            Verdict::Write { left_out } => {
                self.say(record, format_args!("{left_out} lines were left out of the log: too many at once"));
                self.logger.log(record);
            }
            Verdict::BeginToLeaveOut => {
                self.say(
                    record,
                    format_args!("too much happens: lines are left out of the log from here on"),
                );
            }
            Verdict::LeaveOut => {}
        }
    }

    fn flush(&self) {
        self.logger.flush();
    }
}

/// How many lines may be written, and how many were not.
#[derive(Debug, Default)]
struct Allowance {
    bucket: Bucket,
    left_out: u64,
    /// While lines are left out: since when.
    silent_since: Option<Duration>,
}

/// What happens to a line.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is written, after it was said that so many were not.
    Write { left_out: u64 },
    /// It is the first that is not.
    BeginToLeaveOut,
    /// It is not.
    LeaveOut,
}

impl Allowance {
    fn judge(&mut self, now: Duration) -> Verdict {
        let may_write = match self.silent_since {
            None => self.bucket.try_take(1, LINE_RATE, now),
            Some(since) => {
                now.saturating_sub(since) >= SILENCE_MIN
                    && self.bucket.try_take(LINES_AROUND_SILENCE, LINE_RATE, now)
            }
        };
        if may_write {
            self.silent_since = None;
            return Verdict::Write { left_out: std::mem::take(&mut self.left_out) };
        }
        self.left_out += 1;
        if self.silent_since.is_some() {
            return Verdict::LeaveOut;
        }
        self.silent_since = Some(now);
        Verdict::BeginToLeaveOut
    }
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
            let _ = escape(&mut line, c);
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
    fn a_storm_of_lines_is_cut_and_the_next_line_says_how_many_were_left_out() {
        let mut allowance = Allowance::default();
        let burst = u64::from(LINE_RATE.burst);
        let at = Duration::from_secs(5);
        for _ in 0..burst {
            assert_eq!(allowance.judge(at), Verdict::Write { left_out: 0 });
        }
        assert_eq!(allowance.judge(at), Verdict::BeginToLeaveOut);
        for _ in 1..5_000 {
            assert_eq!(allowance.judge(at), Verdict::LeaveOut);
        }
        let later = at + Duration::from_secs(1);
        assert_eq!(allowance.judge(later), Verdict::Write { left_out: 5_000 });
        for _ in LINES_AROUND_SILENCE..LINE_RATE.per_second {
            assert_eq!(allowance.judge(later), Verdict::Write { left_out: 0 });
        }
        assert_eq!(allowance.judge(later), Verdict::BeginToLeaveOut);
    }

    #[test]
    fn a_lasting_storm_writes_no_more_lines_than_the_rate_what_it_says_about_them_included() {
        let mut allowance = Allowance::default();
        let mut lines = 0;
        let seconds = 60;
        for millisecond in 0..seconds * 1_000 {
            lines += match allowance.judge(Duration::from_millis(millisecond)) {
                Verdict::Write { left_out: 0 } | Verdict::BeginToLeaveOut => 1,
                Verdict::Write { .. } => 2,
                Verdict::LeaveOut => 0,
            };
        }
        let allowed = u64::from(LINE_RATE.burst) + seconds * u64::from(LINE_RATE.per_second);
        assert!(
            (allowed - 2 * u64::from(LINE_RATE.per_second)..=allowed + 1).contains(&lines),
            "{lines} of {allowed}"
        );
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        assert_eq!(one_line("a\nb\u{1b}[2Jñ"), "a\\nb\\x1b[2Jñ\n");
        for long in ["x".repeat(5_000), "\u{1b}".repeat(5_000), "🙂".repeat(5_000)] {
            let line = one_line(&long);
            assert!(line.len() <= LINE_BYTES_MAX && line.ends_with("…\n"), "{} bytes", line.len());
        }
    }
}
