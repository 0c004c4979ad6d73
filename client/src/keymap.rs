//! The one table from keys to what they do. The state knows actions, never keys.

use termion::event::Key;

use crate::editor::Edit;
use crate::input::Input;
use crate::state::{Action, Scroll, Switch};

/// What an input means; `None` if the key has no meaning here.
#[must_use]
pub fn action(input: Input) -> Option<Action> {
    match input {
        Input::Paste(text) => Some(Action::Paste(text)),
        Input::Key(Key::Alt(digit @ '1'..='9')) => {
            let number = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or(0);
            Some(Action::Switch(Switch::To(number)))
        }
        Input::Key(key) => bound(key).or_else(|| typed(key)),
    }
}

fn bound(key: Key) -> Option<Action> {
    TABLE.iter().find(|(known, _)| *known == key).map(|(_, action)| action.clone())
}

fn typed(key: Key) -> Option<Action> {
    match key {
        Key::Char(c) if !c.is_control() => Some(Action::Insert(c)),
        _ => None,
    }
}

const TABLE: &[(Key, Action)] = &[
    (Key::Char('\n'), Action::Enter),
    (Key::Alt('\r'), Action::Insert('\n')),
    (Key::Char('\t'), Action::Complete { back: false }),
    (Key::BackTab, Action::Complete { back: true }),
    // The line.
    (Key::Left, Action::Edit(Edit::Left)),
    (Key::Ctrl('b'), Action::Edit(Edit::Left)),
    (Key::Right, Action::Edit(Edit::Right)),
    (Key::Ctrl('f'), Action::Edit(Edit::Right)),
    (Key::CtrlLeft, Action::Edit(Edit::WordLeft)),
    (Key::Alt('b'), Action::Edit(Edit::WordLeft)),
    (Key::CtrlRight, Action::Edit(Edit::WordRight)),
    (Key::Alt('f'), Action::Edit(Edit::WordRight)),
    (Key::Home, Action::Edit(Edit::Home)),
    (Key::Ctrl('a'), Action::Edit(Edit::Home)),
    (Key::End, Action::Edit(Edit::End)),
    (Key::Ctrl('e'), Action::Edit(Edit::End)),
    (Key::Backspace, Action::Edit(Edit::Backspace)),
    (Key::Ctrl('h'), Action::Edit(Edit::Backspace)),
    (Key::Delete, Action::Edit(Edit::Delete)),
    (Key::Ctrl('w'), Action::Edit(Edit::KillWordBack)),
    (Key::Alt('\u{7f}'), Action::Edit(Edit::KillWordBack)),
    (Key::Alt('d'), Action::Edit(Edit::KillWordForward)),
    (Key::Ctrl('u'), Action::Edit(Edit::KillToStart)),
    (Key::Ctrl('k'), Action::Edit(Edit::KillToEnd)),
    (Key::Ctrl('y'), Action::Edit(Edit::Yank)),
    (Key::Ctrl('t'), Action::Edit(Edit::Swap)),
    // What terminals send for C-_; termion counts 0x1f as C-7.
    (Key::Ctrl('7'), Action::Edit(Edit::Undo)),
    (Key::Up, Action::Edit(Edit::HistoryBack)),
    (Key::AltUp, Action::Edit(Edit::HistoryBack)),
    (Key::Ctrl('p'), Action::Edit(Edit::HistoryBack)),
    (Key::Down, Action::Edit(Edit::HistoryForward)),
    (Key::AltDown, Action::Edit(Edit::HistoryForward)),
    (Key::Ctrl('n'), Action::Edit(Edit::HistoryForward)),
    // The messages.
    (Key::PageUp, Action::Scroll(Scroll::PageUp)),
    (Key::PageDown, Action::Scroll(Scroll::PageDown)),
    (Key::ShiftUp, Action::Scroll(Scroll::LineUp)),
    (Key::ShiftDown, Action::Scroll(Scroll::LineDown)),
    (Key::CtrlHome, Action::Scroll(Scroll::Oldest)),
    (Key::CtrlEnd, Action::Scroll(Scroll::Newest)),
    // The conversations.
    (Key::Alt('0'), Action::Switch(Switch::Last)),
    (Key::Alt('a'), Action::Switch(Switch::Unread)),
    (Key::AltLeft, Action::Switch(Switch::Back)),
    (Key::AltRight, Action::Switch(Switch::Forward)),
    // The program.
    (Key::Esc, Action::Escape),
    (Key::F(1), Action::Help),
    (Key::F(2), Action::TogglePanel),
    (Key::Ctrl('l'), Action::Redraw),
    (Key::Ctrl('c'), Action::Interrupt),
    (Key::Ctrl('d'), Action::DeleteOrInterrupt),
    (Key::Ctrl('z'), Action::Suspend),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice() {
        for (index, (key, _)) in TABLE.iter().enumerate() {
            assert!(TABLE[..index].iter().all(|(other, _)| other != key), "{key:?}");
        }
    }

    #[test]
    fn characters_are_typed_and_unknown_keys_mean_nothing() {
        assert_eq!(action(Input::Key(Key::Char('ñ'))), Some(Action::Insert('ñ')));
        assert_eq!(action(Input::Key(Key::Alt('3'))), Some(Action::Switch(Switch::To(2))));
        assert_eq!(action(Input::Key(Key::F(9))), None);
        assert_eq!(action(Input::Key(Key::Ctrl('x'))), None);
        assert_eq!(action(Input::Paste("a\n".into())), Some(Action::Paste("a\n".into())));
    }
}
