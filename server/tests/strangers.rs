//! The tools that people try on a port that does not answer as they expect: none is a chat client, and each is told
//! what this is in its own terms, with a line in the log that says who came and what it tried.

mod support;

use std::io::{Read, Write};

use support::raw::{self, exchange};
use support::{Server, json};

/// The hello of `openssl s_client -connect`, up to its random bytes.
const HELLO: &[u8] = b"\x16\x03\x01\x01\x2f\x01\x00\x01\x2b\x03\x03\x5f\x1c\x0a\x0d\x0a\x00\xff";

/// An alert (RFC 8446, section 6): its level and its description.
fn alert(record: &[u8]) -> (u8, u8) {
    let [0x15, 3, 1 | 3, 0, 2, level, description] = record else {
        panic!("no alert record: {}", record.escape_ascii())
    };
    (*level, *description)
}

#[test]
fn a_line_by_telnet_or_nc_gets_a_line_that_says_what_this_is() {
    let server = Server::start(&[]);
    for typed in ["hola\r\n", "¿hay alguien?\n", "{\"type\":\"register\",\"sender\":\"ana\"}\n", "quit\n"] {
        let answer = String::from_utf8(exchange(&server, typed)).unwrap();
        let expected = format!("chat-client SU_NOMBRE 127.0.0.1 {}\r\n", server.port);
        assert!(answer.starts_with("Esto es chat-server ") && answer.ends_with(&expected), "{answer:?}");
        assert_eq!(answer.lines().count(), 1, "{answer:?}");
    }
    server.logged(&["from 127.0.0.1:", "(text \"hola\", ", " 6 bytes in,", "was told what this is"]);
    server.logged(&["(text \"{\\\"type\\\":\\\"register\\\"", "was told what this is"]);
    let english = Server::start(&["--lang", "en"]);
    let answer = String::from_utf8(exchange(&english, "hello\n")).unwrap();
    assert!(answer.starts_with("This is chat-server "), "{answer:?}");
}

#[test]
fn telnet_that_says_nothing_gets_the_line_at_the_handshake_deadline() {
    let server = Server::start(&["--limit", "handshake=0.2"]);
    let answer = String::from_utf8(exchange(&server, "")).unwrap();
    assert!(answer.starts_with("Esto es chat-server ") && answer.ends_with("\r\n"), "{answer:?}");
    let line =
        server.logged(&["(nothing, 0.", " 0 bytes in, ", "said nothing in time, and was told what this is"]);
    assert!(line.contains(&format!(" {} out)", answer.len())), "{line}");
}

#[test]
fn the_line_arrives_although_the_visitor_goes_on_typing() {
    let server = Server::start(&[]);
    let mut stream = raw::send(&server, "hola\n");
    // What nobody reads would reset the connection and take the line back, if it were closed at once.
    stream.write_all(&[b'x'; 16 * 1024]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("Esto es chat-server "), "{answer:?}");
}

#[test]
fn a_tls_hello_gets_a_fatal_handshake_failure() {
    let server = Server::start(&[]);
    for hello in [HELLO, &[HELLO, &[7; 4_096]].concat()] {
        assert_eq!(alert(&exchange(&server, hello)), (2, 40));
    }
    server.logged(&["(TLS hello \"\\x16\\x03\\x01\\x01/", " 7 out)", "handshake_failure", "no TLS here"]);
}

