//! Why there is no connection: an examination that says, step by step, how far it got, and the one next thing to do.
//!
//! A pure core (`facts` in, `verdict` out; `examination` says what is asked next) and one thin loop that does the
//! I/O (`examine`). A chat that cannot begin is judged by the same facts, which its transport noted: nothing is
//! tried a second time, so that no second finding contradicts the first.

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
use examination::Budget;
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
/// to that, if it answered.
#[must_use]
pub fn failure(
    target: Target,
    user: UserName,
    journey: Journey,
    registration: Option<Reply>,
    style: Style,
) -> Option<Vec<String>> {
    let mut facts = Facts::new(target, Some(user), None, false);
    facts.journey = journey;
    let is_silent = facts.journey.handshake == Some(Ok(())) && facts.journey.ending.is_none();
    facts.chat.registration = registration.or_else(|| is_silent.then_some(Reply::Nothing));
    judge(&facts).map(|code| style.failure(code, &facts))
}

#[cfg(test)]
mod tests {
    use chat_protocol::{ErrorCode, Lang};

    use super::*;
    use crate::doctor::facts::{Attempt, Ending, Outcome};
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

    #[test]
    fn a_chat_whose_registration_is_not_answered_is_silent_and_one_that_ended_is_closed() {
        let ended = Journey { ending: Some(Ending::Cut), ..open() };
        for (journey, code) in [(open(), "PROTOCOL-SILENT"), (ended, "PROTOCOL-CLOSED")] {
            let target = Target { host: "10.0.0.5".into(), port: 80 };
            let style = Style { texts: Texts(Lang::Spanish), unicode: true };
            let lines =
                failure(target, UserName::parse("ana").unwrap(), journey, None, style).expect("it is judged");
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
            let target = Target { host: "10.0.0.5".into(), port: 80 };
            let style = Style { texts: Texts(Lang::Spanish), unicode: true };
            let lines = failure(target, UserName::parse("ana").unwrap(), open(), Some(reply), style).unwrap();
            assert!(lines[0].starts_with(&format!("chat-client: {code}: {meaning}")), "{lines:?}");
            assert!(lines.last().unwrap().ends_with(&format!("--explain {code}")), "{lines:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_journey_that_tells_nothing() {
        let target = Target { host: "10.0.0.5".into(), port: 80 };
        let style = Style { texts: Texts(Lang::Spanish), unicode: true };
        assert_eq!(failure(target, UserName::parse("ana").unwrap(), Journey::default(), None, style), None);
    }
}
