//! [`Visible`]: text that can do nothing but be read.
//!
//! Everything that came over the wire, from the command line or from a paste passes through [`sanitize`] or
//! [`sanitize_line`] before it is stored, and the view takes nothing else. What comes out has no control
//! character but the line feed, nothing invisible, nothing that turns the reading direction round, and a width
//! on which terminals agree: the sum of its scalars' widths. Where a terminal may disagree about a cluster
//! (an emoji with a skin tone, a family, a keycap) only the cluster's first scalar is shown. The text on the
//! wire is never touched.
//!
//! A user whose terminal draws such clusters whole says so, once, at the start: [`set_widths`].
//!
//! It does not know messages, names or screens.

use std::sync::atomic::{AtomicBool, Ordering};

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Bytes of one text that are shown; what is beyond is counted in a `(+n)` at the end.
pub const TEXT_BYTES_MAX: usize = 4_352;

/// Lines of one text that are shown; what is beyond is counted in a `(+n)` line.
pub const LINES_MAX: usize = 20;

/// Combining marks on one base that are shown; more would climb over the neighbouring lines.
pub const MARKS_MAX: usize = 8;

/// Text that is safe to show on a terminal. Only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Visible(Box<str>);

impl Visible {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to see.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns it takes as one line.
    #[must_use]
    pub fn columns(&self) -> usize {
        columns(&self.0)
    }

    /// The same with its line feeds shown as blanks, for places that have one line.
    #[must_use]
    pub fn flattened(&self) -> Self {
        if self.0.contains('\n') { Self(self.0.replace('\n', " ").into()) } else { self.clone() }
    }

    /// At most `max` columns of it; `~` at the end tells that it was cut.
    #[must_use]
    pub fn cut(&self, max: usize) -> Self {
        if self.columns() <= max {
            return self.clone();
        }
        let mut text = String::new();
        let mut room = max.saturating_sub(1);
        for (cell, width) in cells(&self.0) {
            if width > room {
                break;
            }
            room -= width;
            text.push_str(cell);
        }
        text.push('~');
        Self(text.into())
    }
}

impl std::fmt::Display for Visible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a terminal advances over a cluster of several scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Widths {
    /// By the widths of its scalars; those that disagree about it are many, so such clusters are cut.
    #[default]
    Scalars,
    /// By the cluster: an emoji of several scalars is one glyph of two columns.
    Clusters,
}

/// A property of the terminal, as the locale is one of the environment: the same for all of the process.
static BY_CLUSTERS: AtomicBool = AtomicBool::new(false);

/// Says how the terminal counts, before anything is shown on it.
pub fn set_widths(widths: Widths) {
    BY_CLUSTERS.store(widths == Widths::Clusters, Ordering::Relaxed);
}

fn widths() -> Widths {
    if BY_CLUSTERS.load(Ordering::Relaxed) { Widths::Clusters } else { Widths::Scalars }
}

/// The columns a sanitized text takes: the sum of its [`cells`]' widths.
#[must_use]
pub fn columns(text: &str) -> usize {
    match widths() {
        Widths::Scalars => text.chars().map(char_columns).sum(),
        Widths::Clusters => cells(text).map(|(_, width)| width).sum(),
    }
}

/// What the terminal writes in one go, with its columns: a scalar, or a cluster that it draws whole. Marks that
/// join what stands before them have none.
pub fn cells(text: &str) -> impl Iterator<Item = (&str, usize)> {
    cells_in(text, widths())
}

fn cells_in(text: &str, widths: Widths) -> impl Iterator<Item = (&str, usize)> {
    text.graphemes(true).flat_map(move |cluster| {
        let whole = widths == Widths::Clusters && is_whole(cluster);
        let step = if whole { usize::MAX } else { 1 };
        let mut starts = cluster.char_indices().step_by(step).map(|(start, _)| start).peekable();
        std::iter::from_fn(move || {
            let start = starts.next()?;
            let cell = &cluster[start..starts.peek().copied().unwrap_or(cluster.len())];
            Some((cell, if whole { cell.width() } else { cell.chars().map(char_columns).sum() }))
        })
    })
}

