//! From the terminal's bytes to keys: a framing decoder that stands in front of termion's key parser.
//!
//! termion's parser panics on malformed control sequences (`ESC[999~`, `ESC[1;A`, a truncated `ESC[5`) and knows
//! no bracketed paste. So whole sequences are cut out here first, whatever pieces they arrive in, and termion
//! sees only those that it knows. Terminal answers (OSC, DCS, device reports) are swallowed: they are never
//! text. Inside a paste everything is text but the sequence that ends it.
//!
//! ```text
//!            ESC            [               final byte
//!   Ground ───────► Escape ───► Csi ─────────────────────► Ground     [200~ : Paste ──[201~──► Ground
//!      │ UTF-8        │ O     ► Ss3 ───────────────────►
//!      ▼              │ ] P _ ^ X ► Command ──BEL, ESC\──►
//!   Character         └ a character: Alt
//! ```
//!
//! It reads no descriptor and no clock: the loop feeds it, and calls [`Decoder::on_silence`] when nothing came
//! for [`Decoder::patience`], which is how a lone Escape key is told from the beginning of a sequence.

use std::time::Duration;

use termion::event::{Event, Key, parse_event};

/// How long a terminal may take after the first byte or two of a sequence, which a person may have typed.
pub const SILENCE: Duration = Duration::from_millis(50);

/// How long it may take in the middle of a sequence that nobody types: over a slow network it arrives in pieces.
pub const SEQUENCE_SILENCE: Duration = Duration::from_millis(500);

/// How long it may take in the middle of a paste. The end of one can get lost, and the keys must not with it.
pub const PASTE_SILENCE: Duration = Duration::from_millis(1_500);

/// Bytes of one paste that are taken; the rest is dropped.
pub const PASTE_BYTES_MAX: usize = 1 << 20;

/// Bytes of a control sequence; a longer one is swallowed whole.
pub const SEQUENCE_BYTES_MAX: usize = 64;

