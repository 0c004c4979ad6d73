//! The connection's bounds, each reached against a real socket.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use chat_client::state::{LinkError, LinkEvent};
use chat_client::transport::{
    BYTES_PER_TURN, FRAMES_PER_TURN, MESSAGE_BYTES_MAX, Target, Transport, UNSENT_BYTES_MAX,
};
use mio::{Events, Poll, Token, Waker};
use tungstenite::{Message, WebSocket};

/// How long anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const LINK: Token = Token(0);
const WAKE: Token = Token(1);

/// A loop with nothing but the connection in it.
struct World {
    poll: Poll,
    transport: Transport,
    /// The server's side once the handshake is done.
    accepted: Receiver<WebSocket<TcpStream>>,
}

impl World {
    fn open() -> (Self, WebSocket<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, accepted): (Sender<_>, _) = channel();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            sender.send(tungstenite::accept(stream).expect("a handshake")).expect("the test waits");
        });
        let poll = Poll::new().expect("a poll");
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).expect("a waker"));
        let target = Target { host: "127.0.0.1".into(), port };
        let transport = Transport::new(target, LINK, poll.registry().try_clone().expect("a registry"), waker);
        let mut world = Self { poll, transport, accepted };
        world.transport.connect(Instant::now());
        assert_eq!(world.turns_until(|events| !events.is_empty()).last().expect("a turn"), &[LinkEvent::Up]);
        let server = world.accepted.recv_timeout(PATIENCE).expect("the server accepts");
        (world, server)
    }

    /// One turn: what it told.
    fn turn(&mut self) -> Vec<LinkEvent> {
        let timeout = if self.transport.has_more() { Duration::ZERO } else { PATIENCE };
        self.poll.poll(&mut Events::with_capacity(8), Some(timeout)).expect("it polls");
        self.transport.advance(Instant::now())
    }

    /// Turns up to the one whose events satisfy the condition: what each told.
    #[track_caller]
    fn turns_until(&mut self, condition: impl Fn(&[LinkEvent]) -> bool) -> Vec<Vec<LinkEvent>> {
        let deadline = Instant::now() + PATIENCE;
        let mut turns = Vec::new();
        loop {
            assert!(Instant::now() < deadline, "it never comes");
            turns.push(self.turn());
            if condition(&turns[turns.len() - 1]) {
                return turns;
            }
        }
    }
}

fn is_last(events: &[LinkEvent]) -> bool {
    events.last().is_some_and(|event| matches!(event, LinkEvent::Frame(text) if text == "fin"))
}

#[test]
fn a_flood_of_frames_is_read_a_bounded_number_a_turn() {
    let (mut world, mut server) = World::open();
    for number in 0..FRAMES_PER_TURN * 5 {
        server.write(Message::text(number.to_string())).unwrap();
    }
    server.send(Message::text("fin")).unwrap();
    let turns = world.turns_until(is_last);
    assert!(turns.iter().all(|events| events.len() <= FRAMES_PER_TURN));
    let frames = turns.concat();
    assert_eq!(frames.len(), FRAMES_PER_TURN * 5 + 1, "and none is lost");
    assert_eq!(frames[700 - 100], LinkEvent::Frame("600".into()), "nor out of order");
}

#[test]
fn large_frames_are_read_a_bounded_number_of_bytes_a_turn() {
    let (mut world, mut server) = World::open();
    let frame = "x".repeat(BYTES_PER_TURN / 4 + 1);
    let sender = std::thread::spawn(move || {
        for _ in 0..40 {
            server.send(Message::text(frame.clone())).unwrap();
        }
        server.send(Message::text("fin")).unwrap();
        server
    });
    let turns = world.turns_until(is_last);
    let bytes = |events: &[LinkEvent]| -> usize {
        let bytes = |event: &LinkEvent| if let LinkEvent::Frame(text) = event { text.len() } else { 0 };
        events.iter().map(bytes).sum()
    };
    let most = turns.iter().map(|events| bytes(events)).max().unwrap();
    assert!(most < BYTES_PER_TURN + BYTES_PER_TURN / 4 + 1, "{most} bytes in one turn");
    assert_eq!(turns.concat().len(), 41);
    drop(sender.join().unwrap());
}

#[test]
fn a_frame_over_the_limit_ends_the_connection() {
    let (mut world, mut server) = World::open();
    let sender = std::thread::spawn(move || {
        // The other end may close in the middle of it.
        let _ = server.send(Message::text("x".repeat(MESSAGE_BYTES_MAX + 1)));
    });
    let turns = world.turns_until(|events| !events.is_empty());
    assert_eq!(turns.concat(), [LinkEvent::Down(LinkError::Lost)]);
    sender.join().unwrap();
}

#[test]
fn a_server_that_takes_nothing_is_lost_once_too_much_waits_for_it() {
    let (mut world, server) = World::open();
    let frame = "x".repeat(64 << 10);
    let mut sent = 0;
    let ended = loop {
        world.transport.send(frame.clone());
        sent += frame.len();
        // Past what the system's buffers hold on both sides there is only ours.
        assert!(sent < UNSENT_BYTES_MAX + (64 << 20), "the buffer grows without bound");
        let events = world.transport.advance(Instant::now());
        if !events.is_empty() {
            break events;
        }
    };
    assert_eq!(ended, [LinkEvent::Down(LinkError::Lost)]);
    assert!(sent > UNSENT_BYTES_MAX, "{sent} bytes were too much already");
    assert_eq!(world.transport.advance(Instant::now()), [], "the end is told once");
    drop(server);
}

#[test]
fn what_was_said_before_the_end_is_told_before_it() {
    let (mut world, mut server) = World::open();
    server.write(Message::text("uno")).unwrap();
    server.close(None).unwrap();
    server.flush().unwrap();
    let turns = world.turns_until(|events| matches!(events.last(), Some(LinkEvent::Down(_))));
    let events = turns.concat();
    assert_eq!(events[0], LinkEvent::Frame("uno".into()));
    assert!(matches!(events[1], LinkEvent::Down(LinkError::Closed { .. })), "{events:?}");
}
