//! The line being written, always the last row. The prompt names whom it goes to; a long line moves under it so
//! that the cursor is always seen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::line::Line;
use super::theme::Theme;
use crate::editor::Editor;
use crate::sanitize::{Visible, columns, sanitize_line, sanitize_name};
use crate::state::{Mode, State};

/// Draws it; says where the cursor stands.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Position {
    let texts = state.config().texts;
    let conversation = state.conversations().current();
    let (sign, target) = match &conversation.peer {
        Some(peer) => ("@", sanitize_name(peer.as_str())),
        None => ("", sanitize_line(texts.general())),
    };
    let width = usize::from(area.width);
    let mut line = Line::new(buffer, area.y, area.left(), area.right());
    match state.mode() {
        Mode::Line => {
            line.put(&prompt(sign, &target, width), theme.chosen());
            written(&conversation.editor, theme, line, area)
        }
        Mode::Search(search) => {
            let position = (!search.query().is_empty()).then(|| search.position());
            line.put(&prompt("", &texts.search_prompt(position), width), theme.attention());
            written(search.query(), theme, line, area)
        }
        Mode::Paste(question) => {
            if names_target(state, width) {
                let room = room_of_paste_prompt(state, width);
                line.put(&prompt_within(sign, &target, room), theme.chosen());
            }
            // The cursor stands behind it.
            let room = line.left().saturating_sub(1);
            let question = texts.paste_question(question.lines(), room, &state.config().keys);
            line.put(question.as_str(), theme.attention());
            Position::new(line.x().min(area.right().saturating_sub(1)), area.y)
        }
    }
}

/// Whether the prompt has room for whom the line goes to. Only beside the keys that answer the question about a paste
/// it may not; the bar above names the target then.
pub fn names_target(state: &State, width: usize) -> bool {
    !matches!(state.mode(), Mode::Paste(_))
        || room_of_paste_prompt(state, width) >= "@".len() + NAME_COLUMNS_MIN + PROMPT_END.len()
}

/// Half of the row at most, and no column of the shortest form of the question.
fn room_of_paste_prompt(state: &State, width: usize) -> usize {
    let answers = state.config().texts.paste_answers(&state.config().keys);
    (width / 2).min(width.saturating_sub(answers.columns() + 1))
}

/// What is written in an editor, behind the prompt; says where the cursor stands.
fn written(editor: &Editor, theme: &Theme, mut line: Line<'_>, area: Rect) -> Position {
    let start = line.x();
    let room = line.left().saturating_sub(1);
    let (before, after) = editor.text().split_at(editor.cursor());
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

/// Whom the line goes to. The name is cut for the text to have half of the row, but something of it stays as
/// long as the cursor has a place: to say it to the wrong one is the worst mistake.
fn prompt(sign: &str, target: &Visible, width: usize) -> String {
    let prompt = prompt_within(sign, target, width / 2);
    match width.saturating_sub(columns(&prompt)) {
        1.. => prompt,
        0 if columns(prompt.trim_end()) < width => prompt.trim_end().to_owned(),
        0 => String::new(),
    }
}

fn prompt_within(sign: &str, target: &Visible, columns: usize) -> String {
    let room = columns.saturating_sub(sign.len() + PROMPT_END.len());
    let name = target.cut(room.clamp(NAME_COLUMNS_MIN, NAME_COLUMNS_MAX));
    format!("{sign}{name}{PROMPT_END}")
}

/// One cluster as it is shown: what cannot be seen has a picture, so that the cursor never stands still.
fn shown(theme: &Theme, cluster: &str) -> String {
    if cluster.contains('\n') {
        return theme.line_feed().to_owned();
    }
    let shown = sanitize_line(cluster);
    if shown.columns() == 0 { "·".to_owned() } else { shown.to_string() }
}

const PROMPT_END: &str = "> ";
const NAME_COLUMNS_MAX: usize = 20;
const NAME_COLUMNS_MIN: usize = 2;
