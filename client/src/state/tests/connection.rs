//! Connecting, being refused, losing the connection and finding it again.

use super::*;

fn lost(world: &mut World) -> Vec<Effect> {
    world.link(LinkEvent::Down(LinkError::Lost))
}

/// Fails the next try.
fn fails_again(world: &mut World) {
    let effects = world.passes(Duration::from_secs(40));
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::Connect).count(), 1, "{effects:?}");
    world.link(LinkEvent::Down(LinkError::Refused));
}

#[test]
fn the_screen_is_taken_once_the_server_accepted_the_user() {
    let mut world = World::new(false);
    assert_eq!(world.connects(), [Effect::OpenScreen]);
    assert_eq!(world.state.status(), Some(Status::Activo));
    assert_eq!(world.state.roster().len(), 3);
}

#[test]
fn a_server_out_of_reach_at_the_start_ends_the_program_with_the_remedy() {
    for (error, part) in [
        (LinkError::Refused, "nadie atiende en h:80"),
        (LinkError::TimedOut, "h:80 no responde"),
        (LinkError::UnknownHost, "no se encuentra el servidor h:80"),
        (LinkError::NotChat, "no es un servidor de este chat"),
        (LinkError::Unreachable, "no hay camino hasta h:80"),
        (LinkError::Full, "el servidor h:80 está lleno"),
        (LinkError::TooMany, "demasiadas conexiones o intentos desde esta dirección (HTTP 429)"),
    ] {
        let mut world = World::new(false);
        world.happens(Event::Start);
        let (code, sentence) = exit(&world.link(LinkEvent::Down(error))).unwrap();
        assert!(code == EXIT_UNREACHABLE && sentence.contains(part), "{code} {sentence}");
    }
}

#[test]
fn a_refused_name_at_the_start_ends_the_program_in_the_users_language() {
    let mut world = World::new(false);
    world.happens(Event::Start);
    world.link(LinkEvent::Up);
    let effects = world.hears_error("the name ana is in use", Some(ErrorCode::NameTaken), Some("register"));
    assert_eq!(exit(&effects), Some((EXIT_REFUSED, "el nombre ana ya está en uso; elija otro".into())));

    let mut other_make = World::new(false);
    other_make.happens(Event::Start);
    other_make.link(LinkEvent::Up);
    let effects = other_make.hears_error("nope\u{1b}[2J", None, None);
    assert_eq!(exit(&effects), Some((EXIT_REFUSED, "nope␛[2J".into())));
}

#[test]
fn a_server_that_never_answers_the_registration_is_told_as_such() {
    let mut world = World::new(false);
    world.happens(Event::Start);
    world.link(LinkEvent::Up);
    let (code, sentence) = exit(&world.passes(REGISTER_TIME)).unwrap();
    assert!(code == EXIT_UNREACHABLE && sentence.contains("no responde"), "{sentence}");
}

#[test]
fn a_lost_connection_is_told_tried_again_and_the_chat_goes_on() {
    let mut world = World::online();
    world.types("hola");
    world.does(Action::Paste("a medias".into()));
    assert_eq!(lost(&mut world), []);
    world.assert_shown(&[
        "ana: hola (sin confirmar)",
        "!! se cortó la conexión; 1 mensaje quedó sin confirmar (en su conversación, /reenviar lo repite)",
    ]);
    assert_eq!(world.passes(Duration::from_secs(2)), [Effect::Connect]);
    assert_eq!(world.connects(), []);
    assert_eq!(world.last_line(), "-- conectado de nuevo como ana");
    assert_eq!(world.draft(), "a medias");
}

#[test]
fn what_was_not_confirmed_goes_out_again_only_on_request_and_once() {
    let mut world = World::online();
    world.types("  uno\n\u{200b}dos");
    world.types("tres");
    world.types("@bob aparte");
    lost(&mut world);
    world.types("/reenviar");
    assert_eq!(world.hint(), "sin conexión: no se envió, sigue aquí");
    world.does(Action::Interrupt);
    world.passes(Duration::from_secs(2));
    assert_eq!(requests(&world.connects()), [""; 0], "nothing is repeated silently");

    let sent = world.types("/resend");
    assert_eq!(
        requests(&sent),
        ["broadcast   uno\n\u{200b}dos", "broadcast tres"],
        "the wire text, unchanged"
    );
    world.hears_broadcast("ana", "  uno\n\u{200b}dos");
    let shown: Vec<_> = world.state.conversations.current().entries().map(line).collect();
    assert_eq!(shown[shown.len() - 2..], ["ana:   uno\ndos", "ana: tres (enviando...)"]);
    assert_eq!(shown.iter().filter(|line| line.contains("tres")).count(), 1);
    assert_eq!(world.types("/reenviar"), []);
    assert_eq!(world.hint(), "aquí no hay nada que reenviar");

    world.types("/ver bob");
    assert_eq!(requests(&world.types("/reenviar")), ["private bob aparte"]);
}

