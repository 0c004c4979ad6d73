//! A line in which connections stand in the order in which they came: those of whom nobody knows who they are, those
//! whose going is waited for.
//!
//! It keeps their number and their order. Who still stands in it its owner knows, and what becomes of them.

use std::collections::VecDeque;

use super::id::ConnectionId;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Line {
    /// In the order of their coming; some do not stand here any more and are skipped.
    order: VecDeque<ConnectionId>,
    count: usize,
}

impl Line {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// One has come. `stands` tells who still stands here: it is asked about the others when those who do not have
    /// become the majority, so that no more than twice as many are remembered as there are.
    pub fn join(&mut self, id: ConnectionId, stands: impl Fn(ConnectionId) -> bool) {
        self.count += 1;
        if self.order.len() >= 2 * self.count.max(8) {
            self.order.retain(|earlier| stands(*earlier));
        }
        self.order.push_back(id);
    }

    /// One does not stand here any more.
    pub fn leave(&mut self) {
        self.count -= 1;
        if self.count == 0 {
            self.order.clear();
        }
    }

    /// All who came, oldest first; some of them may have left.
    pub fn in_order(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.order.iter().copied()
    }

    /// The oldest of those who still stand here. Those before it are forgotten.
    pub fn oldest(&mut self, stands: impl Fn(ConnectionId) -> bool) -> Option<ConnectionId> {
        while self.order.front().is_some_and(|id| !stands(*id)) {
            self.order.pop_front();
        }
        self.order.front().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(slot: u32) -> ConnectionId {
        ConnectionId::new(slot, slot)
    }

    #[test]
    fn those_who_left_are_forgotten_in_time_and_the_others_keep_their_order() {
        let mut line = Line::default();
        // Every third stays.
        for slot in 0..3_000 {
            line.join(id(slot), |other| other.slot() % 3 == 0);
            assert!(line.order.len() <= 2 * line.count().max(8), "{}", line.order.len());
            if slot % 3 != 0 {
                line.leave();
            }
        }
        assert_eq!(line.count(), 1_000);
        let left: Vec<_> = line.in_order().map(ConnectionId::slot).filter(|slot| slot % 3 == 0).collect();
        assert_eq!(left, (0..3_000).step_by(3).collect::<Vec<_>>());
    }

    #[test]
    fn the_oldest_is_the_first_of_those_who_are_still_there() {
        let mut line = Line::default();
        assert_eq!(line.oldest(|_| true), None);
        (0..5).for_each(|slot| line.join(id(slot), |_| true));
        assert_eq!(line.oldest(|_| true), Some(id(0)));
        assert_eq!(line.oldest(|other| other.slot() > 2), Some(id(3)));
        assert_eq!(line.order.len(), 2, "nobody asks about the others again");
        assert_eq!(line.oldest(|_| false), None);
    }
}
