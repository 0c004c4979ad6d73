//! The rules of the chat that can be set, and what they are if nobody sets them.

use std::time::Duration;

use chat_protocol::{Lang, limits};

use super::{mailbox, ring};
use crate::bucket::Rate;

/// The rules that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The language of error sentences.
    pub lang: Lang,
    /// Without activity for so long, a user becomes INACTIVO. `None`: never.
    pub inactivity: Option<Duration>,
    /// Users from one address, exempt ones not counted. `None`: any number.
    pub users_per_address_max: Option<u32>,
    /// Whether others are told of a user's address only its network ([`masked`](crate::origin::masked)).
    pub masks_addresses: bool,
    /// Users in all.
    pub users_max: usize,
    /// Bytes of a message's content.
    pub content_bytes_max: usize,
    /// Messages of one peer. `None`: any number.
    pub message_rate: Option<Rate>,
    /// From the end of the handshake to being registered.
    pub registration_timeout: Duration,
    /// Whoever goes on sending too fast for so long is closed.
    pub flood_timeout: Duration,
    /// Bytes of the general chat's ring.
    pub ring_bytes: usize,
    /// Whoever has so many bytes of the general chat before it for longer than `behind_timeout` is closed.
    pub behind_bytes_max: usize,
    /// See `behind_bytes_max`.
    pub behind_timeout: Duration,
    /// Bytes of letters that wait for one peer, at least [`mailbox::LETTER_BYTES_MAX`]; whoever has more and gets
    /// another is closed.
    pub letter_bytes_max: usize,
    /// Bytes of letters that wait for all peers; over it, those are closed whose fault it is.
    pub letters_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lang: Lang::Spanish,
            inactivity: Some(Duration::from_secs(60)),
            users_per_address_max: Some(1),
            masks_addresses: false,
            users_max: 10_000,
            content_bytes_max: limits::CONTENT_BYTES_DEFAULT,
            message_rate: Some(Rate { per_second: 20, burst: 60 }),
            registration_timeout: Duration::from_secs(30),
            flood_timeout: Duration::from_secs(10),
            ring_bytes: ring::RING_BYTES,
            behind_bytes_max: 256 * 1024,
            behind_timeout: Duration::from_secs(10),
            letter_bytes_max: mailbox::LETTER_BYTES_MAX,
            letters_bytes_max: 64 << 20,
        }
    }
}
