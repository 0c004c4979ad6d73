//! What the clients of a run do, by chance.

use crate::client::{Client, Kind, Reads};
use crate::requests::{Content, Name, Request, What};
use crate::rng::Rng;
use crate::wire;
use crate::world::World;

/// Names that clients try: some are the same name, some are none.
const NAMES: [&str; 20] = [
    "ana",
    "Ana",
    "beto",
    "BETO",
    "carla",
    "Ñandú",
    "ñandÚ",
    "dora",
    "王",
    "e_1",
    "f.2",
    "gema-x",
    "hugo",
    "iris",
    "a b",
    "",
    "Servidor",
    "x@y",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "rlo\u{202e}",
];
/// Those of them that are names.
const FAIR_NAMES: usize = 14;
/// Words that they try for a status: the last is none.
const STATUSES: [&str; 4] = ["ACTIVO", "OCUPADO", "INACTIVO", "activo"];
/// Bytes of a message in a flood.
const FLOOD_BYTES: usize = 4_080;

impl World {
    /// Some come, some do something.
    pub fn people_act(&mut self) {
        let missing = self.plan.people.saturating_sub(self.alive.len());
        if missing > 0 && self.rng.percent(if self.plan.is_crowd { 90 } else { 35 }) {
            let coming = if self.plan.is_crowd { self.rng.below(24) + 1 } else { 1 };
            for _ in 0..coming.min(missing) {
                let kind = self.plan.kind(&mut self.rng);
                let client = self.connect(kind);
                if self.rng.percent(70) {
                    self.act(client);
                }
            }
        }
        let actors = match () {
            () if self.plan.is_flood => 4,
            () if self.plan.is_crowd => 2,
            () => 1 + self.rng.below(2),
        };
        for _ in 0..actors.min(self.alive.len()) {
            let place = self.rng.below(self.alive.len());
            let client = self.alive[place];
            if self.witness.clients[client as usize].pipe.borrow().is_over() {
                self.read(client, usize::MAX);
                self.alive.swap_remove(place);
                if self.alive.is_empty() {
                    return;
                }
            } else {
                self.act(client);
            }
        }
    }

    fn act(&mut self, client: u32) {
        let Self { witness, rng, plan, sending, .. } = self;
        let person = &mut witness.clients[client as usize];
        if person.reads == Reads::Slowly && rng.percent(50) {
            let bytes = 1 + rng.below(3_000);
            return self.read(client, bytes);
        }
        if !person.can_speak() {
            return;
        }
        if !person.has_asked {
            ask(person, rng);
            sending.push(client);
            if person.kind != Kind::Talker || rng.percent(50) {
                return;
            }
            // The first message comes with the request of the WebSocket.
        }
        let leaves = if plan.is_crowd { 10 } else { 25 };
        if rng.mille(leaves) {
            return self.leave(client);
        }
        if rng.mille(3) {
            // Its network is gone: it does not say so, and answers nothing.
            person.answers = false;
            return;
        }
        match person.kind {
            Kind::Mute if rng.percent(10) => person.ping(rng),
            Kind::Talker if rng.percent(5) => person.ping(rng),
            Kind::Talker => {
                let many = if plan.is_flood {
                    rng.between(1, 4)
                } else {
                    1 + usize::from(rng.percent(5)) * rng.below(10)
                };
                for _ in 0..many {
                    self.say_something(client);
                }
            }
            Kind::Mute | Kind::Silent | Kind::Browser | Kind::Stranger => return,
        }
        self.sends(client);
    }

    fn say_something(&mut self, client: u32) {
        let name = self.witness.model.get(client).and_then(|peer| peer.name.clone());
        let person = &self.witness.clients[client as usize];
        let is_trying =
            name.is_none() && person.sent.iter().any(|sent| matches!(sent.request.what, What::Register));
        let name = name.or_else(|| person.name.clone().filter(|_| is_trying));
        match name {
            Some(name) if !self.rng.percent(1) => {
                let request = self.request(client, &name);
                let person = &mut self.witness.clients[client as usize];
                if person.can_speak() {
                    person.compose_request(&mut self.rng, request);
                }
            }
            _ if self.rng.percent(8) => {
                let what = if self.rng.percent(50) { What::ListUsers } else { What::nonsense(&mut self.rng) };
                let request = Request { sender: Some("ana".into()), what };
                self.witness.clients[client as usize].compose_request(&mut self.rng, request);
            }
            _ => {
                let name = self.some_name(client, NAMES.len());
                self.register(client, &name);
            }
        }
    }

