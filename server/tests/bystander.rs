//! What two users who do nothing wrong notice of what others do to the server: nothing. See `support/bystander.rs`
//! for the bar and for what it is judged against.
//!
//! How those others themselves fare is the matter of the other files.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use support::bystander::watch;
use support::raw::{self, CONTINUE, TEXT, TEXT_BEGIN};
use support::{Client, Server, json};

/// As fast as they like: nothing but the server's own bounds protects the two.
const UNLIMITED: &[&str] = &["--rate", "0"];
/// A limit that the two keep and a flood does not.
const LIMITED: &[&str] = &["--rate", "200"];
/// More than the server and the system together take for one who does not read.
const DEAF_BYTES_MAX: usize = 64 << 20;

fn broadcast(name: &str, bytes: usize) -> Vec<u8> {
    let message = json!({ "type": "broadcast", "sender": name, "content": "x".repeat(bytes) });
    raw::frame(TEXT, message.to_string().as_bytes())
}

/// A flood that everybody must read, so fast that one who does not is soon found out, and so slow that readers who
/// wait for a processor on a busy machine are not: so many messages of 4 kB at once, and then a pause.
const WAVE: usize = 32;
const PAUSE: Duration = Duration::from_millis(4);

/// A user who reads nothing any more and whose system takes little for it.
fn deaf(server: &Server, name: &str) -> Client {
    let mut client = Client::connect_with_small_buffer(server);
    client.register(name);
    client
}

/// Sends the same bytes again and again while somebody throws away what comes back, for so long or until the
/// server has had enough.
fn flood(client: &mut Client, bytes: &[u8], time: Duration, pause: Duration) {
    let start = Instant::now();
    let mut stream = client.stream().try_clone().unwrap();
    let mut answers = stream.try_clone().unwrap();
    let reader = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while matches!(answers.read(&mut buffer), Ok(count) if count > 0) {}
    });
    let mut sent = 0;
    while start.elapsed() < time && stream.write_all(bytes).is_ok() {
        sent += bytes.len();
        thread::sleep(pause);
    }
    assert!(sent > 0, "it flooded");
    let _ = stream.shutdown(std::net::Shutdown::Both);
    reader.join().unwrap();
}

// ---- Floods

#[test]
fn broadcasts_at_full_speed() {
    for options in [LIMITED, UNLIMITED] {
        watch(
            &format!("3,000 broadcasts, {}", options.join(" ")),
            || Server::start(options),
            |server| {
                let mut client = Client::connect(server);
                client.register("prisa");
                let message = broadcast("prisa", 200);
                let mut stream = client.stream().try_clone().unwrap();
                let writer = thread::spawn(move || (0..3_000).all(|_| stream.write_all(&message).is_ok()));
                // Each is echoed or refused, in order, unless the server closes.
                let mut answers = 0;
                while answers < 3_000
                    && matches!(client.receive(), support::Received::Message(m) if m["type"] != "status_update")
                {
                    answers += 1;
                }
                assert!(answers > 0);
                drop(client);
                writer.join().unwrap();
            },
        );
    }
}

#[test]
fn requests_for_the_list_at_full_speed() {
    watch(
        "list_users at full speed",
        || Server::start(UNLIMITED),
        |server| {
            let mut client = Client::connect(server);
            client.register("prisa");
            let question = json!({ "type": "list_users", "sender": "prisa" }).to_string();
            let questions = raw::frame(TEXT, question.as_bytes()).repeat(100);
            flood(&mut client, &questions, Duration::from_secs(1), Duration::ZERO);
        },
    );
}

#[test]
fn nested_json_at_full_speed() {
    watch(
        "nested JSON at full speed",
        || Server::start(UNLIMITED),
        |server| {
            let mut client = Client::connect(server);
            client.register("prisa");
            let nested = raw::frame(TEXT, "[".repeat(50_000).as_bytes());
            flood(&mut client, &nested, Duration::from_secs(1), Duration::ZERO);
        },
    );
}

// ---- Those who do not read

#[test]
fn eight_who_do_not_read_the_general_chat() {
    watch(
        "8 who do not read, and a flood",
        || Server::start(UNLIMITED),
        |server| {
            let deaf: Vec<_> = (0..8).map(|n| deaf(server, &format!("sordo{n}"))).collect();
            let mut client = Client::connect(server);
            client.register("prisa");
            let wave = broadcast("prisa", 4_000).repeat(WAVE);
            flood(&mut client, &wave, Duration::from_secs(1), PAUSE);
            drop(deaf);
        },
    );
}

#[test]
fn a_flood_of_private_messages_to_one_who_does_not_read() {
    watch(
        "private messages to one who does not read",
        || Server::start(UNLIMITED),
        |server| {
            let deaf = deaf(server, "sordo");
            let mut client = Client::connect(server);
            client.register("prisa");
            let message = json!({ "type": "private", "sender": "prisa", "target": "sordo", "content": "x".repeat(4_000) });
            flood(
                &mut client,
                &raw::frame(TEXT, message.to_string().as_bytes()),
                Duration::from_secs(1),
                Duration::ZERO,
            );
            drop(deaf);
        },
    );
}

