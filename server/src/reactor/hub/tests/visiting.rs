//! Those who never become a WebSocket: what they are told, and what the ledger knows of them and of the others.

use super::world::*;
use super::*;

/// A TLS 1.2 client's hello, as far as it matters.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x28";
/// What strangers say first, what it is, what they are told, and what the ledger says of it.
const STRANGERS: [(&[u8], FirstBytes, &[u8], &str); 6] = [
    (b"hola, buenas\r\n", FirstBytes::Text, b"an echo\r\n", "was told what this is"),
    (b"{\"type\":\"register\"}\n", FirstBytes::Text, b"an echo\r\n", "was told what this is"),
    (HELLO, FirstBytes::Tls, ALERT, "no TLS here"),
    (b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n", FirstBytes::Ssh, b"", "no SSH here"),
    (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        FirstBytes::Http2,
        b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0d",
        "no HTTP/2 here",
    ),
    (b"\0\x01\x02\xff\xfe\n", FirstBytes::Junk, b"", "nothing that is spoken here"),
];

/// The ledger's latest record.
fn latest(world: &World) -> Record {
    world.hub.overview().records.pop().expect("somebody has arrived")
}

#[test]
fn a_stranger_is_told_at_once_in_its_own_terms_and_noted_wherever_its_bytes_are_cut() {
    for (bytes, first, told, noted) in STRANGERS {
        for chunk in [bytes.len(), 1] {
            let mut world = World::new();
            let number = world.connect();
            bytes.chunks(chunk).for_each(|bytes| world.send(number, bytes));
            assert_eq!(world.take(number), told, "{first} in chunks of {chunk}");
            assert!(world.pipes[number].borrow().shut, "{first}: we have finished");
            assert!(!world.is_dropped(number), "{first}: a reset would eat our last words");
            world.end(number);
            assert!(world.is_dropped(number));
            let record = latest(&world);
            assert_eq!(record.first, first);
            assert!(record.to_string().contains(noted), "{record}");
            assert_eq!((record.received, record.sent), (bytes.len() as u64, told.len() as u64));
            assert!(world.hub.is_empty() && world.hub.next_wake().is_none(), "nothing is left behind");
        }
    }
}

#[test]
fn what_is_cut_short_is_judged_at_the_handshake_deadline() {
    for (bytes, first, told) in [
        (&b""[..], FirstBytes::Nothing, &b"an echo\r\n"[..]),
        (b"hola", FirstBytes::Text, b"an echo\r\n"),
        (b"\r\n", FirstBytes::Text, b"an echo\r\n"),
        (b"\x16", FirstBytes::Junk, b""),
        (b"SSH-2.0-x", FirstBytes::Ssh, b""),
    ] {
        let mut world = World::new();
        let number = world.connect();
        world.send(number, bytes);
        assert_eq!(world.take(number), b"");
        world.pass(Duration::from_millis(10_100));
        assert_eq!(world.take(number), told, "{first}");
        assert_eq!(latest(&world).first, first);
        world.end(number);
        assert!(world.is_dropped(number));
    }
}

#[test]
fn a_request_that_wants_to_be_http_is_answered_as_such() {
    for (wrong, status) in [
        ("GET /chat HTTP/9.9\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("BREW / HTTP/x\r\n\r\n", 400),
    ] {
        let mut world = World::new();
        let number = world.connect();
        world.send(number, wrong.as_bytes());
        assert!(world.take(number).starts_with(format!("HTTP/1.1 {status}").as_bytes()), "{wrong}");
        let record = latest(&world);
        assert_eq!(record.first, FirstBytes::Http);
        assert!(record.to_string().ends_with(&format!("was answered with {status}")), "{record}");
    }
}

#[test]
fn every_end_before_a_request_is_noted() {
    let mut world = World::within(Limits { connections_max: 1, ..Limits::default() });
    let number = world.connect();
    assert!(
        latest(&world).to_string().ends_with("(nothing, 0.000 s, 0 bytes in, 0 out) has made no request yet")
    );
    world.send(number, b"GET /x");
    assert!(latest(&world).to_string().ends_with("(HTTP \"GET /x\", 0.000 s, 6 bytes in, 0 out) is asking"));
    world.end(number);
    assert!(latest(&world).to_string().ends_with("was ended by the peer before it made a request"));

    let number = world.connect();
    world.pipes[number].borrow_mut().failure = Some(io::ErrorKind::ConnectionReset);
    world.ready(number, Readiness { readable: true, ..Readiness::default() });
    assert!(latest(&world).to_string().contains("failed before it made a request"));

    world.open();
    world.connect();
    assert!(latest(&world).to_string().ends_with("was answered with 503"));
    for _ in 0..REFUSALS_MAX {
        world.connect();
    }
    assert!(latest(&world).to_string().ends_with("was closed at once: there are too many"));
    assert_eq!(world.hub.overview().accepted, 4 + REFUSALS_MAX as u64);
}

#[test]
fn a_websocket_is_noted_with_its_request_line_and_what_went_over_it() {
    let mut world = World::new();
    let number = world.open();
    let record = latest(&world);
    assert_eq!((record.first, record.shown.as_str()), (FirstBytes::WebSocket, "GET /chat HTTP/1.1"));
    assert!(record.to_string().ends_with(") is open"), "{record}");
    world.pass(Duration::from_secs(7));
    let (hello, bye) = (text("hello"), close(1000));
    world.send(number, &hello);
    world.send(number, &bye);
    world.end(number);
    let record = latest(&world);
    assert!(record.to_string().ends_with("was closed by the peer with 1000"), "{record}");
    assert_eq!(record.received as usize, UPGRADE.len() + hello.len() + bye.len());
    assert!(record.sent as usize > echo("hello").len(), "{record}");
    assert_eq!((record.shown.as_str(), record.lasted), ("GET /chat HTTP/1.1", Duration::from_secs(7)));
    let overview = world.hub.overview();
    assert_eq!((overview.received, overview.sent), (record.received, record.sent));
    assert_eq!((overview.handshaking, overview.open, overview.closing, overview.timers), (0, 0, 0, 0));
}

#[test]
fn whoever_asks_sees_also_those_who_are_still_here() {
    let mut world = World::new();
    let [silent, _] = [world.connect(), world.open()];
    let asks = world.connect();
    let request = "GET /inspect HTTP/1.1\r\nHost: h\r\n\r\n";
    world.send(asks, request.as_bytes());
    let answer = String::from_utf8(world.take(asks)).unwrap();
    assert!(answer.ends_with(&format!("{} in\n", UPGRADE.len() + request.len())), "{answer}");
    let overview = world.hub.overview();
    assert_eq!((overview.handshaking, overview.open, overview.closing), (1, 1, 1));
    assert!(overview.timers >= 3);
    world.end(asks);
    world.hub.abandon(&mut world.handler);
    let ended: Vec<_> = world.hub.overview().ended.into_iter().collect();
    let expected = [
        ((FirstBytes::WebSocket, "shutdown"), 1),
        ((FirstBytes::Http, "http_response"), 1),
        ((FirstBytes::Nothing, "shutdown"), 1),
    ];
    assert_eq!(ended, expected);
    assert!(world.is_dropped(silent));
}

#[test]
fn whoever_was_told_and_has_not_gone_yet_is_shown_with_what_it_began_with() {
    let mut world = World::new();
    let number = world.connect();
    world.send(number, b"\x16\x03\x01\x01/\x01");
    assert!(!world.is_dropped(number));
    let record = world.hub.overview().records.pop().unwrap();
    assert_eq!((record.first, record.shown.as_str()), (FirstBytes::Tls, "\\x16\\x03\\x01\\x01/\\x01"));
    assert!(record.ending.is_some());
}

#[test]
fn a_text_is_answered_also_when_its_sender_has_ended_its_own_direction() {
    let mut world = World::new();
    let [text, nothing] = [world.connect(), world.connect()];
    world.pipes[text].borrow_mut().to_server.extend(b"hola");
    world.end(text);
    assert_eq!(world.take(text), b"an echo\r\n");
    assert!(world.is_dropped(text), "it has said all, and has been told all");
    world.end(nothing);
    assert_eq!((world.take(nothing), world.is_dropped(nothing)), (vec![], true));
    assert!(world.hub.is_empty());
}
