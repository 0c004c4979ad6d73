//! The ways to leave. Whichever it is, the others are told once and the name is free at once.

mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use support::raw::{self, TEXT};
use support::{Client, Received, Server, json};

/// Ana leaves in some way; beto is told exactly once, and the name can be had again.
#[track_caller]
fn leaves(leave: impl FnOnce(Client)) {
    let server = Server::start(&[]);
    let [mut beto, ana] = server.room(["beto", "ana"]);
    leave(ana);
    beto.expect_left("ana");
    let mut again = Client::connect(&server);
    assert_eq!(again.register("ana")["userList"], json!(["beto", "ana"]));
    beto.expect_status("ana", "ACTIVO", "joined");
    again.say("otra vez");
    beto.expect_broadcast("ana", "otra vez");
    beto.expect_nothing_more();
    again.expect_broadcast("ana", "otra vez");
}

#[test]
fn by_disconnect() {
    leaves(|mut ana| {
        ana.request("disconnect", json!({ "content": "Cierre de sesión" }));
        ana.expect_closed(1000);
    });
}

#[test]
fn by_disconnect_without_waiting_for_the_close() {
    leaves(|mut ana| {
        ana.request("disconnect", json!({ "content": "Cierre de sesión" }));
        ana.reset();
    });
}

#[test]
fn by_disconnect_and_a_close_frame_at_once() {
    leaves(|mut ana| {
        ana.request("disconnect", json!({ "content": "Cierre de sesión" }));
        ana.close(1000);
        ana.expect_closed(1000);
    });
}

#[test]
fn by_a_close_frame() {
    leaves(|mut ana| {
        ana.close(1000);
        ana.expect_closed(1000);
    });
}

#[test]
fn by_a_close_frame_and_a_reset() {
    leaves(|mut ana| {
        ana.close(1001);
        ana.reset();
    });
}

#[test]
fn by_ending_the_connection() {
    leaves(drop);
}

#[test]
fn by_a_reset() {
    leaves(Client::reset);
}

#[test]
fn by_ending_only_the_own_direction() {
    leaves(|mut ana| {
        ana.stream().shutdown(Shutdown::Write).unwrap();
        // The server ends its own as well.
        ana.expect_end();
    });
}

#[test]
fn by_ending_or_resetting_in_the_middle_of_a_frame() {
    for reset in [false, true] {
        leaves(|mut ana| {
            let message = json!({ "type": "broadcast", "sender": "ana", "content": "a medias" }).to_string();
            let bytes = raw::frame(TEXT, message.as_bytes());
            ana.stream().write_all(&bytes[..bytes.len() / 2]).unwrap();
            if reset {
                ana.reset();
            }
        });
    }
}

#[test]
fn by_breaking_the_protocol() {
    leaves(|mut ana| {
        ana.stream().write_all(&raw::unmasked_frame(TEXT, b"{}")).unwrap();
        ana.expect_closed(1002);
    });
}

/// How somebody leaves.
type Way = (&'static str, fn(&mut Client));

#[test]
fn however_they_leave_the_others_are_told_within_a_tenth_of_a_second() {
    const TOLD_MAX: Duration = Duration::from_millis(100);
    // A busy machine may be late, but not each time.
    const TRIES: usize = 5;
    let server = Server::start(&[]);
    let [mut beto] = server.room(["beto"]);
    let ways: [Way; 4] = [
        ("disconnect", |ana| ana.request("disconnect", json!({}))),
        ("close", |ana| ana.close(1000)),
        ("end", |ana| ana.stream().shutdown(Shutdown::Both).unwrap()),
        ("reset", |ana| {
            let linger = Some(Duration::ZERO);
            socket2::SockRef::from(&*ana.stream()).set_linger(linger).unwrap();
        }),
    ];
    for (what, leave) in ways {
        let mut times = Vec::new();
        while times.last().is_none_or(|time| *time > TOLD_MAX) {
            assert!(times.len() < TRIES, "by {what}, told after {times:?}");
            let [mut ana] = server.room(["ana"]);
            beto.expect_status("ana", "ACTIVO", "joined");
            let start = Instant::now();
            leave(&mut ana);
            if what == "reset" {
                drop(ana);
                beto.expect_left("ana");
            } else {
                // Still there, so that it is the way that ends it.
                beto.expect_left("ana");
                drop(ana);
            }
            times.push(start.elapsed());
        }
    }
}

#[test]
fn by_a_message_and_the_end_right_behind_it_which_still_arrives() {
    let server = Server::start(&[]);
    let [mut beto, mut ana] = server.room(["beto", "ana"]);
    ana.say("última palabra");
    drop(ana);
    beto.expect_broadcast("ana", "última palabra");
    beto.expect_left("ana");
}

#[test]
fn by_a_connection_that_never_registered_which_nobody_is_told_of() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for _ in 0..3 {
        let mut stranger = Client::connect(&server);
        stranger.close(1000);
        stranger.expect_closed(1000);
        Client::connect(&server).reset();
        drop(Client::connect(&server));
        drop(raw::connect(&server));
    }
    ana.expect_nothing_more();
}

