//! The line being written: a text, a cursor, a history, what was cut last and what can be undone.
//!
//! The cursor moves over grapheme clusters and never stands inside one. Every conversation has an editor of its
//! own, so that a draft meant for one person never appears under another's prompt. It does not know keys,
//! commands or the screen; the text it holds is what goes on the wire, unsanitized.

use std::collections::VecDeque;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Bytes that a line can hold; what would go beyond is not taken. The protocol takes 4,096 of them, and the
/// rest is there so that a long paste can be cut down by hand.
pub const TEXT_BYTES_MAX: usize = 65_536;

/// Lines that the history keeps; the oldest goes.
pub const HISTORY_LINES_MAX: usize = 200;

/// Changes that can be undone; the oldest goes.
pub const UNDO_STEPS_MAX: usize = 100;

/// A change of the text or the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// One cluster to the left.
    Left,
    /// One cluster to the right.
    Right,
    /// To the beginning of the word before the cursor.
    WordLeft,
    /// To the end of the word after the cursor.
    WordRight,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Takes the cluster before the cursor away.
    Backspace,
    /// Takes the cluster after the cursor away.
    Delete,
    /// Cuts back to the blank before the cursor.
    KillWordBack,
    /// Cuts to the end of the word after the cursor.
    KillWordForward,
    /// Cuts to the beginning.
    KillToStart,
    /// Cuts to the end.
    KillToEnd,
    /// Puts back what was cut last.
    Yank,
    /// Swaps the clusters around the cursor.
    Swap,
    /// Takes the last change back.
    Undo,
    /// The line before in the history.
    HistoryBack,
    /// The line after in the history, and at its end the draft.
    HistoryForward,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Editor {
    text: String,
    cursor: usize,
    killed: String,
    history: VecDeque<String>,
    /// The line of the history that is shown, and the draft to return to.
    browsing: Option<(usize, String)>,
    undo: VecDeque<(String, usize)>,
    /// What the last change was, if the next one of its kind continues it.
    run: Run,
}

/// Changes that go on: a word being typed is one step to undo, and cuts in a row are put back as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Run {
    #[default]
    None,
    Typing,
    Killing,
}

