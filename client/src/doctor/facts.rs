//! What is known about one attempt to reach a server: facts alone, in the order in which they are found. The
//! transport notes how far the connection got ([`Journey`]), the examination what the chat answered ([`Chat`]).
//!
//! It judges nothing: that is [`verdict`](super::verdict)'s. What was not found out stays `None`, which is not
//! the same as "no".

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use chat_protocol::{ErrorCode, UserName};

use crate::sanitize::Visible;
use crate::transport::Target;

/// Bytes of the first answer that are kept: a status line, the usual headers, the beginning of a page.
pub const FIRST_BYTES_MAX: usize = 1_024;

/// The steps of an attempt, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The name becomes addresses.
    Name,
    /// This machine has a route, and an address of its own to leave from.
    Route,
    /// A TCP connection.
    Tcp,
    /// Something answers on it.
    FirstByte,
    /// What answers is HTTP.
    Http,
    /// The connection becomes a WebSocket.
    WebSocket,
    /// What is on it speaks the chat's protocol.
    Protocol,
    /// The user is registered.
    Registration,
    /// The connection lives although nobody says anything.
    Idle,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Route,
        Self::Tcp,
        Self::FirstByte,
        Self::Http,
        Self::WebSocket,
        Self::Protocol,
        Self::Registration,
        Self::Idle,
    ];

    /// Its name in JSON, which never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Route => "route",
            Self::Tcp => "tcp",
            Self::FirstByte => "first_byte",
            Self::Http => "http",
            Self::WebSocket => "websocket",
            Self::Protocol => "protocol",
            Self::Registration => "registration",
            Self::Idle => "idle",
        }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server as the user named it.
    pub target: Target,
    /// Who registers, if somebody does.
    pub user: Option<UserName>,
    /// How long the connection is to live in silence, if that is asked.
    pub idle: Option<Duration>,
    /// Whether the protocol is asked for before anybody registers.
    pub asks_first: bool,
    /// How far the connection got.
    pub journey: Journey,
    /// What the chat answered.
    pub chat: Chat,
    /// Whether a greeting in TLS is answered in TLS, if it was tried.
    pub speaks_tls: Option<bool>,
    /// The time for the whole examination ran out before the step's own.
    pub out_of_time: bool,
    /// The user ended the examination.
    pub interrupted: bool,
}

impl Facts {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(target: Target, user: Option<UserName>, idle: Option<Duration>, asks_first: bool) -> Self {
        Self {
            target,
            user,
            idle,
            asks_first,
            journey: Journey::default(),
            chat: Chat::default(),
            speaks_tls: None,
            out_of_time: false,
            interrupted: false,
        }
    }

    /// The steps that this attempt is made of.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(|step| match step {
            Step::Protocol => self.asks_first,
            Step::Registration => self.user.is_some(),
            Step::Idle => self.idle.is_some(),
            _ => true,
        })
    }

    /// How long a step took, if it was decided.
    #[must_use]
    pub fn took(&self, step: Step) -> Option<Duration> {
        let moments = &self.journey.moments;
        let at = moments.iter().position(|(decided, _)| *decided == step)?;
        let before = match at {
            0 => self.journey.began?,
            _ => moments[at - 1].1,
        };
        Some(moments[at].1.saturating_duration_since(before))
    }
}

/// How far a connection got.
#[derive(Debug, Clone, Default)]
pub struct Journey {
    /// When it was begun.
    pub began: Option<Instant>,
    /// The addresses behind the name.
    pub addresses: Option<Result<Vec<SocketAddr>, NoName>>,
    /// One for each address that was tried, the present one last.
    pub attempts: Vec<Attempt>,
    /// The first bytes that came, at most [`FIRST_BYTES_MAX`].
    pub first_bytes: Vec<u8>,
    /// How the WebSocket's handshake ended.
    pub handshake: Option<Result<(), NoHandshake>>,
    /// How the connection ended after that.
    pub ending: Option<Ending>,
    /// When each step was decided.
    pub moments: Vec<(Step, Instant)>,
}

