//! Who may be called what, and what a registration tells whom.

mod support;

use std::thread;

use support::{Client, Server, json};

#[test]
fn a_newcomer_is_told_who_is_here_and_all_others_of_the_newcomer() {
    let server = Server::start(&[]);
    let mut ana = Client::connect(&server);
    ana.try_register("ana");
    ana.expect_message(&json!({
        "type": "register_success",
        "sender": "server",
        "content": "Registro exitoso",
        "userList": ["ana"],
    }));

    let mut beto = Client::connect(&server);
    beto.try_register("beto");
    beto.expect_message(&json!({
        "type": "register_success",
        "sender": "server",
        "content": "Registro exitoso",
        "userList": ["ana", "beto"],
    }));
    ana.expect_status("beto", "ACTIVO", "joined");
    ana.expect_nothing_more();
    beto.expect_nothing_more();
}

#[test]
fn a_newcomer_is_told_each_status_that_is_not_activo() {
    let server = Server::start(&[]);
    let [mut ana, mut beto, mut caro] = server.room(["ana", "beto", "caro"]);
    ana.set_status("OCUPADO");
    caro.set_status("INACTIVO");
    for client in [&mut ana, &mut beto, &mut caro] {
        let mut seen = [client.expect("status_update"), client.expect("status_update")];
        seen.sort_by_key(|update| update["content"]["user"].to_string());
        assert_eq!(seen[0]["content"], json!({ "user": "ana", "status": "OCUPADO" }));
        assert_eq!(seen[1]["content"], json!({ "user": "caro", "status": "INACTIVO" }));
    }

    let mut dani = Client::connect(&server);
    assert_eq!(dani.register("dani")["userList"], json!(["ana", "beto", "caro", "dani"]));
    let mut told = [dani.expect("status_update"), dani.expect("status_update")];
    told.sort_by_key(|update| update["content"]["user"].to_string());
    assert_eq!(told[0]["content"], json!({ "user": "ana", "status": "OCUPADO" }));
    assert_eq!(told[1]["content"], json!({ "user": "caro", "status": "INACTIVO" }));
    dani.expect_nothing_more();
}

#[test]
fn nothing_of_the_chat_reaches_a_connection_before_it_is_registered() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let mut stranger = Client::connect(&server);
    ana.say("secreto");
    ana.expect_broadcast("ana", "secreto");
    stranger.try_register("beto");
    stranger.expect("register_success");
    stranger.expect_nothing_more();
}

#[test]
fn fair_names_are_accepted_and_listed_unchanged() {
    let server = Server::start(&[]);
    let names = ["José", "Ñandú_1", "maría-x", "a.b", "Аня", "王", "x234567890123456789012345678901_"];
    let mut clients = server.room(names);
    assert_eq!(clients[0].users(), names);
}

#[test]
fn what_is_no_name_is_refused_and_the_connection_may_try_again() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    for name in [
        "",
        " ",
        "dos palabras",
        " ana",
        "ana\t",
        "a@b",
        "a/b",
        "a\nb",
        "a\u{1b}[31mb",
        "a\u{200b}b",
        "a\u{202e}b",
        "a\u{a0}b",
        "a🙂",
        "\u{301}",
        "x23456789012345678901234567890123",
        &"ñ".repeat(33),
        &"x".repeat(20_000),
    ] {
        client.try_register(name);
        let error = client.expect_error("name_invalid");
        assert_eq!((&error["request"], &error["target"]), (&json!("register"), &json!(null)), "{name:?}");
    }
    for name in [json!(null), json!(7), json!(["ana"]), json!({ "a": 1 }), json!(true), json!(1.5)] {
        client.send(&json!({ "type": "register", "sender": name, "content": null }));
        client.expect_error("name_invalid");
    }
    client.send(&json!({ "type": "register", "content": null }));
    client.expect_error("name_invalid");
    assert_eq!(client.register("ana")["userList"], json!(["ana"]));
}

#[test]
fn the_names_of_the_server_are_reserved_in_every_spelling() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    for name in ["server", "servidor", "SERVER", "Servidor", "SERVİDOR"] {
        client.try_register(name);
        let error = client.expect_error("name_reserved");
        assert!(error["content"].as_str().unwrap().contains(name), "{error}");
    }
    client.register("servidora");
}

#[test]
fn a_name_in_use_is_refused_in_every_spelling_and_free_once_its_user_left() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["Ñandú"]);
    let mut second = Client::connect(&server);
    for name in ["Ñandú", "ñANDÚ", "n\u{303}andu\u{301}"] {
        second.try_register(name);
        let error = second.expect_error("name_taken");
        assert_eq!(error["request"], "register");
        assert!(error["content"].as_str().unwrap().to_lowercase().contains("ñandú"), "{error}");
    }
    ana.request("disconnect", json!({ "content": "Cierre de sesión" }));
    assert_eq!(ana.expect_close(), 1000);
    assert_eq!(second.register("ñandú")["userList"], json!(["ñandú"]));
}

#[test]
fn a_decomposed_name_is_relayed_composed() {
    let server = Server::start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.register("n\u{303}u")["userList"], json!(["ñu"]));
    client.say("hola");
    client.expect_broadcast("ñu", "hola");
}

#[test]
fn of_twenty_who_race_for_one_name_exactly_one_wins() {
    let server = Server::start(&[]);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(&server);
                    client.try_register("ana");
                    // The connection stays open until all have raced.
                    let answer = client.message();
                    (client, answer)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let count = |key: &str, value: &str| outcomes.iter().filter(|(_, answer)| answer[key] == value).count();
    assert_eq!((count("type", "register_success"), count("code", "name_taken")), (1, 19));
}

#[test]
fn a_second_register_is_refused_and_changes_nothing() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for name in ["ana", "beto", "no vale"] {
        ana.send(&json!({ "type": "register", "sender": name, "content": null }));
        let error = ana.expect_error("already_registered");
        assert!(error["content"].as_str().unwrap().contains("ana"), "{error}");
    }
    assert_eq!(ana.users(), ["ana"]);
}

#[test]
fn many_connections_of_one_machine_may_register() {
    let server = Server::start(&["--per-ip", "1"]);
    let mut clients = server.room(["ana", "beto", "caro"]);
    assert_eq!(clients[2].users(), ["ana", "beto", "caro"]);
}
