//! What is remembered from try to try to connect, and how long the pauses between them are.

use std::time::Duration;

use super::event::LinkError;

/// The pause before the first try, doubled with each.
pub const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause, without the jitter.
pub const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What is remembered from try to try.
#[derive(Debug, Clone, Default)]
pub(super) struct Retry {
    /// Since the last good connection.
    pub tries: u32,
    /// When the user was registered last.
    pub registered_at: Duration,
    /// Since when the connection is gone.
    pub lost_at: Option<Duration>,
    /// Since when our own name is taken.
    pub ghost_at: Option<Duration>,
    /// What was said last about a try that was refused: the same is not said again.
    pub told: Option<LinkError>,
    random: u64,
}

impl Retry {
    /// Nothing was tried yet; the seed is what makes the pauses of several clients differ.
    pub fn new(seed: u64) -> Self {
        // xorshift stands still at 0.
        Self { random: seed | 1, ..Self::default() }
    }

    /// The user is registered: what comes is another loss. Whether this connection is a good one is not known yet.
    pub fn on_registered(&mut self, now: Duration) {
        *self = Self { tries: self.tries, registered_at: now, random: self.random, ..Self::default() };
    }

    /// Trying begins anew, after a connection that is gone since then.
    pub fn begin_anew(&mut self, lost_at: Option<Duration>) {
        *self = Self { lost_at, random: self.random, ..Self::default() };
    }

    /// 1, 2, 4, ... 30 s and up to a quarter more, so that the clients of a server that came back do not all
    /// arrive at once.
    pub fn pause(&mut self) -> Duration {
        let base = PAUSE_MIN.saturating_mul(1 << self.tries.min(5)).min(PAUSE_MAX);
        self.tries += 1;
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        base + base.mul_f64((self.random % 1_000) as f64 / 4_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_differ_by_up_to_a_quarter() {
        let mut retry = Retry::new(7);
        for base in [1, 2, 4, 8, 16, 30, 30, 30].map(Duration::from_secs) {
            let pause = retry.pause();
            assert!(pause >= base && pause <= base.mul_f64(1.25), "{pause:?} for {base:?}");
        }
    }
}
