//! WebSocket by the book, and what happens to those who do not keep to it.

mod support;

use std::io::Write;

use support::client::NO_CODE;
use support::raw::{self, CONTINUE, CONTINUE_END, PING, TEXT, TEXT_BEGIN};
use support::{Client, Received, Server, json};
use tungstenite::Message;

/// A `broadcast` of ana's that is exactly so many bytes, by a field that the server ignores.
fn padded(content: &str, bytes: usize) -> String {
    let message = |padding: &str| {
        json!({ "type": "broadcast", "sender": "ana", "content": content, "padding": padding }).to_string()
    };
    let text = message(&"x".repeat(bytes - message("").len()));
    assert_eq!(text.len(), bytes);
    text
}

fn broadcast(content: &str) -> String {
    json!({ "type": "broadcast", "sender": "ana", "content": content }).to_string()
}

/// A watcher, and a connection of ana's to do something forbidden with.
#[track_caller]
fn watched(server: &Server) -> (Client, Client) {
    let [watcher, ana] = server.room(["mirón", "ana"]);
    (watcher, ana)
}

// ---- The handshake

#[test]
fn the_chat_is_at_chat_and_at_the_root_with_or_without_a_query() {
    let server = Server::start(&[]);
    for (path, name) in [("/chat", "a"), ("/", "b"), ("/chat?x=1", "c"), ("/?name=ana", "d")] {
        let (mut client, response) = Client::connect_at(&server, path, None);
        assert_eq!(response.status(), 101);
        assert!(!response.headers().contains_key("Sec-WebSocket-Protocol"));
        assert!(!response.headers().contains_key("Sec-WebSocket-Extensions"));
        client.register(name);
    }
}

#[test]
fn the_first_subprotocol_offered_is_echoed() {
    let server = Server::start(&[]);
    for (offered, chosen) in
        [("chat-protocol", "chat-protocol"), ("chat-protocol, otro", "chat-protocol"), ("otro", "otro")]
    {
        let (mut client, response) = Client::connect_at(&server, "/chat", Some(offered));
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], chosen);
        client.try_register(chosen);
        client.message();
    }
}

#[test]
fn no_extension_is_negotiated() {
    let server = Server::start(&[]);
    let mut stream = raw::connect(&server);
    let request = raw::upgrade_request("/chat")
        .replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut client = raw::upgraded(stream);
    client.register("ana");
    // A frame marked as compressed breaks the protocol then.
    client.stream().write_all(&raw::frame(TEXT | 0x40, b"x")).unwrap();
    client.expect_closed(1002);
}

