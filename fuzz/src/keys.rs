//! The key decoder. However a terminal's bytes are cut, the same keys come out, never more of them than bytes, and
//! no paste above its bound; and after whatever came, a silence and a letter are that letter: nothing locks the
//! keyboard. The first byte of the input is the seed of the cuts.

use chat_client::input::{Decoder, Input, PASTE_BYTES_MAX};
use chat_client::keymap::Keymap;
use termion::event::Key;

use crate::cuts::Cuts;

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    let mut whole = Decoder::default();
    let inputs = whole.feed(bytes);
    let mut cut = Decoder::default();
    let pieces: Vec<Input> = Cuts::new(*seed).pieces(bytes).flat_map(|piece| cut.feed(piece)).collect();
    assert_eq!(pieces, inputs, "the same in pieces");
    assert_eq!(cut.patience(), whole.patience());

    assert!(inputs.len() <= bytes.len(), "{} inputs from {} bytes", inputs.len(), bytes.len());
    let silent = whole.on_silence();
    assert!(silent.len() <= 1 && whole.patience().is_none(), "a silence decides");
    let keymap = Keymap::default();
    for input in inputs.into_iter().chain(silent) {
        if let Input::Paste(text) = &input {
            // Each byte that is no UTF-8 becomes a character of three.
            assert!(text.len() <= 3 * PASTE_BYTES_MAX, "{} bytes", text.len());
        }
        let _ = keymap.action(input);
    }
    assert_eq!(whole.feed(b"x"), [Input::Key(Key::Char('x'))], "the keyboard is locked");
}
