//! Every connection that was accepted, whatever became of it: where it came from, how long it was there, how much
//! went over it, what it began with and how it ended. A line proves that somebody's packets arrive; that there is
//! no line proves that they do not.
//!
//! It writes the line when the connection is over, and keeps the latest arrivals. It does not know what a program
//! on the reactor does with its connections.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use log::info;

use super::close::CloseReason;
use super::first_bytes::{self, FirstBytes};
use super::id::ConnectionId;
use crate::moment::Moment;

/// Arrivals that are kept; then the oldest goes.
pub const RECORDS_MAX: usize = 100;

/// What is known of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which one, if it was let in.
    pub connection: Option<ConnectionId>,
    /// The other end; IPv4 as IPv4.
    pub peer: SocketAddr,
    /// When it was accepted.
    pub arrived: Moment,
    /// How long it has been there, or was.
    pub lasted: Duration,
    /// Bytes that came from it.
    pub received: u64,
    /// Bytes that the system took for it.
    pub sent: u64,
    /// What it began with.
    pub first: FirstBytes,
    /// The first of these bytes, escaped and cut.
    pub shown: String,
    /// How it ended, once that is known.
    pub ending: Option<Ending>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was a WebSocket.
    Closed(CloseReason),
    /// An HTTP response with this status was all it got.
    Responded(u16),
    /// What came was not HTTP; it was told so, where its protocol has words for that.
    Told(FirstBytes),
    /// The peer ended it before it had made a request.
    PeerLeft,
    /// The socket failed before there was a request.
    Failed(io::ErrorKind),
    /// It had made no request in time, while others waited for a place.
    Dismissed,
    /// There were so many that not even this could be said to it.
    TurnedAway,
    /// The server stopped before there was a request.
    Shutdown,
}

impl Ending {
    /// A short name without spaces, for counting.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Closed(CloseReason::PeerClosed(_)) => "peer_closed",
            Self::Closed(CloseReason::PeerVanished) => "peer_vanished",
            Self::Closed(CloseReason::Failed(_)) | Self::Failed(_) => "failed",
            Self::Closed(CloseReason::Violation(_)) => "violation",
            Self::Closed(CloseReason::Silent) => "silent",
            Self::Closed(CloseReason::Stalled) => "stalled",
            Self::Closed(CloseReason::Overrun) => "overrun",
            Self::Closed(CloseReason::Dismissed) | Self::Dismissed => "dismissed",
            Self::Closed(CloseReason::Handler(_)) => "closed_by_us",
            Self::Closed(CloseReason::Shutdown) | Self::Shutdown => "shutdown",
            Self::Responded(_) => "http_response",
            Self::Told(_) => "told",
            Self::PeerLeft => "peer_left",
            Self::TurnedAway => "turned_away",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reason) => reason.fmt(f),
            Self::Responded(status) => write!(f, "was answered with {status}"),
            Self::Told(first) => f.write_str(match first {
                FirstBytes::Nothing => "said nothing in time, and was told what this is",
                FirstBytes::Text => "was told what this is",
                FirstBytes::Tls => "was told by a fatal alert, handshake_failure, that there is no TLS here",
                FirstBytes::Http2 => "was told by GOAWAY that there is no HTTP/2 here, only HTTP/1.1",
                FirstBytes::Ssh => "was closed: there is no SSH here",
                FirstBytes::WebSocket | FirstBytes::Http | FirstBytes::Junk => {
                    "was closed: what came is nothing that is spoken here"
                }
            }),
            Self::PeerLeft => f.write_str("was ended by the peer before it made a request"),
            Self::Failed(kind) => write!(f, "failed before it made a request: {kind}"),
            Self::Dismissed => f.write_str("made no request in time, and was closed for others who waited"),
            Self::TurnedAway => f.write_str("was closed at once: there are too many"),
            Self::Shutdown => f.write_str("was closed because the server stops"),
        }
    }
}

impl fmt::Display for Record {
    /// One line; what the peer chose is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection from {} ({}", self.peer, self.first)?;
        if !self.shown.is_empty() {
            write!(f, " \"{}\"", self.shown)?;
        }
        let seconds = self.lasted.as_secs_f64();
        write!(f, ", {seconds:.3} s, {} bytes in, {} out) ", self.received, self.sent)?;
        match (&self.ending, self.first) {
            (Some(ending), _) => ending.fmt(f),
            (None, FirstBytes::WebSocket) => f.write_str("is open"),
            (None, FirstBytes::Http) => f.write_str("is asking"),
            (None, _) => f.write_str("has made no request yet"),
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The latest arrivals, the oldest first.
    recent: VecDeque<Record>,
    /// How many arrived.
    accepted: u64,
    /// How many began so and ended so.
    ended: BTreeMap<(FirstBytes, &'static str), u64>,
    /// Bytes that came from those who are gone.
    received: u64,
    /// Bytes that the system took for them.
    sent: u64,
}

impl Ledger {
    /// A connection was accepted.
    pub fn arrive(&mut self, connection: Option<ConnectionId>, peer: SocketAddr, now: Moment) {
        self.accepted += 1;
        if self.recent.len() == RECORDS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Record {
            connection,
            peer,
            arrived: now,
            lasted: Duration::ZERO,
            received: 0,
            sent: 0,
            first: FirstBytes::Nothing,
            shown: String::new(),
            ending: None,
        });
    }

    /// A connection has become a WebSocket by this head.
    pub fn open(&mut self, connection: ConnectionId, head: &[u8]) {
        if let Some(record) = self.find(connection) {
            record.first = FirstBytes::WebSocket;
            record.shown = first_bytes::shown(head);
        }
    }

    /// A connection is over: its line is written.
    pub fn close(&mut self, record: Record) {
        info!("{record}");
        self.received += record.received;
        self.sent += record.sent;
        let ending = record.ending.as_ref().map_or("unknown", Ending::as_str);
        *self.ended.entry((record.first, ending)).or_default() += 1;
        if let Some(kept) = record.connection.and_then(|connection| self.find(connection)) {
            let shown = if record.shown.is_empty() { std::mem::take(&mut kept.shown) } else { record.shown };
            *kept = Record { shown, arrived: kept.arrived, ..record };
        }
    }

    /// A connection was accepted, and closed in the same breath.
    pub fn turn_away(&mut self, peer: SocketAddr, ending: Ending, now: Moment) {
        self.arrive(None, peer, now);
        if let Some(last) = self.recent.back_mut() {
            last.ending = Some(ending);
            let record = last.clone();
            self.close(record);
        }
    }

    /// The latest arrivals, the oldest first, as they were noted.
    pub fn recent(&self) -> impl Iterator<Item = &Record> + '_ {
        self.recent.iter()
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// How many are over, by what they began with and how they ended.
    #[must_use]
    pub fn ended(&self) -> &BTreeMap<(FirstBytes, &'static str), u64> {
        &self.ended
    }

    /// Bytes that came from connections which are over, and that the system took for them.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        (self.received, self.sent)
    }

