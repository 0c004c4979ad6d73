//! WebSocket frames as the crowd and the floor need them: built in place, read in place, nothing allocated for
//! a message.
//!
//! It does not check what a server owes to a stranger; it checks what a measurement must rely on.

/// The key of RFC 6455, section 1.3, so that nobody has to compute what belongs to it.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What a server answers to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Bytes of a broadcast's content: its number, and filler behind it.
pub const CONTENT_BYTES: usize = 64;
/// Digits of the number.
const NUMBER_DIGITS: usize = 10;
/// Digits of the number in a user's name.
const NAME_DIGITS: usize = 5;
/// What stands before the content in every server's JSON.
const CONTENT_KEY: &[u8] = b"\"content\":\"";
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

/// The frame by which a user registers.
#[must_use]
pub fn register(user: usize) -> Vec<u8> {
    let name = format!("u{user:0NAME_DIGITS$}");
    let mut frame = Vec::new();
    masked(
        &mut frame,
        opcode::TEXT,
        format!(r#"{{"type":"register","sender":"{name}","content":null}}"#).as_bytes(),
    );
    frame
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

/// A broadcast's request, of which only the digits change.
#[derive(Debug)]
pub struct Broadcast {
    frame: Vec<u8>,
    payload_start: usize,
    name_start: usize,
    number_start: usize,
}

impl Broadcast {
    /// The request before its first use.
    #[must_use]
    pub fn new() -> Self {
        let before_name = r#"{"type":"broadcast","sender":"u"#;
        let before_number = r#"","content":""#;
        let json = format!(
            r#"{before_name}{:0NAME_DIGITS$}{before_number}{}","timestamp":"2026-01-01T00:00:00.000Z"}}"#,
            0,
            String::from_utf8_lossy(&content(0)),
        );
        let mut frame = Vec::new();
        masked(&mut frame, opcode::TEXT, json.as_bytes());
        let payload_start = frame.len() - json.len();
        let name_start = payload_start + before_name.len();
        Self {
            frame,
            payload_start,
            name_start,
            number_start: name_start + NAME_DIGITS + before_number.len(),
        }
    }

    /// The frame in which this user says this number.
    pub fn by(&mut self, user: usize, number: u64) -> &[u8] {
        self.write_digits(self.name_start, NAME_DIGITS, user as u64);
        self.write_digits(self.number_start, NUMBER_DIGITS, number);
        &self.frame
    }

    fn write_digits(&mut self, start: usize, count: usize, mut number: u64) {
        for at in (start..start + count).rev() {
            self.frame[at] = (b'0' + (number % 10) as u8) ^ MASK[(at - self.payload_start) % MASK.len()];
            number /= 10;
        }
    }
}

impl Default for Broadcast {
    fn default() -> Self {
        Self::new()
    }
}

fn content(number: u64) -> [u8; CONTENT_BYTES] {
    let mut content = [b'x'; CONTENT_BYTES];
    content[..NUMBER_DIGITS].copy_from_slice(format!("{number:0NUMBER_DIGITS$}").as_bytes());
    content
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

/// What a server said in a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The broadcast with this number, its whole content as it was sent.
    Broadcast(u64),
    /// We are in.
    Registered,
    /// Who else came or went: not counted, since not every server tells.
    Presence,
    /// Anything else, such as an error.
    Other,
}

/// Reads texts from servers. It remembers where the content was the last time, and looks there first.
#[derive(Debug, Default)]
pub struct Reader {
    content_start: usize,
}

impl Reader {
    /// What this text says.
    pub fn read(&mut self, text: &[u8]) -> Said {
        let Some(kind) = text.strip_prefix(b"{\"type\":\"") else { return Said::Other };
        if kind.starts_with(b"broadcast\"") {
            self.number(text).map_or(Said::Other, Said::Broadcast)
        } else if kind.starts_with(b"register_success\"") {
            Said::Registered
        } else if kind.starts_with(b"status_update\"") || kind.starts_with(b"user_disconnected\"") {
            Said::Presence
        } else {
            Said::Other
        }
    }

    fn number(&mut self, text: &[u8]) -> Option<u64> {
        let is_content = |start: usize| start >= CONTENT_KEY.len() && text[..start].ends_with(CONTENT_KEY);
        if self.content_start > text.len() || !is_content(self.content_start) {
            let key = text.windows(CONTENT_KEY.len()).position(|window| window == CONTENT_KEY)?;
            self.content_start = key + CONTENT_KEY.len();
        }
        let content = text.get(self.content_start..)?;
        let (digits, filler) = content.get(..CONTENT_BYTES)?.split_at(NUMBER_DIGITS);
        if content.get(CONTENT_BYTES) != Some(&b'"') || filler.iter().any(|byte| *byte != b'x') {
            return None;
        }
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(bytes: &[u8]) -> Vec<u8> {
        let frame = Frame::parse(bytes).unwrap();
        assert_eq!(frame.end, bytes.len());
        let mask = frame.mask.unwrap();
        bytes[frame.start..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }

    #[test]
    fn a_broadcast_has_the_users_name_and_the_number_and_is_read_back() {
        let mut broadcast = Broadcast::new();
        for (user, number) in [(0, 0), (12_345, 987_654_321), (7, 1)] {
            let json = payload(broadcast.by(user, number));
            let text = std::str::from_utf8(&json).unwrap();
            assert!(text.contains(&format!("\"sender\":\"u{user:05}\"")), "{text}");
            assert!(chat_protocol::Received::decode(text, CONTENT_BYTES).unwrap().message.is_ok());
            assert_eq!(Reader::default().read(&json), Said::Broadcast(number));
        }
    }

    #[test]
    fn the_content_is_found_wherever_it_is_and_must_be_whole() {
        let mut reader = Reader::default();
        let whole = String::from_utf8(content(42).to_vec()).unwrap();
        for json in [
            format!(r#"{{"type":"broadcast","sender":"u1","content":"{whole}"}}"#),
            format!(r#"{{"type":"broadcast","content":"{whole}","sender":"u1"}}"#),
        ] {
            assert_eq!(reader.read(json.as_bytes()), Said::Broadcast(42));
            assert_eq!(reader.read(json.replace("xx\"", "x\"").as_bytes()), Said::Other);
            assert_eq!(reader.read(json.replace("xx\"", "xy\"").as_bytes()), Said::Other);
        }
        assert_eq!(reader.read(br#"{"type":"error"}"#), Said::Other);
        assert_eq!(reader.read(br#"{"type":"broadcast"}"#), Said::Other);
    }

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
