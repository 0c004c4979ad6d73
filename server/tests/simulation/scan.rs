//! The full scan: every connection against its deadlines, every queue against its bound, all that the server holds
//! against what it should.

use std::time::Duration;

use chat_server::chat::mailbox::LETTER_BYTES_MAX;
use chat_server::chat::ring::RING_BYTES;
use chat_server::reactor::connection::OUTBOX_BYTES_SOFT_MAX;
use chat_server::reactor::wheel::TICK;

use crate::world::World;

/// The longest letter: a welcome to a small company, and to a crowd in which nobody is ACTIVO.
const LETTER_BYTES: usize = 16 * 1024;
const LETTER_BYTES_IN_CROWD: usize = 512 * 1024;
/// General frames that are taken from the ring at once.
const RUN_BYTES: usize = 64 * 1024;
/// While reading rests for the byte rate, deadlines rest too; this long at most.
const PAUSE_MAX: Duration = Duration::from_secs(60);

impl World {
    /// Nothing is overdue, too long, or left over.
    pub fn scan(&mut self) {
        let slack = self.slack();
        let now = self.now();
        let letter = if self.plan.is_crowd { LETTER_BYTES_IN_CROWD } else { LETTER_BYTES };
        self.witness.compare_all(LETTER_BYTES_MAX + letter);
        let census = self.hub.census();
        let unsent_max = OUTBOX_BYTES_SOFT_MAX + RUN_BYTES + letter;
        assert!(census.unsent_bytes_max <= unsent_max, "{census:?}, at most {unsent_max} a connection");
        assert_eq!(census.connections, self.wires.held.get(), "each connection holds its stream");
        let opened = self.witness.opened.iter().flatten().filter(|it| it.closed.is_none());
        assert_eq!(census.open, opened.count(), "each open connection was opened");
        for client in 0..self.witness.clients.len() as u32 {
            self.scan_client(client, slack, letter);
        }
        let early = now.saturating_sub(slack);
        for client in 0..self.witness.opened.len() as u32 {
            self.witness.model.assert_nobody_is_overdue(client, early);
        }
    }

    fn scan_client(&self, client: u32, slack: Duration, letter: usize) {
        let now = self.now();
        let person = &self.witness.clients[client as usize];
        let pipe = person.pipe.borrow();
        if pipe.dropped || pipe.id.is_none() {
            return;
        }
        let limits = &self.plan.limits;
        let close = limits.close_timeout;
        let overdue = |since: Duration, limit: Duration| now > since + limit + slack;
        let Some(opened) = &self.witness.opened[client as usize] else {
            let limit = limits.handshake_timeout + close;
            assert!(!overdue(pipe.accepted_at, limit), "#{client} has not finished its handshake: {pipe:?}");
            return;
        };
        if let Some((at, _)) = opened.closed {
            assert!(!overdue(at, close * 2), "#{client} was closed at {at:?} and is still here");
            return;
        }
        let Some(peer) = self.witness.model.get(client) else { panic!("#{client} is open") };
        if peer.leaving.is_some() {
            assert!(!overdue(peer.leaving_at, close), "#{client} was told to go at {:?}", peer.leaving_at);
            return;
        }
        let pause = if limits.byte_rate.is_some() { PAUSE_MAX } else { Duration::ZERO };
        let silence = limits.ping_after + limits.pong_timeout + pause;
        assert!(!overdue(pipe.read_at, silence), "#{client} is silent since {:?}", pipe.read_at);
        if let Some(since) = pipe.mid_message_since {
            assert!(!overdue(since, limits.message_time_max()), "#{client} is in a message since {since:?}");
        }
        let general = &self.witness.model.general;
        let behind = general.bytes_from(peer.hearing.cursor(general));
        let held = RING_BYTES + OUTBOX_BYTES_SOFT_MAX + RUN_BYTES + letter + pipe.capacity * 2;
        assert!(behind <= held as u64, "#{client} is {behind} bytes behind and is still here");
        let is_rested = pause.is_zero() && !pipe.is_blocked && !pipe.has_edge() && !self.hub.has_leftovers();
        if is_rested {
            assert_eq!(pipe.unread(), 0, "#{client} has sent what nobody reads: {pipe:?}");
            assert!(!pipe.reset && !pipe.fin, "#{client} is gone and nobody noticed");
            let waits = person.sent.front().filter(|sent| sent.end <= pipe.read_total);
            assert!(waits.is_none(), "#{client}: a message was read and is lost: {waits:?}");
        }
    }

    /// How late something may be: a tick of the timers, and as late as the server was let run.
    fn slack(&self) -> Duration {
        TICK * 3 + self.lateness_max * 2
    }

    /// When the last of those who are here now is gone, whoever does nothing for it.
    pub fn longest_life(&self) -> Duration {
        let limits = &self.plan.limits;
        let pause = if limits.byte_rate.is_some() { PAUSE_MAX } else { Duration::ZERO };
        let open = limits.ping_after * 2 + limits.pong_timeout + pause;
        // The last may have to wait for a second until it is accepted.
        Duration::from_secs(1) + limits.handshake_timeout + open + limits.close_timeout * 3 + self.slack()
    }
}
