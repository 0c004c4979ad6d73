//! What a line means: plain text, a private message or a command. Pure: names, statuses and texts are checked
//! here, and nothing that begins with `/` is ever taken for text by accident.

use chat_protocol::{Lang, Status, UserName};

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Says this in the conversation that is shown.
    Say(String),
    /// Says this to one user.
    Tell {
        /// To whom.
        target: UserName,
        /// What.
        text: String,
    },
    /// Asks for a status.
    SetStatus(Status),
    /// Shows the own status.
    ShowStatus,
    /// Lists the users.
    Users,
    /// Asks about a user; `None` is the peer of the conversation that is shown.
    Info(Option<UserName>),
    /// Shows the help.
    Help,
    /// Leaves.
    Quit,
    /// Shows the conversation with a user; `None` is the general chat.
    View(Option<UserName>),
    /// Closes the conversation that is shown.
    Close,
    /// Empties the conversation that is shown.
    Clear,
    /// Connects again without waiting.
    Reconnect,
    /// Sends again what was not confirmed in the conversation that is shown.
    Resend,
    /// Looks for these words in the conversation that is shown.
    Search(String),
    /// Ignores a user, or hears that user again; `None` lists who is ignored.
    Ignore(Option<UserName>),
}

/// Why a line means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// No such command: the word that was typed. [`nearest`] says which it may have been meant to be.
    Unknown(String),
    /// Not a status.
    Status(String),
    /// Nobody can be called that.
    Name(String),
    /// Something is missing: how the command is written.
    Usage(Usage),
    /// Something follows this command, which takes nothing.
    Alone(&'static str),
}

/// How a command is written, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// In Spanish.
    pub spanish: &'static str,
    /// In English.
    pub english: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Status,
    Users,
    Info,
    Help,
    Quit,
    Tell,
    View,
    Close,
    Clear,
    Reconnect,
    Resend,
    Search,
    Ignore,
}

impl Verb {
    /// Whether the command takes nothing: what follows it was meant for something else, as a peer after `/cerrar`
    /// or a farewell after `/salir`. Whoever asks for help with anything wants help all the same.
    const fn stands_alone(self) -> bool {
        match self {
            Self::Users | Self::Quit | Self::Close | Self::Clear | Self::Reconnect | Self::Resend => true,
            Self::Status
            | Self::Info
            | Self::Help
            | Self::Tell
            | Self::View
            | Self::Search
            | Self::Ignore => false,
        }
    }
}

/// The commands' words in Spanish and in English; the first of each verb is the one that suggestions name.
const WORDS: [&[(&str, Verb)]; 2] = [
    &[
        ("/estado", Verb::Status),
        ("/usuarios", Verb::Users),
        ("/info", Verb::Info),
        ("/msg", Verb::Tell),
        ("/ver", Verb::View),
        ("/cerrar", Verb::Close),
        ("/limpiar", Verb::Clear),
        ("/reconectar", Verb::Reconnect),
        ("/reenviar", Verb::Resend),
        ("/buscar", Verb::Search),
        ("/ignorar", Verb::Ignore),
        ("/ayuda", Verb::Help),
        ("/?", Verb::Help),
        ("/salir", Verb::Quit),
    ],
    &[
        ("/status", Verb::Status),
        ("/users", Verb::Users),
        ("/info", Verb::Info),
        ("/msg", Verb::Tell),
        ("/view", Verb::View),
        ("/close", Verb::Close),
        ("/clear", Verb::Clear),
        ("/reconnect", Verb::Reconnect),
        ("/resend", Verb::Resend),
        ("/search", Verb::Search),
        ("/ignore", Verb::Ignore),
        ("/help", Verb::Help),
        ("/?", Verb::Help),
        ("/quit", Verb::Quit),
        ("/exit", Verb::Quit),
    ],
];

/// The words of both languages, those of this one first. Some are of both.
fn known(lang: Lang) -> impl Iterator<Item = (&'static str, Verb)> {
    let [spanish, english] = WORDS;
    let (own, other) = lang.pick((spanish, english), (english, spanish));
    let only_other = other.iter().filter(move |word| !own.contains(word));
    own.iter().chain(only_other).copied()
}

/// The words of all commands, those of this language first.
pub fn words(lang: Lang) -> impl Iterator<Item = &'static str> {
    known(lang).map(|(word, _)| word)
}

/// Whether the beginning of a line is a sign that makes it something else than text.
#[must_use]
pub fn has_meaning(line: &str) -> bool {
    line.starts_with(['/', '@'])
}

/// Whether the word is a command whose argument is a status.
#[must_use]
pub fn takes_status(word: &str) -> bool {
    verb(word).is_some_and(|(_, verb)| verb == Verb::Status)
}

