//! What the reactor asks of a network. The real one is mio's sockets; a simulated one can stand in its place.

use std::io::{self, Read, Write};

use super::handler::Endpoints;
use super::id::ConnectionId;

/// A stream of bytes in both directions that never waits: it answers `WouldBlock`, and the network reports an
/// edge when that ends.
pub trait Stream: Read + Write {
    /// Says that nothing more will be written; reading goes on.
    ///
    /// # Errors
    /// As the system reports them; a stream that is gone already is one.
    fn shutdown_write(&mut self) -> io::Result<()>;
}

/// Where connections come from.
pub trait Network {
    /// Its connections.
    type Stream: Stream;

    /// The next connection that waits.
    ///
    /// # Errors
    /// `WouldBlock` if none waits; others as the system reports them.
    fn accept(&mut self) -> io::Result<(Self::Stream, Endpoints)>;

    /// Reports readiness of this stream under this name from now on, both directions, by edges. Dropping the
    /// stream ends it.
    ///
    /// # Errors
    /// As the system reports them, such as a limit that is reached.
    fn watch(&mut self, stream: &mut Self::Stream, id: ConnectionId) -> io::Result<()>;
}

/// An edge that the network reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Something can be read, the end or an error included.
    pub readable: bool,
    /// Something can be written.
    pub writable: bool,
    /// The other end will send nothing more, or an error waits: read until it shows.
    pub read_closed: bool,
    /// The connection is broken.
    pub failed: bool,
}
