//! Each code of `error`, and that a refused request gets exactly one and does no harm.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use support::{Client, Server, Value, json};

/// An `error` without its sentence, which is for people.
#[track_caller]
fn error(client: &mut Client) -> Value {
    let mut error = client.expect("error");
    let sentence = error.as_object_mut().unwrap().remove("content").unwrap();
    assert!(!sentence.as_str().unwrap().trim().is_empty());
    error
}

/// What [`error`] shall return: `request` and `target` are left out where they are not known.
fn refusal(code: &str, request: Option<&str>, target: Option<&str>) -> Value {
    let mut error = json!({ "type": "error", "sender": "server", "code": code });
    for (key, value) in [("request", request), ("target", target)] {
        if let Some(value) = value {
            error[key] = json!(value);
        }
    }
    error
}

/// Sends a text that is refused in this way, and nothing else happens.
#[track_caller]
fn assert_refused(client: &mut Client, text: &str, expected: &Value) {
    client.send_text(text);
    assert_eq!(error(client), *expected, "after {}", text.chars().take(120).collect::<String>());
    client.expect_nothing_more();
}

#[test]
fn what_is_not_json_or_nested_too_deeply_is_refused() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let deep = format!(
        r#"{{"type":"broadcast","sender":"ana","content":"x","y":{}0{}}}"#,
        "[".repeat(3_000),
        "]".repeat(3_000)
    );
    for text in [
        "",
        " ",
        "hola",
        "{",
        "{'type':'broadcast'}",
        r#"{"type":"broadcast","sender":"ana","content":"x""#,
        r#"{"type":"broadcast","sender":"ana","content":"x"},"#,
        r#"{"type":"broadcast","sender":"ana","content":"x",}"#,
        r#"{"type":"broadcast","sender":"ana","content":"\ud800"}"#,
        r#"{"type":"broadcast","sender":"ana","content":"\x41"}"#,
        "{\"type\":\"broadcast\",\"sender\":\"ana\",\"content\":\"a\nb\"}",
        r#"{"type":"list_users","sender":"ana"}{"type":"list_users","sender":"ana"}"#,
        &"[".repeat(50_000),
        &deep,
    ] {
        assert_refused(&mut ana, text, &refusal("bad_json", None, None));
    }
}

#[test]
fn json_that_is_no_message_is_refused() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    for text in [
        "[]",
        "7",
        "null",
        "true",
        "\"broadcast\"",
        "{}",
        r#"["broadcast","ana","x"]"#,
        r#"{"sender":"ana","content":"x"}"#,
        r#"{"type":7,"sender":"ana","content":"x"}"#,
        r#"{"type":null,"sender":"ana","content":"x"}"#,
        r#"{"type":["broadcast"],"sender":"ana","content":"x"}"#,
        r#"{"type":"list_users","type":"list_users","sender":"ana"}"#,
        r#"{"type":"list_users","sender":"beto","sender":"ana"}"#,
    ] {
        assert_refused(&mut ana, text, &refusal("bad_message", None, None));
    }
}

#[test]
fn types_that_clients_do_not_send_are_refused_and_not_relayed() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for kind in [
        "confeti",
        "",
        "BROADCAST",
        "register_success",
        "list_users_response",
        "user_info_response",
        "status_update",
        "user_disconnected",
        "error",
    ] {
        for sender in ["ana", "server"] {
            let text =
                json!({ "type": kind, "sender": sender, "target": "beto", "content": "beto ha salido" });
            let expected = refusal("unknown_type", Some(kind), Some("beto"));
            assert_refused(&mut ana, &text.to_string(), &expected);
            let text = json!({ "type": kind, "sender": sender });
            assert_refused(&mut ana, &text.to_string(), &refusal("unknown_type", Some(kind), None));
        }
    }
    beto.expect_nothing_more();
}