#[test]
fn two_hundred_at_once_by_reset_leave_no_ghosts() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let others = server.crowd(&mut ana, 200);
    others.into_iter().for_each(Client::reset);
    let mut left: Vec<_> = (0..200).map(|_| ana.expect("user_disconnected")["user"].clone()).collect();
    left.sort_by_key(|name| name.as_str().map(|name| name[1..].parse::<u32>().unwrap()));
    assert_eq!(left, (0..200).map(|n| json!(format!("u{n}"))).collect::<Vec<_>>());
    ana.expect_nothing_more();
    assert_eq!(ana.users(), ["ana"]);
}

#[test]
fn writing_to_those_who_are_gone_ends_nobody_else() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let gone: Vec<_> = (0..50)
        .map(|n| {
            let mut client = Client::connect(&server);
            client.register(&format!("u{n}"));
            ana.expect_status(&format!("u{n}"), "ACTIVO", "joined");
            beto.expect_status(&format!("u{n}"), "ACTIVO", "joined");
            client
        })
        .collect();
    // The server writes to them before, while and after it learns that they are gone.
    let mut gone = gone.into_iter();
    for n in 0..100 {
        gone.next().map(if n % 2 == 0 { Client::reset } else { drop });
        ana.say(&n.to_string());
    }
    for client in [&mut ana, &mut beto] {
        let (mut said, mut left) = (0, 0);
        while said < 100 || left < 50 {
            let message = client.message();
            match message["type"].as_str() {
                Some("broadcast") => {
                    assert_eq!(message["content"], said.to_string());
                    said += 1;
                }
                _ => {
                    assert_eq!(message["type"], "user_disconnected");
                    left += 1;
                }
            }
        }
        assert_eq!((said, left), (100, 50));
        assert_eq!(client.users(), ["ana", "beto"]);
    }
}

#[test]
fn a_message_for_somebody_who_has_just_left_is_refused() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    beto.request("disconnect", json!({}));
    ana.expect_left("beto");
    // The closing handshake is not over yet, since beto has not read anything.
    ana.whisper("beto", "¿estás?");
    assert_eq!(ana.expect_error("user_not_found")["target"], "beto");
    beto.expect_closed(1000);
}

#[test]
fn whoever_does_not_answer_a_close_is_cut_after_two_seconds() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    ana.request("disconnect", json!({}));
    let start = Instant::now();
    // Reading the stream below the library: nobody answers the close frame in it.
    let mut rest = Vec::new();
    let mut stream = ana.stream().try_clone().unwrap();
    // An end or a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.starts_with(&[0x88, 2, 0x03, 0xe8]) && rest.len() == 4, "{rest:?}");
    let waited = start.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn leaving_frees_a_place_for_the_next() {
    let server = Server::start(&["--max-clients", "1"]);
    let mut second = Client::connect(&server);
    for round in 0..5 {
        let [ana] = server.room(["ana"]);
        second.try_register("beto");
        second.expect_error("server_full");
        if round % 2 == 0 {
            ana.reset()
        } else {
            drop(ana)
        }
        // Nobody tells a stranger that a place is free.
        support::eventually("a place is free", || {
            second.try_register("beto");
            second.message()["type"] == "register_success"
        });
        second.request("disconnect", json!({}));
        assert!(matches!(second.receive(), Received::Close(1000, _)));
        second = Client::connect(&server);
    }
}
