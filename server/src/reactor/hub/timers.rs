//! The deadlines: armed and disarmed here, and what each means when it comes.

use std::time::Duration;

use super::{Hub, named_mut};
use crate::reactor::close::CloseReason;
use crate::reactor::connection::{Connection, State, TimerKind};
use crate::reactor::first_bytes::FirstBytes;
use crate::reactor::handler::{Handler, Refusal};
use crate::reactor::id::ConnectionId;
use crate::reactor::network::Network;
use crate::reactor::session::Overtime;

/// What the wheel gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    Connection(ConnectionId, TimerKind),
    AcceptAgain,
    /// A stranger may have had its time.
    Dismiss,
}

impl<N: Network> Hub<N> {
    /// Lets the timers expire that are due, however busy the turn was.
    pub fn expire<H: Handler>(&mut self, handler: &mut H) {
        self.wheel.advance(self.now);
        while let Some(timer) = self.wheel.pop_expired() {
            if self.ops.must_flush() {
                self.flush(handler);
            }
            match timer {
                Timer::Connection(id, kind) => self.on_timer(handler, id, kind),
                Timer::AcceptAgain => {
                    self.accepting.resting = false;
                    self.accept(handler);
                }
                Timer::Dismiss => {
                    self.accepting.crowded = false;
                    self.accepting.will_dismiss = false;
                    self.accept(handler);
                }
            }
        }
    }

    fn on_timer<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, kind: TimerKind) {
        let Some(connection) = self.get(id) else { return };
        connection.timers[kind as usize] = None;
        match (kind, &connection.state) {
            (TimerKind::State, State::Handshaking(handshaking)) => match FirstBytes::of(&handshaking.head) {
                FirstBytes::Http => self.respond(id, None, &handler.on_refused(Refusal::TimedOut)),
                first => self.tell_stranger(handler, id, first),
            },
            (TimerKind::State, State::Open(session)) if session.draining => self.cut(handler, id),
            (TimerKind::State, State::Open(_)) => self.check_liveness(id),
            (TimerKind::State, State::Closing { .. } | State::Lingering { .. }) => self.release(id),
            (TimerKind::Message, State::Open(_)) => self.end_of_message_time(id),
            (TimerKind::Pause, State::Open(_)) => self.end_pause(handler, id),
            (TimerKind::Handler, State::Open(_)) => handler.on_timer(&mut self.ops, id),
            (TimerKind::Message | TimerKind::Pause | TimerKind::Handler, _) | (_, State::Over) => {}
        }
    }

    /// A message is not finished in its time.
    fn end_of_message_time(&mut self, id: ConnectionId) {
        let at = self.now + self.limits.message_overtime();
        let Some(session) = self.get(id).and_then(Connection::open) else { return };
        if session.overtime == Overtime::Due {
            session.overtime = Overtime::Given;
            self.arm(id, TimerKind::Message, at);
        } else {
            self.end_with(id, CloseReason::Stalled);
        }
    }

    /// Pings a connection that was silent for long, and ends one whose ping went unanswered. Armed once for
    /// each period of silence, not for each byte.
    fn check_liveness(&mut self, id: ConnectionId) {
        let Self { connections, spares, limits, now, .. } = self;
        let connection = &mut connections[id.slot()];
        let State::Open(session) = &mut connection.state else { return };
        let ping_at = session.last_byte_at + limits.ping_after;
        let next = if connection.flags.paused {
            // We are not reading, so silence means nothing.
            *now + limits.ping_after
        } else if session.pinged {
            return self.end_with(id, CloseReason::Silent);
        } else if *now < ping_at {
            ping_at
        } else {
            session.ping(&mut connection.outbox, &mut spares.outbox);
            *now + limits.pong_timeout
        };
        self.want_write(id);
        self.arm(id, TimerKind::State, next);
    }

    pub(super) fn arm(&mut self, id: ConnectionId, kind: TimerKind, at: Duration) {
        let Self { connections, wheel, .. } = self;
        let Some(connection) = named_mut(connections, id) else { return };
        let timer = &mut connection.timers[kind as usize];
        if let Some(armed) = timer.take() {
            wheel.cancel(armed);
        }
        *timer = Some(wheel.arm(at, Timer::Connection(id, kind)));
    }

    pub(super) fn disarm(&mut self, id: ConnectionId, kind: TimerKind) {
        let armed = self.get(id).and_then(|connection| connection.timers[kind as usize].take());
        if let Some(armed) = armed {
            self.wheel.cancel(armed);
        }
    }
}