    pub fn register(&mut self, client: u32, name: &str) {
        let person = &mut self.witness.clients[client as usize];
        if !person.has_asked {
            person.compose_upgrade();
        }
        let request = Request { sender: Some(name.into()), what: What::Register };
        person.compose_request(&mut self.rng, request);
        self.sends(client);
    }

    /// A name for itself or somebody else: in a small company from a list, so that they meet.
    fn some_name(&mut self, client: u32, among: usize) -> Name {
        if self.plan.people <= 12 && self.rng.percent(90) {
            (*self.rng.pick(&NAMES[..among])).into()
        } else if self.rng.percent(90) {
            format!("u{client}").into()
        } else {
            let other = self.rng.below(self.witness.clients.len());
            format!("U{other}").into()
        }
    }

    fn target(&mut self, client: u32) -> Name {
        if self.rng.percent(70) {
            let other = *self.rng.pick(&self.alive);
            if let Some(name) = self.witness.clients[other as usize].name.clone() {
                return name;
            }
        }
        self.some_name(client, FAIR_NAMES)
    }

    /// Something that a user of this name might send.
    fn request(&mut self, client: u32, name: &Name) -> Request {
        let sender = match self.rng.below(40) {
            0 => Some("beto".into()),
            1 => Some(name.to_uppercase().into()),
            2 if self.rng.percent(50) => None,
            _ => Some(Name::clone(name)),
        };
        let bytes_max = chat_protocol::limits::CONTENT_BYTES_DEFAULT;
        let number = self.rng.next() % 1_000_000;
        let content = match self.plan.is_flood {
            true if self.rng.percent(80) => Content::large(number, FLOOD_BYTES),
            _ => Content::random(&mut self.rng, number, bytes_max),
        };
        // In a crowd what is said to all takes long to compare.
        let lowest = if self.plan.is_crowd && self.rng.percent(80) { 40 } else { 0 };
        let what = match self.rng.between(lowest, 99) {
            0..=39 => What::Broadcast(content),
            40..=64 => What::Private(self.target(client), content),
            65..=74 => What::UserInfo(self.target(client)),
            75..=81 => What::ListUsers,
            82..=92 => What::ChangeStatus(STATUSES[self.rng.below(STATUSES.len())]),
            93..=94 => What::Register,
            95..=96 => What::nonsense(&mut self.rng),
            97 => What::Unknown("user_list"),
            98 if self.rng.percent(20) => What::Binary,
            99 if self.rng.percent(20) => What::Disconnect,
            _ => What::Broadcast(content),
        };
        Request { sender, what }
    }

    /// It goes, in one of many ways.
    pub fn leave(&mut self, client: u32) {
        let Self { witness, rng, wires, .. } = self;
        let person = &mut witness.clients[client as usize];
        if person.pipe.borrow().is_over() {
            return;
        }
        let is_inside =
            person.can_speak() && person.has_asked && matches!(person.kind, Kind::Talker | Kind::Mute);
        match rng.below(if is_inside { 8 } else { 2 }) {
            0 => person.wants_fin = true,
            1 => person.reset(rng.percent(50), wires),
            2 | 3 => {
                let code = *rng.pick(&[Some(1000), Some(1001), Some(4000), None]);
                person.close(rng, code);
                person.wants_fin = rng.percent(30);
            }
            4 => person.violate(rng),
            5 => {
                person.get_stuck(rng);
                person.wants_fin = rng.percent(50);
            }
            _ => {
                let sender = person.name.clone();
                person.compose_request(rng, Request { sender, what: What::Disconnect });
                person.wants_fin = rng.percent(30);
            }
        }
        self.sends(client);
    }
}

/// The first that it says.
fn ask(person: &mut Client, rng: &mut Rng) {
    person.has_asked = true;
    match person.kind {
        Kind::Talker | Kind::Mute => person.compose_upgrade(),
        Kind::Silent => {
            let length = rng.below(wire::UPGRADE.len());
            person.compose_raw(&wire::UPGRADE.as_bytes()[..length]);
        }
        Kind::Browser => {
            let line = *rng.pick(&[
                "GET / HTTP/1.1",
                "GET /chat HTTP/1.1",
                "POST /chat HTTP/1.1",
                "GET /nada HTTP/1.0",
            ]);
            person.compose_raw(
                format!("{line}\r\nHost: chat.example\r\nUser-Agent: curl/8\r\n\r\n").as_bytes(),
            );
        }
        Kind::Stranger => match rng.below(4) {
            0 => person.compose_raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
            1 => person.compose_raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
            2 => person.compose_raw(&[0; 40]),
            _ => person.compose_raw(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9_000)).as_bytes()),
        },
    }
}
