//! Many connections in one turn: who waits for whom, and how often each is written to.

use super::super::super::handler::{ANNOUNCED_BYTES_PER_FLUSH, SOON};
use super::world::*;
use super::*;

impl World {
    /// All of these have something to read, and all is read in one turn.
    fn one_turn(&mut self, readable: &[usize]) {
        self.hub.begin_turn(Moment { monotonic: self.now, unix_millis: 0 });
        for number in readable {
            let read_closed = self.pipes[*number].borrow().eof;
            let readiness = Readiness { readable: true, read_closed, ..Readiness::default() };
            self.hub.on_ready(self.id(*number), readiness);
        }
        self.finish_turn();
    }

    fn owns_library(&mut self, number: usize) -> bool {
        let id = self.id(number);
        self.hub.get(id).and_then(Connection::open).expect("it is open").owns_library()
    }

    fn writes(&self, number: usize) -> usize {
        self.pipes[number].borrow().writes
    }
}

#[test]
fn what_can_wait_leaves_at_once_when_it_is_quiet_and_together_when_it_is_not() {
    let mut world = World::new();
    let [talker, listener] = [world.open(), world.open()];
    let before = world.writes(listener);
    world.send(talker, &text("soon"));
    assert_eq!(world.take(listener), echo("soon"), "nobody was told anything just before");
    for _ in 0..10 {
        world.send(talker, &text("soon"));
    }
    assert_eq!(world.take(listener), b"", "it waits");
    assert_eq!(world.hub.next_wake(), Some(world.now + SOON), "and not longer than this");
    world.pass(SOON);
    assert_eq!((world.take(listener), world.writes(listener)), (echo("soon").repeat(10), before + 2));

    world.send(talker, &text("soon"));
    world.send(talker, &text("all"));
    assert_eq!(world.take(listener), [echo("soon"), echo("all")].concat(), "it leaves with what cannot wait");
    world.pass(SOON);
    assert_eq!((world.take(listener), world.writes(listener)), (Vec::new(), before + 3));
}

#[test]
fn so_much_that_can_wait_waits_no_longer() {
    let mut world = World::new();
    let [talker, listener] = [world.open(), world.open()];
    world.send(talker, &text("soon"));
    world.take(listener);
    world.send(talker, &text("soon").repeat(ANNOUNCEMENTS_PER_FLUSH));
    assert_eq!(world.take(listener), echo("soon").repeat(ANNOUNCEMENTS_PER_FLUSH));
    const { assert!(ANNOUNCEMENTS_PER_FLUSH * 6 < ANNOUNCED_BYTES_PER_FLUSH, "it was their number") };
}

#[test]
fn what_is_said_while_one_floods_reaches_everybody_within_two_turns() {
    let mut world = World::new();
    let [flooder, speaker, listener] = [world.open(), world.open(), world.open()];
    let flood = text("x").repeat(20_000);
    for _ in 0..5 {
        world.pipes[flooder].borrow_mut().to_server.extend(&flood);
        world.one_turn(&[flooder]);
        world.take(flooder);
        world.pipes[speaker].borrow_mut().to_server.extend(text("all"));
        world.one_turn(&[flooder, speaker]);
        let in_one = world.take(listener);
        if in_one != echo("all") {
            world.one_turn(&[]);
            assert_eq!([in_one, world.take(listener)].concat(), echo("all"));
        }
        world.take(flooder);
    }
    assert!(world.hub.has_leftovers(), "the flood is still on");
}

#[test]
fn those_who_end_together_part_over_several_turns_and_are_not_told_of_each_other() {
    let mut world = World::new();
    let stays = world.open();
    let leave: Vec<usize> = (0..PARTINGS_PER_TURN * 2 + 5).map(|_| world.open()).collect();
    world.handler.tell_who_left = true;
    for number in &leave {
        world.pipes[*number].borrow_mut().eof = true;
    }
    // Said in the same turn, so they still hear it.
    world.pipes[stays].borrow_mut().to_server.extend(text("all"));
    let mut readable = leave.clone();
    readable.push(stays);
    world.one_turn(&readable);
    assert_eq!(world.handler.closes.len(), PARTINGS_PER_TURN);
    assert!(world.hub.has_leftovers());
    world.run();
    world.pass(SOON);
    assert_eq!(world.handler.closes, vec![CloseReason::PeerVanished; leave.len()]);
    assert_eq!(world.take(stays), [echo("all"), echo("left").repeat(leave.len())].concat());
    for number in leave {
        assert_eq!(world.take(number), echo("all"));
        assert!(world.is_dropped(number));
    }
    assert_eq!(world.handler.calls_after_close, 0);
}

