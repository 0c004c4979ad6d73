//! What clients send: decoded once on the server into checked values, encoded by the client.
//!
//! Decoding has two layers, since the answer to a bad request depends on who sent it: a text that is no message
//! at all is a [`DecodeError`]; a message whose fields are wrong is a [`Received`] that still names its type,
//! sender and target beside a [`FieldError`], so that the server can say `not_registered` or `sender_mismatch`
//! before it complains about a field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::error::Category;

use crate::{MessageText, NameError, Status, TextError, Timestamp, UserName, limits};

/// A request, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// `register`: the connection becomes this user.
    Register {
        /// The message's `sender`.
        name: UserName,
    },
    /// `broadcast`: to every registered user, the sender included.
    Broadcast {
        /// The message's `content`.
        text: MessageText,
    },
    /// `private`: to one user, and back to the sender as its receipt.
    Private {
        /// Who shall read it.
        target: UserName,
        /// The message's `content`.
        text: MessageText,
    },
    /// `list_users`.
    ListUsers,
    /// `user_info`.
    UserInfo {
        /// Whom it is about.
        target: UserName,
    },
    /// `change_status`.
    ChangeStatus {
        /// The message's `content`.
        status: Status,
    },
    /// `disconnect`: the name is free at once, and the server closes with 1000.
    Disconnect,
}

/// The `type` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// `register`
    Register,
    /// `broadcast`
    Broadcast,
    /// `private`
    Private,
    /// `list_users`
    ListUsers,
    /// `user_info`
    UserInfo,
    /// `change_status`
    ChangeStatus,
    /// `disconnect`
    Disconnect,
}

impl MessageKind {
    /// Every type that clients send.
    pub const ALL: [Self; 7] = [
        Self::Register,
        Self::Broadcast,
        Self::Private,
        Self::ListUsers,
        Self::UserInfo,
        Self::ChangeStatus,
        Self::Disconnect,
    ];

    /// The type as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Broadcast => "broadcast",
            Self::Private => "private",
            Self::ListUsers => "list_users",
            Self::UserInfo => "user_info",
            Self::ChangeStatus => "change_status",
            Self::Disconnect => "disconnect",
        }
    }
}

/// A text frame that is a client's message, its fields checked or refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// Its `type`.
    pub kind: MessageKind,
    /// Its `sender`, if that was a string.
    pub sender: Option<Cow<'a, str>>,
    /// Its `target` as it came, if that was a string; an error repeats it.
    pub target: Option<Cow<'a, str>>,
    /// The request, or what is wrong with its fields.
    pub message: Result<ClientMessage, FieldError>,
}

/// Why a text frame is no client's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON.
    Json,
    /// Arrays or objects in each other, deeper than [`limits::JSON_DEPTH_MAX`].
    TooDeep,
    /// JSON, but not an object with a string `type`, or an object with a key that counts given twice.
    Shape,
    /// A `type` that clients do not send.
    UnknownType {
        /// The `type` as it came.
        kind: String,
        /// The `target` as it came, if that was a string.
        target: Option<String>,
    },
}

/// What is wrong with the fields of a message of a known type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// `register` with a `sender` that is no name; a missing one counts as empty.
    Name {
        /// The name as it came.
        raw: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// No `target`, or one that is not a string.
    TargetMissing,
    /// A `target` that nobody can be called.
    TargetUnknown(String),
    /// No `content`, or one that is not a string.
    ContentMissing,
    /// A `content` that is refused.
    Text(TextError),
    /// A `content` that is not a status; `None` if it is not even a string.
    Status(Option<String>),
}

