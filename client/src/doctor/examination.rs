//! What the examination asks once the connection is open, and when it has seen enough: told what happened and what
//! time it is, it says what is to be sent. It does no I/O.
//!
//! ```text
//! Opening -> Listing -> [Registering] -> [Idling -> Checking] -> Done
//! ```
//!
//! The question that proves the protocol is `list_users` by somebody who is not registered: the refusal is proof
//! enough, and nobody in the room is told of a stranger.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chat_protocol::{ClientMessage, ErrorReport, ServerMessage, Timestamp, UserName};

use super::facts::{Facts, Journey, Reply, Step, Survival};
use super::verdict::{Code, judge};
use crate::sanitize::{Visible, sanitize_line};
use crate::state::LinkEvent;
use crate::transport::{Patience, Target};

/// How long one step may take.
pub const STEP_TIME: Duration = Duration::from_secs(5);

/// How long all of them may take, without the silence that was asked for.
pub const TOTAL_TIME: Duration = Duration::from_secs(20);

/// How long a greeting in TLS may wait for its answer.
pub const TLS_TIME: Duration = Duration::from_secs(2);

/// Texts that are no answer and may come before one; after so many it is another protocol.
pub const STRANGE_FRAMES_MAX: usize = 16;

/// Columns of a text of another protocol that are kept.
const STRANGE_COLUMNS_MAX: usize = 60;

/// Who asks if nobody registers. It need not be a name that could be.
const ASKER: &str = "doctor";

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Each step.
    pub step: Duration,
    /// All of them.
    pub total: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { step: STEP_TIME, total: TOTAL_TIME }
    }
}

impl Budget {
    /// The transport's part of it.
    #[must_use]
    pub const fn patience(self) -> Patience {
        Patience::step(self.step)
    }
}

/// See the module.
pub struct Examination {
    facts: Facts,
    budget: Budget,
    phase: Phase,
    /// When the present phase has taken too long, or the silence is over.
    phase_ends: Option<Instant>,
    /// When everything has taken too long.
    ends: Instant,
    /// Texts of another protocol so far, and the first of them.
    strange: (usize, Option<Visible>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The transport is at work, and has its own deadlines.
    Opening,
    Listing,
    Registering,
    Idling {
        since: Instant,
    },
    Checking {
        silence: Duration,
    },
    Done,
}

impl Examination {
    /// About to begin.
    #[must_use]
    pub fn new(
        target: Target,
        user: Option<UserName>,
        idle: Option<Duration>,
        budget: Budget,
        now: Instant,
    ) -> Self {
        Self {
            facts: Facts::new(target, user, idle, true),
            budget,
            phase: Phase::Opening,
            phase_ends: None,
            ends: now + budget.total,
            strange: (0, None),
        }
    }

    /// What is known.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether there is nothing more to find out.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Whether the user is registered, and so has to leave in order.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.facts.chat.registration == Some(Reply::Granted)
    }

