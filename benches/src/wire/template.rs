//! A request of which only digits change: masked once, and the digits written over it each time.
//!
//! It does not know what the numbers mean.

use super::{CONTENT_BYTES, FILLER, MASK, NAME_DIGITS, NUMBER_DIGITS, masked, opcode};

/// Stands for a digit that changes; a run of them is one number.
const DIGIT: u8 = b'#';
const TIMESTAMP: &str = r#""timestamp":"2026-01-01T00:00:00.000Z""#;

/// See the module's documentation.
#[derive(Debug)]
pub struct Template {
    frame: Vec<u8>,
    payload_start: usize,
    /// Where the numbers are.
    numbers: Vec<std::ops::Range<usize>>,
}

impl Template {
    /// `register`, of a user.
    #[must_use]
    pub fn register() -> Self {
        Self::new(&format!(r#"{{"type":"register","sender":"{}","content":null}}"#, name()))
    }

    /// `broadcast`, of a user, with a number and so many bytes of content.
    #[must_use]
    pub fn broadcast(content_bytes: usize) -> Self {
        let (name, content) = (name(), content(content_bytes));
        Self::new(&format!(r#"{{"type":"broadcast","sender":"{name}","content":"{content}",{TIMESTAMP}}}"#))
    }

    /// `private`, of a user, to a user, with a number.
    #[must_use]
    pub fn private() -> Self {
        let (name, content) = (name(), content(CONTENT_BYTES));
        Self::new(&format!(
            r#"{{"type":"private","sender":"{name}","target":"{name}","content":"{content}",{TIMESTAMP}}}"#
        ))
    }

    /// `list_users`, of a user.
    #[must_use]
    pub fn list_users() -> Self {
        Self::new(&format!(r#"{{"type":"list_users","sender":"{}",{TIMESTAMP}}}"#, name()))
    }

    /// `change_status`, of a user.
    #[must_use]
    pub fn change_status(status: &str) -> Self {
        let name = name();
        Self::new(&format!(
            r#"{{"type":"change_status","sender":"{name}","content":"{status}",{TIMESTAMP}}}"#
        ))
    }

    fn new(json: &str) -> Self {
        let mut frame = Vec::new();
        masked(&mut frame, opcode::TEXT, json.as_bytes());
        let payload_start = frame.len() - json.len();
        let mut numbers: Vec<std::ops::Range<usize>> = Vec::new();
        for (at, _) in json.bytes().enumerate().filter(|(_, byte)| *byte == DIGIT) {
            let at = payload_start + at;
            match numbers.last_mut() {
                Some(number) if number.end == at => number.end += 1,
                _ => numbers.push(at..at + 1),
            }
        }
        Self { frame, payload_start, numbers }
    }

    /// The frame with these numbers, in the order in which they stand in it.
    pub fn with(&mut self, numbers: &[u64]) -> &[u8] {
        assert_eq!(numbers.len(), self.numbers.len(), "a number for each place");
        for (digits, number) in self.numbers.iter().zip(numbers) {
            let mut number = *number;
            for at in digits.clone().rev() {
                self.frame[at] = (b'0' + (number % 10) as u8) ^ MASK[(at - self.payload_start) % MASK.len()];
                number /= 10;
            }
        }
        &self.frame
    }
}

fn name() -> String {
    format!("u{}", "#".repeat(NAME_DIGITS))
}

fn content(bytes: usize) -> String {
    assert!(bytes >= NUMBER_DIGITS, "a content has its number");
    "#".repeat(NUMBER_DIGITS) + &FILLER.repeat(bytes - NUMBER_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::super::{Frame, Reader, Said};
    use super::*;

    fn payload(bytes: &[u8]) -> String {
        let frame = Frame::parse(bytes).unwrap();
        assert_eq!(frame.end, bytes.len());
        let mask = frame.mask.unwrap();
        let payload = bytes[frame.start..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        String::from_utf8(payload.collect()).unwrap()
    }

    #[track_caller]
    fn assert_well_formed(json: &str) {
        let content_bytes = chat_protocol::limits::CONTENT_BYTES_DEFAULT;
        let received = chat_protocol::Received::decode(json, content_bytes).unwrap();
        assert!(received.message.is_ok(), "{json}: {received:?}");
    }

    #[test]
    fn a_broadcast_has_the_users_name_and_the_number_and_is_read_back() {
        for bytes in [CONTENT_BYTES, 1_024, 4_096] {
            let mut broadcast = Template::broadcast(bytes);
            for (user, number) in [(0, 0), (12_345, 987_654_321), (7, 1)] {
                let json = payload(broadcast.with(&[user, number]));
                assert!(json.contains(&format!("\"sender\":\"u{user:05}\"")), "{json}");
                assert_well_formed(&json);
                assert_eq!(Reader::new(bytes).read(json.as_bytes()), Said::Broadcast(number));
            }
        }
    }

    #[test]
    fn the_other_requests_are_well_formed_and_name_their_users() {
        let mut private = Template::private();
        let json = payload(private.with(&[17, 18, 5]));
        assert_well_formed(&json);
        assert!(json.contains(r#""sender":"u00017","target":"u00018","content":"0000000005x"#), "{json}");
        for mut request in [Template::register(), Template::list_users(), Template::change_status("OCUPADO")]
        {
            let json = payload(request.with(&[42]));
            assert_well_formed(&json);
            assert!(json.contains("\"sender\":\"u00042\""), "{json}");
        }
    }
}
