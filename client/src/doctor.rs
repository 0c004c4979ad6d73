//! Why there is no connection: an examination that says, step by step, how far it got, and the one next thing to do.
//!
//! A pure core (`facts` in, `verdict` out; `examination` says what is asked next) and one thin loop that does the
//! I/O (`examine`). A chat that cannot begin is judged by the same facts, which its transport noted; where the
//! examination can find out more than the chat did, it follows at once, so that both say the same.

use std::io::{self, Write};

pub mod examination;
pub mod examine;
pub mod facts;
pub mod hints;
pub mod report;
pub mod tls;
pub mod verdict;

use chat_protocol::UserName;

use crate::sanitize::sanitize_line;
use crate::transport::Target;
use examination::{Budget, TOTAL_TIME};
use examine::{Request, examine};
use facts::{Facts, Journey, Reply, Step};
use report::Style;
use verdict::{Finding, finding, judge};

/// Examines and reports on standard output; says the exit status.
///
/// # Errors
/// If the system denies what the examination needs.
pub fn run(request: Request, json: bool, style: Style) -> io::Result<u8> {
    let mut out = io::stdout();
    // Nobody is left to tell if standard output is closed.
    let mut say = |line: &str| drop(writeln!(out, "{line}").and_then(|()| out.flush()));
    if json {
        let facts = examine(request, Budget::default(), |_| {})?;
        say(&report::json(style.texts, &facts));
        return Ok(report::exit_status(&facts));
    }
    say(style.texts.examining(&sanitize_line(&request.target.to_string())).as_str());
    let mut shown: Vec<Step> = Vec::new();
    let facts = examine(request, Budget::default(), |facts| {
        for step in decided(facts) {
            if !shown.contains(&step) {
                shown.push(step);
                say(&style.step(step, facts));
            }
        }
    })?;
    for step in facts.steps().filter(|step| !shown.contains(step)) {
        say(&style.step(step, &facts));
    }
    for line in style.conclusion(&facts) {
        say(&line);
    }
    Ok(report::exit_status(&facts))
}

/// The steps of which something is known, up to the first that failed.
fn decided(facts: &Facts) -> impl Iterator<Item = Step> {
    let mut over = false;
    facts.steps().take_while(move |step| {
        let finding = finding(*step, facts);
        let goes_on = !over && finding != Finding::Unknown;
        over = matches!(finding, Finding::Failed(_));
        goes_on
    })
}

/// What to say of a chat that could not begin, if its journey tells why; `registration` is what the server answered
/// to that, if it answered. It may examine before, and says on standard error that it does.
#[must_use]
pub fn failure(
    target: Target,
    user: UserName,
    journey: Journey,
    registration: Option<Reply>,
    style: Style,
) -> Option<Vec<String>> {
    explained(seen(target, user, journey, registration), style, |request| {
        let mut is_told = false;
        let tell = |_: &Facts| {
            if !std::mem::replace(&mut is_told, true) {
                // Nobody is left to tell if standard error is closed.
                let _ = writeln!(io::stderr(), "chat-client: {}", style.texts.examining_failure(TOTAL_TIME));
            }
        };
        examine(request, Budget::default(), tell).ok()
    })
}

/// What the chat's own connection tells.
fn seen(target: Target, user: UserName, journey: Journey, registration: Option<Reply>) -> Facts {
    let mut facts = Facts::new(target, Some(user), None, false);
    facts.journey = journey;
    let is_silent = facts.journey.handshake == Some(Ok(())) && facts.journey.ending.is_none();
    facts.chat.registration = registration.or_else(|| is_silent.then_some(Reply::Nothing));
    facts
}

/// The examination's verdict, where it is needed and finds a fault; else what was seen before. That is no fault any
/// more if the chat answers by then, be it with a refusal: our own former connection may hold the name.
fn explained(
    facts: Facts,
    style: Style,
    examine: impl FnOnce(Request) -> Option<Facts>,
) -> Option<Vec<String>> {
    let code = judge(&facts)?;
    let examined = if is_settled(&facts) {
        None
    } else {
        examine(Request { target: facts.target.clone(), user: facts.user.clone(), idle: None })
    };
    let verdict = examined.as_ref().and_then(|examined| Some((judge(examined)?, examined)));
    match verdict {
        Some((code, examined)) if code.is_before_the_chat() => Some(style.failure(code, examined)),
        Some(_) => {
            let mut lines = style.failure(code, &facts);
            lines.push(style.texts.answers_by_now().to_string());
            Some(lines)
        }
        None => Some(style.failure(code, &facts)),
    }
}