/// What the terminal sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// Pasted text, as the terminal sent it.
    Paste(String),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Decoder {
    mode: Mode,
    /// The bytes of the sequence, character or paste that is not complete.
    pending: Vec<u8>,
    /// Whether the paste went over its limit, and what of its end sequence was seen since.
    paste_tail: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Mode {
    #[default]
    Ground,
    /// In a character of this many bytes.
    Character(usize),
    Escape,
    Ss3,
    Csi,
    /// The Linux console's F1 to F5: `ESC [ [ A`.
    CsiLinux,
    /// An X10 mouse report, this many bytes of which are to come.
    Mouse(u8),
    /// OSC, DCS, APC, PM or SOS, up to BEL or `ESC \`.
    Command,
    Paste,
}

impl Decoder {
    /// Decodes what can be decoded; the rest waits for more bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        for byte in bytes {
            self.step(*byte, &mut inputs);
        }
        inputs
    }

    /// How long a silence would decide what the last bytes mean; `None` if there is nothing to decide.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match self.mode {
            Mode::Ground | Mode::Character(_) => None,
            Mode::Paste => Some(PASTE_SILENCE),
            _ if self.pending.len() > 2 => Some(SEQUENCE_SILENCE),
            _ => Some(SILENCE),
        }
    }

    /// Nothing came for [`Decoder::patience`]: a lone ESC is the Escape key, ESC and one character is Alt, a
    /// paste is what there is of it, anything else was cut off and is dropped.
    pub fn on_silence(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        if self.patience().is_none() {
            return inputs;
        }
        if self.mode == Mode::Paste {
            // What looked like the beginning of the end is dropped: it may have been that.
            inputs.push(self.pasted());
            self.reset();
            return inputs;
        }
        match *self.pending {
            [ESC] => inputs.push(Input::Key(Key::Esc)),
            [ESC, letter] if letter.is_ascii_graphic() => {
                inputs.push(Input::Key(Key::Alt(char::from(letter))));
            }
            _ => {}
        }
        self.reset();
        inputs
    }

    fn step(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match self.mode {
            Mode::Ground => self.ground(byte, inputs),
            Mode::Character(length) => self.character(byte, length, inputs),
            Mode::Escape => self.escape(byte, inputs),
            Mode::Ss3 | Mode::CsiLinux => self.last(byte, inputs),
            Mode::Csi => self.csi(byte, inputs),
            Mode::Mouse(1) => self.reset(),
            Mode::Mouse(left) => self.mode = Mode::Mouse(left - 1),
            Mode::Command => self.command(byte),
            Mode::Paste => self.paste(byte, inputs),
        }
    }

    fn ground(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            ESC => self.begin(Mode::Escape, byte),
            0..=0x7f => emit(&[byte], inputs),
            _ => {
                if let Some(length) = utf8_length(byte) {
                    self.begin(Mode::Character(length), byte);
                }
            }
        }
    }

    fn character(&mut self, byte: u8, length: usize, inputs: &mut Vec<Input>) {
        if byte & 0xc0 != 0x80 {
            self.reset();
            return self.ground(byte, inputs);
        }
        self.pending.push(byte);
        // The ESC of Alt and a character stands before the character's own bytes.
        let escapes = usize::from(self.pending.first() == Some(&ESC));
        if self.pending.len() == length + escapes {
            if std::str::from_utf8(&self.pending).is_ok() {
                emit(&self.pending, inputs);
            }
            self.reset();
        }
    }

    fn escape(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            ESC => inputs.push(Input::Key(Key::Esc)),
            b'[' => self.go_on(Mode::Csi, byte),
            b'O' => self.go_on(Mode::Ss3, byte),
            b']' | b'P' | b'_' | b'^' | b'X' => self.go_on(Mode::Command, byte),
            0x80.. => match utf8_length(byte) {
                Some(length) => self.go_on(Mode::Character(length), byte),
                None => self.reset(),
            },
            _ => {
                emit(&[ESC, byte], inputs);
                self.reset();
            }
        }
    }

    fn csi(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            ESC => self.begin(Mode::Escape, byte),
            0..=0x1f | 0x7f.. => {
                self.reset();
                self.ground(byte, inputs);
            }
            0x20..=0x3f => {
                if self.pending.len() < SEQUENCE_BYTES_MAX {
                    self.pending.push(byte);
                }
            }
            b'[' if self.pending == b"\x1b[" => self.go_on(Mode::CsiLinux, byte),
            b'M' if self.pending == b"\x1b[" => self.go_on(Mode::Mouse(3), byte),
            _ => self.last(byte, inputs),
        }
    }

    /// The byte that ends a sequence.
    fn last(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        if byte == ESC {
            return self.begin(Mode::Escape, byte);
        }
        if byte < 0x20 {
            self.reset();
            return self.ground(byte, inputs);
        }
        self.pending.push(byte);
        if self.pending == PASTE_BEGIN {
            self.pending.clear();
            self.paste_tail.clear();
            self.mode = Mode::Paste;
            return;
        }
        emit(&self.pending, inputs);
        self.reset();
    }

    fn command(&mut self, byte: u8) {
        let ended = match byte {
            0x07 => true,
            b'\\' => self.pending.last() == Some(&ESC),
            _ => false,
        };
        if ended {
            return self.reset();
        }
        // Two bytes are enough to tell Alt and a letter from a command, and the last one to see the end.
        self.pending.truncate(3);
        self.pending.push(byte);
    }

    fn paste(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        self.paste_tail.push(byte);
        if self.paste_tail == PASTE_END {
            inputs.push(self.pasted());
            return self.reset();
        }
        // The tail holds what could still become the end sequence; no proper suffix of that begins like it, so
        // a mismatch can only restart at the present byte.
        if !PASTE_END.starts_with(&self.paste_tail) {
            let restart = if byte == ESC { self.paste_tail.len() - 1 } else { self.paste_tail.len() };
            let text: Vec<u8> = self.paste_tail.drain(..restart).collect();
            let room = PASTE_BYTES_MAX.saturating_sub(self.pending.len());
            self.pending.extend(text.into_iter().take(room));
        }
    }

    fn pasted(&mut self) -> Input {
        self.paste_tail.clear();
        Input::Paste(String::from_utf8_lossy(&self.pending).into_owned())
    }

    fn begin(&mut self, mode: Mode, byte: u8) {
        self.pending.clear();
        self.go_on(mode, byte);
    }

    fn go_on(&mut self, mode: Mode, byte: u8) {
        self.pending.push(byte);
        self.mode = mode;
    }

    fn reset(&mut self) {
        self.pending.clear();
        self.mode = Mode::Ground;
    }
}

/// One whole frame: a sequence that termion does not know stands for a key in [`ALIASES`], one that it knows
/// goes to it, any other is dropped.
fn emit(frame: &[u8], inputs: &mut Vec<Input>) {
    if let Some((_, key)) = ALIASES.iter().find(|(sequence, _)| *sequence == frame) {
        inputs.push(Input::Key(*key));
        return;
    }
    if !is_known_to_termion(frame) {
        return;
    }
    let mut rest = frame[1..].iter().map(|byte| Ok(*byte));
    if let Ok(Event::Key(key)) = parse_event(frame[0], &mut rest) {
        inputs.push(Input::Key(key));
    }
}

