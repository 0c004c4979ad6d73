//! The hub on a network made of memory, with a clock that the test moves: bytes cut anywhere, sockets that take
//! nothing, peers that say nothing.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::rc::Rc;

use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader, FrameSocket};

use super::super::connection::OUTBOX_BYTES_SOFT_MAX;
use super::super::handler::{
    ANNOUNCEMENTS_PER_FLUSH, Answer, Endpoints, Frames, Incoming, Outgoing, Request, Response,
};
use super::super::network::Stream;
use super::accepting::{ACCEPTS_PER_TURN, REFUSALS_MAX};
use super::receiving::MESSAGES_PER_TURN;
use super::writing::{GATHER_BYTES, WRITE_BYTES_PER_TURN};
use super::*;
use crate::bucket::Rate;
use crate::frame;

mod crowds;

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// One end of a connection, as the peer and the hub both see it.
#[derive(Default)]
struct Pipe {
    id: Option<ConnectionId>,
    to_server: VecDeque<u8>,
    eof: bool,
    failure: Option<io::ErrorKind>,
    from_server: Vec<u8>,
    /// Bytes that the peer's side takes before it blocks.
    room: usize,
    writes: usize,
    shut: bool,
    dropped: bool,
}

struct FakeStream(Rc<RefCell<Pipe>>);

impl Read for FakeStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if let Some(kind) = pipe.failure {
            return Err(kind.into());
        }
        if pipe.to_server.is_empty() && !pipe.eof {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.to_server.read(buffer)
    }
}

impl Write for FakeStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if let Some(kind) = pipe.failure {
            return Err(kind.into());
        }
        let count = bytes.len().min(pipe.room);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.room -= count;
        pipe.writes += 1;
        pipe.from_server.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for FakeStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.borrow_mut().shut = true;
        Ok(())
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        self.0.borrow_mut().dropped = true;
    }
}

#[derive(Default)]
struct FakeNetwork {
    waiting: VecDeque<io::Result<FakeStream>>,
}

impl Network for FakeNetwork {
    type Stream = FakeStream;

    fn accept(&mut self) -> io::Result<(FakeStream, Endpoints)> {
        let stream = self.waiting.pop_front().unwrap_or(Err(io::ErrorKind::WouldBlock.into()))?;
        let address = "10.0.0.7:999".parse().unwrap();
        Ok((stream, Endpoints { peer: address, local: address, is_same_machine: true }))
    }

    fn watch(&mut self, stream: &mut FakeStream, id: ConnectionId) -> io::Result<()> {
        stream.0.borrow_mut().id = Some(id);
        Ok(())
    }
}

/// Echoes, and writes down what it is told.
#[derive(Default)]
struct Recorder {
    queues: HashMap<ConnectionId, VecDeque<Bytes>>,
    /// What was given out last: it is lent and shared in turns.
    last: Bytes,
    lend: bool,
    received: Vec<String>,
    closes: Vec<CloseReason>,
    timers: usize,
    calls_after_close: usize,
    tell_who_left: bool,
}

impl Recorder {
    fn queue(&mut self, id: ConnectionId, text: &str) {
        let mut frames = Vec::new();
        frame::append_text(&mut frames, |payload| payload.extend(text.as_bytes()));
        self.queues.entry(id).or_default().push_back(frames.into());
    }
}

