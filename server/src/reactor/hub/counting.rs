//! What is counted over all connections: the strangers among them, and what is unsent; and who goes when it is too
//! much.

use std::time::Duration;

use log::warn;

use super::{Hub, Timer};
use crate::held::Culprit;
use crate::reactor::close::CloseReason;
use crate::reactor::connection::State;
use crate::reactor::handler::SOON;
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;

/// When too much is unsent in all, this part of the bound is freed: an eighth.
const SPARED_PART: usize = 8;

impl<N: Network> Hub<N> {
    pub(super) fn count_as_stranger(&mut self, id: ConnectionId) {
        let Self { connections, strangers, .. } = self;
        connections[id.slot()].flags.is_stranger = true;
        strangers.arrive(id, |other| {
            let connection = connections.get(other.slot()).filter(|c| c.generation == other.generation());
            connection.is_some_and(|connection| connection.flags.is_stranger)
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
        for id in self.strangers.arrived() {
            let connection = self.connections.get(id.slot()).filter(|c| c.generation == id.generation());
            let Some(connection) = connection.filter(|c| c.flags.is_stranger) else { continue };
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

    /// Cuts those whose fault it is that all together have too much unsent, until a part of the bound is free again, so
    /// that not every turn begins with it. Whether there were any; their ends are still to be carried out.
    pub(super) fn cut_the_fullest(&mut self) -> bool {
        let max = self.limits.unsent_bytes_max;
        let mut cut = 0;
        // Ends: none of them has anything unsent any more.
        while let Some(culprit) = self.spares.outbox.held().culprit(max) {
            let slots: Vec<usize> = match culprit {
                Culprit::Fullest => {
                    let owned = self.connections.iter().map(|(slot, c)| (c.outbox.owned_bytes(), slot));
                    let mut owned: Vec<_> = owned.filter(|(bytes, _)| *bytes > 0).collect();
                    owned.sort_unstable_by(|one, other| other.cmp(one));
                    let mut excess = self.spares.outbox.held().bytes() - (max - max / SPARED_PART);
                    let fullest = owned.into_iter().take_while(|(bytes, _)| {
                        let is_needed = excess > 0;
                        excess = excess.saturating_sub(*bytes);
                        is_needed
                    });
                    fullest.map(|(_, slot)| slot).collect()
                }
                Culprit::HoldersOf(buffer) => {
                    let holders = self.connections.iter().filter(|(_, c)| c.outbox.holds(buffer));
                    holders.map(|(slot, _)| slot).collect()
                }
            };
            cut += slots.len();
            for slot in slots {
                self.cut_short(slot);
            }
        }
        if cut > 0 {
            warn!("too much is unsent in all: {cut} connections are cut");
        }
        cut > 0
    }

    /// Whatever it was still to get it does not, so it must not get anything after that either.
    fn cut_short(&mut self, slot: usize) {
        let connection = &mut self.connections[slot];
        connection.outbox.clear(&mut self.spares.outbox);
        if let Some(session) = connection.open() {
            session.is_told = true;
        }
        let id = ConnectionId::new(slot as u32, connection.generation);
        self.end_with(id, CloseReason::Overrun);
    }
}
