//! Line mode: lines in, lines out, and an exit status that a script can trust.

use super::*;

fn takes(world: &mut World, line: &str) -> Vec<Effect> {
    world.happens(Event::Line(line.to_owned()))
}

fn printed(effects: &[Effect]) -> Vec<String> {
    let line = |effect: &Effect| match effect {
        Effect::Print(line) => Some(line.to_string()),
        Effect::Complain(line) => Some(format!("stderr: {line}")),
        _ => None,
    };
    effects.iter().filter_map(line).collect()
}

#[test]
fn every_event_is_a_line() {
    let mut world = World::online_in_line_mode();
    assert_eq!(printed(&world.hears_broadcast("bob", "hola")), ["09:00 bob: hola"]);
    assert_eq!(printed(&world.hears_private("bob", "ana", "hola")), ["09:00 privado de bob: hola"]);
    let joined = world.hears_status("dora", Status::Activo, Some(StatusReason::Joined));
    assert_eq!(printed(&joined), ["09:00 -- dora ha entrado"]);
}

#[test]
fn a_sent_line_is_printed_when_the_server_relayed_it() {
    let mut world = World::online_in_line_mode();
    let effects = takes(&mut world, "@bob hola");
    assert_eq!((requests(&effects), printed(&effects)), (vec!["private bob hola".to_owned()], vec![]));
    assert_eq!(printed(&world.hears_private("ana", "bob", "hola")), ["09:00 privado para bob: hola"]);
}

#[test]
fn lines_that_come_before_the_connection_wait_for_it() {
    let mut world = World::new(true);
    world.happens(Event::Start);
    assert_eq!(takes(&mut world, "uno"), []);
    assert_eq!(takes(&mut world, "dos"), []);
    assert_eq!(world.happens(Event::InputEnded), []);
    assert_eq!(requests(&world.connects()), ["broadcast uno", "broadcast dos"]);
}

#[test]
fn the_end_of_the_input_waits_for_the_answers_and_leaves_with_0() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "hola");
    assert_eq!(world.happens(Event::InputEnded), []);
    assert_eq!(requests(&world.hears_broadcast("ana", "hola")), ["disconnect"]);
    let closed = world.link(LinkEvent::Down(LinkError::Closed(Visible::default())));
    assert_eq!(exit(&closed), Some((EXIT_LEFT, String::new())));
}

#[test]
fn a_line_without_an_answer_is_told_and_exits_with_5() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "hola");
    world.happens(Event::InputEnded);
    let effects = world.passes(actions::FINISH_TIME);
    assert_eq!(printed(&effects), ["stderr: sin confirmar: «hola»"]);
    assert_eq!(exit(&effects), Some((EXIT_LOST, String::new())));
}

#[test]
fn a_refused_line_is_told_and_exits_with_5() {
    for (line, refusal) in [("@zoe hola", Some("zoe no está conectado")), ("/nada", None)] {
        let mut world = World::online_in_line_mode();
        let mut effects = takes(&mut world, line);
        if let Some(sentence) = refusal {
            effects = world.hears_error(sentence, Some(ErrorCode::UserNotFound), Some("private"));
        }
        assert!(printed(&effects).iter().any(|line| line.starts_with("stderr: rechazado: «")), "{effects:?}");
        world.happens(Event::InputEnded);
        let closed = world.link(LinkEvent::Down(LinkError::Closed(Visible::default())));
        assert_eq!(exit(&closed).map(|(code, _)| code), Some(EXIT_LOST));
    }
}

#[test]
fn a_long_input_is_paced_by_the_answers() {
    let mut world = World::online_in_line_mode();
    let mut lines = 0;
    while world.state.wants_lines() {
        takes(&mut world, "hola");
        lines += 1;
    }
    assert_eq!(lines, LINE_MODE_REQUESTS_MAX);
    world.hears_broadcast("ana", "hola");
    assert!(world.state.wants_lines());
}

#[test]
fn a_connection_lost_for_good_exits_with_5() {
    let mut world = World::online_in_line_mode();
    world.link(LinkEvent::Down(LinkError::Lost));
    for _ in 0..TURNS_MAX {
        if world.passes(Duration::from_secs(1)).contains(&Effect::Connect) {
            let effects = world.link(LinkEvent::Down(LinkError::Refused));
            if let Some((code, _)) = exit(&effects) {
                assert_eq!(code, EXIT_LOST);
                assert!(world.elapsed >= LINE_MODE_TIME);
                return;
            }
        }
    }
    panic!("tries for ever");
}

#[test]
fn the_end_of_the_input_without_a_connection_exits_with_5() {
    let mut world = World::online_in_line_mode();
    world.link(LinkEvent::Down(LinkError::Lost));
    assert_eq!(exit(&world.happens(Event::InputEnded)).map(|(code, _)| code), Some(EXIT_LOST));
}

#[test]
fn literal_lines_are_never_commands() {
    let mut world = World::new(true);
    world.state.config.literal = true;
    world.connects();
    assert_eq!(requests(&takes(&mut world, "/salir")), ["broadcast /salir"]);
    assert_eq!(requests(&takes(&mut world, "@bob hola")), ["broadcast @bob hola"]);
}
