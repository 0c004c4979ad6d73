//! The network that the hub runs on: connections are pairs of buffers, edges are noted as a kernel would, and what
//! a kernel may do at any call it does now and then: take a part, block, be interrupted, be out of descriptors.
//!
//! It keeps the contract that the server relies on: a read that fills less than its buffer has emptied the socket,
//! and whatever ends a `WouldBlock` comes as an edge.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use chat_server::reactor::network::{Network, Readiness, Stream};
use chat_server::reactor::{ConnectionId, Endpoints};

use crate::rng::Rng;

/// One connection, as the kernel has it.
#[derive(Debug, Default)]
pub struct Pipe {
    /// Once the server has accepted it.
    pub id: Option<ConnectionId>,
    pub accepted_at: Duration,
    /// What has arrived at the server, and how much of it is read.
    inbound: Vec<u8>,
    read: usize,
    /// Bytes that the server has read in all, and when it last did.
    pub read_total: u64,
    pub read_at: Duration,
    /// Where in the client's stream no message is under way, as far as it is not yet read.
    pub rests: VecDeque<u64>,
    /// Since when the server waits for the rest of a message, by what it has read.
    pub mid_message_since: Option<Duration>,
    /// The client's end has arrived.
    pub fin: bool,
    /// The connection is broken.
    pub reset: bool,
    /// What the server has written and the client has not taken.
    pub outbound: Vec<u8>,
    /// Bytes of `outbound` that fit.
    pub capacity: usize,
    /// The server was told that it would block and waits for an edge.
    pub is_blocked: bool,
    /// It had to wait for the client at least once.
    pub was_full: bool,
    /// The server has finished writing.
    pub shut: bool,
    /// The server has let go of the connection.
    pub dropped: bool,
    /// It did so with bytes unread: the client is told by a reset.
    pub dropped_unread: bool,
    has_edge: bool,
}

impl Pipe {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Bytes that have arrived and are not read.
    pub fn unread(&self) -> usize {
        self.inbound.len() - self.read
    }

    /// An edge was noted that is not yet reported.
    pub fn has_edge(&self) -> bool {
        self.has_edge
    }

    pub fn is_over(&self) -> bool {
        self.dropped || self.reset
    }

    /// The client's system gives up: nothing more passes. What had arrived may be lost.
    pub fn break_off(&mut self, loses_unread: bool) {
        self.reset = true;
        if loses_unread {
            self.inbound.clear();
            self.read = 0;
        }
    }

    pub fn arrive(&mut self, bytes: &[u8]) {
        self.inbound.extend_from_slice(bytes);
    }

    fn readiness(&self) -> Readiness {
        let has_end = self.fin || self.reset;
        Readiness {
            readable: self.unread() > 0 || has_end,
            writable: self.reset || self.outbound.len() < self.capacity,
            read_closed: has_end,
            failed: self.reset,
        }
    }

    /// The server has read up to `read_total`: is it in the middle of a message?
    fn follow(&mut self, now: Duration) {
        let mut passed = None;
        while self.rests.front().is_some_and(|rest| *rest <= self.read_total) {
            passed = self.rests.pop_front();
        }
        if passed == Some(self.read_total) {
            self.mid_message_since = None;
        } else if passed.is_some() || self.mid_message_since.is_none() {
            self.mid_message_since = Some(now);
        }
    }
}

/// What all connections share.
#[derive(Debug)]
pub struct Wires {
    pub pipes: RefCell<Vec<Rc<RefCell<Pipe>>>>,
    /// Those with something new for their clients.
    pub touched: RefCell<Vec<u32>>,
    edges: RefCell<Vec<u32>>,
    /// Every name that a connection ever had.
    names: RefCell<HashSet<ConnectionId>>,
    /// The name of one that is gone.
    gone: Cell<Option<ConnectionId>>,
    rng: RefCell<Rng>,
    /// How often, in a thousand calls, a call behaves badly.
    faults: Cell<usize>,
    pub now: Cell<Duration>,
    /// Streams that the server holds.
    pub held: Cell<usize>,
    /// Everything that happened, as one number.
    pub trace: Cell<u64>,
    /// Whether it is told on standard error.
    pub is_told: bool,
}

