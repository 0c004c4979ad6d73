//! The crowd: all the users of a server, on one thread, who say things and check what they are told.
//!
//! It must not be the bottleneck: one mio loop that does not sleep while it measures, one receive buffer for all,
//! nothing allocated for a message. What it measures is up to its caller, a [`Listener`] who sees each delivery.
//! How long it was busy is counted, so that a reader sees whose time a figure was.
//!
//! Most users are there from the start. Others can come in the middle, all at once, and leave the same way: what
//! that means for the first is then a question that can be asked.

mod ears;
mod group;
mod member;
pub mod presence;

use std::net::SocketAddr;
use std::time::Duration;

pub use ears::Listener;
pub use member::Tally;

use crate::ledger::{Cursor, Hearsay, Ledger};
use crate::wire::{CONTENT_BYTES, Template};
use crate::{Result, machine};
use ears::Ears;
use group::{Group, Registering};
use member::Place;
use presence::Presence;

/// Users who log in at a time.
const LOGINS: usize = 64;
/// Without any delivery for so long, what is due counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(5);
/// How long it is listened for what must not come any more.
const SILENCE: Duration = Duration::from_millis(20);

/// See the module's documentation.
#[derive(Debug)]
pub struct Crowd {
    addr: SocketAddr,
    members: Group,
    newcomers: Option<Group>,
    ears: Ears,
    broadcast: Template,
    busy: Duration,
    /// When the last turn ended.
    turned_at: Duration,
    /// The server needs this core too.
    shares_core: bool,
    /// When something was delivered last, or something was asked for.
    alive_at: Duration,
}

impl Crowd {
    /// Logs so many users in at an empty server, and waits until everybody has heard of everybody. All of them
    /// take turns in saying something.
    ///
    /// # Errors
    /// If the server refuses, or as the system reports them.
    pub fn log_in(addr: SocketAddr, members: usize) -> Result<Self> {
        Self::with_speakers(addr, members, members)
    }

    /// The same, but only the first `speakers` ever say something.
    ///
    /// # Errors
    /// As [`Crowd::log_in`].
    pub fn with_speakers(addr: SocketAddr, members: usize, speakers: usize) -> Result<Self> {
        let ears = Ears::new(Ledger::new(members, speakers), CONTENT_BYTES);
        let mut crowd = Self {
            addr,
            members: Group::new(addr, 0, Place::Receiver(Cursor::default()), Registering::Together)?,
            newcomers: None,
            ears,
            broadcast: Template::broadcast(CONTENT_BYTES),
            busy: Duration::ZERO,
            turned_at: Duration::ZERO,
            shares_core: machine::cores().is_none(),
            alive_at: Duration::ZERO,
        };
        while crowd.members.len() < members {
            crowd.members.invite(LOGINS.min(members - crowd.members.len()));
            while crowd.members.tally().registered < crowd.members.len() {
                crowd.listen(&mut ())?;
            }
        }
        // Every server tells in one order: who has this has all the announcements before it.
        crowd.say_at(crowd.now())?;
        crowd.listen_until_complete(&mut ())?;
        Ok(crowd)
    }

