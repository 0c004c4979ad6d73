//! What kind of run a seed is: how many people, what they are like, which limits, how bad the network is, and how
//! it ends.

use std::net::IpAddr;
use std::time::Duration;

use chat_server::bucket::Rate;
use chat_server::reactor::Limits;

use crate::client::{Cut, Kind, Reads};
use crate::model::Rules;
use crate::rng::Rng;

/// One seed in so many is a crowd.
pub const CROWD_EVERY: u64 = 200;
/// The last of which is the crowd.
const CROWD_AT: u64 = 77;

/// How everybody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Each in its own way.
    OneByOne,
    /// Nobody says anything any more, and the deadlines do it.
    Silence,
    /// The server stops.
    Shutdown,
}

#[derive(Debug)]
pub struct Plan {
    /// Connections at the same time, if all come in.
    pub people: usize,
    pub is_crowd: bool,
    /// Much is said, and some do not listen: there the bounds of the queues are reached.
    pub is_flood: bool,
    pub rules: Rules,
    pub limits: Limits,
    /// Calls that misbehave, of a thousand.
    pub faults: usize,
    pub end: End,
    addresses: Vec<IpAddr>,
}

impl Plan {
    pub fn new(seed: u64, rng: &mut Rng) -> Self {
        let is_crowd = seed % CROWD_EVERY == CROWD_AT;
        let people = match rng.below(10) {
            _ if is_crowd => 1_000 + rng.below(1_000),
            0..=4 => rng.between(2, 10),
            5..=7 => rng.between(5, 25),
            _ => rng.between(20, 50),
        };
        let is_flood = !is_crowd && rng.percent(3);
        let millis =
            |rng: &mut Rng, low: usize, high: usize| Duration::from_millis(rng.between(low, high) as u64);
        let rules = Rules {
            users_max: if rng.percent(80) { people * 2 } else { 1 + people * 2 / 3 },
            users_per_address_max: (!is_crowd && rng.percent(30)).then(|| 1 + rng.below(people) as u32),
            inactivity: rng.percent(if is_crowd { 0 } else { 80 }).then(|| millis(rng, 300, 20_000)),
            registration_timeout: if is_crowd { Duration::from_secs(30) } else { millis(rng, 500, 10_000) },
            rate: (!is_flood && rng.percent(30))
                .then(|| (rng.between(2, 20) as u32, rng.between(5, 60) as u32)),
        };
        let defaults = Limits::default();
        // As by default, a ping has less time than the silence before it: only then is the next one on time as well.
        let ping_after = millis(rng, 500, 10_000);
        let pong_timeout = millis(rng, 300, ping_after.as_millis() as usize);
        let limits = Limits {
            connections_max: if rng.percent(85) { people * 2 + 10 } else { people * 2 / 3 + 1 },
            byte_rate: (!is_flood && rng.percent(20)).then(|| Rate {
                per_second: rng.between(512, 8_192) as u32,
                burst: rng.between(1_024, 16_384) as u32,
            }),
            handshake_timeout: millis(rng, 500, 5_000),
            ping_after,
            pong_timeout,
            message_timeout: millis(rng, 500, 8_000),
            close_timeout: millis(rng, 200, 2_000),
            ..defaults
        };
        let faults = if rng.percent(60) { 0 } else { *rng.pick(&[2, 10, 50, 200]) };
        let end = *rng.pick(&[End::OneByOne, End::Silence, End::Shutdown]);
        Self { people, is_crowd, is_flood, rules, limits, faults, end, addresses: addresses() }
    }

    /// Where the next one comes from.
    pub fn address(&self, rng: &mut Rng, client: u32) -> IpAddr {
        if self.is_crowd {
            let [_, _, high, low] = client.to_be_bytes();
            return IpAddr::from([10, 1, high, low]);
        }
        *rng.pick(&self.addresses)
    }

    /// What it is.
    pub fn kind(&self, rng: &mut Rng) -> Kind {
        match rng.below(100) {
            _ if self.is_crowd && rng.percent(90) => Kind::Talker,
            0..=3 => Kind::Mute,
            4..=6 => Kind::Silent,
            7..=8 => Kind::Browser,
            9..=10 => Kind::Stranger,
            _ => Kind::Talker,
        }
    }

    pub fn cut(&self, rng: &mut Rng) -> Cut {
        match rng.below(100) {
            0..=5 => Cut::Crumbs,
            6..=35 => Cut::Pieces,
            _ => Cut::Whole,
        }
    }

    pub fn reads(&self, rng: &mut Rng) -> Reads {
        match rng.below(100) {
            0..=29 if self.is_flood => Reads::Never,
            0..=1 => Reads::Never,
            2..=14 => Reads::Slowly,
            _ => Reads::Eagerly,
        }
    }

    /// Bytes that its system takes before it blocks.
    pub fn capacity(&self, rng: &mut Rng) -> usize {
        match rng.below(10) {
            0 => rng.between(1, 64),
            1..=2 => rng.between(64, 4_096),
            _ => 64 * 1024,
        }
    }
}

fn addresses() -> Vec<IpAddr> {
    let texts = [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "10.0.0.2",
        "::ffff:10.0.0.1",
        "2001:db8:0:1::1",
        "2001:db8:0:1::2",
        "2001:db8:0:2::1",
    ];
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}
