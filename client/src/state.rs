//! Everything the client knows, and what each event changes in it.
//!
//! `update(event, now)` is told what happened and what time it is, and says what is to be done; it does no I/O,
//! reads no clock and knows neither sockets nor terminals. The view reads the state and nothing else. Screen
//! mode and line mode share it: line mode merely gets its lines as effects.
//!
//! The parts: [`event`] is the vocabulary, [`link`] the connection's states, [`server`] what the server says,
//! [`actions`] what the user does, the other files what is kept.

use std::collections::VecDeque;
use std::time::Duration;

use chat_protocol::{ClientMessage, NameError, Status, Timestamp, UserName};
use chrono::{DateTime, FixedOffset, Timelike};

use crate::geometry::{Geometry, Panel};
use crate::sanitize::{Visible, sanitize_line, sanitize_name};
use crate::simple;
use crate::texts::Texts;

pub mod actions;
pub mod completion;
pub mod conversation;
pub mod conversations;
pub mod entry;
pub mod event;
pub mod ignored;
pub mod lines;
pub mod link;
pub mod options;
pub mod outbox;
pub mod pace;
pub mod paste;
pub mod reading;
pub mod retry;
pub mod roster;
pub mod search;
pub mod server;

#[cfg(test)]
pub(crate) mod tests;

pub use completion::Completion;
pub use conversation::{Conversation, Row};
pub use conversations::Conversations;
pub use entry::{Delivery, Entry, EntryKind};
pub use event::{
    Action, EXIT_FAILED, EXIT_LEFT, EXIT_LOST, EXIT_REFUSED, EXIT_UNREACHABLE, Effect, Event, Exit,
    LinkError, LinkEvent, Now, Scroll, Switch,
};
pub use ignored::Ignored;
pub use link::Link;
pub use options::{KEPT_MESSAGES_RANGE, KeyWords, Notifications, Options};
pub use outbox::{EntryKey, Outbox, Request};
pub use paste::PasteQuestion;
pub use roster::{Roster, User};
pub use search::Search;

/// Lines of standard input that wait for the connection, in line mode; the loop reads no more then.
pub const WAITING_LINES_MAX: usize = 64;

/// Requests that line mode has out at most: a long input is paced by the server's answers.
pub const LINE_MODE_REQUESTS_MAX: usize = 32;

/// How long a hint stays in the status bar.
pub const HINT_TIME: Duration = Duration::from_secs(4);

/// The columns of a name in a notice; a longer one is cut.
pub const NOTICE_NAME_COLUMNS: usize = 20;

/// The shortest time between two bells, and between two notifications.
pub const BELL_TIME: Duration = Duration::from_secs(2);

/// What does not change while the program runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who the user is.
    pub name: UserName,
    /// The server as the user named it, for texts.
    pub server: Visible,
    /// The language.
    pub texts: Texts,
    /// One line per event instead of a screen.
    pub line_mode: bool,
    /// In line mode: lines are always text.
    pub literal: bool,
    /// What makes the pauses of several clients differ.
    pub seed: u64,
    /// What the user prefers.
    pub options: Options,
    /// What is said about keys.
    pub keys: KeyWords,
}

/// What the keys are for.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// The line is written.
    #[default]
    Line,
    /// Several lines were pasted: what about them?
    Paste(PasteQuestion),
    /// Words are looked for.
    Search(Search),
}

/// See the module.
#[derive(Debug)]
pub struct State {
    config: Config,
    texts: Texts,
    now: Now,
    link: Link,
    retry: retry::Retry,
    outbox: Outbox,
    roster: Roster,
    /// The server accepted the user at least once: the chat began. No other word of the server says so.
    registered_once: bool,
    /// The server's time stamp of the last registration.
    greeted_at: Option<Timestamp>,
    /// As the server assigned it; `None` before the first registration.
    status: Option<Status>,
    /// What the user asked for last on this connection and was given.
    chosen_status: Option<Status>,
    /// The most bytes of a text that the server takes, once it named them.
    content_max: Option<usize>,
    conversations: Conversations,
    /// The number of the next entry, in whichever conversation.
    next_id: u64,
    completion: Option<Completion>,
    mode: Mode,
    /// What was found last, while it is marked.
    hit: Option<u64>,
    last_query: String,
    ignored: Ignored,
    panel: Panel,
    geometry: Geometry,
    hint: Option<(Visible, Duration)>,
    /// Until when a second Ctrl-C leaves.
    leave_until: Option<Duration>,
    bell_at: Option<Duration>,
    waiting_lines: VecDeque<lines::WaitingLine>,
    /// How many of them, at the front, were sent before and refused for their rate.
    returned_lines: usize,
    /// The line that is being carried out.
    present_line: Option<String>,
    pace: pace::Pace,
    /// In line mode: `/salir` was read, what follows it is not for us.
    leaving_lines: bool,
    input_ended: Option<Duration>,
    /// When a request last went out or was answered.
    progress_at: Duration,
    /// In line mode: a line was refused or not confirmed.
    failed: bool,
    effects: Vec<Effect>,
}

