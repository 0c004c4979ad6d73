//! The memory that stands for a network, the handler that writes down what it is told, and the clock between them.

use super::*;

pub(super) const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// One end of a connection, as the peer and the hub both see it.
#[derive(Default)]
pub(super) struct Pipe {
    pub(super) id: Option<ConnectionId>,
    pub(super) to_server: VecDeque<u8>,
    pub(super) eof: bool,
    pub(super) failure: Option<io::ErrorKind>,
    pub(super) from_server: Vec<u8>,
    /// Bytes that the peer's side takes before it blocks.
    pub(super) room: usize,
    pub(super) writes: usize,
    pub(super) shut: bool,
    pub(super) dropped: bool,
}

pub(super) struct FakeStream(pub(super) Rc<RefCell<Pipe>>);

impl Read for FakeStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if let Some(kind) = pipe.failure {
            return Err(kind.into());
        }
        if pipe.to_server.is_empty() && !pipe.eof {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.to_server.read(buffer)
    }
}

impl Write for FakeStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.borrow_mut();
        if let Some(kind) = pipe.failure {
            return Err(kind.into());
        }
        let count = bytes.len().min(pipe.room);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.room -= count;
        pipe.writes += 1;
        pipe.from_server.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for FakeStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.borrow_mut().shut = true;
        Ok(())
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        self.0.borrow_mut().dropped = true;
    }
}

pub(super) struct FakeNetwork {
    pub(super) waiting: VecDeque<io::Result<FakeStream>>,
    /// Where those come from who are accepted.
    pub(super) from: SocketAddr,
}

impl Default for FakeNetwork {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), from: "127.0.0.1:999".parse().unwrap() }
    }
}

impl Network for FakeNetwork {
    type Stream = FakeStream;

    fn accept(&mut self) -> io::Result<(FakeStream, Endpoints)> {
        let stream = self.waiting.pop_front().unwrap_or(Err(io::ErrorKind::WouldBlock.into()))?;
        Ok((stream, Endpoints { peer: self.from, local: self.from, is_same_machine: false }))
    }

    fn watch(&mut self, stream: &mut FakeStream, id: ConnectionId) -> io::Result<()> {
        stream.0.borrow_mut().id = Some(id);
        Ok(())
    }
}

/// Echoes, and writes down what it is told.
#[derive(Default)]
pub(in crate::reactor) struct Recorder {
    pub(super) queues: HashMap<ConnectionId, VecDeque<Bytes>>,
    /// What was given out last: it is lent and shared in turns.
    pub(super) last: Bytes,
    pub(super) lend: bool,
    pub(super) received: Vec<String>,
    pub(super) closes: Vec<CloseReason>,
    pub(super) refusals: usize,
    pub(super) turned_away: usize,
    pub(super) timers: usize,
    pub(super) calls_after_close: usize,
    /// What was let go for those who could not be told any more.
    pub(super) discarded: usize,
    pub(super) tell_who_left: bool,
    /// Whether it knows only those who say who they are.
    pub(super) waits_for_names: bool,
}

impl Recorder {
    pub(super) fn queue(&mut self, id: ConnectionId, text: &str) {
        let mut frames = Vec::new();
        frame::append_text(&mut frames, |payload| payload.extend(text.as_bytes()));
        self.queues.entry(id).or_default().push_back(frames.into());
    }
}

impl Handler for Recorder {
    fn on_request(&mut self, request: &Request<'_>) -> Answer {
        match request.upgrade {
            super::super::super::Upgrade::Valid => Answer::Accept { subprotocol: None },
            _ if request.path == "/inspect" => Answer::Inspect,
            _ => Answer::Respond(Response {
                status: 200,
                headers: &[],
                body: "hola\n".into(),
                head_only: false,
            }),
        }
    }

    fn on_inspect(&mut self, _: &Request<'_>, overview: &Overview) -> Response {
        let body = format!("{} in\n", overview.received);
        Response { status: 200, headers: &[], body, head_only: false }
    }