impl Wires {
    pub fn new(seed: u64, faults: usize, is_told: bool) -> Rc<Self> {
        Rc::new(Self {
            pipes: RefCell::default(),
            touched: RefCell::default(),
            edges: RefCell::default(),
            names: RefCell::default(),
            gone: Cell::default(),
            rng: RefCell::new(Rng::new(seed ^ 0x5eed_fa17)),
            faults: Cell::new(faults),
            now: Cell::default(),
            held: Cell::default(),
            trace: Cell::new(0xcbf2_9ce4_8422_2325),
            is_told,
        })
    }

    /// Takes a step of the run into its trace.
    #[allow(clippy::print_stderr, reason = "a replay tells what it does")]
    pub fn note(&self, what: &str, client: u32, number: u64) {
        let mix = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        let what_is = what.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
        let hash = [what_is, u64::from(client), number, self.now.get().as_nanos() as u64];
        self.trace.set(hash.into_iter().fold(self.trace.get(), mix));
        if self.is_told {
            eprintln!("{:>12?} #{client} {what} {number}", self.now.get());
        }
    }

    /// The kernel has news of a connection.
    pub fn edge(&self, client: u32, pipe: &mut Pipe) {
        if pipe.id.is_some() && !pipe.dropped && !std::mem::replace(&mut pipe.has_edge, true) {
            self.edges.borrow_mut().push(client);
        }
    }

    /// The edges since the last call, as the kernel reports them: with all that is true of the connection now.
    pub fn take_edges(&self, into: &mut Vec<(ConnectionId, Readiness)>) {
        let pipes = self.pipes.borrow();
        for client in self.edges.borrow_mut().drain(..) {
            let mut pipe = pipes[client as usize].borrow_mut();
            pipe.has_edge = false;
            if let Some(id) = pipe.id.filter(|_| !pipe.dropped) {
                let readiness = pipe.readiness();
                pipe.is_blocked &= !readiness.writable;
                into.push((id, readiness));
            }
        }
        // Late news of one that is gone.
        if let Some(id) = self.gone.take().filter(|_| self.misbehaves()) {
            into.push((id, Readiness { readable: true, writable: true, read_closed: true, failed: true }));
        }
    }

    pub fn has_edges(&self) -> bool {
        !self.edges.borrow().is_empty()
    }

    /// From now on every call behaves.
    pub fn calm(&self) {
        self.faults.set(0);
    }

    fn misbehaves(&self) -> bool {
        self.faults.get() > 0 && self.rng.borrow_mut().mille(self.faults.get())
    }

    fn chance(&self, bound: usize) -> usize {
        self.rng.borrow_mut().below(bound)
    }
}

/// The server's end of a connection.
#[derive(Debug)]
pub struct SimStream {
    client: u32,
    pipe: Rc<RefCell<Pipe>>,
    wires: Rc<Wires>,
}

