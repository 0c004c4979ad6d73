//! A server that may say anything, and a user who may press anything, against the client's state and its screen. Each
//! line of the input is a step; the first byte of the input chooses line mode, the language and what is preferred:
//!
//! ```text
//! ^        the connection opens            v3       it fails or ends, for reason 3
//! <{...}   the server sends this text      ~30      3 seconds pass
//! rNAME,B  register_success, with a list   lA,B     list_users_response
//! bA HOLA  broadcast of A                  pA HOLA  private of A        PB HOLA  own words to B come back
//! sA Oq    status_update: A, O, I; reason: j, i, a, q or none           xA       user_disconnected
//! iA IP    user_info_response              eCODE [REQUEST [TARGET]]     error
//! m9 X     nine users beginning with X write in private
//! >KEYS    the terminal's bytes            .TEXT    a line, in line mode
//! =80 24   the terminal has this size      $        input ends          T        the system ends the program
//! ```
//!
//! Checked at every step: what the client sends is a valid message of this user; it connects only when it is not
//! connected, and sends only when it is; nothing with a control character reaches the screen, a line or a
//! notification, and no server makes a line of its own; what is kept keeps its bounds; and the next deadline is
//! never in the past, so that the loop cannot spin.

use std::time::Duration;

use chat_client::input::Decoder;
use chat_client::keymap::Keymap;
use chat_client::sanitize::{Visible, sanitize_line};
use chat_client::state::conversations::CONVERSATIONS_MAX;
use chat_client::state::ignored::IGNORED_MAX;
use chat_client::state::roster::USERS_MAX;
use chat_client::state::{
    Config, Effect, Event, KEPT_MESSAGES_RANGE, KeyWords, LinkError, LinkEvent, Notifications, Now, Options,
    State,
};
use chat_client::texts::Texts;
use chat_client::view::{Theme, view};
use chat_protocol::{Lang, Received, UserName, limits};
use chrono::{DateTime, TimeDelta};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

const NAME: &str = "ana";
const STARTED: &str = "2026-11-20T23:58:30-06:00";
const STEPS_MAX: usize = 120;
/// A screen is drawn after every step: no larger than this.
const COLUMNS_MAX: u16 = 100;
const ROWS_MAX: u16 = 30;
/// Deadlines that may come due in one step.
const TICKS_MAX: usize = 2_000;

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let Some((choice, steps)) = data.split_first() else { return };
    let mut world = World::new(*choice);
    for line in steps.split(|byte| *byte == b'\n').take(STEPS_MAX) {
        world.step(line);
        if world.has_quit {
            return;
        }
        world.draw();
    }
    // Long enough for every answer and every pause.
    world.pass(Duration::from_secs(120));
    world.draw();
}

struct World {
    state: State,
    decoder: Decoder,
    keymap: Keymap,
    terminal: Terminal<TestBackend>,
    theme: Theme,
    elapsed: Duration,
    wire: Wire,
    line_mode: bool,
    /// Whether something has happened since the screen was drawn.
    is_stale: bool,
    has_quit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Off,
    Connecting,
    Up,
}

impl World {
    fn new(choice: u8) -> Self {
        let has = |bit: u8| choice & (1 << bit) != 0;
        let line_mode = has(0);
        let options = Options {
            kept_messages: *KEPT_MESSAGES_RANGE.start(),
            user_panel: !has(3),
            name_columns: has(4).then_some(6),
            notifications: if has(5) { Notifications::Osc9 } else { Notifications::Osc777 },
            ..Options::default()
        };
        let keymap = Keymap::default();
        let config = Config {
            name: UserName::parse(NAME).expect("a name"),
            server: sanitize_line("h:80"),
            texts: Texts(if has(1) { Lang::English } else { Lang::Spanish }),
            line_mode,
            literal: has(2),
            seed: 7,
            options,
            keys: KeyWords::default(),
        };
        let backend = TestBackend::new(80, 24);
        let mut world = Self {
            state: State::new(config, now(Duration::ZERO)),
            decoder: Decoder::default(),
            keymap,
            terminal: Terminal::new(backend).expect("a screen of memory"),
            theme: Theme::new(!has(6), !has(7)),
            elapsed: Duration::ZERO,
            wire: Wire::Off,
            line_mode,
            is_stale: true,
            has_quit: false,
        };
        world.happens(Event::Start);
        world
    }

