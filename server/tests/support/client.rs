//! A WebSocket client that fails the test when something else comes than what it expects.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use socket2::{Domain, SockRef, Socket, Type};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::client::Response;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::Role;
use tungstenite::{Bytes, Message, WebSocket};

use super::{PATIENCE, Server};

/// How far the server's clock may be from ours: it is the same one.
const CLOCK_DIFFERENCE_MAX_MS: u64 = 10_000;
/// The close code that stands for a close frame without a code (RFC 6455, section 7.4.1).
pub const NO_CODE: u16 = 1005;

/// The least that the system takes for a connection, nearly.
const SMALL_BUFFER_BYTES: usize = 4_096;

/// A connection to the server, registered or not.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<TcpStream>,
    name: String,
}

/// What comes from the server.
#[derive(Debug, PartialEq)]
pub enum Received {
    /// A message, checked and without its timestamp.
    Message(Value),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// A close frame: its code ([`NO_CODE`] if it has none) and its reason.
    Close(u16, String),
    /// The end of the TCP connection.
    End,
}

impl Client {
    /// Connects to `/chat`.
    #[track_caller]
    pub fn connect(server: &Server) -> Self {
        Self::connect_at(server, "/chat", None).0
    }

    /// Connects to a path, offering subprotocols.
    #[track_caller]
    pub fn connect_at(server: &Server, path: &str, subprotocols: Option<&str>) -> (Self, Response) {
        let stream = TcpStream::connect(server.address()).unwrap();
        Self::connect_over(stream, server, path, subprotocols)
    }

    /// Connects over a TCP connection that is there already.
    #[track_caller]
    pub fn connect_over(
        stream: TcpStream,
        server: &Server,
        path: &str,
        subprotocols: Option<&str>,
    ) -> (Self, Response) {
        let url = format!("ws://{}{path}", server.address());
        let mut request = url.into_client_request().unwrap();
        if let Some(names) = subprotocols {
            let name = HeaderValue::from_str(names).unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        }
        be_patient(&stream);
        let (socket, response) = tungstenite::client::client(request, stream).unwrap();
        (Self { socket, name: String::new() }, response)
    }

