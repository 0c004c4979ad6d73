//! Those who connect and never become users: they cost little, they are gone soon, and who wants to come in can.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use support::raw;
use support::{Client, Server, eventually};

/// What they may cost all together.
const COST_KIB_MAX: u64 = 32 << 10;
/// How long is looked at what the server does while they wait.
const LOOK: Duration = Duration::from_secs(2);
/// The share of a processor that it may need meanwhile.
const SHARE_MAX: f64 = 0.05;
/// Who wants to come in after a crowd has gone is in after this.
const NEWCOMER_MAX: Duration = Duration::from_secs(4);
/// The same after a shortage of descriptors.
const SERVED_MAX: Duration = Duration::from_secs(1);

/// The share of a processor that the server needs for a while. Nobody waits for anything in it, so that sleeping
/// is what is measured.
fn processor_share(server: &Server) -> f64 {
    let (start, before) = (Instant::now(), server.processor_time());
    thread::sleep(LOOK);
    (server.processor_time() - before).as_secs_f64() / start.elapsed().as_secs_f64()
}

/// Ends a connection by a reset.
fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

// ---- Crowds

#[test]
fn fifteen_hundred_who_say_nothing_cost_nothing_and_newcomers_come_in_after_them() {
    chat_server::descriptors::raise_limit();
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let before = server.resident_kib();
    let crowd: Vec<_> = (0..1_500).map(|_| raw::connect(&server)).collect();
    let share = processor_share(&server);
    assert!(share < SHARE_MAX, "{:.1} % of a processor", share * 100.0);
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    drop(crowd);
    let start = Instant::now();
    Client::connect(&server).register("beto");
    assert!(start.elapsed() < NEWCOMER_MAX, "{:?}", start.elapsed());
}

#[test]
fn resets_right_after_connecting_and_of_users_leave_neither_ghosts_nor_descriptors() {
    chat_server::descriptors::raise_limit();
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let before = server.descriptors().len();
    for n in 0..600 {
        let mut stream = raw::connect(&server);
        // At once, in the middle of a request, or after a whole one.
        let request = raw::upgrade_request("/chat");
        let bytes = [0, request.len() / 2, request.len()][n % 3];
        stream.write_all(&request.as_bytes()[..bytes]).unwrap();
        reset(stream);
    }
    let users = server.crowd(&mut ana, 300);
    users.into_iter().for_each(Client::reset);
    let mut left: Vec<_> = (0..300).map(|_| ana.expect("user_disconnected")["user"].to_string()).collect();
    left.sort();
    left.dedup();
    assert_eq!(left.len(), 300, "each once");
    eventually("the descriptors are back", || server.descriptors().len() == before);
    assert_eq!(ana.users(), ["ana"]);
}

// ---- Requests that are none

#[test]
fn megabytes_that_are_no_request_are_refused_and_cost_nothing() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let before = server.resident_kib();
    let endless_line = [b"GET /".to_vec(), vec![b'x'; 1 << 20]].concat();
    let endless_header = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes();
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100_000)).into_bytes();
    let body = [b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n".to_vec(), vec![b'x'; 1 << 20]].concat();
    for bytes in [endless_line, endless_header, many_headers, body, vec![0; 1 << 20], vec![0xff; 1 << 20]] {
        let mut streams: Vec<_> = (0..8).map(|_| raw::connect(&server)).collect();
        for stream in &mut streams {
            // The server ends it before it has all.
            let _ = stream.write_all(&bytes);
        }
        for mut stream in streams {
            let mut answer = Vec::new();
            // An answer and the end, or a reset: whoever sends on after it may lose it.
            let _ = stream.read_to_end(&mut answer);
            let is_refusal = answer.starts_with(b"HTTP/1.1 4");
            assert!(is_refusal || answer.is_empty(), "{}", answer.escape_ascii());
        }
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    ana.expect_nothing_more();
}

#[test]
fn a_head_that_comes_byte_by_byte_costs_less_than_a_second_and_is_cut_at_its_bound() {
    let server = Server::start(&[]);
    let before = server.processor_time();
    let mut stream = raw::connect(&server);
    let bytes = format!("GET / HTTP/1.1\r\nCookie: {}", "x".repeat(20_000)).into_bytes();
    let mut sent = 0;
    for byte in bytes {
        if stream.write_all(&[byte]).is_err() {
            break;
        }
        sent += 1;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 431 ") || answer.is_empty(), "{}", answer.escape_ascii());
    assert!(sent > 8_000, "cut at its bound and not before: {sent}");
    let cost = server.processor_time() - before;
    assert!(cost < Duration::from_secs(1), "{cost:?}");
}

// ---- No descriptors left

#[test]
fn with_no_descriptors_left_the_users_go_on_nothing_spins_and_newcomers_come_in_soon_after() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let before = server.forbid_more_descriptors();
    let mut waiting: Vec<_> = (0..40).map(|_| raw::connect(&server)).collect();
    for stream in &mut waiting {
        stream.write_all(raw::upgrade_request("/chat").as_bytes()).unwrap();
    }
    for n in 0..20 {
        ana.whisper("beto", &n.to_string());
        ana.expect_private("ana", "beto", &n.to_string());
        beto.expect_private("ana", "beto", &n.to_string());
    }
    let share = processor_share(&server);
    assert!(share < SHARE_MAX, "{:.1} % of a processor", share * 100.0);
    assert!(server.log().contains("cannot accept connections"), "there was no shortage");

    // One user goes, so there is one descriptor: whoever waited longest is served with it.
    drop(beto);
    let start = Instant::now();
    ana.expect_left("beto");
    let mut waiting = waiting.into_iter();
    let mut first = raw::upgraded(waiting.next().unwrap());
    assert!(start.elapsed() < SERVED_MAX, "{:?}", start.elapsed());
    first.register("caro");
    ana.expect_status("caro", "ACTIVO", "joined");

    // And then there are enough for all.
    server.limit_descriptors(before);
    let start = Instant::now();
    for stream in waiting {
        raw::upgraded(stream);
    }
    assert!(start.elapsed() < SERVED_MAX, "{:?}", start.elapsed());
    assert_eq!(ana.users(), ["ana", "caro"]);
}

#[test]
fn a_low_limit_of_descriptors_is_kept_in_words() {
    // 32 are kept for everything but connections.
    let server = Server::start_within_descriptors(64, &[]);
    let [mut ana] = server.room(["ana"]);
    let crowd = server.crowd(&mut ana, 31);
    let response = raw::http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(response.status, 503);
    let share = processor_share(&server);
    assert!(share < SHARE_MAX, "{:.1} % of a processor", share * 100.0);
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
    let start = Instant::now();
    drop(crowd);
    eventually("there is a place again", || {
        raw::http(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    });
    assert!(start.elapsed() < SERVED_MAX, "{:?}", start.elapsed());
    for _ in 0..31 {
        ana.expect("user_disconnected");
    }
    ana.expect_nothing_more();
}
