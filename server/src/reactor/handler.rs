//! What a program has to say to the reactor: the [`Handler`]'s callbacks, and the [`Ops`] through which it wishes
//! for things. The reactor knows nothing else of the program above it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::close::{CloseFrame, CloseReason};
use super::id::ConnectionId;
use crate::moment::Moment;

/// The program on top of the reactor. Callbacks never nest: whatever a callback wishes for through [`Ops`] is
/// carried out after it has returned.
///
/// For each connection: [`on_open`](Self::on_open) once, then any number of the others, then
/// [`on_close`](Self::on_close) exactly once and nothing after it.
pub trait Handler {
    /// An HTTP request has come: answer it, or accept it as a WebSocket if its upgrade is valid.
    fn on_request(&mut self, request: &Request<'_>) -> Answer;

    /// What came is no request that can be answered; this is said in its place.
    fn on_refused(&mut self, refusal: Refusal) -> Response;

    /// The WebSocket handshake is done.
    fn on_open(&mut self, ops: &mut Ops, connection: ConnectionId, endpoints: Endpoints);

    /// A message has come.
    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>);

    /// The connection takes more, and [`Ops::request_writable`] asked for this call, or the last call returned
    /// something. Nothing to say is a normal answer. Asked again until it says nothing, the connection blocks,
    /// or the turn's budget is spent.
    fn on_writable(&mut self, ops: &mut Ops, connection: ConnectionId) -> Option<Outgoing<'_>>;

    /// The time given to [`Ops::set_timer`] has come.
    fn on_timer(&mut self, ops: &mut Ops, connection: ConnectionId);

    /// The connection is over. Everything it sent has been received; what was not yet pulled by
    /// [`on_writable`](Self::on_writable) will not be.
    fn on_close(&mut self, ops: &mut Ops, connection: ConnectionId, reason: &CloseReason);

    /// The server stops: every connection will be closed with 1001 after what is queued for it.
    fn on_shutdown(&mut self, _ops: &mut Ops) {}
}

/// A message from a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// Something to be sent: one or more whole encoded frames.
#[derive(Debug)]
pub enum Outgoing<'a> {
    /// Copied into the connection's next write.
    Frames(&'a [u8]),
    /// Shared with other connections until it is sent: for what is large or goes to many.
    Shared(Bytes),
}

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoints {
    /// The other machine's.
    pub peer: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
    /// Whether the peer's address is one of this machine's own.
    pub is_same_machine: bool,
}

/// An HTTP request, as far as it decides what happens.
#[derive(Debug)]
pub struct Request<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// The path, without its query.
    pub path: &'a str,
    /// The `Host` header, if there is one in UTF-8.
    pub host: Option<&'a str>,
    /// Whether it asks for a WebSocket.
    pub upgrade: Upgrade,
    /// The first subprotocol offered.
    pub subprotocol: Option<&'a str>,
    /// The connection's two ends.
    pub endpoints: Endpoints,
}

/// Whether a request asks to become a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// It does not.
    Absent,
    /// It does, by the book.
    Valid,
    /// It does, but not by RFC 6455: in a version that is not 13, over HTTP/1.0, or without saying so in
    /// `Connection`.
    Unsupported,
    /// It does, without a key or with one that is not 16 bytes in base64.
    KeyInvalid,
}

/// What is answered to a request.
#[derive(Debug)]
pub enum Answer {
    /// It becomes a WebSocket with this subprotocol. Only for [`Upgrade::Valid`].
    Accept {
        /// One of those that were offered, or none.
        subprotocol: Option<String>,
    },
    /// This is said, and the connection closed.
    Respond(Response),
}

/// Why a connection is refused before it made a request that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// What came is not HTTP/1.
    NotHttp,
    /// The head of the request is over the limit in bytes or in headers.
    HeadTooLarge,
    /// The head did not come in time.
    TimedOut,
    /// There are as many connections as there may be.
    TooManyConnections,
}

/// An HTTP response with a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// More headers, as `Name: value`.
    pub headers: &'static [&'static str],
    /// The text, UTF-8.
    pub body: String,
    /// Whether the body is left out (an answer to HEAD).
    pub head_only: bool,
}

/// What a handler wishes for. Everything is recorded here and carried out at the end of the turn.
#[derive(Debug, Default)]
pub struct Ops {
    now: Moment,
    wishes: Vec<Wish>,
    /// Calls of `request_writable_all` since the last write.
    announced: usize,
    /// Bytes named by all requests since the last write.
    queued_bytes: usize,
}

/// See [`Ops::request_writable`].
pub const ANNOUNCEMENTS_PER_FLUSH: usize = 1_024;
/// See [`Ops::request_writable`].
pub const QUEUED_BYTES_PER_FLUSH: usize = 128 * 1024;

#[derive(Debug)]
pub(crate) enum Wish {
    Writable(ConnectionId),
    Close(ConnectionId, CloseFrame),
    Timer(ConnectionId, Option<Duration>),
}

impl Ops {
    /// The time of this turn.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Asks for [`Handler::on_writable`] as soon as the connection takes something, because `bytes` more are
    /// queued for it. Asking twice is asking once.
    ///
    /// After [`QUEUED_BYTES_PER_FLUSH`] in all, or [`ANNOUNCEMENTS_PER_FLUSH`] calls of
    /// [`Ops::request_writable_all`], the reactor writes before it calls anything else that may queue more: so a
    /// queue of at least twice that is never overrun by one turn, however fast its reader is.
    pub fn request_writable(&mut self, connection: ConnectionId, bytes: usize) {
        self.queued_bytes += bytes;
        self.wishes.push(Wish::Writable(connection));
    }

    /// The same for every open connection, in one stroke, because `bytes` more are queued for each of them.
    pub fn request_writable_all(&mut self, bytes: usize) {
        self.announced += 1;
        self.queued_bytes += bytes;
    }

    /// Closes a connection with this code and reason after what is still queued for it, for which it has the
    /// close deadline. Nothing more is read from it; what was read with the present message may still come.
    pub fn close(&mut self, connection: ConnectionId, code: u16, reason: impl Into<Cow<'static, str>>) {
        self.wishes.push(Wish::Close(connection, CloseFrame { code, reason: reason.into() }));
    }

    /// Sets, moves or (with `None`) cancels the connection's one timer, by the monotonic clock.
    pub fn set_timer(&mut self, connection: ConnectionId, at: Option<Duration>) {
        self.wishes.push(Wish::Timer(connection, at));
    }

    pub(crate) fn begin_turn(&mut self, now: Moment) {
        self.now = now;
    }

    pub(crate) fn take_wishes(&mut self, into: &mut Vec<Wish>) {
        into.append(&mut self.wishes);
    }

    pub(crate) fn take_writable_all(&mut self) -> bool {
        self.queued_bytes = 0;
        std::mem::take(&mut self.announced) > 0
    }

    /// Whether so much is queued that it must be written before more comes.
    pub(crate) fn must_flush(&self) -> bool {
        self.announced >= ANNOUNCEMENTS_PER_FLUSH || self.queued_bytes >= QUEUED_BYTES_PER_FLUSH
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.wishes.is_empty() && self.announced == 0
    }
}
