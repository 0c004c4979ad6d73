//! Texts about what the user typed: what is wrong with a line, and the help.

use chat_protocol::{Lang, NameError, TextError};

use super::Texts;
use crate::command::CommandError;
use crate::sanitize::{Visible, sanitize, sanitize_line};

/// The lines of the user.
impl Texts {
    /// A line that means nothing.
    #[must_use]
    pub fn command_error(self, error: &CommandError) -> Visible {
        match error {
            CommandError::Unknown { word, nearest: Some(nearest) } => say!(
                self,
                "{word} no existe; ¿quiso decir {nearest}? No se envió. Para enviar texto con / escriba //",
                "there is no {word}; did you mean {nearest}? Not sent. To send text with / write //"
            ),
            CommandError::Unknown { word, nearest: None } => say!(
                self,
                "{word} no existe; vea /ayuda. No se envió. Para enviar texto con / escriba //",
                "there is no {word}; see /help. Not sent. To send text with / write //"
            ),
            CommandError::Status(word) => {
                say!(
                    self,
                    "estado no válido: {word} (ACTIVO, OCUPADO o INACTIVO)",
                    "invalid status: {word} (ACTIVO, OCUPADO or INACTIVO)"
                )
            }
            CommandError::Name(word) => say!(
                self,
                "«{word}» no puede ser un usuario: letras, números, _ - . y nada más",
                "\"{word}\" cannot be a user: letters, numbers, _ - . and nothing else"
            ),
            CommandError::Usage(usage) => {
                let usage = self.0.pick(usage.spanish, usage.english);
                say!(self, "falta algo: {usage}", "something is missing: {usage}")
            }
        }
    }

    /// A text that cannot be sent.
    #[must_use]
    pub fn text_error(self, error: TextError) -> Visible {
        match error {
            TextError::Blank => say!(self, "no hay nada que enviar", "there is nothing to send"),
            TextError::TooLong { bytes, max } => {
                say!(
                    self,
                    "el mensaje tiene {bytes} bytes y el máximo es {max}: acórtelo o divídalo",
                    "the message has {bytes} bytes and the most is {max}: shorten or divide it"
                )
            }
            TextError::Control(_) => {
                say!(
                    self,
                    "el mensaje tiene un carácter de control: bórrelo",
                    "the message has a control character: delete it"
                )
            }
        }
    }

    /// A name that cannot be a user's: for the command line.
    #[must_use]
    pub fn name_error(self, error: NameError) -> &'static str {
        match error {
            NameError::Empty => {
                self.0.pick("un nombre tiene al menos una letra", "a name has at least one letter")
            }
            NameError::TooLong => {
                self.0.pick("un nombre tiene hasta 32 caracteres", "a name has up to 32 characters")
            }
            NameError::Character(_) => self.0.pick(
                "un nombre tiene letras, números, _ - . y nada más",
                "a name has letters, numbers, _ - . and nothing else",
            ),
            NameError::Reserved => self.0.pick("ese nombre es del servidor", "that name is the server's"),
        }
    }

    /// Leaving needs a second key.
    #[must_use]
    pub fn again_to_leave(self) -> Visible {
        say!(self, "otra vez Ctrl-C para salir", "Ctrl-C again to leave")
    }

    /// The general chat cannot be closed.
    #[must_use]
    pub fn cannot_close(self) -> Visible {
        say!(self, "el chat general no se cierra", "the general chat cannot be closed")
    }

    /// A paste that the line cannot hold.
    #[must_use]
    pub fn paste_too_long(self) -> Visible {
        say!(
            self,
            "lo pegado no cabe: una línea tiene hasta 64 KiB",
            "the paste does not fit: a line has up to 64 KiB"
        )
    }

    /// Nothing to do.
    #[must_use]
    pub fn already_online(self) -> Visible {
        say!(self, "ya hay conexión", "already connected")
    }

    /// No message that may be sent again.
    #[must_use]
    pub fn nothing_to_resend(self) -> Visible {
        say!(self, "aquí no hay nada que reenviar", "there is nothing to resend here")
    }

    /// More messages may be sent again than go at once.
    #[must_use]
    pub fn left_to_resend(self, count: usize) -> Visible {
        say!(self, "quedan {count}: /reenviar otra vez", "{count} left: /resend again")
    }

    /// No unread conversation.
    #[must_use]
    pub fn nothing_unread(self) -> Visible {
        say!(self, "nada sin leer", "nothing unread")
    }

    /// What can be done here.
    #[must_use]
    pub fn help(self) -> Visible {
        sanitize(self.0.pick(HELP_SPANISH, HELP_ENGLISH))
    }
}

const HELP_SPANISH: &str = "\
texto: va a quien nombra el indicador
@ana hola: privado (o /msg ana hola)
/estado ACTIVO|OCUPADO|INACTIVO
/usuarios: quién está; /info ana: su IP
/ver ana, /ver, /cerrar: conversaciones
/limpiar /reconectar /reenviar /salir
//x envía «/x»; @@x envía «@x»
Alt-1..9: conversación; Alt-a: sin leer
RePág AvPág Esc: mover; Alt-Izq/Der: otra
Tab: completar; Arriba/Abajo: historial
F2: usuarios; Alt-Intro: otra línea
Ctrl-A E W U K Y: editar; Ctrl-Z: parar";

const HELP_ENGLISH: &str = "\
text: goes to whom the prompt names
@ana hello: private (also /msg ana hello)
/status ACTIVO|OCUPADO|INACTIVO
/users: who is here; /info ana: their IP
/view ana, /view, /close: conversations
/clear /reconnect /resend /quit
//x sends \"/x\"; @@x sends \"@x\"
Alt-1..9: conversation; Alt-a: unread
PgUp PgDn Esc: move; Alt-Left/Right: next
Tab: complete; Up/Down: history
F2: users; Alt-Enter: another line
Ctrl-A E W U K Y: edit; Ctrl-Z: suspend";
