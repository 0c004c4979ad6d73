//! How many sockets each network has, and how fast it opens new ones.
//!
//! It counts; what becomes of one too many, its owner decides. What it remembers is bounded by the sockets that
//! there are and [`REMEMBERED_MAX`] networks more.

use std::collections::HashMap;
use std::time::Duration;

use crate::bucket::{Bucket, Rate};
use crate::origin::Network;

/// Networks without a socket whose pace is still remembered, so that coming and going does not reset it.
pub const REMEMBERED_MAX: usize = 4_096;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Neighbours {
    networks: HashMap<Network, Neighbour>,
    sockets: usize,
}

#[derive(Debug, Default)]
struct Neighbour {
    sockets: u32,
    arrivals: Bucket,
}

impl Neighbours {
    /// A socket has come from this network. Whether it may stay; if not, nothing was counted but its coming.
    pub fn arrive(
        &mut self,
        network: Network,
        sockets_max: Option<u32>,
        rate: Option<Rate>,
        now: Duration,
    ) -> bool {
        if self.networks.len() >= self.sockets + REMEMBERED_MAX {
            self.networks.retain(|_, neighbour| neighbour.sockets > 0);
        }
        let neighbour = self.networks.entry(network).or_default();
        let is_in_time = rate.is_none_or(|rate| neighbour.arrivals.try_take(1, rate, now));
        let may_stay = is_in_time && sockets_max.is_none_or(|max| neighbour.sockets < max);
        if may_stay {
            neighbour.sockets += 1;
            self.sockets += 1;
        }
        may_stay
    }

    /// A socket that could stay is gone.
    pub fn leave(&mut self, network: Network) {
        if let Some(neighbour) = self.networks.get_mut(&network) {
            neighbour.sockets -= 1;
            self.sockets -= 1;
        }
    }

    /// How many networks are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.networks.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    const RATE: Option<Rate> = Some(Rate { per_second: 20, burst: 60 });

    fn network(number: u32) -> Network {
        Origin::new(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into(), false).network().unwrap()
    }

    #[test]
    fn a_network_has_as_many_sockets_as_it_may_and_gets_its_places_back() {
        let mut neighbours = Neighbours::default();
        let mut arrive = |n| neighbours.arrive(network(n), Some(2), None, Duration::ZERO);
        assert_eq!([arrive(1), arrive(1), arrive(1), arrive(2)], [true, true, false, true]);
        neighbours.leave(network(1));
        assert!(neighbours.arrive(network(1), Some(2), None, Duration::ZERO));
        assert!(!neighbours.arrive(network(1), Some(2), None, Duration::ZERO));
    }

    #[test]
    fn coming_and_going_fast_is_stopped_and_forgiven() {
        let mut neighbours = Neighbours::default();
        for _ in 0..60 {
            assert!(neighbours.arrive(network(1), Some(64), RATE, Duration::ZERO));
            neighbours.leave(network(1));
        }
        assert!(!neighbours.arrive(network(1), Some(64), RATE, Duration::from_millis(49)));
        assert!(neighbours.arrive(network(1), Some(64), RATE, Duration::from_millis(50)));
        assert!(neighbours.arrive(network(2), Some(64), RATE, Duration::from_millis(50)));
    }

    #[test]
    fn what_is_remembered_is_bounded_however_many_networks_come_and_go() {
        let mut neighbours = Neighbours::default();
        assert!(neighbours.arrive(network(0), Some(1), RATE, Duration::ZERO));
        for n in 1..20_000 {
            assert!(neighbours.arrive(network(n), Some(1), RATE, Duration::ZERO));
            neighbours.leave(network(n));
            assert!(neighbours.len() <= REMEMBERED_MAX + 1);
        }
        assert!(!neighbours.arrive(network(0), Some(1), RATE, Duration::ZERO), "it still has its socket");
    }
}
