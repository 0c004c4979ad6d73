//! The content of a message: text that was checked once, when it was built.

use std::fmt;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The content of a `broadcast` or `private`: at least one byte and at most the limit given to
/// [`MessageText::parse`], not blank, without control characters other than line feed and tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

/// Why a text is not a [`MessageText`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// Nothing but blanks and invisible characters, or nothing at all.
    Blank,
    /// More than `max` bytes of UTF-8.
    TooLong {
        /// The bytes that came.
        bytes: usize,
        /// The bytes that are taken.
        max: usize,
    },
    /// A control character other than line feed and tab.
    Control(char),
}

impl MessageText {
    /// Checks a text of at most `bytes_max` bytes. A CR directly before a LF or at the end is dropped.
    ///
    /// # Errors
    /// [`TextError`] names what is wrong with it.
    pub fn parse(raw: &str, bytes_max: usize) -> Result<Self, TextError> {
        let text = without_line_ending_crs(raw);
        if text.len() > bytes_max {
            return Err(TextError::TooLong { bytes: text.len(), max: bytes_max });
        }
        // Nearly every message, told at a fraction of the cost of looking each character up.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.bytes().any(|byte| byte != b' ') {
            return Ok(Self(text));
        }
        if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(TextError::Control(control));
        }
        if text.chars().all(is_blank) {
            return Err(TextError::Blank);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn without_line_ending_crs(raw: &str) -> String {
    if !raw.contains('\r') {
        return raw.to_owned();
    }
    let text = raw.replace("\r\n", "\n");
    text.strip_suffix('\r').map(str::to_owned).unwrap_or(text)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Whether a character takes part in a text without being seen: format characters (zero-width, bidirectional
/// controls, tags), line and paragraph separators, variation selectors, and the letters that Unicode says to
/// show as nothing (Default_Ignorable_Code_Point): the Hangul fillers.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let category = c.general_category();
    matches!(
        category,
        GeneralCategory::Format | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    ) || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<String, TextError> {
        MessageText::parse(raw, 10).map(|text| text.to_string())
    }

    #[test]
    fn plain_text_line_feeds_and_tabs_pass_unchanged() {
        assert_eq!(parse("a\n\tñ 🙂"), Ok("a\n\tñ 🙂".into()));
    }

    #[test]
    fn a_cr_of_a_line_ending_is_dropped_and_another_is_refused() {
        assert_eq!(parse("a\r\nb\r"), Ok("a\nb".into()));
        assert_eq!(parse("a\rb"), Err(TextError::Control('\r')));
        assert_eq!(parse("a\r\r\n"), Err(TextError::Control('\r')));
    }

    #[test]
    fn the_limit_is_in_bytes_and_inclusive() {
        assert_eq!(parse("ñññññ"), Ok("ñññññ".into()));
        assert_eq!(parse("ñññññx"), Err(TextError::TooLong { bytes: 11, max: 10 }));
        assert_eq!(parse("0123456789\r"), Ok("0123456789".into()));
    }

    #[test]
    fn blank_texts_are_refused() {
        for blank in ["", " ", "\n\t", "\u{3000}", "\u{200b}", "\r", "\u{3164}", "\u{fe0f}"] {
            assert_eq!(parse(blank), Err(TextError::Blank), "{blank:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for control in ['\0', '\u{1b}', '\u{7}', '\u{8}', '\u{7f}', '\u{9b}'] {
            assert_eq!(parse(&format!("a{control}b")), Err(TextError::Control(control)));
        }
    }
}
