//! Medians and percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::Result;

/// What is recorded lies between a nanosecond and a minute, with three digits.
const LATENCY_MAX_NS: u64 = 60_000_000_000;
const LATENCY_DIGITS: u8 = 3;

/// Percentiles, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: f64,
    /// One in a hundred was slower.
    pub p99: f64,
    /// One in a thousand was slower.
    pub p999: f64,
    /// None was slower.
    pub max: f64,
}

/// Latencies as they come in. Everything is allocated at the start.
#[derive(Debug)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// Never, with these bounds.
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LATENCY_MAX_NS, LATENCY_DIGITS)?))
    }

    /// One more.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(latency.as_nanos() as u64);
    }

    /// What they were like, if there were any.
    #[must_use]
    pub fn summary(&self) -> Option<Latency> {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64;
        let latency = || Latency { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: self.0.max() as f64 };
        (!self.0.is_empty()).then(latency)
    }
}

/// What is measured in each of several rounds.
pub trait Figures: Clone {
    /// The median of each figure by itself. There is at least one round.
    #[must_use]
    fn median(rounds: &[Self]) -> Self;
}

impl Figures for Latency {
    fn median(rounds: &[Self]) -> Self {
        Self {
            p50: median_of(rounds, |round| round.p50),
            p99: median_of(rounds, |round| round.p99),
            p999: median_of(rounds, |round| round.p999),
            max: median_of(rounds, |round| round.max),
        }
    }
}

/// Figures that some rounds do not have have no median.
impl<F: Figures> Figures for Option<F> {
    fn median(rounds: &[Self]) -> Self {
        rounds.iter().cloned().collect::<Option<Vec<_>>>().map(|rounds| F::median(&rounds))
    }
}

impl Figures for f64 {
    fn median(rounds: &[Self]) -> Self {
        median(rounds.to_vec())
    }
}

/// The median of one figure.
pub fn median_of<F, T: Figures>(rounds: &[F], figure: impl Fn(&F) -> T) -> T {
    T::median(&rounds.iter().map(figure).collect::<Vec<_>>())
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

/// Nanoseconds of CPU for each of so many, where the system told the CPU.
#[must_use]
pub fn cpu_per(count: usize, before: Option<Duration>, after: Option<Duration>) -> Option<f64> {
    Some((after?.saturating_sub(before?)).as_nanos() as f64 / count as f64)
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
    fn a_figure_that_a_round_does_not_have_has_no_median() {
        assert_eq!(Option::median(&[Some(1.0), Some(3.0), Some(2.0)]), Some(2.0));
        assert_eq!(Option::median(&[Some(1.0), None]), None);
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.summary(), None);
        for micros in 1..=1_000 {
            latencies.record(Duration::from_micros(micros));
        }
        let Latency { p50, p99, max, .. } = latencies.summary().unwrap();
        let is_about = |value: f64, expected: f64| (value / expected - 1.0).abs() < 0.002;
        assert!(is_about(p50, 500e3) && is_about(p99, 990e3) && is_about(max, 1e6), "{p50} {p99} {max}");
    }
}
