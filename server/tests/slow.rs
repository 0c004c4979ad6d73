//! One who does not read: it is closed, the others notice nothing but that it left, and the server's memory
//! stays bounded.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::io::Write;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use support::raw::{self, TEXT};
use support::{Client, Received, Server, Value, json};

/// Messages that are in flight at once between the fast clients.
const WINDOW: usize = 32;
/// A flood that whoever does not read must not survive: far more than the queues and the system's buffers.
const FLOOD_BYTES_MAX: usize = 32 << 20;
/// What a client that does not read may cost the server.
const COST_KIB_MAX: u64 = 16 << 10;

/// A registered client whose system buffers little for it.
#[track_caller]
fn join_with_small_buffer(server: &Server, name: &str) -> Client {
    let mut client = Client::connect_with_small_buffer(server);
    client.register(name);
    client
}

/// Whether this is a `user_disconnected`, which must be that of this user.
#[track_caller]
fn is_departure(message: &Value, user: &str) -> bool {
    let departed = message["type"] == "user_disconnected";
    assert!(!departed || message["user"] == user, "{message}");
    departed
}

#[test]
fn one_who_does_not_read_the_general_chat_is_closed_and_the_others_get_everything_in_order() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let mut slow = join_with_small_buffer(&server, "lento");
    ana.expect_status("lento", "ACTIVO", "joined");
    beto.expect_status("lento", "ACTIVO", "joined");
    let before = server.resident_kib();

    let text = |n: usize| format!("{n} {}", "x".repeat(4_000));
    let mut said = 0;
    let mut departures = 0;
    while departures < 2 {
        assert!(said * 4_000 < FLOOD_BYTES_MAX, "still there after {said} messages");
        for n in said..said + WINDOW {
            ana.say(&text(n));
        }
        for client in [&mut ana, &mut beto] {
            for n in said..said + WINDOW {
                let mut message = client.message();
                if is_departure(&message, "lento") {
                    departures += 1;
                    message = client.message();
                }
                assert_eq!((&message["sender"], &message["content"]), (&json!("ana"), &json!(text(n))));
            }
        }
        said += WINDOW;
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");

    // What it had been sent is in order, and nothing is in it after the cut.
    let (messages, end) = slow.drain();
    let contents: Vec<_> = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert!(contents.len() < said);
    assert_eq!(contents, (0..contents.len()).map(text).collect::<Vec<_>>());
    match end {
        Received::Close(code, reason) => assert!(code == 1008 && !reason.is_empty(), "{code} {reason}"),
        other => assert_eq!(other, Received::End),
    }
    ana.expect_nothing_more();
    assert_eq!(beto.users(), ["ana", "beto"]);
}

#[test]
fn one_who_does_not_read_its_private_messages_is_closed() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let mut slow = join_with_small_buffer(&server, "lento");
    ana.expect_status("lento", "ACTIVO", "joined");
    beto.expect_status("lento", "ACTIVO", "joined");
    let before = server.resident_kib();
    let text = |n: usize| format!("{n} {}", "x".repeat(4_000));
    let mut said = 0;
    loop {
        assert!(said * 4_000 < FLOOD_BYTES_MAX, "still there after {said} messages");
        ana.whisper("lento", &text(said));
        let message = ana.message();
        if is_departure(&message, "lento") {
            break;
        }
        assert_eq!(message["type"], "private");
        said += 1;
    }
    beto.expect_left("lento");
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    beto.expect_nothing_more();
    // Whole messages, in order, up to where it was cut.
    let (messages, _) = slow.drain();
    let contents: Vec<_> = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert!(contents.len() <= said);
    assert_eq!(contents, (0..contents.len()).map(text).collect::<Vec<_>>());
}

#[test]
fn eight_who_do_not_read_are_closed_each_once() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let names: Vec<_> = (0..8).map(|n| format!("lento{n}")).collect();
    let before = server.resident_kib();
    let _slow: Vec<_> = names
        .iter()
        .map(|name| {
            let client = join_with_small_buffer(&server, name);
            ana.expect_status(name, "ACTIVO", "joined");
            client
        })
        .collect();
    let mut left: Vec<String> = Vec::new();
    let mut said = 0;
    while left.len() < names.len() {
        let text = format!("{said} {}", "x".repeat(4_000));
        assert!(said * text.len() < FLOOD_BYTES_MAX, "only {left:?} left");
        ana.say(&text);
        loop {
            let message = ana.message();
            if message["type"] == "broadcast" {
                assert_eq!(message["content"], text);
                break;
            }
            assert_eq!(message["type"], "user_disconnected");
            left.push(message["user"].as_str().unwrap().to_owned());
        }
        said += 1;
    }
    left.sort();
    assert_eq!(left, names);
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    assert_eq!(ana.users(), ["ana"]);
}

#[test]
fn one_who_asks_and_never_reads_is_cut_or_not_read_from_any_more_and_costs_little() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let mut asker = join_with_small_buffer(&server, "preguntón");
    ana.expect_status("preguntón", "ACTIVO", "joined");
    let before = server.resident_kib();
    let question = json!({ "type": "list_users", "sender": "preguntón" }).to_string();
    let questions = raw::frame(TEXT, question.as_bytes()).repeat(1_000);
    asker.stream().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let start = Instant::now();
    // Ends when the server takes no more: a time-out here, or an error after it has closed. Until its close
    // frame is answered, which never happens, it may read and throw away.
    while asker.stream().write_all(&questions).is_ok() {
        assert!(start.elapsed() < support::PATIENCE, "it was read from all the time");
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    ana.say("los demás siguen");
    let mut message = ana.message();
    if is_departure(&message, "preguntón") {
        message = ana.message();
    }
    assert_eq!(message["content"], "los demás siguen");
}

