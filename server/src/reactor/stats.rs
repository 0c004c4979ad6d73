//! What the reactor counts: connections, bytes, timers, and how long the turns of the loop take.
//!
//! It counts and is read; it does not know how the figures are shown.

use std::collections::BTreeMap;
use std::time::Duration;

use super::first_bytes::FirstBytes;
use super::ledger::Record;

/// How everything is at one moment, and what was counted since the start.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Since the reactor began.
    pub uptime: Duration,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that have made no whole request, now.
    pub handshaking: usize,
    /// WebSockets, now.
    pub open: usize,
    /// Connections that are being ended, now.
    pub closing: usize,
    /// Connections that are over, by what they began with and the name of how they ended.
    pub ended: BTreeMap<(FirstBytes, &'static str), u64>,
    /// Bytes read from all connections.
    pub received: u64,
    /// Bytes that the system took for all connections.
    pub sent: u64,
    /// Timers that are armed, now.
    pub timers: usize,
    /// How long turns of the loop took, from waking up to going to sleep.
    pub turns: TurnTimes,
    /// The latest arrivals, the oldest first, with those who are still here.
    pub records: Vec<Record>,
}

/// A histogram of times with fixed buckets.
#[derive(Debug, Clone, Default)]
pub struct TurnTimes {
    /// Turns that took at most this bucket's bound and more than the one's before; the last has no bound.
    counts: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

/// Upper bounds of the buckets.
pub const BOUNDS: [Duration; 10] = [
    Duration::from_micros(10),
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

impl TurnTimes {
    /// One turn took so long.
    pub fn note(&mut self, time: Duration) {
        let bucket = BOUNDS.iter().position(|bound| time <= *bound).unwrap_or(BOUNDS.len());
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(time);
    }

    /// For each bucket its upper bound, and how many turns took at most so long.
    pub fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        BOUNDS.into_iter().zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    /// How many turns there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_counted_in_every_bucket_that_it_fits_into() {
        let mut turns = TurnTimes::default();
        for time in [BOUNDS[0], BOUNDS[0] + Duration::from_nanos(1), Duration::from_secs(2)] {
            turns.note(time);
        }
        let counts: Vec<_> = turns.cumulative().map(|(_, count)| count).collect();
        assert_eq!(counts, [1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(turns.count(), 3);
        assert_eq!(turns.sum(), Duration::from_nanos(2_000_020_001));
        assert!(BOUNDS.is_sorted());
    }
}
