//! How long the server waits for what must come. Each deadline is set to a second or two, so that the tests can wait
//! for it; the defaults are checked by the unit tests of the table they stand in, `bounds.rs`.

mod support;

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use support::raw::{self, TEXT};
use support::{Client, Received, Server, json};

/// What may come late on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

#[track_caller]
fn assert_about(elapsed: Duration, seconds: u64) {
    let limit = Duration::from_secs(seconds);
    assert!(elapsed >= limit.mul_f64(0.95) && elapsed < limit + SLACK, "{elapsed:?} instead of {limit:?}");
}

/// A server for which this many seconds is the limit of these names.
fn server(limits: &[&str], more: &[&str]) -> Server {
    let limits = limits.iter().flat_map(|limit| ["--limit", limit]);
    Server::start(&limits.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn a_handshake_has_its_time_and_no_more() {
    let server = server(&["handshake=1"], &[]);
    thread::scope(|scope| {
        for (part, answer) in [
            ("", "Esto es chat-server "),
            ("GET /chat HTTP/1.1\r\nHost: x\r\n", "HTTP/1.1 408 "),
            ("G", "Esto es "),
        ] {
            let server = &server;
            scope.spawn(move || {
                let start = Instant::now();
                let mut stream = raw::send(server, part);
                let mut got = Vec::new();
                stream.read_to_end(&mut got).unwrap();
                assert_about(start.elapsed(), 1);
                assert!(got.starts_with(answer.as_bytes()), "{part:?} got {}", got.escape_ascii());
            });
        }
    });
}

#[test]
fn a_head_that_drips_in_does_not_put_its_deadline_off() {
    let server = server(&["handshake=1"], &[]);
    let start = Instant::now();
    let mut stream = raw::connect(&server);
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut byte = [0];
    // Ends: the server closes, or the assertion does.
    while matches!(stream.read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock) {
        assert!(start.elapsed() < Duration::from_secs(1) + SLACK);
        if stream.write_all(b"G").is_err() {
            break;
        }
    }
    assert_about(start.elapsed(), 1);
}

#[test]
fn a_registration_has_its_time_and_no_more() {
    let server = server(&["registration=1.25"], &[]);
    let start = Instant::now();
    let mut client = Client::connect(&server);
    client.try_register("no vale");
    client.expect_error("name_invalid");
    let (messages, end) = client.drain();
    assert_about(start.elapsed(), 1);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["code"], "not_registered");
    assert!(messages[0]["content"].as_str().unwrap().contains(" 1.25 s;"), "{messages:?}");
    assert!(matches!(end, Received::Close(1008, _)), "{end:?}");
}

#[test]
fn a_message_that_was_begun_has_its_time_and_the_rest_goes_on_meanwhile() {
    let server = server(&["message=1"], &[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let message = json!({ "type": "broadcast", "sender": "ana", "content": "a medias" }).to_string();
    let bytes = raw::frame(TEXT, message.as_bytes());
    let start = Instant::now();
    ana.stream().write_all(&bytes[..20]).unwrap();
    beto.say("hola");
    ana.expect_broadcast("beto", "hola");
    beto.expect_broadcast("beto", "hola");
    let (_, end) = ana.drain();
    assert_about(start.elapsed(), 1);
    assert!(matches!(end, Received::Close(1008, _)), "{end:?}");
    beto.expect_left("ana");
}

#[test]
fn a_silent_connection_is_pinged_and_given_up_if_no_answer_comes() {
    let server = server(&["ping=1", "pong=2"], &["--inactivity", "0"]);
    let [mut silent, mut alive] = server.room(["silencio", "vivo"]);
    let start = Instant::now();
    // Below the library, so that nobody answers.
    let mut stream = silent.stream().try_clone().unwrap();
    let silent = thread::spawn(move || {
        // The announcement of the other one was read by the library already.
        let mut ping = [0; 2];
        stream.read_exact(&mut ping).unwrap();
        assert_eq!(ping, [0x89, 0], "a ping");
        assert_about(start.elapsed(), 1);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{rest:?}");
        assert_about(start.elapsed(), 3);
    });
    // This one is silent as well, but its library answers pings.
    alive.expect_left("silencio");
    assert_about(start.elapsed(), 3);
    alive.expect_nothing_more();
    silent.join().unwrap();
}

#[test]
fn whoever_floods_for_long_is_closed_with_1008_after_an_error_for_each_message() {
    let server = server(&["flood=1"], &[]);
    let [mut beto, mut ana] = server.room(["beto", "ana"]);
    let flooder = thread::spawn(move || {
        let mut start = None;
        loop {
            ana.request("user_info", json!({ "target": "nadie" }));
            match ana.receive() {
                Received::Message(message) if message["code"] == "rate_limited" => {
                    let start = start.get_or_insert_with(Instant::now);
                    assert!(start.elapsed() < Duration::from_secs(1) + SLACK);
                }
                Received::Message(message) => assert_eq!(message["code"], "user_not_found"),
                end => {
                    assert!(matches!(&end, Received::Close(1008, reason) if !reason.is_empty()), "{end:?}");
                    return start.expect("errors come first").elapsed();
                }
            }
        }
    });
    beto.expect_left("ana");
    assert_about(flooder.join().unwrap(), 1);
}

#[test]
fn whoever_does_not_answer_our_close_is_dropped() {
    let server = server(&["close=1", "registration=0.01"], &[]);
    let mut client = Client::connect(&server);
    let start = Instant::now();
    let mut rest = Vec::new();
    client.stream().read_to_end(&mut rest).unwrap();
    assert!(rest.windows(2).any(|two| two == 1008_u16.to_be_bytes()), "{}", rest.escape_ascii());
    // The close frame came at once; the end of the stream when the answer to it had not.
    assert_about(start.elapsed(), 1);
}
