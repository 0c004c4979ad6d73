//! How many sockets each network has, and how fast it opens new ones.
//!
//! It counts; what becomes of one too many, its owner decides. What it remembers is bounded by the sockets that
//! there are and [`REMEMBERED_MAX`] networks more. At that bound one is forgotten for each that comes: one whose pace is
//! forgiven, by which nothing is lost; where there is none, the one that was not seen for longest. So nobody's pace is
//! reset by a crowd of other addresses unless more of them than are remembered come while it is not yet forgiven.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::bucket::{Bucket, Rate};
use crate::origin::Network;

/// Networks without a socket whose pace is still remembered, so that coming and going does not reset it.
pub const REMEMBERED_MAX: usize = 4_096;
/// Networks whose pace is forgiven that are forgotten with one arrival, so that none is kept for nothing, and no
/// arrival pays for many.
const FORGOTTEN_PER_ARRIVAL: usize = 2;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Neighbours {
    networks: HashMap<Network, Neighbour>,
    /// Those without a socket, by when their pace is forgiven.
    by_forgiven: BTreeSet<(Duration, Network)>,
    /// The same, by when they were last seen.
    by_seen: BTreeSet<(u64, Network)>,
    /// Arrivals and departures so far.
    seen: u64,
}

#[derive(Debug, Default)]
struct Neighbour {
    sockets: u32,
    arrivals: Bucket,
    /// When its bucket is full again: from then on it is like one that was never seen.
    forgiven_at: Duration,
    /// The number of its latest arrival or departure.
    seen: u64,
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
        self.forget_the_forgiven(now);
        self.take_from_idle(network);
        let neighbour = self.networks.entry(network).or_default();
        let is_in_time = rate.is_none_or(|rate| neighbour.arrivals.try_take(1, rate, now));
        neighbour.forgiven_at = rate.map_or(now, |rate| neighbour.arrivals.full_at(rate));
        let may_stay = is_in_time && sockets_max.is_none_or(|max| neighbour.sockets < max);
        neighbour.sockets += u32::from(may_stay);
        self.note_seen(network, now);
        may_stay
    }

    /// A socket that could stay is gone.
    pub fn leave(&mut self, network: Network, now: Duration) {
        let Some(neighbour) = self.networks.get_mut(&network) else { return };
        neighbour.sockets -= 1;
        self.note_seen(network, now);
    }

    fn take_from_idle(&mut self, network: Network) {
        if let Some(neighbour) = self.networks.get(&network).filter(|neighbour| neighbour.sockets == 0) {
            self.by_forgiven.remove(&(neighbour.forgiven_at, network));
            self.by_seen.remove(&(neighbour.seen, network));
        }
    }

    /// It has come or gone. If it has no socket, it is one of those who can be forgotten, and if they are too many, one
    /// of them is.
    fn note_seen(&mut self, network: Network, now: Duration) {
        self.seen += 1;
        let Some(neighbour) = self.networks.get_mut(&network) else { return };
        neighbour.seen = self.seen;
        if neighbour.sockets > 0 {
            return;
        }
        self.by_forgiven.insert((neighbour.forgiven_at, network));
        self.by_seen.insert((neighbour.seen, network));
        if self.by_seen.len() > REMEMBERED_MAX {
            let forgiven = self.by_forgiven.first().filter(|(at, _)| *at <= now).map(|(_, network)| *network);
            let longest_unseen = self.by_seen.first().map(|(_, network)| *network);
            self.forget(forgiven.or(longest_unseen));
        }
    }

    fn forget_the_forgiven(&mut self, now: Duration) {
        for _ in 0..FORGOTTEN_PER_ARRIVAL {
            let Some((_, network)) = self.by_forgiven.first().filter(|(at, _)| *at <= now) else { return };
            self.forget(Some(*network));
        }
    }

    fn forget(&mut self, network: Option<Network>) {
        if let Some(network) = network {
            self.take_from_idle(network);
            self.networks.remove(&network);
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
        neighbours.leave(network(1), Duration::ZERO);
        assert!(neighbours.arrive(network(1), Some(2), None, Duration::ZERO));
        assert!(!neighbours.arrive(network(1), Some(2), None, Duration::ZERO));
    }

    #[test]
    fn coming_and_going_fast_is_stopped_and_forgiven() {
        let mut neighbours = Neighbours::default();
        for _ in 0..60 {
            assert!(neighbours.arrive(network(1), Some(64), RATE, Duration::ZERO));
            neighbours.leave(network(1), Duration::ZERO);
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
            neighbours.leave(network(n), Duration::ZERO);
            assert!(neighbours.len() <= REMEMBERED_MAX + 1);
        }
        assert!(!neighbours.arrive(network(0), Some(1), RATE, Duration::ZERO), "it still has its socket");
    }

    /// Comes and goes as often as it may at once.
    fn exhaust(neighbours: &mut Neighbours, number: u32, now: Duration) {
        while neighbours.arrive(network(number), None, RATE, now) {
            neighbours.leave(network(number), now);
        }
    }

    #[test]
    fn a_crowd_of_other_networks_resets_nobodys_pace() {
        let mut neighbours = Neighbours::default();
        exhaust(&mut neighbours, 0, Duration::ZERO);
        // Five times as many as are remembered, within a second, which pays twenty of sixty arrivals back.
        for n in 1..=5 * REMEMBERED_MAX as u32 {
            let now = Duration::from_micros(u64::from(n) * 48);
            assert!(neighbours.arrive(network(n), None, RATE, now));
            neighbours.leave(network(n), now);
            assert!(neighbours.len() <= REMEMBERED_MAX);
        }
        let now = Duration::from_secs(1);
        let came = (0..60).filter(|_| neighbours.arrive(network(0), None, RATE, now)).count();
        assert_eq!(came, 20, "its pace is what it was");
    }

    #[test]
    fn where_nobody_is_forgiven_the_one_not_seen_for_longest_is_forgotten_and_no_other() {
        let mut neighbours = Neighbours::default();
        let at = |n: u32| Duration::from_micros(u64::from(n));
        let last = REMEMBERED_MAX as u32;
        for n in 0..=last {
            exhaust(&mut neighbours, n, at(n));
        }
        assert_eq!(neighbours.len(), REMEMBERED_MAX);
        // The first one made place for the last.
        for n in 1..=last {
            assert!(!neighbours.arrive(network(n), None, RATE, at(last)), "{n} is remembered");
        }
        assert!(neighbours.arrive(network(0), None, RATE, at(last)));
    }

    #[test]
    fn at_the_bound_one_who_is_forgiven_goes_before_one_who_is_not_however_long_that_was_not_seen() {
        let mut neighbours = Neighbours::default();
        let crowd = 1..=2 * REMEMBERED_MAX as u32;
        for n in crowd.clone() {
            assert!(neighbours.arrive(network(n), None, RATE, Duration::ZERO));
        }
        let now = Duration::from_secs(10);
        exhaust(&mut neighbours, 0, now);
        crowd.for_each(|n| neighbours.leave(network(n), now));
        assert_eq!(neighbours.len(), REMEMBERED_MAX);
        assert!(!neighbours.arrive(network(0), None, RATE, now), "it is remembered");
    }

    #[test]
    fn those_who_are_forgiven_are_forgotten_a_few_with_each_arrival() {
        let mut neighbours = Neighbours::default();
        for n in 0..100 {
            neighbours.arrive(network(n), None, RATE, Duration::ZERO);
            neighbours.leave(network(n), Duration::ZERO);
        }
        assert_eq!(neighbours.len(), 100);
        // One arrival is forgiven after a twentieth of a second.
        neighbours.arrive(network(1_000), None, RATE, Duration::from_millis(49));
        assert_eq!(neighbours.len(), 101);
        neighbours.arrive(network(1_000), None, RATE, Duration::from_millis(50));
        assert_eq!(neighbours.len(), 101 - FORGOTTEN_PER_ARRIVAL);
        for _ in 0..50 {
            neighbours.arrive(network(1_000), None, RATE, Duration::from_millis(50));
        }
        assert_eq!(neighbours.len(), 1, "only the one with sockets");
        (0..52).for_each(|_| neighbours.leave(network(1_000), Duration::from_millis(50)));
        assert_eq!(neighbours.len(), 1);
        neighbours.arrive(network(0), None, RATE, Duration::from_secs(9));
        assert_eq!(neighbours.len(), 1, "it is forgotten when the next one comes");
    }

    #[test]
    fn what_is_known_of_networks_agrees_whatever_they_do() {
        let mut neighbours = Neighbours::default();
        let mut open = Vec::new();
        let mut random = 7_u32;
        for step in 0..50_000_u64 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (random >> 8) % 6_000;
            let now = Duration::from_micros(step * 10);
            if (random >> 28).is_multiple_of(2) && !open.is_empty() {
                neighbours.leave(network(open.swap_remove(number as usize % open.len())), now);
            } else if neighbours.arrive(network(number), Some(3), RATE, now) {
                open.push(number);
            }
            assert!(neighbours.by_seen.len() <= REMEMBERED_MAX);
            assert_eq!(neighbours.by_seen.len(), neighbours.by_forgiven.len());
        }
        let idle = neighbours.networks.values().filter(|neighbour| neighbour.sockets == 0).count();
        assert_eq!(idle, neighbours.by_seen.len());
        let sockets: u32 = neighbours.networks.values().map(|neighbour| neighbour.sockets).sum();
        assert_eq!(sockets as usize, open.len());
        let end = Duration::from_secs(1);
        open.into_iter().for_each(|number| neighbours.leave(network(number), end));
        assert_eq!(neighbours.networks.len(), neighbours.by_seen.len());
    }
}
