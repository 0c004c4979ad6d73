//! What the chat is told, and what it says to do about it: all that passes between it and its owner but the post.

use std::borrow::Cow;
use std::time::Duration;

use chat_protocol::{DecodeError, ErrorCode, Received, UserName};

use super::{Origin, PeerId};

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A peer connected.
    Opened {
        /// Who.
        peer: PeerId,
        /// From where.
        origin: Origin,
    },
    /// A peer sent a text message.
    Received {
        /// Who.
        peer: PeerId,
        /// The message, decoded.
        message: Result<Received<'a>, DecodeError>,
    },
    /// A peer sent a binary message.
    ReceivedBinary {
        /// Who.
        peer: PeerId,
    },
    /// The time asked for by [`Output::SetTimer`] has come.
    TimerFired {
        /// For whom.
        peer: PeerId,
    },
    /// The connection of a peer is over.
    Closed {
        /// Whose.
        peer: PeerId,
    },
    /// The server stops: nobody needs to be told who leaves any more.
    ShuttingDown,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A peer has post, this many bytes more than before.
    Wake {
        /// Who.
        peer: PeerId,
        /// The size of the new letter.
        bytes: usize,
    },
    /// Every user has post, this many bytes more than before.
    WakeAll {
        /// The size of the new frame.
        bytes: usize,
        /// Whether somebody waits for it. Who comes, goes or falls idle can be told a little later, together.
        is_urgent: bool,
    },
    /// Close a peer's connection, after its post.
    Close {
        /// Whose.
        peer: PeerId,
        /// RFC 6455, section 7.4.1.
        code: u16,
        /// In words.
        reason: Cow<'static, str>,
    },
    /// Set, move or cancel the one timer of a peer, by the monotonic clock.
    SetTimer {
        /// Whose.
        peer: PeerId,
        /// When.
        at: Option<Duration>,
    },
    /// A peer is registered now. For the log.
    Joined {
        /// Who.
        peer: PeerId,
        /// As whom.
        name: UserName,
    },
    /// A request was refused. For the log.
    Refused {
        /// Whose.
        peer: PeerId,
        /// Why.
        code: ErrorCode,
    },
    /// A user is no longer registered. For the log.
    Left {
        /// Who.
        peer: PeerId,
        /// As whom.
        name: UserName,
    },
}
