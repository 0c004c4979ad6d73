//! The scenarios: which there are, and whom they measure how often.
//!
//! What a scenario does stands in the file that has its name.

use serde::{Deserialize, Serialize};

use crate::args::Options;
use crate::server::Kind;
use crate::{idle, largest, memory, slow_path, storm};

/// One question and the way it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// See [`crate::fanout`].
    Fanout,
    /// See [`crate::memory`].
    Memory,
    /// See [`crate::storm`].
    Storm,
    /// See [`crate::idle`].
    Idle,
    /// See [`crate::slow_path`].
    SlowPath,
    /// See [`crate::largest`].
    Largest,
    /// See [`crate::small`].
    Small,
}

/// One server with so many users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The server.
    pub server: Kind,
    /// The users.
    pub users: usize,
}

impl Scenario {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 7] =
        [Self::Fanout, Self::Memory, Self::Storm, Self::Idle, Self::SlowPath, Self::Largest, Self::Small];

    /// What it is called in options and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fanout => "fanout",
            Self::Memory => "memory",
            Self::Storm => "storm",
            Self::Idle => "idle",
            Self::SlowPath => "slow-path",
            Self::Largest => "largest",
            Self::Small => "small",
        }
    }

    /// What it asks.
    #[must_use]
    pub const fn question(self) -> &'static str {
        match self {
            Self::Fanout => "what one message to everybody costs, in time and CPU",
            Self::Memory => "what an idle user costs in memory",
            Self::Storm => "what it means for others that thousands log in, or leave, at once",
            Self::Idle => "what a server costs while nobody says anything",
            Self::SlowPath => "what requests cost that are not the common case",
            Self::Largest => "how many users fit, and whether everything still arrives",
            Self::Small => "what the parts cost that every message goes through",
        }
    }

    /// Whether it runs without being asked for.
    #[must_use]
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::Largest)
    }

    /// Rounds at the most: where they cost much and differ little, few are enough.
    const fn rounds_max(self) -> usize {
        match self {
            Self::Fanout => usize::MAX,
            Self::Storm => 3,
            Self::Memory | Self::Idle | Self::SlowPath | Self::Largest | Self::Small => 1,
        }
    }

    /// How often each cell is measured.
    #[must_use]
    pub fn rounds(self, options: &Options) -> usize {
        options.rounds.min(self.rounds_max())
    }

    /// Who is measured, in the order of a round. The parts need no server.
    #[must_use]
    pub fn cells(self, options: &Options) -> Vec<Cell> {
        let of = |servers: &[Kind], users: usize| -> Vec<Cell> {
            servers.iter().map(|&server| Cell { server, users }).collect()
        };
        let announcing: Vec<_> = options.servers.iter().copied().filter(|kind| kind.announces()).collect();
        match self {
            Self::Fanout => options.receivers.iter().flat_map(|&users| of(&options.servers, users)).collect(),
            Self::Memory => of(&options.servers, memory::users(options)),
            Self::Storm => of(&announcing, storm::users(options)),
            Self::Idle => of(options.ours_or_named(), idle::users(options)),
            Self::SlowPath => {
                let ours: Vec<_> =
                    options.servers.iter().copied().filter(|kind| *kind == Kind::Chat).collect();
                let listed = of(&ours, slow_path::listed(options));
                of(&options.servers, slow_path::users(options)).into_iter().chain(listed).collect()
            }
            Self::Largest => of(options.ours_or_named(), largest::USERS),
            Self::Small => Vec::new(),
        }
    }

    /// Whether a server announces newcomers here. Peers are told not to where logins are not the question: those that
    /// send N² messages one by one would take minutes. Ours always does.
    #[must_use]
    pub const fn announces(self, kind: Kind) -> bool {
        kind.announces() && (kind.peer().is_none() || matches!(self, Self::Storm))
    }

    /// Users who are there besides those of a cell.
    #[must_use]
    pub fn others(self, options: &Options) -> usize {
        match self {
            Self::Storm => storm::bystanders(options),
            _ => 0,
        }
    }

    /// Steps, as the progress counts them.
    #[must_use]
    pub fn steps(self, options: &Options) -> usize {
        match self {
            Self::Small => crate::small::COUNT,
            _ => self.cells(options).len() * self.rounds(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_announce_in_the_storm_alone_ours_always_and_the_floors_never() {
        for scenario in Scenario::ALL {
            for kind in Kind::ALL {
                let expected = match kind {
                    Kind::Floor | Kind::Coalesced => false,
                    Kind::Chat => true,
                    _ => scenario == Scenario::Storm,
                };
                assert_eq!(scenario.announces(kind), expected, "{scenario:?}, {kind:?}");
            }
        }
    }
}
