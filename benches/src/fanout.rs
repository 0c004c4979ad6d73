//! What does one message to everybody cost?
//!
//! For each number of receivers and each server, in rounds, so that whatever disturbs the machine meets all:
//!
//! - **paced**: broadcasts on a fixed schedule, slow enough that most find an idle server. Latency counts from
//!   the time a broadcast should have been sent, so a stall is counted against the server by every broadcast
//!   that it holds up (no coordinated omission). The server's CPU is counted too: one at a time.
//! - **16 in flight**: as soon as everybody has a broadcast the next is sent. What counts is the server's CPU for
//!   a delivery: how well it does when there is much to do.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::Result;
use crate::args::Options;
use crate::crowd::Crowd;
use crate::machine;
use crate::progress::Progress;
use crate::server::{Kind, Running};

/// Broadcasts in flight in the second mode.
pub const IN_FLIGHT: u64 = 16;
/// Deliveries a second that the schedule aims at: about an eighth of what one core of today sends, one by one.
const PACED_DELIVERIES: usize = 50_000;
/// Broadcasts a second at the most, however few receive them.
const PACED_RATE_MAX: usize = 1_000;
/// Broadcasts a second at the least.
const PACED_RATE_MIN: usize = 10;
/// What is recorded lies between a nanosecond and a minute, with three digits.
const LATENCY_MAX_NS: u64 = 60_000_000_000;
const LATENCY_DIGITS: u8 = 3;

/// How long the phases of a cell are.
#[derive(Debug, Clone, Copy)]
struct Phases {
    /// Broadcasts of the paced mode: what fits into the time, but so many that the tail means something.
    paced_min: Duration,
    paced_broadcasts_min: usize,
    in_flight: Duration,
    warm_up: Duration,
}

impl Phases {
    fn of(options: &Options) -> Self {
        let millis = Duration::from_millis;
        if options.quick {
            Self {
                paced_min: millis(500),
                paced_broadcasts_min: 80,
                in_flight: millis(250),
                warm_up: millis(50),
            }
        } else {
            Self {
                paced_min: millis(1_500),
                paced_broadcasts_min: 300,
                in_flight: millis(800),
                warm_up: millis(200),
            }
        }
    }

    fn paced_broadcasts(&self, rate: usize) -> usize {
        let fit = (self.paced_min.as_secs_f64() * rate as f64) as usize;
        fit.max(self.paced_broadcasts_min)
    }
}

/// Broadcasts a second of the paced mode.
fn paced_rate(receivers: usize) -> usize {
    (PACED_DELIVERIES / receivers).clamp(PACED_RATE_MIN, PACED_RATE_MAX)
}

/// Percentiles, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: f64,
    /// One in a hundred was slower.
    pub p99: f64,
    /// One in a thousand was slower.
    pub p999: f64,
}

/// One server with one number of receivers, in one round or as the medians of all rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// From the scheduled time until the last receiver has it.
    pub fanout_ns: Latency,
    /// From the scheduled time until a receiver has it, each receiver counted.
    pub delivery_ns: Latency,
    /// The server's CPU for a delivery, one broadcast at a time.
    pub paced_cpu_ns: Option<f64>,
    /// The server's CPU for a delivery, 16 in flight.
    pub in_flight_cpu_ns: Option<f64>,
    /// Deliveries a second, 16 in flight, as the crowd took them.
    pub deliveries_per_second: f64,
}

/// One line of the results.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Registered users, the sender included.
    pub receivers: usize,
    /// Which server.
    pub server: Kind,
    /// Broadcasts a second of the paced mode.
    pub rate: usize,
    /// Broadcasts of the paced mode in each round.
    pub broadcasts: usize,
    /// Medians.
    pub median: Figures,
    /// What they are the medians of.
    pub rounds: Vec<Figures>,
}

impl Outcome {
    /// Whether broadcasts had to wait for those before them: their latency is then that of a queue, and shows
    /// only that the server was too slow for the schedule, or had not its core for itself.
    #[must_use]
    pub fn is_queue(&self) -> bool {
        self.median.fanout_ns.p50 * self.rate as f64 > 1e9
    }
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    round: usize,
    receivers: usize,
    kind: Kind,
}

/// All measurements, in the order in which they are made.
pub fn cells(options: &Options) -> impl Iterator<Item = Cell> + '_ {
    (0..options.rounds).flat_map(move |round| {
        options.receivers.iter().flat_map(move |&receivers| {
            options.servers.iter().map(move |&kind| Cell { round, receivers, kind })
        })
    })
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work: nothing is reported then.
pub fn run(options: &Options, progress: &Progress) -> Result<Vec<Outcome>> {
    let most = options.receivers.iter().max().copied().unwrap_or_default();
    let descriptors = chat_server::descriptors::raise_limit();
    if descriptors < most + DESCRIPTORS_RESERVED {
        return Err(
            format!("{most} receivers need more than the {descriptors} open files that are allowed").into()
        );
    }
    let cores = machine::cores();
    if let Some((_, core)) = cores {
        machine::pin(core);
    }
    let phases = Phases::of(options);
    let mut measured = Vec::new();
    for cell in cells(options) {
        let (name, rounds) = (cell.kind.name(), options.rounds);
        progress.begin(&format!(
            "{} receivers, {name}, round {} of {rounds}",
            cell.receivers,
            cell.round + 1
        ));
        let core = cores.map(|(core, _)| core);
        let figures = measure(cell, core, &phases)
            .map_err(|error| format!("{} receivers, {name}: {error}", cell.receivers))?;
        measured.push((cell, figures));
        progress.end();
    }
    Ok(outcomes(options, &phases, &measured))
}

