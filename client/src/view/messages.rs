//! The messages of the conversation that is shown. On a wide screen time and name stand in columns of their
//! own; on a narrow one they begin the text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::line::Line;
use super::theme::Theme;
use crate::geometry::{MARK_COLUMNS, TIME_COLUMNS};
use crate::sanitize::columns;
use crate::state::{Delivery, Entry, EntryKind, Row, State};

/// Draws them, the newest at the bottom once they fill the area.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let rows = state.conversations().current().window(usize::from(area.height));
    for (y, row) in (area.top()..area.bottom()).zip(&rows) {
        let line = Line::new(buffer, y, area.left(), area.right());
        match row {
            Row::Marker(count) => {
                rule(line, theme, state.config().texts.unread(*count).as_str(), theme.attention());
            }
            Row::Text(entry, _) if entry.kind == EntryKind::Day => {
                rule(line, theme, entry.text.as_str(), theme.dim());
            }
            Row::Text(entry, index) => text(state, theme, entry, *index, line),
            Row::Tail(entry) => tail(entry, theme, line),
        }
    }
}

fn rule(mut line: Line<'_>, theme: &Theme, text: &str, style: Style) {
    let side = line.left().saturating_sub(columns(text) + 2) / 2;
    let side = theme.rule().repeat(side.min(RULE_COLUMNS_MAX));
    let start = line.left().saturating_sub(columns(text) + 2 + 2 * columns(&side)) / 2;
    let start = line.x() + u16::try_from(start).unwrap_or(0);
    line.skip_to(start).put(&side, style).put(" ", style).put(text, style).put(" ", style).put(&side, style);
}

fn text(state: &State, theme: &Theme, entry: &Entry, index: usize, mut line: Line<'_>) {
    let width = state.geometry().text_width();
    let (first, rest) = entry.indents(width);
    let start = line.x();
    if index == 0 {
        line.put(&entry.at.format("%H:%M").to_string(), theme.dim()).put(" ", Style::new());
        if width.head > 0 {
            wide_head(state, theme, entry, &mut line);
        } else {
            line.put(&entry.label(), label_style(theme, entry));
        }
    }
    // Without a column of its own the text of a further row could pass for another message.
    let indent = if index == 0 { first } else { rest };
    if index > 0 && width.head == 0 {
        line.put(theme.border(), theme.dim());
    } else if matches!(entry.kind, EntryKind::Said { .. }) && entry.is_line_begin(index) {
        let before = start + u16::try_from(indent.saturating_sub(2)).unwrap_or(u16::MAX);
        line.skip_to(before).put(theme.border(), theme.dim());
    }
    line.skip_to(start + u16::try_from(indent).unwrap_or(u16::MAX))
        .put(entry.row(index), text_style(state, theme, entry));
    if index + 1 == entry.text_rows() && !entry.is_tail_apart() {
        tail(entry, theme, line);
    }
}

/// Mark and name, set to the right.
fn wide_head(state: &State, theme: &Theme, entry: &Entry, line: &mut Line<'_>) {
    let room = state.geometry().name_columns();
    let label = match &entry.kind {
        EntryKind::Said { by, .. } => by.cut(room).to_string(),
        EntryKind::Notice => "--".to_owned(),
        EntryKind::Error => "!!".to_owned(),
        EntryKind::Pointer => "**".to_owned(),
        EntryKind::Day => String::new(),
    };
    let mark = if is_mention(entry) { theme.mention() } else { "" };
    let blanks =
        (MARK_COLUMNS + room).saturating_sub(columns(mark) + usize::from(!mark.is_empty()) + columns(&label));
    line.put(&" ".repeat(blanks), Style::new());
    if !mark.is_empty() {
        line.put(mark, theme.attention()).put(" ", Style::new());
    }
    line.put(&label, label_style(theme, entry));
}

/// What became of an own message, at the right edge.
fn tail(entry: &Entry, theme: &Theme, mut line: Line<'_>) {
    if entry.tail.is_empty() {
        return;
    }
    let blanks = u16::try_from(line.left().saturating_sub(columns(entry.tail))).unwrap_or(0);
    let start = line.x() + blanks;
    let style = if entry.delivery == Delivery::Pending { theme.dim() } else { theme.error() };
    line.skip_to(start).put(entry.tail, style);
}

fn is_mention(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::Said { mention: true, .. })
}

fn label_style(theme: &Theme, entry: &Entry) -> Style {
    match &entry.kind {
        EntryKind::Said { by, own, .. } => theme.name(by.as_str(), *own),
        EntryKind::Error => theme.error(),
        EntryKind::Pointer => theme.attention(),
        EntryKind::Notice | EntryKind::Day => theme.dim(),
    }
}

fn text_style(state: &State, theme: &Theme, entry: &Entry) -> Style {
    if state.hit() == Some(entry.id) {
        return theme.bar();
    }
    match &entry.kind {
        EntryKind::Said { mention: true, .. } => theme.chosen(),
        EntryKind::Said { .. } if entry.delivery == Delivery::Pending => theme.dim(),
        EntryKind::Said { .. } => Style::new(),
        EntryKind::Error => theme.error(),
        EntryKind::Notice | EntryKind::Pointer | EntryKind::Day => theme.dim(),
    }
}

const _: () = assert!(TIME_COLUMNS == "15:04".len());
const RULE_COLUMNS_MAX: usize = 12;
