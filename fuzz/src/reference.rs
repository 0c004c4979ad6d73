//! A second reading of RFC 6455, slow and plain, to compare the server's with: bytes of a client in, what a server
//! must make of them out. It knows a limit for messages and no extensions.

/// What a stream of frames means.
#[derive(Debug, Default)]
pub struct Meaning {
    /// Whole messages, in their order.
    pub messages: Vec<Message>,
    /// The payloads of pings before the end.
    pub pings: Vec<Vec<u8>>,
    /// How it ended.
    pub end: End,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Why nothing after it counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It did not end: the bytes did.
    #[default]
    Open,
    /// A close frame, with the code in it.
    Closed(Option<u16>),
    /// Something forbidden; the codes with which it may be answered, since one frame can break several rules.
    Broken(Vec<u16>),
    /// The same, but the payload of the frame has not come yet: who waits for it before looking at the header is
    /// right too.
    Doomed(Vec<u16>),
}

struct Frame<'a> {
    first: u8,
    is_masked: bool,
    length: u64,
    /// What is there of the payload, unmasked.
    payload: Vec<u8>,
    is_whole: bool,
    rest: &'a [u8],
}

const PROTOCOL: u16 = 1002;
const UTF8: u16 = 1007;
const SIZE: u16 = 1009;

/// Reads it all.
#[must_use]
pub fn read(mut bytes: &[u8], message_bytes_max: usize) -> Meaning {
    let mut meaning = Meaning::default();
    // The message whose last frame has not come: whether it is text, and its bytes.
    let mut open: Option<(bool, Vec<u8>)> = None;
    while let Some(frame) = Frame::read(bytes) {
        let opcode = frame.first & 0x0f;
        let so_far = if opcode == 0 { open.as_ref().map_or(0, |(_, bytes)| bytes.len()) } else { 0 };
        let mut broken = header_faults(&frame, open.is_some());
        let is_too_long = frame.length > message_bytes_max as u64;
        if is_too_long || opcode < 8 && frame.length + so_far as u64 > message_bytes_max as u64 {
            broken.push(SIZE);
        }
        if !broken.is_empty() {
            // The size of the frame is known to be wrong before its payload comes.
            let is_certain = frame.is_whole || is_too_long;
            meaning.end = if is_certain { End::Broken(broken) } else { End::Doomed(broken) };
            return meaning;
        }
        if !frame.is_whole {
            return meaning;
        }
        let payload = frame.payload;
        bytes = frame.rest;
        let is_final = frame.first & 0x80 != 0;
        match opcode {
            8 => {
                meaning.end = close(&payload);
                return meaning;
            }
            9 => meaning.pings.push(payload),
            10 => {}
            _ => {
                let (is_text, mut message) = open.take().unwrap_or((opcode == 1, Vec::new()));
                message.extend(payload);
                if is_text && !may_be_text(&message, is_final) {
                    meaning.end = End::Broken(vec![UTF8]);
                    return meaning;
                }
                if !is_final {
                    open = Some((is_text, message));
                } else if is_text {
                    let text = String::from_utf8(message).expect("checked above");
                    meaning.messages.push(Message::Text(text));
                } else {
                    meaning.messages.push(Message::Binary(message));
                }
            }
        }
    }
    meaning
}

/// What is wrong with a header, apart from its size.
fn header_faults(frame: &Frame<'_>, is_message_open: bool) -> Vec<u16> {
    let (is_final, opcode) = (frame.first & 0x80 != 0, frame.first & 0x0f);
    let is_control = opcode >= 8;
    let faults = [
        frame.first & 0x70 != 0,
        matches!(opcode, 3..=7 | 11..),
        !frame.is_masked,
        is_control && (!is_final || frame.length > 125),
        opcode == 0 && !is_message_open,
        matches!(opcode, 1 | 2) && is_message_open,
    ];
    if faults.contains(&true) { vec![PROTOCOL] } else { Vec::new() }
}

fn close(payload: &[u8]) -> End {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { End::Closed(None) } else { End::Broken(vec![PROTOCOL]) };
    };
    let code = u16::from_be_bytes(*code);
    let is_text = std::str::from_utf8(reason).is_ok();
    // 1012 and 1013 are registered for use on the wire since; 1014 is too, but only a gateway has it to say.
    let is_allowed = matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999);
    match (is_allowed, is_text) {
        (true, true) => End::Closed(Some(code)),
        (true, false) => End::Broken(vec![UTF8]),
        (false, true) => End::Broken(vec![PROTOCOL]),
        (false, false) => End::Broken(vec![PROTOCOL, UTF8]),
    }
}

fn may_be_text(bytes: &[u8], is_final: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => !is_final && error.error_len().is_none(),
    }
}

impl<'a> Frame<'a> {
    /// The next frame, as far as it is there; `None` when not even its header is.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let is_masked = second & 0x80 != 0;
        let (length, at) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            short => (u64::from(short), 2),
        };
        let mask = if is_masked { bytes.get(at..at + 4)? } else { &[0; 4][..] };
        let at = if is_masked { at + 4 } else { at };
        let there = &bytes[at..];
        let count = usize::try_from(length).unwrap_or(usize::MAX).min(there.len());
        let payload =
            there[..count].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        let is_whole = count as u64 == length;
        Some(Self { first, is_masked, length, payload, is_whole, rest: &there[count..] })
    }
}
