//! Those of whom nobody knows yet who they are: how many there may be, how long they may be silent, how many come
//! from one place.

use super::world::*;
use super::*;
use crate::close_code::TRY_AGAIN_LATER;

const SECOND: Duration = Duration::from_secs(1);

fn crowded(strangers_max: usize) -> World {
    let mut world = World::within(Limits { strangers_max, ..Limits::default() });
    world.handler.waits_for_names = true;
    world
}

#[test]
fn with_so_many_strangers_the_next_waits_until_one_is_known_or_gone() {
    let mut world = crowded(2);
    let [first, second] = [world.open(), world.open()];
    let [third, fourth] = [world.connect(), world.connect()];
    assert!(!world.is_in(third) && !world.hub.has_leftovers(), "nobody spins meanwhile");
    world.send(first, &text("I am ana"));
    assert_eq!([world.is_in(third), world.is_in(fourth)], [true, false]);
    world.end(second);
    assert!(world.is_in(fourth));
    world.send(third, UPGRADE.as_bytes());
    assert!(world.take(third).starts_with(b"HTTP/1.1 101"), "nobody was refused");
}

#[test]
fn a_stranger_who_takes_too_long_makes_way_the_oldest_first_whether_it_is_mute_or_drips() {
    let mut world = crowded(2);
    let [mute, drips] = [world.connect(), world.connect()];
    world.pass(SECOND);
    world.send(drips, b"GET ");
    let [next, last] = [world.connect(), world.connect()];
    world.pass(Duration::from_millis(900));
    world.send(drips, b"/ ");
    assert!(!world.is_in(next) && !world.is_dropped(mute));
    world.pass(Duration::from_millis(150));
    assert!(world.is_in(next) && world.is_in(last));
    assert!(world.is_dropped(mute) && world.is_dropped(drips));
    let waits = world.connect();
    world.pass(Duration::from_millis(200));
    assert!(!world.is_in(waits));
    world.pass(Duration::from_millis(100));
    assert!(world.is_in(waits), "who came in the crowd and brought nothing has an eighth of the time");
    world.send(waits, UPGRADE.as_bytes());
    world.send(waits, &text("I am ana"));
    world.pass(20 * SECOND);
    assert!(!world.is_dropped(waits), "whoever is known stays");
}

#[test]
fn a_websocket_that_does_not_become_known_makes_way_with_a_word_when_it_has_had_twice_the_time() {
    let mut world = crowded(1);
    let open = world.open();
    let waits = world.connect();
    world.pass(Duration::from_millis(3_900));
    world.send(open, &text("who is there?"));
    assert!(!world.is_in(waits));
    world.take(open);
    world.pass(Duration::from_millis(150));
    assert!(world.is_in(waits));
    assert_eq!(close_code(&world.take(open)), TRY_AGAIN_LATER);
    assert_eq!(world.handler.closes, [CloseReason::Dismissed]);
}

#[test]
fn whoever_becomes_known_in_the_turn_in_which_another_comes_does_not_make_way() {
    let mut world = crowded(1);
    let ana = world.open();
    world.pass(10 * SECOND);
    let newcomer = world.knock();
    world.send(ana, &text("I am ana"));
    assert!(world.is_in(newcomer));
    assert_eq!(world.handler.closes, []);
}

#[test]
fn while_nobody_waits_a_stranger_keeps_the_time_of_its_handshake() {
    let mut world = crowded(2);
    let stranger = world.connect();
    world.pass(9 * SECOND);
    assert!(!world.is_dropped(stranger));
}

