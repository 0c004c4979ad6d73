//! What the user prefers, as far as the state and the view are concerned. It does not change while the program
//! runs; where it comes from, they do not know.

use std::ops::RangeInclusive;

use super::conversation::ENTRIES_MAX;
use crate::sanitize::{Visible, sanitize_line};

/// Entries that each conversation may be told to keep.
pub const KEPT_MESSAGES_RANGE: RangeInclusive<usize> = 100..=100_000;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Entries that are kept of each conversation.
    pub kept_messages: usize,
    /// Whether the users are shown from the start, where there is room.
    pub user_panel: bool,
    /// Columns of the names before messages; `None` goes by the screen's width.
    pub name_columns: Option<usize>,
    /// Whether the bell rings when the user is named out of view.
    pub bell_on_mention: bool,
    /// Whether the bell rings for a private message out of view.
    pub bell_on_private: bool,
    /// How the desktop is told of the same.
    pub notifications: Notifications,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kept_messages: ENTRIES_MAX,
            user_panel: true,
            name_columns: None,
            bell_on_mention: true,
            bell_on_private: true,
            notifications: Notifications::Off,
        }
    }
}

/// The control sequence by which a terminal is asked to notify the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notifications {
    /// None.
    #[default]
    Off,
    /// OSC 9, as iTerm2, kitty, WezTerm and Windows Terminal know it.
    Osc9,
    /// OSC 777, as urxvt, foot and VTE know it.
    Osc777,
}

/// Conversations that have a key of their own.
pub const NUMBERED_CONVERSATIONS: usize = 9;

/// What is said about keys, which the user may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyWords {
    /// The key that shows the help, if one does.
    pub help: Option<Visible>,
    /// The key that sends; `-` here and below if none does.
    pub send: Visible,
    /// The key that breaks the line.
    pub line_break: Visible,
    /// The key that drops a paste: the one that closes and goes to the newest, if there is one.
    pub escape: Visible,
    /// The key that leaves when it is pressed twice.
    pub leave: Visible,
    /// The keys that show the first conversations, where there are such.
    pub conversations: [Option<Visible>; NUMBERED_CONVERSATIONS],
    /// The actions with other keys than they come with, and those; `None` if there are none.
    pub changed: Option<Visible>,
}

impl Default for KeyWords {
    fn default() -> Self {
        Self {
            help: Some(sanitize_line("F1")),
            send: sanitize_line("Enter"),
            line_break: sanitize_line("Alt-Enter"),
            escape: sanitize_line("Esc"),
            leave: sanitize_line("Ctrl-C"),
            conversations: std::array::from_fn(|index| Some(sanitize_line(&format!("Alt-{}", index + 1)))),
            changed: None,
        }
    }
}

const _: () =
    assert!(*KEPT_MESSAGES_RANGE.start() <= ENTRIES_MAX && ENTRIES_MAX <= *KEPT_MESSAGES_RANGE.end());
