//! The connection as the user sees it: opening, registering, online, waiting to try again, given up.
//!
//! ```text
//! Start ► Connecting ──Up──► Registering ──register_success──► Online ──/salir──► Leaving ► the end
//!            ▲   │ Down           │ error, Down                  │ Down
//!            │   ▼                ▼                              ▼
//!         time or /reconectar ── Waiting ◄───────────────────────┘
//!                                 │ the name stays taken for GHOST_TIME
//!                                 ▼
//!                                Off ──/reconectar──► Connecting
//! ```
//!
//! Before the first `register_success` every failure ends the program with a sentence; after it nothing does,
//! in screen mode. In line mode trying again ends after [`LINE_MODE_TIME`].

use std::time::Duration;

use chat_protocol::{ClientMessage, ErrorCode, MessageKind, Status};

use super::entry::{Delivery, EntryKind};
use super::event::{EXIT_LOST, EXIT_REFUSED, EXIT_UNREACHABLE, Effect, Exit, LinkError, LinkEvent};
use super::outbox::Request;
use super::{EXIT_LEFT, State};
use crate::sanitize::{Visible, sanitize_line};

/// How long a server may take to answer `register`.
pub const REGISTER_TIME: Duration = Duration::from_secs(10);

/// How long the server may take to close after `disconnect`.
pub const LEAVE_TIME: Duration = Duration::from_secs(2);

/// After this long without a byte the server is pinged. Ours pings us after 25 s, so this is a dead connection
/// or a server of another make.
pub const SILENCE_TIME: Duration = Duration::from_secs(30);

/// How long an answer to that ping may take.
pub const PONG_TIME: Duration = Duration::from_secs(10);

/// A server that vanished without a word (half-open) is noticed within this time.
pub const DEAD_TIME: Duration = Duration::from_secs(45);

const _: () = assert!(SILENCE_TIME.as_secs() + PONG_TIME.as_secs() <= DEAD_TIME.as_secs());

/// A connection that held for so long was a good one: the pauses begin anew after it. One that a server accepts
/// and drops at once is none.
pub const STABLE_TIME: Duration = Duration::from_secs(30);

/// How long our own former connection may hold our name.
pub const GHOST_TIME: Duration = Duration::from_secs(60);

/// How long line mode tries again.
pub const LINE_MODE_TIME: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried yet, or trying was given up.
    Off,
    /// A connection is being opened.
    Connecting,
    /// It is open, `register` is out.
    Registering {
        /// When that is given up.
        until: Duration,
    },
    /// Registered.
    Online {
        /// When the server was heard last.
        heard: Duration,
        /// When it was pinged since. The answer's time counts from there: a program that was stopped for an
        /// hour gives the server its time all the same.
        pinged: Option<Duration>,
    },
    /// The next try comes.
    Waiting {
        /// When.
        until: Duration,
    },
    /// `disconnect` is out.
    Leaving {
        /// When the program ends without an answer.
        until: Duration,
    },
}

impl State {
    pub(super) fn on_link(&mut self, event: LinkEvent) {
        self.heard();
        match event {
            LinkEvent::Up => self.register(),
            LinkEvent::Frame(text) => self.on_frame(&text),
            LinkEvent::Heard => {}
            LinkEvent::Down(error) => self.on_down(error),
        }
    }

    fn heard(&mut self) {
        if let Link::Online { heard, pinged } = &mut self.link {
            (*heard, *pinged) = (self.now.elapsed, None);
        }
    }

    pub(super) fn connect(&mut self) {
        self.link = Link::Connecting;
        self.effects.push(Effect::Connect);
    }

    fn register(&mut self) {
        if self.link == Link::Connecting {
            self.link = Link::Registering { until: self.now.elapsed + REGISTER_TIME };
            self.request(ClientMessage::Register { name: self.config.name.clone() }, Request::Register);
        }
    }

    pub(super) fn on_registered(&mut self) {
        self.outbox.take_kind(MessageKind::Register);
        self.link = Link::Online { heard: self.now.elapsed, pinged: None };
        let again = std::mem::replace(&mut self.registered_once, true);
        self.retry.on_registered(self.now.elapsed);
        // It may be another server by now.
        self.content_max = None;
        // The server registers everybody as ACTIVO.
        self.status = Some(Status::default());
        let chosen = self.chosen_status.take().filter(|chosen| *chosen != Status::default());
        if again {
            let text = self.texts.back_online(&self.own_name());
            self.notice(EntryKind::Notice, text);
            if let Some(chosen) = chosen {
                self.notice(EntryKind::Notice, self.texts.own_status_anew(Status::default(), chosen));
            }
        } else {
            self.effects.push(Effect::OpenScreen);
        }
        self.send_waiting_lines();
    }

