//! What each request does, and who learns of it.

mod support;

use support::{Client, Server, json};

#[test]
fn a_broadcast_reaches_everybody_its_sender_included() {
    let server = Server::start(&[]);
    let [mut ana, mut beto, mut caro] = server.room(["ana", "beto", "caro"]);
    ana.say("hola a todos");
    for client in [&mut ana, &mut beto, &mut caro] {
        client.expect_broadcast("ana", "hola a todos");
    }
    for client in [&mut ana, &mut beto, &mut caro] {
        client.expect_nothing_more();
    }
}

#[test]
fn all_receive_all_broadcasts_in_one_order() {
    let server = Server::start(&["--rate", "0"]);
    let mut clients = server.room(["ana", "beto", "caro"]);
    for round in 0..50 {
        for (client, name) in clients.iter_mut().zip(["ana", "beto", "caro"]) {
            client.say(&format!("{name} {round}"));
        }
    }
    let seen = clients.each_mut().map(|client| {
        let texts = (0..150).map(|_| client.expect("broadcast")["content"].as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    });
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    for name in ["ana", "beto", "caro"] {
        let own: Vec<_> = seen[0].iter().filter(|text| text.starts_with(name)).cloned().collect();
        assert_eq!(own, (0..50).map(|round| format!("{name} {round}")).collect::<Vec<_>>());
    }
}

#[test]
fn any_text_arrives_as_it_was_sent() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for text in [
        "¿Qué tal, señora Ñandú?",
        "comillas \" y barras \\ y {\"type\":\"broadcast\"}",
        "dos\nlíneas\ty un tabulador",
        "🙂 👩‍👩‍👧 中文 עברית",
        "  blancos alrededor  ",
        "\u{200b}visible",
        "a\u{2028}b",
        "</script>",
        // Shown as they are meant only by who shows them; on the wire they are text.
        "\u{202e}al revés\u{202c} \u{2066}aislado\u{2069}",
        &format!("zalgo{}", "\u{301}\u{323}".repeat(200)),
        "\u{feff}\u{fffe}\u{10ffff}x",
    ] {
        ana.say(text);
        ana.expect_broadcast("ana", text);
        beto.expect_broadcast("ana", text);
    }
    // The same in JSON's escapes, a surrogate pair among them.
    ana.send_text(r#"{"type":"broadcast","sender":"ana","content":"\u00f1\ud83d\ude42\/\n"}"#);
    beto.expect_broadcast("ana", "ñ🙂/\n");
}

#[test]
fn a_cr_at_a_line_end_is_dropped() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    ana.say("uno\r\ndos\r");
    ana.expect_broadcast("ana", "uno\ndos");
}

#[test]
fn a_private_message_reaches_its_target_and_returns_as_a_receipt_and_nobody_else_sees_it() {
    let server = Server::start(&[]);
    let [mut ana, mut beto, mut caro] = server.room(["ana", "beto", "caro"]);
    ana.whisper("beto", "entre nosotros");
    ana.expect_private("ana", "beto", "entre nosotros");
    beto.expect_private("ana", "beto", "entre nosotros");
    caro.expect_nothing_more();
    ana.expect_nothing_more();
    beto.expect_nothing_more();
}

#[test]
fn a_private_message_to_oneself_comes_once() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    ana.whisper("ana", "nota");
    ana.expect_private("ana", "ana", "nota");
    ana.expect_nothing_more();
}

#[test]
fn names_are_compared_without_case_and_relayed_as_registered() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["Ana", "Ñandú"]);
    ana.send(&json!({ "type": "private", "sender": "aNA", "target": "n\u{303}ANDÚ", "content": "x" }));
    ana.expect_private("Ana", "Ñandú", "x");
    beto.expect_private("Ana", "Ñandú", "x");
    ana.send(&json!({ "type": "broadcast", "sender": "ANA", "content": "y" }));
    beto.expect_broadcast("Ana", "y");
    ana.expect_broadcast("Ana", "y");
    ana.send(&json!({ "type": "user_info", "sender": "ana", "target": "ñandú" }));
    assert_eq!(ana.expect("user_info_response")["target"], "Ñandú");
}