    fn step(&mut self, line: &[u8]) {
        let Some((verb, rest)) = line.split_first() else { return };
        let text = String::from_utf8_lossy(rest);
        match verb {
            b'^' if self.wire == Wire::Connecting => {
                self.wire = Wire::Up;
                self.happens(Event::Link(LinkEvent::Up));
            }
            b'v' if self.wire != Wire::Off => {
                self.wire = Wire::Off;
                self.happens(Event::Link(LinkEvent::Down(link_error(&text))));
            }
            b'~' => self.pass(Duration::from_millis(100) * text.parse::<u16>().unwrap_or(1).into()),
            b'=' => self.resize(&text),
            b'>' if !self.line_mode => self.press(rest),
            b'.' if self.line_mode && self.state.wants_lines() => self.happens(Event::Line(text.into())),
            b'$' if self.line_mode => self.happens(Event::InputEnded),
            b'T' => self.happens(Event::Terminate),
            b'm' => self.many(&text),
            _ => {
                if let Some(frame) = frame(*verb, &text) {
                    self.hear(frame);
                }
            }
        }
    }

    fn hear(&mut self, frame: String) {
        if self.wire == Wire::Up {
            self.happens(Event::Link(LinkEvent::Frame(frame)));
        }
    }

    fn many(&mut self, text: &str) {
        let (count, prefix) = text.split_once(' ').unwrap_or((text, "u"));
        for number in 0..count.parse::<u8>().unwrap_or(1) {
            if self.has_quit {
                return;
            }
            self.hear(json!({"type": "private", "sender": format!("{prefix}{number}"), "target": NAME, "content": "x"}).to_string());
        }
    }

    fn press(&mut self, bytes: &[u8]) {
        let inputs = self.decoder.feed(bytes);
        self.act(inputs);
    }

    fn act(&mut self, inputs: Vec<chat_client::input::Input>) {
        for input in inputs {
            if let Some(action) = self.keymap.action(input).filter(|_| !self.has_quit) {
                self.happens(Event::Action(action));
            }
        }
    }

    fn resize(&mut self, text: &str) {
        let (columns, rows) = text.split_once(' ').unwrap_or((text, "24"));
        let columns = columns.parse().unwrap_or(80).min(COLUMNS_MAX);
        let rows = rows.parse().unwrap_or(24).min(ROWS_MAX);
        self.terminal.backend_mut().resize(columns, rows);
        self.happens(Event::Resized { columns, rows });
    }

    /// Time passes; the client is woken when it asked for it.
    fn pass(&mut self, time: Duration) {
        let end = self.elapsed + time;
        if self.decoder.patience().is_some_and(|patience| patience <= time) {
            let inputs = self.decoder.on_silence();
            self.act(inputs);
        }
        for _ in 0..TICKS_MAX {
            let Some(at) = self.state.deadline().filter(|at| *at <= end && !self.has_quit) else {
                self.elapsed = end;
                return;
            };
            self.elapsed = at;
            self.happens(Event::Tick);
        }
        panic!("the loop spins: {:?}", self.state.deadline());
    }

    fn happens(&mut self, event: Event) {
        let is_of_server = matches!(event, Event::Link(_));
        let effects = self.state.update(event, now(self.elapsed));
        for effect in effects {
            assert!(!self.has_quit, "{effect:?} after the end");
            self.carry_out(effect, is_of_server);
        }
        self.is_stale = true;
        if !self.has_quit {
            self.check();
        }
    }

    fn carry_out(&mut self, effect: Effect, is_of_server: bool) {
        match effect {
            Effect::Connect => {
                assert_eq!(self.wire, Wire::Off, "connects twice");
                self.wire = Wire::Connecting;
            }
            Effect::Disconnect => self.wire = Wire::Off,
            Effect::Send(text) => {
                assert_eq!(self.wire, Wire::Up, "sends to nobody");
                let received = Received::decode(&text, limits::CONTENT_BYTES_MAX).expect("a message");
                assert_eq!(received.sender.as_deref(), Some(NAME));
                received.message.expect("a valid one");
            }
            Effect::Ping => assert_eq!(self.wire, Wire::Up, "pings nobody"),
            Effect::Print(line) | Effect::Complain(line) => {
                assert!(self.line_mode);
                assert_harmless(&line);
                assert!(!is_of_server || !line.as_str().contains('\n'), "a line of its own: {line:?}");
            }
            Effect::Notify { text, .. } => {
                assert_harmless(&text);
                assert!(!text.as_str().contains('\n'), "{text:?}");
            }
            Effect::Quit(exit) => {
                if let Some(sentence) = exit.sentence {
                    assert_harmless(&sentence);
                }
                self.has_quit = true;
            }
            Effect::OpenScreen | Effect::Redraw | Effect::Bell | Effect::Suspend => {}
        }
    }

