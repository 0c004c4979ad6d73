//! The JSON of both directions. What a client's text is taken for must agree with a plain JSON parser; what was
//! decoded is the same after being encoded and decoded again.

use chat_protocol::{ClientMessage, DecodeError, MessageKind, Received, ServerMessage, Timestamp, UserName};
use serde::de::IgnoredAny;
use serde_json::Value;

/// A small limit, so that small inputs reach it.
const CONTENT_BYTES_MAX: usize = 64;

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let received = Received::decode(&text, CONTENT_BYTES_MAX);
    compare(&text, &received);
    if let Ok(Received { message: Ok(message), .. }) = &received {
        check(message);
    }
    if let Ok(message) = ServerMessage::decode(&text) {
        let json = message.encode();
        assert_eq!(ServerMessage::decode(&json).as_ref().ok(), Some(&message), "{json}");
        serde_json::from_str::<Value>(&json).expect("what we write is JSON");
    }
}

/// The hand-written decoder against a plain parser. That one refuses some things more: deep nesting and odd
/// escapes in fields that do not count.
fn compare(text: &str, received: &Result<Received<'_>, DecodeError>) {
    let json = text.split('\0').next().unwrap_or_default();
    if serde_json::from_str::<IgnoredAny>(json).is_err() {
        return assert!(received.is_err(), "this is not JSON: {json}");
    }
    let Ok(value) = serde_json::from_str::<Value>(json) else { return };
    let kind = value.get("type").and_then(Value::as_str);
    let known = MessageKind::ALL.into_iter().find(|known| Some(known.as_str()) == kind);
    match received {
        Err(DecodeError::Json) => panic!("this is JSON: {json}"),
        Err(DecodeError::TooDeep) => panic!("that parser is stricter: {json}"),
        // A key given twice remains, and that cannot be told from the value.
        Err(DecodeError::Shape) => {}
        Err(DecodeError::UnknownType { kind: named, target }) => {
            assert_eq!(kind, Some(named.as_str()));
            assert_eq!(target.as_deref(), value.get("target").and_then(Value::as_str));
            assert_eq!(known, None);
        }
        Ok(received) => {
            assert_eq!(known, Some(received.kind));
            assert_eq!(received.sender.as_deref(), value.get("sender").and_then(Value::as_str));
            assert_eq!(received.target.as_deref(), value.get("target").and_then(Value::as_str));
        }
    }
    // Written anew, without what does not count and with each key once, it says the same.
    let anew = value.to_string();
    match (received, Received::decode(&anew, CONTENT_BYTES_MAX)) {
        (Ok(received), Ok(again)) => assert_eq!(received, &again),
        (Err(DecodeError::Shape), again) => {
            assert!(
                kind.is_none()
                    || !matches!(again, Err(DecodeError::Shape | DecodeError::TooDeep | DecodeError::Json))
            );
        }
        (Err(error), Err(again)) => assert_eq!(error, &again),
        (received, again) => panic!("{received:?} became {again:?}"),
    }
}

fn check(message: &ClientMessage) {
    if let ClientMessage::Broadcast { text } | ClientMessage::Private { text, .. } = message {
        let text = text.as_str();
        assert!((1..=CONTENT_BYTES_MAX).contains(&text.len()) && !text.trim().is_empty(), "{text:?}");
        assert!(text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{text:?}");
    }
    let sender = match message {
        ClientMessage::Register { name } => name.clone(),
        _ => UserName::parse("ana").expect("a name"),
    };
    let json = message.encode(&sender, Timestamp::from_unix_millis(0));
    let again = Received::decode(&json, CONTENT_BYTES_MAX).expect("what a client writes is a message");
    assert_eq!(again.message.as_ref(), Ok(message), "{json}");
    assert_eq!((again.kind, again.sender.as_deref()), (message.kind(), Some(sender.as_str())));
}
