//! Line mode: the lines of standard input, how fast they go out, and what the end of the input waits for.

use std::time::Duration;

use chat_protocol::UserName;

use super::actions::Refusal;
use super::outbox::Request;
use super::{EXIT_LOST, Effect, LINE_MODE_REQUESTS_MAX, Link, State, WAITING_LINES_MAX};
use crate::command::{self, Command};
use crate::sanitize::sanitize_line;

/// How long the answers to the last lines may take after the input ended.
pub const FINISH_TIME: Duration = Duration::from_secs(2);

/// A line that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WaitingLine {
    /// As it was read.
    Read(String),
    /// Not taken in whole, of so many bytes.
    Long(String, usize),
    /// A message that went out and was refused for its rate. Commands since may have shown another conversation:
    /// to whom it goes is not to be found out again.
    Again {
        /// To whom; `None` is everybody.
        peer: Option<UserName>,
        /// What it says.
        text: String,
    },
}

impl WaitingLine {
    /// What the user wrote, as far as it is known.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Read(line) | Self::Long(line, _) => line,
            Self::Again { text, .. } => text,
        }
    }
}

impl State {
    pub(super) fn on_line(&mut self, line: String) {
        debug_assert!(
            self.waiting_lines.len() < WAITING_LINES_MAX,
            "the loop asks before it hands a line over"
        );
        if self.leaving_lines {
            return;
        }
        let offline = self.registered_once && !matches!(self.link, Link::Online { .. });
        if offline && !self.config.literal && command::parse(&line) == Ok(Command::Quit) {
            return self.begin_leaving();
        }
        self.waiting_lines.push_back(WaitingLine::Read(line));
        self.send_waiting_lines();
    }

    pub(super) fn on_long_line(&mut self, begins: String, bytes: usize) {
        if !self.leaving_lines {
            self.waiting_lines.push_back(WaitingLine::Long(begins, bytes));
            self.send_waiting_lines();
        }
    }

    pub(super) fn send_waiting_lines(&mut self) {
        while self.may_send_lines() && self.now.elapsed >= self.pace.next_at() {
            let Some(line) = self.waiting_lines.pop_front() else { return };
            self.returned_lines = self.returned_lines.saturating_sub(1);
            self.present_line = Some(line.words().to_owned());
            self.run_line(&line);
            self.present_line = None;
        }
    }

    fn may_send_lines(&self) -> bool {
        matches!(self.link, Link::Online { .. }) && self.outbox.len() < LINE_MODE_REQUESTS_MAX
    }

    /// When the next line may be sent, if nothing but the pace holds it back.
    pub(super) fn pace_deadline(&self) -> Option<Duration> {
        (self.may_send_lines() && !self.waiting_lines.is_empty()).then(|| self.pace.next_at())
    }

    /// The server found a line too early and certainly did not relay it: it goes out again, before those that
    /// have not gone out yet.
    pub(super) fn put_back(&mut self, line: String, request: Request) {
        let line = match request {
            Request::Message { entry, text } => WaitingLine::Again { peer: entry.peer, text },
            Request::Register | Request::List | Request::Info { .. } | Request::Status(_) => {
                WaitingLine::Read(line)
            }
        };
        self.pace.refused(self.now.elapsed);
        let at = self.returned_lines.min(self.waiting_lines.len());
        self.waiting_lines.insert(at, line);
        self.returned_lines = at + 1;
    }

    fn run_line(&mut self, line: &WaitingLine) {
        let outcome = match line {
            WaitingLine::Read(line) if line.trim().is_empty() => return,
            WaitingLine::Read(line) if self.config.literal => self.carry_out(Command::Say(line.clone())),
            WaitingLine::Read(line) => self.run(line),
            WaitingLine::Long(_, bytes) => {
                Err(Refusal::Error(self.texts.line_too_long(*bytes, crate::lines::LINE_BYTES_MAX)))
            }
            WaitingLine::Again { peer, text } => self.say(peer.clone(), text),
        };
        if let Err(Refusal::Hint(text) | Refusal::Vain(text) | Refusal::Error(text)) = outcome {
            self.failed = true;
            let text = self.texts.line_refused(&sanitize_line(line.words()), &text);
            self.effects.push(Effect::Complain(text));
        }
    }

    pub(super) fn on_input_ended(&mut self) {
        self.input_ended = Some(self.now.elapsed);
        if matches!(self.link, Link::Waiting { .. } | Link::Off) {
            self.quit(EXIT_LOST, None);
        }
    }

    /// In line mode the last lines' answers are waited for.
    pub(super) fn leave_when_answered(&mut self) {
        if self.config.line_mode {
            self.leaving_lines = true;
            self.waiting_lines.clear();
            self.returned_lines = 0;
            self.input_ended = Some(self.now.elapsed);
        } else {
            self.begin_leaving();
        }
    }

    /// After the input ended: leaves once all is answered, or once that took too long.
    pub(super) fn finish_lines(&mut self) {
        self.send_waiting_lines();
        let (Some(_), Link::Online { .. }) = (self.input_ended, &self.link) else { return };
        if self.waiting_lines.is_empty() && self.outbox.is_empty() {
            self.begin_leaving();
        } else if self.finish_deadline().is_some_and(|at| self.now.elapsed >= at) {
            self.leave();
        }
    }

    pub(super) fn finish_deadline(&self) -> Option<Duration> {
        // While only the pace holds lines back nobody is waited for.
        if !matches!(self.link, Link::Online { .. }) || self.pace_deadline().is_some() {
            return None;
        }
        // A long input is answered for longer than this: what counts is how long no answer came. What others
        // say meanwhile is none.
        self.input_ended.map(|ended| ended.max(self.progress_at) + FINISH_TIME)
    }
}
