//! The results: a table for a person, and the same as JSON for whoever compares.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::args::Options;
use crate::fanout::{Figures, IN_FLIGHT, Latency, Outcome};
use crate::machine::{self, Description};
use crate::server::Kind;
use crate::small::Timing;
use crate::table::{figure, layout};
use crate::wire::CONTENT_BYTES;

/// See the module's documentation.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where it was measured.
    pub machine: Description,
    /// What was typed.
    pub command: String,
    /// Whether server and crowd had a core each.
    pub pinned: bool,
    /// Rounds that the figures are the medians of.
    pub rounds: usize,
    /// Bytes of a broadcast's content.
    pub content_bytes: usize,
    /// Broadcasts in flight in the second mode.
    pub in_flight: u64,
    /// The fan-out.
    pub fanout: Vec<Outcome>,
    /// The small parts.
    pub small: Vec<Timing>,
}

impl Report {
    /// Of what was measured, here and now.
    #[must_use]
    pub fn new(options: &Options, fanout: Vec<Outcome>, small: Vec<Timing>) -> Self {
        let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        Self {
            machine: Description::new(),
            command: format!("cargo bench -- {}", args.join(" ")).trim_end_matches([' ', '-']).to_owned(),
            pinned: machine::cores().is_some(),
            rounds: options.rounds,
            content_bytes: CONTENT_BYTES,
            in_flight: IN_FLIGHT,
            fanout,
            small,
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

    /// The table.
    #[must_use]
    pub fn table(&self) -> String {
        let rounds = match self.rounds {
            1 => "one round".to_owned(),
            rounds => format!("medians of {rounds} rounds"),
        };
        let cores = if self.pinned {
            "server and crowd on a core each"
        } else {
            "server and crowd share cores: only ratios mean something"
        };
        let machine = &self.machine;
        let on = machine.processor.as_deref().unwrap_or("unknown processor");
        let bytes = self.content_bytes;
        format!(
            "\n{on}, {} cores, {}; {cores}; {rounds}; commit {}\n\
             × is the ratio to the floor in the same run: a server that does nothing but one send() per delivery.\n\
             \nLatency of a broadcast of {bytes} bytes sent on a fixed schedule, in µs: until the last has it, until each has it\n{}\
             \nServer CPU per delivery, in ns\n{}\
             \nSmall parts, medians\n{}",
            machine.cores,
            machine.system,
            machine.commit.as_deref().unwrap_or("unknown"),
            self.latency_table(),
            self.cpu_table(),
            self.small_table(),
        )
    }

    fn latency_table(&self) -> String {
        let mut rows =
            vec![head("receivers|server|last: p50|×|p99|×|p99.9|×|each: p50|p99|p99.9|a second|a round")];
        for outcome in &self.fanout {
            let mut row = vec![outcome.receivers.to_string(), outcome.server.name().to_owned()];
            let percentiles: [fn(&Latency) -> f64; 3] = [|l| l.p50, |l| l.p99, |l| l.p999];
            for percentile in percentiles {
                row.push(micros(percentile(&outcome.median.fanout_ns)));
                row.push(self.ratio(outcome, |figures| Some(percentile(&figures.fanout_ns))));
            }
            row.extend(percentiles.map(|percentile| micros(percentile(&outcome.median.delivery_ns))));
            row.push(outcome.rate.to_string());
            row.push(outcome.broadcasts.to_string());
            row.push(if outcome.is_queue() { "behind the schedule" } else { "" }.to_owned());
            rows.push(row);
        }
        let mut text = layout(&rows, 2);
        text.push_str("  Of fewer than 1,000 broadcasts a round, p99.9 is the slowest one.\n");
        if self.fanout.iter().any(Outcome::is_queue) {
            text.push_str(
                "  Behind the schedule: broadcasts waited for those before them. If this is the floor, another\n  \
                 program had its core; measure again when the machine is idle.\n",
            );
        }
        text
    }

    fn cpu_table(&self) -> String {
        let in_flight = self.in_flight;
        let mut rows = vec![head(&format!(
            "receivers|server|one at a time|×|{in_flight} in flight|×|deliveries a second"
        ))];
        for outcome in &self.fanout {
            let mut row = vec![outcome.receivers.to_string(), outcome.server.name().to_owned()];
            let modes: [fn(&Figures) -> Option<f64>; 2] = [|f| f.paced_cpu_ns, |f| f.in_flight_cpu_ns];
            for mode in modes {
                row.push(figure(mode(&outcome.median).unwrap_or(f64::NAN)));
                row.push(self.ratio(outcome, mode));
            }
            row.push(figure(outcome.median.deliveries_per_second));
            rows.push(row);
        }
        layout(&rows, 2)
    }

    fn small_table(&self) -> String {
        let mut rows = vec![head("what|ns")];
        rows.extend(self.small.iter().map(|timing| vec![timing.what.to_owned(), figure(timing.ns)]));
        layout(&rows, 1)
    }

    /// How a figure compares with the floor's.
    fn ratio(&self, outcome: &Outcome, of: impl Fn(&Figures) -> Option<f64>) -> String {
        let is_its_floor =
            |other: &&Outcome| other.receivers == outcome.receivers && other.server == Kind::Floor;
        let floor = self.fanout.iter().find(is_its_floor).and_then(|floor| of(&floor.median));
        match (of(&outcome.median), floor) {
            (Some(value), Some(floor)) => format!("{:.2}", value / floor),
            _ => "–".to_owned(),
        }
    }
}

fn head(columns: &str) -> Vec<String> {
    columns.split('|').map(str::to_owned).collect()
}

fn micros(nanos: f64) -> String {
    figure(nanos / 1_000.0)
}
