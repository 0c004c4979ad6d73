//! What does a deadline cost, while those of many idle users are armed?

use std::time::Duration;

use chat_server::reactor::wheel::{TICK, TimerId, Wheel};

use super::{Timing, time_prepared};

/// Deadlines of others that stay armed.
const ARMED: u32 = 10_000;
/// Operations between two looks at the clock.
const BATCH: u32 = 8_192;
/// As far away as the deadlines of a chat are.
const LATER: Duration = Duration::from_secs(25);

pub(super) fn run(total: Duration) -> Vec<Timing> {
    vec![arm(total), cancel(total), expire(total)]
}

fn arm(total: Duration) -> Timing {
    time_prepared("arm a timer among 10,000", total, BATCH as usize, crowded, |wheel| {
        arm_batch(wheel);
    })
}

fn cancel(total: Duration) -> Timing {
    let armed = || {
        let mut wheel = crowded();
        let ids = arm_batch(&mut wheel);
        (wheel, ids)
    };
    time_prepared("cancel a timer among 10,000", total, BATCH as usize, armed, |(wheel, ids)| {
        for id in ids {
            assert!(wheel.cancel(*id).is_some());
        }
    })
}

fn expire(total: Duration) -> Timing {
    let armed = || {
        let mut wheel = crowded();
        arm_batch(&mut wheel);
        wheel
    };
    time_prepared("expire a timer among 10,000", total, BATCH as usize, armed, |wheel| {
        wheel.advance(LATER * 2);
        let expired = std::iter::from_fn(|| wheel.pop_expired()).count();
        assert_eq!(expired, BATCH as usize);
    })
}

/// Deadlines as they are armed while 8,192 users say something.
fn arm_batch(wheel: &mut Wheel<u32>) -> Vec<TimerId> {
    (0..BATCH).map(|key| wheel.arm(LATER + Duration::from_micros(u64::from(key)) * 100, key)).collect()
}

/// The others' deadlines are so far away that none expires while it is measured. There is room for a batch, as in
/// a wheel that has turned for a while.
fn crowded() -> Wheel<u32> {
    let mut wheel = Wheel::new();
    for id in arm_batch(&mut wheel) {
        wheel.cancel(id);
    }
    for key in 0..ARMED {
        wheel.arm(Duration::from_secs(1_000_000_000) + TICK * key, key);
    }
    wheel
}