#[test]
fn frames_glued_to_the_handshake_are_served() {
    let server = Server::start(&[]);
    let mut bytes = raw::upgrade_request("/chat").into_bytes();
    bytes.extend(raw::frame(TEXT, br#"{"type":"register","sender":"ana","content":null}"#));
    bytes.extend(raw::frame(TEXT, broadcast("pegado").as_bytes()));
    let mut stream = raw::connect(&server);
    stream.write_all(&bytes).unwrap();
    let mut client = raw::upgraded(stream);
    client.expect("register_success");
    client.expect_broadcast("ana", "pegado");
}

#[test]
fn a_client_that_sends_byte_by_byte_is_served() {
    let server = Server::start(&[]);
    let mut stream = raw::connect(&server);
    for byte in raw::upgrade_request("/chat").as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut client = raw::upgraded(stream);
    let register = br#"{"type":"register","sender":"ana","content":null}"#;
    for bytes in [raw::frame(TEXT, register), raw::frame(TEXT, broadcast(&"ñ".repeat(100)).as_bytes())] {
        for byte in bytes {
            client.stream().write_all(&[byte]).unwrap();
        }
    }
    client.expect("register_success");
    client.expect_broadcast("ana", &"ñ".repeat(100));
}

// ---- Messages

#[test]
fn many_frames_in_one_segment_are_answered_in_order() {
    let server = Server::start(&[]);
    let (_watcher, mut ana) = watched(&server);
    let texts: Vec<_> = (0..40).map(|n| format!("mensaje {n}")).collect();
    let bytes: Vec<u8> = texts.iter().flat_map(|text| raw::frame(TEXT, broadcast(text).as_bytes())).collect();
    ana.stream().write_all(&bytes).unwrap();
    for text in &texts {
        ana.expect_broadcast("ana", text);
    }
}

#[test]
fn a_fragmented_text_is_one_message_with_pings_answered_in_between() {
    let server = Server::start(&[]);
    let (mut watcher, mut ana) = watched(&server);
    let text = broadcast("en ñ partes");
    // The cut is in the middle of the ñ.
    let (begin, rest) = text.as_bytes().split_at(text.find('ñ').unwrap() + 1);
    for bytes in [
        raw::frame(TEXT_BEGIN, begin),
        raw::frame(CONTINUE, b""),
        raw::frame(PING, b"?"),
        raw::frame(CONTINUE, &rest[..3]),
        raw::frame(CONTINUE_END, &rest[3..]),
    ] {
        ana.stream().write_all(&bytes).unwrap();
    }
    assert_eq!(ana.receive(), Received::Pong(b"?".to_vec()));
    ana.expect_broadcast("ana", "en ñ partes");
    watcher.expect_broadcast("ana", "en ñ partes");
}

#[test]
fn a_nul_ends_the_json_and_what_follows_it_is_ignored() {
    let server = Server::start(&[]);
    let (_watcher, mut ana) = watched(&server);
    for rest in ["\0", "\0\0\0\0\0\0\0\0", "\0basura{\"\u{1b}", "\0ñ"] {
        ana.send_text(&format!("{}{rest}", broadcast("a la C")));
        ana.expect_broadcast("ana", "a la C");
    }
    ana.send_text("\0");
    ana.expect_error("bad_json");
}

#[test]
fn pings_are_answered_with_their_payload_before_and_after_registration() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    for payload in [&b""[..], b"hola", &[7; 125]] {
        client.ping(payload);
        assert_eq!(client.receive(), Received::Pong(payload.to_vec()));
    }
    client.register("ana");
    client.ping(b"otra vez");
    assert_eq!(client.receive(), Received::Pong(b"otra vez".to_vec()));
    client.send_message(Message::Pong(Default::default()));
    client.expect_nothing_more();
}

#[test]
fn a_message_of_the_largest_size_is_served_and_one_byte_more_closes_with_1009() {
    let server = Server::start(&["--rate", "0"]);
    let (mut watcher, mut ana) = watched(&server);
    ana.send_text(&padded("cabe", 65_536));
    ana.expect_broadcast("ana", "cabe");
    watcher.expect_broadcast("ana", "cabe");
    ana.say(&"x".repeat(65_536 - broadcast("").len() - 60));
    ana.expect_error("content_too_long");
    ana.send_text(&padded("no cabe", 65_537));
    ana.expect_closed(1009);
    watcher.expect_left("ana");
    watcher.expect_nothing_more();
}

#[test]
fn fragments_over_the_largest_size_close_with_1009() {
    let server = Server::start(&["--rate", "0"]);
    let (mut watcher, mut ana) = watched(&server);
    ana.stream().write_all(&raw::frame(TEXT_BEGIN, &[b' '; 40_000])).unwrap();
    ana.stream().write_all(&raw::frame(CONTINUE, &[b' '; 25_536])).unwrap();
    ana.stream().write_all(&raw::frame(CONTINUE_END, b"{")).unwrap();
    ana.expect_closed(1009);
    watcher.expect_left("ana");
}

#[test]
fn a_length_over_the_largest_is_refused_by_the_header_alone() {
    let server = Server::start(&[]);
    let [mut watcher] = server.room(["mirón"]);
    for length in [65_537, 1 << 24, 1 << 30, 1 << 32, 1 << 62] {
        let [mut ana] = server.room(["ana"]);
        watcher.expect_status("ana", "ACTIVO", "joined");
        let mut bytes = raw::header(TEXT, length, true);
        bytes.extend([1, 2, 3, 4]);
        ana.stream().write_all(&bytes).unwrap();
        ana.expect_closed(1009);
        watcher.expect_left("ana");
    }
}

#[test]
fn a_binary_frame_closes_with_1003() {
    let server = Server::start(&[]);
    let (mut watcher, mut ana) = watched(&server);
    ana.send_message(Message::binary(broadcast("binario").into_bytes()));
    let reason = ana.expect_closed(1003);
    assert!(!reason.is_empty());
    watcher.expect_left("ana");
    let mut stranger = Client::connect(&server);
    stranger.send_message(Message::binary(vec![0]));
    stranger.expect_closed(1003);
    watcher.expect_nothing_more();
}

#[test]
fn text_that_is_not_utf8_closes_with_1007() {
    let server = Server::start(&[]);
    let [mut watcher] = server.room(["mirón"]);
    for wrong in [
        &b"\xff"[..],
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc3",
        b"{\"type\":\"broadcast\",\"sender\":\"ana\",\"content\":\"\xe1\"}",
        b"{\"type\":\"broadcast\",\"sender\":\"ana\",\"content\":\"x\"}\0\xff",
    ] {
        let [mut ana] = server.room(["ana"]);
        watcher.expect_status("ana", "ACTIVO", "joined");
        ana.stream().write_all(&raw::frame(TEXT, wrong)).unwrap();
        ana.expect_closed(1007);
        watcher.expect_left("ana");
    }
}

#[test]
fn frames_against_the_protocol_close_with_1002() {
    let server = Server::start(&[]);
    let [mut watcher] = server.room(["mirón"]);
    let text = broadcast("x");
    let text = text.as_bytes();
    for (what, bytes) in [
        ("not masked", raw::unmasked_frame(TEXT, text)),
        ("a reserved bit", raw::frame(TEXT | 0x40, text)),
        ("another reserved bit", raw::frame(TEXT | 0x10, text)),
        ("a reserved data opcode", raw::frame(0x83, text)),
        ("a reserved control opcode", raw::frame(0x8b, b"")),
        ("a ping in fragments", raw::frame(0x09, b"x")),
        ("a ping too long", raw::frame(PING, &[0; 126])),
        ("a continuation of nothing", raw::frame(CONTINUE_END, text)),
        ("a message in a message", [raw::frame(TEXT_BEGIN, b"{"), raw::frame(TEXT, text)].concat()),
        ("a close frame of one byte", raw::frame(0x88, &[3])),
    ] {
        let [mut ana] = server.room(["ana"]);
        watcher.expect_status("ana", "ACTIVO", "joined");
        ana.stream().write_all(&bytes).unwrap();
        let (messages, end) = ana.drain();
        assert!(matches!(end, Received::Close(1002, _)), "{what}: {end:?}");
        assert!(messages.is_empty(), "{what}: {messages:?}");
        ana.expect_end();
        watcher.expect_left("ana");
    }
    watcher.expect_nothing_more();
}

// ---- Closing

#[test]
fn a_close_frame_is_echoed_and_the_connection_ends() {
    let server = Server::start(&[]);
    let [mut watcher] = server.room(["mirón"]);
    for code in [1000, 1001, 3000, 4999] {
        let [mut ana] = server.room(["ana"]);
        watcher.expect_status("ana", "ACTIVO", "joined");
        ana.close(code);
        ana.expect_closed(code);
        watcher.expect_left("ana");
    }
}

#[test]
fn a_close_frame_without_a_code_is_echoed_without_one() {
    let server = Server::start(&[]);
    let (mut watcher, mut ana) = watched(&server);
    ana.stream().write_all(&raw::frame(0x88, b"")).unwrap();
    let code = ana.expect_close();
    assert!(matches!(code, NO_CODE | 1000), "{code}");
    watcher.expect_left("ana");
}

#[test]
fn what_follows_a_close_frame_is_ignored() {
    let server = Server::start(&[]);
    let (mut watcher, mut ana) = watched(&server);
    let bytes = [raw::frame(0x88, &1000_u16.to_be_bytes()), raw::frame(TEXT, broadcast("tarde").as_bytes())];
    ana.stream().write_all(&bytes.concat()).unwrap();
    assert_eq!(ana.expect_close(), 1000);
    watcher.expect_left("ana");
    watcher.expect_nothing_more();
}
