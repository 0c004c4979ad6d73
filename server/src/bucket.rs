//! A token bucket: so much at once, and so much a second after that.

use std::time::Duration;

/// The shape of a bucket. One token is whatever the owner counts: a message, a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that come back each second; more than 0.
    pub per_second: u32,
    /// Tokens in a full bucket.
    pub burst: u32,
}

/// A bucket, full at first. It keeps what is *missing*, in microtokens, so that a fresh one needs no set-up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    missing: u64,
    /// When `missing` was true, in microseconds: enough for 500,000 years, and half of what a `Duration` takes.
    at: u64,
}

const MICRO: u64 = 1_000_000;

impl Bucket {
    /// Takes tokens if they are there.
    pub fn try_take(&mut self, tokens: u32, rate: Rate, now: Duration) -> bool {
        self.refill(rate, now);
        let after = self.missing + u64::from(tokens) * MICRO;
        let fits = after <= u64::from(rate.burst) * MICRO;
        if fits {
            self.missing = after;
        }
        fits
    }

    /// Takes tokens whether they are there or not, and returns how long it takes until the debt is paid: zero
    /// if there is none.
    pub fn take(&mut self, tokens: usize, rate: Rate, now: Duration) -> Duration {
        self.refill(rate, now);
        self.missing = self.missing.saturating_add((tokens as u64).saturating_mul(MICRO));
        let debt = self.missing.saturating_sub(u64::from(rate.burst) * MICRO);
        Duration::from_micros(debt.div_ceil(u64::from(rate.per_second)))
    }

    /// When it is full again if nothing more is taken.
    #[must_use]
    pub fn full_at(&self, rate: Rate) -> Duration {
        let refilled_in = self.missing.div_ceil(u64::from(rate.per_second));
        Duration::from_micros(self.at.saturating_add(refilled_in))
    }

    fn refill(&mut self, rate: Rate, now: Duration) {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let back = now.saturating_sub(self.at).saturating_mul(u64::from(rate.per_second));
        self.missing = self.missing.saturating_sub(back);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 20, burst: 60 };

    #[test]
    fn a_burst_passes_at_once_and_then_the_rate() {
        let mut bucket = Bucket::default();
        let start = Duration::from_secs(100);
        assert!((0..60).all(|_| bucket.try_take(1, RATE, start)));
        assert!(!bucket.try_take(1, RATE, start));
        assert!(!bucket.try_take(1, RATE, start + Duration::from_millis(49)));
        assert!(bucket.try_take(1, RATE, start + Duration::from_millis(50)));
        assert!(!bucket.try_take(1, RATE, start + Duration::from_millis(50)));
        let passed =
            (0..1_000).filter(|_| bucket.try_take(1, RATE, start + Duration::from_secs(1_000))).count();
        assert_eq!(passed, 60, "a full bucket holds no more than the burst");
    }

    #[test]
    fn a_debt_names_the_time_that_pays_it() {
        let mut bucket = Bucket::default();
        let now = Duration::from_secs(1);
        assert_eq!(bucket.take(60, RATE, now), Duration::ZERO);
        assert_eq!(bucket.take(10, RATE, now), Duration::from_millis(500));
        assert_eq!(bucket.take(0, RATE, now + Duration::from_millis(500)), Duration::ZERO);
        assert!(bucket.take(usize::MAX, RATE, now) > Duration::from_secs(1_000_000));
    }

    #[test]
    fn it_names_the_time_at_which_it_is_full_again() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.full_at(RATE), Duration::ZERO);
        let now = Duration::from_secs(5);
        assert!(bucket.try_take(3, RATE, now));
        assert_eq!(bucket.full_at(RATE), now + Duration::from_millis(150));
        let full_at = bucket.full_at(RATE);
        assert!(bucket.try_take(RATE.burst, RATE, full_at));
        let mut early = Bucket::default();
        assert!(early.try_take(3, RATE, now));
        assert!(!early.try_take(RATE.burst, RATE, full_at - Duration::from_micros(1)));
    }

    #[test]
    fn a_clock_that_stands_still_or_steps_back_gives_nothing() {
        let mut bucket = Bucket::default();
        assert!(bucket.try_take(60, RATE, Duration::from_secs(5)));
        assert!(!bucket.try_take(1, RATE, Duration::from_secs(4)));
    }
}
