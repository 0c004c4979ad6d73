//! What does a deadline cost, while those of many idle users are armed?

use std::hint::black_box;
use std::time::Duration;

use chat_server::reactor::wheel::{TICK, Wheel};

use super::{Timing, time};

/// Deadlines of others that stay armed.
const ARMED: u32 = 10_000;
/// Operations between two looks at the clock, at least.
const BATCH: u32 = 256;
/// As far away as the deadlines of a chat are.
const LATER: Duration = Duration::from_secs(25);

pub(super) fn run(total: Duration) -> Vec<Timing> {
    vec![rearm(total), expire(total)]
}

fn rearm(total: Duration) -> Timing {
    let mut wheel = crowded();
    let mut now = Duration::ZERO;
    let mut armed: Vec<_> = (0..BATCH).map(|key| wheel.arm(LATER, key)).collect();
    time("re-arm a timer among 10,000 (cancel and arm)", total, BATCH as usize, || {
        now += Duration::from_micros(10);
        for (key, id) in armed.iter_mut().enumerate() {
            assert!(wheel.cancel(*id).is_some());
            *id = wheel.arm(black_box(now + LATER), key as u32);
        }
    })
}

fn expire(total: Duration) -> Timing {
    let mut wheel = crowded();
    let mut now = Duration::ZERO;
    time("arm a timer and let it expire, among 10,000", total, BATCH as usize, || {
        for key in 0..BATCH {
            wheel.arm(now + TICK * (1 + key % 8), key);
        }
        now += TICK * 8;
        wheel.advance(now);
        let expired = std::iter::from_fn(|| wheel.pop_expired()).count();
        assert_eq!(black_box(expired), BATCH as usize);
    })
}

/// The others' deadlines are so far away that none expires while it is measured.
fn crowded() -> Wheel<u32> {
    let mut wheel = Wheel::new();
    for key in 0..ARMED {
        wheel.arm(Duration::from_secs(1_000_000_000) + TICK * key, key);
    }
    wheel
}
