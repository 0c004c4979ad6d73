//! What do the requests cost that are not the common case?
//!
//! - **long**: a message of 4 KiB to everybody, 16 in flight. The floors and the others do it too.
//! - [`private`]: messages between pairs, with the receipt that the sender gets.
//! - [`status`]: changes of status, each of which everybody is told.
//! - [`list`]: the list of 10,000 users, asked for again, and asked for after somebody left.
//!
//! All but the first are measured of our server alone: the floor does not know them.

pub mod list;
pub mod private;
pub mod status;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::args::Options;
use crate::fanout::{IN_FLIGHT, InFlight, Load, press};
use crate::scenario::Cell;
use crate::server::Kind;
use crate::stats::median_of;
use crate::stint::{Outcome, Skip, Stint};

const USERS: usize = 1_000;
const USERS_QUICK: usize = 200;
const LISTED: usize = 10_000;
const LISTED_QUICK: usize = 500;
const LONG: Load = Load { in_flight: IN_FLIGHT, content_bytes: 4_096 };
const PHASE: Duration = Duration::from_millis(500);
const PHASE_QUICK: Duration = Duration::from_millis(80);

/// Users who say something.
#[must_use]
pub fn users(options: &Options) -> usize {
    if options.quick { USERS_QUICK } else { USERS }
}

/// Users in the list.
#[must_use]
pub fn listed(options: &Options) -> usize {
    if options.quick { LISTED_QUICK } else { LISTED }
}

/// One server, in one round or as the medians of all rounds. What it was not asked for is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Long messages to everybody.
    pub long: Option<InFlight>,
    /// Private messages.
    pub private: Option<private::Figures>,
    /// Changes of status.
    pub status: Option<status::Figures>,
    /// The list of users.
    pub list: Option<list::Figures>,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            long: median_of(rounds, |round| round.long.clone()),
            private: median_of(rounds, |round| round.private.clone()),
            status: median_of(rounds, |round| round.status.clone()),
            list: median_of(rounds, |round| round.list.clone()),
        }
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    let phase = if stint.options.quick { PHASE_QUICK } else { PHASE };
    let listed = listed(stint.options);
    stint.measure(skipped, |Cell { server: kind, users }| {
        let (server, mut crowd) = stint.populate(kind, users)?;
        let cpu_time = || server.cpu_time();
        let mut figures = Figures::default();
        if users == listed {
            figures.list = Some(list::measure(&mut crowd, &cpu_time)?);
        } else {
            if kind == Kind::Chat {
                figures.private = Some(private::measure(&mut crowd, &cpu_time, phase)?);
                figures.status = Some(status::measure(&mut crowd, &cpu_time, phase)?);
            }
            figures.long = Some(press(&server, &mut crowd, LONG, phase)?);
        }
        drop(server);
        Ok(figures)
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use chat_server::Server;

    use super::*;
    use crate::crowd::Crowd;
    use crate::server;

    #[test]
    fn what_is_not_the_common_case_is_measured_and_checked_on_the_real_server() {
        let mut server = Server::bind(&server::config()).unwrap();
        let (addr, stopper) = (server.local_addr(), server.stopper());
        let running = thread::spawn(move || server.run());
        let mut crowd = Crowd::log_in(addr, 6).unwrap();
        let phase = Duration::from_millis(20);
        let private = private::measure(&mut crowd, &|| None, phase).unwrap();
        assert!(private.per_second > 0.0 && private.cpu_ns.is_none(), "{private:?}");
        let status = status::measure(&mut crowd, &|| None, phase).unwrap();
        assert!(status.changes > 0.0, "{status:?}");
        let list = list::measure(&mut crowd, &|| None).unwrap();
        assert!(list.again.took_ns > 0.0 && list.changed.took_ns > 0.0, "{list:?}");
        crowd.expect_silence().unwrap();
        stopper.stop();
        running.join().unwrap().unwrap();
    }
}
