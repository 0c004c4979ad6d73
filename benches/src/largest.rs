//! How many users fit, and does everything still arrive?
//!
//! As many users as a limit of 20,000 descriptors allows log in. Then some of them say something, one after the
//! other, and everybody gets each message. It takes long and says little about speed, so it runs only if asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crowd::{Crowd, Listener};
use crate::goals::LARGEST_USERS;
use crate::ledger::Delivery;
use crate::scenario::Cell;
use crate::stats::{Latencies, Latency, cpu_per, median_of};
use crate::stint::{Outcome, Skip, Stint};
use crate::{Result, machine};

/// What a limit of 20,000 descriptors leaves for users.
pub const USERS: usize = LARGEST_USERS;
/// Messages that everybody must get.
const BROADCASTS: usize = 10;

/// One server, in one round or as the medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How long it took to log everybody in and to tell everybody.
    pub login_ns: f64,
    /// Messages, each of which everybody got.
    pub broadcasts: usize,
    /// From sending a message until the last had it, one at a time.
    pub fanout_ns: Latency,
    /// The server's CPU for a delivery.
    pub cpu_ns: Option<f64>,
    /// Resident memory of the server.
    pub resident_bytes: Option<f64>,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            login_ns: median_of(rounds, |round| round.login_ns),
            broadcasts: rounds[0].broadcasts,
            fanout_ns: median_of(rounds, |round| round.fanout_ns),
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            resident_bytes: median_of(rounds, |round| round.resident_bytes),
        }
    }
}

struct Fanout(Latencies);

impl Listener for Fanout {
    fn on_delivery(&mut self, delivery: Delivery, now: Duration) {
        if delivery.is_last {
            self.0.record(now.saturating_sub(delivery.sent_at));
        }
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    stint.measure(skipped, |Cell { server: kind, users }| {
        let server = stint.start(kind)?;
        let mut crowd = Crowd::log_in(server.addr(), users)?;
        let login_ns = crowd.now().as_nanos() as f64;
        stint.check_arrivals(kind, &crowd)?;
        crowd.expect_silence()?;
        let (mut fanout, before) = (Fanout(Latencies::new()?), server.cpu_time());
        for _ in 0..BROADCASTS {
            crowd.say_at(crowd.now())?;
            crowd.listen_until_complete(&mut fanout)?;
        }
        crowd.expect_silence()?;
        let cpu_ns = cpu_per(BROADCASTS * users, before, server.cpu_time());
        let resident_bytes = machine::resident_bytes(server.process()).map(|bytes| bytes as f64);
        drop(server);
        let fanout_ns = fanout.0.summary().ok_or("nothing was measured")?;
        Ok(Figures { login_ns, broadcasts: BROADCASTS, fanout_ns, cpu_ns, resident_bytes })
    })
}
