//! Texts about the configuration file, and about the log that the environment asks for.

use chat_protocol::Lang;

use super::Texts;
use crate::config::{ConfigError, Problem};
use crate::keymap::KEYS_MAX;
use crate::logging::LogError;
use crate::sanitize::{Visible, sanitize_line};

/// Columns of a name from the file that a complaint repeats.
const NAME_COLUMNS_MAX: usize = 40;

/// The configuration file.
impl Texts {
    /// What is wrong with which file, and what helps.
    #[must_use]
    pub fn config_error(self, error: &ConfigError) -> Visible {
        let path = sanitize_line(&error.path.to_string_lossy());
        let problem = self.config_problem(&error.problem);
        if let Problem::Unreadable(_) = error.problem {
            return sanitize_line(&format!("{path}: {problem}"));
        }
        let problem = chat_cli::ended(problem.to_string());
        say!(
            self,
            "{path}: {problem} Vea chat-client --print-config",
            "{path}: {problem} See chat-client --print-config"
        )
    }

    /// What is wrong with the file.
    #[must_use]
    pub fn config_problem(self, problem: &Problem) -> Visible {
        let cut = |name: &str| sanitize_line(name).cut(NAME_COLUMNS_MAX);
        match problem {
            Problem::Unreadable(error) => self.unreadable(error),
            Problem::TooBig => {
                say!(self, "es demasiado grande para una configuración", "it is too big for a configuration")
            }
            Problem::NotUtf8 => say!(self, "no es un texto UTF-8", "it is no UTF-8 text"),
            Problem::Syntax { line, message } => self.no_toml(*line, message),
            Problem::UnknownSetting { line, name, nearest } => {
                let (name, near) = (cut(name), self.did_you_mean(*nearest));
                say!(
                    self,
                    "línea {line}: «{name}» no es un ajuste{near}",
                    "line {line}: \"{name}\" is no setting{near}"
                )
            }
            Problem::WrongValue { line, setting } => {
                let (name, values) = (setting.name, self.0.pick(setting.values.0, setting.values.1));
                say!(self, "línea {line}: «{name}» admite {values}", "line {line}: \"{name}\" takes {values}")
            }
            Problem::KeysNoTable { line } => {
                say!(
                    self,
                    "línea {line}: «keys» es una tabla: [keys]",
                    "line {line}: \"keys\" is a table: [keys]"
                )
            }
            Problem::UnknownAction { line, name, nearest } => {
                let (name, near) = (cut(name), self.did_you_mean(*nearest));
                say!(
                    self,
                    "línea {line}: «{name}» no es una acción{near}",
                    "line {line}: \"{name}\" is no action{near}"
                )
            }
            Problem::NoKeys { line, action } => say!(
                self,
                "línea {line}: «{action}» admite una tecla o una lista de teclas, como [\"F1\", \"Ctrl-X\"]",
                "line {line}: \"{action}\" takes a key or a list of keys, such as [\"F1\", \"Ctrl-X\"]"
            ),
            Problem::TooManyKeys { line, action } => say!(
                self,
                "línea {line}: «{action}» tiene más de {KEYS_MAX} teclas",
                "line {line}: \"{action}\" has more than {KEYS_MAX} keys"
            ),
            Problem::UnknownKey { line, name } => {
                let name = cut(name);
                say!(
                    self,
                    "línea {line}: «{name}» no es una tecla que pueda cambiar: son F1 a F12, Ctrl-X, Alt-a, Enter, PageUp y otras",
                    "line {line}: \"{name}\" is no key that can be bound: they are F1 to F12, Ctrl-X, Alt-a, Enter, PageUp and others"
                )
            }
            Problem::KeyTwice { line, key, action } => {
                say!(
                    self,
                    "línea {line}: {key} ya es de «{action}»",
                    "line {line}: {key} is already the key of \"{action}\""
                )
            }
            Problem::NothingSends { line } => say!(
                self,
                "línea {line}: «send» se queda sin tecla, y nada podría enviarse",
                "line {line}: \"send\" is left without a key, and nothing could be sent"
            ),
        }
    }

    /// The log that was asked for cannot be written.
    #[must_use]
    pub fn log_error(self, error: &LogError) -> Visible {
        let path = sanitize_line(&error.path.to_string_lossy());
        let why = match error.error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                say!(self, "no existe esa carpeta", "there is no such directory")
            }
            std::io::ErrorKind::PermissionDenied => {
                say!(self, "no hay permiso para escribirlo", "there is no permission to write it")
            }
            std::io::ErrorKind::ReadOnlyFilesystem => {
                say!(self, "ahí solo se puede leer", "that place is read-only")
            }
            std::io::ErrorKind::IsADirectory => {
                say!(self, "es una carpeta, no un archivo", "it is a directory, not a file")
            }
            _ => sanitize_line(&error.error.to_string()),
        };
        say!(
            self,
            "el registro que pide CHAT_LOG no se puede escribir: {path}: {why}. Corrija CHAT_LOG o quítela",
            "the log that CHAT_LOG asks for cannot be written: {path}: {why}. Correct CHAT_LOG or unset it"
        )
    }

    /// The help tells the keys as they come; these are others.
    #[must_use]
    pub fn changed_keys(self, keys: &Visible) -> Visible {
        say!(
            self,
            "teclas cambiadas en su configuración: {keys}",
            "keys changed in your configuration: {keys}"
        )
    }

    fn unreadable(self, error: &std::io::Error) -> Visible {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                say!(self, "no existe ese archivo", "there is no such file")
            }
            std::io::ErrorKind::PermissionDenied => {
                say!(self, "no hay permiso para leerlo", "there is no permission to read it")
            }
            std::io::ErrorKind::IsADirectory => {
                say!(self, "es una carpeta, no un archivo", "it is a directory, not a file")
            }
            _ => say!(self, "no se puede leer ({error})", "it cannot be read ({error})"),
        }
    }

    /// The parser speaks English only.
    fn no_toml(self, line: usize, message: &str) -> Visible {
        // It is left out where it would be the one foreign word.
        match self.0 {
            Lang::Spanish => sanitize_line(&format!(
                "línea {line}: esto no es TOML, que se escribe nombre = valor, cada nombre una vez"
            )),
            Lang::English => sanitize_line(&format!("line {line}: this is no TOML: {message}")),
        }
    }

    fn did_you_mean(self, nearest: Option<&str>) -> String {
        match (nearest, self.0) {
            (None, _) => String::new(),
            (Some(near), Lang::Spanish) => format!("; ¿quiso decir «{near}»?"),
            (Some(near), Lang::English) => format!("; did you mean \"{near}\"?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_names_the_file_the_problem_and_the_remedy() {
        let told = |lang, problem| {
            let error = ConfigError { path: "/h/c\u{1b}.toml".into(), problem };
            Texts(lang).config_error(&error).to_string()
        };
        let unknown = Problem::UnknownSetting { line: 3, name: "colors".into(), nearest: Some("colours") };
        assert_eq!(
            told(Lang::Spanish, unknown),
            "/h/c␛.toml: línea 3: «colors» no es un ajuste; ¿quiso decir «colours»? Vea chat-client --print-config"
        );
        assert_eq!(
            told(Lang::English, Problem::NotUtf8),
            "/h/c␛.toml: it is no UTF-8 text. See chat-client --print-config"
        );
        let missing = Problem::Unreadable(std::io::ErrorKind::NotFound.into());
        assert_eq!(told(Lang::Spanish, missing), "/h/c␛.toml: no existe ese archivo");
    }
}
