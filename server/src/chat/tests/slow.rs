//! Who reads too slowly for the general chat's ring, for letters of its own, or for what waits for all together.

use super::super::mailbox::LETTER_BYTES_MAX;
use super::super::ring::RING_FRAMES_MAX;
use super::*;

#[test]
fn the_ring_is_begun_anew_when_everybody_has_got_everything_and_not_before() {
    let mut world = World::new(Settings { message_rate: None, ..Settings::default() });
    world.join(0, "ana");
    world.join(1, "beto");
    let say_enough = |world: &mut World, readers: &[u32]| {
        while !world.chat.ring.wants_restart() {
            world.say(0, "ana", "x");
            readers.iter().for_each(|reader| drop(world.heard(*reader)));
        }
        world.say(0, "ana", "one more");
        world.chat.ring.head() - world.chat.ring.first()
    };
    assert_eq!(say_enough(&mut world, &[0, 1]), 1, "all the others have been let go");
    world.heard(0);
    assert_ne!(say_enough(&mut world, &[0]), 1, "one has them still to get");
    assert_eq!(world.heard(1).last().unwrap(), "ana: one more");
    assert_eq!(world.closed, []);
}

#[test]
fn whoever_falls_off_the_ring_is_closed_as_too_slow_and_the_others_miss_nothing() {
    let mut world = World::new(Settings { message_rate: None, ..Settings::default() });
    world.join(0, "ana");
    world.join(1, "beto");
    world.heard(0);
    world.heard(1);
    for number in 0..RING_FRAMES_MAX {
        world.say(0, "ana", "x");
        assert_eq!((world.heard(0), world.closed.len()), (vec!["ana: x".to_owned()], 0), "after {number}");
    }
    world.say(0, "ana", "una más");
    assert_eq!(world.closed, [(PeerId(1), 1008)]);
    assert_eq!(world.heard(1), [""; 0]);
    assert_eq!(world.heard(0), ["ana: una más"]);
    world.close(1);
    assert_eq!(world.heard(0), ["beto ha salido"]);
}

#[test]
fn whoever_lets_letters_pile_up_is_closed_as_too_slow_and_the_sender_gets_every_receipt() {
    let mut world = World::new(Settings { message_rate: None, ..Settings::default() });
    world.join(0, "ana");
    world.join(1, "beto");
    world.heard(0);
    let text = "x".repeat(4_000);
    let mut receipts = 0;
    while world.closed.is_empty() {
        world.send(0, json!({"type": "private", "sender": "ana", "target": "beto", "content": text}));
        receipts += world.heard(0).iter().filter(|message| message.starts_with("ana -> beto")).count();
        assert!(receipts <= LETTER_BYTES_MAX / 4_000 + 1);
    }
    assert_eq!(world.closed, [(PeerId(1), 1008)]);
    world.send(0, json!({"type": "private", "sender": "ana", "target": "beto", "content": "x"}));
    assert_eq!(world.heard(0), [code(ErrorCode::UserNotFound)]);
}

#[test]
fn a_crowd_that_falls_off_the_ring_is_announced_as_its_connections_close_and_takes_nobody_with_it() {
    let mut world = World::new(Settings { message_rate: None, ..Settings::default() });
    let crowd = 1..8_000;
    world.join(0, "ana");
    let take_all = |world: &mut World, number| while world.chat.next_post(PeerId(number)).is_some() {};
    for number in crowd.clone() {
        world.join(number, &format!("u{number}"));
        if number % 1_000 == 999 {
            (0..=number).for_each(|number| take_all(&mut world, number));
        }
    }
    while world.closed.is_empty() {
        world.say(0, "ana", "x");
        assert_eq!(world.heard(0), ["ana: x"]);
    }
    assert_eq!(world.closed.len(), crowd.len(), "all at once");
    world.send(0, json!({"type": "private", "sender": "ana", "target": "u1", "content": "x"}));
    assert_eq!(world.heard(0), [code(ErrorCode::UserNotFound)], "nothing reaches one who is lost");
    for number in crowd {
        world.close(number);
        assert_eq!(world.heard(0), [format!("u{number} ha salido")]);
    }
    assert_eq!((world.closed.len(), world.chat.users()), (7_999, 1), "the one who reads is still here");
}

