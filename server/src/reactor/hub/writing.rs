//! From the handler to the sockets: everything that piled up for a connection leaves in one write.

use std::io;

use super::{Hub, named_mut};
use crate::reactor::close::CloseReason;
use crate::reactor::connection::{Connection, State};
use crate::reactor::first_bytes::FirstBytes;
use crate::reactor::handler::{Frames, Handler, Ops, Response};
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::{Network, Stream};
use crate::reactor::outbox::Spare;
use crate::reactor::response;

/// Bytes pulled from the handler for one write.
pub const GATHER_BYTES: usize = 64 * 1024;
/// Bytes written to one connection in one turn; what is left waits for the next.
pub const WRITE_BYTES_PER_TURN: usize = 1024 * 1024;

impl<N: Network> Hub<N> {
    /// Pulls what the handler has for the connection and writes it, together with what is left from before.
    pub(super) fn write<H: Handler>(&mut self, handler: &mut H, id: ConnectionId) {
        let Self { connections, ops, spares, .. } = self;
        let spare = &mut spares.outbox;
        let Some(connection) = named_mut(connections, id) else { return };
        connection.flags.wants_write = false;
        let (is_open, is_told) = match &connection.state {
            State::Open(session) => (true, session.is_told),
            _ => (false, false),
        };
        if is_told {
            // It gets nothing more, but what is said until it goes must not pile up as if it read too slowly.
            handler.on_discard(ops, id);
        }
        if !connection.flags.writable {
            return;
        }
        let may_pull = is_open && !is_told;
        let mut written = 0;
        let result = loop {
            let exhausted = match may_pull.then(|| pull(handler, ops, id, connection, spare)) {
                None => true,
                Some(Ok(exhausted)) => exhausted,
                Some(Err(error)) => break Err(error),
            };
            written += connection.outbox.len();
            match connection.write(spare) {
                Ok(true) if !exhausted && written < WRITE_BYTES_PER_TURN => {}
                Ok(drained) => break Ok(drained && exhausted),
                Err(error) => break Err(error),
            }
        };
        match result {
            Ok(exhausted) => self.after_write(id, exhausted),
            Err(error) => self.end_with(id, CloseReason::Failed(error.kind())),
        }
    }

    /// The same for every open connection.
    pub(super) fn write_all<H: Handler>(&mut self, handler: &mut H) {
        // Nothing opens and nothing ends while it is written: both happen elsewhere in the turn.
        for place in 0..self.open.len() {
            let id = self.open[place];
            // Whoever has finished sending is about to be read to the end, and gets the rest then.
            let flags = self.connections[id.slot()].flags;
            if !(flags.read_closed && flags.wants_resume) {
                self.write(handler, id);
            }
        }
    }

    /// Puts a response into the outbox; the connection ends when the peer has it. What it began with is looked at
    /// where it is not known.
    pub(super) fn respond(&mut self, id: ConnectionId, first: Option<FirstBytes>, answer: &Response) {
        self.note_visit(id, first, Ending::Responded(answer.status));
        let Self { connections, spares, ops, .. } = self;
        let bytes = response::encode(answer, ops.now().unix_millis);
        connections[id.slot()].outbox.push(&bytes, &mut spares.outbox);
        self.linger(id, false);
    }

    /// Whether nothing is left that could be pulled; what was pulled is written or stands in the outbox.
    pub(super) fn pull_the_rest<H: Handler>(
        &mut self,
        handler: &mut H,
        id: ConnectionId,
    ) -> io::Result<bool> {
        let Self { connections, ops, spares, .. } = self;
        let spare = &mut spares.outbox;
        let connection = &mut connections[id.slot()];
        // Ends: what the handler holds for one connection is bounded, and nobody adds to it here.
        loop {
            if pull(handler, ops, id, connection, spare)? {
                return Ok(true);
            }
            if !connection.flags.writable || !connection.write(spare)? {
                return Ok(false);
            }
        }
    }

    fn after_write(&mut self, id: ConnectionId, exhausted: bool) {
        let connection = &mut self.connections[id.slot()];
        let can_read = connection.can_read();
        match &mut connection.state {
            State::Open(session) if session.is_told => {}
            State::Open(session) if session.ending.is_some() => self.to_end.push_back(id),
            State::Lingering { peer_finished: true, .. } if exhausted => self.release(id),
            State::Lingering { shut, .. } if exhausted && !*shut => {
                *shut = true;
                // It may be gone already; then reading will tell.
                let _ = connection.stream.shutdown_write();
                self.resume_if_readable(id);
            }
            // Either the budget of the turn is spent, or reading may have rested because too much was unsent.
            _ if !exhausted && connection.flags.writable => self.want_resume(id),
            _ if can_read => self.want_resume(id),
            _ => {}
        }
    }
}

/// Pulls from the handler as much as one write shall carry. Whether that was all it had. The last of it, if
/// nothing stands before it, is written at once and copied only if the socket does not take it.
fn pull<H: Handler, S: Stream>(
    handler: &mut H,
    ops: &mut Ops,
    id: ConnectionId,
    connection: &mut Connection<S>,
    spare: &mut Spare,
) -> io::Result<bool> {
    while connection.outbox.len() < GATHER_BYTES {
        let Some(outgoing) = handler.on_writable(ops, id) else { return Ok(true) };
        match outgoing.frames {
            Frames::Borrowed(frames)
                if !outgoing.more && connection.flags.writable && connection.outbox.is_empty() =>
            {
                connection.write_through(frames, spare)?;
            }
            Frames::Borrowed(frames) => connection.outbox.push(frames, spare),
            Frames::Shared(frames) => connection.outbox.push_shared(frames, spare),
        }
        if !outgoing.more {
            return Ok(true);
        }
    }
    Ok(false)
}