    /// Connects to `/chat` with a system behind it that takes little for it while it does not read.
    #[track_caller]
    pub fn connect_with_small_buffer(server: &Server) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(SMALL_BUFFER_BYTES).unwrap();
        socket.connect(&server.address().into()).unwrap();
        Self::connect_over(socket.into(), server, "/chat", None).0
    }

    /// A client on a TCP connection whose handshake is done.
    pub fn on(stream: TcpStream) -> Self {
        be_patient(&stream);
        Self { socket: WebSocket::from_raw_socket(stream, Role::Client, None), name: String::new() }
    }

    // ---- Sending

    /// Registers, and returns the `register_success`.
    #[track_caller]
    pub fn register(&mut self, name: &str) -> Value {
        self.try_register(name);
        self.expect("register_success")
    }

    /// Asks for registration. From now on requests come from this name.
    #[track_caller]
    pub fn try_register(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.request("register", json!({ "content": null }));
    }

    /// Sends a request of this type with these fields more, as a client by the book does.
    #[track_caller]
    pub fn request(&mut self, kind: &str, fields: Value) {
        let mut message =
            json!({ "type": kind, "sender": self.name, "timestamp": "2026-11-20T15:12:15.123" });
        for (key, value) in fields.as_object().unwrap() {
            message[key] = value.clone();
        }
        self.send(&message);
    }

    /// Sends a `broadcast`.
    #[track_caller]
    pub fn say(&mut self, content: &str) {
        self.request("broadcast", json!({ "content": content }));
    }

    /// Sends a `private`.
    #[track_caller]
    pub fn whisper(&mut self, target: &str, content: &str) {
        self.request("private", json!({ "target": target, "content": content }));
    }

    /// Sends a `change_status`.
    #[track_caller]
    pub fn set_status(&mut self, status: &str) {
        self.request("change_status", json!({ "content": status }));
    }

    /// Sends any JSON as a text frame.
    #[track_caller]
    pub fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    /// Sends any text as a text frame.
    #[track_caller]
    pub fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text));
    }

    /// Sends any WebSocket message.
    #[track_caller]
    pub fn send_message(&mut self, message: Message) {
        if let Err(error) = self.socket.send(message) {
            panic!("{:?} could not send: {error}", self.name);
        }
    }

    /// Sends a ping.
    #[track_caller]
    pub fn ping(&mut self, payload: &'static [u8]) {
        self.send_message(Message::Ping(Bytes::from_static(payload)));
    }

    /// Begins the closing handshake.
    #[track_caller]
    pub fn close(&mut self, code: u16) {
        let frame = tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).unwrap();
    }

    /// The TCP connection, for what no library would do.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// Ends the TCP connection by a reset.
    pub fn reset(self) {
        SockRef::from(self.socket.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    // ---- Receiving

    /// The next thing from the server.
    #[track_caller]
    pub fn receive(&mut self) -> Received {
        loop {
            return match self.socket.read() {
                // The library answers it with the next read.
                Ok(Message::Ping(_)) => continue,
                Ok(Message::Text(text)) => Received::Message(checked(text.as_str())),
                Ok(Message::Pong(payload)) => Received::Pong(payload.to_vec()),
                Ok(Message::Close(frame)) => {
                    // The library's answer to it may find nobody any more.
                    let _ = self.socket.flush();
                    frame.map_or(Received::Close(NO_CODE, String::new()), |frame| {
                        Received::Close(frame.code.into(), frame.reason.to_string())
                    })
                }
                Ok(other) => panic!("{:?} got {other:?}", self.name),
                Err(Error::ConnectionClosed | Error::AlreadyClosed)
                | Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Received::End,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset => Received::End,
                Err(error) => panic!("{:?} waited for a message: {error}", self.name),
            };
        }
    }

    /// The next message, whatever its type.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        match self.receive() {
            Received::Message(message) => message,
            other => panic!("{:?} expected a message and got {other:?}", self.name),
        }
    }

    /// The next message, which must have this type. Its timestamp was checked and taken away.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        match self.receive() {
            Received::Message(message) if message["type"] == kind => message,
            other => panic!("{:?} expected {kind} and got {other:?}", self.name),
        }
    }

    /// The next message, which must be exactly this.
    #[track_caller]
    pub fn expect_message(&mut self, expected: &Value) {
        let expected = Received::Message(expected.clone());
        assert_eq!(self.receive(), expected, "for {:?}", self.name);
    }

    /// The next message must be this `broadcast`.
    #[track_caller]
    pub fn expect_broadcast(&mut self, sender: &str, content: &str) {
        self.expect_message(&json!({ "type": "broadcast", "sender": sender, "content": content }));
    }

    /// The next message must be this `private`.
    #[track_caller]
    pub fn expect_private(&mut self, sender: &str, target: &str, content: &str) {
        self.expect_message(
            &json!({ "type": "private", "sender": sender, "target": target, "content": content }),
        );
    }

    /// The next message must be this `status_update`.
    #[track_caller]
    pub fn expect_status(&mut self, user: &str, status: &str, reason: &str) {
        self.expect_message(&json!({
            "type": "status_update",
            "sender": "server",
            "content": { "user": user, "status": status },
            "reason": reason,
        }));
    }

    /// The next message must be the `user_disconnected` of this user.
    #[track_caller]
    pub fn expect_left(&mut self, user: &str) {
        self.expect_message(&json!({
            "type": "user_disconnected",
            "sender": "server",
            "content": format!("{user} ha salido"),
            "user": user,
        }));
    }

    /// The next message must be an `error` with this code; its sentence is not empty.
    #[track_caller]
    pub fn expect_error(&mut self, code: &str) -> Value {
        let error = self.expect("error");
        let sentence = error["content"].as_str().unwrap_or_default();
        assert!(error["code"] == code && !sentence.trim().is_empty(), "expected {code}: {error}");
        error
    }

    /// The names that `list_users` answers with.
    #[track_caller]
    pub fn users(&mut self) -> Vec<String> {
        self.request("list_users", json!({}));
        let answer = self.expect("list_users_response");
        serde_json::from_value(answer["content"].clone()).unwrap()
    }

    /// Nothing has come that was not read: answers come in order, so a question is answered next. What another
    /// connection causes is sure to have come if its receipt was read before.
    #[track_caller]
    pub fn expect_nothing_more(&mut self) {
        self.request("list_users", json!({}));
        self.expect("list_users_response");
    }

    /// Nothing comes for so long.
    #[track_caller]
    pub fn expect_silence(&mut self, time: Duration) {
        self.stream().set_read_timeout(Some(time)).unwrap();
        match self.socket.read() {
            Err(Error::Io(error)) if is_timeout(&error) => {}
            other => panic!("{:?} expected silence and got {other:?}", self.name),
        }
        be_patient(self.socket.get_ref());
    }

    /// Next comes a close frame. Returns its code.
    #[track_caller]
    pub fn expect_close(&mut self) -> u16 {
        match self.receive() {
            Received::Close(code, _) => code,
            other => panic!("{:?} expected a close frame and got {other:?}", self.name),
        }
    }

    /// Next comes a close frame with this code, then the end of the connection.
    #[track_caller]
    pub fn expect_closed(&mut self, code: u16) -> String {
        let reason = match self.receive() {
            Received::Close(received, reason) if received == code => reason,
            other => panic!("{:?} expected close {code} and got {other:?}", self.name),
        };
        self.expect_end();
        reason
    }

    /// Next comes the end of the connection.
    #[track_caller]
    pub fn expect_end(&mut self) {
        assert_eq!(self.receive(), Received::End, "for {:?}", self.name);
    }

    /// All messages up to the close frame or the end of the connection, and that.
    #[track_caller]
    pub fn drain(&mut self) -> (Vec<Value>, Received) {
        let mut messages = Vec::new();
        loop {
            match self.receive() {
                Received::Message(message) => messages.push(message),
                other => return (messages, other),
            }
        }
    }
}

