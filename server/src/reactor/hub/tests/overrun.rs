//! What is unsent in all connections together: who is cut, and that the others miss nothing.

use super::world::*;
use super::*;

#[test]
fn when_too_much_is_unsent_in_all_whoever_has_most_is_cut_and_the_others_go_on() {
    let mut world = World::within(Limits { unsent_bytes_max: 100_000, ..Limits::default() });
    let members: Vec<_> = (0..4).map(|_| world.open()).collect();
    for number in &members {
        world.pipes[*number].borrow_mut().room = 0;
    }
    for (number, bytes) in members.iter().zip([20_000, 39_900, 39_990]) {
        world.send(*number, &text(&"x".repeat(bytes)));
    }
    assert_eq!(world.handler.closes, [], "just as much as there may be");
    world.send(members[3], &text(&"y".repeat(100)));
    assert_eq!(world.handler.closes, [CloseReason::Overrun], "in the same turn");
    assert!(world.is_dropped(members[2]));
    for number in [0, 1, 3] {
        assert!(!world.is_dropped(members[number]));
        world.pipes[members[number]].borrow_mut().room = PLENTY;
        world.ready(members[number], Readiness { writable: true, ..Readiness::default() });
    }
    assert_eq!(world.take(members[0]), echo(&"x".repeat(20_000)), "not a byte is missing");
    assert_eq!(world.take(members[3]), echo(&"y".repeat(100)));
}

#[test]
fn whoever_is_cut_in_the_middle_of_a_frame_gets_nothing_after_it() {
    let mut world = World::within(Limits { unsent_bytes_max: 50_000, ..Limits::default() });
    let [fullest, other] = [world.open(), world.open()];
    for (number, room) in [(fullest, 10), (other, 0)] {
        world.pipes[number].borrow_mut().room = room;
    }
    world.send(fullest, &text(&"x".repeat(40_000)));
    assert_eq!(world.take(fullest), &echo(&"x".repeat(40_000))[..10]);
    // In the turn that cuts it there is more for it, and room.
    world.pipes[fullest].borrow_mut().room = 0;
    world.pipes[other].borrow_mut().to_server.extend(text(&"y".repeat(20_000)));
    world.hub.begin_turn(Moment { monotonic: world.now, unix_millis: 0 });
    world.hub.on_ready(world.id(other), Readiness { readable: true, ..Readiness::default() });
    world.hub.resume(&mut world.handler);
    world.hub.settle(&mut world.handler);
    world.pipes[fullest].borrow_mut().room = PLENTY;
    world.run();
    assert_eq!(world.handler.closes, [CloseReason::Overrun]);
    assert!(world.take(fullest).is_empty() && world.is_dropped(fullest));
}

#[test]
fn what_many_have_in_common_counts_once_and_its_holders_are_cut_when_there_are_too_many_versions() {
    let mut world = World::within(Limits { unsent_bytes_max: 100_000, ..Limits::default() });
    let [stays, holders @ ..] = [0; 11].map(|_| world.open());
    for number in holders {
        world.pipes[number].borrow_mut().room = 0;
    }
    let version = |letter: &str| {
        let mut frames = Vec::new();
        frame::append_text(&mut frames, |payload| payload.extend(letter.repeat(40_000).bytes()));
        Bytes::from(frames)
    };
    let mut give = |numbers: &[usize], letter: &str| {
        let frames = version(letter);
        for number in numbers {
            let id = world.id(*number);
            world.handler.lend = true;
            world.handler.queues.get_mut(&id).unwrap().push_back(frames.clone());
            world.ready(*number, Readiness { writable: true, ..Readiness::default() });
        }
        world.handler.closes.len()
    };
    assert_eq!(give(&holders[..4], "a"), 0);
    assert_eq!(give(&holders[4..8], "b"), 0);
    assert_eq!(give(&holders[8..], "c"), 4, "those who hold the oldest");
    assert!(holders[..4].iter().all(|number| world.is_dropped(*number)));
    world.send(stays, &text("hola"));
    assert_eq!(world.take(stays), echo("hola"));
}
