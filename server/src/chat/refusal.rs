//! Why a request is refused: each with its code for programs and its sentence for people, which names the user
//! or the value it is about and says what to do.

use std::net::IpAddr;
use std::time::Duration;

use chat_protocol::{
    DecodeError, ErrorCode, FieldError, Lang, MessageKind, NameError, TextError, UserName, is_invisible,
    limits,
};

/// Characters of a stranger's value that a sentence repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The text is no message at all.
    Undecodable(DecodeError),
    /// A field is wrong.
    Field(FieldError),
    /// Something else than `register` before registration.
    NotRegistered,
    /// No `register` came in time; the connection is closed after this.
    RegistrationTimedOut {
        /// The time there was.
        time: Duration,
    },
    /// A second `register`.
    AlreadyRegistered(UserName),
    /// The name is in use.
    NameTaken(UserName),
    /// The address has as many users as it may.
    AddressTaken {
        /// The address.
        address: IpAddr,
        /// How many users it may have.
        users_max: u32,
    },
    /// The `sender` is not this connection's user.
    SenderMismatch {
        /// What came, if it was a string.
        given: Option<String>,
        /// Who it is.
        registered: UserName,
    },
    /// The target is not connected.
    UserNotFound {
        /// The target as it was asked for.
        name: String,
        /// Whether a message is lost by it.
        was_message: bool,
    },
    /// More messages than the rate.
    RateLimited {
        /// Messages a second.
        per_second: u32,
    },
    /// As many users as there may be.
    ServerFull {
        /// How many.
        users_max: usize,
    },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Undecodable(DecodeError::Json | DecodeError::TooDeep) => ErrorCode::BadJson,
            Self::Undecodable(DecodeError::Shape) | Self::Field(FieldError::TargetMissing) => {
                ErrorCode::BadMessage
            }
            Self::Undecodable(DecodeError::UnknownType { .. }) => ErrorCode::UnknownType,
            Self::Field(FieldError::Name { error: NameError::Reserved, .. }) => ErrorCode::NameReserved,
            Self::Field(FieldError::Name { .. }) => ErrorCode::NameInvalid,
            Self::Field(FieldError::TargetUnknown(_)) | Self::UserNotFound { .. } => ErrorCode::UserNotFound,
            Self::Field(FieldError::Text(TextError::TooLong { .. })) => ErrorCode::ContentTooLong,
            Self::Field(FieldError::ContentMissing | FieldError::Text(_)) => ErrorCode::ContentInvalid,
            Self::Field(FieldError::Status(_)) => ErrorCode::StatusInvalid,
            Self::NotRegistered | Self::RegistrationTimedOut { .. } => ErrorCode::NotRegistered,
            Self::AlreadyRegistered(_) => ErrorCode::AlreadyRegistered,
            Self::NameTaken(_) => ErrorCode::NameTaken,
            Self::AddressTaken { .. } => ErrorCode::AddressTaken,
            Self::SenderMismatch { .. } => ErrorCode::SenderMismatch,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::ServerFull { .. } => ErrorCode::ServerFull,
        }
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::Spanish => self.spanish(),
            Lang::English => self.english(),
        }
    }

    fn spanish(&self) -> String {
        match self {
            Self::Undecodable(DecodeError::Json) => {
                "el mensaje no es JSON válido; envíe un objeto JSON por trama de texto".into()
            }
            Self::Undecodable(DecodeError::TooDeep) => format!(
                "el JSON está anidado demasiado; envíe un objeto de hasta {} niveles",
                limits::JSON_DEPTH_MAX
            ),
            Self::Undecodable(DecodeError::Shape) => {
                "el mensaje debe ser un objeto JSON con un campo \"type\" de texto y sin claves repetidas"
                    .into()
            }
            Self::Undecodable(DecodeError::UnknownType { kind, .. }) => {
                format!("tipo desconocido: {}; los tipos son {}", shown(kind), kinds())
            }
            Self::Field(FieldError::Name { raw, error }) => match error {
                NameError::Empty => "falta el nombre; envíelo como texto en \"sender\"".into(),
                NameError::Reserved => format!("el nombre {} está reservado; elija otro", shown(raw)),
                NameError::TooLong => {
                    format!(
                        "el nombre {} es muy largo; use hasta {} caracteres",
                        shown(raw),
                        limits::NAME_CHARS_MAX
                    )
                }
                NameError::Character(c) => format!(
                    "el nombre {} no vale por {}; use letras, números, «_», «-» o «.», sin espacios",
                    shown(raw),
                    character(*c)
                ),
            },
            Self::Field(FieldError::TargetMissing) => {
                "falta \"target\", o no es un texto; diga a quién se refiere".into()
            }
            Self::Field(FieldError::TargetUnknown(name)) => {
                format!("{} no está conectado; pida la lista de usuarios", shown(name))
            }
            Self::Field(FieldError::ContentMissing) => {
                "falta \"content\", o no es un texto; envíe ahí el mensaje".into()
            }
            Self::Field(FieldError::Text(TextError::Blank)) => "el mensaje está vacío; escriba algo".into(),
            Self::Field(FieldError::Text(TextError::TooLong { bytes, max })) => {
                format!("el mensaje tiene {bytes} bytes y el máximo es {max}; envíelo en partes")
            }
            Self::Field(FieldError::Text(TextError::Control(c))) => {
                format!(
                    "el mensaje tiene un carácter de control ({}); quítelo y envíelo otra vez",
                    character(*c)
                )
            }
            Self::Field(FieldError::Status(given)) => {
                let given =
                    given.as_deref().map(shown).unwrap_or_else(|| "\"content\" no es un texto".into());
                format!("estado no válido: {given} (ACTIVO, OCUPADO o INACTIVO)")
            }
            Self::NotRegistered => {
                "regístrese primero: envíe \"register\" con su nombre en \"sender\"".into()
            }
            Self::RegistrationTimedOut { time } => {
                format!("no se registró en {} s; conéctese otra vez y envíe \"register\"", time.as_secs_f64())
            }
            Self::AlreadyRegistered(name) => {
                format!("esta conexión ya está registrada como {name}; para otro nombre abra otra conexión")
            }
            Self::NameTaken(name) => format!("el nombre {name} ya está en uso; elija otro"),
            Self::AddressTaken { address, users_max } => format!(
                "la dirección {address} ya tiene el máximo de usuarios ({users_max}); \
                 quien administra el servidor puede permitir más con --per-ip"
            ),
            Self::SenderMismatch { given: Some(given), registered } => format!(
                "\"sender\" dice {}, pero esta conexión es de {registered}; envíe {registered} en \"sender\"",
                shown(given)
            ),
            Self::SenderMismatch { given: None, registered } => {
                format!("falta \"sender\"; esta conexión es de {registered}")
            }
            Self::UserNotFound { name, was_message: true } => {
                format!("{} no está conectado; el mensaje no se envió", shown(name))
            }
            Self::UserNotFound { name, was_message: false } => {
                format!("{} no está conectado; pida la lista de usuarios", shown(name))
            }
            Self::RateLimited { per_second } => {
                format!("va demasiado rápido: esto no se envió; el máximo por segundo es {per_second}")
            }
            Self::ServerFull { users_max } => {
                format!("el servidor está lleno (máximo de usuarios: {users_max}); intente más tarde")
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Undecodable(DecodeError::Json) => {
                "the message is not valid JSON; send one JSON object in each text frame".into()
            }
            Self::Undecodable(DecodeError::TooDeep) => format!(
                "the JSON is nested too deeply; send an object of at most {} levels",
                limits::JSON_DEPTH_MAX
            ),
            Self::Undecodable(DecodeError::Shape) => {
                "the message must be a JSON object with a string \"type\" and no key given twice".into()
            }
            Self::Undecodable(DecodeError::UnknownType { kind, .. }) => {
                format!("unknown type: {}; the types are {}", shown(kind), kinds())
            }
            Self::Field(FieldError::Name { raw, error }) => match error {
                NameError::Empty => "the name is missing; send it as a text in \"sender\"".into(),
                NameError::Reserved => format!("the name {} is reserved; choose another", shown(raw)),
                NameError::TooLong => {
                    format!(
                        "the name {} is too long; use up to {} characters",
                        shown(raw),
                        limits::NAME_CHARS_MAX
                    )
                }
                NameError::Character(c) => format!(
                    "the name {} is not valid because of {}; use letters, numbers, \"_\", \"-\" or \".\", no blanks",
                    shown(raw),
                    character(*c)
                ),
            },
            Self::Field(FieldError::TargetMissing) => {
                "\"target\" is missing or not a text; say whom you mean".into()
            }
            Self::Field(FieldError::TargetUnknown(name)) => {
                format!("{} is not connected; ask for the list of users", shown(name))
            }
            Self::Field(FieldError::ContentMissing) => {
                "\"content\" is missing or not a text; send the message there".into()
            }
            Self::Field(FieldError::Text(TextError::Blank)) => "the message is empty; write something".into(),
            Self::Field(FieldError::Text(TextError::TooLong { bytes, max })) => {
                format!("the message has {bytes} bytes and the maximum is {max}; send it in parts")
            }
            Self::Field(FieldError::Text(TextError::Control(c))) => {
                format!(
                    "the message has a control character ({}); remove it and send it again",
                    character(*c)
                )
            }
            Self::Field(FieldError::Status(given)) => {
                let given = given.as_deref().map(shown).unwrap_or_else(|| "\"content\" is not a text".into());
                format!("not a status: {given} (ACTIVO, OCUPADO or INACTIVO)")
            }
            Self::NotRegistered => "register first: send \"register\" with your name as \"sender\"".into(),
            Self::RegistrationTimedOut { time } => {
                format!("not registered within {} s; connect again and send \"register\"", time.as_secs_f64())
            }
            Self::AlreadyRegistered(name) => {
                format!("this connection is registered as {name}; open another one for another name")
            }
            Self::NameTaken(name) => format!("the name {name} is in use; choose another"),
            Self::AddressTaken { address, users_max } => format!(
                "the address {address} has its maximum of users ({users_max}); \
                 whoever runs the server can allow more with --per-ip"
            ),
            Self::SenderMismatch { given: Some(given), registered } => format!(
                "\"sender\" says {}, but this connection is {registered}'s; send {registered} as \"sender\"",
                shown(given)
            ),
            Self::SenderMismatch { given: None, registered } => {
                format!("\"sender\" is missing; this connection is {registered}'s")
            }
            Self::UserNotFound { name, was_message: true } => {
                format!("{} is not connected; the message was not sent", shown(name))
            }
            Self::UserNotFound { name, was_message: false } => {
                format!("{} is not connected; ask for the list of users", shown(name))
            }
            Self::RateLimited { per_second } => {
                format!("too fast: this was not sent; the maximum a second is {per_second}")
            }
            Self::ServerFull { users_max } => {
                format!("the server is full (maximum of users: {users_max}); try again later")
            }
        }
    }
}

/// A stranger's value as a sentence may show it: cut, and without control or invisible characters.
fn shown(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c })
        .collect();
    if value.chars().nth(SHOWN_CHARS_MAX).is_some() {
        text.push('…');
    }
    text
}

/// A character as people can name it, also where it cannot be seen.
fn character(c: char) -> String {
    if c.is_control() || c.is_whitespace() || is_invisible(c) {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("«{c}» (U+{:04X})", u32::from(c))
    }
}

fn kinds() -> String {
    MessageKind::ALL.map(MessageKind::as_str).join(", ")
}
