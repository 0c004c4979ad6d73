//! The crowd: all the users of a server, on one thread, who say things and check what they are told.
//!
//! It must not be the bottleneck: one mio loop that does not sleep while it measures, one receive buffer for all,
//! nothing allocated for a message. What it measures is up to its caller, who sees each delivery.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as StdTcpStream};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::ledger::{Cursor, Delivery, Ledger};
use crate::wire::{self, Broadcast, Frame, Reader, Said, opcode};
use crate::{Result, machine};

/// Few, so that the schedule is looked at between them: a batch takes some 100 µs.
const EVENTS_PER_TURN: usize = 64;
/// Larger than anything a server says at once, such as a list of 100,000 users.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a frame's beginning that a member can keep without allocating.
const REST_BYTES: usize = 256;
/// Users who log in at a time.
const LOGINS: usize = 64;
/// Without any delivery for so long, what is due counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(5);
/// How long it is listened for what must not come any more.
const SILENCE: Duration = Duration::from_millis(20);

/// See the module's documentation.
#[derive(Debug)]
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    ears: Ears,
    broadcast: Broadcast,
    started: Instant,
    /// The server needs this core too.
    shares_core: bool,
    /// When something was delivered last, or something was asked for.
    alive_at: Duration,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    cursor: Cursor,
}

/// What all members listen with.
#[derive(Debug)]
struct Ears {
    buffer: Vec<u8>,
    reader: Reader,
    ledger: Ledger,
    registered: usize,
    started: Instant,
}

impl Crowd {
    /// Logs so many users in at a server, and waits until everybody has heard of everybody.
    ///
    /// # Errors
    /// If the server refuses, or as the system reports them.
    pub fn log_in(addr: SocketAddr, members: usize) -> Result<Self> {
        let started = Instant::now();
        let mut crowd = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_PER_TURN),
            members: Vec::with_capacity(members),
            ears: Ears {
                buffer: vec![0; RECEIVE_BUFFER_BYTES],
                reader: Reader::default(),
                ledger: Ledger::new(members),
                registered: 0,
                started,
            },
            broadcast: Broadcast::new(),
            started,
            shares_core: machine::cores().is_none(),
            alive_at: Duration::ZERO,
        };
        while crowd.members.len() < members {
            for user in crowd.members.len()..members.min(crowd.members.len() + LOGINS) {
                crowd.join(addr, user)?;
            }
            while crowd.ears.registered < crowd.members.len() {
                crowd.listen(&mut |_, _| {})?;
            }
        }
        // Every server tells in one order: who has this has all the announcements before it.
        crowd.say_at(crowd.now())?;
        crowd.listen_until_complete(&mut |_, _| {})?;
        Ok(crowd)
    }

    /// The time since the login began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Broadcasts that not everybody has got.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.ears.ledger.in_flight()
    }

    /// Broadcasts that everybody has got.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.ears.ledger.completed()
    }

    /// Lets the next user, in turn, say something that should be said at `at`, which may have passed.
    ///
    /// # Errors
    /// If the server falls behind or takes nothing.
    pub fn say_at(&mut self, at: Duration) -> Result<()> {
        if self.in_flight() == 0 {
            self.alive_at = self.now();
        }
        let (user, number) = self.ears.ledger.send(at)?;
        let frame = self.broadcast.by(user, number);
        self.members[user]
            .stream
            .write_all(frame)
            .map_err(|error| format!("user {user} cannot send: {error}"))?;
        Ok(())
    }

    /// Takes what has come, without waiting for more. `heard` gets each delivery and the time it came.
    ///
    /// # Errors
    /// If a delivery is not as it must be, if none has come for long, or if a connection ends.
    pub fn listen(&mut self, heard: &mut impl FnMut(Delivery, Duration)) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => result?,
        }
        for event in &self.events {
            let user = event.token().0;
            self.members[user]
                .receive(&mut self.ears, heard)
                .map_err(|error| format!("user {user}: {error}"))?;
        }
        if !self.events.is_empty() {
            self.alive_at = self.now();
        } else if self.now() - self.alive_at > LOST_AFTER {
            let (registered, members) = (self.ears.registered, self.members.len());
            let in_flight = self.in_flight();
            return Err(format!(
                "lost: nothing came for {} s; {registered} of {members} users are registered, {in_flight} \
                 broadcasts are not complete",
                LOST_AFTER.as_secs()
            )
            .into());
        } else if self.shares_core {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Listens until everybody has got everything.
    ///
    /// # Errors
    /// As [`Crowd::listen`].
    pub fn listen_until_complete(&mut self, heard: &mut impl FnMut(Delivery, Duration)) -> Result<()> {
        while self.in_flight() > 0 {
            self.listen(heard)?;
        }
        Ok(())
    }

    /// Listens for what must not come: everybody has everything.
    ///
    /// # Errors
    /// As [`Crowd::listen`]: a repeated delivery is one.
    pub fn expect_silence(&mut self) -> Result<()> {
        let until = self.now() + SILENCE;
        while self.now() < until {
            self.listen(&mut |_, _| {})?;
        }
        Ok(())
    }

    fn join(&mut self, addr: SocketAddr, user: usize) -> Result<()> {
        let mut stream = StdTcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOST_AFTER))?;
        stream.write_all(wire::upgrade().as_bytes())?;
        read_head(&mut stream)?;
        stream.write_all(&wire::register(user))?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(user), Interest::READABLE)?;
        self.members.push(Member { stream, rest: Vec::with_capacity(REST_BYTES), cursor: Cursor::default() });
        self.alive_at = self.now();
        Ok(())
    }
}

