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
//! Lingering protects our last words: closing a socket with unread input resets it, and a reset takes back what
//! the peer has not yet read. So we say that we have finished, read on and discard, and only then close.
//!
//! It is fed with bytes and gives bytes; who reads the socket, calls the handler and arms the timers is the hub.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use tungstenite::error::Error;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame as LibraryCloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Message, Utf8Bytes};

use super::close::{CloseFrame, CloseReason, REASON_BYTES_MAX};
use super::handler::{Endpoints, canonical};
use super::ledger::End;
use super::network::Stream;
use super::outbox::{Outbox, Spare};
use super::progress::Progress;
use super::wheel::TimerId;
use crate::bucket::Bucket;
use crate::close_code::{INVALID_PAYLOAD, MESSAGE_TOO_BIG, PROTOCOL_ERROR};
use crate::frame;
use crate::origin::Network;

/// tungstenite's read buffer, zeroed before each read: enough for most messages at once, small enough for
/// thousands of users who all stopped in the middle of a message.
const READ_BUFFER_BYTES: usize = 512;
/// A message larger than this makes the read buffer larger than one that is kept for the next connection.
const KEPT_BUFFER_BYTES: usize = 4_096;
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

/// The data of a WebSocket.
#[derive(Debug)]
pub struct Session {
    /// `None` between messages.
    library: Option<Box<Library>>,
    pub(crate) progress: Progress,
    /// Bytes received, against the byte rate.
    pub(crate) received: Bucket,
    pub(crate) last_byte_at: Duration,
    pub(crate) pinged: bool,
    /// Why it ends, once that is known: nothing more is received, `on_close` follows.
    pub(crate) ending: Option<Box<CloseReason>>,
    /// Whether the end waits for the peer to take what was queued before it.
    pub(crate) draining: bool,
    /// Whether it has what was said before its end, and gets nothing more.
    pub(crate) is_told: bool,
    /// Where it stands among the open connections.
    pub(crate) place: u32,
}

/// The WebSocket library's part of a session, which carries nothing over from one message to the next.
#[derive(Debug)]
struct Library {
    context: WebSocketContext,
    /// Received and not yet processed, since the turn's budget was spent.
    backlog: Vec<u8>,
    /// Its buffer has grown for a large message; it never shrinks by itself.
    is_bloated: bool,
}

/// What connections hand on to each other, so that an idle one owns none of it and a short message costs no
/// allocation.
#[derive(Debug)]
pub struct Spares {
    config: WebSocketConfig,
    library: Option<Box<Library>>,
    pub(crate) outbox: Spare,
}

impl Spares {
    /// For connections whose messages have at most so many bytes.
    pub fn new(message_bytes_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        Self { config, library: None, outbox: Spare::default() }
    }

    fn lend(&mut self) -> Box<Library> {
        self.library.take().unwrap_or_else(|| {
            let context = WebSocketContext::new(Role::Server, Some(self.config));
            Box::new(Library { context, backlog: Vec::new(), is_bloated: false })
        })
    }
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

/// What came out of the bytes that were fed.
#[derive(Debug)]
pub enum Fed {
    /// A message for the handler.
    Message(Message),
    /// Nothing whole is left: more bytes are needed.
    Hungry,
    /// A close frame, with its code: the peer's wish, or its answer to ours.
    PeerClose(Option<u16>),
    /// RFC 6455 or a limit was broken.
    Violation(CloseReason),
}

impl Session {
    /// A session in which nothing has been said.
    pub fn new(now: Duration, place: u32) -> Self {
        Self {
            library: None,
            progress: Progress::default(),
            received: Bucket::default(),
            last_byte_at: now,
            pinged: false,
            ending: None,
            draining: false,
            is_told: false,
            place,
        }
    }

