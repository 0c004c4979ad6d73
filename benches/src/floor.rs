//! The floor: the least that a server can do for a broadcast. One thread, one epoll, a frame that is encoded
//! once, one `send()` for each recipient, almost no parsing.
//!
//! It is what the kernel costs when one asks it in the plainest way, and every figure of ours is given as a
//! ratio to it. It trusts its clients, announces nobody, and passes a broadcast on as it came, so that its frames
//! are as long as ours. [`Sending::Coalesced`] is the same with one difference: all frames of one turn of the
//! loop leave in one `send()`.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};

use chat_server::frame;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::wire::{self, Frame, opcode};

const LISTENER: Token = Token(usize::MAX);
const EVENTS_PER_TURN: usize = 1_024;
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;
const SUCCESS: &[u8] = br#"{"type":"register_success","sender":"server","content":"","userList":[]}"#;

/// When frames leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// Each at once.
    Each,
    /// All of a turn together, at its end.
    Coalesced,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Floor {
    poll: Poll,
    listener: TcpListener,
    sending: Sending,
    /// By token. Who has gone leaves a gap: nobody comes later.
    peers: Vec<Option<Peer>>,
    /// Those registered.
    members: Vec<usize>,
    /// Frames for everybody that have not left.
    frames: Vec<u8>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Peer {
    stream: TcpStream,
    is_upgraded: bool,
    /// The beginning of something whose rest has not come.
    rest: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

impl Floor {
    /// Listens on a free port.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn bind(address: IpAddr, sending: Sending) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::new(address, 0))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            sending,
            peers: Vec::new(),
            members: Vec::new(),
            frames: Vec::new(),
            buffer: vec![0; RECEIVE_BUFFER_BYTES],
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Runs for as long as the process does.
    ///
    /// # Errors
    /// If the system's event queue or the listener fails.
    pub fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(index) => {
                        if event.is_writable() {
                            self.send(index, &[]);
                        }
                        if event.is_readable() {
                            self.receive(index);
                        }
                    }
                }
            }
            self.send_frames();
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nodelay(true)?;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    self.poll.registry().register(&mut stream, Token(self.peers.len()), interest)?;
                    let (rest, unsent) = (Vec::new(), Vec::new());
                    self.peers.push(Some(Peer { stream, is_upgraded: false, rest, unsent }));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn receive(&mut self, index: usize) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(peer) = &mut self.peers[index] {
            let rest = peer.rest.len();
            buffer[..rest].copy_from_slice(&peer.rest);
            peer.rest.clear();
            match peer.stream.read(&mut buffer[rest..]) {
                Ok(count @ 1..) => {
                    let taken = self.take_in(index, &mut buffer[..rest + count]);
                    if let Some(peer) = &mut self.peers[index] {
                        peer.rest.extend_from_slice(&buffer[taken..rest + count]);
                    }
                    if rest + count < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    peer.rest.extend_from_slice(&buffer[..rest]);
                    break;
                }
                Ok(0) | Err(_) => {
                    self.peers[index] = None;
                    self.members.retain(|member| *member != index);
                }
            }
        }
        self.buffer = buffer;
    }

    /// Takes what is whole, and returns how much that was.
    fn take_in(&mut self, index: usize, bytes: &mut [u8]) -> usize {
        let mut taken = 0;
        if self.peers[index].as_ref().is_some_and(|peer| !peer.is_upgraded) {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return 0 };
            taken = end + 4;
            self.upgrade(index);
        }
        while let Some(frame) = Frame::parse(&bytes[taken..]) {
            let payload = &mut bytes[taken + frame.start..taken + frame.end];
            for (byte, mask) in payload.iter_mut().zip(frame.mask.unwrap_or_default().iter().cycle()) {
                *byte ^= mask;
            }
            if frame.opcode == opcode::TEXT {
                self.on_text(index, payload);
            }
            taken += frame.end;
        }
        taken
    }

    fn upgrade(&mut self, index: usize) {
        if let Some(peer) = &mut self.peers[index] {
            peer.is_upgraded = true;
        }
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            wire::ACCEPT
        );
        self.send(index, response.as_bytes());
    }

    fn on_text(&mut self, index: usize, text: &[u8]) {
        if text.starts_with(b"{\"type\":\"register\"") {
            self.members.push(index);
            let mut success = Vec::new();
            frame::append_text(&mut success, |payload| payload.extend_from_slice(SUCCESS));
            self.send(index, &success);
        } else {
            frame::append_text(&mut self.frames, |payload| payload.extend_from_slice(text));
            if self.sending == Sending::Each {
                self.send_frames();
            }
        }
    }

    fn send_frames(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        let mut frames = std::mem::take(&mut self.frames);
        for member in 0..self.members.len() {
            self.send(self.members[member], &frames);
        }
        frames.clear();
        self.frames = frames;
    }

    /// Sends after what is unsent. Errors show when reading.
    fn send(&mut self, index: usize, bytes: &[u8]) {
        let Some(peer) = &mut self.peers[index] else { return };
        if !peer.unsent.is_empty() {
            peer.unsent.extend_from_slice(bytes);
            let sent = write(&mut peer.stream, &peer.unsent);
            peer.unsent.drain(..sent);
        } else if !bytes.is_empty() {
            let sent = write(&mut peer.stream, bytes);
            peer.unsent.extend_from_slice(&bytes[sent..]);
        }
    }
}

/// Writes until the socket takes no more: an edge follows only then.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(count @ 1..) => sent += count,
            Ok(0) | Err(_) => break,
        }
    }
    sent
}
