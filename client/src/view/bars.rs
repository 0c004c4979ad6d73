//! The two bars: the tabs with what is unread and the server above, the own status and the connection below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::line::Line;
use super::theme::Theme;
use crate::sanitize::{columns, sanitize_name};
use crate::state::{Conversation, Link, State};

/// One tab per conversation, the shown one in brackets; at the right the server and the connection's state.
pub fn tabs(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let style = theme.bar();
    Line::new(buffer, area.y, area.left(), area.right()).fill(" ", style);
    let right = right_words(state, usize::from(area.width));
    let right_start = area.right().saturating_sub(u16::try_from(columns(&right)).unwrap_or(u16::MAX));
    let tabs_end = right_start.saturating_sub(1);
    Line::new(buffer, area.y, right_start, area.right()).put(&right, style);

    let labels: Vec<String> =
        state.conversations().all().iter().enumerate().map(|(index, it)| label(state, index, it)).collect();
    let current = state.conversations().current_index();
    let mut line = Line::new(buffer, area.y, area.left(), tabs_end);
    for (index, label) in labels.iter().enumerate().skip(first_tab(&labels, current, line.left())) {
        let tab_style = if index == current { style.patch(theme.chosen()) } else { style };
        line.put(label, tab_style).put(" ", style);
    }
}

/// The first tab to show so that the chosen one is seen.
fn first_tab(labels: &[String], current: usize, room: usize) -> usize {
    (0..=current)
        .find(|first| {
            labels[*first..=current].iter().map(|label| columns(label) + 1).sum::<usize>() <= room + 1
        })
        .unwrap_or(current)
}

/// `[1 General]`, ` 2 ana(3!) `: the number to switch with, what is unread, `!` for what names the user.
fn label(state: &State, index: usize, conversation: &Conversation) -> String {
    let title = match &conversation.peer {
        Some(peer) => sanitize_name(peer.as_str()).cut(TITLE_COLUMNS_MAX).to_string(),
        None => state.config().texts.general().to_owned(),
    };
    let unread = match (conversation.unread, conversation.mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("({unread})"),
        (unread, _) => format!("({unread}!)"),
    };
    let number = index + 1;
    if index == state.conversations().current_index() {
        format!("[{number} {title}]")
    } else {
        format!(" {number} {title}{unread} ")
    }
}

fn right_words(state: &State, width: usize) -> String {
    let link = state.link_text();
    let server = &state.config().server;
    let both = format!("{server} {link} ");
    if columns(&both) * 2 <= width { both } else { format!("{link} ") }
}

/// The user and the status, how many are online, a passing hint, what lies below, the time.
pub fn status(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let texts = state.config().texts;
    let style = theme.bar();
    Line::new(buffer, area.y, area.left(), area.right()).fill(" ", style);

    let clock = state.now().wall.format("%H:%M").to_string();
    let calm = matches!(state.link(), Link::Online { .. }) && state.passing_hint().is_none();
    let right = match &state.config().keys.help {
        Some(key) if area.width >= WIDE_BAR_COLUMNS && calm => format!("{}  {clock}", texts.help_key(key)),
        _ => clock,
    };
    let right_start = area.right().saturating_sub(u16::try_from(columns(&right) + 1).unwrap_or(u16::MAX));

    if area.width < NARROW_BAR_COLUMNS {
        return narrow_status(state, theme, area, buffer);
    }
    let mut line = Line::new(buffer, area.y, area.left(), right_start.saturating_sub(1));
    let own = sanitize_name(state.config().name.as_str()).cut(OWN_NAME_COLUMNS_MAX);
    line.put(own.as_str(), style.patch(theme.chosen())).put(" ", style);
    let room = line.left();
    line.put(&own_status(state, room), style);
    for word in middle(state, theme) {
        if line.left() >= columns(&word) + 2 {
            line.put("  ", style).put(&word, style);
        }
    }
    Line::new(buffer, area.y, right_start, area.right()).put(&right, style);
}

/// Where there is no room for all: the connection if it is not there, then the status; the name takes what is
/// left.
fn narrow_status(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let style = theme.bar();
    let mut line = Line::new(buffer, area.y, area.left(), area.right());
    let mut words: Vec<String> = Vec::new();
    if !matches!(state.link(), Link::Online { .. }) {
        words.push(state.link_text().to_string());
    }
    words.extend(state.passing_hint().map(ToString::to_string));
    words.push(own_status(state, line.left()));
    words.push(sanitize_name(state.config().name.as_str()).as_str().to_owned());
    line.put(&words.join(" "), style);
}

/// The status as the server assigned it, and beside it the one that is asked for; in their first letters where
/// there is no room for the words.
fn own_status(state: &State, room: usize) -> String {
    let status = state.status().map_or("-", |status| status.as_str());
    let Some(asked) = state.asked_status() else { return format!("[{status}]") };
    let whole = format!("[{status} ({})]", state.config().texts.asking(asked));
    if columns(&whole) <= room { whole } else { format!("[{:.3}>{:.3}]", status, asked.as_str()) }
}

fn middle(state: &State, theme: &Theme) -> Vec<String> {
    let texts = state.config().texts;
    let mut words = Vec::new();
    // Without tabs the connection's state has no other place.
    if !matches!(state.link(), Link::Online { .. }) && !state.geometry().has_tabs() {
        words.push(state.link_text().to_string());
    }
    if let Some(hint) = state.passing_hint() {
        words.push(hint.to_string());
        return words;
    }
    let below = state.conversations().current().entries_below();
    if below > 0 {
        words.push(format!("{} {}", theme.below(), texts.below(below)));
    }
    if matches!(state.link(), Link::Online { .. }) {
        words.push(texts.online_count(state.roster().len()).to_string());
    }
    words
}

const TITLE_COLUMNS_MAX: usize = 12;
const OWN_NAME_COLUMNS_MAX: usize = 16;
const WIDE_BAR_COLUMNS: u16 = 60;
const NARROW_BAR_COLUMNS: u16 = 30;
