//! Those who are told all there is to say, and do not go: they make way when somebody needs their place.

use super::world::*;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// One that has an answer and does not go.
fn visitor(world: &mut World) -> usize {
    let number = world.connect();
    world.send(number, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(world.take(number).starts_with(b"HTTP/1.1 200"));
    assert!(!world.is_dropped(number));
    number
}

#[test]
fn whoever_has_its_answer_and_does_not_go_makes_way_for_a_newcomer_the_oldest_first() {
    let mut world = World::within(Limits { connections_max: 3, ..Limits::default() });
    let user = world.open();
    let [first, second] = [visitor(&mut world), visitor(&mut world)];
    let newcomer = world.open();
    assert_eq!([user, first, second].map(|number| world.is_dropped(number)), [false, true, false]);
    let last = world.open();
    assert!(world.is_dropped(second) && !world.is_dropped(newcomer) && !world.is_dropped(last));
    assert_eq!(world.hub.len(), 3);
    let refused = world.connect();
    assert!(world.take(refused).starts_with(b"HTTP/1.1 503"), "now all of them are users");
}

#[test]
fn while_there_are_places_whoever_has_its_answer_has_its_time_to_go() {
    let mut world = World::within(Limits { connections_max: 3, ..Limits::default() });
    let visitor = visitor(&mut world);
    let [_one, _other] = [world.open(), world.open()];
    world.pass(Duration::from_millis(1_900));
    assert!(!world.is_dropped(visitor));
    world.pass(Duration::from_millis(200));
    assert!(world.is_dropped(visitor));
}

#[test]
fn strangers_who_were_dismissed_are_not_many_beyond_the_places_there_are() {
    const PLACES: usize = 8;
    let mut world =
        World::within(Limits { connections_max: PLACES, strangers_max: PLACES, ..Limits::default() });
    world.handler.waits_for_names = true;
    let strangers: Vec<usize> = (0..PLACES).map(|_| world.open()).collect();
    world.pass(5 * SECOND);
    for number in 0..PLACES {
        let newcomer = world.open();
        assert!(world.hub.len() <= PLACES + 1, "{} after {number}", world.hub.len());
        assert!(!world.is_dropped(newcomer));
    }
    assert_eq!(world.handler.closes, vec![CloseReason::Dismissed; PLACES]);
    for stranger in strangers {
        assert_eq!(
            close_code(&world.take(stranger)),
            crate::close_code::TRY_AGAIN_LATER,
            "and each was told"
        );
    }
}

#[test]
fn when_the_system_has_no_more_descriptors_whoever_has_its_answer_gives_its_own_back_before_accepting_rests()
{
    let mut world = World::new();
    let [first, second] = [visitor(&mut world), visitor(&mut world)];
    let too_many_open_files = || io::Error::from_raw_os_error(24);
    world.hub.network_mut().waiting.push_back(Err(too_many_open_files()));
    let newcomer = world.connect();
    assert!(world.is_in(newcomer), "no time has passed");
    assert_eq!([world.is_dropped(first), world.is_dropped(second)], [true, false]);
    // It ends: with nobody to make way, accepting rests.
    for _ in 0..3 {
        world.hub.network_mut().waiting.push_back(Err(too_many_open_files()));
    }
    let waits = world.connect();
    assert!(world.is_dropped(second) && !world.is_in(waits) && !world.hub.has_leftovers());
    world.pass(SECOND);
    assert!(world.is_in(waits));
}
