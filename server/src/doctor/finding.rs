//! A finding: a code that never changes, what it means for this machine, and the one next thing to do.

use crate::escape::escape;

/// Whether it is in somebody's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Looked at, and well.
    Clear,
    /// This keeps people from getting in.
    InTheWay,
    /// It could not be found out.
    Unknown,
    /// Good to know, and in nobody's way by itself.
    Note,
}

impl Status {
    /// As the report writes it for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "ok",
            Self::InTheWay => "problem",
            Self::Unknown => "unknown",
            Self::Note => "note",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code: one of [`CODES`].
    pub code: &'static str,
    /// Whether it is in the way.
    pub status: Status,
    /// What it means, in one sentence.
    pub meaning: String,
    /// The one next thing to do, if there is any.
    pub next: Option<String>,
}

impl Finding {
    /// A finding that asks for nothing.
    #[must_use]
    pub fn new(code: &'static str, status: Status, meaning: String) -> Self {
        debug_assert!(CODES.contains(&code), "{code} is not in the list");
        Self { code, status, meaning, next: None }
    }

    /// With what to do next.
    #[must_use]
    pub fn then(self, next: String) -> Self {
        Self { next: Some(next), ..self }
    }
}

/// Every code that there is. Programs read them: they are added to, not changed.
pub const CODES: [&str; 30] = [
    "ADDRESS-ABSENT",
    "ADDRESSES",
    "ADDRESSES-NONE",
    "ADDRESSES-UNKNOWN",
    "CLOCK-OK",
    "CLOCK-UNKNOWN",
    "CLOCK-UNSYNCHRONIZED",
    "CLOCK-WRONG",
    "DESCRIPTORS-LOW",
    "DESCRIPTORS-OK",
    "FIREWALL-DROPS",
    "FIREWALL-OPEN",
    "FIREWALL-UNKNOWN",
    "LISTENS-ALL",
    "LISTENS-SOME",
    "LISTENS-UNKNOWN",
    "LOOPBACK-ONLY",
    "MEMORY-LOW",
    "MEMORY-OK",
    "MEMORY-UNKNOWN",
    "PORT-FORBIDDEN",
    "PORT-FREE",
    "PORT-HELD",
    "PORT-UNKNOWN",
    "PROVIDER-UNKNOWN",
    "PUBLIC-ADDRESS",
    "PUBLIC-ADDRESS-NONE",
    "PUBLIC-ADDRESS-UNKNOWN",
    "SERVER-ANSWERS",
    "SERVER-SILENT",
];

/// Characters of a foreign text that are shown.
const SHOWN_CHARS_MAX: usize = 300;

/// A text from elsewhere, such as a rule or a program's name, in one line and without anything that could act on a
/// terminal or turn what is beside it.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count >= SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        // Writing to a string does not fail. A rule's own backslashes stay as it has them.
        let _ = escape(&mut shown, c);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_shown_in_one_line_without_power() {
        let text = "log prefix \"ñ\\\" \u{1b}[2J\u{202e}\n\u{9b}\u{200b}x";
        let expected = "log prefix \"ñ\\\" \\x1b[2J\\u{202e}\\n\\x9b\\u{200b}x";
        assert_eq!(shown(text), expected);
        let long = shown(&"é".repeat(SHOWN_CHARS_MAX + 1));
        assert!(long.chars().count() == SHOWN_CHARS_MAX + 1 && long.ends_with('…'), "{long}");
    }

    #[test]
    fn codes_are_in_order_and_there_once() {
        assert!(CODES.is_sorted_by(|a, b| a < b), "{CODES:?}");
    }
}
