//! The connection to the server: name look-up, TCP, the WebSocket handshake, frames. The only place that knows
//! tungstenite; what happens comes out as [`LinkEvent`]s.
//!
//! Nothing here blocks the loop. Looking a name up can take long and cannot be done without blocking, so a
//! short-lived thread does it and wakes the loop; a look-up whose connection was dropped meanwhile is ignored.
//! All addresses are tried in order, each for [`CONNECT_TIME`]. How far a connection got is noted in a [`Journey`],
//! from which it can be told why there is none.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token, Waker};
use rustix::io::Errno;
use tungstenite::client::ClientRequestBuilder;
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::doctor::facts::{Attempt, Ending, Journey, NoHandshake, NoName, Outcome, Step};
use crate::sanitize::sanitize_line;
use crate::state::{LinkError, LinkEvent};

mod failure;
mod look_up;
mod patience;
mod recorder;

pub use patience::Patience;

use failure::{
    broken, ending, handshake_error, link_error, no_handshake, not_begun, not_connected,
    takes_what_was_not_offered,
};
use look_up::addresses_of;
use recorder::Recorder;

/// How long one address may take to accept.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long the look-up of a name may take.
pub const LOOK_UP_TIME: Duration = Duration::from_secs(10);

/// How long the answer to the WebSocket handshake may take to begin, and again to end.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Addresses of one name that are tried; those beyond are not.
pub const ADDRESSES_MAX: usize = 8;

/// Bytes of one message from the server: a list of 20,000 long names fits.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Bytes that may wait for the socket; a server that takes none for so long is lost.
pub const UNSENT_BYTES_MAX: usize = 1 << 20;

/// Frames read in one turn of the loop, so that a flood never delays a key.
pub const FRAMES_PER_TURN: usize = 128;

/// Bytes of text frames read in one turn; the frame that goes over it is the last one.
pub const BYTES_PER_TURN: usize = 1 << 20;

/// The server as the user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// See the module.
pub struct Transport {
    target: Target,
    token: Token,
    registry: Registry,
    waker: Arc<Waker>,
    phase: Phase,
    /// When the present phase has taken too long.
    deadline: Option<Instant>,
    /// Addresses that are still to be tried, the next one last.
    addresses: Vec<SocketAddr>,
    patience: Patience,
    journey: Journey,
    /// Frames are left in tungstenite's buffer, whatever the socket says.
    more: bool,
    /// What went wrong in sending; the next [`Transport::advance`] tells it.
    failed: Option<LinkError>,
}

type Mid = MidHandshake<ClientHandshake<Recorder>>;

enum Phase {
    Closed,
    LookingUp(Receiver<Result<Vec<SocketAddr>, NoName>>),
    Connecting(TcpStream),
    Handshaking(Box<Mid>, Rc<RefCell<Vec<u8>>>),
    Open(Box<WebSocket<Recorder>>),
}

