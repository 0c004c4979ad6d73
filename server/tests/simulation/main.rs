//! Thousands of random runs of the chat core against a plain model of it, each from a seed.
//!
//! Checked at every step, from inputs and delivered frames alone: names are unique; who is listed is connected;
//! every accepted message reaches each receiver exactly once, and all in one order; every refused request gets
//! exactly one error; nobody waits past a deadline; queues stay within their bounds; at the end the chat is as
//! empty as at first.
//!
//! A failure prints its seed. `CHAT_SIMULATION_SEED=n` replays that one; `CHAT_SIMULATION_SEEDS=n` runs so many.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a simulation is a test from end to end")]

mod model;
mod rng;
mod world;

use std::time::Duration;

use model::Rules;
use rng::Rng;
use serde_json::{Value, json};
use world::World;

const SEEDS: u64 = 2_000;
const STEPS: usize = 150;
/// Connections at the same time.
const PEERS: usize = 12;

const NAMES: [&str; 14] = [
    "ana",
    "Ana",
    "beto",
    "BETO",
    "carla",
    "Ñandú",
    "ñandÚ",
    "dora",
    "王",
    "e_1",
    "a b",
    "",
    "Servidor",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];
const ADDRESSES: [&str; 7] =
    ["127.0.0.1", "::1", "10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "2001:db8:0:1::1", "2001:db8:0:1::2"];

#[test]
fn random_runs_agree_with_the_model() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seeds = match number("CHAT_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CHAT_SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let _tell = TellSeed(seed);
        run(seed);
    }
}

/// Says which seed it was if the run fails.
struct TellSeed(u64);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {0}; replay with CHAT_SIMULATION_SEED={0} cargo test --test simulation", self.0);
        }
    }
}

fn run(seed: u64) {
    let mut rng = Rng::new(seed);
    let rules = Rules {
        users_max: 3 + rng.below(PEERS),
        users_per_address_max: rng.percent(70).then(|| 1 + rng.below(3) as u32),
        inactivity: rng.percent(80).then(|| Duration::from_millis(500 + rng.below(5_000) as u64)),
        registration_timeout: Duration::from_secs(3),
        rate: rng.percent(30).then_some((5, 15)),
    };
    // Some rooms are talkative and full of people who do not listen: there the bounds are reached.
    let is_flood = rng.percent(10);
    let steps = if is_flood { STEPS * 6 } else { STEPS };
    let rules = Rules { rate: rules.rate.filter(|_| !is_flood), ..rules };
    let mut world = World::new(rules);
    for _ in 0..steps {
        step(&mut world, &mut rng, is_flood);
    }
    world.end();
}

fn step(world: &mut World, rng: &mut Rng, is_flood: bool) {
    let peer = rng.below(PEERS) as u32;
    let Some(state) = world.model.peers.get(&peer) else {
        return world.open(peer, ADDRESSES[rng.below(ADDRESSES.len())]);
    };
    if state.leaving {
        // Its connection goes soon, after it has read everything or not.
        if rng.percent(50) {
            world.read(peer, usize::MAX);
        }
        return world.close(peer);
    }
    match rng.below(100) {
        0..=1 => world.close(peer),
        2..=9 if !is_flood || rng.percent(5) => world.pass(Duration::from_millis(rng.below(2_000) as u64)),
        // In a flood only a few read.
        10..=39 if !is_flood || peer < 2 => {
            world.read(peer, 1 + rng.below(5));
        }
        _ => {
            let name = world.model.peers[&peer].name.clone();
            let message = request(rng, name.as_deref(), is_flood);
            world.send(peer, &message);
        }
    }
}

/// Something that a user of this name, or somebody without one, might send.
fn request(rng: &mut Rng, name: Option<&str>, is_flood: bool) -> Value {
    let Some(name) = name.filter(|_| !rng.percent(2)) else {
        return match rng.below(10) {
            0 => json!({"type": "list_users", "sender": "ana"}),
            _ => json!({"type": "register", "sender": rng.pick(&NAMES)}),
        };
    };
    let sender = match rng.below(30) {
        0 => "beto".to_owned(),
        1 => name.to_uppercase(),
        _ => name.to_owned(),
    };
    let content = match rng.below(20) {
        0 => " ".to_owned(),
        1 => "\"comillas\" \\ y\nlíneas 🙂".to_owned(),
        _ if is_flood => "x".repeat(4_096),
        _ => format!("hola {}", rng.below(1_000)),
    };
    let target = rng.pick(&NAMES[..10]);
    // In a flood it is the general chat that grows faster than it is read.
    let kind = if is_flood && rng.percent(90) { 0 } else { rng.below(100) };
    match kind {
        0..=39 => json!({"type": "broadcast", "sender": sender, "content": content}),
        40..=69 => json!({"type": "private", "sender": sender, "target": target, "content": content}),
        70..=79 => json!({"type": "user_info", "sender": sender, "target": target}),
        80..=86 => json!({"type": "list_users", "sender": sender}),
        87..=96 => {
            let status = *rng.pick(&["ACTIVO", "OCUPADO", "INACTIVO", "activo"]);
            json!({"type": "change_status", "sender": sender, "content": status})
        }
        97 => json!({"type": "register", "sender": sender}),
        _ => json!({"type": "disconnect", "sender": sender}),
    }
}