impl Handler for Recorder {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        match request.upgrade {
            super::super::Upgrade::Valid => Answer::Accept { subprotocol: None },
            _ => Answer::Respond(Response {
                status: 200,
                headers: &[],
                body: "hola\n".into(),
                head_only: false,
            }),
        }
    }

    fn on_refused(&mut self, refusal: Refusal) -> Response {
        let status = match refusal {
            Refusal::NotHttp => 400,
            Refusal::HeadTooLarge => 431,
            Refusal::TimedOut => 408,
            Refusal::TooManyConnections => 503,
        };
        Response { status, headers: &[], body: String::new(), head_only: false }
    }

    fn on_open(&mut self, _: &mut Ops, id: ConnectionId, _: Endpoints) {
        assert!(self.queues.insert(id, VecDeque::new()).is_none(), "on_open comes once");
    }

    fn on_receive(&mut self, ops: &mut Ops, id: ConnectionId, message: Incoming<'_>) {
        self.calls_after_close += usize::from(!self.queues.contains_key(&id));
        let Incoming::Text(text) = message else { return ops.close(id, 1003, "text only") };
        self.received.push(text.to_owned());
        match text {
            "bye" => {
                self.queue(id, "last words");
                ops.close(id, 1000, "");
            }
            "timer" => ops.set_timer(id, Some(ops.now().monotonic + Duration::from_secs(5))),
            "all" => {
                let ids: Vec<_> = self.queues.keys().copied().collect();
                ids.into_iter().for_each(|id| self.queue(id, "all"));
                ops.request_writable_all(5);
            }
            "soon" => {
                let ids: Vec<_> = self.queues.keys().copied().collect();
                ids.into_iter().for_each(|id| self.queue(id, "soon"));
                ops.request_writable_all_soon(6);
            }
            _ => {
                self.queue(id, text);
                ops.request_writable(id, text.len());
            }
        }
    }

    fn on_writable(&mut self, _: &mut Ops, id: ConnectionId) -> Option<Outgoing<'_>> {
        self.calls_after_close += usize::from(!self.queues.contains_key(&id));
        let queue = self.queues.get_mut(&id)?;
        self.last = queue.pop_front()?;
        self.lend = !self.lend;
        let frames = if self.lend { Frames::Borrowed(&self.last) } else { Frames::Shared(self.last.clone()) };
        Some(Outgoing { frames, more: !queue.is_empty() })
    }

    fn on_timer(&mut self, _: &mut Ops, _: ConnectionId) {
        self.timers += 1;
    }

    fn on_close(&mut self, ops: &mut Ops, id: ConnectionId, reason: &CloseReason) {
        assert!(self.queues.remove(&id).is_some(), "on_close comes once for each on_open");
        self.closes.push(reason.clone());
        if self.tell_who_left {
            let ids: Vec<_> = self.queues.keys().copied().collect();
            ids.into_iter().for_each(|id| self.queue(id, "left"));
            ops.request_writable_all_soon(6);
        }
    }
}

struct World {
    hub: Hub<FakeNetwork>,
    handler: Recorder,
    now: Duration,
    pipes: Vec<Rc<RefCell<Pipe>>>,
}

const PLENTY: usize = 1 << 30;

impl World {
    fn new() -> Self {
        Self::within(Limits::default())
    }

    fn within(limits: Limits) -> Self {
        let hub = Hub::new(FakeNetwork::default(), limits);
        Self { hub, handler: Recorder::default(), now: Duration::from_secs(1), pipes: Vec::new() }
    }

    /// A connection that has said nothing yet. Returns its number.
    fn connect(&mut self) -> usize {
        let pipe = Rc::new(RefCell::new(Pipe { room: PLENTY, ..Pipe::default() }));
        self.hub.network_mut().waiting.push_back(Ok(FakeStream(Rc::clone(&pipe))));
        self.pipes.push(pipe);
        self.hub.on_acceptable();
        self.run();
        self.pipes.len() - 1
    }

    /// A WebSocket whose `101` has been read.
    fn open(&mut self) -> usize {
        let number = self.connect();
        self.send(number, UPGRADE.as_bytes());
        let response = String::from_utf8(self.take(number)).unwrap();
        assert!(response.starts_with("HTTP/1.1 101"), "{response}");
        number
    }

    fn send(&mut self, number: usize, bytes: &[u8]) {
        self.pipes[number].borrow_mut().to_server.extend(bytes);
        self.ready(number, Readiness { readable: true, ..Readiness::default() });
    }

    fn end(&mut self, number: usize) {
        self.pipes[number].borrow_mut().eof = true;
        self.ready(number, Readiness { readable: true, read_closed: true, ..Readiness::default() });
    }

    fn ready(&mut self, number: usize, readiness: Readiness) {
        let id = self.id(number);
        self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
        self.hub.on_ready(id, readiness);
        self.finish_turn();
        self.run();
    }

    fn finish_turn(&mut self) {
        self.hub.resume(&mut self.handler);
        self.hub.expire(&mut self.handler);
        self.hub.settle(&mut self.handler);
    }

