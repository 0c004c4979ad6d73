//! What clients say: each request as its meaning, and as the JSON that carries it.

use std::rc::Rc;

use crate::rng::Rng;

/// A name as it is sent.
pub type Name = Rc<str>;

/// A request as it was meant.
#[derive(Debug, Clone)]
pub struct Request {
    /// `None` if the field is missing.
    pub sender: Option<Name>,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Register,
    Broadcast(Content),
    Private(Name, Content),
    ListUsers,
    UserInfo(Name),
    ChangeStatus(&'static str),
    Disconnect,
    /// A text that is no request, and the code of the error that it earns.
    Nonsense(&'static str, &'static str),
    /// A type that clients do not send.
    Unknown(&'static str),
    /// A binary message.
    Binary,
}

/// The content of a message: as JSON that is sent, and as JSON that is relayed or the code of the refusal.
#[derive(Debug, Clone)]
pub struct Content {
    sent: Rc<str>,
    pub relayed: Result<Rc<str>, &'static str>,
}

const CONTENTS: [(&str, Result<&str, &str>); 9] = [
    (" ", Err("content_invalid")),
    ("", Err("content_invalid")),
    ("\\u0007", Err("content_invalid")),
    ("\\u200b\\t", Err("content_invalid")),
    ("\\\"comillas\\\" \\\\ y\\nlíneas 🙂", Ok("\\\"comillas\\\" \\\\ y\\nlíneas 🙂")),
    ("a\\r\\nb\\r", Ok("a\\nb")),
    ("\\u00e1\\u0041\\ud83d\\ude42", Ok("áA🙂")),
    ("un\\/dos", Ok("un/dos")),
    ("{\\\"type\\\":\\\"broadcast\\\"}", Ok("{\\\"type\\\":\\\"broadcast\\\"}")),
];

/// Texts that are no requests.
const NONSENSE: [(&str, &str); 7] = [
    ("", "bad_json"),
    ("hola", "bad_json"),
    ("{\"type\":\"broadcast\"", "bad_json"),
    ("[\"broadcast\"]", "bad_message"),
    ("{\"sender\":\"ana\"}", "bad_message"),
    ("{\"type\":7}", "bad_message"),
    ("{\"type\":\"list_users\",\"type\":\"list_users\",\"sender\":\"ana\"}", "bad_message"),
];

impl Content {
    pub fn random(rng: &mut Rng, number: u64, bytes_max: usize) -> Self {
        if rng.percent(12) {
            let (sent, relayed) = *rng.pick(&CONTENTS);
            return Self { sent: sent.into(), relayed: relayed.map(Rc::from) };
        }
        let sent: Rc<str> = match rng.below(40) {
            0 => "x".repeat(bytes_max).into(),
            1 => "ñ".repeat(bytes_max / 2 + 1).into(),
            _ => format!("hola {number}").into(),
        };
        let relayed = if sent.len() > bytes_max { Err("content_too_long") } else { Ok(Rc::clone(&sent)) };
        Self { sent, relayed }
    }

    /// Much, for a flood.
    pub fn large(number: u64, bytes: usize) -> Self {
        let sent: Rc<str> = format!("{number}{}", "x".repeat(bytes)).into();
        Self { relayed: Ok(Rc::clone(&sent)), sent }
    }
}

impl What {
    pub fn nonsense(rng: &mut Rng) -> Self {
        let (text, code) = *rng.pick(&NONSENSE);
        Self::Nonsense(text, code)
    }

    /// The type on the wire, where the server can tell.
    pub fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Self::Register => "register",
            Self::Broadcast(_) => "broadcast",
            Self::Private(..) => "private",
            Self::ListUsers => "list_users",
            Self::UserInfo(_) => "user_info",
            Self::ChangeStatus(_) => "change_status",
            Self::Disconnect => "disconnect",
            Self::Unknown(kind) => kind,
            Self::Nonsense(..) | Self::Binary => return None,
        })
    }

    pub fn target(&self) -> Option<&Name> {
        match self {
            Self::Private(target, _) | Self::UserInfo(target) => Some(target),
            _ => None,
        }
    }
}

impl Request {
    /// The payload of the message.
    pub fn encode(&self) -> String {
        if let What::Nonsense(text, _) = self.what {
            return text.to_owned();
        }
        let mut json = String::with_capacity(128);
        json.push_str("{\"type\":\"");
        json.push_str(self.what.kind().unwrap_or("binary"));
        if let Some(sender) = &self.sender {
            json.push_str("\",\"sender\":\"");
            json.push_str(sender);
        }
        if let Some(target) = self.what.target() {
            json.push_str("\",\"target\":\"");
            json.push_str(target);
        }
        json.push('"');
        let content = match &self.what {
            What::Broadcast(content) | What::Private(_, content) => Some(&*content.sent),
            What::ChangeStatus(word) => Some(*word),
            _ => None,
        };
        if let Some(content) = content {
            json.push_str(",\"content\":\"");
            json.push_str(content);
            json.push('"');
        }
        json.push_str(",\"timestamp\":\"2026-11-25T13:15:00Z\"}");
        json
    }
}
