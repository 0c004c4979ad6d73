//! Sequences of requests into the chat core. Each line of the input is a step:
//!
//! ```text
//! a+3      peer a connects from address 3          a-       its connection is over
//! a{...}   it sends this text                      a#       a binary message
//! arANA    register as ANA                         ad       disconnect
//! abHOLA   broadcast                               apB HOLA private to B
//! al       list_users          aiB  user_info      asO      change_status: A, O or I
//! a?5      it reads 5 posts    a*   its last request again, 64 times
//! ~30      3 seconds pass      !    the server stops
//! ```
//!
//! The first byte of the input chooses the rules. Checked at every step: names are unique; nobody reads before it
//! is registered what others say; what is private reaches the two whom it concerns; the sender shown is who sent;
//! each refused request gets one error; a peer is closed once and hears nothing new after it; queues keep their
//! bounds; no timer is set for the past; and when all have gone, nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use chat_protocol::{NameKey, Received, ServerMessage, UserName, limits};
use chat_server::bucket::Rate;
use chat_server::chat::mailbox::{Frames, LETTER_BYTES_MAX};
use chat_server::chat::{Chat, Input, Origin, Output, PeerId, Settings, ring};
use chat_server::moment::Moment;

use crate::server_output::{ServerFrame, frames};

/// Peers have letters for names.
const PEERS_MAX: u8 = 26;
/// What one step may repeat.
const REPEATS: usize = 64;
/// Steps of one input, repeated ones counted: so that no input takes seconds.
const STEPS_MAX: usize = 1_000;
/// The wall clock when a run begins.
const EPOCH: i64 = 1_795_187_535_123;
/// Stands for a long text, so that it takes few bytes of input.
const LONG: &str = "$LONG";

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let Some((rules, steps)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(steps);
    let mut world = World::new(*rules);
    for line in text.lines() {
        world.step(line);
    }
    world.end();
}

struct World {
    chat: Chat,
    now: Duration,
    content_bytes_max: usize,
    letters_bytes_max: usize,
    peers: BTreeMap<u32, Peer>,
    /// Whoever is registered, as the outputs say.
    users: BTreeMap<NameKey, u32>,
    steps: usize,
    is_stopping: bool,
}

#[derive(Default)]
struct Peer {
    name: Option<UserName>,
    /// A name that it had, or has.
    was: Option<UserName>,
    last: Option<String>,
    timer: Option<Duration>,
    /// Refusals, less the errors that it has read.
    errors_due: i64,
    letter_bytes: usize,
    letters: usize,
    is_closed: bool,
    /// It was closed for being too slow: what it had still to hear is gone.
    is_cut: bool,
}

impl World {
    fn new(rules: u8) -> Self {
        let has = |bit: u8| rules & (1 << bit) != 0;
        let settings = Settings {
            inactivity: has(0).then_some(Duration::from_secs(60)),
            users_per_address_max: has(1).then_some(1),
            users_max: if has(2) { 3 } else { 100 },
            message_rate: has(3).then_some(Rate { per_second: 20, burst: 60 }),
            letters_bytes_max: if has(4) { 64 * 1024 } else { 64 << 20 },
            behind_bytes_max: if has(5) { 16 * 1024 } else { 256 * 1024 },
            ring_bytes: if has(6) { 64 * 1024 } else { ring::RING_BYTES },
            ..Settings::default()
        };
        Self {
            content_bytes_max: settings.content_bytes_max,
            letters_bytes_max: settings.letters_bytes_max,
            chat: Chat::new(settings),
            now: Duration::from_secs(1),
            peers: BTreeMap::new(),
            users: BTreeMap::new(),
            steps: 0,
            is_stopping: false,
        }
    }

