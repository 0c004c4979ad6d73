//! All connections and what happens to them in a turn: the reactor without its sockets and without its clock.
//!
//! The owner of the loop reports what the network and the clock say, in the order of [`Hub`]'s methods; the hub
//! reads, calls the handler, writes, and keeps every deadline. It does not know mio, and it does not know what
//! the messages mean. Everything a callback wishes for is carried out in [`Hub::settle`], never inside another
//! callback.

mod accepting;
pub mod census;
mod doorstep;
mod ending;
mod lingering;
mod overrun;
mod receiving;
mod recording;
mod timers;
mod writing;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use slab::Slab;

use super::Limits;
use super::close::CloseReason;
use super::connection::{Connection, State, TimerKind};
use super::handler::{Handler, Ops, Wish};
use super::id::ConnectionId;
use super::ledger::{Ending, Ledger};
use super::line::Line;
use super::neighbours::Neighbours;
use super::network::{Network, Readiness};
use super::session::Spares;
use super::stats::TurnTimes;
use super::wheel::Wheel;
use crate::moment::Moment;
use accepting::Accepting;
use timers::Timer;

/// The shared receive buffer, and so what is read from one connection in one turn.
pub const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// Connections whose end is carried out in one turn; when more end together, the others go on being served between.
pub const PARTINGS_PER_TURN: usize = 512;

/// See the module's documentation.
#[derive(Debug)]
pub struct Hub<N: Network> {
    network: N,
    limits: Limits,
    connections: Slab<Connection<N::Stream>>,
    /// Those that are open, side by side, for what everybody gets.
    open: Vec<ConnectionId>,
    next_generation: u32,
    wheel: Wheel<Timer>,
    ops: Ops,
    /// A buffer for the wishes that are being carried out.
    wishes: Vec<Wish>,
    now: Duration,
    /// When everybody was last written to.
    written_all_at: Duration,
    /// Those with something to write or to end.
    to_write: Vec<ConnectionId>,
    /// Those whose `ending` was set.
    to_end: VecDeque<ConnectionId>,
    /// Those of them who have got what was said before.
    to_part: VecDeque<ConnectionId>,
    /// Those with something to read, or with more to write although no edge will come; first come, first served.
    to_resume: VecDeque<ConnectionId>,
    /// Freed at the end of the turn.
    to_free: Vec<ConnectionId>,
    receive_buffer: Box<[u8]>,
    spares: Spares,
    accepting: Accepting,
    /// Those of whom the handler has not said that it knows them.
    strangers: Line,
    /// Those to whom everything is said, and who are waited for.
    lingering: Line,
    /// Those who were told that they cannot stay, and are still here.
    refused: usize,
    neighbours: Neighbours,
    ledger: Ledger,
    turns: TurnTimes,
    stopping: bool,
}

impl<N: Network> Hub<N> {
    /// No connections at time zero.
    pub fn new(network: N, limits: Limits) -> Self {
        Self {
            network,
            limits,
            connections: Slab::new(),
            open: Vec::new(),
            next_generation: 0,
            wheel: Wheel::new(),
            ops: Ops::default(),
            wishes: Vec::new(),
            now: Duration::ZERO,
            written_all_at: Duration::ZERO,
            to_write: Vec::new(),
            to_end: VecDeque::new(),
            to_part: VecDeque::new(),
            to_resume: VecDeque::new(),
            to_free: Vec::new(),
            receive_buffer: vec![0; RECEIVE_BUFFER_BYTES].into_boxed_slice(),
            spares: Spares::new(limits.message_bytes_max),
            accepting: Accepting::default(),
            strangers: Line::default(),
            lingering: Line::default(),
            refused: 0,
            neighbours: Neighbours::default(),
            ledger: Ledger::default(),
            turns: TurnTimes::default(),
            stopping: false,
        }
    }

    /// A turn begins: this is the time until it ends.
    pub fn begin_turn(&mut self, now: Moment) {
        self.now = now.monotonic;
        self.ops.begin_turn(now);
    }

    /// The network reports that connections wait. They are accepted in [`Hub::resume`].
    pub fn on_acceptable(&mut self) {
        self.accepting.ready = true;
    }

