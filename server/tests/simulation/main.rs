//! Thousands of random runs of the whole server, each from a seed: the real hub, the real WebSockets, the real handler
//! and the real chat, on a network and a clock that are made of chance.
//!
//! Bytes arrive cut anywhere; sockets take a part, block, are interrupted, break; accepting fails; peers go with and
//! without a word, half or whole, in the middle of a message; some read slowly and some never, some break the rules;
//! the wall clock jumps by days and the machine is late. From 2 to 50 people in most runs, thousands in some.
//!
//! Checked at every callback and for every byte that comes out: messages are taken in once, in order and whole, or
//! their connection has ended for a cause that the run gave; everybody hears exactly what a plain model of the rules
//! says, once, in one order, in time; each refused request gets one error; names are unique; whoever is listed is
//! connected. Every 100 steps and at the end every connection is held against its deadlines and every queue against
//! its bound. When all have gone the server is as it was at first. Some seeds run twice and must do the same.
//!
//! A failure prints its seed and step. `CHAT_SIMULATION_SEED=n cargo test --release -p chat-server --test simulation`
//! replays that one and tells on standard error what happens; `CHAT_SIMULATION_SEEDS=n` runs so many.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a simulation is a test from end to end")]

mod actions;
mod client;
mod hearing;
mod model;
mod network;
mod plan;
mod requests;
mod rng;
mod scan;
mod wire;
mod witness;
mod world;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use world::World;

/// Seeds in a plain `cargo test`: one of them is a crowd.
const SEEDS: u64 = 100;
const STEPS: u64 = 1_000;
/// One seed in so many runs twice.
const TWICE_EVERY: u64 = 50;

#[test]
fn random_runs_of_the_whole_server_agree_with_the_model() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    if let Some(seed) = number("CHAT_SIMULATION_SEED") {
        run(seed, true);
        return;
    }
    let seeds = number("CHAT_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let failed = thread::scope(|scope| {
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
                    return None;
                }
                if panic::catch_unwind(AssertUnwindSafe(|| run(seed, false))).is_err() {
                    next.store(seeds, Ordering::Relaxed);
                    return Some(seed);
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).min()
    });
    if let Some(seed) = failed {
        panic!(
            "seed {seed} fails; replay it with\n\
             CHAT_SIMULATION_SEED={seed} cargo test --release -p chat-server --test simulation"
        );
    }
}

fn run(seed: u64, is_told: bool) {
    let trace = run_once(seed, is_told);
    if seed.is_multiple_of(TWICE_EVERY) || is_told {
        assert_eq!(run_once(seed, false), trace, "seed {seed} does not do the same twice");
    }
}

/// Returns everything that happened, as one number.
fn run_once(seed: u64, is_told: bool) -> u64 {
    let mut place = TellPlace { seed, step: 0 };
    let mut world = World::new(seed, is_told);
    if is_told {
        eprintln!("{:?}", world.plan);
    }
    for _ in 0..STEPS {
        place.step += 1;
        world.step();
    }
    place.step += 1;
    world.end();
    world.wires.trace.get()
}

/// Says where a run was when it failed.
struct TellPlace {
    seed: u64,
    step: u64,
}

impl Drop for TellPlace {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in seed {}, step {} of {STEPS}", self.seed, self.step);
        }
    }
}