#[test]
fn pings_that_nobody_reads_the_answers_of_cost_little() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let mut pinger = join_with_small_buffer(&server, "pinger");
    ana.expect_status("pinger", "ACTIVO", "joined");
    let before = server.resident_kib();
    let pings = raw::frame(raw::PING, &[7; 125]).repeat(500);
    pinger.stream().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut sent = 0;
    while sent < FLOOD_BYTES_MAX {
        match pinger.stream().write(&pings) {
            Ok(count) => sent += count,
            Err(_) => break,
        }
    }
    let after = server.resident_kib();
    assert!(after < before + COST_KIB_MAX, "{before} KiB before, {after} KiB after");
    ana.say("sigo");
    ana.expect_broadcast("ana", "sigo");
}

#[test]
fn a_short_pause_in_reading_costs_nobody_anything() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let text = |n: usize| format!("{n} {}", "x".repeat(1_000));
    // Less than the ring holds.
    for n in 0..500 {
        ana.say(&text(n));
        ana.expect_broadcast("ana", &text(n));
    }
    for n in 0..500 {
        beto.expect_broadcast("ana", &text(n));
    }
    beto.expect_nothing_more();
}

#[test]
fn whoever_asks_much_at_once_and_reads_is_answered_in_full() {
    let server = Server::start(&[]);
    // A list of 200 users with the longest names there are, more than 25 KiB.
    let longest = |n: usize| format!("{n:03}{}", "\u{20000}".repeat(29));
    let users: Vec<_> = (0..200)
        .map(|n| {
            let mut client = Client::connect(&server);
            client.register(&longest(n));
            client
        })
        .collect();
    let mut ana = Client::connect(&server);
    ana.register("ana");
    let question = json!({ "type": "list_users", "sender": "ana" }).to_string();
    let questions = raw::frame(TEXT, question.as_bytes()).repeat(50);
    ana.stream().write_all(&questions).unwrap();
    for _ in 0..50 {
        let answer = ana.expect("list_users_response");
        assert_eq!(answer["content"].as_array().unwrap().len(), users.len() + 1);
    }
}

#[test]
fn whoever_is_written_to_by_many_at_once_and_reads_gets_all_of_it() {
    const WRITERS: usize = 8;
    // Together with the registration, within the burst that the default rate allows.
    const EACH: usize = 55;
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let mut writers: Vec<(Client, Vec<u8>)> = Vec::new();
    for n in 0..WRITERS {
        let name = format!("u{n}");
        let mut client = Client::connect(&server);
        client.register(&name);
        ana.expect_status(&name, "ACTIVO", "joined");
        for (earlier, _) in &mut writers {
            earlier.expect_status(&name, "ACTIVO", "joined");
        }
        let message =
            json!({ "type": "private", "sender": name, "target": "ana", "content": "x".repeat(4_000) });
        writers.push((client, raw::frame(TEXT, message.to_string().as_bytes()).repeat(EACH)));
    }
    let together = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for (client, burst) in &mut writers {
            let together = &together;
            scope.spawn(move || {
                together.wait();
                client.stream().write_all(burst).unwrap();
                for _ in 0..EACH {
                    client.expect("private");
                }
            });
        }
        for _ in 0..WRITERS * EACH {
            ana.expect("private");
        }
    });
    ana.expect_nothing_more();
}

#[test]
fn when_all_talk_at_once_nobody_who_reads_is_closed_and_all_see_one_order() {
    const USERS: usize = 12;
    const EACH: usize = 30;
    let server = Server::start(&["--rate", "0"]);
    let names: [String; USERS] = std::array::from_fn(|n| format!("u{n}"));
    let clients = server.room(names.each_ref().map(String::as_str));
    let seen: Vec<Vec<String>> = thread::scope(|scope| {
        let talkers: Vec<_> = clients
            .into_iter()
            .zip(&names)
            .map(|(mut client, name)| {
                scope.spawn(move || {
                    let burst: Vec<u8> = (0..EACH)
                        .flat_map(|n| {
                            let content = format!("{name} {n} {}", "x".repeat(4_000));
                            let message = json!({ "type": "broadcast", "sender": name, "content": content });
                            raw::frame(TEXT, message.to_string().as_bytes())
                        })
                        .collect();
                    let mut stream = client.stream().try_clone().unwrap();
                    let writer = thread::spawn(move || stream.write_all(&burst));
                    let texts = (0..USERS * EACH).map(|_| {
                        let message = client.expect("broadcast");
                        message["content"].as_str().unwrap().trim_end_matches('x').to_owned()
                    });
                    let texts = texts.collect();
                    writer.join().unwrap().unwrap();
                    // Stays until all have seen all.
                    (client, texts)
                })
            })
            .collect();
        let done: Vec<(Client, Vec<String>)> =
            talkers.into_iter().map(|talker| talker.join().unwrap()).collect();
        done.into_iter().map(|(_, texts)| texts).collect()
    });
    for texts in &seen {
        assert_eq!(texts, &seen[0]);
    }
    for name in &names {
        let own = seen[0].iter().filter(|text| text.split(' ').next() == Some(name.as_str()));
        let expected = (0..EACH).map(|n| format!("{name} {n} "));
        assert_eq!(own.cloned().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
