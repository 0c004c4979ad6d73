//! The long answers of `--explain`: what a finding proves, what usually causes it, and what to do. They are ours from
//! the first to the last character, so they are text as they stand. Nothing of this machine is known here.

use chat_protocol::Lang;

mod machine;
mod network;
mod port;

/// The long answer about one code.
#[derive(Debug, Clone, Copy)]
struct Explanation {
    code: &'static str,
    spanish: &'static str,
    english: &'static str,
}

fn all() -> impl Iterator<Item = &'static Explanation> {
    port::ALL.iter().chain(network::ALL).chain(machine::ALL)
}

/// The long answer about a code, written in letters of either size; `None` if there is no such code.
#[must_use]
pub fn explain(code: &str, lang: Lang) -> Option<String> {
    let explanation = all().find(|it| it.code.eq_ignore_ascii_case(code))?;
    let text = lang.pick(explanation.spanish, explanation.english);
    Some(format!("{}\n\n{text}\n", explanation.code))
}

/// Every code with the first sentence of its answer, one a line, in the order of the examination.
#[must_use]
pub fn listing(lang: Lang) -> String {
    let line = |it: &Explanation| {
        let first = lang.pick(it.spanish, it.english).lines().next().unwrap_or_default();
        format!("  {:<22} {first}\n", it.code)
    };
    all().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::CODES;

    /// Columns that a person's terminal has at least.
    const COLUMNS: usize = 80;

    #[test]
    fn every_code_is_explained_once_in_both_languages_and_nothing_else_is() {
        let mut explained: Vec<_> = all().map(|it| it.code).collect();
        explained.sort_unstable();
        assert_eq!(explained, CODES);
        for code in CODES {
            let [spanish, english] = [Lang::Spanish, Lang::English].map(|lang| explain(code, lang).unwrap());
            assert_ne!(spanish, english, "{code}");
            for text in [spanish, english] {
                assert!(text.starts_with(&format!("{code}\n\n")) && text.ends_with(".\n"), "{text}");
                assert!(text.lines().count() >= 5, "{code} says what it means, why, and what to do: {text}");
            }
        }
    }

    #[test]
    fn lines_fit_a_terminal_and_the_first_one_is_a_sentence_of_its_own() {
        for explanation in all() {
            for text in [explanation.spanish, explanation.english] {
                let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
                assert!(longest <= COLUMNS, "{}: {longest} columns", explanation.code);
                assert!(text.lines().next().unwrap().ends_with('.'), "{}: {text}", explanation.code);
            }
        }
        for lang in [Lang::Spanish, Lang::English] {
            let listing = listing(lang);
            assert_eq!(listing.lines().count(), CODES.len());
            assert!(listing.lines().all(|line| line.chars().count() <= COLUMNS), "{listing}");
        }
    }

    #[test]
    fn a_code_is_known_in_small_letters_too_and_another_word_is_none() {
        assert_eq!(explain("port-held", Lang::English), explain("PORT-HELD", Lang::English));
        assert_eq!(explain("PORT", Lang::English), None);
    }
}
