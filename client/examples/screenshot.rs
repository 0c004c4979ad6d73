//! From a captured terminal to a picture: `screenshot SVG TEXT COLUMN ROW <CAPTURE`, where the capture is what
//! `tmux capture-pane -e -p` writes of 80x24 and column and row are the cursor's. `.ci/screenshot` calls it.
//!
//! What differs from run to run, the clock and the port, is masked by something of the same width. Text stays
//! text in the picture: it can be searched and copied, and is drawn in whatever monospaced font there is, each
//! word stretched to the columns it has.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::num::NonZeroU16;
use std::process::ExitCode;

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// Bytes of a capture; 80x24 with colours takes a tenth of it.
const CAPTURE_BYTES_MAX: u64 = 1 << 18;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &*args {
        [svg, text, column, row] => match run(svg, text, column, row) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
        _ => fail("usage: screenshot SVG TEXT COLUMN ROW <CAPTURE"),
    }
}

#[expect(clippy::print_stderr, reason = "a program that has nothing else to say it with")]
fn fail(sentence: &str) -> ExitCode {
    eprintln!("screenshot: {sentence}");
    ExitCode::FAILURE
}

fn run(svg: &str, text: &str, column: &str, row: &str) -> Result<(), String> {
    let mut capture = String::new();
    io::stdin().take(CAPTURE_BYTES_MAX).read_to_string(&mut capture).map_err(|error| error.to_string())?;
    let cursor =
        (column.parse().map_err(|_| "COLUMN is no number")?, row.parse().map_err(|_| "ROW is no number")?);
    let mut emulator = vt100::Parser::new(nonzero(ROWS), nonzero(COLUMNS), 0);
    emulator.process(masked(&capture).trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    let screen = emulator.screen();
    let write = |path: &str, content: String| {
        std::fs::write(path, content).map_err(|error| format!("{path}: {error}"))
    };
    write(text, rows(screen))?;
    write(svg, picture(screen, cursor))
}

fn nonzero(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}

/// Times and the port, which are others in each run.
fn masked(capture: &str) -> String {
    let mut masked = String::with_capacity(capture.len());
    let mut rest = capture;
    while let Some(c) = rest.chars().next() {
        let before_is_digit = masked.ends_with(|c: char| c.is_ascii_digit());
        if let (false, Some(after)) = (before_is_digit, time(rest)) {
            masked.push_str(TIME);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(ADDRESS) {
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            masked.push_str(ADDRESS);
            masked.extend(PORT.chars().cycle().take(digits));
            rest = &after[digits..];
        } else {
            masked.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    masked
}

/// What follows a time, if the text begins with one.
fn time(text: &str) -> Option<&str> {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let fits = [0, 1, 3, 4].into_iter().all(is_digit) && text.as_bytes()[2] == b':' && !is_digit(5);
    fits.then(|| &text[TIME.len()..])
}

const TIME: &str = "10:09";
const ADDRESS: &str = "127.0.0.1:";
const PORT: &str = "50000";

/// The screen as text, its rows without blanks at their ends.
fn rows(screen: &vt100::Screen) -> String {
    screen.rows(0, COLUMNS).map(|row| format!("{}\n", row.trim_end())).collect()
}

/// A piece of a row in one style: what is drawn with one element.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    column: u16,
    columns: u16,
    text: String,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Style {
    text: &'static str,
    ground: &'static str,
    bold: bool,
}

fn picture(screen: &vt100::Screen, (cursor_column, cursor_row): (u16, u16)) -> String {
    let width = f64::from(COLUMNS) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f64::from(ROWS) * CELL_HEIGHT + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..ROWS {
        for piece in grounds(screen, row) {
            let _ = writeln!(svg, "{}", rectangle(piece.column, row, piece.columns, piece.style.ground));
        }
    }
    let _ = writeln!(svg, "{}", rectangle(cursor_column, cursor_row, 1, CURSOR));
    for row in 0..ROWS {
        for piece in words(screen, row) {
            let _ = match &*piece.text {
                BORDER => writeln!(svg, "{}", border(&piece, row)),
                _ => writeln!(svg, "{}", word(&piece, row)),
            };
        }
    }
    svg + "</svg>\n"
}

fn rectangle(column: u16, row: u16, columns: u16, fill: &str) -> String {
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{fill}\"/>",
        left(column),
        MARGIN + f64::from(row) * CELL_HEIGHT,
        f64::from(columns) * CELL_WIDTH,
    )
}

/// As a glyph it would have gaps in most fonts, whose lines are not as high as these rows.
fn border(piece: &Piece, row: u16) -> String {
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"1\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>",
        left(piece.column) + CELL_WIDTH / 2.0,
        MARGIN + f64::from(row) * CELL_HEIGHT,
        piece.style.text,
    )
}

fn word(piece: &Piece, row: u16) -> String {
    let weight = if piece.style.bold { " font-weight=\"bold\"" } else { "" };
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}>{}</text>",
        left(piece.column),
        MARGIN + f64::from(row) * CELL_HEIGHT + BASELINE,
        f64::from(piece.columns) * CELL_WIDTH,
        piece.style.text,
        escaped(&piece.text),
    )
}

