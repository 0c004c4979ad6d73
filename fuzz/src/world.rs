//! One connection to a [`Hub`] on a network made of memory: bytes arrive in pieces, the peer takes the server's
//! in pieces, and time passes only when it is told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use chat_server::moment::Moment;
use chat_server::reactor::network::{Network, Readiness, Stream};
use chat_server::reactor::{ConnectionId, Endpoints, Handler, Hub, Limits};

use crate::cuts::Cuts;

/// Turns until nothing is left to do: enough for the largest input's answers taken byte by byte.
const TURNS_MAX: usize = 400_000;
/// The wall clock when a run begins.
const EPOCH: i64 = 1_795_187_535_123;

#[derive(Debug, Default)]
struct Pipe {
    id: Option<ConnectionId>,
    to_server: VecDeque<u8>,
    from_server: Vec<u8>,
    eof: bool,
    /// Bytes that the peer takes before it blocks.
    room: usize,
    /// The server wanted to write and could not.
    blocked: bool,
    shut: bool,
    dropped: bool,
}

/// The server's end of the connection.
#[derive(Debug)]
pub struct Memory(Rc<RefCell<Pipe>>);

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if pipe.to_server.is_empty() && !pipe.eof {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.to_server.read(buffer)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        assert!(!pipe.shut, "written after the end was said");
        let count = bytes.len().min(pipe.room);
        if count == 0 {
            pipe.blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.room -= count;
        pipe.from_server.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Memory {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.borrow_mut().shut = true;
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.borrow_mut().dropped = true;
    }
}

/// Where the connection comes from.
#[derive(Debug)]
pub struct MemoryNetwork {
    waiting: Option<Memory>,
}

impl Network for MemoryNetwork {
    type Stream = Memory;

    fn accept(&mut self) -> io::Result<(Memory, Endpoints)> {
        let stream = self.waiting.take().ok_or(io::ErrorKind::WouldBlock)?;
        let address = "10.0.0.7:999".parse().expect("an address");
        Ok((stream, Endpoints { peer: address, local: address, is_same_machine: false }))
    }

    fn watch(&mut self, stream: &mut Memory, id: ConnectionId) -> io::Result<()> {
        stream.0.borrow_mut().id = Some(id);
        Ok(())
    }
}

/// A hub with one connection, and the hand of the peer on it.
pub struct World<H> {
    hub: Hub<MemoryNetwork>,
    handler: H,
    now: Duration,
    pipe: Rc<RefCell<Pipe>>,
    /// How much the peer takes at a time.
    takes: Cuts,
}

impl<H: Handler> World<H> {
    /// The connection is accepted and nothing was said.
    pub fn new(handler: H, limits: Limits, takes: Cuts) -> Self {
        let pipe = Rc::new(RefCell::new(Pipe::default()));
        let network = MemoryNetwork { waiting: Some(Memory(Rc::clone(&pipe))) };
        let hub = Hub::new(network, limits);
        let mut world = Self { hub, handler, now: Duration::from_secs(1), pipe, takes };
        world.hub.on_acceptable();
        world.run();
        world
    }

    /// The program on top.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Everything the server has said.
    pub fn output(&self) -> Vec<u8> {
        self.pipe.borrow().from_server.clone()
    }

    /// The peer sends, and everything that follows happens.
    pub fn send(&mut self, bytes: &[u8]) {
        self.pipe.borrow_mut().to_server.extend(bytes);
        self.ready(Readiness { readable: true, ..Readiness::default() });
        self.run();
    }

    /// The peer sends nothing more.
    pub fn finish(&mut self) {
        self.pipe.borrow_mut().eof = true;
        self.ready(Readiness { readable: true, read_closed: true, ..Readiness::default() });
        self.run();
    }

    /// Time passes; what is due happens when it is due.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.hub.next_wake().filter(|at| *at <= end) {
            // The wheel may be early by a tick, never late; time goes on in any case.
            self.now = at.max(self.now + Duration::from_millis(1));
            self.run();
        }
        self.now = end;
        self.run();
    }

    /// The connection must be gone, on both sides.
    #[track_caller]
    pub fn assert_over(&self) {
        assert!(self.hub.is_empty(), "the connection is still there: {:?}", self.hub);
        assert!(self.pipe.borrow().dropped, "the socket is still open");
    }

    fn ready(&mut self, readiness: Readiness) {
        let id = self.pipe.borrow().id;
        if let Some(id) = id {
            self.hub.on_ready(id, readiness);
        }
    }

    fn run(&mut self) {
        for _ in 0..TURNS_MAX {
            let millis = i64::try_from(self.now.as_millis()).expect("a short run");
            self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: EPOCH + millis });
            self.hub.resume(&mut self.handler);
            self.hub.expire(&mut self.handler);
            self.hub.settle(&mut self.handler);
            let is_blocked = {
                let mut pipe = self.pipe.borrow_mut();
                pipe.room = self.takes.next_size();
                std::mem::take(&mut pipe.blocked)
            };
            if is_blocked {
                self.ready(Readiness { writable: true, ..Readiness::default() });
            } else if !self.hub.has_leftovers() {
                return;
            }
        }
        panic!("the hub never comes to rest: {:?}", self.hub);
    }
}