#[test]
fn one_resending_is_bounded_and_says_what_is_left() {
    let mut world = World::online();
    for number in 0..actions::RESEND_MAX + 3 {
        world.types(&number.to_string());
    }
    lost(&mut world);
    world.passes(Duration::from_secs(2));
    world.connects();
    assert_eq!(requests(&world.types("/reenviar")).len(), actions::RESEND_MAX);
    assert_eq!(world.hint(), "quedan 3: /reenviar otra vez");
    assert_eq!(requests(&world.types("/reenviar")), ["broadcast 20", "broadcast 21", "broadcast 22"]);
}

#[test]
fn the_countdown_is_true() {
    let mut world = World::online();
    lost(&mut world);
    for _ in 0..5 {
        fails_again(&mut world);
    }
    let Link::Waiting { until } = world.state.link else { panic!("{:?}", world.state.link) };
    while world.elapsed < until {
        let left = (until - world.elapsed).as_secs_f64().ceil();
        assert_eq!(world.state.link_text().as_str(), format!("sin conexión, reintento en {left} s"));
        let next = world.state.deadline().unwrap();
        assert!(next > world.elapsed && next - world.elapsed <= Duration::from_secs(1));
        world.elapsed = next;
        world.happens(Event::Tick);
    }
    assert_eq!(world.state.link, Link::Connecting);
}

#[test]
fn a_try_that_is_refused_is_told_once_with_the_time_of_the_next_one() {
    let mut world = World::online();
    lost(&mut world);
    let mut refused = |error: &LinkError| {
        while !world.passes(Duration::from_millis(100)).contains(&Effect::Connect) {}
        world.link(LinkEvent::Down(error.clone()));
        (world.state.conversations.current().entries().count(), world.last_line(), world.state.link_text())
    };
    // Nobody answers: the countdown says enough.
    assert_eq!(refused(&LinkError::Refused).0, 1);
    let (lines, told, countdown) = refused(&LinkError::TooMany);
    assert_eq!(lines, 2);
    let seconds = countdown.as_str().strip_prefix("sin conexión, reintento en ").unwrap();
    assert_eq!(
        told,
        format!(
            "!! demasiadas conexiones o intentos desde esta dirección (HTTP 429); próximo intento en {seconds}"
        )
    );
    assert_eq!(refused(&LinkError::TooMany).0, 2, "the same is not said again");
    let (lines, told, _) = refused(&LinkError::Full);
    assert_eq!(lines, 3);
    assert!(told.starts_with("!! el servidor está lleno; próximo intento en "), "{told}");
}

#[test]
fn nothing_is_sent_without_a_connection_and_the_line_stays() {
    let mut world = World::online();
    lost(&mut world);
    for line in ["hola", "@bob hola", "/estado ocupado", "/usuarios", "/info bob"] {
        assert_eq!(world.types(line), [], "{line}");
        assert_eq!(world.draft(), line);
        assert_eq!(world.hint(), "sin conexión: no se envió, sigue aquí");
        world.does(Action::Interrupt);
    }
    assert_eq!(exit(&world.types("/salir")), Some((EXIT_LEFT, String::new())));
}

#[test]
fn reconnecting_does_not_wait_for_the_pause_to_end() {
    let mut world = World::online();
    lost(&mut world);
    assert_eq!(world.types("/reconectar"), [Effect::Connect]);
    assert_eq!(world.types("/reconectar"), []);
    assert_eq!(world.hint(), "ya se está conectando");
    world.connects();
    assert_eq!(world.types("/reconectar"), []);
    assert_eq!(world.hint(), "ya hay conexión");
}

#[test]
fn our_own_ghost_is_outwaited_and_a_name_that_stays_taken_is_given_up() {
    let mut world = World::online();
    lost(&mut world);
    let began = world.elapsed;
    for _ in 0..TURNS_MAX {
        if world.state.link == Link::Off {
            break;
        }
        if world.passes(Duration::from_millis(500)).contains(&Effect::Connect) {
            world.link(LinkEvent::Up);
            let taken = Some(ErrorCode::NameTaken);
            let effects = world.hears_error("el nombre ana ya está en uso", taken, Some("register"));
            assert_eq!(effects, [Effect::Disconnect]);
        }
    }
    assert!(world.elapsed - began >= GHOST_TIME, "gave up after {:?}", world.elapsed - began);
    let ghosts = world
        .state
        .conversations
        .current()
        .entries()
        .filter(|entry| entry.text.as_str().contains("durante un minuto"));
    assert_eq!(ghosts.count(), 1);
    assert!(world.last_line().contains("/reconectar"), "{}", world.last_line());
    assert_eq!(world.types("/reconectar"), [Effect::Connect]);
    world.connects();
    assert_eq!(world.last_line(), "-- conectado de nuevo como ana");
}

