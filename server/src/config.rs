//! What can be set when the server starts, with the defaults of the command line.

use std::net::IpAddr;
use std::time::Duration;

use chat_protocol::{Lang, limits};

use crate::bucket::Rate;
use crate::chat::Settings;
use crate::reactor::Limits;

/// A burst is so many seconds' worth of messages.
const BURST_SECONDS: u32 = 3;
/// Bytes a second that go with each message a second of `--rate`, so that 20 messages are 64 KiB.
const RATE_BYTES_PER_MESSAGE: u32 = 64 * 1024 / 20;
/// A burst of bytes is so many seconds' worth.
const BYTE_BURST_SECONDS: u32 = 4;
/// Connections beyond the users: those who have not registered yet.
pub const UNREGISTERED_MAX: usize = 256;
/// Descriptors that are not connections: the log, the listener, the event queue, one to spare for each.
pub const DESCRIPTORS_RESERVED: usize = 32;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The address to listen on; `None` is every address of the machine.
    pub bind: Option<IpAddr>,
    /// Without activity for so long, a user becomes INACTIVO; `None` is never.
    pub inactivity: Option<Duration>,
    /// Registered users from one address; 0 is no limit.
    pub per_ip: u32,
    /// Registered users in all.
    pub max_clients: usize,
    /// Bytes of a message's content.
    pub max_message: usize,
    /// Messages a second of one client, with a burst of three times that; 0 lifts the message and byte limits.
    pub rate: u32,
    /// The language of error sentences, HTTP texts and terminal texts.
    pub lang: Lang,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            bind: None,
            inactivity: Some(Duration::from_secs(60)),
            per_ip: 1,
            max_clients: 10_000,
            max_message: limits::CONTENT_BYTES_DEFAULT,
            rate: 20,
            lang: Lang::Spanish,
        }
    }
}

impl Config {
    /// What the chat needs of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            lang: self.lang,
            inactivity: self.inactivity,
            users_per_address_max: (self.per_ip > 0).then_some(self.per_ip),
            users_max: self.max_clients,
            content_bytes_max: self.max_message,
            message_rate: rate(self.rate, BURST_SECONDS),
            ..Settings::default()
        }
    }

    /// What the reactor needs of it.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            connections_max: self.max_clients.saturating_add(UNREGISTERED_MAX),
            message_bytes_max: limits::websocket_message_bytes(self.max_message),
            byte_rate: rate(self.rate.saturating_mul(RATE_BYTES_PER_MESSAGE), BYTE_BURST_SECONDS),
            ..Limits::default()
        }
    }
}

fn rate(per_second: u32, burst_seconds: u32) -> Option<Rate> {
    (per_second > 0).then(|| Rate { per_second, burst: per_second.saturating_mul(burst_seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_protocol() {
        let (settings, limits) = (Config::default().settings(), Config::default().limits());
        assert_eq!(settings, Settings::default());
        assert_eq!(limits.message_bytes_max, 65_536);
        let bytes = limits.byte_rate.unwrap();
        assert!(
            bytes.per_second.abs_diff(64 * 1024) < 64 && bytes.burst.abs_diff(256 * 1024) < 256,
            "{bytes:?}"
        );
    }

    #[test]
    fn a_larger_message_widens_the_frame_and_a_rate_of_zero_lifts_both_limits() {
        let config = Config { max_message: 10_000, rate: 0, per_ip: 0, ..Config::default() };
        assert_eq!(config.limits().message_bytes_max, 160_000);
        assert_eq!((config.limits().byte_rate, config.settings().message_rate), (None, None));
        assert_eq!(config.settings().users_per_address_max, None);
    }
}
