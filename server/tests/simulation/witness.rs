//! Stands between the hub and the real handler: sees every callback, says what must follow from it to the model,
//! and judges whether the callback may come at all.

use std::rc::Rc;
use std::time::Duration;

use chat_server::chat::PeerId;
use chat_server::handler::ChatHandler;
use chat_server::reactor::{
    Answer, CloseReason, ConnectionId, Endpoints, Handler, Incoming, Limits, Ops, Outgoing, Refusal, Request,
    Response,
};

use crate::client::Client;
use crate::model::{Model, Peer};
use crate::network::Wires;
use crate::requests::What;

/// Whoever has less than this before it is not looked at for whether it was given up.
const SUSPICIOUS_BYTES: u64 = 128 * 1024;

/// A connection between `on_open` and `on_close`, and after.
#[derive(Debug)]
pub struct Opened {
    pub id: ConnectionId,
    /// When `on_close` came, and the code that goes with its reason.
    pub closed: Option<(Duration, Option<u16>)>,
}

#[derive(Debug)]
pub struct Witness {
    inner: ChatHandler,
    pub model: Model,
    pub clients: Vec<Client>,
    pub wires: Rc<Wires>,
    pub limits: Limits,
    /// By the number of the client.
    pub opened: Vec<Option<Opened>>,
    /// By slot, the client whose connection is open in it.
    by_slot: Vec<Option<(ConnectionId, u32)>>,
    /// Those who might have been given up, looked for when the general chat's head was here.
    suspects: Vec<(u32, PeerId)>,
    suspected_at: usize,
    pub is_stopping: bool,
}

impl Witness {
    pub fn new(inner: ChatHandler, model: Model, wires: Rc<Wires>, limits: Limits) -> Self {
        Self {
            inner,
            model,
            clients: Vec::new(),
            wires,
            limits,
            opened: Vec::new(),
            by_slot: Vec::new(),
            suspects: Vec::new(),
            suspected_at: 0,
            is_stopping: false,
        }
    }

    /// The client whose open connection this is.
    fn client(&self, connection: ConnectionId) -> u32 {
        match self.by_slot.get(connection.slot()) {
            Some(Some((id, client))) if *id == connection => *client,
            other => panic!("a callback for {connection}, which is not open; in its slot is {other:?}"),
        }
    }

    pub fn peer_of(&self, client: u32) -> Option<PeerId> {
        let opened = self.opened[client as usize].as_ref().filter(|opened| opened.closed.is_none())?;
        Some(PeerId(opened.id.slot() as u32))
    }

    /// The chat and the model agree about who is here. Those who were given up for reading too slowly are found out.
    fn compare(&mut self) {
        self.find_suspects();
        let chat = self.inner.chat();
        let lost = self.suspects.iter().filter(|(client, peer)| {
            self.model.get(*client).is_some_and(|peer| peer.leaving.is_none() && !peer.is_gone)
                && !chat.hears(*peer)
        });
        let lost: Vec<u32> = lost.map(|(client, _)| *client).collect();
        self.model.lose(&lost);
        assert_eq!(chat.users(), self.model.users(), "as many users as there should be");
    }

    /// Notes who has so much before it that it might be given up before this is looked at again.
    fn find_suspects(&mut self) {
        let general = &self.model.general;
        let has_grown = general.bytes_from(self.suspected_at) >= SUSPICIOUS_BYTES / 4;
        if !has_grown && !self.model.take_is_full() {
            return;
        }
        let general = &self.model.general;
        self.suspected_at = general.head();
        self.suspects.clear();
        for (id, client) in self.by_slot.iter().flatten() {
            let is_suspect = self.model.get(*client).is_some_and(|Peer { hearing, .. }| {
                let behind = general.bytes_from(hearing.cursor(general));
                behind >= SUSPICIOUS_BYTES || hearing.letter_bytes as u64 >= SUSPICIOUS_BYTES
            });
            if is_suspect {
                self.suspects.push((*client, PeerId(id.slot() as u32)));
            }
        }
    }

    /// Every bit of the chat's state that can be seen agrees with the model's, and its queues with their bounds.
    pub fn compare_all(&self, letter_bytes_max: usize) {
        let chat = self.inner.chat();
        assert_eq!(chat.users(), self.model.users());
        for (client, user) in self.model.each_user() {
            let peer = self.peer_of(client).unwrap_or_else(|| panic!("#{client} is listed, not connected"));
            let name = chat.name_of(peer).map(|name| name.as_str());
            assert_eq!(name, user.name.as_deref(), "the name of #{client}");
            let letters = chat.letter_bytes(peer);
            assert!(letters <= letter_bytes_max, "{letters} bytes of letters wait for #{client}");
        }
    }

