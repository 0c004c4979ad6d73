//! The one table from keys to what they do, and what the user changed in it. The state knows actions, never keys.
//!
//! Every action has a name for the configuration's `[keys]`, a word of explanation and the keys it comes with. A
//! user who names an action's keys replaces all of them; a key that another action came with then is the user's.

use termion::event::Key;

use crate::editor::Edit;
use crate::input::Input;
use crate::sanitize::{Visible, sanitize_line};
use crate::state::{Action, KeyWords, Scroll, Switch};

pub mod names;

/// Keys of one action that the configuration may name.
pub const KEYS_MAX: usize = 8;

/// An action that keys can stand for.
#[derive(Debug)]
pub struct Binding {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it does, in Spanish.
    pub spanish: &'static str,
    /// What it does, in English.
    pub english: &'static str,
    /// The keys it comes with.
    pub keys: &'static [Key],
    action: Action,
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bound: Vec<(Key, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Keymap {
    /// The keys as they come, but for the bindings that the user gave keys, or none.
    #[must_use]
    pub fn with(chosen: &[(&'static Binding, Vec<Key>)]) -> Self {
        let mut bound: Vec<(Key, Action)> = Vec::new();
        for (binding, keys) in chosen {
            bound.extend(keys.iter().map(|key| (*key, binding.action.clone())));
        }
        let is_chosen = |binding: &Binding| chosen.iter().any(|(other, _)| other.name == binding.name);
        for binding in BINDINGS.iter().filter(|binding| !is_chosen(binding)) {
            for key in binding.keys {
                if bound.iter().all(|(other, _)| other != key) {
                    bound.push((*key, binding.action.clone()));
                }
            }
        }
        Self { bound }
    }

    /// What an input means; `None` if the key has no meaning here.
    #[must_use]
    pub fn action(&self, input: Input) -> Option<Action> {
        match input {
            Input::Paste(text) => Some(Action::Paste(text)),
            Input::Key(key) => self.bound_to(key).or_else(|| typed(key)),
        }
    }

    /// Whether any key stands for the action of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        binding(name).is_some_and(|binding| self.bound.iter().any(|(_, action)| *action == binding.action))
    }

    /// What is to be said about the keys.
    #[must_use]
    pub fn words(&self) -> KeyWords {
        let changed: Vec<_> = BINDINGS.iter().filter_map(|binding| self.changed(binding)).collect();
        let none = || sanitize_line("-");
        let leave = self.word(&Action::Interrupt).or_else(|| self.word(&Action::DeleteOrInterrupt));
        KeyWords {
            help: self.word(&Action::Help),
            send: self.word(&Action::Enter).unwrap_or_else(none),
            line_break: self.word(&Action::Insert('\n')).unwrap_or_else(none),
            // What interrupts drops a paste too.
            escape: self.word(&Action::Escape).or_else(|| leave.clone()).unwrap_or_else(none),
            leave: leave.unwrap_or_else(none),
            conversations: std::array::from_fn(|index| self.word(&Action::Switch(Switch::To(index)))),
            changed: (!changed.is_empty()).then(|| sanitize_line(&changed.join("; "))),
        }
    }

    /// The first key that stands for an action.
    fn word(&self, action: &Action) -> Option<Visible> {
        let first = self.bound.iter().find(|(_, bound)| bound == action);
        first.map(|(key, _)| sanitize_line(&names::name(*key)))
    }

    /// The keys of an action, if they are not those that it comes with.
    fn changed(&self, binding: &Binding) -> Option<String> {
        let is_its = |(key, action): &(Key, Action)| (*action == binding.action).then_some(*key);
        let keys: Vec<_> = self.bound.iter().filter_map(is_its).collect();
        let words: Vec<_> = keys.iter().map(|key| names::name(*key)).collect();
        let words = if words.is_empty() { "-".to_owned() } else { words.join(" ") };
        (keys != binding.keys).then(|| format!("{} {words}", binding.name))
    }

    fn bound_to(&self, key: Key) -> Option<Action> {
        self.bound.iter().find(|(known, _)| *known == key).map(|(_, action)| action.clone())
    }
}

/// The binding of a name in the configuration.
#[must_use]
pub fn binding(name: &str) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.name == name)
}

fn typed(key: Key) -> Option<Action> {
    match key {
        Key::Char(c) if !c.is_control() => Some(Action::Insert(c)),
        _ => None,
    }
}

/// The action without which nothing can be said, nor any command given.
pub const SEND: &str = "send";

const fn row(
    name: &'static str,
    keys: &'static [Key],
    action: Action,
    spanish: &'static str,
    english: &'static str,
) -> Binding {
    Binding { name, spanish, english, keys, action }
}

const fn edit(
    name: &'static str,
    keys: &'static [Key],
    edit: Edit,
    spanish: &'static str,
    english: &'static str,
) -> Binding {
    row(name, keys, Action::Edit(edit), spanish, english)
}

const fn scroll(
    name: &'static str,
    keys: &'static [Key],
    scroll: Scroll,
    spanish: &'static str,
    english: &'static str,
) -> Binding {
    row(name, keys, Action::Scroll(scroll), spanish, english)
}

const fn switch(
    name: &'static str,
    keys: &'static [Key],
    to: Switch,
    spanish: &'static str,
    english: &'static str,
) -> Binding {
    row(name, keys, Action::Switch(to), spanish, english)
}

/// All of them, in the order of the sample configuration.
#[rustfmt::skip]
pub static BINDINGS: &[Binding] = &[
    row(SEND, &[Key::Char('\n')], Action::Enter, "envía la línea", "sends the line"),
    row("line_break", &[Key::Alt('\r')], Action::Insert('\n'), "parte la línea", "breaks the line"),
    row("complete", &[Key::Char('\t')], Action::Complete { back: false }, "completa, o la siguiente propuesta", "completes, or the next proposal"),
    row("complete_back", &[Key::BackTab], Action::Complete { back: true }, "la propuesta anterior", "the proposal before"),
    // The line.
    edit("left", &[Key::Left, Key::Ctrl('b')], Edit::Left, "un carácter a la izquierda", "a character to the left"),
    edit("right", &[Key::Right, Key::Ctrl('f')], Edit::Right, "un carácter a la derecha", "a character to the right"),
    edit("word_left", &[Key::CtrlLeft, Key::Alt('b')], Edit::WordLeft, "una palabra a la izquierda", "a word to the left"),
    edit("word_right", &[Key::CtrlRight, Key::Alt('f')], Edit::WordRight, "una palabra a la derecha", "a word to the right"),
    edit("line_start", &[Key::Home, Key::Ctrl('a')], Edit::Home, "al principio de la línea", "to the start of the line"),
    edit("line_end", &[Key::End, Key::Ctrl('e')], Edit::End, "al final de la línea", "to the end of the line"),
    edit("delete_back", &[Key::Backspace, Key::Ctrl('h')], Edit::Backspace, "borra hacia atrás", "deletes backwards"),
    edit("delete", &[Key::Delete], Edit::Delete, "borra hacia delante", "deletes forward"),
    edit("cut_word_back", &[Key::Ctrl('w'), Key::Alt('\u{7f}')], Edit::KillWordBack, "corta la palabra anterior", "cuts the word before"),
    edit("cut_word", &[Key::Alt('d')], Edit::KillWordForward, "corta la palabra siguiente", "cuts the word after"),
    edit("cut_to_start", &[Key::Ctrl('u')], Edit::KillToStart, "corta hasta el principio", "cuts to the start"),
    edit("cut_to_end", &[Key::Ctrl('k')], Edit::KillToEnd, "corta hasta el final", "cuts to the end"),
    edit("put_back", &[Key::Ctrl('y')], Edit::Yank, "pone lo cortado", "puts back what was cut"),
    edit("swap", &[Key::Ctrl('t')], Edit::Swap, "intercambia dos caracteres", "swaps two characters"),
    edit("undo", &[Key::Ctrl('7')], Edit::Undo, "deshace", "undoes"),
    edit("history_back", &[Key::Up, Key::AltUp, Key::Ctrl('p')], Edit::HistoryBack, "lo escrito antes", "what was typed before"),
    edit("history_forward", &[Key::Down, Key::AltDown, Key::Ctrl('n')], Edit::HistoryForward, "lo escrito después", "what was typed after"),
    // The messages.
    scroll("page_up", &[Key::PageUp], Scroll::PageUp, "una página hacia lo antiguo", "a page towards the oldest"),
    scroll("page_down", &[Key::PageDown], Scroll::PageDown, "una página hacia lo nuevo", "a page towards the newest"),
    scroll("row_up", &[Key::ShiftUp], Scroll::LineUp, "una fila hacia lo antiguo", "a row towards the oldest"),
    scroll("row_down", &[Key::ShiftDown], Scroll::LineDown, "una fila hacia lo nuevo", "a row towards the newest"),
    scroll("oldest", &[Key::CtrlHome], Scroll::Oldest, "a lo más antiguo", "to the oldest"),
    scroll("newest", &[Key::CtrlEnd], Scroll::Newest, "a lo más nuevo", "to the newest"),
    row("search", &[Key::Ctrl('r')], Action::Search, "busca en la conversación", "searches in the conversation"),
    // The conversations.
    switch("conversation_1", &[Key::Alt('1')], Switch::To(0), "el chat general", "the general chat"),
    switch("conversation_2", &[Key::Alt('2')], Switch::To(1), "la conversación 2", "conversation 2"),
    switch("conversation_3", &[Key::Alt('3')], Switch::To(2), "la conversación 3", "conversation 3"),
    switch("conversation_4", &[Key::Alt('4')], Switch::To(3), "la conversación 4", "conversation 4"),
    switch("conversation_5", &[Key::Alt('5')], Switch::To(4), "la conversación 5", "conversation 5"),
    switch("conversation_6", &[Key::Alt('6')], Switch::To(5), "la conversación 6", "conversation 6"),
    switch("conversation_7", &[Key::Alt('7')], Switch::To(6), "la conversación 7", "conversation 7"),
    switch("conversation_8", &[Key::Alt('8')], Switch::To(7), "la conversación 8", "conversation 8"),
    switch("conversation_9", &[Key::Alt('9')], Switch::To(8), "la conversación 9", "conversation 9"),
    switch("last_conversation", &[Key::Alt('0')], Switch::Last, "la última conversación", "the last conversation"),
    switch("next_unread", &[Key::Alt('a')], Switch::Unread, "la siguiente sin leer", "the next unread one"),
    switch("conversation_left", &[Key::AltLeft], Switch::Back, "la de la izquierda", "the one to the left"),
    switch("conversation_right", &[Key::AltRight], Switch::Forward, "la de la derecha", "the one to the right"),
    // The program.
    row("escape", &[Key::Esc], Action::Escape, "a lo más nuevo; cierra el panel", "to the newest; closes the panel"),
    row("help", &[Key::F(1)], Action::Help, "ayuda", "help"),
    row("users", &[Key::F(2)], Action::TogglePanel, "muestra y oculta a los usuarios", "shows and hides the users"),
    row("redraw", &[Key::Ctrl('l')], Action::Redraw, "dibuja todo de nuevo", "draws everything anew"),
    row("interrupt", &[Key::Ctrl('c')], Action::Interrupt, "vacía la línea; dos veces sale", "clears the line; twice leaves"),
    row("delete_or_leave", &[Key::Ctrl('d')], Action::DeleteOrInterrupt, "borra; en una línea vacía, dos veces sale", "deletes; on an empty line, twice leaves"),
    row("suspend", &[Key::Ctrl('z')], Action::Suspend, "suspende", "suspends"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keymap: &Keymap, key: Key) -> Option<Action> {
        keymap.action(Input::Key(key))
    }

    #[test]
    fn no_key_and_no_name_stands_twice_in_the_table() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{key:?}");
        }
        for (index, binding) in BINDINGS.iter().enumerate() {
            assert!(BINDINGS[..index].iter().all(|other| other.name != binding.name), "{}", binding.name);
            assert!(binding.keys.len() <= KEYS_MAX);
        }
    }

    #[test]
    fn characters_are_typed_and_unknown_keys_mean_nothing() {
        let keymap = Keymap::default();
        assert_eq!(pressed(&keymap, Key::Char('ñ')), Some(Action::Insert('ñ')));
        assert_eq!(pressed(&keymap, Key::Alt('3')), Some(Action::Switch(Switch::To(2))));
        assert_eq!(pressed(&keymap, Key::F(9)), None);
        assert_eq!(pressed(&keymap, Key::Ctrl('x')), None);
        assert_eq!(keymap.action(Input::Paste("a\n".into())), Some(Action::Paste("a\n".into())));
    }

    #[test]
    fn chosen_keys_replace_those_of_the_action_and_are_taken_from_others() {
        let choose = |name: &str, keys: &[Key]| (binding(name).unwrap(), keys.to_vec());
        let keymap = Keymap::with(&[choose("help", &[Key::Ctrl('a'), Key::F(5)]), choose("suspend", &[])]);
        assert_eq!(pressed(&keymap, Key::F(5)), Some(Action::Help));
        assert_eq!(pressed(&keymap, Key::Ctrl('a')), Some(Action::Help));
        assert_eq!(pressed(&keymap, Key::Home), Some(Action::Edit(Edit::Home)));
        assert_eq!(pressed(&keymap, Key::F(1)), None);
        assert_eq!(pressed(&keymap, Key::Ctrl('z')), None);
        let words = keymap.words();
        let changed = words.changed.unwrap();
        assert_eq!(changed.as_str(), "line_start Home; help Ctrl-A F5; suspend -");
        assert_eq!(words.help.unwrap().as_str(), "Ctrl-A");
        assert_eq!(Keymap::default().words(), KeyWords::default());
        let swapped =
            Keymap::with(&[choose("send", &[Key::Alt('\r')]), choose("line_break", &[Key::Char('\n')])])
                .words();
        assert_eq!((swapped.send.as_str(), swapped.line_break.as_str()), ("Alt-Enter", "Enter"));
        let keymap = Keymap::with(&[choose("interrupt", &[]), choose("escape", &[])]);
        assert_eq!((keymap.words().leave.as_str(), keymap.words().escape.as_str()), ("Ctrl-D", "Ctrl-D"));
        let without = ["interrupt", "escape", "delete_or_leave"].map(|name| choose(name, &[]));
        assert_eq!(Keymap::with(&without).words().escape.as_str(), "-");
        let keymap = Keymap::with(&[choose("conversation_2", &[Key::F(6)]), choose("conversation_3", &[])]);
        let [first, second, third, ..] =
            keymap.words().conversations.map(|key| key.map(|key| key.to_string()));
        assert_eq!((first, second, third), (Some("Alt-1".into()), Some("F6".into()), None));
        assert_eq!(Keymap::with(&[choose("help", &[])]).words().help, None);
    }
}
