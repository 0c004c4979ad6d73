//! What does a private message cost?
//!
//! The users are pairs. A message goes to one of a pair and comes back to the other, as its receipt: two
//! deliveries. Both must get each message of the pair once, in the order in which they were sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::crowd::{Crowd, Listener};
use crate::stats::{cpu_per, median_of};
use crate::wire::{CONTENT_BYTES, Template};

/// Messages in flight, each of another pair.
const IN_FLIGHT: usize = 16;
/// Who get a message: the target, and the sender.
const DELIVERIES: usize = 2;

/// Private messages between pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The server's CPU for a message and its receipt.
    pub cpu_ns: Option<f64>,
    /// Messages a second.
    pub per_second: f64,
}

impl crate::stats::Figures for Figures {
    fn median(rounds: &[Self]) -> Self {
        Self {
            cpu_ns: median_of(rounds, |round| round.cpu_ns),
            per_second: median_of(rounds, |round| round.per_second),
        }
    }
}

/// Pair `n` of `N` says the numbers `n`, `n + N`, `n + 2N`, ...
struct Pairs {
    pairs: u64,
    /// By user: the number that must come next.
    next: Vec<u64>,
    /// Numbers from here on were not said.
    said: u64,
    delivered: u64,
}

impl Pairs {
    fn of(users: usize) -> Self {
        let next = (0..users as u64).map(|user| user / 2).collect();
        Self { pairs: users as u64 / 2, next, said: 0, delivered: 0 }
    }

    fn in_flight(&self) -> u64 {
        self.said * DELIVERIES as u64 - self.delivered
    }
}

impl Listener for Pairs {
    fn on_private(&mut self, user: usize, number: u64) -> Result<()> {
        let expected = self.next[user];
        if number != expected || number >= self.said {
            let what = "lost, repeated, out of order or astray";
            return Err(format!("private message {number} came where {expected} was due: {what}").into());
        }
        self.next[user] += self.pairs;
        self.delivered += 1;
        Ok(())
    }
}

pub(super) fn measure(
    crowd: &mut Crowd,
    cpu_time: &impl Fn() -> Option<Duration>,
    time: Duration,
) -> Result<Figures> {
    crowd.set_content(CONTENT_BYTES);
    let (mut template, mut pairs) = (Template::private(), Pairs::of(crowd.len()));
    let in_flight_max = (IN_FLIGHT * DELIVERIES) as u64;
    let (before, started) = (cpu_time(), crowd.now());
    let until = started + time;
    while crowd.now() < until || pairs.in_flight() > 0 {
        while crowd.now() < until && pairs.in_flight() < in_flight_max {
            let (number, sender) = (pairs.said, pairs.said % pairs.pairs * 2);
            crowd.send(sender as usize, template.with(&[sender, sender + 1, number]))?;
            pairs.said += 1;
        }
        crowd.listen(&mut pairs)?;
    }
    let took = crowd.now() - started;
    crowd.expect_silence()?;
    Ok(Figures {
        cpu_ns: cpu_per(pairs.said as usize, before, cpu_time()),
        per_second: pairs.said as f64 / took.as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_of_a_pair_get_their_messages_once_and_in_order() {
        let mut pairs = Pairs { said: 4, ..Pairs::of(4) };
        for (user, number) in [(0, 0), (1, 0), (3, 1), (1, 2)] {
            pairs.on_private(user, number).unwrap();
        }
        assert_eq!(pairs.in_flight(), 4);
        for (user, number, why) in
            [(1, 2, "repeated"), (2, 3, "the first is lost"), (0, 1, "another pair's"), (1, 4, "not said")]
        {
            assert!(pairs.on_private(user, number).is_err(), "{why}");
        }
    }
}
