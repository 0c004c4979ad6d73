//! What should happen, by rules written a second time and as plainly as possible: everybody has an unbounded
//! list of what it has still to hear. Nothing here asks the chat.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use chat_protocol::Status;
use chat_server::chat::mailbox::LETTER_BYTES_MAX;
use chat_server::chat::ring::{RING_BYTES, RING_FRAMES_MAX};
use serde_json::{Value, json};

/// The largest frame that a run can produce.
const FRAME_BYTES_MAX: usize = 16 * 1024;

/// The wall clock when a run begins.
pub const EPOCH: i64 = 1_795_187_535_123;

/// The rules of one run.
#[derive(Debug, Clone)]
pub struct Rules {
    pub users_max: usize,
    pub users_per_address_max: Option<u32>,
    pub inactivity: Option<Duration>,
    pub registration_timeout: Duration,
    /// Messages a second, and at once.
    pub rate: Option<(u32, u32)>,
}

/// Something a peer has still to hear.
#[derive(Debug, Clone)]
pub enum Expected {
    /// Exactly this message of the general chat.
    General(Rc<Said>),
    /// Exactly this message, said to few.
    Letter(Rc<Said>),
    /// An error with this code, type and target, in whatever words.
    Error { code: &'static str, request: Option<String>, target: Option<String> },
    /// The list of these names, not older than a second.
    List { names: Vec<String>, at: i64 },
}

/// A message and the size of its frame.
#[derive(Debug)]
pub struct Said {
    pub message: Value,
    bytes: usize,
}

impl Said {
    fn new(message: Value) -> Rc<Self> {
        let payload = message.to_string().len();
        Rc::new(Self { bytes: payload + if payload < 126 { 2 } else { 4 }, message })
    }
}

#[derive(Debug)]
pub struct Peer {
    pub name: Option<String>,
    pub leaving: bool,
    /// It read too slowly: it hears nothing more, and the others are told when its connection is closed.
    lost: bool,
    expected: VecDeque<Expected>,
    backlog: Backlog,
    /// What was said to all since it left: the ring may have gone past what it had not yet heard.
    passed: Backlog,
    address: &'static str,
    opened_at: Duration,
    joined: u64,
    status: Status,
    resumes: Option<Status>,
    active_at: Duration,
    /// Thousandths of messages that may be sent.
    tokens: u64,
    tokens_at: Duration,
}

#[derive(Debug)]
pub struct Model {
    rules: Rules,
    pub peers: BTreeMap<u32, Peer>,
    joins: u64,
    pub now: Duration,
    pub unix_millis: i64,
}

impl Model {
    pub fn new(rules: Rules) -> Self {
        Self { rules, peers: BTreeMap::new(), joins: 0, now: Duration::ZERO, unix_millis: EPOCH }
    }

    pub fn open(&mut self, peer: u32, address: &'static str) {
        let tokens = self.rules.rate.map_or(0, |(_, burst)| u64::from(burst) * 1_000);
        let peer_state = Peer {
            name: None,
            leaving: false,
            lost: false,
            expected: VecDeque::new(),
            backlog: Backlog::default(),
            passed: Backlog::default(),
            address,
            opened_at: self.now,
            joined: 0,
            status: Status::Activo,
            resumes: None,
            active_at: self.now,
            tokens,
            tokens_at: self.now,
        };
        assert!(self.peers.insert(peer, peer_state).is_none());
    }

    pub fn closed(&mut self, peer: u32) {
        self.leave(peer);
        self.peers.remove(&peer);
    }

    /// The user is gone; what it has to hear stays with it.
    pub fn leave(&mut self, peer: u32) {
        let state = self.peer(peer);
        state.leaving = true;
        if let Some(name) = state.name.take() {
            let left = json!({"type": "user_disconnected", "sender": "server", "content": format!("{name} ha salido"), "user": name, "timestamp": self.stamp()});
            self.tell_all(left);
        }
    }

    /// Whoever reads too slowly is a user until its connection is closed, but none that can be written to.
    pub fn lose(&mut self, peer: u32) {
        let state = self.peer(peer);
        (state.leaving, state.lost) = (true, true);
        state.expected.clear();
        state.backlog = Backlog::default();
    }

