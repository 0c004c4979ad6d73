//! What those read who watch the server: `/healthz`, `/metrics`, `/debug/connections`. Figures and addresses, never
//! the names of users; and the last two for those only who may.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chat_protocol::{Lang, Timestamp};
use serde_json::json;

use crate::exposition::{self, Exposition, Kind};
use crate::prefix::Prefix;
use crate::reactor::{Overview, Request, Response};
use crate::web_origin;

/// A page for those who watch the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Whether it is well.
    Health,
    /// What is counted, for Prometheus.
    Metrics,
    /// The latest arrivals.
    Connections,
}

/// What the program on the reactor counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Users, now.
    pub users: usize,
    /// Messages that were handed to somebody's connection, each once for each of them.
    pub deliveries: u64,
    /// Those that were let go instead, since the connection was closed or could not be told anything more.
    pub discarded: u64,
    /// HTTP responses, by their status.
    pub responses: BTreeMap<u16, u64>,
    /// What was refused, by the reason: connections, requests, messages.
    pub refused: BTreeMap<&'static str, u64>,
}

impl Page {
    /// The page at a path.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/healthz" => Some(Self::Health),
            "/metrics" => Some(Self::Metrics),
            "/debug/connections" => Some(Self::Connections),
            _ => None,
        }
    }

    /// Whether somebody may read it: whoever is on this machine, and the metrics whoever is in these ranges.
    #[must_use]
    pub fn is_for(self, request: &Request<'_>, metrics_for: &[Prefix]) -> bool {
        let address = request.endpoints.peer.ip().to_canonical();
        match self {
            Self::Health => true,
            Self::Metrics if metrics_for.iter().any(|prefix| prefix.contains(address)) => true,
            Self::Metrics | Self::Connections => is_here(address, request),
        }
    }

    /// The page.
    #[must_use]
    pub fn response(self, request: &Request<'_>, overview: &Overview, counts: &Counts) -> Response {
        let (headers, body): (&[_], _) = match self {
            Self::Health => (&["Content-Type: application/json"], health(overview, counts)),
            Self::Metrics => (&[exposition::CONTENT_TYPE], metrics(overview, counts)),
            Self::Connections => (&[], connections(overview)),
        };
        Response { status: 200, headers, body, head_only: request.method == "HEAD" }
    }
}

/// Whether JSON is asked for: then `/healthz` says more than `ok`.
#[must_use]
pub fn wants_json(request: &Request<'_>) -> bool {
    request.accept.is_some_and(|accept| accept.contains("application/json"))
}

/// What is told to one who may not.
#[must_use]
pub fn forbidden(lang: Lang) -> String {
    lang.pick(
        "Esto se muestra solo en la propia máquina del servidor (http://127.0.0.1); /metrics, también a las\n\
         direcciones que se den al arrancarlo con --metrics.\n",
        "This is shown only on the server's own machine (http://127.0.0.1); /metrics also to the addresses that\n\
         it is given when it is started, by --metrics.\n",
    )
    .to_owned()
}

/// Whether somebody asks from this machine and for itself: a proxy in front of the server is here too, but those it
/// speaks for are not; and a browser that is here may show a page of a name that its owner made point here.
fn is_here(address: IpAddr, request: &Request<'_>) -> bool {
    address.is_loopback() && !request.is_forwarded && !web_origin::is_under_a_foreign_name(request)
}

fn health(overview: &Overview, counts: &Counts) -> String {
    let health = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "users": counts.users,
        "uptime_seconds": overview.uptime.as_secs(),
    });
    format!("{health}\n")
}

/// The latest arrivals, the newest first.
fn connections(overview: &Overview) -> String {
    let line = |record: &crate::reactor::ledger::Record| {
        format!("{} {record}\n", Timestamp::from_unix_millis(record.arrived.unix_millis))
    };
    overview.records.iter().rev().map(line).collect()
}

fn metrics(overview: &Overview, counts: &Counts) -> String {
    use Kind::{Counter, Gauge};
    let mut text = Exposition::default();
    text.family("chat_build_info", Gauge, "The server's version.");
    text.sample("chat_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let uptime = overview.uptime.as_secs_f64();
    text.single("chat_uptime_seconds", Gauge, "Time since the server began to listen.", uptime);
    text.single("chat_users", Gauge, "Registered users.", counts.users);
    text.family("chat_connections", Gauge, "TCP connections, by what they are.");
    for (state, count) in
        [("handshaking", overview.handshaking), ("open", overview.open), ("closing", overview.closing)]
    {
        text.sample("chat_connections", &[("state", state)], count);
    }
    text.single("chat_connections_accepted_total", Counter, "TCP connections accepted.", overview.accepted);
    let help = "TCP connections that are over, by their first bytes and how they ended.";
    text.family("chat_connections_ended_total", Counter, help);
    for ((first, ending), count) in &overview.ended {
        let labels = [("first", first.as_str()), ("ending", ending)];
        text.sample("chat_connections_ended_total", &labels, count);
    }
    let help =
        "Messages handed to connections, once for each: what its socket does not take at once waits for it.";
    text.single("chat_deliveries_total", Counter, help, counts.deliveries);
    let help = "Messages never handed to a connection they were for, since it was closed, once for each.";
    text.single("chat_discarded_total", Counter, help, counts.discarded);
    text.single("chat_received_bytes_total", Counter, "Bytes read from connections.", overview.received);
    text.single("chat_sent_bytes_total", Counter, "Bytes written to connections.", overview.sent);
    text.family("chat_http_responses_total", Counter, "HTTP responses given, other than 101, by status.");
    for (status, count) in &counts.responses {
        text.sample("chat_http_responses_total", &[("status", &status.to_string())], count);
    }
    let help = "Connections, requests and messages refused, by reason, those also that were not told.";
    text.family("chat_refused_total", Counter, help);
    for (reason, count) in &counts.refused {
        text.sample("chat_refused_total", &[("reason", reason)], count);
    }
    text.single("chat_timers", Gauge, "Deadlines that are armed.", overview.timers);
    let turns = &overview.turns;
    let buckets = turns.cumulative().map(|(bound, count)| (bound.as_secs_f64(), count));
    let help = "How long the turns of the event loop took, without their sleep.";
    text.histogram("chat_turn_seconds", help, buckets, turns.count(), turns.sum().as_secs_f64());
    text.into_text()
}
