//! What does it mean for those who are there that thousands log in, or leave, at once?
//!
//! Some bystanders are in. One of them says something every 10 ms, and all of them must get it: how long they
//! wait for it, counted from the time it should have been said, is what they feel of a storm.
//!
//! - **arrival**: thousands connect, ask for the upgrade and register as fast as each of them can. Each is
//!   announced to everybody else, which is work that grows with the square of their number. It is over when
//!   everybody knows of everybody, which is checked for each user.
//! - **departure**: all of them are gone at once, without a word. It is over when each bystander has been told of
//!   each of them, once.
//!
//! The crowd takes all announcements on one core. How long it was busy stands beside the server's CPU: where the
//! crowd was busier than the server, the time and the waits are partly its own. A peer that has not done it in
//! 45 s is skipped, and the report says so: with the broadcasts it has more to send than it can.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::args::Options;
use crate::crowd::{Crowd, Listener, presence};
use crate::ledger::Delivery;
use crate::scenario::Cell;
use crate::stats::{Latencies, Latency, cpu_per, median_of};
use crate::stint::{OutOfTime, Outcome, Skip, Stint};

const USERS: usize = 5_000;
const USERS_QUICK: usize = 1_000;
const BYSTANDERS: usize = 100;
const BYSTANDERS_QUICK: usize = 20;
/// Between two broadcasts.
const INTERVAL: Duration = Duration::from_millis(10);
/// Who comes or leaves for longer than this has a server that cannot keep up.
const TIDE_MAX: Duration = Duration::from_secs(45);
/// What the bystanders feel before, so that both are warm.
const CALM: Duration = Duration::from_millis(100);

/// How many come at once.
#[must_use]
pub fn users(options: &Options) -> usize {
    if options.quick { USERS_QUICK } else { USERS }
}

/// How many are there before.
#[must_use]
pub fn bystanders(options: &Options) -> usize {
    if options.quick { BYSTANDERS_QUICK } else { BYSTANDERS }
}

/// One server, in one round or as the medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Users who were there before.
    pub bystanders: usize,
    /// All come.
    pub arrival: Tide,
    /// All leave.
    pub departure: Tide,
}

/// All come, or all leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tide {
    /// Until it was over.
    pub took_ns: f64,
    /// The server's CPU.
    pub cpu_ns: Option<f64>,
    /// How long the crowd was busy.
    pub crowd_ns: f64,
    /// Announcements that came.
    pub announcements: usize,
    /// How long a bystander waited for a broadcast. `None` if all was over before the first one.
    pub wait_ns: Option<Latency>,
}

impl Tide {
    /// Whether the crowd had more to do than the server.
    #[must_use]
    pub fn is_crowds(&self) -> bool {
        self.cpu_ns.is_some_and(|cpu_ns| self.crowd_ns > cpu_ns)
    }
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            bystanders: rounds[0].bystanders,
            arrival: median_of(rounds, |round| round.arrival.clone()),
            departure: median_of(rounds, |round| round.departure.clone()),
        }
    }
}

impl crate::stats::Figures for Tide {
    fn median(rounds: &[Self]) -> Self {
        Self {
            took_ns: median_of(rounds, |round| round.took_ns),
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            crowd_ns: median_of(rounds, |round| round.crowd_ns),
            announcements: rounds[0].announcements,
            wait_ns: median_of(rounds, |round| round.wait_ns),
        }
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    let bystanders = bystanders(stint.options);
    stint.measure(skipped, |Cell { server, users }| {
        let server = stint.start(server)?;
        let crowd = Crowd::with_speakers(server.addr(), bystanders, 1)?;
        weather(crowd, users, &|| server.cpu_time())
    })
}

/// A storm that comes and goes.
fn weather(mut crowd: Crowd, newcomers: usize, cpu_time: &impl Fn() -> Option<Duration>) -> Result<Figures> {
    let bystanders = crowd.len();
    let users = bystanders + newcomers;
    let until = crowd.now() + CALM;
    ride(&mut crowd, cpu_time, 0, |crowd| crowd.now() >= until)?;

    let before = crowd.tally().updates;
    let announcements = users * (users - 1) / 2 - before;
    crowd.invite(newcomers)?;
    let arrival = ride(&mut crowd, cpu_time, announcements, |crowd| {
        crowd.tally().updates + crowd.newcomers_tally().updates - before >= announcements
    })?;
    settle(&mut crowd)?;
    presence::check_arrivals(crowd.presences().chain(crowd.newcomers_presences()))?;

    crowd.dismiss();
    let announcements = bystanders * newcomers;
    let departure =
        ride(&mut crowd, cpu_time, announcements, |crowd| crowd.tally().departures >= announcements)?;
    settle(&mut crowd)?;
    presence::check_departures(crowd.presences(), newcomers)?;
    Ok(Figures { bystanders, arrival, departure })
}

/// One more broadcast behind everything, and then nothing any more.
fn settle(crowd: &mut Crowd) -> Result<()> {
    crowd.say_at(crowd.now())?;
    crowd.listen_until_complete(&mut ())?;
    crowd.listen_until_newcomers_have_heard()?;
    crowd.expect_silence()
}

/// Records how long the bystanders wait.
struct Waits(Latencies);

impl Listener for Waits {
    fn on_delivery(&mut self, delivery: Delivery, now: Duration) {
        self.0.record(now.saturating_sub(delivery.sent_at));
    }
}

/// Lets a bystander speak on schedule until so many announcements have come and all is over.
fn ride(
    crowd: &mut Crowd,
    cpu_time: &impl Fn() -> Option<Duration>,
    announcements: usize,
    is_over: impl Fn(&Crowd) -> bool,
) -> Result<Tide> {
    let mut waits = Waits(Latencies::new()?);
    let mut next = crowd.now() + INTERVAL;
    let (started, busy, before) = (crowd.now(), crowd.busy(), cpu_time());
    while !is_over(crowd) {
        // A server that cannot keep up with the broadcasts falls farther behind with each, and never is over.
        if crowd.now() - started > TIDE_MAX {
            return Err(OutOfTime(TIDE_MAX).into());
        }
        while next <= crowd.now() {
            crowd.say_at(next)?;
            next += INTERVAL;
        }
        crowd.listen(&mut waits)?;
    }
    let (took, busy) = (crowd.now() - started, crowd.busy() - busy);
    // Those who still wait count as well. Then the server sleeps: what it has had is known to the last bit.
    crowd.listen_until_complete(&mut waits)?;
    crowd.expect_silence()?;
    Ok(Tide {
        took_ns: took.as_nanos() as f64,
        cpu_ns: cpu_per(1, before, cpu_time()),
        crowd_ns: busy.as_nanos() as f64,
        announcements,
        wait_ns: waits.0.summary(),
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use chat_server::Server;

    use super::*;
    use crate::server;

    #[test]
    fn everybody_is_told_of_everybody_once_in_a_storm_on_the_real_server() {
        let mut server = Server::bind(&server::config()).unwrap();
        let (addr, stopper) = (server.local_addr(), server.stopper());
        let running = thread::spawn(move || server.run());
        let crowd = Crowd::with_speakers(addr, 5, 1).unwrap();
        let Figures { bystanders, arrival, departure } = weather(crowd, 40, &|| None).unwrap();
        // The newcomers among themselves, and each of them to each bystander.
        assert_eq!((bystanders, arrival.announcements), (5, 40 * 39 / 2 + 5 * 40));
        assert_eq!(departure.announcements, 5 * 40);
        assert!(arrival.took_ns > 0.0 && !arrival.is_crowds());
        stopper.stop();
        running.join().unwrap().unwrap();
    }
}
