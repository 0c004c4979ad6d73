//! How fast one client may be.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use support::raw::{self, TEXT};
use support::{Server, json};

#[test]
fn over_the_rate_each_request_is_refused_with_an_error_and_the_connection_stays() {
    let server = Server::start(&["--rate", "5"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let requests: Vec<u8> = (0..100)
        .flat_map(|n| {
            let request =
                json!({ "type": "private", "sender": "ana", "target": format!("nadie{n}"), "content": "x" });
            raw::frame(TEXT, request.to_string().as_bytes())
        })
        .collect();
    ana.stream().write_all(&requests).unwrap();
    let mut limited = 0;
    for n in 0..100 {
        let error = ana.expect("error");
        assert_eq!((&error["request"], &error["target"]), (&json!("private"), &json!(format!("nadie{n}"))));
        match error["code"].as_str() {
            Some("user_not_found") => {}
            Some("rate_limited") => {
                assert!(error["content"].as_str().unwrap().contains('5'), "{error}");
                limited += 1;
            }
            _ => panic!("{error}"),
        }
        // A burst is three seconds' worth, less the registration.
        assert!(n >= 14 || limited == 0, "{error}");
    }
    assert!(limited > 50, "{limited} of 100 were refused");

    // Others are not limited by it, and the one who was may go on as soon as it is slower.
    beto.say("yo no");
    beto.expect_broadcast("beto", "yo no");
    ana.expect_broadcast("beto", "yo no");
    let start = Instant::now();
    while start.elapsed() < support::PATIENCE {
        ana.expect_silence(Duration::from_millis(100));
        ana.say("ya más despacio");
        if ana.message()["type"] == "broadcast" {
            return;
        }
    }
    panic!("still refused");
}

#[test]
fn a_refused_broadcast_is_not_relayed() {
    let server = Server::start(&["--rate", "1"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let mut relayed = Vec::new();
    for n in 0..20 {
        ana.say(&n.to_string());
        let answer = ana.message();
        match answer["type"].as_str() {
            Some("broadcast") => relayed.push(answer["content"].clone()),
            _ => assert_eq!(
                (&answer["code"], &answer["request"]),
                (&json!("rate_limited"), &json!("broadcast"))
            ),
        }
    }
    assert!(relayed.len() < 20);
    for content in relayed {
        assert_eq!(beto.expect("broadcast")["content"], content);
    }
    beto.expect_nothing_more();
}

#[test]
fn the_default_rate_passes_a_burst_of_sixty() {
    let server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for n in 0..59 {
        ana.say(&n.to_string());
    }
    for n in 0..59 {
        ana.expect_broadcast("ana", &n.to_string());
    }
}

#[test]
fn a_rate_of_zero_lifts_the_limits() {
    let server = Server::start(&["--rate", "0"]);
    let [mut ana] = server.room(["ana"]);
    let start = Instant::now();
    for n in 0..2_000 {
        ana.say(&format!("{n} {}", "x".repeat(1_000)));
        ana.expect_broadcast("ana", &format!("{n} {}", "x".repeat(1_000)));
    }
    // At 64 KiB a second it would have been half a minute.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn over_the_byte_rate_reading_rests_and_nothing_is_lost() {
    let server = Server::start(&[]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    let start = Instant::now();
    let padding = "x".repeat(60_000);
    // 360 kB where 256 KiB and then 64 KiB a second pass.
    for n in 0..6 {
        ana.request("broadcast", json!({ "content": n.to_string(), "padding": padding }));
    }
    for n in 0..6 {
        ana.expect_broadcast("ana", &n.to_string());
        beto.expect_broadcast("ana", &n.to_string());
    }
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    ana.say("y sigue");
    ana.expect_broadcast("ana", "y sigue");
}
