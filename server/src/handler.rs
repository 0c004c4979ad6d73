//! The chat on the reactor: callbacks become inputs, outputs become wishes. Nothing is decided here.

use std::net::SocketAddr;

use chat_protocol::Received;
use log::{Level, info, log};

use crate::chat::{Chat, Input, Origin, Output, PeerId, Settings, mailbox, ring};
use crate::escape::Escaped;
use crate::http::Pages;
use crate::inspection::{Counts, Page};
use crate::reactor::handler::{
    ANNOUNCED_BYTES_PER_FLUSH, ANNOUNCEMENTS_PER_FLUSH, QUEUED_BYTES_PER_FLUSH, canonical,
};
use crate::reactor::{
    Answer, CloseReason, ConnectionId, Endpoints, FirstBytes, Frames, Handler, Incoming, Ops, Outgoing,
    Overview, Refusal, Request, Response,
};

// Whoever keeps up is never overrun by what one turn queues.
const _: () = assert!(mailbox::LETTER_BYTES_MAX >= 2 * QUEUED_BYTES_PER_FLUSH);
const _: () = assert!(ring::RING_BYTES >= 2 * ANNOUNCED_BYTES_PER_FLUSH);
const _: () = assert!(ring::RING_FRAMES_MAX >= 2 * ANNOUNCEMENTS_PER_FLUSH);

/// See the module's documentation.
#[derive(Debug)]
pub struct ChatHandler {
    chat: Chat,
    pages: Pages,
    counts: Counts,
    content_bytes_max: usize,
    /// By the number of the peer, which is its connection's slot.
    clients: Vec<Option<Client>>,
}

#[derive(Debug, Clone)]
struct Client {
    connection: ConnectionId,
    address: SocketAddr,
    has_registered: bool,
}

impl ChatHandler {
    /// An empty chat.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let pages = Pages::new(settings.lang);
        Self::with_pages(settings, pages)
    }

    /// An empty chat that answers visitors with these pages.
    #[must_use]
    pub fn with_pages(settings: Settings, pages: Pages) -> Self {
        Self {
            pages,
            counts: Counts::default(),
            content_bytes_max: settings.content_bytes_max,
            chat: Chat::new(settings),
            clients: Vec::new(),
        }
    }

    /// The chat, to look at.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    fn handle(&mut self, ops: &mut Ops, input: Input<'_>) {
        self.chat.handle(input, ops.now());
        while let Some(output) = self.chat.poll_output() {
            self.carry_out(ops, output);
        }
    }

    fn carry_out(&mut self, ops: &mut Ops, output: Output) {
        match output {
            Output::Wake { peer, bytes } => {
                self.with(peer, |client| ops.request_writable(client.connection, bytes));
            }
            Output::WakeAll { bytes, is_urgent: true } => ops.request_writable_all(bytes),
            Output::WakeAll { bytes, is_urgent: false } => ops.request_writable_all_soon(bytes),
            Output::Close { peer, code, reason } => {
                self.with(peer, |client| ops.close(client.connection, code, reason));
            }
            Output::SetTimer { peer, at } => self.with(peer, |client| ops.set_timer(client.connection, at)),
            Output::Joined { peer, name } => {
                let users = self.chat.users();
                self.with(peer, |client| {
                    client.has_registered = true;
                    ops.know(client.connection);
                    info!("{name} joined from {}; {users} online", client.address);
                });
            }
            Output::Refused { peer, code } => {
                self.count_refusal(code.as_str());
                self.with(peer, |client| {
                    // Before registration it is why somebody cannot come in; later it is the chat's daily life.
                    let level = if client.has_registered { Level::Debug } else { Level::Info };
                    log!(level, "request of {} refused: {code}", client.address);
                });
            }
            Output::Left { peer, name } => {
                let users = self.chat.users();
                self.with(peer, |client| info!("{name} left ({}); {users} online", client.address));
            }
        }
    }

    fn count_response(&mut self, status: u16) {
        *self.counts.responses.entry(status).or_default() += 1;
    }

    fn count_refusal(&mut self, reason: &'static str) {
        *self.counts.refused.entry(reason).or_default() += 1;
    }

    fn with(&mut self, peer: PeerId, act: impl FnOnce(&mut Client)) {
        if let Some(client) = self.clients.get_mut(peer.0 as usize).and_then(Option::as_mut) {
            act(client);
        }
    }
}

