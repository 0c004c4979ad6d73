//! What does one message to everybody cost?
//!
//! - **paced**: broadcasts on a fixed schedule, slow enough that most find an idle server. Latency counts from
//!   the time a broadcast should have been sent, so a stall is counted against the server by every broadcast
//!   that it holds up (no coordinated omission). The server's CPU is counted too.
//! - **in flight**: as soon as everybody has a broadcast the next is sent, so that 1, 16 or 256 are always on
//!   their way. What counts is the server's CPU for a delivery: one at a time, and how well it does when there is
//!   much to do. Contents of 1 KiB show what the bytes cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::args::Options;
use crate::crowd::{Crowd, Listener};
use crate::ledger::Delivery;
use crate::scenario::Cell;
use crate::server::Running;
use crate::stats::{Latencies, Latency, cpu_per, median_of};
use crate::stint::{Outcome, Skip, Stint};
use crate::wire::CONTENT_BYTES;

/// Broadcasts in flight where the servers are compared.
pub const IN_FLIGHT: u64 = 16;
/// Broadcasts in flight when there is very much to do.
pub const MANY_IN_FLIGHT: u64 = 256;
/// Receivers for whom very much is to do.
pub const MANY_RECEIVERS: [usize; 1] = [1_000];
/// Bytes of a long content.
pub const LONG_CONTENT_BYTES: usize = 1_024;
/// Receivers of long contents.
pub const LONG_RECEIVERS: [usize; 2] = [100, 1_000];
/// Deliveries a second that the schedule aims at: about an eighth of what one core of today sends, one by one.
const PACED_DELIVERIES: usize = 50_000;
/// Broadcasts a second at the most, however few receive them.
const PACED_RATE_MAX: usize = 1_000;
/// Broadcasts a second at the least.
const PACED_RATE_MIN: usize = 10;

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
        let (paced_min, paced_broadcasts_min, in_flight, warm_up) = if options.quick {
            (millis(250), 20, millis(80), millis(20))
        } else if options.record {
            (millis(3_000), 100, millis(1_000), millis(200))
        } else {
            (millis(1_500), 25, millis(500), millis(100))
        };
        Self { paced_min, paced_broadcasts_min, in_flight, warm_up }
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

/// What is always on its way in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Broadcasts in flight.
    pub in_flight: u64,
    /// Bytes of a broadcast's content.
    pub content_bytes: usize,
}

impl Load {
    /// One at a time.
    pub const ONE: Self = Self { in_flight: 1, content_bytes: CONTENT_BYTES };
    /// The one by which servers are compared.
    pub const SOME: Self = Self { in_flight: IN_FLIGHT, content_bytes: CONTENT_BYTES };
    /// Very much to do.
    pub const MANY: Self = Self { in_flight: MANY_IN_FLIGHT, content_bytes: CONTENT_BYTES };
    /// Long contents.
    pub const LONG: Self = Self { in_flight: IN_FLIGHT, content_bytes: LONG_CONTENT_BYTES };
}

/// The loads for so many receivers.
fn loads(receivers: usize) -> impl Iterator<Item = Load> {
    let many = MANY_RECEIVERS.contains(&receivers).then_some(Load::MANY);
    let long = LONG_RECEIVERS.contains(&receivers).then_some(Load::LONG);
    [Load::ONE, Load::SOME].into_iter().chain(many).chain(long)
}

/// One server with one number of receivers, in one round or as the medians of all rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Broadcasts on a fixed schedule.
    pub paced: Paced,
    /// A fixed number of broadcasts in flight.
    pub in_flight: Vec<InFlight>,
}

/// Broadcasts on a fixed schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paced {
    /// Broadcasts a second.
    pub rate: usize,
    /// Broadcasts in each round.
    pub broadcasts: usize,
    /// From the scheduled time until the last receiver has it.
    pub fanout_ns: Latency,
    /// From the scheduled time until a receiver has it, each receiver counted.
    pub delivery_ns: Latency,
    /// The server's CPU for a delivery.
    pub cpu_ns: Option<f64>,
}

/// A fixed number of broadcasts in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InFlight {
    /// How many, and how long.
    #[serde(flatten)]
    pub load: Load,
    /// The server's CPU for a delivery.
    pub cpu_ns: Option<f64>,
    /// How long the crowd was busy with a delivery.
    pub crowd_ns: f64,
    /// Deliveries a second, as the crowd took them.
    pub deliveries_per_second: f64,
}

impl InFlight {
    /// Whether the crowd had more to do than the server.
    #[must_use]
    pub fn is_crowds(&self) -> bool {
        self.cpu_ns.is_some_and(|cpu_ns| self.crowd_ns > cpu_ns)
    }
}

impl Figures {
    /// The server's CPU for a delivery under a load, if that was measured.
    #[must_use]
    pub fn cpu_ns(&self, load: Load) -> Option<f64> {
        self.in_flight.iter().find(|phase| phase.load == load)?.cpu_ns
    }
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        let Paced { rate, broadcasts, .. } = rounds[0].paced;
        let in_flight = (0..rounds[0].in_flight.len()).map(|phase| {
            InFlight::median(&rounds.iter().map(|round| round.in_flight[phase].clone()).collect::<Vec<_>>())
        });
        Self {
            paced: Paced {
                rate,
                broadcasts,
                fanout_ns: median_of(rounds, |round| round.paced.fanout_ns),
                delivery_ns: median_of(rounds, |round| round.paced.delivery_ns),
                cpu_ns: median_of(rounds, |round| round.paced.cpu_ns),
            },
            in_flight: in_flight.collect(),
        }
    }
}

