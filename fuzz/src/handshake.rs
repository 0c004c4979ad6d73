//! What comes on a fresh connection, up to the answer. The first byte of the input is the seed of the cuts, the rest
//! goes to the chat's own handler on the reactor, once whole and once in pieces, with a peer that takes the answer
//! in pieces too.
//!
//! Checked: the answer is HTTP by the book, or what is said to one who does not speak it; a WebSocket is only who asked for one, with the right key and without
//! extensions; pieces change nothing about what is accepted; no head above the bound is answered as a request; and
//! however it began, the connection ends by its deadlines.

use std::time::Duration;

use chat_server::chat::Settings;
use chat_server::handler::ChatHandler;
use chat_server::reactor::handshake::HEADERS_MAX;
use chat_server::reactor::{FirstBytes, Limits};
use tungstenite::handshake::derive_accept_key;

use crate::cuts::Cuts;
use crate::server_output::ServerOutput;
use crate::world::World;

/// Longer than all deadlines together: silence after the handshake, the answer to a ping, to a close, lingering.
const LONG: Duration = Duration::from_secs(120);

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    let whole = answer(std::iter::once(bytes), Cuts::whole());
    let pieces = answer(Cuts::new(*seed).pieces(bytes), Cuts::new(*seed));
    check(bytes, &whole);
    check(bytes, &pieces);
    if !is_refusal(&whole) || !is_refusal(&pieces) {
        assert_eq!((&whole.head, &whole.body), (&pieces.head, &pieces.body), "pieces change the answer");
    }
}

/// What no request is answered with: what is wrong may show sooner in pieces than in the whole, or later.
fn is_refusal(output: &ServerOutput) -> bool {
    let is_answer_to_request = output.header("allow").is_some() || output.header("upgrade").is_some();
    matches!(output.status, None | Some(400 | 408 | 431 | 505)) && !is_answer_to_request
}

fn answer<'a>(pieces: impl Iterator<Item = &'a [u8]>, takes: Cuts) -> ServerOutput {
    let mut world = World::new(ChatHandler::new(Settings::default()), Limits::default(), takes);
    for piece in pieces {
        world.send(piece);
    }
    world.pass(LONG);
    world.assert_over();
    let output = world.output();
    if is_for_a_stranger(&output) { ServerOutput::default() } else { ServerOutput::read(&output) }
}

/// Whether this is all that is said to one who does not speak HTTP: nothing, a line of text, or no in its own terms.
fn is_for_a_stranger(output: &[u8]) -> bool {
    let is_line = output.starts_with(b"Esto es chat-server ") && output.ends_with(b"\r\n");
    let lines = output.iter().filter(|byte| **byte == b'\n').count();
    output.is_empty()
        || is_line && lines == 1
        || [FirstBytes::Tls, FirstBytes::Http2].iter().any(|kind| kind.own_words() == output)
}

fn check(bytes: &[u8], output: &ServerOutput) {
    let status = output.status;
    assert!(matches!(status, None | Some(101 | 200 | 400 | 403 | 404 | 405 | 408 | 426 | 431 | 505)), "{status:?}");
    assert!(status.is_some() || !is_asking(bytes), "whoever asks is answered");
    assert_eq!(output.header("sec-websocket-extensions"), None, "no extension is negotiated");
    let (head, _) = split(bytes);
    if status == Some(101) {
        let lines = head.split(|byte| *byte == b'\n');
        let mut keys = lines.filter_map(|line| value(line, b"sec-websocket-key"));
        let accepted = output.header("sec-websocket-accept").expect("an accepted key");
        assert!(keys.any(|key| derive_accept_key(key) == accepted), "{accepted} is for no key that was sent");
        assert_eq!(output.header("upgrade").map(str::to_lowercase).as_deref(), Some("websocket"));
        assert!(head.starts_with(b"GET ") || head.starts_with(b"\n") || head.starts_with(b"\r"));
    } else if status.is_some() {
        let is_offer = output.header("upgrade").is_some();
        assert_eq!(output.header("connection"), Some(if is_offer { "close, Upgrade" } else { "close" }));
        let is_answer = matches!(status, Some(200 | 403 | 404 | 405 | 426));
        let lines = head.iter().filter(|byte| **byte == b'\n').count();
        assert!(
            !is_answer || head.len() <= Limits::default().head_bytes_max && lines > 1,
            "answered as a request: {head:?}"
        );
    }
    let is_answered = matches!(status, Some(101 | 200 | 403 | 404 | 405 | 426));
    let headers = head.split(|byte| *byte == b'\n').filter(|line| line.contains(&b':')).count();
    assert!(!is_answered || headers <= HEADERS_MAX + 1, "{headers} headers");
}

/// Whether the bytes begin as a request does in whatever pieces they come.
fn is_asking(bytes: &[u8]) -> bool {
    ["GET /", "HEAD /", "POST /"].iter().any(|start| bytes.starts_with(start.as_bytes()))
}

/// The head up to its empty line, and what follows it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    // Empty lines before a request are no part of it.
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let line_feeds = (start..bytes.len()).filter(|at| bytes[*at] == b'\n');
    let is_end = |at: &usize| matches!(&bytes[start..*at], [.., b'\n'] | [.., b'\n', b'\r']);
    let end = line_feeds.into_iter().find(is_end).map_or(bytes.len(), |at| at + 1);
    bytes.split_at(end)
}

fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (found, value) = (&line[..colon], &line[colon + 1..]);
    found.eq_ignore_ascii_case(name).then_some(value.trim_ascii())
}
