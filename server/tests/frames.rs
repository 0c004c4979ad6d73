//! Frames against RFC 6455 and against the bounds: the connection is closed with the right code, soon, and it costs
//! the server nothing. Nobody else sees any of it.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use support::raw::{self, CONTINUE, CONTINUE_END, PING, TEXT, TEXT_BEGIN};
use support::{Client, Received, Server, json};

/// Until whoever breaks the protocol is closed.
const CLOSE_MAX: Duration = Duration::from_millis(2_500);
/// What all the oversize of a test may cost at once.
const COST_KIB_MAX: u64 = 32 << 10;
/// A close frame and a pong, first byte.
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;
/// The bit that says that a frame is masked, in its second byte.
const MASKED: u8 = 0x80;

fn broadcast(content: &str) -> Vec<u8> {
    json!({ "type": "broadcast", "sender": "ana", "content": content }).to_string().into_bytes()
}

/// Ana sends these bytes and must be closed with one of these codes, in time, while a watcher sees her leave and
/// nothing else.
#[track_caller]
fn assert_closed(server: &Server, watcher: &mut Client, what: &str, bytes: &[u8], codes: &[u16]) {
    let mut ana = Client::connect(server);
    ana.register("ana");
    watcher.expect_status("ana", "ACTIVO", "joined");
    let start = Instant::now();
    // The server may have closed before it has all of it.
    let _ = ana.stream().write_all(bytes);
    let (messages, end) = ana.drain();
    assert!(matches!(end, Received::Close(code, _) if codes.contains(&code)), "{what}: {end:?}");
    assert!(messages.is_empty(), "{what}: {messages:?}");
    assert!(start.elapsed() < CLOSE_MAX, "{what}: {:?}", start.elapsed());
    watcher.expect_left("ana");
}

#[test]
fn every_way_to_break_a_frame_closes_in_time() {
    let server = Server::start(&["--rate", "0"]);
    let [mut watcher] = server.room(["mirón"]);
    let text = broadcast("x");
    let close = |code: u16, reason: &[u8]| raw::frame(CLOSE, &[&code.to_be_bytes(), reason].concat());
    let mut ways = vec![
        ("a text not masked", raw::unmasked_frame(TEXT, &text)),
        ("a ping not masked", raw::unmasked_frame(PING, b"x")),
        ("a close not masked", raw::unmasked_frame(CLOSE, &[3, 0xe8])),
        ("reserved bit 1", raw::frame(TEXT | 0x40, &text)),
        ("reserved bit 2", raw::frame(TEXT | 0x20, &text)),
        ("reserved bit 3", raw::frame(TEXT | 0x10, &text)),
        ("all reserved bits on a ping", raw::frame(PING | 0x70, b"x")),
        ("a reserved bit in a continuation", [raw::frame(TEXT_BEGIN, b"{"), raw::frame(0xc0, b"}")].concat()),
        ("a ping in fragments", raw::frame(PING & !0x80, b"x")),
        ("a close in fragments", raw::frame(CLOSE & !0x80, &[3, 0xe8])),
        ("a ping too long", raw::frame(PING, &[0; 126])),
        ("a pong too long", raw::frame(PONG, &[0; 200])),
        ("a close too long", close(1000, &[b'x'; 124])),
        ("a close of one byte", raw::frame(CLOSE, &[3])),
        ("a reason that is not UTF-8", close(1000, b"\xff\xfe")),
        ("a continuation of nothing", raw::frame(CONTINUE_END, &text)),
        ("a message in a message", [raw::frame(TEXT_BEGIN, b"{"), raw::frame(TEXT, &text)].concat()),
    ];
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        ways.push(("a close code that nobody may send", close(code, b"")));
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        ways.push(("a reserved opcode", raw::frame(0x80 | opcode, b"x")));
    }
    for (what, bytes) in ways {
        assert_closed(&server, &mut watcher, what, &bytes, &[1002, 1007, 1009]);
    }
    watcher.expect_nothing_more();
}