#[test]
fn nobody_speaks_or_acts_for_somebody_else() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for (kind, target, content) in [
        ("broadcast", None, "x"),
        ("private", Some("ana"), "x"),
        ("list_users", None, "x"),
        ("user_info", Some("beto"), "x"),
        ("change_status", None, "INACTIVO"),
        ("disconnect", None, "Cierre de sesión"),
        // What else is wrong with it is not told to somebody who is not who they say.
        ("broadcast", None, ""),
    ] {
        for sender in [
            json!("beto"),
            json!("nadie"),
            json!("server"),
            json!(""),
            json!(" ana"),
            json!("ana\u{200b}"),
            json!(null),
            json!(7),
            json!(["ana"]),
            json!({ "name": "ana" }),
        ] {
            let mut request = json!({ "type": kind, "sender": sender, "content": content });
            if let Some(target) = target {
                request["target"] = json!(target);
            }
            let expected = refusal("sender_mismatch", Some(kind), target);
            assert_refused(&mut ana, &request.to_string(), &expected);
        }
        let mut request = json!({ "type": kind, "content": content });
        if let Some(target) = target {
            request["target"] = json!(target);
        }
        assert_refused(&mut ana, &request.to_string(), &refusal("sender_mismatch", Some(kind), target));
    }
    beto.expect_nothing_more();
    ana.request("user_info", json!({ "target": "beto" }));
    assert_eq!(ana.expect("user_info_response")["content"]["status"], "ACTIVO");
}

