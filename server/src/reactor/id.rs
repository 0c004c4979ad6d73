//! The name of a connection: where it stands in the slab, and which of the connections that stood there it is.

use std::fmt;

/// Names one connection for as long as it lives, and no other afterwards: the slot is reused, the generation is
/// not (it comes round after 2^32 connections). Events for a name that is gone are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    slot: u32,
    generation: u32,
}

impl ConnectionId {
    /// The connection of this generation in this slot.
    #[must_use]
    pub const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// The place in the slab.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.slot as usize
    }

    /// Which of the connections that stood in the slot.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.generation
    }

    /// As one number, to give to the operating system.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The inverse of [`ConnectionId::to_bits`].
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.slot, self.generation)
    }
}