#[test]
fn another_refusal_while_reconnecting_is_given_up_at_once() {
    let mut world = World::online();
    lost(&mut world);
    world.passes(Duration::from_secs(2));
    world.link(LinkEvent::Up);
    world.hears_error("nombre reservado", Some(ErrorCode::NameReserved), Some("register"));
    assert_eq!(world.state.link, Link::Off);
}

#[test]
fn a_silent_server_is_pinged_and_then_given_up() {
    let mut world = World::online();
    assert!(world.passes(SILENCE_TIME).contains(&Effect::Ping));
    world.link(LinkEvent::Heard);
    assert!(!world.passes(PONG_TIME).contains(&Effect::Disconnect));
    let effects = world.passes(SILENCE_TIME + PONG_TIME);
    assert!(effects.contains(&Effect::Ping) && effects.contains(&Effect::Disconnect), "{effects:?}");
    assert!(world.last_line().contains("dejó de responder"), "{}", world.last_line());
}

#[test]
fn an_idle_client_wakes_for_the_minute_and_for_a_server_that_is_silent() {
    let mut world = World::online();
    let mut woken = Vec::new();
    for _ in 0..6 {
        world.elapsed = world.state.deadline().expect("the clock on the screen");
        woken.push(world.elapsed.as_secs());
        // Whatever it woke for, a ping among it, the server answers.
        world.link(LinkEvent::Heard);
    }
    assert_eq!(woken, [30, 60, 90, 120, 150, 180]);

    let mut line_mode = World::online_in_line_mode();
    line_mode.link(LinkEvent::Heard);
    assert_eq!(line_mode.state.deadline(), Some(line_mode.elapsed + SILENCE_TIME), "no clock to draw");
}

#[test]
fn a_server_that_vanished_without_a_word_is_noticed_in_time() {
    let mut world = World::online();
    let began = world.elapsed;
    while matches!(world.state.link, Link::Online { .. }) {
        world.elapsed = world.state.deadline().expect("something is due while online");
        world.happens(Event::Tick);
        assert!(world.elapsed <= began + link::DEAD_TIME, "still online after {:?}", world.elapsed - began);
    }
    assert!(world.last_line().contains("dejó de responder"), "{}", world.last_line());
}

#[test]
fn a_program_that_was_stopped_for_long_gives_the_server_its_time_to_answer() {
    let mut world = World::online();
    world.elapsed += Duration::from_secs(3_600);
    assert!(world.happens(Event::Resized { columns: 80, rows: 24 }).contains(&Effect::Ping));
    assert_eq!(world.happens(Event::Tick), []);
    world.link(LinkEvent::Heard);
    world.passes(PONG_TIME);
    assert!(matches!(world.state.link, Link::Online { .. }), "{:?}", world.state.link);
}

#[test]
fn the_words_of_a_close_are_passed_on() {
    let mut world = World::online();
    for (code, words) in [
        (Some(1001), "el servidor se apaga"),
        (Some(4000), "el servidor cerró la conexión (bye)"),
        (None, "el servidor cerró la conexión (bye)"),
    ] {
        world.link(LinkEvent::Down(LinkError::Closed { code, reason: sanitize("bye") }));
        assert_eq!(world.last_line(), format!("!! {words}; se reintenta sin cerrar el chat"));
        world.types("/reconectar");
        world.connects();
    }
    let english =
        Texts(Lang::English).lost(&LinkError::Closed { code: Some(1008), reason: sanitize("idle") });
    assert_eq!(english.as_str(), "the server closed the connection for a breach of its rules (idle)");
}

#[test]
fn the_status_after_reconnecting_is_the_servers_again() {
    let mut world = World::online();
    world.hears_status("ana", Status::Ocupado, Some(StatusReason::Requested));
    lost(&mut world);
    world.passes(Duration::from_secs(2));
    world.connects();
    assert_eq!(world.state.status(), Some(Status::Activo));
    let line = "-- su estado es ACTIVO, que el servidor asigna al conectar; había elegido OCUPADO (/estado OCUPADO lo pide)";
    assert_eq!(world.last_line(), line);
}

