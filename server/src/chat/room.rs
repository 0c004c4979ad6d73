//! The room: who is here, under which name, with which status; and the one function that changes it.
//!
//! [`Room::apply`] is pure and deterministic, and it alone knows the rules: who owns a name, who gets what, what
//! a status becomes. The same events in the same order give the same room and the same effects everywhere. It
//! knows no connections, no time and no JSON.

use std::collections::{BTreeMap, HashMap};

use chat_protocol::{NameKey, Status, StatusReason, UserName};

use super::PeerId;
use super::event::{Effect, Event, Notice};
use super::refusal::Refusal;
use super::roster::{Place, Roster};
use crate::origin::{Network, Origin};

/// See the module's documentation. The hash maps are looked up, never walked, so that no order comes from them.
#[derive(Debug)]
pub struct Room {
    /// By the number of the peer.
    users: Vec<Option<User>>,
    users_count: usize,
    names: HashMap<NameKey, PeerId>,
    networks: HashMap<Network, u32>,
    /// Those whose status is not ACTIVO, in the order of registration: what a newcomer has to be told.
    not_active: BTreeMap<Place, PeerId>,
    roster: Roster,
    users_max: usize,
    users_per_network_max: Option<u32>,
}

/// A registered user.
#[derive(Debug, Clone)]
pub struct User {
    name: UserName,
    origin: Origin,
    place: Place,
    status: Status,
    /// The status to return to, while the server has assigned INACTIVO.
    resumes: Option<Status>,
}

impl Room {
    /// An empty room. `users_per_network_max` of `None` is no limit.
    #[must_use]
    pub fn new(users_max: usize, users_per_network_max: Option<u32>) -> Self {
        Self {
            users: Vec::new(),
            users_count: 0,
            names: HashMap::new(),
            networks: HashMap::new(),
            not_active: BTreeMap::new(),
            roster: Roster::default(),
            users_max,
            users_per_network_max,
        }
    }

    /// Applies an event and appends what follows from it to `effects`.
    ///
    /// # Errors
    /// [`Refusal`] if a rule forbids it; then nothing has changed and nothing follows.
    pub fn apply(&mut self, event: Event, effects: &mut Vec<Effect>) -> Result<(), Refusal> {
        match event {
            Event::Join { peer, name, origin } => self.join(peer, name, origin, effects),
            Event::Say { user, text } => {
                self.wake(user, effects);
                let sender = self.name_of(user);
                effects.push(Effect::Everybody(Notice::Said { sender, text }));
                Ok(())
            }
            Event::Whisper { user, target, text } => {
                let target = self.find(&target, true)?;
                self.wake(user, effects);
                let (sender, target_name) = (self.name_of(user), self.name_of(target));
                effects.push(Effect::Whispered { user, sender, target, target_name, text });
                Ok(())
            }
            Event::AskInfo { user, target } => {
                let target = self.find(&target, false)?;
                self.wake(user, effects);
                let User { name, origin, status, .. } = self.user(target);
                let (target, address) = (name.clone(), origin.address());
                effects.push(Effect::Info { user, target, address, status: *status });
                Ok(())
            }
            Event::SetStatus { user, status } => {
                self.assign(user, status, None, StatusReason::Requested, effects);
                Ok(())
            }
            Event::FallIdle { user } => {
                let status = self.user(user).status;
                if status != Status::Inactivo {
                    self.assign(user, Status::Inactivo, Some(status), StatusReason::Idle, effects);
                }
                Ok(())
            }
            Event::Leave { user } => {
                self.leave(user, effects);
                Ok(())
            }
        }
    }

