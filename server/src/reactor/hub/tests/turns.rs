//! What one turn does for one connection, read and written, and what it leaves to the next.

use super::world::*;
use super::*;

#[test]
fn everything_that_piled_up_in_a_turn_leaves_in_one_write() {
    let mut world = World::new();
    let number = world.open();
    let before = world.pipes[number].borrow().writes;
    world.send(number, &[text("a"), text("b"), text("c")].concat());
    assert_eq!(world.take(number), [echo("a"), echo("b"), echo("c")].concat());
    assert_eq!(world.pipes[number].borrow().writes - before, 1);
}

#[test]
fn a_socket_that_takes_bytes_one_by_one_gets_the_same_stream() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().room = 0;
    world.send(number, &[text("hola"), text(&"y".repeat(10_000)), text("fin")].concat());
    assert_eq!(world.take(number), b"");
    let expected = [echo("hola"), echo(&"y".repeat(10_000)), echo("fin")].concat();
    let mut got = Vec::new();
    while got.len() < expected.len() {
        world.pipes[number].borrow_mut().room = 1 + got.len() % 300;
        world.ready(number, Readiness { writable: true, ..Readiness::default() });
        let part = world.take(number);
        assert!(!part.is_empty(), "stuck after {} bytes", got.len());
        got.extend(part);
    }
    assert_eq!(got, expected);
}

#[test]
fn one_who_pings_without_reading_is_not_read_any_more_until_it_reads() {
    let mut world = World::new();
    let number = world.open();
    world.pipes[number].borrow_mut().room = 0;
    let ping = client_frame(OpCode::Control(Control::Ping), true, &[7; 125]);
    let count = 4 * OUTBOX_BYTES_SOFT_MAX / ping.len();
    for _ in 0..count {
        world.send(number, &ping);
    }
    let unread = world.pipes[number].borrow().to_server.len();
    assert!(
        unread > OUTBOX_BYTES_SOFT_MAX,
        "everything but {unread} bytes was taken from one who reads nothing"
    );
    world.pipes[number].borrow_mut().room = PLENTY;
    world.ready(number, Readiness { writable: true, ..Readiness::default() });
    assert_eq!(world.pipes[number].borrow().to_server.len(), 0);
    let answers = world.take(number).len();
    assert!(answers.is_multiple_of(127) && answers > OUTBOX_BYTES_SOFT_MAX, "{answers} bytes of pongs");
}

#[test]
fn one_talker_gets_so_many_messages_a_turn_and_the_others_are_served_between() {
    let mut world = World::new();
    let [talker, other] = [world.open(), world.open()];
    let ids = [world.id(talker), world.id(other)];
    let flood = text("x").repeat(MESSAGES_PER_TURN * 2 + 10);
    world.pipes[talker].borrow_mut().to_server.extend(flood);
    world.pipes[other].borrow_mut().to_server.extend(text("me too"));
    let readable = Readiness { readable: true, ..Readiness::default() };
    world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
    world.hub.on_ready(ids[0], readable);
    world.hub.on_ready(ids[1], readable);
    world.hub.resume(&mut world.handler);
    let received = &world.handler.received;
    assert_eq!((received.len(), received.last().unwrap().as_str()), (MESSAGES_PER_TURN + 1, "me too"));
    world.finish_turn();
    world.run();
    assert_eq!(world.handler.received.len(), MESSAGES_PER_TURN * 2 + 11);
    assert_eq!(world.take(talker).len(), echo("x").len() * (MESSAGES_PER_TURN * 2 + 10));
}

#[test]
fn announcements_are_written_before_more_of_them_are_taken_in() {
    let mut world = World::new();
    let [talker, listener] = [world.open(), world.open()];
    world.handler.received.clear();
    // The queues of the test are unbounded, but none ever holds more than one flush's worth.
    world.send(talker, &text("all").repeat(ANNOUNCEMENTS_PER_FLUSH + 100));
    assert_eq!(world.handler.received.len(), ANNOUNCEMENTS_PER_FLUSH + 100);
    assert_eq!(world.take(listener), echo("all").repeat(ANNOUNCEMENTS_PER_FLUSH + 100));
}

#[test]
fn endless_talkers_share_and_neither_timers_nor_newcomers_wait_for_them() {
    let mut world = World::new();
    let talkers: Vec<usize> = (0..3).map(|_| world.open()).collect();
    let idle = world.open();
    world.send(idle, &text("timer"));
    let silent = world.connect();
    // What a talker sends is answered with so much that each alone fills a flush.
    let (big, readable) = ("x".repeat(4_000), Readiness { readable: true, ..Readiness::default() });
    let ids: Vec<_> = talkers.iter().map(|talker| world.id(*talker)).collect();
    for _ in 0..300 {
        for talker in &talkers {
            world.pipes[*talker].borrow_mut().to_server.extend(text(&big).repeat(40));
        }
        world.now += Duration::from_millis(50);
        world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
        ids.iter().for_each(|id| world.hub.on_ready(*id, readable));
        world.finish_turn();
    }
    assert!(world.hub.has_leftovers(), "the flood is still on");
    assert_eq!(world.handler.timers, 1);
    assert!(world.is_dropped(silent), "the handshake deadline held");
    let got: Vec<usize> = talkers.iter().map(|talker| world.take(*talker).len()).collect();
    let (least, most) = (got.iter().min().unwrap(), got.iter().max().unwrap());
    assert!(*least * 10 > *most * 9, "unequal shares: {got:?}");
}

#[test]
fn one_reader_is_written_so_many_bytes_a_turn_and_the_rest_in_the_next() {
    let mut world = World::new();
    let number = world.open();
    let id = world.id(number);
    let text = "x".repeat(8_000);
    let count = 3 * WRITE_BYTES_PER_TURN / text.len();
    for _ in 0..count {
        world.handler.queue(id, &text);
    }
    world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
    world.hub.on_ready(id, Readiness { writable: true, ..Readiness::default() });
    world.hub.settle(&mut world.handler);
    let first = world.take(number).len();
    let most = WRITE_BYTES_PER_TURN + GATHER_BYTES + echo(&text).len();
    assert!((WRITE_BYTES_PER_TURN..most).contains(&first), "{first} bytes in one turn");
    world.run();
    assert_eq!(first + world.take(number).len(), count * echo(&text).len());
}
