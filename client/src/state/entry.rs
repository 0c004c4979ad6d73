//! One entry of a conversation: what was said or what happened, and the rows it takes on the present screen.

use std::ops::Range;

use chrono::{DateTime, FixedOffset};

use crate::geometry::{NARROW_INDENT, TIME_COLUMNS, TextWidth};
use crate::sanitize::Visible;
use crate::wrap::wrap;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A new day begins; the text is its name.
    Day,
    /// Somebody said something.
    Said {
        /// Who, as shown.
        by: Visible,
        /// The user of this client.
        own: bool,
        /// It names the user of this client.
        mention: bool,
    },
    /// Something happened.
    Notice,
    /// Something went wrong.
    Error,
    /// Something happened in another conversation.
    Pointer,
}

/// What became of an own message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The server relayed it, or it is not an own message.
    Done,
    /// Sent, not answered.
    Pending,
    /// The server refused it.
    Refused,
    /// The connection fell before an answer: it may have arrived.
    Unconfirmed,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number, ascending over all conversations.
    pub id: u64,
    /// When, where the user is.
    pub at: DateTime<FixedOffset>,
    /// What it is.
    pub kind: EntryKind,
    /// The words.
    pub text: Visible,
    /// What became of it.
    pub delivery: Delivery,
    /// What the view appends for [`Entry::delivery`], `""` if nothing.
    pub tail: &'static str,
    /// What went on the wire, of an own message that may be sent again.
    pub words: Option<Box<str>>,
    rows: Vec<Range<usize>>,
    tail_apart: bool,
}

impl Entry {
    /// An entry that still has to be wrapped.
    #[must_use]
    pub fn new(id: u64, at: DateTime<FixedOffset>, kind: EntryKind, text: Visible) -> Self {
        Self {
            id,
            at,
            kind,
            text,
            delivery: Delivery::Done,
            tail: "",
            words: None,
            rows: Vec::new(),
            tail_apart: false,
        }
    }

    /// What it takes of memory, without what the allocator adds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let name = match &self.kind {
            EntryKind::Said { by, .. } => by.as_str().len(),
            EntryKind::Day | EntryKind::Notice | EntryKind::Error | EntryKind::Pointer => 0,
        };
        let words = self.words.as_ref().map_or(0, |words| words.len());
        let rows = self.rows.capacity() * size_of::<Range<usize>>();
        size_of::<Self>() + self.text.as_str().len() + name + words + rows
    }

    /// Breaks the text for this width.
    pub fn wrap(&mut self, width: TextWidth) {
        let (first, rest) = self.indents(width);
        self.rows = wrap(&self.text, width.row.saturating_sub(first), width.row.saturating_sub(rest));
        self.place_tail(width);
    }

    /// Finds out whether the tail fits behind the last row.
    pub fn place_tail(&mut self, width: TextWidth) {
        let (first, rest) = self.indents(width);
        let indent = if self.rows.len() <= 1 { first } else { rest };
        let last =
            self.rows.last().map_or(0, |row| crate::sanitize::columns(&self.text.as_str()[row.clone()]));
        let tail = crate::sanitize::columns(self.tail);
        self.tail_apart = tail > 0 && indent + last + 1 + tail > width.row;
    }

    /// The columns before the text: in the first row and in the others.
    #[must_use]
    pub fn indents(&self, width: TextWidth) -> (usize, usize) {
        if width.head > 0 {
            return (width.head, width.head);
        }
        (TIME_COLUMNS + 1 + self.label_columns(), NARROW_INDENT)
    }

    /// What stands between time and text on a narrow screen.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.kind {
            EntryKind::Day => String::new(),
            EntryKind::Said { by, mention, .. } => {
                format!("{}{}: ", if *mention { "»" } else { "" }, by.cut(NARROW_NAME_COLUMNS))
            }
            EntryKind::Notice => "-- ".to_owned(),
            EntryKind::Error => "!! ".to_owned(),
            EntryKind::Pointer => "** ".to_owned(),
        }
    }

    fn label_columns(&self) -> usize {
        crate::sanitize::columns(&self.label())
    }

    /// The rows of text, at least one.
    #[must_use]
    pub fn text_rows(&self) -> usize {
        self.rows.len().max(1)
    }

    /// Whether the tail has a row of its own.
    #[must_use]
    pub fn is_tail_apart(&self) -> bool {
        self.tail_apart
    }

    /// All rows it takes.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.text_rows() + usize::from(self.tail_apart)
    }

    /// Whether a row begins where the text itself begins a line, which its writer may have meant for another
    /// message.
    #[must_use]
    pub fn is_line_begin(&self, index: usize) -> bool {
        let start = self.rows.get(index).map_or(0, |row| row.start);
        self.text.as_str()[..start].ends_with('\n')
    }

    /// The text of one row.
    #[must_use]
    pub fn row(&self, index: usize) -> &str {
        self.rows.get(index).map_or("", |row| &self.text.as_str()[row.clone()])
    }
}

/// The columns that a name may take on a narrow screen.
pub const NARROW_NAME_COLUMNS: usize = 10;
