//! What should happen, by rules written a second time and as plainly as possible. Nothing here asks the chat but
//! whom it has given up for reading too slowly, which depends on when sockets took what.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use chat_protocol::{Status, Timestamp};
use chat_server::chat::FLOOD_FORGIVEN_AFTER;
use chat_server::chat::mailbox::LETTER_BYTES_MAX;
use chat_server::chat::ring::{RING_BYTES, RING_FRAMES_MAX};
use chat_server::moment::Moment;
use chat_server::reactor::handler::SOON;

use crate::hearing::{General, Hearing, Letter};
use crate::requests::{Name, Request, What};

/// Bytes of the general chat's frames that the ring may be short of its bound.
const RING_SLACK: u64 = 32 * 1024;
/// Whoever goes on sending too fast for so long is told to go.
const FLOOD_TIMEOUT: Duration = Duration::from_secs(10);
/// Whoever has so much of the general chat before it for long may be given up.
const BEHIND_BYTES: u64 = 256 * 1024;
/// Answers to `list_users` are not older.
const LIST_AGE_MAX: Duration = Duration::from_secs(1);

/// A name that nobody can have.
const RESERVED: &str = "servidor";

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

/// Who is connected to the chat, or was and has not yet heard everything.
#[derive(Debug)]
pub struct Peer {
    pub name: Option<Name>,
    /// It was told to go: by this code.
    pub leaving: Option<u16>,
    pub leaving_at: Duration,
    /// It was given up, and may miss whatever it had not yet heard.
    pub is_lost: bool,
    /// The connection is over.
    pub is_gone: bool,
    pub hearing: Hearing,
    pub opened_at: Duration,
    address: IpAddr,
    joined: u64,
    status: Status,
    resumes: Option<Status>,
    active_at: Duration,
    /// Thousandths of messages that may be sent.
    tokens: u64,
    tokens_at: Duration,
    /// While it sends too fast: since when, and when it last did.
    flooding: Option<(Duration, Duration)>,
}

#[derive(Debug)]
pub struct Model {
    rules: Rules,
    /// By the number of the client.
    peers: Vec<Option<Box<Peer>>>,
    /// In the order of registration.
    users: BTreeMap<u64, u32>,
    names: HashMap<String, u32>,
    joins: u64,
    pub general: General,
    roster: Option<Rc<str>>,
    /// When lists were asked for, as they would be stamped.
    lists: Vec<(Duration, Rc<str>)>,
    now: Moment,
    stamp: Rc<str>,
    is_stopping: bool,
    /// Somebody has many letters before it.
    is_full: bool,
}