    /// A message, and whether it is the peer's last.
    pub fn receive(&mut self, peer: u32, message: &Value) -> bool {
        if self.peer(peer).leaving {
            return false;
        }
        let field = |key: &str| message[key].as_str().map(str::to_owned);
        let (kind, sender, target) = (field("type").unwrap(), field("sender"), field("target"));
        let refuse = |model: &mut Self, code| {
            let error = Expected::Error { code, request: Some(kind.clone()), target: target.clone() };
            model.peer(peer).expect(error);
            false
        };
        if !self.take_token(peer) {
            return refuse(self, "rate_limited");
        }
        let name = self.peer(peer).name.clone();
        match (&name, kind.as_str()) {
            (None, "register") => {
                return match self.register(peer, sender.as_deref().unwrap_or_default()) {
                    Ok(()) => false,
                    Err(code) => refuse(self, code),
                };
            }
            (None, _) => return refuse(self, "not_registered"),
            (Some(_), "register") => return refuse(self, "already_registered"),
            (Some(_), _) => {}
        }
        let name = name.unwrap();
        if sender.is_none_or(|sender| !same_name(&sender, &name)) {
            return refuse(self, "sender_mismatch");
        }
        let content = field("content");
        let stamp = self.stamp();
        match kind.as_str() {
            "disconnect" => {
                self.leave(peer);
                return true;
            }
            "list_users" => {
                let names = self.names();
                let at = self.unix_millis;
                self.peer(peer).expect(Expected::List { names, at });
            }
            "broadcast" => {
                let Some(content) = content.filter(|content| !content.trim().is_empty()) else {
                    return refuse(self, "content_invalid");
                };
                self.wake(peer);
                self.tell_all(
                    json!({"type": "broadcast", "sender": name, "content": content, "timestamp": stamp}),
                );
            }
            "private" => {
                let Some(content) = content.filter(|content| !content.trim().is_empty()) else {
                    return refuse(
                        self,
                        if self.find(target.as_deref()).is_some() { "content_invalid" } else { "either" },
                    );
                };
                let to = self.find(target.as_deref()).filter(|to| !self.peers[to].lost);
                let Some(to) = to else { return refuse(self, "user_not_found") };
                self.wake(peer);
                let target = self.peers[&to].name.clone().unwrap();
                let whisper = Said::new(
                    json!({"type": "private", "sender": name, "target": target, "content": content, "timestamp": stamp}),
                );
                self.peer(to).expect(Expected::Letter(Rc::clone(&whisper)));
                if to != peer {
                    self.peer(peer).expect(Expected::Letter(whisper));
                }
            }
            "user_info" => {
                let Some(about) = self.find(target.as_deref()) else { return refuse(self, "user_not_found") };
                self.wake(peer);
                let about = &self.peers[&about];
                let ip = about.address.trim_start_matches("::ffff:");
                let info = json!({"type": "user_info_response", "sender": "server", "target": about.name, "content": {"ip": ip, "status": about.status.as_str()}, "timestamp": stamp});
                self.peer(peer).expect(Expected::Letter(Said::new(info)));
            }
            "change_status" => {
                let Some(status) = content.and_then(|word| Status::from_wire(&word).ok()) else {
                    return refuse(self, "status_invalid");
                };
                let now = self.now;
                let state = self.peer(peer);
                (state.status, state.resumes, state.active_at) = (status, None, now);
                self.tell_status(peer, "requested");
            }
            other => panic!("the simulator sent {other}"),
        }
        false
    }

    /// The timer of a peer has fired. Whether it is closed for not registering in time.
    pub fn timer_fired(&mut self, peer: u32) -> bool {
        let (now, inactivity) = (self.now, self.rules.inactivity);
        let registration = self.rules.registration_timeout;
        let state = self.peer(peer);
        if state.leaving {
            return false;
        }
        if state.name.is_none() {
            let is_late = now >= state.opened_at + registration;
            if is_late {
                state.leaving = true;
                state.expect(Expected::Error { code: "not_registered", request: None, target: None });
            }
            return is_late;
        }
        if state.status != Status::Inactivo && inactivity.is_some_and(|limit| now >= state.active_at + limit)
        {
            state.resumes = Some(state.status);
            state.status = Status::Inactivo;
            self.tell_status(peer, "idle");
        }
        false
    }

