//! The chat and the model side by side: every input goes to both, and what the chat delivers is compared with
//! what the model expects.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::{Received, limits};
use chat_server::bucket::Rate;
use chat_server::chat::{Chat, Input, Origin, Output, PeerId, Settings};
use chat_server::moment::Moment;
use serde_json::Value;

use crate::model::{EPOCH, Expected, Model, Rules};

pub struct World {
    chat: Chat,
    pub model: Model,
    timers: BTreeMap<u32, Duration>,
}

impl World {
    pub fn new(rules: Rules) -> Self {
        let settings = Settings {
            users_max: rules.users_max,
            users_per_address_max: rules.users_per_address_max,
            inactivity: rules.inactivity,
            registration_timeout: rules.registration_timeout,
            message_rate: rules.rate.map(|(per_second, burst)| Rate { per_second, burst }),
            ..Settings::default()
        };
        Self { chat: Chat::new(settings), model: Model::new(rules), timers: BTreeMap::new() }
    }

    pub fn open(&mut self, peer: u32, address: &'static str) {
        self.model.open(peer, address);
        let origin = Origin::new(address.parse().unwrap(), false);
        self.handle(Input::Opened { peer: PeerId(peer), origin }, None);
    }

    pub fn send(&mut self, peer: u32, message: &Value) {
        let is_last = self.model.receive(peer, message);
        let text = message.to_string();
        let message = Received::decode(&text, limits::CONTENT_BYTES_DEFAULT);
        self.handle(Input::Received { peer: PeerId(peer), message }, is_last.then_some((peer, 1000)));
    }

    pub fn close(&mut self, peer: u32) {
        self.model.closed(peer);
        self.timers.remove(&peer);
        self.handle(Input::Closed { peer: PeerId(peer) }, None);
    }

    /// Lets time pass; timers fire in their order, each at its time.
    pub fn pass(&mut self, time: Duration) {
        let end = self.model.now + time;
        while let Some((at, peer)) = self.timers.iter().map(|(peer, at)| (*at, *peer)).min() {
            if at > end {
                break;
            }
            self.timers.remove(&peer);
            self.set_now(at.max(self.model.now));
            let is_closed = self.model.timer_fired(peer);
            self.handle(Input::TimerFired { peer: PeerId(peer) }, is_closed.then_some((peer, 1008)));
        }
        self.set_now(end);
        self.model.assert_nobody_is_overdue();
    }

    /// Delivers at most so many posts to a peer and compares them with the model. Whether there was less.
    pub fn read(&mut self, peer: u32, posts_max: usize) -> bool {
        for _ in 0..posts_max {
            let (bytes, more) = match self.chat.next_post(PeerId(peer)) {
                None => {
                    let missed = self.model.peers[&peer].expected();
                    let may_miss = missed.is_empty() || self.model.is_passed_by(peer);
                    assert!(may_miss, "peer {peer} never got {missed:?}");
                    return true;
                }
                Some(post) => (post.frames.to_vec(), post.more),
            };
            for text in payloads(&bytes) {
                self.compare(peer, text);
            }
            if !more {
                assert!(self.chat.next_post(PeerId(peer)).is_none(), "peer {peer} has more than was said");
            }
        }
        false
    }

    /// Everybody goes; then the chat is as it was at first.
    pub fn end(mut self) {
        let peers: Vec<u32> = self.model.peers.keys().copied().collect();
        for peer in peers {
            self.read(peer, usize::MAX);
            self.close(peer);
        }
        assert_eq!(self.chat.users(), 0);
        self.open(0, "10.0.0.1");
        self.send(0, &serde_json::json!({"type": "register", "sender": "ana"}));
        self.read(0, usize::MAX);
        assert_eq!(self.chat.users(), 1);
    }

    fn handle(&mut self, input: Input<'_>, mut closes: Option<(u32, u16)>) {
        let now = Moment { monotonic: self.model.now, unix_millis: self.model.unix_millis };
        self.chat.handle(input, now);
        while let Some(output) = self.chat.poll_output() {
            match output {
                Output::SetTimer { peer, at: Some(at) } => drop(self.timers.insert(peer.0, at)),
                Output::SetTimer { peer, at: None } => drop(self.timers.remove(&peer.0)),
                Output::Close { peer, code, .. } if closes == Some((peer.0, code)) => closes = None,
                Output::Close { peer, code: 1008, reason } => self.on_policy_close(peer.0, &reason),
                Output::Close { peer, code, .. } => panic!("peer {} was closed with {code}", peer.0),
                Output::Wake { .. }
                | Output::Refused { .. }
                | Output::WakeAll { .. }
                | Output::Joined { .. }
                | Output::Left { .. } => {}
            }
        }
        assert_eq!(closes, None, "should have been closed");
        self.model.assert_backlogs_are_bounded();
    }

    /// The chat may close whom the model finds too slow; then that one hears nothing more.
    fn on_policy_close(&mut self, peer: u32, reason: &str) {
        if reason.contains("messages") {
            // For flooding: it still gets what was said before.
            return self.model.leave(peer);
        }
        assert!(self.model.is_too_slow(peer), "peer {peer} was closed: {reason}");
        self.model.lose(peer);
    }

    fn compare(&mut self, peer: u32, text: &str) {
        let got: Value = serde_json::from_str(text).unwrap();
        let expected = self.model.peers.get_mut(&peer).unwrap().next_expected();
        let is_right = match &expected {
            Some(Expected::General(said) | Expected::Letter(said)) => said.message == got,
            Some(Expected::Error { code, request, target }) => {
                got["type"] == "error"
                    && (got["code"] == *code || *code == "either")
                    && got["request"].as_str() == request.as_deref()
                    && got["target"].as_str() == target.as_deref()
                    && got["content"].as_str().is_some_and(|sentence| !sentence.is_empty())
            }
            Some(Expected::List { names, at }) => {
                let stamp = chrono_millis(&got["timestamp"]);
                got["type"] == "list_users_response"
                    && got["content"] == serde_json::json!(names)
                    && (at - 1_000..=*at).contains(&stamp)
            }
            None => false,
        };
        assert!(is_right, "peer {peer} got {got}\ninstead of {expected:?}");
    }

    fn set_now(&mut self, now: Duration) {
        self.model.now = now;
        self.model.unix_millis = EPOCH + now.as_millis() as i64;
    }
}

fn chrono_millis(timestamp: &Value) -> i64 {
    serde_json::from_value::<chat_protocol::Timestamp>(timestamp.clone()).unwrap().unix_millis()
}

/// The texts in a run of frames.
fn payloads(mut frames: &[u8]) -> Vec<&str> {
    let mut texts = Vec::new();
    while !frames.is_empty() {
        assert_eq!(frames[0], 0x81, "a final text frame");
        let (header, length) = match frames[1] {
            126 => (4, usize::from(u16::from_be_bytes([frames[2], frames[3]]))),
            127 => (10, u64::from_be_bytes(frames[2..10].try_into().unwrap()) as usize),
            short => (2, usize::from(short)),
        };
        texts.push(std::str::from_utf8(&frames[header..header + length]).unwrap());
        frames = &frames[header + length..];
    }
    texts
}
