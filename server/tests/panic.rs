//! What a defect of our own does: a handler that panics ends the loop, at once, and with it the process.
//!
//! The alternative would be to catch the panic, close the one connection with 1011 and go on. But a handler that
//! broke off in the middle of a change has a state that nobody vouches for, and the chat's state is everybody's:
//! wrong lists and lost messages without a word would be worse than a second's absence. So nothing catches it: the
//! loop runs on the program's only thread (both is checked in `tidy.rs`), the process ends with status 101, the
//! service manager starts it again and the clients come back by themselves. What must never be is a process that is
//! there and does not serve.
//!
//! No peer can reach this in the real program: the handler that panics exists only in this file.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use chat_server::reactor::first_bytes::FirstBytes;
use chat_server::reactor::{
    Answer, CloseReason, ConnectionId, Endpoints, Handler, Incoming, Limits, Ops, Outgoing, Reactor, Refusal,
    Request, Response, Upgrade, sockets,
};

/// Whoever was connected sees the end within this.
const END_MAX: Duration = Duration::from_secs(2);
const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// What a message says to be answered in this or that callback, as a masked frame with a mask of zeros.
const WRITE: &[u8] = b"\x81\x85\0\0\0\0write";
const TIMER: &[u8] = b"\x81\x85\0\0\0\0timer";
const PANIC: &[u8] = b"\x81\x85\0\0\0\0panic";
const CLOSE: &[u8] = b"\x88\x80\0\0\0\0";

/// Panics where it is told to.
#[derive(Default)]
struct Panicking {
    when_writable: bool,
}

impl Handler for Panicking {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        assert!(request.upgrade == Upgrade::Valid, "in on_request");
        Answer::Accept { subprotocol: None }
    }

    fn on_stranger(&mut self, _: FirstBytes, _: Endpoints) -> String {
        panic!("in on_stranger");
    }

    fn on_refused(&mut self, _: Refusal) -> Response {
        panic!("in on_refused");
    }

    fn on_open(&mut self, _: &mut Ops, _: ConnectionId, _: Endpoints) {}

    fn on_receive(&mut self, ops: &mut Ops, id: ConnectionId, message: Incoming<'_>) {
        match message {
            Incoming::Text("write") => {
                self.when_writable = true;
                ops.request_writable(id, 1);
            }
            Incoming::Text("timer") => ops.set_timer(id, Some(ops.now().monotonic)),
            _ => panic!("in on_receive"),
        }
    }

    fn on_writable(&mut self, _: &mut Ops, _: ConnectionId) -> Option<Outgoing<'_>> {
        assert!(!self.when_writable, "in on_writable");
        None
    }

    fn on_timer(&mut self, _: &mut Ops, _: ConnectionId) {
        panic!("in on_timer");
    }

    fn on_close(&mut self, _: &mut Ops, _: ConnectionId, _: &CloseReason) {
        panic!("in on_close");
    }
}

/// A connection whose bytes have been sent.
#[track_caller]
fn send(address: SocketAddr, bytes: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(END_MAX)).unwrap();
    stream.write_all(&bytes.concat()).unwrap();
    stream
}

/// Reads to the end, be it a reset, which must come in time.
#[track_caller]
fn expect_end(stream: &mut TcpStream, what: &str) {
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest).map_err(|error| error.kind());
    let is_still_there = matches!(end, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(!is_still_there, "{what}: connected to a server that does not serve");
}

#[test]
fn a_panic_in_any_callback_ends_the_loop_and_every_connection_at_once() {
    let upgrade = UPGRADE.as_bytes();
    for (what, bytes) in [
        ("on_request", &[&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..]][..]),
        ("on_refused", &[b"GET / HTTP/1.1\r\n", &[b'x'; 9_000]]),
        ("on_stranger", &[b"hola\r\n"]),
        ("on_receive", &[upgrade, PANIC]),
        ("on_writable", &[upgrade, WRITE]),
        ("on_timer", &[upgrade, TIMER]),
        ("on_close", &[upgrade, CLOSE]),
    ] {
        let listener = sockets::listen(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let mut reactor = Reactor::new(listener, Limits::default()).unwrap();
        let address = reactor.local_addr();
        let server = thread::spawn(move || {
            let _ = reactor.run(&mut Panicking::default());
        });
        let mut bystander = send(address, &[upgrade]);
        let mut head = [0; 12];
        bystander.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 101");
        let start = Instant::now();
        let mut culprit = send(address, bytes);
        expect_end(&mut culprit, what);
        expect_end(&mut bystander, what);
        let message = server.join().expect_err("the panic leaves the loop");
        let message = message.downcast_ref::<&str>().copied().unwrap_or_default();
        assert!(message.contains(what), "{what}: {message:?}");
        assert!(start.elapsed() < END_MAX, "{what}: {:?}", start.elapsed());
        assert!(TcpStream::connect(address).is_err(), "{what}: the port is free");
    }
}
