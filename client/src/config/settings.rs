//! The settings: one table that says for each its name, its values, what it means, what holds without it, and how
//! it is taken over. The reader, the sample and the complaints all come from it.

use chat_protocol::Lang;
use toml::de::DeValue;

use super::Preferences;
use crate::geometry::NAME_COLUMNS_RANGE;
use crate::sanitize::Widths;
use crate::state::{KEPT_MESSAGES_RANGE, Notifications};
use crate::view::Palette;

/// One setting.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The value that holds without it, as TOML.
    pub default: &'static str,
    /// What it takes, in Spanish and in English.
    pub values: (&'static str, &'static str),
    /// What it means, in Spanish and in English; one line of a comment each.
    pub about: (&'static str, &'static str),
    /// Takes a value over; says whether it is one.
    pub apply: fn(&mut Preferences, &DeValue<'_>) -> bool,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The setting of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

const SWITCH: (&str, &str) = ("true o false", "true or false");

/// All but the keys, in the order of the sample.
pub static SETTINGS: &[Setting] = &[
    Setting {
        name: "language",
        default: r#""auto""#,
        values: (r#""auto", "es" o "en""#, r#""auto", "es" or "en""#),
        about: (
            "Idioma de los textos; \"auto\" es el del entorno, y si no español. --lang gana.",
            "Language of the texts; \"auto\" is the environment's, else Spanish. --lang wins.",
        ),
        apply: |to, value| {
            choose(
                value,
                &mut to.language,
                &[("auto", None), ("es", Some(Lang::Spanish)), ("en", Some(Lang::English))],
            )
        },
    },
    Setting {
        name: "colours",
        default: r#""auto""#,
        values: (r#""auto", "16" o "none""#, r#""auto", "16" or "none""#),
        about: (
            "Colores: los 16 de la terminal, o ninguno. \"auto\": 16 si no hay NO_COLOR.",
            "Colours: the terminal's 16, or none. \"auto\": 16 unless NO_COLOR is set.",
        ),
        apply: |to, value| {
            choose(value, &mut to.colours, &[("auto", None), ("16", Some(true)), ("none", Some(false))])
        },
    },
    Setting {
        name: "theme",
        default: r#""dark""#,
        values: (r#""dark" o "light""#, r#""dark" or "light""#),
        about: (
            "Para qué fondo son los colores: \"dark\" oscuro, \"light\" claro.",
            "For which background the colours are: \"dark\" or \"light\".",
        ),
        apply: |to, value| {
            choose(value, &mut to.palette, &[("dark", Palette::Dark), ("light", Palette::Light)])
        },
    },
    Setting {
        name: "widths",
        default: r#""scalars""#,
        values: (r#""scalars" o "clusters""#, r#""scalars" or "clusters""#),
        about: (
            "\"clusters\": la terminal dibuja 👩‍👩‍👧 o 👋🏽 enteros, en dos columnas.",
            "\"clusters\": the terminal draws 👩‍👩‍👧 or 👋🏽 as one, in two columns.",
        ),
        apply: |to, value| {
            choose(value, &mut to.widths, &[("scalars", Widths::Scalars), ("clusters", Widths::Clusters)])
        },
    },
    Setting {
        name: "kept_messages",
        default: "5000",
        values: ("un número de 100 a 100000", "a number from 100 to 100000"),
        about: (
            "Líneas que se guardan de cada conversación; luego se va la más antigua.",
            "Lines kept of each conversation; then the oldest goes.",
        ),
        apply: |to, value| {
            let number = within(value, KEPT_MESSAGES_RANGE);
            number.is_some_and(|number| store(&mut to.options.kept_messages, number))
        },
    },
    Setting {
        name: "user_panel",
        default: "true",
        values: SWITCH,
        about: (
            "Los usuarios al lado, desde el principio; F2 cambia.",
            "The users at the side from the start; F2 toggles.",
        ),
        apply: |to, value| value.as_bool().is_some_and(|on| store(&mut to.options.user_panel, on)),
    },
    Setting {
        name: "name_columns",
        default: r#""auto""#,
        values: (r#""auto" o un número de 4 a 20"#, r#""auto" or a number from 4 to 20"#),
        about: (
            "Columnas de los nombres ante los mensajes; \"auto\": según la pantalla.",
            "Columns of the names before messages; \"auto\": by the screen's width.",
        ),
        apply: |to, value| {
            let number = within(value, NAME_COLUMNS_RANGE);
            choose(value, &mut to.options.name_columns, &[("auto", None)])
                || number.is_some_and(|number| store(&mut to.options.name_columns, Some(number)))
        },
    },
    Setting {
        name: "bell_on_mention",
        default: "true",
        values: SWITCH,
        about: (
            "La campana cuando alguien le nombra en una conversación que no está a la vista.",
            "The bell when somebody names you in a conversation that is not in view.",
        ),
        apply: |to, value| value.as_bool().is_some_and(|on| store(&mut to.options.bell_on_mention, on)),
    },
    Setting {
        name: "bell_on_private",
        default: "true",
        values: SWITCH,
        about: (
            "La campana con un mensaje privado que no está a la vista.",
            "The bell for a private message that is not in view.",
        ),
        apply: |to, value| value.as_bool().is_some_and(|on| store(&mut to.options.bell_on_private, on)),
    },
    Setting {
        name: "notifications",
        default: r#""off""#,
        values: (r#""off", "osc9" o "osc777""#, r#""off", "osc9" or "osc777""#),
        about: (
            "Avisos de escritorio por la terminal, si sabe: \"osc9\" o \"osc777\".",
            "Desktop notifications through the terminal, if it can: \"osc9\" or \"osc777\".",
        ),
        apply: |to, value| {
            let known = [
                ("off", Notifications::Off),
                ("osc9", Notifications::Osc9),
                ("osc777", Notifications::Osc777),
            ];
            choose(value, &mut to.options.notifications, &known)
        },
    },
];

/// One of several words.
fn choose<T: Copy>(value: &DeValue<'_>, to: &mut T, known: &[(&str, T)]) -> bool {
    let chosen = value.as_str().and_then(|word| known.iter().find(|(name, _)| *name == word));
    chosen.is_some_and(|(_, meant)| store(to, *meant))
}

/// A whole number in a range.
fn within(value: &DeValue<'_>, range: std::ops::RangeInclusive<usize>) -> Option<usize> {
    let number = value.as_integer()?;
    let number = usize::from_str_radix(number.as_str(), number.radix()).ok()?;
    range.contains(&number).then_some(number)
}

fn store<T>(to: &mut T, value: T) -> bool {
    *to = value;
    true
}
