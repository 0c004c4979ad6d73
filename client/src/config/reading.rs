//! From the text of a configuration to preferences. The TOML parser says where each name and value stands; they
//! are walked over here in the order of the file, so that a complaint is about the first thing that is wrong and
//! in the reader's language, which a derived deserializer's is not.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{self, SETTINGS};
use super::{Preferences, Problem};
use crate::keymap::{self, BINDINGS, Binding, KEYS_MAX, Keymap, names};

/// Reads a configuration.
///
/// # Errors
/// The first thing that is wrong in it.
pub fn preferences(text: &str) -> Result<Preferences, Problem> {
    let document = DeTable::parse(text).map_err(|error| Problem::Syntax {
        line: line(text, &error.span().unwrap_or_default()),
        message: error.message().to_owned(),
    })?;
    let mut preferences = Preferences::default();
    for (name, value) in in_order(document.get_ref()) {
        let at = line(text, &name.span());
        if name.get_ref() == KEYS_TABLE {
            let keys = value.get_ref().as_table().ok_or(Problem::KeysNoTable { line: at })?;
            preferences.keys = keymap(text, keys)?;
            continue;
        }
        let setting = settings::find(name.get_ref()).ok_or_else(|| Problem::UnknownSetting {
            line: at,
            name: name.get_ref().to_string(),
            nearest: chat_cli::nearest(
                name.get_ref(),
                SETTINGS.iter().map(|setting| setting.name).chain([KEYS_TABLE]),
            ),
        })?;
        if !(setting.apply)(&mut preferences, value.get_ref()) {
            return Err(Problem::WrongValue { line: line(text, &value.span()), setting });
        }
    }
    Ok(preferences)
}

