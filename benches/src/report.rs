//! The results, as JSON for whoever compares: [`crate::summary`] shows the same to a person.
//!
//! The names of the fields are kept: what one version has recorded, a later one reads and draws.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::args::Options;
use crate::goals::Verdict;
use crate::machine::{self, Description};
use crate::server::About;
use crate::small::Timing;
use crate::stint::{Outcome, Skip};
use crate::{fanout, idle, largest, memory, slow_path, storm};

/// See the module's documentation. A scenario that was not measured has no lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and when it was measured.
    pub machine: Description,
    /// What was typed.
    pub command: String,
    /// Whether server and crowd had a core each.
    pub pinned: bool,
    /// Whether phases were too short to judge by.
    #[serde(default)]
    pub quick: bool,
    /// Rounds of the fan-out. Where rounds cost much there were fewer: each line has its own.
    pub rounds: usize,
    /// What was measured.
    #[serde(default)]
    pub servers: Vec<About>,
    /// What one message to everybody costs.
    #[serde(default)]
    pub fanout: Vec<Outcome<fanout::Figures>>,
    /// What an idle user costs in memory.
    #[serde(default)]
    pub memory: Vec<Outcome<memory::Figures>>,
    /// What it means that thousands log in, or leave, at once.
    #[serde(default)]
    pub storm: Vec<Outcome<storm::Figures>>,
    /// What a server costs while nobody says anything.
    #[serde(default)]
    pub idle: Vec<Outcome<idle::Figures>>,
    /// What requests cost that are not the common case.
    #[serde(default)]
    pub slow_path: Vec<Outcome<slow_path::Figures>>,
    /// How many users fit, and whether everything still arrives.
    #[serde(default)]
    pub largest: Vec<Outcome<largest::Figures>>,
    /// The small parts.
    #[serde(default)]
    pub small: Vec<Timing>,
    /// What was not measured, and why.
    #[serde(default)]
    pub skipped: Vec<Skip>,
    /// What our server is meant to cost, and whether it does.
    #[serde(default)]
    pub goals: Vec<Verdict>,
}

impl Report {
    /// Without any result yet, here and now.
    #[must_use]
    pub fn new(options: &Options, servers: Vec<About>) -> Self {
        let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        Self {
            machine: Description::new(),
            command: format!("cargo bench -- {}", args.join(" ")).trim_end_matches([' ', '-']).to_owned(),
            pinned: machine::cores().is_some(),
            quick: options.quick,
            rounds: options.rounds,
            servers,
            fanout: Vec::new(),
            memory: Vec::new(),
            storm: Vec::new(),
            idle: Vec::new(),
            slow_path: Vec::new(),
            largest: Vec::new(),
            small: Vec::new(),
            skipped: Vec::new(),
            goals: Vec::new(),
        }
    }

    /// Writes it as JSON, and makes the directory if need be.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn write_json(&self, path: &Path) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        fs::write(path, json)
    }

    /// Reads what [`Report::write_json`] wrote.
    ///
    /// # Errors
    /// As the system reports them, or if it is something else.
    pub fn read_json(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A report without results, of no particular machine.
    pub(crate) fn empty() -> Report {
        Report {
            machine: Description {
                processor: None,
                cores: 2,
                system: "linux".to_owned(),
                commit: None,
                unix_seconds: 0,
            },
            command: "cargo bench".to_owned(),
            pinned: true,
            quick: false,
            rounds: 1,
            servers: Vec::new(),
            fanout: Vec::new(),
            memory: Vec::new(),
            storm: Vec::new(),
            idle: Vec::new(),
            slow_path: Vec::new(),
            largest: Vec::new(),
            small: Vec::new(),
            skipped: Vec::new(),
            goals: Vec::new(),
        }
    }

    #[test]
    fn scenarios_that_a_recorded_report_does_not_know_are_empty() {
        let mut json = serde_json::to_value(empty()).unwrap();
        let fields = json.as_object_mut().unwrap();
        for scenario in [
            "servers",
            "fanout",
            "memory",
            "storm",
            "idle",
            "slow_path",
            "largest",
            "small",
            "skipped",
            "goals",
            "quick",
        ] {
            assert!(fields.remove(scenario).is_some(), "{scenario} has another name now");
        }
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), empty());
    }
}
