//! What every documented key does, from the bytes that the usual terminals send for it to the action.

use chat_client::editor::Edit;
use chat_client::input::{Decoder, Input};
use chat_client::keymap::{self, Keymap, names};
use chat_client::state::{Action, Scroll, Switch};
use chat_client::texts::Texts;
use chat_protocol::Lang;

/// What a terminal's bytes mean with the keys as they come.
fn actions(bytes: &[u8]) -> Vec<Action> {
    let mut decoder = Decoder::default();
    let mut inputs = decoder.feed(bytes);
    inputs.extend(decoder.on_silence());
    inputs.into_iter().filter_map(|input| Keymap::default().action(input)).collect()
}

#[test]
fn every_documented_key_does_what_is_documented() {
    use Action as A;
    let edit = A::Edit;
    let scroll = A::Scroll;
    let switch = A::Switch;
    let cases: &[(&[&[u8]], Action)] = &[
        (&[b"\r"], A::Enter),
        (&[b"\t"], A::Complete { back: false }),
        (&[b"\x1b[Z"], A::Complete { back: true }),
        (&[b"\x01", b"\x1b[H", b"\x1bOH", b"\x1b[1~"], edit(Edit::Home)),
        (&[b"\x05", b"\x1b[F", b"\x1bOF", b"\x1b[4~"], edit(Edit::End)),
        (&[b"\x1b[A", b"\x1bOA", b"\x10", b"\x1b[1;3A"], edit(Edit::HistoryBack)),
        (&[b"\x1b[B", b"\x1bOB", b"\x0e", b"\x1b[1;3B"], edit(Edit::HistoryForward)),
        (&[b"\x02", b"\x1b[D"], edit(Edit::Left)),
        (&[b"\x06", b"\x1b[C"], edit(Edit::Right)),
        (&[b"\x1bb", b"\x1b[1;5D"], edit(Edit::WordLeft)),
        (&[b"\x1bf", b"\x1b[1;5C"], edit(Edit::WordRight)),
        (&[b"\x7f", b"\x08"], edit(Edit::Backspace)),
        (&[b"\x1b[3~"], edit(Edit::Delete)),
        (&[b"\x17", b"\x1b\x7f"], edit(Edit::KillWordBack)),
        (&[b"\x1bd", b"\x1b[3;5~"], edit(Edit::KillWordForward)),
        (&[b"\x15"], edit(Edit::KillToStart)),
        (&[b"\x0b"], edit(Edit::KillToEnd)),
        (&[b"\x19"], edit(Edit::Yank)),
        (&[b"\x14"], edit(Edit::Swap)),
        (&[b"\x1f"], edit(Edit::Undo)),
        (&[b"\x1b\r", b"\x1b[13;3u"], A::Insert('\n')),
        (&[b"\x1b[5~"], scroll(Scroll::PageUp)),
        (&[b"\x1b[6~"], scroll(Scroll::PageDown)),
        (&[b"\x1b[1;2A"], scroll(Scroll::LineUp)),
        (&[b"\x1b[1;2B"], scroll(Scroll::LineDown)),
        (&[b"\x1b[1;5H"], scroll(Scroll::Oldest)),
        (&[b"\x1b[1;5F"], scroll(Scroll::Newest)),
        (&[b"\x1b"], A::Escape),
        (&[b"\x1b1"], switch(Switch::To(0))),
        (&[b"\x1b9"], switch(Switch::To(8))),
        (&[b"\x1b0"], switch(Switch::Last)),
        (&[b"\x1ba"], switch(Switch::Unread)),
        (&[b"\x1b[1;3D"], switch(Switch::Back)),
        (&[b"\x1b[1;3C"], switch(Switch::Forward)),
        (&[b"\x1bOP", b"\x1b[11~", b"\x1b[[A"], A::Help),
        (&[b"\x1bOQ", b"\x1b[12~", b"\x1b[[B"], A::TogglePanel),
        (&[b"\x0c"], A::Redraw),
        (&[b"\x03"], A::Interrupt),
        (&[b"\x04"], A::DeleteOrInterrupt),
        (&[b"\x1a"], A::Suspend),
        (&[b"\x12"], A::Search),
    ];
    for (sequences, action) in cases {
        for bytes in *sequences {
            assert_eq!(actions(bytes), std::slice::from_ref(action), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}

#[test]
fn a_paste_is_one_action_whatever_is_in_it() {
    let paste = b"\x1b[200~\x03/salir\r\x1b[A\x1b[20\x1b[201~";
    assert_eq!(actions(paste), [Action::Paste("\x03/salir\r\x1b[A\x1b[20".into())]);
}

/// The keys that the help names, as it writes them in Spanish and in English, and what they are said to do.
type Told = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const TOLD: &[Told] = &[
    ("Ctrl-R", "Ctrl-R", &[("Ctrl-R", "search")]),
    ("F1", "F1", &[("F1", "help")]),
    ("Alt-1..9", "Alt-1..9", &[("Alt-1", "conversation_1"), ("Alt-9", "conversation_9")]),
    ("Alt-a: sin leer", "Alt-a: unread", &[("Alt-a", "next_unread")]),
    (
        "RePág AvPág Esc",
        "PgUp PgDn Esc",
        &[("PageUp", "page_up"), ("PageDown", "page_down"), ("Esc", "escape")],
    ),
    (
        "Alt-Izq/Der",
        "Alt-Left/Right",
        &[("Alt-Left", "conversation_left"), ("Alt-Right", "conversation_right")],
    ),
    ("Tab", "Tab", &[("Tab", "complete")]),
    ("Arriba/Abajo", "Up/Down", &[("Up", "history_back"), ("Down", "history_forward")]),
    ("F2", "F2", &[("F2", "users")]),
    ("Alt-Intro", "Alt-Enter", &[("Alt-Enter", "line_break")]),
    (
        "Ctrl-A E W U K Y",
        "Ctrl-A E W U K Y",
        &[
            ("Ctrl-A", "line_start"),
            ("Ctrl-E", "line_end"),
            ("Ctrl-W", "cut_word_back"),
            ("Ctrl-U", "cut_to_start"),
            ("Ctrl-K", "cut_to_end"),
            ("Ctrl-Y", "put_back"),
        ],
    ),
    ("Ctrl-Z", "Ctrl-Z", &[("Ctrl-Z", "suspend")]),
];

#[test]
fn every_key_that_the_help_names_is_there_and_does_that() {
    let keymap = Keymap::default();
    for lang in [Lang::Spanish, Lang::English] {
        let mut help = Texts(lang).help().to_string();
        for (spanish, english, keys) in TOLD {
            let written = lang.pick(*spanish, *english);
            assert!(help.contains(written), "{written}");
            help = help.replace(written, "");
            for (name, action) in *keys {
                let key = names::parse(name).unwrap_or_else(|| panic!("{name} is no key"));
                let binding = keymap::binding(action).unwrap_or_else(|| panic!("{action} is no action"));
                assert!(binding.keys.contains(&key), "{name} is none of {action}'s");
                assert!(keymap.action(Input::Key(key)).is_some(), "{name}");
            }
        }
        // Nothing that looks like a key is left.
        for word in ["Ctrl", "Alt", "Shift", "Esc", "Tab", "Intro", "Enter", "Pág", "Pg", "Izq", "Left"] {
            assert!(!help.contains(word), "{word} in\n{help}");
        }
        assert!(!(1..=12).any(|number| help.contains(&format!("F{number}"))), "{help}");
    }
}

/// The keys between back quotes in the README's paragraph about keys and in its command table; a letter alone goes
/// on with the `Ctrl-` or `Alt-` before it.
fn keys_of(readme: &str, paragraph: &str) -> Vec<String> {
    let of_keys = readme.split("\n\n").filter(|it| it.starts_with(paragraph) || it.contains("| `/buscar"));
    let mut keys: Vec<String> = Vec::new();
    let mut modifier = String::new();
    for word in of_keys.flat_map(|it| it.split('`').skip(1).step_by(2)) {
        let mut word = word.to_owned();
        for (written, name) in [("←", "Left"), ("→", "Right"), ("↑", "Up"), ("↓", "Down")] {
            word = word.replace(written, name);
        }
        for (written, name) in [
            ("Intro", "Enter"),
            ("PgUp", "PageUp"),
            ("PgDn", "PageDown"),
            ("RePág", "PageUp"),
            ("AvPág", "PageDown"),
            ("Fin", "End"),
        ] {
            word = word.replace(written, name);
        }
        let is_letter = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        match word.split_once('-') {
            _ if is_letter => word = format!("{modifier}-{word}"),
            Some((before, _)) if !word.contains(' ') => modifier = before.to_owned(),
            _ if names::parse(&word).is_none() => continue,
            _ => {}
        }
        if !word.contains([' ', '/', '@']) {
            keys.push(word);
        }
    }
    keys
}

#[test]
fn every_key_that_the_readme_names_is_there() {
    for (readme, paragraph) in
        [(include_str!("../../README.md"), "Keys:"), (include_str!("../../README.es.md"), "Teclas:")]
    {
        let keys = keys_of(readme, paragraph);
        assert!(keys.len() > 25, "{keys:?}");
        for name in keys {
            let key = names::parse(&name).unwrap_or_else(|| panic!("{name} is no key"));
            assert!(Keymap::default().action(Input::Key(key)).is_some(), "{name} does nothing");
        }
    }
}