    /// Turns until nothing is left to do. A live-lock is a finding.
    fn run(&mut self) {
        for _ in 0..10_000 {
            if !self.hub.has_leftovers() {
                return;
            }
            self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
            self.finish_turn();
        }
        panic!("never comes to rest");
    }

    /// Lets time pass, waking as the hub asks for.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.hub.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
            self.finish_turn();
            self.run();
        }
        self.now = end;
    }

    /// What the server has written since the last call.
    fn take(&mut self, number: usize) -> Vec<u8> {
        std::mem::take(&mut self.pipes[number].borrow_mut().from_server)
    }

    fn id(&self, number: usize) -> ConnectionId {
        self.pipes[number].borrow().id.expect("it was watched")
    }

    fn is_dropped(&self, number: usize) -> bool {
        self.pipes[number].borrow().dropped
    }
}

fn client_frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
    let mut socket = FrameSocket::new(Vec::new());
    socket.send(Frame::from_payload(header, payload.to_vec().into())).unwrap();
    socket.into_inner().0
}

fn text(payload: &str) -> Vec<u8> {
    client_frame(OpCode::Data(Data::Text), true, payload.as_bytes())
}

fn close(code: u16) -> Vec<u8> {
    client_frame(OpCode::Control(Control::Close), true, &code.to_be_bytes())
}

fn echo(payload: &str) -> Vec<u8> {
    let mut frames = Vec::new();
    frame::append_text(&mut frames, |bytes| bytes.extend(payload.as_bytes()));
    frames
}

/// The code of the close frame that these bytes end in.
#[track_caller]
fn close_code(bytes: &[u8]) -> u16 {
    let start =
        bytes.iter().rposition(|byte| *byte == 0x88).unwrap_or_else(|| panic!("no close frame: {bytes:?}"));
    assert_eq!(usize::from(bytes[start + 1]), bytes.len() - start - 2, "the last frame is a close frame");
    u16::from_be_bytes([bytes[start + 2], bytes[start + 3]])
}

#[test]
fn a_handshake_and_messages_in_one_segment_and_byte_by_byte_are_the_same() {
    let stream: Vec<u8> =
        [UPGRADE.as_bytes(), &text("uno"), &text(&"x".repeat(3_000)), &text("dos")].concat();
    let answer = |chunk: usize| {
        let mut world = World::new();
        let number = world.connect();
        stream.chunks(chunk).for_each(|bytes| world.send(number, bytes));
        assert_eq!(world.handler.received.len(), 3);
        world.take(number)
    };
    let whole = answer(stream.len());
    assert!(whole.ends_with(&echo("dos")));
    for chunk in [1, 2, 7, 500] {
        assert_eq!(answer(chunk), whole, "in chunks of {chunk}");
    }
}

#[test]
fn everything_that_piled_up_in_a_turn_leaves_in_one_write() {
    let mut world = World::new();
    let number = world.open();
    let before = world.pipes[number].borrow().writes;
    world.send(number, &[text("a"), text("b"), text("c")].concat());
    assert_eq!(world.take(number), [echo("a"), echo("b"), echo("c")].concat());
    assert_eq!(world.pipes[number].borrow().writes - before, 1);
}

#[test]
fn a_socket_that_takes_bytes_one_by_one_gets_the_same_stream() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().room = 0;
    world.send(number, &[text("hola"), text(&"y".repeat(10_000)), text("fin")].concat());
    assert_eq!(world.take(number), b"");
    let expected = [echo("hola"), echo(&"y".repeat(10_000)), echo("fin")].concat();
    let mut got = Vec::new();
    while got.len() < expected.len() {
        world.pipes[number].borrow_mut().room = 1 + got.len() % 300;
        world.ready(number, Readiness { writable: true, ..Readiness::default() });
        let part = world.take(number);
        assert!(!part.is_empty(), "stuck after {} bytes", got.len());
        got.extend(part);
    }
    assert_eq!(got, expected);
}

