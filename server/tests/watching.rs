//! What those read who watch the server: whether it is well, its figures, who came. None of it names a user.

mod support;

use std::collections::BTreeMap;

use support::exposition::read_metrics;
use support::raw::{self, Response, exchange, http};
use support::{Server, Value, eventually, json};

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/8\r\n{headers}\r\n")
}

fn metrics(server: &Server) -> BTreeMap<String, f64> {
    let response = http(server, get("/metrics", ""));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    read_metrics(&response.body)
}

fn assert_plain(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{}", response.body);
    assert_eq!(response.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(response.header("Connection"), Some("close"));
}

#[test]
fn health_is_ok_or_figures_as_json_and_names_nobody() {
    let server = Server::start(&[]);
    let _users = server.room(["ana", "beto"]);
    for accept in ["", "Accept: */*\r\n", "Accept: text/html\r\n"] {
        let response = http(&server, get("/healthz", accept));
        assert_plain(&response, 200);
        assert_eq!(response.body, "ok\n");
    }
    let response = http(&server, get("/healthz?x=1", "Accept: text/html, application/json;q=0.9\r\n"));
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("application/json")));
    let health: Value = serde_json::from_str(&response.body).unwrap();
    let uptime = health["uptime_seconds"].as_u64().unwrap();
    assert!(uptime < 60, "{health}");
    let version = env!("CARGO_PKG_VERSION");
    let expected = json!({ "status": "ok", "version": version, "users": 2, "uptime_seconds": uptime });
    assert_eq!(health, expected);
}

#[test]
fn metrics_are_in_the_format_and_count_what_happens() {
    let server = Server::start(&[]);
    let before = metrics(&server);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for _ in 0..5 {
        ana.say("hola");
        ana.expect_broadcast("ana", "hola");
        beto.expect_broadcast("ana", "hola");
    }
    ana.request("private", json!({ "target": "nadie", "content": "hola" }));
    ana.expect("error");
    http(&server, get("/nada", ""));
    exchange(&server, "hola\n");
    let after = metrics(&server);
    let grown = |series: &str| after[series] - before.get(series).copied().unwrap_or_default();
    assert_eq!(after["chat_users"], 2.0);
    assert_eq!(after["chat_connections{state=\"open\"}"], 2.0);
    // The welcome of each, beto's arrival for ana, ten times "hola", one error; and ana's own arrival if it is told.
    assert!((14.0..=16.0).contains(&grown("chat_deliveries_total")), "{after:?}");
    assert_eq!(after["chat_discarded_total"], 0.0, "everybody got all of it");
    assert_eq!(grown("chat_connections_accepted_total"), 5.0);
    assert_eq!(grown("chat_http_responses_total{status=\"404\"}"), 1.0);
    assert_eq!(grown("chat_refused_total{reason=\"user_not_found\"}"), 1.0);
    assert!(
        grown("chat_received_bytes_total") > 500.0 && grown("chat_sent_bytes_total") > 1_000.0,
        "{after:?}"
    );
    assert!(after["chat_timers"] >= 2.0);
    let buckets: Vec<f64> = after
        .iter()
        .filter(|(series, _)| series.starts_with("chat_turn_seconds_bucket"))
        .map(|(_, v)| *v)
        .collect();
    let turns = after["chat_turn_seconds_count"];
    assert!(turns >= 20.0 && buckets.iter().all(|count| *count <= turns), "{after:?}");
    assert_eq!(after["chat_turn_seconds_bucket{le=\"+Inf\"}"], turns);
    assert!(after["chat_turn_seconds_sum"] > 0.0);
    eventually("the line that was typed is counted when it is over", || {
        metrics(&server).get("chat_connections_ended_total{first=\"text\",ending=\"told\"}") == Some(&1.0)
    });
    let body = http(&server, get("/metrics", "")).body;
    assert!(!body.contains("ana") && !body.contains("beto"), "{body}");
}