impl Transport {
    /// No connection yet. Its readiness is reported under `token`, and `waker` wakes the same loop.
    #[must_use]
    pub fn new(target: Target, token: Token, registry: Registry, waker: Arc<Waker>) -> Self {
        Self {
            target,
            token,
            registry,
            waker,
            phase: Phase::Closed,
            deadline: None,
            addresses: Vec::new(),
            patience: Patience::CHAT,
            journey: Journey::default(),
            more: false,
            failed: None,
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// How far the present connection got, or the last one.
    #[must_use]
    pub fn journey(&self) -> &Journey {
        &self.journey
    }

    /// Begins to open a connection; the one before, if any, is dropped.
    pub fn connect(&mut self, now: Instant) {
        self.drop_connection();
        self.journey = Journey { began: Some(now), ..Journey::default() };
        let (sender, receiver) = channel();
        let (host, port, waker) = (self.target.host.clone(), self.target.port, Arc::clone(&self.waker));
        let look_up = move || {
            // Nobody listens any more if the connection was given up meanwhile.
            let _ = sender.send(addresses_of(&host, port));
            let _ = waker.wake();
        };
        let started = std::thread::Builder::new().name("look-up".to_owned()).spawn(look_up);
        self.phase = match started {
            Ok(_) => Phase::LookingUp(receiver),
            Err(_) => Phase::LookingUp(channel().1),
        };
        self.deadline = Some(now + self.patience.look_up);
    }

    /// Drops the connection without a word; no event follows.
    pub fn drop_connection(&mut self) {
        self.phase = Phase::Closed;
        self.deadline = None;
        self.more = false;
        self.failed = None;
        self.addresses.clear();
    }

    /// When [`Transport::advance`] is to be called although nothing is ready.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether [`Transport::advance`] has more to tell at once.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Goes on as far as possible: called when the socket is ready, the waker woke or a deadline passed.
    pub fn advance(&mut self, now: Instant) -> Vec<LinkEvent> {
        let mut events = Vec::new();
        if let Err(error) = self.try_advance(now, &mut events) {
            self.drop_connection();
            events.push(LinkEvent::Down(error));
        }
        events
    }

    fn try_advance(&mut self, now: Instant, events: &mut Vec<LinkEvent>) -> Result<(), LinkError> {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Closed => Ok(()),
            Phase::LookingUp(receiver) => match receiver.try_recv() {
                Ok(found) => self.on_look_up(found, now),
                Err(TryRecvError::Disconnected) => self.on_look_up(Err(NoName::NoAnswer), now),
                Err(TryRecvError::Empty) if self.is_late(now) => self.on_look_up(Err(NoName::NoAnswer), now),
                Err(TryRecvError::Empty) => {
                    self.phase = Phase::LookingUp(receiver);
                    Ok(())
                }
            },
            Phase::Connecting(stream) => self.finish_connecting(stream, now, events),
            Phase::Handshaking(..) if self.is_late(now) => {
                self.on_no_handshake(NoHandshake::TimedOut, now);
                Err(LinkError::TimedOut)
            }
            Phase::Handshaking(mid, first_bytes) => self.shake_hands(*mid, first_bytes, now, events),
            Phase::Open(socket) => {
                self.phase = Phase::Open(socket);
                self.read(events)
            }
        }
    }

    fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    fn on_look_up(&mut self, found: Result<Vec<SocketAddr>, NoName>, now: Instant) -> Result<(), LinkError> {
        let found = found.map(|mut addresses| {
            addresses.truncate(ADDRESSES_MAX);
            addresses
        });
        self.journey.addresses = Some(found.clone());
        self.journey.note(Step::Name, now);
        self.addresses = found.map_err(|_| LinkError::UnknownHost)?;
        self.addresses.reverse();
        self.next_address(now, LinkError::UnknownHost)
    }

    /// Tries the next address; without one the last error stands.
    fn next_address(&mut self, now: Instant, mut last: LinkError) -> Result<(), LinkError> {
        while let Some(address) = self.addresses.pop() {
            let attempt = Attempt { address, own: None, outcome: None };
            self.journey.attempts.push(attempt);
            match self.open(address) {
                Ok(stream) => {
                    // The system chose a route before it sent anything.
                    self.attempt().own = stream.local_addr().ok().map(|own| own.ip().to_canonical());
                    self.journey.note(Step::Route, now);
                    self.phase = Phase::Connecting(stream);
                    self.deadline = Some(now + self.time_for_an_address());
                    return Ok(());
                }
                Err(error) => {
                    self.attempt().outcome = Some(not_begun(&error));
                    last = link_error(&error);
                }
            }
        }
        self.journey.note(Step::Route, now);
        if self.journey.has_left() {
            self.journey.note(Step::Tcp, now);
        }
        Err(last)
    }

    /// The attempt that is under way.
    fn attempt(&mut self) -> &mut Attempt {
        self.journey.attempts.last_mut().expect("an address is being tried")
    }

    fn time_for_an_address(&self) -> Duration {
        let count = match &self.journey.addresses {
            Some(Ok(addresses)) => u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1),
            _ => 1,
        };
        self.patience.address.min(self.patience.addresses / count)
    }