/// Whether it is an emoji of several scalars, which a terminal that goes by clusters draws as one.
fn is_whole(cluster: &str) -> bool {
    let joins = |c: char| matches!(c, JOINER | '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}');
    cluster.len() > 1 && cluster.chars().skip(1).any(joins) && cluster.width() == WHOLE_COLUMNS
}

/// The columns of one scalar of a sanitized text.
#[must_use]
pub fn char_columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Text of several lines: line feeds stay, at most [`LINES_MAX`] lines and [`TEXT_BYTES_MAX`] bytes.
#[must_use]
pub fn sanitize(raw: &str) -> Visible {
    Visible(cap_lines(settle(filter(raw, true), widths())).into())
}

/// Text of one line: a line feed is shown as a picture.
#[must_use]
pub fn sanitize_line(raw: &str) -> Visible {
    Visible(settle(filter(raw, false), widths()).into())
}

/// A user's name. The protocol allows names such as `--`, which would look like the mark of a notice; they are
/// shown as `<-->`. A name that mixes scripts, as a Cyrillic `а` among Latin letters, may pass for another: it is
/// shown with `(?)` before it, where cutting it does not take that away; so is one of which not every character
/// could be shown, as a Hangul vowel without its consonant. No name has brackets of its own.
#[must_use]
pub fn sanitize_name(raw: &str) -> Visible {
    let name = sanitize_line(raw);
    if name.0.chars().all(is_mark) {
        Visible(format!("<{name}>").into())
    } else if name.as_str() == raw && (raw.is_ascii() || raw.is_single_script()) {
        name
    } else {
        Visible(format!("{MIXED_SCRIPTS}{name}").into())
    }
}

/// What stands before a name that mixes scripts or is not shown as it is.
pub const MIXED_SCRIPTS: &str = "(?)";

/// Whether it is no letter or digit, or one that looks like the marks that notices begin with: `ー`, `ǃ` and `ᐨ` do.
/// Unicode's table of confusables says which; it does not know compatibility characters (`ｰ`), so those are taken
/// for what they stand for.
fn is_mark(c: char) -> bool {
    if !c.is_alphanumeric() {
        return true;
    }
    if c.is_ascii() {
        return false;
    }
    let plain: String = c.nfkc().collect();
    let mut looks =
        skeleton(&plain).filter(|c| c.general_category() != GeneralCategory::NonspacingMark).peekable();
    looks.peek().is_some() && looks.all(|look| MARK_LOOKS.contains(&look))
}

/// What stands in the table for a mark: of the long dashes, and of those that lie high, a letter.
const MARK_LOOKS: &[char] = &['-', 'ー', 'ˉ', '_', '=', '·', '!', '*', '>', '»'];

/// Replaces or drops scalar by scalar. Joiners and variation selectors stay for [`settle`], which needs them
/// to see the clusters that the writer meant.
fn filter(raw: &str, several_lines: bool) -> String {
    let mut text = String::with_capacity(raw.len().min(TEXT_BYTES_MAX));
    let mut marks = 0;
    let mut has_base = false;
    // Where it is cut if it turns out too long: in `text` and in `raw`. The count needs room inside the limit, so
    // that a capped text is not capped again.
    let mut cut = (0, 0);
    for (at, c) in raw.char_indices() {
        if text.len() <= TEXT_BYTES_MAX - COUNT_BYTES_MAX {
            cut = (text.len(), at);
        }
        match replacement(c, several_lines) {
            Replacement::Drop => {}
            Replacement::Blanks => text.push_str("    "),
            Replacement::By(other) => {
                (marks, has_base) = (0, other != '\n');
                text.push(other);
            }
            Replacement::Keep if char_columns(c) > 0 => {
                (marks, has_base) = (0, true);
                text.push(c);
            }
            Replacement::Keep if !has_base => {
                has_base = true;
                text.push(SUBSTITUTE);
            }
            Replacement::Keep => {
                marks += 1;
                if marks <= MARKS_MAX {
                    text.push(c);
                }
            }
        }
        // Judged by what it became: a control character of one byte is shown as a picture of three.
        if text.len() > TEXT_BYTES_MAX {
            text.truncate(cut.0);
            text.push_str(&format!(" (+{})", raw[cut.1..].chars().count()));
            break;
        }
    }
    text
}

