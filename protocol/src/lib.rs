//! The wire protocol of the chat, shared by the server and the client.
//!
//! What it is for: the messages of both directions as two enums ([`ClientMessage`], [`ServerMessage`]), and the
//! values inside them as types that can only be built checked ([`UserName`], [`MessageText`], [`Status`]).
//! After decoding, nobody checks a length or a character again.
//!
//! What it deliberately does not know: sockets, WebSocket frames, who is connected, and what time it is.
//!
//! ```
//! use chat_protocol::{ClientMessage, Received, limits};
//!
//! let received = Received::decode(
//!     r#"{"type":"broadcast","sender":"ana","content":"hola"}"#,
//!     limits::CONTENT_BYTES_DEFAULT,
//! )
//! .expect("well-formed");
//! assert!(matches!(received.message, Ok(ClientMessage::Broadcast { .. })));
//! ```

#![forbid(unsafe_code)]

mod client_message;
mod error_code;
mod lang;
pub mod limits;
mod name;
mod server_message;
mod status;
mod text;
mod timestamp;

pub use client_message::{ClientMessage, DecodeError, FieldError, MessageKind, Received};
pub use error_code::ErrorCode;
pub use lang::Lang;
pub use name::{NameError, NameKey, UserName};
pub use server_message::{
    DISCONNECTED_SUFFIX, ErrorReport, REGISTER_SUCCESS_CONTENT, SERVER_SENDER, ServerMessage, UserInfo,
    UserList, UserStatus,
};
pub use status::{Status, StatusReason, UnknownStatus};
pub use text::{MessageText, TextError, is_invisible};
pub use timestamp::Timestamp;
