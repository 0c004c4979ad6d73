//! What is known, for people and for programs: lines of text, or one JSON object.
//!
//! The keys and codes of the JSON are stable; its sentences are in the reader's language. What was not found out
//! is `null`, or a step that is `unknown`.

use serde::Serialize;

use super::facts::{Ending, Facts, Step};
use super::hints::hints;
use super::verdict::{Code, Finding, finding, judge};
use crate::sanitize::{Visible, sanitize_line};
use crate::texts::Texts;

/// The exit status of an examination that the user ended.
pub const EXIT_INTERRUPTED: u8 = 130;

/// Columns of the steps' names.
const NAME_COLUMNS: usize = 13;

/// Version of the JSON's shape.
const FORMAT: u8 = 1;

/// How the report is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The language.
    pub texts: Texts,
    /// Whether marks may be other than ASCII.
    pub unicode: bool,
}

impl Style {
    /// One step's line.
    #[must_use]
    pub fn step(self, step: Step, facts: &Facts) -> String {
        let mark = match (finding(step, facts), self.unicode) {
            (Finding::Passed, true) => "✓",
            (Finding::Passed, false) => "+",
            (Finding::Failed(_), true) => "✗",
            (Finding::Failed(_), false) => "x",
            (Finding::Unknown, _) => "?",
        };
        let name = self.texts.step(step);
        let found = self.texts.found(step, facts);
        let time = facts.took(step).map(|took| format!("  ({})", self.texts.took(took))).unwrap_or_default();
        format!("  {mark} {name:NAME_COLUMNS$}{found}{time}")
    }

    /// The verdict, its meaning and what to do; or that there is none.
    #[must_use]
    pub fn conclusion(self, facts: &Facts) -> Vec<String> {
        let Some(code) = judge(facts) else {
            return vec![String::new(), self.texts.interrupted().to_string()];
        };
        let meaning = self.texts.meaning(code, facts);
        let mut lines = vec![String::new(), format!("{}: {meaning}", code.as_str())];
        lines.extend(self.advice(code, facts));
        lines
    }

    /// The same for a chat that could not begin, after the name of the program.
    #[must_use]
    pub fn failure(self, code: Code, facts: &Facts) -> Vec<String> {
        let names = |wanted: fn(Finding) -> bool| {
            let steps = facts.steps().filter(move |step| wanted(finding(*step, facts)));
            steps.map(|step| self.texts.step(step)).collect::<Vec<_>>()
        };
        let passed = names(|finding| finding == Finding::Passed);
        let failed = names(|finding| matches!(finding, Finding::Failed(_)));
        let mut lines = vec![format!("chat-client: {}: {}", code.as_str(), self.texts.meaning(code, facts))];
        lines.push(self.texts.reached(&passed, failed.first().copied().unwrap_or_default()).to_string());
        lines.extend(self.advice(code, facts));
        lines
    }

    fn advice(self, code: Code, facts: &Facts) -> Vec<String> {
        let action = self.texts.next_action(code, facts);
        let mut lines = vec![self.texts.labelled_action(&action).to_string()];
        for hint in hints(code, facts) {
            lines.push(self.texts.labelled_hint(&self.texts.hint(hint, facts)).to_string());
        }
        if code != Code::Ok {
            lines.push(self.texts.more(code).to_string());
        }
        lines
    }
}

/// The exit status of an examination.
#[must_use]
pub fn exit_status(facts: &Facts) -> u8 {
    judge(facts).map_or(EXIT_INTERRUPTED, Code::exit_status)
}

/// One JSON object, without a line feed.
#[must_use]
pub fn json(texts: Texts, facts: &Facts) -> String {
    serde_json::to_string(&Report::new(texts, facts)).expect("strings and numbers always serialize")
}

#[derive(Serialize)]
struct Report {
    format: u8,
    host: Visible,
    port: u16,
    verdict: Option<&'static str>,
    exit_status: u8,
    meaning: Option<Visible>,
    next_action: Option<Visible>,
    hints: Vec<Visible>,
    steps: Vec<StepReport>,
    addresses: Option<Vec<String>>,
    own_address: Option<String>,
    attempts: Vec<AttemptReport>,
    /// Escaped as in a string literal of Rust.
    first_bytes: Option<String>,
    http_status: Option<u16>,
    close_code: Option<u16>,
    close_reason: Option<Visible>,
    idle_seconds: Option<f64>,
    interrupted: bool,
}

#[derive(Serialize)]
struct StepReport {
    step: &'static str,
    outcome: &'static str,
    found: Option<Visible>,
    milliseconds: Option<f64>,
}

#[derive(Serialize)]
struct AttemptReport {
    address: String,
    outcome: Option<&'static str>,
}

impl Report {
    fn new(texts: Texts, facts: &Facts) -> Self {
        let journey = &facts.journey;
        let code = judge(facts);
        let addresses = journey.addresses.as_ref().and_then(|found| found.as_ref().ok());
        let (close_code, close_reason) = match &journey.ending {
            Some(Ending::Closed { code, reason }) => (*code, Some(reason.clone())),
            _ => (None, None),
        };
        let attempts = journey.attempts.iter().map(|attempt| AttemptReport {
            address: attempt.address.to_string(),
            outcome: attempt.outcome.as_ref().map(|outcome| outcome.as_str()),
        });
        Self {
            format: FORMAT,
            host: sanitize_line(&facts.target.host),
            port: facts.target.port,
            verdict: code.map(Code::as_str),
            exit_status: exit_status(facts),
            meaning: code.map(|code| texts.meaning(code, facts)),
            next_action: code.map(|code| texts.next_action(code, facts)),
            hints: code.map_or(Vec::new(), |code| {
                hints(code, facts).into_iter().map(|hint| texts.hint(hint, facts)).collect()
            }),
            steps: facts.steps().map(|step| StepReport::new(step, texts, facts)).collect(),
            addresses: addresses.map(|list| list.iter().map(|it| it.ip().to_string()).collect()),
            own_address: journey.own_address().map(|own| own.to_string()),
            attempts: attempts.collect(),
            first_bytes: Some(journey.first_bytes.escape_ascii().to_string()).filter(|text| !text.is_empty()),
            http_status: journey.status(),
            close_code,
            close_reason,
            idle_seconds: facts.chat.idle.map(|(time, _)| thousandths(time.as_secs_f64())),
            interrupted: facts.interrupted,
        }
    }
}

impl StepReport {
    fn new(step: Step, texts: Texts, facts: &Facts) -> Self {
        let finding = finding(step, facts);
        Self {
            step: step.as_str(),
            outcome: match finding {
                Finding::Unknown => "unknown",
                Finding::Passed => "passed",
                Finding::Failed(_) => "failed",
            },
            found: (finding != Finding::Unknown).then(|| texts.found(step, facts)),
            milliseconds: facts.took(step).map(|took| thousandths(took.as_secs_f64() * 1_000.0)),
        }
    }
}

fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

impl Serialize for Visible {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