fn peer_of(connection: ConnectionId) -> PeerId {
    PeerId(connection.slot() as u32)
}

impl Handler for ChatHandler {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        let answer = self.pages.answer(request);
        if let Answer::Respond(response) = &answer {
            self.count_response(response.status);
            if let Some(origin) = request.origin.filter(|_| response.status == 403) {
                info!("{} was refused as a page of {}", canonical(request.endpoints.peer), Escaped(origin));
            }
        }
        answer
    }

    fn on_inspect(&mut self, request: &Request<'_>, overview: &Overview) -> Response {
        let Some(page) = Page::at(request.path) else { return self.pages.refuse(Refusal::NotHttp) };
        self.counts.users = self.chat.users();
        self.counts.deliveries = self.chat.deliveries();
        self.counts.discarded = self.chat.discarded();
        let response = page.response(request, overview, &self.counts);
        self.count_response(response.status);
        response
    }

    fn on_stranger(&mut self, first: FirstBytes, endpoints: Endpoints) -> String {
        self.pages.introduce(first, endpoints)
    }

    fn on_refused(&mut self, refusal: Refusal) -> Response {
        let response = self.pages.refuse(refusal);
        self.count_response(response.status);
        self.count_refusal(refusal.as_str());
        response
    }

    fn on_turned_away(&mut self, refusal: Refusal) {
        self.count_refusal(refusal.as_str());
    }

    fn on_open(&mut self, ops: &mut Ops, connection: ConnectionId, endpoints: Endpoints) {
        let slot = connection.slot();
        if self.clients.len() <= slot {
            self.clients.resize(slot + 1, None);
        }
        self.clients[slot] =
            Some(Client { connection, address: canonical(endpoints.peer), has_registered: false });
        let origin = Origin::new(endpoints.peer.ip(), endpoints.is_same_machine);
        self.handle(ops, Input::Opened { peer: peer_of(connection), origin });
    }

    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>) {
        let peer = peer_of(connection);
        let input = match message {
            Incoming::Text(text) => {
                Input::Received { peer, message: Received::decode(text, self.content_bytes_max) }
            }
            Incoming::Binary(_) => Input::ReceivedBinary { peer },
        };
        self.handle(ops, input);
    }

    fn on_writable(&mut self, _: &mut Ops, connection: ConnectionId) -> Option<Outgoing<'_>> {
        self.chat.next_post(peer_of(connection)).map(|post| Outgoing {
            frames: match post.frames {
                mailbox::Frames::General(frames) => Frames::Borrowed(frames),
                mailbox::Frames::Letter(frame) => Frames::Shared(frame),
            },
            more: post.more,
        })
    }

    fn on_discard(&mut self, _: &mut Ops, connection: ConnectionId) {
        self.chat.discard(peer_of(connection));
    }

    fn on_timer(&mut self, ops: &mut Ops, connection: ConnectionId) {
        self.handle(ops, Input::TimerFired { peer: peer_of(connection) });
    }

    fn on_close(&mut self, ops: &mut Ops, connection: ConnectionId, _: &CloseReason) {
        self.handle(ops, Input::Closed { peer: peer_of(connection) });
        if let Some(client) = self.clients.get_mut(connection.slot()) {
            *client = None;
        }
    }

    fn on_shutdown(&mut self, ops: &mut Ops) {
        self.handle(ops, Input::ShuttingDown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_turned_away_in_silence_is_counted_as_refused_and_as_no_response() {
        let mut handler = ChatHandler::new(Settings::default());
        handler.on_refused(Refusal::TooManyFromAddress);
        handler.on_turned_away(Refusal::TooManyFromAddress);
        handler.on_turned_away(Refusal::TooManyFromAddress);
        assert_eq!(handler.counts.refused[Refusal::TooManyFromAddress.as_str()], 3);
        assert_eq!(handler.counts.responses.into_iter().collect::<Vec<_>>(), [(429, 1)]);
    }
}
