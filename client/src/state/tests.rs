//! The state's behaviour, told what happens and what time it is by a fake clock.

use std::time::Duration;

use chat_protocol::{ErrorCode, ErrorReport, Received, Status, StatusReason, limits};
use chat_protocol::{Lang, ServerMessage, UserInfo, UserList, UserName, UserStatus};
use chrono::DateTime;

use super::link::{GHOST_TIME, LEAVE_TIME, LINE_MODE_TIME, PONG_TIME, REGISTER_TIME, SILENCE_TIME};
use super::*;
use crate::sanitize::sanitize;

mod connection;
mod conversations;
mod finding;
mod line_mode;
mod preferences;
mod requests;

/// A client called ana, and the hand of the world on it.
pub(crate) struct World {
    pub(crate) state: State,
    elapsed: Duration,
}

impl World {
    /// Nothing happened yet.
    fn new(line_mode: bool) -> Self {
        Self::preferring(line_mode, Options::default())
    }

    /// The same for a user with preferences.
    fn preferring(line_mode: bool, options: Options) -> Self {
        Self::of("ana", line_mode, options)
    }

    fn of(name: &str, line_mode: bool, options: Options) -> Self {
        let config = Config {
            name: UserName::parse(name).unwrap(),
            server: sanitize("h:80"),
            texts: Texts(Lang::Spanish),
            line_mode,
            literal: false,
            seed: 7,
            options,
            keys: KeyWords::default(),
        };
        let mut world = Self { state: State::new(config, now(Duration::ZERO)), elapsed: Duration::ZERO };
        world.happens(Event::Resized { columns: 80, rows: 24 });
        world
    }

    /// Registered beside bob and carla, on a screen.
    pub(crate) fn online() -> Self {
        let mut world = Self::new(false);
        world.connects();
        world
    }

    /// The same under another name.
    pub(crate) fn online_as(name: &str) -> Self {
        let mut world = Self::of(name, false, Options::default());
        world.happens(Event::Start);
        world.link(LinkEvent::Up);
        world.registered();
        world
    }

    /// The same in line mode.
    fn online_in_line_mode() -> Self {
        let mut world = Self::new(true);
        world.connects();
        world
    }

    /// From the start, or from the end of a pause, to online.
    fn connects(&mut self) -> Vec<Effect> {
        if self.state.link == Link::Off {
            assert_eq!(self.happens(Event::Start), [Effect::Connect]);
        }
        let effects = self.link(LinkEvent::Up);
        assert_eq!(requests(&effects), ["register"]);
        self.registered()
    }

    fn registered(&mut self) -> Vec<Effect> {
        self.hears(&ServerMessage::RegisterSuccess {
            sender: "server".into(),
            content: "Registro exitoso".into(),
            user_list: UserList(["ana", "bob", "carla"].map(Into::into).into()),
            timestamp: Some(greeted_at()),
        })
    }

    pub(crate) fn happens(&mut self, event: Event) -> Vec<Effect> {
        self.state.update(event, now(self.elapsed))
    }

    fn link(&mut self, event: LinkEvent) -> Vec<Effect> {
        self.happens(Event::Link(event))
    }

    pub(crate) fn hears(&mut self, message: &ServerMessage<'_>) -> Vec<Effect> {
        self.link(LinkEvent::Frame(message.encode()))
    }

    fn hears_broadcast(&mut self, sender: &str, content: &str) -> Vec<Effect> {
        self.hears(&ServerMessage::Broadcast {
            sender: sender.into(),
            content: content.into(),
            timestamp: None,
        })
    }

    fn hears_private(&mut self, sender: &str, target: &str, content: &str) -> Vec<Effect> {
        self.hears(&ServerMessage::Private {
            sender: sender.into(),
            target: target.into(),
            content: content.into(),
            timestamp: None,
        })
    }

    fn hears_status(&mut self, user: &str, status: Status, reason: Option<StatusReason>) -> Vec<Effect> {
        self.hears(&ServerMessage::StatusUpdate {
            sender: "server".into(),
            content: UserStatus { user: user.into(), status },
            reason,
            timestamp: None,
        })
    }

