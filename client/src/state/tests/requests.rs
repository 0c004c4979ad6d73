//! What the user asks for, and what becomes of it.

use super::*;

#[test]
fn every_command_sends_its_request() {
    let cases = [
        ("hola", "broadcast hola"),
        ("//etc", "broadcast /etc"),
        ("@bob hola", "private bob hola"),
        ("/msg BOB hola", "private bob hola"),
        ("/estado ocupado", "change_status OCUPADO"),
        ("/usuarios", "list_users"),
        ("/info bob", "user_info bob"),
        ("/info", "user_info ana"),
    ];
    for (line, request) in cases {
        let mut world = World::online();
        assert_eq!(requests(&world.types(line)), [request], "{line}");
        assert_eq!(world.draft(), "", "{line}");
    }
}

#[test]
fn a_message_is_pending_until_its_echo_and_then_has_the_servers_time() {
    let mut world = World::online();
    world.types("hola");
    world.assert_shown(&["ana: hola (enviando...)"]);
    world.hears(&ServerMessage::Broadcast {
        sender: "ana".into(),
        content: "hola".into(),
        timestamp: Some(Timestamp::from_unix_millis(1_795_187_535_000)),
    });
    world.assert_shown(&["ana: hola"]);
    let at = world.state.conversations.current().entries().next().unwrap().at;
    assert_eq!(at.to_rfc3339(), "2026-11-20T09:12:15-06:00");
}

#[test]
fn equal_messages_are_confirmed_one_by_one() {
    let mut world = World::online();
    world.types("hola");
    world.types("hola");
    world.hears_broadcast("ana", "hola");
    world.assert_shown(&["ana: hola", "ana: hola (enviando...)"]);
}

#[test]
fn a_refused_message_is_marked_and_the_server_says_why() {
    let mut world = World::online();
    world.types("uno");
    world.types("dos");
    world.hears_error("too fast", Some(ErrorCode::RateLimited), Some("broadcast"));
    world.hears_broadcast("ana", "dos");
    let sentence = "!! va demasiado rápido: esto no se envió; espere un momento";
    world.assert_shown(&["ana: uno (rechazado)", "ana: dos", sentence]);
}

#[test]
fn errors_of_servers_without_codes_refuse_the_oldest_request() {
    let mut world = World::online();
    world.types("/info zoe");
    world.types("hola");
    world.hears_error("no existe", None, None);
    world.assert_shown(&["ana: hola (enviando...)", "!! no existe"]);
}

#[test]
fn the_status_shown_is_the_one_the_server_assigned() {
    let mut world = World::online();
    world.types("/estado OCUPADO");
    assert_eq!(
        (world.state.status(), world.state.asked_status()),
        (Some(Status::Activo), Some(Status::Ocupado))
    );
    world.hears_status("ana", Status::Ocupado, Some(StatusReason::Requested));
    assert_eq!((world.state.status(), world.state.asked_status()), (Some(Status::Ocupado), None));
    world.assert_shown(&["-- su estado es OCUPADO"]);
}

#[test]
fn a_refused_status_leaves_the_one_that_was() {
    let mut world = World::online();
    world.types("/estado OCUPADO");
    world.hears_error("no se puede", Some(ErrorCode::StatusInvalid), Some("change_status"));
    assert_eq!((world.state.status(), world.state.asked_status()), (Some(Status::Activo), None));
}

#[test]
fn the_servers_own_changes_of_the_status_are_told_as_such() {
    let mut world = World::online();
    world.hears_status("ana", Status::Inactivo, Some(StatusReason::Idle));
    assert_eq!(world.state.status(), Some(Status::Inactivo));
    assert!(world.last_line().contains("por inactividad"), "{}", world.last_line());
    world.hears_status("ana", Status::Activo, Some(StatusReason::Active));
    assert_eq!(world.last_line(), "-- su estado vuelve a ser ACTIVO");

    let mut other_make = World::online();
    other_make.hears_status("ana", Status::Inactivo, None);
    assert!(other_make.last_line().contains("por inactividad"), "{}", other_make.last_line());
}

