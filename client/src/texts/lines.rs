//! Texts about what the user typed: what is wrong with a line, and the help.

use chat_protocol::{Lang, NameError, TextError, UserName};

use super::Texts;
use crate::command::{self, CommandError};
use crate::sanitize::{Visible, sanitize, sanitize_line};
use crate::state::KeyWords;

/// The lines of the user.
impl Texts {
    /// A line that means nothing.
    #[must_use]
    pub fn command_error(self, error: &CommandError) -> Visible {
        match error {
            CommandError::Unknown(word) => match command::nearest(word, self.0) {
                Some(nearest) => say!(
                    self,
                    "{word} no existe; ¿quiso decir {nearest}? No se envió. Para enviar texto con / escriba //",
                    "there is no {word}; did you mean {nearest}? Not sent. To send text with / write //"
                ),
                None => say!(
                    self,
                    "{word} no existe; vea /ayuda. No se envió. Para enviar texto con / escriba //",
                    "there is no {word}; see /help. Not sent. To send text with / write //"
                ),
            },
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
            CommandError::Alone(word) => say!(
                self,
                "{word} se escribe solo, sin nada más; no se hizo nada",
                "{word} is written alone, with nothing after it; nothing was done"
            ),
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

    /// A text that is longer than the server said it takes.
    #[must_use]
    pub fn longer_than_the_server_takes(self, bytes: usize, max: usize) -> Visible {
        say!(
            self,
            "el mensaje tiene {bytes} bytes y el servidor acepta {max}: acórtelo o divídalo",
            "the message has {bytes} bytes and the server takes {max}: shorten or divide it"
        )
    }

    /// A text that no message holds; what the server takes is not known.
    #[must_use]
    pub fn longer_than_a_message(self, bytes: usize, max: usize) -> Visible {
        say!(
            self,
            "el mensaje tiene {bytes} bytes y en un envío caben {max} de ese texto; el servidor puede aceptar menos: divídalo",
            "the message has {bytes} bytes, and of that text {max} can be sent at once; the server may take less: divide it"
        )
    }

    /// A line of standard input that was not taken in whole.
    #[must_use]
    pub fn line_too_long(self, bytes: usize, max: usize) -> Visible {
        say!(
            self,
            "la línea tiene {bytes} bytes y el máximo es {max}: divídala",
            "the line has {bytes} bytes and the most is {max}: divide it"
        )
    }

    /// The line being written holds no more.
    #[must_use]
    pub fn line_full(self) -> Visible {
        say!(self, "la línea está llena: hasta 64 KiB", "the line is full: up to 64 KiB")
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
    pub fn again_to_leave(self, key: &Visible) -> Visible {
        say!(self, "otra vez {key} para salir", "{key} again to leave")
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

    /// Control characters of a paste were left out.
    #[must_use]
    pub fn controls_dropped(self, count: usize) -> Visible {
        match count {
            1 => say!(
                self,
                "se quitó 1 carácter de control de lo pegado",
                "1 control character was left out of the paste"
            ),
            _ => say!(
                self,
                "se quitaron {count} caracteres de control de lo pegado",
                "{count} control characters were left out of the paste"
            ),
        }
    }

    /// What is asked about several lines: the longest form that fits into so many columns. The shortest one is the
    /// answer's keys, and cut if even those have no room.
    #[must_use]
    pub fn paste_question(self, lines: usize, room: usize, keys: &KeyWords) -> Visible {
        let KeyWords { send, line_break, escape, .. } = keys;
        let whole = say!(
            self,
            "Pegar {lines} líneas: {send} una sola / {line_break} por separado / {escape}",
            "Paste {lines} lines: {send} as one / {line_break} one by one / {escape}"
        );
        let answers = self.paste_answers(keys);
        let short = say!(self, "{lines} líneas: {answers}", "{lines} lines: {answers}");
        [whole, short].into_iter().find(|form| form.columns() <= room).unwrap_or_else(|| answers.cut(room))
    }

    /// The keys that answer it: as one, one by one, not at all.
    #[must_use]
    pub fn paste_answers(self, keys: &KeyWords) -> Visible {
        let KeyWords { send, line_break, escape, .. } = keys;
        sanitize_line(&format!("{send}/{line_break}/{escape}"))
    }

    /// What it is about, where only its keys have room.
    #[must_use]
    pub fn paste_for(self, lines: usize, target: &str) -> Visible {
        say!(self, "{lines} líneas a {target}", "{lines} lines to {target}")
    }

    /// More was pasted before the question was answered.
    #[must_use]
    pub fn paste_joined(self, lines: usize) -> Visible {
        say!(
            self,
            "lo pegado ahora se sumó: son {lines} líneas",
            "the new paste was added: {lines} lines now"
        )
    }

    /// A key that is no answer to the question about a paste.
    #[must_use]
    pub fn answer_first(self) -> Visible {
        say!(self, "responda sobre lo pegado", "answer about the paste")
    }

    /// The paste was dropped.
    #[must_use]
    pub fn nothing_pasted(self) -> Visible {
        say!(self, "no se pegó nada", "nothing was pasted")
    }

    /// Too many lines to send them one by one.
    #[must_use]
    pub fn too_many_lines(self, max: usize, key: &Visible) -> Visible {
        say!(
            self,
            "por separado, hasta {max} líneas; {key}: en una sola",
            "one by one, up to {max} lines; {key}: as one"
        )
    }

    /// The prompt of a search: which one is shown, of how many, once there is something to look for.
    #[must_use]
    pub fn search_prompt(self, position: Option<(usize, usize)>) -> Visible {
        match position {
            None => say!(self, "buscar", "search"),
            Some((at, of)) => say!(self, "buscar {at}/{of}", "search {at}/{of}"),
        }
    }

    /// More than can be looked for.
    #[must_use]
    pub fn query_too_long(self, bytes: usize, max: usize) -> Visible {
        say!(
            self,
            "{bytes} bytes es buscar demasiado: el máximo es {max}",
            "{bytes} bytes are too many to search for: the most is {max}"
        )
    }

    /// Nothing fits.
    #[must_use]
    pub fn not_found(self) -> Visible {
        say!(self, "no se encontró nada", "nothing was found")
    }

    /// A user, as shown and as the command takes the name, is not heard any more.
    #[must_use]
    pub fn ignoring(self, shown: &Visible, name: &UserName) -> Visible {
        say!(
            self,
            "ya no se muestra lo que diga {shown}; /ignorar {name} otra vez lo deshace",
            "what {shown} says is not shown any more; /ignore {name} again undoes it"
        )
    }

    /// A user is heard again.
    #[must_use]
    pub fn hearing(self, name: &Visible) -> Visible {
        say!(self, "se muestra otra vez lo que diga {name}", "what {name} says is shown again")
    }

    /// Who is not heard.
    #[must_use]
    pub fn ignored(self, names: &str) -> Visible {
        match names {
            "" => say!(self, "no se ignora a nadie", "nobody is ignored"),
            names => say!(self, "ignorados: {names}", "ignored: {names}"),
        }
    }

    /// No more users can be ignored.
    #[must_use]
    pub fn ignored_full(self) -> Visible {
        say!(
            self,
            "ya se ignora a demasiados: quite a alguien antes",
            "too many are ignored: take one out first"
        )
    }

    /// Everybody hears oneself.
    #[must_use]
    pub fn cannot_ignore_oneself(self) -> Visible {
        say!(self, "a uno mismo no se le ignora", "you cannot ignore yourself")
    }

    /// Nothing to do.
    #[must_use]
    pub fn already_online(self) -> Visible {
        say!(self, "ya hay conexión", "already connected")
    }

    /// It is being done.
    #[must_use]
    pub fn already_connecting(self) -> Visible {
        say!(self, "ya se está conectando", "already connecting")
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
/buscar (Ctrl-R); /ignorar ana; /limpiar
/reconectar /reenviar /ayuda (F1) /salir
//x envía «/x»; @@x envía «@x»
Alt-1..9: conversación; Alt-a: sin leer
RePág AvPág Esc: mover; Alt-Izq/Der: otra
Tab: completar; Arriba/Abajo: historial
F2: usuarios; Alt-Intro: otra línea
Ctrl-A E W U K Y: editar; Ctrl-Z: parar
(?)ana: nombre que mezcla alfabetos";

const HELP_ENGLISH: &str = "\
text: goes to whom the prompt names
@ana hello: private (also /msg ana hello)
/status ACTIVO|OCUPADO|INACTIVO
/users: who is here; /info ana: their IP
/view ana, /view, /close: conversations
/search (Ctrl-R); /ignore ana; /clear
/reconnect /resend /help (F1) /quit
//x sends \"/x\"; @@x sends \"@x\"
Alt-1..9: conversation; Alt-a: unread
PgUp PgDn Esc: move; Alt-Left/Right: next
Tab: complete; Up/Down: history
F2: users; Alt-Enter: another line
Ctrl-A E W U K Y: edit; Ctrl-Z: suspend
(?)ana: a name that mixes alphabets";