impl<'a> Received<'a> {
    /// Decodes one text frame, whose content may have up to `content_bytes_max` bytes. The text is read up to
    /// its first NUL byte, as the protocol document's own C example needs. Unknown fields and the client's
    /// timestamp are ignored.
    ///
    /// # Errors
    /// [`DecodeError`] if it is no message of a known type.
    pub fn decode(text: &'a str, content_bytes_max: usize) -> Result<Self, DecodeError> {
        let json = text.split('\0').next().unwrap_or_default();
        // Ignored values are skipped without recursion, so that the parser itself would let any depth pass.
        if is_deeper(json, limits::JSON_DEPTH_MAX) {
            return Err(DecodeError::TooDeep);
        }
        let Fields { kind, sender, target, content } =
            serde_json::from_str(json).map_err(|error| match error.classify() {
                Category::Data => DecodeError::Shape,
                Category::Io | Category::Syntax | Category::Eof => DecodeError::Json,
            })?;
        let (Field::Text(kind), target) = (kind, target.into_text()) else {
            return Err(DecodeError::Shape);
        };
        let Some(kind) = MessageKind::ALL.into_iter().find(|known| known.as_str() == kind) else {
            let target = target.map(Cow::into_owned);
            return Err(DecodeError::UnknownType { kind: kind.into_owned(), target });
        };
        let sender = sender.into_text();
        let message = check(
            kind,
            sender.as_deref(),
            target.as_deref(),
            content.into_text().as_deref(),
            content_bytes_max,
        );
        Ok(Self { kind, sender, target, message })
    }
}

/// How many arrays and objects begin at most, those in texts included: in small sums, which the compiler makes many of
/// at a time.
fn brackets(json: &str) -> usize {
    // They differ in one bit, and nothing else becomes the second by setting it.
    let opens = |byte: &u8| u8::from(byte | (b'[' ^ b'{') == b'{');
    let chunks = json.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(|chunk| usize::from(chunk.iter().map(opens).sum::<u8>())).sum()
}

/// Whether arrays and objects stand in each other deeper than that. What is no JSON has some depth too.
fn is_deeper(json: &str, depth_max: usize) -> bool {
    if json.len() <= depth_max || brackets(json) <= depth_max {
        return false;
    }
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    json.bytes().any(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > depth_max
    })
}

fn check(
    kind: MessageKind,
    sender: Option<&str>,
    target: Option<&str>,
    content: Option<&str>,
    content_bytes_max: usize,
) -> Result<ClientMessage, FieldError> {
    let name = || {
        let raw = sender.unwrap_or_default();
        UserName::parse(raw).map_err(|error| FieldError::Name { raw: raw.to_owned(), error })
    };
    let target = || {
        let raw = target.ok_or(FieldError::TargetMissing)?;
        UserName::parse(raw).map_err(|_| FieldError::TargetUnknown(raw.to_owned()))
    };
    let text = || {
        let raw = content.ok_or(FieldError::ContentMissing)?;
        MessageText::parse(raw, content_bytes_max).map_err(FieldError::Text)
    };
    let status = || {
        let word = content.ok_or(FieldError::Status(None))?;
        Status::from_wire(word).map_err(|_| FieldError::Status(Some(word.to_owned())))
    };
    Ok(match kind {
        MessageKind::Register => ClientMessage::Register { name: name()? },
        MessageKind::Broadcast => ClientMessage::Broadcast { text: text()? },
        MessageKind::Private => ClientMessage::Private { target: target()?, text: text()? },
        MessageKind::ListUsers => ClientMessage::ListUsers,
        MessageKind::UserInfo => ClientMessage::UserInfo { target: target()? },
        MessageKind::ChangeStatus => ClientMessage::ChangeStatus { status: status()? },
        MessageKind::Disconnect => ClientMessage::Disconnect,
    })
}

impl ClientMessage {
    /// Its `type`.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Register { .. } => MessageKind::Register,
            Self::Broadcast { .. } => MessageKind::Broadcast,
            Self::Private { .. } => MessageKind::Private,
            Self::ListUsers => MessageKind::ListUsers,
            Self::UserInfo { .. } => MessageKind::UserInfo,
            Self::ChangeStatus { .. } => MessageKind::ChangeStatus,
            Self::Disconnect => MessageKind::Disconnect,
        }
    }

    /// The message as the JSON of a text frame, sent by `sender` at `now` by the client's clock.
    #[must_use]
    pub fn encode(&self, sender: &UserName, now: Timestamp) -> String {
        let (target, content) = match self {
            Self::Register { .. } => (None, Some(None)),
            Self::Broadcast { text } => (None, Some(Some(text.as_str()))),
            Self::Private { target, text } => (Some(target.as_str()), Some(Some(text.as_str()))),
            Self::ListUsers => (None, None),
            Self::UserInfo { target } => (Some(target.as_str()), None),
            Self::ChangeStatus { status } => (None, Some(Some(status.as_str()))),
            Self::Disconnect => (None, Some(Some("Cierre de sesión"))),
        };
        let kind = self.kind();
        let wire = Wire { kind, sender: sender.as_str(), target, content, timestamp: now };
        serde_json::to_string(&wire).expect("strings and a timestamp always serialize")
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: MessageKind,
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    /// The inner `None` is JSON's `null`, the outer one leaves the key out.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Option<&'a str>>,
    timestamp: Timestamp,
}