/// Descriptors that are not receivers.
const DESCRIPTORS_RESERVED: usize = 64;

fn measure(cell: Cell, core: Option<usize>, phases: &Phases) -> Result<Figures> {
    let server = Running::start(cell.kind, core)?;
    let mut crowd = Crowd::log_in(server.addr(), cell.receivers)?;
    keep_in_flight(&mut crowd, phases.warm_up)?;

    let rate = paced_rate(cell.receivers);
    let mut latencies = Latencies::new()?;
    let before = server.cpu_time();
    pace(&mut crowd, rate, phases.paced_broadcasts(rate), &mut latencies)?;
    let after = server.cpu_time();
    let deliveries = phases.paced_broadcasts(rate) * cell.receivers;
    let paced_cpu_ns = cpu_per(deliveries, before, after);

    let (completed, started, before) = (crowd.completed(), crowd.now(), server.cpu_time());
    keep_in_flight(&mut crowd, phases.in_flight)?;
    let (took, after) = (crowd.now() - started, server.cpu_time());
    let deliveries = (crowd.completed() - completed) as usize * cell.receivers;
    crowd.expect_silence()?;
    Ok(Figures {
        fanout_ns: percentiles(&latencies.fanout),
        delivery_ns: percentiles(&latencies.delivery),
        paced_cpu_ns,
        in_flight_cpu_ns: cpu_per(deliveries, before, after),
        deliveries_per_second: deliveries as f64 / took.as_secs_f64(),
    })
}

/// Allocated before it is needed.
struct Latencies {
    fanout: Histogram<u64>,
    delivery: Histogram<u64>,
}

impl Latencies {
    fn new() -> Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, LATENCY_MAX_NS, LATENCY_DIGITS);
        Ok(Self { fanout: histogram()?, delivery: histogram()? })
    }
}

/// Sends by the schedule, whatever has become of those before.
fn pace(crowd: &mut Crowd, rate: usize, broadcasts: usize, latencies: &mut Latencies) -> Result<()> {
    let interval = Duration::from_secs(1) / rate as u32;
    let mut next = crowd.now() + interval;
    let mut sent = 0;
    while sent < broadcasts || crowd.in_flight() > 0 {
        while sent < broadcasts && next <= crowd.now() {
            crowd.say_at(next)?;
            next += interval;
            sent += 1;
        }
        crowd.listen(&mut |delivery, now| {
            let nanos = (now.saturating_sub(delivery.sent_at)).as_nanos() as u64;
            latencies.delivery.saturating_record(nanos);
            if delivery.is_last {
                latencies.fanout.saturating_record(nanos);
            }
        })?;
    }
    Ok(())
}

/// Sends whenever fewer are in flight than shall be, then waits until all have arrived.
fn keep_in_flight(crowd: &mut Crowd, time: Duration) -> Result<()> {
    let until = crowd.now() + time;
    while crowd.now() < until {
        while crowd.in_flight() < IN_FLIGHT {
            crowd.say_at(crowd.now())?;
        }
        crowd.listen(&mut |_, _| {})?;
    }
    crowd.listen_until_complete(&mut |_, _| {})
}

fn cpu_per(deliveries: usize, before: Option<Duration>, after: Option<Duration>) -> Option<f64> {
    Some((after?.saturating_sub(before?)).as_nanos() as f64 / deliveries as f64)
}

fn percentiles(histogram: &Histogram<u64>) -> Latency {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64;
    Latency { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

fn outcomes(options: &Options, phases: &Phases, measured: &[(Cell, Figures)]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for &receivers in &options.receivers {
        for &server in &options.servers {
            let of_this = |cell: &Cell| cell.receivers == receivers && cell.kind == server;
            let rounds: Vec<_> = measured
                .iter()
                .filter(|(cell, _)| of_this(cell))
                .map(|(_, figures)| figures.clone())
                .collect();
            let rate = paced_rate(receivers);
            let broadcasts = phases.paced_broadcasts(rate);
            outcomes.push(Outcome { receivers, server, rate, broadcasts, median: medians(&rounds), rounds });
        }
    }
    outcomes
}

/// The median of each figure by itself.
fn medians(rounds: &[Figures]) -> Figures {
    let of = |figure: &dyn Fn(&Figures) -> f64| median(rounds.iter().map(figure).collect());
    let latency = |which: &dyn Fn(&Figures) -> Latency| Latency {
        p50: of(&|round| which(round).p50),
        p99: of(&|round| which(round).p99),
        p999: of(&|round| which(round).p999),
    };
    let cpu = |which: &dyn Fn(&Figures) -> Option<f64>| {
        rounds.iter().map(which).collect::<Option<Vec<_>>>().map(median)
    };
    Figures {
        fanout_ns: latency(&|round| round.fanout_ns),
        delivery_ns: latency(&|round| round.delivery_ns),
        paced_cpu_ns: cpu(&|round| round.paced_cpu_ns),
        in_flight_cpu_ns: cpu(&|round| round.in_flight_cpu_ns),
        deliveries_per_second: of(&|round| round.deliveries_per_second),
    }
}

/// The middle one, or the mean of the two in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn the_schedule_leaves_the_server_idle_most_of_the_time() {
        assert_eq!([10, 100, 1_000, 9_000, 100_000].map(paced_rate), [1_000, 500, 50, 10, 10]);
    }
}
