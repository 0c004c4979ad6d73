//! Every maximum of the protocol, its unit last in its name. The relations between them are asserted here, at
//! compile time, so that changing one cannot silently break another.

/// Unicode scalar values in a user name, after NFC.
pub const NAME_CHARS_MAX: usize = 32;

/// Bytes of a name as it arrives, before NFC. Longer ones are refused without being normalized, so that a
/// stranger cannot make the server compose megabytes of combining marks.
pub const NAME_RAW_BYTES_MAX: usize = 1_024;

/// Bytes of a message's content, UTF-8, unless `--max-message` says otherwise.
pub const CONTENT_BYTES_DEFAULT: usize = 4_096;

/// The largest value that `--max-message` takes, in bytes.
pub const CONTENT_BYTES_MAX: usize = 1 << 20;

/// Bytes of one WebSocket message at the least; see [`websocket_message_bytes`].
pub const WEBSOCKET_MESSAGE_BYTES_MIN: usize = 65_536;

/// How many times the content's limit a WebSocket message may be: JSON escapes (`\u00e1` for two bytes) and
/// the other fields need room, and an over-long content shall be answered in words rather than cut.
pub const WEBSOCKET_MESSAGE_FACTOR: usize = 16;

/// How deep arrays and objects of a client's message may stand in each other, the message itself included.
pub const JSON_DEPTH_MAX: usize = 128;

/// Bytes of a refused request's `target` that its `error` repeats; a longer target is left out of the error.
pub const TARGET_ECHO_BYTES_MAX: usize = 1_024;

/// The largest WebSocket message, in bytes, that a server with this content limit reads (close code 1009 above).
#[must_use]
pub const fn websocket_message_bytes(content_bytes_max: usize) -> usize {
    let scaled = content_bytes_max.saturating_mul(WEBSOCKET_MESSAGE_FACTOR);
    if scaled > WEBSOCKET_MESSAGE_BYTES_MIN { scaled } else { WEBSOCKET_MESSAGE_BYTES_MIN }
}

const _: () = assert!(NAME_RAW_BYTES_MAX >= NAME_CHARS_MAX * 4, "a valid name must fit before NFC");
const _: () = assert!(TARGET_ECHO_BYTES_MAX >= NAME_RAW_BYTES_MAX, "any valid target can be repeated");
const _: () = assert!(websocket_message_bytes(CONTENT_BYTES_DEFAULT) == WEBSOCKET_MESSAGE_BYTES_MIN);
const _: () = assert!(CONTENT_BYTES_DEFAULT <= CONTENT_BYTES_MAX);