    /// After time has passed and every timer that was due has fired, nobody is overdue.
    pub fn assert_nobody_is_overdue(&self) {
        for (number, peer) in self.peers.iter().filter(|(_, peer)| !peer.leaving) {
            match (&peer.name, self.rules.inactivity) {
                (None, _) => {
                    let deadline = peer.opened_at + self.rules.registration_timeout;
                    assert!(self.now < deadline, "peer {number} may stay without registering");
                }
                (Some(name), Some(limit)) => {
                    let is_awake = peer.status != Status::Inactivo;
                    assert!(!is_awake || self.now < peer.active_at + limit, "{name} never fell idle");
                }
                (Some(_), None) => {}
            }
        }
    }

    /// Whether one who left may miss what it had not yet heard: the ring has gone past it.
    pub fn is_passed_by(&self, peer: u32) -> bool {
        let Peer { leaving, backlog, passed, .. } = &self.peers[&peer];
        let (frames, bytes) = (backlog.frames + passed.frames, backlog.frame_bytes + passed.frame_bytes);
        *leaving && (frames > RING_FRAMES_MAX || bytes + 2 * FRAME_BYTES_MAX > RING_BYTES)
    }

    /// Whether closing this peer as too slow is right, by what it has not yet heard.
    pub fn is_too_slow(&self, peer: u32) -> bool {
        let Backlog { frames, frame_bytes, letter_bytes } = self.peers[&peer].backlog;
        frames > RING_FRAMES_MAX
            || frame_bytes + 2 * FRAME_BYTES_MAX > RING_BYTES
            || letter_bytes > LETTER_BYTES_MAX
    }

    /// Nobody who is still here has more waiting than the bounds allow.
    pub fn assert_backlogs_are_bounded(&self) {
        for (number, peer) in self.peers.iter().filter(|(_, peer)| !peer.leaving) {
            let Backlog { frames, frame_bytes, letter_bytes } = peer.backlog;
            assert!(
                frames <= RING_FRAMES_MAX && frame_bytes <= RING_BYTES,
                "peer {number} holds {frame_bytes} bytes"
            );
            // Errors are counted by their least size, so this is the loosest form of the bound.
            assert!(letter_bytes <= LETTER_BYTES_MAX + FRAME_BYTES_MAX, "peer {number}: {letter_bytes}");
        }
    }

    fn register(&mut self, peer: u32, name: &str) -> Result<(), &'static str> {
        if name.to_lowercase() == "servidor" {
            return Err("name_reserved");
        }
        if name.is_empty() || name.chars().count() > 32 || name.contains([' ', '@', '\u{202e}']) {
            return Err("name_invalid");
        }
        if self.peers.values().any(|other| other.name.as_deref().is_some_and(|other| same_name(other, name)))
        {
            return Err("name_taken");
        }
        let network = network(self.peers[&peer].address);
        let neighbours =
            self.users().filter(|(_, user)| crate::model::network(user.address) == network).count();
        if network.is_some() && self.rules.users_per_address_max.is_some_and(|max| neighbours >= max as usize)
        {
            return Err("address_taken");
        }
        if self.users().count() >= self.rules.users_max {
            return Err("server_full");
        }
        let update = json!({"type": "status_update", "sender": "server", "content": {"user": name, "status": "ACTIVO"}, "reason": "joined", "timestamp": self.stamp()});
        self.tell_all(update);
        self.joins += 1;
        let (joins, now) = (self.joins, self.now);
        let state = self.peer(peer);
        (state.name, state.joined, state.active_at) = (Some(name.to_owned()), joins, now);
        let success = json!({"type": "register_success", "sender": "server", "content": "Registro exitoso", "userList": self.names(), "timestamp": self.stamp()});
        let mut welcome = vec![success];
        let mut users: Vec<_> = self.users().filter(|(_, user)| user.status != Status::Activo).collect();
        users.sort_by_key(|(_, user)| user.joined);
        for (_, user) in users {
            let reason = if user.resumes.is_some() { "idle" } else { "requested" };
            welcome.push(json!({"type": "status_update", "sender": "server", "content": {"user": user.name, "status": user.status.as_str()}, "reason": reason, "timestamp": self.stamp()}));
        }
        for message in welcome {
            self.peer(peer).expect(Expected::Letter(Said::new(message)));
        }
        Ok(())
    }

