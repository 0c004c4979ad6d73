//! The reactor: one thread, one mio event loop, connections in a slab, callbacks to a [`Handler`].
//!
//! It knows sockets, slots, time and a handler. It does not know what the messages mean; `examples/echo.rs`
//! runs another handler on it.
//!
//! This file is the outermost loop: it alone touches mio and reads the clocks. Everything under it ([`Hub`])
//! takes readiness, bytes and time through traits that a simulated network implements as well.

pub mod close;
pub mod connection;
pub mod first_bytes;
pub mod handler;
pub mod handshake;
pub mod hub;
pub mod id;
pub mod ledger;
pub mod line;
pub mod neighbours;
pub mod network;
pub mod outbox;
pub mod progress;
pub mod response;
pub mod session;
pub mod sockets;
pub mod stats;
pub mod wheel;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use log::{debug, info};
use mio::{Events, Interest, Poll, Token, Waker};
use signal_hook_mio::v1_0::Signals;

pub use close::{CloseFrame, CloseReason};
pub use first_bytes::FirstBytes;
pub use handler::{
    Answer, Endpoints, Frames, Handler, Incoming, Ops, Outgoing, Refusal, Request, Response, Upgrade,
};
pub use hub::Hub;
pub use id::ConnectionId;
pub use stats::Overview;

use crate::bucket::Rate;
use crate::moment::Moment;
use network::Readiness;
use sockets::Sockets;

/// Edges taken from the system in one turn.
const EVENTS_PER_TURN: usize = 4_096;
/// After the first signal to stop, those who do not take their farewell are cut after this.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(1_500);

// No connection has these names: a slab of 2^32 - 1 slots does not fit into memory.
const LISTENER: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);
const STOPPER: Token = Token(usize::MAX - 2);

/// The bounds of every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in whatever state. The next one takes the place of a stranger who has had its time, or gets a
    /// 503.
    pub connections_max: usize,
    /// Connections that the handler has not yet said it knows ([`Ops::know`]). At the bound nobody is accepted;
    /// those who wait stay in the system's queue until there is a place.
    pub strangers_max: usize,
    /// When others wait, a stranger has so long for its request, and as long again for becoming known; then it is closed
    /// for one of them. One who came while others waited already, and has brought nothing, has an eighth of it.
    pub stranger_patience: Duration,
    /// Connections accepted in one turn.
    pub accepts_per_turn: usize,
    /// Bytes of a request's head, its empty line included. A longer one gets a 431.
    pub head_bytes_max: usize,
    /// Sockets from one network ([`crate::origin::Network`]); `None` is no limit. The next one gets a 429.
    pub connections_per_network_max: Option<u32>,
    /// New sockets from one network; `None` is no limit. Whoever comes faster gets a 429.
    pub arrival_rate: Option<Rate>,
    /// Unsent bytes of all connections together, those not counted that they share. Over it, whoever has most is
    /// closed.
    pub unsent_bytes_max: usize,
    /// Bytes of one WebSocket message. A longer one closes its connection with 1009.
    pub message_bytes_max: usize,
    /// Bytes that one connection may send; over it, reading rests and nothing is lost.
    pub byte_rate: Option<Rate>,
    /// From accepting to the end of the request's head; then the connection is closed.
    pub handshake_timeout: Duration,
    /// Without a byte for so long, a connection is pinged.
    pub ping_after: Duration,
    /// Without a byte for so long after the ping, it is given up.
    pub pong_timeout: Duration,
    /// From the first byte of a message to its last, beside what the byte rate may hold it up; then the connection is
    /// closed with 1008.
    pub message_timeout: Duration,
    /// For taking what is queued before a close, and again for answering the close.
    pub close_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            strangers_max: 256,
            stranger_patience: Duration::from_secs(2),
            accepts_per_turn: 64,
            head_bytes_max: 8 * 1024,
            connections_per_network_max: Some(64),
            arrival_rate: Some(Rate { per_second: 20, burst: 60 }),
            unsent_bytes_max: 64 << 20,
            message_bytes_max: 65_536,
            byte_rate: None,
            handshake_timeout: Duration::from_secs(10),
            ping_after: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(15),
            message_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// From the first byte of a message to its last at most: `message_timeout`, and if we rested from reading it
    /// meanwhile, `message_overtime` beyond that.
    #[must_use]
    pub fn message_time_max(&self) -> Duration {
        self.message_timeout + self.message_overtime()
    }

    /// While reading rests for the byte rate a peer cannot finish its message. That is never longer than the largest
    /// message and one read before it take at that rate, so whoever makes it rest again and again gains nothing by it.
    #[must_use]
    pub fn message_overtime(&self) -> Duration {
        let bytes = self.message_bytes_max.saturating_add(hub::RECEIVE_BUFFER_BYTES) as f64;
        let seconds = self.byte_rate.map_or(0.0, |rate| bytes / f64::from(rate.per_second));
        Duration::from_secs_f64(seconds)
    }
}

/// See the module's documentation.
pub struct Reactor {
    poll: Poll,
    events: Events,
    hub: Hub<Sockets>,
    started: Instant,
    local_addr: SocketAddr,
    signals: Option<Signals>,
    /// Those signals that end the run; the other watched ones do nothing.
    stop_signals: Vec<i32>,
    waker: Arc<Waker>,
    /// Set by signals and by a [`Stopper`] before they wake the loop, and looked at in each turn: so a stop is not lost
    /// with its wake-up.
    stop_asked: Arc<AtomicBool>,
    /// When the stop is over at the latest.
    stop_by: Option<Duration>,
}

/// Stops a [`Reactor`] from another thread.
#[derive(Debug, Clone)]
pub struct Stopper {
    waker: Arc<Waker>,
    stop_asked: Arc<AtomicBool>,
}

