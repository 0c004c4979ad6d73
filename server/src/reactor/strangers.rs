//! Those who have connected and of whom the program above has not yet said that it knows them, oldest first.
//!
//! It keeps their number and their order. Whether one of them has had its time, and what becomes of it, its
//! owner decides.

use std::collections::VecDeque;

use super::id::ConnectionId;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Strangers {
    /// In the order of their arrival; some are no strangers any more and are skipped.
    arrived: VecDeque<ConnectionId>,
    count: usize,
}

impl Strangers {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// One has come. `is_stranger` tells who still is one: it is asked about the others when those who are none any
    /// more have become the majority, so that no more than twice as many are remembered as there are.
    pub fn arrive(&mut self, id: ConnectionId, is_stranger: impl Fn(ConnectionId) -> bool) {
        self.count += 1;
        if self.arrived.len() >= 2 * self.count.max(8) {
            self.arrived.retain(|earlier| is_stranger(*earlier));
        }
        self.arrived.push_back(id);
    }

    /// One is known now, or gone.
    pub fn leave(&mut self) {
        self.count -= 1;
        if self.count == 0 {
            self.arrived.clear();
        }
    }

    /// All who came, oldest first; some of them may be strangers no more.
    pub fn arrived(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.arrived.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_known_are_forgotten_in_time_and_the_others_keep_their_order() {
        let mut strangers = Strangers::default();
        let id = |slot: u32| ConnectionId::new(slot, slot);
        // Every third stays a stranger.
        for slot in 0..3_000 {
            strangers.arrive(id(slot), |other| other.slot() % 3 == 0);
            assert!(strangers.arrived.len() <= 2 * strangers.count().max(8), "{}", strangers.arrived.len());
            if slot % 3 != 0 {
                strangers.leave();
            }
        }
        assert_eq!(strangers.count(), 1_000);
        let left: Vec<_> = strangers.arrived().map(ConnectionId::slot).filter(|slot| slot % 3 == 0).collect();
        assert_eq!(left, (0..3_000).step_by(3).collect::<Vec<_>>());
    }
}
