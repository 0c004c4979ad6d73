//! The strangers: how many there are, and who of them makes way when others wait.

use std::time::Duration;

use super::{Hub, Timer, named};
use crate::reactor::close::CloseReason;
use crate::reactor::connection::State;
use crate::reactor::handler::SOON;
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;

impl<N: Network> Hub<N> {
    pub(super) fn count_as_stranger(&mut self, id: ConnectionId) {
        let Self { connections, strangers, .. } = self;
        connections[id.slot()].flags.is_stranger = true;
        strangers.join(id, |other| {
            named(connections, other).is_some_and(|connection| connection.flags.is_stranger)
        });
    }

    pub(super) fn count_the_known(&mut self) {
        while let Some(id) = self.ops.pop_known() {
            self.count_as_known(id);
        }
    }

    /// It is no stranger any more: known, dismissed or gone. There may be a place for another.
    pub(super) fn count_as_known(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if std::mem::take(&mut connection.flags.is_stranger) {
            self.strangers.leave();
            self.accepting.crowded = false;
        }
    }

    /// The stranger who has been here longest of those who have kept others waiting for too long. If there is none,
    /// when there will be one at the earliest.
    fn stranger_to_dismiss(&self) -> Result<ConnectionId, Option<Duration>> {
        let mut earliest = None;
        for id in self.strangers.in_order() {
            let Some(connection) = named(&self.connections, id).filter(|c| c.flags.is_stranger) else {
                continue;
            };
            let patience = self.limits.stranger_patience;
            let Some(mut at) = connection.tries_patience_from(patience) else { continue };
            if connection.flags.wants_resume {
                // It has said something, and it is we who have not yet come to read it.
                at = at.max(self.now + SOON);
            }
            if at <= self.now {
                return Ok(id);
            }
            earliest = Some(earliest.map_or(at, |earlier: Duration| earlier.min(at)));
        }
        Err(earliest)
    }

    /// Whether another stranger can be let in, be it in the place of one of them. If not, nobody is accepted until
    /// one of them is known or gone, or has kept the others waiting for too long.
    pub(super) fn has_place_for_a_stranger(&mut self) -> bool {
        if self.strangers.count() < self.limits.strangers_max {
            return true;
        }
        let Err(at) = self.stranger_to_dismiss() else { return true };
        self.accepting.crowded = true;
        // Without a time all of them are ending, and each end makes a place.
        if let Some(at) = at.filter(|_| !std::mem::replace(&mut self.accepting.will_dismiss, true)) {
            self.wheel.arm(at, Timer::Dismiss);
        }
        false
    }

    /// Closes a stranger in favour of somebody who waits. Whether there was one who had had its time.
    pub(super) fn dismiss_a_stranger(&mut self) -> bool {
        let Ok(id) = self.stranger_to_dismiss() else { return false };
        self.count_as_known(id);
        if matches!(self.connections[id.slot()].state, State::Handshaking(_)) {
            self.release_visit(id, Ending::Dismissed);
        } else {
            self.end_with(id, CloseReason::Dismissed);
        }
        true
    }
}
