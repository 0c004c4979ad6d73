//! How long things may take.

use std::time::Duration;

use super::{CONNECT_TIME, HANDSHAKE_TIME, LOOK_UP_TIME};

/// How long each part of connecting may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The look-up of the name.
    pub look_up: Duration,
    /// One address.
    pub address: Duration,
    /// All the addresses, which share it evenly.
    pub addresses: Duration,
    /// The answer to the handshake, to begin and again to end.
    pub handshake: Duration,
}

impl Patience {
    /// Whoever wants to chat has it.
    pub const CHAT: Self = Self {
        look_up: LOOK_UP_TIME,
        address: CONNECT_TIME,
        addresses: Duration::MAX,
        handshake: HANDSHAKE_TIME,
    };

    /// At most this for each step.
    #[must_use]
    pub const fn step(time: Duration) -> Self {
        Self { look_up: time, address: time, addresses: time, handshake: time }
    }
}
