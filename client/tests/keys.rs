//! What every documented key does, from the bytes that the usual terminals send for it to the action.

use chat_client::editor::Edit;
use chat_client::input::Decoder;
use chat_client::keymap::Keymap;
use chat_client::state::{Action, Scroll, Switch};

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
