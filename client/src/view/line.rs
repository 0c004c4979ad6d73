//! Writing one row of cells. Every scalar that has a width gets cells of its own, with the marks that follow
//! it: ratatui's own widgets write clusters, whose width terminals dispute, and leave ghosts behind.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::sanitize::{cells, char_columns};

/// A pen on one row. What does not fit before `end` is left out.
pub struct Line<'a> {
    buffer: &'a mut Buffer,
    y: u16,
    x: u16,
    end: u16,
}

impl<'a> Line<'a> {
    /// A pen at column `start` of row `y`, up to column `end`.
    #[must_use]
    pub fn new(buffer: &'a mut Buffer, y: u16, start: u16, end: u16) -> Self {
        let area = buffer.area;
        let end = if y < area.bottom() { end.min(area.right()) } else { start };
        Self { buffer, y, x: start, end }
    }

    /// Where it stands.
    #[must_use]
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Columns that are left.
    #[must_use]
    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Writes a text, as far as it fits.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        for (cell, width) in cells(text) {
            let width = u16::try_from(width).unwrap_or(2);
            if width == 0 {
                self.append_mark(cell);
                continue;
            }
            if usize::from(width) > self.left() {
                self.x = self.end;
                break;
            }
            self.buffer[(self.x, self.y)].set_symbol(cell).set_style(style);
            for covered in 1..width {
                self.buffer[(self.x + covered, self.y)].reset();
            }
            self.x += width;
        }
        self
    }

    /// A mark joins the cell before it.
    fn append_mark(&mut self, mark: &str) {
        let Some(mut before) = self.x.checked_sub(1) else { return };
        // The second cell of a wide character is empty; its first one bears the mark.
        if before > 0
            && self.buffer[(before - 1, self.y)].symbol().chars().next().is_some_and(|c| char_columns(c) > 1)
        {
            before -= 1;
        }
        let symbol = format!("{}{mark}", self.buffer[(before, self.y)].symbol());
        self.buffer[(before, self.y)].set_symbol(&symbol);
    }

    /// Moves to a column, if that is ahead.
    pub fn skip_to(&mut self, x: u16) -> &mut Self {
        self.x = self.x.max(x.min(self.end));
        self
    }

    /// Fills what is left.
    pub fn fill(&mut self, glyph: &str, style: Style) {
        while self.left() > 0 {
            self.put(glyph, style);
        }
    }
}
