//! Facts in, verdict out. Each [`Code`] is stable: scripts and people rely on it. The first step that fails
//! decides; a step of which nothing is known fails nobody.

use std::str::FromStr;

use chat_protocol::ErrorCode;

use super::facts::{Chat, Ending, Facts, Journey, NoHandshake, NoName, Outcome, Reply, Step, Survival};
use super::tls::is_tls;

/// What is the matter, as a word that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "what each means is said to people, in texts/doctor.rs")]
pub enum Code {
    Ok,
    DnsNotFound,
    DnsNoAnswer,
    NetNoRoute,
    NetForbidden,
    NetTimeout,
    NetRefused,
    NetUnreachable,
    NetReset,
    NetClosed,
    Silent,
    WrongService,
    TlsExpected,
    HttpNotChat,
    WsRefused,
    ProxyNoChat,
    ProtocolHandshake,
    ProtocolOther,
    ProtocolSilent,
    ProtocolClosed,
    TooSlow,
    NameInUse,
    AddressInUse,
    ServerFull,
    RegisterRefused,
    IdleCut,
}

impl Code {
    /// All of them, in the order of the steps.
    pub const ALL: [Self; 26] = [
        Self::Ok,
        Self::DnsNotFound,
        Self::DnsNoAnswer,
        Self::NetNoRoute,
        Self::NetForbidden,
        Self::NetTimeout,
        Self::NetRefused,
        Self::NetUnreachable,
        Self::NetReset,
        Self::NetClosed,
        Self::Silent,
        Self::WrongService,
        Self::TlsExpected,
        Self::HttpNotChat,
        Self::WsRefused,
        Self::ProxyNoChat,
        Self::ProtocolHandshake,
        Self::ProtocolOther,
        Self::ProtocolSilent,
        Self::ProtocolClosed,
        Self::TooSlow,
        Self::NameInUse,
        Self::AddressInUse,
        Self::ServerFull,
        Self::RegisterRefused,
        Self::IdleCut,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::DnsNotFound => "DNS-NOT-FOUND",
            Self::DnsNoAnswer => "DNS-NO-ANSWER",
            Self::NetNoRoute => "NET-NO-ROUTE",
            Self::NetForbidden => "NET-FORBIDDEN",
            Self::NetTimeout => "NET-TIMEOUT",
            Self::NetRefused => "NET-REFUSED",
            Self::NetUnreachable => "NET-UNREACHABLE",
            Self::NetReset => "NET-RESET",
            Self::NetClosed => "NET-CLOSED",
            Self::Silent => "SILENT",
            Self::WrongService => "WRONG-SERVICE",
            Self::TlsExpected => "TLS-EXPECTED",
            Self::HttpNotChat => "HTTP-NOT-CHAT",
            Self::WsRefused => "WS-REFUSED",
            Self::ProxyNoChat => "PROXY-NO-CHAT",
            Self::ProtocolHandshake => "PROTOCOL-HANDSHAKE",
            Self::ProtocolOther => "PROTOCOL-OTHER",
            Self::ProtocolSilent => "PROTOCOL-SILENT",
            Self::ProtocolClosed => "PROTOCOL-CLOSED",
            Self::TooSlow => "TOO-SLOW",
            Self::NameInUse => "NAME-IN-USE",
            Self::AddressInUse => "ADDRESS-IN-USE",
            Self::ServerFull => "SERVER-FULL",
            Self::RegisterRefused => "REGISTER-REFUSED",
            Self::IdleCut => "IDLE-CUT",
        }
    }

    /// Whether the chat was not reached, or is none: who refuses a user is one.
    #[must_use]
    pub const fn is_before_the_chat(self) -> bool {
        self.exit_status() == 3
    }

    /// The examination's exit status: all well, nothing before the chat, or refused by the chat.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::NameInUse | Self::AddressInUse | Self::ServerFull | Self::RegisterRefused => 4,
            _ => 3,
        }
    }
}

/// No code is called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(raw: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|code| code.as_str().eq_ignore_ascii_case(raw)).ok_or(UnknownCode)
    }
}