    fn step(&mut self, line: &str) {
        let mut chars = line.chars();
        match (chars.next(), chars.as_str()) {
            (Some('~'), tenths) => {
                self.pass(Duration::from_millis(100) * tenths.parse::<u16>().unwrap_or(1).into())
            }
            (Some('!'), _) => {
                self.is_stopping = true;
                self.handle(None, Input::ShuttingDown);
            }
            (Some(letter @ 'a'..='z'), what) => {
                let number = u32::from(letter as u8 - b'a') % u32::from(PEERS_MAX);
                self.peer_step(number, what);
            }
            _ => {}
        }
    }

    fn peer_step(&mut self, number: u32, what: &str) {
        let mut chars = what.chars();
        let (Some(verb), rest) = (chars.next(), chars.as_str()) else { return };
        if verb == '+' {
            return self.open(number, rest.parse().unwrap_or(0));
        }
        if !self.peers.contains_key(&number) {
            return;
        }
        match verb {
            '-' => self.close(number),
            '?' => self.read(number, rest.parse().unwrap_or(1)),
            '#' => self.handle(Some(number), Input::ReceivedBinary { peer: PeerId(number) }),
            '*' => {
                if let Some(last) = self.peers[&number].last.clone() {
                    (0..REPEATS).for_each(|_| self.send(number, &last));
                }
            }
            '{' => self.request(number, what),
            verb => {
                let json = self.peers[&number].request(verb, rest);
                self.request(number, &json);
            }
        }
    }

    fn open(&mut self, number: u32, address: u8) {
        if self.peers.contains_key(&number) {
            return;
        }
        self.peers.insert(number, Peer::default());
        let origin = Origin::new(IpAddr::from([10, 0, 0, address]), address == 0);
        self.handle(Some(number), Input::Opened { peer: PeerId(number), origin });
    }

    fn close(&mut self, number: u32) {
        if let Some(peer) = self.peers.get_mut(&number) {
            peer.letter_bytes = 0;
        }
        self.handle(Some(number), Input::Closed { peer: PeerId(number) });
        let peer = self.peers.remove(&number).expect("looked up above");
        assert!(peer.name.is_none(), "whoever is gone is no user");
        assert!(self.chat.next_post(PeerId(number)).is_none(), "post for nobody");
    }

    fn request(&mut self, number: u32, json: &str) {
        self.send(number, json);
        if let Some(peer) = self.peers.get_mut(&number) {
            peer.last = Some(json.to_owned());
        }
    }

    fn send(&mut self, number: u32, json: &str) {
        let message = Received::decode(json, self.content_bytes_max);
        self.handle(Some(number), Input::Received { peer: PeerId(number), message });
    }

