//! What the hub tells the ledger, and what it tells whoever asks how it is doing.

use super::{Hub, named};
use crate::reactor::close::CloseReason;
use crate::reactor::connection::{Connection, State};
use crate::reactor::first_bytes::{self, FirstBytes};
use crate::reactor::handler::Handler;
use crate::reactor::id::ConnectionId;
use crate::reactor::ledger::{End, Ending, Record};
use crate::reactor::network::Network;
use crate::reactor::stats::Overview;

impl<N: Network> Hub<N> {
    /// Notes how a connection ends that has not become a WebSocket, and what it began with.
    pub(super) fn note_visit(&mut self, id: ConnectionId, first: Option<FirstBytes>, ending: Ending) {
        let now = self.now;
        let Some(connection) = self.get(id) else { return };
        let State::Handshaking(handshaking) = &connection.state else { return };
        let first = first.unwrap_or_else(|| FirstBytes::of(&handshaking.head));
        let shown = first_bytes::shown(&handshaking.head);
        let lasted = connection.lasted(now);
        connection.end = Some(Box::new(End { lasted, first, shown, ending }));
    }

    /// Notes how a WebSocket ends.
    pub(super) fn note_close(&mut self, id: ConnectionId, reason: &CloseReason) {
        let now = self.now;
        let Some(connection) = self.get(id) else { return };
        let ending = Ending::Closed(reason.clone());
        let lasted = connection.lasted(now);
        connection.end =
            Some(Box::new(End { lasted, first: FirstBytes::WebSocket, shown: String::new(), ending }));
    }

    /// Ends a connection that has not become a WebSocket, without a word.
    pub(super) fn release_visit(&mut self, id: ConnectionId, ending: Ending) {
        self.note_visit(id, None, ending);
        self.release(id);
    }

    /// Tells one who does not speak HTTP what this is, as far as there are words for it.
    pub(super) fn tell_stranger<H: Handler>(&mut self, handler: &mut H, id: ConnectionId, first: FirstBytes) {
        let Some(connection) = self.get(id) else { return };
        let State::Handshaking(handshaking) = &connection.state else { return };
        let endpoints = handshaking.endpoints;
        self.note_visit(id, Some(first), Ending::Told(first));
        let outbox = &mut self.connections[id.slot()].outbox;
        match first.own_words() {
            [] => outbox.push(handler.on_stranger(first, endpoints).as_bytes(), &mut self.spares.outbox),
            words => outbox.push(words, &mut self.spares.outbox),
        }
        self.linger(id, false);
    }

    /// Writes the line of a connection that is over.
    pub(super) fn record(&mut self, id: ConnectionId, connection: &mut Connection<N::Stream>) {
        let End { lasted, first, shown, ending } = *connection.end.take().expect("it was noted how it ended");
        self.ledger.close(Record {
            connection: Some(id),
            peer: connection.peer,
            arrived: self.ops.now(),
            lasted,
            received: connection.received,
            sent: connection.sent,
            first,
            shown,
            ending: Some(ending),
        });
    }

    /// Ends those who are still here when the loop ends: the handler is told of each, and each has its line.
    pub fn abandon<H: Handler>(&mut self, handler: &mut H) {
        let ids: Vec<_> = self.ids().collect();
        for id in ids {
            if self.get(id).is_some_and(|connection| connection.open().is_some()) {
                self.end_with(id, CloseReason::Shutdown);
                self.cut(handler, id);
            } else if self.connections[id.slot()].end.is_none() {
                self.note_visit(id, None, Ending::Shutdown);
            }
            self.free(id);
        }
        self.to_free.clear();
    }

    /// How everything is now.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let (received, sent) = self.ledger.bytes();
        let mut overview = Overview {
            uptime: self.now,
            accepted: self.ledger.accepted(),
            ended: self.ledger.ended().clone(),
            timers: self.wheel.len(),
            turns: self.turns.clone(),
            records: self.ledger.recent().map(|record| self.as_of_now(record)).collect(),
            received,
            sent,
            ..Overview::default()
        };
        for (_, connection) in &self.connections {
            overview.received += connection.received;
            overview.sent += connection.sent;
            let count = match connection.state {
                State::Handshaking(_) => &mut overview.handshaking,
                State::Open(_) => &mut overview.open,
                State::Closing { .. } | State::Lingering { .. } | State::Over => &mut overview.closing,
            };
            *count += 1;
        }
        overview
    }

    /// A record with what is known of its connection beyond what the ledger was told.
    fn as_of_now(&self, record: &Record) -> Record {
        let mut record = record.clone();
        let Some(id) = record.connection.filter(|_| record.ending.is_none()) else { return record };
        let Some(connection) = named(&self.connections, id) else { return record };
        record.lasted = connection.lasted(self.now);
        record.received = connection.received;
        record.sent = connection.sent;
        if let Some(end) = &connection.end {
            record.first = end.first;
            record.lasted = end.lasted;
            record.ending = Some(end.ending.clone());
            if !end.shown.is_empty() {
                record.shown.clone_from(&end.shown);
            }
        }
        if let State::Handshaking(handshaking) = &connection.state {
            record.first = FirstBytes::of(&handshaking.head);
            record.shown = first_bytes::shown(&handshaking.head);
        }
        record
    }
}
