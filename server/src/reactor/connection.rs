//! One connection: its state, what it has received and not yet handed on, what it has still to write.
//!
//! ```text
//!                 101                  close wished,          close frame answered,
//!  Handshaking ---------> Open ------> frame sent: Closing -----------+
//!       |                  |                                          |
//!       | any answer       | peer closed, violation                   v
//!       +------------------+-------------------------------------> Lingering ---> Over
//! ```
//!
//! From every state it is over at once when the peer is gone, the socket fails, or there is nothing to say.
//!
//! Lingering protects our last words: closing a socket with unread input resets it, and a reset takes back what
//! the peer has not yet read. So we say that we have finished, read on and discard, and only then close.
//!
//! It is fed with bytes and gives bytes; who reads the socket, calls the handler and arms the timers is the hub.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::handler::{Endpoints, canonical};
use super::ledger::End;
use super::network::Stream;
use super::outbox::{Outbox, Spare};
use super::session::Session;
use super::wheel::TimerId;
use crate::origin::Network;

/// Unsent bytes above which nothing more is read from a connection: what it asks for, it must also take.
pub const OUTBOX_BYTES_SOFT_MAX: usize = 64 * 1024;
/// Bytes that are read and thrown away while a connection closes, and again while it lingers.
pub const LINGER_BYTES_MAX: usize = 64 * 1024;

/// See the module's documentation.
#[derive(Debug)]
pub struct Connection<S> {
    pub(crate) stream: S,
    pub(crate) generation: u32,
    /// Where it is counted as a socket; `None` if it is exempt.
    pub(crate) network: Option<Network>,
    pub(crate) state: State,
    pub(crate) outbox: Outbox,
    pub(crate) timers: [Option<TimerId>; TimerKind::COUNT],
    pub(crate) flags: Flags,
    /// The other end; IPv4 as IPv4.
    pub(crate) peer: SocketAddr,
    /// When it was accepted.
    accepted_at_ms: u64,
    /// Bytes read from it.
    pub(crate) received: u64,
    /// Bytes that the system took for it.
    pub(crate) sent: u64,
    /// How it ended, once that is known.
    pub(crate) end: Option<Box<End>>,
}

/// What may be true of a connection beside its state.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "edges of the network and lists it stands on, all independent"
)]
pub struct Flags {
    /// The socket may have something to read: an edge said so, and no `WouldBlock` since.
    pub(crate) readable: bool,
    /// The socket may take something.
    pub(crate) writable: bool,
    /// The peer ended its direction: read until the end shows.
    pub(crate) read_closed: bool,
    /// Reading rests until the byte rate allows more.
    pub(crate) paused: bool,
    /// The library or the backlog may hold a whole message: the turn's budget was spent before it said it was
    /// hungry.
    pub(crate) unprocessed: bool,
    /// The handler has not said that it knows it.
    pub(crate) is_stranger: bool,
    /// It was accepted when others had to wait for a place.
    pub(crate) came_in_a_crowd: bool,
    /// It was told that it cannot stay.
    pub(crate) is_refused: bool,
    /// Stands in the line of those whose going is waited for.
    pub(crate) lingers: bool,
    /// Stands on the list of those to be written to.
    pub(crate) wants_write: bool,
    /// Stands on the list of those that have more to read without a new edge.
    pub(crate) wants_resume: bool,
}

/// Where a connection stands.
#[derive(Debug)]
pub enum State {
    /// Reading the head of the request.
    Handshaking(Box<Handshaking>),
    /// A WebSocket.
    Open(Box<Session>),
    /// We sent a close frame and wait for the peer's.
    Closing {
        /// The WebSocket.
        session: Box<Session>,
        /// Bytes thrown away so far.
        discarded: usize,
    },
    /// Everything is said; see the module's documentation.
    Lingering {
        /// Bytes thrown away so far.
        discarded: usize,
        /// Whether we have said that we have finished, which is when everything is written.
        shut: bool,
        /// Whether the peer has finished.
        peer_finished: bool,
    },
    /// Over; its slot is freed at the end of the turn.
    Over,
}

/// The data of a connection whose request is not yet complete.
#[derive(Debug)]
pub struct Handshaking {
    pub(crate) head: Vec<u8>,
    pub(crate) endpoints: Endpoints,
}

/// What a connection can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerKind {
    /// The deadline of the state: handshake, liveness, close, linger.
    State,
    /// A message that was begun must be finished.
    Message,
    /// Reading goes on.
    Pause,
    /// The handler's own.
    Handler,
}