    fn check(&self) {
        let deadline = self.state.deadline();
        assert!(deadline.is_none_or(|at| at > self.elapsed), "{deadline:?} at {:?}", self.elapsed);
        let conversations = self.state.conversations();
        assert!((1..=CONVERSATIONS_MAX).contains(&conversations.all().len()));
        assert!(conversations.current_index() < conversations.all().len());
        for conversation in conversations.all() {
            let kept = conversation.entries().count();
            assert!(kept <= *KEPT_MESSAGES_RANGE.start(), "{kept} entries");
        }
        assert!(self.state.roster().len() <= USERS_MAX && self.state.ignored().iter().len() <= IGNORED_MAX);
    }

    fn draw(&mut self) {
        if self.line_mode || !std::mem::take(&mut self.is_stale) {
            return;
        }
        let Self { state, theme, terminal, .. } = self;
        terminal.draw(|frame| view(state, theme, frame)).expect("a screen of memory takes everything");
        for cell in terminal.backend().buffer().content() {
            assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
        }
    }
}

fn assert_harmless(text: &Visible) {
    assert!(!text.as_str().chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
}

fn now(elapsed: Duration) -> Now {
    let start = DateTime::parse_from_rfc3339(STARTED).expect("a time");
    Now { elapsed, wall: start + TimeDelta::from_std(elapsed).expect("a short run") }
}

/// A message from the server, from a short word for it.
fn frame(verb: u8, text: &str) -> Option<String> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let names: Vec<&str> = text.split(',').collect();
    let at = "2026-11-21T05:59:00.000Z";
    let message = match verb {
        b'<' => return Some(text.to_owned()),
        b'r' => {
            json!({"type": "register_success", "sender": "server", "content": "", "userList": names, "timestamp": at})
        }
        b'l' => json!({"type": "list_users_response", "sender": "server", "content": names, "timestamp": at}),
        b'b' => json!({"type": "broadcast", "sender": first, "content": rest, "timestamp": at}),
        b'p' => json!({"type": "private", "sender": first, "target": NAME, "content": rest, "timestamp": at}),
        b'P' => json!({"type": "private", "sender": NAME, "target": first, "content": rest, "timestamp": at}),
        b's' => status_update(first, rest),
        b'x' => {
            json!({"type": "user_disconnected", "sender": "server", "content": format!("{text} ha salido")})
        }
        b'i' => {
            json!({"type": "user_info_response", "target": first, "content": {"ip": rest, "status": "OCUPADO"}})
        }
        b'e' => {
            let (request, target) = rest.split_once(' ').unwrap_or((rest, ""));
            json!({"type": "error", "content": text, "code": first, "request": request, "target": target})
        }
        _ => return None,
    };
    Some(message.to_string())
}

fn status_update(user: &str, how: &str) -> Value {
    let mut letters = how.chars();
    let status = match letters.next() {
        Some('O') => "OCUPADO",
        Some('I') => "INACTIVO",
        _ => "ACTIVO",
    };
    let reason = match letters.next() {
        Some('j') => "joined",
        Some('i') => "idle",
        Some('a') => "active",
        Some('q') => "requested",
        _ => return json!({"type": "status_update", "content": {"user": user, "status": status}}),
    };
    json!({"type": "status_update", "content": {"user": user, "status": status}, "reason": reason})
}

fn link_error(text: &str) -> LinkError {
    match text.parse::<u8>().unwrap_or(0) {
        0 => LinkError::Lost,
        1 => LinkError::UnknownHost,
        2 => LinkError::Refused,
        3 => LinkError::TimedOut,
        4 => LinkError::Unreachable,
        5 => LinkError::NotChat,
        6 => LinkError::Full,
        7 => LinkError::Silent,
        8 => LinkError::Closed { code: None, reason: Visible::default() },
        code => LinkError::Closed { code: Some(1000 + u16::from(code)), reason: sanitize_line(text) },
    }
}