#[test]
fn a_restored_status_does_not_answer_a_request_for_another() {
    let mut world = World::online();
    world.hears_status("ana", Status::Inactivo, Some(StatusReason::Idle));
    world.types("/estado OCUPADO");
    world.hears_status("ana", Status::Activo, Some(StatusReason::Active));
    assert_eq!(world.state.asked_status(), Some(Status::Ocupado));
}

#[test]
fn what_is_wrong_is_never_sent_and_leaves_the_line_but_comes_back_with_up() {
    let cases = [
        (
            "/usarios",
            "/usarios no existe; ¿quiso decir /usuarios? No se envió. Para enviar texto con / escriba //",
        ),
        ("/estado libre", "estado no válido: libre (ACTIVO, OCUPADO o INACTIVO)"),
        ("@bob", "falta algo: @usuario mensaje"),
    ];
    for (line, sentence) in cases {
        let mut world = World::online();
        assert_eq!(world.types(line), [], "{line}");
        world.assert_shown(&[&format!("!! {sentence}")]);
        assert_eq!(world.draft(), "", "the next thing typed stands alone");
        world.does(Action::Edit(crate::editor::Edit::HistoryBack));
        assert_eq!(world.draft(), line);
    }
}

#[test]
fn how_long_a_message_may_be_is_the_servers_affair_unless_it_breaks_the_connection() {
    let mut world = World::online();
    assert!(matches!(&world.types(&"ñ".repeat(20_000))[..], [Effect::Send(_)]));
    for (text, told) in [
        // Each quotation mark takes two bytes of the frame.
        ("\"".repeat(40_000), "!! el mensaje tiene 40000 bytes y en un envío caben 32724 de ese texto;"),
        ("x".repeat(65_500), "!! el mensaje tiene 65500 bytes y en un envío caben 65449 de ese texto;"),
    ] {
        assert_eq!(world.types(&text), []);
        assert!(world.last_line().starts_with(told), "{}", world.last_line());
    }
    // What is said to fit does.
    assert!(matches!(&world.types(&"\"".repeat(32_724))[..], [Effect::Send(_)]));
    assert!(matches!(&world.types(&"x".repeat(65_449))[..], [Effect::Send(_)]));
    world.does(Action::Paste("x".repeat(70_000)));
    assert_eq!(world.hint(), "lo pegado no cabe: una línea tiene hasta 64 KiB");
}

#[test]
fn what_the_server_takes_is_told_once_it_named_it() {
    let too_long = Some(ErrorCode::ContentTooLong);
    for (sentence, told) in [
        (
            "the message has 5000 bytes and the maximum is 4096",
            "tiene 5000 bytes y el servidor acepta 4096: acórtelo",
        ),
        ("no cabe: hasta 4096", "tiene 5000 bytes y el servidor acepta 4096: acórtelo"),
        ("5000 bytes son demasiados", "tiene 5000 bytes, más de los que acepta el servidor: acórtelo"),
        ("de 10 a 4096 bytes", "tiene 5000 bytes, más de los que acepta el servidor: acórtelo"),
    ] {
        let mut world = World::online();
        world.types(&"x".repeat(5_000));
        world.hears_error(sentence, too_long, Some("broadcast"));
        assert!(world.last_line().contains(told), "{}", world.last_line());
    }
    let mut world = World::online();
    world.types(&"x".repeat(5_000));
    world.hears_error("at most 4096", too_long, Some("broadcast"));
    assert_eq!(world.types(&"x".repeat(65_500)), []);
    let told = "!! el mensaje tiene 65500 bytes y el servidor acepta 4096: acórtelo o divídalo";
    assert_eq!(world.last_line(), told);
    world.link(LinkEvent::Down(LinkError::Lost));
    world.passes(Duration::from_secs(2));
    world.connects();
    world.types(&"x".repeat(65_500));
    assert!(world.last_line().contains("el servidor puede aceptar menos"), "{}", world.last_line());
}

