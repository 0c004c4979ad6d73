//! Idle servers.

use super::{count, goal_cell, head};
use crate::goals::Subject;
use crate::report::Report;
use crate::table::{figure, layout};

pub(super) fn section(report: &Report) -> String {
    if report.idle.is_empty() {
        return String::new();
    }
    let mut rows = vec![head("users|server|seconds|wake-ups|pings|% of a core|goal")];
    for outcome in &report.idle {
        let (median, server) = (&outcome.median, outcome.server);
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| count(value as usize));
        let mut row = |users: usize, cells: [String; 4]| {
            let mut row = vec![count(users), server.name().to_owned()];
            row.extend(cells);
            row.push(goal_cell(report, server, users, Subject::Idle));
            rows.push(row);
        };
        row(0, [figure(median.empty_seconds), number(median.empty_wakeups), String::new(), String::new()]);
        row(
            outcome.users,
            [
                figure(median.idle_seconds),
                number(median.idle_wakeups),
                number(Some(median.pings)),
                figure(median.idle_cpu_share.unwrap_or(f64::NAN) * 100.0),
            ],
        );
    }
    format!("idle: while nobody says anything\n{}", layout(&rows, 2))
}
