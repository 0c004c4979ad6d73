//! Finding what was said, and not hearing what one does not want to.

use super::*;
use crate::editor::Edit;

fn searching(world: &World) -> &Search {
    match world.state.mode() {
        Mode::Search(search) => search,
        other => panic!("not searching: {other:?}"),
    }
}

fn hit(world: &World) -> String {
    let id = world.state.hit();
    id.and_then(|id| world.state.conversations.current().entry(id)).map(line).unwrap_or_default()
}

fn types_query(world: &mut World, query: &str) {
    query.chars().for_each(|c| drop(world.does(Action::Insert(c))));
}

/// A hundred messages, of which the 10th, 50th and 90th are about a session.
fn world() -> World {
    let mut world = World::online();
    for number in 0..100 {
        let text =
            if number % 40 == 10 { format!("la Sesión {number}") } else { format!("mensaje {number}") };
        world.hears_broadcast("bob", &text);
    }
    world
}

#[test]
fn a_search_goes_from_the_newest_to_the_oldest_and_back() {
    let mut world = world();
    world.does(Action::Search);
    types_query(&mut world, "sesion");
    assert_eq!((hit(&world).as_str(), searching(&world).position()), ("bob: la Sesión 90", (1, 3)));
    world.does(Action::Search);
    assert_eq!((hit(&world).as_str(), searching(&world).position()), ("bob: la Sesión 50", (2, 3)));
    world.does(Action::Edit(Edit::HistoryBack));
    world.does(Action::Edit(Edit::HistoryBack));
    assert_eq!(hit(&world), "bob: la Sesión 10", "and not beyond the oldest");
    world.does(Action::Edit(Edit::HistoryForward));
    assert_eq!(hit(&world), "bob: la Sesión 50");
    let height = usize::from(world.state.geometry().message_rows());
    let current = world.state.conversations.current();
    let seen = current
        .window(height)
        .iter()
        .any(|row| matches!(row, Row::Text(entry, _) if line(entry) == "bob: la Sesión 50"));
    assert!(seen, "what was found is on the screen");
}

#[test]
fn enter_stays_where_it_was_found_and_escape_goes_back() {
    let mut world = world();
    world.does(Action::Scroll(Scroll::PageUp));
    let origin = world.state.conversations.current().scroll();
    world.types("a medias");
    world.does(Action::Scroll(Scroll::PageUp));
    let origin = origin.min(world.state.conversations.current().scroll());
    world.does(Action::Search);
    types_query(&mut world, "Sesión 10");
    assert_ne!(world.state.conversations.current().scroll(), origin);
    world.does(Action::Escape);
    assert!(matches!(world.state.mode, Mode::Line));
    assert_eq!((world.state.hit(), world.state.conversations.current().scroll()), (None, origin));

    world.does(Action::Search);
    types_query(&mut world, "Sesión 10");
    let there = world.state.conversations.current().scroll();
    world.does(Action::Enter);
    assert_eq!(
        (hit(&world).as_str(), world.state.conversations.current().scroll()),
        ("bob: la Sesión 10", there)
    );
    world.does(Action::Insert('x'));
    assert_eq!(world.state.hit(), None, "the mark goes with the next key");
}

#[test]
fn the_command_searches_too_and_the_last_words_come_back() {
    let mut world = world();
    world.types("/buscar SESIÓN 5");
    assert_eq!(hit(&world), "bob: la Sesión 50");
    world.does(Action::Enter);
    world.does(Action::Search);
    assert_eq!(searching(&world).query().text(), "");
    world.does(Action::Search);
    assert_eq!((searching(&world).query().text(), hit(&world).as_str()), ("SESIÓN 5", "bob: la Sesión 50"));
    world.does(Action::Interrupt);
    world.types("/search nada de esto");
    assert_eq!((world.state.hit(), searching(&world).position()), (None, (0, 0)));
}

#[test]
fn the_line_being_written_stays_while_one_searches() {
    let mut world = world();
    world.does(Action::Paste("a medias".into()));
    world.does(Action::Search);
    world.does(Action::Paste("sesión\n10".into()));
    world.does(Action::Edit(Edit::KillWordBack));
    assert_eq!(world.draft(), "a medias");
    world.does(Action::Switch(Switch::Last));
    assert!(matches!(world.state.mode, Mode::Line));
    assert_eq!(world.draft(), "a medias");
}

#[test]
fn the_words_searched_for_are_bounded() {
    let mut world = world();
    world.does(Action::Search);
    world.does(Action::Paste("s".repeat(search::QUERY_BYTES_MAX)));
    world.does(Action::Insert('x'));
    assert_eq!(searching(&world).query().text().len(), search::QUERY_BYTES_MAX);
}

#[test]
fn in_line_mode_what_was_found_is_printed_again_up_to_a_limit() {
    let mut world = World::online_in_line_mode();
    for number in 0..search::FOUND_LINES_MAX + 5 {
        world.hears_broadcast("bob", &format!("eco {number}"));
    }
    world.hears_broadcast("bob", "otra cosa");
    let effects = world.happens(Event::Line("/buscar ECO".into()));
    assert_eq!(effects.len(), search::FOUND_LINES_MAX);
    assert_eq!(effects.last(), Some(&Effect::Print(sanitize("09:00 bob: eco 24"))));
    let effects = world.happens(Event::Line("/buscar nada".into()));
    assert_eq!(effects, [Effect::Complain(sanitize("no se encontró nada"))]);
}

#[test]
fn whoever_is_ignored_is_not_heard_until_that_is_undone() {
    let mut world = World::online();
    world.types("/ignorar BOB");
    world.assert_shown(&["-- ya no se muestra lo que diga BOB; /ignorar BOB otra vez lo deshace"]);
    world.types("/limpiar");
    assert_eq!(world.hears_broadcast("bob", "@ana hola"), []);
    assert_eq!(world.hears_private("bob", "ana", "hola"), []);
    world.hears_status("bob", Status::Ocupado, Some(StatusReason::Requested));
    world.assert_shown(&[]);
    assert_eq!(world.state.conversations.all().len(), 1);
    let bob = UserName::parse("bob").unwrap();
    assert_eq!(
        world.state.roster().find(&bob).map(|user| user.status),
        Some(Status::Ocupado),
        "the list is true"
    );
    world.hears_broadcast("carla", "hola");
    world.types("/ignorar");
    world.assert_shown(&["carla: hola", "-- ignorados: BOB"]);
    world.types("/ignore bob");
    world.hears_broadcast("bob", "otra vez");
    assert_eq!(world.last_line(), "bob: otra vez");
    world.types("/ignorar ana");
    assert_eq!(world.hint(), "a uno mismo no se le ignora");
}

#[test]
fn a_command_in_vain_leaves_nothing_in_the_line() {
    let mut world = World::online();
    for (line, hint) in [
        ("/ignorar ANA", "a uno mismo no se le ignora"),
        ("/cerrar", "el chat general no se cierra"),
        ("/reenviar", "aquí no hay nada que reenviar"),
    ] {
        assert_eq!(world.types(line), []);
        assert_eq!((world.hint(), world.draft()), (hint, ""));
    }
    world.assert_shown(&[]);
}
