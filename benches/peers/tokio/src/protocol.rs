//! The messages.

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Message;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    Register { sender: String },
    Broadcast { content: String },
    Private { target: String, content: String },
    ListUsers,
    ChangeStatus { content: Status },
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    Activo,
    Ocupado,
    Inactivo,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply<'a> {
    #[serde(rename_all = "camelCase")]
    RegisterSuccess {
        sender: Author,
        content: &'static str,
        user_list: Vec<&'a str>,
        timestamp: String,
    },
    StatusUpdate {
        sender: Author,
        content: UserStatus<'a>,
        timestamp: String,
    },
    UserDisconnected {
        sender: Author,
        content: String,
        user: &'a str,
        timestamp: String,
    },
    ListUsersResponse {
        sender: Author,
        content: Vec<&'a str>,
        timestamp: String,
    },
    Error {
        sender: Author,
        content: &'a str,
        timestamp: String,
    },
    Broadcast {
        sender: &'a str,
        content: &'a str,
        timestamp: String,
    },
    Private {
        sender: &'a str,
        target: &'a str,
        content: &'a str,
        timestamp: String,
    },
}

#[derive(Debug, Serialize)]
pub struct UserStatus<'a> {
    pub user: &'a str,
    pub status: Status,
}

/// The sender of what no user says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    Server,
}

impl Reply<'_> {
    /// As a message, of which clones share the text.
    pub fn encode(&self) -> Message {
        Message::text(serde_json::to_string(self).expect("nothing in it that JSON lacks"))
    }
}

pub fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}
