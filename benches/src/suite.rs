//! Everything that was asked for, one scenario after the other.

use crate::args::Options;
use crate::progress::Progress;
use crate::report::Report;
use crate::scenario::Scenario;
use crate::server::About;
use crate::stint::Stint;
use crate::{Result, fanout, goals, idle, largest, machine, memory, slow_path, small, storm};

/// Measures everything.
///
/// # Errors
/// If a server does not do its work: nothing is reported then.
pub fn run(options: &Options, servers: Vec<About>, progress: &Progress) -> Result<Report> {
    let descriptors = chat_server::descriptors::raise_limit();
    if let Some((_, core)) = machine::cores() {
        machine::pin(core);
    }
    let mut report = Report::new(options, servers);
    let mut skipped = Vec::new();
    for scenario in Scenario::ALL.into_iter().filter(|scenario| options.only.contains(scenario)) {
        let stint = Stint { scenario, options, progress, descriptors };
        match scenario {
            Scenario::Fanout => report.fanout = fanout::run(&stint, &mut skipped)?,
            Scenario::Memory => report.memory = memory::run(&stint, &mut skipped)?,
            Scenario::Storm => report.storm = storm::run(&stint, &mut skipped)?,
            Scenario::Idle => report.idle = idle::run(&stint, &mut skipped)?,
            Scenario::SlowPath => report.slow_path = slow_path::run(&stint, &mut skipped)?,
            Scenario::Largest => report.largest = largest::run(&stint, &mut skipped)?,
            Scenario::Small => report.small = small::run(options, progress),
        }
    }
    report.skipped = skipped;
    report.goals = goals::verdicts(&report);
    Ok(report)
}

/// Steps, as the progress counts them.
#[must_use]
pub fn steps(options: &Options) -> usize {
    options.only.iter().map(|scenario| scenario.steps(options)).sum()
}
