//! One simulated client: the bytes that it sends, cut anywhere on their way, and what it makes of those it gets.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::model::Model;
use crate::network::{Pipe, Wires};
use crate::requests::{Name, Request, What};
use crate::rng::Rng;
use crate::wire::{self, Answer};

/// How it gets its bytes to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All at once.
    Whole,
    /// In pieces of any size.
    Pieces,
    /// A few bytes at a time.
    Crumbs,
}

/// How it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Eagerly,
    /// A little, when it is its turn.
    Slowly,
    Never,
}

/// What kind of person or program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Talker,
    /// Comes in and never registers.
    Mute,
    /// Sends nothing, or a part of a head.
    Silent,
    /// Asks for a page.
    Browser,
    /// Does not speak HTTP.
    Stranger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is answered yet.
    Asking,
    WebSocket,
    /// Everything was heard.
    Over,
}

/// A message on its way, and where in the stream it ends.
#[derive(Debug)]
pub struct Sent {
    pub end: u64,
    pub text: String,
    pub request: Request,
}

#[derive(Debug)]
pub struct Client {
    pub number: u32,
    pub pipe: Rc<RefCell<Pipe>>,
    pub kind: Kind,
    pub cut: Cut,
    pub reads: Reads,
    pub phase: Phase,
    /// The last name that it tried.
    pub name: Option<Name>,
    /// Composed and not yet arrived.
    out: Vec<u8>,
    left: usize,
    composed: u64,
    /// Messages that the server has not yet taken in.
    pub sent: VecDeque<Sent>,
    pings: VecDeque<u32>,
    pings_sent: u32,
    /// The HTTP request is composed.
    pub has_asked: bool,
    /// Whether it answers pings.
    pub answers: bool,
    /// It composed a close frame with this code (`None`: without a code).
    pub closed_with: Option<Option<u16>>,
    /// It broke the rules; the code that it must be told.
    pub violated: Option<u16>,
    /// It composed a part of a message and will not finish it.
    pub is_stuck: bool,
    /// Its end follows what is on its way.
    pub wants_fin: bool,
    inbox: Vec<u8>,
    /// What the server said in its close frame.
    pub was_told: Option<Option<u16>>,
    /// The status that it was refused with.
    pub refused: Option<u16>,
}

impl Client {
    pub fn new(number: u32, kind: Kind, capacity: usize) -> Self {
        Self {
            number,
            pipe: Rc::new(RefCell::new(Pipe::new(capacity))),
            kind,
            cut: Cut::Whole,
            reads: Reads::Eagerly,
            phase: Phase::Asking,
            name: None,
            out: Vec::new(),
            left: 0,
            composed: 0,
            sent: VecDeque::new(),
            pings: VecDeque::new(),
            pings_sent: 0,
            has_asked: false,
            answers: true,
            closed_with: None,
            violated: None,
            is_stuck: false,
            wants_fin: false,
            inbox: Vec::new(),
            was_told: None,
            refused: None,
        }
    }

    /// Whether it may still say something that counts.
    pub fn can_speak(&self) -> bool {
        self.answers
            && !self.is_stuck
            && !self.wants_fin
            && self.closed_with.is_none()
            && self.violated.is_none()
            && self.was_told.is_none()
            && self.refused.is_none()
            && self.phase != Phase::Over
    }

    // ---- Sending

