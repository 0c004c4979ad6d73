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
fn a_line_that_was_not_taken_in_whole_is_refused_in_its_turn_with_its_own_number() {
    let mut world = World::new(true);
    world.happens(Event::Start);
    takes(&mut world, "uno");
    assert_eq!(world.happens(Event::LongLine { begins: "x".repeat(256), bytes: 70_000 }), []);
    takes(&mut world, "dos");
    let effects = world.connects();
    assert_eq!(requests(&effects), ["broadcast uno", "broadcast dos"]);
    let told = printed(&effects).concat();
    assert!(told.starts_with("stderr: rechazado: «xxx"), "{told}");
    assert!(told.ends_with("~»: la línea tiene 70000 bytes y el máximo es 65536: divídala"), "{told}");
    world.hears_broadcast("ana", "uno");
    world.hears_broadcast("ana", "dos");
    world.happens(Event::InputEnded);
    assert_eq!(exit(&world.passes(LEAVE_TIME)).map(|(code, _)| code), Some(EXIT_LOST));
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
    let closed =
        world.link(LinkEvent::Down(LinkError::Closed { code: Some(1000), reason: Visible::default() }));
    assert_eq!(exit(&closed), Some((EXIT_LEFT, String::new())));
}

#[test]
fn a_line_without_an_answer_is_told_and_exits_with_5() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "hola");
    world.happens(Event::InputEnded);
    let effects = world.passes(lines::FINISH_TIME);
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
        let closed =
            world.link(LinkEvent::Down(LinkError::Closed { code: Some(1000), reason: Visible::default() }));
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

#[test]
fn what_follows_the_command_to_leave_is_not_sent() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "uno");
    takes(&mut world, "/salir");
    assert!(!world.state.wants_lines());
    assert_eq!(takes(&mut world, "dos"), []);
    let effects = world.hears_broadcast("ana", "uno");
    assert_eq!(requests(&effects), ["disconnect"]);
    assert_eq!(takes(&mut world, "tres"), []);
    let closed = world.link(LinkEvent::Down(LinkError::Lost));
    assert_eq!(exit(&closed), Some((EXIT_LEFT, String::new())));
}

/// A server that grants 20 requests a second and 60 at once, as ours does.
struct Granting {
    tokens: f64,
    at: Duration,
}

impl Granting {
    fn takes(&mut self, now: Duration) -> bool {
        self.tokens = (self.tokens + (now - self.at).as_secs_f64() * 20.0).min(60.0);
        self.at = now;
        let granted = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(granted));
        granted
    }
}

/// 300 lines through that server: those that were relayed.
fn through(mut server: Granting) -> (Vec<String>, World) {
    let mut world = World::online_in_line_mode();
    let mut lines = (0..300).map(|number| format!("línea {number}"));
    let mut relayed = Vec::new();
    let mut out = VecDeque::new();
    for _ in 0..TURNS_MAX {
        while world.state.wants_lines()
            && let Some(line) = lines.next()
        {
            out.extend(requests(&takes(&mut world, &line)));
        }
        while let Some(request) = out.pop_front() {
            let Some(text) = request.strip_prefix("broadcast ") else { continue };
            out.extend(requests(&match server.takes(world.elapsed) {
                true => {
                    relayed.push(text.to_owned());
                    world.hears_broadcast("ana", text)
                }
                false => world.hears_error("muy rápido", Some(ErrorCode::RateLimited), Some("broadcast")),
            }));
        }
        if relayed.len() == 300 {
            break;
        }
        out.extend(requests(&world.passes(Duration::from_millis(10))));
    }
    (relayed, world)
}

#[test]
fn a_long_input_loses_no_line_to_the_servers_rate() {
    let (relayed, mut world) = through(Granting { tokens: 59.0, at: Duration::ZERO });
    assert!(relayed.iter().enumerate().all(|(number, line)| *line == format!("línea {number}")));
    assert_eq!(relayed.len(), 300);
    assert_eq!(requests(&world.happens(Event::InputEnded)), ["disconnect"]);
}

#[test]
fn a_line_refused_for_its_rate_goes_out_again() {
    let (relayed, mut world) = through(Granting { tokens: 0.0, at: Duration::ZERO });
    let distinct: std::collections::BTreeSet<_> = relayed.iter().collect();
    assert_eq!((relayed.len(), distinct.len()), (300, 300));
    assert_eq!(requests(&world.happens(Event::InputEnded)), ["disconnect"]);
    let closed = world.link(LinkEvent::Down(LinkError::Lost));
    assert_eq!(exit(&closed), Some((EXIT_LEFT, String::new())));
}

#[test]
fn a_message_refused_for_its_rate_goes_out_again_to_whom_it_went_first() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "/ver bob");
    assert_eq!(requests(&takes(&mut world, "un secreto")), ["private bob un secreto"]);
    takes(&mut world, "/ver");
    assert_eq!(requests(&takes(&mut world, "para todos")), ["broadcast para todos"]);
    takes(&mut world, "/ver carla");
    for kind in ["private", "broadcast"] {
        world.hears_error("muy rápido", Some(ErrorCode::RateLimited), Some(kind));
    }
    let again = requests(&world.passes(Duration::from_secs(5)));
    assert_eq!(again, ["private bob un secreto", "broadcast para todos"]);
}

#[test]
fn what_is_sent_again_and_refused_for_its_rate_is_not_lost() {
    let mut world = World::online_in_line_mode();
    takes(&mut world, "/ver bob");
    takes(&mut world, "un secreto");
    world.link(LinkEvent::Down(LinkError::Lost));
    world.passes(Duration::from_secs(2));
    world.connects();
    assert_eq!(requests(&takes(&mut world, "/reenviar")), ["private bob un secreto"]);
    world.hears_error("muy rápido", Some(ErrorCode::RateLimited), Some("private"));
    assert_eq!(requests(&world.passes(Duration::from_secs(5))), ["private bob un secreto"]);
}

#[test]
fn what_others_say_does_not_keep_it_after_the_end_of_the_input() {
    let mut world = World::online_in_line_mode();
    let began = world.elapsed;
    takes(&mut world, "hola");
    world.happens(Event::InputEnded);
    for _ in 0..100 {
        world.hears_broadcast("bob", "bla");
        if let Some((code, _)) = exit(&world.passes(Duration::from_millis(100))) {
            assert_eq!(code, EXIT_LOST);
            assert!(world.elapsed - began <= lines::FINISH_TIME + Duration::from_millis(100));
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn lines_that_never_went_out_are_told() {
    for end in [Event::InputEnded, Event::Terminate] {
        let mut world = World::online_in_line_mode();
        world.link(LinkEvent::Down(LinkError::Lost));
        takes(&mut world, "uno");
        takes(&mut world, "dos");
        let effects = world.happens(end);
        assert_eq!(printed(&effects), ["stderr: no se envió: «uno»", "stderr: no se envió: «dos»"]);
        assert_eq!(exit(&effects).map(|(code, _)| code), Some(EXIT_LOST));
    }
}
