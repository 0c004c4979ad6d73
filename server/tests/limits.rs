//! What can be set: how many users there may be, and how long a message.

mod support;

use support::raw::{self, http};
use support::{Client, Server, json};

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
fn with_too_many_connections_the_next_gets_a_503_in_words_and_the_users_go_on() {
    let server = Server::start(&["--max-clients", "1"]);
    let [mut ana] = server.room(["ana"]);
    // Beyond the users, 256 connections may not have registered.
    let strangers: Vec<_> = (0..256).map(|_| raw::connect(&server)).collect();
    let response = http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(response.status, 503);
    assert!(!response.body.trim().is_empty());
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
    drop(strangers);
    support::eventually("there is place again", || {
        http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    });
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
