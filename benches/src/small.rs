//! What do the parts cost that every message goes through?
//!
//! No server and no network: a part is run in a loop, many times for each look at the clock, and what is told is
//! the median. They show where time goes; whether a change is worth it, the fan-out shows.

mod codec;
mod encoding;
mod receiving;
mod wheel;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::args::Options;
use crate::progress::Progress;
use crate::stats::median;

/// Parts, as the progress counts them.
pub const COUNT: usize = 4;

/// A look at the clock must be a small part of what is between two of them.
const SAMPLE_MIN: Duration = Duration::from_micros(500);
/// Samples of which the median is taken, if the time allows.
const SAMPLES_MAX: usize = 1_000;

/// Measures for so long, for each figure.
type Part = fn(Duration) -> Vec<Timing>;

/// What one part costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// What is done.
    pub what: String,
    /// How long it takes, in nanoseconds.
    pub ns: f64,
}

/// Measures all parts.
#[must_use]
pub fn run(options: &Options, progress: &Progress) -> Vec<Timing> {
    let time = Duration::from_millis(if options.quick { 40 } else { 400 });
    let parts: [(&str, Part); COUNT] = [
        ("receiving", receiving::run),
        ("codec", codec::run),
        ("timer wheel", wheel::run),
        ("encoding once or each time", encoding::run),
    ];
    let mut timings = Vec::new();
    for (name, part) in parts {
        progress.begin(name);
        timings.extend(part(time));
        progress.end();
    }
    timings
}

/// Times `operation`, which does its work once for each of `count` operations at a time.
fn time(what: &str, total: Duration, count: usize, mut operation: impl FnMut()) -> Timing {
    // Warm, and so often that a sample is long enough.
    let mut repeats = 1;
    while timed(repeats, &mut operation) < SAMPLE_MIN {
        repeats *= 2;
    }
    let (started, mut samples) = (Instant::now(), Vec::with_capacity(SAMPLES_MAX));
    while samples.len() < SAMPLES_MAX && started.elapsed() < total {
        let nanos = timed(repeats, &mut operation).as_nanos() as f64;
        samples.push(nanos / (repeats * count) as f64);
    }
    Timing { what: what.to_owned(), ns: median(samples) }
}

/// Times `operation`, which does its work for each of `count` operations, each time on something prepared anew.
fn time_prepared<P>(
    what: &str,
    total: Duration,
    count: usize,
    prepare: impl Fn() -> P,
    mut operation: impl FnMut(&mut P),
) -> Timing {
    operation(&mut prepare());
    let (started, mut samples) = (Instant::now(), Vec::with_capacity(SAMPLES_MAX));
    while samples.is_empty() || (samples.len() < SAMPLES_MAX && started.elapsed() < total) {
        let mut prepared = prepare();
        let nanos = timed(1, &mut || operation(&mut prepared)).as_nanos() as f64;
        samples.push(nanos / count as f64);
    }
    Timing { what: what.to_owned(), ns: median(samples) }
}

fn timed(repeats: usize, operation: &mut impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..repeats {
        operation();
    }
    started.elapsed()
}
