//! What became of the goals of our server.

use super::{count, head, ratio};
use crate::goals::{Subject, Verdict};
use crate::report::Report;
use crate::table::{figure, layout};

pub(super) fn section(report: &Report) -> String {
    if report.quick {
        return "goals: a quick look is too short to judge by\n".to_owned();
    }
    if report.goals.is_empty() {
        return String::new();
    }
    let mut rows = vec![head("figure of chat|users|goal|stretch|measured|")];
    for verdict in &report.goals {
        let show = |value: f64| show(verdict.subject, value);
        let bound = |value: Option<f64>| value.map(|value| format!("≤ {}", show(value))).unwrap_or_default();
        rows.push(vec![
            verdict.figure.clone(),
            count(verdict.users),
            bound(verdict.limit),
            bound(verdict.stretch),
            show(verdict.measured),
            word(verdict).to_owned(),
        ]);
    }
    let missed = report.goals.iter().filter(|verdict| !verdict.is_met).count();
    format!("goals: {} of {} missed\n{}", missed, report.goals.len(), layout(&rows, 1))
}

fn show(subject: Subject, value: f64) -> String {
    match subject {
        Subject::Latency | Subject::OneAtATime | Subject::InFlight => ratio(value),
        Subject::Memory => figure(value),
        Subject::Idle => ratio(value).trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.stretch.map(|stretch| verdict.measured <= stretch) {
        Some(true) => "ok, stretch too",
        _ if verdict.limit.is_none() => "not yet",
        _ if verdict.is_met => "ok",
        _ => "missed",
    }
}
