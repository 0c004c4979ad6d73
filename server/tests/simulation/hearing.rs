//! What everybody has still to hear: the general chat in its one order, and letters between its messages. Nobody's
//! list has a bound here; what the server's bounds make of it is judged by whoever compares.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::requests::Name;

/// An error, whatever its words, has not more.
const ERROR_BYTES: usize = 512;

/// The general chat: every message that was ever said to all.
#[derive(Debug, Default)]
pub struct General {
    text: Vec<u8>,
    said: Vec<Said>,
}

#[derive(Debug, Clone, Copy)]
struct Said {
    start: usize,
    end: usize,
    /// Bytes of all frames before.
    before: u64,
    /// When whoever reads must have it.
    due: Duration,
}

impl General {
    pub fn say(&mut self, message: &str, due: Duration) {
        let start = self.text.len();
        self.text.extend_from_slice(message.as_bytes());
        let before = self.said.last().map_or(0, |last| last.before + frame_bytes(last.end - last.start));
        self.said.push(Said { start, end: self.text.len(), before, due });
    }

    /// The number that the next message will have.
    pub fn head(&self) -> usize {
        self.said.len()
    }

    /// Bytes of the frames from this one on.
    pub fn bytes_from(&self, cursor: usize) -> u64 {
        let end = self.said.last().map_or(0, |last| last.before + frame_bytes(last.end - last.start));
        self.said.get(cursor).map_or(0, |said| end - said.before)
    }

    fn text(&self, number: usize) -> &[u8] {
        &self.text[self.said[number].start..self.said[number].end]
    }
}

/// Something said to one alone.
#[derive(Debug, Clone)]
pub enum Letter {
    /// Exactly this.
    Exact(Rc<str>),
    /// An error with this code, type and target, in whatever words.
    Error { code: &'static str, request: Option<&'static str>, target: Option<Name> },
    /// The list of these names with one of these timestamps.
    List { names: Rc<str>, stamps: Vec<Rc<str>> },
}

impl Letter {
    /// At most so many bytes.
    fn bytes(&self) -> usize {
        match self {
            Self::Exact(text) => frame_bytes(text.len()) as usize,
            Self::Error { .. } => ERROR_BYTES,
            Self::List { names, .. } => names.len() + ERROR_BYTES,
        }
    }

    fn is(&self, message: &[u8]) -> bool {
        match self {
            Self::Exact(text) => text.as_bytes() == message,
            Self::Error { code, request, target } => {
                let error: Value = serde_json::from_slice(message).unwrap_or_default();
                error["type"] == "error"
                    && error["sender"] == "server"
                    && error["code"] == *code
                    && error["request"].as_str() == *request
                    && error["target"].as_str() == target.as_deref()
                    && error["content"].as_str().is_some_and(|sentence| !sentence.is_empty())
            }
            Self::List { names, stamps } => stamps.iter().any(|stamp| {
                let parts = [
                    "{\"type\":\"list_users_response\",\"sender\":\"server\",\"content\":",
                    names,
                    ",\"timestamp\":\"",
                    stamp,
                    "\"}",
                ];
                let mut rest = message;
                parts.iter().all(|part| rest.strip_prefix(part.as_bytes()).map(|left| rest = left).is_some())
                    && rest.is_empty()
            }),
        }
    }
}

/// What one client has still to hear.
#[derive(Debug, Default)]
pub struct Hearing {
    letters: VecDeque<(usize, Letter)>,
    pub letter_bytes: usize,
    /// The next message of the general chat, and the first that is not for it any more.
    general: Option<(usize, usize)>,
}

impl Hearing {
    pub fn join(&mut self, general: &General) {
        self.general = Some((general.head(), usize::MAX));
    }

    pub fn leave(&mut self, general: &General) {
        if let Some((_, until)) = &mut self.general {
            *until = general.head().min(*until);
        }
    }

    pub fn write(&mut self, general: &General, letter: Letter) {
        self.letter_bytes += letter.bytes();
        self.letters.push_back((general.head(), letter));
    }

    /// The next message of the general chat for it, heard or not; the head if there is none.
    pub fn cursor(&self, general: &General) -> usize {
        self.general.map_or(
            general.head(),
            |(cursor, until)| {
                if cursor < until { cursor } else { general.head() }
            },
        )
    }

    /// When it must have heard the next thing; `None` if it has heard all.
    pub fn due(&self, general: &General) -> Option<Duration> {
        match self.next_general(general) {
            Some(number) => Some(general.said[number].due),
            None => self.letters.front().map(|_| Duration::ZERO),
        }
    }

    /// It hears this.
    ///
    /// # Errors
    /// What it must hear next, if that is something else.
    pub fn hear(&mut self, general: &General, message: &[u8]) -> Result<(), String> {
        let next = self.next_general(general);
        let is_right = match next {
            Some(number) => general.text(number) == message,
            None => self.letters.front().is_some_and(|(_, letter)| letter.is(message)),
        };
        if !is_right {
            return Err(self.next(general));
        }
        if let Some(number) = next {
            self.general = self.general.map(|(_, until)| (number + 1, until));
        } else if let Some((_, letter)) = self.letters.pop_front() {
            self.letter_bytes -= letter.bytes();
        }
        Ok(())
    }

    /// What it must hear next, in words.
    pub fn next(&self, general: &General) -> String {
        match self.next_general(general) {
            Some(number) => format!("general {number}: {}", String::from_utf8_lossy(general.text(number))),
            None => format!("{:?}", self.letters.front()),
        }
    }

    fn next_general(&self, general: &General) -> Option<usize> {
        let (cursor, until) = self.general?;
        let mark = self.letters.front().map_or(usize::MAX, |(mark, _)| *mark);
        (cursor < until.min(general.head()).min(mark)).then_some(cursor)
    }
}

fn frame_bytes(payload: usize) -> u64 {
    let header = match payload {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    (payload + header) as u64
}
