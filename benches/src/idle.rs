//! What does a server cost while nobody says anything?
//!
//! - **empty**: how often its threads are woken with no client at all. A server that sleeps until something
//!   happens is woken never.
//! - **idle**: which share of a core it takes with thousands of registered users who say nothing. The time is
//!   long enough for a server's pings, which the crowd answers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::args::Options;
use crate::machine;
use crate::scenario::Cell;
use crate::stats::median_of;
use crate::stint::{Outcome, Skip, Stint};
use crate::{Result, crowd::Crowd};

const USERS: usize = 5_000;
const USERS_QUICK: usize = 200;
/// A server that has just started may still have something to do, and so may one whom everybody has just joined.
const SETTLING: Duration = Duration::from_millis(500);
const EMPTY: Duration = Duration::from_secs(2);
const EMPTY_QUICK: Duration = Duration::from_millis(500);
/// More than the 25 s of silence after which our server pings.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_QUICK: Duration = Duration::from_secs(1);

/// How many users there are.
#[must_use]
pub fn users(options: &Options) -> usize {
    if options.quick { USERS_QUICK } else { USERS }
}

/// One server, in one round or as the medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long there was no client.
    pub empty_seconds: f64,
    /// How often a thread was woken meanwhile.
    pub empty_wakeups: Option<f64>,
    /// How long the users were idle.
    pub idle_seconds: f64,
    /// The share of a core that the server took meanwhile.
    pub idle_cpu_share: Option<f64>,
    /// How often a thread was woken meanwhile.
    pub idle_wakeups: Option<f64>,
    /// Pings of all users meanwhile.
    pub pings: f64,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            empty_seconds: median_of(rounds, |round| round.empty_seconds),
            empty_wakeups: median_of(rounds, |round| round.empty_wakeups),
            idle_seconds: median_of(rounds, |round| round.idle_seconds),
            idle_cpu_share: median_of(rounds, |round| round.idle_cpu_share),
            idle_wakeups: median_of(rounds, |round| round.idle_wakeups),
            pings: median_of(rounds, |round| round.pings),
        }
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    let (empty, idle) = if stint.options.quick { (EMPTY_QUICK, IDLE_QUICK) } else { (EMPTY, IDLE) };
    stint.measure(skipped, |Cell { server, users }| {
        let server = stint.start(server)?;
        let switches = || machine::switches(server.process());
        let since = |before: Option<u64>| Some(switches()?.saturating_sub(before?) as f64);
        std::thread::sleep(SETTLING);
        let before = switches();
        std::thread::sleep(empty);
        let empty_wakeups = since(before);

        let mut crowd = Crowd::log_in(server.addr(), users)?;
        crowd.rest(SETTLING, &mut ())?;
        let (before, pings, cpu, started) = (switches(), crowd.tally().pings, server.cpu_time(), crowd.now());
        crowd.rest(idle, &mut ())?;
        let (took, cpu_after) = (crowd.now() - started, server.cpu_time());
        let idle_wakeups = since(before);
        let pings = (crowd.tally().pings - pings) as f64;
        drop(server);
        let spent = cpu.zip(cpu_after).map(|(before, after)| after.saturating_sub(before));
        Ok(Figures {
            empty_seconds: empty.as_secs_f64(),
            empty_wakeups,
            idle_seconds: took.as_secs_f64(),
            idle_cpu_share: spent.map(|spent| spent.as_secs_f64() / took.as_secs_f64()),
            idle_wakeups,
            pings,
        })
    })
}
