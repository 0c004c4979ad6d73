//! What can be set when the server starts, with the defaults of the command line.

use std::net::IpAddr;
use std::time::Duration;

use chat_protocol::{Lang, limits};

use crate::bounds::{Bounds, Name};
use crate::bucket::Rate;
use crate::chat::Settings;
use crate::doctor;
use crate::http::Pages;
use crate::prefix::Prefix;
use crate::reactor::Limits;
use crate::web_origin::Host;

/// A burst is so many seconds' worth of messages.
const BURST_SECONDS: u32 = 3;
/// Bytes a second that go with each message a second of `--rate`, so that 20 messages are 64 KiB.
const RATE_BYTES_PER_MESSAGE: u32 = 64 * 1024 / 20;
/// A burst of bytes is so many seconds' worth.
const BYTE_BURST_SECONDS: u32 = 4;
/// Sockets from one address, unless more users than half of that may come from there.
const CONNECTIONS_PER_IP: u32 = 64;
/// A burst of new connections from one address is so many seconds' worth.
const ARRIVAL_BURST_SECONDS: u32 = 3;
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
    /// Sockets from one address; 0 is no limit. `None`: 64, or two for each of its users if that is more, and no
    /// limit if there is none for users.
    pub connections_per_ip: Option<u32>,
    /// Whether `user_info` tells only the network of an address.
    pub mask_addresses: bool,
    /// Registered users in all.
    pub max_clients: usize,
    /// Bytes of a message's content.
    pub max_message: usize,
    /// Messages a second of one client, with a burst of three times that; 0 lifts the message and byte limits.
    pub rate: u32,
    /// Every other bound.
    pub bounds: Bounds,
    /// Hosts whose web pages may use the chat, beside the server's own.
    pub allow_origin: Vec<Host>,
    /// Who may read the metrics, beside this machine.
    pub metrics: Vec<Prefix>,
    /// The language of error sentences, HTTP texts and terminal texts.
    pub lang: Lang,
    /// Examines the machine instead of serving.
    pub doctor: Option<doctor::Options>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            bind: None,
            inactivity: Some(Duration::from_secs(60)),
            per_ip: 1,
            connections_per_ip: None,
            mask_addresses: false,
            max_clients: 10_000,
            max_message: limits::CONTENT_BYTES_DEFAULT,
            rate: 20,
            bounds: Bounds::default(),
            allow_origin: Vec::new(),
            metrics: Vec::new(),
            lang: Lang::Spanish,
            doctor: None,
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
            masks_addresses: self.mask_addresses,
            users_max: self.max_clients,
            content_bytes_max: self.max_message,
            message_rate: rate(self.rate, BURST_SECONDS),
            registration_timeout: self.bounds.time(Name::Registration),
            flood_timeout: self.bounds.time(Name::Flood),
            ring_bytes: self.bounds.count(Name::Ring),
            behind_bytes_max: self.bounds.count(Name::Behind),
            behind_timeout: self.bounds.time(Name::BehindTime),
            letter_bytes_max: self.bounds.count(Name::Letters),
            letters_bytes_max: self.bounds.count(Name::Queues) / 2,
        }
    }

    /// The same for a process that can have so many descriptors: what it could not hold is refused in words, not by
    /// the system.
    #[must_use]
    pub fn within(&self, descriptors: usize) -> Self {
        Self { max_clients: self.max_clients.min(connections_within(descriptors)), ..self.clone() }
    }

    /// What visitors get.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages::new(self.lang).allow_origins(self.allow_origin.clone()).show_metrics_to(self.metrics.clone())
    }

    /// What the reactor needs of it.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let per_network = self.connections_per_network();
        // Where any number may come from one address, they may come all at once, unless it was said otherwise.
        let is_paced = per_network.is_some() || self.bounds.is_set(Name::Arrivals);
        let arrivals = u32::try_from(self.bounds.count(Name::Arrivals)).unwrap_or(u32::MAX);
        Limits {
            connections_max: self.max_clients.saturating_add(self.bounds.count(Name::Strangers)),
            strangers_max: self.bounds.count(Name::Strangers),
            stranger_patience: self.bounds.time(Name::Patience),
            accepts_per_turn: self.bounds.count(Name::Accepts),
            head_bytes_max: self.bounds.count(Name::Head),
            connections_per_network_max: per_network,
            arrival_rate: rate(arrivals, ARRIVAL_BURST_SECONDS).filter(|_| is_paced),
            unsent_bytes_max: self.bounds.count(Name::Queues) / 2,
            message_bytes_max: limits::websocket_message_bytes(self.max_message),
            byte_rate: rate(self.rate.saturating_mul(RATE_BYTES_PER_MESSAGE), BYTE_BURST_SECONDS),
            handshake_timeout: self.bounds.time(Name::Handshake),
            ping_after: self.bounds.time(Name::Ping),
            pong_timeout: self.bounds.time(Name::Pong),
            message_timeout: self.bounds.time(Name::Message),
            close_timeout: self.bounds.time(Name::Close),
        }
    }

    fn connections_per_network(&self) -> Option<u32> {
        match (self.connections_per_ip, self.per_ip) {
            (Some(0), _) | (None, 0) => None,
            (Some(sockets), _) => Some(sockets),
            (None, users) => Some(CONNECTIONS_PER_IP.max(users.saturating_mul(2))),
        }
    }
}

/// How many connections a process can hold that may have so many descriptors.
#[must_use]
pub fn connections_within(descriptors: usize) -> usize {
    descriptors.saturating_sub(DESCRIPTORS_RESERVED).max(1)
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
        let chat = Limits { connections_max: 10_256, byte_rate: limits.byte_rate, ..Limits::default() };
        assert_eq!(limits, chat);
        let bytes = limits.byte_rate.unwrap();
        assert!(
            bytes.per_second.abs_diff(64 * 1024) < 64 && bytes.burst.abs_diff(256 * 1024) < 256,
            "{bytes:?}"
        );
    }

    #[test]
    fn an_address_has_sockets_for_its_users_unless_their_number_is_set() {
        let sockets = |per_ip, connections_per_ip| {
            let limits = Config { per_ip, connections_per_ip, ..Config::default() }.limits();
            assert_eq!(limits.arrival_rate.is_some(), limits.connections_per_network_max.is_some());
            limits.connections_per_network_max
        };
        assert_eq!([sockets(1, None), sockets(100, None), sockets(0, None)], [Some(64), Some(200), None]);
        assert_eq!([sockets(0, Some(5)), sockets(1, Some(0))], [Some(5), None]);
        let mut paced = Config { per_ip: 0, ..Config::default() };
        paced.bounds.set("arrivals=2", Lang::English).unwrap();
        let expected = Some(Rate { per_second: 2, burst: 6 });
        assert_eq!(paced.limits().arrival_rate, expected, "what was asked for holds");
    }

    #[test]
    fn what_the_process_cannot_hold_is_not_promised() {
        let users = |descriptors| Config::default().within(descriptors).settings().users_max;
        assert_eq!([users(usize::MAX), users(10_031), users(64), users(3)], [10_000, 9_999, 32, 1]);
    }

    #[test]
    fn a_larger_message_widens_the_frame_and_a_rate_of_zero_lifts_both_limits() {
        let config = Config { max_message: 10_000, rate: 0, per_ip: 0, ..Config::default() };
        assert_eq!(config.limits().message_bytes_max, 160_000);
        assert_eq!((config.limits().byte_rate, config.settings().message_rate), (None, None));
        assert_eq!(config.settings().users_per_address_max, None);
    }
}
