//! The fan-out: latency, CPU one at a time, CPU with several in flight.

use super::{Comparison, count, goal_cell, head, micros};
use crate::fanout::{Figures, IN_FLIGHT, LONG_CONTENT_BYTES, Load, MANY_IN_FLIGHT};
use crate::goals::Subject;
use crate::report::Report;
use crate::stats::Latency;
use crate::table::{figure, layout};
use crate::wire::CONTENT_BYTES;

pub(super) fn section(report: &Report) -> String {
    if report.fanout.is_empty() {
        return String::new();
    }
    format!(
        "fanout: {CONTENT_BYTES} bytes to everybody on a fixed schedule; latency in µs until the last has it, and \
         until each has it\n{}\
         \nfanout: server CPU per delivery in ns, one at a time\n{}\
         \nfanout: server CPU per delivery in ns, several in flight\n{}",
        latency(report),
        one_at_a_time(report),
        in_flight(report),
    )
}

fn latency(report: &Report) -> String {
    let wide = Comparison::new(&report.fanout, &["floor", "bun"]);
    let narrow = Comparison::new(&report.fanout, &["floor"]);
    let mut heads = head("receivers|server");
    heads.extend(wide.heads("last: p50"));
    heads.extend(narrow.heads("p99"));
    heads.extend(narrow.heads("p99.9"));
    heads.extend(head("each: p50|p99|p99.9|a second|a round|goal"));
    let mut rows = vec![heads];
    for outcome in &report.fanout {
        let paced = &outcome.median.paced;
        let mut row = vec![count(outcome.users), outcome.server.name().to_owned()];
        let percentiles: [fn(&Latency) -> f64; 3] = [|l| l.p50, |l| l.p99, |l| l.p999];
        for (percentile, comparison) in percentiles.iter().zip([&wide, &narrow, &narrow]) {
            row.extend(comparison.cells(outcome, micros, |f| Some(percentile(&f.paced.fanout_ns))));
        }
        row.extend(percentiles.map(|percentile| micros(percentile(&paced.delivery_ns))));
        row.push(paced.rate.to_string());
        row.push(paced.broadcasts.to_string());
        row.push(goal_cell(report, outcome.server, outcome.users, Subject::Latency));
        if paced.is_queue() {
            row.push("behind the schedule".to_owned());
        }
        rows.push(row);
    }
    let mut text = layout(&rows, 2);
    text.push_str(
        "  Of fewer than 1,000 broadcasts a round, p99.9 is the slowest one; of fewer than 100, p99 too.\n",
    );
    if report.fanout.iter().any(|outcome| outcome.median.paced.is_queue()) {
        text.push_str(
            "  Behind the schedule: broadcasts waited for those before them. If this is the floor, another\n  \
             program had its core; measure again when the machine is idle.\n",
        );
    }
    text
}

fn one_at_a_time(report: &Report) -> String {
    let comparison = Comparison::new(&report.fanout, &["floor", "bun"]);
    let mut heads = head("receivers|server");
    heads.extend(comparison.heads("on schedule"));
    heads.extend(comparison.heads("1 in flight"));
    heads.push("goal".to_owned());
    let mut rows = vec![heads];
    for outcome in &report.fanout {
        let mut row = vec![count(outcome.users), outcome.server.name().to_owned()];
        row.extend(comparison.cells(outcome, figure, |figures| figures.paced.cpu_ns));
        row.extend(comparison.cells(outcome, figure, |figures| figures.cpu_ns(Load::ONE)));
        row.push(goal_cell(report, outcome.server, outcome.users, Subject::OneAtATime));
        rows.push(row);
    }
    layout(&rows, 2)
}

fn in_flight(report: &Report) -> String {
    let wide = Comparison::new(&report.fanout, &["floor", "coalesced", "bun"]);
    let narrow = Comparison::new(&report.fanout, &["floor", "bun"]);
    let mut heads = head("receivers|server");
    heads.extend(wide.heads(&format!("{IN_FLIGHT} in flight")));
    heads.push("a second".to_owned());
    heads.extend(narrow.heads(&format!("{MANY_IN_FLIGHT} in flight")));
    heads.extend(narrow.heads(&format!("{IN_FLIGHT} of {LONG_CONTENT_BYTES} bytes")));
    heads.push("goal".to_owned());
    let mut rows = vec![heads];
    for outcome in &report.fanout {
        let mut row = vec![count(outcome.users), outcome.server.name().to_owned()];
        row.extend(wide.cells(outcome, figure, |figures| figures.cpu_ns(Load::SOME)));
        row.push(figure(a_second(&outcome.median)));
        row.extend(narrow.cells(outcome, figure, |figures| figures.cpu_ns(Load::MANY)));
        row.extend(narrow.cells(outcome, figure, |figures| figures.cpu_ns(Load::LONG)));
        row.push(goal_cell(report, outcome.server, outcome.users, Subject::InFlight));
        rows.push(row);
    }
    let mut text = layout(&rows, 2);
    text.push_str("  A second: deliveries a second, as the crowd took them on its core.\n");
    for outcome in &report.fanout {
        for phase in outcome.median.in_flight.iter().filter(|phase| phase.is_crowds()) {
            let Load { in_flight, content_bytes } = phase.load;
            let (users, server) = (count(outcome.users), outcome.server.name());
            text.push_str(&format!(
                "  The crowd was busier than {server}: {users} receivers, {in_flight} of {content_bytes} bytes in flight.\n"
            ));
        }
    }
    text
}

fn a_second(figures: &Figures) -> f64 {
    let phase = figures.in_flight.iter().find(|phase| phase.load == Load::SOME);
    phase.map_or(f64::NAN, |phase| phase.deliveries_per_second)
}