impl Serialize for MessageKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The fields that count, before they are checked. A hand-written visitor, since a derived one would also take
/// a JSON array for the struct.
#[derive(Default)]
struct Fields<'a> {
    kind: Field<'a>,
    sender: Field<'a>,
    target: Field<'a>,
    content: Field<'a>,
}

#[derive(Default)]
enum Field<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// Present, but `null`, a number, a list, ...
    Other,
}

impl<'a> Field<'a> {
    fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Other => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(key) = map.next_key::<Key>()? {
                    let field = match key {
                        Key::Kind => &mut fields.kind,
                        Key::Sender => &mut fields.sender,
                        Key::Target => &mut fields.target,
                        Key::Content => &mut fields.content,
                        Key::Unknown => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if !matches!(field, Field::Missing) {
                        return Err(serde::de::Error::custom("a key given twice"));
                    }
                    *field = map.next_value()?;
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    #[serde(rename = "type")]
    Kind,
    Sender,
    Target,
    Content,
    #[serde(other)]
    Unknown,
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Field<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Field::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Field::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Field::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }
        }

        deserializer.deserialize_any(FieldVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Received<'_>, DecodeError> {
        Received::decode(text, 100)
    }

    fn refused(text: &str) -> FieldError {
        decode(text).unwrap().message.unwrap_err()
    }

    #[test]
    fn a_text_is_read_up_to_its_first_nul() {
        let received = decode("{\"type\":\"list_users\",\"sender\":\"ana\"}\0basura{").unwrap();
        assert_eq!(received.message, Ok(ClientMessage::ListUsers));
        assert_eq!(decode("\0"), Err(DecodeError::Json));
    }