/// Whether termion's parser reads the frame without a panic and as one key.
fn is_known_to_termion(frame: &[u8]) -> bool {
    match frame {
        [ESC, b'[', b'A'..=b'D' | b'F' | b'H' | b'Z'] => true,
        [ESC, b'[', b'[', b'A'..=b'E'] | [ESC, b'O', b'P'..=b'S'] => true,
        [ESC, b'[', b'1', b';', b'2'..=b'8', b'A'..=b'D' | b'F' | b'H'] => true,
        [ESC, b'[', b'0'..=b'9', b'~'] | [ESC, b'[', b'1'..=b'9', b'0'..=b'9', b'~'] => true,
        [ESC, b'[' | b'O', ..] => false,
        [ESC, character @ ..] | character => std::str::from_utf8(character).is_ok(),
    }
}

fn utf8_length(first: u8) -> Option<usize> {
    match first {
        0xc2..=0xdf => Some(2),
        0xe0..=0xef => Some(3),
        0xf0..=0xf4 => Some(4),
        _ => None,
    }
}

const ESC: u8 = 0x1b;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Sequences that termion does not know, and the key that they stand for here.
const ALIASES: &[(&[u8], Key)] = &[
    (b"\x1bOA", Key::Up),
    (b"\x1bOB", Key::Down),
    (b"\x1bOC", Key::Right),
    (b"\x1bOD", Key::Left),
    (b"\x1bOH", Key::Home),
    (b"\x1bOF", Key::End),
    (b"\x1bOM", Key::Char('\n')),
    (b"\x1b[1;2H", Key::Home),
    (b"\x1b[1;2F", Key::End),
    (b"\x1b[1;3H", Key::CtrlHome),
    (b"\x1b[1;3F", Key::CtrlEnd),
    (b"\x1b[3;5~", Key::Alt('d')),
    (b"\x1b[3;3~", Key::Alt('d')),
    (b"\x1b[5;2~", Key::PageUp),
    (b"\x1b[6;2~", Key::PageDown),
    (b"\x1b[5;3~", Key::PageUp),
    (b"\x1b[6;3~", Key::PageDown),
    (b"\x1b[5;5~", Key::CtrlHome),
    (b"\x1b[6;5~", Key::CtrlEnd),
    (b"\x1b[13;3u", Key::Alt('\r')),
    (b"\x1b\n", Key::Alt('\r')),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Vec<Input> {
        let mut decoder = Decoder::default();
        let mut inputs = decoder.feed(bytes);
        inputs.extend(decoder.on_silence());
        inputs
    }

    fn keys(keys: &[Key]) -> Vec<Input> {
        keys.iter().map(|key| Input::Key(*key)).collect()
    }

    #[test]
    fn sequences_that_make_termion_panic_are_dropped_here() {
        for sequence in ["\x1b[999~", "\x1b[1;A", "\x1b[<0;1M", "\x1b[5", "\x1b[M"] {
            assert_eq!(decode(sequence.as_bytes()), [], "{sequence:?}");
        }
        // A letter ends a control sequence; what follows it is text for every terminal.
        assert_eq!(decode(b"\x1b[<a;1;1M").len(), ";1;1M".len());
        assert_eq!(decode(b"\x1b[999~a"), keys(&[Key::Char('a')]));
    }

    #[test]
    fn keys_of_the_usual_terminals_are_read() {
        let cases: &[(&[u8], Key)] = &[
            (b"a", Key::Char('a')),
            ("ñ".as_bytes(), Key::Char('ñ')),
            ("🙂".as_bytes(), Key::Char('🙂')),
            (b"\r", Key::Char('\n')),
            (b"\t", Key::Char('\t')),
            (b"\x7f", Key::Backspace),
            (b"\x01", Key::Ctrl('a')),
            (b"\x1b", Key::Esc),
            (b"\x1b1", Key::Alt('1')),
            ("\x1bñ".as_bytes(), Key::Alt('ñ')),
            (b"\x1b\x7f", Key::Alt('\x7f')),
            (b"\x1b\r", Key::Alt('\r')),
            (b"\x1b[A", Key::Up),
            (b"\x1bOA", Key::Up),
            (b"\x1b[1;3D", Key::AltLeft),
            (b"\x1b[1;5C", Key::CtrlRight),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[3~", Key::Delete),
            (b"\x1bOP", Key::F(1)),
            (b"\x1b[[B", Key::F(2)),
            (b"\x1b[12~", Key::F(2)),
            (b"\x1b[Z", Key::BackTab),
            (b"\x1b[", Key::Alt('[')),
            (b"\x1bO", Key::Alt('O')),
            (b"\x1b]", Key::Alt(']')),
        ];
        for (bytes, key) in cases {
            assert_eq!(decode(bytes), keys(&[*key]), "{bytes:?}");
        }
    }

    #[test]
    fn what_terminals_answer_is_never_text() {
        for answer in
            ["\x1b]11;rgb:0/0/0\x07", "\x1b]52;c;aGk=\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b[?62;c", "\x1b[I"]
        {
            assert_eq!(decode(format!("{answer}x").as_bytes()), keys(&[Key::Char('x')]), "{answer:?}");
        }
    }

    #[test]
    fn only_its_end_sequence_ends_a_paste() {
        let inputs = decode(b"\x1b[200~a\r/salir\x1b[A\x1b\x1b[201b\x1b[201~z");
        let text = "a\r/salir\x1b[A\x1b\x1b[201b".to_owned();
        assert_eq!(inputs, [Input::Paste(text), Input::Key(Key::Char('z'))]);
    }

    #[test]
    fn a_paste_whose_end_got_lost_is_delivered_and_the_keys_come_back() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b[200~medio"), []);
        assert_eq!(decoder.patience(), Some(PASTE_SILENCE));
        assert_eq!(decoder.on_silence(), [Input::Paste("medio".into())]);
        assert_eq!((decoder.patience(), decoder.feed(b"a")), (None, keys(&[Key::Char('a')])));
    }

    #[test]
    fn an_answer_in_pieces_is_waited_for_longer_than_a_key() {
        let mut decoder = Decoder::default();
        for (bytes, patience) in [
            (&b"\x1b"[..], Some(SILENCE)),
            (b"]", Some(SILENCE)),
            (b"11;rgb:", Some(SEQUENCE_SILENCE)),
            (b"0/0/0\x07", None),
        ] {
            assert_eq!((decoder.feed(bytes), decoder.patience()), (vec![], patience), "{bytes:?}");
        }
    }

    #[test]
    fn a_paste_over_its_limit_is_cut_and_still_ends() {
        let mut bytes = PASTE_BEGIN.to_vec();
        bytes.resize(PASTE_BYTES_MAX + 100, b'x');
        bytes.extend(b"\x1b[201~y");
        let inputs = decode(&bytes);
        assert!(matches!(&inputs[0], Input::Paste(text) if text.len() == PASTE_BYTES_MAX));
        assert_eq!(inputs[1..], keys(&[Key::Char('y')]));
    }

    #[test]
    fn broken_characters_are_dropped_and_the_next_one_is_read() {
        assert_eq!(decode(b"\xc3a\xff\xf0\x9f\x99b"), keys(&[Key::Char('a'), Key::Char('b')]));
    }

    #[test]
    fn every_split_of_a_stream_gives_the_same_inputs() {
        let stream =
            "hñ🙂\x1b[A\x1bOH\x1b[1;5C\x1b[200~pegado\x1b[201~\x1b]0;x\x07\x1bb\x1b[999~\x1b[M abq\u{7f}";
        let whole = Decoder::default().feed(stream.as_bytes());
        for split in 0..stream.len() {
            let mut decoder = Decoder::default();
            let mut inputs = decoder.feed(&stream.as_bytes()[..split]);
            inputs.extend(decoder.feed(&stream.as_bytes()[split..]));
            assert_eq!(inputs, whole, "split at {split}");
        }
        let mut decoder = Decoder::default();
        let single: Vec<_> = stream.bytes().flat_map(|byte| decoder.feed(&[byte])).collect();
        assert_eq!(single, whole);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            decode(&bytes);
        }

        #[test]
        fn no_sequence_makes_it_panic(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "\x1b", "[", "O", "<", "M", "~", ";", "1", "5", "200~", "201~", "999", "A", "]", "\x07", "\\", "ñ",
                ]),
                0..30,
            )
        ) {
            let stream = pieces.concat();
            let whole = decode(stream.as_bytes());
            let mut decoder = Decoder::default();
            let mut single: Vec<_> = stream.bytes().flat_map(|byte| decoder.feed(&[byte])).collect();
            single.extend(decoder.on_silence());
            prop_assert_eq!(single, whole);
        }
    }
}