#[test]
fn a_line_that_holds_no_more_says_so_while_it_is_typed() {
    let mut world = World::online();
    world.does(Action::Paste("x".repeat(crate::editor::TEXT_BYTES_MAX - 1)));
    world.does(Action::Insert('y'));
    assert_eq!(world.hint(), "");
    world.does(Action::Insert('z'));
    assert_eq!((world.draft().len(), world.hint()), (65_536, "la línea está llena: hasta 64 KiB"));
}

#[test]
fn one_pasted_line_joins_the_line_and_runs_nothing() {
    let mut world = World::online();
    for paste in ["/salir", "/salir\r\n", "\n\n/salir\r", "/salir\n\n"] {
        assert_eq!(world.does(Action::Paste(paste.into())), []);
        assert_eq!(world.draft(), "/salir", "{paste:?}");
        world.does(Action::Interrupt);
    }
    world.does(Action::Paste("\r\n\n".into()));
    assert_eq!(world.draft(), "");
}

#[test]
fn several_pasted_lines_are_asked_about_and_esc_drops_them() {
    let mut world = World::online();
    world.does(Action::Insert('x'));
    assert_eq!(world.does(Action::Paste("uno\r/salir\r".into())), []);
    assert!(matches!(&world.state.mode, Mode::Paste(question) if question.lines() == 2));
    for action in [
        Action::Insert('s'),
        Action::Edit(crate::editor::Edit::Backspace),
        Action::Switch(Switch::Last),
        Action::Complete { back: false },
        Action::Help,
        Action::Search,
    ] {
        assert_eq!(world.does(action.clone()), [], "{action:?}");
        assert!(matches!(world.state.mode, Mode::Paste(_)), "{action:?}");
        assert_eq!(world.hint(), "responda sobre lo pegado", "{action:?}");
    }
    world.does(Action::Escape);
    assert!(matches!(world.state.mode, Mode::Line));
    assert_eq!((world.draft(), world.hint()), ("x", "no se pegó nada"));
}

#[test]
fn a_command_that_takes_nothing_does_nothing_with_something_behind_it() {
    let mut world = World::online();
    world.types("/ver bob");
    for line in
        ["/salir adiós", "/cerrar carla", "/limpiar todo", "/usuarios ana", "/reenviar ya", "/reconectar ya"]
    {
        assert_eq!(world.types(line), [], "{line}");
        let word = line.split(' ').next().unwrap();
        assert_eq!(world.last_line(), format!("!! {word} se escribe solo, sin nada más; no se hizo nada"));
    }
    assert_eq!(world.state.conversations.current_index(), 1);
}

#[test]
fn what_is_pasted_while_the_question_stands_joins_it_and_what_does_not_fit_is_told() {
    let mut world = World::online();
    world.does(Action::Paste("uno\ndos\n".into()));
    for (paste, hint) in [
        ("tres\r\n/salir\r\n", "lo pegado ahora se sumó: son 4 líneas"),
        ("cin\0co", "se quitó 1 carácter de control de lo pegado"),
        (&*"x".repeat(65_510), "lo pegado no cabe: una línea tiene hasta 64 KiB"),
    ] {
        assert_eq!(world.does(Action::Paste(paste.into())), []);
        assert_eq!(world.hint(), hint);
    }
    assert!(matches!(&world.state.mode, Mode::Paste(question) if question.lines() == 5));
    let sent = world.does(Action::Insert('\n'));
    assert_eq!(
        requests(&sent),
        ["uno", "dos", "tres", "/salir", "cinco"].map(|it| format!("broadcast {it}"))
    );

    // All that fits becomes the line, with the sign before what would be a command.
    world.does(Action::Paste("/a\nb".into()));
    world.does(Action::Paste("x".repeat(65_530)));
    assert_eq!(world.hint(), "lo pegado ahora se sumó: son 3 líneas");
    world.does(Action::Enter);
    assert_eq!(world.draft().len(), 1 + 4 + 1 + 65_530);
}