    /// The network reports an edge of a connection. What can be read is read in [`Hub::resume`], in its turn.
    pub fn on_ready(&mut self, id: ConnectionId, readiness: Readiness) {
        let Some(connection) = self.get(id) else { return };
        connection.flags.readable |= readiness.readable | readiness.read_closed;
        let has_finished =
            readiness.read_closed && !std::mem::replace(&mut connection.flags.read_closed, true);
        connection.flags.writable |= readiness.writable;
        let is_lost = readiness.failed && connection.flags.paused;
        if readiness.writable {
            self.want_write(id);
        }
        if is_lost {
            // Reading rests, so it would find out too late.
            self.end_with(id, CloseReason::Failed(io::ErrorKind::ConnectionReset));
        } else if has_finished {
            self.resume_first(id);
        } else {
            self.want_resume(id);
        }
    }

    /// Reads from those that have something, first come, first served, each once; and accepts who waits. When so
    /// much is queued for everybody that it must be written first, the others keep their places for the next turn.
    pub fn resume<H: Handler>(&mut self, handler: &mut H) {
        for _ in 0..self.to_resume.len() {
            if self.ops.must_flush_all() {
                break;
            }
            if self.ops.should_flush_singles() {
                self.flush_singles(handler);
            }
            let Some(id) = self.to_resume.pop_front() else { break };
            if let Some(connection) = self.get(id) {
                connection.flags.wants_resume = false;
                self.want_write(id);
                self.receive(handler, id);
            }
        }
        self.accept(handler);
    }

    /// Carries out wishes, writes, ends connections, until nothing is left that this turn must do; then frees slots.
    pub fn settle<H: Handler>(&mut self, handler: &mut H) {
        let mut parted = 0;
        // Ends: each connection ends once.
        loop {
            self.flush(handler);
            // All who end get what was said before any of them goes: none is told of the others.
            while let Some(id) = self.to_end.pop_front() {
                self.end(handler, id);
            }
            while parted < PARTINGS_PER_TURN && !self.ops.must_flush() {
                let Some(id) = self.to_part.pop_front() else { break };
                self.part(handler, id);
                parted += 1;
            }
            let is_settled = !self.ops.has_wishes() && !self.ops.is_writable_all_due(self.written_all_at);
            let may_part = parted < PARTINGS_PER_TURN && !self.to_part.is_empty();
            if is_settled && self.to_write.is_empty() && self.to_end.is_empty() && !may_part {
                while let Some(id) = self.to_free.pop() {
                    self.free(id);
                }
                // Only now: what goes with those who are over does not count.
                if !self.cut_the_fullest() {
                    break;
                }
            }
        }
    }

    /// Carries out what was wished for and writes what is queued.
    fn flush<H: Handler>(&mut self, handler: &mut H) {
        // First, so that those who have both get it in one write.
        if self.ops.is_writable_all_due(self.written_all_at) && self.ops.take_writable_all() {
            self.written_all_at = self.now;
            self.write_all(handler);
        }
        self.flush_singles(handler);
    }

    /// Carries out what was wished for and writes to those who have something of their own.
    fn flush_singles<H: Handler>(&mut self, handler: &mut H) {
        self.count_the_known();
        let mut wishes = std::mem::take(&mut self.wishes);
        self.ops.take_wishes(&mut wishes);
        for wish in wishes.drain(..) {
            self.carry_out(wish);
        }
        self.wishes = wishes;
        // Writing wants nothing more to be written, so the list can be walked by index and cleared.
        for at in 0..self.to_write.len() {
            self.write(handler, self.to_write[at]);
        }
        self.to_write.clear();
    }

    fn carry_out(&mut self, wish: Wish) {
        match wish {
            Wish::Writable(id) => self.want_write(id),
            Wish::Close(id, frame) => {
                if self.get(id).is_some_and(|connection| matches!(connection.state, State::Open(_))) {
                    self.end_with(id, CloseReason::Handler(frame));
                }
            }
            Wish::Timer(id, at) => {
                let is_open = self.get(id).and_then(Connection::open).is_some_and(|s| s.ending.is_none());
                match at {
                    Some(at) if is_open => self.arm(id, TimerKind::Handler, at),
                    _ => self.disarm(id, TimerKind::Handler),
                }
            }
        }
    }

