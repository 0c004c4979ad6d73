//! Bytes on a TCP connection: HTTP by hand, and frames that no WebSocket library would send.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::client::be_patient;
use super::{Client, Server};

/// The first byte of a text frame that is a whole message.
pub const TEXT: u8 = 0x81;
/// The first byte of a text frame that begins a message.
pub const TEXT_BEGIN: u8 = 0x01;
/// The first byte of a frame that goes on with a message.
pub const CONTINUE: u8 = 0x00;
/// The first byte of a frame that ends a message.
pub const CONTINUE_END: u8 = 0x80;
/// The first byte of a ping.
pub const PING: u8 = 0x89;

/// An HTTP response, cut into its parts.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// What follows it.
    pub body: String,
}

impl Response {
    /// The value of a header line; its name is compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.clone().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The head without what changes from second to second.
    pub fn head_without_date(&self) -> Vec<&str> {
        self.head.lines().filter(|line| !line.starts_with("Date: ")).collect()
    }
}

/// A TCP connection to the server.
#[track_caller]
pub fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    be_patient(&stream);
    stream
}

/// A TCP connection on which these bytes were sent.
#[track_caller]
pub fn send(server: &Server, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = connect(server);
    stream.write_all(bytes.as_ref()).unwrap();
    stream
}

/// Sends bytes, and reads up to the end of the connection, which the server must bring about.
#[track_caller]
pub fn exchange(server: &Server, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut answer = Vec::new();
    send(server, bytes).read_to_end(&mut answer).unwrap();
    answer
}

/// Sends bytes, and reads an HTTP response up to the end of the connection, which the server must bring about.
#[track_caller]
pub fn http(server: &Server, request: impl AsRef<[u8]>) -> Response {
    let text = String::from_utf8(exchange(server, request)).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP response: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {text:?}"));
    Response { status, head: head.to_owned(), body: body.to_owned() }
}

/// A request by the book for the WebSocket at a path.
pub fn upgrade_request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Reads the answer to an upgrade request, not a byte more, and goes on as a client.
#[track_caller]
pub fn upgraded(mut stream: TcpStream) -> Client {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(!head.to_lowercase().contains("sec-websocket-extensions"), "no extension is negotiated: {head}");
    Client::on(stream)
}

/// A frame as clients send them: masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = header(first, payload.len(), true);
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame as clients must not send them.
pub fn unmasked_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len(), false);
    bytes.extend_from_slice(payload);
    bytes
}

/// The header of a frame, without its mask.
pub fn header(first: u8, length: usize, masked: bool) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(mask | length as u8),
        126..=0xffff => {
            bytes.push(mask | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes
}