#[test]
fn arrivals_are_shown_the_newest_first_with_those_who_are_still_here() {
    let server = Server::start(&[]);
    let _silent = raw::connect(&server);
    let [_ana] = server.room(["ana"]);
    exchange(&server, "\x16\x03\x01\x01\x2f\x01");
    let response = http(&server, get("/debug/connections", ""));
    assert_plain(&response, 200);
    let lines: Vec<_> = response.body.lines().collect();
    let expected = [
        "(HTTP \"GET /debug/connections HTTP/1.1\", ",
        "(TLS hello \"\\x16\\x03\\x01\\x01/\\x01\", ",
        "(WebSocket \"GET /chat HTTP/1.1\", ",
        "(nothing, ",
    ];
    assert_eq!(lines.len(), expected.len(), "{}", response.body);
    for (line, words) in lines.iter().zip(expected) {
        assert!(line.starts_with("20") && line.contains("Z connection from 127.0.0.1:"), "{line}");
        assert!(line.contains(words) && line.is_ascii(), "{line}");
    }
    assert!(lines[0].ends_with(" is asking"), "{}", lines[0]);
    assert!(lines[1].ends_with("there is no TLS here"), "{}", lines[1]);
    assert!(lines[2].ends_with(" is open") && lines[3].ends_with("has made no request yet"), "{lines:?}");
    for _ in 0..120 {
        drop(raw::connect(&server));
    }
    assert_eq!(http(&server, get("/debug/connections", "")).body.lines().count(), 100);
}

#[test]
fn what_comes_through_a_proxy_or_by_a_name_that_points_here_sees_neither_figures_nor_addresses() {
    let server = Server::start(&["--metrics", "127.0.0.1/32"]);
    let browser = "GET PATH HTTP/1.1\r\nHost: evil.example:8080\r\nUser-Agent: Mozilla/5.0\r\n\r\n";
    let forwarded = get("PATH", "X-Forwarded-For: 203.0.113.7\r\n");
    for request in [browser, &forwarded] {
        let response = http(&server, request.replace("PATH", "/debug/connections"));
        assert_plain(&response, 403);
        assert!(response.body.contains("--metrics"), "{}", response.body);
        // An address that was allowed is allowed, whoever stands behind it.
        assert_eq!(http(&server, request.replace("PATH", "/metrics")).status, 200);
    }
    let own = browser.replace("evil.example", "localhost").replace("PATH", "/debug/connections");
    assert_eq!(http(&server, own).status, 200);
    // The host of a target in absolute form is the one that counts.
    for (target, header, status) in
        [("http://evil.example", "127.0.0.1", 403), ("http://127.0.0.1", "evil.example", 200)]
    {
        let asks = format!("GET {target}/debug/connections HTTP/1.1\r\nHost: {header}\r\n\r\n");
        assert_eq!(http(&server, asks).status, status, "{target}");
    }
    // A second name cannot ride on the first.
    for hosts in ["Host: 127.0.0.1\r\nHost: evil.example", "Host: evil.example\r\nHost: 127.0.0.1"] {
        for path in ["/debug/connections", "/metrics", "/healthz"] {
            let asks = browser.replace("Host: evil.example:8080", hosts).replace("PATH", path);
            assert_plain(&http(&server, asks), 400);
        }
    }
    let unnamed = Server::start(&["--lang", "en"]);
    assert_plain(&http(&unnamed, forwarded.replace("PATH", "/metrics")), 403);
    assert_eq!(http(&unnamed, forwarded.replace("PATH", "/healthz")).status, 200);
}

#[test]
fn head_is_get_without_its_body_and_other_methods_are_405() {
    let server = Server::start(&[]);
    let asks = get("/healthz", "");
    let json = get("/healthz", "Accept: application/json\r\n");
    for request in [asks, json] {
        let (head, got) = (http(&server, request.replacen("GET", "HEAD", 1)), http(&server, request));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert_eq!(head.head_without_date(), got.head_without_date());
    }
    for path in ["/metrics", "/debug/connections"] {
        let head = http(&server, get(path, "").replacen("GET", "HEAD", 1));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        let length: usize = head.header("Content-Length").unwrap().parse().unwrap();
        assert!(length > 80, "{}", head.head);
    }
    for path in ["/healthz", "/metrics", "/debug/connections"] {
        assert_plain(&http(&server, get(path, "").replacen("GET", "POST", 1)), 405);
    }
}
