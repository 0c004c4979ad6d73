//! Why a connection ended, in one enum for the log, the handler and the close frame.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::close_code::{GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER};
use crate::escape::Escaped;

/// A close frame's code (RFC 6455, section 7.4.1) and its reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// The status code.
    pub code: u16,
    /// Cut to [`REASON_BYTES_MAX`] when it is sent.
    pub reason: Cow<'static, str>,
}

/// Bytes of a close frame's reason: a control frame's 125 less the code.
pub const REASON_BYTES_MAX: usize = 123;

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer sent a close frame, with or without a code.
    PeerClosed(Option<u16>),
    /// The peer ended the TCP connection without a close frame.
    PeerVanished,
    /// The socket failed.
    Failed(io::ErrorKind),
    /// The peer broke RFC 6455 or a limit: what, and the frame that tells it.
    Violation(CloseFrame),
    /// Nothing came for so long that even the ping went unanswered.
    Silent,
    /// A message was begun and not finished in time.
    Stalled,
    /// All connections together had too much unsent, and this one most of it.
    Overrun,
    /// Others waited for a place, and the handler had not come to know this one in time.
    Dismissed,
    /// The handler asked for it.
    Handler(CloseFrame),
    /// The server stops.
    Shutdown,
}

impl CloseReason {
    /// A violation of the protocol in the narrow sense, and its text.
    pub(crate) fn violation(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Violation(CloseFrame { code, reason: reason.into() })
    }

    /// What to tell the peer; `None` where nobody is there to be told, or the peer closed first.
    #[must_use]
    pub fn frame(&self) -> Option<CloseFrame> {
        match self {
            Self::PeerClosed(_) | Self::PeerVanished | Self::Failed(_) | Self::Silent | Self::Overrun => None,
            Self::Violation(frame) | Self::Handler(frame) => Some(frame.clone()),
            Self::Stalled => {
                Some(CloseFrame { code: POLICY_VIOLATION, reason: "message not finished in time".into() })
            }
            Self::Dismissed => {
                Some(CloseFrame { code: TRY_AGAIN_LATER, reason: "others wait for a place".into() })
            }
            Self::Shutdown => Some(CloseFrame { code: GOING_AWAY, reason: "the server is stopping".into() }),
        }
    }

    /// Whether the socket is still good for our last words.
    pub(crate) fn can_say_farewell(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::Silent | Self::Overrun)
    }

    /// Whether the end is our own wish and can wait until the peer has taken what was queued before it.
    pub(crate) fn can_wait(&self) -> bool {
        matches!(self, Self::Handler(_) | Self::Shutdown)
    }
}

impl fmt::Display for CloseReason {
    /// For the log, after the name of the connection: one line, with what the peer chose escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerClosed(Some(code)) => write!(f, "was closed by the peer with {code}"),
            Self::PeerClosed(None) => f.write_str("was closed by the peer"),
            Self::PeerVanished => f.write_str("was ended by the peer without a close frame"),
            Self::Failed(kind) => write!(f, "failed: {kind}"),
            Self::Silent => f.write_str("was lost: no byte came, not even the answer to a ping"),
            Self::Overrun => f.write_str("was cut: too much was unsent in all, and most of it here"),
            Self::Violation(_) | Self::Handler(_) | Self::Stalled | Self::Dismissed | Self::Shutdown => {
                let Some(CloseFrame { code, reason }) = self.frame() else { return Ok(()) };
                write!(f, "was closed with {code}")?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {}", Escaped(&reason)) }
            }
        }
    }
}