#[test]
fn several_pasted_lines_as_one_are_text_even_where_a_command_would_stand() {
    for (before, paste, sent) in [
        ("", "uno\r/salir\r", "broadcast uno\n/salir"),
        ("", "/salir\rdos", "broadcast /salir\ndos"),
        ("", "@bob secreto\ndos", "broadcast @bob secreto\ndos"),
        ("", "//uno\ndos", "broadcast //uno\ndos"),
        ("a ", "/salir\ndos", "broadcast a /salir\ndos"),
    ] {
        let mut world = World::online();
        before.chars().for_each(|c| drop(world.does(Action::Insert(c))));
        world.does(Action::Paste(paste.into()));
        assert_eq!(world.does(Action::Enter), [], "the line is still to be sent");
        assert_eq!(requests(&world.does(Action::Enter)), [sent], "{paste:?}");
    }
}

#[test]
fn several_pasted_lines_one_by_one_are_messages_to_whom_the_prompt_names() {
    let mut world = World::online();
    world.types("/ver bob");
    world.does(Action::Insert('x'));
    world.does(Action::Paste("uno\r\n\r\n/salir\r\n@carla dos\r\n".into()));
    let sent = world.does(Action::Insert('\n'));
    assert_eq!(requests(&sent), ["private bob uno", "private bob /salir", "private bob @carla dos"]);
    assert_eq!(world.draft(), "x", "what was being written stays");
}

#[test]
fn too_many_pasted_lines_do_not_go_one_by_one() {
    let mut world = World::online();
    world.does(Action::Paste("x\n".repeat(paste::PASTE_LINES_MAX + 1)));
    assert_eq!(world.does(Action::Insert('\n')), []);
    assert_eq!(world.hint(), "por separado, hasta 20 líneas; Enter: en una sola");
    world.does(Action::Enter);
    assert_eq!(requests(&world.does(Action::Enter)).len(), 1);

    world.does(Action::Paste("x\n".repeat(paste::PASTE_LINES_MAX)));
    assert_eq!(requests(&world.does(Action::Insert('\n'))).len(), paste::PASTE_LINES_MAX);
}

#[test]
fn a_paste_is_kept_while_it_cannot_be_sent() {
    let mut world = World::online();
    world.link(LinkEvent::Down(LinkError::Lost));
    world.does(Action::Paste("uno\ndos".into()));
    assert_eq!(world.does(Action::Insert('\n')), []);
    assert_eq!(world.hint(), "sin conexión: no se envió, sigue aquí");
    world.does(Action::Enter);
    assert_eq!(world.draft(), "uno\ndos");
}

#[test]
fn control_characters_of_a_paste_are_left_out_with_a_word() {
    let mut world = World::online();
    world.does(Action::Paste("a\0b\u{1b}[31mc\td\u{9b}".into()));
    assert_eq!(world.draft(), "ab[31mc\td");
    assert_eq!(world.hint(), "se quitaron 3 caracteres de control de lo pegado");
    assert_eq!(requests(&world.does(Action::Enter)), ["broadcast ab[31mc\td"]);
}

#[test]
fn a_paste_of_a_megabyte_is_refused_in_words() {
    let mut world = World::online();
    for paste in ["x".repeat(1 << 20), "x\n".repeat(1 << 19)] {
        world.does(Action::Paste(paste));
        assert_eq!((world.draft(), world.hint()), ("", "lo pegado no cabe: una línea tiene hasta 64 KiB"));
        assert!(matches!(world.state.mode, Mode::Line));
    }
}

