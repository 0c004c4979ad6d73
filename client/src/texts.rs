//! Every text that the client says, in both languages. What the server says is passed on as it came; status
//! words, being constants of the wire, are never translated.

use chat_protocol::Lang;

use crate::sanitize::{Visible, sanitize_line};
use crate::state::LinkError;

/// The texts of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Texts(pub Lang);

/// One of two texts, by the language; what is in braces is filled in.
macro_rules! say {
    ($texts:expr, $spanish:literal, $english:literal $(, $($argument:tt)*)?) => {
        match $texts.0 {
            Lang::Spanish => sanitize_line(&format!($spanish $(, $($argument)*)?)),
            Lang::English => sanitize_line(&format!($english $(, $($argument)*)?)),
        }
    };
}

// After the macro, which they use.
mod chat;
mod config;
mod doctor;
mod examination;
mod explain;
mod lines;
mod refusals;
mod screen;

pub use chat::NOTIFICATION_COLUMNS_MAX;
pub use refusals::Refused;

/// The connection.
impl Texts {
    /// Why there is no connection, and what can be done about it.
    #[must_use]
    pub fn unreachable(self, error: &LinkError, server: &Visible) -> Visible {
        match error {
            LinkError::UnknownHost => say!(
                self,
                "no se encuentra el servidor {server}: nadie conoce ese nombre. Revise cómo está escrito o use su dirección IP",
                "cannot find the server {server}: nobody knows that name. Check its spelling or use its IP address"
            ),
            LinkError::Refused => say!(
                self,
                "nadie atiende en {server} (conexión rechazada). Revise la dirección y el puerto, y que el servidor esté en marcha",
                "nobody answers at {server} (connection refused). Check the address and the port, and that the server is running"
            ),
            LinkError::TimedOut => say!(
                self,
                "{server} no responde (tiempo agotado). Revise la dirección, la red y el cortafuegos",
                "{server} does not answer (timed out). Check the address, the network and the firewall"
            ),
            LinkError::Unreachable => say!(
                self,
                "no hay camino hasta {server}. Revise la dirección y la conexión a la red",
                "there is no route to {server}. Check the address and the network connection"
            ),
            LinkError::NotChat => say!(
                self,
                "lo que responde en {server} no es un servidor de este chat. Revise el puerto",
                "what answers at {server} is not a server of this chat. Check the port"
            ),
            LinkError::Full => say!(
                self,
                "el servidor {server} está lleno. Intente de nuevo en un momento",
                "the server {server} is full. Try again in a moment"
            ),
            LinkError::TooMany => say!(
                self,
                "{server} rechaza la conexión: demasiadas conexiones o intentos desde esta dirección (HTTP 429). Cierre otras o espere un minuto",
                "{server} refuses the connection: too many connections or attempts from this address (HTTP 429). Close others or wait a minute"
            ),
            LinkError::Closed { code, reason } => {
                let why = self.closed(*code, reason);
                say!(
                    self,
                    "{server}: {why}. Intente de nuevo en un momento",
                    "{server}: {why}. Try again in a moment"
                )
            }
            LinkError::Lost => say!(
                self,
                "se cortó la conexión con {server}. Intente de nuevo en un momento",
                "the connection to {server} broke. Try again in a moment"
            ),
            LinkError::Silent => say!(
                self,
                "{server} dejó de responder. Intente de nuevo en un momento",
                "{server} stopped answering. Try again in a moment"
            ),
        }
    }

    /// The same in a few words, for a connection that will be tried again.
    #[must_use]
    pub fn lost(self, error: &LinkError) -> Visible {
        match error {
            LinkError::Full => say!(self, "el servidor está lleno", "the server is full"),
            LinkError::TooMany => say!(
                self,
                "demasiadas conexiones o intentos desde esta dirección (HTTP 429)",
                "too many connections or attempts from this address (HTTP 429)"
            ),
            LinkError::Closed { code, reason } => self.closed(*code, reason),
            LinkError::Lost => say!(self, "se cortó la conexión", "the connection broke"),
            LinkError::Silent => say!(self, "el servidor dejó de responder", "the server stopped answering"),
            LinkError::UnknownHost => say!(self, "no se encuentra el servidor", "the server cannot be found"),
            LinkError::Refused => say!(self, "nadie atiende en el servidor", "nobody answers at the server"),
            LinkError::TimedOut => say!(self, "el servidor no responde", "the server does not answer"),
            LinkError::Unreachable => {
                say!(self, "no hay camino hasta el servidor", "there is no route to the server")
            }
            LinkError::NotChat => {
                say!(self, "lo que responde no es este chat", "what answers is not this chat")
            }
        }
    }

    /// The server closed the connection. Its reasons are English, so they stand beside our words only where
    /// those do not say it.
    fn closed(self, code: Option<u16>, reason: &Visible) -> Visible {
        let (known, words) = match code {
            Some(1001) => (true, say!(self, "el servidor se apaga", "the server is shutting down")),
            Some(1003) => (
                true,
                say!(
                    self,
                    "el servidor no entendió lo enviado",
                    "the server did not understand what was sent"
                ),
            ),
            Some(1008) => (
                true,
                say!(
                    self,
                    "el servidor cerró la conexión por faltar a sus reglas",
                    "the server closed the connection for a breach of its rules"
                ),
            ),
            Some(1009) => (
                true,
                say!(
                    self,
                    "el servidor cerró la conexión por un mensaje demasiado grande",
                    "the server closed the connection for a message that was too big"
                ),
            ),
            _ => (false, say!(self, "el servidor cerró la conexión", "the server closed the connection")),
        };
        if reason.is_empty() || (known && self.0 == Lang::Spanish) {
            return words;
        }
        sanitize_line(&format!("{words} ({reason})"))
    }

