//! How long the server waits for what must come. These limits are the protocol's and cannot be set, so the tests
//! take their time: `cargo test --test timeouts -- --ignored`.

mod support;

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use support::client::be_patient;
use support::raw::{self, TEXT};
use support::{Client, Received, Server, json};

/// What may come late on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

fn wait_long(client: &mut Client) {
    let longer_than_any = Some(Duration::from_secs(60));
    client.stream().set_read_timeout(longer_than_any).expect("a connection takes a time-out");
}

#[track_caller]
fn assert_about(elapsed: Duration, seconds: u64) {
    let limit = Duration::from_secs(seconds);
    assert!(elapsed >= limit.mul_f64(0.98) && elapsed < limit + SLACK, "{elapsed:?} instead of {limit:?}");
}

#[test]
#[ignore = "takes 10 s"]
fn a_handshake_has_ten_seconds() {
    let server = Server::start(&[]);
    thread::scope(|scope| {
        for part in ["", "GET /chat HTTP/1.1\r\nHost: x\r\n", "G"] {
            let server = &server;
            scope.spawn(move || {
                let start = Instant::now();
                let mut stream = raw::connect(server);
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                stream.write_all(part.as_bytes()).unwrap();
                let mut answer = Vec::new();
                // A visitor who said nothing may be left without an answer, but not without an end.
                let _ = stream.read_to_end(&mut answer);
                assert_about(start.elapsed(), 10);
                assert!(
                    answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "),
                    "{}",
                    answer.escape_ascii()
                );
            });
        }
    });
}

#[test]
#[ignore = "takes 30 s"]
fn a_registration_has_thirty_seconds() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut client = Client::connect(&server);
    wait_long(&mut client);
    client.try_register("no vale");
    client.expect_error("name_invalid");
    let (messages, end) = client.drain();
    assert_about(start.elapsed(), 30);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["code"], "not_registered");
    assert!(matches!(end, Received::Close(1008, _)), "{end:?}");
}

#[test]
#[ignore = "takes 30 s"]
fn a_message_that_was_begun_has_thirty_seconds_and_the_rest_goes_on_meanwhile() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    wait_long(&mut ana);
    wait_long(&mut beto);
    let message = json!({ "type": "broadcast", "sender": "ana", "content": "a medias" }).to_string();
    let bytes = raw::frame(TEXT, message.as_bytes());
    let start = Instant::now();
    ana.stream().write_all(&bytes[..20]).unwrap();
    beto.say("hola");
    ana.expect_broadcast("beto", "hola");
    beto.expect_broadcast("beto", "hola");
    let (_, end) = ana.drain();
    assert_about(start.elapsed(), 30);
    assert!(matches!(end, Received::Close(1008, _)), "{end:?}");
    beto.expect_left("ana");
}

#[test]
#[ignore = "takes 41 s"]
fn a_silent_connection_is_pinged_after_25_s_and_given_up_15_s_later() {
    let server = Server::start(&["--inactivity", "0"]);
    let [mut silent, mut alive] = server.room(["silencio", "vivo"]);
    let start = Instant::now();
    // Below the library, so that nobody answers.
    let mut stream = silent.stream().try_clone().unwrap();
    let silent = thread::spawn(move || {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // The announcement of the other one was read by the library already.
        let mut ping = [0; 2];
        stream.read_exact(&mut ping).unwrap();
        assert_eq!(ping, [0x89, 0], "a ping");
        assert_about(start.elapsed(), 25);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{rest:?}");
        assert_about(start.elapsed(), 40);
    });
    wait_long(&mut alive);
    // This one is silent as well, but its library answers pings.
    alive.expect_left("silencio");
    assert_about(start.elapsed(), 40);
    be_patient(alive.stream());
    alive.expect_nothing_more();
    silent.join().unwrap();
}

#[test]
#[ignore = "takes 12 s"]
fn whoever_floods_for_ten_seconds_is_closed_with_1008() {
    let server = Server::start(&[]);
    let [mut beto, mut ana] = server.room(["beto", "ana"]);
    wait_long(&mut beto);
    let flooder = thread::spawn(move || {
        let start = Instant::now();
        loop {
            ana.request("user_info", json!({ "target": "nadie" }));
            match ana.receive() {
                Received::Message(_) => assert!(start.elapsed() < Duration::from_secs(20)),
                end => {
                    assert!(matches!(&end, Received::Close(1008, reason) if !reason.is_empty()), "{end:?}");
                    return start.elapsed();
                }
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    beto.expect_left("ana");
    assert_about(flooder.join().unwrap(), 10);
}
