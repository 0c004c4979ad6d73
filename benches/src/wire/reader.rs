//! What a server says in a text message, as far as a measurement must know it.
//!
//! Most of what a crowd hears while it logs in is who else has come: that costs one comparison of a prefix.

use super::{FILLER, NUMBER_DIGITS};

/// What stands before the content in every server's JSON.
const CONTENT_KEY: &[u8] = b"\"content\":\"";
/// What stands before the names in the answer to `list_users`.
const LIST_KEY: &[u8] = b"\"content\":[";
/// What stands before the names in the answer to `register`.
const USER_LIST_KEY: &[u8] = b"\"userList\":[";

/// What a server said in a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The broadcast with this number, its whole content as it was sent.
    Broadcast(u64),
    /// The private message with this number, its whole content as it was sent.
    Private(u64),
    /// We are in.
    Registered {
        /// Names in the list of users; 0 from a server that gives none.
        listed: usize,
    },
    /// Somebody has come, or has another status.
    Status,
    /// Somebody has gone.
    Departure,
    /// The list that we asked for.
    List {
        /// Names in it.
        names: usize,
    },
    /// Anything else, such as an error.
    Other,
}

/// Reads texts from servers. It remembers where the content was the last time, and looks there first.
#[derive(Debug)]
pub struct Reader {
    content_start: usize,
    /// What follows the number.
    filler: Vec<u8>,
}

impl Reader {
    /// Of messages with so many bytes of content.
    #[must_use]
    pub fn new(content_bytes: usize) -> Self {
        Self {
            content_start: 0,
            filler: FILLER.repeat(content_bytes.saturating_sub(NUMBER_DIGITS)).into_bytes(),
        }
    }

    /// What this text says.
    pub fn read(&mut self, text: &[u8]) -> Said {
        let Some(kind) = text.strip_prefix(b"{\"type\":\"") else { return Said::Other };
        if kind.starts_with(b"status_update\"") {
            Said::Status
        } else if kind.starts_with(b"broadcast\"") {
            self.number(text).map_or(Said::Other, Said::Broadcast)
        } else if kind.starts_with(b"user_disconnected\"") {
            Said::Departure
        } else if kind.starts_with(b"private\"") {
            self.number(text).map_or(Said::Other, Said::Private)
        } else if kind.starts_with(b"register_success\"") {
            Said::Registered { listed: names(text, USER_LIST_KEY).unwrap_or_default() }
        } else if kind.starts_with(b"list_users_response\"") {
            names(text, LIST_KEY).map_or(Said::Other, |names| Said::List { names })
        } else {
            Said::Other
        }
    }

    fn number(&mut self, text: &[u8]) -> Option<u64> {
        let is_content = |start: usize| start >= CONTENT_KEY.len() && text[..start].ends_with(CONTENT_KEY);
        if self.content_start > text.len() || !is_content(self.content_start) {
            self.content_start = find(text, CONTENT_KEY)?;
        }
        let (digits, rest) = text.get(self.content_start..)?.split_at_checked(NUMBER_DIGITS)?;
        let end = rest.strip_prefix(&*self.filler)?;
        if end.first() != Some(&b'"') {
            return None;
        }
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
        })
    }
}

/// How many names the list behind this key has. No name of the crowd has a quotation mark or a bracket in it.
fn names(text: &[u8], key: &[u8]) -> Option<usize> {
    let list = &text[find(text, key)?..];
    // Behind the list there is no other, and little else.
    let end = list.iter().rposition(|byte| *byte == b']')?;
    Some(list[..end].iter().filter(|byte| **byte == b'"').count() / 2)
}

/// Where the text behind this key begins.
fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    text.windows(key.len()).position(|window| window == key).map(|start| start + key.len())
}

#[cfg(test)]
mod tests {
    use super::super::CONTENT_BYTES;
    use super::*;

    #[test]
    fn the_content_is_found_wherever_it_is_and_must_be_whole() {
        let mut reader = Reader::new(CONTENT_BYTES);
        let whole = format!("0000000042{}", "x".repeat(CONTENT_BYTES - 10));
        for json in [
            format!(r#"{{"type":"broadcast","sender":"u1","content":"{whole}"}}"#),
            format!(r#"{{"type":"broadcast","content":"{whole}","sender":"u1"}}"#),
        ] {
            assert_eq!(reader.read(json.as_bytes()), Said::Broadcast(42));
            for broken in [
                json.replace("xx\"", "x\""),
                json.replace("xx\"", "xy\""),
                json.replace("xx\"", "xxx\""),
                json.replace("42x", "4ax"),
                json.split("xx").next().unwrap().to_owned(),
            ] {
                assert_eq!(reader.read(broken.as_bytes()), Said::Other, "{broken}");
            }
            let private = json.replace("broadcast", "private");
            assert_eq!(reader.read(private.as_bytes()), Said::Private(42));
        }
        assert_eq!(reader.read(br#"{"type":"error"}"#), Said::Other);
        assert_eq!(reader.read(br#"{"type":"broadcast"}"#), Said::Other);
    }

    #[test]
    fn what_else_a_server_says_is_recognized_and_names_are_counted() {
        let said = |json: &str| Reader::new(CONTENT_BYTES).read(json.trim_end().as_bytes());
        for (json, expected) in [
            (
                include_str!("../../../protocol/tests/golden/server_register_success.json"),
                Said::Registered { listed: 2 },
            ),
            (
                r#"{"type":"register_success","userList":[],"sender":"server"}"#,
                Said::Registered { listed: 0 },
            ),
            (r#"{"type":"register_success","sender":"server"}"#, Said::Registered { listed: 0 }),
            (
                include_str!("../../../protocol/tests/golden/server_list_users_response.json"),
                Said::List { names: 2 },
            ),
            (include_str!("../../../protocol/tests/golden/server_status_update.json"), Said::Status),
            (include_str!("../../../protocol/tests/golden/server_user_disconnected.json"), Said::Departure),
            (include_str!("../../../protocol/tests/golden/server_error.json"), Said::Other),
        ] {
            assert_eq!(said(json), expected, "{json}");
        }
    }
}