/// What a line means.
///
/// # Errors
/// [`CommandError`] if it means nothing; it is not sent then.
pub fn parse(line: &str) -> Result<Command, CommandError> {
    if let Some(rest) = line.strip_prefix('/') {
        return if rest.starts_with('/') { Ok(Command::Say(rest.to_owned())) } else { slash(line) };
    }
    if let Some(rest) = line.strip_prefix('@') {
        return if rest.starts_with('@') {
            Ok(Command::Say(rest.to_owned()))
        } else {
            tell(rest, TELL_USAGE)
        };
    }
    Ok(Command::Say(line.to_owned()))
}

fn slash(line: &str) -> Result<Command, CommandError> {
    let (word, rest) = split_word(line);
    let argument = rest.trim();
    let Some((known, verb)) = verb(word) else {
        return Err(CommandError::Unknown(word.to_owned()));
    };
    if verb.stands_alone() && !argument.is_empty() {
        return Err(CommandError::Alone(known));
    }
    match verb {
        Verb::Status if argument.is_empty() => Ok(Command::ShowStatus),
        Verb::Status => status(argument).map(Command::SetStatus),
        Verb::Users => Ok(Command::Users),
        Verb::Info if argument.is_empty() => Ok(Command::Info(None)),
        Verb::Info => name(argument).map(|name| Command::Info(Some(name))),
        Verb::Help => Ok(Command::Help),
        Verb::Quit => Ok(Command::Quit),
        Verb::Tell => tell(rest.trim_start(), MSG_USAGE),
        Verb::View if argument.is_empty() => Ok(Command::View(None)),
        Verb::View => name(argument).map(|name| Command::View(Some(name))),
        Verb::Close => Ok(Command::Close),
        Verb::Clear => Ok(Command::Clear),
        Verb::Reconnect => Ok(Command::Reconnect),
        Verb::Resend => Ok(Command::Resend),
        Verb::Search => Ok(Command::Search(argument.to_owned())),
        Verb::Ignore if argument.is_empty() => Ok(Command::Ignore(None)),
        Verb::Ignore => name(argument).map(|name| Command::Ignore(Some(name))),
    }
}

fn tell(rest: &str, usage: Usage) -> Result<Command, CommandError> {
    let (word, text) = split_word(rest);
    if word.is_empty() || text.trim().is_empty() {
        return Err(CommandError::Usage(usage));
    }
    Ok(Command::Tell { target: name(word)?, text: text.to_owned() })
}

/// A name as people write one: with an `@` before it or a comma or colon behind it.
fn name(word: &str) -> Result<UserName, CommandError> {
    let bare = word.strip_prefix('@').unwrap_or(word).trim_end_matches([',', ':']);
    UserName::parse(bare).map_err(|_| CommandError::Name(bare.to_owned()))
}

fn status(word: &str) -> Result<Status, CommandError> {
    Status::from_wire(&word.to_uppercase()).map_err(|_| CommandError::Status(word.to_owned()))
}

fn verb(word: &str) -> Option<(&'static str, Verb)> {
    let word = word.to_lowercase();
    known(Lang::default()).find(|(known, _)| *known == word)
}

/// The first word, and what follows it after one blank: more blanks belong to the text.
fn split_word(line: &str) -> (&str, &str) {
    match line.find(char::is_whitespace) {
        Some(at) => {
            let blank = line[at..].chars().next().map_or(0, char::len_utf8);
            (&line[..at], &line[at + blank..])
        }
        None => (line, ""),
    }
}

/// The command that a word may have been meant to be, in this language: the one with the fewest changes to the word,
/// if they are few for its length. A word of the other language that was almost typed stands for the same command.
#[must_use]
pub fn nearest(word: &str, lang: Lang) -> Option<&'static str> {
    let word: String = word.to_lowercase().chars().take(WORD_CHARS_MAX).collect();
    let chars = word.chars().count();
    let limit = if chars <= SHORT_WORD_CHARS { 1 } else { 2 };
    let changes = |(known, verb): (&str, Verb)| (strsim::osa_distance(&word, known), verb);
    // The beginning of a command counts as near too: `/est` for `/estado`.
    let begun =
        || known(lang).find(|(known, _)| chars >= 3 && known.starts_with(&word)).map(|(_, verb)| verb);
    // Of several that are as near the first counts, which is one of this language.
    let nearest =
        known(lang).map(changes).min_by_key(|(count, _)| *count).filter(|(count, _)| *count <= limit);
    let meant = nearest.map(|(_, verb)| verb).or_else(begun)?;
    known(lang).find(|(_, verb)| *verb == meant).map(|(word, _)| word)
}

