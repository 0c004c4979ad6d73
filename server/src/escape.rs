//! What others chose, made fit for a line of a log or of a report: in one line, and without anything that could act on
//! a terminal or turn what is beside it.
//!
//! A control character is written as the byte that it is, `\x1b`, as everywhere in the product, with the usual `\n`,
//! `\r`, `\t`; whatever else does not show, as `\u{202e}`.

use std::fmt;

/// A text with everything escaped that does not show, and the backslash, so that what was escaped and what was sent are
/// told apart.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| if c == '\\' { f.write_str("\\\\") } else { escape(f, c) })
    }
}

/// Writes a character as it is if it shows, else escaped.
///
/// # Errors
/// The writer's.
pub fn escape(out: &mut impl fmt::Write, c: char) -> fmt::Result {
    match c {
        '"' | '\'' | '\\' => out.write_char(c),
        '\n' | '\r' | '\t' => write!(out, "{}", c.escape_default()),
        c if c.is_control() => write!(out, "\\x{:02x}", u32::from(c)),
        c => write!(out, "{}", c.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_escaped_in_one_way() {
        for (text, shown) in [
            ("ñ 🙂 \"a\" 'b'", "ñ 🙂 \"a\" 'b'"),
            ("a\\x1b", "a\\\\x1b"),
            ("\0\u{7}\u{1b}[2J\u{7f}", "\\x00\\x07\\x1b[2J\\x7f"),
            ("\u{80}\u{9b}2J\u{9f}", "\\x80\\x9b2J\\x9f"),
            ("a\r\n\tb", "a\\r\\n\\tb"),
            ("\u{202e}\u{2028}\u{200b}\u{feff}\u{ad}", "\\u{202e}\\u{2028}\\u{200b}\\u{feff}\\u{ad}"),
        ] {
            assert_eq!(Escaped(text).to_string(), shown);
        }
        for c in '\0'..='\u{ffff}' {
            let shown = Escaped(&c.to_string()).to_string();
            assert!(!shown.chars().any(char::is_control) && !shown.is_empty(), "{shown:?}");
        }
    }
}
