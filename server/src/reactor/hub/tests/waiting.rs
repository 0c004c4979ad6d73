//! What waits for a peer, and for how long: liveness, begun messages, the handler's timer.

use super::world::*;
use super::*;

#[test]
fn a_silent_connection_is_pinged_and_kept_if_it_answers_and_given_up_if_not() {
    let mut world = World::new();
    let number = world.open();
    world.pass(Duration::from_secs(24));
    assert_eq!(world.take(number), b"");
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.take(number), frame::PING);
    world.send(number, &client_frame(OpCode::Control(Control::Pong), true, b""));
    world.pass(Duration::from_secs(24));
    assert_eq!((world.take(number), world.handler.closes.len()), (vec![], 0));
    world.pass(Duration::from_secs(2));
    assert_eq!(world.take(number), frame::PING);
    world.pass(Duration::from_millis(14_000));
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.handler.closes, [CloseReason::Silent]);
    assert!(world.is_dropped(number));
}

#[test]
fn a_ping_is_answered_and_counts_as_life() {
    let mut world = World::new();
    let number = world.open();
    for _ in 0..10 {
        world.pass(Duration::from_secs(20));
        world.send(number, &client_frame(OpCode::Control(Control::Ping), true, b"hi"));
        assert_eq!(world.take(number), [0x8a, 2, b'h', b'i']);
    }
}

#[test]
fn a_message_that_is_begun_must_be_finished_in_time_whatever_else_comes() {
    let mut world = World::new();
    let number = world.open();
    world.send(number, &client_frame(OpCode::Data(Data::Text), false, b"begun"));
    for _ in 0..29 {
        world.pass(Duration::from_secs(1));
        world.send(number, &client_frame(OpCode::Control(Control::Ping), true, b""));
    }
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
    assert_eq!(close_code(&world.take(number)), 1008);
}

#[test]
fn a_message_that_is_finished_in_time_lets_the_next_one_take_its_own_time() {
    let mut world = World::new();
    let number = world.open();
    for _ in 0..5 {
        let message = text("hola");
        world.send(number, &message[..3]);
        world.pass(Duration::from_secs(20));
        world.send(number, &message[3..]);
        world.pass(Duration::from_secs(20));
    }
    assert_eq!((world.handler.received.len(), world.handler.closes.len()), (5, 0));
}

#[test]
fn control_frames_that_are_cut_by_every_segment_are_no_message_that_never_ends() {
    let mut world = World::new();
    let number = world.open();
    let ping = client_frame(OpCode::Control(Control::Ping), true, b"hi");
    let (begin, end) = ping.split_at(3);
    world.send(number, begin);
    for _ in 0..10 {
        world.pass(Duration::from_secs(10));
        world.send(number, &[end, begin].concat());
    }
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_secs(31));
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
}

#[test]
fn a_message_that_the_byte_rate_holds_up_is_not_stalled() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    let message = text(&"x".repeat(60_000));
    world.send(number, &message[..50_000]);
    world.pass(Duration::from_secs(48));
    assert_eq!(world.handler.closes, []);
    world.send(number, &message[50_000..]);
    world.pass(Duration::from_secs(20));
    assert_eq!((world.handler.received.len(), world.handler.closes.len()), (1, 0));
}

#[test]
fn a_message_that_nothing_held_up_has_no_more_than_its_time() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &text("hola")[..3]);
    world.pass(Duration::from_secs(29));
    assert_eq!(world.handler.closes, []);
    world.pass(Duration::from_millis(1_100));
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
}

#[test]
fn whoever_makes_reading_rest_again_and_again_has_no_longer_for_its_message() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 1_000 }), ..Limits::default() };
    let time_max = limits.message_time_max();
    assert!(time_max < Duration::from_secs(30 + 132), "{time_max:?}");
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &client_frame(OpCode::Data(Data::Text), false, b"begun"));
    let begun = world.now;
    let ping = client_frame(OpCode::Control(Control::Ping), true, &[0; 100]);
    while world.handler.closes.is_empty() {
        assert!(world.now < begun + time_max + Duration::from_secs(5), "it would never end");
        world.send(number, &ping.repeat(40));
        world.pass(Duration::from_secs(4));
    }
    assert_eq!(world.handler.closes, [CloseReason::Stalled]);
}

#[test]
fn over_the_byte_rate_reading_rests_and_nothing_is_lost() {
    let limits = Limits { byte_rate: Some(Rate { per_second: 1_000, burst: 2_000 }), ..Limits::default() };
    let mut world = World::within(limits);
    let number = world.open();
    world.send(number, &text(&"x".repeat(2_994)));
    assert_eq!(world.handler.received.len(), 1);
    world.send(number, &text("after the rest"));
    world.pass(Duration::from_millis(900));
    assert_eq!(world.handler.received.len(), 1);
    world.pass(Duration::from_millis(200));
    assert_eq!(world.handler.received.len(), 2);
}

#[test]
fn a_timer_of_the_handler_fires_once_at_its_time_and_dies_with_its_connection() {
    let mut world = World::new();
    let [kept, lost] = [world.open(), world.open()];
    world.send(kept, &text("timer"));
    world.send(lost, &text("timer"));
    world.end(lost);
    world.pass(Duration::from_millis(4_900));
    assert_eq!(world.handler.timers, 0);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.handler.timers, 1);
}
