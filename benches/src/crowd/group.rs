//! Users who are looked after together, with an event queue of their own: so that those whose waiting is measured
//! are not kept waiting by those who only make work.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::ears::{Ears, Listener};
use super::member::{Member, Place, Tally};
use super::presence::Presence;
use crate::Result;

/// Few, so that the schedule is looked at between them: a batch takes some 100 µs.
const EVENTS_PER_TURN: usize = 64;
/// As few, for the same reason.
const CONNECTS_PER_TURN: usize = 16;
/// Connections that wait for the answer to their upgrade at a time. A server's backlog is 4,096 at the most.
const WAITING_MAX: usize = 2_000;

/// When users register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registering {
    /// All who are invited together, in one go: a server that can tell many of many does so.
    Together,
    /// Each as soon as it can.
    Each,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Group {
    poll: Poll,
    events: Events,
    addr: SocketAddr,
    /// The number of the first user.
    first: usize,
    place: Place,
    registering: Registering,
    members: Vec<Member>,
    invited: usize,
    waiting_max: usize,
    /// How many of them have sent their registration, where all do together.
    asked: usize,
    tally: Tally,
}

impl Group {
    /// Nobody yet. The users of this group will be numbered from `first` on.
    pub(super) fn new(
        addr: SocketAddr,
        first: usize,
        place: Place,
        registering: Registering,
    ) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_PER_TURN),
            addr,
            first,
            place,
            registering,
            members: Vec::new(),
            invited: 0,
            waiting_max: WAITING_MAX,
            asked: 0,
            tally: Tally::default(),
        })
    }

    /// So many more users shall come, all at once: they do while the group listens.
    pub(super) fn invite(&mut self, count: usize) {
        self.invited += count;
        self.members.reserve(count);
    }

    pub(super) fn len(&self) -> usize {
        self.invited
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn presences(&self) -> impl Iterator<Item = Presence> + '_ {
        self.members.iter().map(|member| member.presence)
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn send(&mut self, index: usize, frame: &[u8]) -> Result<()> {
        self.members[index].send(frame)
    }

    /// Takes what comes within `patience`, and returns whether anything did.
    pub(super) fn listen(
        &mut self,
        patience: Duration,
        ears: &mut Ears,
        listener: &mut impl Listener,
    ) -> Result<bool> {
        self.connect()?;
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => result?,
        }
        for event in &self.events {
            let member = &mut self.members[event.token().0];
            member.on_event(event, ears, &mut self.tally, listener)?;
            if self.registering == Registering::Each {
                member.register()?;
            }
        }
        if self.registering == Registering::Together && self.tally.upgraded == self.invited {
            for member in &mut self.members[self.asked..] {
                member.register()?;
            }
            self.asked = self.invited;
        }
        Ok(!self.events.is_empty())
    }

    fn connect(&mut self) -> Result<()> {
        for _ in 0..CONNECTS_PER_TURN {
            let index = self.members.len();
            if index == self.invited || index - self.tally.upgraded == self.waiting_max {
                break;
            }
            let user = self.first + index;
            let member = Member::connect(self.addr, user, self.place, self.poll.registry(), Token(index))?;
            self.members.push(member);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::ledger::{Cursor, Ledger};
    use crate::wire::CONTENT_BYTES;

    #[test]
    fn no_more_wait_for_their_upgrade_than_a_backlog_holds() {
        // It never accepts, so nobody is ever upgraded.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let place = Place::Receiver(Cursor::default());
        let mut group = Group::new(listener.local_addr().unwrap(), 0, place, Registering::Each).unwrap();
        group.waiting_max = 2 * CONNECTS_PER_TURN + 1;
        group.invite(5 * CONNECTS_PER_TURN);
        let mut ears = Ears::new(Ledger::new(1, 1), CONTENT_BYTES);
        let connected = (0..5).map(|_| {
            group.listen(Duration::ZERO, &mut ears, &mut ()).unwrap();
            group.members().len()
        });
        let (turn, max) = (CONNECTS_PER_TURN, 2 * CONNECTS_PER_TURN + 1);
        assert_eq!(connected.collect::<Vec<_>>(), [turn, 2 * turn, max, max, max]);
        assert_eq!(group.len(), 5 * CONNECTS_PER_TURN);
    }
}
