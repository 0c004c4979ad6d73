//! The two bars: the tabs with what is unread and the server above, the own status and the connection below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::input_line::names_target;
use super::line::Line;
use super::theme::Theme;
use crate::sanitize::{Visible, columns, sanitize_name};
use crate::state::{Conversation, Link, Mode, State};

/// One tab per conversation, the shown one in brackets; at the right the server and the connection's state.
pub fn tabs(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let style = theme.bar();
    Line::new(buffer, area.y, area.left(), area.right()).fill(" ", style);
    let width = usize::from(area.width);
    let room = |right: &str| width.saturating_sub(columns(right) + 1);
    let link = format!("{} ", state.link_text());
    let mut right = format!("{} {link}", state.config().server);
    let mut shown = shown_tabs(state, room(&right));
    // Which server it is matters less than the tabs.
    if columns(&right) * 2 > width || !shown.rest.is_empty() {
        right = link;
        shown = shown_tabs(state, room(&right));
    }
    let right_start = area.right().saturating_sub(u16::try_from(columns(&right)).unwrap_or(u16::MAX));
    let tabs_end = right_start.saturating_sub(1);
    Line::new(buffer, area.y, right_start, area.right()).put(&right, style);

    let current = state.conversations().current_index();
    let mut line = Line::new(buffer, area.y, area.left(), tabs_end);
    for (index, label) in &shown.tabs {
        let tab_style = if *index == current { style.patch(theme.chosen()) } else { style };
        line.put(label, tab_style).put(" ", style);
    }
    line.put(&shown.rest, style.patch(theme.chosen()));
}

/// The tabs that fit, and a word for those that do not.
struct ShownTabs {
    tabs: Vec<(usize, String)>,
    rest: String,
}

/// All tabs, as long as they fit: whole, else those with nothing unread by their number, else all others so. Then
/// as many as fit from where the chosen one is seen, and the others counted, with what is unread in them.
fn shown_tabs(state: &State, room: usize) -> ShownTabs {
    let all = state.conversations().all();
    let current = state.conversations().current_index();
    let labels = |detail| -> Vec<String> {
        all.iter().enumerate().map(|(index, it)| label(state, index, it, detail)).collect()
    };
    let width = |labels: &[String]| labels.iter().map(|label| columns(label) + 1).sum::<usize>();
    for detail in [Detail::Names, Detail::NamesOfUnread, Detail::Numbers] {
        let labels = labels(detail);
        if width(&labels) <= room + 1 {
            return ShownTabs { tabs: labels.into_iter().enumerate().collect(), rest: String::new() };
        }
    }
    let labels = labels(Detail::Numbers);
    let room = room.saturating_sub(REST_COLUMNS);
    let first = (0..=current).find(|first| width(&labels[*first..=current]) <= room).unwrap_or(current);
    let mut end = first + 1;
    while end < labels.len() && width(&labels[first..=end]) <= room {
        end += 1;
    }
    let hidden = || all[..first].iter().chain(&all[end..]);
    let (unread, mentions) =
        hidden().fold((0, 0), |(unread, mentions), it| (unread + it.unread, mentions + it.mentions));
    ShownTabs {
        tabs: labels.into_iter().enumerate().take(end).skip(first).collect(),
        rest: format!("+{}{}", hidden().count(), unread_mark(unread.min(UNREAD_SHOWN_MAX), mentions)),
    }
}

/// How much of a tab that is not chosen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Names,
    NamesOfUnread,
    Numbers,
}

/// `[1 General]`, ` 2 ana(3!)`: the number to switch with, what is unread, `!` for what names the user.
fn label(state: &State, index: usize, conversation: &Conversation, detail: Detail) -> String {
    let title = match &conversation.peer {
        Some(peer) => sanitize_name(peer.as_str()).cut(TITLE_COLUMNS_MAX).to_string(),
        None => state.config().texts.general().to_owned(),
    };
    let number = index + 1;
    if index == state.conversations().current_index() {
        return format!("[{number} {title}]");
    }
    let unread = unread_mark(conversation.unread, conversation.mentions);
    let named = match detail {
        Detail::Names => true,
        Detail::NamesOfUnread => conversation.unread > 0,
        Detail::Numbers => false,
    };
    if named { format!(" {number} {title}{unread}") } else { format!(" {number}{unread}") }
}

fn unread_mark(unread: usize, mentions: usize) -> String {
    match (unread, mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("({unread})"),
        (unread, _) => format!("({unread}!)"),
    }
}