    #[test]
    fn unknown_fields_and_key_order_do_not_matter() {
        let received =
            decode(r#"{"x":{"y":[1]},"content":"hola","timestamp":7,"sender":"ana","type":"broadcast"}"#)
                .unwrap();
        assert_eq!(received.sender.as_deref(), Some("ana"));
        assert!(matches!(received.message, Ok(ClientMessage::Broadcast { text }) if text.as_str() == "hola"));
    }

    #[test]
    fn what_is_not_json_is_told_apart_from_what_is_no_message() {
        for text in ["", "hola", "{", "{\"type\":\"broadcast\"", "{'a':1}", "{} {}"] {
            assert_eq!(decode(text), Err(DecodeError::Json), "{text}");
        }
        for text in
            ["[]", "[\"broadcast\",\"ana\"]", "7", "null", "\"x\"", "{}", "{\"type\":7}", "{\"type\":null}"]
        {
            assert_eq!(decode(text), Err(DecodeError::Shape), "{text}");
        }
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        for text in [
            r#"{"type":"list_users","sender":"ana","sender":"beto"}"#,
            r#"{"type":"list_users","type":"broadcast","sender":"ana"}"#,
            r#"{"type":"broadcast","sender":"ana","content":null,"content":"x"}"#,
        ] {
            assert_eq!(decode(text), Err(DecodeError::Shape), "{text}");
        }
    }

    #[test]
    fn types_that_only_servers_send_are_unknown() {
        for kind in ["status_update", "error", "register_success", "BROADCAST", ""] {
            let text = format!(r#"{{"type":"{kind}","sender":"ana","target":"beto"}}"#);
            let expected = DecodeError::UnknownType { kind: kind.into(), target: Some("beto".into()) };
            assert_eq!(decode(&text), Err(expected));
        }
    }

    #[test]
    fn what_is_nested_deeper_than_the_limit_is_refused_wherever_it_stands() {
        let depths = [(limits::JSON_DEPTH_MAX - 1, false), (limits::JSON_DEPTH_MAX, true), (50_000, true)];
        for (depth, is_refused) in depths {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                let open = open.repeat(depth);
                let (deep, unclosed) = (format!("{open}0{}", close.repeat(depth)), open);
                for text in [
                    format!(r#"{{"type":"broadcast","sender":"ana","content":"x","y":{deep}}}"#),
                    format!(r#"{{"y":{deep},"type":"broadcast","sender":"ana","content":{deep}}}"#),
                    format!(r#"{{"type":"broadcast","sender":"ana","content":{unclosed}"#),
                ] {
                    assert_eq!(decode(&text) == Err(DecodeError::TooDeep), is_refused, "{depth}");
                }
            }
        }
        assert_eq!(decode(&"[".repeat(50_000)), Err(DecodeError::TooDeep));
    }

    #[test]
    fn brackets_in_a_text_and_beside_each_other_are_no_depth() {
        let text = r#"\"[{\\"#.repeat(25);
        let shown = r#""[{\"#.repeat(25);
        let list = "[],{},".repeat(500);
        let json = format!(r#"{{"y":[{list}0],"type":"broadcast","sender":"ana","content":"{text}"}}"#);
        let said = decode(&json).unwrap().message.unwrap();
        assert_eq!(said, ClientMessage::Broadcast { text: MessageText::parse(&shown, 100).unwrap() });
    }

    #[test]
    fn wrong_fields_keep_type_sender_and_target() {
        let received = decode(r#"{"type":"private","sender":"ana","target":"b b","content":"x"}"#).unwrap();
        assert_eq!(received.kind, MessageKind::Private);
        assert_eq!(received.target.as_deref(), Some("b b"));
        assert_eq!(received.message, Err(FieldError::TargetUnknown("b b".into())));
    }

    #[test]
    fn each_wrong_field_has_its_own_error() {
        assert_eq!(
            refused(r#"{"type":"register","content":null}"#),
            FieldError::Name { raw: String::new(), error: NameError::Empty }
        );
        assert_eq!(
            refused(r#"{"type":"register","sender":["ana"]}"#),
            FieldError::Name { raw: String::new(), error: NameError::Empty }
        );
        assert_eq!(refused(r#"{"type":"user_info","sender":"ana"}"#), FieldError::TargetMissing);
        for content in ["null", "7", "[]", "{}", "true", "1.5", "-1"] {
            let text = format!(r#"{{"type":"broadcast","sender":"ana","content":{content}}}"#);
            assert_eq!(refused(&text), FieldError::ContentMissing);
        }
        assert_eq!(
            refused(r#"{"type":"broadcast","sender":"ana","content":" "}"#),
            FieldError::Text(TextError::Blank)
        );
        assert_eq!(
            refused(r#"{"type":"change_status","sender":"ana","content":"activo"}"#),
            FieldError::Status(Some("activo".into()))
        );
        assert_eq!(refused(r#"{"type":"change_status","sender":"ana"}"#), FieldError::Status(None));
    }

    #[test]
    fn what_the_client_encodes_the_server_decodes() {
        let ana = UserName::parse("ana").unwrap();
        let beto = UserName::parse("beto").unwrap();
        let text = MessageText::parse("a \"quoted\"\nline", 100).unwrap();
        for message in [
            ClientMessage::Register { name: ana.clone() },
            ClientMessage::Broadcast { text: text.clone() },
            ClientMessage::Private { target: beto.clone(), text },
            ClientMessage::ListUsers,
            ClientMessage::UserInfo { target: beto },
            ClientMessage::ChangeStatus { status: Status::Ocupado },
            ClientMessage::Disconnect,
        ] {
            let json = message.encode(&ana, Timestamp::from_unix_millis(0));
            let received = decode(&json).unwrap();
            assert_eq!(received.kind, message.kind());
            assert_eq!(received.sender.as_deref(), Some("ana"));
            assert_eq!(received.message, Ok(message));
        }
    }
}