    /// `register` was refused. What may be our own former connection is tried for a while.
    pub(super) fn on_register_refused(&mut self, code: Option<ErrorCode>, sentence: Visible) {
        self.outbox.take_kind(MessageKind::Register);
        self.effects.push(Effect::Disconnect);
        if !self.registered_once {
            return self.quit_refused(code, sentence);
        }
        let now = self.now.elapsed;
        if matches!(code, Some(ErrorCode::ServerFull | ErrorCode::RateLimited)) {
            return self.on_register_postponed(code, sentence);
        }
        let ghost = matches!(code, Some(ErrorCode::NameTaken | ErrorCode::AddressTaken) | None);
        let since = *self.retry.ghost_at.get_or_insert(now);
        if ghost && now.saturating_sub(since) < GHOST_TIME {
            if since == now {
                let text = self.texts.ghost(&sentence);
                self.notice(EntryKind::Error, text);
            }
            return self.wait();
        }
        if self.config.line_mode {
            return self.quit_refused(code, sentence);
        }
        self.link = Link::Off;
        self.retry.begin_anew(Some(now));
        let text = self.texts.gave_up(&sentence);
        self.notice(EntryKind::Error, text);
    }

    /// The server is full or wants fewer tries: both pass.
    fn on_register_postponed(&mut self, code: Option<ErrorCode>, sentence: Visible) {
        let now = self.now.elapsed;
        let lost_at = *self.retry.lost_at.get_or_insert(now);
        if self.config.line_mode && now.saturating_sub(lost_at) >= LINE_MODE_TIME {
            return self.quit_refused(code, sentence);
        }
        self.notice(EntryKind::Error, sentence);
        self.wait();
    }

    fn on_down(&mut self, error: LinkError) {
        match self.link {
            Link::Leaving { .. } => return self.leave(),
            Link::Off | Link::Waiting { .. } => return,
            Link::Connecting | Link::Registering { .. } | Link::Online { .. } => {}
        }
        if !self.registered_once {
            let sentence = self.texts.unreachable(&error, &self.config.server);
            return self.quit(EXIT_UNREACHABLE, Some(sentence));
        }
        let unconfirmed = self.give_up_requests();
        let lost_at = *self.retry.lost_at.get_or_insert(self.now.elapsed);
        if matches!(self.link, Link::Online { .. }) {
            if self.now.elapsed.saturating_sub(self.retry.registered_at) >= STABLE_TIME {
                self.retry.tries = 0;
            }
            self.roster.clear();
            let text = self.texts.fell(&error, unconfirmed);
            self.notice(EntryKind::Error, text);
        }
        if self.config.line_mode
            && (self.input_ended.is_some() || self.now.elapsed.saturating_sub(lost_at) >= LINE_MODE_TIME)
        {
            let sentence = self.texts.unreachable(&error, &self.config.server);
            return self.quit(EXIT_LOST, Some(sentence));
        }
        let was_online = matches!(self.link, Link::Online { .. });
        self.wait();
        if !was_online {
            self.tell_refused_try(error);
        }
    }

    /// That a try failed shows in the countdown. That somebody answered and refused it is another matter, which may
    /// want something from the user: said once.
    fn tell_refused_try(&mut self, error: LinkError) {
        let is_answer = match error {
            LinkError::Full | LinkError::TooMany | LinkError::NotChat | LinkError::Closed { .. } => true,
            LinkError::UnknownHost
            | LinkError::Refused
            | LinkError::TimedOut
            | LinkError::Unreachable
            | LinkError::Lost
            | LinkError::Silent => false,
        };
        if is_answer && self.retry.told.as_ref() != Some(&error) {
            let text = self.texts.refused_again(&error, self.seconds_to_wait());
            self.retry.told = Some(error);
            self.notice(EntryKind::Error, text);
        }
    }

    /// Whole seconds until the next try.
    fn seconds_to_wait(&self) -> u64 {
        let Link::Waiting { until } = self.link else { return 0 };
        until.saturating_sub(self.now.elapsed).as_secs_f64().ceil() as u64
    }

    fn wait(&mut self) {
        self.link = Link::Waiting { until: self.now.elapsed + self.retry.pause() };
    }

    /// What is out stays unanswered: messages are marked, never sent again by themselves.
    fn give_up_requests(&mut self) -> usize {
        let requests: Vec<_> = self.outbox.drain().collect();
        let mut unconfirmed = 0;
        for request in requests {
            if let Request::Message { entry, text } = request {
                unconfirmed += 1;
                self.undelivered(&entry, Delivery::Unconfirmed, &text);
            }
        }
        unconfirmed
    }

