//! WebSocket frames as the crowd and the floor need them: built in place, read in place, nothing allocated for
//! a message.
//!
//! It does not check what a server owes to a stranger; it checks what a measurement must rely on.

mod reader;
mod template;

pub use reader::{Reader, Said};
pub use template::Template;

/// The key of RFC 6455, section 1.3, so that nobody has to compute what belongs to it.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What a server answers to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Bytes of a message's content where nothing else is said: its number, and filler behind it.
pub const CONTENT_BYTES: usize = 64;
/// Digits of the number.
const NUMBER_DIGITS: usize = 10;
/// Digits of the number in a user's name.
const NAME_DIGITS: usize = 5;
/// What follows the number.
const FILLER: &str = "x";
/// Any mask will do; a server must undo it whatever it is.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x8e];

/// Opcodes of RFC 6455, section 5.2.
pub mod opcode {
    /// A text message.
    pub const TEXT: u8 = 1;
    /// The end of the connection.
    pub const CLOSE: u8 = 8;
    /// A question whether somebody is there.
    pub const PING: u8 = 9;
    /// The answer to it.
    pub const PONG: u8 = 10;
}

/// The request that makes a connection a WebSocket.
#[must_use]
pub fn upgrade() -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// Appends a client's frame.
pub fn masked(frame: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    frame.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length => {
            assert!(length <= usize::from(u16::MAX), "the crowd says nothing so long");
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// A frame at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// See [`opcode`].
    pub opcode: u8,
    /// A client's frames are masked.
    pub mask: Option<[u8; 4]>,
    /// Where the payload begins.
    pub start: usize,
    /// Where the frame ends.
    pub end: usize,
}

impl Frame {
    /// The frame that these bytes begin with, if all of it is there.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, ..] = *bytes else { return None };
        let (length, mut start) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            short => (u64::from(short), 2),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            mask = Some(bytes.get(start..start + 4)?.try_into().ok()?);
            start += 4;
        }
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (bytes.len() >= end).then_some(Self { opcode: first & 0x0f, mask, start, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_form_are_read_and_half_a_frame_is_not() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let mut bytes = Vec::new();
            chat_server::frame::append_text(&mut bytes, |json| json.resize(json.len() + length, b'x'));
            let frame = Frame::parse(&bytes).unwrap();
            assert_eq!(
                (frame.opcode, frame.end - frame.start, frame.end),
                (opcode::TEXT, length, bytes.len())
            );
            assert_eq!(Frame::parse(&bytes[..bytes.len() - 1]), None);
        }
    }
}