fn left(column: u16) -> f64 {
    MARGIN + f64::from(column) * CELL_WIDTH
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The cells of a row that have something in them: column, columns, text, style.
fn cells(screen: &vt100::Screen, row: u16) -> impl Iterator<Item = Piece> {
    (0..COLUMNS).filter_map(move |column| {
        let cell = screen.cell(row, column)?;
        let columns = if cell.is_wide() { 2 } else { 1 };
        (!cell.is_wide_continuation()).then(|| Piece {
            column,
            columns,
            text: cell.contents().to_owned(),
            style: style(cell),
        })
    })
}

/// Runs of the same background, other than the picture's own.
fn grounds(screen: &vt100::Screen, row: u16) -> Vec<Piece> {
    let mut runs: Vec<Piece> = Vec::new();
    for cell in cells(screen, row).filter(|cell| cell.style.ground != GROUND) {
        match runs.last_mut() {
            Some(run) if run.column + run.columns == cell.column && run.style.ground == cell.style.ground => {
                run.columns += cell.columns;
            }
            _ => runs.push(cell),
        }
    }
    runs
}

/// Words of one style; wide characters stand alone, so that they keep their columns in any font.
fn words(screen: &vt100::Screen, row: u16) -> Vec<Piece> {
    let mut words: Vec<Piece> = Vec::new();
    for cell in cells(screen, row).filter(|cell| !cell.text.trim().is_empty()) {
        match words.last_mut() {
            Some(word)
                if word.column + word.columns == cell.column
                    && word.style == cell.style
                    && cell.columns == 1
                    && ![&*word.text, &*cell.text].contains(&BORDER)
                    && !is_wide(word) =>
            {
                word.columns += 1;
                word.text.push_str(&cell.text);
            }
            _ => words.push(cell),
        }
    }
    words
}

fn is_wide(word: &Piece) -> bool {
    usize::from(word.columns) > word.text.chars().count()
}

fn style(cell: &vt100::Cell) -> Style {
    let text = colour(cell.fgcolor(), TEXT);
    let ground = colour(cell.bgcolor(), GROUND);
    let (text, ground) = if cell.inverse() { (ground, text) } else { (text, ground) };
    Style { text, ground, bold: cell.bold() }
}

fn colour(colour: vt100::Color, default: &'static str) -> &'static str {
    match colour {
        vt100::Color::Idx(index) => PALETTE.get(usize::from(index)).copied().unwrap_or(default),
        // The client uses the sixteen colours alone.
        vt100::Color::Default | vt100::Color::Rgb(..) => default,
    }
}

const BORDER: &str = "│";
const GROUND: &str = "#1d2129";
const TEXT: &str = "#d8dce4";
const CURSOR: &str = "#5c6778";
const PALETTE: [&str; 16] = [
    "#2b303b", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#7f8999",
    "#ff8b92", "#b5e08f", "#ffd68a", "#82c4ff", "#de9bf0", "#7fd6e0", "#ffffff",
];

const FONTS: &str = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace";
const FONT_SIZE: f64 = 14.0;
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 17.0;
const BASELINE: f64 = 13.0;
const MARGIN: f64 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(bytes: &str) -> vt100::Parser {
        let mut emulator = vt100::Parser::new(nonzero(ROWS), nonzero(COLUMNS), 0);
        emulator.process(bytes.as_bytes());
        emulator
    }

    #[test]
    fn times_and_the_port_are_masked_at_their_width() {
        assert_eq!(masked("23:59 a 127.0.0.1:41234 b"), "10:09 a 127.0.0.1:50000 b");
        assert_eq!(masked("\u{1b}[90m03:07\u{1b}[39m é"), "\u{1b}[90m10:09\u{1b}[39m é");
        for kept in ["123:456", "1:23", "proyecto-1", "http://a:8080/", "12:345"] {
            assert_eq!(masked(kept), kept);
        }
    }

    #[test]
    fn a_row_is_drawn_word_by_word_and_wide_characters_alone() {
        let emulator = screen("uno \u{1b}[1mdos\u{1b}[0mtres 你好│●");
        let pieces: Vec<_> = words(emulator.screen(), 0)
            .into_iter()
            .map(|piece| (piece.column, piece.columns, piece.text))
            .collect();
        let piece = |column, columns, text: &str| (column, columns, text.to_owned());
        assert_eq!(
            pieces,
            [
                piece(0, 3, "uno"),
                piece(4, 3, "dos"),
                piece(7, 4, "tres"),
                piece(12, 2, "你"),
                piece(14, 2, "好"),
                piece(16, 1, BORDER),
                piece(17, 1, "●"),
            ]
        );
    }

    #[test]
    fn bars_have_a_ground_and_text_cannot_end_its_element() {
        let emulator = screen("\u{1b}[7m<a>&\u{1b}[0m b");
        let svg = picture(emulator.screen(), (6, 0));
        assert_eq!(grounds(emulator.screen(), 0).len(), 1);
        assert!(svg.contains(&format!("fill=\"{GROUND}\">&lt;a&gt;&amp;</text>")), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 3, "the picture, the bar, the cursor");
    }
}
