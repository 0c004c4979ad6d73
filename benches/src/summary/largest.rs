//! The largest number of users.

use super::{count, head};
use crate::goals::LARGEST_USERS;
use crate::report::Report;
use crate::server::Kind;
use crate::table::{figure, layout};

pub(super) fn section(report: &Report) -> String {
    if report.largest.is_empty() {
        return String::new();
    }
    let columns = "users|server|login, s|broadcasts, all delivered|fan-out p50, ms|longest|CPU per delivery, ns|memory, MiB|goal";
    let mut rows = vec![head(columns)];
    for outcome in &report.largest {
        let median = &outcome.median;
        rows.push(vec![
            count(outcome.users),
            outcome.server.name().to_owned(),
            figure(median.login_ns / 1e9),
            count(median.broadcasts),
            figure(median.fanout_ns.p50 / 1e6),
            figure(median.fanout_ns.max / 1e6),
            figure(median.cpu_ns.unwrap_or(f64::NAN)),
            figure(median.resident_bytes.unwrap_or(f64::NAN) / (1024.0 * 1024.0)),
            // A delivery that is lost would have ended the run.
            if outcome.server == Kind::Chat && outcome.users >= LARGEST_USERS { "ok" } else { "" }.to_owned(),
        ]);
    }
    format!(
        "largest: as many users as a limit of 20,000 descriptors allows, one broadcast at a time\n{}",
        layout(&rows, 2)
    )
}