#[test]
fn wrong_fields_are_refused_each_with_its_code() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let too_long = format!(r#""content":"{}""#, "x".repeat(4_097));
    let too_long_private = format!(r#""target":"beto","content":"{}""#, "ñ".repeat(2_049));
    for (kind, fields, code, target) in [
        ("register", r#""content":null"#, "already_registered", None),
        ("private", r#""content":"x""#, "bad_message", None),
        ("private", r#""target":null,"content":"x""#, "bad_message", None),
        ("private", r#""target":7,"content":"x""#, "bad_message", None),
        ("private", r#""target":["beto"],"content":"x""#, "bad_message", None),
        ("user_info", r#""content":null"#, "bad_message", None),
        ("user_info", r#""target":{}"#, "bad_message", None),
        ("private", r#""target":"nadie8","content":"x""#, "user_not_found", Some("nadie8")),
        ("private", r#""target":"no vale","content":"x""#, "user_not_found", Some("no vale")),
        ("private", r#""target":"server","content":"x""#, "user_not_found", Some("server")),
        ("private", r#""target":"","content":"x""#, "user_not_found", Some("")),
        ("user_info", r#""target":"nadie8""#, "user_not_found", Some("nadie8")),
        ("user_info", r#""target":"@beto""#, "user_not_found", Some("@beto")),
        ("broadcast", r#""x":1"#, "content_invalid", None),
        ("broadcast", r#""content":null"#, "content_invalid", None),
        ("broadcast", r#""content":7"#, "content_invalid", None),
        ("broadcast", r#""content":true"#, "content_invalid", None),
        ("broadcast", r#""content":["x"]"#, "content_invalid", None),
        ("broadcast", r#""content":{"a":"x"}"#, "content_invalid", None),
        ("broadcast", r#""content":"""#, "content_invalid", None),
        ("broadcast", r#""content":" \n\t ""#, "content_invalid", None),
        ("broadcast", r#""content":"\u200b\u3000""#, "content_invalid", None),
        ("broadcast", r#""content":"a\u001b[31mb""#, "content_invalid", None),
        ("broadcast", r#""content":"a\u0000b""#, "content_invalid", None),
        ("broadcast", r#""content":"a\rb""#, "content_invalid", None),
        ("broadcast", r#""content":"a\u007fb""#, "content_invalid", None),
        ("broadcast", r#""content":"a\u009bb""#, "content_invalid", None),
        ("private", r#""target":"beto","content":"""#, "content_invalid", Some("beto")),
        ("private", r#""target":"beto""#, "content_invalid", Some("beto")),
        ("broadcast", &too_long, "content_too_long", None),
        ("private", &too_long_private, "content_too_long", Some("beto")),
        ("change_status", r#""x":1"#, "status_invalid", None),
        ("change_status", r#""content":null"#, "status_invalid", None),
        ("change_status", r#""content":1"#, "status_invalid", None),
        ("change_status", r#""content":"""#, "status_invalid", None),
        ("change_status", r#""content":"activo""#, "status_invalid", None),
        ("change_status", r#""content":"DORMIDO""#, "status_invalid", None),
        ("change_status", r#""content":{"user":"beto","status":"INACTIVO"}"#, "status_invalid", None),
    ] {
        let text = format!(r#"{{"type":"{kind}","sender":"ana",{fields}}}"#);
        assert_refused(&mut ana, &text, &refusal(code, Some(kind), target));
    }
    beto.expect_nothing_more();
    assert_eq!(beto.users(), ["ana", "beto"]);
    ana.say("sigo aquí");
    beto.expect_broadcast("ana", "sigo aquí");
}

#[test]
fn before_registration_every_request_but_register_is_refused() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    let mut stranger = Client::connect(&server);
    for (kind, target) in [
        ("broadcast", None),
        ("private", Some("ana")),
        ("list_users", None),
        ("user_info", Some("ana")),
        ("change_status", None),
        ("disconnect", None),
    ] {
        let mut request = json!({ "type": kind, "sender": "ana", "content": "INACTIVO" });
        if let Some(target) = target {
            request["target"] = json!(target);
        }
        stranger.send(&request);
        assert_eq!(error(&mut stranger), refusal("not_registered", Some(kind), target));
    }
    stranger.send_text("{");
    assert_eq!(error(&mut stranger), refusal("bad_json", None, None));
    stranger.send_text(r#"{"type":"hola","sender":"ana"}"#);
    assert_eq!(error(&mut stranger), refusal("unknown_type", Some("hola"), None));
    ana.expect_nothing_more();
    stranger.register("beto");
}

#[test]
fn each_refused_registration_names_its_reason() {
    let server = Server::start(&["--max-clients", "1"]);
    let [_ana] = server.room(["ana"]);
    let mut client = Client::connect(&server);
    for (name, code) in
        [("b b", "name_invalid"), ("Server", "name_reserved"), ("ANA", "name_taken"), ("beto", "server_full")]
    {
        client.try_register(name);
        assert_eq!(error(&mut client), refusal(code, Some("register"), None), "{name}");
    }
}

#[test]
fn answers_come_in_the_order_of_the_requests() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    ana.say("uno");
    ana.whisper("nadie", "dos");
    ana.request("list_users", json!({}));
    ana.send_text("{");
    ana.whisper("ana", "tres");
    ana.set_status("OCUPADO");
    ana.request("user_info", json!({ "target": "ana" }));
    ana.say(" ");
    ana.say("cuatro");
    ana.request("disconnect", json!({ "content": "x" }));

    ana.expect_broadcast("ana", "uno");
    ana.expect_error("user_not_found");
    ana.expect("list_users_response");
    ana.expect_error("bad_json");
    ana.expect_private("ana", "ana", "tres");
    ana.expect_status("ana", "OCUPADO", "requested");
    assert_eq!(ana.expect("user_info_response")["content"]["status"], "OCUPADO");
    ana.expect_error("content_invalid");
    ana.expect_broadcast("ana", "cuatro");
    ana.expect_closed(1000);
}

#[test]
fn sentences_name_what_they_are_about_in_the_language_of_the_server() {
    for (lang, sentence) in [
        ("es", "nadie8 no está conectado; el mensaje no se envió"),
        ("en", "nadie8 is not connected; the message was not sent"),
    ] {
        let server = Server::start(&["--lang", lang]);
        let mut ana = Client::connect(&server);
        assert_eq!(ana.register("ana")["content"], "Registro exitoso", "a constant in every language");
        ana.whisper("nadie8", "x");
        assert_eq!(ana.expect_error("user_not_found")["content"], sentence);
        let [mut beto] = server.room(["beto"]);
        ana.expect_status("beto", "ACTIVO", "joined");
        beto.request("disconnect", json!({}));
        ana.expect_left("beto");
    }
}

#[test]
fn a_value_repeated_in_a_sentence_cannot_steer_a_terminal() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for target in ["\u{1b}[2J", "a\nb", "a\u{9b}31m", "\u{7}"] {
        ana.whisper(target, "x");
        let error = ana.expect_error("user_not_found");
        let sentence = error["content"].as_str().unwrap();
        assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
        assert_eq!(error["target"], target);
    }
}