#[test]
fn what_is_said_while_many_part_does_not_pile_up_for_those_who_have_not_yet() {
    let mut world = World::new();
    let stays = world.open();
    let leave: Vec<usize> = (0..PARTINGS_PER_TURN * 3).map(|_| world.open()).collect();
    world.handler.tell_who_left = true;
    for number in &leave {
        world.pipes[*number].borrow_mut().eof = true;
    }
    // The last ones to part are not even able to take anything.
    for number in &leave[PARTINGS_PER_TURN * 2..] {
        world.pipes[*number].borrow_mut().room = 0;
    }
    world.one_turn(&leave);
    for parted in [1, 2] {
        assert_eq!(world.handler.closes.len(), PARTINGS_PER_TURN * parted);
        world.now += SOON;
        world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
        world.hub.flush(&mut world.handler);
        assert!(world.handler.queues.values().all(VecDeque::is_empty), "nothing waits for anybody");
        world.finish_turn();
    }
    world.pass(SOON);
    assert_eq!(world.handler.closes.len(), leave.len());
    assert_eq!(world.take(stays), echo("left").repeat(leave.len()));
    assert!(leave.iter().all(|number| world.take(*number).is_empty()), "they were told nothing more");
    // Of the first who parted two thirds heard no more, of the second one third.
    assert_eq!(world.handler.discarded, 3 * PARTINGS_PER_TURN * PARTINGS_PER_TURN, "and that was said");
}

#[test]
fn whoever_has_finished_sending_is_read_to_the_end_before_a_crowd_of_talkers() {
    // Twice what is taken in before everybody is written to.
    const TALKERS: usize = 2 * ANNOUNCEMENTS_PER_FLUSH / MESSAGES_PER_TURN;
    let mut world = World::new();
    let listener = world.open();
    let talkers: Vec<usize> = (0..TALKERS).map(|_| world.open()).collect();
    let leaver = world.open();
    for number in &talkers {
        world.pipes[*number].borrow_mut().to_server.extend(text("all").repeat(MESSAGES_PER_TURN));
    }
    world.pipes[leaver].borrow_mut().to_server.extend(text("goodbye"));
    world.pipes[leaver].borrow_mut().eof = true;
    // It comes last, behind all of them.
    world.one_turn(&[&talkers[..], &[leaver]].concat());
    assert!(world.hub.has_leftovers(), "not all of them were read");
    assert!(world.handler.received.iter().any(|text| text == "goodbye"), "but its last word");
    assert_eq!(world.handler.closes, [CloseReason::PeerVanished], "and its end");
    world.run();
    let heard = world.take(listener);
    assert_eq!(heard, echo("all").repeat(TALKERS * MESSAGES_PER_TURN));
}

#[test]
fn between_messages_a_connection_owns_nothing_of_the_library() {
    let mut world = World::new();
    let [one, other] = [world.open(), world.open()];
    world.send(one, &text("hello"));
    world.send(other, &text("hello"));
    let half = text("a message in two parts");
    world.send(one, &half[..10]);
    assert_eq!([world.owns_library(one), world.owns_library(other)], [true, false]);
    // Whoever is in the middle of a message keeps it, so the other's is another one.
    world.send(other, &text("between"));
    world.send(one, &half[10..]);
    assert_eq!(world.take(one), [echo("hello"), echo("a message in two parts")].concat());
    assert_eq!(world.take(other), [echo("hello"), echo("between")].concat());
    assert_eq!([world.owns_library(one), world.owns_library(other)], [false, false]);
}

#[test]
fn what_a_blocked_socket_does_not_take_of_a_lent_frame_follows_in_order() {
    let mut world = World::new();
    let number = world.open();
    for room in [0, 1, 3, 7] {
        world.pipes[number].borrow_mut().room = room;
        world.send(number, &text("first"));
        world.send(number, &text("second"));
        world.pipes[number].borrow_mut().room = PLENTY;
        world.ready(number, Readiness { writable: true, ..Readiness::default() });
        assert_eq!(world.take(number), [echo("first"), echo("second")].concat(), "room for {room} bytes");
    }
}