    /// Takes the next thing out of `input`, which moves on. Answers to pings go to `outbox`.
    pub fn feed(&mut self, input: &mut &[u8], outbox: &mut Outbox, spares: &mut Spares) -> Fed {
        let library = self.library.get_or_insert_with(|| spares.lend());
        let spare = &mut spares.outbox;
        loop {
            return match library.context.read(&mut Io { input, outbox, spare }) {
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
                Ok(Message::Close(frame)) => Fed::PeerClose(frame.map(|frame| frame.code.into())),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => Fed::PeerClose(None),
                Ok(message) => {
                    library.is_bloated |= message.len() > KEPT_BUFFER_BYTES;
                    Fed::Message(message)
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Fed::Hungry,
                Err(error) => Fed::Violation(violation(&error)),
            };
        }
    }

    /// When everything received is taken in: between messages the next connection may have the library's part,
    /// unless its buffer has grown, and then it is let go.
    pub fn give_back(&mut self, spares: &mut Spares) {
        if !self.progress.is_mid_message()
            && let Some(library) = self.library.take().filter(|library| !library.is_bloated)
        {
            spares.library = Some(library);
        }
    }

    /// Keeps bytes that were received and are taken in later.
    pub fn keep(&mut self, bytes: &[u8], spares: &mut Spares) {
        self.library.get_or_insert_with(|| spares.lend()).backlog = bytes.to_vec();
    }

    /// The bytes that were kept; nothing is kept then.
    pub fn take_kept(&mut self) -> Vec<u8> {
        self.library.as_mut().map(|library| std::mem::take(&mut library.backlog)).unwrap_or_default()
    }

    /// Whether it owns the library's part, because a message was begun or is not yet handed on.
    #[must_use]
    pub fn owns_library(&self) -> bool {
        self.library.is_some()
    }

    /// Puts what the library still has to say into the outbox: pongs, and the answer to a close frame.
    pub fn flush(&mut self, outbox: &mut Outbox, spares: &mut Spares) {
        let Some(library) = &mut self.library else { return };
        // The outbox takes everything, so the only errors are that the session is over.
        let _ = library.context.flush(&mut Io { input: &mut &[][..], outbox, spare: &mut spares.outbox });
    }

    /// Puts a ping into the outbox.
    pub fn ping(&mut self, outbox: &mut Outbox, spare: &mut Spare) {
        self.pinged = true;
        outbox.push(&frame::PING, spare);
    }

    /// Puts our close frame into the outbox.
    pub fn close(&mut self, frame: &CloseFrame, outbox: &mut Outbox, spares: &mut Spares) {
        let mut end = frame.reason.len().min(REASON_BYTES_MAX);
        while !frame.reason.is_char_boundary(end) {
            end -= 1;
        }
        let frame = LibraryCloseFrame {
            code: CloseCode::from(frame.code),
            reason: Utf8Bytes::from(frame.reason[..end].to_owned()),
        };
        let library = self.library.get_or_insert_with(|| spares.lend());
        let mut io = Io { input: &mut &[][..], outbox, spare: &mut spares.outbox };
        let _ = library.context.close(&mut io, Some(frame));
    }
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the library found wrong, as the reason that the peer is told.
fn violation(error: &Error) -> CloseReason {
    match error {
        Error::Capacity(_) => CloseReason::violation(MESSAGE_TOO_BIG, "message too big"),
        Error::Utf8(_) => CloseReason::violation(INVALID_PAYLOAD, "text is not UTF-8"),
        Error::Protocol(what) => CloseReason::violation(PROTOCOL_ERROR, what.to_string()),
        other => CloseReason::violation(PROTOCOL_ERROR, other.to_string()),
    }
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

/// What the library takes for a stream: it reads the bytes that were received and writes to the outbox.
struct Io<'a, 'b> {
    input: &'a mut &'b [u8],
    outbox: &'a mut Outbox,
    spare: &'a mut Spare,
}

impl Read for Io<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // `Ok(0)` would mean that the peer has closed.
        if self.input.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { self.input.read(buffer) }
    }
}

impl Write for Io<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outbox.push(bytes, self.spare);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