enum Replacement {
    Keep,
    Drop,
    Blanks,
    By(char),
}

fn replacement(c: char, several_lines: bool) -> Replacement {
    match c {
        '\n' if several_lines => Replacement::By('\n'),
        '\t' => Replacement::Blanks,
        '\r' => Replacement::Drop,
        '\0'..='\u{1f}' => Replacement::By(char::from_u32(0x2400 + u32::from(c)).unwrap_or(SUBSTITUTE)),
        '\u{7f}' => Replacement::By('\u{2421}'),
        JOINER | '\u{fe00}'..='\u{fe0f}' => Replacement::Keep,
        '\u{ad}'
        | '\u{200b}'
        | '\u{200c}'
        | '\u{2060}'
        | '\u{feff}'
        | '\u{34f}'
        | '\u{180b}'..='\u{180f}' => Replacement::Drop,
        '\u{e0000}'..='\u{e0fff}' => Replacement::Drop,
        // Letters that are drawn as nothing.
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}' => {
            Replacement::By(SUBSTITUTE)
        }
        _ => match c.general_category() {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned => Replacement::By(SUBSTITUTE),
            _ => Replacement::Keep,
        },
    }
}

/// Reduces the clusters about whose width terminals disagree to their first scalar, then drops the joiners and
/// selectors that are left; again until nothing changes, since a dropped joiner can form a new cluster. Those
/// that the terminal draws whole stay.
fn settle(mut text: String, widths: Widths) -> String {
    for _ in 0..SETTLE_ROUNDS_MAX {
        if text.is_ascii() {
            break;
        }
        let settled = settle_once(&text, widths);
        if settled == text {
            break;
        }
        text = settled;
    }
    text
}

fn settle_once(text: &str, widths: Widths) -> String {
    let mut settled = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        if widths == Widths::Clusters && is_whole(cluster) {
            settled.push_str(cluster);
        } else if cluster == "\n" || cluster.width() == cluster.chars().map(char_columns).sum::<usize>() {
            settled.extend(cluster.chars().filter(|c| !is_selector(*c)));
        } else {
            settled.extend(cluster.chars().take(1));
        }
    }
    settled
}

fn is_selector(c: char) -> bool {
    c == JOINER || ('\u{fe00}'..='\u{fe0f}').contains(&c)
}

fn cap_lines(text: String) -> String {
    let lines = text.split('\n').count();
    if lines <= LINES_MAX {
        return text;
    }
    let mut kept: Vec<&str> = text.split('\n').take(LINES_MAX - 1).collect();
    loop {
        let capped = format!("{}\n(+{})", kept.join("\n"), lines - kept.len());
        // The count can be longer than the empty lines in whose place it stands.
        if capped.len() <= TEXT_BYTES_MAX || kept.pop().is_none() {
            return capped;
        }
    }
}

/// The columns of an emoji.
const WHOLE_COLUMNS: usize = 2;