fn keymap(text: &str, table: &DeTable<'_>) -> Result<Keymap, Problem> {
    let mut chosen: Vec<(&'static Binding, Vec<_>)> = Vec::new();
    for (name, value) in in_order(table) {
        let at = line(text, &name.span());
        let binding = keymap::binding(name.get_ref()).ok_or_else(|| Problem::UnknownAction {
            line: at,
            name: name.get_ref().to_string(),
            nearest: chat_cli::nearest(name.get_ref(), BINDINGS.iter().map(|binding| binding.name)),
        })?;
        let written = key_names(value).ok_or(Problem::NoKeys { line: at, action: binding.name })?;
        if written.len() > KEYS_MAX {
            return Err(Problem::TooManyKeys { line: at, action: binding.name });
        }
        let mut keys = Vec::new();
        for (word, span) in written {
            let at = line(text, &span);
            let key =
                names::parse(word).ok_or_else(|| Problem::UnknownKey { line: at, name: word.to_owned() })?;
            let holder = chosen.iter().find(|(_, others)| others.contains(&key)).map(|(other, _)| other.name);
            let holder = holder.or_else(|| keys.contains(&key).then_some(binding.name));
            if let Some(action) = holder {
                return Err(Problem::KeyTwice { line: at, key: names::name(key), action });
            }
            keys.push(key);
        }
        if keys.is_empty() && binding.name == keymap::SEND {
            return Err(Problem::NothingSends { line: at });
        }
        chosen.push((binding, keys));
    }
    let keymap = Keymap::with(&chosen);
    if keymap.has(keymap::SEND) {
        return Ok(keymap);
    }
    // The keys that the action came with were all given to others.
    let taken = in_order(table).first().map_or(0, |(name, _)| name.span().start);
    Err(Problem::NothingSends { line: line(text, &(taken..taken)) })
}

/// A name or a list of names, each with its place.
fn key_names<'a>(value: &'a Spanned<DeValue<'_>>) -> Option<Vec<(&'a str, Range<usize>)>> {
    let one = |value: &'a Spanned<DeValue<'_>>| Some((value.get_ref().as_str()?, value.span()));
    match value.get_ref().as_array() {
        Some(list) => list.iter().map(one).collect(),
        None => one(value).map(|name| vec![name]),
    }
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// The parser sorts by name.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn line(text: &str, span: &Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The table of keys.
pub const KEYS_TABLE: &str = "keys";

#[cfg(test)]
mod tests {
    use chat_protocol::Lang;
    use termion::event::Key;

    use super::*;
    use crate::input::Input;
    use crate::sanitize::Widths;
    use crate::state::{Action, Notifications};
    use crate::texts::Texts;

    #[track_caller]
    fn complaint(text: &str, lang: Lang) -> String {
        Texts(lang).config_problem(&preferences(text).expect_err(text)).to_string()
    }

    #[test]
    fn every_setting_is_taken_over() {
        let read = preferences(
            "language = 'en'\ncolours = 'none'\nwidths = 'clusters'\nkept_messages = 1_000\nuser_panel = false\n\
             name_columns = 12\nbell_on_mention = false\nbell_on_private = false\nnotifications = 'osc9'\n\
             [keys]\nhelp = 'F5'\nredraw = ['Ctrl-X', 'F6']\n",
        )
        .unwrap();
        assert_eq!(
            (read.language, read.colours, read.widths),
            (Some(Lang::English), Some(false), Widths::Clusters)
        );
        let options = read.options;
        assert_eq!((options.kept_messages, options.name_columns), (1_000, Some(12)));
        assert!(!options.user_panel && !options.bell_on_mention && !options.bell_on_private);
        assert_eq!(options.notifications, Notifications::Osc9);
        for (key, action) in
            [(Key::F(5), Action::Help), (Key::F(6), Action::Redraw), (Key::Ctrl('x'), Action::Redraw)]
        {
            assert_eq!(read.keys.action(Input::Key(key)), Some(action));
        }
        assert_eq!(preferences("").unwrap(), Preferences::default());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, spanish) in [
            ("\ncolors = '16'", "línea 2: «colors» no es un ajuste; ¿quiso decir «colours»?"),
            ("whatever = 1", "línea 1: «whatever» no es un ajuste"),
            ("colours = 'verde'", "línea 1: «colours» admite \"auto\", \"16\" o \"none\""),
            ("colours = 16", "línea 1: «colours» admite \"auto\", \"16\" o \"none\""),
            ("# uno\n\nkept_messages = 99", "línea 3: «kept_messages» admite un número de 100 a 100000"),
            ("kept_messages = 100001", "línea 1: «kept_messages» admite un número de 100 a 100000"),
            ("kept_messages = -1", "línea 1: «kept_messages» admite un número de 100 a 100000"),
            (
                "kept_messages = 99999999999999999999999999",
                "línea 1: «kept_messages» admite un número de 100 a 100000",
            ),
            ("name_columns = 21", "línea 1: «name_columns» admite \"auto\" o un número de 4 a 20"),
            ("user_panel = 'yes'", "línea 1: «user_panel» admite true o false"),
            ("keys = 'F1'", "línea 1: «keys» es una tabla: [keys]"),
            ("[keys]\nhlep = 'F1'", "línea 2: «hlep» no es una acción; ¿quiso decir «help»?"),
            (
                "[keys]\nhelp = 1",
                "línea 2: «help» admite una tecla o una lista de teclas, como [\"F1\", \"Ctrl-X\"]",
            ),
            (
                "[keys]\nhelp = ['F1', 2]",
                "línea 2: «help» admite una tecla o una lista de teclas, como [\"F1\", \"Ctrl-X\"]",
            ),
            (
                "[keys]\nhelp = [\n'F1',\n'a']",
                "línea 4: «a» no es una tecla que pueda cambiar: son F1 a F12, Ctrl-X, Alt-a, Enter, PageUp y otras",
            ),
            ("[keys]\nhelp = 'F3'\nusers = 'F3'", "línea 3: F3 ya es de «help»"),
            ("[keys]\nhelp = ['Tab', 'Ctrl-I']", "línea 2: Tab ya es de «help»"),
            (
                "[keys]\nhelp = ['F1','F2','F3','F4','F5','F6','F7','F8','F9']",
                "línea 2: «help» tiene más de 8 teclas",
            ),
            ("[keys]\nsend = []", "línea 2: «send» se queda sin tecla, y nada podría enviarse"),
            ("[keys]\nhelp = 'Enter'", "línea 2: «send» se queda sin tecla, y nada podría enviarse"),
        ] {
            assert_eq!(complaint(text, Lang::Spanish), spanish, "{text}");
        }
        assert_eq!(
            complaint("\ncolors = '16'", Lang::English),
            "line 2: \"colors\" is no setting; did you mean \"colours\"?"
        );
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        for text in
            ["\ncolours", "\ncolours = ", "\n= 1", "a = 1\na = 2", "a = 1\n[keys", "\n\"", "\nx = 'a\u{1b}b'"]
        {
            let spanish = complaint(text, Lang::Spanish);
            assert!(spanish.starts_with("línea 2: esto no es TOML"), "{text:?}: {spanish}");
            assert!(!spanish.contains('\u{1b}'));
        }
        assert!(complaint("\ncolours", Lang::English).starts_with("line 2: this is no TOML: "));
    }

    #[test]
    fn a_key_can_be_given_to_another_action_and_the_first_one_then_has_none() {
        let read = preferences("[keys]\nhelp = 'F2'\nsend = ['Ctrl-S', 'Enter']\n").unwrap();
        let does = |key| read.keys.action(Input::Key(key));
        assert_eq!(does(Key::F(2)), Some(Action::Help));
        assert_eq!(does(Key::F(1)), None);
        assert_eq!(does(Key::Ctrl('s')), Some(Action::Enter));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z_ =\"'\\[\\]\n#.0-9-]{0,60}|\\PC{0,40}") {
            let _ = preferences(&text).map_err(|problem| Texts(Lang::Spanish).config_problem(&problem));
        }
    }
}