    fn on_stranger(&mut self, first: FirstBytes, _: Endpoints) -> String {
        match first {
            FirstBytes::Text | FirstBytes::Nothing => "an echo\r\n".to_owned(),
            _ => String::new(),
        }
    }

    fn on_refused(&mut self, refusal: Refusal) -> Response {
        self.refusals += 1;
        let status = match refusal {
            Refusal::NotHttp | Refusal::HeadMalformed => 400,
            Refusal::HostMissing | Refusal::HostRepeated => 400,
            Refusal::VersionUnsupported => 505,
            Refusal::HeadTooLarge => 431,
            Refusal::TimedOut => 408,
            Refusal::TooManyConnections => 503,
            Refusal::TooManyFromAddress => 429,
        };
        Response { status, headers: &[], body: String::new(), head_only: false }
    }

    fn on_turned_away(&mut self, _: Refusal) {
        self.turned_away += 1;
    }

    fn on_open(&mut self, ops: &mut Ops, id: ConnectionId, _: Endpoints) {
        if !self.waits_for_names {
            ops.know(id);
        }
        assert!(self.queues.insert(id, VecDeque::new()).is_none(), "on_open comes once");
    }

    fn on_receive(&mut self, ops: &mut Ops, id: ConnectionId, message: Incoming<'_>) {
        self.calls_after_close += usize::from(!self.queues.contains_key(&id));
        let Incoming::Text(text) = message else { return ops.close(id, 1003, "text only") };
        self.received.push(text.to_owned());
        match text {
            "bye" => {
                self.queue(id, "last words");
                ops.close(id, 1000, "");
            }
            "I am ana" => ops.know(id),
            "timer" => ops.set_timer(id, Some(ops.now().monotonic + Duration::from_secs(5))),
            "all" => {
                let ids: Vec<_> = self.queues.keys().copied().collect();
                ids.into_iter().for_each(|id| self.queue(id, "all"));
                ops.request_writable_all(5);
            }
            "soon" => {
                let ids: Vec<_> = self.queues.keys().copied().collect();
                ids.into_iter().for_each(|id| self.queue(id, "soon"));
                ops.request_writable_all_soon(6);
            }
            _ => {
                self.queue(id, text);
                ops.request_writable(id, text.len());
            }
        }
    }

    fn on_writable(&mut self, _: &mut Ops, id: ConnectionId) -> Option<Outgoing<'_>> {
        self.calls_after_close += usize::from(!self.queues.contains_key(&id));
        let queue = self.queues.get_mut(&id)?;
        self.last = queue.pop_front()?;
        self.lend = !self.lend;
        let frames = if self.lend { Frames::Borrowed(&self.last) } else { Frames::Shared(self.last.clone()) };
        Some(Outgoing { frames, more: !queue.is_empty() })
    }

    fn on_discard(&mut self, _: &mut Ops, id: ConnectionId) {
        match self.queues.get_mut(&id) {
            Some(queue) => self.discarded += queue.drain(..).count(),
            None => self.calls_after_close += 1,
        }
    }

    fn on_timer(&mut self, _: &mut Ops, _: ConnectionId) {
        self.timers += 1;
    }

    fn on_close(&mut self, ops: &mut Ops, id: ConnectionId, reason: &CloseReason) {
        assert!(self.queues.remove(&id).is_some(), "on_close comes once for each on_open");
        self.closes.push(reason.clone());
        if self.tell_who_left {
            let ids: Vec<_> = self.queues.keys().copied().collect();
            ids.into_iter().for_each(|id| self.queue(id, "left"));
            ops.request_writable_all_soon(6);
        }
    }
}

pub(super) struct World {
    pub(super) hub: Hub<FakeNetwork>,
    pub(super) handler: Recorder,
    pub(super) now: Duration,
    pub(super) pipes: Vec<Rc<RefCell<Pipe>>>,
}

pub(super) const PLENTY: usize = 1 << 30;

impl World {
    pub(super) fn new() -> Self {
        Self::within(Limits::default())
    }

    pub(super) fn within(limits: Limits) -> Self {
        let hub = Hub::new(FakeNetwork::default(), limits);
        Self { hub, handler: Recorder::default(), now: Duration::from_secs(1), pipes: Vec::new() }
    }