    /// Whether it is right that the connection ends for this reason.
    fn judge(&self, client: u32, reason: &CloseReason) {
        let peer = self.model.get(client).expect("it was opened");
        let Client { pipe, closed_with, violated, number, .. } = &self.clients[client as usize];
        let pipe = pipe.borrow();
        let silent_for = self.wires.now.get().saturating_sub(pipe.read_at);
        let is_right = match reason {
            CloseReason::PeerClosed(code) => *closed_with == Some(*code),
            CloseReason::PeerVanished => pipe.fin,
            CloseReason::Failed(_) => pipe.reset,
            // A stranger makes way for others when it has had its time.
            CloseReason::Dismissed => peer.name.is_none(),
            CloseReason::Violation(frame) => *violated == Some(frame.code),
            CloseReason::Silent => silent_for >= self.limits.ping_after + self.limits.pong_timeout,
            CloseReason::Stalled => pipe.mid_message_since.is_some(),
            CloseReason::Handler(frame) => peer.leaving == Some(frame.code),
            CloseReason::Shutdown => self.is_stopping,
            // No run queues so much.
            CloseReason::Overrun => false,
        };
        assert!(is_right, "#{number} {reason}, without a cause: {peer:?} {pipe:?}");
        // Everything that came before its own end has been handed on.
        if matches!(
            reason,
            CloseReason::PeerClosed(_) | CloseReason::PeerVanished | CloseReason::Violation(_)
        ) && peer.leaving.is_none()
        {
            let waits = self.clients[client as usize].sent.front();
            let is_lost = waits.is_some_and(|sent| sent.end <= pipe.read_total);
            assert!(!is_lost, "#{number} {reason}, and its message is lost: {waits:?}");
        }
    }
}

impl Handler for Witness {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        let client = u32::from(request.endpoints.peer.port());
        assert!(self.opened[client as usize].is_none(), "#{client} asks once");
        self.inner.on_request(request)
    }

    fn on_refused(&mut self, refusal: Refusal) -> Response {
        self.inner.on_refused(refusal)
    }

    fn on_turned_away(&mut self, refusal: Refusal) {
        self.inner.on_turned_away(refusal);
    }

    fn on_open(&mut self, ops: &mut Ops, connection: ConnectionId, endpoints: Endpoints) {
        let client = u32::from(endpoints.peer.port());
        self.wires.note("opens", client, connection.slot() as u64);
        let slot = connection.slot();
        let opened = Opened { id: connection, closed: None };
        assert!(self.opened[client as usize].replace(opened).is_none(), "#{client} opens once");
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, None);
        }
        let before = self.by_slot[slot].replace((connection, client));
        assert_eq!(before, None, "the slot of {connection} is taken");
        self.inner.on_open(ops, connection, endpoints);
        self.model.open(client, endpoints.peer.ip());
        self.compare();
    }

    fn on_receive(&mut self, ops: &mut Ops, connection: ConnectionId, message: Incoming<'_>) {
        let client = self.client(connection);
        let read = self.clients[client as usize].pipe.borrow().read_total;
        let sent = self.clients[client as usize].sent.pop_front();
        let sent = sent.unwrap_or_else(|| panic!("#{client} is said to have sent {message:?}"));
        let is_it = match message {
            Incoming::Text(text) => sent.text == text && !matches!(sent.request.what, What::Binary),
            Incoming::Binary(bytes) => sent.text.as_bytes() == bytes,
        };
        assert!(is_it && sent.end <= read, "#{client} sent {sent:?}\nand was understood as {message:?}");
        self.wires.note("is understood", client, sent.end);
        self.inner.on_receive(ops, connection, message);
        self.model.receive(client, &sent.request);
        self.compare();
    }

    fn on_writable(&mut self, ops: &mut Ops, connection: ConnectionId) -> Option<Outgoing<'_>> {
        self.client(connection);
        self.inner.on_writable(ops, connection)
    }

    fn on_discard(&mut self, ops: &mut Ops, connection: ConnectionId) {
        self.client(connection);
        self.inner.on_discard(ops, connection);
    }

    fn on_timer(&mut self, ops: &mut Ops, connection: ConnectionId) {
        let client = self.client(connection);
        self.wires.note("is reminded", client, 0);
        self.inner.on_timer(ops, connection);
        self.model.timer_fired(client);
        self.compare();
    }

    fn on_close(&mut self, ops: &mut Ops, connection: ConnectionId, reason: &CloseReason) {
        let client = self.client(connection);
        let code = reason.frame().map(|frame| frame.code);
        self.wires.note("closes", client, code.map_or(0, u64::from));
        self.judge(client, reason);
        self.by_slot[connection.slot()] = None;
        if let Some(opened) = &mut self.opened[client as usize] {
            opened.closed = Some((ops.now().monotonic, code));
        }
        self.inner.on_close(ops, connection, reason);
        self.model.closed(client);
        self.compare();
    }

    fn on_shutdown(&mut self, ops: &mut Ops) {
        self.is_stopping = true;
        self.inner.on_shutdown(ops);
        self.model.stop();
    }
}
