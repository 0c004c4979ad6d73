//! Memory.

use super::{Comparison, count, goal_cell, head};
use crate::goals::Subject;
use crate::report::Report;
use crate::table::{figure, layout};

pub(super) fn section(report: &Report) -> String {
    if report.memory.is_empty() {
        return String::new();
    }
    let comparison = Comparison::new(&report.memory, &["floor", "bun"]);
    let mut heads = head("users|server|announces newcomers|before, KiB|after, KiB");
    heads.extend(comparison.heads("bytes a user"));
    heads.extend(head("login, s|login CPU a user, µs|goal"));
    let mut rows = vec![heads];
    for outcome in &report.memory {
        let median = &outcome.median;
        let kibibytes = |bytes: Option<f64>| figure(bytes.unwrap_or(f64::NAN) / 1_024.0);
        let announces = match outcome.announces {
            true => "yes",
            false if outcome.server.announces() => "told not to",
            false => "no",
        };
        let mut row = vec![count(outcome.users), outcome.server.name().to_owned(), announces.to_owned()];
        row.push(kibibytes(median.before_bytes));
        row.push(kibibytes(median.after_bytes));
        row.extend(comparison.cells(outcome, figure, |figures| figures.per_user_bytes));
        row.push(figure(median.login_ns / 1e9));
        row.push(figure(median.login_cpu_ns.unwrap_or(f64::NAN) / 1e3));
        row.push(goal_cell(report, outcome.server, outcome.users, Subject::Memory));
        rows.push(row);
    }
    format!("memory: resident memory of idle users, who logged in 64 at a time\n{}", layout(&rows, 3))
}
