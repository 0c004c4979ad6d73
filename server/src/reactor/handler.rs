//! What a program has to say to the reactor: the [`Handler`]'s callbacks, and the [`Ops`] through which it wishes
//! for things. The reactor knows nothing else of the program above it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::close::{CloseFrame, CloseReason};
use super::first_bytes::FirstBytes;
use super::id::ConnectionId;
use super::stats::Overview;
use crate::moment::Moment;

/// The program on top of the reactor. Callbacks never nest: whatever a callback wishes for through [`Ops`] is
/// carried out after it has returned.
///
/// For each connection: [`on_open`](Self::on_open) once, then any number of the others, then
/// [`on_close`](Self::on_close) exactly once and nothing after it.
pub trait Handler {
    /// An HTTP request has come: answer it, or accept it as a WebSocket if its upgrade is valid.
    fn on_request(&mut self, request: &Request<'_>) -> Answer;

    /// The answer to a request for which [`Answer::Inspect`] asked to see how the reactor is doing.
    fn on_inspect(&mut self, request: &Request<'_>, _overview: &Overview) -> Response {
        Response { status: 404, headers: &[], body: String::new(), head_only: request.method == "HEAD" }
    }

    /// What came is no HTTP at all, or nothing came in time: the line to say in its place, or nothing.
    fn on_stranger(&mut self, _first: FirstBytes, _endpoints: Endpoints) -> String {
        String::new()
    }

    /// What came is no request that can be answered; this is said in its place.
    fn on_refused(&mut self, refusal: Refusal) -> Response;

    /// A connection was closed without a word for this reason: there are too many to tell each of them.
    fn on_turned_away(&mut self, _refusal: Refusal) {}

    /// The WebSocket handshake is done.
    fn on_open(&mut self, ops: &mut Ops, connection: ConnectionId, endpoints: Endpoints);

    /// A message has come.
    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>);

    /// The connection takes more, and [`Ops::request_writable`] asked for this call, or the last call returned
    /// something and more. Nothing to say is a normal answer. Asked again until it has no more, the connection
    /// blocks, or the turn's budget is spent.
    fn on_writable(&mut self, ops: &mut Ops, connection: ConnectionId) -> Option<Outgoing<'_>>;

    /// The connection will be closed, and gets nothing more: what is queued for it is let go, so that it does not
    /// pile up until then. It can come several times, and only before [`on_close`](Self::on_close).
    fn on_discard(&mut self, ops: &mut Ops, connection: ConnectionId) {
        while self.on_writable(ops, connection).is_some_and(|outgoing| outgoing.more) {}
    }

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

/// Something to be sent.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// One or more whole encoded frames.
    pub frames: Frames<'a>,
    /// Whether the handler has more for this connection. Said once, it is not asked again in vain.
    pub more: bool,
}

/// Whole encoded frames.
#[derive(Debug)]
pub enum Frames<'a> {
    /// Written from where they stand, or copied.
    Borrowed(&'a [u8]),
    /// Shared with other connections until they are sent: for what is large.
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

/// An address as people know it: IPv4 as IPv4, not mapped into IPv6.
#[must_use]
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// An HTTP request, as far as it decides what happens.
#[derive(Debug)]
pub struct Request<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// The path, without its query.
    pub path: &'a str,
    /// The host that was asked for: of a target in absolute form, else of the `Host` header, if it is UTF-8.
    pub host: Option<&'a str>,
    /// The `Origin` header: which page makes a browser ask. What is not UTF-8 in it is replaced.
    pub origin: Option<&'a str>,
    /// The `User-Agent` header, in the same way.
    pub user_agent: Option<&'a str>,
    /// The `Accept` header, in the same way.
    pub accept: Option<&'a str>,
    /// Whether a proxy says that it asks for somebody else.
    pub is_forwarded: bool,
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
    /// It does, with more than one of this header, of which RFC 6455 wants one (sections 11.3.1 and 11.3.5).
    Repeated(&'static str),
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
    /// [`Handler::on_inspect`] answers it.
    Inspect,
}

/// Why a connection is refused before it made a request that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// What came wants to be HTTP/1, and its first line is none of a request.
    NotHttp,
    /// HTTP of a version other than 1.0 and 1.1.
    VersionUnsupported,
    /// Something below the first line is no header: folded, or with a blank before its colon (RFC 9112, section 5).
    HeadMalformed,
    /// A request of HTTP/1.1 without `Host` (RFC 9112, section 3.2).
    HostMissing,
    /// More than one `Host`.
    HostRepeated,
    /// The head of the request is over the limit in bytes or in headers.
    HeadTooLarge,
    /// The head did not come in time.
    TimedOut,
    /// There are as many connections as there may be.
    TooManyConnections,
    /// There are as many from this address as there may be, or they come too fast.
    TooManyFromAddress,
}