#[test]
fn a_peer_that_says_nothing_or_half_a_request_is_closed_at_the_handshake_deadline() {
    let mut world = World::new();
    let silent = world.connect();
    let slow = world.connect();
    world.pass(Duration::from_secs(9));
    world.send(slow, b"GET / HT");
    assert!(!world.is_dropped(silent));
    world.pass(Duration::from_millis(1_100));
    assert!(world.is_dropped(silent));
    assert_eq!(world.take(silent), b"");
    assert!(world.take(slow).starts_with(b"HTTP/1.1 408"));
    world.pass(Duration::from_secs(3));
    assert!(world.is_dropped(slow));
    assert!(world.hub.is_empty() && world.hub.next_wake().is_none(), "nothing is left behind");
}

#[test]
fn an_answer_is_protected_from_a_reset_by_reading_on_until_the_peer_has_finished() {
    let mut world = World::new();
    let number = world.connect();
    world.send(number, b"GET / HTTP/1.1\r\n\r\nand a body that nobody reads");
    assert!(world.take(number).ends_with(b"hola\n"));
    assert!(world.pipes[number].borrow().shut && !world.is_dropped(number));
    world.send(number, b"more");
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn one_who_never_finishes_after_an_answer_is_dropped_by_time_or_by_bytes() {
    let mut world = World::new();
    let [by_time, by_bytes] = [world.connect(), world.connect()];
    for number in [by_time, by_bytes] {
        world.send(number, b"GET / HTTP/1.1\r\n\r\n");
    }
    world.send(by_bytes, &vec![0; super::super::connection::LINGER_BYTES_MAX]);
    assert!(!world.is_dropped(by_bytes));
    world.send(by_bytes, b"x");
    assert!(world.is_dropped(by_bytes) && !world.is_dropped(by_time));
    world.pass(Duration::from_millis(2_100));
    assert!(world.is_dropped(by_time));
}

#[test]
fn a_silent_connection_is_pinged_and_kept_if_it_answers_and_given_up_if_not() {
    let mut world = World::new();
    let number = world.open();
    world.pass(Duration::from_secs(24));
    assert_eq!(world.take(number), b"");
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.take(number), frame::PING);
    world.send(number, &client_frame(OpCode::Control(Control::Pong), true, b""));
    world.pass(Duration::from_secs(24));
    assert_eq!((world.take(number), world.handler.closes.len()), (vec![], 0));
    world.pass(Duration::from_secs(2));
    assert_eq!(world.take(number), frame::PING);
    world.pass(Duration::from_millis(14_000));
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.handler.closes, [CloseReason::Silent]);
    assert!(world.is_dropped(number));
}

#[test]
fn a_ping_is_answered_and_counts_as_life() {
    let mut world = World::new();
    let number = world.open();
    for _ in 0..10 {
        world.pass(Duration::from_secs(20));
        world.send(number, &client_frame(OpCode::Control(Control::Ping), true, b"hi"));
        assert_eq!(world.take(number), [0x8a, 2, b'h', b'i']);
    }
}

#[test]
fn a_message_that_is_begun_must_be_finished_in_time_whatever_else_comes() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &client_frame(OpCode::Data(Data::Text), false, b"begun"));
    for _ in 0..29 {
        world.pass(Duration::from_secs(1));
        world.send(number, &client_frame(OpCode::Control(Control::Ping), true, b""));
    }
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
    assert_eq!(close_code(&world.take(number)), 1008);
}

#[test]
fn a_message_that_is_finished_in_time_lets_the_next_one_take_its_own_time() {
    let mut world = World::new();
    let number = world.open();
    for _ in 0..5 {
        let message = text("hola");
        world.send(number, &message[..3]);
        world.pass(Duration::from_secs(20));
        world.send(number, &message[3..]);
        world.pass(Duration::from_secs(20));
    }
    assert_eq!((world.handler.received.len(), world.handler.closes.len()), (5, 0));
}

