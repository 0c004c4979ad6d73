//! What all members listen with: one buffer, one reader, one ledger.

use std::time::{Duration, Instant};

use crate::Result;
use crate::ledger::{Delivery, Ledger};
use crate::wire::{Reader, Said};

/// Larger than anything a server says at once, such as a list of 100,000 users.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Who wants to know what the crowd hears, beyond that it is as it must be.
pub trait Listener {
    /// A member got a broadcast that was, or should have been, sent at `delivery.sent_at`.
    fn on_delivery(&mut self, delivery: Delivery, now: Duration) {
        let _ = (delivery, now);
    }

    /// A user got the private message with this number.
    ///
    /// # Errors
    /// If it should not have: unless somebody waits for them, none should come.
    fn on_private(&mut self, user: usize, number: u64) -> Result<()> {
        Err(format!("user {user} got the private message {number}, which nobody sent").into())
    }

    /// A user got a list of so many users.
    ///
    /// # Errors
    /// If it should not have: unless somebody waits for it, none should come.
    fn on_list(&mut self, user: usize, names: usize) -> Result<()> {
        Err(format!("user {user} got a list of {names} names, which nobody asked for").into())
    }
}

/// Nobody wants to know.
impl Listener for () {}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Ears {
    pub(super) buffer: Vec<u8>,
    pub(super) ledger: Ledger,
    reader: Reader,
    started: Instant,
}

impl Ears {
    pub(super) fn new(ledger: Ledger, content_bytes: usize) -> Self {
        Self {
            buffer: vec![0; RECEIVE_BUFFER_BYTES],
            ledger,
            reader: Reader::new(content_bytes),
            started: Instant::now(),
        }
    }

    pub(super) fn expect_content(&mut self, bytes: usize) {
        self.reader = Reader::new(bytes);
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn read(&mut self, text: std::ops::Range<usize>) -> Said {
        self.reader.read(&self.buffer[text])
    }
}