impl Model {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            peers: Vec::new(),
            users: BTreeMap::new(),
            names: HashMap::new(),
            joins: 0,
            general: General::default(),
            roster: None,
            lists: Vec::new(),
            now: Moment::default(),
            stamp: stamp(0),
            is_stopping: false,
            is_full: false,
        }
    }

    pub fn set_now(&mut self, now: Moment) {
        if now.unix_millis != self.now.unix_millis {
            self.stamp = stamp(now.unix_millis);
        }
        self.now = now;
    }

    pub fn get(&self, client: u32) -> Option<&Peer> {
        self.peers.get(client as usize)?.as_deref()
    }

    pub fn peer(&mut self, client: u32) -> &mut Peer {
        self.peers[client as usize].as_deref_mut().expect("it was opened")
    }

    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// The users and their numbers, in the order of registration.
    pub fn each_user(&self) -> impl Iterator<Item = (u32, &Peer)> {
        self.users.values().map(|client| (*client, self.get(*client).expect("a user")))
    }

    /// A peer hears a message: is it what it must hear next?
    pub fn hear(&mut self, client: u32, message: &[u8]) {
        let Self { general, peers, .. } = self;
        let Some(peer) = peers.get_mut(client as usize).and_then(Option::as_deref_mut) else {
            panic!("#{client} hears something before it is there");
        };
        if let Err(next) = peer.hearing.hear(general, message) {
            panic!("#{client} got {:.300}\ninstead of {next:.300}", String::from_utf8_lossy(message));
        }
    }

    // ---- What happens

    pub fn open(&mut self, client: u32, address: IpAddr) {
        let now = self.now.monotonic;
        let slot = client as usize;
        if self.peers.len() <= slot {
            self.peers.resize_with(slot + 1, || None);
        }
        assert!(self.peers[slot].is_none(), "#{client} opens twice");
        self.peers[slot] = Some(Box::new(Peer {
            name: None,
            leaving: None,
            leaving_at: Duration::ZERO,
            is_lost: false,
            is_gone: false,
            hearing: Hearing::default(),
            opened_at: now,
            address: address.to_canonical(),
            joined: 0,
            status: Status::Activo,
            resumes: None,
            active_at: now,
            tokens: self.rules.rate.map_or(0, |(_, burst)| u64::from(burst) * 1_000),
            tokens_at: now,
            flooding: None,
        }));
    }

    pub fn closed(&mut self, client: u32) {
        self.depart(client);
        self.peer(client).is_gone = true;
    }

    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    pub fn receive(&mut self, client: u32, request: &Request) {
        if self.peer(client).leaving.is_some() {
            return;
        }
        if matches!(request.what, What::Binary) {
            return self.leave(client, 1003);
        }
        if !self.take_token(client) {
            self.refuse(client, "rate_limited", request);
            return self.slow_down(client);
        }
        if let Err(code) = self.carry_out(client, request) {
            self.refuse(client, code, request);
        }
    }

    /// The timer of a peer has fired.
    pub fn timer_fired(&mut self, client: u32) {
        let (now, inactivity) = (self.now.monotonic, self.rules.inactivity);
        let registration = self.rules.registration_timeout;
        let peer = self.peer(client);
        if peer.leaving.is_some() {
            return;
        }
        if peer.name.is_none() {
            if now >= peer.opened_at + registration {
                let error = Letter::Error { code: "not_registered", request: None, target: None };
                self.write(client, error);
                self.leave(client, 1008);
            }
        } else if peer.status != Status::Inactivo
            && inactivity.is_some_and(|limit| now >= peer.active_at + limit)
        {
            peer.resumes = Some(peer.status);
            peer.status = Status::Inactivo;
            self.tell_status(client, "idle");
        }
    }

    /// The chat has given these up: each must have been too slow. The others hear of it when its connection is closed.
    pub fn lose(&mut self, clients: &[u32]) {
        for &client in clients {
            let far =
                self.get(client).map(|peer| self.general.bytes_from(peer.hearing.cursor(&self.general)));
            let is_far_behind = far.is_some_and(|bytes| bytes > BEHIND_BYTES);
            assert!(
                self.is_behind(client) || is_far_behind,
                "#{client} was given up although it had little before it"
            );
            let Self { general, peers, now, .. } = self;
            let peer = peers[client as usize].as_deref_mut().expect("it was opened");
            peer.is_lost = true;
            peer.hearing.leave(general);
            (peer.leaving, peer.leaving_at) = (Some(1008), now.monotonic);
        }
    }

    /// Whether since the last call somebody had so many letters before it that it might have been given up.
    pub fn take_is_full(&mut self) -> bool {
        std::mem::take(&mut self.is_full)
    }

    /// Whether it has so much before it that it may be given up, or may miss something after it left.
    pub fn is_behind(&self, client: u32) -> bool {
        let Some(Peer { hearing, .. }) = self.get(client) else { return false };
        let cursor = hearing.cursor(&self.general);
        hearing.letter_bytes > LETTER_BYTES_MAX
            || self.general.head() - cursor >= RING_FRAMES_MAX
            || self.general.bytes_from(cursor) + RING_SLACK > RING_BYTES as u64
    }

    /// Nobody waits past a deadline, when everything that was due by `now` has been done.
    pub fn assert_nobody_is_overdue(&self, client: u32, now: Duration) {
        let Some(peer) = self.get(client).filter(|peer| peer.leaving.is_none() && !peer.is_gone) else {
            return;
        };
        match (&peer.name, self.rules.inactivity) {
            (None, _) => {
                let deadline = peer.opened_at + self.rules.registration_timeout;
                assert!(now < deadline, "#{client} may stay without registering");
            }
            (Some(name), Some(limit)) => {
                let is_awake = peer.status != Status::Inactivo;
                assert!(!is_awake || now < peer.active_at + limit, "{name} never fell idle");
            }
            (Some(_), None) => {}
        }
    }

    // ---- The rules

    fn carry_out(&mut self, client: u32, request: &Request) -> Result<(), &'static str> {
        let Request { sender, what } = request;
        match what {
            What::Nonsense(_, code) => return Err(code),
            What::Unknown(_) => return Err("unknown_type"),
            _ => {}
        }
        let Some(name) = self.peer(client).name.clone() else {
            return match what {
                What::Register => self.register(client, sender.as_ref()),
                _ => Err("not_registered"),
            };
        };
        if matches!(what, What::Register) {
            return Err("already_registered");
        }
        if sender.as_ref().is_none_or(|sender| key(sender) != key(&name)) {
            return Err("sender_mismatch");
        }
        match what {
            What::Broadcast(content) => {
                let content = content.relayed.as_ref().map_err(|code| *code)?;
                self.wake(client);
                let said = format!(
                    "{{\"type\":\"broadcast\",\"sender\":\"{name}\",\"content\":\"{content}\",\"timestamp\":\"{}\"}}",
                    self.stamp
                );
                self.tell_all(&said, true);
            }
            What::Private(target, content) => {
                if !is_name(target) || key(target) == RESERVED {
                    return Err("user_not_found");
                }
                let content = content.relayed.as_ref().map_err(|code| *code)?;
                let to = *self.names.get(&key(target)).ok_or("user_not_found")?;
                if self.peer(to).is_lost {
                    return Err("user_not_found");
                }
                self.wake(client);
                let target = self.peer(to).name.clone().unwrap_or_default();
                let said: Rc<str> = format!(
                    "{{\"type\":\"private\",\"sender\":\"{name}\",\"target\":\"{target}\",\"content\":\"{content}\",\"timestamp\":\"{}\"}}",
                    self.stamp
                )
                .into();
                self.write(to, Letter::Exact(Rc::clone(&said)));
                if to != client {
                    self.write(client, Letter::Exact(said));
                }
            }
            What::UserInfo(target) => {
                let about = *self.names.get(&key(target)).ok_or("user_not_found")?;
                self.wake(client);
                let about = self.peer(about);
                let (target, ip) = (about.name.clone().unwrap_or_default(), about.address);
                let status = about.status.as_str();
                let info = format!(
                    "{{\"type\":\"user_info_response\",\"sender\":\"server\",\"target\":\"{target}\",\"content\":{{\"ip\":\"{ip}\",\"status\":\"{status}\"}},\"timestamp\":\"{}\"}}",
                    self.stamp
                );
                self.write(client, Letter::Exact(info.into()));
            }
            What::ListUsers => {
                self.lists.push((self.now.monotonic, Rc::clone(&self.stamp)));
                let recent = self.now.monotonic.saturating_sub(LIST_AGE_MAX);
                let stamps = self.lists.iter().rev().take_while(|(at, _)| *at >= recent);
                let stamps = stamps.map(|(_, stamp)| Rc::clone(stamp)).collect();
                let names = self.roster();
                self.write(client, Letter::List { names, stamps });
            }
            What::ChangeStatus(word) => {
                let status = Status::from_wire(word).map_err(|_| "status_invalid")?;
                let now = self.now.monotonic;
                let peer = self.peer(client);
                (peer.status, peer.resumes, peer.active_at) = (status, None, now);
                self.tell_status(client, "requested");
            }
            What::Disconnect => self.leave(client, 1000),
            What::Register | What::Nonsense(..) | What::Unknown(_) | What::Binary => {
                unreachable!("handled above")
            }
        }
        Ok(())
    }

    fn register(&mut self, client: u32, name: Option<&Name>) -> Result<(), &'static str> {
        let name = name.ok_or("name_invalid")?;
        if key(name) == RESERVED {
            return Err("name_reserved");
        }
        if !is_name(name) {
            return Err("name_invalid");
        }
        if self.names.contains_key(&key(name)) {
            return Err("name_taken");
        }
        if let (Some(max), Some(place)) = (self.rules.users_per_address_max, place(self.peer(client).address))
        {
            let neighbours = self.each_user().filter(|(_, user)| self::place(user.address) == Some(place));
            if neighbours.count() >= max as usize {
                return Err("address_taken");
            }
        }
        if self.users.len() >= self.rules.users_max {
            return Err("server_full");
        }
        let joined = format!(
            "{{\"type\":\"status_update\",\"sender\":\"server\",\"content\":{{\"user\":\"{name}\",\"status\":\"ACTIVO\"}},\"reason\":\"joined\",\"timestamp\":\"{}\"}}",
            self.stamp
        );
        self.tell_all(&joined, false);
        self.joins += 1;
        self.users.insert(self.joins, client);
        self.names.insert(key(name), client);
        self.roster = None;
        let (joins, now) = (self.joins, self.now.monotonic);
        let peer = self.peer(client);
        (peer.name, peer.joined, peer.active_at) = (Some(Rc::clone(name)), joins, now);
        let roster = self.roster();
        let success = format!(
            "{{\"type\":\"register_success\",\"sender\":\"server\",\"content\":\"Registro exitoso\",\"userList\":{roster},\"timestamp\":\"{}\"}}",
            self.stamp
        );
        let mut welcome = vec![success];
        for (_, user) in self.each_user().filter(|(_, user)| user.status != Status::Activo) {
            let reason = if user.resumes.is_some() { "idle" } else { "requested" };
            welcome.push(self.status_update(user, reason));
        }
        let Self { general, peers, .. } = self;
        let peer = peers[client as usize].as_deref_mut().expect("it is here");
        peer.hearing.join(general);
        for message in welcome {
            peer.hearing.write(general, Letter::Exact(message.into()));
        }
        Ok(())
    }

    fn wake(&mut self, client: u32) {
        let now = self.now.monotonic;
        let peer = self.peer(client);
        peer.active_at = now;
        if let Some(status) = peer.resumes.take() {
            peer.status = status;
            self.tell_status(client, "active");
        }
    }

    /// It is told to go. Its name is free at once; what was said before is still for it.
    fn leave(&mut self, client: u32, code: u16) {
        self.depart(client);
        let now = self.now.monotonic;
        let peer = self.peer(client);
        (peer.leaving, peer.leaving_at) = (Some(code), now);
    }

    fn depart(&mut self, client: u32) {
        let Self { general, peers, .. } = self;
        let peer = peers[client as usize].as_deref_mut().expect("it was opened");
        let Some(name) = peer.name.take() else { return };
        peer.hearing.leave(general);
        let joined = peer.joined;
        self.users.remove(&joined);
        self.names.remove(&key(&name));
        self.roster = None;
        let left = format!(
            "{{\"type\":\"user_disconnected\",\"sender\":\"server\",\"content\":\"{name} ha salido\",\"user\":\"{name}\",\"timestamp\":\"{}\"}}",
            self.stamp
        );
        self.tell_all(&left, false);
    }

    fn refuse(&mut self, client: u32, code: &'static str, request: &Request) {
        let (kind, target) = (request.what.kind(), request.what.target().cloned());
        self.write(client, Letter::Error { code, request: kind, target });
    }

    fn slow_down(&mut self, client: u32) {
        let now = self.now.monotonic;
        let peer = self.peer(client);
        let since = match peer.flooding {
            Some((since, last)) if now - last < FLOOD_FORGIVEN_AFTER => since,
            _ => now,
        };
        peer.flooding = Some((since, now));
        if now - since >= FLOOD_TIMEOUT {
            self.leave(client, 1008);
        }
    }

    fn take_token(&mut self, client: u32) -> bool {
        let Some((per_second, burst)) = self.rules.rate else { return true };
        let now = self.now.monotonic;
        let peer = self.peer(client);
        let elapsed = (now - peer.tokens_at).as_millis() as u64;
        peer.tokens = (peer.tokens + elapsed * u64::from(per_second)).min(u64::from(burst) * 1_000);
        peer.tokens_at = now;
        let has_one = peer.tokens >= 1_000;
        peer.tokens -= if has_one { 1_000 } else { 0 };
        has_one
    }

    fn status_update(&self, user: &Peer, reason: &str) -> String {
        let (name, status) = (user.name.as_deref().unwrap_or_default(), user.status.as_str());
        format!(
            "{{\"type\":\"status_update\",\"sender\":\"server\",\"content\":{{\"user\":\"{name}\",\"status\":\"{status}\"}},\"reason\":\"{reason}\",\"timestamp\":\"{}\"}}",
            self.stamp
        )
    }

    fn tell_status(&mut self, client: u32, reason: &str) {
        let update = self.status_update(self.get(client).expect("it is here"), reason);
        self.tell_all(&update, reason != "idle");
    }

    fn tell_all(&mut self, message: &str, is_urgent: bool) {
        if !self.is_stopping {
            let due = self.now.monotonic + if is_urgent { Duration::ZERO } else { SOON };
            self.general.say(message, due);
        }
    }

    fn write(&mut self, client: u32, letter: Letter) {
        let Self { general, peers, is_full, .. } = self;
        let Peer { hearing, is_lost, .. } = peers[client as usize].as_deref_mut().expect("it was opened");
        if !*is_lost {
            hearing.write(general, letter);
            *is_full |= hearing.letter_bytes > LETTER_BYTES_MAX / 2;
        }
    }

    fn roster(&mut self) -> Rc<str> {
        if self.roster.is_none() {
            let names = self.each_user().filter_map(|(_, user)| user.name.as_deref());
            let json = names.fold(String::from("["), |json, name| json + "\"" + name + "\",");
            self.roster = Some((json.trim_end_matches(',').to_owned() + "]").into());
        }
        self.roster.clone().unwrap_or_default()
    }
}

fn stamp(unix_millis: i64) -> Rc<str> {
    Timestamp::from_unix_millis(unix_millis).to_string().into()
}

/// Names are compared without regard to case.
fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Whether it can be a name, of those that clients try here.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 32 && !name.contains([' ', '@', '\u{202e}'])
}

/// What counts as one place for the limit of users: nothing on this machine.
fn place(address: IpAddr) -> Option<u128> {
    match address {
        local if local.is_loopback() => None,
        IpAddr::V4(v4) => Some(u128::from(v4.to_bits())),
        IpAddr::V6(v6) => Some(v6.to_bits() >> 64 | 1 << 127),
    }
}