impl Stopper {
    /// Asks the reactor to stop: everyone is closed with 1001, then [`Reactor::run`] returns.
    pub fn stop(&self) {
        self.stop_asked.store(true, Ordering::Release);
        // The loop may be gone already, and then there is nothing to wake.
        let _ = self.waker.wake();
    }
}

impl Reactor {
    /// A reactor that accepts from this listener, which must be non-blocking.
    ///
    /// # Errors
    /// As the system reports them, such as no descriptors left.
    pub fn new(listener: std::net::TcpListener, limits: Limits) -> io::Result<Self> {
        let poll = Poll::new()?;
        let network = Sockets::new(listener, poll.registry().try_clone()?, LISTENER)?;
        let waker = Arc::new(Waker::new(poll.registry(), STOPPER)?);
        Ok(Self {
            local_addr: network.local_addr()?,
            poll,
            events: Events::with_capacity(EVENTS_PER_TURN),
            hub: Hub::new(network, limits),
            started: Instant::now(),
            signals: None,
            stop_signals: Vec::new(),
            waker,
            stop_asked: Arc::default(),
            stop_by: None,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle that stops it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { waker: Arc::clone(&self.waker), stop_asked: Arc::clone(&self.stop_asked) }
    }

    /// Takes the process's signals in: those in `stop` end the run gracefully, those in `ignore` do nothing.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn watch_signals(&mut self, stop: &[i32], ignore: &[i32]) -> io::Result<()> {
        // Before what wakes the loop. A signal whose wake-up fails has ended its sleep all the same, by interrupting it.
        for signal in stop {
            signal_hook::flag::register(*signal, Arc::clone(&self.stop_asked))?;
        }
        let mut signals = Signals::new(stop.iter().chain(ignore))?;
        self.poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        self.signals = Some(signals);
        self.stop_signals = stop.to_vec();
        Ok(())
    }

    /// Runs until it is stopped, and everybody is gone or the time for that is over.
    ///
    /// # Errors
    /// Only if the system's event queue itself fails.
    pub fn run<H: Handler>(&mut self, handler: &mut H) -> io::Result<()> {
        while !self.is_finished() {
            self.turn(handler)?;
        }
        self.hub.abandon(handler);
        Ok(())
    }

    fn turn<H: Handler>(&mut self, handler: &mut H) -> io::Result<()> {
        self.poll()?; // sleeps until the next deadline at most
        let now = self.now();
        self.hub.begin_turn(now);
        self.dispatch(handler); // readiness is noted, in the order reported
        self.hub.resume(handler); // reading, first come, first served; then newcomers
        self.hub.expire(handler); // timers last: a pong that arrived in time counts
        self.hub.settle(handler); // wishes, writes, on_close, freeing of slots
        self.hub.note_turn(self.started.elapsed().saturating_sub(now.monotonic));
        Ok(())
    }

    fn poll(&mut self) -> io::Result<()> {
        let timeout = if self.hub.has_leftovers() {
            Some(Duration::ZERO)
        } else {
            let deadline = [self.hub.next_wake(), self.stop_by].into_iter().flatten().min();
            deadline.map(|deadline| deadline.saturating_sub(self.started.elapsed()))
        };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            result => result,
        }
    }

    fn dispatch<H: Handler>(&mut self, handler: &mut H) {
        for event in &self.events {
            match event.token() {
                LISTENER => self.hub.on_acceptable(),
                SIGNALS => tell_signals(&mut self.signals, &self.stop_signals),
                // It has left its flag.
                STOPPER => {}
                token => {
                    let readiness = Readiness {
                        readable: event.is_readable() || event.is_error(),
                        writable: event.is_writable(),
                        read_closed: event.is_read_closed() || event.is_error(),
                        failed: event.is_error(),
                    };
                    self.hub.on_ready(sockets::id_of(token), readiness);
                }
            }
        }
        // The flag is what counts: a wake-up can be lost, where the system has no memory for it.
        if self.stop_by.is_none() && self.stop_asked.load(Ordering::Acquire) {
            tell_signals(&mut self.signals, &self.stop_signals);
            self.stop_by = Some(self.started.elapsed() + SHUTDOWN_TIMEOUT);
            self.hub.shutdown(handler);
        }
    }

    fn is_finished(&self) -> bool {
        self.stop_by.is_some_and(|stop_by| self.hub.is_empty() || self.started.elapsed() >= stop_by)
    }

    fn now(&self) -> Moment {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment {
            monotonic: self.started.elapsed(),
            unix_millis: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

fn name_of(signal: i32) -> &'static str {
    signal_hook::low_level::signal_name(signal).unwrap_or("without a name")
}

/// Empties the queue of signals.
fn tell_signals(signals: &mut Option<Signals>, stop: &[i32]) {
    for signal in signals.iter_mut().flat_map(Signals::pending) {
        if stop.contains(&signal) {
            info!("stopping on signal {}", name_of(signal));
        } else {
            debug!("ignoring signal {}", name_of(signal));
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("local_addr", &self.local_addr)
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::hub::tests::world::Recorder;
    use super::*;

    #[test]
    fn a_stop_whose_wake_up_was_lost_is_seen_in_the_next_turn() {
        let listener = sockets::listen(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let mut reactor = Reactor::new(listener, Limits::default()).unwrap();
        let mut handler = Recorder::default();
        reactor.stop_asked.store(true, Ordering::Release);
        let _anything = TcpStream::connect(reactor.local_addr()).unwrap();
        reactor.turn(&mut handler).unwrap();
        assert!(reactor.stop_by.is_some());
    }
}
