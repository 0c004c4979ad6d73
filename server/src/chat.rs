//! The chat itself, without I/O: it is told what happened and what time it is, and says what to do about it.
//!
//! ```text
//! chat.handle(input, now);                       // one input,
//! while let Some(output) = chat.poll_output() {} // then all its outputs, then the next input
//! chat.next_post(peer);                          // whenever the peer takes something
//! ```
//!
//! It knows no sockets, no clock, no threads, and it does not log. A request is admitted ([`peer`]), becomes an
//! event, and is applied by the one function that knows the rules ([`room`]); what follows from it is encoded
//! once and put into the general chat's ring or into single mailboxes, from where peers pull it.

mod delivery;
pub mod event;
pub mod exchange;
pub mod mailbox;
pub mod peer;
pub mod refusal;
pub mod ring;
pub mod room;
pub mod roster;
pub mod settings;
mod slow;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use chat_protocol::{DecodeError, Received, Status, UserName, limits};

pub use crate::origin::Origin;
pub use exchange::{Input, Output};
pub use mailbox::Post;
pub use settings::Settings;

use crate::bucket::Rate;
use crate::close_code;
use crate::held::Held;
use crate::moment::Moment;
use delivery::Described;
use event::{Effect, Event};
use peer::{Admission, Flooding, Peer, State};
use refusal::Refusal;
use ring::Ring;
use room::Room;
use slow::Laggards;

/// Whoever has kept the rate for so long is forgiven.
pub const FLOOD_FORGIVEN_AFTER: Duration = Duration::from_secs(2);

/// A peer: a small number that is unique among those that are connected, and used again afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// See the module's documentation.
#[derive(Debug)]
pub struct Chat {
    settings: Settings,
    /// By the number of the peer.
    peers: Vec<Option<Peer>>,
    room: Room,
    ring: Ring,
    /// The letters of all peers.
    held: Held,
    laggards: Laggards,
    /// No user's cursor is below this: while the ring has not let go of a later frame, nobody has fallen off.
    cursors_from: u64,
    /// How often somebody has got all there was since a frame was last pushed.
    caught_up: usize,
    /// Messages pulled by peers since the start.
    deliveries: u64,
    /// Messages that waited for peers who were closed, or could hear nothing any more.
    discarded: u64,
    outputs: VecDeque<Output>,
    /// Effects of the event that is being applied.
    effects: Vec<Effect>,
    /// Those that turned out too slow while effects were delivered.
    too_slow: Vec<PeerId>,
    /// The answer to `list_users`, while it is true.
    list: Option<(Bytes, Duration)>,
    /// A buffer for encoding.
    scratch: Vec<u8>,
    is_stopping: bool,
}

