//! One user: a socket that connects, asks for the upgrade, registers, and then listens.
//!
//! ```text
//! Connecting --writable--> Upgrading --101--> Upgraded --register--> Registering --register_success--> In
//! ```
//!
//! None of these steps waits: whatever the socket reports takes it as far as it goes, and the group says when to
//! register.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::ears::{Ears, Listener};
use super::presence::Presence;
use crate::Result;
use crate::ledger::{Cursor, Hearsay};
use crate::wire::{self, Frame, Said, Template, opcode};

/// Bytes of a frame's beginning that a member keeps without allocating, and keeps room for.
const REST_BYTES: usize = 256;
/// The end of a response's head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Member {
    stream: TcpStream,
    user: usize,
    stage: Stage,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    place: Place,
    pub(super) presence: Presence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Upgrading,
    Upgraded,
    Registering,
    In,
}

/// Where a member stands in the order of the broadcasts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The ledger waits for it.
    Receiver(Cursor),
    /// It has come in the middle, and the ledger only checks what it hears.
    Newcomer(Hearsay),
}

/// What the members of a group have done and heard together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections whose request for the upgrade is answered.
    pub upgraded: usize,
    /// Users who are in.
    pub registered: usize,
    /// Announcements of arrivals and of changes of status.
    pub updates: usize,
    /// Announcements of departures.
    pub departures: usize,
    /// Pings, each of which was answered.
    pub pings: usize,
}

impl Member {
    /// Begins to connect.
    pub(super) fn connect(
        addr: SocketAddr,
        user: usize,
        place: Place,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(addr)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let rest = Vec::with_capacity(REST_BYTES);
        let presence = Presence::default();
        Ok(Self { stream, user, stage: Stage::Connecting, rest, place, presence })
    }

    /// Sends, which a socket must take at once: nobody in the crowd says much.
    pub(super) fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.stream
            .write_all(frame)
            .map_err(|error| format!("user {} cannot send: {error}", self.user).into())
    }

    /// Registers, if it can and has not done so.
    pub(super) fn register(&mut self) -> Result<()> {
        if self.stage != Stage::Upgraded {
            return Ok(());
        }
        self.stage = Stage::Registering;
        self.send(Template::register().with(&[self.user as u64]))
    }

    /// Whether it has got the broadcast with this number, and all before it.
    pub(super) fn has_heard(&self, number: u64) -> bool {
        matches!(self.place, Place::Newcomer(hearsay) if hearsay.last() == Some(number))
    }

    pub(super) fn on_event(
        &mut self,
        event: &Event,
        ears: &mut Ears,
        tally: &mut Tally,
        listener: &mut impl Listener,
    ) -> Result<()> {
        let result = match self.stage {
            Stage::Connecting if !self.is_connected()? => Ok(()),
            Stage::Connecting => self.ask_for_upgrade(),
            _ if event.is_readable() => self.receive(ears, tally, listener),
            _ => Ok(()),
        };
        result.map_err(|error| format!("user {}: {error}", self.user).into())
    }

    fn is_connected(&self) -> Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(format!("user {} cannot connect: {error}", self.user).into());
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn ask_for_upgrade(&mut self) -> Result<()> {
        self.stream.set_nodelay(true)?;
        self.stage = Stage::Upgrading;
        self.send(wire::upgrade().as_bytes())
    }

    /// Reads until the socket is empty.
    fn receive(&mut self, ears: &mut Ears, tally: &mut Tally, listener: &mut impl Listener) -> Result<()> {
        loop {
            let rest = self.rest.len();
            ears.buffer[..rest].copy_from_slice(&self.rest);
            let count = match self.stream.read(&mut ears.buffer[rest..]) {
                Ok(0) => return Err("the server has closed the connection".into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let end = rest + count;
            let taken = self.take_in(end, ears, tally, listener)?;
            self.rest.clear();
            // Long messages are rare: their room is given back.
            self.rest.shrink_to(REST_BYTES);
            self.rest.extend_from_slice(&ears.buffer[taken..end]);
            // A short read has emptied the socket; more comes as a new edge.
            if end < ears.buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes what is whole of the buffer up to `end`, and returns how much that was.
    fn take_in(
        &mut self,
        end: usize,
        ears: &mut Ears,
        tally: &mut Tally,
        listener: &mut impl Listener,
    ) -> Result<usize> {
        let now = ears.now();
        let mut taken = 0;
        if self.stage == Stage::Upgrading {
            let bytes = &ears.buffer[..end];
            let Some(head) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) else {
                return Ok(0);
            };
            taken = head + HEAD_END.len();
            check_head(&bytes[..taken])?;
            tally.upgraded += 1;
            self.stage = Stage::Upgraded;
        }
        while let Some(frame) = Frame::parse(&ears.buffer[taken..end]) {
            let payload = taken + frame.start..taken + frame.end;
            taken = payload.end;
            if frame.opcode != opcode::TEXT {
                self.on_control(frame.opcode, &ears.buffer[payload], tally)?;
                continue;
            }
            match ears.read(payload.clone()) {
                Said::Status => {
                    self.presence.updates += 1;
                    tally.updates += 1;
                }
                Said::Broadcast(number) => match &mut self.place {
                    Place::Receiver(cursor) => {
                        listener.on_delivery(ears.ledger.receive(cursor, number)?, now);
                    }
                    Place::Newcomer(hearsay) => ears.ledger.overhear(hearsay, number)?,
                },
                Said::Departure => {
                    self.presence.departures += 1;
                    tally.departures += 1;
                }
                Said::Private(number) => listener.on_private(self.user, number)?,
                Said::List { names } => listener.on_list(self.user, names)?,
                Said::Registered { listed } if self.stage == Stage::Registering => {
                    self.stage = Stage::In;
                    self.presence.listed = listed;
                    tally.registered += 1;
                }
                Said::Registered { .. } | Said::Other => {
                    return Err(format!("unexpected: {}", excerpt(&ears.buffer[payload])).into());
                }
            }
        }
        Ok(taken)
    }

    fn on_control(&mut self, kind: u8, payload: &[u8], tally: &mut Tally) -> Result<()> {
        match kind {
            opcode::PING => {
                let mut pong = Vec::new();
                wire::masked(&mut pong, opcode::PONG, payload);
                tally.pings += 1;
                self.send(&pong)
            }
            opcode::CLOSE => {
                let reason = payload.get(2..).unwrap_or_default();
                Err(format!("the server closes: {}", excerpt(reason)).into())
            }
            _ => Err(format!("a frame of opcode {kind}").into()),
        }
    }
}

fn check_head(head: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(head);
    if text.starts_with("HTTP/1.1 101 ") && text.contains(wire::ACCEPT) {
        Ok(())
    } else {
        Err(format!("the upgrade is refused: {}", excerpt(head)).into())
    }
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).escape_debug().collect()
}