#[test]
fn a_close_frame_is_answered_after_what_was_asked_before_it() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &[text("hola"), close(1000), text("nothing after it counts")].concat());
    let bytes = world.take(number);
    assert!(bytes.starts_with(&echo("hola")));
    assert_eq!(close_code(&bytes), 1000);
    assert_eq!(world.handler.closes, [CloseReason::PeerClosed(Some(1000))]);
    assert_eq!(world.handler.received, ["hola"]);
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn violations_are_answered_with_their_code_after_what_was_asked_before_them() {
    let unmasked = vec![0x81, 1, b'x'];
    let too_big = [&[0x81, 0xff][..], &65_537_u64.to_be_bytes(), &[0; 4]].concat();
    let not_utf8 = client_frame(OpCode::Data(Data::Text), true, &[0xff]);
    for (bad, code) in [(unmasked, 1002), (too_big, 1009), (not_utf8, 1007)] {
        let mut world = World::new();
        let number = world.open();
        world.send(number, &[text("hola"), bad, text("after")].concat());
        let bytes = world.take(number);
        assert!(bytes.starts_with(&echo("hola")));
        assert_eq!(close_code(&bytes), code);
        assert_eq!(world.handler.received, ["hola"]);
        world.pass(Duration::from_millis(2_100));
        assert!(world.is_dropped(number) && world.hub.is_empty());
    }
}

#[test]
fn a_message_of_exactly_the_limit_passes() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &text(&"x".repeat(65_536)));
    assert_eq!(world.handler.received.len(), 1);
}

#[test]
fn a_close_that_the_handler_wishes_comes_after_its_last_words_and_waits_for_the_answer() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &text("bye"));
    let bytes = world.take(number);
    assert!(bytes.starts_with(&echo("last words")));
    assert_eq!(close_code(&bytes), 1000);
    assert_eq!(world.handler.closes.len(), 1);
    assert!(!world.is_dropped(number));
    world.send(number, &[text("too late"), close(1000)].concat());
    assert_eq!(world.handler.received, ["bye"]);
    assert!(world.pipes[number].borrow().shut);
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn one_who_neither_takes_our_last_words_nor_answers_is_cut_at_the_close_deadline() {
    let mut world = World::new();
    let [blocked, mute] = [world.open(), world.open()];
    world.pipes[blocked].borrow_mut().room = 0;
    for _ in 0..40 {
        world.send(blocked, &text(&"x".repeat(4_000)));
    }
    world.send(blocked, &text("bye"));
    world.send(mute, &text("bye"));
    world.pass(Duration::from_millis(1_900));
    assert!(!world.is_dropped(blocked) && !world.is_dropped(mute));
    world.pass(Duration::from_millis(200));
    assert!(world.is_dropped(blocked) && world.is_dropped(mute));
    assert_eq!(world.handler.closes.len(), 2);
}

#[test]
fn a_reset_is_told_once_and_frees_the_slot_for_another_name() {
    let mut world = World::new();
    let first = world.open();
    world.pipes[first].borrow_mut().failure = Some(io::ErrorKind::ConnectionReset);
    world.ready(first, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!(world.handler.closes, [CloseReason::Failed(io::ErrorKind::ConnectionReset)]);
    let second = world.open();
    let ids = [world.id(first), world.id(second)];
    assert_eq!((ids[0].slot(), ids[0] == ids[1]), (ids[1].slot(), false));
    // An edge of the old connection that comes late means nothing.
    world.ready(first, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!((world.handler.closes.len(), world.hub.len()), (1, 1));
}

#[test]
fn the_end_of_the_stream_comes_after_everything_before_it_and_leaves_no_trace() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().to_server.extend(text("hola"));
    world.end(number);
    assert_eq!(world.handler.received, ["hola"]);
    assert_eq!(world.handler.closes, [CloseReason::PeerVanished]);
    assert_eq!(world.take(number), echo("hola"));
    assert!(world.is_dropped(number) && world.hub.is_empty() && world.hub.next_wake().is_none());
    assert_eq!(world.handler.calls_after_close, 0);
}

#[test]
fn one_who_pings_without_reading_is_not_read_any_more_until_it_reads() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().room = 0;
    let ping = client_frame(OpCode::Control(Control::Ping), true, &[7; 125]);
    let count = 4 * OUTBOX_BYTES_SOFT_MAX / ping.len();
    for _ in 0..count {
        world.send(number, &ping);
    }
    let unread = world.pipes[number].borrow().to_server.len();
    assert!(
        unread > OUTBOX_BYTES_SOFT_MAX,
        "everything but {unread} bytes was taken from one who reads nothing"
    );
    world.pipes[number].borrow_mut().room = PLENTY;
    world.ready(number, Readiness { writable: true, ..Readiness::default() });
    assert_eq!(world.pipes[number].borrow().to_server.len(), 0);
    let answers = world.take(number).len();
    assert!(answers.is_multiple_of(127) && answers > OUTBOX_BYTES_SOFT_MAX, "{answers} bytes of pongs");
}