#[test]
fn answers_are_shown_where_they_were_asked_for() {
    let mut world = World::online();
    world.hears_status("carla", Status::Inactivo, Some(StatusReason::Joined));
    world.types("/ver bob");
    world.types("/usuarios");
    world.types("/info");
    world.hears(&ServerMessage::ListUsersResponse {
        sender: "server".into(),
        content: UserList(["ana", "bob", "carla"].map(Into::into).into()),
        timestamp: None,
    });
    world.hears(&ServerMessage::UserInfoResponse {
        sender: "server".into(),
        target: "bob".into(),
        content: UserInfo { ip: "10.0.0.7\u{1b}".into(), status: Status::Ocupado },
        timestamp: None,
    });
    world.assert_shown(&[
        "-- Usuarios (3): ana, bob, carla (INACTIVO)",
        "-- bob: IP 10.0.0.7␛, estado OCUPADO",
    ]);
    let bob = UserName::parse("bob").unwrap();
    assert_eq!(world.state.roster().find(&bob).map(|user| user.status), Some(Status::Ocupado));
}

#[test]
fn of_a_long_list_some_are_named_and_the_others_counted() {
    for (name, named) in [("u", server::LISTED_NAMES_MAX), (&*"ñ".repeat(27), 57)] {
        let names: Vec<_> = (0..10_000).map(|number| format!("{name}{number:05}").into()).collect();
        let mut world = World::online();
        world.types("/usuarios");
        let content = UserList(names);
        world.hears(&ServerMessage::ListUsersResponse { sender: "server".into(), content, timestamp: None });
        let line = world.last_line();
        assert!(line.starts_with("-- Usuarios (10000): "), "{line}");
        assert!(line.ends_with(&format!("{:05} y {} más", named - 1, 10_000 - named)), "{line}");
        assert_eq!(world.state.roster().len(), 10_000);
    }
}

#[test]
fn a_status_of_somebody_beyond_the_list_is_no_arrival_and_everybody_is_counted() {
    let mut world = World::online();
    let all = roster::USERS_MAX + 10;
    let content = UserList((0..all).map(|number| format!("u{number:05}").into()).collect());
    world.hears(&ServerMessage::ListUsersResponse { sender: "server".into(), content, timestamp: None });
    assert_eq!(world.state.roster().len(), all);
    let beyond = format!("u{:05}", all - 1);
    for status in [Status::Ocupado, Status::Activo] {
        world.hears_status(&beyond, status, None);
        world.hears_status(&beyond, status, Some(StatusReason::Requested));
    }
    world.assert_shown(&[]);
    world.hears_status("otra", Status::Activo, Some(StatusReason::Joined));
    world.assert_shown(&["-- otra ha entrado"]);
    assert_eq!(world.state.roster().len(), all + 1);
}

#[test]
fn a_list_that_nobody_asked_for_is_not_told() {
    let mut world = World::online();
    let content = UserList(vec!["ana".into()]);
    world.hears(&ServerMessage::ListUsersResponse { sender: "server".into(), content, timestamp: None });
    world.assert_shown(&[]);
    assert_eq!(world.state.roster().len(), 1);
}

#[test]
fn too_many_unanswered_requests_stop_the_next_and_keep_the_line() {
    let mut world = World::online();
    for _ in 0..outbox::REQUESTS_MAX {
        assert_eq!(world.types("hola").len(), 1);
    }
    assert_eq!(world.types("una más"), []);
    assert_eq!(world.draft(), "una más");
    assert!(world.hint().contains("no se envió"), "{}", world.hint());
}

#[test]
fn tab_completes_and_goes_on_to_the_next() {
    let mut world = World::online();
    world.does(Action::Paste("@".into()));
    for expected in ["@bob ", "@carla ", "@bob "] {
        world.does(Action::Complete { back: false });
        assert_eq!(world.draft(), expected);
    }
    world.does(Action::Insert('x'));
    world.does(Action::Complete { back: false });
    assert_eq!(world.draft(), "@bob x");
    world.does(Action::Interrupt);
    world.does(Action::Paste("/estado ".into()));
    for expected in ["/estado INACTIVO", "/estado OCUPADO"] {
        world.does(Action::Complete { back: true });
        assert_eq!(world.draft(), expected);
    }
}

