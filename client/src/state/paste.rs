//! Pasted text. One line joins what is being written. Several lines are asked about first: they may have been
//! meant as one message, as many, or for another window. What is pasted while the question stands joins what it is
//! about. Nothing that is pasted is ever run as a command unless it is one line and the user presses Enter on it.

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

/// What a paste brings into the line.
struct Pasted {
    text: String,
    /// Control characters that were left out of it.
    dropped: usize,
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
        let Some(Pasted { text, dropped }) = self.take_in(text, 0) else { return };
        if dropped > 0 {
            self.hint(self.texts.controls_dropped(dropped));
        }
        let editor = &mut self.conversations.current_mut().editor;
        match (text.contains('\n'), lines(&text).count()) {
            (false, _) => editor.insert(&text),
            (true, 0 | 1) => editor.insert(lines(&text).next().unwrap_or_default()),
            (true, lines) => self.mode = Mode::Paste(PasteQuestion { text, lines }),
        }
    }

    /// More is pasted while the question stands: it joins, since the answer is about all that was pasted.
    fn join_paste(&mut self, text: &str) {
        let Mode::Paste(question) = &self.mode else { return };
        let Some(Pasted { text, dropped }) = self.take_in(text, question.text.len() + 1) else { return };
        let Mode::Paste(question) = &mut self.mode else { return };
        question.text.push('\n');
        question.text.push_str(&text);
        question.lines = lines(&question.text).count();
        let joined = self.texts.paste_joined(question.lines);
        // The question names the new count too, but nothing else tells that something was left out.
        self.hint(if dropped > 0 { self.texts.controls_dropped(dropped) } else { joined });
    }

    /// What was pasted as it may stand in the line, beside so many bytes that are to come into it already. What
    /// does not fit is refused.
    fn take_in(&mut self, text: &str, bytes: usize) -> Option<Pasted> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        // Whole lines are copied with their end, which is no line of its own.
        let text = text.trim_end_matches('\n');
        // One byte is for the sign that makes text of a command.
        if !self.conversations.current().editor.has_room(bytes + text.len() + 1) {
            self.hint(self.texts.paste_too_long());
            return None;
        }
        // No message may have them, and nobody could see which to delete.
        let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let dropped = text.chars().count() - plain.chars().count();
        Some(Pasted { text: plain, dropped })
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
            Action::Paste(text) => self.join_paste(text),
            _ => self.hint(self.texts.answer_first()),
        }
    }

    fn paste_as_one(&mut self) {
        let Mode::Paste(question) = std::mem::take(&mut self.mode) else { return };
        self.hint = None;
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
        self.hint = None;
        let peer = self.conversations.current().peer.clone();
        for line in lines(&question.text) {
            if let Err(refusal) = self.say(peer.clone(), line) {
                self.refuse(refusal);
            }
        }
        self.scroll(Scroll::Newest);
    }
}

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}
