//! One conversation: the general chat or the private one with a peer. Its entries, what of them is unread, how
//! far it is scrolled, and the line being written in it.

use std::collections::VecDeque;

use chat_protocol::UserName;
use chrono::{DateTime, FixedOffset};

use super::entry::{Delivery, Entry, EntryKind};
use crate::editor::Editor;
use crate::geometry::TextWidth;
use crate::sanitize::Visible;

/// Entries that are kept unless the user prefers another number; the oldest goes.
pub const ENTRIES_MAX: usize = 5_000;

/// See the module.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// With whom; `None` is the general chat.
    pub peer: Option<UserName>,
    /// The line being written.
    pub editor: Editor,
    /// Messages that came while it was not shown.
    pub unread: usize,
    /// How many of them name the user.
    pub mentions: usize,
    /// The first entry that was unread when the conversation was opened, and how many there were.
    marker: Option<(u64, usize)>,
    entries: VecDeque<Entry>,
    /// Rows between the newest and the bottom of the screen; 0 follows what comes.
    scroll: usize,
    width: TextWidth,
    entries_max: usize,
    /// What the entries take of memory.
    bytes: usize,
}

/// One row of the screen.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// The line above what was unread, with how many messages that is.
    Marker(usize),
    /// A row of an entry's text.
    Text(&'a Entry, usize),
    /// The delivery of an entry whose last row has no room for it.
    Tail(&'a Entry),
}

impl Conversation {
    /// An empty conversation.
    #[must_use]
    pub fn new(peer: Option<UserName>) -> Self {
        Self {
            peer,
            editor: Editor::default(),
            unread: 0,
            mentions: 0,
            marker: None,
            entries: VecDeque::new(),
            scroll: 0,
            width: TextWidth::default(),
            entries_max: ENTRIES_MAX,
            bytes: 0,
        }
    }

    /// The same, but so many entries are kept.
    #[must_use]
    pub fn keeping(self, entries_max: usize) -> Self {
        Self { entries_max, ..self }
    }

    /// Appends an entry; `day` names the date, and stands before the first entry of a day. The numbers come
    /// from one counter for all conversations: one that was closed and opened again reuses none.
    pub fn push(
        &mut self,
        next_id: &mut u64,
        at: DateTime<FixedOffset>,
        kind: EntryKind,
        text: Visible,
        day: impl FnOnce() -> Visible,
    ) -> u64 {
        if self.entries.back().is_some_and(|last| last.at.date_naive() < at.date_naive()) {
            self.append(next_id, at, EntryKind::Day, day());
        }
        self.append(next_id, at, kind, text)
    }

    fn append(
        &mut self,
        next_id: &mut u64,
        at: DateTime<FixedOffset>,
        kind: EntryKind,
        text: Visible,
    ) -> u64 {
        let id = *next_id;
        *next_id += 1;
        let mut entry = Entry::new(id, at, kind, text);
        if self.width.row > 0 {
            entry.wrap(self.width);
        }
        if self.scroll > 0 {
            self.scroll += entry.row_count();
        }
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        if self.entries.len() > self.entries_max {
            self.forget_oldest();
        }
        id
    }

    /// Takes the oldest entry away; says whether there was one.
    pub fn forget_oldest(&mut self) -> bool {
        let Some(entry) = self.entries.pop_front() else { return false };
        self.bytes -= entry.bytes();
        true
    }

    /// What the entries take of memory, see [`Entry::bytes`].
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// After more than one entry was changed.
    fn weigh(&mut self) {
        self.bytes = self.entries.iter().map(Entry::bytes).sum();
    }

    /// Takes the entries away; what was said before is not shown any more.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.marker = None;
        self.scroll = 0;
    }

    /// Says what became of an own message; a time replaces the one of sending. The entry may be gone by then:
    /// the outcome says whether it is there.
    pub fn deliver(
        &mut self,
        id: u64,
        delivery: Delivery,
        tail: &'static str,
        at: Option<DateTime<FixedOffset>>,
    ) -> bool {
        let width = self.width;
        let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) else { return false };
        let before = entry.row_count();
        entry.delivery = delivery;
        entry.tail = tail;
        self.bytes -= entry.words.take().map_or(0, |words| words.len());
        entry.at = at.unwrap_or(entry.at);
        entry.place_tail(width);
        if self.scroll > 0 {
            self.scroll = (self.scroll + entry.row_count()).saturating_sub(before);
        }
        true
    }

    /// The oldest own message with these words whose answer was given up: it may come yet.
    #[must_use]
    pub fn unconfirmed(&self, text: &Visible) -> Option<u64> {
        let fits = |entry: &&Entry| entry.delivery == Delivery::Unconfirmed && entry.text == *text;
        self.entries.iter().find(fits).map(|entry| entry.id)
    }

    /// Keeps what went on the wire of a message that did not arrive for certain: it may be sent again.
    pub fn keep_words(&mut self, id: u64, words: &str) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) {
            self.bytes += words.len();
            self.bytes -= entry.words.replace(words.into()).map_or(0, |before| before.len());
        }
    }

    /// How many messages may be sent again.
    #[must_use]
    pub fn resendable(&self) -> usize {
        self.entries.iter().filter(|entry| entry.words.is_some()).count()
    }

    /// Takes the oldest messages out that may be sent again, at most `max`: what they said on the wire.
    pub fn take_resendable(&mut self, max: usize) -> Vec<Box<str>> {
        let mut taken = Vec::new();
        self.entries.retain_mut(|entry| {
            let words = if taken.len() < max { entry.words.take() } else { None };
            let stays = words.is_none();
            taken.extend(words);
            stays
        });
        self.weigh();
        taken
    }

    /// Takes one entry out.
    pub fn remove(&mut self, id: u64) {
        let Some(at) = self.entries.iter().rposition(|entry| entry.id == id) else { return };
        let Some(entry) = self.entries.remove(at) else { return };
        self.bytes -= entry.bytes();
        if self.scroll > 0 {
            self.scroll = self.scroll.saturating_sub(entry.row_count());
        }
    }

    /// Whether all that ever happened in it is that messages were refused.
    #[must_use]
    pub fn is_futile(&self) -> bool {
        self.editor.is_empty() && self.entries.iter().all(|entry| entry.delivery == Delivery::Refused)
    }

    /// Whether closing it would lose nothing that the user has not seen, sent or written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.unread == 0
            && self.editor.is_empty()
            && self.entries.iter().all(|entry| entry.delivery != Delivery::Pending)
    }

    /// Counts an entry that came while another conversation was shown.
    pub fn mark_unread(&mut self, id: u64, mention: bool) {
        self.unread += 1;
        self.mentions += usize::from(mention);
        if self.unread == 1 {
            self.marker = Some((id, 0));
        }
        if let Some((_, count)) = &mut self.marker {
            *count += 1;
        }
    }

    /// The conversation is shown: nothing is unread any more, a line marks where that began.
    pub fn open(&mut self, width: TextWidth) {
        self.unread = 0;
        self.mentions = 0;
        self.scroll = 0;
        self.fit(width);
    }

    /// It was read: the line goes.
    pub fn forget_marker(&mut self) {
        self.marker = None;
    }

    /// Breaks all texts for this width, unless they are.
    pub fn fit(&mut self, width: TextWidth) {
        if self.width != width {
            self.width = width;
            self.entries.iter_mut().for_each(|entry| entry.wrap(width));
            self.weigh();
        }
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// One entry.
    #[must_use]
    pub fn entry(&self, id: u64) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.id == id)
    }

    /// Moves by rows, towards the oldest if positive, and stays within what a screen of `height` rows can show.
    pub fn scroll_by(&mut self, rows: isize, height: usize) {
        self.scroll = self.scroll.saturating_add_signed(rows);
        self.clamp(height);
    }

    /// Rows between the newest and the bottom of the screen.
    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Goes to where so many rows lie below the screen.
    pub fn scroll_to(&mut self, rows: usize) {
        self.scroll = rows;
    }

    /// Brings an entry onto a screen of `height` rows: into the middle, unless it can be seen already.
    pub fn show(&mut self, id: u64, height: usize) {
        let mut below = 0;
        for entry in self.entries.iter().rev() {
            let rows = self.rows_of(entry);
            if entry.id == id {
                if below < self.scroll || below + rows > self.scroll + height {
                    self.scroll = (below + rows / 2).saturating_sub(height / 2);
                }
                return self.clamp(height);
            }
            below += rows;
        }
    }

    /// Brings the beginning of the newest entry onto a screen of `height` rows, if that cannot hold all of it.
    pub fn show_beginning_of_newest(&mut self, height: usize) {
        let rows = self.entries.back().map_or(0, |entry| self.rows_of(entry));
        self.scroll = rows.saturating_sub(height);
    }

    /// Keeps the position within what a screen of `height` rows can show.
    pub fn clamp(&mut self, height: usize) {
        // At the newest there is nothing to clamp, and nothing to count: this comes with every event.
        if self.scroll > 0 {
            self.scroll = self.scroll.min(self.total_rows().saturating_sub(height));
        }
    }

    /// How many messages lie below the screen, or begin on it and end below.
    #[must_use]
    pub fn entries_below(&self) -> usize {
        let mut rows = self.scroll;
        let fits = |entry: &&Entry| {
            let below = rows > 0;
            rows = rows.saturating_sub(self.rows_of(entry));
            below
        };
        if self.scroll == 0 { 0 } else { self.entries.iter().rev().take_while(fits).count() }
    }

    /// The rows for a screen of `height`, from top to bottom.
    #[must_use]
    pub fn window(&self, height: usize) -> Vec<Row<'_>> {
        let mut rows: Vec<_> = self.rows_upwards().skip(self.scroll).take(height).collect();
        rows.reverse();
        rows
    }

    fn rows_upwards(&self) -> impl Iterator<Item = Row<'_>> {
        self.entries.iter().rev().flat_map(|entry| {
            let tail = entry.is_tail_apart().then_some(Row::Tail(entry));
            let text = (0..entry.text_rows()).rev().map(move |index| Row::Text(entry, index));
            tail.into_iter().chain(text).chain(self.marker_above(entry).map(Row::Marker))
        })
    }

    fn marker_above(&self, entry: &Entry) -> Option<usize> {
        self.marker.filter(|(id, _)| *id == entry.id).map(|(_, count)| count)
    }

    fn rows_of(&self, entry: &Entry) -> usize {
        entry.row_count() + usize::from(self.marker_above(entry).is_some())
    }

    fn total_rows(&self) -> usize {
        self.entries.iter().map(|entry| self.rows_of(entry)).sum()
    }
}

#[cfg(test)]
mod tests;