    /// Time passes; timers fire in their order, each at its time.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.peers.iter().filter_map(|(number, peer)| Some((peer.timer?, *number))).min();
            let Some((at, number)) = next.filter(|(at, _)| *at <= end) else { break };
            self.now = self.now.max(at);
            self.peers.get_mut(&number).expect("found above").timer = None;
            self.handle(Some(number), Input::TimerFired { peer: PeerId(number) });
        }
        self.now = end;
    }

    fn handle(&mut self, actor: Option<u32>, input: Input<'_>) {
        self.steps += 1;
        if self.steps > STEPS_MAX && !matches!(input, Input::Closed { .. }) {
            return;
        }
        let is_open = |number: &u32| !self.peers[number].is_closed;
        let may_be_refused = actor.filter(is_open);
        let unix_millis = EPOCH + self.now.as_millis() as i64;
        self.chat.handle(input, Moment { monotonic: self.now, unix_millis });
        let mut refusals = 0;
        while let Some(output) = self.chat.poll_output() {
            if let Output::Refused { peer, .. } = &output {
                assert_eq!(Some(peer.0), may_be_refused, "only who asks is refused");
                refusals += 1;
            }
            self.carry_out(output);
        }
        assert!(refusals <= 1, "{refusals} refusals of one request");
        let mut bytes = 0;
        for (number, peer) in &mut self.peers {
            let waiting = self.chat.letter_bytes(PeerId(*number));
            // One who is leaving and does not read either may be forgotten before its connection is over.
            peer.is_cut |= peer.is_closed && waiting == 0 && peer.letter_bytes > 0;
            assert_eq!(waiting, if peer.is_cut { 0 } else { peer.letter_bytes }, "letters of {number}");
            bytes += waiting;
        }
        assert!(bytes <= self.letters_bytes_max, "{bytes} bytes of letters in all");
        assert_eq!(self.chat.users(), self.users.len());
    }

    fn carry_out(&mut self, output: Output) {
        let now = self.now;
        match output {
            Output::WakeAll { bytes, .. } => assert!(bytes > 0 && bytes <= ring::RING_BYTES),
            Output::Wake { peer, bytes } => self.peer(peer).take_letter(bytes),
            Output::Close { peer, code, reason } => {
                assert!(matches!(code, 1000 | 1003 | 1008), "{code}");
                assert!(reason.len() <= 123, "{reason} does not fit a close frame");
                let peer = self.peer(peer);
                assert!(!peer.is_closed, "closed twice");
                peer.is_closed = true;
                peer.is_cut |= reason.contains("slow");
                // The name of one who is cut is free when its connection is over: the reactor sees to that.
                assert!(peer.is_cut || peer.name.is_none(), "whoever is closed is no user any more");
            }
            Output::SetTimer { peer, at } => {
                assert!(at.is_none_or(|at| at > now), "a timer for the past");
                self.peer(peer).timer = at;
            }
            Output::Joined { peer, name } => {
                let before = self.users.insert(name.key(), peer.0);
                assert_eq!(before, None, "{name} is taken");
                let peer = self.peer(peer);
                assert!(peer.was.is_none() && !peer.is_closed, "registers once");
                (peer.name, peer.was) = (Some(name.clone()), Some(name));
            }
            Output::Refused { peer, .. } => self.peer(peer).errors_due += 1,
            Output::Left { peer, name } => {
                assert_eq!(self.users.remove(&name.key()), Some(peer.0), "{name} left");
                assert_eq!(self.peer(peer).name.take(), Some(name));
            }
        }
    }

    /// The peer reads at most so many posts.
    fn read(&mut self, number: u32, posts_max: usize) {
        for _ in 0..posts_max {
            let Some(post) = self.chat.next_post(PeerId(number)) else {
                return self.assert_all_is_read(number);
            };
            let (is_letter, bytes, more) =
                (matches!(post.frames, Frames::Letter(_)), post.frames.to_vec(), post.more);
            let peer = self.peers.get_mut(&number).expect("only peers read");
            assert!(!peer.is_cut, "post for one who was cut");
            if is_letter {
                assert!(
                    peer.letters > 0 && peer.letter_bytes >= bytes.len(),
                    "a letter that was not announced"
                );
                peer.letters -= 1;
                peer.letter_bytes -= bytes.len();
            }
            for frame in frames(&bytes) {
                let ServerFrame::Text(text) = frame else { panic!("{frame:?}") };
                let message = ServerMessage::decode(&text).expect("a message of the protocol");
                assert_eq!(message.encode(), text, "in our own spelling");
                peer.hear(&message, is_letter);
            }
            if !more {
                assert!(self.chat.next_post(PeerId(number)).is_none(), "more than was said");
                return self.assert_all_is_read(number);
            }
        }
    }

    fn assert_all_is_read(&self, number: u32) {
        let peer = &self.peers[&number];
        // One who is leaving and has fallen off the ring gets nothing more, as one who was cut.
        let is_forgotten = peer.is_closed && self.chat.letter_bytes(PeerId(number)) == 0 && peer.letters > 0;
        if !peer.is_cut && !is_forgotten {
            assert_eq!((peer.letters, peer.letter_bytes), (0, 0), "letters that never came");
            assert_eq!(peer.errors_due, 0, "one error for each refusal");
        }
    }

    /// Everybody reads what there is and goes; then the chat is as it was at first.
    fn end(mut self) {
        self.steps = 0;
        let numbers: Vec<u32> = self.peers.keys().copied().collect();
        for number in numbers {
            self.read(number, usize::MAX);
            self.close(number);
        }
        assert!(self.users.is_empty() && self.chat.users() == 0);
        self.open(0, 1);
        self.send(0, r#"{"type":"register","sender":"ana"}"#);
        assert_eq!(self.users.len(), 1, "a name is free when its user is gone");
        self.read(0, usize::MAX);
        assert!(self.is_stopping || self.peers[&0].name.is_some());
    }

    fn peer(&mut self, peer: PeerId) -> &mut Peer {
        self.peers.get_mut(&peer.0).expect("outputs are about peers that are there")
    }
}

