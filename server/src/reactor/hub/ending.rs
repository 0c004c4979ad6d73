//! How connections end: a reason is noted at once, and carried out when the turn settles. The handler is told
//! exactly once; then the peer is told, if it can be.

use log::debug;

use super::Hub;
use crate::reactor::close::CloseReason;
use crate::reactor::connection::{Connection, State, TimerKind};
use crate::reactor::handler::Handler;
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;

impl<N: Network> Hub<N> {
    /// The connection ends for this reason: nothing more is received from it. The first reason stands, unless
    /// the socket fails while the end waits for the peer.
    pub(super) fn end_with(&mut self, id: ConnectionId, reason: CloseReason) {
        let Some(connection) = self.get(id) else { return };
        match &mut connection.state {
            State::Open(session) if session.ending.is_none() || !reason.can_say_farewell() => {
                session.ending = Some(Box::new(reason));
                session.take_kept();
                connection.flags.unprocessed = false;
                self.to_end.push_back(id);
            }
            State::Open(_) => {}
            State::Handshaking(_) => {
                let ending = match reason {
                    CloseReason::Failed(kind) => Ending::Failed(kind),
                    _ => Ending::PeerLeft,
                };
                self.release_visit(id, ending);
            }
            State::Closing { .. } | State::Lingering { .. } | State::Over => self.release(id),
        }
    }

    /// Begins the end of a connection whose reason is known. What the handler still has for it is said first, where
    /// somebody is there to hear it; our own wish to end waits for the peer to take it, up to the close deadline.
    pub(super) fn end<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let Some(reason) = self.get(id).and_then(Connection::open).and_then(|session| session.ending.clone())
        else {
            return;
        };
        if reason.can_say_farewell() {
            match self.pull_the_rest(handler, id) {
                Ok(false) if reason.can_wait() => return self.drain(id),
                Ok(_) => {}
                Err(error) => return self.end_with(id, CloseReason::Failed(error.kind())),
            }
        }
        if let Some(session) = self.get(id).and_then(Connection::open) {
            session.is_told = true;
        }
        self.to_part.push_back(id);
    }

    /// Carries the end out.
    pub(super) fn part<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let Some(reason) = self.get(id).and_then(Connection::open).and_then(|session| session.ending.clone())
        else {
            return;
        };
        if reason.can_say_farewell() {
            self.tell_handler(handler, id, &reason);
            self.say_farewell(id, &reason);
        } else {
            self.cut(handler, id);
        }
    }

    /// Waits for the peer to take what was queued, up to the close deadline.
    fn drain(&mut self, id: ConnectionId) {
        let Some(session) = self.get(id).and_then(Connection::open) else { return };
        if !std::mem::replace(&mut session.draining, true) {
            self.arm(id, TimerKind::State, self.now + self.limits.close_timeout);
        }
    }

    /// Ends an open connection without a word to the peer.
    pub(super) fn cut<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let Some(reason) =
            self.get(id).and_then(Connection::open).and_then(|session| session.ending.as_deref().cloned())
        else {
            return;
        };
        self.tell_handler(handler, id, &reason);
        self.connections[id.slot()].state =
            State::Lingering { discarded: 0, shut: false, peer_finished: true };
        self.release(id);
    }

    fn tell_handler<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, reason: &CloseReason) {
        let place = self.connections[id.slot()].open().expect("on_close comes once, at the end").place;
        self.open.swap_remove(place as usize);
        if let Some(moved) = self.open.get(place as usize).copied() {
            self.connections[moved.slot()].open().expect("it stands on the list").place = place;
        }
        debug!("connection {id} {reason}");
        self.note_close(id, reason);
        handler.on_close(&mut self.ops, id, reason);
        for kind in [TimerKind::Handler, TimerKind::Message, TimerKind::Pause] {
            self.disarm(id, kind);
        }
        self.connections[id.slot()].flags.paused = false;
    }

    /// The last words, by the reason, and what we wait for after them.
    fn say_farewell(&mut self, id: ConnectionId, reason: &CloseReason) {
        let Self { connections, spares, .. } = self;
        let connection = &mut connections[id.slot()];
        let over = State::Lingering { discarded: 0, shut: false, peer_finished: false };
        let State::Open(mut session) = std::mem::replace(&mut connection.state, over) else { return };
        match reason.frame() {
            Some(frame) => session.close(&frame, &mut connection.outbox, spares),
            None => session.flush(&mut connection.outbox, spares),
        }
        match reason {
            CloseReason::Handler(_) | CloseReason::Shutdown | CloseReason::Stalled => {
                connection.state = State::Closing { session, discarded: 0 };
                self.arm(id, TimerKind::State, self.now + self.limits.close_timeout);
                self.want_write(id);
                self.want_resume(id);
            }
            CloseReason::PeerVanished => self.linger(id, true),
            CloseReason::PeerClosed(_) | CloseReason::Violation(_) | CloseReason::Dismissed => {
                self.linger(id, false)
            }
            CloseReason::Failed(_) | CloseReason::Silent | CloseReason::Overrun => {
                unreachable!("these end without a word")
            }
        }
    }
}