    fn hears_error(&mut self, content: &str, code: Option<ErrorCode>, request: Option<&str>) -> Vec<Effect> {
        self.hears(&ServerMessage::Error(ErrorReport {
            sender: "server".into(),
            content: content.into(),
            code,
            request: request.map(Into::into),
            target: None,
            timestamp: None,
        }))
    }

    pub(crate) fn does(&mut self, action: Action) -> Vec<Effect> {
        self.happens(Event::Action(action))
    }

    /// Writes a line in screen mode and presses Enter.
    pub(crate) fn types(&mut self, line: &str) -> Vec<Effect> {
        for (index, part) in line.split('\n').enumerate() {
            if index > 0 {
                self.does(Action::Insert('\n'));
            }
            self.does(Action::Paste(part.to_owned()));
        }
        self.does(Action::Enter)
    }

    /// Time passes; whatever is due on the way happens when it is due.
    fn passes(&mut self, time: Duration) -> Vec<Effect> {
        let end = self.elapsed + time;
        let mut effects = Vec::new();
        for _ in 0..TURNS_MAX {
            match self.state.deadline().filter(|at| *at <= end) {
                Some(at) => self.elapsed = self.elapsed.max(at),
                None => {
                    self.elapsed = end;
                    effects.extend(self.happens(Event::Tick));
                    return effects;
                }
            }
            effects.extend(self.happens(Event::Tick));
        }
        panic!("deadlines that never end: {:?}", self.state);
    }

    /// What the conversation that is shown says, with names, marks and deliveries.
    #[track_caller]
    fn assert_shown(&self, expected: &[&str]) {
        let current = self.state.conversations.current();
        let shown: Vec<String> = current.entries().map(line).collect();
        assert_eq!(shown, expected);
    }

    fn last_line(&self) -> String {
        self.state.conversations.current().entries().next_back().map(line).unwrap_or_default()
    }

    fn draft(&self) -> &str {
        self.state.conversations.current().editor.text()
    }

    fn hint(&self) -> &str {
        self.state.passing_hint().map_or("", Visible::as_str)
    }
}

fn line(entry: &Entry) -> String {
    let mark = match &entry.kind {
        EntryKind::Said { by, mention: true, .. } => format!("»{by}:"),
        EntryKind::Said { by, .. } => format!("{by}:"),
        EntryKind::Notice => "--".to_owned(),
        EntryKind::Error => "!!".to_owned(),
        EntryKind::Pointer => "**".to_owned(),
        EntryKind::Day => "==".to_owned(),
    };
    format!("{mark} {} {}", entry.text, entry.tail).trim_end().to_owned()
}

fn now(elapsed: Duration) -> Now {
    let start = DateTime::parse_from_rfc3339("2026-11-20T09:00:00-06:00").unwrap();
    Now { elapsed, wall: start + elapsed }
}

/// The requests among the effects: type, target and content.
fn requests(effects: &[Effect]) -> Vec<String> {
    let request = |effect: &Effect| match effect {
        Effect::Send(text) => Some(request_of(text)),
        _ => None,
    };
    effects.iter().filter_map(request).collect()
}

fn request_of(text: &str) -> String {
    let received = Received::decode(text, limits::CONTENT_BYTES_DEFAULT).expect("what we send can be read");
    assert_eq!(received.sender.as_deref(), Some("ana"));
    use chat_protocol::ClientMessage as M;
    let kind = received.kind.as_str();
    match received.message.expect("what we send is right") {
        M::Register { .. } | M::ListUsers | M::Disconnect => kind.to_owned(),
        M::Broadcast { text } => format!("{kind} {text}"),
        M::Private { target, text } => format!("{kind} {target} {text}"),
        M::UserInfo { target } => format!("{kind} {target}"),
        M::ChangeStatus { status } => format!("{kind} {status}"),
    }
}

fn exit(effects: &[Effect]) -> Option<(u8, String)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Quit(exit) => Some((exit.code, exit.sentence.clone().unwrap_or_default().to_string())),
        _ => None,
    })
}

const TURNS_MAX: usize = 10_000;

fn greeted_at() -> Timestamp {
    Timestamp::from_unix_millis(1_795_187_000_000)
}