impl Chat {
    /// An empty chat.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let frame_bytes_max = limits::websocket_message_bytes(settings.content_bytes_max);
        Self {
            peers: Vec::new(),
            room: Room::new(settings.users_max, settings.users_per_address_max),
            ring: Ring::new(frame_bytes_max, settings.ring_bytes),
            held: Held::default(),
            laggards: Laggards::default(),
            cursors_from: 0,
            caught_up: 0,
            deliveries: 0,
            discarded: 0,
            outputs: VecDeque::new(),
            effects: Vec::new(),
            too_slow: Vec::new(),
            list: None,
            scratch: Vec::new(),
            is_stopping: false,
            settings,
        }
    }

    /// Takes one input. All outputs of the one before must have been polled.
    pub fn handle(&mut self, input: Input<'_>, now: Moment) {
        debug_assert!(self.outputs.is_empty(), "one input, then all its outputs");
        match input {
            Input::Opened { peer, origin } => self.open(peer, origin, now),
            Input::Received { peer, message } => self.receive(peer, message, now),
            Input::ReceivedBinary { peer } => self.refuse_binary(peer, now),
            Input::TimerFired { peer } => self.on_timer(peer, now),
            Input::Closed { peer } => self.close(peer, now),
            Input::ShuttingDown => self.is_stopping = true,
        }
        self.find_the_slow(now);
        self.drop_the_slow();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next thing for a peer's connection; `None` when there is nothing for now.
    pub fn next_post(&mut self, peer: PeerId) -> Option<Post<'_>> {
        let mailbox = &mut self.peers.get_mut(peer.0 as usize)?.as_mut()?.mailbox;
        // Users who fell off the ring were dropped when it happened; of the others only those who leave can
        // have fallen off since, and they get no more.
        if mailbox.has_fallen_off(&self.ring) {
            self.discarded += mailbox.clear(&self.ring, &mut self.held);
        }
        let post = mailbox.next(&self.ring, &mut self.held)?;
        self.caught_up += usize::from(!post.more);
        self.deliveries += u64::from(post.messages);
        Some(post)
    }

    /// Lets go of what waits for a peer whose connection can give it nothing any more.
    #[cold]
    pub fn discard(&mut self, peer: PeerId) {
        let peer = self.peers.get_mut(peer.0 as usize).and_then(Option::as_mut);
        let Some(Peer { mailbox, .. }) = peer else { return };
        let count = mailbox.discard(&self.ring, &mut self.held);
        self.caught_up += usize::from(count > 0);
        self.discarded += count;
    }

    /// How many messages peers have pulled, each counted once for each peer.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// How many messages waited for peers and were never pulled, counted in the same way.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.discarded
    }

    /// How many users are registered.
    #[must_use]
    pub fn users(&self) -> usize {
        self.room.len()
    }

    /// Whether what this peer asks for counts: it is connected, and was not told to go.
    #[must_use]
    pub fn hears(&self, peer: PeerId) -> bool {
        self.peer(peer).is_some_and(|peer| !matches!(peer.state, State::Leaving | State::Lost { .. }))
    }

    /// The name of a peer that is a user.
    #[must_use]
    pub fn name_of(&self, peer: PeerId) -> Option<&UserName> {
        self.peer(peer)?.name()
    }

    /// Bytes of letters that wait for a peer to take them.
    #[must_use]
    pub fn letter_bytes(&self, peer: PeerId) -> usize {
        self.peer(peer).map_or(0, |peer| peer.mailbox.letter_bytes())
    }

    // ---- Inputs

    fn open(&mut self, peer: PeerId, origin: Origin, now: Moment) {
        let deadline = now.monotonic + self.settings.registration_timeout;
        let slot = peer.0 as usize;
        if self.peers.len() <= slot {
            self.peers.resize_with(slot + 1, || None);
        }
        let before = self.peers[slot].replace(Peer::new(origin, deadline));
        assert!(before.is_none(), "{peer:?} opens once");
        self.outputs.push_back(Output::SetTimer { peer, at: Some(deadline) });
    }

    fn receive(&mut self, id: PeerId, message: Result<Received<'_>, DecodeError>, now: Moment) {
        let Some(peer) = self.peer(id) else { return };
        if matches!(peer.state, State::Leaving | State::Lost { .. }) {
            return;
        }
        let request = Described::of(&message);
        if let Some(rate) = self.settings.message_rate {
            let peer = self.peers[id.0 as usize].as_mut().expect("looked up above");
            if !peer.rate.try_take(1, rate, now.monotonic) {
                return self.slow_down(id, rate, request, now);
            }
        }
        let admission = match message {
            Err(error) => Admission::Refuse(Refusal::Undecodable(error)),
            Ok(received) => self.peer(id).expect("looked up above").admit(id, received),
        };
        match admission {
            Admission::Event(event) => {
                if let Err(refusal) = self.apply(event, now) {
                    self.refuse(id, &refusal, request, now);
                }
            }
            Admission::List => self.answer_list(id, now),
            Admission::Leave => self.leave(id, close_code::NORMAL, "", now),
            Admission::Refuse(refusal) => self.refuse(id, &refusal, request, now),
            Admission::Ignore => {}
        }
    }

    fn refuse_binary(&mut self, peer: PeerId, now: Moment) {
        self.leave(peer, close_code::UNSUPPORTED_DATA, "text frames only", now);
    }

    fn on_timer(&mut self, id: PeerId, now: Moment) {
        let Some(peer) = self.peer(id) else { return };
        match peer.state {
            State::Greeting { deadline } if deadline <= now.monotonic => {
                let time = self.settings.registration_timeout;
                self.refuse(id, &Refusal::RegistrationTimedOut { time }, Described::default(), now);
                self.leave(id, close_code::POLICY_VIOLATION, "not registered in time", now);
            }
            State::Greeting { deadline } => {
                self.outputs.push_back(Output::SetTimer { peer: id, at: Some(deadline) });
            }
            State::Joined { active_at, .. } => {
                let Some(inactivity) = self.settings.inactivity else { return };
                let idle_at = active_at.saturating_add(inactivity);
                if now.monotonic < idle_at {
                    self.outputs.push_back(Output::SetTimer { peer: id, at: Some(idle_at) });
                } else {
                    self.apply(Event::FallIdle { user: id }, now).expect("nothing forbids to fall idle");
                }
            }
            State::Leaving | State::Lost { .. } => {}
        }
    }

    fn close(&mut self, id: PeerId, now: Moment) {
        if self.peer(id).is_some_and(|peer| peer.name().is_some()) {
            self.depart(id, now);
        }
        let peer = self.peers.get_mut(id.0 as usize).and_then(Option::take);
        if let Some(Peer { mut mailbox, .. }) = peer {
            self.discarded += mailbox.clear(&self.ring, &mut self.held);
        }
    }

    // ---- What peers do

    /// Applies an event. What counts as activity puts the idle timer off.
    fn apply(&mut self, event: Event, now: Moment) -> Result<(), Refusal> {
        // That somebody is lost is no matter of the room: for the others it is there until its connection closes.
        if let Event::Whisper { target, .. } = &event
            && self.is_lost(self.room.find(target, true)?)
        {
            return Err(Refusal::UserNotFound { name: target.as_str().to_owned(), was_message: true });
        }
        let actor = match &event {
            Event::Say { user, .. }
            | Event::Whisper { user, .. }
            | Event::AskInfo { user, .. }
            | Event::SetStatus { user, .. } => Some(*user),
            Event::Join { .. } | Event::FallIdle { .. } | Event::Leave { .. } => None,
        };
        let joins = match &event {
            Event::Join { peer, name, .. } => Some((*peer, name.clone())),
            _ => None,
        };
        let was_inactive = actor.is_some_and(|user| self.room.status(user) == Status::Inactivo);
        let mut effects = std::mem::take(&mut self.effects);
        let result = self.room.apply(event, &mut effects);
        if result.is_ok() {
            if let Some((peer, name)) = joins {
                self.become_user(peer, name, now);
            }
            if let Some(user) = actor {
                self.note_activity(user, was_inactive, now);
            }
        }
        for effect in effects.drain(..) {
            self.deliver(effect, now);
        }
        self.effects = effects;
        result
    }

    fn become_user(&mut self, id: PeerId, name: UserName, now: Moment) {
        let Some(peer) = self.peers[id.0 as usize].as_mut() else { return };
        peer.state = State::Joined { name: name.clone(), active_at: now.monotonic };
        self.list = None;
        let at = self.settings.inactivity.map(|inactivity| now.monotonic.saturating_add(inactivity));
        self.outputs.push_back(Output::SetTimer { peer: id, at });
        self.outputs.push_back(Output::Joined { peer: id, name });
    }

    /// The timer that is running is not moved for each message: when it fires it finds out. It rests while the
    /// user is INACTIVO, so then it must be set.
    fn note_activity(&mut self, id: PeerId, was_inactive: bool, now: Moment) {
        let Some(Peer { state: State::Joined { active_at, .. }, .. }) = self.peers[id.0 as usize].as_mut()
        else {
            return;
        };
        *active_at = now.monotonic;
        if was_inactive && self.room.status(id) != Status::Inactivo {
            let at = self.settings.inactivity.map(|inactivity| now.monotonic.saturating_add(inactivity));
            self.outputs.push_back(Output::SetTimer { peer: id, at });
        }
    }

    /// Refuses a message of somebody who sends too fast, and closes whoever does not stop.
    fn slow_down(&mut self, id: PeerId, rate: Rate, request: Described<'_>, now: Moment) {
        self.refuse(id, &Refusal::RateLimited { per_second: rate.per_second }, request, now);
        let Some(peer) = self.peers[id.0 as usize].as_mut() else { return };
        let time = now.monotonic;
        let flooding = peer.flooding.get_or_insert_with(|| Box::new(Flooding { since: time, last: time }));
        if time.saturating_sub(flooding.last) >= FLOOD_FORGIVEN_AFTER {
            flooding.since = time;
        }
        flooding.last = time;
        if time.saturating_sub(flooding.since) >= self.settings.flood_timeout {
            self.leave(id, close_code::POLICY_VIOLATION, "too many messages", now);
        }
    }

    /// Lets a peer go: its name is free at once, it gets what was said before, and the connection is closed.
    fn leave(&mut self, id: PeerId, code: u16, reason: &'static str, now: Moment) {
        let Some(peer) = self.peer(id) else { return };
        match peer.state {
            State::Leaving | State::Lost { .. } => return,
            State::Joined { .. } => self.depart(id, now),
            State::Greeting { .. } => {}
        }
        if let Some(peer) = self.peers[id.0 as usize].as_mut() {
            peer.state = State::Leaving;
        }
        self.outputs.push_back(Output::SetTimer { peer: id, at: None });
        self.outputs.push_back(Output::Close { peer: id, code, reason: reason.into() });
    }

    /// A user stops being one.
    fn depart(&mut self, id: PeerId, now: Moment) {
        let head = self.ring.head();
        let Some(peer) = self.peers[id.0 as usize].as_mut() else { return };
        let (State::Joined { name, .. } | State::Lost { name }) =
            std::mem::replace(&mut peer.state, State::Leaving)
        else {
            return;
        };
        peer.mailbox.unsubscribe(head);
        self.list = None;
        self.outputs.push_back(Output::Left { peer: id, name });
        self.apply(Event::Leave { user: id }, now).expect("nothing forbids to leave");
    }

    fn is_lost(&self, id: PeerId) -> bool {
        self.peer(id).is_some_and(|peer| matches!(peer.state, State::Lost { .. }))
    }

    fn peer(&self, id: PeerId) -> Option<&Peer> {
        self.peers.get(id.0 as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests;
