//! Colours and glyphs. Colour is never the only sign of anything: every status, mark and delivery is a word or
//! a glyph too, so that `NO_COLOR` loses nothing.

use ratatui::style::{Color, Modifier, Style};

/// What things look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colours: bool,
    unicode: bool,
    palette: Palette,
}

/// Which of the terminal's colours are used: yellow and the bright ones cannot be read on a light background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light one.
    Light,
}

impl Theme {
    /// `colours` unless `NO_COLOR` is set; `unicode` glyphs where the locale is UTF-8.
    #[must_use]
    pub const fn new(colours: bool, unicode: bool) -> Self {
        Self { colours, unicode, palette: Palette::Dark }
    }

    /// The same in other colours.
    #[must_use]
    pub const fn with(self, palette: Palette) -> Self {
        Self { palette, ..self }
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
        let colour = match self.palette {
            Palette::Dark => Color::Yellow,
            Palette::Light => Color::Blue,
        };
        self.colour(colour).add_modifier(Modifier::BOLD)
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
        let colours = match self.palette {
            Palette::Dark => NAME_COLOURS_DARK,
            Palette::Light => NAME_COLOURS_LIGHT,
        };
        self.colour(colours[hash % colours.len()])
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

    /// The sign of whom the user does not hear.
    #[must_use]
    pub const fn ignored(self) -> &'static str {
        self.glyph("×", "x")
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

const NAME_COLOURS_DARK: &[Color] =
    &[Color::Cyan, Color::Green, Color::Magenta, Color::Blue, Color::LightCyan, Color::LightMagenta];
const NAME_COLOURS_LIGHT: &[Color] = &[Color::Blue, Color::Magenta, Color::Green, Color::Cyan];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_and_no_palette_uses_what_cannot_be_read_on_it() {
        let unreadable_on_light = [
            Color::Yellow,
            Color::LightYellow,
            Color::LightCyan,
            Color::LightGreen,
            Color::White,
            Color::Gray,
        ];
        for palette in [Palette::Dark, Palette::Light] {
            let theme = Theme::new(true, true).with(palette);
            let mut seen = std::collections::BTreeSet::new();
            for number in 0..100 {
                let name = format!("u{number}");
                let style = theme.name(&name, false);
                assert_eq!(style, theme.name(&name.to_uppercase(), false));
                let colour = style.fg.unwrap();
                assert!(colour != Color::Red, "red is for what went wrong");
                assert!(palette == Palette::Dark || !unreadable_on_light.contains(&colour), "{colour}");
                seen.insert(colour.to_string());
            }
            assert!(seen.len() >= 4, "{seen:?}");
            assert!(palette == Palette::Dark || theme.attention().fg == Some(Color::Blue));
        }
    }

    #[test]
    fn without_colours_there_are_none_in_either_palette() {
        for palette in [Palette::Dark, Palette::Light] {
            let theme = Theme::new(false, true).with(palette);
            for style in
                [theme.dim(), theme.error(), theme.attention(), theme.name("ana", false), theme.bar()]
            {
                assert_eq!((style.fg, style.bg), (None, None));
            }
        }
    }
}
