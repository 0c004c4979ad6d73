//! The status that users choose and the one that the server assigns when they do nothing.

mod support;

use std::time::{Duration, Instant};

use support::{Client, Server, json};

/// The inactivity limit of these servers: long enough to do something within it, short enough to wait for.
const INACTIVITY: &[&str] = &["--inactivity", "0.4"];
const LIMIT: Duration = Duration::from_millis(400);

/// Users of whom the first watches: it has chosen INACTIVO, so that the server never assigns it anything. What
/// follows must begin within the inactivity limit.
#[track_caller]
fn watched<const N: usize>(server: &Server, names: [&str; N]) -> (Client, [Client; N]) {
    let [mut watcher] = server.room(["mirón"]);
    watcher.set_status("INACTIVO");
    watcher.expect_status("mirón", "INACTIVO", "requested");
    let mut clients: Vec<Client> = Vec::new();
    for name in names {
        let mut client = Client::connect(server);
        client.register(name);
        client.expect_status("mirón", "INACTIVO", "requested");
        watcher.expect_status(name, "ACTIVO", "joined");
        for earlier in &mut clients {
            earlier.expect_status(name, "ACTIVO", "joined");
        }
        clients.push(client);
    }
    (watcher, clients.try_into().expect("as many as there are names"))
}

#[test]
fn an_idle_user_becomes_inactivo_and_its_next_message_restores_it_first() {
    let server = Server::start(INACTIVITY);
    let start = Instant::now();
    let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
    for round in ["uno", "dos"] {
        watcher.expect_status("ana", "INACTIVO", "idle");
        ana.expect_status("ana", "INACTIVO", "idle");
        ana.say(round);
        for client in [&mut ana, &mut watcher] {
            client.expect_status("ana", "ACTIVO", "active");
            client.expect_broadcast("ana", round);
        }
    }
    assert!(start.elapsed() >= LIMIT * 2, "{:?}", start.elapsed());
}

#[test]
fn an_ocupado_user_who_was_idle_returns_to_ocupado() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
    ana.set_status("OCUPADO");
    for client in [&mut ana, &mut watcher] {
        client.expect_status("ana", "OCUPADO", "requested");
        client.expect_status("ana", "INACTIVO", "idle");
    }
    ana.whisper("mirón", "sigo aquí");
    for client in [&mut ana, &mut watcher] {
        client.expect_status("ana", "OCUPADO", "active");
        client.expect_private("ana", "mirón", "sigo aquí");
    }
}

#[test]
fn an_inactivo_that_the_user_chose_stays_until_the_user_changes_it() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [mut ana, mut beto]) = watched(&server, ["ana", "beto"]);
    ana.set_status("INACTIVO");
    watcher.expect_status("ana", "INACTIVO", "requested");
    // The other one's limit ends after ana's would have.
    watcher.expect_status("beto", "INACTIVO", "idle");
    ana.say("hago sin estar");
    watcher.expect_broadcast("ana", "hago sin estar");
    ana.whisper("mirón", "sin estar");
    watcher.expect_private("ana", "mirón", "sin estar");
    ana.set_status("ACTIVO");
    watcher.expect_status("ana", "ACTIVO", "requested");
    watcher.expect_status("ana", "INACTIVO", "idle");
    beto.set_status("INACTIVO");
    watcher.expect_status("beto", "INACTIVO", "requested");
    beto.say("ahora lo he elegido");
    watcher.expect_broadcast("beto", "ahora lo he elegido");
}

#[test]
fn a_change_of_status_by_an_idle_user_is_one_update() {
    for status in ["ACTIVO", "OCUPADO", "INACTIVO"] {
        let server = Server::start(INACTIVITY);
        let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
        ana.expect_status("ana", "INACTIVO", "idle");
        ana.set_status(status);
        ana.expect_status("ana", status, "requested");
        watcher.expect_status("ana", "INACTIVO", "idle");
        watcher.expect_status("ana", status, "requested");
        watcher.expect_nothing_more();
    }
}

#[test]
fn asking_about_somebody_is_activity_and_sees_the_restored_status() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
    ana.expect_status("ana", "INACTIVO", "idle");
    watcher.expect_status("ana", "INACTIVO", "idle");
    watcher.request("user_info", json!({ "target": "ana" }));
    assert_eq!(watcher.expect("user_info_response")["content"]["status"], "INACTIVO");
    ana.request("user_info", json!({ "target": "ana" }));
    ana.expect_status("ana", "ACTIVO", "active");
    assert_eq!(ana.expect("user_info_response")["content"]["status"], "ACTIVO");
    watcher.expect_status("ana", "ACTIVO", "active");
}

#[test]
fn lists_pings_and_refused_requests_are_no_activity() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
    watcher.expect_status("ana", "INACTIVO", "idle");
    ana.expect_status("ana", "INACTIVO", "idle");
    ana.users();
    ana.ping(b"?");
    assert_eq!(ana.receive(), support::Received::Pong(b"?".to_vec()));
    ana.send_text("{");
    ana.expect_error("bad_json");
    ana.whisper("nadie", "x");
    ana.expect_error("user_not_found");
    ana.request("user_info", json!({ "target": "nadie" }));
    ana.expect_error("user_not_found");
    ana.say(" ");
    ana.expect_error("content_invalid");
    ana.set_status("DORMIDO");
    ana.expect_error("status_invalid");
    ana.request("broadcast", json!({ "sender": "mirón", "content": "x" }));
    ana.expect_error("sender_mismatch");
    watcher.expect_nothing_more();
}

#[test]
fn a_client_that_polls_the_list_becomes_inactivo_all_the_same() {
    let server = Server::start(INACTIVITY);
    let (_watcher, [mut ana]) = watched(&server, ["ana"]);
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < support::PATIENCE);
        ana.request("list_users", json!({}));
        let message = ana.message();
        if message["type"] == "status_update" {
            assert_eq!(
                (&message["content"]["status"], &message["reason"]),
                (&json!("INACTIVO"), &json!("idle"))
            );
            return;
        }
    }
}

#[test]
fn activity_puts_the_limit_off() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [mut ana]) = watched(&server, ["ana"]);
    let start = Instant::now();
    let mut last = start;
    while start.elapsed() < LIMIT * 2 {
        ana.expect_silence(LIMIT / 8);
        last = Instant::now();
        ana.say("sigo");
        ana.expect_broadcast("ana", "sigo");
        watcher.expect_broadcast("ana", "sigo");
    }
    watcher.expect_status("ana", "INACTIVO", "idle");
    assert!(last.elapsed() >= LIMIT, "{:?}", last.elapsed());
}

#[test]
fn a_newcomer_is_told_why_somebody_is_inactivo() {
    let server = Server::start(INACTIVITY);
    let (mut watcher, [_ana]) = watched(&server, ["ana"]);
    watcher.expect_status("ana", "INACTIVO", "idle");
    let mut beto = Client::connect(&server);
    beto.register("beto");
    beto.expect_status("mirón", "INACTIVO", "requested");
    beto.expect_status("ana", "INACTIVO", "idle");
}

#[test]
fn with_an_inactivity_of_zero_nobody_becomes_inactivo() {
    let server = Server::start(&["--inactivity", "0"]);
    let [mut ana] = server.room(["ana"]);
    ana.expect_silence(LIMIT * 2);
    ana.request("user_info", json!({ "target": "ana" }));
    assert_eq!(ana.expect("user_info_response")["content"]["status"], "ACTIVO");
}
