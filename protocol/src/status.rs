//! A user's status and why it changed. The words are constants of the wire and never translated.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a user is, as the server assigned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Present; the status on registration.
    #[default]
    Activo,
    /// Busy, by the user's own request.
    Ocupado,
    /// Away, by the user's own request or assigned by the server after the inactivity limit.
    Inactivo,
}

impl Status {
    /// Every status, in the protocol's order.
    pub const ALL: [Self; 3] = [Self::Activo, Self::Ocupado, Self::Inactivo];

    /// The status as it stands on the wire: exactly `ACTIVO`, `OCUPADO` or `INACTIVO`.
    ///
    /// # Errors
    /// [`UnknownStatus`] for every other text.
    pub fn from_wire(word: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == word).ok_or(UnknownStatus)
    }

    /// The word on the wire and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activo => "ACTIVO",
            Self::Ocupado => "OCUPADO",
            Self::Inactivo => "INACTIVO",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The word is not a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownStatus;

/// Why a `status_update` was sent: its top-level `reason`, an addition that strict clients ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusReason {
    /// The user has just registered.
    Joined,
    /// The user asked for it.
    Requested,
    /// The inactivity limit passed.
    Idle,
    /// The user did something again after the inactivity limit had passed.
    Active,
}