/// What is known of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing: it was not reached, or is under way.
    Unknown,
    /// It went well.
    Passed,
    /// It did not.
    Failed(Code),
}

/// The verdict, once a step has failed or all have passed.
#[must_use]
pub fn judge(facts: &Facts) -> Option<Code> {
    match facts.steps().map(|step| finding(step, facts)).find(|finding| *finding != Finding::Passed) {
        None => Some(Code::Ok),
        Some(Finding::Failed(code)) => Some(code),
        Some(_) if facts.out_of_time => Some(Code::TooSlow),
        Some(_) => None,
    }
}

/// What is known of a step.
#[must_use]
pub fn finding(step: Step, facts: &Facts) -> Finding {
    let journey = &facts.journey;
    match step {
        Step::Name => name(journey),
        Step::Route => route(journey),
        Step::Tcp => tcp(journey),
        Step::FirstByte => first_byte(journey, facts.speaks_tls),
        Step::Http => http(journey),
        Step::WebSocket => websocket(journey),
        Step::Protocol => reply(facts.chat.list.as_ref(), journey, |_| Finding::Passed),
        // A connection that ended before the question says nothing about the answer.
        Step::Registration if facts.asks_first && finding(Step::Protocol, facts) != Finding::Passed => {
            Finding::Unknown
        }
        Step::Registration => reply(facts.chat.registration.as_ref(), journey, |code| {
            Finding::Failed(match code {
                Some(ErrorCode::NameTaken) => Code::NameInUse,
                Some(ErrorCode::AddressTaken) => Code::AddressInUse,
                Some(ErrorCode::ServerFull) => Code::ServerFull,
                _ => Code::RegisterRefused,
            })
        }),
        Step::Idle => idle(&facts.chat, journey),
    }
}

fn name(journey: &Journey) -> Finding {
    match &journey.addresses {
        None => Finding::Unknown,
        Some(Ok(_)) => Finding::Passed,
        Some(Err(NoName::NotFound)) => Finding::Failed(Code::DnsNotFound),
        Some(Err(NoName::NoAnswer)) => Finding::Failed(Code::DnsNoAnswer),
    }
}

fn route(journey: &Journey) -> Finding {
    if journey.has_left() {
        return Finding::Passed;
    }
    let Some(Ok(addresses)) = &journey.addresses else { return Finding::Unknown };
    if journey.attempts.len() < addresses.len() {
        return Finding::Unknown;
    }
    let is_forbidden = |it: &Outcome| matches!(it, Outcome::Forbidden(_));
    if journey.attempts.iter().filter_map(|it| it.outcome.as_ref()).any(is_forbidden) {
        Finding::Failed(Code::NetForbidden)
    } else {
        Finding::Failed(Code::NetNoRoute)
    }
}

/// With several addresses the one whose answer came from farthest decides.
fn tcp(journey: &Journey) -> Finding {
    if journey.connected().is_some() {
        return Finding::Passed;
    }
    let Some(Ok(addresses)) = &journey.addresses else { return Finding::Unknown };
    let outcomes: Option<Vec<_>> = journey.attempts.iter().map(|it| it.outcome.as_ref()).collect();
    let Some(outcomes) = outcomes else { return Finding::Unknown };
    if outcomes.len() < addresses.len() || !journey.has_left() {
        return Finding::Unknown;
    }
    let has = |outcome: &Outcome| outcomes.contains(&outcome);
    Finding::Failed(if has(&Outcome::Refused) {
        Code::NetRefused
    } else if has(&Outcome::TimedOut) {
        Code::NetTimeout
    } else {
        Code::NetUnreachable
    })
}

fn first_byte(journey: &Journey, speaks_tls: Option<bool>) -> Finding {
    if !journey.first_bytes.is_empty() {
        return Finding::Passed;
    }
    match journey.handshake {
        Some(Err(_)) if speaks_tls == Some(true) => Finding::Failed(Code::TlsExpected),
        None | Some(Ok(()) | Err(NoHandshake::Answered)) => Finding::Unknown,
        Some(Err(NoHandshake::Closed)) => Finding::Failed(Code::NetClosed),
        Some(Err(NoHandshake::Reset)) => Finding::Failed(Code::NetReset),
        Some(Err(NoHandshake::TimedOut)) => Finding::Failed(Code::Silent),
    }
}

