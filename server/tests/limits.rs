//! What can be set: how many users there may be, and how long a message.

mod support;

use std::process::{Command, Stdio};

use serde_json::Value;
use support::raw::http;
use support::{Client, Received, Server, json};

#[test]
fn a_full_server_says_so_and_the_connection_may_try_again() {
    let server = Server::start(&["--max-clients", "2"]);
    let [mut ana, beto] = server.room(["ana", "beto"]);
    let mut caro = Client::connect(&server);
    for _ in 0..2 {
        caro.try_register("caro");
        let error = caro.expect_error("server_full");
        assert_eq!(error["request"], "register");
        assert!(error["content"].as_str().unwrap().contains('2'), "{error}");
    }
    ana.expect_nothing_more();
    drop(beto);
    ana.expect_left("beto");
    assert_eq!(caro.register("caro")["userList"], json!(["ana", "caro"]));
}

#[test]
fn a_full_server_still_answers_http() {
    let server = Server::start(&["--max-clients", "1"]);
    let [_ana] = server.room(["ana"]);
    assert_eq!(http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

#[test]
fn with_so_many_strangers_the_next_waits_for_its_place_and_the_users_go_on() {
    let server = Server::start(&["--limit", "strangers=3", "--limit", "patience=1"]);
    let [mut ana] = server.room(["ana"]);
    let mut strangers: Vec<_> = (0..3).map(|_| Client::connect(&server)).collect();
    // It is in the system's queue, and its request with it. A silent one makes way for it, the oldest first.
    assert_eq!(http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    strangers.remove(0).expect_closed(1013);
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
    strangers[0].register("beto");
}

#[test]
fn with_fewer_descriptors_than_users_are_allowed_the_next_gets_a_503_in_words() {
    // Of 40, 32 are the server's own.
    let shell = ["-c", "ulimit -n 40; exec \"$0\" 0 --bind 127.0.0.1", env!("CARGO_BIN_EXE_chat-server")];
    let server = Server::spawn(Command::new("sh").args(shell).stderr(Stdio::piped()));
    let users = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"];
    let [mut first, others @ ..] = server.room(users);
    let response = http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(response.status, 503);
    assert!(!response.body.trim().is_empty());
    first.say("sigo");
    first.expect_broadcast("u1", "sigo");
    drop(others);
    support::eventually("there is place again", || {
        http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    });
    assert!(server.log().contains("allows 8 users"), "{}", server.log());
}

#[test]
fn the_head_of_a_request_may_be_as_long_as_is_set() {
    let server = Server::start(&["--limit", "head=300"]);
    let status = |filling: usize| {
        http(&server, format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(filling))).status
    };
    let around = "GET / HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n".len();
    assert_eq!([status(300 - around), status(301 - around)], [200, 431]);
}

#[test]
fn when_too_much_is_queued_in_all_the_fullest_is_cut_and_the_others_miss_nothing() {
    let options = ["--limit", "queues=1048576", "--limit", "letters=67108864", "--rate", "0"];
    let server = Server::start(&options);
    let [mut ana, _lleno, mut beto] = server.room(["ana", "lleno", "beto"]);
    let text = "x".repeat(4_000);
    let mut sent = 0;
    // What the sockets take comes on top of what may be queued.
    let is_over = |message: &Value| message["type"] == "user_disconnected";
    let mut has_left = false;
    while !has_left {
        assert!(sent < 40_000_000, "so much is queued for one");
        ana.whisper("lleno", &text);
        sent += text.len();
        ana.whisper("beto", "hola");
        loop {
            let Received::Message(message) = ana.receive() else { panic!("ana was closed") };
            has_left |= is_over(&message);
            if message["target"] == "beto" {
                break;
            }
        }
        let Received::Message(mut message) = beto.receive() else { panic!("beto was closed") };
        if is_over(&message) {
            has_left = true;
            let Received::Message(next) = beto.receive() else { panic!("beto was closed") };
            message = next;
        }
        assert_eq!(message["content"], "hola");
    }
    assert!(sent > 512 * 1024);
}

#[test]
fn whoever_stays_far_behind_in_the_general_chat_is_closed_before_the_ring_is_full() {
    let options = ["--limit", "behind=65536", "--limit", "behind-time=1", "--limit", "ring=67108864"];
    let server = Server::start(&[&options[..], &["--rate", "0"]].concat());
    let [mut ana, _lento] = server.room(["ana", "lento"]);
    let text = "x".repeat(4_000);
    let mut sent = 0;
    loop {
        ana.say(&text);
        match ana.receive() {
            Received::Message(message) if message["type"] == "broadcast" => sent += text.len(),
            other => {
                assert!(matches!(&other, Received::Message(m) if m["user"] == "lento"), "{other:?}");
                break;
            }
        }
        assert!(sent < 64 << 20, "the ring is full");
        // What the sockets take first is a few megabytes; then a slower pace leaves the ring time to stay far from
        // full.
        if sent > 16 << 20 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

#[test]
fn content_has_at_most_4096_bytes_of_utf8() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for fits in ["x".repeat(4_096), "ñ".repeat(2_048), "🙂".repeat(1_024)] {
        ana.say(&fits);
        ana.expect_broadcast("ana", &fits);
        ana.whisper("ana", &fits);
        ana.expect_private("ana", "ana", &fits);
    }
    for over in ["x".repeat(4_097), "ñ".repeat(2_049), "🙂".repeat(1_025)] {
        ana.say(&over);
        let error = ana.expect_error("content_too_long");
        assert!(error["content"].as_str().unwrap().contains("4096"), "{error}");
    }
}

#[test]
fn a_smaller_limit_counts_bytes_and_leaves_the_frame_as_large() {
    let server = Server::start(&["--max-message", "10"]);
    let [mut ana] = server.room(["ana"]);
    ana.say("ñññññ");
    ana.expect_broadcast("ana", "ñññññ");
    ana.say("ñññññx");
    ana.expect_error("content_too_long");
    ana.say(&"x".repeat(60_000));
    ana.expect_error("content_too_long");
}

#[test]
fn a_larger_limit_widens_the_frame_to_sixteen_times_it() {
    let server = Server::start(&["--max-message", "10000", "--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let fits = "x".repeat(10_000);
    ana.say(&fits);
    ana.expect_broadcast("ana", &fits);
    beto.expect_broadcast("ana", &fits);
    // Each byte of it as six in the JSON.
    let escaped =
        format!(r#"{{"type":"broadcast","sender":"ana","content":"{}"}}"#, "\\u0078".repeat(10_000));
    ana.send_text(&escaped);
    ana.expect_broadcast("ana", &fits);
    ana.send_text(&" ".repeat(160_000));
    ana.expect_error("bad_json");
    ana.send_text(&" ".repeat(160_001));
    ana.expect_closed(1009);
}

#[test]
fn the_largest_message_of_all_reaches_everybody() {
    let server = Server::start(&["--max-message", "1048576", "--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let text = "ñ".repeat(524_288);
    for _ in 0..3 {
        ana.say(&text);
        ana.expect_broadcast("ana", &text);
        beto.expect_broadcast("ana", &text);
        ana.whisper("beto", &text);
        ana.expect_private("ana", "beto", &text);
        beto.expect_private("ana", "beto", &text);
    }
}

/// Connections that have each sent one large message.
const LARGE_SENDERS: u64 = 200;
/// What an idle connection may keep, in KiB.
const IDLE_KIB_MAX: u64 = 16;

#[test]
fn an_idle_connection_keeps_no_memory_for_the_large_message_it_once_sent() {
    let server = Server::start(&["--rate", "0"]);
    let before = server.resident_kib();
    let mut clients = Vec::new();
    for _ in 0..LARGE_SENDERS {
        let mut client = Client::connect(&server);
        // Refused, since nobody is registered: but it was read.
        client.send_text(&format!("{{\"type\":\"list_users\",\"x\":\"{}\"}}", "x".repeat(60_000)));
        client.expect_error("not_registered");
        clients.push(client);
    }
    let each = (server.resident_kib() - before) / LARGE_SENDERS;
    assert!(each <= IDLE_KIB_MAX, "{each} KiB for each connection");
}