    pub fn compose_raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.composed += bytes.len() as u64;
    }

    /// The HTTP request of a WebSocket. No message is under way behind it.
    pub fn compose_upgrade(&mut self) {
        self.has_asked = true;
        self.compose_raw(wire::UPGRADE.as_bytes());
        self.rest();
    }

    pub fn compose_request(&mut self, rng: &mut Rng, request: Request) {
        let text = request.encode();
        if matches!(request.what, What::Binary) {
            self.compose_frame(rng, wire::BINARY, text.as_bytes());
        } else if rng.percent(12) && !text.is_empty() {
            // In fragments, cut inside of characters as well, and with a ping between them.
            let cut = rng.below(text.len());
            self.compose_frame(rng, wire::TEXT_BEGUN, &text.as_bytes()[..cut]);
            if rng.percent(30) {
                self.compose_ping(rng);
            }
            if rng.percent(30) {
                self.compose_frame(rng, wire::CONTINUED, b"");
            }
            self.compose_frame(rng, wire::CONTINUED_LAST, &text.as_bytes()[cut..]);
        } else {
            self.compose_frame(rng, wire::TEXT, text.as_bytes());
        }
        self.rest();
        if let What::Register = request.what {
            self.name.clone_from(&request.sender);
        }
        self.sent.push_back(Sent { end: self.composed, text, request });
    }

    pub fn ping(&mut self, rng: &mut Rng) {
        self.compose_ping(rng);
        self.rest();
    }

    pub fn pong(&mut self, rng: &mut Rng, payload: &[u8]) {
        self.compose_frame(rng, wire::PONG, payload);
        self.rest();
    }

    pub fn close(&mut self, rng: &mut Rng, code: Option<u16>) {
        let payload = code.map(|code| code.to_be_bytes().to_vec()).unwrap_or_default();
        self.compose_frame(rng, wire::CLOSE, &payload);
        self.rest();
        self.closed_with = Some(code);
    }

    /// Breaks RFC 6455 or a limit, in one of many ways.
    pub fn violate(&mut self, rng: &mut Rng) {
        let (code, bytes): (u16, &[u8]) = match rng.below(9) {
            0 => (1002, &[0x81, 0x02, b'h', b'i']),
            1 => (1002, &[0xc1, 0x80, 1, 2, 3, 4]),
            2 => (1002, &[0x83, 0x80, 1, 2, 3, 4]),
            3 => (1002, &[0x8b, 0x80, 1, 2, 3, 4]),
            4 => (1002, &[0x80, 0x80, 1, 2, 3, 4]),
            5 => (1002, &[0x09, 0x80, 1, 2, 3, 4]),
            6 => (1007, &[0x81, 0x81, 0, 0, 0, 0, 0xff]),
            7 => (1009, &[0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]),
            _ => (1009, &[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4]),
        };
        self.compose_raw(bytes);
        self.violated = Some(code);
    }

    /// Begins a message that it will not finish.
    pub fn get_stuck(&mut self, rng: &mut Rng) {
        let start = self.out.len();
        let composed = self.composed;
        self.compose_frame(rng, wire::TEXT, b"{\"type\":\"broadcast\",\"sender\":\"ana\"");
        self.out.truncate(start + 1 + rng.below(20));
        self.composed = composed + (self.out.len() - start) as u64;
        self.is_stuck = true;
    }

    fn compose_ping(&mut self, rng: &mut Rng) {
        self.pings_sent += 1;
        self.pings.push_back(self.pings_sent);
        self.compose_frame(rng, wire::PING, &self.pings_sent.to_be_bytes());
    }

    fn compose_frame(&mut self, rng: &mut Rng, first: u8, payload: &[u8]) {
        let before = self.out.len();
        wire::append_frame(&mut self.out, first, payload, (rng.next() as u32).to_be_bytes());
        self.composed += (self.out.len() - before) as u64;
    }

    /// Here no message is under way.
    fn rest(&mut self) {
        self.pipe.borrow_mut().rests.push_back(self.composed);
    }

    /// Whether something is on its way.
    pub fn has_more_to_send(&self) -> bool {
        let pipe = self.pipe.borrow();
        !pipe.is_over() && (self.left < self.out.len() || (self.wants_fin && !pipe.fin))
    }

    /// A part of what is on its way arrives, and the end behind all of it.
    pub fn deliver(&mut self, rng: &mut Rng, wires: &Wires) {
        let pipe = &mut *self.pipe.borrow_mut();
        if pipe.is_over() || pipe.fin {
            return;
        }
        let left = &self.out[self.left..];
        let count = match self.cut {
            Cut::Whole => left.len(),
            Cut::Pieces => rng.between(left.len().min(1), left.len()),
            Cut::Crumbs => left.len().min(1 + rng.below(16)),
        };
        pipe.arrive(&left[..count]);
        self.left += count;
        if self.left == self.out.len() {
            self.out.clear();
            self.left = 0;
            pipe.fin = self.wants_fin;
        }
        if count > 0 || pipe.fin {
            wires.note("arrives", self.number, count as u64);
            wires.edge(self.number, pipe);
        }
    }

    /// Its system resets the connection.
    pub fn reset(&mut self, loses_unread: bool, wires: &Wires) {
        let pipe = &mut *self.pipe.borrow_mut();
        pipe.break_off(loses_unread);
        wires.note("resets", self.number, u64::from(loses_unread));
        wires.edge(self.number, pipe);
        self.phase = Phase::Over;
    }

    // ---- Receiving

    /// Reads so many bytes at most and compares them with what it must hear.
    pub fn read(&mut self, model: &mut Model, rng: &mut Rng, wires: &Wires, bytes_max: usize) {
        let mut taken = {
            let pipe = &mut *self.pipe.borrow_mut();
            let taken = if bytes_max >= pipe.outbound.len() {
                std::mem::take(&mut pipe.outbound)
            } else {
                pipe.outbound.drain(..bytes_max).collect()
            };
            if !taken.is_empty() && pipe.is_blocked {
                wires.edge(self.number, pipe);
            }
            taken
        };
        if self.phase == Phase::Over {
            return;
        }
        if self.inbox.is_empty() {
            let used = self.take_in(model, rng, &taken);
            self.inbox.extend_from_slice(&taken[used..]);
            taken.clear();
            let pipe = &mut *self.pipe.borrow_mut();
            if pipe.outbound.is_empty() && taken.capacity() <= 4_096 {
                pipe.outbound = taken;
            }
        } else {
            let mut inbox = std::mem::take(&mut self.inbox);
            inbox.extend_from_slice(&taken);
            let used = self.take_in(model, rng, &inbox);
            inbox.drain(..used);
            self.inbox = inbox;
        }
    }

    /// Takes whole frames and answers in. Returns how many bytes they were.
    fn take_in(&mut self, model: &mut Model, rng: &mut Rng, bytes: &[u8]) -> usize {
        let mut used = 0;
        if self.phase == Phase::Asking {
            assert!(self.refused.is_none() || bytes.is_empty(), "#{} gets more than an answer", self.number);
            match wire::next_answer(bytes) {
                None => return 0,
                Some(Answer::Accepted(length)) => {
                    assert!(self.has_asked && self.kind != Kind::Browser, "#{} is no WebSocket", self.number);
                    self.phase = Phase::WebSocket;
                    used = length;
                }
                Some(Answer::Refused(status)) => {
                    self.refuse(status);
                    return bytes.len();
                }
            }
        }
        while let Some(frame) = wire::next_frame(&bytes[used..]) {
            used += frame.len;
            assert!(self.was_told.is_none(), "#{} gets a frame after the close frame", self.number);
            match frame.first {
                wire::TEXT => model.hear(self.number, frame.payload),
                wire::PING if self.answers && self.can_speak() => self.pong(rng, frame.payload),
                wire::PING => {}
                wire::PONG => self.hear_pong(frame.payload),
                wire::CLOSE => self.hear_close(model, rng, frame.payload),
                other => panic!("#{} gets a frame that begins with {other:#x}", self.number),
            }
        }
        used
    }

    fn refuse(&mut self, status: u16) {
        let is_right = match (self.kind, status) {
            // It was not complete in time, or there were too many connections.
            (_, 503 | 429) => true,
            (Kind::Silent, 408) => true,
            (_, 408) => self.cut != Cut::Whole,
            (Kind::Browser, 200 | 404 | 405 | 426) => true,
            (Kind::Stranger, 400 | 431) => true,
            _ => false,
        };
        assert!(is_right, "#{}, a {:?}, gets {status}", self.number, self.kind);
        self.refused = Some(status);
    }

    /// A pong answers a ping that was sent; older ones may go without.
    fn hear_pong(&mut self, payload: &[u8]) {
        let ping = payload.try_into().map(u32::from_be_bytes).expect("our pings have four bytes");
        let place = self.pings.iter().position(|sent| *sent == ping);
        let place = place.unwrap_or_else(|| panic!("#{} gets the pong {ping} twice or unasked", self.number));
        self.pings.drain(..=place);
    }

    fn hear_close(&mut self, model: &mut Model, rng: &mut Rng, payload: &[u8]) {
        let code = payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
        self.was_told = Some(code);
        let (number, is_behind) = (self.number, model.is_behind(self.number));
        let peer = model.get(number).unwrap_or_else(|| panic!("#{number} is closed before it is there"));
        if let (Some(wanted), None) = (peer.leaving, self.closed_with.or(self.violated.map(Some))) {
            let is_shutdown = code == Some(1001);
            // In the turn in which its time to register was over it had to make way for another.
            let is_dismissed = code == Some(1013) && wanted == 1008 && peer.name.is_none();
            assert!(
                code == Some(wanted) || is_shutdown || is_dismissed,
                "#{number} is told {code:?}, not {wanted}"
            );
            // What was said before our close stands before it.
            let has_heard_all = peer.hearing.due(&model.general).is_none();
            assert!(
                has_heard_all || peer.is_lost || is_behind,
                "#{number} is closed without {}",
                peer.hearing.next(&model.general)
            );
        }
        if self.closed_with.is_none() && self.answers && !self.is_stuck && self.violated.is_none() {
            self.close(rng, code);
        }
    }
}