#[test]
fn after_reconnecting_only_a_status_that_the_user_chose_is_recommended() {
    use StatusReason::{Active, Idle, Requested};
    type Heard<'a> = &'a [(Status, Option<StatusReason>)];
    let cases: [(&[&str], Heard<'_>, Option<Status>); 9] = [
        (&[], &[(Status::Inactivo, Some(Idle))], None),
        (&[], &[(Status::Inactivo, None)], None),
        (&[], &[(Status::Inactivo, Some(Idle)), (Status::Activo, Some(Active))], None),
        (
            &["/estado ocupado"],
            &[(Status::Ocupado, Some(Requested)), (Status::Inactivo, Some(Idle))],
            Some(Status::Ocupado),
        ),
        (&["/estado ocupado"], &[(Status::Ocupado, None), (Status::Inactivo, None)], Some(Status::Ocupado)),
        (&["/estado inactivo"], &[(Status::Inactivo, Some(Requested))], Some(Status::Inactivo)),
        // Asked for and not assigned, before the server assigned the same by itself.
        (&["/estado inactivo"], &[(Status::Inactivo, Some(Idle))], None),
        (
            &["/estado ocupado", "/estado activo"],
            &[(Status::Ocupado, Some(Requested)), (Status::Activo, Some(Requested))],
            None,
        ),
        (&["/estado ocupado"], &[], None),
    ];
    for (lines, heard, recommended) in cases {
        let mut world = World::online();
        lines.iter().for_each(|line| drop(world.types(line)));
        heard.iter().for_each(|(status, reason)| drop(world.hears_status("ana", *status, *reason)));
        lost(&mut world);
        world.passes(Duration::from_secs(2));
        world.connects();
        let told = world.last_line();
        match recommended {
            Some(status) => {
                assert!(told.contains(&format!("(/estado {status} lo pide)")), "{heard:?}: {told}")
            }
            None => assert_eq!(told, "-- conectado de nuevo como ana", "{heard:?}"),
        }
    }
}

#[test]
fn the_system_may_end_the_program_at_any_time() {
    let mut starting = World::new(false);
    starting.happens(Event::Start);
    assert_eq!(exit(&starting.happens(Event::Terminate)), Some((EXIT_LEFT, String::new())));

    let mut world = World::online();
    let effects = world.happens(Event::Terminate);
    assert_eq!(requests(&effects), ["disconnect"]);
    assert_eq!(exit(&effects), Some((EXIT_LEFT, String::new())));
}

#[test]
fn nothing_but_the_answer_to_register_begins_the_chat() {
    let mut world = World::new(false);
    world.happens(Event::Start);
    world.link(LinkEvent::Up);
    assert_eq!(world.hears_status("ana", Status::Activo, Some(StatusReason::Joined)), []);
    assert_eq!(world.hears_broadcast("bob", "antes de tiempo"), []);
    assert_eq!(world.registered(), [Effect::OpenScreen]);
    world.assert_shown(&[]);

    let mut refused = World::new(false);
    refused.happens(Event::Start);
    refused.link(LinkEvent::Up);
    refused.hears_status("ana", Status::Activo, None);
    let effects = refused.hears_error("ya está en uso", Some(ErrorCode::NameTaken), Some("register"));
    assert_eq!(exit(&effects).map(|(code, _)| code), Some(EXIT_REFUSED));
}

#[test]
fn a_server_that_accepts_and_drops_is_tried_less_and_less_often() {
    let mut world = World::online();
    for base in [1, 2, 4, 8, 16, 30] {
        lost(&mut world);
        let Link::Waiting { until } = world.state.link else { panic!("{:?}", world.state.link) };
        assert!(until - world.elapsed >= Duration::from_secs(base), "{base} s");
        world.passes(until - world.elapsed);
        world.connects();
    }
    world.passes(link::STABLE_TIME);
    lost(&mut world);
    let Link::Waiting { until } = world.state.link else { panic!("{:?}", world.state.link) };
    assert!(until - world.elapsed < Duration::from_secs(2), "the pauses begin anew");
}

#[test]
fn a_server_that_is_full_or_busy_is_tried_again() {
    for code in [ErrorCode::ServerFull, ErrorCode::RateLimited] {
        let mut world = World::online();
        lost(&mut world);
        world.passes(Duration::from_secs(2));
        world.link(LinkEvent::Up);
        assert_eq!(world.hears_error("ahora no", Some(code), Some("register")), [Effect::Disconnect]);
        assert!(matches!(world.state.link, Link::Waiting { .. }), "{code:?}: {:?}", world.state.link);
    }
}