    /// A connection that has said nothing yet. Returns its number.
    pub(super) fn connect(&mut self) -> usize {
        let number = self.knock();
        self.run();
        number
    }

    /// One that waits to be accepted.
    pub(super) fn knock(&mut self) -> usize {
        let pipe = Rc::new(RefCell::new(Pipe { room: PLENTY, ..Pipe::default() }));
        self.hub.network_mut().waiting.push_back(Ok(FakeStream(Rc::clone(&pipe))));
        self.pipes.push(pipe);
        self.hub.on_acceptable();
        self.pipes.len() - 1
    }

    /// A WebSocket whose `101` has been read.
    pub(super) fn open(&mut self) -> usize {
        let number = self.connect();
        self.send(number, UPGRADE.as_bytes());
        let response = String::from_utf8(self.take(number)).unwrap();
        assert!(response.starts_with("HTTP/1.1 101"), "{response}");
        number
    }

    pub(super) fn send(&mut self, number: usize, bytes: &[u8]) {
        self.pipes[number].borrow_mut().to_server.extend(bytes);
        self.ready(number, Readiness { readable: true, ..Readiness::default() });
    }

    pub(super) fn end(&mut self, number: usize) {
        self.pipes[number].borrow_mut().eof = true;
        self.ready(number, Readiness { readable: true, read_closed: true, ..Readiness::default() });
    }

    pub(super) fn ready(&mut self, number: usize, readiness: Readiness) {
        let id = self.id(number);
        self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
        self.hub.on_ready(id, readiness);
        self.finish_turn();
        self.run();
    }

    pub(super) fn finish_turn(&mut self) {
        self.hub.resume(&mut self.handler);
        self.hub.expire(&mut self.handler);
        self.hub.settle(&mut self.handler);
    }

    /// Turns until nothing is left to do. A live-lock is a finding.
    pub(super) fn run(&mut self) {
        for _ in 0..10_000 {
            if !self.hub.has_leftovers() {
                return;
            }
            self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
            self.finish_turn();
        }
        panic!("never comes to rest");
    }

    /// Lets time pass, waking as the hub asks for.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.hub.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
            self.finish_turn();
            self.run();
        }
        self.now = end;
    }

    /// What the server has written since the last call.
    pub(super) fn take(&mut self, number: usize) -> Vec<u8> {
        std::mem::take(&mut self.pipes[number].borrow_mut().from_server)
    }

    pub(super) fn id(&self, number: usize) -> ConnectionId {
        self.pipes[number].borrow().id.expect("it was watched")
    }

    /// Whether it was accepted.
    pub(super) fn is_in(&self, number: usize) -> bool {
        self.pipes[number].borrow().id.is_some()
    }

    pub(super) fn is_dropped(&self, number: usize) -> bool {
        self.pipes[number].borrow().dropped
    }
}

pub(super) fn client_frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
    let mut socket = FrameSocket::new(Vec::new());
    socket.send(Frame::from_payload(header, payload.to_vec().into())).unwrap();
    socket.into_inner().0
}

pub(super) fn text(payload: &str) -> Vec<u8> {
    client_frame(OpCode::Data(Data::Text), true, payload.as_bytes())
}

pub(super) fn close(code: u16) -> Vec<u8> {
    client_frame(OpCode::Control(Control::Close), true, &code.to_be_bytes())
}

pub(super) fn echo(payload: &str) -> Vec<u8> {
    let mut frames = Vec::new();
    frame::append_text(&mut frames, |bytes| bytes.extend(payload.as_bytes()));
    frames
}

/// The code of the close frame that these bytes end in.
#[track_caller]
pub(super) fn close_code(bytes: &[u8]) -> u16 {
    let start =
        bytes.iter().rposition(|byte| *byte == 0x88).unwrap_or_else(|| panic!("no close frame: {bytes:?}"));
    assert_eq!(usize::from(bytes[start + 1]), bytes.len() - start - 2, "the last frame is a close frame");
    u16::from_be_bytes([bytes[start + 2], bytes[start + 3]])
}
