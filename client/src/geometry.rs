//! Where things stand on a screen of a given size: pure arithmetic that state and view share, since how far one
//! can scroll depends on how many rows the messages have. Never panics, whatever the size.

use std::ops::RangeInclusive;

/// Under this many columns the user panel is hidden and messages are set tighter.
pub const WIDE_COLUMNS: u16 = 50;

/// Under this many rows the row of tabs is hidden.
pub const TABS_ROWS: u16 = 6;

/// Under this many rows or columns there is only the input line.
pub const CHAT_ROWS: u16 = 3;

/// See [`CHAT_ROWS`].
pub const CHAT_COLUMNS: u16 = 10;

/// How the user panel is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panel {
    /// At the side where there is room.
    #[default]
    Auto,
    /// Shown: over the text where there is no room at the side.
    Shown,
    /// Hidden.
    Hidden,
}

/// The layout of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Geometry {
    /// Columns of the screen.
    pub columns: u16,
    /// Rows of the screen.
    pub rows: u16,
    panel: Panel,
    names: Option<usize>,
}

/// How wide the rows of a message's text are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextWidth {
    /// The columns before the text of a wide message: time and name. 0 on a narrow screen, where the head
    /// belongs to the first row and its width depends on the name.
    pub head: usize,
    /// The columns of a row, head included.
    pub row: usize,
}

impl Geometry {
    /// The layout of a screen.
    #[must_use]
    pub fn new(columns: u16, rows: u16, panel: Panel) -> Self {
        Self { columns, rows, panel, names: None }
    }

    /// The same with so many columns for names, as far as that leaves room for what they say.
    #[must_use]
    pub fn with_name_columns(self, names: Option<usize>) -> Self {
        Self { names, ..self }
    }

    /// Whether there is more than the input line.
    #[must_use]
    pub fn has_chat(self) -> bool {
        self.rows >= CHAT_ROWS && self.columns >= CHAT_COLUMNS
    }

    /// Whether there is a row of tabs.
    #[must_use]
    pub fn has_tabs(self) -> bool {
        self.has_chat() && self.rows >= TABS_ROWS
    }

    /// Whether messages are set with a column for the time and one for the names.
    #[must_use]
    pub fn is_wide(self) -> bool {
        self.columns >= WIDE_COLUMNS
    }

    /// The rows of messages.
    #[must_use]
    pub fn message_rows(self) -> u16 {
        if self.has_chat() { self.rows - 2 - u16::from(self.has_tabs()) } else { 0 }
    }

    /// The row where messages begin.
    #[must_use]
    pub fn message_top(self) -> u16 {
        u16::from(self.has_tabs())
    }

    /// The columns of messages.
    #[must_use]
    pub fn message_columns(self) -> u16 {
        self.columns - self.side_columns()
    }

    /// Whether the users are shown, at the side or over the text.
    #[must_use]
    pub fn shows_panel(self) -> bool {
        self.has_chat()
            && match self.panel {
                Panel::Auto => self.is_wide(),
                Panel::Shown => true,
                Panel::Hidden => false,
            }
    }

    /// Whether the users cover the messages.
    #[must_use]
    pub fn panel_covers(self) -> bool {
        self.shows_panel() && !self.is_wide()
    }

    /// The columns of the panel at the side, 0 if there is none.
    #[must_use]
    pub fn side_columns(self) -> u16 {
        match (self.shows_panel() && self.is_wide(), self.columns) {
            (false, _) => 0,
            (true, ..=69) => 16,
            (true, 70..=99) => 20,
            (true, _) => 28,
        }
    }

    /// The columns for names before messages, without the mark and the blanks around.
    #[must_use]
    pub fn name_columns(self) -> usize {
        let room =
            usize::from(self.message_columns()).saturating_sub(BESIDE_NAMES_COLUMNS + TEXT_COLUMNS_MIN);
        match (self.names, self.columns) {
            (Some(names), _) => names.min(room),
            (None, ..=69) => 8,
            (None, 70..=99) => 10,
            (None, _) => 14,
        }
    }

    /// How wide the rows of messages are.
    #[must_use]
    pub fn text_width(self) -> TextWidth {
        let head = if self.is_wide() { BESIDE_NAMES_COLUMNS + self.name_columns() } else { 0 };
        TextWidth { head, row: usize::from(self.message_columns()) }
    }
}

/// The columns of a time, `15:04`.
pub const TIME_COLUMNS: usize = 5;

/// The columns of the mark before a name that mentions the reader.
pub const MARK_COLUMNS: usize = 2;

/// The columns before a message's text that are not the name's.
const BESIDE_NAMES_COLUMNS: usize = TIME_COLUMNS + 1 + MARK_COLUMNS + 1;

/// The columns for names that the user may prefer.
pub const NAME_COLUMNS_RANGE: RangeInclusive<usize> = 4..=20;

/// The columns that names in columns of the user's choice leave for what they say.
const TEXT_COLUMNS_MIN: usize = 16;

/// The columns by which the further rows of a message are indented on a narrow screen.
pub const NARROW_INDENT: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_adds_up() {
        for columns in (0..=120).chain([500, u16::MAX]) {
            for rows in (0..=30).chain([200, u16::MAX]) {
                let names = [None, Some(4), Some(20)];
                for (panel, names) in names
                    .into_iter()
                    .flat_map(|names| [Panel::Auto, Panel::Shown, Panel::Hidden].map(|panel| (panel, names)))
                {
                    let geometry = Geometry::new(columns, rows, panel).with_name_columns(names);
                    assert!(geometry.message_columns() + geometry.side_columns() == columns);
                    assert!(geometry.message_rows() <= rows);
                    if geometry.has_chat() {
                        let width = geometry.text_width();
                        assert!(geometry.message_rows() >= 1 && width.row >= width.head + 8, "{geometry:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn names_have_the_columns_that_were_chosen_as_far_as_there_is_room() {
        let names =
            |columns, names| Geometry::new(columns, 24, Panel::Auto).with_name_columns(names).name_columns();
        assert_eq!([names(80, None), names(80, Some(4)), names(80, Some(20))], [10, 4, 20]);
        assert_eq!(names(50, Some(20)), 50 - 16 - 9 - TEXT_COLUMNS_MIN);
    }

    #[test]
    fn small_screens_give_up_panel_then_tabs_then_all_but_the_input() {
        assert!(Geometry::new(50, 24, Panel::Auto).shows_panel());
        assert!(!Geometry::new(49, 24, Panel::Auto).shows_panel());
        assert!(Geometry::new(49, 24, Panel::Shown).panel_covers());
        assert!(!Geometry::new(80, 5, Panel::Auto).has_tabs());
        assert!(!Geometry::new(80, 2, Panel::Auto).has_chat());
        assert!(!Geometry::new(9, 24, Panel::Shown).shows_panel());
    }
}
