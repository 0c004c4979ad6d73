//! The small parts.

use super::head;
use crate::report::Report;
use crate::table::{figure, layout};

pub(super) fn section(report: &Report) -> String {
    if report.small.is_empty() {
        return String::new();
    }
    let mut rows = vec![head("what|ns")];
    rows.extend(report.small.iter().map(|timing| vec![timing.what.clone(), figure(timing.ns)]));
    format!("small: the parts that every message goes through, medians\n{}", layout(&rows, 1))
}
