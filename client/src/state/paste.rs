//! Pasted text. One line joins what is being written. Several lines are asked about first: they may have been
//! meant as one message, as many, or for another window. Nothing that is pasted is ever run as a command unless
//! it is one line and the user presses Enter on it.

use super::{Action, Mode, Scroll, State};
use crate::command;

/// Lines that go out one by one from one paste; a server grants bursts of about so many.
pub const PASTE_LINES_MAX: usize = 20;

/// Several lines that were pasted and wait for a word about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasteQuestion {
    text: String,
    lines: usize,
}

impl PasteQuestion {
    /// How many lines there are.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }
}

impl State {
    pub(super) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        // Whole lines are copied with their end, which is no line of its own.
        let text = text.trim_end_matches('\n');
        if !self.conversations.current().editor.has_room(text.len() + 1) {
            return self.hint(self.texts.paste_too_long());
        }
        // No message may have them, and nobody could see which to delete.
        let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let dropped = text.chars().count() - plain.chars().count();
        if dropped > 0 {
            self.hint(self.texts.controls_dropped(dropped));
        }
        let editor = &mut self.conversations.current_mut().editor;
        let mut lines = plain.lines().filter(|line| !line.trim().is_empty());
        match (plain.contains('\n'), lines.clone().count()) {
            (false, _) => editor.insert(&plain),
            (true, 0 | 1) => editor.insert(lines.next().unwrap_or_default()),
            (true, lines) => self.mode = Mode::Paste(PasteQuestion { text: plain, lines }),
        }
    }

    /// A key while the question stands. The conversation cannot be switched meanwhile: the answer goes where the
    /// prompt said when the question was asked.
    pub(super) fn answer_paste(&mut self, action: &Action) {
        match action {
            Action::Enter => self.paste_as_one(),
            Action::Insert('\n') => self.paste_one_by_one(),
            Action::Escape | Action::Interrupt | Action::DeleteOrInterrupt => {
                self.mode = Mode::Line;
                self.hint(self.texts.nothing_pasted());
            }
            _ => {}
        }
    }

    fn paste_as_one(&mut self) {
        let Mode::Paste(question) = std::mem::take(&mut self.mode) else { return };
        let editor = &mut self.conversations.current_mut().editor;
        // At the beginning of the line the first word would be a command or a name: doubled, it is text.
        if editor.cursor() == 0 && command::has_meaning(&question.text) {
            editor.insert(&question.text[..1]);
        }
        editor.insert(&question.text);
    }

    fn paste_one_by_one(&mut self) {
        let Mode::Paste(question) = &self.mode else { return };
        if question.lines > PASTE_LINES_MAX {
            return self.hint(self.texts.too_many_lines(PASTE_LINES_MAX, &self.config.keys.send));
        }
        if let Err(refusal) = self.can_send_many(question.lines) {
            return self.refuse(refusal);
        }
        let Mode::Paste(question) = std::mem::take(&mut self.mode) else { return };
        let peer = self.conversations.current().peer.clone();
        for line in question.text.lines().filter(|line| !line.trim().is_empty()) {
            if let Err(refusal) = self.say(peer.clone(), line) {
                self.refuse(refusal);
            }
        }
        self.scroll(Scroll::Newest);
    }
}
