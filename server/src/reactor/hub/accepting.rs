//! Taking new connections in: so many a turn, with a rest when the system has no resources for more.

use std::io;
use std::time::Duration;

use log::warn;

use super::{Hub, Timer};
use crate::reactor::connection::{Connection, TimerKind};
use crate::reactor::handler::{Handler, Refusal};
use crate::reactor::id::ConnectionId;
use crate::reactor::network::Network;

/// Connections accepted in one turn.
pub const ACCEPTS_PER_TURN: usize = 64;
/// Connections that are told with a 503 that there are too many, at the same time. More are closed in silence.
pub const REFUSALS_MAX: usize = 64;
/// The first rest after accepting failed for want of resources; it doubles up to the longest.
const REST_MIN: Duration = Duration::from_millis(10);
/// The longest such rest.
const REST_MAX: Duration = Duration::from_secs(1);

/// Whether connections can be accepted now.
#[derive(Debug)]
pub(super) struct Accepting {
    /// Connections may wait: an edge said so, and no `WouldBlock` since.
    pub(super) ready: bool,
    /// Rests until its timer.
    pub(super) resting: bool,
    next_rest: Duration,
}

impl Accepting {
    pub(super) fn can_accept(&self) -> bool {
        self.ready && !self.resting
    }
}

impl Default for Accepting {
    fn default() -> Self {
        Self { ready: false, resting: false, next_rest: REST_MIN }
    }
}

impl<N: Network> Hub<N> {
    pub(super) fn accept<H: Handler>(&mut self, handler: &mut H) {
        for _ in 0..ACCEPTS_PER_TURN {
            if self.stopping || !self.accepting.can_accept() {
                return;
            }
            match self.network.accept() {
                Ok((stream, endpoints)) => {
                    self.accepting.next_rest = REST_MIN;
                    self.admit(handler, Connection::new(stream, self.next_generation, endpoints));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.accepting.ready = false,
                // The peer was gone before we came to it.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                    ) => {}
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

    fn admit<H: Handler>(&mut self, handler: &mut H, mut connection: Connection<N::Stream>) {
        let present = self.connections.len();
        if present >= self.limits.connections_max.saturating_add(REFUSALS_MAX) {
            return;
        }
        let entry = self.connections.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("fewer than 2^32 connections fit into memory");
        let id = ConnectionId::new(slot, self.next_generation);
        self.next_generation = self.next_generation.wrapping_add(1);
        if let Err(error) = self.network.watch(&mut connection.stream, id) {
            warn!("cannot watch a new connection: {error}");
            return;
        }
        // Assumed until the socket says otherwise: both edges may have been before it was watched.
        connection.flags.writable = true;
        entry.insert(connection);
        if present >= self.limits.connections_max {
            self.respond(id, &handler.on_refused(Refusal::TooManyConnections));
        } else {
            self.arm(id, TimerKind::State, self.now + self.limits.handshake_timeout);
        }
    }
}
