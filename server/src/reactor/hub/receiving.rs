//! From the sockets to the handler: one read a turn and connection, cut into a head, messages, or the bytes of
//! a connection that is over.

use tungstenite::Message;

use super::Hub;
use crate::reactor::close::CloseReason;
use crate::reactor::connection::{Connection, Handshaking, LINGER_BYTES_MAX, State, TimerKind};
use crate::reactor::first_bytes::{self, FirstBytes};
use crate::reactor::handler::{Answer, Endpoints, Handler, Incoming, Refusal, Response};
use crate::reactor::handshake::{self, Examined};
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;
use crate::reactor::session::{Fed, Overtime, Session};

/// Messages handed on from one connection in one turn; what is left waits for the next.
pub const MESSAGES_PER_TURN: usize = 512;

impl<N: Network> Hub<N> {
    /// Reads once from the socket, or goes on with what was read before, and hands on what comes of it.
    pub(super) fn receive<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        if self.ops.must_flush() {
            return self.want_resume(id);
        }
        let Some(connection) = self.get(id).filter(|connection| connection.can_read()) else { return };
        if connection.flags.unprocessed {
            let backlog = connection.open().map(Session::take_kept).unwrap_or_default();
            return self.take_in(handler, id, &backlog);
        }
        let was_all = self.read_once(handler, id);
        let has_finished = |connection: &mut Connection<N::Stream>| {
            connection.flags.read_closed && !connection.flags.unprocessed && connection.can_read()
        };
        if was_all && !self.ops.must_flush() && self.get(id).is_some_and(has_finished) {
            // What is left is the end, which need not wait for another turn.
            self.read_once(handler, id);
        }
    }

    /// Reads once and hands on what comes of it. Whether it was less than could have come, and so all there is.
    fn read_once<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) -> bool {
        let mut buffer = std::mem::take(&mut self.receive_buffer);
        let mut was_all = false;
        match self.connections[id.slot()].read(&mut buffer) {
            Ok(None) => {}
            Ok(Some(0)) => self.on_end_of_stream(handler, id),
            Ok(Some(count)) => {
                was_all = count < buffer.len();
                self.on_bytes(id, &buffer[..count]);
                self.take_in(handler, id, &buffer[..count]);
            }
            Err(error) => self.end_with(id, CloseReason::Failed(error.kind())),
        }
        self.receive_buffer = buffer;
        was_all
    }

    /// Bytes have come from the network: liveness, the byte rate, and whether a message is under way.
    fn on_bytes(&mut self, id: ConnectionId, bytes: &[u8]) {
        let now = self.now;
        let limits = self.limits;
        let Some(session) = self.get(id).and_then(Connection::open) else { return };
        session.last_byte_at = now;
        session.pinged = false;
        let was_mid_message = session.progress.is_mid_message();
        let ended = session.progress.follow(bytes);
        let is_mid_message = session.progress.is_mid_message();
        let debt = limits.byte_rate.map(|rate| session.received.take(bytes.len(), rate, now));
        let debt = debt.filter(|debt| !debt.is_zero());
        let begins = is_mid_message && (ended || !was_mid_message);
        if begins {
            session.overtime = Overtime::None;
        }
        if debt.is_some() && session.overtime == Overtime::None {
            session.overtime = Overtime::Due;
        }
        if begins {
            self.arm(id, TimerKind::Message, now + limits.message_timeout);
        } else if was_mid_message && !is_mid_message {
            self.disarm(id, TimerKind::Message);
        }
        if let Some(debt) = debt {
            self.connections[id.slot()].flags.paused = true;
            self.arm(id, TimerKind::Pause, now + debt);
        }
    }

    /// The byte rate allows more: reading goes on.
    pub(super) fn end_pause<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let now = self.now;
        let Some(connection) = self.get(id) else { return };
        connection.flags.paused = false;
        let Some(session) = connection.open() else { return };
        session.last_byte_at = now;
        self.receive(handler, id);
    }

    /// The peer will send nothing more.
    fn on_end_of_stream<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let connection = &mut self.connections[id.slot()];
        connection.flags.readable = false;
        match connection.state {
            State::Open(_) => self.end_with(id, CloseReason::PeerVanished),
            State::Handshaking(ref handshaking) => match FirstBytes::of(&handshaking.head) {
                // It may have ended its own direction only, and wait for what is said to it.
                first @ FirstBytes::Text => {
                    self.tell_stranger(handler, id, first);
                    self.linger(id, true);
                }
                _ => self.release_visit(id, Ending::PeerLeft),
            },
            State::Closing { .. } => self.release(id),
            State::Lingering { .. } if connection.outbox.is_empty() => self.release(id),
            State::Lingering { ref mut peer_finished, .. } => *peer_finished = true,
            State::Over => {}
        }
    }

    /// Takes bytes in, by the state.
    fn take_in<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, bytes: &[u8]) {
        match &mut self.connections[id.slot()].state {
            State::Handshaking(_) => self.take_in_head(handler, id, bytes),
            State::Open(_) => self.take_in_messages(handler, id, bytes),
            State::Closing { .. } => self.take_in_close(id, bytes),
            State::Lingering { discarded, .. } => {
                *discarded += bytes.len();
                if *discarded > LINGER_BYTES_MAX {
                    self.release(id);
                } else {
                    self.resume_if_readable(id);
                }
            }
            State::Over => {}
        }
    }

    fn take_in_head<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, bytes: &[u8]) {
        let head_bytes_max = self.limits.head_bytes_max;
        let State::Handshaking(handshaking) = &mut self.connections[id.slot()].state else { return };
        let Handshaking { head, endpoints } = &mut **handshaking;
        let endpoints = *endpoints;
        // Looked at when a line ends, and at first; between that a whole head cannot come. So bytes that drip in
        // one by one do not cost a look each.
        let is_begun = head.len() >= first_bytes::DECIDED_BYTES;
        let look = !is_begun || bytes.contains(&b'\n') || head.len() + bytes.len() >= head_bytes_max;
        head.extend_from_slice(bytes);
        let examined = if look { handshake::examine(head, head_bytes_max) } else { Examined::Incomplete };
        match examined {
            Examined::Incomplete => self.resume_if_readable(id),
            Examined::Refused(Refusal::HeadTooLarge) => {
                self.respond(id, None, &handler.on_refused(Refusal::HeadTooLarge));
            }
            Examined::Refused(refusal) => match FirstBytes::of_stranger(head) {
                None => self.resume_if_readable(id),
                Some(FirstBytes::Http) => self.respond(id, None, &handler.on_refused(refusal)),
                Some(first) => self.tell_stranger(handler, id, first),
            },
            Examined::Complete(request) => {
                let glued = head.split_off(request.len);
                let first = Some(request.first_bytes());
                if let Some(refusal) = request.refusal() {
                    let head_only = request.is_for_head_only();
                    let response = Response { head_only, ..handler.on_refused(refusal) };
                    return self.respond(id, first, &response);
                }
                match handler.on_request(&request.request(endpoints)) {
                    Answer::Respond(response) => self.respond(id, first, &response),
                    Answer::Inspect => {
                        let overview = self.overview();
                        let response = handler.on_inspect(&request.request(endpoints), &overview);
                        self.respond(id, first, &response);
                    }
                    Answer::Accept { subprotocol } => {
                        let bytes = request
                            .switching_protocols(subprotocol.as_deref())
                            .expect("a handler accepts only a valid upgrade");
                        self.open(handler, id, &bytes, endpoints, &glued);
                    }
                }
            }
        }
    }

    fn open<H: Handler>(
        &mut self,
        handler: &mut H,
        id: ConnectionId,
        response: &[u8],
        endpoints: Endpoints,
        glued: &[u8],
    ) {
        let session = Session::new(self.now, self.open.len() as u32);
        self.open.push(id);
        if let State::Handshaking(handshaking) = &self.connections[id.slot()].state {
            self.ledger.open(id, &handshaking.head);
        }
        let connection = &mut self.connections[id.slot()];
        connection.outbox.push(response, &mut self.spares.outbox);
        connection.state = State::Open(Box::new(session));
        self.want_write(id);
        self.arm(id, TimerKind::State, self.now + self.limits.ping_after);
        handler.on_open(&mut self.ops, id, endpoints);
        if !glued.is_empty() {
            self.on_bytes(id, glued);
            self.take_in_messages(handler, id, glued);
        } else {
            self.resume_if_readable(id);
        }
    }

    fn take_in_messages<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, mut bytes: &[u8]) {
        let Self { connections, ops, spares, .. } = self;
        let connection = &mut connections[id.slot()];
        let State::Open(session) = &mut connection.state else { return };
        let mut ending = None;
        let mut hungry = false;
        for _ in 0..MESSAGES_PER_TURN {
            match session.feed(&mut bytes, &mut connection.outbox, spares) {
                Fed::Message(Message::Text(text)) => handler.on_receive(ops, id, Incoming::Text(&text)),
                Fed::Message(message) => handler.on_receive(ops, id, Incoming::Binary(&message.into_data())),
                Fed::Hungry => hungry = true,
                Fed::PeerClose(code) => ending = Some(CloseReason::PeerClosed(code)),
                Fed::Violation(reason) => ending = Some(reason),
            }
            if hungry || ending.is_some() || ops.must_flush() {
                break;
            }
        }
        if hungry {
            session.give_back(spares);
        }
        connection.flags.unprocessed = !hungry && ending.is_none();
        if connection.flags.unprocessed {
            session.keep(bytes, spares);
        }
        let (resume, has_answers) = (connection.flags.unprocessed, !connection.outbox.is_empty());
        if has_answers {
            self.want_write(id);
        }
        if let Some(reason) = ending {
            self.end_with(id, reason);
        } else if resume {
            self.want_resume(id);
        } else {
            self.resume_if_readable(id);
        }
    }

    fn take_in_close(&mut self, id: ConnectionId, mut bytes: &[u8]) {
        let Self { connections, spares, .. } = self;
        let connection = &mut connections[id.slot()];
        let State::Closing { session, discarded } = &mut connection.state else { return };
        *discarded += bytes.len();
        loop {
            match session.feed(&mut bytes, &mut connection.outbox, spares) {
                Fed::Message(_) => {}
                Fed::Hungry => return self.resume_if_readable(id),
                Fed::PeerClose(_) | Fed::Violation(_) => return self.linger(id, false),
            }
        }
    }

    /// One read a turn and connection: the rest comes in the next turn, behind the others.
    pub(super) fn resume_if_readable(&mut self, id: ConnectionId) {
        if self.connections[id.slot()].flags.readable {
            self.want_resume(id);
        }
    }
}