    /// When the clock has something to do next; `None` while no timer is armed.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let announcing = self.ops.writable_all_at(self.written_all_at);
        self.wheel.next_wake().into_iter().chain(announcing).min()
    }

    /// Whether the next turn has work already, so that nobody may sleep.
    #[must_use]
    pub fn has_leftovers(&self) -> bool {
        let unfinished = !self.to_resume.is_empty() || !self.to_part.is_empty();
        unfinished || (!self.stopping && self.accepting.can_accept())
    }

    /// Stops accepting and closes every connection with 1001, after what is queued for it. Follow it with
    /// [`Hub::settle`].
    pub fn shutdown<H: Handler>(&mut self, handler: &mut H) {
        self.stopping = true;
        handler.on_shutdown(&mut self.ops);
        let ids: Vec<_> = self.ids().collect();
        for id in ids {
            let Some(connection) = self.get(id) else { continue };
            match connection.state {
                State::Open(_) => self.end_with(id, CloseReason::Shutdown),
                State::Handshaking(_) => self.release_visit(id, Ending::Shutdown),
                State::Closing { .. } | State::Lingering { .. } | State::Over => {}
            }
        }
    }

    /// A turn took so long.
    pub fn note_turn(&mut self, time: Duration) {
        self.turns.note(time);
    }

    /// How many connections there are, in whatever state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// The network below, for a simulator to act on.
    pub fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    // ---- What the parts share

    fn get(&mut self, id: ConnectionId) -> Option<&mut Connection<N::Stream>> {
        named_mut(&mut self.connections, id)
    }

    fn ids(&self) -> impl Iterator<Item = ConnectionId> + '_ {
        self.connections
            .iter()
            .map(|(slot, connection)| ConnectionId::new(slot as u32, connection.generation))
    }

    fn want_write(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if !std::mem::replace(&mut connection.flags.wants_write, true) {
            self.to_write.push(id);
        }
    }

    fn want_resume(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if !std::mem::replace(&mut connection.flags.wants_resume, true) {
            self.to_resume.push_back(id);
        }
    }

    /// The peer has finished sending: it is read before all others, once. It gets nothing until it is read to its
    /// end, and behind a crowd of talkers it would be taken for one who does not read, its last words lost. Where it
    /// stands in the queue already, it is looked at twice.
    fn resume_first(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        connection.flags.wants_resume = true;
        self.to_resume.push_front(id);
    }

    /// Gives a connection's slot and timers back at the end of the turn. Until then its name stands for nothing.
    fn release(&mut self, id: ConnectionId) {
        let Some(connection) = self.get(id) else { return };
        if matches!(connection.state, State::Over) {
            return;
        }
        assert!(!matches!(connection.state, State::Open(_)), "an open connection ends with on_close");
        connection.state = State::Over;
        self.give_place_up(id);
        self.to_free.push(id);
    }

    fn free(&mut self, id: ConnectionId) {
        self.count_as_known(id);
        self.give_place_up(id);
        let mut connection = self.connections.remove(id.slot());
        if let Some(network) = connection.network {
            self.neighbours.leave(network, self.now);
        }
        connection.outbox.clear(&mut self.spares.outbox);
        assert_eq!(connection.generation, id.generation(), "a slot is freed once");
        self.record(id, &mut connection);
        for armed in connection.timers.into_iter().flatten() {
            self.wheel.cancel(armed);
        }
    }
}

/// The connection of this name; `None` once it is over and its slot may be another's.
fn named<S>(connections: &Slab<Connection<S>>, id: ConnectionId) -> Option<&Connection<S>> {
    connections.get(id.slot()).filter(|connection| connection.generation == id.generation())
}

/// The same, to change it.
fn named_mut<S>(connections: &mut Slab<Connection<S>>, id: ConnectionId) -> Option<&mut Connection<S>> {
    connections.get_mut(id.slot()).filter(|connection| connection.generation == id.generation())
}

#[cfg(test)]
pub(super) mod tests;
