//! One scenario's work: its cells, in rounds, so that whatever disturbs the machine meets all servers.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::args::Options;
use crate::crowd::{Crowd, presence};
use crate::progress::Progress;
use crate::scenario::{Cell, Scenario};
use crate::server::{Kind, Running};
use crate::stats::Figures;
use crate::{Result, machine};

/// Descriptors that are not users: the server's own, and a few to spare.
const DESCRIPTORS_RESERVED: usize = 64;

/// One line of the results: one server with so many users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome<F> {
    /// Which server.
    pub server: Kind,
    /// Registered users.
    pub users: usize,
    /// Whether newcomers were announced to all others.
    #[serde(default)]
    pub announces: bool,
    /// Medians.
    pub median: F,
    /// What they are the medians of.
    pub rounds: Vec<F>,
}

/// What was not measured, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// In which scenario.
    pub scenario: Scenario,
    /// Why, for a person.
    pub reason: String,
}

/// A server has done nothing wrong, and has not done its work in this time either. For a peer it is a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfTime(pub Duration);

impl fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not over after {} s", self.0.as_secs())
    }
}

impl std::error::Error for OutOfTime {}

/// See the module's documentation.
#[derive(Debug)]
pub struct Stint<'a> {
    /// Which scenario.
    pub scenario: Scenario,
    /// What was asked for.
    pub options: &'a Options,
    /// Whoever waits.
    pub progress: &'a Progress,
    /// Descriptors that a process may have.
    pub descriptors: usize,
}

