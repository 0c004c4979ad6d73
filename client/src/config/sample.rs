//! The complete example of a configuration, `--print-config`: every setting with what it means and the value that
//! holds without it, every action with its keys. It is made from the same tables that read it.

use std::fmt::Write as _;

use chat_protocol::Lang;

use super::reading::KEYS_TABLE;
use super::settings::SETTINGS;
use crate::keymap::{BINDINGS, names};

/// The example, in TOML with comments in this language.
#[must_use]
pub fn sample(lang: Lang) -> String {
    let mut text = String::from(lang.pick(HEAD_SPANISH, HEAD_ENGLISH));
    for setting in SETTINGS {
        let about = lang.pick(setting.about.0, setting.about.1);
        let values = lang.pick(setting.values.0, setting.values.1);
        // Writing to a string does not fail.
        let _ = write!(text, "\n# {about}\n# {values}\n{} = {}\n", setting.name, setting.default);
    }
    let _ = write!(text, "\n{}\n[{KEYS_TABLE}]\n", lang.pick(KEYS_SPANISH, KEYS_ENGLISH));
    for binding in BINDINGS {
        let keys: Vec<_> = binding.keys.iter().map(|key| quoted(&names::name(*key))).collect();
        let entry = format!("{} = [{}]", binding.name, keys.join(", "));
        let _ = writeln!(text, "{entry:<ABOUT_COLUMN$}# {}", lang.pick(binding.spanish, binding.english));
    }
    text
}

/// A string of TOML; only the names of keys are put into one, which have no control characters.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\"))
}

const ABOUT_COLUMN: usize = 50;

const HEAD_SPANISH: &str = "\
# Configuración de chat-client: ~/.config/chat-client/config.toml, o la que diga --config.
# Todo es opcional; aquí está cada ajuste con el valor que vale sin él.
";

const HEAD_ENGLISH: &str = "\
# Configuration of chat-client: ~/.config/chat-client/config.toml, or the one that --config names.
# All of it is optional; here is every setting with the value that holds without it.
";

const KEYS_SPANISH: &str = "\
# Teclas: una, o una lista; reemplazan las de la acción, y [] la deja sin ninguna. Se escriben
# F1 a F12, Enter, Tab, Esc, Up, PageUp..., Ctrl-X, Alt-a (Alt-A es otra), Shift-Up, Ctrl-Left.";

const KEYS_ENGLISH: &str = "\
# Keys: one, or a list; they replace those of the action, and [] leaves it without any. They are
# written F1 to F12, Enter, Tab, Esc, Up, PageUp..., Ctrl-X, Alt-a (Alt-A is another), Shift-Up, Ctrl-Left.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CONFIG_BYTES_MAX, Preferences, reading};

    #[test]
    fn the_sample_is_what_holds_without_it_and_names_everything() {
        for lang in [Lang::Spanish, Lang::English] {
            let sample = sample(lang);
            assert_eq!(reading::preferences(&sample).unwrap(), Preferences::default(), "{sample}");
            let lines: Vec<_> = sample.lines().filter(|line| !line.starts_with('#')).collect();
            for name in SETTINGS.iter().map(|it| it.name).chain(BINDINGS.iter().map(|it| it.name)) {
                let count = lines.iter().filter(|line| line.starts_with(&format!("{name} = "))).count();
                assert_eq!(count, 1, "{name}");
            }
            assert!((sample.len() as u64) < CONFIG_BYTES_MAX);
        }
    }

    #[test]
    fn what_the_sample_says_about_values_is_so() {
        for setting in SETTINGS {
            for word in ["auto", "es", "en", "16", "none", "scalars", "clusters", "off", "osc9", "osc777"] {
                let taken = reading::preferences(&format!("{} = \"{word}\"", setting.name)).is_ok();
                assert_eq!(
                    setting.values.0.contains(&format!("\"{word}\"")),
                    taken,
                    "{} {word}",
                    setting.name
                );
            }
            for value in ["true", "false"] {
                let taken = reading::preferences(&format!("{} = {value}", setting.name)).is_ok();
                assert_eq!(setting.values.1.contains(value), taken, "{} {value}", setting.name);
            }
            let numbers: Vec<usize> = setting
                .values
                .1
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|it| it.parse().ok())
                .collect();
            if let (true, [low, high]) = (setting.values.1.contains("number"), &*numbers) {
                for (number, taken) in [(low - 1, false), (*low, true), (*high, true), (high + 1, false)] {
                    let read = reading::preferences(&format!("{} = {number}", setting.name));
                    assert_eq!(read.is_ok(), taken, "{} {number}", setting.name);
                }
            }
        }
    }
}