/// The user and the status, how many are online, a passing hint, what lies below, the time.
pub fn status(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let texts = state.config().texts;
    let style = theme.bar();
    Line::new(buffer, area.y, area.left(), area.right()).fill(" ", style);
    if let Some(hint) = state.passing_hint() {
        return hinting_status(state, theme, hint, area, buffer);
    }
    if let Mode::Paste(question) = state.mode()
        && !names_target(state, usize::from(area.width))
    {
        let about = texts.paste_for(question.lines(), &target(state)).cut(usize::from(area.width));
        Line::new(buffer, area.y, area.left(), area.right()).put(about.as_str(), style.patch(theme.chosen()));
        return;
    }
    if area.width < NARROW_BAR_COLUMNS {
        return narrow_status(state, theme, area, buffer);
    }
    let clock = clock(state);
    let calm = matches!(state.link(), Link::Online { .. });
    let right = match &state.config().keys.help {
        Some(key) if area.width >= WIDE_BAR_COLUMNS && calm => format!("{}  {clock}", texts.help_key(key)),
        _ => clock,
    };
    let right_start = area.right().saturating_sub(u16::try_from(columns(&right) + 1).unwrap_or(u16::MAX));
    let mut line = Line::new(buffer, area.y, area.left(), right_start.saturating_sub(1));
    line.put(own_name(state).as_str(), style.patch(theme.chosen())).put(" ", style);
    let room = line.left();
    line.put(&own_status(state, room), style);
    for word in middle(state, theme) {
        if line.left() >= columns(&word) + 2 {
            line.put("  ", style).put(&word, style);
        }
    }
    Line::new(buffer, area.y, right_start, area.right()).put(&right, style);
}

/// A hint says why something was not done, here and nowhere else: it has the room that it needs, and the bar's
/// other words, in the order of their weight, what is left. They come back in a moment.
fn hinting_status(state: &State, theme: &Theme, hint: &Visible, area: Rect, buffer: &mut Buffer) {
    let style = theme.bar();
    let hint = hint.cut(usize::from(area.width));
    let mut room = usize::from(area.width).saturating_sub(hint.columns());
    let mut fits = |word: &str, blanks: usize| {
        let needed = columns(word) + blanks;
        let fits = needed <= room;
        room -= if fits { needed } else { 0 };
        fits
    };
    // Without tabs the connection's state has no other place.
    let is_offline = !matches!(state.link(), Link::Online { .. }) && !state.geometry().has_tabs();
    let link = is_offline.then(|| state.link_text().to_string()).filter(|word| fits(word, 2));
    let whole = own_status(state, usize::MAX);
    let status = [whole, own_status(state, 0)].into_iter().find(|word| fits(word, 2));
    let clock = Some(clock(state)).filter(|word| fits(word, 2));
    let name = Some(own_name(state).to_string()).filter(|word| status.is_some() && fits(word, 1));

    let mut line = Line::new(buffer, area.y, area.left(), area.right());
    if let Some(name) = name {
        line.put(&name, style.patch(theme.chosen())).put(" ", style);
    }
    for word in [status, link].into_iter().flatten() {
        line.put(&word, style).put("  ", style);
    }
    line.put(hint.as_str(), style);
    if let Some(clock) = clock {
        let start = area.right().saturating_sub(u16::try_from(columns(&clock) + 1).unwrap_or(u16::MAX));
        line.skip_to(start).put(&clock, style);
    }
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
    words.push(own_status(state, line.left()));
    words.push(sanitize_name(state.config().name.as_str()).as_str().to_owned());
    line.put(&words.join(" "), style);
}

/// Whom the line goes to.
fn target(state: &State) -> String {
    match &state.conversations().current().peer {
        Some(peer) => format!("@{}", sanitize_name(peer.as_str())),
        None => state.config().texts.general().to_owned(),
    }
}

fn own_name(state: &State) -> Visible {
    sanitize_name(state.config().name.as_str()).cut(OWN_NAME_COLUMNS_MAX)
}

fn clock(state: &State) -> String {
    state.now().wall.format("%H:%M").to_string()
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
/// `+199(999!)`
const REST_COLUMNS: usize = 10;
const UNREAD_SHOWN_MAX: usize = 999;
const OWN_NAME_COLUMNS_MAX: usize = 16;
const WIDE_BAR_COLUMNS: u16 = 60;
const NARROW_BAR_COLUMNS: u16 = 30;
