//! One run: clients, network, clock and the server between them, a step at a time.

use std::rc::Rc;
use std::time::Duration;

use chat_protocol::Lang;
use chat_server::bucket::Rate;
use chat_server::chat::Settings;
use chat_server::handler::ChatHandler;
use chat_server::moment::Moment;
use chat_server::reactor::hub::census::Census;
use chat_server::reactor::network::Readiness;
use chat_server::reactor::{ConnectionId, Hub};

use crate::client::{Client, Cut, Kind, Phase, Reads};
use crate::model::Model;
use crate::network::{SimNetwork, Wires};
use crate::plan::{End, Plan};
use crate::rng::Rng;
use crate::witness::Witness;

/// The wall clock when a run begins: what it says and how it jumps decides timestamps and nothing else.
const EPOCH_MILLIS: i64 = 1_795_187_535_123;
/// Turns without time passing. More is a live-lock.
const TURNS_MAX: usize = 20_000;
/// Connections in one run: each has its number for a port.
const CLIENTS_MAX: usize = 60_000;

pub struct World {
    pub plan: Plan,
    pub rng: Rng,
    pub hub: Hub<SimNetwork>,
    pub witness: Witness,
    pub wires: Rc<Wires>,
    now: Duration,
    unix_millis: i64,
    /// Clients whose connection is not over.
    pub alive: Vec<u32>,
    /// Clients with something on its way to the server.
    pub sending: Vec<u32>,
    edges: Vec<(ConnectionId, Readiness)>,
    /// The largest delay with which the server was ever run after it had asked to be.
    pub lateness_max: Duration,
    pub steps: u64,
}

