//! Texts about what happens in the chat: who comes and goes, statuses, answers, pointers.

use chat_protocol::{Lang, Status, UserName};

use super::Texts;
use crate::sanitize::{Visible, sanitize, sanitize_line};

/// What happens in the chat.
impl Texts {
    /// A user came.
    #[must_use]
    pub fn joined(self, name: &Visible) -> Visible {
        say!(self, "{name} ha entrado", "{name} has joined")
    }

    /// A user left.
    #[must_use]
    pub fn left(self, name: &Visible) -> Visible {
        say!(self, "{name} ha salido", "{name} has left")
    }

    /// A user's status is another.
    #[must_use]
    pub fn status_of(self, name: &Visible, status: Status, by_server: bool) -> Visible {
        match by_server {
            true => say!(
                self,
                "{name} está {status} (asignado por el servidor)",
                "{name} is {status} (assigned by the server)"
            ),
            false => say!(self, "{name} está {status}", "{name} is {status}"),
        }
    }

    /// The own status is another.
    #[must_use]
    pub fn own_status(self, status: Status) -> Visible {
        say!(self, "su estado es {status}", "your status is {status}")
    }

    /// The server assigned INACTIVO.
    #[must_use]
    pub fn own_status_idle(self, status: Status) -> Visible {
        say!(
            self,
            "su estado es {status}: el servidor lo asignó por inactividad; con el próximo mensaje vuelve el anterior",
            "your status is {status}: the server assigned it for inactivity; your next message brings back the former"
        )
    }

    /// The server assigned the first status again, since the connection is a new one; the user had chosen another.
    #[must_use]
    pub fn own_status_anew(self, status: Status, chosen: Status) -> Visible {
        say!(
            self,
            "su estado es {status}, que el servidor asigna al conectar; había elegido {chosen} (/estado {chosen} lo pide)",
            "your status is {status}, which the server assigns on connecting; you had chosen {chosen} (/status {chosen} asks for it)"
        )
    }

    /// The server brought the status back.
    #[must_use]
    pub fn own_status_back(self, status: Status) -> Visible {
        say!(self, "su estado vuelve a ser {status}", "your status is {status} again")
    }

    /// A status is asked for and not assigned.
    #[must_use]
    pub fn asking(self, status: Status) -> Visible {
        say!(self, "pidiendo {status}", "asking for {status}")
    }

    /// The list of users; `more` of them are not named.
    #[must_use]
    pub fn users(self, count: usize, names: &str, more: usize) -> Visible {
        match more {
            0 => say!(self, "Usuarios ({count}): {names}", "Users ({count}): {names}"),
            _ => say!(
                self,
                "Usuarios ({count}): {names} y {more} más",
                "Users ({count}): {names} and {more} more"
            ),
        }
    }

    /// What is known of a user.
    #[must_use]
    pub fn info(self, name: &Visible, ip: &Visible, status: Status) -> Visible {
        say!(self, "{name}: IP {ip}, estado {status}", "{name}: IP {ip}, status {status}")
    }

    /// A private message waits in another conversation, where this key or command leads.
    #[must_use]
    pub fn private_from(self, name: &Visible, way: &Visible) -> Visible {
        say!(self, "privado de {name}, {way} para leerlo", "private from {name}, {way} to read it")
    }

    /// An own private message stands in another conversation, where this key or command leads.
    #[must_use]
    pub fn private_to(self, name: &Visible, way: &Visible) -> Visible {
        say!(self, "privado para {name}, {way} para verlo", "private to {name}, {way} to see it")
    }

    /// The command that shows the conversation with a user: with the whole name and without a mark, or it would not
    /// do.
    #[must_use]
    pub fn view_command(self, peer: &UserName) -> Visible {
        say!(self, "/ver {peer}", "/view {peer}")
    }

    /// What the desktop is told, where only this line is seen.
    #[must_use]
    pub fn notification(self, private: bool, by: &Visible, text: &Visible) -> Visible {
        let text = match private {
            true => say!(self, "privado de {by}: {text}", "private from {by}: {text}"),
            false => sanitize_line(&format!("{by}: {text}")),
        };
        text.cut(NOTIFICATION_COLUMNS_MAX)
    }

    /// Somebody whose name cannot be shown.
    #[must_use]
    pub fn invalid_name(self) -> Visible {
        say!(self, "<nombre inválido>", "<invalid name>")
    }

    /// A private message of somebody who cannot be answered.
    #[must_use]
    pub fn private_of_nobody(self, text: &Visible) -> Visible {
        sanitize(&format!("{}: {text}", self.0.pick("privado", "private")))
    }

    /// A frame that is no message of this protocol.
    #[must_use]
    pub fn not_understood(self) -> Visible {
        say!(
            self,
            "el servidor envió algo que este programa no entiende",
            "the server sent something that this program does not understand"
        )
    }
}

/// Columns of a notification; the desktop cuts longer ones anyway.
pub const NOTIFICATION_COLUMNS_MAX: usize = 80;
