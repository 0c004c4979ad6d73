//! JSON that is meant to hurt whoever reads it: nested, repeated, or with numbers that no machine holds.

mod support;

use support::{Server, json};

#[test]
fn nesting_beyond_the_limit_is_refused_wherever_it_stands_and_the_connection_stays() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let within = |value: String| format!(r#"{{"type":"broadcast","sender":"ana","content":{value}}}"#);
    let beside =
        |value: String| format!(r#"{{"type":"broadcast","sender":"ana","content":"x","y":{value}}}"#);
    for depth in [128, 3_000, 9_000] {
        let open_arrays = "[".repeat(depth);
        let arrays = format!("{open_arrays}{}", "]".repeat(depth));
        let open_objects = r#"{"a":"#.repeat(depth);
        let objects = format!("{open_objects}0{}", "}".repeat(depth));
        for text in [
            open_arrays.clone(),
            open_objects.clone(),
            arrays.clone(),
            objects.clone(),
            within(arrays.clone()),
            within(open_arrays.clone()),
            within(objects.clone()),
            beside(arrays.clone()),
            beside(objects.clone()),
            beside(open_objects.clone()),
        ] {
            ana.send_text(&text);
            let error = ana.expect("error");
            let code = error["code"].as_str().unwrap_or_default();
            assert!(["bad_json", "bad_message", "content_invalid"].contains(&code), "{error}");
        }
    }
    beto.expect_nothing_more();
    ana.say("sigo");
    beto.expect_broadcast("ana", "sigo");
}

#[test]
fn a_key_twice_and_numbers_that_no_machine_holds_never_make_somebody_else_speak() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let digits = "9".repeat(3_000);
    for number in
        ["1e999999", "-1e999999", "18446744073709551616", "-9223372036854775809", "1e-999999", &digits]
    {
        for key in ["timestamp", "x", "code"] {
            // Where it does not matter, the message arrives or is refused.
            ana.send_text(&format!(
                r#"{{"type":"broadcast","sender":"ana","content":"n","{key}":{number}}}"#
            ));
            let answer = ana.message();
            if answer["type"] == "broadcast" {
                assert_eq!(answer["sender"], "ana");
                beto.expect_broadcast("ana", "n");
            } else {
                assert!(matches!(answer["code"].as_str(), Some("bad_json" | "bad_message")), "{answer}");
            }
        }
        for key in ["sender", "content", "type"] {
            let mut fields = json!({ "type": "broadcast", "sender": "ana", "content": "n" });
            fields[key] = json!("NUMBER");
            ana.send_text(&fields.to_string().replace("\"NUMBER\"", number));
            ana.expect("error");
        }
    }
    for twice in [
        r#"{"type":"broadcast","sender":"ana","sender":"beto","content":"x"}"#,
        r#"{"type":"broadcast","sender":"beto","sender":"ana","content":"x"}"#,
        r#"{"type":"error","type":"broadcast","sender":"ana","content":"x"}"#,
        r#"{"type":"broadcast","sender":"ana","\u0073ender":"beto","content":"x"}"#,
    ] {
        ana.send_text(twice);
        let answer = ana.message();
        assert!(answer["type"] == "error" || answer["sender"] == "ana", "{twice}: {answer}");
    }
    ana.say("fin");
    while beto.expect("broadcast")["content"] != "fin" {}
}