    fn open(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        self.registry.register(&mut stream, self.token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(stream)
    }

    fn finish_connecting(
        &mut self,
        stream: TcpStream,
        now: Instant,
        events: &mut Vec<LinkEvent>,
    ) -> Result<(), LinkError> {
        let error = match stream.take_error().unwrap_or_else(Some) {
            Some(error) => error,
            None => match stream.peer_addr() {
                Ok(_) => {
                    self.attempt().outcome = Some(Outcome::Connected);
                    self.journey.note(Step::Tcp, now);
                    // Keys travel one by one; a failure to say so costs only time.
                    let _ = stream.set_nodelay(true);
                    self.deadline = Some(now + self.patience.handshake);
                    let first_bytes = Rc::default();
                    let mid = self.handshake(Recorder { stream, first_bytes: Rc::clone(&first_bytes) })?;
                    return self.shake_hands(mid, first_bytes, now, events);
                }
                Err(error) if error.kind() == io::ErrorKind::NotConnected && !self.is_late(now) => {
                    self.phase = Phase::Connecting(stream);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::NotConnected => Errno::TIMEDOUT.into(),
                Err(error) => error,
            },
        };
        self.attempt().outcome = Some(not_connected(&error));
        self.next_address(now, link_error(&error))
    }

    fn handshake(&self, stream: Recorder) -> Result<Mid, LinkError> {
        let url = |authority: &str| format!("ws://{authority}/chat").parse();
        // A name that no URL can have was looked up all the same; the server does not depend on it.
        let url = url(&self.target.to_string()).or_else(|_| url("chat")).map_err(|_| LinkError::NotChat)?;
        let request =
            tungstenite::client::IntoClientRequest::into_client_request(ClientRequestBuilder::new(url))
                .map_err(|_| LinkError::NotChat)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0)
            .max_write_buffer_size(UNSENT_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        ClientHandshake::start(stream, request, Some(config)).map_err(|_| LinkError::NotChat)
    }

    fn shake_hands(
        &mut self,
        mid: Mid,
        first_bytes: Rc<RefCell<Vec<u8>>>,
        now: Instant,
        events: &mut Vec<LinkEvent>,
    ) -> Result<(), LinkError> {
        let outcome = mid.handshake();
        if first_bytes.borrow().len() > self.journey.first_bytes.len() {
            if self.journey.first_bytes.is_empty() {
                self.journey.note(Step::FirstByte, now);
                self.deadline = Some(now + self.patience.handshake);
            }
            self.journey.first_bytes.clone_from(&first_bytes.borrow());
        }
        match outcome {
            Ok((_, response)) if takes_what_was_not_offered(&response) => {
                self.on_no_handshake(NoHandshake::Answered, now);
                Err(LinkError::NotChat)
            }
            Ok((socket, _)) => {
                self.journey.handshake = Some(Ok(()));
                self.journey.note(Step::Http, now);
                self.journey.note(Step::WebSocket, now);
                self.phase = Phase::Open(Box::new(socket));
                self.deadline = None;
                events.push(LinkEvent::Up);
                // The server's first words may have come together with its handshake.
                self.read(events)
            }
            Err(HandshakeError::Interrupted(mid)) => {
                self.phase = Phase::Handshaking(Box::new(mid), first_bytes);
                Ok(())
            }
            Err(HandshakeError::Failure(error)) => {
                self.on_no_handshake(no_handshake(&error), now);
                Err(handshake_error(&error))
            }
        }
    }

    fn on_no_handshake(&mut self, why: NoHandshake, now: Instant) {
        self.journey.handshake = Some(Err(why));
        let steps: &[Step] = match (self.journey.first_bytes.is_empty(), self.journey.status()) {
            (true, _) => &[Step::FirstByte],
            (false, None) => &[Step::Http],
            (false, Some(_)) => &[Step::Http, Step::WebSocket],
        };
        for step in steps {
            self.journey.note(*step, now);
        }
    }

    fn read(&mut self, events: &mut Vec<LinkEvent>) -> Result<(), LinkError> {
        let Phase::Open(socket) = &mut self.phase else { return Ok(()) };
        // A failure here shows in reading too, and reading may still bring the server's last words.
        let _ = socket.flush();
        self.more = false;
        let mut bytes = 0;
        for _ in 0..FRAMES_PER_TURN {
            match socket.read() {
                Ok(Message::Text(text)) => {
                    bytes += text.len();
                    events.push(LinkEvent::Frame(text.to_string()));
                }
                Ok(Message::Close(frame)) => {
                    // The answer to the close is on its way; that the server will say no more is certain.
                    let _ = socket.flush();
                    let code = frame.as_ref().map(|frame| u16::from(frame.code));
                    let reason = frame.map(|frame| sanitize_line(&frame.reason)).unwrap_or_default();
                    self.journey.ending = Some(Ending::Closed { code, reason: reason.clone() });
                    return Err(LinkError::Closed { code, reason });
                }
                Ok(message) => {
                    // A ping or a pong, or what a chat server has no reason to send: it has arrived all the same.
                    bytes += message.len();
                    events.push(LinkEvent::Heard);
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    // Only now: what the server said before comes first.
                    return self.failed.take().map_or(Ok(()), |error| {
                        self.journey.ending = Some(Ending::Cut);
                        Err(error)
                    });
                }
                Err(error) => {
                    self.journey.ending = Some(ending(&error));
                    return Err(broken(&error));
                }
            }
            if bytes >= BYTES_PER_TURN {
                break;
            }
        }
        self.more = true;
        Ok(())
    }

    /// Sends a text frame. A failure shows as an event of the next [`Transport::advance`].
    pub fn send(&mut self, text: String) {
        self.write(Message::text(text));
    }

    /// Sends a ping.
    pub fn ping(&mut self) {
        self.write(Message::Ping(Default::default()));
    }

    fn write(&mut self, message: Message) {
        let Phase::Open(socket) = &mut self.phase else { return };
        match socket.write(message).and_then(|()| socket.flush()) {
            Ok(()) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.failed = Some(broken(&error)),
        }
        self.more = true;
    }

    /// Before the program ends: what was sent leaves the buffers, as far as the socket takes it.
    pub fn finish(&mut self) {
        if let Phase::Open(socket) = &mut self.phase {
            let _ = socket.close(None);
            let _ = socket.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_no_look_up_and_ipv6_is_shown_in_brackets() {
        assert_eq!(addresses_of("::1", 80).unwrap(), ["[::1]:80".parse().unwrap()]);
        assert_eq!(addresses_of("10.0.0.5", 80).unwrap(), ["10.0.0.5:80".parse().unwrap()]);
        assert_eq!(Target { host: "::1".into(), port: 80 }.to_string(), "[::1]:80");
        assert_eq!(Target { host: "chat.gt".into(), port: 80 }.to_string(), "chat.gt:80");
    }

    #[test]
    fn so_many_addresses_of_a_name_and_no_more_are_tried_and_share_the_time() {
        let poll = mio::Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(1)).unwrap());
        let target = Target { host: "many.example".into(), port: 1 };
        let transport = Transport::new(target, Token(0), poll.registry().try_clone().unwrap(), waker);
        let mut transport = transport.with_patience(Patience::step(Duration::from_secs(4)));
        // No machine has them: the own system refuses to connect to a group.
        let addresses: Vec<_> = (0..20).map(|last| SocketAddr::from(([224, 0, 0, last], 1))).collect();
        assert_eq!(transport.on_look_up(Ok(addresses), Instant::now()), Err(LinkError::Unreachable));
        assert_eq!(transport.journey().attempts.len(), ADDRESSES_MAX);
        assert_eq!(transport.time_for_an_address(), Duration::from_millis(500));
    }
}