const TELL_USAGE: Usage = Usage { spanish: "@usuario mensaje", english: "@user message" };
const MSG_USAGE: Usage = Usage { spanish: "/msg usuario mensaje", english: "/msg user message" };
const WORD_CHARS_MAX: usize = 32;

/// With its sign. Two changes make another word of a word so short.
const SHORT_WORD_CHARS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn tell(target: &str, text: &str) -> Command {
        Command::Tell { target: name(target), text: text.to_owned() }
    }

    #[test]
    fn lines_mean_what_they_say() {
        let cases = [
            ("hola a todos", Command::Say("hola a todos".into())),
            ("//etc es un directorio", Command::Say("/etc es un directorio".into())),
            ("@@ana", Command::Say("@ana".into())),
            ("@ana hola", tell("ana", "hola")),
            ("@ana, hola", tell("ana", "hola")),
            ("@ana:  dos", tell("ana", " dos")),
            ("@ana una\n/salir", tell("ana", "una\n/salir")),
            ("/msg ana hola", tell("ana", "hola")),
            ("/msg @ana hola", tell("ana", "hola")),
            ("/estado OCUPADO", Command::SetStatus(Status::Ocupado)),
            ("/ESTADO inactivo ", Command::SetStatus(Status::Inactivo)),
            ("/status Activo", Command::SetStatus(Status::Activo)),
            ("/estado", Command::ShowStatus),
            ("/usuarios", Command::Users),
            ("/users", Command::Users),
            ("/info ana", Command::Info(Some(name("ana")))),
            ("/info", Command::Info(None)),
            ("/ver @ana", Command::View(Some(name("ana")))),
            ("/view", Command::View(None)),
            ("/cerrar", Command::Close),
            ("/ayuda", Command::Help),
            ("/?", Command::Help),
            ("/ayuda estado", Command::Help),
            ("/salir", Command::Quit),
            ("/salir  ", Command::Quit),
            ("/exit", Command::Quit),
            ("/reenviar", Command::Resend),
            ("/resend", Command::Resend),
            ("/buscar la  tarea ", Command::Search("la  tarea".into())),
            ("/search", Command::Search(String::new())),
            ("/ignorar @ana", Command::Ignore(Some(name("ana")))),
            ("/ignore", Command::Ignore(None)),
        ];
        for (line, command) in cases {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn an_unknown_command_names_the_nearest_one_in_the_users_language() {
        let cases = [
            ("/usarios", Some(("/usuarios", "/users"))),
            ("/slair", Some(("/salir", "/quit"))),
            ("/ayudame", Some(("/ayuda", "/help"))),
            ("/hepl", Some(("/ayuda", "/help"))),
            ("/est", Some(("/estado", "/status"))),
            ("/ext", Some(("/salir", "/quit"))),
            ("/reen", Some(("/reenviar", "/resend"))),
            // Two changes from `/help`, but nobody who greets means that.
            ("/hola", None),
            ("/xyzzy", None),
            ("/", Some(("/ayuda", "/help"))),
        ];
        for (word, expected) in cases {
            let (spanish, english) = expected.unzip();
            assert_eq!(parse(&format!("{word} x")), Err(CommandError::Unknown(word.into())));
            assert_eq!(
                (nearest(word, Lang::Spanish), nearest(word, Lang::English)),
                (spanish, english),
                "{word}"
            );
        }
    }

    #[test]
    fn every_command_has_a_word_in_each_language() {
        for lang in [Lang::Spanish, Lang::English] {
            for (word, verb) in WORDS.concat() {
                let own = known(lang).find(|(_, known)| *known == verb).expect("a word").0;
                assert!(WORDS[lang.pick(0, 1)].contains(&(own, verb)), "{word}");
            }
            assert_eq!(words(lang).filter(|word| *word == "/info").count(), 1);
        }
    }

    #[test]
    fn what_is_wrong_or_missing_is_said() {
        assert_eq!(parse("/estado libre"), Err(CommandError::Status("libre".into())));
        assert_eq!(parse("@ana"), Err(CommandError::Usage(TELL_USAGE)));
        assert_eq!(parse("/msg ana  "), Err(CommandError::Usage(MSG_USAGE)));
        assert_eq!(parse("@a!b hola"), Err(CommandError::Name("a!b".into())));
        for word in WORDS.concat().into_iter().filter(|(_, verb)| verb.stands_alone()).map(|(word, _)| word) {
            assert_eq!(parse(&format!("{} x", word.to_uppercase())), Err(CommandError::Alone(word)));
        }
        assert_eq!(parse("/info ana maría"), Err(CommandError::Name("ana maría".into())));
    }
}