impl Read for SimStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pipe = &mut *self.pipe.borrow_mut();
        if self.wires.misbehaves() {
            if self.wires.chance(2) == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.wires.edge(self.client, pipe);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let unread = &pipe.inbound[pipe.read..];
        if unread.is_empty() {
            return match (pipe.reset, pipe.fin) {
                (true, _) => Err(io::ErrorKind::ConnectionReset.into()),
                (_, true) => Ok(0),
                _ => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let count = unread.len().min(buffer.len());
        buffer[..count].copy_from_slice(&unread[..count]);
        pipe.read += count;
        if pipe.read == pipe.inbound.len() {
            pipe.inbound.clear();
            pipe.read = 0;
        }
        pipe.read_total += count as u64;
        pipe.read_at = self.wires.now.get();
        pipe.follow(pipe.read_at);
        self.wires.note("is read", self.client, count as u64);
        Ok(count)
    }
}

impl Write for SimStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let pipe = &mut *self.pipe.borrow_mut();
        if pipe.reset {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut room = pipe.capacity.saturating_sub(pipe.outbound.len());
        pipe.was_full |= room == 0;
        if self.wires.misbehaves() {
            match self.wires.chance(4) {
                0 => return Err(io::ErrorKind::Interrupted.into()),
                1 => {
                    room = 0;
                    self.wires.edge(self.client, pipe);
                }
                // Takes a part, down to a byte.
                _ => room = room.min(1 + self.wires.chance(bytes.len().max(1))),
            }
        }
        let count = bytes.len().min(room);
        if count == 0 {
            pipe.is_blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if pipe.outbound.is_empty() {
            self.wires.touched.borrow_mut().push(self.client);
        }
        pipe.outbound.extend_from_slice(&bytes[..count]);
        let last = bytes[count - 1];
        self.wires.note("is written", self.client, (count as u64) << 8 | u64::from(last));
        Ok(count)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut written = 0;
        for slice in slices.iter().filter(|slice| !slice.is_empty()) {
            match self.write(slice) {
                Ok(count) if count == slice.len() => written += count,
                Ok(count) => return Ok(written + count),
                // What went before it stands; the error shows again at the next call.
                Err(_) if written > 0 => return Ok(written),
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for SimStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        let mut pipe = self.pipe.borrow_mut();
        if pipe.reset {
            return Err(io::ErrorKind::NotConnected.into());
        }
        assert!(!std::mem::replace(&mut pipe.shut, true), "#{} is shut twice", self.client);
        self.wires.touched.borrow_mut().push(self.client);
        self.wires.note("is shut", self.client, 0);
        Ok(())
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let mut pipe = self.pipe.borrow_mut();
        pipe.dropped = true;
        self.wires.gone.set(pipe.id);
        pipe.dropped_unread = pipe.unread() > 0 && !pipe.reset;
        self.wires.held.set(self.wires.held.get() - 1);
        self.wires.touched.borrow_mut().push(self.client);
        self.wires.note("is dropped", self.client, pipe.unread() as u64);
    }
}

/// Where connections come from.
#[derive(Debug)]
pub struct SimNetwork {
    wires: Rc<Wires>,
    waiting: VecDeque<(u32, SocketAddr)>,
}

impl SimNetwork {
    pub fn new(wires: Rc<Wires>) -> Self {
        Self { wires, waiting: VecDeque::new() }
    }

    /// A client connects; its port is its number.
    pub fn connect(&mut self, client: u32, address: std::net::IpAddr) {
        self.waiting.push_back((client, SocketAddr::new(address, client as u16)));
    }

    /// Clients that are not yet accepted.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

impl Network for SimNetwork {
    type Stream = SimStream;

    fn accept(&mut self) -> io::Result<(SimStream, Endpoints)> {
        if self.wires.misbehaves() {
            return Err(match self.wires.chance(3) {
                0 => io::ErrorKind::Interrupted.into(),
                // Somebody who is not there any more.
                1 => io::ErrorKind::ConnectionAborted.into(),
                _ => io::Error::other("no descriptors left"),
            });
        }
        let (client, peer) = self.waiting.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let pipe = Rc::clone(&self.wires.pipes.borrow()[client as usize]);
        self.wires.held.set(self.wires.held.get() + 1);
        self.wires.note("is accepted", client, 0);
        let local = SocketAddr::from(([10, 9, 9, 9], 8080));
        let stream = SimStream { client, pipe, wires: Rc::clone(&self.wires) };
        Ok((stream, Endpoints { peer, local, is_same_machine: false }))
    }

    fn watch(&mut self, stream: &mut SimStream, id: ConnectionId) -> io::Result<()> {
        if self.wires.misbehaves() && self.wires.chance(3) == 0 {
            return Err(io::Error::other("too many are watched"));
        }
        let pipe = &mut *stream.pipe.borrow_mut();
        assert_eq!(pipe.id.replace(id), None, "#{} is watched twice", stream.client);
        let is_new = self.wires.names.borrow_mut().insert(id);
        assert!(is_new, "#{} gets the name {id}, which another had before", stream.client);
        pipe.accepted_at = self.wires.now.get();
        pipe.read_at = pipe.accepted_at;
        if pipe.readiness().readable {
            self.wires.edge(stream.client, pipe);
        }
        Ok(())
    }
}
