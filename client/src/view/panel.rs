//! The users with their status: at the side of the messages, or over them where there is no room.

use chat_protocol::Status;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::line::Line;
use super::theme::Theme;
use crate::sanitize::{columns, sanitize_name};
use crate::state::{State, User};

/// The users at the side, with a border to the left.
pub fn draw_at_side(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        Line::new(buffer, y, area.left(), area.right()).put(theme.border(), theme.dim());
    }
    draw(state, theme, Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, buffer);
}

/// The users, a heading with their number above; what does not fit is counted.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let roster = state.roster();
    let rows = usize::from(area.height).saturating_sub(1);
    let heading = format!(" {} {}", state.config().texts.users_heading(), roster.len());
    Line::new(buffer, area.top(), area.left(), area.right()).put(&heading, theme.chosen());
    let shown = if roster.len() > rows { rows.saturating_sub(1) } else { rows };
    for (y, user) in (area.top() + 1..area.bottom()).zip(roster.iter().take(shown)) {
        let line = Line::new(buffer, y, area.left(), area.right());
        row(state, theme, user, line);
    }
    if roster.len() > rows && area.height > 1 {
        let rest = format!(" (+{})", roster.len() - shown);
        Line::new(buffer, area.bottom() - 1, area.left(), area.right()).put(&rest, theme.dim());
    }
}

/// Glyph, name, the status as a word: whole where there is room, else its first three letters.
fn row(state: &State, theme: &Theme, user: &User, mut line: Line<'_>) {
    let own = state.config().name.key() == user.name.key();
    let glyph = match user.status {
        _ if state.ignored().contains(&user.name) => theme.ignored(),
        Status::Inactivo => theme.away(),
        Status::Activo | Status::Ocupado => theme.present(),
    };
    let word =
        if line.left() >= WORD_COLUMNS_MIN { user.status.as_str() } else { &user.status.as_str()[..3] };
    let name = sanitize_name(user.name.as_str());
    let mark = if own { "*" } else { "" };
    let end = line.x() + u16::try_from(line.left()).unwrap_or(0);
    let status_columns = if line.left() >= WORD_COLUMNS_MIN { STATUS_COLUMNS } else { 3 };
    let room = line.left().saturating_sub(columns(glyph) + 1 + mark.len() + 1 + status_columns);
    line.put(glyph, theme.dim()).put(" ", Style::new());
    line.put(name.cut(room).as_str(), theme.name(name.as_str(), own)).put(mark, Style::new());
    let style = if user.status == Status::Activo { Style::new() } else { theme.dim() };
    line.skip_to(end.saturating_sub(u16::try_from(status_columns).unwrap_or(0))).put(word, style);
}

/// From this width on the status is written out.
const WORD_COLUMNS_MIN: usize = 24;
const STATUS_COLUMNS: usize = 8;
