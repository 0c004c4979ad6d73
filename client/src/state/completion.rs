//! Completion of the word before the cursor: commands, names and status words. Pure; what is proposed depends
//! on the line and the names alone.

use chat_protocol::{Lang, Status};

use crate::command;

/// Proposals for one word, gone through by pressing the key again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes.
    pub start: usize,
    proposals: Vec<String>,
    index: usize,
}

impl Completion {
    /// The proposals for the word at the end of `before`, if there are any: of commands those of this language first.
    #[must_use]
    pub fn find<'a>(before: &str, names: impl Iterator<Item = &'a str>, lang: Lang) -> Option<Self> {
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let (head, word) = before.split_at(start);
        let proposals = proposals(head, word, names, lang);
        (!proposals.is_empty()).then_some(Self { start, proposals, index: 0 })
    }

    /// What is proposed now.
    #[must_use]
    pub fn proposal(&self) -> &str {
        &self.proposals[self.index]
    }

    /// To the next proposal, or the one before; around at the ends.
    pub fn step(&mut self, back: bool) {
        let count = self.proposals.len();
        self.index = (self.index + if back { count - 1 } else { 1 }) % count;
    }
}

fn proposals<'a>(head: &str, word: &str, names: impl Iterator<Item = &'a str>, lang: Lang) -> Vec<String> {
    let first = head.split_whitespace().next();
    let begun = word.to_lowercase();
    if head.is_empty() && word.starts_with('/') {
        let matching = command::words(lang).filter(|known| known.starts_with(&begun));
        return matching.map(|word| format!("{word} ")).collect();
    }
    if first.is_some_and(command::takes_status) {
        let matching = Status::ALL.iter().filter(|status| status.as_str().to_lowercase().starts_with(&begun));
        return matching.map(ToString::to_string).collect();
    }
    let (sign, begun) = match begun.strip_prefix('@') {
        Some(rest) => ("@", rest),
        None => ("", &*begun),
    };
    let is_argument = first.is_some_and(|first| first.starts_with('/'));
    if begun.is_empty() && sign.is_empty() && !is_argument {
        return Vec::new();
    }
    // A name at the beginning of a line addresses somebody in the general chat.
    let end = if head.is_empty() && sign.is_empty() { ": " } else { " " };
    names
        .filter(|name| name.to_lowercase().starts_with(begun))
        .map(|name| format!("{sign}{name}{end}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(before: &str) -> Vec<String> {
        all_in(Lang::Spanish, before)
    }

    fn all_in(lang: Lang, before: &str) -> Vec<String> {
        let names = ["Ana", "andrés", "zoe"].into_iter();
        let Some(mut completion) = Completion::find(before, names, lang) else { return Vec::new() };
        let mut proposals = vec![completion.proposal().to_owned()];
        loop {
            completion.step(false);
            if completion.proposal() == proposals[0] {
                return proposals;
            }
            proposals.push(completion.proposal().to_owned());
        }
    }

    #[test]
    fn proposes_what_the_place_takes() {
        assert_eq!(all("/us"), ["/usuarios ", "/users "]);
        assert_eq!(all_in(Lang::English, "/us"), ["/users ", "/usuarios "]);
        assert_eq!(all("/estado o"), ["OCUPADO"]);
        assert_eq!(all("/estado "), ["ACTIVO", "OCUPADO", "INACTIVO"]);
        assert_eq!(all("@an"), ["@Ana ", "@andrés "]);
        assert_eq!(all("AN"), ["Ana: ", "andrés: "]);
        assert_eq!(all("hola an"), ["Ana ", "andrés "]);
        assert_eq!(all("/info "), ["Ana ", "andrés ", "zoe "]);
        assert_eq!(all(""), [""; 0]);
        assert_eq!(all("hola "), [""; 0]);
        assert_eq!(all("xyz"), [""; 0]);
    }

    #[test]
    fn stepping_back_goes_round() {
        let mut completion = Completion::find("/estado ", [].into_iter(), Lang::Spanish).unwrap();
        completion.step(true);
        assert_eq!((completion.start, completion.proposal()), (8, "INACTIVO"));
    }
}
