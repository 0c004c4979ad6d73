//! Each code of `error`, and that a refused request gets exactly one and does no harm.

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

#[test]
fn each_wrong_request_of_a_user_gets_its_code_with_type_and_target_and_nothing_else_happens() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let too_long = json!({ "type": "broadcast", "sender": "ana", "content": "x".repeat(4_097) }).to_string();
    let too_long_private =
        json!({ "type": "private", "sender": "ana", "target": "beto", "content": "ñ".repeat(2_049) })
            .to_string();
    let deep = format!(
        r#"{{"type":"broadcast","sender":"ana","content":{}{}}}"#,
        "[".repeat(3_000),
        "]".repeat(3_000)
    );
    let nested = "[".repeat(50_000);
    let cases: &[(&str, &str, Option<&str>, Option<&str>)] = &[
        ("", "bad_json", None, None),
        ("hola", "bad_json", None, None),
        ("{", "bad_json", None, None),
        (r#"{"type":"broadcast","sender":"ana","content":"x""#, "bad_json", None, None),
        (r#"{"type":"broadcast","sender":"ana","content":"x"},"#, "bad_json", None, None),
        (
            r#"{"type":"list_users","sender":"ana"}{"type":"list_users","sender":"ana"}"#,
            "bad_json",
            None,
            None,
        ),
        (r#"{"type":"broadcast","sender":"ana","content":"\ud800"}"#, "bad_json", None, None),
        (r#"{'type':'broadcast'}"#, "bad_json", None, None),
        ("[]", "bad_message", None, None),
        ("7", "bad_message", None, None),
        ("null", "bad_message", None, None),
        ("\"broadcast\"", "bad_message", None, None),
        ("{}", "bad_message", None, None),
        (&nested, "bad_message", None, None),
        (r#"{"sender":"ana","content":"x"}"#, "bad_message", None, None),
        (r#"{"type":7,"sender":"ana","content":"x"}"#, "bad_message", None, None),
        (r#"{"type":"list_users","type":"list_users","sender":"ana"}"#, "bad_message", None, None),
        (r#"{"type":"list_users","sender":"beto","sender":"ana"}"#, "bad_message", None, None),
        (r#"{"type":"private","sender":"ana","content":"x"}"#, "bad_message", Some("private"), None),
        (
            r#"{"type":"private","sender":"ana","target":7,"content":"x"}"#,
            "bad_message",
            Some("private"),
            None,
        ),
        (r#"{"type":"user_info","sender":"ana"}"#, "bad_message", Some("user_info"), None),
        (r#"{"type":"user_info","sender":"ana","target":["beto"]}"#, "bad_message", Some("user_info"), None),
        (r#"{"type":"confeti","sender":"ana"}"#, "unknown_type", Some("confeti"), None),
        (r#"{"type":"","sender":"ana"}"#, "unknown_type", Some(""), None),
        (r#"{"type":"BROADCAST","sender":"ana","content":"x"}"#, "unknown_type", Some("BROADCAST"), None),
        (
            r#"{"type":"status_update","sender":"ana","content":{"user":"beto","status":"INACTIVO"}}"#,
            "unknown_type",
            Some("status_update"),
            None,
        ),
        (
            r#"{"type":"user_disconnected","sender":"server","content":"beto ha salido"}"#,
            "unknown_type",
            Some("user_disconnected"),
            None,
        ),
        (
            r#"{"type":"error","sender":"server","target":"beto","content":"x"}"#,
            "unknown_type",
            Some("error"),
            Some("beto"),
        ),
        (
            r#"{"type":"register","sender":"ana","content":null}"#,
            "already_registered",
            Some("register"),
            None,
        ),
        (r#"{"type":"broadcast","content":"x"}"#, "sender_mismatch", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":"","content":"x"}"#, "sender_mismatch", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":null,"content":"x"}"#, "sender_mismatch", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":7,"content":"x"}"#, "sender_mismatch", Some("broadcast"), None),
        (
            r#"{"type":"broadcast","sender":["ana"],"content":"x"}"#,
            "sender_mismatch",
            Some("broadcast"),
            None,
        ),
        (r#"{"type":"broadcast","sender":"beto","content":"x"}"#, "sender_mismatch", Some("broadcast"), None),
        (
            r#"{"type":"broadcast","sender":"server","content":"x"}"#,
            "sender_mismatch",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"private","sender":"beto","target":"ana","content":"x"}"#,
            "sender_mismatch",
            Some("private"),
            Some("ana"),
        ),
        (r#"{"type":"list_users","sender":"beto"}"#, "sender_mismatch", Some("list_users"), None),
        (
            r#"{"type":"change_status","sender":"beto","content":"INACTIVO"}"#,
            "sender_mismatch",
            Some("change_status"),
            None,
        ),
        (
            r#"{"type":"disconnect","sender":"beto","content":"x"}"#,
            "sender_mismatch",
            Some("disconnect"),
            None,
        ),
        (
            r#"{"type":"private","sender":"ana","target":"nadie8","content":"x"}"#,
            "user_not_found",
            Some("private"),
            Some("nadie8"),
        ),
        (
            r#"{"type":"private","sender":"ana","target":"no vale","content":"x"}"#,
            "user_not_found",
            Some("private"),
            Some("no vale"),
        ),
        (
            r#"{"type":"private","sender":"ana","target":"server","content":"x"}"#,
            "user_not_found",
            Some("private"),
            Some("server"),
        ),
        (
            r#"{"type":"private","sender":"ana","target":"","content":"x"}"#,
            "user_not_found",
            Some("private"),
            Some(""),
        ),
        (
            r#"{"type":"user_info","sender":"ana","target":"nadie8"}"#,
            "user_not_found",
            Some("user_info"),
            Some("nadie8"),
        ),
        (r#"{"type":"broadcast","sender":"ana"}"#, "content_invalid", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":"ana","content":null}"#, "content_invalid", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":"ana","content":7}"#, "content_invalid", Some("broadcast"), None),
        (
            r#"{"type":"broadcast","sender":"ana","content":["x"]}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"broadcast","sender":"ana","content":{"a":"x"}}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (&deep, "content_invalid", Some("broadcast"), None),
        (r#"{"type":"broadcast","sender":"ana","content":""}"#, "content_invalid", Some("broadcast"), None),
        (
            r#"{"type":"broadcast","sender":"ana","content":" \n\t "}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"broadcast","sender":"ana","content":"a\u001b[31mb"}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"broadcast","sender":"ana","content":"a\u0000b"}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"broadcast","sender":"ana","content":"a\rb"}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"broadcast","sender":"ana","content":"a\u009bb"}"#,
            "content_invalid",
            Some("broadcast"),
            None,
        ),
        (
            r#"{"type":"private","sender":"ana","target":"beto","content":""}"#,
            "content_invalid",
            Some("private"),
            Some("beto"),
        ),
        (&too_long, "content_too_long", Some("broadcast"), None),
        (&too_long_private, "content_too_long", Some("private"), Some("beto")),
        (r#"{"type":"change_status","sender":"ana"}"#, "status_invalid", Some("change_status"), None),
        (
            r#"{"type":"change_status","sender":"ana","content":null}"#,
            "status_invalid",
            Some("change_status"),
            None,
        ),
        (
            r#"{"type":"change_status","sender":"ana","content":"activo"}"#,
            "status_invalid",
            Some("change_status"),
            None,
        ),
        (
            r#"{"type":"change_status","sender":"ana","content":"DORMIDO"}"#,
            "status_invalid",
            Some("change_status"),
            None,
        ),
        (
            r#"{"type":"change_status","sender":"ana","content":1}"#,
            "status_invalid",
            Some("change_status"),
            None,
        ),
    ];
    for (text, code, request, target) in cases {
        let start: String = text.chars().take(120).collect();
        ana.send_text(text);
        assert_eq!(error(&mut ana), refusal(code, *request, *target), "after {start}");
        ana.expect_nothing_more();
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
