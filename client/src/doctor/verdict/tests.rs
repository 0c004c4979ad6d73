//! The table of verdicts: each is the consequence of facts, and of nothing else.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use chat_protocol::UserName;

use super::*;
use crate::doctor::facts::Attempt;
use crate::sanitize::{Visible, sanitize_line};
use crate::transport::Target;

const UPGRADE: &str = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

/// Somebody who asks for everything, and of whom nothing is known yet.
fn facts() -> Facts {
    let target = Target { host: "chat.example".into(), port: 8080 };
    Facts::new(target, UserName::parse("ana").ok(), Some(Duration::from_secs(60)), true)
}

fn resolved(count: u8) -> Facts {
    let mut facts = facts();
    facts.journey.addresses = Some(Ok((1..=count).map(address).collect()));
    facts
}

fn address(last: u8) -> SocketAddr {
    ([10, 0, 0, last], 8080).into()
}

/// Each address was tried with this outcome; nothing left the machine where that says so.
fn tried(outcomes: &[Option<Outcome>]) -> Facts {
    let mut facts = resolved(u8::try_from(outcomes.len()).unwrap());
    let own = |outcome: &Option<Outcome>| match outcome {
        Some(Outcome::NoRoute | Outcome::Forbidden(_)) => None,
        _ => Some([10, 0, 0, 99].into()),
    };
    facts.journey.attempts = (1..)
        .zip(outcomes)
        .map(|(last, outcome)| Attempt {
            address: address(last),
            own: own(outcome),
            outcome: outcome.clone(),
        })
        .collect();
    facts
}

fn answered(bytes: &[u8], why: NoHandshake) -> Facts {
    let mut facts = tried(&[Some(Outcome::Connected)]);
    facts.journey.first_bytes = bytes.to_vec();
    facts.journey.handshake = Some(Err(why));
    facts
}

fn open() -> Facts {
    let mut facts = answered(UPGRADE.as_bytes(), NoHandshake::Answered);
    facts.journey.handshake = Some(Ok(()));
    facts
}

fn listed(list: Option<Reply>, ending: Option<Ending>) -> Facts {
    let mut facts = open();
    facts.chat.list = list;
    facts.journey.ending = ending;
    facts
}

fn registered(registration: Option<Reply>, ending: Option<Ending>) -> Facts {
    let mut facts = listed(Some(refused(Some(ErrorCode::NotRegistered))), ending);
    facts.chat.registration = registration;
    facts
}

fn idled(survival: Survival, ending: Option<Ending>) -> Facts {
    let mut facts = registered(Some(Reply::Granted), ending);
    facts.chat.idle = Some((Duration::from_secs(31), survival));
    facts
}

fn refused(code: Option<ErrorCode>) -> Reply {
    Reply::Refused { code, sentence: sanitize_line("no") }
}

fn closed() -> Option<Ending> {
    Some(Ending::Closed { code: Some(1001), reason: Visible::default() })
}

fn tls_only(why: NoHandshake) -> Facts {
    Facts { speaks_tls: Some(true), ..answered(b"", why) }
}

fn too_slow(facts: Facts) -> Facts {
    Facts { out_of_time: true, ..facts }
}