#[test]
fn whoever_was_answered_is_no_stranger_any_more_though_it_does_not_go() {
    let mut world = crowded(1);
    let visitor = world.connect();
    world.send(visitor, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(!world.is_dropped(visitor));
    let next = world.connect();
    assert!(world.is_in(next));
}

#[test]
fn where_there_is_no_place_of_either_kind_one_stranger_makes_way_for_one_newcomer() {
    let mut world = World::within(Limits { connections_max: 3, strangers_max: 2, ..Limits::default() });
    world.handler.waits_for_names = true;
    let known = world.open();
    world.send(known, &text("I am ana"));
    let [first, second] = [world.connect(), world.connect()];
    world.pass(Duration::from_millis(2_100));
    let newcomer = world.connect();
    world.send(newcomer, UPGRADE.as_bytes());
    assert!(world.take(newcomer).starts_with(b"HTTP/1.1 101"));
    assert_eq!([world.is_dropped(first), world.is_dropped(second)], [true, false]);
}

#[test]
fn whoever_is_refused_costs_no_stranger_its_place() {
    let mut world =
        World::within(Limits { strangers_max: 1, connections_per_network_max: Some(0), ..Limits::default() });
    world.handler.waits_for_names = true;
    let stranger = world.connect();
    world.pass(3 * SECOND);
    world.hub.network_mut().from = "192.0.2.1:1".parse().unwrap();
    let refused = world.connect();
    assert!(world.take(refused).starts_with(b"HTTP/1.1 429"));
    assert!(!world.is_dropped(stranger));
}

#[test]
fn fifteen_hundred_who_say_nothing_keep_a_newcomer_waiting_for_four_seconds_at_most() {
    let mut world = crowded(256);
    for _ in 0..1_500 {
        world.knock();
    }
    let newcomer = world.connect();
    world.pass(4 * SECOND);
    assert!(world.is_in(newcomer));
    assert!(world.hub.len() <= 256);
    world.send(newcomer, UPGRADE.as_bytes());
    assert!(world.take(newcomer).starts_with(b"HTTP/1.1 101"));
}

#[test]
fn when_all_places_are_taken_a_silent_stranger_makes_way_before_anybody_gets_a_503() {
    let mut world = World::within(Limits { connections_max: 2, ..Limits::default() });
    world.handler.waits_for_names = true;
    let known = world.open();
    world.send(known, &text("I am ana"));
    let silent = world.connect();
    let refused = world.connect();
    assert!(world.take(refused).starts_with(b"HTTP/1.1 503"), "the other may still say who it is");
    world.end(refused);
    world.pass(Duration::from_millis(2_100));
    let newcomer = world.open();
    assert!(world.is_dropped(silent) && !world.is_dropped(known) && !world.is_dropped(newcomer));
}

#[test]
fn one_network_has_so_many_sockets_and_opens_so_many_a_second() {
    let mut world = World::within(Limits {
        connections_per_network_max: Some(3),
        arrival_rate: Some(Rate { per_second: 1, burst: 5 }),
        ..Limits::default()
    });
    let from = |world: &mut World, address: &str| {
        world.hub.network_mut().from = address.parse().unwrap();
        let number = world.connect();
        world.send(number, UPGRADE.as_bytes());
        let status = String::from_utf8(world.take(number)).unwrap()[9..12].to_owned();
        if status != "101" {
            world.end(number);
        }
        (number, status)
    };
    let (first, _) = from(&mut world, "[2001:db8::1]:1");
    for status in ["101", "101", "429"] {
        assert_eq!(from(&mut world, "[2001:db8::2]:1").1, status);
    }
    assert_eq!(from(&mut world, "[2001:db8:0:1::1]:1").1, "101", "another network");
    world.end(first);
    assert_eq!(from(&mut world, "[2001:db8::1]:1").1, "101", "there is a place again");
    world.end(first + 1);
    assert_eq!(from(&mut world, "[2001:db8::1]:1").1, "429", "but not so fast");
    world.pass(SECOND);
    assert_eq!(from(&mut world, "[2001:db8::1]:1").1, "101");
    for _ in 0..20 {
        assert_eq!(from(&mut world, "127.0.0.1:1").1, "101", "loopback is exempt");
    }
}
