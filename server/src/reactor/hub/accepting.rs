//! Taking new connections in: so many a turn, with a rest when the system has no resources for more, and while too
//! many are here of whom nobody knows who they are.

use std::io;
use std::time::Duration;

use log::warn;

use super::{Hub, Timer};
use crate::origin::{self, Origin};
use crate::reactor::Limits;
use crate::reactor::connection::{Connection, TimerKind};
use crate::reactor::handler::{Endpoints, Handler, Refusal};
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::Ending;
use crate::reactor::network::Network;

/// Connections that are told with a 503 or a 429 that there are too many, at the same time. More are closed in silence.
pub const REFUSALS_MAX: usize = 16;
/// The first rest after accepting failed for want of resources; it doubles up to the longest.
const REST_MIN: Duration = Duration::from_millis(10);
/// The longest such rest: whoever waits is served within a second after there are resources again.
const REST_MAX: Duration = Duration::from_millis(500);

/// Whether connections can be accepted now.
#[derive(Debug)]
pub(super) struct Accepting {
    /// Connections may wait: an edge said so, and no `WouldBlock` since.
    pub(super) ready: bool,
    /// Rests until its timer.
    pub(super) resting: bool,
    /// There are as many strangers as there may be, and none to be closed for another.
    pub(super) crowded: bool,
    /// A timer is armed for the time at which a stranger will have had its time.
    pub(super) will_dismiss: bool,
    next_rest: Duration,
}

impl Accepting {
    pub(super) fn can_accept(&self) -> bool {
        self.ready && !self.resting && !self.crowded
    }
}

impl Default for Accepting {
    fn default() -> Self {
        Self { ready: false, resting: false, crowded: false, will_dismiss: false, next_rest: REST_MIN }
    }
}

impl<N: Network> Hub<N> {
    pub(super) fn accept<H: Handler>(&mut self, handler: &mut H) {
        // Nobody must make way who has become known in this very turn.
        self.count_the_known();
        for _ in 0..self.limits.accepts_per_turn {
            if self.stopping || !self.accepting.can_accept() {
                return;
            }
            if !self.has_place_for_a_stranger() {
                return;
            }
            match self.network.accept() {
                Ok((stream, endpoints)) => {
                    self.accepting.next_rest = REST_MIN;
                    self.admit(handler, stream, endpoints);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.accepting.ready = false,
                // The peer was gone before we came to it.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                    ) => {}
                // Whoever is only waited for gives its descriptor back; then it is tried again.
                Err(_) if self.close_the_longest_lingering() => return,
                Err(error) => return self.rest_from_accepting(&error),
            }
        }
    }

    /// Out of descriptors or memory: weather. Those who wait stay in the system's queue meanwhile.
    fn rest_from_accepting(&mut self, error: &io::Error) {
        let rest = self.accepting.next_rest;
        warn!("cannot accept connections for {} ms: {error}", rest.as_millis());
        self.accepting.resting = true;
        self.accepting.next_rest = (rest * 2).min(REST_MAX);
        self.wheel.arm(self.now + rest, Timer::AcceptAgain);
    }

    fn admit<H: Handler>(&mut self, handler: &mut H, stream: N::Stream, endpoints: Endpoints) {
        let now = self.ops.now();
        let mut connection = Connection::new(stream, self.next_generation, endpoints, self.now);
        connection.flags.came_in_a_crowd = self.strangers.count() >= self.limits.strangers_max;
        let refusal = self.refusal(endpoints, &mut connection.network);
        if let Some(refusal) = refusal.filter(|_| self.refused >= REFUSALS_MAX) {
            handler.on_turned_away(refusal);
            self.ledger.turn_away(connection.peer, Ending::TurnedAway, now);
            return self.forget_neighbour(connection.network);
        }
        let entry = self.connections.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("fewer than 2^32 connections fit into memory");
        let id = ConnectionId::new(slot, self.next_generation);
        self.next_generation = self.next_generation.wrapping_add(1);
        if let Err(error) = self.network.watch(&mut connection.stream, id) {
            warn!("cannot watch a new connection: {error}");
            self.ledger.turn_away(connection.peer, Ending::Failed(error.kind()), now);
            return self.forget_neighbour(connection.network);
        }
        self.ledger.arrive(Some(id), connection.peer, now);
        // Assumed until the socket says otherwise: both edges may have been before it was watched.
        connection.flags.writable = true;
        connection.flags.is_refused = refusal.is_some();
        entry.insert(connection);
        if let Some(refusal) = refusal {
            self.refused += 1;
            self.respond(id, None, &handler.on_refused(refusal));
        } else {
            self.count_as_stranger(id);
            self.arm(id, TimerKind::State, self.now + self.limits.handshake_timeout);
        }
    }

    /// Whether a newcomer cannot stay. One who can is counted for its network, and has its place, perhaps that of a
    /// stranger who was dismissed for it.
    fn refusal(&mut self, endpoints: Endpoints, counted: &mut Option<origin::Network>) -> Option<Refusal> {
        let Limits { connections_max, connections_per_network_max, arrival_rate, .. } = self.limits;
        let origin = Origin::new(endpoints.peer.ip(), endpoints.is_same_machine);
        if let Some(network) = origin.network() {
            if !self.neighbours.arrive(network, connections_per_network_max, arrival_rate, self.now) {
                return Some(Refusal::TooManyFromAddress);
            }
            *counted = Some(network);
        }
        while self.places_taken() >= connections_max && self.close_the_longest_lingering() {}
        let is_full = self.places_taken() >= connections_max;
        let is_crowded = self.strangers.count() >= self.limits.strangers_max;
        let has_place = !(is_full || is_crowded) || self.dismiss_a_stranger();
        (!has_place).then_some(Refusal::TooManyConnections)
    }

    fn forget_neighbour(&mut self, network: Option<origin::Network>) {
        if let Some(network) = network {
            self.neighbours.leave(network, self.now);
        }
    }
}
