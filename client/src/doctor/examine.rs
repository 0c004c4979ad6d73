//! The one loop of an examination: waits for the socket, a signal or a deadline, and passes on what happened. It
//! connects as the chat does, with the same transport, so that both find the same. The clock is read here.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_protocol::{ClientMessage, Timestamp, UserName};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook_mio::v1_0::Signals;

use super::examination::{Budget, Examination};
use super::facts::Facts;
use super::tls::{client_hello, is_tls};
use crate::transport::{Target, Transport};

const SIGNALS: Token = Token(0);
const WAKE: Token = Token(1);
const LINK: Token = Token(2);
const TLS: Token = Token(3);

/// What is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The server.
    pub target: Target,
    /// Who registers; nobody does otherwise.
    pub user: Option<UserName>,
    /// How long the connection is to live in silence.
    pub idle: Option<Duration>,
}

/// Examines; `on_change` is shown the facts once it begins, and whenever there may be more of them.
///
/// # Errors
/// If the system denies what a loop needs.
pub fn examine(request: Request, budget: Budget, mut on_change: impl FnMut(&Facts)) -> io::Result<Facts> {
    let Request { target, user, idle } = request;
    let mut poll = Poll::new()?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
    let registry = poll.registry().try_clone()?;
    let mut transport =
        Transport::new(target.clone(), LINK, registry, waker).with_patience(budget.patience());
    let now = Instant::now();
    let mut examination = Examination::new(target, user.clone(), idle, budget, now);
    transport.connect(now);
    // From here on a signal ends it.
    on_change(examination.facts());
    let mut events = Events::with_capacity(8);
    while !examination.is_done() {
        let deadline = [transport.deadline(), examination.deadline()].into_iter().flatten().min();
        let timeout = match deadline {
            _ if transport.has_more() => Some(Duration::ZERO),
            deadline => deadline.map(|at| at.saturating_duration_since(Instant::now())),
        };
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => outcome?,
        }
        if signals.pending().next().is_some() {
            examination.interrupt();
            break;
        }
        let now = Instant::now();
        let happened = transport.advance(now);
        let mut sent = examination.on_link(happened, transport.journey(), now);
        sent.extend(examination.on_time(now));
        for text in sent {
            transport.send(text);
        }
        if !examination.is_done() {
            on_change(examination.facts());
        }
    }
    if let Some((address, until)) = examination.wants_tls_greeting(Instant::now()) {
        match greet(address, until, &mut poll, &mut signals)? {
            Greeted::Interrupted => examination.interrupt(),
            Greeted::Answered(tls) => examination.on_tls_answer(Some(tls)),
            Greeted::Nothing => examination.on_tls_answer(None),
        }
    }
    on_change(examination.facts());
    if let Some(name) = user.filter(|_| examination.is_registered()) {
        // So that the name is free at once.
        transport.send(ClientMessage::Disconnect.encode(&name, Timestamp::from_unix_millis(0)));
    }
    transport.finish();
    Ok(examination.facts().clone())
}

enum Greeted {
    /// Something came: whether it was TLS.
    Answered(bool),
    /// Nothing came, or the connection failed.
    Nothing,
    Interrupted,
}

/// Greets in TLS, on a connection of its own.
fn greet(address: SocketAddr, until: Instant, poll: &mut Poll, signals: &mut Signals) -> io::Result<Greeted> {
    let Ok(mut stream) = TcpStream::connect(address) else { return Ok(Greeted::Nothing) };
    poll.registry().register(&mut stream, TLS, Interest::READABLE | Interest::WRITABLE)?;
    let mut unsent = client_hello();
    let mut answer = [0; 16];
    let mut events = Events::with_capacity(8);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Greeted::Nothing);
        }
        match poll.poll(&mut events, Some(left)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => outcome?,
        }
        if signals.pending().next().is_some() {
            return Ok(Greeted::Interrupted);
        }
        match stream.write(&unsent) {
            Ok(count) => drop(unsent.drain(..count)),
            Err(error) if is_patient(&error) => {}
            Err(_) => return Ok(Greeted::Nothing),
        }
        match stream.read(&mut answer) {
            Ok(0) => return Ok(Greeted::Nothing),
            Ok(count) => return Ok(Greeted::Answered(is_tls(&answer[..count]))),
            Err(error) if is_patient(&error) => {}
            Err(_) => return Ok(Greeted::Nothing),
        }
    }
}

/// Whether it is only too early.
fn is_patient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected | io::ErrorKind::Interrupted
    )
}
