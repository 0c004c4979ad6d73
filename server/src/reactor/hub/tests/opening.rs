//! Taking connections in: heads of requests, answers, how many there may be.

use super::world::*;
use super::*;

#[test]
fn a_handshake_and_messages_in_one_segment_and_byte_by_byte_are_the_same() {
    let stream: Vec<u8> =
        [UPGRADE.as_bytes(), &text("uno"), &text(&"x".repeat(3_000)), &text("dos")].concat();
    let answer = |chunk: usize| {
        let mut world = World::new();
        let number = world.connect();
        stream.chunks(chunk).for_each(|bytes| world.send(number, bytes));
        assert_eq!(world.handler.received.len(), 3);
        world.take(number)
    };
    let whole = answer(stream.len());
    assert!(whole.ends_with(&echo("dos")));
    for chunk in [1, 2, 7, 500] {
        assert_eq!(answer(chunk), whole, "in chunks of {chunk}");
    }
}

#[test]
fn a_peer_that_says_nothing_or_half_a_request_is_closed_at_the_handshake_deadline() {
    let mut world = World::new();
    let silent = world.connect();
    let slow = world.connect();
    world.pass(Duration::from_secs(9));
    world.send(slow, b"GET / HT");
    assert!(!world.is_dropped(silent));
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.take(silent), b"an echo\r\n");
    assert!(world.take(slow).starts_with(b"HTTP/1.1 408"));
    assert!([silent, slow].iter().all(|number| world.pipes[*number].borrow().shut));
    world.pass(Duration::from_secs(3));
    assert!(world.is_dropped(silent) && world.is_dropped(slow));
    assert!(world.hub.is_empty() && world.hub.next_wake().is_none(), "nothing is left behind");
}

#[test]
fn an_answer_is_protected_from_a_reset_by_reading_on_until_the_peer_has_finished() {
    let mut world = World::new();
    let number = world.connect();
    world.send(number, b"GET / HTTP/1.1\r\nHost: h\r\n\r\nand a body that nobody reads");
    assert!(world.take(number).ends_with(b"hola\n"));
    assert!(world.pipes[number].borrow().shut && !world.is_dropped(number));
    world.send(number, b"more");
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn a_request_that_names_no_host_or_two_reaches_no_handler() {
    let nowhere = UPGRADE.replace("Host: h\r\n", "");
    for asks in [&nowhere, &UPGRADE.replace("Host: h\r\n", "Host: h\r\nHost: h\r\n")] {
        let mut world = World::new();
        let number = world.connect();
        world.send(number, asks.as_bytes());
        assert!(world.take(number).starts_with(b"HTTP/1.1 400"), "{asks}");
        assert!(world.handler.queues.is_empty(), "nothing was opened");
    }
}

#[test]
fn one_who_never_finishes_after_an_answer_is_dropped_by_time_or_by_bytes() {
    let mut world = World::new();
    let [by_time, by_bytes] = [world.connect(), world.connect()];
    for number in [by_time, by_bytes] {
        world.send(number, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    world.send(by_bytes, &vec![0; super::super::super::connection::LINGER_BYTES_MAX]);
    assert!(!world.is_dropped(by_bytes));
    world.send(by_bytes, b"x");
    assert!(world.is_dropped(by_bytes) && !world.is_dropped(by_time));
    world.pass(Duration::from_millis(2_100));
    assert!(world.is_dropped(by_time));
}

#[test]
fn more_connections_than_there_may_be_are_told_so_and_beyond_that_dropped() {
    let mut world = World::within(Limits { connections_max: 2, ..Limits::default() });
    let first = world.open();
    world.open();
    let refused = world.connect();
    assert!(world.take(refused).starts_with(b"HTTP/1.1 503"));
    for _ in 1..REFUSALS_MAX {
        world.connect();
    }
    let dropped = world.connect();
    assert_eq!((world.take(dropped), world.is_dropped(dropped)), (vec![], true));
    assert_eq!(world.handler.refusals, REFUSALS_MAX, "no answer is made that nobody gets");
    assert_eq!(world.handler.turned_away, 1, "also the one without words is known of");
    world.end(first);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.hub.len(), 1);
    world.open();
}

#[test]
fn accepting_is_cut_into_turns_and_rests_when_the_system_has_no_more() {
    let mut world = World::new();
    let streams = (0..Limits::default().accepts_per_turn + 1).map(|_| Ok(FakeStream(Rc::default())));
    world.hub.network_mut().waiting.extend(streams);
    world.hub.on_acceptable();
    world.finish_turn();
    assert_eq!(world.hub.len(), Limits::default().accepts_per_turn);
    world.hub.network_mut().waiting.push_front(Err(io::Error::other("no descriptors left")));
    world.finish_turn();
    assert!(!world.hub.has_leftovers(), "a shortage must not spin");
    assert_eq!(world.hub.len(), Limits::default().accepts_per_turn);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.hub.len(), Limits::default().accepts_per_turn + 1);
}
