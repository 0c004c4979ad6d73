//! What the server sends: one enum for both sides. The server encodes it from borrowed text, the client decodes
//! it leniently, since other teams' servers leave out what the first protocol document did not have.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{ErrorCode, Status, StatusReason, Timestamp};

/// The `sender` of everything the server says itself.
pub const SERVER_SENDER: &str = "server";

/// The `content` of `register_success`.
pub const REGISTER_SUCCESS_CONTENT: &str = "Registro exitoso";

/// What follows the name in the `content` of `user_disconnected`.
pub const DISCONNECTED_SUFFIX: &str = " ha salido";

/// A message from the server. Every one has a `timestamp` by the server's clock; it is `None` only where a
/// server sent none that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The newcomer is registered.
    RegisterSuccess {
        /// [`SERVER_SENDER`]
        #[serde(borrow, default)]
        sender: Cow<'a, str>,
        /// [`REGISTER_SUCCESS_CONTENT`]
        #[serde(borrow, default)]
        content: Cow<'a, str>,
        /// Everybody registered, the newcomer included.
        #[serde(borrow, rename = "userList", default)]
        user_list: UserList<'a>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// A user's words to everybody.
    Broadcast {
        /// Who said it, in the registered spelling.
        #[serde(borrow)]
        sender: Cow<'a, str>,
        /// What was said.
        #[serde(borrow)]
        content: Cow<'a, str>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// A user's words to one user; the sender gets it too, as its receipt.
    Private {
        /// Who said it, in the registered spelling.
        #[serde(borrow)]
        sender: Cow<'a, str>,
        /// To whom, in the registered spelling. Some servers leave it out towards the target.
        #[serde(borrow, default)]
        target: Cow<'a, str>,
        /// What was said.
        #[serde(borrow)]
        content: Cow<'a, str>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// The answer to `list_users`.
    ListUsersResponse {
        /// [`SERVER_SENDER`]
        #[serde(borrow, default)]
        sender: Cow<'a, str>,
        /// Everybody registered.
        #[serde(borrow)]
        content: UserList<'a>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// The answer to `user_info`.
    UserInfoResponse {
        /// [`SERVER_SENDER`]
        #[serde(borrow, default)]
        sender: Cow<'a, str>,
        /// Whom it is about, in the registered spelling.
        #[serde(borrow)]
        target: Cow<'a, str>,
        /// What is known of that user.
        #[serde(borrow)]
        content: UserInfo<'a>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// A user's status is now this; a newcomer is announced the same way.
    StatusUpdate {
        /// [`SERVER_SENDER`]
        #[serde(borrow, default)]
        sender: Cow<'a, str>,
        /// Exactly `user` and `status`.
        #[serde(borrow)]
        content: UserStatus<'a>,
        /// Why; our addition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<StatusReason>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// A user left or was lost.
    UserDisconnected {
        /// [`SERVER_SENDER`]
        #[serde(borrow, default)]
        sender: Cow<'a, str>,
        /// The name and [`DISCONNECTED_SUFFIX`].
        #[serde(borrow)]
        content: Cow<'a, str>,
        /// The name alone; our addition.
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        user: Option<Cow<'a, str>>,
        /// The server's clock.
        #[serde(default, deserialize_with = "crate::timestamp::lenient")]
        timestamp: Option<Timestamp>,
    },
    /// A request was refused.
    Error(#[serde(borrow)] ErrorReport<'a>),
}

/// The fields of an `error` message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport<'a> {
    /// [`SERVER_SENDER`]
    #[serde(borrow, default)]
    pub sender: Cow<'a, str>,
    /// A sentence that names the user or value it is about and says what to do.
    #[serde(borrow)]
    pub content: Cow<'a, str>,
    /// The stable code; our addition, `None` from other servers and for codes of later versions.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_code")]
    pub code: Option<ErrorCode>,
    /// The type that was refused, where known; our addition.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Cow<'a, str>>,
    /// The refused request's target, if it had one; our addition.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'a, str>>,
    /// The server's clock.
    #[serde(default, deserialize_with = "crate::timestamp::lenient")]
    pub timestamp: Option<Timestamp>,
}

/// What `user_info` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo<'a> {
    /// The source address; IPv4 is shown as IPv4.
    #[serde(borrow)]
    pub ip: Cow<'a, str>,
    /// The status the server last assigned.
    pub status: Status,
}

/// The `content` of `status_update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStatus<'a> {
    /// Whose status.
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    /// The new status.
    pub status: Status,
}

/// A list of names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserList<'a>(#[serde(borrow)] pub Vec<Cow<'a, str>>);

impl UserList<'_> {
    /// The names.
    #[must_use]
    pub fn names(&self) -> &[Cow<'_, str>] {
        &self.0
    }
}

impl<'a> ServerMessage<'a> {
    /// Decodes one text frame.
    ///
    /// # Errors
    /// serde_json's error for what is no such message; its text describes our types, so it is for logs only.
    pub fn decode(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Appends the message as the JSON of a text frame.
    pub fn encode_into(&self, json: &mut Vec<u8>) {
        serde_json::to_writer(json, self).expect("strings and numbers always serialize, and a Vec takes all");
    }

    /// The same for a message whose list of users is empty and is written by `append_list` instead, as a JSON array
    /// of strings: a list that is kept encoded, because it is long and goes to many.
    ///
    /// # Panics
    /// If the message has no list, or one that is not empty.
    pub fn encode_with_list_into(&self, json: &mut Vec<u8>, append_list: impl FnOnce(&mut Vec<u8>)) {
        const EMPTY: &[u8] = b"[]";
        let start = json.len();
        self.encode_into(json);
        // Nothing else that such a message says is an array, or has brackets in it.
        let list = json[start..].windows(EMPTY.len()).position(|part| part == EMPTY);
        let behind = json.split_off(start + list.expect("the message has an empty list"));
        append_list(json);
        json.extend_from_slice(&behind[EMPTY.len()..]);
    }

    /// The message as the JSON of a text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialize")
    }

    /// Who left, of a `user_disconnected`: its `user`, else what stands before [`DISCONNECTED_SUFFIX`].
    #[must_use]
    pub fn departed(&self) -> Option<&str> {
        match self {
            Self::UserDisconnected { user: Some(user), .. } => Some(user),
            Self::UserDisconnected { content, user: None, .. } => content.strip_suffix(DISCONNECTED_SUFFIX),
            _ => None,
        }
    }
}

/// A code that this version does not know is no code.
fn known_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorCode>, D::Error> {
    let word = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(word.and_then(|word| ErrorCode::ALL.into_iter().find(|code| code.as_str() == word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_first_protocol_document_are_understood() {
        let left =
            r#"{"type":"user_disconnected","sender":"server","content":"ana ha salido","timestamp":"hoy"}"#;
        let left = ServerMessage::decode(left).unwrap();
        assert_eq!(left.departed(), Some("ana"));
        assert!(matches!(left, ServerMessage::UserDisconnected { timestamp: None, .. }));

        let error = r#"{"type":"error","sender":"server","content":"mal","timestamp":17}"#;
        let Ok(ServerMessage::Error(error)) = ServerMessage::decode(error) else { panic!("no error") };
        assert_eq!((&*error.content, error.code, error.target), ("mal", None, None));
    }

    #[test]
    fn a_code_of_a_later_version_is_no_code() {
        let error = r#"{"type":"error","content":"x","code":"quota_exceeded"}"#;
        assert!(matches!(
            ServerMessage::decode(error),
            Ok(ServerMessage::Error(ErrorReport { code: None, .. }))
        ));
    }

    #[test]
    fn wrong_types_and_unknown_messages_are_errors_not_panics() {
        for text in [
            "",
            "[]",
            r#"{"type":"confetti"}"#,
            r#"{"type":"broadcast","sender":7,"content":"x"}"#,
            r#"{"type":"status_update","content":{"user":"ana","status":"DORMIDO"}}"#,
            r#"{"type":"list_users_response","content":[1,2]}"#,
        ] {
            assert!(ServerMessage::decode(text).is_err(), "{text}");
        }
    }
}