impl Journey {
    /// The step is decided, one way or the other; only the first time counts.
    pub fn note(&mut self, step: Step, now: Instant) {
        if self.moments.iter().all(|(decided, _)| *decided != step) {
            self.moments.push((step, now));
        }
    }

    /// The address that accepted the connection.
    #[must_use]
    pub fn connected(&self) -> Option<SocketAddr> {
        self.attempts.iter().find(|it| it.outcome == Some(Outcome::Connected)).map(|it| it.address)
    }

    /// The own address that packets leave from, if there is a route.
    #[must_use]
    pub fn own_address(&self) -> Option<IpAddr> {
        self.attempts.iter().rev().find_map(|attempt| attempt.own)
    }

    /// Whether a packet left this machine, so that there is a route.
    #[must_use]
    pub fn has_left(&self) -> bool {
        let was_sent = |it: &Outcome| !matches!(it, Outcome::NoRoute | Outcome::Forbidden(_));
        self.attempts.iter().any(|it| it.own.is_some() || it.outcome.as_ref().is_some_and(was_sent))
    }

    /// The status of an HTTP answer, if what came begins as one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let rest = self.first_bytes.strip_prefix(b"HTTP/")?;
        let mut words = rest.split(|byte| matches!(byte, b' ' | b'\r' | b'\n'));
        words.next()?;
        let status = std::str::from_utf8(words.next()?).ok()?;
        if status.len() == 3 { status.parse().ok() } else { None }
    }
}

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoName {
    /// Those who were asked say that there is none.
    NotFound,
    /// Nobody who knows names could be asked.
    NoAnswer,
}

/// One address, tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where.
    pub address: SocketAddr,
    /// From where, if there is a route.
    pub own: Option<IpAddr>,
    /// What came of it, once that is known.
    pub outcome: Option<Outcome>,
}

/// What came of trying to connect to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It accepted.
    Connected,
    /// This machine has no route there: nothing was sent.
    NoRoute,
    /// This machine does not let the program: nothing was sent.
    Forbidden(Visible),
    /// The other machine, or something before it, refused.
    Refused,
    /// Something on the way says that it cannot be reached, or its neighbours do not find it.
    Unreachable,
    /// No answer at all.
    TimedOut,
}

impl Outcome {
    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NoRoute => "no_route",
            Self::Forbidden(_) => "forbidden",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}

/// Why no WebSocket came of the connection. What had come until then stands in the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHandshake {
    /// What was answered is not a WebSocket's beginning.
    Answered,
    /// The connection was closed in order.
    Closed,
    /// The connection was reset.
    Reset,
    /// No whole answer came in time.
    TimedOut,
}

/// How an open WebSocket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The server said that it closes.
    Closed {
        /// WebSocket's close code, if there was one.
        code: Option<u16>,
        /// The server's words, or none.
        reason: Visible,
    },
    /// The connection ended without a word.
    Cut,
    /// What came is no WebSocket.
    Violation,
}

/// What the chat answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chat {
    /// To the question for the users by somebody who is not registered.
    pub list: Option<Reply>,
    /// To the registration.
    pub registration: Option<Reply>,
    /// How long the connection has lived in silence, and whether it still did then.
    pub idle: Option<(Duration, Survival)>,
}

/// An answer of the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What was asked for.
    Granted,
    /// An error, which is as good a proof of the protocol.
    Refused {
        /// Its code, if the server is one that has codes.
        code: Option<ErrorCode>,
        /// Its sentence.
        sentence: Visible,
    },
    /// Text that is not of this protocol: its beginning.
    Strange(Visible),
    /// Nothing in time.
    Nothing,
}

/// What became of a connection on which nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// It lives: a question was answered after it.
    Alive,
    /// It looks alive, but nothing comes through any more.
    Deaf,
    /// It ended meanwhile; how, the journey tells.
    Ended,
}
