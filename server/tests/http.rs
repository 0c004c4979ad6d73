//! What somebody reads who comes with curl or a browser instead of a WebSocket.

mod support;

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use support::raw::{self, http, upgrade_request};
use support::{Server, json};

/// A readable answer: plain text in UTF-8 of the length it says, and the end of the connection.
#[track_caller]
fn assert_readable(response: &raw::Response) {
    assert_eq!(response.header("Content-Type"), Some("text/plain; charset=utf-8"), "{}", response.head);
    // What is in Upgrade must be named in Connection too (RFC 9110, section 7.8).
    let connection = if response.header("Upgrade").is_some() { "close, Upgrade" } else { "close" };
    assert_eq!(response.header("Connection"), Some(connection), "{}", response.head);
    let length = response.body.len().to_string();
    assert_eq!(response.header("Content-Length"), Some(length.as_str()), "{}", response.head);
    assert!(response.body.ends_with('\n') && !response.body.trim().is_empty(), "{response:?}");
    assert!(response.head.starts_with("HTTP/1.1 "), "{}", response.head);
    let date = response.header("Date").expect("the server has a clock");
    assert!(date.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len() && date.ends_with(" GMT"), "{date}");
    let age = DateTime::parse_from_rfc2822(date)
        .expect("a date")
        .signed_duration_since(DateTime::<Utc>::from(SystemTime::now()));
    assert!(age.num_minutes() == 0, "{date}");
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: chat.example:5000\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n")
}

#[test]
fn the_root_says_what_this_is_and_how_to_join() {
    let server = Server::start(&[]);
    for request in [get("/"), get("/?x=1"), "GET / HTTP/1.0\r\n\r\n".to_owned()] {
        let response = http(&server, request);
        assert_eq!(response.status, 200);
        assert_readable(&response);
        assert!(response.body.contains("chat-client"), "{}", response.body);
        assert!(response.body.contains("\"register\""), "{}", response.body);
    }
    let body = http(&server, get("/")).body;
    assert!(body.contains("ws://chat.example:5000/chat"), "{body}");
    assert!(body.contains("Desde aquí se le ve como 127.0.0.1:"), "{body}");
    let without_host = http(&server, "GET / HTTP/1.0\r\n\r\n").body;
    assert!(without_host.contains(&format!("ws://127.0.0.1:{}/chat", server.port)), "{without_host}");
}

#[test]
fn a_target_in_absolute_form_is_served_under_its_own_host() {
    let server = Server::start(&[]);
    let root = http(&server, get("http://otro.example:90/?x=1"));
    assert_eq!(root.status, 200);
    assert!(root.body.contains("ws://otro.example:90/chat"), "{}", root.body);
    assert_eq!(http(&server, get("http://otro.example")).status, 200);
    assert_eq!(http(&server, get("http://otro.example/otra")).status, 404);
    for (path, name) in [("http://localhost/chat", "ana"), ("ws://localhost/chat", "beto")] {
        let stream = raw::send(&server, upgrade_request(path));
        raw::upgraded(stream).register(name);
    }
}

#[test]
fn the_chat_without_an_upgrade_is_426() {
    let server = Server::start(&[]);
    for path in ["/chat", "/chat?x=1"] {
        let response = http(&server, get(path));
        assert_eq!(response.status, 426);
        assert_readable(&response);
        assert_eq!(response.header("Upgrade"), Some("websocket"), "{}", response.head);
        assert!(response.body.contains("WebSocket"), "{}", response.body);
    }
}

#[test]
fn another_path_is_404_and_says_where_the_chat_is_also_to_a_websocket() {
    let server = Server::start(&[]);
    for request in [get("/otra"), get("/chat/"), get("/favicon.ico"), upgrade_request("/ws")] {
        let response = http(&server, request);
        assert_eq!(response.status, 404);
        assert_readable(&response);
        assert!(response.body.contains("/chat"), "{}", response.body);
    }
}

#[test]
fn other_methods_are_405() {
    let server = Server::start(&[]);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = format!("{method} /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}");
        let response = http(&server, request);
        assert_eq!(response.status, 405, "{method}");
        assert_readable(&response);
        assert!(response.header("Allow").unwrap().contains("GET"), "{}", response.head);
    }
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let server = Server::start(&[]);
    for (path, status) in [("/", 200), ("/chat", 426), ("/otra", 404)] {
        let got = http(&server, get(path));
        let head = http(&server, get(path).replace("GET", "HEAD"));
        assert_eq!((head.status, head.body.as_str()), (status, ""));
        assert_eq!(head.head_without_date(), got.head_without_date());
    }
}

#[test]
fn a_missing_or_wrong_key_is_400() {
    let server = Server::start(&[]);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for instead in ["", "Sec-WebSocket-Key: \r\n", "Sec-WebSocket-Key: corta\r\n", "Sec-WebSocket-Key: ñ\r\n"]
    {
        let response = http(&server, upgrade_request("/chat").replace(key, instead));
        assert_eq!(response.status, 400, "{instead:?}");
        assert_readable(&response);
        assert!(response.body.contains("Sec-WebSocket-Key"), "{}", response.body);
    }
}

