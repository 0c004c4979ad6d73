//! What the hub holds at present, counted by walking over all of it: for whoever watches it from outside, as the
//! simulation does. Nothing in the hub depends on it.

use super::Hub;
use crate::reactor::connection::State;
use crate::reactor::network::Network;

/// See the module's documentation. A hub that nobody is connected to has nothing of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// Connections in whatever state.
    pub connections: usize,
    /// Those of them that are WebSockets and have not ended.
    pub open: usize,
    /// Timers that are armed.
    pub timers: usize,
    /// Places on the lists of those to be read, written to, ended or freed.
    pub listed: usize,
    /// Bytes that wait for sockets to take them.
    pub unsent_bytes: usize,
    /// Those of the connection that has most.
    pub unsent_bytes_max: usize,
}

impl<N: Network> Hub<N> {
    /// Counts.
    #[must_use]
    pub fn census(&self) -> Census {
        let unsent = || self.connections.iter().map(|(_, connection)| connection.outbox.len());
        let is_open = |state: &State| matches!(state, State::Open(_));
        debug_assert_eq!(self.open.len(), self.connections.iter().filter(|(_, c)| is_open(&c.state)).count());
        Census {
            connections: self.connections.len(),
            open: self.open.len(),
            timers: self.wheel.len(),
            listed: self.to_write.len()
                + self.to_end.len()
                + self.to_part.len()
                + self.to_resume.len()
                + self.to_free.len(),
            unsent_bytes: unsent().sum(),
            unsent_bytes_max: unsent().max().unwrap_or(0),
        }
    }
}
