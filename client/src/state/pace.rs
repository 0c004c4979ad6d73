//! How fast line mode sends: a file can be read faster than any server takes lines. Pure arithmetic on the time
//! that is passed in.

use std::time::Duration;

/// The time between two requests in the long run: 18 a second, a little under what our server grants.
pub const INTERVAL: Duration = Duration::from_nanos(1_000_000_000 / 18);

/// Requests that may go out at once after a rest; the registration needs some of what the server grants too.
pub const BURST: u32 = 50;

/// The rest after the server found it too fast all the same.
pub const REFUSED_TIME: Duration = Duration::from_secs(2);

/// A token bucket, kept as the time at which it will be full again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    full_at: Duration,
}

impl Pace {
    /// When the next request may go out.
    #[must_use]
    pub fn next_at(self) -> Duration {
        self.full_at.saturating_sub(INTERVAL * (BURST - 1))
    }

    /// A request goes out.
    pub fn spend(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now) + INTERVAL;
    }

    /// The server refused a request for its rate: nothing for a while, and no burst after it.
    pub fn refused(&mut self, now: Duration) {
        self.full_at = now + REFUSED_TIME + INTERVAL * (BURST - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many may be sent in this time by one who never waits.
    fn sent(pace: &mut Pace, from: Duration, time: Duration) -> u32 {
        let mut count = 0;
        let mut now = from;
        while now < from + time {
            pace.spend(now);
            count += 1;
            now = now.max(pace.next_at());
        }
        count
    }

    #[test]
    fn a_burst_and_then_eighteen_a_second() {
        let mut pace = Pace::default();
        let first = sent(&mut pace, Duration::from_secs(9), Duration::from_millis(1));
        assert_eq!(first, BURST);
        let next_at = pace.next_at();
        let later = sent(&mut pace, next_at, Duration::from_secs(10));
        assert!((179..=181).contains(&later), "{later}");
    }

    #[test]
    fn a_refusal_is_rested_for_and_leaves_no_burst() {
        let mut pace = Pace::default();
        let now = Duration::from_secs(9);
        pace.refused(now);
        assert_eq!(pace.next_at(), now + REFUSED_TIME);
        assert_eq!(sent(&mut pace, now + REFUSED_TIME, Duration::from_millis(1)), 1);
    }
}