#[test]
fn one_who_asks_and_one_who_pings_and_never_read() {
    watch(
        "asks, pings and never reads",
        || Server::start(UNLIMITED),
        |server| {
            let question = json!({ "type": "list_users", "sender": "p" }).to_string();
            let questions = raw::frame(TEXT, question.as_bytes()).repeat(1_000);
            let pings = raw::frame(raw::PING, &[7; 125]).repeat(20_000);
            for bytes in [questions, pings] {
                let mut client = deaf(server, "p");
                client.stream().set_write_timeout(Some(Duration::from_millis(300))).unwrap();
                // Ends in a time-out when the server reads no more, or when it closes.
                let mut sent = 0;
                while sent < DEAF_BYTES_MAX && client.stream().write_all(&bytes).is_ok() {
                    sent += bytes.len();
                }
                client.reset();
            }
        },
    );
}

// ---- Those who do not come in

#[test]
fn a_slowloris_of_three_kinds() {
    watch(
        "24 who never finish a request",
        || Server::start(LIMITED),
        |server| {
            let mut sockets: Vec<_> = (0..24).map(|_| raw::connect(server)).collect();
            for round in 0..100 {
                for (number, socket) in sockets.iter_mut().enumerate() {
                    let bytes = match (number % 3, round) {
                        (0, _) => "",
                        (_, 0) => "GET /chat HTTP/1.1\r\n",
                        (1, _) => "x",
                        _ => "X-a: b\r\n",
                    };
                    // After a hundred lines it is too much.
                    let _ = socket.write_all(bytes.as_bytes());
                }
                thread::sleep(Duration::from_millis(15));
            }
        },
    );
}

#[test]
fn fifteen_hundred_who_connect_and_say_nothing() {
    chat_server::descriptors::raise_limit();
    watch(
        "1,500 connections that say nothing",
        || Server::start(LIMITED),
        |server| {
            let sockets: Vec<_> = (0..1_500).map(|_| raw::connect(server)).collect();
            thread::sleep(Duration::from_secs(1));
            drop(sockets);
        },
    );
}

#[test]
fn connections_that_are_reset_at_once() {
    watch(
        "3,000 connections reset at once",
        || Server::start(LIMITED),
        |server| {
            for _ in 0..3_000 {
                let stream = TcpStream::connect(server.address()).unwrap();
                SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
        },
    );
}

#[test]
fn three_hundred_users_who_are_reset_at_once() {
    chat_server::descriptors::raise_limit();
    watch(
        "300 users reset at once",
        || Server::start(UNLIMITED),
        |server| {
            let users: Vec<_> = (0..300)
                .map(|n| {
                    let mut client = Client::connect(server);
                    client.register(&format!("u{n}"));
                    client
                })
                .collect();
            users.into_iter().for_each(Client::reset);
        },
    );
}

#[test]
fn twenty_who_race_for_one_name_again_and_again() {
    watch(
        "20 who race for a name",
        || Server::start(UNLIMITED),
        |server| {
            thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| {
                        for _ in 0..10 {
                            let mut client = Client::connect(server);
                            client.try_register("premio");
                            client.message();
                        }
                    });
                }
            });
        },
    );
}

#[test]
fn no_descriptors_left() {
    watch(
        "no descriptors left",
        || Server::start(LIMITED),
        |server| {
            let before = server.forbid_more_descriptors();
            let waiting: Vec<_> = (0..100).map(|_| raw::connect(server)).collect();
            thread::sleep(Duration::from_secs(1));
            assert!(server.log().contains("cannot accept connections"), "there was no shortage");
            server.limit_descriptors(before);
            Client::connect(server).register("nuevo");
            drop(waiting);
        },
    );
}

// ---- Those who break the rules

#[test]
fn messages_of_any_size() {
    watch(
        "messages too large",
        || Server::start(UNLIMITED),
        |server| {
            let whole = raw::frame(TEXT, &vec![b' '; 12 << 20]);
            let mut fragments = raw::frame(TEXT_BEGIN, &[b' '; 30_000]);
            fragments.extend(raw::frame(CONTINUE, &[b' '; 30_000]).repeat(1_000));
            let headers = [1 << 62, 1 << 32, 1 << 30, 65 << 20, 17 << 20].map(|length| {
                let mut bytes = raw::header(TEXT, length, true);
                bytes.extend([0; 1 << 16]);
                bytes
            });
            for bytes in headers.into_iter().chain([whole, fragments]) {
                let mut client = Client::connect(server);
                client.register("grande");
                // The server closes before it has all of it.
                let _ = client.stream().write_all(&bytes);
                client.reset();
            }
        },
    );
}

#[test]
fn what_is_not_http() {
    watch(
        "what is not HTTP",
        || Server::start(LIMITED),
        |server| {
            let huge = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(1 << 20));
            let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000));
            let junk: [&[u8]; 5] = [
                b"\x16\x03\x01\x02\x00\x01",
                b"SSH-2.0-x\r\n",
                &[0; 4_096],
                huge.as_bytes(),
                many.as_bytes(),
            ];
            for _ in 0..40 {
                for bytes in junk {
                    let mut stream = raw::connect(server);
                    let _ = stream.write_all(bytes);
                }
            }
        },
    );
}
