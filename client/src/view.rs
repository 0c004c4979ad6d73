//! The screen of a state: tabs, messages, users, status bar, input line. Reads the state and nothing else,
//! changes nothing and decides nothing; what it draws is [`Visible`](crate::sanitize::Visible) text or our own.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::state::State;

pub mod bars;
pub mod input_line;
pub mod line;
pub mod messages;
pub mod panel;
pub mod theme;

#[cfg(test)]
mod tests;

pub use theme::{Palette, Theme};

/// Draws the state. The cursor stands in the input line.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cursor = draw(state, theme, area, frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let geometry = state.geometry();
    if area.is_empty() {
        return None;
    }
    let last = area.bottom() - 1;
    // Between a resize and the state's hearing of it the two may differ for one frame; the input line and
    // nothing else fits all sizes.
    if geometry.has_chat() && (geometry.columns, geometry.rows) == (area.width, area.height) {
        let top = geometry.message_top();
        let messages = Rect::new(0, top, geometry.message_columns(), geometry.message_rows());
        if geometry.has_tabs() {
            bars::tabs(state, theme, Rect::new(0, 0, area.width, 1), buffer);
        }
        if geometry.panel_covers() {
            panel::draw(state, theme, messages, buffer);
        } else {
            messages::draw(state, theme, messages, buffer);
        }
        if geometry.side_columns() > 0 {
            let side =
                Rect::new(geometry.message_columns(), top, geometry.side_columns(), geometry.message_rows());
            panel::draw_at_side(state, theme, side, buffer);
        }
        bars::status(state, theme, Rect::new(0, last - 1, area.width, 1), buffer);
    }
    Some(input_line::draw(state, theme, Rect::new(0, last, area.width, 1), buffer))
}
