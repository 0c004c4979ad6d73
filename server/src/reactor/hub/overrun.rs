//! What is unsent in all connections together, and who is cut when it is too much.

use log::warn;

use super::Hub;
use crate::held::Culprit;
use crate::reactor::close::CloseReason;
use crate::reactor::id::ConnectionId;
use crate::reactor::network::Network;

/// When too much is unsent in all, this part of the bound is freed: an eighth.
const SPARED_PART: usize = 8;

impl<N: Network> Hub<N> {
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
