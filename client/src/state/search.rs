//! Searching in the conversation that is shown: word by word as it is typed, from the newest to the oldest,
//! without regard to case and accents. Enter stays at what was found, Escape goes back.

use unicode_normalization::UnicodeNormalization;

use super::actions::Refusal;
use super::{Action, Entry, EntryKind, Mode, State};
use crate::editor::{Edit, Editor};
use crate::simple;

/// Bytes of what is searched for; what would go beyond is refused in words.
pub const QUERY_BYTES_MAX: usize = 256;

/// Lines that a search in line mode prints: the newest that fit.
pub const FOUND_LINES_MAX: usize = 20;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Search {
    query: Editor,
    /// The entries that fit, oldest first.
    found: Vec<u64>,
    /// Which of them is shown.
    at: usize,
    /// Where the screen stood before.
    origin: usize,
}

impl Search {
    /// The line in which the query is written.
    #[must_use]
    pub fn query(&self) -> &Editor {
        &self.query
    }

    /// The entry that is shown.
    #[must_use]
    pub fn hit(&self) -> Option<u64> {
        self.found.get(self.at).copied()
    }

    /// Which one that is, counted from the newest, and of how many; 0 of 0 if nothing fits.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        (self.found.len() - self.at.min(self.found.len()), self.found.len())
    }
}

impl State {
    /// Begins to search, with these words.
    pub(super) fn begin_search(&mut self, words: &str) {
        let origin = self.conversations.current().scroll();
        let mut search = Search { origin, ..Search::default() };
        search.query.insert(&one_line(words));
        self.mode = Mode::Search(search);
        self.find();
    }

    /// A key while searching; says whether it is thereby done with.
    pub(super) fn search_with(&mut self, action: &Action) -> bool {
        let Mode::Search(search) = &mut self.mode else { return false };
        match action {
            Action::Search | Action::Edit(Edit::HistoryBack) => {
                if search.query.is_empty() {
                    let last = self.last_query.clone();
                    search.query.insert(&last);
                    self.find();
                } else {
                    search.at = search.at.saturating_sub(1);
                    self.show_found();
                }
            }
            Action::Edit(Edit::HistoryForward) => {
                search.at = (search.at + 1).min(search.found.len().saturating_sub(1));
                self.show_found();
            }
            Action::Insert(c) if *c != '\n' => self.extend_query(c.encode_utf8(&mut [0; 4])),
            Action::Paste(text) => self.extend_query(&one_line(text)),
            Action::Edit(edit) => {
                search.query.apply(*edit);
                let bytes = search.query.text().len();
                // What was cut can be put back again and again.
                if bytes > QUERY_BYTES_MAX {
                    search.query.apply(Edit::Undo);
                    self.hint(self.texts.query_too_long(bytes, QUERY_BYTES_MAX));
                }
                self.find();
            }
            Action::Enter => self.end_search(),
            Action::Escape | Action::Interrupt | Action::DeleteOrInterrupt => {
                let origin = search.origin;
                self.end_search();
                self.hit = None;
                self.conversations.current_mut().scroll_to(origin);
            }
            Action::Scroll(_) | Action::Redraw | Action::Suspend | Action::TogglePanel => return false,
            Action::Insert(_) | Action::Complete { .. } => {}
            Action::Switch(_) | Action::Help => {
                self.end_search();
                return false;
            }
        }
        true
    }

    fn extend_query(&mut self, text: &str) {
        let Mode::Search(search) = &mut self.mode else { return };
        let bytes = search.query.text().len() + text.len();
        if bytes > QUERY_BYTES_MAX {
            return self.hint(self.texts.query_too_long(bytes, QUERY_BYTES_MAX));
        }
        search.query.insert(text);
        self.find();
    }

    /// The screen stays where it is, what was found stays marked until the next line.
    fn end_search(&mut self) {
        if let Mode::Search(search) = std::mem::take(&mut self.mode) {
            self.hit = search.hit();
            self.last_query = search.query.text().to_owned();
        }
    }

    fn find(&mut self) {
        let Mode::Search(search) = &mut self.mode else { return };
        search.found = found(self.conversations.current().entries(), search.query.text());
        search.at = search.found.len().saturating_sub(1);
        self.show_found();
    }

    /// Brings what was found onto the screen; nothing if no search goes on.
    pub(super) fn show_found(&mut self) {
        let Mode::Search(search) = &self.mode else { return };
        let (hit, origin) = (search.hit(), search.origin);
        let height = usize::from(self.geometry.message_rows());
        let current = self.conversations.current_mut();
        match hit {
            Some(id) => current.show(id, height),
            None => current.scroll_to(origin),
        }
    }

    /// In line mode what fits is printed again.
    pub(super) fn print_found(&mut self, words: &str) {
        let current = self.conversations.current();
        let ids = found(current.entries(), words);
        if ids.is_empty() {
            return self.hint(self.texts.not_found());
        }
        let peer = current.peer.clone();
        for id in &ids[ids.len().saturating_sub(FOUND_LINES_MAX)..] {
            if let Some(entry) = self.conversations.current().entry(*id) {
                self.effects.extend(simple::line(entry, peer.as_ref(), self.texts));
            }
        }
    }

    /// `/buscar`
    pub(super) fn search_for(&mut self, words: &str) -> Result<(), Refusal> {
        if words.len() > QUERY_BYTES_MAX {
            return Err(Refusal::Error(self.texts.query_too_long(words.len(), QUERY_BYTES_MAX)));
        }
        if self.config.line_mode {
            self.print_found(words);
        } else {
            self.begin_search(words);
        }
        Ok(())
    }
}

/// Words of several lines as they may stand in one.
fn one_line(words: &str) -> String {
    let line = words.trim_end_matches(['\n', '\r']).replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
    line.chars().filter(|c| !c.is_control()).collect()
}

/// The entries that have all of the words in a row, in what was said or in the name of who said it.
fn found<'a>(entries: impl Iterator<Item = &'a Entry>, words: &str) -> Vec<u64> {
    let words = folded(words.trim());
    if words.is_empty() {
        return Vec::new();
    }
    let fits = |entry: &&Entry| match &entry.kind {
        EntryKind::Day | EntryKind::Pointer => false,
        EntryKind::Said { by, .. } => {
            folded(entry.text.as_str()).contains(&words) || folded(by.as_str()).contains(&words)
        }
        EntryKind::Notice | EntryKind::Error => folded(entry.text.as_str()).contains(&words),
    };
    entries.filter(fits).map(|entry| entry.id).collect()
}

/// Without case, and without the marks on letters: `sesion` finds `Sesión`.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    bare.flat_map(char::to_lowercase).collect()
}