#[test]
fn interrupting_clears_the_line_then_asks_then_leaves() {
    let mut world = World::online();
    world.does(Action::Insert('x'));
    assert_eq!(world.does(Action::Interrupt), []);
    assert_eq!(world.draft(), "");
    assert_eq!(world.does(Action::Interrupt), []);
    assert_eq!(world.hint(), "otra vez Ctrl-C para salir");
    assert_eq!(requests(&world.does(Action::Interrupt)), ["disconnect"]);

    let mut late = World::online();
    late.does(Action::Interrupt);
    late.passes(Duration::from_secs(3));
    assert_eq!(late.does(Action::Interrupt), []);
}

#[test]
fn leaving_waits_for_the_servers_close_but_not_long() {
    let mut world = World::online();
    assert_eq!(requests(&world.types("/salir")), ["disconnect"]);
    let closed =
        world.link(LinkEvent::Down(LinkError::Closed { code: Some(1000), reason: Visible::default() }));
    assert_eq!(exit(&closed), Some((EXIT_LEFT, String::new())));

    let mut silent = World::online();
    silent.types("/salir");
    assert_eq!(exit(&silent.passes(LEAVE_TIME)), Some((EXIT_LEFT, String::new())));
}

#[test]
fn an_answer_finds_its_message_in_a_conversation_that_was_closed_and_opened_again() {
    let mut world = World::online();
    world.types("/ver bob");
    world.types("uno");
    world.types("/cerrar");
    world.types("/ver bob");
    world.types("dos");
    world.assert_shown(&["ana: uno (enviando...)", "ana: dos (enviando...)"]);
    world.hears_private("ana", "bob", "uno");
    world.assert_shown(&["ana: uno", "ana: dos (enviando...)"]);
    world.hears_error("bob no está", Some(ErrorCode::UserNotFound), Some("private"));
    let sentence = "!! bob no está conectado; el mensaje no se envió";
    world.assert_shown(&["ana: uno", "ana: dos (rechazado)", sentence]);
}

#[test]
fn the_answer_to_a_message_of_a_closed_conversation_opens_no_tab() {
    let mut world = World::online();
    world.types("/ver bob");
    world.types("uno");
    world.types("/cerrar");
    world.hears_private("ana", "bob", "uno");
    assert_eq!(world.state.conversations.all().len(), 1);
    world.types("/ver bob");
    world.assert_shown(&["ana: uno"]);
}

#[test]
fn a_message_that_was_cleared_away_is_shown_when_it_was_said() {
    let mut world = World::online();
    world.types("hola");
    world.types("/limpiar");
    world.hears_broadcast("ana", "hola");
    world.assert_shown(&["ana: hola"]);
}

#[test]
fn a_server_that_echoes_nothing_does_not_stop_the_talk() {
    let mut world = World::online();
    for _ in 0..outbox::REQUESTS_MAX {
        world.types("hola");
    }
    assert_eq!(world.types("más"), []);
    world.does(Action::Interrupt);
    world.passes(outbox::ANSWER_TIME);
    assert_eq!(world.last_line(), "ana: hola (sin confirmar)");
    assert_eq!(requests(&world.types("más")), ["broadcast más"]);
}

#[test]
fn an_answer_that_comes_late_still_confirms() {
    let mut world = World::online();
    world.types("hola");
    world.passes(outbox::ANSWER_TIME);
    world.assert_shown(&["ana: hola (sin confirmar)"]);
    world.hears_broadcast("ana", "hola");
    world.assert_shown(&["ana: hola"]);
}

#[test]
fn a_command_that_moves_the_conversations_leaves_every_draft_alone() {
    let mut world = World::online();
    for number in 1..crate::state::conversations::CONVERSATIONS_MAX {
        world.hears_private(&format!("u{number}"), "ana", "hola");
    }
    world.types("/ver u150");
    assert_eq!(requests(&world.types("@otra hola")), ["private otra hola"]);
    assert_eq!(world.draft(), "");
}