impl Refusal {
    /// A short name without spaces, for counting.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotHttp => "not_http",
            Self::VersionUnsupported => "version_unsupported",
            Self::HeadMalformed => "head_malformed",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::HeadTooLarge => "head_too_large",
            Self::TimedOut => "timed_out",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyFromAddress => "too_many_from_address",
        }
    }
}

/// An HTTP response with a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// More headers, as `Name: value`. Without `Content-Type` among them it is plain text.
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
    /// Those whom the handler has come to know.
    known: Vec<ConnectionId>,
    /// Requests for everybody since everybody was last written to.
    announced: usize,
    /// Whether one of them is for this turn.
    is_urgent: bool,
    /// Bytes that they named.
    announced_bytes: usize,
    /// Bytes named by requests for single connections since those were last written to.
    single_bytes: usize,
}

/// See [`Ops::request_writable`].
pub const QUEUED_BYTES_PER_FLUSH: usize = 128 * 1024;
/// See [`Ops::request_writable_all`].
pub const ANNOUNCEMENTS_PER_FLUSH: usize = 4_096;
/// See [`Ops::request_writable_all`].
pub const ANNOUNCED_BYTES_PER_FLUSH: usize = 512 * 1024;
/// See [`Ops::request_writable_all_soon`].
pub const SOON: Duration = Duration::from_millis(20);

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
    /// After [`QUEUED_BYTES_PER_FLUSH`] the reactor writes to those it was asked for, before it calls anything else
    /// that may queue more: so a queue of at least twice that is never overrun by one turn, however fast its
    /// reader is. What is queued for everybody waits for the end of the turn all the same.
    pub fn request_writable(&mut self, connection: ConnectionId, bytes: usize) {
        self.single_bytes += bytes;
        self.wishes.push(Wish::Writable(connection));
    }

    /// The same for every open connection, in one stroke, because `bytes` more are queued for each of them. After
    /// [`ANNOUNCED_BYTES_PER_FLUSH`] or [`ANNOUNCEMENTS_PER_FLUSH`] calls of this and of
    /// [`Ops::request_writable_all_soon`] the reactor writes to everybody.
    pub fn request_writable_all(&mut self, bytes: usize) {
        self.request_writable_all_soon(bytes);
        self.is_urgent = true;
    }

    /// The same for what need not be in this turn, such as who comes and goes: it leaves with whatever else does,
    /// and [`SOON`] after the last write to everybody at the latest. So it is at once when it is quiet, and a
    /// crowd that arrives is told in a few writes to each.
    pub fn request_writable_all_soon(&mut self, bytes: usize) {
        self.announced += 1;
        self.announced_bytes += bytes;
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

    /// Says that the handler knows who this is: it is no stranger any more, whose number and time are limited
    /// more strictly.
    pub fn know(&mut self, connection: ConnectionId) {
        self.known.push(connection);
    }

    pub(crate) fn begin_turn(&mut self, now: Moment) {
        self.now = now;
    }

    pub(crate) fn take_wishes(&mut self, into: &mut Vec<Wish>) {
        self.single_bytes = 0;
        into.append(&mut self.wishes);
    }

    pub(crate) fn pop_known(&mut self) -> Option<ConnectionId> {
        self.known.pop()
    }

    pub(crate) fn take_writable_all(&mut self) -> bool {
        self.announced_bytes = 0;
        self.is_urgent = false;
        std::mem::take(&mut self.announced) > 0
    }

    /// Whether everybody must be written to, when that was last done at `last`.
    pub(crate) fn is_writable_all_due(&self, last: Duration) -> bool {
        self.announced > 0
            && (self.is_urgent || self.must_flush_all() || self.now.monotonic >= last.saturating_add(SOON))
    }

    /// When everybody must be written to without anything else happening.
    pub(crate) fn writable_all_at(&self, last: Duration) -> Option<Duration> {
        (self.announced > 0).then(|| last.saturating_add(SOON))
    }

    /// Whether so much is queued for single connections that they should be written to before another is read.
    pub(crate) fn should_flush_singles(&self) -> bool {
        self.single_bytes >= QUEUED_BYTES_PER_FLUSH / 2
    }

    /// Whether so much is queued for somebody that it must be written before more comes.
    pub(crate) fn must_flush(&self) -> bool {
        self.must_flush_all() || self.single_bytes >= QUEUED_BYTES_PER_FLUSH
    }

    /// Whether so much is queued for everybody.
    pub(crate) fn must_flush_all(&self) -> bool {
        self.announced >= ANNOUNCEMENTS_PER_FLUSH || self.announced_bytes >= ANNOUNCED_BYTES_PER_FLUSH
    }

    pub(crate) fn has_wishes(&self) -> bool {
        !self.wishes.is_empty()
    }
}
