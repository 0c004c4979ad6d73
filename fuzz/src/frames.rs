//! A WebSocket's stream in random cuts, into the reactor's hub with an echo above it and a peer that takes the echoes
//! in pieces. The first byte of the input is the seed of the cuts; the highest bit of the second says whether what
//! follows are the peer's bytes as they are, or a description of frames that is written out first:
//!
//! ```text
//! OPCODE SIZE PAYLOAD   OPCODE is the frame's first byte; SIZE up to 127: so many bytes of payload follow;
//!                       from 128 on: a size from a table, near the bounds, and the payload repeats one letter;
//!                       from 192 on: the same size in a header alone, without the payload
//! ```
//!
//! Checked against a second, plain reading of RFC 6455 ([`crate::reference`]): the messages that the handler gets, the
//! echoes that come back, the pongs, and the code of the close frame; and the connection ends by its deadlines.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use chat_server::frame;
use chat_server::reactor::{
    Answer, CloseReason, ConnectionId, Endpoints, Frames, Handler, Incoming, Limits, Ops, Outgoing, Refusal,
    Request, Response,
};

use crate::cuts::Cuts;
use crate::reference::{self, End, Meaning, Message};
use crate::server_output::{ServerFrame, ServerOutput};
use crate::world::World;

const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// A small limit, so that small inputs reach it.
const MESSAGE_BYTES_MAX: usize = 2_048;
/// Sizes at the bounds of the header's forms and of the limit.
const SIZES: [u64; 16] = [
    0,
    1,
    124,
    125,
    126,
    127,
    128,
    1_024,
    2_047,
    2_048,
    2_049,
    65_535,
    65_536,
    1 << 32,
    (1 << 63) - 1,
    u64::MAX,
];
/// Written out, no input is longer than this.
const STREAM_BYTES_MAX: usize = 64 * 1024;
/// Longer than all deadlines together.
const LONG: Duration = Duration::from_secs(120);

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let [seed, kind, rest @ ..] = data else { return };
    let stream = if kind & 0x80 == 0 { rest.to_vec() } else { write_out(rest) };
    let meaning = reference::read(&stream, MESSAGE_BYTES_MAX);

    let limits = Limits { message_bytes_max: MESSAGE_BYTES_MAX, ..Limits::default() };
    let takes = if kind & 1 == 0 { Cuts::whole() } else { Cuts::new(*seed) };
    let mut world = World::new(Echo::default(), limits, takes);
    world.send(UPGRADE);
    for piece in Cuts::new(*seed).pieces(&stream) {
        world.send(piece);
    }
    if kind & 2 == 0 {
        world.finish();
    }
    world.pass(LONG);
    world.assert_over();
    check(&meaning, world.handler(), &ServerOutput::read(&world.output()), kind & 2 != 0);
}

fn check(meaning: &Meaning, echo: &Echo, output: &ServerOutput, went_silent: bool) {
    assert_eq!(output.status, Some(101));
    assert_eq!(echo.received, meaning.messages, "the handler gets the messages");
    assert_eq!(echo.closes.len(), 1, "on_close comes once");
    let echoes: Vec<Message> = output.frames.iter().filter_map(message).collect();
    assert!(meaning.messages.starts_with(&echoes), "echoes in their order");
    let mut pings = meaning.pings.iter();
    for pong in output.pongs() {
        assert!(pings.any(|ping| ping == pong), "a pong for no ping, or out of order: {pong:?}");
    }
    let is_told_off = matches!(echo.closes[..], [CloseReason::Violation(_)]);
    match &meaning.end {
        End::Doomed(codes) if is_told_off => assert_code(codes, output),
        End::Open | End::Doomed(_) => {
            // Whoever keeps reading misses nothing.
            assert_eq!(echoes, meaning.messages);
            let newest = meaning.pings.last().map(Vec::as_slice);
            assert_eq!(output.pongs().last().copied(), newest, "the newest ping is answered");
            let code = output.close();
            // In the middle of a message it is cut off for that; between two, for not answering a ping.
            let is_stalled = matches!(echo.closes[..], [CloseReason::Stalled]);
            assert_eq!(code, is_stalled.then_some(Some(1008)), "{:?}", echo.closes);
            assert_eq!(matches!(echo.closes[..], [CloseReason::PeerVanished]), !went_silent);
        }
        End::Closed(code) => {
            assert!(
                matches!(echo.closes[..], [CloseReason::PeerClosed(said)] if said == *code),
                "{:?}",
                echo.closes
            );
            assert_eq!(output.close(), Some(*code), "a close frame is answered with its code");
        }
        End::Broken(codes) => {
            // A close frame with a code that is not for the wire counts as the peer's wish with 1002 all the same.
            let is_answered = matches!(echo.closes[..], [CloseReason::PeerClosed(Some(1002))]);
            assert!(is_told_off || is_answered, "{:?}", echo.closes);
            assert_code(codes, output);
        }
    }
}