    /// Everybody here.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users_count
    }

    /// Whether nobody is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users_count == 0
    }

    /// The status of a user who is here.
    #[must_use]
    pub fn status(&self, user: PeerId) -> Status {
        self.user(user).status
    }

    /// Those whose status is not ACTIVO, with the reason it is not, in the order of registration.
    pub fn not_active(&self) -> impl Iterator<Item = (&UserName, Status, StatusReason)> {
        self.not_active.values().map(|peer| {
            let user = self.user(*peer);
            let reason = if user.resumes.is_some() { StatusReason::Idle } else { StatusReason::Requested };
            (&user.name, user.status, reason)
        })
    }

    fn join(
        &mut self,
        peer: PeerId,
        name: UserName,
        origin: Origin,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let key = name.key();
        if self.names.contains_key(&key) {
            return Err(Refusal::NameTaken(name));
        }
        if let (Some(network), Some(users_max)) = (origin.network(), self.users_per_network_max)
            && self.networks.get(&network).copied().unwrap_or_default() >= users_max
        {
            return Err(Refusal::AddressTaken { address: origin.address(), users_max });
        }
        if self.users_count >= self.users_max {
            return Err(Refusal::ServerFull { users_max: self.users_max });
        }
        if let Some(network) = origin.network() {
            *self.networks.entry(network).or_default() += 1;
        }
        let place = self.roster.add(&name);
        self.names.insert(key, peer);
        let user = User { name: name.clone(), origin, place, status: Status::Activo, resumes: None };
        let slot = peer.0 as usize;
        if self.users.len() <= slot {
            self.users.resize_with(slot + 1, || None);
        }
        let before = self.users[slot].replace(user);
        assert!(before.is_none(), "{peer:?} joins once");
        self.users_count += 1;
        effects.push(Effect::Everybody(Notice::Status {
            user: name,
            status: Status::Activo,
            reason: StatusReason::Joined,
        }));
        effects.push(Effect::Welcome { peer });
        Ok(())
    }

    fn leave(&mut self, peer: PeerId, effects: &mut Vec<Effect>) {
        let Some(user) = self.users.get_mut(peer.0 as usize).and_then(Option::take) else { return };
        self.users_count -= 1;
        self.names.remove(&user.name.key());
        self.not_active.remove(&user.place);
        self.roster.remove(user.place, &user.name);
        if let Some(network) = user.origin.network() {
            let count = self.networks.get_mut(&network).expect("whoever joined was counted");
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&network);
            }
        }
        effects.push(Effect::Everybody(Notice::Left { user: user.name }));
        debug_assert!(self.names.len() == self.users_count && self.roster.len() == self.users_count);
    }

    /// A user did something: an INACTIVO that the server had assigned ends.
    fn wake(&mut self, user: PeerId, effects: &mut Vec<Effect>) {
        if let Some(status) = self.user(user).resumes {
            self.assign(user, status, None, StatusReason::Active, effects);
        }
    }

    fn assign(
        &mut self,
        peer: PeerId,
        status: Status,
        resumes: Option<Status>,
        reason: StatusReason,
        effects: &mut Vec<Effect>,
    ) {
        let user = self.users.get_mut(peer.0 as usize).and_then(Option::as_mut);
        let user = user.expect("only users have a status");
        user.status = status;
        user.resumes = resumes;
        if status == Status::Activo {
            self.not_active.remove(&user.place);
        } else {
            self.not_active.insert(user.place, peer);
        }
        effects.push(Effect::Everybody(Notice::Status { user: user.name.clone(), status, reason }));
    }

    pub(super) fn find(&self, name: &UserName, was_message: bool) -> Result<PeerId, Refusal> {
        let not_found = || Refusal::UserNotFound { name: name.to_string(), was_message };
        self.names.get(&name.key()).copied().ok_or_else(not_found)
    }

    fn user(&self, peer: PeerId) -> &User {
        let user = self.users.get(peer.0 as usize).and_then(Option::as_ref);
        user.expect("events are admitted for users only")
    }

    fn name_of(&self, peer: PeerId) -> UserName {
        self.user(peer).name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn origin(address: &str) -> Origin {
        Origin::new(address.parse().unwrap(), false)
    }

    fn join(room: &mut Room, peer: u32, user: &str, address: &str) -> Result<(), Refusal> {
        room.apply(
            Event::Join { peer: PeerId(peer), name: name(user), origin: origin(address) },
            &mut Vec::new(),
        )
    }

    fn status(user: &str, status: Status, reason: StatusReason) -> Effect {
        Effect::Everybody(Notice::Status { user: name(user), status, reason })
    }

    fn apply(room: &mut Room, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        room.apply(event, &mut effects).unwrap();
        effects
    }

    #[test]
    fn a_name_in_use_is_refused_in_any_case_and_free_again_at_once() {
        let mut room = Room::new(10, None);
        join(&mut room, 1, "Ana", "127.0.0.1").unwrap();
        assert_eq!(join(&mut room, 2, "aNA", "127.0.0.1"), Err(Refusal::NameTaken(name("aNA"))));
        assert_eq!(
            apply(&mut room, Event::Leave { user: PeerId(1) }),
            [Effect::Everybody(Notice::Left { user: name("Ana") })]
        );
        join(&mut room, 2, "aNA", "127.0.0.1").unwrap();
    }

    #[test]
    fn an_address_has_as_many_users_as_it_may_and_loopback_is_exempt() {
        let mut room = Room::new(10, Some(1));
        join(&mut room, 1, "a", "10.0.0.7").unwrap();
        let taken = Refusal::AddressTaken { address: "10.0.0.7".parse().unwrap(), users_max: 1 };
        assert_eq!(join(&mut room, 2, "b", "::ffff:10.0.0.7"), Err(taken));
        join(&mut room, 3, "c", "10.0.0.8").unwrap();
        join(&mut room, 4, "d", "2001:db8::1").unwrap();
        assert!(matches!(join(&mut room, 5, "e", "2001:db8::ffff"), Err(Refusal::AddressTaken { .. })));
        join(&mut room, 6, "f", "127.0.0.1").unwrap();
        join(&mut room, 7, "g", "127.0.0.1").unwrap();
        apply(&mut room, Event::Leave { user: PeerId(1) });
        join(&mut room, 8, "h", "10.0.0.7").unwrap();
    }

    #[test]
    fn without_a_limit_an_address_has_any_number_of_users() {
        let mut room = Room::new(10, None);
        for peer in 0..5 {
            join(&mut room, peer, &format!("u{peer}"), "10.0.0.7").unwrap();
        }
    }

    #[test]
    fn a_full_room_refuses_until_somebody_leaves() {
        let mut room = Room::new(1, None);
        join(&mut room, 1, "a", "127.0.0.1").unwrap();
        assert_eq!(join(&mut room, 2, "b", "127.0.0.1"), Err(Refusal::ServerFull { users_max: 1 }));
        apply(&mut room, Event::Leave { user: PeerId(1) });
        join(&mut room, 2, "b", "127.0.0.1").unwrap();
        assert_eq!(room.len(), 1);
    }

    #[test]
    fn busy_falls_idle_and_is_busy_again_before_the_message_that_woke_it() {
        let mut room = Room::new(10, None);
        join(&mut room, 1, "ana", "127.0.0.1").unwrap();
        let user = PeerId(1);
        apply(&mut room, Event::SetStatus { user, status: Status::Ocupado });
        assert_eq!(
            apply(&mut room, Event::FallIdle { user }),
            [status("ana", Status::Inactivo, StatusReason::Idle)]
        );
        assert_eq!(apply(&mut room, Event::FallIdle { user }), []);
        let text = chat_protocol::MessageText::parse("hola", 10).unwrap();
        assert_eq!(
            apply(&mut room, Event::Say { user, text: text.clone() }),
            [
                status("ana", Status::Ocupado, StatusReason::Active),
                Effect::Everybody(Notice::Said { sender: name("ana"), text }),
            ]
        );
    }

    #[test]
    fn a_chosen_inactivo_stays_and_a_request_while_idle_gives_one_update() {
        let mut room = Room::new(10, None);
        join(&mut room, 1, "ana", "127.0.0.1").unwrap();
        let user = PeerId(1);
        apply(&mut room, Event::SetStatus { user, status: Status::Inactivo });
        assert_eq!(apply(&mut room, Event::FallIdle { user }), []);
        let info = apply(&mut room, Event::AskInfo { user, target: name("ANA") });
        assert!(matches!(&info[..], [Effect::Info { status: Status::Inactivo, .. }]), "{info:?}");

        apply(&mut room, Event::SetStatus { user, status: Status::Activo });
        apply(&mut room, Event::FallIdle { user });
        for wanted in [Status::Ocupado, Status::Ocupado] {
            assert_eq!(
                apply(&mut room, Event::SetStatus { user, status: wanted }),
                [status("ana", wanted, StatusReason::Requested)]
            );
        }
    }

    #[test]
    fn a_refused_whisper_or_question_wakes_nobody() {
        let mut room = Room::new(10, None);
        join(&mut room, 1, "ana", "127.0.0.1").unwrap();
        let user = PeerId(1);
        apply(&mut room, Event::FallIdle { user });
        let mut effects = Vec::new();
        let text = chat_protocol::MessageText::parse("hola", 10).unwrap();
        let whisper = Event::Whisper { user, target: name("nadie"), text };
        assert!(room.apply(whisper, &mut effects).is_err());
        assert!(room.apply(Event::AskInfo { user, target: name("nadie") }, &mut effects).is_err());
        assert_eq!((effects.len(), room.status(user)), (0, Status::Inactivo));
        assert_eq!(room.not_active().count(), 1);
    }
}
