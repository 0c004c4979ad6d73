//! The stable codes of the protocol's `error` message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request was refused: the `code` of an `error` message. The sentence beside it may be translated and
/// reworded; the code never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The text is not JSON.
    BadJson,
    /// JSON, but not a message: no object, no `type`, a field of the wrong kind, a repeated key.
    BadMessage,
    /// A `type` that clients do not send.
    UnknownType,
    /// Something else than `register` before registration.
    NotRegistered,
    /// A second `register` on one connection.
    AlreadyRegistered,
    /// The name has a character or a length that names do not have.
    NameInvalid,
    /// `server` and `servidor` are nobody's name.
    NameReserved,
    /// Somebody connected has this name.
    NameTaken,
    /// The source address has as many users as it may have.
    AddressTaken,
    /// `sender` is missing or is not the name registered on this connection.
    SenderMismatch,
    /// Nobody connected has the name in `target`.
    UserNotFound,
    /// The content is missing, not a string, blank, or has control characters.
    ContentInvalid,
    /// The content is longer than the server takes.
    ContentTooLong,
    /// Not ACTIVO, OCUPADO or INACTIVO.
    StatusInvalid,
    /// More messages than the server's rate.
    RateLimited,
    /// The server has as many users as it may have.
    ServerFull,
}

impl ErrorCode {
    /// Every code, in the protocol's order.
    pub const ALL: [Self; 16] = [
        Self::BadJson,
        Self::BadMessage,
        Self::UnknownType,
        Self::NotRegistered,
        Self::AlreadyRegistered,
        Self::NameInvalid,
        Self::NameReserved,
        Self::NameTaken,
        Self::AddressTaken,
        Self::SenderMismatch,
        Self::UserNotFound,
        Self::ContentInvalid,
        Self::ContentTooLong,
        Self::StatusInvalid,
        Self::RateLimited,
        Self::ServerFull,
    ];

    /// The code as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::BadMessage => "bad_message",
            Self::UnknownType => "unknown_type",
            Self::NotRegistered => "not_registered",
            Self::AlreadyRegistered => "already_registered",
            Self::NameInvalid => "name_invalid",
            Self::NameReserved => "name_reserved",
            Self::NameTaken => "name_taken",
            Self::AddressTaken => "address_taken",
            Self::SenderMismatch => "sender_mismatch",
            Self::UserNotFound => "user_not_found",
            Self::ContentInvalid => "content_invalid",
            Self::ContentTooLong => "content_too_long",
            Self::StatusInvalid => "status_invalid",
            Self::RateLimited => "rate_limited",
            Self::ServerFull => "server_full",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_and_writes_as_its_own_name() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
    }
}
