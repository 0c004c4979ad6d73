//! HTTP and WebSocket from the client's side, written a second time and as plainly as possible.

/// The request that begins a WebSocket, with the key of RFC 6455's own example.
pub const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: chat.example:8080\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// What its answer must contain.
const ACCEPTED: &str = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub const TEXT: u8 = 0x81;
pub const TEXT_BEGUN: u8 = 0x01;
pub const CONTINUED: u8 = 0x00;
pub const CONTINUED_LAST: u8 = 0x80;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// Appends a client's frame.
pub fn append_frame(out: &mut Vec<u8>, first: u8, payload: &[u8], mask: [u8; 4]) {
    out.push(first);
    match payload.len() {
        short @ 0..=125 => out.push(0x80 | short as u8),
        medium @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    let (words, rest) = out[start..].as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
}

/// A server's frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub first: u8,
    pub payload: &'a [u8],
    /// Bytes of it all.
    pub len: usize,
}

/// The frame that these bytes begin with, if it is all there.
pub fn next_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let (header, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        short => (2, usize::from(short)),
    };
    let payload = bytes.get(header..header + length)?;
    Some(Frame { first, payload, len: header + length })
}

/// An answer in HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The WebSocket begins after so many bytes.
    Accepted(usize),
    /// Another status; all is there.
    Refused(u16),
}

/// The answer that these bytes are, if it is all there.
pub fn next_answer(bytes: &[u8]) -> Option<Answer> {
    let head_len = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_len]).expect("a head in ASCII");
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status: u16 = status.unwrap_or_else(|| panic!("no answer in HTTP: {head}"));
    if status == 101 {
        assert!(head.to_lowercase().contains(&ACCEPTED.to_lowercase()), "the key is not accepted: {head}");
        return Some(Answer::Accepted(head_len));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    let length = length.unwrap_or_else(|| panic!("no length: {head}"));
    assert!(bytes.len() <= head_len + length, "more than an answer: {}", String::from_utf8_lossy(bytes));
    (bytes.len() == head_len + length).then_some(Answer::Refused(status))
}
