//! A WebSocket's part of a connection: tungstenite, fed with the bytes that were received, and what it says to them.
//!
//! It gives messages and puts what it has to answer into an outbox. It does not know the socket, and an idle one owns
//! nothing of the library: what that needs goes from one session to the next ([`Spares`]).

use std::io::{self, Read, Write};
use std::time::Duration;

use tungstenite::error::Error;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame as LibraryCloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Message, Utf8Bytes};

use super::close::{CloseFrame, CloseReason, REASON_BYTES_MAX};
use super::outbox::{Outbox, Spare};
use super::progress::Progress;
use crate::bucket::Bucket;
use crate::close_code::{INVALID_PAYLOAD, MESSAGE_TOO_BIG, PROTOCOL_ERROR};
use crate::frame;

/// tungstenite's read buffer, zeroed before each read: enough for most messages at once, small enough for
/// thousands of users who all stopped in the middle of a message.
const READ_BUFFER_BYTES: usize = 512;
/// A message larger than this makes the read buffer larger than one that is kept for the next connection.
const KEPT_BUFFER_BYTES: usize = 4_096;
/// The data of a WebSocket.
#[derive(Debug)]
pub struct Session {
    /// `None` between messages.
    library: Option<Box<Library>>,
    pub(crate) progress: Progress,
    pub(crate) overtime: Overtime,
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

/// What a message gets beyond its time because we rested from reading it. It gets that once, however often we rested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overtime {
    /// Nothing: we did not rest since it began.
    None,
    /// We rested, and that is due when its time is over.
    Due,
    /// It had that.
    Given,
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
            overtime: Overtime::None,
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

/// What the library found wrong, as the reason that the peer is told.
fn violation(error: &Error) -> CloseReason {
    match error {
        Error::Capacity(_) => CloseReason::violation(MESSAGE_TOO_BIG, "message too big"),
        Error::Utf8(_) => CloseReason::violation(INVALID_PAYLOAD, "text is not UTF-8"),
        Error::Protocol(what) => CloseReason::violation(PROTOCOL_ERROR, what.to_string()),
        other => CloseReason::violation(PROTOCOL_ERROR, other.to_string()),
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