impl World {
    pub fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = Rng::new(seed);
        let plan = Plan::new(seed, &mut rng);
        let settings = Settings {
            lang: Lang::Spanish,
            inactivity: plan.rules.inactivity,
            users_per_address_max: plan.rules.users_per_address_max,
            users_max: plan.rules.users_max,
            registration_timeout: plan.rules.registration_timeout,
            message_rate: plan.rules.rate.map(|(per_second, burst)| Rate { per_second, burst }),
            ..Settings::default()
        };
        let wires = Wires::new(seed, plan.faults, is_told);
        let model = Model::new(plan.rules.clone());
        let witness = Witness::new(ChatHandler::new(settings), model, Rc::clone(&wires), plan.limits);
        let mut world = Self {
            hub: Hub::new(SimNetwork::new(Rc::clone(&wires)), plan.limits),
            witness,
            wires,
            now: Duration::ZERO,
            unix_millis: EPOCH_MILLIS,
            alive: Vec::new(),
            sending: Vec::new(),
            edges: Vec::new(),
            lateness_max: Duration::ZERO,
            steps: 0,
            plan,
            rng,
        };
        world.set_now(Duration::from_millis(1));
        world
    }

    pub fn now(&self) -> Duration {
        self.now
    }

    /// Clients come, act and go; bytes travel; time passes; the server has its turns; those who read read.
    pub fn step(&mut self) {
        self.steps += 1;
        self.people_act();
        self.bytes_arrive();
        self.time_passes();
        self.turn();
        if self.rng.percent(85) {
            self.finish();
        }
        self.people_read();
        if self.steps.is_multiple_of(100) {
            self.finish();
            self.scan();
        }
    }

    /// A new client. Returns its number.
    pub fn connect(&mut self, kind: Kind) -> u32 {
        let client = self.witness.clients.len() as u32;
        assert!((client as usize) < CLIENTS_MAX, "more clients than ports");
        let address = self.plan.address(&mut self.rng, client);
        let capacity = self.plan.capacity(&mut self.rng);
        let mut new = Client::new(client, kind, capacity);
        new.cut = self.plan.cut(&mut self.rng);
        new.reads = self.plan.reads(&mut self.rng);
        self.wires.pipes.borrow_mut().push(Rc::clone(&new.pipe));
        self.wires.note("connects", client, 0);
        self.witness.clients.push(new);
        self.witness.opened.push(None);
        self.alive.push(client);
        self.hub.network_mut().connect(client, address);
        self.hub.on_acceptable();
        client
    }

    /// Notes that a client has something to send.
    pub fn sends(&mut self, client: u32) {
        self.sending.push(client);
    }

    /// Parts of what is on its way arrive.
    pub fn bytes_arrive(&mut self) {
        let mut sending = std::mem::take(&mut self.sending);
        sending.retain(|client| {
            let client = &mut self.witness.clients[*client as usize];
            client.deliver(&mut self.rng, &self.wires);
            client.has_more_to_send()
        });
        sending.dedup();
        self.sending = sending;
    }

    /// Mostly a moment, now and then long enough for deadlines; each time the server asked for it has a turn, unless
    /// the machine was busy with something else. The wall clock jumps.
    fn time_passes(&mut self) {
        let millis = match self.rng.below(1_000) {
            0..=599 => self.rng.below(4),
            600..=939 => self.rng.below(60),
            940..=994 => self.rng.below(1_500),
            _ => self.rng.below(12_000),
        };
        let end = self.now + Duration::from_millis(millis as u64);
        if !self.rng.percent(1) {
            self.wake_until(end);
        }
        if self.rng.mille(3) {
            let days = self.rng.between(0, 20) as i64 - 10;
            self.unix_millis += days * 86_400_000 + self.rng.below(1_000) as i64;
        }
        self.set_now(end.max(self.now));
    }

    /// The server has a turn whenever it asked for one.
    pub fn wake_until(&mut self, end: Duration) {
        for _ in 0..TURNS_MAX {
            let Some(wake) = self.hub.next_wake().filter(|wake| *wake <= end) else { return };
            // The operating system wakes whole milliseconds later.
            self.set_now(Duration::from_millis(wake.max(self.now).as_nanos().div_ceil(1_000_000) as u64));
            self.turn();
            self.finish();
            self.people_read();
            self.bytes_arrive();
            self.turn();
            self.finish();
        }
        panic!("the server asks to be woken at {:?} and does nothing", self.hub.next_wake());
    }

    fn set_now(&mut self, now: Duration) {
        let late = self.hub.next_wake().map_or(Duration::ZERO, |wake| now.saturating_sub(wake));
        self.lateness_max = self.lateness_max.max(late);
        self.unix_millis += (now - self.now).as_millis() as i64;
        self.now = now;
        self.wires.now.set(now);
    }

    /// One turn of the loop, as the reactor has it.
    pub fn turn(&mut self) {
        let moment = Moment { monotonic: self.now, unix_millis: self.unix_millis };
        self.witness.model.set_now(moment);
        self.hub.begin_turn(moment);
        self.wires.take_edges(&mut self.edges);
        for (id, readiness) in self.edges.drain(..) {
            self.hub.on_ready(id, readiness);
        }
        self.hub.resume(&mut self.witness);
        self.hub.expire(&mut self.witness);
        self.hub.settle(&mut self.witness);
    }

    /// Turns until the server has nothing left to do and the network nothing to report.
    pub fn finish(&mut self) {
        for _ in 0..TURNS_MAX {
            if !self.hub.has_leftovers() && !self.wires.has_edges() {
                return;
            }
            self.turn();
        }
        panic!("never comes to rest");
    }

    /// Those who read, read; and whoever hears the end, ends.
    pub fn people_read(&mut self) {
        let touched = std::mem::take(&mut *self.wires.touched.borrow_mut());
        for client in touched {
            if self.witness.clients[client as usize].reads == Reads::Eagerly {
                self.read(client, usize::MAX);
            } else {
                self.notice_end(client);
            }
        }
    }

    pub fn read(&mut self, client: u32, bytes_max: usize) {
        let Self { witness, rng, wires, .. } = self;
        let Witness { clients, model, .. } = witness;
        let person = &mut clients[client as usize];
        person.read(model, rng, wires, bytes_max);
        if person.has_more_to_send() {
            self.sending.push(client);
        }
        self.judge_hearing(client);
        self.notice_end(client);
    }

    /// What was due for somebody who reads has come.
    fn judge_hearing(&self, client: u32) {
        let person = &self.witness.clients[client as usize];
        let is_open = self.witness.opened[client as usize].as_ref().is_some_and(|it| it.closed.is_none());
        let pipe = person.pipe.borrow();
        let hears = person.reads == Reads::Eagerly && person.phase != Phase::Over && is_open;
        if !hears || pipe.is_blocked || pipe.fin || pipe.is_over() || self.hub.has_leftovers() {
            return;
        }
        let Some(peer) = self.witness.model.get(client) else { return };
        let due = peer.hearing.due(&self.witness.model.general);
        // Something for its ears may be in the turn that comes for the edge.
        let is_late = due.is_some_and(|due| due < self.now) && !pipe.has_edge() && !peer.is_lost;
        let next = || peer.hearing.next(&self.witness.model.general);
        assert!(!is_late, "#{client} reads and did not get in time: {}", next());
    }

    /// The server has finished: so does the client, if it is polite; and when the connection is gone, it is over.
    fn notice_end(&mut self, client: u32) {
        let person = &mut self.witness.clients[client as usize];
        let (is_shut, is_dropped, is_empty, was_full) = {
            let pipe = person.pipe.borrow();
            (pipe.shut, pipe.dropped, pipe.outbound.is_empty(), pipe.was_full)
        };
        if !(is_shut || is_dropped) || !is_empty || person.phase == Phase::Over {
            return;
        }
        if let Some(Some((_, Some(code)))) = self.witness.opened[client as usize].as_ref().map(|it| it.closed)
        {
            let was_interrupted = person.wants_fin || person.closed_with.is_some();
            let is_right = person.was_told == Some(Some(code)) || was_interrupted;
            assert!(
                is_right || was_full || person.reads != Reads::Eagerly,
                "#{client} was closed with {code} and was told {:?}",
                person.was_told
            );
        }
        person.phase = Phase::Over;
        if is_shut && !is_dropped && person.answers {
            person.wants_fin = true;
            self.sending.push(client);
        }
    }

    // ---- The end

    /// Everybody goes; then the server is as it was at first.
    pub fn end(&mut self) {
        self.finish();
        self.scan();
        self.wires.calm();
        match self.plan.end {
            End::OneByOne => {
                for client in self.alive.clone() {
                    self.leave(client);
                    // A request to go may be refused.
                    let person = &mut self.witness.clients[client as usize];
                    person.wants_fin |= person.can_speak();
                }
            }
            End::Silence => {
                self.witness.clients.iter_mut().for_each(|client| client.answers = false);
                self.sending.clear();
            }
            End::Shutdown => {
                self.hub.shutdown(&mut self.witness);
                self.hub.settle(&mut self.witness);
            }
        }
        let longest = self.longest_life();
        let end = self.now + longest;
        // Whoever waits to be accepted has its deadlines too, from then on.
        while self.now < end && !(self.hub.is_empty() && self.wires.held.get() == 0) {
            self.finish();
            self.people_read();
            // Everything that is on its way.
            for _ in 0..TURNS_MAX {
                self.bytes_arrive();
                if self.sending.is_empty() {
                    break;
                }
                self.turn();
                self.people_read();
            }
            let next = self.hub.next_wake().unwrap_or(self.now).max(self.now + Duration::from_millis(5));
            self.wake_until(next.min(end));
            self.set_now(next.min(end).max(self.now));
            self.turn();
        }
        // The last announcement may still wait, and whoever tried to come in.
        self.wake_until(self.now + Duration::from_secs(1));
        self.finish();
        self.people_read();
        self.assert_initial(longest);
    }

    fn assert_initial(&mut self, longest: Duration) {
        let (census, held) = (self.hub.census(), self.wires.held.get());
        assert_eq!(census, Census::default(), "{longest:?} after all were to go");
        assert_eq!(held, 0, "streams that the server holds");
        assert_eq!(self.hub.next_wake(), None, "nobody is here and a timer is armed");
        assert_eq!(self.witness.model.users(), 0);
        self.witness.compare_all(0);
        if self.plan.end == End::Shutdown {
            return;
        }
        assert_eq!(self.hub.network_mut().waiting(), 0, "somebody is not let in");
        // Names and addresses are free, and nobody is listed.
        let client = self.connect(Kind::Talker);
        let person = &mut self.witness.clients[client as usize];
        (person.reads, person.cut) = (Reads::Eagerly, Cut::Whole);
        person.pipe.borrow_mut().capacity = usize::MAX;
        self.register(client, "ana");
        self.bytes_arrive();
        for _ in 0..3 {
            self.turn();
            self.finish();
            self.people_read();
        }
        assert_eq!(self.witness.model.users(), 1, "a name is not free after all have gone");
        let peer = self.witness.model.get(client).expect("it came in");
        assert_eq!(peer.hearing.due(&self.witness.model.general), None, "it was not welcomed");
    }
}
