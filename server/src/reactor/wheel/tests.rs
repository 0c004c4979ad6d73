//! The wheel against a sorted map of deadlines, and the edges by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const TICK_MS: u64 = TICK.as_millis() as u64;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn drain(wheel: &mut Wheel<u32>) -> Vec<u32> {
    std::iter::from_fn(|| wheel.pop_expired()).collect()
}

#[test]
fn a_timer_fires_at_the_first_tick_at_or_after_its_deadline() {
    let mut wheel = Wheel::new();
    wheel.arm(ms(33), 1);
    assert_eq!(wheel.next_wake(), Some(ms(64)));
    wheel.advance(ms(63));
    assert_eq!(wheel.pop_expired(), None);
    wheel.advance(ms(64));
    assert_eq!(wheel.pop_expired(), Some(1));
    assert_eq!(wheel.next_wake(), None);
}

#[test]
fn a_deadline_at_or_before_now_expires_without_waiting() {
    let mut wheel = Wheel::new();
    wheel.arm(Duration::ZERO, 1);
    assert_eq!(drain(&mut wheel), [1]);
    wheel.advance(ms(1_000));
    wheel.arm(ms(500), 2);
    assert_eq!(wheel.next_wake(), Some(ms(992)));
    assert_eq!(drain(&mut wheel), [2]);
}

#[test]
fn timers_of_one_tick_come_out_in_the_order_they_were_armed() {
    let mut wheel = Wheel::new();
    for key in 0..5 {
        wheel.arm(ms(100), key);
    }
    wheel.advance(ms(128));
    assert_eq!(drain(&mut wheel), [0, 1, 2, 3, 4]);
}

#[test]
fn an_expired_timer_that_was_not_popped_can_still_be_cancelled() {
    let mut wheel = Wheel::new();
    let first = wheel.arm(ms(10), 1);
    wheel.arm(ms(10), 2);
    wheel.advance(ms(32));
    assert_eq!(wheel.cancel(first), Some(1));
    assert_eq!(wheel.cancel(first), None);
    assert_eq!(drain(&mut wheel), [2]);
}

#[test]
fn a_stale_id_never_cancels_the_timer_that_took_its_place() {
    let mut wheel = Wheel::new();
    let stale = wheel.arm(ms(10), 1);
    wheel.cancel(stale);
    wheel.arm(ms(10), 2);
    assert_eq!(wheel.cancel(stale), None);
    assert_eq!(wheel.len(), 1);
}

#[test]
fn the_borders_of_levels_and_what_lies_beyond_the_last_one_fire_on_time() {
    for ticks in [1, 63, 64, 65, 4_095, 4_096, 262_143, 262_144, 16_777_215, 16_777_216, 50_000_000] {
        for start in [0, 1, 63, 64, 4_095, 262_143] {
            let mut wheel = Wheel::new();
            wheel.advance(ms(start * TICK_MS));
            wheel.arm(ms((start + ticks) * TICK_MS), 7);
            let mut wakes = 0;
            while wheel.next_wake().unwrap() < ms((start + ticks) * TICK_MS) {
                let wake = wheel.next_wake().unwrap();
                wheel.advance(wake);
                assert_eq!(wheel.pop_expired(), None);
                wakes += 1;
            }
            assert!(wakes <= LEVELS + 3, "{wakes} wake-ups for one timer");
            wheel.advance(ms((start + ticks) * TICK_MS));
            assert_eq!(wheel.pop_expired(), Some(7), "{ticks} ticks from {start}");
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Arm(u64),
    Cancel(usize),
    Advance(u64),
    SleepUntilNextWake,
}

fn step() -> impl Strategy<Value = Step> {
    // Exponents, so that every level and the time beyond the last one are visited.
    let span = (0_u32..31).prop_flat_map(|bits| 0..(1_u64 << bits));
    prop_oneof![
        4 => span.clone().prop_map(Step::Arm),
        1 => any::<usize>().prop_map(Step::Cancel),
        2 => span.prop_map(Step::Advance),
        2 => Just(Step::SleepUntilNextWake),
    ]
}

proptest! {
    /// The model: a map from (deadline in ticks, serial) to the key.
    #[test]
    fn behaves_as_a_sorted_map_of_deadlines(steps in prop::collection::vec(step(), 1..200)) {
        let mut wheel = Wheel::new();
        let mut model = BTreeMap::new();
        let mut armed = Vec::new();
        let mut now = 0;
        for (serial, step) in steps.into_iter().enumerate() {
            match step {
                Step::Arm(after) => {
                    let key = serial as u32;
                    armed.push((wheel.arm(ms(now + after), key), key));
                    model.insert(((now + after).div_ceil(TICK_MS), serial), key);
                }
                Step::Cancel(pick) if !armed.is_empty() => {
                    let (id, key) = armed.swap_remove(pick % armed.len());
                    let expected = model.iter().find(|(_, k)| **k == key).map(|(at, _)| *at);
                    prop_assert_eq!(wheel.cancel(id), expected.map(|_| key));
                    if let Some(at) = expected {
                        model.remove(&at);
                    }
                }
                Step::Cancel(_) => {}
                Step::Advance(by) => now += by,
                Step::SleepUntilNextWake => {
                    if let Some(wake) = wheel.next_wake() {
                        now = now.max(wake.as_millis() as u64);
                    }
                }
            }
            wheel.advance(ms(now));
            let later = model.split_off(&(now / TICK_MS + 1, 0));
            let due: Vec<u32> = std::mem::replace(&mut model, later).into_values().collect();
            let mut fired = drain(&mut wheel);
            let mut expected = due.clone();
            fired.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(fired, expected);
            prop_assert_eq!(wheel.len(), model.len());
            let first = model.keys().next().map(|(tick, _)| ms(tick * TICK_MS));
            prop_assert_eq!(wheel.next_wake().is_some(), first.is_some());
            if let (Some(wake), Some(first)) = (wheel.next_wake(), first) {
                prop_assert!(wake <= first && wake > ms(now / TICK_MS * TICK_MS));
            }
        }
    }
}