/// A status line is HTTP's even if the rest never came; without one the way it ended decides.
fn http(journey: &Journey) -> Finding {
    let bytes = &journey.first_bytes;
    match journey.handshake {
        None => Finding::Unknown,
        Some(Ok(())) => Finding::Passed,
        Some(Err(_)) if bytes.is_empty() => Finding::Unknown,
        Some(Err(_)) if is_tls(bytes) => Finding::Failed(Code::TlsExpected),
        Some(Err(_)) if journey.status().is_some() => Finding::Passed,
        Some(Err(NoHandshake::Answered)) if bytes.starts_with(b"HTTP/") => Finding::Failed(Code::HttpNotChat),
        Some(Err(_)) if !b"HTTP/".starts_with(&bytes[..bytes.len().min(5)]) => {
            Finding::Failed(Code::WrongService)
        }
        Some(Err(NoHandshake::Answered)) => Finding::Failed(Code::WrongService),
        Some(Err(NoHandshake::Closed)) => Finding::Failed(Code::NetClosed),
        Some(Err(NoHandshake::Reset)) => Finding::Failed(Code::NetReset),
        Some(Err(NoHandshake::TimedOut)) => Finding::Failed(Code::Silent),
    }
}

fn websocket(journey: &Journey) -> Finding {
    match (journey.handshake, journey.status()) {
        (Some(Ok(())), _) => Finding::Passed,
        (None, _) | (Some(Err(_)), None) => Finding::Unknown,
        (Some(Err(_)), Some(_)) if wants_tls(journey) => Finding::Failed(Code::TlsExpected),
        (Some(Err(_)), Some(status)) => Finding::Failed(match status {
            101 => Code::ProtocolHandshake,
            502 | 504 => Code::ProxyNoChat,
            401 | 403 | 407 | 408 | 429 | 500..600 => Code::WsRefused,
            _ => Code::HttpNotChat,
        }),
    }
}

fn reply(
    reply: Option<&Reply>,
    journey: &Journey,
    refused: impl Fn(Option<ErrorCode>) -> Finding,
) -> Finding {
    match (reply, &journey.ending) {
        (Some(Reply::Granted), _) => Finding::Passed,
        (Some(Reply::Refused { code, .. }), _) => refused(*code),
        (Some(Reply::Strange(_)), _) | (_, Some(Ending::Violation)) => Finding::Failed(Code::ProtocolOther),
        (_, Some(Ending::Closed { .. } | Ending::Cut)) => Finding::Failed(Code::ProtocolClosed),
        (Some(Reply::Nothing), None) => Finding::Failed(Code::ProtocolSilent),
        (None, None) => Finding::Unknown,
    }
}

fn idle(chat: &Chat, journey: &Journey) -> Finding {
    match (chat.idle, &journey.ending) {
        (None, _) => Finding::Unknown,
        (Some((_, Survival::Alive)), _) => Finding::Passed,
        // Whoever says that he closes is the server, and means it.
        (Some(_), Some(Ending::Closed { .. })) => Finding::Failed(Code::ProtocolClosed),
        (Some(_), Some(Ending::Violation)) => Finding::Failed(Code::ProtocolOther),
        (Some(_), Some(Ending::Cut) | None) => Finding::Failed(Code::IdleCut),
    }
}

/// Whether an HTTP answer says that TLS is wanted: as nginx, Apache and Go say it to those who come without, or by
/// sending the browser to an https address.
fn wants_tls(journey: &Journey) -> bool {
    let text = String::from_utf8_lossy(&journey.first_bytes).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match journey.status() {
        Some(400) => says(&["to https port", "to an https server", "ssl-enabled server port"]),
        Some(426) => says(&["upgrade: tls/"]),
        Some(301 | 302 | 307 | 308) => text
            .lines()
            .filter_map(|line| line.strip_prefix("location:"))
            .any(|place| place.trim().starts_with("https:") || place.trim().starts_with("wss:")),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