/// Facts, and the verdict that they lead to.
fn table() -> Vec<(Facts, Code)> {
    use NoHandshake as Why;
    let http = |status: u16| answered(format!("HTTP/1.1 {status} x\r\n\r\n").as_bytes(), Why::Answered);
    let named = |name| {
        let mut facts = facts();
        facts.journey.addresses = Some(Err(name));
        facts
    };
    let forbidden = || Some(Outcome::Forbidden(sanitize_line("no")));
    let no_route = || Some(Outcome::NoRoute);
    let timed_out = || Some(Outcome::TimedOut);
    vec![
        (named(NoName::NotFound), Code::DnsNotFound),
        (named(NoName::NoAnswer), Code::DnsNoAnswer),
        (tried(&[no_route()]), Code::NetNoRoute),
        (tried(&[forbidden()]), Code::NetForbidden),
        (tried(&[no_route(), forbidden()]), Code::NetForbidden),
        (tried(&[timed_out()]), Code::NetTimeout),
        (tried(&[Some(Outcome::Unreachable)]), Code::NetUnreachable),
        (tried(&[Some(Outcome::Refused)]), Code::NetRefused),
        // Of several addresses the answer from farthest away decides.
        (tried(&[no_route(), timed_out()]), Code::NetTimeout),
        (tried(&[timed_out(), Some(Outcome::Refused)]), Code::NetRefused),
        (tried(&[Some(Outcome::Unreachable), timed_out()]), Code::NetTimeout),
        (answered(b"", Why::Reset), Code::NetReset),
        (answered(b"", Why::Closed), Code::NetClosed),
        (answered(b"", Why::TimedOut), Code::Silent),
        (tls_only(Why::Reset), Code::TlsExpected),
        (tls_only(Why::TimedOut), Code::TlsExpected),
        (answered(b"HTT", Why::Closed), Code::NetClosed),
        (answered(b"HTT", Why::Reset), Code::NetReset),
        (answered(b"HTTP/1.1 ", Why::TimedOut), Code::Silent),
        (answered(b"SSH-2.0-OpenSSH\r\n", Why::Answered), Code::WrongService),
        (answered(b"220 ready\r\n", Why::Reset), Code::WrongService),
        (answered(b"\x15\x03\x01\x00\x02\x02\x46", Why::Answered), Code::TlsExpected),
        (answered(b"\x15\x03\x01", Why::Closed), Code::TlsExpected),
        (answered(b"HTTP/banana", Why::Answered), Code::HttpNotChat),
        (http(200), Code::HttpNotChat),
        (http(404), Code::HttpNotChat),
        (answered(b"HTTP/1.0 404 x\r\n", Why::TimedOut), Code::HttpNotChat),
        (http(401), Code::WsRefused),
        (http(403), Code::WsRefused),
        (http(429), Code::WsRefused),
        (http(500), Code::WsRefused),
        (http(503), Code::WsRefused),
        (http(502), Code::ProxyNoChat),
        (http(504), Code::ProxyNoChat),
        (http(101), Code::ProtocolHandshake),
        (listed(Some(Reply::Nothing), None), Code::ProtocolSilent),
        (listed(Some(Reply::Strange(Visible::default())), None), Code::ProtocolOther),
        (listed(None, Some(Ending::Violation)), Code::ProtocolOther),
        (listed(None, closed()), Code::ProtocolClosed),
        (listed(None, Some(Ending::Cut)), Code::ProtocolClosed),
        (registered(Some(refused(Some(ErrorCode::NameTaken))), None), Code::NameInUse),
        (registered(Some(refused(Some(ErrorCode::AddressTaken))), None), Code::AddressInUse),
        (registered(Some(refused(Some(ErrorCode::ServerFull))), None), Code::ServerFull),
        (registered(Some(refused(Some(ErrorCode::NameInvalid))), None), Code::RegisterRefused),
        (registered(Some(refused(None)), closed()), Code::RegisterRefused),
        (registered(Some(Reply::Nothing), None), Code::ProtocolSilent),
        (registered(None, Some(Ending::Cut)), Code::ProtocolClosed),
        (idled(Survival::Alive, None), Code::Ok),
        (idled(Survival::Deaf, None), Code::IdleCut),
        (idled(Survival::Ended, Some(Ending::Cut)), Code::IdleCut),
        (idled(Survival::Ended, closed()), Code::ProtocolClosed),
        (too_slow(tried(&[None])), Code::TooSlow),
        (too_slow(open()), Code::TooSlow),
    ]
}