/// Sets time-outs, so that what never comes fails the test.
pub fn be_patient(stream: &TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
}

/// Whether a read or write ran into its time-out.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// A message as the protocol demands all of them to be, without its timestamp.
#[track_caller]
fn checked(text: &str) -> Value {
    let mut message: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let timestamp = message.as_object_mut().and_then(|fields| fields.remove("timestamp"));
    let millis = timestamp.as_ref().and_then(Value::as_str).and_then(unix_millis);
    let millis = millis.unwrap_or_else(|| panic!("no RFC 3339 timestamp in UTC with milliseconds: {text}"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    assert!(now.abs_diff(millis) < CLOCK_DIFFERENCE_MAX_MS, "not the time now, {now}: {text}");
    let relayed = matches!(message["type"].as_str(), Some("broadcast" | "private"));
    assert_eq!(message["sender"] == "server", !relayed, "whose words are these? {text}");
    message
}

/// Milliseconds since 1970 of exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`.
fn unix_millis(text: &str) -> Option<u64> {
    let form = "dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |(c, f): (char, char)| if f == 'd' { c.is_ascii_digit() } else { c == f };
    if text.len() != form.len() || !text.chars().zip(form.chars()).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Years that begin in March, so that the leap day is a year's last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * shifted_year + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + (153 * shifted_month + 2) / 5
        + day
        - 1
        - 719_468;
    let seconds = days * 86_400 + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(seconds * 1_000 + number(20, 23)?)
}
