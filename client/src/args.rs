//! The command line: `chat-client <user> <host> <port>`, and what asks why that does not connect. What help, usage errors and `--lang` look like is
//! shared with the server and lives in `chat_cli`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use chat_cli::Stop;
use chat_protocol::{Lang, UserName};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::config;
use crate::doctor::examine::Request;
use crate::doctor::verdict::Code;
use crate::sanitize::sanitize_line;
use crate::texts::Texts;
use crate::transport::Target;

/// The configuration file that the command line names. It is looked up before the arguments are parsed, since it
/// may say in which language they are complained about.
#[must_use]
pub fn config_path(args: &[OsString]) -> Option<&OsStr> {
    chat_cli::value_of(args, "--config")
}

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// To chat.
    Chat(Args),
    /// To say why there is no connection.
    Examine {
        /// What is examined.
        request: Request,
        /// The report is for a program.
        json: bool,
    },
}

/// How to chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args {
    /// Who the user is.
    pub user: UserName,
    /// Where the server is.
    pub target: Target,
    /// One line per event instead of a screen.
    pub simple: bool,
    /// In line mode: lines are always text, never commands.
    pub literal: bool,
}

/// Parses the arguments, the program's name first.
///
/// # Errors
/// [`Stop`] if there is nothing to run: help, version, a text that was asked for, or a usage error.
pub fn parse(args: &[OsString], lang: Lang) -> Result<Task, Stop> {
    if has(args, "--print-config") {
        return Err(Stop::Answer(config::sample::sample(lang)));
    }
    if let Some(raw) = chat_cli::value_of(args, "--explain") {
        return Err(explanation(&raw.to_string_lossy(), lang));
    }
    if has(args, "--doctor") {
        return parse_doctor(args, lang);
    }
    let matches = chat_cli::parse(command(lang), lang, args)?;
    let target = Target { host: one(&matches, "host"), port: one(&matches, "port") };
    let literal = matches.get_flag("literal");
    let args =
        Args { user: one(&matches, "user"), target, simple: literal || matches.get_flag("simple"), literal };
    Ok(Task::Chat(args))
}

/// The user can be left out: whether that was done is counted before it is known who is who.
fn parse_doctor(args: &[OsString], lang: Lang) -> Result<Task, Stop> {
    let has_user = chat_cli::parse(counting(lang), lang, args)
        .is_ok_and(|matches| matches.get_many::<OsString>("words").is_some_and(|words| words.len() > 2));
    let with_user = command(lang);
    let wanted = if has_user { with_user } else { without_user(lang) };
    let matches = chat_cli::parse(wanted, lang, args)?;
    let user = if has_user { Some(one(&matches, "user")) } else { None };
    let idle = matches.get_one::<u64>("idle").copied().map(Duration::from_secs);
    if idle.is_some() && user.is_none() {
        return Err(Stop::Usage(
            lang.pick(
                "chat-client: --idle necesita un <USUARIO>, pues el servidor despide a quien no se registra: chat-client --doctor USUARIO SERVIDOR PUERTO --idle SEGUNDOS.",
                "chat-client: --idle needs a <USER>, as the server sends away those who do not register: chat-client --doctor USER SERVER PORT --idle SECONDS.",
            )
            .to_owned(),
        ));
    }
    let target = Target { host: one(&matches, "host"), port: one(&matches, "port") };
    Ok(Task::Examine { request: Request { target, user, idle }, json: matches.get_flag("json") })
}

/// The long answer about a code, or which codes there are.
fn explanation(raw: &str, lang: Lang) -> Stop {
    match raw.parse::<Code>() {
        Ok(code) => Stop::Answer(format!("{}\n\n{}\n", code.as_str(), Texts(lang).explanation(code))),
        Err(_) => {
            let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
            let raw = sanitize_line(raw);
            let first = match lang {
                Lang::Spanish => format!("chat-client: no hay un código «{raw}». Los que hay:"),
                Lang::English => format!("chat-client: there is no code \"{raw}\". There are:"),
            };
            Stop::Usage(format!("{first}\n  {}", codes.join("\n  ")))
        }
    }
}

fn has(args: &[OsString], option: &str) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == option)
}

fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> T {
    matches.get_one::<T>(name).cloned().expect("clap refuses a command line without it")
}

fn command(lang: Lang) -> Command {
    options(
        Command::new("chat-client")
            .arg(
                Arg::new("user")
                    .value_name(lang.pick("USUARIO", "USER"))
                    .required(true)
                    .value_parser(move |raw: &str| {
                        UserName::parse(raw).map_err(|error| Texts(lang).name_error(error).to_owned())
                    })
                    .help(lang.pick(
                        "Su nombre en el chat: letras, números, _ - .",
                        "Your name in the chat: letters, numbers, _ - .",
                    )),
            )
            .args(place(lang)),
        lang,
    )
}

fn without_user(lang: Lang) -> Command {
    options(Command::new("chat-client").args(place(lang)), lang)
}

