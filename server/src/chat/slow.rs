//! Who reads too slowly: whose letters overflowed, who fell off the ring, who is far behind for long, and whose
//! letters are too many for all together. They are lost: each gets nothing more and is closed.

use std::time::Duration;

use super::peer::State;
use super::{Chat, Output, PeerId};
use crate::close_code;
use crate::held::Culprit;
use crate::moment::Moment;

/// Those who are far behind are looked for so often, while the ring holds enough for anybody to be.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Users who are far behind the general chat.
#[derive(Debug, Default)]
pub(super) struct Laggards {
    looked_at: Duration,
    /// Where the ring's head was then. Whoever has not come so far since is behind indeed: it is not only that it has
    /// not yet been written to.
    head: u64,
    /// In the order of their numbers, each with the time since when.
    since: Vec<(PeerId, Duration)>,
}

impl Chat {
    /// Looks for those who read too slowly.
    pub(super) fn find_the_slow(&mut self, now: Moment) {
        if self.ring.first() > self.cursors_from {
            self.find_fallen();
        }
        let far_behind = self.ring.held_bytes() > self.settings.behind_bytes_max;
        if !far_behind {
            self.laggards.since.clear();
        } else if now.monotonic.saturating_sub(self.laggards.looked_at) >= LOOK_EVERY {
            self.find_laggards(now.monotonic);
        }
        // Ends: what the culprits hold is let go.
        while let Some(culprit) = self.held.culprit(self.settings.letters_bytes_max) {
            self.find_culprits(culprit);
        }
    }

    /// Closes them. The others are told when the connection of each is closed.
    pub(super) fn drop_the_slow(&mut self) {
        while let Some(id) = self.too_slow.pop() {
            let Some(peer) = self.peers.get_mut(id.0 as usize).and_then(Option::as_mut) else { continue };
            self.discarded += peer.mailbox.clear(&self.ring, &mut self.held);
            peer.state = match std::mem::replace(&mut peer.state, State::Leaving) {
                State::Joined { name, .. } => State::Lost { name },
                State::Greeting { .. } => State::Leaving,
                // It is closed already.
                state @ (State::Leaving | State::Lost { .. }) => {
                    peer.state = state;
                    continue;
                }
            };
            self.outputs.push_back(Output::SetTimer { peer: id, at: None });
            let (code, reason) = (close_code::POLICY_VIOLATION, "reads too slowly".into());
            self.outputs.push_back(Output::Close { peer: id, code, reason });
        }
    }

    /// Walks all cursors. It happens only when the ring lets go of a frame that somebody may still need: once
    /// round the ring if all keep up, so that a message's share of it is small.
    fn find_fallen(&mut self) {
        let (first, head) = (self.ring.first(), self.ring.head());
        let mut lowest = head;
        for (slot, peer) in self.peers.iter().enumerate() {
            let Some(peer) = peer else { continue };
            if let Some(cursor) = peer.mailbox.cursor().filter(|_| peer.name().is_some()) {
                if cursor < first {
                    self.too_slow.push(PeerId(slot as u32));
                } else {
                    lowest = lowest.min(cursor);
                }
            }
        }
        self.cursors_from = lowest.max(first);
    }

    /// Walks all cursors, at most once in [`LOOK_EVERY`].
    fn find_laggards(&mut self, now: Duration) {
        let Self { laggards, ring, settings, peers, too_slow, .. } = self;
        let before = std::mem::take(&mut laggards.since);
        let mut before = before.into_iter().peekable();
        for (slot, peer) in peers.iter().enumerate() {
            let id = PeerId(slot as u32);
            let since = before.next_if(|(other, _)| *other == id).map(|(_, since)| since);
            let cursor = peer.as_ref().and_then(|peer| peer.mailbox.cursor());
            let is_behind = cursor.is_some_and(|cursor| {
                cursor < laggards.head && ring.bytes_behind(cursor) > settings.behind_bytes_max
            });
            if !is_behind {
                continue;
            }
            let since = since.unwrap_or(now);
            if now.saturating_sub(since) >= settings.behind_timeout {
                too_slow.push(id);
            } else {
                laggards.since.push((id, since));
            }
        }
        laggards.looked_at = now;
        laggards.head = ring.head();
    }

    fn find_culprits(&mut self, culprit: Culprit) {
        let peers = self.peers.iter_mut().enumerate().filter_map(|(slot, peer)| Some((slot, peer.as_mut()?)));
        let culprits: Vec<_> = match culprit {
            Culprit::Fullest => {
                peers.max_by_key(|(_, peer)| peer.mailbox.owned_bytes()).into_iter().collect()
            }
            Culprit::HoldersOf(buffer) => peers.filter(|(_, peer)| peer.mailbox.holds(buffer)).collect(),
        };
        for (slot, peer) in culprits {
            self.discarded += peer.mailbox.clear(&self.ring, &mut self.held);
            self.too_slow.push(PeerId(slot as u32));
        }
    }
}
