//! Private messages apart from the general chat, what is unread, who comes and goes.

use super::*;

#[test]
fn a_private_message_has_a_conversation_of_its_own_and_does_not_take_the_view() {
    let mut world = World::online();
    world.hears_private("bob", "ana", "hola");
    world.assert_shown(&["** privado de bob, Alt-2 para leerlo"]);
    assert_eq!(world.state.conversations.all()[1].unread, 1);
    world.does(Action::Switch(Switch::To(1)));
    world.assert_shown(&["bob: hola"]);
    assert_eq!(world.state.conversations.current().unread, 0);
}

#[test]
fn a_pointer_names_a_key_that_leads_there_else_the_command_with_the_whole_name() {
    let mut world = World::online();
    world.state.config.keys.conversations[0..3].clone_from_slice(&[None, Some(sanitize("F6")), None]);
    let long = "x".repeat(32);
    // A name that mixes alphabets is shown with a mark, which is none of it.
    for (peer, line) in [
        ("bob", "** privado de bob, F6 para leerlo".to_owned()),
        (&*long, format!("** privado de {}~, /ver {long} para leerlo", &long[..19])),
        ("аna", "** privado de (?)аna, Alt-4 para leerlo".to_owned()),
    ] {
        world.hears_private(peer, "ana", "hola");
        assert_eq!(world.last_line(), line);
    }
    world.state.config.keys.conversations = Default::default();
    world.types("@аna hola");
    assert_eq!(world.last_line(), "** privado para (?)аna, /ver аna para verlo");
    world.types("/ver аna");
    assert_eq!(world.state.conversations.current_index(), 3);
    world.types("/ignorar аna");
    assert_eq!(world.last_line(), "-- ya no se muestra lo que diga (?)аna; /ignorar аna otra vez lo deshace");
    for number in 4..=options::NUMBERED_CONVERSATIONS {
        world.hears_private(&format!("u{number}"), "ana", "hola");
    }
    assert_eq!(world.last_line(), "** privado de u9, /ver u9 para leerlo");
}

#[test]
fn several_private_messages_have_one_pointer_until_they_are_read() {
    let mut world = World::online();
    world.hears_private("bob", "ana", "uno");
    world.hears_private("bob", "ana", "dos");
    assert_eq!(world.state.conversations.current().entries().count(), 1);
    world.does(Action::Switch(Switch::Unread));
    world.does(Action::Switch(Switch::To(0)));
    world.hears_private("bob", "ana", "tres");
    assert_eq!(world.state.conversations.current().entries().count(), 2);
}

#[test]
fn a_private_message_sent_from_elsewhere_leaves_a_pointer_and_goes_to_its_conversation() {
    let mut world = World::online();
    world.types("@bob hola");
    world.assert_shown(&["** privado para bob, Alt-2 para verlo"]);
    world.hears_private("ana", "bob", "hola");
    world.does(Action::Switch(Switch::To(1)));
    world.assert_shown(&["ana: hola"]);
}

#[test]
fn plain_text_in_a_private_conversation_goes_to_that_peer_alone() {
    let mut world = World::online();
    world.types("/ver bob");
    assert_eq!(requests(&world.types("hola")), ["private bob hola"]);
    world.assert_shown(&["ana: hola (enviando...)"]);
    world.hears_private("ana", "bob", "hola");
    world.assert_shown(&["ana: hola"]);
    world.types("/cerrar");
    assert_eq!(requests(&world.types("a todos")), ["broadcast a todos"]);
}

#[test]
fn a_private_message_to_nobody_leaves_a_sentence_and_no_tab() {
    let mut world = World::online();
    world.types("@zoe hola");
    world.hears_error("zoe is not connected", Some(ErrorCode::UserNotFound), Some("private"));
    world.assert_shown(&["!! zoe no está conectado; el mensaje no se envió"]);
    assert_eq!(world.state.conversations.all().len(), 1);
    world.does(Action::Edit(crate::editor::Edit::HistoryBack));
    assert_eq!(world.draft(), "@zoe hola");
}