    fn wake(&mut self, peer: u32) {
        let now = self.now;
        let state = self.peer(peer);
        state.active_at = now;
        if let Some(status) = state.resumes.take() {
            state.status = status;
            self.tell_status(peer, "active");
        }
    }

    fn tell_status(&mut self, peer: u32, reason: &str) {
        let state = &self.peers[&peer];
        let update = json!({"type": "status_update", "sender": "server", "content": {"user": state.name, "status": state.status.as_str()}, "reason": reason, "timestamp": self.stamp()});
        self.tell_all(update);
    }

    fn tell_all(&mut self, message: Value) {
        let message = Said::new(message);
        for peer in self.peers.values_mut() {
            let expected = Expected::General(Rc::clone(&message));
            if peer.name.is_some() {
                peer.expect(expected);
            } else if peer.leaving {
                peer.passed.count(&expected, usize::wrapping_add);
            }
        }
    }

    fn take_token(&mut self, peer: u32) -> bool {
        let Some((per_second, burst)) = self.rules.rate else { return true };
        let now = self.now;
        let state = self.peer(peer);
        let elapsed = (now - state.tokens_at).as_millis() as u64;
        state.tokens = (state.tokens + elapsed * u64::from(per_second)).min(u64::from(burst) * 1_000);
        state.tokens_at = now;
        let has_one = state.tokens >= 1_000;
        state.tokens -= if has_one { 1_000 } else { 0 };
        has_one
    }

    fn users(&self) -> impl Iterator<Item = (&u32, &Peer)> {
        self.peers.iter().filter(|(_, peer)| peer.name.is_some())
    }

    fn names(&self) -> Vec<String> {
        let mut users: Vec<_> =
            self.users().map(|(_, user)| (user.joined, user.name.clone().unwrap())).collect();
        users.sort_unstable();
        users.into_iter().map(|(_, name)| name).collect()
    }

    fn find(&self, name: Option<&str>) -> Option<u32> {
        let is_it =
            |user: &Peer| same_name(user.name.as_deref().unwrap_or_default(), name.unwrap_or_default());
        self.users().find(|(_, user)| is_it(user)).map(|(number, _)| *number)
    }

    fn peer(&mut self, peer: u32) -> &mut Peer {
        self.peers.get_mut(&peer).unwrap()
    }

    fn stamp(&self) -> String {
        chat_protocol::Timestamp::from_unix_millis(self.unix_millis).to_string()
    }
}

/// How much a peer has still to hear.
#[derive(Debug, Default, Clone, Copy)]
struct Backlog {
    frames: usize,
    frame_bytes: usize,
    letter_bytes: usize,
}

impl Peer {
    fn expect(&mut self, expected: Expected) {
        if self.lost {
            return;
        }
        self.backlog.count(&expected, usize::wrapping_add);
        self.expected.push_back(expected);
    }

    /// The next thing that this peer must hear.
    pub fn next_expected(&mut self) -> Option<Expected> {
        let expected = self.expected.pop_front()?;
        self.backlog.count(&expected, usize::wrapping_sub);
        Some(expected)
    }

    /// What it has still to hear.
    pub fn expected(&self) -> &VecDeque<Expected> {
        &self.expected
    }
}

impl Backlog {
    fn count(&mut self, expected: &Expected, change: impl Fn(usize, usize) -> usize) {
        match expected {
            Expected::General(said) => {
                self.frames = change(self.frames, 1);
                self.frame_bytes = change(self.frame_bytes, said.bytes);
            }
            Expected::Letter(said) => self.letter_bytes = change(self.letter_bytes, said.bytes),
            // The words of an error are not known here: its least size.
            Expected::Error { .. } => self.letter_bytes = change(self.letter_bytes, 100),
            Expected::List { names, .. } => {
                let bytes = names.iter().map(|name| name.len() + 3).sum();
                self.letter_bytes = change(self.letter_bytes, bytes);
            }
        }
    }
}

fn same_name(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The part of a test address that counts as one place.
fn network(address: &str) -> Option<&str> {
    match address {
        "127.0.0.1" | "::1" => None,
        mapped if mapped.starts_with("::ffff:") => Some(&mapped[7..]),
        v6 if v6.contains("::") => v6.split("::").next(),
        v4 => Some(v4),
    }
}
