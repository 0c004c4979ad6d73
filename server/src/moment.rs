//! A reading of both clocks, taken once a turn by whoever owns them and passed to everything under it.

use std::time::Duration;

/// Now, by both clocks. Deadlines are measured by the first, which never jumps; only texts that people read use
/// the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// The monotonic clock, since a zero of the reader's choice.
    pub monotonic: Duration,
    /// The wall clock, in milliseconds since the Unix epoch.
    pub unix_millis: i64,
}