impl Editor {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor stands, in bytes: always on a border between clusters.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether so many bytes more can be inserted.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.text.len() + bytes <= TEXT_BYTES_MAX
    }

    /// Writes at the cursor. A CR, with or without LF, becomes a line feed: that is how terminals paste one.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if text.is_empty() || self.text.len() + text.len() > TEXT_BYTES_MAX {
            return;
        }
        let is_letter = text.chars().count() == 1 && !text.starts_with(char::is_whitespace);
        if !is_letter || self.run != Run::Typing {
            self.remember();
        }
        self.run = if text.chars().count() == 1 { Run::Typing } else { Run::None };
        self.text.insert_str(self.cursor, &text);
        self.place_cursor(self.cursor + text.len());
    }

    /// Carries out an edit.
    pub fn apply(&mut self, edit: Edit) {
        let kills =
            matches!(edit, Edit::KillWordBack | Edit::KillWordForward | Edit::KillToStart | Edit::KillToEnd);
        if !kills || self.run != Run::Killing {
            self.run = Run::None;
        }
        match edit {
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
            Edit::Backspace => self.remove(self.left(), self.cursor),
            Edit::Delete => self.remove(self.cursor, self.right()),
            Edit::KillWordBack => self.kill(self.blank_left(), self.cursor),
            Edit::KillWordForward => self.kill(self.cursor, self.word_right()),
            Edit::KillToStart => self.kill(0, self.cursor),
            Edit::KillToEnd => self.kill(self.cursor, self.text.len()),
            Edit::Yank => self.insert(&self.killed.clone()),
            Edit::Swap => self.swap(),
            Edit::Undo => self.undo(),
            Edit::HistoryBack => self.history_back(),
            Edit::HistoryForward => self.history_forward(),
        }
    }

    /// Replaces the bytes from `start` to the cursor, as a completion does.
    pub fn replace_before_cursor(&mut self, start: usize, by: &str) {
        self.run = Run::None;
        self.remember();
        self.text.replace_range(start..self.cursor, by);
        self.place_cursor(start + by.len());
    }

    /// Takes the line out: it joins the history, the editor is empty.
    pub fn submit(&mut self) -> String {
        let line = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.browsing = None;
        self.undo.clear();
        self.run = Run::None;
        if !line.trim().is_empty() && self.history.back() != Some(&line) {
            self.history.push_back(line.clone());
            if self.history.len() > HISTORY_LINES_MAX {
                self.history.pop_front();
            }
        }
        line
    }

    /// Throws the line away; `Undo` brings it back.
    pub fn clear(&mut self) {
        self.run = Run::None;
        self.remember();
        self.text.clear();
        self.cursor = 0;
        self.browsing = None;
    }

    /// Hands over what was cut last: an editor that is shown next takes it, so that text can move between
    /// conversations.
    pub fn take_killed(&mut self) -> String {
        std::mem::take(&mut self.killed)
    }

    /// Takes what another editor had cut.
    pub fn set_killed(&mut self, killed: String) {
        self.killed = killed;
    }

    fn left(&self) -> usize {
        let before = self.text[..self.cursor].graphemes(true).next_back();
        self.cursor - before.map_or(0, str::len)
    }

    fn right(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let words = self.text[..self.cursor].split_word_bound_indices();
        words.rev().find(|(_, word)| is_word(word)).map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let words = self.text[self.cursor..].split_word_bound_indices();
        let found = words.into_iter().find(|(_, word)| is_word(word));
        found.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    /// Where the run of non-blanks before the cursor begins, as `C-w` in a shell.
    fn blank_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn remove(&mut self, start: usize, end: usize) {
        if start < end {
            self.remember();
            self.text.replace_range(start..end, "");
            self.place_cursor(start);
        }
    }

    fn kill(&mut self, start: usize, end: usize) {
        if start == end {
            return;
        }
        let cut = &self.text[start..end];
        match self.run {
            Run::Killing if end == self.cursor => self.killed.insert_str(0, cut),
            Run::Killing => self.killed.push_str(cut),
            Run::None | Run::Typing => self.killed = cut.to_owned(),
        }
        // What was cut in a row can be no more than there was, but what was put back in between can be cut again.
        if self.killed.len() > TEXT_BYTES_MAX {
            self.killed = cut.to_owned();
        }
        self.remove(start, end);
        self.run = Run::Killing;
    }

    fn swap(&mut self) {
        let end = self.right();
        let middle = if end == self.cursor { self.left() } else { self.cursor };
        let start = self.text[..middle].graphemes(true).next_back().map_or(middle, |c| middle - c.len());
        if start == middle {
            return;
        }
        self.remember();
        let swapped = format!("{}{}", &self.text[middle..end], &self.text[start..middle]);
        self.text.replace_range(start..end, &swapped);
        self.place_cursor(end);
    }

    fn undo(&mut self) {
        if let Some((text, cursor)) = self.undo.pop_back() {
            self.text = text;
            self.place_cursor(cursor);
        }
    }

    fn history_back(&mut self) {
        let at = self.browsing.as_ref().map_or(self.history.len(), |(at, _)| *at);
        if at == 0 {
            return;
        }
        // What was changed of a line of the history is not in it.
        self.remember();
        let shown = std::mem::replace(&mut self.text, self.history[at - 1].clone());
        let draft = self.browsing.take().map_or(shown, |(_, draft)| draft);
        self.browsing = Some((at - 1, draft));
        self.cursor = self.text.len();
    }

    fn history_forward(&mut self) {
        let Some((at, draft)) = self.browsing.take() else { return };
        self.remember();
        if at + 1 < self.history.len() {
            self.text = self.history[at + 1].clone();
            self.browsing = Some((at + 1, draft));
        } else {
            self.text = draft;
        }
        self.cursor = self.text.len();
    }

    fn remember(&mut self) {
        self.undo.push_back((self.text.clone(), self.cursor));
        if self.undo.len() > UNDO_STEPS_MAX {
            self.undo.pop_front();
        }
    }

    /// A change can join the clusters on both sides; the cursor then goes behind the new one.
    fn place_cursor(&mut self, at: usize) {
        let mut border = GraphemeCursor::new(at, self.text.len(), true);
        self.cursor = match border.is_boundary(&self.text, 0) {
            Ok(true) => at,
            _ => border.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
        };
    }
}

fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EDITS: [Edit; 17] = [
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::Home,
        Edit::End,
        Edit::Backspace,
        Edit::Delete,
        Edit::KillWordBack,
        Edit::KillWordForward,
        Edit::KillToStart,
        Edit::KillToEnd,
        Edit::Yank,
        Edit::Swap,
        Edit::Undo,
        Edit::HistoryBack,
        Edit::HistoryForward,
    ];

    fn editor(text: &str) -> Editor {
        let mut editor = Editor::default();
        editor.insert(text);
        editor
    }

    /// The text with the cursor as `|` after the edits.
    fn after(text: &str, edits: &[Edit]) -> String {
        let mut editor = editor(text);
        edits.iter().for_each(|edit| editor.apply(*edit));
        let (before, behind) = editor.text().split_at(editor.cursor());
        format!("{before}|{behind}")
    }

    #[test]
    fn moves_and_deletes_whole_clusters() {
        assert_eq!(after("a👩\u{200d}👩\u{200d}👧", &[Edit::Left]), "a|👩\u{200d}👩\u{200d}👧");
        assert_eq!(after("a👋🏽", &[Edit::Backspace]), "a|");
        assert_eq!(after("e\u{301}x", &[Edit::Home, Edit::Delete]), "|x");
    }

    #[test]
    fn words_are_walked_and_cut_as_in_a_shell() {
        assert_eq!(after("hola, gran mundo", &[Edit::WordLeft, Edit::WordLeft]), "hola, |gran mundo");
        assert_eq!(after("hola, mundo", &[Edit::Home, Edit::WordRight]), "hola|, mundo");
        assert_eq!(after("ver a.b/c  ", &[Edit::KillWordBack]), "ver |");
        assert_eq!(after("uno dos", &[Edit::Home, Edit::KillWordForward]), "| dos");
    }

    #[test]
    fn what_was_cut_can_be_put_back() {
        assert_eq!(after("uno dos", &[Edit::KillWordBack, Edit::Home, Edit::Yank]), "dos|uno ");
        assert_eq!(after("uno", &[Edit::KillToStart, Edit::Yank, Edit::Yank]), "unouno|");
        assert_eq!(after("uno dos", &[Edit::Home, Edit::WordRight, Edit::KillToEnd, Edit::Yank]), "uno dos|");
    }

    #[test]
    fn swaps_the_clusters_around_the_cursor_and_undoes() {
        assert_eq!(after("hoal", &[Edit::Swap]), "hola|");
        assert_eq!(after("hola", &[Edit::Left, Edit::Left, Edit::Swap]), "hlo|a");
        assert_eq!(after("a", &[Edit::Swap]), "a|");
        assert_eq!(after("hola", &[Edit::KillToStart, Edit::Undo]), "hola|");
    }

    #[test]
    fn words_are_undone_as_they_were_typed() {
        let mut editor = Editor::default();
        "hola gran mundo".chars().for_each(|c| editor.insert(c.encode_utf8(&mut [0; 4])));
        for text in ["hola gran", "hola", "", ""] {
            editor.apply(Edit::Undo);
            assert_eq!(editor.text(), text);
        }
        editor.insert("a");
        editor.apply(Edit::Left);
        editor.insert("b");
        editor.apply(Edit::Undo);
        assert_eq!(editor.text(), "a", "moving ends the word");
    }

    #[test]
    fn cuts_in_a_row_are_put_back_as_one() {
        use Edit::{Home, KillToEnd, KillToStart, KillWordBack, KillWordForward, Left, Yank};
        assert_eq!(after("uno dos tres", &[KillWordBack, KillWordBack, Yank]), "uno dos tres|");
        assert_eq!(after("uno dos", &[Home, KillWordForward, KillWordForward, Yank]), "uno dos|");
        assert_eq!(after("uno dos", &[Left, KillToEnd, KillToStart, Yank]), "uno dos|");
        assert_eq!(after("uno dos", &[KillWordBack, Home, KillToEnd, Yank]), "uno |", "moving ends the row");
    }

    #[test]
    fn the_draft_survives_a_walk_through_the_history() {
        let mut editor = editor("uno");
        editor.submit();
        editor.insert("dos");
        editor.submit();
        editor.insert("borrador");
        for (edit, text) in [
            (Edit::HistoryBack, "dos"),
            (Edit::HistoryBack, "uno"),
            (Edit::HistoryBack, "uno"),
            (Edit::HistoryForward, "dos"),
            (Edit::HistoryForward, "borrador"),
            (Edit::HistoryForward, "borrador"),
        ] {
            editor.apply(edit);
            assert_eq!(editor.text(), text);
        }
    }

    #[test]
    fn what_was_written_into_a_line_of_the_history_can_be_brought_back() {
        for away in [Edit::HistoryForward, Edit::HistoryBack] {
            let mut editor = editor("cero");
            editor.submit();
            editor.insert("uno");
            editor.submit();
            editor.apply(Edit::HistoryBack);
            editor.insert(" y más");
            editor.apply(away);
            assert_ne!(editor.text(), "uno y más");
            editor.apply(Edit::Undo);
            assert_eq!(editor.text(), "uno y más", "{away:?}");
        }
    }

    #[test]
    fn blank_and_repeated_lines_do_not_enter_the_history() {
        let mut editor = Editor::default();
        for line in ["uno", "uno", "  "] {
            editor.insert(line);
            editor.submit();
        }
        assert_eq!(editor.history, ["uno"]);
    }

    #[test]
    fn the_limits_hold() {
        let mut editor = editor(&"x".repeat(TEXT_BYTES_MAX));
        editor.insert("y");
        assert_eq!(editor.text().len(), TEXT_BYTES_MAX);
        for number in 0..HISTORY_LINES_MAX + 5 {
            editor.clear();
            editor.insert(&number.to_string());
            editor.submit();
        }
        assert_eq!(editor.history.len(), HISTORY_LINES_MAX);
        (0..UNDO_STEPS_MAX + 5).for_each(|_| editor.insert("zz"));
        assert_eq!(editor.undo.len(), UNDO_STEPS_MAX);
        for _ in 0..3 {
            editor.clear();
            editor.insert(&"k".repeat(TEXT_BYTES_MAX));
            editor.apply(Edit::KillToStart);
            editor.run = Run::Killing;
        }
        assert!(editor.killed.len() <= TEXT_BYTES_MAX);
    }

    #[test]
    fn pasted_line_ends_become_line_feeds() {
        assert_eq!(editor("a\r\nb\rc").text(), "a\nb\nc");
    }

    proptest! {
        #[test]
        fn the_cursor_always_stands_on_a_border(
            steps in proptest::collection::vec(
                prop_oneof![
                    proptest::sample::select(EDITS.to_vec()).prop_map(Ok),
                    proptest::sample::select(vec![
                        "a", "é", "e\u{301}", "👋🏽", "🇬", "🇹", "👩\u{200d}", "👧", "\u{301}", " ", "नि", "\u{200d}",
                    ]).prop_map(Err),
                ],
                0..60,
            )
        ) {
            let mut editor = Editor::default();
            for step in steps {
                match step {
                    Ok(edit) => editor.apply(edit),
                    Err(text) => editor.insert(text),
                }
                let borders = editor.text().grapheme_indices(true).map(|(at, _)| at);
                prop_assert!(
                    borders.chain([editor.text().len()]).any(|at| at == editor.cursor()),
                    "{:?} at {}", editor.text(), editor.cursor()
                );
            }
        }
    }
}