    /// The time since the login began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.ears.now()
    }

    /// How much of that the crowd had something to do.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// Users who were there from the start.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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

    /// What those who were there from the start have heard.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.members.tally()
    }

    /// What each of those who were there from the start was told of the others.
    pub fn presences(&self) -> impl Iterator<Item = Presence> + '_ {
        self.members.presences()
    }

    /// From now on broadcasts have so many bytes of content. Nothing may be in flight.
    pub fn set_content(&mut self, bytes: usize) {
        assert_eq!(self.in_flight(), 0, "those in flight would be read wrongly");
        self.broadcast = Template::broadcast(bytes);
        self.ears.expect_content(bytes);
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
        self.members.send(user, self.broadcast.with(&[user as u64, number]))
    }

    /// Lets a user send a frame, whose answer a [`Listener`] knows.
    ///
    /// # Errors
    /// If the server takes nothing.
    pub fn send(&mut self, user: usize, frame: &[u8]) -> Result<()> {
        self.alive_at = self.now();
        self.members.send(user, frame)
    }

    /// Takes what has come, without waiting for more.
    ///
    /// # Errors
    /// If a delivery is not as it must be, if none has come for long, or if a connection ends.
    pub fn listen(&mut self, listener: &mut impl Listener) -> Result<()> {
        if !self.turn(Duration::ZERO, listener)? {
            if self.turned_at - self.alive_at > LOST_AFTER {
                return Err(self.lost().into());
            }
            if self.shares_core {
                std::thread::yield_now();
            }
        }
        Ok(())
    }

    /// Listens for so long, and sleeps when there is nothing to hear.
    ///
    /// # Errors
    /// If a delivery is not as it must be, or if a connection ends.
    pub fn rest(&mut self, time: Duration, listener: &mut impl Listener) -> Result<()> {
        let until = self.now() + time;
        while let Some(left) = until.checked_sub(self.now()).filter(|left| !left.is_zero()) {
            self.turn(left, listener)?;
        }
        self.alive_at = self.now();
        Ok(())
    }

    /// Listens until everybody has got everything.
    ///
    /// # Errors
    /// As [`Crowd::listen`].
    pub fn listen_until_complete(&mut self, listener: &mut impl Listener) -> Result<()> {
        while self.in_flight() > 0 {
            self.listen(listener)?;
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
            self.listen(&mut ())?;
        }
        Ok(())
    }

    /// So many others come, all at once: they do while the crowd listens. Then only one user may speak.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn invite(&mut self, newcomers: usize) -> Result<()> {
        self.alive_at = self.now();
        let group = match &mut self.newcomers {
            Some(group) => group,
            empty => {
                let place = Place::Newcomer(Hearsay::default());
                empty.insert(Group::new(self.addr, self.members.len(), place, Registering::Each)?)
            }
        };
        group.invite(newcomers);
        Ok(())
    }

    /// What the others have heard, while they are there.
    #[must_use]
    pub fn newcomers_tally(&self) -> Tally {
        self.newcomers.as_ref().map(Group::tally).unwrap_or_default()
    }

    /// What each of the others was told.
    pub fn newcomers_presences(&self) -> impl Iterator<Item = Presence> + '_ {
        self.newcomers.iter().flat_map(Group::presences)
    }

    /// Listens until each of the others has got the last broadcast too.
    ///
    /// # Errors
    /// As [`Crowd::listen`].
    pub fn listen_until_newcomers_have_heard(&mut self) -> Result<()> {
        let Some(last) = self.ears.ledger.sent().checked_sub(1) else { return Ok(()) };
        let misses_it = |crowd: &Self| {
            crowd.newcomers.iter().flat_map(Group::members).any(|member| !member.has_heard(last))
        };
        while misses_it(self) {
            self.listen(&mut ())?;
        }
        Ok(())
    }

    /// The others leave without a word, all at once.
    pub fn dismiss(&mut self) {
        self.alive_at = self.now();
        self.newcomers = None;
    }

    /// One look at all sockets; whether anything had come.
    fn turn(&mut self, patience: Duration, listener: &mut impl Listener) -> Result<bool> {
        let mut is_busy = self.members.listen(patience, &mut self.ears, listener)?;
        if let Some(newcomers) = &mut self.newcomers {
            is_busy |= newcomers.listen(Duration::ZERO, &mut self.ears, &mut ())?;
        }
        let now = self.now();
        if is_busy {
            self.alive_at = now;
            if patience.is_zero() {
                self.busy += now - self.turned_at;
            }
        }
        self.turned_at = now;
        Ok(is_busy)
    }

    fn lost(&self) -> String {
        let groups = || std::iter::once(&self.members).chain(&self.newcomers);
        let registered: usize = groups().map(|group| group.tally().registered).sum();
        let invited: usize = groups().map(Group::len).sum();
        format!(
            "lost: nothing came for {} s; {registered} of {invited} users are registered, {} broadcasts are not \
             complete",
            LOST_AFTER.as_secs(),
            self.in_flight(),
        )
    }
}

#[cfg(test)]
mod tests;