#[test]
fn a_refused_private_message_is_told_where_one_looks_and_where_it_stands() {
    let mut world = World::online();
    world.hears_private("bob", "ana", "hasta luego");
    world.types("@bob espera");
    world.hears_error("bob is not connected", Some(ErrorCode::UserNotFound), Some("private"));
    let sentence = "!! bob no está conectado; el mensaje no se envió";
    world.assert_shown(&["** privado de bob, Alt-2 para leerlo", sentence]);
    world.does(Action::Switch(Switch::To(1)));
    world.assert_shown(&["bob: hasta luego", "ana: espera (rechazado)", sentence]);
}

#[test]
fn a_closed_conversation_comes_back_with_what_was_said_in_it() {
    let mut world = World::online();
    world.hears_private("bob", "ana", "uno");
    world.types("/ver bob");
    world.types("/cerrar");
    assert_eq!(world.state.conversations.all().len(), 1);
    world.hears_private("bob", "ana", "dos");
    world.does(Action::Switch(Switch::Unread));
    world.assert_shown(&["bob: uno", "bob: dos"]);
}

#[test]
fn a_draft_stays_with_its_conversation() {
    let mut world = World::online();
    world.types("/ver bob");
    world.does(Action::Paste("secreto".into()));
    world.does(Action::Switch(Switch::To(0)));
    assert_eq!(world.draft(), "");
    world.does(Action::Switch(Switch::To(1)));
    assert_eq!(world.draft(), "secreto");
}

#[test]
fn mentions_in_the_general_chat_are_marked_and_counted_when_not_in_view() {
    let mut world = World::online();
    world.types("/ver bob");
    assert_eq!(world.hears_broadcast("bob", "hola a todos"), []);
    assert_eq!(world.hears_broadcast("bob", "¿y tú, @Ana?"), [Effect::Bell]);
    assert_eq!(world.hears_broadcast("bob", "anabel no es ella"), []);
    let general = &world.state.conversations.all()[0];
    assert_eq!((general.unread, general.mentions), (3, 1));
    world.does(Action::Switch(Switch::Unread));
    world.assert_shown(&["bob: hola a todos", "»bob: ¿y tú, @Ana?", "bob: anabel no es ella"]);
}

#[test]
fn the_bell_rings_at_most_once_in_two_seconds() {
    let mut world = World::online();
    assert!(world.hears_private("bob", "ana", "uno").contains(&Effect::Bell));
    assert!(!world.hears_private("carla", "ana", "dos").contains(&Effect::Bell));
    world.passes(BELL_TIME);
    assert!(world.hears_private("bob", "ana", "tres").contains(&Effect::Bell));
}

#[test]
fn an_occupied_user_is_not_called() {
    let mut world = World::online();
    world.hears_status("ana", Status::Ocupado, Some(StatusReason::Requested));
    assert!(!world.hears_private("bob", "ana", "uno").contains(&Effect::Bell));
    world.hears_status("ana", Status::Activo, Some(StatusReason::Requested));
    assert!(world.hears_private("carla", "ana", "dos").contains(&Effect::Bell));
}

#[test]
fn who_comes_changes_and_goes_is_told_once() {
    let mut world = World::online();
    world.hears_status("dora", Status::Activo, Some(StatusReason::Joined));
    world.hears_status("dora", Status::Ocupado, Some(StatusReason::Requested));
    world.hears_status("dora", Status::Ocupado, Some(StatusReason::Requested));
    world.hears_status("dora", Status::Inactivo, Some(StatusReason::Idle));
    world.hears(&ServerMessage::UserDisconnected {
        sender: "server".into(),
        content: "dora ha salido".into(),
        user: None,
        timestamp: None,
    });
    world.assert_shown(&[
        "-- dora ha entrado",
        "-- dora está OCUPADO",
        "-- dora está INACTIVO (asignado por el servidor)",
        "-- dora ha salido",
    ]);
    assert_eq!(world.state.roster().len(), 3);
}

