//! The server as a whole: a listening reactor with the chat on it.

use std::io;
use std::net::SocketAddr;

use crate::config::{Config, connections_within};
use crate::handler::ChatHandler;
use crate::reactor::sockets;
use crate::reactor::{Limits, Reactor, Stopper};

/// A server that listens; [`Server::run`] lets people in.
///
/// ```no_run
/// use chat_server::{Config, Server};
///
/// let mut server = Server::bind(&Config { port: 8080, ..Config::default() })?;
/// server.run()?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Server {
    reactor: Reactor,
    handler: ChatHandler,
}

impl Server {
    /// Binds the port and listens on it.
    ///
    /// # Errors
    /// As the system reports them, such as a port in use.
    pub fn bind(config: &Config) -> io::Result<Self> {
        Self::bind_within(config, usize::MAX)
    }

    /// The same for a process that can have this many descriptors: connections that it could not hold are
    /// refused in words instead of by the system.
    ///
    /// # Errors
    /// As the system reports them, such as a port in use.
    pub fn bind_within(config: &Config, descriptors: usize) -> io::Result<Self> {
        let listener = sockets::listen(config.bind, config.port)?;
        let config = config.within(descriptors);
        let limits = config.limits();
        let connections_max = limits.connections_max.min(connections_within(descriptors));
        let limits = Limits { connections_max, ..limits };
        let handler = ChatHandler::with_pages(config.settings(), config.pages());
        Ok(Self { reactor: Reactor::new(listener, limits)?, handler })
    }

    /// Where it listens; the port is the real one, also if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.reactor.local_addr()
    }

    /// A handle that stops it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.reactor.stopper()
    }

    /// Takes the process's signals in: those in `stop` end the run gracefully, those in `ignore` do nothing.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn watch_signals(&mut self, stop: &[i32], ignore: &[i32]) -> io::Result<()> {
        self.reactor.watch_signals(stop, ignore)
    }

    /// Runs until it is stopped. Everybody is then closed with 1001.
    ///
    /// # Errors
    /// Only if the system's event queue itself fails.
    pub fn run(&mut self) -> io::Result<()> {
        self.reactor.run(&mut self.handler)
    }
}
