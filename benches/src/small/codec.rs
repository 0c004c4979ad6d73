//! What does it cost to read a request, and to write what everybody gets?

use std::hint::black_box;
use std::time::Duration;

use chat_protocol::{Received, ServerMessage, Timestamp, limits};
use chat_server::frame;

use super::{Timing, time};

const SHORT: usize = 64;
const LONG: usize = limits::CONTENT_BYTES_DEFAULT;
/// Any point in time.
const NOW_MILLIS: i64 = 1_795_187_535_123;

pub(super) fn run(total: Duration) -> Vec<Timing> {
    vec![
        decode("decode a broadcast request, 64 bytes", SHORT, total),
        decode("decode a broadcast request, 4 KiB", LONG, total),
        encode("encode a broadcast as a frame, 64 bytes", SHORT, total),
        encode("encode a broadcast as a frame, 4 KiB", LONG, total),
    ]
}

fn decode(what: &'static str, bytes: usize, total: Duration) -> Timing {
    let content = "x".repeat(bytes);
    let json = format!(
        r#"{{"type":"broadcast","sender":"ana","content":"{content}","timestamp":"2026-11-20T15:12:15.123Z"}}"#
    );
    time(what, total, 1, || {
        let received = Received::decode(black_box(&json), limits::CONTENT_BYTES_DEFAULT);
        assert!(black_box(received).is_ok_and(|received| received.message.is_ok()));
    })
}

fn encode(what: &'static str, bytes: usize, total: Duration) -> Timing {
    let content = "x".repeat(bytes);
    let mut buffer = Vec::new();
    time(what, total, 1, || {
        buffer.clear();
        append(&mut buffer, black_box(&content));
        black_box(&buffer);
    })
}

/// A broadcast as the server encodes it.
pub(super) fn append(buffer: &mut Vec<u8>, content: &str) {
    let message = ServerMessage::Broadcast {
        sender: "ana".into(),
        content: content.into(),
        timestamp: Some(Timestamp::from_unix_millis(NOW_MILLIS)),
    };
    frame::append_text(buffer, |json| message.encode_into(json));
}
