//! The line being written, always the last row. The prompt names whom it goes to; a long line moves under it so
//! that the cursor is always seen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::line::Line;
use super::theme::Theme;
use crate::sanitize::{columns, sanitize_line};
use crate::state::State;

/// Draws it; says where the cursor stands.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Position {
    let conversation = state.conversations().current();
    let mut prompt = match &conversation.peer {
        Some(peer) => format!("@{}> ", sanitize_line(peer.as_str()).cut(PROMPT_COLUMNS_MAX)),
        None => format!("{}> ", state.config().texts.general()),
    };
    // The prompt gives way where the line would have no room at all.
    if columns(&prompt) + TEXT_COLUMNS_MIN > usize::from(area.width) {
        prompt.clear();
    }
    let mut line = Line::new(buffer, area.y, area.left(), area.right());
    line.put(&prompt, theme.chosen());
    let start = line.x();
    let room = line.left().saturating_sub(1);

    let (before, after) = conversation.editor.text().split_at(conversation.editor.cursor());
    let before: Vec<String> = before.graphemes(true).map(|cluster| shown(theme, cluster)).collect();
    let mut from = before.len();
    let mut used = 0;
    while from > 0 && used + columns(&before[from - 1]) <= room {
        from -= 1;
        used += columns(&before[from]);
    }
    for cluster in &before[from..] {
        line.put(cluster, Style::new());
    }
    let cursor = line.x();
    // Only what can be seen is worth the work: a line can hold tens of thousands of characters.
    for cluster in after.graphemes(true).take(usize::from(area.width)) {
        line.put(&shown(theme, cluster), Style::new());
    }
    Position::new(cursor.max(start).min(area.right().saturating_sub(1)), area.y)
}

/// One cluster as it is shown: what cannot be seen has a picture, so that the cursor never stands still.
fn shown(theme: &Theme, cluster: &str) -> String {
    if cluster.contains('\n') {
        return theme.line_feed().to_owned();
    }
    let shown = sanitize_line(cluster);
    if shown.columns() == 0 { "·".to_owned() } else { shown.to_string() }
}

const PROMPT_COLUMNS_MAX: usize = 20;
const TEXT_COLUMNS_MIN: usize = 6;
