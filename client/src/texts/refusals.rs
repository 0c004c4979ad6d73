//! What an error of the server says, in the client's language: its code is known, its sentence is in the
//! server's language. Codes that only a faulty program can cause keep the sentence.

use chat_protocol::{ErrorCode, Lang, UserName};

use super::Texts;
use crate::sanitize::{Visible, sanitize_line, sanitize_name};

/// What was refused, as far as a sentence needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused<'a> {
    /// The registration under this name.
    Registration(&'a UserName),
    /// A message of so many bytes, to one user or to all.
    Message {
        /// To whom.
        target: Option<&'a UserName>,
        /// Bytes of its text.
        bytes: usize,
        /// The most that the server takes, if it named them.
        max: Option<usize>,
    },
    /// The question about a user.
    Question(&'a UserName),
    /// Anything else.
    Other,
}

impl Texts {
    /// The words for a code, or the server's sentence.
    #[must_use]
    pub fn refusal(self, code: Option<ErrorCode>, refused: Refused<'_>, sentence: Visible) -> Visible {
        use ErrorCode as C;
        match (code, refused) {
            (Some(C::UserNotFound), Refused::Message { target: Some(target), .. }) => {
                let name = sanitize_name(target.as_str()).cut(NAME_COLUMNS_MAX);
                say!(
                    self,
                    "{name} no está conectado; el mensaje no se envió",
                    "{name} is not connected; the message was not sent"
                )
            }
            (Some(C::UserNotFound), Refused::Question(target)) => {
                let name = sanitize_name(target.as_str()).cut(NAME_COLUMNS_MAX);
                say!(
                    self,
                    "{name} no está conectado; /usuarios dice quién está",
                    "{name} is not connected; /users says who is"
                )
            }
            (Some(C::ContentTooLong), Refused::Message { bytes, max: Some(max), .. }) => {
                self.longer_than_the_server_takes(bytes, max)
            }
            (Some(C::ContentTooLong), Refused::Message { bytes, max: None, .. }) => say!(
                self,
                "el mensaje tiene {bytes} bytes, más de los que acepta el servidor: acórtelo o divídalo",
                "the message has {bytes} bytes, more than the server takes: shorten or divide it"
            ),
            (Some(C::ContentInvalid), Refused::Message { .. }) => say!(
                self,
                "el servidor no acepta ese texto: está vacío o tiene caracteres de control",
                "the server does not take that text: it is blank or has control characters"
            ),
            (Some(C::RateLimited), _) => say!(
                self,
                "va demasiado rápido: esto no se envió; espere un momento",
                "too fast: this was not sent; wait a moment"
            ),
            (Some(C::StatusInvalid), _) => {
                say!(self, "el servidor no acepta ese estado", "the server does not take that status")
            }
            (Some(C::NameTaken), Refused::Registration(name)) => {
                let name = sanitize_name(name.as_str());
                say!(
                    self,
                    "el nombre {name} ya está en uso; elija otro",
                    "the name {name} is in use; choose another"
                )
            }
            (Some(C::NameReserved), Refused::Registration(name)) => {
                let name = sanitize_name(name.as_str());
                say!(
                    self,
                    "el nombre {name} está reservado; elija otro",
                    "the name {name} is reserved; choose another"
                )
            }
            (Some(C::NameInvalid), Refused::Registration(name)) => {
                let name = sanitize_name(name.as_str());
                say!(
                    self,
                    "el servidor no acepta el nombre {name}; elija otro",
                    "the server does not take the name {name}; choose another"
                )
            }
            (Some(C::AddressTaken), _) => say!(
                self,
                "desde esta dirección IP ya hay tantos usuarios como el servidor permite; quien lo administra puede permitir más con --per-ip",
                "there are as many users from this IP address as the server allows; whoever runs it can allow more with --per-ip"
            ),
            (Some(C::ServerFull), _) => {
                say!(self, "el servidor está lleno; intente más tarde", "the server is full; try again later")
            }
            _ => sentence,
        }
    }
}

const NAME_COLUMNS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_is_said_in_the_clients_language_and_any_other_keeps_the_servers_sentence() {
        let zoe = UserName::parse("zoe").unwrap();
        let to_zoe = Refused::Message { target: Some(&zoe), bytes: 5_000, max: None };
        let cases = [
            (Some(ErrorCode::UserNotFound), to_zoe, "zoe no está conectado; el mensaje no se envió"),
            (Some(ErrorCode::UserNotFound), Refused::Other, "their words"),
            (
                Some(ErrorCode::ContentTooLong),
                to_zoe,
                "el mensaje tiene 5000 bytes, más de los que acepta el servidor: acórtelo o divídalo",
            ),
            (
                Some(ErrorCode::ContentTooLong),
                Refused::Message { target: None, bytes: 5_000, max: Some(4_096) },
                "el mensaje tiene 5000 bytes y el servidor acepta 4096: acórtelo o divídalo",
            ),
            (
                Some(ErrorCode::NameTaken),
                Refused::Registration(&zoe),
                "el nombre zoe ya está en uso; elija otro",
            ),
            (Some(ErrorCode::SenderMismatch), to_zoe, "their words"),
            (None, to_zoe, "their words"),
        ];
        for (code, refused, words) in cases {
            let said = Texts(Lang::Spanish).refusal(code, refused, sanitize_line("their words"));
            assert_eq!(said.as_str(), words, "{code:?}");
        }
    }

    #[test]
    fn what_people_can_cause_has_words_in_both_languages() {
        let zoe = UserName::parse("zoe").unwrap();
        let message = Refused::Message { target: Some(&zoe), bytes: 9, max: Some(8) };
        let registration = Refused::Registration(&zoe);
        for (code, refused) in [
            (ErrorCode::UserNotFound, message),
            (ErrorCode::UserNotFound, Refused::Question(&zoe)),
            (ErrorCode::ContentTooLong, message),
            (ErrorCode::ContentInvalid, message),
            (ErrorCode::RateLimited, Refused::Other),
            (ErrorCode::StatusInvalid, Refused::Other),
            (ErrorCode::NameTaken, registration),
            (ErrorCode::NameReserved, registration),
            (ErrorCode::NameInvalid, registration),
            (ErrorCode::AddressTaken, registration),
            (ErrorCode::ServerFull, registration),
        ] {
            let said = |lang| Texts(lang).refusal(Some(code), refused, Visible::default());
            let (spanish, english) = (said(Lang::Spanish), said(Lang::English));
            assert!(!spanish.is_empty() && !english.is_empty() && spanish != english, "{code}");
        }
    }
}