#[test]
fn a_length_that_is_only_claimed_is_refused_and_costs_nothing() {
    let server = Server::start(&["--rate", "0"]);
    let [mut watcher] = server.room(["mirón"]);
    let before = server.resident_kib();
    // The largest bit of a length must not be set.
    for length in [17 << 20, 65 << 20, 1 << 30, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
        for first in [TEXT, TEXT_BEGIN, 0x82] {
            let mut bytes = vec![first, MASKED | 127];
            bytes.extend(length.to_be_bytes());
            bytes.extend([1, 2, 3, 4]);
            bytes.extend([b' '; 1_000]);
            assert_closed(&server, &mut watcher, &format!("{length} bytes"), &bytes, &[1009, 1002]);
        }
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    watcher.expect_nothing_more();
}

#[test]
fn a_length_in_more_bytes_than_it_needs_does_no_harm() {
    let server = Server::start(&[]);
    let [mut watcher, mut ana] = server.room(["mirón", "ana"]);
    let text = broadcast("larga");
    let mut bytes = vec![TEXT, MASKED | 127];
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(&text);
    ana.stream().write_all(&bytes).unwrap();
    // Taken for what it says, or for a violation.
    match ana.receive() {
        Received::Message(message) => {
            assert_eq!(message["content"], "larga");
            watcher.expect_broadcast("ana", "larga");
        }
        end => {
            assert!(matches!(end, Received::Close(1002, _)), "{end:?}");
            watcher.expect_left("ana");
        }
    }
    watcher.expect_nothing_more();
}

#[test]
fn megabytes_in_one_message_or_in_fragments_are_cut_early_and_not_relayed() {
    let server = Server::start(&["--rate", "0"]);
    let [mut watcher] = server.room(["mirón"]);
    let before = server.resident_kib();
    let fragment = raw::frame(CONTINUE, &[b' '; 30_000]);
    let fragments = [raw::frame(TEXT_BEGIN, &[b' '; 30_000]), fragment.repeat(1_000)].concat();
    let tiny = [raw::frame(TEXT_BEGIN, b" "), raw::frame(CONTINUE, b" ").repeat(70_000)].concat();
    for (what, bytes) in [
        ("2 MB", raw::frame(TEXT, &broadcast(&"x".repeat(2 << 20)))),
        ("12 MB", raw::frame(TEXT, &broadcast(&"x".repeat(12 << 20)))),
        ("30 MB in fragments", fragments),
        ("70,000 fragments of a byte", tiny),
    ] {
        let mut ana = Client::connect(&server);
        ana.register("ana");
        watcher.expect_status("ana", "ACTIVO", "joined");
        let start = Instant::now();
        let mut writer = ana.stream().try_clone().unwrap();
        let sent = bytes.clone();
        // Reads while it writes, as whoever wants to know what is said against it does.
        let writer = std::thread::spawn(move || writer.write_all(&sent).is_ok());
        let (messages, end) = ana.drain();
        assert!(messages.is_empty(), "{what}: {messages:?}");
        // What it goes on sending may cost it the sight of the close frame.
        assert!(matches!(end, Received::Close(1009, _) | Received::End), "{what}: {end:?}");
        assert!(start.elapsed() < CLOSE_MAX, "{what}: {:?}", start.elapsed());
        watcher.expect_left("ana");
        let _ = ana.stream().shutdown(std::net::Shutdown::Both);
        writer.join().unwrap();
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    watcher.expect_nothing_more();
}

#[test]
fn compressed_bytes_are_never_inflated() {
    let server = Server::start(&["--rate", "0"]);
    let [mut watcher] = server.room(["mirón"]);
    let before = server.resident_kib();
    let mut stream = raw::connect(&server);
    let offer =
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame";
    let request = raw::upgrade_request("/chat").replace("\r\n\r\n", &format!("\r\n{offer}\r\n\r\n"));
    stream.write_all(request.as_bytes()).unwrap();
    let mut client = raw::upgraded(stream);
    client.register("bomba");
    watcher.expect_status("bomba", "ACTIVO", "joined");
    // 60,000 bytes that would be 60 MB of zeros.
    let bomb = raw::frame(TEXT | 0x40, &[&[0xec, 0xc1, 0x01, 0x01][..], &[0; 60_000]].concat());
    let _ = client.stream().write_all(&bomb);
    client.expect_closed(1002);
    watcher.expect_left("bomba");
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    let mut rest = Vec::new();
    let _ = client.stream().read_to_end(&mut rest);
    assert!(rest.is_empty(), "nothing after the close frame");
}
