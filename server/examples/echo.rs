//! Another handler on the same reactor: every message comes back as it was. It shows, and lets test suites for
//! WebSockets check, that the reactor knows nothing of chat.
//!
//! `cargo run --release -p chat-server --example echo 9001`; port 0 picks a free one. `echo 9001 chat` has the limits
//! that the chat has by default.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io::{self, Write};

use bytes::Bytes;
use chat_server::Config;
use chat_server::frame;
use chat_server::reactor::{
    Answer, CloseReason, ConnectionId, Endpoints, Frames, Handler, Incoming, Limits, Ops, Outgoing, Reactor,
    Refusal, Request, Response, Upgrade, sockets,
};

/// Bytes of a message: suites send up to 16 MiB.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Echoes that wait for one connection; one more closes it.
const ECHO_BYTES_MAX: usize = 128 * 1024 * 1024;

#[derive(Default)]
struct Echo {
    waiting: HashMap<ConnectionId, Waiting>,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl Handler for Echo {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        match request.upgrade {
            Upgrade::Valid => Answer::Accept { subprotocol: request.subprotocol.map(str::to_owned) },
            _ => Answer::Respond(text(426, "WebSocket, version 13\n")),
        }
    }

    fn on_refused(&mut self, _: Refusal) -> Response {
        text(400, "WebSocket, version 13\n")
    }

    fn on_open(&mut self, ops: &mut Ops, connection: ConnectionId, _: Endpoints) {
        ops.know(connection);
        ops.know(connection);
        self.waiting.insert(connection, Waiting::default());
    }

    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>) {
        let mut echo = Vec::new();
        match message {
            Incoming::Text(text) => frame::append_text(&mut echo, |payload| payload.extend(text.as_bytes())),
            Incoming::Binary(bytes) => frame::append_binary(&mut echo, |payload| payload.extend(bytes)),
        }
        let Some(waiting) = self.waiting.get_mut(&connection) else { return };
        if waiting.bytes + echo.len() > ECHO_BYTES_MAX {
            return ops.close(connection, 1008, "too many echoes are waiting");
        }
        ops.request_writable(connection, echo.len());
        waiting.bytes += echo.len();
        waiting.frames.push_back(echo.into());
    }

    fn on_writable(&mut self, _: &mut Ops, connection: ConnectionId) -> Option<Outgoing<'_>> {
        let waiting = self.waiting.get_mut(&connection)?;
        let frame = waiting.frames.pop_front()?;
        waiting.bytes -= frame.len();
        Some(Outgoing { frames: Frames::Shared(frame), more: !waiting.frames.is_empty() })
    }

    fn on_timer(&mut self, _: &mut Ops, _: ConnectionId) {}

    fn on_close(&mut self, _: &mut Ops, connection: ConnectionId, _: &CloseReason) {
        self.waiting.remove(&connection);
    }
}

fn text(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: &["Upgrade: websocket", "Sec-WebSocket-Version: 13"],
        body: body.to_owned(),
        head_only: false,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (port, limits) = match words[..] {
        [port] => (
            port,
            Limits {
                message_bytes_max: MESSAGE_BYTES_MAX,
                unsent_bytes_max: ECHO_BYTES_MAX,
                ..Limits::default()
            },
        ),
        [port, "chat"] => (port, Config::default().limits()),
        _ => return Err("usage: echo PORT [chat]".into()),
    };
    let mut reactor = Reactor::new(sockets::listen(None, port.parse()?)?, limits)?;
    writeln!(io::stdout(), "listening on port {}", reactor.local_addr().port())?;
    reactor.run(&mut Echo::default())?;
    Ok(())
}