fn assert_code(codes: &[u16], output: &ServerOutput) {
    let code = output.close().flatten().expect("a reason is given");
    assert!(codes.contains(&code), "closed with {code} in place of one of {codes:?}");
}

fn message(frame: &ServerFrame) -> Option<Message> {
    match frame {
        ServerFrame::Text(text) => Some(Message::Text(text.clone())),
        ServerFrame::Binary(bytes) => Some(Message::Binary(bytes.clone())),
        ServerFrame::Close(_) | ServerFrame::Ping(_) | ServerFrame::Pong(_) => None,
    }
}

/// Frames from their description, masked as a client does it.
fn write_out(mut description: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let [first, size, rest @ ..] = description {
        let size = *size;
        let (payload, length, rest) = if size < 128 {
            let (payload, rest) = rest.split_at(usize::from(size).min(rest.len()));
            (payload.to_vec(), payload.len() as u64, rest)
        } else {
            let length = SIZES[usize::from(size) % SIZES.len()];
            let is_header_alone = size >= 192 || length > STREAM_BYTES_MAX as u64;
            let count = if is_header_alone { 0 } else { length as usize };
            (vec![b'a' + size % 26; count], length, rest)
        };
        description = rest;
        if stream.len() + payload.len() > STREAM_BYTES_MAX {
            break;
        }
        stream.push(*first);
        match length {
            0..=125 => stream.push(0x80 | length as u8),
            126..=0xffff => {
                stream.push(0x80 | 126);
                stream.extend((length as u16).to_be_bytes());
            }
            _ => {
                stream.push(0x80 | 127);
                stream.extend(length.to_be_bytes());
            }
        }
        stream.extend(MASK);
        stream.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    }
    stream
}

/// Sends everything back, and writes it down.
#[derive(Default)]
struct Echo {
    received: Vec<Message>,
    waiting: VecDeque<Bytes>,
    closes: Vec<CloseReason>,
    is_open: bool,
}

impl Handler for Echo {
    fn on_request(&mut self, _: &Request<'_>) -> Answer {
        Answer::Accept { subprotocol: None }
    }

    fn on_refused(&mut self, refusal: Refusal) -> Response {
        panic!("the request is by the book: {refusal:?}")
    }

    fn on_open(&mut self, _: &mut Ops, _: ConnectionId, _: Endpoints) {
        assert!(!self.is_open && self.closes.is_empty());
        self.is_open = true;
    }

    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>) {
        assert!(self.is_open, "a message after the end");
        let mut echo = Vec::new();
        self.received.push(match message {
            Incoming::Text(text) => {
                frame::append_text(&mut echo, |payload| payload.extend(text.as_bytes()));
                Message::Text(text.to_owned())
            }
            Incoming::Binary(bytes) => {
                frame::append_binary(&mut echo, |payload| payload.extend(bytes));
                Message::Binary(bytes.to_vec())
            }
        });
        ops.request_writable(connection, echo.len());
        self.waiting.push_back(echo.into());
    }

    fn on_writable(&mut self, _: &mut Ops, _: ConnectionId) -> Option<Outgoing<'_>> {
        assert!(self.is_open, "asked for more after the end");
        let frame = self.waiting.pop_front()?;
        Some(Outgoing { frames: Frames::Shared(frame), more: !self.waiting.is_empty() })
    }

    fn on_timer(&mut self, _: &mut Ops, _: ConnectionId) {
        panic!("no timer was set");
    }

    fn on_close(&mut self, _: &mut Ops, _: ConnectionId, reason: &CloseReason) {
        self.is_open = false;
        self.closes.push(reason.clone());
    }
}
