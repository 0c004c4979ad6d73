//! User names: checked and normalized once, compared without regard to case.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::limits::{NAME_CHARS_MAX, NAME_RAW_BYTES_MAX};
use crate::text::is_invisible;

/// Names that nobody may have: the server speaks under the first.
const RESERVED: [&str; 2] = ["server", "servidor"];

/// A user's name in the spelling it was registered with: 1 to 32 Unicode scalar values after NFC, letters and
/// numbers of any script, `_`, `-` and `.`. Cheap to clone.
///
/// Two names that differ only in case are the same name; compare [`UserName::key`]s.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserName(Arc<str>);

/// A name as names are compared: `to_lowercase` after NFC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

/// Why a text is not a [`UserName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// No character at all.
    Empty,
    /// More than [`NAME_CHARS_MAX`] characters.
    TooLong,
    /// A character that names do not have: blanks, `@`, control and invisible characters, symbols.
    Character(char),
    /// `server` or `servidor`, also with accents.
    Reserved,
}

impl UserName {
    /// Checks a name and brings it to NFC.
    ///
    /// # Errors
    /// [`NameError`] names what is wrong with it.
    pub fn parse(raw: &str) -> Result<Self, NameError> {
        if raw.is_empty() {
            return Err(NameError::Empty);
        }
        if raw.len() > NAME_RAW_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let name: String = raw.nfc().collect();
        if let Some(character) = name.chars().find(|c| !is_allowed(*c)) {
            return Err(NameError::Character(character));
        }
        if name.chars().count() > NAME_CHARS_MAX {
            return Err(NameError::TooLong);
        }
        let name = Self(name.into());
        if RESERVED.contains(&&*name.without_marks()) { Err(NameError::Reserved) } else { Ok(name) }
    }

    /// In small letters, without accents or dots: the small letter of `İ` has one that nobody sees on an `i`.
    fn without_marks(&self) -> String {
        let is_mark = |c: &char| c.general_category_group() == GeneralCategoryGroup::Mark;
        self.0.to_lowercase().nfd().filter(|c| !is_mark(c)).collect()
    }

    /// The name in its registered spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is compared with others.
    #[must_use]
    pub fn key(&self) -> NameKey {
        NameKey(self.0.to_lowercase().into())
    }

    /// Whether a text from the wire spells this name: equal as it stands, or as a name without regard to case.
    #[must_use]
    pub fn is_spelled(&self, raw: &str) -> bool {
        *self.0 == *raw || Self::parse(raw).is_ok_and(|other| other.key() == self.key())
    }
}

fn is_allowed(c: char) -> bool {
    let group = c.general_category_group();
    matches!(c, '_' | '-' | '.')
        || matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number) && !is_invisible(c)
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fair_names_pass_unchanged() {
        for name in ["ana", "José", "Ñandú_1", "maría-x", "a.b", "Аня", "王", "٣", "x".repeat(32).as_str()]
        {
            assert_eq!(UserName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_decomposed_name_is_composed_and_counts_its_composed_characters() {
        let decomposed = "n\u{303}".repeat(32);
        assert_eq!(UserName::parse(&decomposed).unwrap().as_str(), "ñ".repeat(32));
    }

    #[test]
    fn names_are_compared_without_case() {
        let name = UserName::parse("Ñandú").unwrap();
        assert!(name.is_spelled("Ñandú"));
        assert!(name.is_spelled("ñANDÚ"));
        assert!(name.is_spelled("n\u{303}andu\u{301}"));
        assert!(!name.is_spelled("nandu"));
        assert!(!name.is_spelled(""));
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_reason() {
        assert_eq!(UserName::parse(""), Err(NameError::Empty));
        assert_eq!(UserName::parse(&"x".repeat(33)), Err(NameError::TooLong));
        assert_eq!(UserName::parse(&"\u{301}".repeat(100_000)), Err(NameError::TooLong));
        for bad in [
            ' ', '@', '/', '\n', '\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{200b}', '\u{202e}', '\u{3000}',
            '🙂', '\u{301}', '\u{3164}', '\u{115f}',
        ] {
            assert_eq!(UserName::parse(&format!("b{bad}x")), Err(NameError::Character(bad)));
        }
        assert_eq!(UserName::parse("server"), Err(NameError::Reserved));
        for reserved in ["SERVIDOR", "SERV\u{130}DOR", "sérver"] {
            assert_eq!(UserName::parse(reserved), Err(NameError::Reserved), "{reserved}");
        }
        UserName::parse("servidora").unwrap();
    }
}
