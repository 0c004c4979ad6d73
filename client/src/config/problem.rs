//! What can be wrong with a configuration. The words for it are in [`crate::texts`].

use std::io;

use super::settings::Setting;

/// See the module. Lines count from 1.
#[derive(Debug)]
pub enum Problem {
    /// The system does not give it.
    Unreadable(io::Error),
    /// It has more than [`super::CONFIG_BYTES_MAX`] bytes.
    TooBig,
    /// It is no UTF-8 text.
    NotUtf8,
    /// It is no TOML.
    Syntax {
        /// Where.
        line: usize,
        /// The parser's words, in English.
        message: String,
    },
    /// No such setting.
    UnknownSetting {
        /// Where.
        line: usize,
        /// What stands there.
        name: String,
        /// The nearest one, if any is near.
        nearest: Option<&'static str>,
    },
    /// A setting does not take this value.
    WrongValue {
        /// Where.
        line: usize,
        /// The setting.
        setting: &'static Setting,
    },
    /// `keys` is a table of its own.
    KeysNoTable {
        /// Where.
        line: usize,
    },
    /// No such action.
    UnknownAction {
        /// Where.
        line: usize,
        /// What stands there.
        name: String,
        /// The nearest one, if any is near.
        nearest: Option<&'static str>,
    },
    /// An action takes the name of a key, or a list of them.
    NoKeys {
        /// Where.
        line: usize,
        /// The action.
        action: &'static str,
    },
    /// More than [`crate::keymap::KEYS_MAX`] keys for one action.
    TooManyKeys {
        /// Where.
        line: usize,
        /// The action.
        action: &'static str,
    },
    /// No such key.
    UnknownKey {
        /// Where.
        line: usize,
        /// What stands there.
        name: String,
    },
    /// A key for two actions.
    KeyTwice {
        /// Where it stands for the second time.
        line: usize,
        /// The key.
        key: String,
        /// The action that has it already.
        action: &'static str,
    },
    /// Nothing could be sent, and no command given.
    NothingSends {
        /// Where.
        line: usize,
    },
}