impl State {
    /// Nothing happened yet.
    #[must_use]
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            texts: config.texts,
            retry: retry::Retry::new(config.seed),
            conversations: Conversations::keeping(config.options.kept_messages),
            panel: if config.options.user_panel { Panel::Auto } else { Panel::Hidden },
            config,
            now,
            link: Link::Off,
            outbox: Outbox::default(),
            roster: Roster::default(),
            registered_once: false,
            greeted_at: None,
            status: None,
            chosen_status: None,
            content_max: None,
            next_id: 0,
            completion: None,
            mode: Mode::default(),
            hit: None,
            last_query: String::new(),
            ignored: Ignored::default(),
            geometry: Geometry::default(),
            hint: None,
            leave_until: None,
            bell_at: None,
            waiting_lines: VecDeque::new(),
            returned_lines: 0,
            present_line: None,
            pace: pace::Pace::default(),
            leaving_lines: false,
            input_ended: None,
            progress_at: Duration::ZERO,
            failed: false,
            effects: Vec::new(),
        }
    }

    /// One event, and what is to be done about it.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        debug_assert!(self.effects.is_empty(), "the effects of each event are handed out with it");
        self.now = now;
        match event {
            Event::Start => self.connect(),
            Event::Action(action) => self.on_action(action),
            Event::Line(line) => self.on_line(line),
            Event::LongLine { begins, bytes } => self.on_long_line(begins, bytes),
            Event::InputEnded => self.on_input_ended(),
            Event::Link(event) => self.on_link(event),
            Event::Resized { columns, rows } => self.resize(columns, rows),
            Event::Terminate => self.on_terminate(),
            Event::Tick => {}
        }
        self.on_time();
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// When [`Event::Tick`] is due, unless something else happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let hint = self.hint.as_ref().map(|(_, until)| *until);
        let minute = (!self.config.line_mode && self.registered_once).then(|| {
            let into_minute = u64::from(self.now.wall.second()) * 1_000;
            self.now.elapsed + Duration::from_millis(60_000 - into_minute.min(59_000))
        });
        let answer = self.outbox.deadline().filter(|_| matches!(self.link, Link::Online { .. }));
        [self.link_deadline(), hint, minute, answer, self.pace_deadline(), self.finish_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn on_time(&mut self) {
        self.on_link_time();
        self.give_up_late_requests();
        if self.hint.as_ref().is_some_and(|(_, until)| self.now.elapsed >= *until) {
            self.hint = None;
        }
        if self.leave_until.is_some_and(|until| self.now.elapsed >= until) {
            self.leave_until = None;
        }
        self.finish_lines();
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.lay_out(columns, rows);
        self.settle();
        self.show_found();
    }

    /// What the view relies on: the shown conversation fits the screen. And all of them their bound.
    fn settle(&mut self) {
        let rows = usize::from(self.geometry.message_rows());
        let width = self.geometry.text_width();
        let current = self.conversations.current_mut();
        current.fit(width);
        self.conversations.make_room();
        self.conversations.current_mut().clamp(rows);
    }

    fn lay_out(&mut self, columns: u16, rows: u16) {
        let names = self.config.options.name_columns;
        self.geometry = Geometry::new(columns, rows, self.panel).with_name_columns(names);
    }

    fn on_terminate(&mut self) {
        if matches!(self.link, Link::Online { .. }) {
            self.send(&ClientMessage::Disconnect);
        }
        self.leave();
    }

    fn send(&mut self, message: &ClientMessage) {
        self.effects.push(Effect::Send(self.encoded(message)));
    }

    fn encoded(&self, message: &ClientMessage) -> String {
        let now = Timestamp::from_unix_millis(self.now.wall.timestamp_millis());
        message.encode(&self.config.name, now)
    }

    fn request(&mut self, message: ClientMessage, request: Request) {
        self.send(&message);
        self.outbox.push(request, self.now.elapsed, self.present_line.clone());
        self.pace.spend(self.now.elapsed);
        self.progress_at = self.now.elapsed;
    }

    /// A message whose answer is late is marked and its place in the queue is free; should the answer come all
    /// the same, the mark goes.
    fn give_up_late_requests(&mut self) {
        if !matches!(self.link, Link::Online { .. }) {
            return;
        }
        while let Some(request) = self.outbox.take_late(self.now.elapsed) {
            if let Request::Message { entry, text } = request {
                self.undelivered(&entry, Delivery::Unconfirmed, &text);
            }
        }
    }

    /// A message that did not arrive, or not for certain, and may be sent again.
    fn undelivered(&mut self, key: &EntryKey, delivery: Delivery, words: &str) {
        if self.deliver(key, delivery, None)
            && let Some(conversation) = self.conversations.holding_mut(key.peer.as_ref())
        {
            conversation.keep_words(key.id, words);
        }
    }

    /// A line in the conversation that is shown.
    fn notice(&mut self, kind: EntryKind, text: Visible) -> u64 {
        let index = self.conversations.current_index();
        self.push(index, None, kind, text)
    }

    /// Appends to a conversation; a time from the server counts, else now.
    fn push(&mut self, index: usize, at: Option<Timestamp>, kind: EntryKind, text: Visible) -> u64 {
        let at = at.map_or(self.now.wall, |at| self.local(at));
        let texts = self.texts;
        let conversation = self.conversations.at_mut(index);
        let is_own = matches!(kind, EntryKind::Said { own: true, .. });
        let id = conversation.push(&mut self.next_id, at, kind, text, || texts.day(at));
        // Own messages are lines once the server relayed them.
        if !is_own {
            let peer = self.conversations.all()[index].peer.clone();
            self.print(peer.as_ref(), id);
        }
        id
    }

    /// In line mode an entry is a line.
    fn print(&mut self, peer: Option<&UserName>, id: u64) {
        if !self.config.line_mode {
            return;
        }
        if let Some(entry) = self.conversations.holding(peer).and_then(|it| it.entry(id)) {
            self.effects.extend(simple::line(entry, peer, self.texts));
        }
    }

    /// Says whether the entry is still there.
    fn deliver(&mut self, key: &EntryKey, delivery: Delivery, at: Option<Timestamp>) -> bool {
        let tail = match delivery {
            Delivery::Done => "",
            Delivery::Pending => self.texts.pending(),
            Delivery::Refused => self.texts.refused(),
            Delivery::Unconfirmed => self.texts.unconfirmed(),
        };
        let at = at.map(|at| self.local(at));
        let Some(conversation) = self.conversations.holding_mut(key.peer.as_ref()) else { return false };
        if !conversation.deliver(key.id, delivery, tail, at) {
            return false;
        }
        match delivery {
            Delivery::Done => self.print(key.peer.as_ref(), key.id),
            Delivery::Unconfirmed if self.config.line_mode => {
                self.failed = true;
                if let Some(entry) =
                    self.conversations.holding(key.peer.as_ref()).and_then(|it| it.entry(key.id))
                {
                    let line = self.texts.line_unconfirmed(&entry.text.flattened());
                    self.effects.push(Effect::Complain(line));
                }
            }
            Delivery::Pending | Delivery::Refused | Delivery::Unconfirmed => {}
        }
        true
    }

    fn hint(&mut self, text: Visible) {
        if self.config.line_mode {
            return self.effects.push(Effect::Complain(text));
        }
        self.hint = Some((text, self.now.elapsed + HINT_TIME));
    }

    /// Somebody wants the user, who does not see it: a bell, a notification, both or neither, as preferred.
    /// Nothing while the user is OCUPADO.
    fn alert(&mut self, private: bool, mention: bool, by: &Visible, content: &str) {
        let options = self.config.options;
        let rings = (private && options.bell_on_private) || (mention && options.bell_on_mention);
        let notifies = options.notifications != Notifications::Off;
        if self.status == Some(Status::Ocupado)
            || !(rings || notifies)
            || self.bell_at.is_some_and(|at| self.now.elapsed < at + BELL_TIME)
        {
            return;
        }
        self.bell_at = Some(self.now.elapsed);
        if rings {
            self.effects.push(Effect::Bell);
        }
        if notifies {
            let text = self.texts.notification(private, by, &sanitize_line(content));
            self.effects.push(Effect::Notify { by: options.notifications, text });
        }
    }

    fn own_name(&self) -> Visible {
        sanitize_name(self.config.name.as_str())
    }

    /// A name from the wire as it may be shown, and as a name if it is one.
    fn name_from_wire(&self, raw: &str) -> (Visible, Option<UserName>) {
        match UserName::parse(raw) {
            Ok(name) => (sanitize_name(name.as_str()), Some(name)),
            // Servers of another make may speak under such a name; it is no hazard, but nobody to answer.
            Err(NameError::Reserved) => (sanitize_line(raw), None),
            Err(NameError::Empty | NameError::TooLong | NameError::Character(_)) => {
                (self.texts.invalid_name(), None)
            }
        }
    }

    fn local(&self, at: Timestamp) -> DateTime<FixedOffset> {
        DateTime::from_timestamp_millis(at.unix_millis())
            .map_or(self.now.wall, |utc| utc.with_timezone(self.now.wall.offset()))
    }
}