#[test]
fn facts_lead_to_their_verdict_and_every_verdict_has_its_facts() {
    let table = table();
    for (facts, code) in &table {
        assert_eq!(judge(facts), Some(*code), "{facts:#?}");
    }
    let reached: HashSet<_> = table.iter().map(|(_, code)| code.as_str()).collect();
    for code in Code::ALL {
        assert!(reached.contains(code.as_str()), "{code:?} follows from nothing");
    }
}

#[test]
fn what_is_under_way_is_unknown_and_fails_nobody() {
    let mut second_under_way = tried(&[Some(Outcome::Refused), None]);
    for facts in [
        facts(),
        resolved(2),
        tried(&[None]),
        second_under_way.clone(),
        tried(&[Some(Outcome::Connected)]),
        open(),
        registered(None, None),
        registered(Some(Reply::Granted), None),
    ] {
        assert_eq!(judge(&facts), None, "{facts:#?}");
    }
    second_under_way.journey.attempts.pop();
    assert_eq!(judge(&second_under_way), None, "the second address was not tried yet");
}

#[test]
fn the_first_step_that_fails_decides_and_those_after_it_are_unknown() {
    for (facts, _) in table() {
        let findings: Vec<_> = facts.steps().map(|step| finding(step, &facts)).collect();
        let failed = findings.iter().position(|it| matches!(it, Finding::Failed(_)));
        let passed = findings.iter().take_while(|it| **it == Finding::Passed).count();
        assert!(failed.is_none_or(|at| at == passed), "{findings:?}");
        assert!(
            findings[passed..].iter().skip(1).all(|it| *it == Finding::Unknown),
            "{findings:?}\n{facts:#?}"
        );
    }
}

#[test]
fn a_server_that_asks_for_tls_in_http_is_told_from_one_that_moved() {
    for (answer, code) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port", Code::TlsExpected),
        (
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
            Code::TlsExpected,
        ),
        ("HTTP/1.1 400 x\r\n\r\nspeaking plain HTTP to an SSL-enabled server port.", Code::TlsExpected),
        ("HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\r\n", Code::TlsExpected),
        ("HTTP/1.1 308 x\r\nLocation: https://chat.example/chat\r\n\r\n", Code::TlsExpected),
        ("HTTP/1.1 308 x\r\nLocation: http://chat.example/https:\r\n\r\n", Code::HttpNotChat),
        ("HTTP/1.1 400 Bad Request\r\n\r\nhttps is nice", Code::HttpNotChat),
        ("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\n", Code::HttpNotChat),
    ] {
        assert_eq!(judge(&answered(answer.as_bytes(), NoHandshake::Answered)), Some(code), "{answer}");
    }
}

#[test]
fn codes_are_words_of_their_own_and_have_the_exit_status_of_their_kind() {
    let words: HashSet<_> = Code::ALL.map(Code::as_str).into_iter().collect();
    assert_eq!(words.len(), Code::ALL.len());
    for code in Code::ALL {
        assert_eq!(code.as_str().to_lowercase().parse(), Ok(code));
        assert!(matches!(code.exit_status(), 0 | 3 | 4), "{code:?}");
    }
    assert_eq!("OK?".parse::<Code>(), Err(UnknownCode));
}

#[test]
fn every_verdict_has_a_meaning_and_an_action_in_both_languages_without_holes() {
    use crate::texts::Texts;
    use chat_protocol::Lang;
    for (facts, code) in table() {
        let said = |lang| {
            let texts = Texts(lang);
            let found: Vec<_> = facts.steps().map(|step| texts.found(step, &facts).to_string()).collect();
            [texts.meaning(code, &facts), texts.next_action(code, &facts)].map(|it| it.to_string()).join("|")
                + &found.join("|")
        };
        let (spanish, english) = (said(Lang::Spanish), said(Lang::English));
        assert_ne!(spanish, english);
        for text in [spanish, english] {
            assert!(!text.contains("||") && !text.starts_with('|') && !text.contains('{'), "{text}");
            assert!(!text.contains(" 0)") && !text.contains("HTTP 0"), "{text}");
        }
    }
}
