//! The language of the sentences that people read. Wire constants (types, codes, status words, `Registro
//! exitoso`, `ha salido`) have none: they are never translated.

use std::str::FromStr;

/// The language of error sentences, HTTP texts and terminal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Spanish, the default.
    #[default]
    Spanish,
    /// English.
    English,
}

impl Lang {
    /// The language of a locale such as `en_US.UTF-8`: `en*` is English, anything else (C and POSIX included)
    /// is Spanish.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        match locale.get(..2) {
            Some(code) if code.eq_ignore_ascii_case("en") => Self::English,
            _ => Self::Spanish,
        }
    }

    /// The language that the environment asks for: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set
    /// and not empty decides, as in POSIX. `lookup` stands for the environment.
    pub fn of_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(lookup)
            .find(|value| !value.is_empty())
            .map_or(Self::default(), |locale| Self::of_locale(&locale))
    }

    /// One of two texts, by the language.
    #[must_use]
    pub const fn pick<T: Copy>(self, spanish: T, english: T) -> T {
        match self {
            Self::Spanish => spanish,
            Self::English => english,
        }
    }

    /// The value that `--lang` takes for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.pick("es", "en")
    }
}

/// The value of `--lang` was neither `es` nor `en`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(value: &str) -> Result<Self, UnknownLang> {
        match value {
            "es" => Ok(Self::Spanish),
            "en" => Ok(Self::English),
            _ => Err(UnknownLang),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Lang {
        Lang::of_environment(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn english_is_any_en_locale_and_everything_else_is_spanish() {
        assert_eq!(of(&[("LANG", "en_US.UTF-8")]), Lang::English);
        assert_eq!(of(&[("LANG", "EN")]), Lang::English);
        assert_eq!(of(&[("LANG", "C.UTF-8")]), Lang::Spanish);
        assert_eq!(of(&[("LANG", "POSIX")]), Lang::Spanish);
        assert_eq!(of(&[("LANG", "e")]), Lang::Spanish);
        assert_eq!(of(&[("LANG", "ñandú")]), Lang::Spanish);
        assert_eq!(of(&[]), Lang::Spanish);
    }

    #[test]
    fn the_first_variable_that_is_set_and_not_empty_decides() {
        assert_eq!(of(&[("LC_ALL", "es_GT"), ("LANG", "en_US")]), Lang::Spanish);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "en"), ("LANG", "es")]), Lang::English);
    }
}
