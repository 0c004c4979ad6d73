//! Stopping and starting again: nobody who stays to the end loses a word that its sender has seen come back, the
//! end is soon whoever is stuck, and the next server has the port at once.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::collections::HashSet;
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::raw::{self, TEXT};
use support::server::command;
use support::{Client, Received, Server, eventually, json};

/// The end after the first signal, however many are stuck.
const STOP_MAX: Duration = Duration::from_secs(2);
/// From killing a server to the next one that listens on its port.
const RESTART_MAX: Duration = Duration::from_millis(100);
/// A busy machine may be unlucky with a start, but not each time.
const RESTART_TRIES: usize = 5;

/// A server on the port of one that is gone.
#[track_caller]
fn start_again(port: u16) -> Server {
    let mut command = command([]);
    Server::spawn(command.args([&port.to_string(), "--bind", "127.0.0.1"]).stderr(Stdio::piped()))
}

// ---- Nothing is lost

/// Who said it and its number.
type Word = (usize, u64);

/// What one user saw up to the end.
struct Seen {
    words: HashSet<Word>,
    end: Received,
}

/// Reads everything to the end, in the order in which each said it.
fn read_to_the_end(client: &mut Client, users: usize, read: &AtomicUsize) -> Seen {
    let mut words = HashSet::new();
    let mut next = vec![0; users];
    loop {
        let message = match client.receive() {
            Received::Message(message) => message,
            end => return Seen { words, end },
        };
        if message["type"] != "broadcast" {
            continue;
        }
        let sender: usize = message["sender"].as_str().unwrap()[1..].parse().unwrap();
        let (number, _) = message["content"].as_str().unwrap().split_once(' ').unwrap();
        let number = number.parse().unwrap();
        assert_eq!(number, next[sender], "u{sender}'s words, each once and in order");
        next[sender] += 1;
        words.insert((sender, number));
        read.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_stop_under_load_loses_nothing_that_its_sender_has_seen() {
    const USERS: usize = 16;
    // The stop comes in the middle: so much was read by all before, and nobody ever stops talking.
    const READ_BEFORE: usize = USERS * 1_000;
    let mut server = Server::start(&["--rate", "0"]);
    let mut clients: Vec<Client> = (0..USERS)
        .map(|n| {
            let mut client = Client::connect(&server);
            client.register(&format!("u{n}"));
            client
        })
        .collect();
    let read = &AtomicUsize::new(0);
    let (seen, said) = thread::scope(|scope| {
        let mut writers = Vec::new();
        let mut readers = Vec::new();
        for (user, client) in clients.iter_mut().enumerate() {
            let mut stream = client.stream().try_clone().unwrap();
            writers.push(scope.spawn(move || {
                let mut said: u64 = 0;
                loop {
                    let content = format!("{said} {}", "x".repeat(100));
                    let message =
                        json!({ "type": "broadcast", "sender": format!("u{user}"), "content": content });
                    if stream.write_all(&raw::frame(TEXT, message.to_string().as_bytes())).is_err() {
                        return said;
                    }
                    said += 1;
                }
            }));
            readers.push(scope.spawn(move || {
                let seen = read_to_the_end(client, USERS, read);
                // So that the writer ends.
                let _ = client.stream().shutdown(std::net::Shutdown::Both);
                seen
            }));
        }
        eventually("they are in full swing", || read.load(Ordering::Relaxed) >= READ_BEFORE);
        let start = Instant::now();
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
        assert!(start.elapsed() <= STOP_MAX, "{:?}", start.elapsed());
        let seen: Vec<Seen> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        let said: Vec<u64> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        (seen, said)
    });

    let echoed: HashSet<Word> = (0..USERS)
        .flat_map(|user| seen[user].words.iter().filter(move |word| word.0 == user).copied())
        .collect();
    let mut stayed = 0;
    for (user, Seen { words, end }) in seen.iter().enumerate() {
        if matches!(end, Received::Close(1001, _)) {
            stayed += 1;
            let lost: Vec<_> = echoed.difference(words).take(5).collect();
            assert!(lost.is_empty(), "u{user} was told of the end and never got {lost:?}...");
        }
    }
    assert!(stayed >= USERS / 2, "only {stayed} of {USERS} could be asked");
    let said: u64 = said.iter().sum();
    assert!(said > echoed.len() as u64, "the stop came when nothing was under way");
}

#[test]
fn whoever_is_behind_at_a_stop_still_gets_all_of_it() {
    // Half of what the ring holds.
    const BEHIND: usize = 128;
    const SAID_MAX: usize = 10_000;
    let text = |n: usize| format!("{n} {}", "x".repeat(4_000));
    let mut server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let deaf = |name: &str, ana: &mut Client| {
        let mut client = Client::connect_with_small_buffer(&server);
        client.register(name);
        ana.expect_status(name, "ACTIVO", "joined");
        client
    };
    // How much the system takes for one who does not read shows one who never did.
    let mut never = deaf("nunca", &mut ana);
    for n in 0.. {
        assert!(n < SAID_MAX, "whoever does not read is closed");
        ana.say(&text(n));
        if ana.message()["type"] == "user_disconnected" {
            ana.expect_broadcast("ana", &text(n));
            break;
        }
    }
    let taken = never.drain().0.len();

    let mut behind = deaf("atrás", &mut ana);
    let said = taken + BEHIND;
    for n in 0..said {
        ana.say(&text(n));
        ana.expect_broadcast("ana", &text(n));
    }
    server.signal(Signal::TERM);
    ana.expect_closed(1001);
    for n in 0..said {
        behind.expect_broadcast("ana", &text(n));
    }
    behind.expect_closed(1001);
    assert_eq!(server.wait().code(), Some(0));
}

// ---- The end is soon

#[test]
fn a_stop_waits_for_nobody_who_is_stuck_wherever_they_are_stuck() {
    let mut server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let mut stuck = Vec::new();
    for n in 0..20 {
        let mut stream = raw::connect(&server);
        match n % 5 {
            // In the handshake, after it, in the middle of a message, in the middle of leaving, or deaf.
            0 => stream.write_all(b"GET /chat HTTP/1.1\r\nHost:").unwrap(),
            1 => {
                stream.write_all(raw::upgrade_request("/chat").as_bytes()).unwrap();
                stream = raw::upgraded(stream).stream().try_clone().unwrap();
            }
            kind => {
                let name = format!("mudo{n}");
                let mut client = Client::connect(&server);
                client.register(&name);
                assert_eq!(ana.message()["content"]["user"], name);
                match kind {
                    2 => client.stream().write_all(&raw::frame(TEXT, &[b' '; 1_000])[..500]).unwrap(),
                    3 => {
                        client.request("disconnect", json!({}));
                        ana.expect_left(&name);
                    }
                    _ => {
                        let question = json!({ "type": "list_users", "sender": name }).to_string();
                        let questions = raw::frame(TEXT, question.as_bytes()).repeat(20_000);
                        client.stream().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
                        // As much as the server takes.
                        let _ = client.stream().write_all(&questions);
                    }
                }
                stream = client.stream().try_clone().unwrap();
            }
        }
        stuck.push(stream);
    }
    let start = Instant::now();
    server.signal(Signal::TERM);
    // Whoever went too far in asking may have been closed before, and she told of it.
    let (_, end) = ana.drain();
    assert!(matches!(end, Received::Close(1001, _)), "{end:?}");
    assert_eq!(server.wait().code(), Some(0));
    assert!(start.elapsed() <= STOP_MAX, "{:?}", start.elapsed());
    drop(stuck);
}

#[test]
fn a_second_signal_under_load_ends_the_process_at_once() {
    let mut server = Server::start(&["--rate", "0"]);
    let [mut ana, _mudo] = server.room(["ana", "mudo"]);
    let mut stream = ana.stream().try_clone().unwrap();
    let flood = raw::frame(TEXT, br#"{"type":"broadcast","sender":"ana","content":"x"}"#).repeat(100);
    let flooder = thread::spawn(move || while stream.write_all(&flood).is_ok() {});
    ana.expect("broadcast");
    let start = Instant::now();
    // Two different ones, since two of a kind are one to the system as long as the first is not taken.
    server.signal(Signal::TERM);
    server.signal(Signal::INT);
    let code = server.wait().code();
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}: it waited for those who are stuck",
        start.elapsed()
    );
    let _ = ana.stream().shutdown(std::net::Shutdown::Both);
    flooder.join().unwrap();
}

// ---- The next one

#[test]
fn after_a_kill_under_load_the_next_server_has_the_port_within_a_tenth_of_a_second() {
    let mut server = Server::start(&["--rate", "0"]);
    let mut times = Vec::new();
    for _ in 0..RESTART_TRIES {
        let mut clients = server.room(["ana", "beto", "caro"]);
        for client in &mut clients {
            client.say("a medias");
        }
        let start = Instant::now();
        server.signal(Signal::KILL);
        server.wait();
        server = start_again(server.port);
        times.push(start.elapsed());
        for client in &mut clients {
            // What was under way came or not; what is left is the end, and that at once.
            let (messages, end) = client.drain();
            assert!(messages.len() <= 3 && end == Received::End, "{messages:?} {end:?}");
        }
        // Nothing is left of those who were there.
        let [mut ana] = server.room(["ana"]);
        assert_eq!(ana.users(), ["ana"]);
        ana.request("disconnect", json!({}));
        ana.expect_closed(1000);
        if times.last().is_some_and(|time| *time <= RESTART_MAX) {
            return;
        }
    }
    panic!("each time more than {RESTART_MAX:?}: {times:?}");
}