#[test]
fn one_talker_gets_so_many_messages_a_turn_and_the_others_are_served_between() {
    let mut world = World::new();
    let [talker, other] = [world.open(), world.open()];
    let ids = [world.id(talker), world.id(other)];
    let flood = text("x").repeat(MESSAGES_PER_TURN * 2 + 10);
    world.pipes[talker].borrow_mut().to_server.extend(flood);
    world.pipes[other].borrow_mut().to_server.extend(text("me too"));
    let readable = Readiness { readable: true, ..Readiness::default() };
    world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
    world.hub.on_ready(ids[0], readable);
    world.hub.on_ready(ids[1], readable);
    world.hub.resume(&mut world.handler);
    let received = &world.handler.received;
    assert_eq!((received.len(), received.last().unwrap().as_str()), (MESSAGES_PER_TURN + 1, "me too"));
    world.finish_turn();
    world.run();
    assert_eq!(world.handler.received.len(), MESSAGES_PER_TURN * 2 + 11);
    assert_eq!(world.take(talker).len(), echo("x").len() * (MESSAGES_PER_TURN * 2 + 10));
}

#[test]
fn announcements_are_written_before_more_of_them_are_taken_in() {
    let mut world = World::new();
    let [talker, listener] = [world.open(), world.open()];
    world.handler.received.clear();
    // The queues of the test are unbounded, but none ever holds more than one flush's worth.
    world.send(talker, &text("all").repeat(ANNOUNCEMENTS_PER_FLUSH + 100));
    assert_eq!(world.handler.received.len(), ANNOUNCEMENTS_PER_FLUSH + 100);
    assert_eq!(world.take(listener), echo("all").repeat(ANNOUNCEMENTS_PER_FLUSH + 100));
}

#[test]
fn endless_talkers_share_and_neither_timers_nor_newcomers_wait_for_them() {
    let mut world = World::new();
    let talkers: Vec<usize> = (0..3).map(|_| world.open()).collect();
    let idle = world.open();
    world.send(idle, &text("timer"));
    let silent = world.connect();
    // What a talker sends is answered with so much that each alone fills a flush.
    let (big, readable) = ("x".repeat(4_000), Readiness { readable: true, ..Readiness::default() });
    let ids: Vec<_> = talkers.iter().map(|talker| world.id(*talker)).collect();
    for _ in 0..300 {
        for talker in &talkers {
            world.pipes[*talker].borrow_mut().to_server.extend(text(&big).repeat(40));
        }
        world.now += Duration::from_millis(50);
        world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
        ids.iter().for_each(|id| world.hub.on_ready(*id, readable));
        world.finish_turn();
    }
    assert!(world.hub.has_leftovers(), "the flood is still on");
    assert_eq!(world.handler.timers, 1);
    assert!(world.is_dropped(silent), "the handshake deadline held");
    let got: Vec<usize> = talkers.iter().map(|talker| world.take(*talker).len()).collect();
    let (least, most) = (got.iter().min().unwrap(), got.iter().max().unwrap());
    assert!(*least * 10 > *most * 9, "unequal shares: {got:?}");
}

#[test]
fn a_message_that_the_byte_rate_holds_up_is_not_stalled() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    let message = text(&"x".repeat(60_000));
    world.send(number, &message[..50_000]);
    world.pass(Duration::from_secs(48));
    assert_eq!(world.handler.closes, []);
    world.send(number, &message[50_000..]);
    world.pass(Duration::from_secs(20));
    assert_eq!((world.handler.received.len(), world.handler.closes.len()), (1, 0));
    // Once reading goes on, the peer has its time and no more.
    world.send(number, &text("begun")[..4]);
    world.pass(Duration::from_secs(31));
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
}