impl TimerKind {
    /// How many there are.
    pub const COUNT: usize = Self::Handler as usize + 1;
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl<S: Stream> Connection<S> {
    /// A connection that was just accepted.
    pub fn new(stream: S, generation: u32, endpoints: Endpoints, now: Duration) -> Self {
        let handshaking = Handshaking { head: Vec::new(), endpoints };
        Self {
            stream,
            generation,
            network: None,
            state: State::Handshaking(Box::new(handshaking)),
            outbox: Outbox::default(),
            timers: [None; TimerKind::COUNT],
            flags: Flags::default(),
            peer: canonical(endpoints.peer),
            accepted_at_ms: whole_millis(now),
            received: 0,
            sent: 0,
            end: None,
        }
    }

    /// From when on somebody who may still say who it is has kept others waiting for too long; `None` for those who
    /// end. What counts is the steps, not the bytes: whoever drips them in takes no longer. One who waited in the
    /// system's queue and has brought nothing has had time to say something there.
    #[must_use]
    pub fn tries_patience_from(&self, patience: Duration) -> Option<Duration> {
        let accepted_at = Duration::from_millis(self.accepted_at_ms);
        match &self.state {
            State::Handshaking(handshaking) if handshaking.head.is_empty() && self.flags.came_in_a_crowd => {
                Some(accepted_at + patience / 8)
            }
            State::Handshaking(_) => Some(accepted_at + patience),
            State::Open(session) if session.ending.is_none() => Some(accepted_at + 2 * patience),
            State::Open(_) | State::Closing { .. } | State::Lingering { .. } | State::Over => None,
        }
    }

    /// How long it has been there.
    #[must_use]
    pub fn lasted(&self, now: Duration) -> Duration {
        Duration::from_millis(whole_millis(now).saturating_sub(self.accepted_at_ms))
    }

    /// The session, as long as messages are exchanged in both directions or the connection drains.
    pub fn open(&mut self) -> Option<&mut Session> {
        match &mut self.state {
            State::Open(session) => Some(session),
            _ => None,
        }
    }

    /// Whether something should be read now.
    #[must_use]
    pub fn can_read(&self) -> bool {
        let wanted = match &self.state {
            State::Open(session) => session.ending.is_none(),
            State::Handshaking(_) | State::Lingering { peer_finished: false, .. } => true,
            // Who was told to go and sends on is not worth the time; the close deadline ends it.
            State::Closing { discarded, .. } => *discarded <= LINGER_BYTES_MAX,
            State::Lingering { peer_finished: true, .. } | State::Over => false,
        };
        wanted
            && !self.flags.paused
            && self.outbox.len() < OUTBOX_BYTES_SOFT_MAX
            && (self.flags.readable || self.flags.unprocessed)
    }

    /// Reads into a buffer: `None` when the socket has nothing, `Some(0)` at its end.
    ///
    /// # Errors
    /// The socket's, `WouldBlock` excepted.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            return match self.stream.read(buffer) {
                Ok(count) => {
                    self.received += count as u64;
                    // A short read has emptied the socket, and news comes as a new edge; but the edge of the
                    // peer's end may have come already.
                    if count < buffer.len() && !self.flags.read_closed {
                        self.flags.readable = false;
                    }
                    Ok(Some(count))
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.flags.readable = false;
                    Ok(None)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
        }
    }

    /// Writes bytes for which nothing else waits, straight from where they are; what the socket does not take goes
    /// into the outbox.
    ///
    /// # Errors
    /// The socket's, `WouldBlock` excepted.
    pub fn write_through(&mut self, mut bytes: &[u8], spare: &mut Spare) -> io::Result<()> {
        debug_assert!(self.outbox.is_empty(), "bytes keep their order");
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.sent += count as u64;
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.flags.writable = false;
                    self.outbox.push(bytes, spare);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what is unsent. `Ok(true)` when nothing is left.
    ///
    /// # Errors
    /// The socket's, `WouldBlock` excepted.
    pub fn write(&mut self, spare: &mut Spare) -> io::Result<bool> {
        let before = self.outbox.len();
        let done = self.outbox.write_to(&mut self.stream, spare);
        self.sent += (before - self.outbox.len()) as u64;
        let done = done?;
        if !done {
            self.flags.writable = false;
        }
        Ok(done)
    }
}
