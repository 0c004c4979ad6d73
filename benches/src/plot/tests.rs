use super::*;
use crate::fanout::{InFlight, Paced};
use crate::report;
use crate::stats::Latency;

/// A report in which the servers are as far apart as their numbers.
pub(crate) fn report(receivers: &[usize]) -> Report {
    let mut report = report::tests::empty();
    for (index, &server) in Kind::ALL.iter().enumerate() {
        for &users in receivers {
            let ns = (index + 1) as f64 * 100.0 * (users as f64).sqrt().round();
            let latency = Latency { p50: ns, p99: ns * 2.0, p999: ns * 3.0, max: ns * 4.0 };
            let paced = Paced {
                rate: 10,
                broadcasts: 10,
                fanout_ns: latency,
                delivery_ns: latency,
                cpu_ns: Some(ns),
            };
            let in_flight =
                |load| InFlight { load, cpu_ns: Some(ns), crowd_ns: ns, deliveries_per_second: 1.0 };
            let median = Figures { paced, in_flight: vec![in_flight(Load::ONE), in_flight(Load::SOME)] };
            let rounds = vec![median.clone()];
            report.fanout.push(Outcome { server, users, announces: server == Kind::Chat, median, rounds });
        }
    }
    report
}

#[test]
fn each_server_has_a_line_in_both_panels_and_a_name_in_the_legend() {
    let receivers = [10, 100, 1_000, 9_000];
    for svg in [cpu(&report(&receivers)).unwrap(), latency(&report(&receivers)).unwrap()] {
        for server in Kind::ALL {
            let RGBColor(red, green, blue) = look(server).color;
            let color = format!("#{red:02X}{green:02X}{blue:02X}");
            let is_line = |line: &&str| line.contains("<polyline") && line.contains(&color);
            let lines = svg.lines().filter(is_line);
            // In each panel the line and an outline for each point; in the legend one of both.
            assert_eq!(lines.count(), 2 * (1 + receivers.len()) + 2, "{}", server.name());
            assert!(svg.lines().any(|line| line == server.name()), "{}", server.name());
        }
        for text in ["9,000", "registered users, all of whom receive"] {
            assert!(svg.lines().any(|line| line == text), "{text} is not in the picture");
        }
    }
}

#[test]
fn one_number_of_receivers_is_enough_and_none_is_told() {
    assert!(cpu(&report(&[10])).is_ok());
    let error = latency(&report(&[])).unwrap_err().to_string();
    assert!(error.contains("nothing to draw"), "{error}");
}

#[test]
fn ticks_are_round_and_within() {
    assert_eq!(ticks(&(300.0..4_000.0)), [500.0, 1_000.0, 2_000.0]);
    assert_eq!(ticks(&(1_900.0..4_500.0)), [2_000.0, 3_000.0, 4_000.0]);
}