#[test]
fn a_reset_is_noticed_while_reading_rests() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &text(&"x".repeat(20_000)));
    world.pipes[number].borrow_mut().failure = Some(io::ErrorKind::ConnectionReset);
    world.ready(number, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!(world.handler.closes, [CloseReason::Failed(io::ErrorKind::ConnectionReset)]);
}

#[test]
fn one_reader_is_written_so_many_bytes_a_turn_and_the_rest_in_the_next() {
    let mut world = World::new();
    let number = world.open();
    let id = world.id(number);
    let text = "x".repeat(8_000);
    let count = 3 * WRITE_BYTES_PER_TURN / text.len();
    for _ in 0..count {
        world.handler.queue(id, &text);
    }
    world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
    world.hub.on_ready(id, Readiness { writable: true, ..Readiness::default() });
    world.hub.settle(&mut world.handler);
    let first = world.take(number).len();
    let most = WRITE_BYTES_PER_TURN + GATHER_BYTES + echo(&text).len();
    assert!((WRITE_BYTES_PER_TURN..most).contains(&first), "{first} bytes in one turn");
    world.run();
    assert_eq!(first + world.take(number).len(), count * echo(&text).len());
}

#[test]
fn over_the_byte_rate_reading_rests_and_nothing_is_lost() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 2_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &text(&"x".repeat(2_994)));
    assert_eq!(world.handler.received.len(), 1);
    world.send(number, &text("after the rest"));
    world.pass(Duration::from_millis(900));
    assert_eq!(world.handler.received.len(), 1);
    world.pass(Duration::from_millis(200));
    assert_eq!(world.handler.received.len(), 2);
}

#[test]
fn more_connections_than_there_may_be_are_told_so_and_beyond_that_dropped() {
    let mut world = World::within(Limits { connections_max: 2, ..Limits::default() });
    let first = world.open();
    world.open();
    let refused = world.connect();
    assert!(world.take(refused).starts_with(b"HTTP/1.1 503"));
    for _ in 1..REFUSALS_MAX {
        world.connect();
    }
    let dropped = world.connect();
    assert_eq!((world.take(dropped), world.is_dropped(dropped)), (vec![], true));
    world.end(first);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.hub.len(), 1);
    world.open();
}

#[test]
fn accepting_is_cut_into_turns_and_rests_when_the_system_has_no_more() {
    let mut world = World::new();
    let streams = (0..ACCEPTS_PER_TURN + 1).map(|_| Ok(FakeStream(Rc::default())));
    world.hub.network_mut().waiting.extend(streams);
    world.hub.on_acceptable();
    world.finish_turn();
    assert_eq!(world.hub.len(), ACCEPTS_PER_TURN);
    world.hub.network_mut().waiting.push_front(Err(io::Error::other("no descriptors left")));
    world.finish_turn();
    assert!(!world.hub.has_leftovers(), "a shortage must not spin");
    assert_eq!(world.hub.len(), ACCEPTS_PER_TURN);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.hub.len(), ACCEPTS_PER_TURN + 1);
}

#[test]
fn a_timer_of_the_handler_fires_once_at_its_time_and_dies_with_its_connection() {
    let mut world = World::new();
    let [kept, lost] = [world.open(), world.open()];
    world.send(kept, &text("timer"));
    world.send(lost, &text("timer"));
    world.end(lost);
    world.pass(Duration::from_millis(4_900));
    assert_eq!(world.handler.timers, 0);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.handler.timers, 1);
}

#[test]
fn a_shutdown_says_what_is_queued_then_1001_and_forgets_who_is_not_yet_open() {
    let mut world = World::new();
    let open = world.open();
    let greeting = world.connect();
    let id = world.id(open);
    world.handler.queue(id, "queued");
    world.hub.shutdown(&mut world.handler);
    world.hub.settle(&mut world.handler);
    let bytes = world.take(open);
    assert!(bytes.starts_with(&echo("queued")));
    assert_eq!(close_code(&bytes), 1001);
    assert!(world.is_dropped(greeting));
    assert_eq!(world.handler.closes, [CloseReason::Shutdown]);
    world.send(open, &close(1001));
    world.end(open);
    assert!(world.hub.is_empty());
    world.connect();
    assert!(world.hub.is_empty(), "nobody is accepted any more");
}
