//! The names of keys, as the configuration writes them: `Enter`, `F5`, `Ctrl-X`, `Alt-a`, `Shift-Up`.
//!
//! Only what terminals can tell apart has a name of its own. `Ctrl-I` is the same byte as `Tab`, so it is read as
//! that; a letter's case counts after `Alt-` and not after `Ctrl-`. What types text is no key to be bound.

use termion::event::Key;

/// The highest function key.
pub const FUNCTION_KEY_MAX: u8 = 12;

/// The key of a name.
#[must_use]
pub fn parse(name: &str) -> Option<Key> {
    if let Some((_, key)) = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(*key);
    }
    if let Some(number) = name.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok()) {
        return (1..=FUNCTION_KEY_MAX).contains(&number).then_some(Key::F(number));
    }
    let (modifier, letter) = name.split_once('-')?;
    let mut letters = letter.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
    match modifier {
        _ if modifier.eq_ignore_ascii_case("ctrl") => control(letter),
        _ if modifier.eq_ignore_ascii_case("alt") => {
            (!letter.is_control() && !letter.is_whitespace()).then_some(Key::Alt(letter))
        }
        _ => None,
    }
}

/// What the terminal sends for Ctrl and a letter, some of which it sends for other keys too.
fn control(letter: char) -> Option<Key> {
    match letter.to_ascii_lowercase() {
        'i' => Some(Key::Char('\t')),
        'j' | 'm' => Some(Key::Char('\n')),
        '[' => Some(Key::Esc),
        '@' => Some(Key::Null),
        '/' => Some(Key::Ctrl('7')),
        letter @ ('a'..='z' | '4'..='7') => Some(Key::Ctrl(letter)),
        _ => None,
    }
}

/// The name of a key.
#[must_use]
pub fn name(key: Key) -> String {
    if let Some((name, _)) = NAMED.iter().find(|(_, known)| *known == key) {
        return (*name).to_owned();
    }
    match key {
        Key::F(number) => format!("F{number}"),
        Key::Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()),
        Key::Alt(letter) => format!("Alt-{letter}"),
        Key::Char(letter) => letter.to_string(),
        // The others all have names above; termion may come to know more.
        _ => "?".to_owned(),
    }
}

const NAMED: &[(&str, Key)] = &[
    ("Enter", Key::Char('\n')),
    ("Alt-Enter", Key::Alt('\r')),
    ("Tab", Key::Char('\t')),
    ("Shift-Tab", Key::BackTab),
    ("Esc", Key::Esc),
    ("Backspace", Key::Backspace),
    ("Alt-Backspace", Key::Alt('\u{7f}')),
    ("Delete", Key::Delete),
    ("Insert", Key::Insert),
    ("Home", Key::Home),
    ("Ctrl-Home", Key::CtrlHome),
    ("End", Key::End),
    ("Ctrl-End", Key::CtrlEnd),
    ("PageUp", Key::PageUp),
    ("PageDown", Key::PageDown),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("Shift-Up", Key::ShiftUp),
    ("Shift-Down", Key::ShiftDown),
    ("Shift-Left", Key::ShiftLeft),
    ("Shift-Right", Key::ShiftRight),
    ("Alt-Up", Key::AltUp),
    ("Alt-Down", Key::AltDown),
    ("Alt-Left", Key::AltLeft),
    ("Alt-Right", Key::AltRight),
    ("Ctrl-Up", Key::CtrlUp),
    ("Ctrl-Down", Key::CtrlDown),
    ("Ctrl-Left", Key::CtrlLeft),
    ("Ctrl-Right", Key::CtrlRight),
    ("Ctrl-Space", Key::Null),
    // What terminals send for these; termion counts them on from 0x1c as C-4.
    ("Ctrl-\\", Key::Ctrl('4')),
    ("Ctrl-]", Key::Ctrl('5')),
    ("Ctrl-^", Key::Ctrl('6')),
    ("Ctrl-_", Key::Ctrl('7')),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Decoder, Input};

    #[test]
    fn a_name_stands_for_what_the_terminal_sends() {
        for (name, bytes) in [
            ("Enter", &b"\r"[..]),
            ("ctrl-m", b"\r"),
            ("Tab", b"\t"),
            ("Ctrl-I", b"\t"),
            ("Ctrl-X", b"\x18"),
            ("ctrl-x", b"\x18"),
            ("Ctrl-Space", b"\0"),
            ("Ctrl-_", b"\x1f"),
            ("Ctrl-/", b"\x1f"),
            ("Ctrl-\\", b"\x1c"),
            ("Alt-Enter", b"\x1b\r"),
            ("Alt-a", b"\x1ba"),
            ("Alt-A", b"\x1bA"),
            ("Alt-ñ", "\x1bñ".as_bytes()),
            ("Alt--", b"\x1b-"),
            ("F1", b"\x1bOP"),
            ("f12", b"\x1b[24~"),
            ("Shift-Tab", b"\x1b[Z"),
            ("Shift-Left", b"\x1b[1;2D"),
            ("Ctrl-Home", b"\x1b[1;5H"),
            ("Insert", b"\x1b[2~"),
        ] {
            let key = parse(name).unwrap_or_else(|| panic!("{name} is no key"));
            assert_eq!(Decoder::default().feed(bytes), [Input::Key(key)], "{name}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for key in NAMED.iter().map(|(_, key)| *key).chain([Key::F(9), Key::Ctrl('x'), Key::Alt('ñ')]) {
            assert_eq!(parse(&name(key)), Some(key), "{key:?}");
        }
    }

    #[test]
    fn text_and_what_no_terminal_sends_are_no_keys() {
        for name in
            ["", "a", "Space", "F0", "F13", "Ctrl-", "Ctrl-ñ", "Ctrl-xx", "Alt-", "Alt- ", "Super-a", "-"]
        {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
