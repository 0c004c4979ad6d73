//! Those to whom everything is said and who are waited for until they go, so that they get it: each for so long, and
//! no longer than nobody needs its place.

use slab::Slab;

use super::{Hub, named};
use crate::reactor::connection::{Connection, State, TimerKind};
use crate::reactor::id::ConnectionId;
use crate::reactor::network::Network;

impl<N: Network> Hub<N> {
    /// Reads on and discards until the peer has finished too, so that it gets our last words.
    pub(super) fn linger(&mut self, id: ConnectionId, peer_finished: bool) {
        // It will not become known any more, and its time is bounded already.
        self.count_as_known(id);
        let Self { connections, lingering, .. } = self;
        let connection = &mut connections[id.slot()];
        connection.state = State::Lingering { discarded: 0, shut: false, peer_finished };
        // Of those who are refused there are few, and they have places of their own.
        if !connection.flags.is_refused && !std::mem::replace(&mut connection.flags.lingers, true) {
            lingering.join(id, |other| lingers(connections, other));
        }
        self.arm(id, TimerKind::State, self.now + self.limits.close_timeout);
        self.want_write(id);
    }

    /// Closes the one that has been waited for longest: somebody needs its place, or its descriptor, which is free at
    /// the end of the turn. Whether there was one.
    pub(super) fn close_the_longest_lingering(&mut self) -> bool {
        let Self { connections, lingering, .. } = self;
        let Some(id) = lingering.oldest(|other| lingers(connections, other)) else { return false };
        self.release(id);
        true
    }

    /// Connections that take a place: not those who were told that they cannot stay, nor those who are over.
    pub(super) fn places_taken(&self) -> usize {
        self.connections.len() - self.refused - self.to_free.len()
    }

    /// It is over, and takes no place any more.
    pub(super) fn give_place_up(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        let was_refused = std::mem::take(&mut connection.flags.is_refused);
        let lingered = std::mem::take(&mut connection.flags.lingers);
        self.refused -= usize::from(was_refused);
        if lingered {
            self.lingering.leave();
        }
    }
}

fn lingers<S>(connections: &Slab<Connection<S>>, id: ConnectionId) -> bool {
    named(connections, id).is_some_and(|connection| connection.flags.lingers)
}