/// Takes any words in the places of the user and the server, to count them.
fn counting(lang: Lang) -> Command {
    let words = Arg::new("words").num_args(0..);
    // Wrong values are for the parse that follows to complain about.
    let lenient = |arg: Arg| match arg.get_action() {
        ArgAction::SetTrue => arg,
        _ => arg.value_parser(clap::value_parser!(OsString)),
    };
    options(Command::new("chat-client").arg(words), lang).mut_args(lenient).ignore_errors(true)
}

fn place(lang: Lang) -> [Arg; 2] {
    [
        Arg::new("host")
            .value_name(lang.pick("SERVIDOR", "SERVER"))
            .required(true)
            .value_parser(move |raw: &str| host(raw, lang))
            .value_hint(ValueHint::Hostname)
            .help(lang.pick(
                "Nombre o dirección IPv4 o IPv6 del servidor",
                "The server's name, or its IPv4 or IPv6 address",
            )),
        Arg::new("port")
            .value_name(lang.pick("PUERTO", "PORT"))
            .required(true)
            .value_parser(move |raw: &str| port(raw, lang))
            .help(lang.pick("Puerto del servidor, de 1 a 65535", "The server's port, from 1 to 65535")),
    ]
}

fn options(command: Command, lang: Lang) -> Command {
    command
        .version(env!("CARGO_PKG_VERSION"))
        .about(lang.pick("Cliente de chat para la terminal", "Chat client for the terminal"))
        .long_about(lang.pick(LONG_SPANISH, LONG_ENGLISH))
        .arg(Arg::new("simple").long("simple").action(ArgAction::SetTrue).help(lang.pick(
            "Una línea por evento, sin pantalla (o sin terminal)",
            "One line per event, no screen (or without a terminal)",
        )))
        .arg(Arg::new("literal").long("literal").action(ArgAction::SetTrue).help(lang.pick(
            "Lo mismo, y las líneas con / o @ también son texto",
            "The same, and lines with / or @ are text too",
        )))
        .arg(
            Arg::new("config")
                .long("config")
                .value_name(lang.pick("ARCHIVO", "FILE"))
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .value_hint(ValueHint::FilePath)
                .help(lang.pick(
                    "Configuración [~/.config/chat-client/config.toml]",
                    "Configuration [~/.config/chat-client/config.toml]",
                )),
        )
        .arg(Arg::new("print-config").long("print-config").action(ArgAction::SetTrue).help(lang.pick(
            "Escribe una configuración completa, con comentarios",
            "Writes a complete configuration, with comments",
        )))
        // The other two are of this one: the short help names them in its line, so that it fits a screen.
        .arg(
            Arg::new("doctor")
                .long("doctor")
                .action(ArgAction::SetTrue)
                .help(lang.pick(
                    "¿Por qué no conecta? Además --json, --idle N",
                    "Why does it not connect? Also --json, --idle N",
                ))
                .long_help(lang.pick(DOCTOR_SPANISH, DOCTOR_ENGLISH)),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .requires("doctor")
                .hide_short_help(true)
                .help(lang.pick(
                    "Con --doctor: el resultado para un programa",
                    "With --doctor: the result for a program",
                )),
        )
        .arg(
            Arg::new("idle")
                .long("idle")
                .value_name("N")
                .requires("doctor")
                .hide_short_help(true)
                .value_parser(move |raw: &str| idle(raw, lang))
                .help(lang.pick(
                    "Con --doctor: si la conexión vive callada N segundos",
                    "With --doctor: whether the connection lives N seconds in silence",
                )),
        )
        .arg(
            Arg::new("explain")
                .long("explain")
                .value_name(lang.pick("CÓDIGO", "CODE"))
                .value_parser(PossibleValuesParser::new(Code::ALL.map(Code::as_str)))
                .hide_possible_values(true)
                .help(lang.pick("Explica un resultado de --doctor", "Explains a result of --doctor")),
        )
        .after_help(lang.pick(AFTER_SPANISH, AFTER_ENGLISH))
        .after_long_help(lang.pick(SECTIONS_SPANISH, SECTIONS_ENGLISH))
}

fn host(raw: &str, lang: Lang) -> Result<String, String> {
    let bare = raw.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(raw);
    let is_address = bare.parse::<std::net::Ipv6Addr>().is_ok();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    // A zone (fe80::1%eth0) is for the system's look-up to understand.
    let is_zoned = bare.contains(':')
        && bare.contains('%')
        && bare.chars().all(|c| is_name(c) || matches!(c, ':' | '%'));
    if is_address || is_zoned || (!bare.is_empty() && bare.chars().all(is_name)) {
        return Ok(bare.to_owned());
    }
    Err(lang
        .pick("un nombre o una dirección IP, sin puerto", "a name or an IP address, without a port")
        .to_owned())
}

fn port(raw: &str, lang: Lang) -> Result<u16, String> {
    match raw.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(lang.pick("un número de 1 a 65535", "a number from 1 to 65535").to_owned()),
    }
}

/// The longest silence that can be asked for: a day.
const IDLE_SECONDS_MAX: u64 = 86_400;

