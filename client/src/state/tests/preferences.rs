//! What the user prefers holds from the first event on.

use super::*;
use crate::state::Notifications;

fn preferring(options: Options) -> World {
    let mut world = World::preferring(false, options);
    world.connects();
    world
}

#[test]
fn each_bell_can_be_turned_off_by_itself() {
    let rings = |options: Options| {
        let mut world = preferring(options);
        world.types("/ver carla");
        let mention = world.hears_broadcast("bob", "¿y tú, @ana?").contains(&Effect::Bell);
        world.passes(BELL_TIME);
        let private = world.hears_private("bob", "ana", "uno").contains(&Effect::Bell);
        world.passes(BELL_TIME);
        let both = world.hears_private("bob", "ana", "@ana dos").contains(&Effect::Bell);
        [mention, private, both]
    };
    let options = Options::default();
    assert_eq!(rings(options), [true, true, true]);
    assert_eq!(rings(Options { bell_on_mention: false, ..options }), [false, true, true]);
    assert_eq!(rings(Options { bell_on_private: false, ..options }), [true, false, true]);
    assert_eq!(rings(Options { bell_on_mention: false, bell_on_private: false, ..options }), [false; 3]);
}

#[test]
fn notifications_say_who_and_what_at_most_once_in_a_while_with_or_without_a_bell() {
    let notified = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Notify { by: Notifications::Osc9, text } => Some(text.to_string()),
            _ => None,
        })
    };
    let mut world = preferring(Options {
        notifications: Notifications::Osc9,
        bell_on_mention: false,
        bell_on_private: false,
        ..Options::default()
    });
    let long = "x".repeat(300);
    let first = notified(world.hears_private("bob", "ana", "hola\nsí")).unwrap();
    assert_eq!(first, "privado de bob: hola␊sí");
    assert_eq!(notified(world.hears_private("carla", "ana", "otra")), None);
    world.passes(BELL_TIME);
    let second = notified(world.hears_private("carla", "ana", &long)).unwrap();
    assert!(second.starts_with("privado de carla: xxx") && second.ends_with('~'), "{second}");
    assert_eq!(second.chars().count(), crate::texts::NOTIFICATION_COLUMNS_MAX);
}

#[test]
fn the_users_can_be_hidden_from_the_start_and_shown_on_request() {
    let mut world = preferring(Options { user_panel: false, ..Options::default() });
    assert!(!world.state.geometry().shows_panel());
    world.does(Action::TogglePanel);
    assert!(world.state.geometry().shows_panel());
}

#[test]
fn names_keep_their_columns_through_sizes_and_panels() {
    let mut world = preferring(Options { name_columns: Some(17), ..Options::default() });
    world.happens(Event::Resized { columns: 120, rows: 30 });
    assert_eq!(world.state.geometry().name_columns(), 17);
    world.does(Action::TogglePanel);
    assert_eq!(world.state.geometry().name_columns(), 17);
}

#[test]
fn conversations_keep_as_many_messages_as_preferred() {
    let mut world = preferring(Options { kept_messages: 100, ..Options::default() });
    for number in 0..150 {
        world.hears_broadcast("bob", &number.to_string());
        world.hears_private("carla", "ana", &number.to_string());
    }
    for conversation in world.state.conversations().all() {
        assert_eq!(conversation.entries().count(), 100);
    }
}