#[test]
fn the_list_of_users_names_everybody_registered_and_nobody_else() {
    let server = Server::start(&[]);
    let [mut ana, beto] = server.room(["ana", "beto"]);
    let _stranger = Client::connect(&server);
    ana.request("list_users", json!({}));
    ana.expect_message(
        &json!({ "type": "list_users_response", "sender": "server", "content": ["ana", "beto"] }),
    );
    drop(beto);
    ana.expect_left("beto");
    assert_eq!(ana.users(), ["ana"]);
}

#[test]
fn user_info_tells_address_and_status_to_the_one_who_asked() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let info = |target, status| {
        json!({
            "type": "user_info_response",
            "sender": "server",
            "target": target,
            "content": { "ip": "127.0.0.1", "status": status },
        })
    };
    ana.request("user_info", json!({ "target": "beto" }));
    ana.expect_message(&info("beto", "ACTIVO"));
    beto.set_status("OCUPADO");
    ana.expect_status("beto", "OCUPADO", "requested");
    beto.expect_status("beto", "OCUPADO", "requested");
    ana.request("user_info", json!({ "target": "beto", "content": null }));
    ana.expect_message(&info("beto", "OCUPADO"));
    ana.request("user_info", json!({ "target": "ana" }));
    ana.expect_message(&info("ana", "ACTIVO"));
    beto.expect_nothing_more();
}

#[test]
fn with_masked_addresses_nobody_is_told_more_than_the_network() {
    let server = Server::start(&["--mask-addresses"]);
    let [mut ana, _beto] = server.room(["ana", "beto"]);
    for target in ["beto", "ana"] {
        ana.request("user_info", json!({ "target": target }));
        assert_eq!(ana.expect("user_info_response")["content"]["ip"], "127.0.0.0");
    }
}

#[test]
fn a_status_is_announced_to_all_the_requester_included_even_if_it_is_the_present_one() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for status in ["OCUPADO", "INACTIVO", "ACTIVO", "ACTIVO"] {
        ana.set_status(status);
        ana.expect_status("ana", status, "requested");
        beto.expect_status("ana", status, "requested");
    }
    beto.expect_nothing_more();
}

#[test]
fn disconnect_frees_the_name_tells_the_others_and_closes_with_1000() {
    for fields in [json!({ "content": "Cierre de sesión" }), json!({ "content": null }), json!({})] {
        let server = Server::start(&[]);
        let [mut ana, mut beto] = server.room(["ana", "beto"]);
        ana.say("adiós");
        ana.request("disconnect", fields);
        ana.expect_broadcast("ana", "adiós");
        ana.expect_closed(1000);
        beto.expect_broadcast("ana", "adiós");
        beto.expect_left("ana");
        assert_eq!(beto.users(), ["beto"]);
        Client::connect(&server).register("ana");
    }
}

#[test]
fn what_follows_a_disconnect_is_ignored() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    ana.request("disconnect", json!({ "content": "x" }));
    ana.say("ya no");
    ana.try_register("otra");
    ana.expect_close();
    beto.expect_left("ana");
    assert_eq!(beto.users(), ["beto"]);
}

#[test]
fn the_clients_timestamp_may_have_any_form_and_is_not_relayed() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    // That what comes has the server's own time is checked with every message.
    for timestamp in [
        json!("2001-01-01T00:00:00.000Z"),
        json!("ayer"),
        json!("1763651535"),
        json!(1_763_651_535),
        json!(1.5),
        json!(-1),
        json!(null),
        json!([1, 2]),
        json!({ "$date": 0 }),
    ] {
        ana.request("broadcast", json!({ "content": "hora", "timestamp": timestamp }));
        ana.expect_broadcast("ana", "hora");
    }
    ana.send_text(r#"{"type":"broadcast","sender":"ana","content":"sin hora"}"#);
    ana.expect_broadcast("ana", "sin hora");
}

#[test]
fn unknown_fields_and_key_order_do_not_matter_and_are_not_relayed() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    ana.send_text(
        r#"{"userList":["x"],"content":"hola","code":"x","x":{"type":"y","a":[1,{}]},"sender":"ana","reason":1,"type":"broadcast","target":"nadie"}"#,
    );
    ana.expect_broadcast("ana", "hola");
}
