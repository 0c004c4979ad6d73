//! Storms: mass arrivals and departures.

use super::{Comparison, count, head, millis};
use crate::report::Report;
use crate::stats::Latency;
use crate::storm::{Figures, Tide};
use crate::table::{figure, layout};

type OfTide = fn(&Figures) -> &Tide;

pub(super) fn section(report: &Report) -> String {
    let Some(first) = report.storm.first() else { return String::new() };
    let comparison = Comparison::new(&report.storm, &["bun"]);
    let mut heads = head("users|server|all at once");
    heads.extend(comparison.heads("server CPU, ms"));
    heads.extend(comparison.heads("took, ms"));
    heads.extend(head("crowd busy, ms|announcements|wait: p50|p99"));
    heads.extend(comparison.heads("longest"));
    let mut rows = vec![heads];
    let tides: [(&str, OfTide); 2] =
        [("arrive", |figures| &figures.arrival), ("leave", |figures| &figures.departure)];
    for outcome in &report.storm {
        for (name, tide) in tides {
            let figures = tide(&outcome.median);
            let mut row = vec![count(outcome.users), outcome.server.name().to_owned(), name.to_owned()];
            row.extend(comparison.cells(outcome, millis, |figures| tide(figures).cpu_ns));
            row.extend(comparison.cells(outcome, millis, |figures| Some(tide(figures).took_ns)));
            row.push(millis(figures.crowd_ns));
            row.push(figure(figures.announcements as f64));
            let wait = |of: fn(&Latency) -> f64| figures.wait_ns.as_ref().map_or(f64::NAN, of);
            row.extend([wait(|wait| wait.p50), wait(|wait| wait.p99)].map(millis));
            row.extend(comparison.cells(outcome, millis, |figures| Some(tide(figures).wait_ns?.max)));
            if figures.is_crowds() {
                row.push("the crowd was busier".to_owned());
            }
            rows.push(row);
        }
    }
    let mut text = format!(
        "storm: all users arrive at once, then leave at once; {} bystanders wait for a broadcast every 10 ms (ms)\n{}",
        first.median.bystanders,
        layout(&rows, 3)
    );
    if report.storm.iter().any(|outcome| tides.iter().any(|(_, tide)| tide(&outcome.median).is_crowds())) {
        text.push_str(
            "  The crowd was busier: it had more to do than the server, on its one core. Time and waits are partly \
             its own,\n  the server's CPU is not.\n",
        );
    }
    text
}
