//! Requests that are not the common case.

use super::{Comparison, count, head};
use crate::report::Report;
use crate::slow_path::Figures;
use crate::table::{figure, layout};

/// A line's name and its figure.
type Line = (&'static str, fn(&Figures) -> Option<f64>);

const LINES: [Line; 7] = [
    ("4 KiB to everybody, 16 in flight: CPU per delivery", |f| f.long.as_ref()?.cpu_ns),
    ("private message and its receipt: CPU per message", |f| f.private.as_ref()?.cpu_ns),
    ("change of status, told to everybody: CPU per delivery", |f| f.status.as_ref()?.cpu_ns),
    ("list of users, nothing changed: CPU per answer", |f| f.list.as_ref()?.again.cpu_ns),
    ("list of users, nothing changed: time until it is there", |f| Some(f.list.as_ref()?.again.took_ns)),
    ("list of users, somebody left: CPU per answer", |f| f.list.as_ref()?.changed.cpu_ns),
    ("list of users, somebody left: time until it is there", |f| Some(f.list.as_ref()?.changed.took_ns)),
];

pub(super) fn section(report: &Report) -> String {
    if report.slow_path.is_empty() {
        return String::new();
    }
    let comparison = Comparison::new(&report.slow_path, &["floor", "coalesced", "bun"]);
    let mut heads = head("what|users|server");
    heads.extend(comparison.heads("ns"));
    let mut rows = vec![heads];
    for (name, of) in LINES {
        for outcome in report.slow_path.iter().filter(|outcome| of(&outcome.median).is_some()) {
            let mut row = vec![name.to_owned(), count(outcome.users), outcome.server.name().to_owned()];
            row.extend(comparison.cells(outcome, figure, of));
            rows.push(row);
        }
    }
    format!("slow-path: requests that are not the common case\n{}", layout(&rows, 3))
}