    /// When [`Examination::on_time`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Done => None,
            Phase::Idling { .. } => self.phase_ends,
            _ => Some(self.phase_ends.map_or(self.ends, |at| at.min(self.ends))),
        }
    }

    /// The transport went on: what it tells, and how far the connection is now. Says what is to be sent.
    pub fn on_link(&mut self, events: Vec<LinkEvent>, journey: &Journey, now: Instant) -> Vec<String> {
        self.take_over(journey);
        let mut sent = Vec::new();
        for event in events {
            match event {
                LinkEvent::Up => sent.push(self.ask(Phase::Listing, &ClientMessage::ListUsers, now)),
                LinkEvent::Frame(text) => sent.extend(self.on_frame(&text, now)),
                LinkEvent::Heard => {}
                LinkEvent::Down(_) => self.on_down(now),
            }
        }
        if judge(&self.facts).is_some() {
            self.phase = Phase::Done;
        }
        sent
    }

    /// Time passed. Says what is to be sent.
    pub fn on_time(&mut self, now: Instant) -> Option<String> {
        let is_over = self.phase_ends.is_some_and(|at| now >= at);
        match self.phase {
            Phase::Done => return None,
            Phase::Idling { since } if is_over => {
                let silence = now.saturating_duration_since(since);
                self.ends += silence;
                return Some(self.ask(Phase::Checking { silence }, &ClientMessage::ListUsers, now));
            }
            Phase::Idling { .. } => return None,
            _ if is_over => self.on_silence(now),
            _ if now >= self.ends => {
                self.facts.out_of_time = true;
                self.phase = Phase::Done;
            }
            _ => {}
        }
        None
    }

    /// The address that is to be greeted in TLS: it hung up, or kept silent, without a byte. Until when it may
    /// answer.
    #[must_use]
    pub fn wants_tls_greeting(&self, now: Instant) -> Option<(SocketAddr, Instant)> {
        let is_wordless = matches!(judge(&self.facts)?, Code::NetReset | Code::NetClosed | Code::Silent)
            && self.facts.journey.first_bytes.is_empty();
        let until = self.ends.min(now + self.budget.step.min(TLS_TIME));
        if is_wordless { self.facts.journey.connected().map(|address| (address, until)) } else { None }
    }

    /// What came of it; `None` if nothing did.
    pub fn on_tls_answer(&mut self, answer: Option<bool>) {
        self.facts.speaks_tls = answer;
    }

    /// The user has seen enough.
    pub fn interrupt(&mut self) {
        self.facts.interrupted = true;
        self.phase = Phase::Done;
    }

    /// The transport's steps, without losing when ours were decided.
    fn take_over(&mut self, journey: &Journey) {
        let ours = std::mem::take(&mut self.facts.journey.moments).into_iter();
        let ours: Vec<_> = ours.filter(|(step, _)| *step >= Step::Protocol).collect();
        self.facts.journey = journey.clone();
        self.facts.journey.moments.extend(ours);
    }

    fn ask(&mut self, phase: Phase, message: &ClientMessage, now: Instant) -> String {
        self.phase = phase;
        self.phase_ends = Some(now + self.budget.step);
        let asker = self.facts.user.clone().or_else(|| UserName::parse(ASKER).ok());
        let asker = asker.expect("the name of the asker is one");
        // Servers ignore what time their clients think it is.
        message.encode(&asker, Timestamp::from_unix_millis(0))
    }

    fn on_frame(&mut self, text: &str, now: Instant) -> Option<String> {
        let reply = match ServerMessage::decode(text) {
            Ok(message) => reply(&message),
            Err(_) => return self.on_strange(text, now),
        };
        match (self.phase, reply) {
            // Whatever it is, it is of this protocol.
            (Phase::Listing, reply) => {
                self.facts.chat.list = Some(reply.unwrap_or(Reply::Granted));
                self.facts.journey.note(Step::Protocol, now);
                self.after_listing(now)
            }
            (Phase::Registering, Some(reply)) if !is_list(text) => {
                self.facts.chat.registration = Some(reply);
                self.facts.journey.note(Step::Registration, now);
                self.after_registering(now);
                None
            }
            (Phase::Checking { silence }, Some(_)) => {
                self.end_silence(silence, Survival::Alive, now);
                None
            }
            // Others talk, come and go.
            _ => None,
        }
    }

    fn after_listing(&mut self, now: Instant) -> Option<String> {
        match self.facts.user.clone() {
            Some(name) => Some(self.ask(Phase::Registering, &ClientMessage::Register { name }, now)),
            None => {
                self.after_registering(now);
                None
            }
        }
    }

    fn after_registering(&mut self, now: Instant) {
        match self.facts.idle {
            Some(idle) if judge(&self.facts).is_none() => {
                self.phase = Phase::Idling { since: now };
                self.phase_ends = Some(now + idle);
            }
            _ => self.phase = Phase::Done,
        }
    }

    /// Texts of another protocol are borne with for a while: a server may greet in its own way.
    fn on_strange(&mut self, text: &str, now: Instant) -> Option<String> {
        self.strange.0 += 1;
        let words = || sanitize_line(text).cut(STRANGE_COLUMNS_MAX);
        self.strange.1.get_or_insert_with(words);
        if self.strange.0 >= STRANGE_FRAMES_MAX {
            self.on_silence(now);
        }
        None
    }

    /// The step's time is over.
    fn on_silence(&mut self, now: Instant) {
        let nothing = || self.strange.1.clone().map_or(Reply::Nothing, Reply::Strange);
        match self.phase {
            Phase::Listing => {
                self.facts.chat.list = Some(nothing());
                self.facts.journey.note(Step::Protocol, now);
            }
            Phase::Registering => {
                self.facts.chat.registration = Some(nothing());
                self.facts.journey.note(Step::Registration, now);
            }
            Phase::Checking { silence } => return self.end_silence(silence, Survival::Deaf, now),
            Phase::Opening | Phase::Idling { .. } | Phase::Done => return,
        }
        self.phase = Phase::Done;
    }

    fn on_down(&mut self, now: Instant) {
        match self.phase {
            Phase::Listing => self.facts.journey.note(Step::Protocol, now),
            Phase::Registering => self.facts.journey.note(Step::Registration, now),
            Phase::Idling { since } => {
                let silence = now.saturating_duration_since(since);
                return self.end_silence(silence, Survival::Ended, now);
            }
            Phase::Checking { silence } => return self.end_silence(silence, Survival::Ended, now),
            Phase::Opening | Phase::Done => {}
        }
        self.phase = Phase::Done;
    }

    fn end_silence(&mut self, silence: Duration, survival: Survival, now: Instant) {
        self.facts.chat.idle = Some((silence, survival));
        self.facts.journey.note(Step::Idle, now);
        self.phase = Phase::Done;
    }
}

/// The answer that a message is, if it is one.
fn reply(message: &ServerMessage<'_>) -> Option<Reply> {
    match message {
        ServerMessage::RegisterSuccess { .. } | ServerMessage::ListUsersResponse { .. } => {
            Some(Reply::Granted)
        }
        ServerMessage::Error(ErrorReport { code, content, .. }) => {
            Some(Reply::Refused { code: *code, sentence: sanitize_line(content) })
        }
        _ => None,
    }
}

/// Whether it answers the question before, late.
fn is_list(text: &str) -> bool {
    matches!(ServerMessage::decode(text), Ok(ServerMessage::ListUsersResponse { .. }))
}

#[cfg(test)]
mod tests;