impl Stint<'_> {
    /// Measures all cells that the system has descriptors for; the others are added to `skipped`, and so are peers
    /// that run [`OutOfTime`].
    ///
    /// # Errors
    /// If a server does not do its work: nothing is reported then.
    pub fn measure<F: Figures>(
        &self,
        skipped: &mut Vec<Skip>,
        mut measure: impl FnMut(Cell) -> Result<F>,
    ) -> Result<Vec<Outcome<F>>> {
        let (rounds, others) = (self.scenario.rounds(self.options), self.scenario.others(self.options));
        let is_possible = |cell: &Cell| cell.users + others + DESCRIPTORS_RESERVED <= self.descriptors;
        let (cells, impossible): (Vec<_>, Vec<_>) =
            self.scenario.cells(self.options).into_iter().partition(is_possible);
        let mut too_many: Vec<_> = impossible.iter().map(|cell| cell.users).collect();
        too_many.dedup();
        skipped.extend(too_many.into_iter().map(|users| Skip {
            scenario: self.scenario,
            reason: format!("{users} users need more than the {} open files allowed", self.descriptors),
        }));
        let mut outcomes: Vec<(Cell, Vec<F>)> = cells.iter().map(|cell| (*cell, Vec::new())).collect();
        for round in 1..=rounds {
            for (cell, figures) in &mut outcomes {
                let (name, server, users) = (self.scenario.name(), cell.server.name(), cell.users);
                self.progress.begin(&format!("{name}: {server}, {users} users, round {round} of {rounds}"));
                // Whoever has no figure of a round before was given up.
                let is_in = figures.len() + 1 == round;
                match is_in.then(|| measure(*cell)).transpose() {
                    Ok(measured) => figures.extend(measured),
                    Err(error) if cell.server.peer().is_some() && error.is::<OutOfTime>() => {
                        let reason = format!("{server}, {users} users: {error}");
                        skipped.push(Skip { scenario: self.scenario, reason });
                    }
                    Err(error) => return Err(format!("{name}: {server}, {users} users: {error}").into()),
                }
                self.progress.end();
            }
        }
        Ok(outcomes
            .into_iter()
            .filter(|(_, rounds)| !rounds.is_empty())
            .map(|(Cell { server, users }, rounds)| Outcome {
                server,
                users,
                announces: self.scenario.announces(server),
                median: F::median(&rounds),
                rounds,
            })
            .collect())
    }

    /// Starts a server on its core, which announces newcomers if it does so in this scenario.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(&self, kind: Kind) -> Result<Running> {
        Running::start(kind, machine::cores().map(|(core, _)| core), self.scenario.announces(kind))
    }

    /// Starts a server and logs the users in, who know exactly of each other if they were told.
    ///
    /// # Errors
    /// If the server does not start or does not do its work.
    pub fn populate(&self, kind: Kind, users: usize) -> Result<(Running, Crowd)> {
        let server = self.start(kind)?;
        let crowd = Crowd::log_in(server.addr(), users)?;
        self.check_arrivals(kind, &crowd)?;
        Ok((server, crowd))
    }

    /// Checks that those who logged in know exactly of each other, or of nobody if they were not to be told.
    ///
    /// # Errors
    /// If an announcement was lost or repeated, or should not have come.
    pub fn check_arrivals(&self, kind: Kind, crowd: &Crowd) -> Result<()> {
        if self.scenario.announces(kind) {
            presence::check_arrivals(crowd.presences())?;
        } else if crowd.tally().updates > 0 {
            return Err("newcomers were announced, which should not have been".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::args::{self, Task};

    fn options(text: &str) -> Options {
        match args::parse(&text.split(' ').map(OsString::from).collect::<Vec<_>>()) {
            Ok(Task::Measure(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    fn measured(options: &Options, descriptors: usize) -> (Vec<Cell>, Vec<Outcome<f64>>, Vec<Skip>) {
        let progress = Progress::new(0);
        let stint = Stint { scenario: Scenario::Fanout, options, progress: &progress, descriptors };
        let (mut cells, mut skipped) = (Vec::new(), Vec::new());
        let outcomes = stint.measure(&mut skipped, |cell| {
            cells.push(cell);
            Ok(cells.len() as f64)
        });
        (cells, outcomes.unwrap(), skipped)
    }

    #[test]
    fn servers_take_turns_in_each_round_and_the_figures_are_medians() {
        let options = options("bench --receivers 10 --rounds 3 --servers chat");
        let (cells, outcomes, _) = measured(&options, 10_000);
        let servers: Vec<_> = cells.iter().map(|cell| cell.server).collect();
        assert_eq!(servers, [Kind::Floor, Kind::Chat].repeat(3));
        assert_eq!(outcomes[1].rounds, [2.0, 4.0, 6.0]);
        assert_eq!((outcomes[1].server, outcomes[1].median), (Kind::Chat, 4.0));
    }

    #[test]
    fn a_peer_that_runs_out_of_time_is_skipped_from_then_on_and_ours_fails_the_run() {
        let options = options("bench --receivers 10 --rounds 3 --servers chat,ws");
        let progress = Progress::new(0);
        let stint =
            Stint { scenario: Scenario::Fanout, options: &options, progress: &progress, descriptors: 1_000 };
        let run = |slow: Kind| {
            let (mut skipped, mut tries) = (Vec::new(), 0);
            let outcomes = stint.measure(&mut skipped, |cell| {
                tries += usize::from(cell.server == slow);
                if cell.server == slow { Err(OutOfTime(Duration::from_secs(60)).into()) } else { Ok(1.0) }
            });
            (outcomes.map(|outcomes| outcomes.len()).map_err(|error| error.to_string()), tries, skipped)
        };
        let (outcomes, tries, skipped) = run(Kind::Ws);
        assert_eq!((outcomes, tries), (Ok(2), 1));
        assert_eq!(skipped[0].reason, "ws, 10 users: not over after 60 s");
        let (outcomes, _, skipped) = run(Kind::Chat);
        assert_eq!(outcomes, Err("fanout: chat, 10 users: not over after 60 s".to_owned()));
        assert_eq!(skipped, []);
    }

    #[test]
    fn what_the_system_has_no_descriptors_for_is_skipped_with_the_reason() {
        let options = options("bench --receivers 10,936,937 --rounds 1 --servers chat");
        let (cells, outcomes, skipped) = measured(&options, 1_000);
        assert_eq!((cells.len(), outcomes.len()), (4, 4));
        let [skip] = &*skipped else { panic!("{skipped:?}") };
        assert_eq!(skip.reason, "937 users need more than the 1000 open files allowed");
    }
}
