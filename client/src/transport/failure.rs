//! What an error of the system or of tungstenite means: for the chat a [`LinkError`], for the examination a fact.

use std::io;

use rustix::io::Errno;
use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::handshake::client::Response;
use tungstenite::http::header::SEC_WEBSOCKET_EXTENSIONS;

use crate::doctor::facts::{Ending, NoHandshake, Outcome};
use crate::sanitize::{Visible, sanitize_line};
use crate::state::LinkError;

/// A connection that the own system does not even begin.
pub(super) fn not_begun(error: &io::Error) -> Outcome {
    match Errno::from_io_error(error) {
        Some(
            Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT | Errno::INVAL,
        ) => Outcome::NoRoute,
        // A connection within the machine is refused at once.
        Some(Errno::CONNREFUSED) => Outcome::Refused,
        _ => Outcome::Forbidden(sanitize_line(&error.to_string())),
    }
}

/// A connection that was begun and not accepted.
pub(super) fn not_connected(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Outcome::Refused,
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        _ => Outcome::Unreachable,
    }
}

pub(super) fn link_error(error: &io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => LinkError::Refused,
        io::ErrorKind::TimedOut => LinkError::TimedOut,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => LinkError::Unreachable,
        io::ErrorKind::InvalidInput => LinkError::Unreachable,
        _ => LinkError::Lost,
    }
}

/// A server that is busy or goes down is no other server: it may do in a moment.
pub(super) fn handshake_error(error: &Error) -> LinkError {
    match error {
        Error::Io(error) => link_error(error),
        Error::Http(response) if response.status().as_u16() == 429 => LinkError::TooMany,
        Error::Http(response) if response.status().as_u16() == 503 => LinkError::Full,
        Error::Http(response) if response.status().is_server_error() => LinkError::Lost,
        Error::Protocol(ProtocolError::HandshakeIncomplete | ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed => LinkError::Lost,
        _ => LinkError::NotChat,
    }
}

/// We offer neither extensions nor protocols. Whoever accepts one all the same would go on in frames that we cannot
/// read (RFC 6455, section 4.1). Of the protocols tungstenite takes care.
pub(super) fn takes_what_was_not_offered(response: &Response) -> bool {
    response.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS)
}

pub(super) fn no_handshake(error: &Error) -> NoHandshake {
    match error {
        Error::Io(_) => NoHandshake::Reset,
        Error::Protocol(ProtocolError::HandshakeIncomplete) | Error::ConnectionClosed => NoHandshake::Closed,
        _ => NoHandshake::Answered,
    }
}

pub(super) fn ending(error: &Error) -> Ending {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Ending::Closed { code: None, reason: Visible::default() }
        }
        Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Cut,
        _ => Ending::Violation,
    }
}

pub(super) fn broken(error: &Error) -> LinkError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => {
            LinkError::Closed { code: None, reason: Visible::default() }
        }
        _ => LinkError::Lost,
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::http::Response;

    use super::*;

    #[test]
    fn an_http_status_says_whether_it_may_do_in_a_moment() {
        for (status, error) in [
            (429, LinkError::TooMany),
            (503, LinkError::Full),
            (502, LinkError::Lost),
            (200, LinkError::NotChat),
            (404, LinkError::NotChat),
        ] {
            let response = Response::builder().status(status).body(None).unwrap();
            assert_eq!(handshake_error(&Error::Http(response.into())), error, "{status}");
        }
    }
}
