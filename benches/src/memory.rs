//! What does an idle user cost in memory?
//!
//! Users log in, 64 at a time, until everybody has been told of everybody (a peer does not tell); then nobody says
//! anything, and buffers that a server gives back after a while are given back. What the server's resident memory has grown by, for
//! each user, is the figure: it holds whatever the server keeps for a user, name, status and timers included.
//! What the kernel keeps for a connection is not in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::args::Options;
use crate::crowd::Crowd;
use crate::machine;
use crate::scenario::Cell;
use crate::stats::{cpu_per, median_of};
use crate::stint::{Outcome, Skip, Stint};

const USERS: usize = 9_000;
const USERS_QUICK: usize = 500;
/// How long nobody says anything before the memory is looked at.
const QUIET: Duration = Duration::from_secs(2);
const QUIET_QUICK: Duration = Duration::from_millis(300);

/// How many users there are.
#[must_use]
pub fn users(options: &Options) -> usize {
    if options.quick { USERS_QUICK } else { USERS }
}

/// One server, in one round or as the medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Resident memory with no user.
    pub before_bytes: Option<f64>,
    /// Resident memory with all users, when all is quiet.
    pub after_bytes: Option<f64>,
    /// What each user added.
    pub per_user_bytes: Option<f64>,
    /// How long it took to log everybody in and to tell everybody.
    pub login_ns: f64,
    /// The server's CPU for that, for each user.
    pub login_cpu_ns: Option<f64>,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            before_bytes: median_of(rounds, |round| round.before_bytes),
            after_bytes: median_of(rounds, |round| round.after_bytes),
            per_user_bytes: median_of(rounds, |round| round.per_user_bytes),
            login_ns: median_of(rounds, |round| round.login_ns),
            login_cpu_ns: median_of(rounds, |round| round.login_cpu_ns),
        }
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    let quiet = if stint.options.quick { QUIET_QUICK } else { QUIET };
    stint.measure(skipped, |Cell { server: kind, users }| {
        let server = stint.start(kind)?;
        let resident = || machine::resident_bytes(server.process()).map(|bytes| bytes as f64);
        let (before_bytes, before) = (resident(), server.cpu_time());
        let mut crowd = Crowd::log_in(server.addr(), users)?;
        let (login_ns, after) = (crowd.now().as_nanos() as f64, server.cpu_time());
        stint.check_arrivals(kind, &crowd)?;
        crowd.rest(quiet, &mut ())?;
        let after_bytes = resident();
        drop(server);
        let grown = before_bytes.zip(after_bytes).map(|(before, after)| after - before);
        Ok(Figures {
            before_bytes,
            after_bytes,
            per_user_bytes: grown.map(|bytes| bytes / users as f64),
            login_ns,
            login_cpu_ns: cpu_per(users, before, after),
        })
    })
}