#[test]
fn statuses_told_to_a_newcomer_are_no_news() {
    let mut world = World::online();
    world.hears_status("bob", Status::Ocupado, Some(StatusReason::Joined));
    world.assert_shown(&[]);
    let bob = UserName::parse("bob").unwrap();
    assert_eq!(world.state.roster().find(&bob).map(|user| user.status), Some(Status::Ocupado));

    let mut newcomer = World::online();
    let mut stands = |user: &'static str, status, timestamp| {
        newcomer.hears(&ServerMessage::StatusUpdate {
            sender: "server".into(),
            content: UserStatus { user: user.into(), status },
            reason: Some(StatusReason::Idle),
            timestamp,
        });
        newcomer.last_line()
    };
    assert_eq!(stands("bob", Status::Inactivo, Some(greeted_at())), "");
    assert_eq!(stands("carla", Status::Ocupado, Some(greeted_at())), "");
    assert_eq!(stands("bob", Status::Ocupado, None), "-- bob está OCUPADO (asignado por el servidor)");
}

#[test]
fn a_message_to_oneself_is_shown_once() {
    let mut world = World::online();
    world.types("/ver ana");
    world.types("nota");
    world.hears_private("ana", "ana", "nota");
    world.assert_shown(&["ana: nota"]);
}

#[test]
fn hostile_names_and_words_are_shown_harmlessly() {
    let mut world = World::online();
    world.hears_broadcast("\u{1b}[2J", "a\u{202e}b\n10:00 bob: falso");
    world.assert_shown(&["<nombre inválido>: a·b\n10:00 bob: falso"]);
    world.hears_private("dos palabras", "ana", "hola");
    assert_eq!(world.last_line(), "»<nombre inválido>: privado: hola");
    assert_eq!(world.state.conversations.all().len(), 1);
    world.hears_status("x\ny", Status::Activo, None);
    assert_eq!(world.state.roster().len(), 3);
}

#[test]
fn frames_that_are_no_messages_change_nothing_but_a_hint() {
    let mut world = World::online();
    for frame in ["", "{", "[]", r#"{"type":"confeti"}"#, r#"{"type":"broadcast"}"#] {
        assert_eq!(world.link(LinkEvent::Frame(frame.into())), []);
    }
    world.assert_shown(&[]);
    assert!(world.hint().contains("no entiende"), "{}", world.hint());
}

#[test]
fn scrolling_up_stays_put_and_sending_returns_to_the_newest() {
    let mut world = World::online();
    for number in 0..100 {
        world.hears_broadcast("bob", &number.to_string());
    }
    world.does(Action::Scroll(Scroll::PageUp));
    let below = world.state.conversations.current().entries_below();
    assert_eq!(below, usize::from(world.state.geometry().message_rows()) - 1);
    world.hears_broadcast("bob", "nuevo");
    assert_eq!(world.state.conversations.current().entries_below(), below + 1);
    world.types("hola");
    assert_eq!(world.state.conversations.current().entries_below(), 0);
}

#[test]
fn whatever_comes_the_conversations_stay_within_their_bytes() {
    let mut world = World::online();
    world.state.conversations = Conversations::default().within(50_000);
    world.hears_private("bob", "ana", "un secreto");
    for number in 0..100 {
        world.hears_broadcast("carla", &format!("{number} {}", "x".repeat(1_000)));
    }
    let all = world.state.conversations.all();
    assert!(all.iter().map(Conversation::bytes).sum::<usize>() <= 50_000);
    assert!(all[0].entries().count() > 20);
    assert!(world.last_line().contains("99 xxx"), "{}", world.last_line());
    world.types("/ver bob");
    world.assert_shown(&["bob: un secreto"]);
}