#[test]
fn whoever_is_far_behind_for_long_is_closed_as_too_slow_and_one_who_catches_up_is_not() {
    let settings = Settings { message_rate: None, behind_bytes_max: 20_000, ..Settings::default() };
    let mut world = World::new(settings);
    for (number, name) in ["ana", "lento", "tarde", "cerca"].into_iter().enumerate() {
        world.join(number as u32, name);
    }
    let text = "x".repeat(4_000);
    (0..4).for_each(|number| drop(world.heard(number)));
    (0..3).for_each(|_| world.say(0, "ana", &text));
    world.heard(3);
    (0..3).for_each(|_| world.say(0, "ana", &text));
    // Two are behind by 24 KiB, one by half of it.
    for second in 0..=9 {
        world.say(0, "ana", "tic");
        world.heard(0);
        world.now.monotonic += Duration::from_secs(1);
        assert_eq!(world.closed, [], "after {second} s");
    }
    world.heard(2);
    world.say(0, "ana", "tic");
    world.now.monotonic += Duration::from_secs(1);
    world.say(0, "ana", "tic");
    assert_eq!(world.closed, [(PeerId(1), 1008)]);
    world.now.monotonic += Duration::from_secs(60);
    world.say(0, "ana", "tic");
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn a_burst_that_has_not_been_written_yet_makes_nobody_a_laggard() {
    let settings = Settings { message_rate: None, behind_bytes_max: 20_000, ..Settings::default() };
    let mut world = World::new(settings);
    world.join(0, "ana");
    world.join(1, "beto");
    let text = "x".repeat(4_000);
    for _ in 0..30 {
        (0..10).for_each(|_| world.say(0, "ana", &text));
        (0..2).for_each(|number| drop(world.heard(number)));
        world.now.monotonic += Duration::from_secs(1);
    }
    assert_eq!(world.closed, []);
}

#[test]
fn when_letters_are_too_many_in_all_the_fullest_mailbox_goes_first() {
    let settings = Settings { message_rate: None, letters_bytes_max: 100_000, ..Settings::default() };
    let mut world = World::new(settings);
    for (number, name) in ["ana", "lleno", "menos"].into_iter().enumerate() {
        world.join(number as u32, name);
    }
    (0..3).for_each(|number| drop(world.heard(number)));
    let text = "x".repeat(3_000);
    for number in 0..100 {
        let target = if number % 3 == 0 { "menos" } else { "lleno" };
        world.send(0, json!({"type": "private", "sender": "ana", "target": target, "content": text}));
        world.heard(0);
        if !world.closed.is_empty() {
            break;
        }
    }
    assert_eq!(world.closed, [(PeerId(1), 1008)]);
    assert!(world.heard(2).len() > 5, "the other loses nothing");
}

#[test]
fn a_list_that_waits_for_many_counts_once_and_old_ones_go_with_those_who_hold_them() {
    let settings = Settings { message_rate: None, letters_bytes_max: 25_000, ..Settings::default() };
    let mut world = World::new(settings);
    for number in 0..400 {
        world.join(number, &format!("usuario-con-nombre-{number}"));
        (0..=number).for_each(|number| drop(world.heard(number)));
    }
    let ask = |world: &mut World, number: u32| {
        let name = format!("usuario-con-nombre-{number}");
        world.send(number, json!({"type": "list_users", "sender": name}));
    };
    // About 10 KB, for a hundred.
    (0..100).for_each(|number| ask(&mut world, number));
    world.now.monotonic += Duration::from_secs(2);
    ask(&mut world, 200);
    assert_eq!(world.closed, []);
    world.now.monotonic += Duration::from_secs(2);
    ask(&mut world, 300);
    assert_eq!(world.closed.len(), 100, "those who have not taken the oldest");
    assert!(world.closed.iter().all(|(peer, code)| peer.0 < 100 && *code == 1008));
    assert_eq!(world.heard(200).len(), 1);
}

#[test]
fn a_letter_larger_than_the_bound_reaches_one_who_has_not_yet_read_the_one_before() {
    let mut world =
        World::new(Settings { content_bytes_max: 1 << 20, message_rate: None, ..Settings::default() });
    world.join(0, "ana");
    world.join(1, "beto");
    world.heard(0);
    world.heard(1);
    let large = "x".repeat(2 * LETTER_BYTES_MAX);
    for text in ["hola", &large] {
        world.send(0, json!({"type": "private", "sender": "ana", "target": "beto", "content": text}));
    }
    assert_eq!(world.closed, []);
    assert_eq!(world.heard(1), ["ana -> beto: hola".to_owned(), format!("ana -> beto: {large}")]);
}

#[test]
fn whoever_asks_and_never_reads_is_closed_as_too_slow() {
    let mut world = World::new(Settings { message_rate: None, ..Settings::default() });
    world.open(0, "127.0.0.1");
    let mut requests = 0;
    while world.closed.is_empty() {
        world.send_text(0, "{");
        requests += 1;
        assert!(requests <= LETTER_BYTES_MAX);
    }
    assert_eq!(world.closed, [(PeerId(0), 1008)]);
}

#[test]
fn whoever_waits_for_a_list_does_not_go_for_what_others_let_pile_up() {
    let settings = Settings { message_rate: None, letters_bytes_max: 100_000, ..Settings::default() };
    let mut world = World::new(settings);
    for number in 0..400 {
        world.join(number, &format!("usuario-con-nombre-{number}"));
        (0..=number).for_each(|number| drop(world.heard(number)));
    }
    // A list of some 10 KB waits for ten, so each has more before it than the one to whom little is said often.
    for number in 10..20 {
        let name = format!("usuario-con-nombre-{number}");
        world.send(number, json!({"type": "list_users", "sender": name}));
    }
    let [ana, targets] = ["usuario-con-nombre-0", "usuario-con-nombre-"];
    let mut said = 0;
    while world.closed.is_empty() {
        let target = format!("{targets}{}", 100 + said % 30);
        world.send(
            0,
            json!({"type": "private", "sender": ana, "target": target, "content": "x".repeat(1_000)}),
        );
        world.heard(0);
        said += 1;
    }
    assert_eq!(world.closed.len(), 1);
    assert!((100..130).contains(&world.closed[0].0.0), "{:?}", world.closed);
    assert_eq!(world.heard(10).len(), 1);
}