    /// The user's wish to leave.
    pub(super) fn begin_leaving(&mut self) {
        match self.link {
            Link::Online { .. } => {
                self.send(&ClientMessage::Disconnect);
                self.link = Link::Leaving { until: self.now.elapsed + LEAVE_TIME };
            }
            Link::Leaving { .. } => self.leave(),
            Link::Off | Link::Connecting | Link::Registering { .. } | Link::Waiting { .. } => self.leave(),
        }
    }

    pub(super) fn leave(&mut self) {
        let unconfirmed = self.give_up_requests();
        let failed = self.config.line_mode && (self.failed || unconfirmed > 0);
        self.quit(if failed { EXIT_LOST } else { EXIT_LEFT }, None);
    }

    fn quit_refused(&mut self, refusal: Option<ErrorCode>, sentence: Visible) {
        self.end(Exit { code: EXIT_REFUSED, sentence: Some(sentence), refusal });
    }

    /// The program ends, and the server did not refuse the user.
    pub(super) fn quit(&mut self, code: u8, sentence: Option<Visible>) {
        self.end(Exit { code, sentence, refusal: None });
    }

    /// The one way out. Lines that wait are told, unless the sentence says that the chat never began.
    fn end(&mut self, mut exit: Exit) {
        self.link = Link::Off;
        if self.config.line_mode && matches!(exit.code, EXIT_LEFT | EXIT_LOST) {
            for line in std::mem::take(&mut self.waiting_lines) {
                if !line.words().trim().is_empty() {
                    exit.code = EXIT_LOST;
                    let text = self.texts.line_not_sent(&sanitize_line(line.words()));
                    self.effects.push(Effect::Complain(text));
                }
            }
        }
        self.effects.push(Effect::Quit(exit));
    }

    /// Connects without waiting for the pause to end.
    pub(super) fn reconnect(&mut self) {
        match self.link {
            Link::Off | Link::Waiting { .. } => {
                self.retry.begin_anew(self.retry.lost_at);
                self.connect();
            }
            Link::Connecting | Link::Registering { .. } => self.hint(self.texts.already_connecting()),
            Link::Online { .. } => self.hint(self.texts.already_online()),
            Link::Leaving { .. } => self.hint(self.texts.leaving()),
        }
    }

    /// What the passing of time brings to the connection.
    pub(super) fn on_link_time(&mut self) {
        let now = self.now.elapsed;
        match self.link {
            Link::Waiting { until } if now >= until => self.connect(),
            Link::Leaving { until } if now >= until => self.leave(),
            Link::Registering { until } if now >= until => {
                self.effects.push(Effect::Disconnect);
                self.on_down(LinkError::TimedOut);
            }
            Link::Online { heard, pinged: None } if now >= heard + SILENCE_TIME => {
                self.link = Link::Online { heard, pinged: Some(now) };
                self.effects.push(Effect::Ping);
            }
            Link::Online { pinged: Some(pinged), .. } if now >= pinged + PONG_TIME => {
                self.effects.push(Effect::Disconnect);
                self.on_down(LinkError::Silent);
            }
            _ => {}
        }
    }

    /// When the passing of time brings something to the connection, or to its countdown on the screen.
    pub(super) fn link_deadline(&self) -> Option<Duration> {
        match self.link {
            Link::Off | Link::Connecting => None,
            Link::Waiting { until } => {
                let left = until.saturating_sub(self.now.elapsed);
                Some(
                    until.saturating_sub(
                        Duration::from_secs(left.as_secs_f64().ceil() as u64)
                            .saturating_sub(Duration::from_secs(1)),
                    ),
                )
            }
            Link::Registering { until } | Link::Leaving { until } => Some(until),
            Link::Online { heard, pinged: None } => Some(heard + SILENCE_TIME),
            Link::Online { pinged: Some(pinged), .. } => Some(pinged + PONG_TIME),
        }
    }

    /// The connection's state in words.
    #[must_use]
    pub fn link_text(&self) -> Visible {
        match self.link {
            Link::Off => self.texts.offline(),
            Link::Connecting => self.texts.connecting(),
            Link::Registering { .. } => self.texts.registering(),
            Link::Online { .. } => self.texts.online(),
            Link::Waiting { .. } => self.texts.retry_in(self.seconds_to_wait()),
            Link::Leaving { .. } => self.texts.leaving(),
        }
    }
}