impl Peer {
    /// A whole request from a short word for it.
    fn request(&self, verb: char, rest: &str) -> String {
        let long = rest.replace(LONG, &"largo ".repeat(limits::CONTENT_BYTES_DEFAULT / 8));
        let sender = self.was.as_ref().map_or("", UserName::as_str);
        let (target, content) = long.split_once(' ').unwrap_or((&long, ""));
        let json = |kind: &str, sender: &str, target: Option<&str>, content: &str| {
            serde_json::json!({ "type": kind, "sender": sender, "target": target, "content": content })
                .to_string()
        };
        match verb {
            'r' => json("register", &long, None, ""),
            'b' => json("broadcast", sender, None, &long),
            'p' => json("private", sender, Some(target), content),
            'l' => json("list_users", sender, None, ""),
            'i' => json("user_info", sender, Some(target), ""),
            's' => {
                let status = match &*long {
                    "A" => "ACTIVO",
                    "O" => "OCUPADO",
                    "I" => "INACTIVO",
                    other => other,
                };
                json("change_status", sender, None, status)
            }
            'd' => json("disconnect", sender, None, ""),
            _ => long,
        }
    }

    fn take_letter(&mut self, bytes: usize) {
        assert!(!self.is_cut, "nothing is queued for who was cut");
        assert!(self.letter_bytes <= LETTER_BYTES_MAX, "a letter more than the bound allows");
        self.letter_bytes += bytes;
        self.letters += 1;
    }

    fn hear(&mut self, message: &ServerMessage<'_>, is_letter: bool) {
        let own = self.was.as_ref().map(UserName::as_str);
        match message {
            ServerMessage::Error(report) => {
                assert!(is_letter && !report.content.is_empty() && report.code.is_some());
                self.errors_due -= 1;
                assert!(self.errors_due >= 0, "an error for nothing");
            }
            ServerMessage::Broadcast { sender, content, .. } => {
                assert!(own.is_some() && !is_letter, "the general chat is for users");
                UserName::parse(sender).expect("the sender is a user's name");
                assert!(content.len() <= limits::CONTENT_BYTES_DEFAULT);
            }
            ServerMessage::Private { sender, target, .. } => {
                let own = own.expect("private messages are for users");
                assert!(is_letter && (*sender == *own || *target == *own), "{own} reads another's letter");
            }
            ServerMessage::RegisterSuccess { user_list, .. } => {
                assert!(is_letter && user_list.names().iter().any(|name| Some(&**name) == own));
                assert_distinct(user_list.names());
            }
            ServerMessage::ListUsersResponse { content, .. } => {
                assert!(is_letter && own.is_some());
                assert_distinct(content.names());
            }
            ServerMessage::UserInfoResponse { content, .. } => {
                assert!(is_letter && content.ip.parse::<IpAddr>().is_ok());
            }
            ServerMessage::StatusUpdate { .. } => assert!(own.is_some()),
            ServerMessage::UserDisconnected { user, .. } => {
                assert!(own.is_some() && user.as_deref() != own, "nobody is told that it left itself");
            }
        }
    }
}

fn assert_distinct(names: &[impl AsRef<str>]) {
    let keys: BTreeSet<_> =
        names.iter().map(|name| UserName::parse(name.as_ref()).expect("a name").key()).collect();
    assert_eq!(keys.len(), names.len(), "names are unique");
}