fn idle(raw: &str, lang: Lang) -> Result<u64, String> {
    match raw.parse() {
        Ok(seconds @ 1..=IDLE_SECONDS_MAX) => Ok(seconds),
        _ => Err(lang.pick("segundos, de 1 a 86400", "seconds, from 1 to 86400").to_owned()),
    }
}

const AFTER_SPANISH: &str = "\
Dentro del chat, F1 o /ayuda dice lo demás. NO_COLOR quita los colores.
Estado de salida: 0 salió, 1 el sistema falló, 2 argumentos o configuración mal,
3 sin conexión, 4 usuario rechazado, 5 (con --simple) corte o línea sin enviar.";

const AFTER_ENGLISH: &str = "\
Inside the chat, F1 or /help tells the rest. NO_COLOR takes the colours away.
Exit status: 0 left, 1 the system failed, 2 wrong arguments or configuration,
3 no connection, 4 user refused, 5 (with --simple) cut off or a line not sent.";

const DOCTOR_SPANISH: &str = "\
Dice por qué no conecta, paso a paso, y qué hacer; no chatea. El USUARIO puede faltar: entonces no entra en la sala, \
y nadie se entera.";

const DOCTOR_ENGLISH: &str = "\
Says why it does not connect, step by step, and what to do; does not chat. The USER may be left out: then the room \
is not entered, and nobody notices.";

const LONG_SPANISH: &str = "\
Conversa en un servidor de chat: una pantalla con los mensajes, los usuarios y su estado, una conversación por \
persona, y la línea que se escribe. Sin terminal, o con --simple, cada suceso es una línea y cada línea de la \
entrada un mensaje.";

const LONG_ENGLISH: &str = "\
Talks on a chat server: a screen with the messages, the users and their status, a conversation for each person, \
and the line being typed. Without a terminal, or with --simple, each event is a line and each line of the input a \
message.";

/// Of the man page.
const SECTIONS_SPANISH: &str = "\
DENTRO DEL CHAT
El texto va a todos, o a quien nombra el indicador; @ana texto es un mensaje privado. /ayuda o F1 dice lo demás.

ARCHIVOS
$XDG_CONFIG_HOME/chat-client/config.toml, si no ~/.config/chat-client/config.toml: la configuración, que puede \
faltar. --print-config escribe una completa, con la que se puede empezar. La línea de órdenes gana a la \
configuración, y esta al entorno.

ENTORNO
LC_ALL, LC_MESSAGES, LANG: el idioma. LC_ALL, LC_CTYPE, LANG: si los signos pueden ser Unicode.
NO_COLOR quita los colores. RUST_LOG (error, warn, info, debug, trace) y CHAT_LOG=archivo registran lo que pasa; si \
el archivo no se puede escribir, el chat no empieza.

EXAMEN
--doctor sigue el camino hasta el chat: nombre, ruta, TCP, respuesta, HTTP, WebSocket, protocolo; con un USUARIO \
también el registro, y con --idle el silencio. Cada paso tiene 5 s y todos juntos 20 s, sin contar el silencio. Se \
detiene en el primero que decide. Su estado de salida: 0 todo bien, 2 argumentos mal, 3 no llegó al chat, 4 el chat \
rechazó al usuario, 130 interrumpido. --explain explica sus códigos.

ESTADO DE SALIDA
0: el usuario salió. 1: el sistema falló. 2: los argumentos o la configuración están mal. 3: no hay conexión con \
el servidor. 4: el servidor rechazó al usuario. 5: con --simple, se perdió la conexión o una línea no se envió.";

/// Of the man page.
const SECTIONS_ENGLISH: &str = "\
INSIDE THE CHAT
Text goes to everybody, or to whom the prompt names; @ana text is a private message. /help or F1 tells the rest.

FILES
$XDG_CONFIG_HOME/chat-client/config.toml, else ~/.config/chat-client/config.toml: the configuration, which need \
not be there. --print-config writes a complete one to start from. The command line wins over the configuration, \
and that over the environment.

ENVIRONMENT
LC_ALL, LC_MESSAGES, LANG: the language. LC_ALL, LC_CTYPE, LANG: whether glyphs may be Unicode.
NO_COLOR takes the colours away. RUST_LOG (error, warn, info, debug, trace) and CHAT_LOG=file log what happens; if the \
file cannot be written, the chat does not begin.

EXAMINATION
--doctor follows the way to the chat: name, route, TCP, answer, HTTP, WebSocket, protocol; with a USER the \
registration too, and with --idle the silence. Each step has 5 s and all together 20 s, without the silence. It stops \
at the first that decides. Its exit status: 0 all well, 2 wrong arguments, 3 the chat was not reached, 4 the chat \
refused the user, 130 interrupted. --explain explains its codes.

EXIT STATUS
0: the user left. 1: the system failed. 2: wrong arguments or configuration. 3: the server cannot be reached. 4: \
the server refused the user. 5: with --simple, the connection was lost or a line was not sent.";

#[cfg(test)]
mod tests;