/// Whether an examination, which connects with the same transport, could only see the same again. It knows more of
/// those who do not say a byte, whom it greets in TLS, and asks more on a WebSocket. Who refuses the user has spoken.
fn is_settled(facts: &Facts) -> bool {
    let failed = facts.steps().find(|step| finding(*step, facts) != Finding::Passed);
    match failed {
        Some(Step::FirstByte) => false,
        Some(Step::Registration) => matches!(facts.chat.registration, Some(Reply::Refused { .. })),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{ErrorCode, Lang};

    use super::*;
    use crate::doctor::facts::{Attempt, Ending, NoHandshake, Outcome};
    use crate::doctor::verdict::Code;
    use crate::sanitize::Visible;
    use crate::texts::Texts;

    /// A WebSocket is open.
    fn open() -> Journey {
        let address = ([10, 0, 0, 5], 80).into();
        let attempt = Attempt { address, own: Some(address.ip()), outcome: Some(Outcome::Connected) };
        Journey {
            addresses: Some(Ok(vec![address])),
            attempts: vec![attempt],
            first_bytes: b"HTTP/1.1 101 x".to_vec(),
            handshake: Some(Ok(())),
            ..Journey::default()
        }
    }

    fn target() -> Target {
        Target { host: "10.0.0.5".into(), port: 80 }
    }

    fn ana() -> UserName {
        UserName::parse("ana").unwrap()
    }

    const STYLE: Style = Style { texts: Texts(Lang::Spanish), unicode: true };

    #[test]
    fn a_chat_whose_registration_is_not_answered_is_silent_and_one_that_ended_is_closed() {
        let ended = Journey { ending: Some(Ending::Cut), ..open() };
        for (journey, code) in [(open(), "PROTOCOL-SILENT"), (ended, "PROTOCOL-CLOSED")] {
            // The user ended the examination.
            let lines =
                explained(seen(target(), ana(), journey, None), STYLE, |_| None).expect("it is judged");
            assert!(lines[0].starts_with(&format!("chat-client: {code}: ")), "{lines:?}");
            assert!(lines[1].ends_with("WebSocket; falló en registro"), "{lines:?}");
        }
    }

    #[test]
    fn a_user_whom_the_server_refuses_is_given_a_code_that_can_be_explained() {
        for (refusal, code, meaning) in [
            (Some(ErrorCode::NameTaken), "NAME-IN-USE", "el nombre ana ya está en uso"),
            (Some(ErrorCode::AddressTaken), "ADDRESS-IN-USE", "desde esta dirección IP ya hay"),
            (Some(ErrorCode::ServerFull), "SERVER-FULL", "el servidor está lleno"),
            (Some(ErrorCode::NameReserved), "REGISTER-REFUSED", "el servidor no admite a ana: «elija otro»"),
            (None, "REGISTER-REFUSED", "el servidor no admite a ana: «elija otro»"),
        ] {
            let reply = Reply::Refused { code: refusal, sentence: sanitize_line("elija otro") };
            let facts = seen(target(), ana(), open(), Some(reply));
            let lines = explained(facts, STYLE, |_| panic!("it spoke")).unwrap();
            assert!(lines[0].starts_with(&format!("chat-client: {code}: {meaning}")), "{lines:?}");
            assert!(lines.last().unwrap().ends_with(&format!("--explain {code}")), "{lines:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_journey_that_tells_nothing() {
        let facts = seen(target(), ana(), Journey::default(), None);
        assert_eq!(explained(facts, STYLE, |_| panic!("there is no reason to")), None);
    }

    #[test]
    fn whoever_said_no_byte_is_examined_and_that_verdict_is_told() {
        let wordless =
            Journey { first_bytes: Vec::new(), handshake: Some(Err(NoHandshake::Closed)), ..open() };
        let before = || seen(target(), ana(), wordless.clone(), None);
        let lines = explained(before(), STYLE, |request| {
            assert_eq!(request, Request { target: target(), user: Some(ana()), idle: None });
            let mut facts = Facts::new(target(), Some(ana()), None, true);
            facts.journey = wordless.clone();
            facts.speaks_tls = Some(true);
            Some(facts)
        });
        assert!(lines.unwrap()[0].starts_with("chat-client: TLS-EXPECTED: "));

        // It answers by now: the failure before is told, and that trying again is worth it.
        for (reply, code) in [
            (Reply::Granted, Code::Ok),
            (
                Reply::Refused { code: Some(ErrorCode::NameTaken), sentence: Visible::default() },
                Code::NameInUse,
            ),
        ] {
            let lines = explained(before(), STYLE, |_| {
                let mut facts = Facts::new(target(), Some(ana()), None, true);
                facts.journey = open();
                facts.chat.list = Some(Reply::Granted);
                facts.chat.registration = Some(reply);
                assert_eq!(judge(&facts), Some(code));
                Some(facts)
            })
            .unwrap();
            assert!(lines[0].starts_with("chat-client: NET-CLOSED: "), "{lines:?}");
            assert!(lines.last().unwrap().ends_with("intente de nuevo"), "{lines:?}");
        }
    }
}