#[test]
fn http2_is_told_to_use_http_1_1_and_ssh_and_junk_are_closed() {
    let server = Server::start(&[]);
    let goaway = exchange(&server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(goaway.ends_with(&[0, 0, 0, 13]), "HTTP_1_1_REQUIRED: {}", goaway.escape_ascii());
    server.logged(&["(HTTP/2 \"PRI * HTTP/2.0\", ", "no HTTP/2 here"]);
    assert_eq!(exchange(&server, "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n"), b"");
    server.logged(&["(SSH \"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\", ", "no SSH here"]);
    for junk in [&b"\0\0\0\0\0\0\0\0"[..], b"\x05\x01\x00", b"\x03\x00\x00\x13\x0e\xe0\x00"] {
        assert_eq!(exchange(&server, junk), b"", "{}", junk.escape_ascii());
        server
            .logged(&[&format!("(binary junk \"{}\", ", junk.escape_ascii()), "nothing that is spoken here"]);
    }
}

#[test]
fn every_visit_has_its_line_with_how_it_ended() {
    let server = Server::start(&[]);
    drop(raw::connect(&server));
    server.logged(&["(nothing, ", " 0 bytes in, 0 out) was ended by the peer before it made a request"]);
    drop(raw::send(&server, "GET / HT"));
    server.logged(&["(HTTP \"GET / HT\", ", "was ended by the peer before it made a request"]);
    raw::http(&server, "GET /otra HTTP/1.1\r\nHost: x\r\n\r\n");
    server.logged(&["(HTTP \"GET /otra HTTP/1.1\", ", "was answered with 404"]);
    let forbidden = raw::upgrade_request("/otra");
    raw::http(&server, forbidden);
    server.logged(&["(WebSocket \"GET /otra HTTP/1.1\", ", "was answered with 404"]);
    let [mut ana] = server.room(["ana"]);
    ana.request("disconnect", json!({ "content": "" }));
    ana.expect_closed(1000);
    let line = server.logged(&["(WebSocket, ", "was closed with 1000"]);
    let bytes: Vec<u64> = line.split([' ', ')']).filter_map(|word| word.parse().ok()).collect();
    assert!(bytes.len() >= 2 && bytes.iter().all(|count| *count > 100), "{line}");
}

#[test]
fn nothing_that_a_stranger_sends_can_forge_a_line_or_reach_a_terminal() {
    let server = Server::start(&[]);
    let forged = "2026-01-01T00:00:00.000Z INFO  FALSO";
    for attack in [
        format!("hola\n{forged}\n"),
        format!("hola\r{forged}\n"),
        format!("hola\u{2028}{forged}\u{85}\u{1b}[2J\u{9b}2J\u{202e}\n"),
        format!("SSH-2.0-x\n{forged}\n"),
        format!("\0\n{forged}\n"),
        format!("\x16\x03\x01\n{forged}\n"),
        format!("GET /\u{1b}[2J HTTP/1.1\r\n\r\n{forged}\n"),
        format!("GET /x\n{forged}\n HTTP/9.9\r\n\r\n"),
        format!("{}\" was answered with 200 {forged}\n", "x".repeat(40)),
        format!("{}\n", "\u{1b}".repeat(5_000)),
    ] {
        exchange(&server, &attack);
    }
    eventually_all_are_noted(&server, 10);
    let log = server.log();
    for line in log.lines() {
        assert!(line.is_ascii() && !line.chars().any(char::is_control), "{line:?}");
        assert!(line.len() <= 1_024, "{line:?}");
        let text = line.get(30..).unwrap_or_default();
        assert!(text.trim_start().starts_with("connection from") || !text.contains("FALSO"), "{line:?}");
        // A quotation mark inside what was sent is escaped, so what follows the last one is ours.
        assert!(!line.contains("x\" was"), "{line:?}");
    }
}

#[track_caller]
fn eventually_all_are_noted(server: &Server, visits: usize) {
    support::eventually("every visit has its line", || {
        server.log().lines().filter(|line| line.contains("connection from")).count() == visits
    });
}

#[test]
fn a_storm_of_visitors_is_cut_in_the_log_and_the_log_says_by_how_much() {
    let server = Server::start(&[]);
    let visits = 3_000;
    for _ in 0..visits {
        drop(raw::connect(&server));
    }
    let mut ana = support::Client::connect(&server);
    ana.register("ana");
    let noted = |log: &str| log.lines().filter(|line| line.contains("(nothing, ")).count();
    let left_out = |log: &str| -> usize {
        let said = log.lines().filter(|line| line.contains("lines were left out"));
        said.filter_map(|line| line.split_whitespace().find_map(|word| word.parse::<usize>().ok())).sum()
    };
    support::eventually("all are noted or counted as left out", || {
        // One more visit brings the count out.
        drop(raw::connect(&server));
        let log = server.log();
        log.contains("lines are left out") && noted(&log) + left_out(&log) >= visits
    });
    assert!(noted(&server.log()) < visits, "the log is bounded");
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
}
