//! Colours and glyphs. Colour is never the only sign of anything: every status, mark and delivery is a word or
//! a glyph too, so that `NO_COLOR` loses nothing.

use ratatui::style::{Color, Modifier, Style};

/// What things look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colours: bool,
    unicode: bool,
}

impl Theme {
    /// `colours` unless `NO_COLOR` is set; `unicode` glyphs where the locale is UTF-8.
    #[must_use]
    pub const fn new(colours: bool, unicode: bool) -> Self {
        Self { colours, unicode }
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// What is there but less important.
    #[must_use]
    pub fn dim(self) -> Style {
        self.colour(Color::DarkGray)
    }

    /// What went wrong.
    #[must_use]
    pub fn error(self) -> Style {
        self.colour(Color::Red)
    }

    /// What wants attention.
    #[must_use]
    pub fn attention(self) -> Style {
        self.colour(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The bars.
    #[must_use]
    pub fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What is chosen.
    #[must_use]
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A name: always the same colour for the same name, the own one apart.
    #[must_use]
    pub fn name(self, name: &str, own: bool) -> Style {
        if own {
            return Style::new().add_modifier(Modifier::BOLD);
        }
        let hash = name
            .to_lowercase()
            .bytes()
            .fold(5_381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
        self.colour(NAME_COLOURS[hash % NAME_COLOURS.len()])
    }

    const fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The sign of who is present, ACTIVO or OCUPADO.
    #[must_use]
    pub const fn present(self) -> &'static str {
        self.glyph("●", "*")
    }

    /// The sign of who is INACTIVO.
    #[must_use]
    pub const fn away(self) -> &'static str {
        self.glyph("◌", "o")
    }

    /// A line across.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        self.glyph("─", "-")
    }

    /// A line downwards.
    #[must_use]
    pub const fn border(self) -> &'static str {
        self.glyph("│", "|")
    }

    /// The sign before a name that mentions the user.
    #[must_use]
    pub const fn mention(self) -> &'static str {
        self.glyph("»", ">")
    }

    /// A line feed in the input line.
    #[must_use]
    pub const fn line_feed(self) -> &'static str {
        self.glyph("⏎", "^")
    }

    /// Before what lies below.
    #[must_use]
    pub const fn below(self) -> &'static str {
        self.glyph("▼", "v")
    }
}

const NAME_COLOURS: [Color; 6] =
    [Color::Cyan, Color::Green, Color::Magenta, Color::Blue, Color::LightCyan, Color::LightMagenta];
