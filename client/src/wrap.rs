//! Breaks a sanitized text into rows of a given width.
//!
//! Words stay whole where they fit, so that an address can be copied from one row; a word wider than a row is
//! broken between clusters. It knows columns only: what stands before the text, and in which colour, is the
//! view's affair. Called once per message and width; the conversation keeps the outcome.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::sanitize::{Visible, columns};

/// The narrowest row: a wide character has to fit.
pub const COLUMNS_MIN: usize = 2;

/// The rows of a text, as byte ranges of it. The first row has `first` columns, the others `rest`; a width under
/// [`COLUMNS_MIN`] counts as that. There is always at least one row.
#[must_use]
pub fn wrap(text: &Visible, first: usize, rest: usize) -> Vec<Range<usize>> {
    let mut rows = Rows { rows: Vec::new(), first: first.max(COLUMNS_MIN), rest: rest.max(COLUMNS_MIN) };
    let mut start = 0;
    for line in text.as_str().split('\n') {
        rows.break_line(line, start);
        start += line.len() + 1;
    }
    rows.rows
}

struct Rows {
    rows: Vec<Range<usize>>,
    first: usize,
    rest: usize,
}

impl Rows {
    fn width(&self) -> usize {
        if self.rows.is_empty() { self.first } else { self.rest }
    }

    /// Appends the rows of one line, which begins at byte `offset` of the text.
    fn break_line(&mut self, line: &str, offset: usize) {
        let mut row_start = 0;
        let mut row_columns = 0;
        for (at, word) in line.split_word_runs() {
            let word_columns = columns(word);
            if row_columns + word_columns <= self.width() {
                row_columns += word_columns;
                continue;
            }
            if word.starts_with(' ') {
                // The blanks at which a row ends are not shown; the next row begins after them.
                self.rows.push(offset + row_start..offset + at);
                (row_start, row_columns) = (at + word.len(), 0);
                continue;
            }
            if row_columns > 0 {
                self.rows.push(offset + row_start..offset + trim_end(line, row_start, at));
                (row_start, row_columns) = (at, 0);
            }
            for (inner, piece) in pieces(word, self.first.min(self.rest)) {
                let piece_columns = columns(piece);
                if row_columns + piece_columns > self.width() && row_columns > 0 {
                    self.rows.push(offset + row_start..offset + at + inner);
                    (row_start, row_columns) = (at + inner, 0);
                }
                row_columns += piece_columns;
            }
        }
        self.rows.push(offset + row_start.min(line.len())..offset + line.len());
    }
}

/// Where a word may be broken: between clusters, and inside a cluster that no row could hold.
fn pieces(word: &str, width: usize) -> impl Iterator<Item = (usize, &str)> {
    word.grapheme_indices(true).flat_map(move |(at, cluster)| {
        let step = if columns(cluster) > width { 1 } else { usize::MAX };
        let mut rest = cluster.char_indices().step_by(step).map(|(inner, _)| inner).peekable();
        std::iter::from_fn(move || {
            let start = rest.next()?;
            let end = rest.peek().copied().unwrap_or(cluster.len());
            Some((at + start, &cluster[start..end]))
        })
    })
}

fn trim_end(line: &str, start: usize, end: usize) -> usize {
    start + line[start..end].trim_end_matches(' ').len()
}

trait WordRuns {
    /// The runs of blanks and of non-blanks, with where they begin.
    fn split_word_runs(&self) -> impl Iterator<Item = (usize, &str)>;
}

impl WordRuns for str {
    fn split_word_runs(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = &self[at..];
            let blank = rest.starts_with(' ');
            if rest.is_empty() {
                return None;
            }
            let length = rest.find(|c| (c == ' ') != blank).unwrap_or(rest.len());
            at += length;
            Some((at - length, &rest[..length]))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sanitize::sanitize;

    fn rows(text: &str, first: usize, rest: usize) -> Vec<String> {
        let text = sanitize(text);
        wrap(&text, first, rest).into_iter().map(|row| text.as_str()[row].to_owned()).collect()
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(rows("alguien vio la tarea", 12, 12), ["alguien vio", "la tarea"]);
        assert_eq!(rows("alguien vio la tarea", 8, 20), ["alguien", "vio la tarea"]);
    }

    #[test]
    fn a_word_wider_than_a_row_is_broken() {
        assert_eq!(rows("ver https://ejemplo.gt", 8, 8), ["ver", "https://", "ejemplo.", "gt"]);
        assert_eq!(rows("用户名", 4, 4), ["用户", "名"]);
        assert_eq!(rows("用户名", 0, 0), ["用", "户", "名"]);
    }

    #[test]
    fn a_cluster_wider_than_a_row_is_broken_too() {
        let text = "®െ𛅤𑤷";
        assert!(rows(text, 3, 2).iter().all(|row| columns(row) <= 3), "{:?}", rows(text, 3, 2));
        assert_eq!(rows(text, 3, 2).concat(), text);
    }

    #[test]
    fn line_feeds_begin_a_row_and_empty_lines_are_rows() {
        assert_eq!(rows("a\n\nb", 9, 9), ["a", "", "b"]);
        assert_eq!(rows("", 9, 9), [""]);
    }

    #[test]
    fn blanks_at_a_break_are_not_shown() {
        assert_eq!(rows("hola      mundo", 6, 6), ["hola", "mundo"]);
        assert_eq!(rows("hola    ", 4, 4), ["hola", ""]);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked_and_nothing_but_blanks_is_lost(
            raw in any::<String>(), first in 0usize..40, rest in 0usize..40
        ) {
            let text = sanitize(&raw);
            let rows = wrap(&text, first, rest);
            for (index, row) in rows.iter().enumerate() {
                let width = if index == 0 { first } else { rest }.max(COLUMNS_MIN);
                prop_assert!(columns(&text.as_str()[row.clone()]) <= width);
            }
            let bare = |text: &str| text.replace([' ', '\n'], "");
            let shown: String = rows.iter().map(|row| &text.as_str()[row.clone()]).collect();
            prop_assert_eq!(bare(&shown), bare(text.as_str()));
        }
    }
}