#[test]
fn a_request_that_names_no_host_or_two_is_400_and_told_so() {
    let server = Server::start(&[]);
    let two = "Host: a.example\r\nHost: b.example\r\n";
    let [page, chat] = [get("/"), upgrade_request("/chat")];
    for (request, words) in [
        (page.replace("Host: chat.example:5000\r\n", ""), "Falta la cabecera Host"),
        (page.replace("Host: chat.example:5000\r\n", two), "más de una vez"),
        (chat.replace("Host: localhost\r\n", ""), "Falta la cabecera Host"),
        (chat.replace("Host: localhost\r\n", two), "más de una vez"),
        (page.replace("HTTP/1.1", "HTTP/1.0").replace("Host: chat.example:5000\r\n", two), "más de una vez"),
    ] {
        let response = http(&server, &request);
        assert_eq!(response.status, 400, "{request}");
        assert_readable(&response);
        assert!(
            response.body.contains(words) && !response.body.contains("example:5000"),
            "{}",
            response.body
        );
        let head = http(&server, request.replacen("GET", "HEAD", 1));
        assert_eq!((head.status, head.body.as_str()), (400, ""), "{request}");
    }
}

#[test]
fn a_second_key_or_version_is_400_and_told_so() {
    let server = Server::start(&[]);
    for header in ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Version: 13\r\n"] {
        let response = http(&server, upgrade_request("/chat").replace(header, &header.repeat(2)));
        assert_eq!(response.status, 400, "{header}");
        assert_readable(&response);
        let name = header.split(':').next().unwrap();
        assert!(response.body.contains(&format!("{name} viene más de una vez")), "{}", response.body);
    }
}

#[test]
fn another_version_of_websocket_is_426_and_told_the_right_one() {
    let server = Server::start(&[]);
    for version in ["8", "0", "14", "trece"] {
        let request = upgrade_request("/chat")
            .replace("Sec-WebSocket-Version: 13", &format!("Sec-WebSocket-Version: {version}"));
        let response = http(&server, request);
        assert_eq!(response.status, 426, "{version}");
        assert_readable(&response);
        assert_eq!(response.header("Sec-WebSocket-Version"), Some("13"), "{}", response.head);
    }
}

#[test]
fn what_wants_to_be_http_and_is_not_is_answered_with_400_at_once() {
    let server = Server::start(&[]);
    for (wrong, status, words) in [
        ("GET /chat HTTP/9.9\r\n\r\n", 505, "HTTP/1.1 y HTTP/1.0"),
        ("GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, "HTTP/1.1 y HTTP/1.0"),
        ("GET /chat HTTP/1.1\r\nsin dos puntos\r\n\r\n", 400, "mal formada"),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "antes de los dos puntos"),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, "mal formada"),
        ("\r\nHEAD / HTTP/x\r\n\r\n", 400, "no empieza como una petición HTTP"),
    ] {
        let response = http(&server, wrong);
        assert_eq!(response.status, status, "{wrong}");
        assert_readable(&response);
        assert!(response.body.contains(words), "{wrong}: {}", response.body);
    }
}

#[test]
fn a_head_over_its_limits_is_431() {
    let server = Server::start(&[]);
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "x".repeat(9 * 1024));
    let endless = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}", "x".repeat(9 * 1024));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1_000));
    let huge = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(60_000));
    for request in [long, endless, many, huge] {
        let response = http(&server, request);
        assert_eq!(response.status, 431);
        assert_readable(&response);
    }
}

#[test]
fn the_texts_are_in_the_language_of_the_server() {
    let spanish = Server::start(&[]);
    let english = Server::start(&["--lang", "en"]);
    let post = "POST / HTTP/1.1\r\nHost: x\r\n\r\n";
    let version = upgrade_request("/").replace(": 13", ": 8");
    for request in [&get("/"), &get("/chat"), &get("/x"), post, &version, "GET / HTTP/x\r\n\r\n"] {
        let (es, en) = (http(&spanish, request), http(&english, request));
        assert_eq!(es.status, en.status);
        assert_ne!(es.body, en.body, "{request}");
        assert_readable(&en);
    }
    assert!(http(&spanish, get("/")).body.contains("Esto es"));
    assert!(http(&english, get("/")).body.contains("This is"));
}

#[test]
fn a_host_that_is_no_host_is_not_repeated() {
    let server = Server::start(&[]);
    for host in ["<script>alert(1)</script>", "a b", "x\u{1b}[2J", &"x".repeat(300)] {
        let response = http(&server, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(!response.body.contains(host), "{}", response.body);
    }
}

#[test]
fn visitors_do_not_disturb_the_chat() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for _ in 0..50 {
        assert_eq!(http(&server, get("/")).status, 200);
    }
    ana.expect_nothing_more();
    ana.request("user_info", json!({ "target": "ana" }));
    ana.expect("user_info_response");
}

#[test]
fn an_upgrade_that_is_not_by_the_book_is_426_and_told_what_is_missing() {
    let server = Server::start(&[]);
    for path in ["/", "/chat"] {
        let whole = upgrade_request(path);
        let over_http_1_0 = whole.replace("HTTP/1.1", "HTTP/1.0");
        let without_connection = whole.replace("Connection: Upgrade\r\n", "");
        for request in [over_http_1_0, without_connection] {
            let response = http(&server, request.clone());
            assert_eq!(response.status, 426, "{request}");
            assert_eq!(response.header("Upgrade"), Some("websocket"));
            assert_eq!(response.header("Sec-WebSocket-Version"), Some("13"));
            assert!(response.body.contains("Connection: Upgrade"), "{}", response.body);
        }
    }
}