    fn find(&mut self, connection: ConnectionId) -> Option<&mut Record> {
        self.recent.iter_mut().rev().find(|record| record.connection == Some(connection))
    }
}

/// What a connection that is ending keeps for its line.
#[derive(Debug)]
pub(crate) struct End {
    /// How long the connection had been there.
    pub(crate) lasted: Duration,
    pub(crate) first: FirstBytes,
    pub(crate) shown: String,
    pub(crate) ending: Ending,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> ConnectionId {
        ConnectionId::new(number % 7, number)
    }

    fn record(first: FirstBytes, ending: Option<Ending>) -> Record {
        Record {
            connection: Some(id(1)),
            peer: "10.0.0.7:999".parse().unwrap(),
            arrived: Moment::default(),
            lasted: Duration::from_millis(1_234),
            received: 517,
            sent: 7,
            first,
            shown: String::new(),
            ending,
        }
    }

    #[test]
    fn a_line_says_who_what_how_long_how_much_and_how_it_ended() {
        let closed = Ending::Closed(CloseReason::PeerClosed(Some(1000)));
        assert_eq!(
            record(FirstBytes::WebSocket, Some(closed)).to_string(),
            "connection from 10.0.0.7:999 (WebSocket, 1.234 s, 517 bytes in, 7 out) was closed by the peer with 1000"
        );
        let tls = Record {
            shown: first_bytes::shown(b"\x16\x03\x01\n"),
            ..record(FirstBytes::Tls, Some(Ending::Told(FirstBytes::Tls)))
        };
        assert_eq!(
            tls.to_string(),
            "connection from 10.0.0.7:999 (TLS hello \"\\x16\\x03\\x01\\n\", 1.234 s, 517 bytes in, 7 out) \
             was told by a fatal alert, handshake_failure, that there is no TLS here"
        );
        for (first, words) in
            [(FirstBytes::WebSocket, ") is open"), (FirstBytes::Nothing, ") has made no request yet")]
        {
            assert!(record(first, None).to_string().ends_with(words), "{first}");
        }
    }

    #[test]
    fn the_latest_arrivals_are_kept_and_what_became_of_them() {
        let mut ledger = Ledger::default();
        let peer = "10.0.0.7:999".parse().unwrap();
        for number in 0..RECORDS_MAX as u32 + 5 {
            ledger.arrive(Some(id(number)), peer, Moment { unix_millis: 9, ..Moment::default() });
        }
        let last = id(RECORDS_MAX as u32 + 4);
        ledger.open(last, b"GET /chat HTTP/1.1\r\nHost: h\r\n\r\n");
        ledger.open(id(0), b"GET /gone HTTP/1.1\r\n\r\n");
        let closed = Ending::Closed(CloseReason::PeerVanished);
        ledger.close(Record { connection: Some(last), ..record(FirstBytes::WebSocket, Some(closed)) });
        ledger.close(Record {
            connection: Some(id(1)),
            ..record(FirstBytes::Http, Some(Ending::Responded(200)))
        });
        let kept: Vec<_> = ledger.recent().collect();
        assert_eq!((kept.len(), kept[0].connection), (RECORDS_MAX, Some(id(5))));
        let newest = kept[RECORDS_MAX - 1];
        assert_eq!((newest.received, newest.sent, newest.arrived.unix_millis), (517, 7, 9));
        assert_eq!(newest.shown, "GET /chat HTTP/1.1");
        assert!(kept.iter().rev().skip(1).all(|record| record.ending.is_none()));
        assert_eq!((ledger.accepted(), ledger.bytes()), (RECORDS_MAX as u64 + 5, (1_034, 14)));
        let ended: Vec<_> = ledger.ended().iter().collect();
        let expected =
            [(&(FirstBytes::WebSocket, "peer_vanished"), &1), (&(FirstBytes::Http, "http_response"), &1)];
        assert_eq!(ended, expected);
    }

    #[test]
    fn who_is_turned_away_has_a_record_too() {
        let mut ledger = Ledger::default();
        ledger.turn_away("10.0.0.7:999".parse().unwrap(), Ending::TurnedAway, Moment::default());
        assert_eq!(ledger.recent().next().unwrap().ending, Some(Ending::TurnedAway));
        assert_eq!(ledger.ended()[&(FirstBytes::Nothing, "turned_away")], 1);
        assert_eq!(ledger.accepted(), 1);
    }
}