    /// The connection fell; messages may be unconfirmed.
    #[must_use]
    pub fn fell(self, error: &LinkError, unconfirmed: usize) -> Visible {
        let why = self.lost(error);
        match unconfirmed {
            0 => say!(
                self,
                "{why}; se reintenta sin cerrar el chat",
                "{why}; trying again, the chat stays open"
            ),
            1 => say!(
                self,
                "{why}; 1 mensaje quedó sin confirmar (en su conversación, /reenviar lo repite)",
                "{why}; 1 message is unconfirmed (/resend in its conversation repeats it)"
            ),
            n => say!(
                self,
                "{why}; {n} mensajes quedaron sin confirmar (en su conversación, /reenviar los repite)",
                "{why}; {n} messages are unconfirmed (/resend in their conversation repeats them)"
            ),
        }
    }

    /// Whoever answered a try refused it; the next one comes in so many seconds.
    #[must_use]
    pub fn refused_again(self, error: &LinkError, seconds: u64) -> Visible {
        let why = self.lost(error);
        say!(self, "{why}; próximo intento en {seconds} s", "{why}; next try in {seconds} s")
    }

    /// The own name was refused while connecting again.
    #[must_use]
    pub fn ghost(self, sentence: &Visible) -> Visible {
        say!(
            self,
            "{sentence} (puede ser la conexión anterior; se reintenta durante un minuto)",
            "{sentence} (it may be the connection before; trying for a minute)"
        )
    }

    /// No more tries.
    #[must_use]
    pub fn gave_up(self, sentence: &Visible) -> Visible {
        say!(
            self,
            "{sentence}. Ya no se reintenta: /reconectar para volver a intentarlo, /salir para terminar",
            "{sentence}. No more tries: /reconnect to try again, /quit to leave"
        )
    }

    /// The chat goes on.
    #[must_use]
    pub fn back_online(self, name: &Visible) -> Visible {
        say!(self, "conectado de nuevo como {name}", "connected again as {name}")
    }

    /// The screen needs a terminal that cannot be had.
    #[must_use]
    pub fn no_terminal(self) -> Visible {
        say!(
            self,
            "no hay terminal para la pantalla: se sigue línea por línea, como con --simple",
            "there is no terminal for the screen: going on line by line, as with --simple"
        )
    }

    /// The system failed the program.
    #[must_use]
    pub fn failed(self, error: &Visible) -> Visible {
        say!(self, "el sistema falló: {error}", "the system failed: {error}")
    }

    /// Words for the status bar.
    #[must_use]
    pub fn online(self) -> Visible {
        say!(self, "conectado", "connected")
    }

    /// Words for the status bar.
    #[must_use]
    pub fn connecting(self) -> Visible {
        say!(self, "conectando...", "connecting...")
    }

    /// Words for the status bar.
    #[must_use]
    pub fn registering(self) -> Visible {
        say!(self, "registrando...", "registering...")
    }

    /// Words for the status bar, with the true time left.
    #[must_use]
    pub fn retry_in(self, seconds: u64) -> Visible {
        say!(self, "sin conexión, reintento en {seconds} s", "offline, retry in {seconds} s")
    }

    /// Words for the status bar.
    #[must_use]
    pub fn offline(self) -> Visible {
        say!(self, "sin conexión", "offline")
    }

    /// Words for the status bar.
    #[must_use]
    pub fn leaving(self) -> Visible {
        say!(self, "saliendo...", "leaving...")
    }

    /// Nothing can be sent now.
    #[must_use]
    pub fn not_sent_offline(self) -> Visible {
        say!(self, "sin conexión: no se envió, sigue aquí", "offline: not sent, it stays here")
    }

    /// Too much is unanswered.
    #[must_use]
    pub fn too_many_pending(self) -> Visible {
        say!(
            self,
            "el servidor aún no responde: no se envió, sigue aquí",
            "the server has not answered yet: not sent, it stays here"
        )
    }

    /// The start, on the normal screen.
    #[must_use]
    pub fn starting(self, server: &Visible) -> Visible {
        say!(
            self,
            "Conectando con {server}... (Ctrl-C cancela)",
            "Connecting to {server}... (Ctrl-C cancels)"
        )
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::command::CommandError;

    #[test]
    fn a_wrong_status_is_refused_in_the_agreed_words() {
        let error = CommandError::Status("libre".into());
        let sentence = Texts(Lang::Spanish).command_error(&error);
        assert_eq!(sentence.as_str(), "estado no válido: libre (ACTIVO, OCUPADO o INACTIVO)");
    }

    #[test]
    fn days_are_named_in_the_language() {
        let at = DateTime::parse_from_rfc3339("2025-03-17T10:00:00-06:00").unwrap();
        assert_eq!(Texts(Lang::Spanish).day(at).as_str(), "lunes 17 mar 2025");
        assert_eq!(Texts(Lang::English).day(at).as_str(), "Monday 17 Mar 2025");
    }

    #[test]
    fn the_help_takes_one_row_a_line_on_the_usual_terminal() {
        for lang in [Lang::Spanish, Lang::English] {
            let width = crate::geometry::Geometry::new(80, 24, crate::geometry::Panel::Auto).text_width();
            for line in Texts(lang).help().as_str().lines() {
                assert!(crate::sanitize::columns(line) <= width.row - width.head, "{line}");
            }
        }
    }
}