impl Member {
    /// Reads until the socket is empty.
    fn receive(&mut self, ears: &mut Ears, heard: &mut impl FnMut(Delivery, Duration)) -> Result<()> {
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
            let now = ears.started.elapsed();
            let end = rest + count;
            let mut taken = 0;
            while let Some(frame) = Frame::parse(&ears.buffer[taken..end]) {
                let (start, next) = (taken + frame.start, taken + frame.end);
                self.on_frame(ears, frame.opcode, start..next, now, heard)?;
                taken = next;
            }
            self.rest.clear();
            self.rest.extend_from_slice(&ears.buffer[taken..end]);
            // A short read has emptied the socket; more comes as a new edge.
            if end < ears.buffer.len() {
                return Ok(());
            }
        }
    }

    fn on_frame(
        &mut self,
        ears: &mut Ears,
        kind: u8,
        payload: std::ops::Range<usize>,
        now: Duration,
        heard: &mut impl FnMut(Delivery, Duration),
    ) -> Result<()> {
        let payload = &ears.buffer[payload];
        match kind {
            opcode::TEXT => match ears.reader.read(payload) {
                Said::Broadcast(number) => heard(ears.ledger.receive(&mut self.cursor, number)?, now),
                Said::Registered => ears.registered += 1,
                Said::Presence => {}
                Said::Other => return Err(format!("unexpected: {}", excerpt(payload)).into()),
            },
            opcode::PING => {
                let mut pong = Vec::new();
                wire::masked(&mut pong, opcode::PONG, payload);
                self.stream.write_all(&pong)?;
            }
            opcode::CLOSE => {
                let reason = payload.get(2..).unwrap_or_default();
                return Err(format!("the server closes: {}", excerpt(reason)).into());
            }
            _ => return Err(format!("a frame of opcode {kind}").into()),
        }
        Ok(())
    }
}

/// Reads the answer to the upgrade byte by byte, so that nothing behind it is taken.
fn read_head(stream: &mut StdTcpStream) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_err(|error| format!("no answer to the upgrade: {error}"))?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head);
    if text.starts_with("HTTP/1.1 101 ") && text.contains(wire::ACCEPT) {
        Ok(())
    } else {
        Err(format!("the upgrade is refused: {}", excerpt(&head)).into())
    }
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).escape_debug().collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::thread;

    use chat_server::Server;

    use super::*;
    use crate::floor::{Floor, Sending};
    use crate::server;

    #[track_caller]
    fn converse(addr: SocketAddr) {
        let mut crowd = Crowd::log_in(addr, 3).unwrap();
        let (mut deliveries, mut complete) = (0, 0);
        for _ in 0..50 {
            crowd.say_at(crowd.now()).unwrap();
        }
        crowd
            .listen_until_complete(&mut |delivery, now| {
                assert!(delivery.sent_at <= now);
                deliveries += 1;
                complete += usize::from(delivery.is_last);
            })
            .unwrap();
        assert_eq!((deliveries, complete), (150, 50));
        crowd.expect_silence().unwrap();
    }

    #[test]
    fn a_crowd_converses_on_both_floors() {
        for sending in [Sending::Each, Sending::Coalesced] {
            let mut floor = Floor::bind(IpAddr::V4(Ipv4Addr::LOCALHOST), sending).unwrap();
            let addr = floor.local_addr().unwrap();
            thread::spawn(move || floor.run());
            converse(addr);
        }
    }

    #[test]
    fn a_crowd_converses_on_the_server() {
        let mut server = Server::bind(&server::config()).unwrap();
        let (addr, stopper) = (server.local_addr(), server.stopper());
        let running = thread::spawn(move || server.run());
        converse(addr);
        stopper.stop();
        running.join().unwrap().unwrap();
    }
}
