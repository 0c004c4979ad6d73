//! How connections end: by whose wish, what is said before, and that it is told once.

use super::world::*;
use super::*;

#[test]
fn a_close_frame_is_answered_after_what_was_asked_before_it() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &[text("hola"), close(1000), text("nothing after it counts")].concat());
    let bytes = world.take(number);
    assert!(bytes.starts_with(&echo("hola")));
    assert_eq!(close_code(&bytes), 1000);
    assert_eq!(world.handler.closes, [CloseReason::PeerClosed(Some(1000))]);
    assert_eq!(world.handler.received, ["hola"]);
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn violations_are_answered_with_their_code_after_what_was_asked_before_them() {
    let unmasked = vec![0x81, 1, b'x'];
    let too_big = [&[0x81, 0xff][..], &65_537_u64.to_be_bytes(), &[0; 4]].concat();
    let not_utf8 = client_frame(OpCode::Data(Data::Text), true, &[0xff]);
    for (bad, code) in [(unmasked, 1002), (too_big, 1009), (not_utf8, 1007)] {
        let mut world = World::new();
        let number = world.open();
        world.send(number, &[text("hola"), bad, text("after")].concat());
        let bytes = world.take(number);
        assert!(bytes.starts_with(&echo("hola")));
        assert_eq!(close_code(&bytes), code);
        assert_eq!(world.handler.received, ["hola"]);
        world.pass(Duration::from_millis(2_100));
        assert!(world.is_dropped(number) && world.hub.is_empty());
    }
}

#[test]
fn a_message_of_exactly_the_limit_passes() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &text(&"x".repeat(65_536)));
    assert_eq!(world.handler.received.len(), 1);
}

#[test]
fn a_close_that_the_handler_wishes_comes_after_its_last_words_and_waits_for_the_answer() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &text("bye"));
    let bytes = world.take(number);
    assert!(bytes.starts_with(&echo("last words")));
    assert_eq!(close_code(&bytes), 1000);
    assert_eq!(world.handler.closes.len(), 1);
    assert!(!world.is_dropped(number));
    world.send(number, &[text("too late"), close(1000)].concat());
    assert_eq!(world.handler.received, ["bye"]);
    assert!(world.pipes[number].borrow().shut);
    world.end(number);
    assert!(world.is_dropped(number));
}

#[test]
fn one_who_neither_takes_our_last_words_nor_answers_is_cut_at_the_close_deadline() {
    let mut world = World::new();
    let [blocked, mute] = [world.open(), world.open()];
    world.pipes[blocked].borrow_mut().room = 0;
    for _ in 0..40 {
        world.send(blocked, &text(&"x".repeat(4_000)));
    }
    world.send(blocked, &text("bye"));
    world.send(mute, &text("bye"));
    world.pass(Duration::from_millis(1_900));
    assert!(!world.is_dropped(blocked) && !world.is_dropped(mute));
    world.pass(Duration::from_millis(200));
    assert!(world.is_dropped(blocked) && world.is_dropped(mute));
    assert_eq!(world.handler.closes.len(), 2);
}

#[test]
fn a_reset_is_told_once_and_frees_the_slot_for_another_name() {
    let mut world = World::new();
    let first = world.open();
    world.pipes[first].borrow_mut().failure = Some(io::ErrorKind::ConnectionReset);
    world.ready(first, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!(world.handler.closes, [CloseReason::Failed(io::ErrorKind::ConnectionReset)]);
    let second = world.open();
    let ids = [world.id(first), world.id(second)];
    assert_eq!((ids[0].slot(), ids[0] == ids[1]), (ids[1].slot(), false));
    // An edge of the old connection that comes late means nothing.
    world.ready(first, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!((world.handler.closes.len(), world.hub.len()), (1, 1));
}

#[test]
fn the_end_of_the_stream_comes_after_everything_before_it_and_leaves_no_trace() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().to_server.extend(text("hola"));
    world.end(number);
    assert_eq!(world.handler.received, ["hola"]);
    assert_eq!(world.handler.closes, [CloseReason::PeerVanished]);
    assert_eq!(world.take(number), echo("hola"));
    assert!(world.is_dropped(number) && world.hub.is_empty() && world.hub.next_wake().is_none());
    assert_eq!(world.handler.calls_after_close, 0);
}

#[test]
fn a_reset_is_noticed_while_reading_rests() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &text(&"x".repeat(20_000)));
    world.pipes[number].borrow_mut().failure = Some(io::ErrorKind::ConnectionReset);
    world.ready(number, Readiness { readable: true, writable: true, read_closed: true, failed: true });
    assert_eq!(world.handler.closes, [CloseReason::Failed(io::ErrorKind::ConnectionReset)]);
}

#[test]
fn a_shutdown_says_what_is_queued_then_1001_and_forgets_who_is_not_yet_open() {
    let mut world = World::new();
    let open = world.open();
    let greeting = world.connect();
    let id = world.id(open);
    world.handler.queue(id, "queued");
    world.hub.shutdown(&mut world.handler);
    world.hub.settle(&mut world.handler);
    let bytes = world.take(open);
    assert!(bytes.starts_with(&echo("queued")));
    assert_eq!(close_code(&bytes), 1001);
    assert!(world.is_dropped(greeting));
    assert_eq!(world.handler.closes, [CloseReason::Shutdown]);
    world.send(open, &close(1001));
    world.end(open);
    assert!(world.hub.is_empty());
    world.connect();
    assert!(world.hub.is_empty(), "nobody is accepted any more");
}