const SUBSTITUTE: char = '·';
const JOINER: char = '\u{200d}';
const COUNT_BYTES_MAX: usize = 32;
const SETTLE_ROUNDS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn shown(raw: &str) -> String {
        sanitize(raw).to_string()
    }

    #[test]
    fn plain_words_of_any_script_pass() {
        for text in ["hola", "¿Ñandú?", "用户名", "مرحبا", "नि", "e\u{301}", "🙂 ok", "🇬🇹", "a\nb"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn control_characters_become_pictures_and_never_reach_the_terminal() {
        assert_eq!(shown("\u{1b}[31mrojo\u{7}"), "␛[31mrojo␇");
        assert_eq!(shown("\u{9b}2J\u{7f}"), "·2J␡");
        assert_eq!(shown("a\r\nb\rc"), "a\nbc");
        assert_eq!(sanitize_line("a\nb").as_str(), "a␊b");
        assert_eq!(shown("a\tb"), "a    b");
    }

    #[test]
    fn text_that_turns_or_hides_is_shown_or_dropped() {
        assert_eq!(shown("a\u{202e}b\u{2066}c\u{200f}"), "a·b·c·");
        assert_eq!(shown("a\u{200b}b\u{feff}c\u{ad}d\u{e0041}"), "abcd");
        assert_eq!(shown("a\u{2028}b"), "a·b");
    }

    #[test]
    fn clusters_of_disputed_width_show_their_first_scalar() {
        assert_eq!(shown("👋🏽!"), "👋!");
        assert_eq!(shown("👩\u{200d}👩\u{200d}👧"), "👩");
        assert_eq!(shown("❤\u{fe0f} 1\u{fe0f}\u{20e3}"), "❤ 1");
    }

    #[test]
    fn a_terminal_that_goes_by_clusters_gets_emoji_whole_and_nothing_else() {
        let settled = |raw: &str| settle(filter(raw, false), Widths::Clusters);
        for whole in ["👋🏽", "👩\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}"] {
            assert_eq!(settled(whole), whole);
            assert_eq!(cells_in(whole, Widths::Clusters).collect::<Vec<_>>(), [(whole, 2)]);
        }
        for (raw, shown) in
            [("a\u{200d}b\u{fe0f}", "ab"), ("a\u{1f3fd}", "a\u{1f3fd}"), ("e\u{301}", "e\u{301}")]
        {
            assert_eq!(settled(raw), shown);
        }
        let cells: Vec<_> = cells_in("e\u{301}用", Widths::Clusters).collect();
        assert_eq!(cells, [("e", 1), ("\u{301}", 0), ("用", 2)]);
        assert_eq!(settle(settled("👋🏽 ok"), Widths::Scalars), "👋 ok");
    }

    #[test]
    fn a_name_that_mixes_scripts_is_marked() {
        for name in ["ana", "Ñandú", "аня", "用户1", "たなか太郎", "김철수金", "ana-1.x", "علي", "Ωμέγα"]
        {
            assert_eq!(sanitize_name(name).as_str(), name);
        }
        for name in ["аna", "bоb", "scоpe", "аνα", "aлi"] {
            assert_eq!(sanitize_name(name).to_string(), format!("(?){name}"));
        }
        assert_eq!(sanitize_name("--").as_str(), "<-->");
    }

    #[test]
    fn a_name_that_looks_like_the_mark_of_a_notice_is_in_brackets() {
        for mark in [
            'ǃ', 'ⵑ', 'ー', '一', 'ㅡ', 'ᅳ', 'ᐨ', 'ｰ', 'ꟷ', 'ￚ', '㆒', 'ᯇ', 'ⲻ', 'ᝍ', 'ˉ', 'ᕯ', '𐌟', 'ᐳ', 'ᐧ',
            'ꘌ', 'ـ',
        ] {
            for name in [mark.to_string().repeat(2), format!("-{mark}"), format!("{mark}_")] {
                let shown = sanitize_name(&name);
                assert!(
                    shown.as_str().starts_with('<') && shown.as_str().ends_with('>'),
                    "{name:?}: {shown}"
                );
            }
            assert!(!sanitize_name(&format!("{mark}1")).as_str().starts_with('<'), "{mark:?}");
        }
        for name in ["י", "ノ", "く", "井", "ð", "٠", "ʔ", "二", "l", "I"] {
            assert_eq!(sanitize_name(name).as_str(), name);
        }
    }

    #[test]
    fn a_name_that_is_not_shown_as_it_is_is_marked() {
        // Both are shown alike: a vowel that has no consonant before it takes no column.
        assert_eq!(sanitize_name("\u{1180}가").as_str(), "(?)·가");
        assert_eq!(sanitize_name("\u{1181}가").as_str(), "(?)·가");
        assert_eq!(sanitize_name("ana\u{1b}").as_str(), "(?)ana␛");
    }

    #[test]
    fn piled_up_marks_and_marks_without_a_base_are_cut() {
        assert_eq!(shown(&format!("a{}", "\u{301}".repeat(50))).chars().count(), 1 + MARKS_MAX);
        assert_eq!(shown("\u{301}a"), "·a");
        assert_eq!(shown("a\n\u{301}"), "a\n·");
    }

    #[test]
    fn long_texts_are_capped_and_the_rest_is_counted() {
        let long = shown(&"x".repeat(1_000_000));
        assert!(long.len() <= TEXT_BYTES_MAX && long.ends_with(')'), "{}", long.len());
        let many = shown(&"x\n".repeat(100));
        assert_eq!(many.lines().count(), LINES_MAX);
        assert!(many.ends_with("\n(+82)"), "{many}");
    }

    #[test]
    fn the_bound_in_bytes_is_of_what_is_shown_not_of_what_came() {
        for raw in [
            "x".repeat(TEXT_BYTES_MAX - 32) + &"\u{1}".repeat(32),
            "x".repeat(TEXT_BYTES_MAX - 2) + "\t",
            "x".repeat(TEXT_BYTES_MAX - LINES_MAX) + &"\n".repeat(LINES_MAX),
        ] {
            let text = sanitize(&raw);
            assert!(text.as_str().len() <= TEXT_BYTES_MAX, "{}", text.as_str().len());
            assert_eq!(sanitize(text.as_str()), text);
            assert!(sanitize_line(&raw).as_str().len() <= TEXT_BYTES_MAX);
        }
        let whole = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(sanitize(&whole).as_str(), whole);
    }

    #[test]
    fn a_cut_text_ends_with_a_tilde_and_keeps_its_columns() {
        assert_eq!(sanitize("brandon").cut(4).as_str(), "bra~");
        assert_eq!(sanitize("用户名").cut(4).as_str(), "用~");
        assert_eq!(sanitize("ana").cut(3).as_str(), "ana");
    }

    proptest! {
        #[test]
        fn the_outcome_is_harmless_and_stable(raw in any::<String>()) {
            let once = sanitize(&raw);
            prop_assert!(!once.as_str().chars().any(|c| c != '\n' && (c.is_control() || is_selector(c))));
            prop_assert_eq!(&sanitize(once.as_str()), &once);
            let line = sanitize_line(&raw);
            prop_assert!(!line.as_str().chars().any(char::is_control));
            prop_assert_eq!(&sanitize_line(line.as_str()), &line);
        }

        #[test]
        fn hostile_mixtures_are_stable(
            raw in proptest::collection::vec(
                proptest::sample::select(vec![
                    "👋", "🏽", "\u{200d}", "\u{fe0f}", "❤", "🇬", "🇹", "\u{301}", "a", "\n", "\u{1160}", "\u{1100}",
                    "\u{202e}", "नि", "1", "\u{20e3}", "\u{200b}", "👩", "\t", "\r", "\u{e0020}", "ل", "ا",
                ]),
                0..40,
            )
        ) {
            let once = sanitize(&raw.concat());
            prop_assert_eq!(&sanitize(once.as_str()), &once);
            for cluster in once.as_str().graphemes(true).filter(|cluster| *cluster != "\n") {
                prop_assert_eq!(cluster.width(), columns(cluster), "{:?}", cluster);
            }
        }
    }
}