impl crate::stats::Figures for InFlight {
    fn median(rounds: &[Self]) -> Self {
        Self {
            load: rounds[0].load,
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            crowd_ns: median_of(rounds, |round| round.crowd_ns),
            deliveries_per_second: median_of(rounds, |round| round.deliveries_per_second),
        }
    }
}

impl Paced {
    /// Whether broadcasts had to wait for those before them: their latency is then that of a queue, and shows
    /// only that the server was too slow for the schedule, or had not its core for itself.
    #[must_use]
    pub fn is_queue(&self) -> bool {
        self.fanout_ns.p50 * self.rate as f64 > 1e9
    }
}

/// Measures everything.
///
/// # Errors
/// If a server does not do its work.
pub fn run(stint: &Stint<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Outcome<Figures>>> {
    let phases = Phases::of(stint.options);
    stint.measure(skipped, |Cell { server, users }| {
        let (server, mut crowd) = stint.populate(server, users)?;
        keep_in_flight(&mut crowd, IN_FLIGHT, phases.warm_up)?;
        let paced = pace(&server, &mut crowd, &phases)?;
        let mut in_flight = Vec::new();
        for load in loads(users) {
            in_flight.push(press(&server, &mut crowd, load, phases.in_flight)?);
        }
        // Before the crowd leaves: nobody needs to be told.
        drop(server);
        Ok(Figures { paced, in_flight })
    })
}

/// Records each delivery.
struct Recorder {
    fanout: Latencies,
    delivery: Latencies,
}

impl Listener for Recorder {
    fn on_delivery(&mut self, delivery: Delivery, now: Duration) {
        let latency = now.saturating_sub(delivery.sent_at);
        self.delivery.record(latency);
        if delivery.is_last {
            self.fanout.record(latency);
        }
    }
}

/// Sends by the schedule, whatever has become of those before.
fn pace(server: &Running, crowd: &mut Crowd, phases: &Phases) -> Result<Paced> {
    let rate = paced_rate(crowd.len());
    let broadcasts = phases.paced_broadcasts(rate);
    let mut recorder = Recorder { fanout: Latencies::new()?, delivery: Latencies::new()? };
    let interval = Duration::from_secs(1) / rate as u32;
    let before = server.cpu_time();
    let mut next = crowd.now() + interval;
    let mut sent = 0;
    while sent < broadcasts || crowd.in_flight() > 0 {
        while sent < broadcasts && next <= crowd.now() {
            crowd.say_at(next)?;
            next += interval;
            sent += 1;
        }
        crowd.listen(&mut recorder)?;
    }
    // The server sleeps: what it has had is known to the last bit.
    crowd.expect_silence()?;
    Ok(Paced {
        rate,
        broadcasts,
        fanout_ns: recorder.fanout.summary().ok_or("nothing was measured")?,
        delivery_ns: recorder.delivery.summary().ok_or("nothing was measured")?,
        cpu_ns: cpu_per(broadcasts * crowd.len(), before, server.cpu_time()),
    })
}

/// Keeps so many in flight, and counts what that costs.
///
/// # Errors
/// If the server does not do its work.
pub fn press(server: &Running, crowd: &mut Crowd, load: Load, time: Duration) -> Result<InFlight> {
    crowd.set_content(load.content_bytes);
    let (completed, started, busy) = (crowd.completed(), crowd.now(), crowd.busy());
    let before = server.cpu_time();
    keep_in_flight(crowd, load.in_flight, time)?;
    let (took, busy) = (crowd.now() - started, crowd.busy() - busy);
    let deliveries = (crowd.completed() - completed) as usize * crowd.len();
    crowd.expect_silence()?;
    Ok(InFlight {
        load,
        cpu_ns: cpu_per(deliveries, before, server.cpu_time()),
        crowd_ns: busy.as_nanos() as f64 / deliveries as f64,
        deliveries_per_second: deliveries as f64 / took.as_secs_f64(),
    })
}

/// Sends whenever fewer are in flight than shall be, then waits until all have arrived.
fn keep_in_flight(crowd: &mut Crowd, count: u64, time: Duration) -> Result<()> {
    let until = crowd.now() + time;
    while crowd.now() < until {
        while crowd.in_flight() < count {
            crowd.say_at(crowd.now())?;
        }
        crowd.listen(&mut ())?;
    }
    crowd.listen_until_complete(&mut ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_leaves_the_server_idle_most_of_the_time() {
        assert_eq!([10, 100, 1_000, 9_000, 100_000].map(paced_rate), [1_000, 500, 50, 10, 10]);
    }

    #[test]
    fn very_much_to_do_and_long_contents_are_for_some_numbers_of_receivers() {
        let loads = |receivers| loads(receivers).collect::<Vec<_>>();
        assert_eq!(loads(10), [Load::ONE, Load::SOME]);
        assert_eq!(loads(100), [Load::ONE, Load::SOME, Load::LONG]);
        assert_eq!(loads(1_000), [Load::ONE, Load::SOME, Load::MANY, Load::LONG]);
    }
}
