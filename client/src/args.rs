//! The command line: `chat-client <user> <host> <port>`. What help, usage errors and `--lang` look like is
//! shared with the server and lives in `chat_cli`.

use std::ffi::{OsStr, OsString};

use chat_cli::Stop;
use chat_protocol::{Lang, UserName};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use crate::config;
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
pub fn parse(args: &[OsString], lang: Lang) -> Result<Args, Stop> {
    if args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--print-config") {
        return Err(Stop::Answer(config::sample::sample(lang)));
    }
    let matches = chat_cli::parse(command(lang), lang, args)?;
    let target = Target { host: one(&matches, "host"), port: one(&matches, "port") };
    let literal = matches.get_flag("literal");
    Ok(Args { user: one(&matches, "user"), target, simple: literal || matches.get_flag("simple"), literal })
}

fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> T {
    matches.get_one::<T>(name).cloned().expect("clap refuses a command line without it")
}

fn command(lang: Lang) -> Command {
    Command::new("chat-client")
        .version(env!("CARGO_PKG_VERSION"))
        .about(lang.pick("Cliente de chat para la terminal", "Chat client for the terminal"))
        .long_about(lang.pick(LONG_SPANISH, LONG_ENGLISH))
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
        .arg(
            Arg::new("host")
                .value_name(lang.pick("SERVIDOR", "SERVER"))
                .required(true)
                .value_parser(move |raw: &str| host(raw, lang))
                .value_hint(ValueHint::Hostname)
                .help(lang.pick(
                    "Nombre o dirección IPv4 o IPv6 del servidor",
                    "The server's name, or its IPv4 or IPv6 address",
                )),
        )
        .arg(
            Arg::new("port")
                .value_name(lang.pick("PUERTO", "PORT"))
                .required(true)
                .value_parser(move |raw: &str| port(raw, lang))
                .help(lang.pick("Puerto del servidor, de 1 a 65535", "The server's port, from 1 to 65535")),
        )
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

const AFTER_SPANISH: &str = "\
Dentro del chat, F1 o /ayuda dice lo demás. NO_COLOR quita los colores.
Estado de salida: 0 salió, 1 el sistema falló, 2 argumentos o configuración mal,
3 sin conexión, 4 usuario rechazado, 5 (con --simple) corte o línea sin enviar.";

const AFTER_ENGLISH: &str = "\
Inside the chat, F1 or /help tells the rest. NO_COLOR takes the colours away.
Exit status: 0 left, 1 the system failed, 2 wrong arguments or configuration,
3 no connection, 4 user refused, 5 (with --simple) cut off or a line not sent.";

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
NO_COLOR quita los colores. RUST_LOG (error, warn, info, debug, trace) y CHAT_LOG=archivo registran lo que pasa.

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
NO_COLOR takes the colours away. RUST_LOG (error, warn, info, debug, trace) and CHAT_LOG=file log what happens.

EXIT STATUS
0: the user left. 1: the system failed. 2: wrong arguments or configuration. 3: the server cannot be reached. 4: \
the server refused the user. 5: with --simple, the connection was lost or a line was not sent.";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Args, Stop> {
        let args: Vec<_> =
            std::iter::once("chat-client").chain(args.iter().copied()).map(OsString::from).collect();
        parse(&args, Lang::Spanish)
    }

    #[track_caller]
    fn usage(args: &[&str]) -> String {
        match parsed(args) {
            Err(Stop::Usage(sentence)) => sentence,
            other => panic!("expected a usage error, got {other:?}"),
        }
    }

    const OPTIONS: [&str; 8] =
        ["simple", "literal", "config", "print-config", "lang", "generate", "help", "version"];

    #[test]
    fn man_page_and_completions_name_every_option() {
        for kind in ["man", "bash", "zsh", "fish"] {
            let Err(Stop::Answer(text)) = parsed(&["--generate", kind]) else { panic!("no {kind}") };
            // roff escapes hyphens.
            let text = text.replace("\\-", "-");
            for option in OPTIONS {
                let name = if kind == "fish" { format!("-l {option} ") } else { format!("--{option}") };
                assert!(text.contains(&name), "{name} in {kind}");
            }
        }
    }

    #[test]
    fn help_fits_a_screen_in_both_languages() {
        for lang in [Lang::Spanish, Lang::English] {
            let args = ["chat-client", "--help"].map(OsString::from);
            let Err(Stop::Answer(help)) = parse(&args, lang) else { panic!("no help") };
            assert!(help.lines().count() <= 24, "{} lines:\n{help}", help.lines().count());
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
            for option in OPTIONS {
                assert!(help.contains(&format!("--{option} ")), "{option}:\n{help}");
            }
            let language =
                lang.pick("Uso: chat-client [OPCIONES] <USUARIO>", "Usage: chat-client [OPTIONS] <USER>");
            assert!(help.contains(language), "{help}");
        }
    }

    #[test]
    fn what_can_be_asked_for_needs_no_server() {
        for args in [&["--print-config"][..], &["--version"], &["--generate", "fish"]] {
            assert!(matches!(parsed(args), Err(Stop::Answer(_))), "{args:?}");
        }
        assert!(
            parsed(&["--", "--print-config", "h", "1"])
                .is_ok_and(|args| args.user.as_str() == "--print-config")
        );
    }

    #[test]
    fn servers_are_named_by_name_ipv4_or_ipv6() {
        for (raw, host) in
            [("chat.gt", "chat.gt"), ("10.0.0.5", "10.0.0.5"), ("::1", "::1"), ("[::1]", "::1")]
        {
            let args = parsed(&["ana", raw, "8080"]).unwrap();
            assert_eq!(args.target, Target { host: host.into(), port: 8080 });
            assert!(!args.simple && !args.literal);
        }
        assert!(parsed(&["ana", "h", "1", "--literal"]).is_ok_and(|args| args.simple && args.literal));
    }

    #[test]
    fn a_bad_name_host_or_port_is_a_usage_error_that_says_what_is_right() {
        assert_eq!(
            usage(&["ana maría", "h", "1"]),
            "chat-client: «ana maría» no vale para <USUARIO>: un nombre tiene letras, números, _ - . y nada más. Vea chat-client --help"
        );
        for (host, port) in [("h:80", "1"), ("", "1"), ("a b", "1"), ("h", "0"), ("h", "65536"), ("h", "x")] {
            assert!(usage(&["ana", host, port]).contains("no vale para"), "{host} {port}");
        }
        assert!(usage(&["server", "h", "1"]).contains("ese nombre es del servidor"));
        assert!(usage(&["ana", "h"]).contains("falta <PUERTO>"));
    }
}
