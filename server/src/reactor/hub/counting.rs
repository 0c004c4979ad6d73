//! What is counted over all connections: the strangers among them, and what is unsent; and who goes when it is too
//! much.

use std::time::Duration;

use log::warn;

use super::{Hub, Timer};
use crate::close_code::TRY_AGAIN_LATER;
use crate::held::Culprit;
use crate::reactor::close::CloseReason;
use crate::reactor::connection::State;
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;

impl<N: Network> Hub<N> {
    pub(super) fn count_as_stranger(&mut self, id: ConnectionId) {
        let Self { connections, strangers, .. } = self;
        connections[id.slot()].flags.is_stranger = true;
        strangers.arrive(id, |other| {
            let connection = connections.get(other.slot()).filter(|c| c.generation == other.generation());
            connection.is_some_and(|connection| connection.flags.is_stranger)
        });
    }

    /// It is no stranger any more: known, dismissed or gone. There may be a place for another.
    pub(super) fn count_as_known(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if std::mem::take(&mut connection.flags.is_stranger) {
            self.strangers.leave();
            self.accepting.crowded = false;
        }
    }

    /// The stranger who has been here longest of those who have been silent for too long. If there is none, when
    /// there will be one at the earliest.
    pub(super) fn silent_stranger(&self) -> Result<ConnectionId, Option<Duration>> {
        let mut earliest = None;
        for id in self.strangers.arrived() {
            let connection = self.connections.get(id.slot()).filter(|c| c.generation == id.generation());
            let Some(connection) = connection.filter(|c| c.flags.is_stranger) else { continue };
            let Some(silent_at) = connection.silent_from(self.limits.stranger_silence) else { continue };
            if silent_at <= self.now {
                return Ok(id);
            }
            earliest = Some(earliest.map_or(silent_at, |at: Duration| at.min(silent_at)));
        }
        Err(earliest)
    }

    /// Closes a silent stranger in favour of somebody who waits. Whether there was one.
    pub(super) fn dismiss_a_stranger(&mut self) -> bool {
        let Ok(id) = self.silent_stranger() else { return false };
        self.count_as_known(id);
        if matches!(self.connections[id.slot()].state, State::Handshaking(_)) {
            self.release_visit(id, Ending::Dismissed);
        } else {
            self.end_with(id, CloseReason::violation(TRY_AGAIN_LATER, "others wait, and you said nothing"));
        }
        true
    }

    /// Accepts nobody until a stranger is known or gone, or one has been silent for too long.
    pub(super) fn wait_for_a_place(&mut self, silent_at: Option<Duration>) {
        self.accepting.crowded = true;
        // Without a time all of them are ending, and each end makes a place.
        if let Some(at) = silent_at.filter(|_| !std::mem::replace(&mut self.accepting.will_dismiss, true)) {
            self.wheel.arm(at, Timer::Dismiss);
        }
    }

    /// Ends those whose fault it is that all together have too much unsent.
    pub(super) fn end_the_fullest(&mut self) {
        // Ends: none of them has anything unsent any more.
        while let Some(culprit) = self.spares.outbox.held().culprit(self.limits.unsent_bytes_max) {
            let slots: Vec<usize> = match culprit {
                Culprit::Fullest => {
                    let owned = self.connections.iter().map(|(slot, c)| (c.outbox.owned_bytes(), slot));
                    owned.max().into_iter().map(|(_, slot)| slot).collect()
                }
                Culprit::HoldersOf(buffer) => {
                    let holders = self.connections.iter().filter(|(_, c)| c.outbox.holds(buffer));
                    holders.map(|(slot, _)| slot).collect()
                }
            };
            warn!("too much is unsent in all: {} connections are cut", slots.len());
            for slot in slots {
                let connection = &mut self.connections[slot];
                connection.outbox.clear(&mut self.spares.outbox);
                let id = ConnectionId::new(slot as u32, connection.generation);
                self.end_with(id, CloseReason::Overrun);
            }
        }
    }
}
