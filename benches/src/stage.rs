//! The chat server on a network made of memory: all of its own work and none of the system's, the same in every
//! run. For counting instructions, which times on a shared machine cannot replace.
//!
//! Its peers take whatever is written at once and throw it away.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use chat_server::chat::Settings;
use chat_server::handler::ChatHandler;
use chat_server::moment::Moment;
use chat_server::reactor::handler::SOON;
use chat_server::reactor::network::{Network, Readiness, Stream};
use chat_server::reactor::{ConnectionId, Endpoints, Hub, Limits};

use crate::wire::{self, CONTENT_BYTES, Template};

/// What passes between two turns: little, so that no timer of a user expires.
const BETWEEN_TURNS: Duration = Duration::from_micros(1);
/// Any point in time.
const UNIX_MILLIS: i64 = 1_795_187_535_123;
/// Any address: the stage has no limit for one.
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 999);

/// See the module's documentation.
#[derive(Debug)]
pub struct Stage {
    hub: Hub<Memory>,
    handler: ChatHandler,
    members: Vec<Rc<RefCell<Line>>>,
    broadcast: Template,
    monotonic: Duration,
    number: u64,
}

/// One connection, as both ends see it.
#[derive(Debug, Default)]
struct Line {
    id: Option<ConnectionId>,
    to_server: Vec<u8>,
    /// Bytes of it that the server has read.
    read: usize,
    /// Bytes that the server has written.
    written: u64,
}

#[derive(Debug)]
struct Socket(Rc<RefCell<Line>>);

#[derive(Debug, Default)]
struct Memory {
    waiting: VecDeque<Socket>,
}

impl Stage {
    /// So many registered users.
    ///
    /// # Panics
    /// If the server does not let everybody in.
    #[must_use]
    pub fn with_users(users: usize) -> Self {
        let settings = Settings { users_per_address_max: None, message_rate: None, ..Settings::default() };
        let mut stage = Self {
            hub: Hub::new(Memory::default(), Limits::default()),
            handler: ChatHandler::new(settings),
            members: Vec::new(),
            broadcast: Template::broadcast(CONTENT_BYTES),
            monotonic: Duration::ZERO,
            number: 0,
        };
        for user in 0..users {
            stage.join(user);
        }
        assert_eq!(stage.hub.len(), users, "everybody is connected");
        // The last ones have not been announced yet: that can wait a little.
        stage.monotonic += SOON;
        stage.turn(&[]);
        stage
    }

    /// In one turn of the loop, so many users say something to everybody. Returns the bytes that were written.
    pub fn say(&mut self, broadcasts: usize) -> u64 {
        let before = self.written();
        let speakers: Vec<_> = (0..broadcasts).map(|_| self.speak()).collect();
        self.turn(&speakers);
        self.written() - before
    }

    fn join(&mut self, user: usize) {
        let line = Rc::new(RefCell::new(Line::default()));
        self.members.push(Rc::clone(&line));
        self.hub.network_mut().waiting.push_back(Socket(line));
        self.hub.on_acceptable();
        self.turn(&[]);
        let register = Template::register().with(&[user as u64]).to_vec();
        for request in [wire::upgrade().into_bytes(), register] {
            self.members[user].borrow_mut().send(&request);
            self.turn(&[user]);
        }
    }

    fn speak(&mut self) -> usize {
        let user = self.number as usize % self.members.len();
        self.members[user].borrow_mut().send(self.broadcast.with(&[user as u64, self.number]));
        self.number += 1;
        user
    }

    fn turn(&mut self, readable: &[usize]) {
        self.monotonic += BETWEEN_TURNS;
        self.hub.begin_turn(Moment { monotonic: self.monotonic, unix_millis: UNIX_MILLIS });
        for user in readable {
            let id = self.members[*user].borrow().id.expect("it was accepted");
            self.hub.on_ready(id, Readiness { readable: true, ..Readiness::default() });
        }
        self.hub.resume(&mut self.handler);
        self.hub.expire(&mut self.handler);
        self.hub.settle(&mut self.handler);
    }

    fn written(&self) -> u64 {
        self.members.iter().map(|line| line.borrow().written).sum()
    }
}

impl Line {
    fn send(&mut self, bytes: &[u8]) {
        if self.read == self.to_server.len() {
            self.to_server.clear();
            self.read = 0;
        }
        self.to_server.extend_from_slice(bytes);
    }
}

impl Network for Memory {
    type Stream = Socket;

    fn accept(&mut self) -> io::Result<(Socket, Endpoints)> {
        let socket = self.waiting.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        Ok((socket, Endpoints { peer: PEER, local: PEER, is_same_machine: true }))
    }

    fn watch(&mut self, stream: &mut Socket, id: ConnectionId) -> io::Result<()> {
        stream.0.borrow_mut().id = Some(id);
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        let mut unread = &line.to_server[line.read..];
        if unread.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = unread.read(buffer)?;
        line.read += count;
        Ok(count)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_what_is_said_once() {
        let mut stage = Stage::with_users(3);
        let one = stage.say(1);
        assert!(one > 3 * CONTENT_BYTES as u64 && one.is_multiple_of(3), "{one} bytes");
        assert_eq!(stage.say(16), 16 * one);
    }
}
