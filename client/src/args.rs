//! The command line: `chat-client <user> <host> <port>`. What help, usage errors and `--lang` look like is
//! shared with the server and lives in `chat_cli`.

use std::ffi::OsString;

use chat_cli::Stop;
use chat_protocol::{Lang, UserName};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::texts::Texts;
use crate::transport::Target;

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
/// [`Stop`] if there is nothing to run: help, version or a usage error.
pub fn parse(args: &[OsString], lang: Lang) -> Result<Args, Stop> {
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
            "Una línea por evento, sin pantalla (así también sin terminal)",
            "One line per event, no screen (also without a terminal)",
        )))
        .arg(Arg::new("literal").long("literal").action(ArgAction::SetTrue).help(lang.pick(
            "Como --simple, y las líneas con / o @ también son texto",
            "As --simple, and lines with / or @ are text too",
        )))
        .after_help(lang.pick(AFTER_SPANISH, AFTER_ENGLISH))
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
Dentro del chat, /ayuda o F1 dice lo demás.

Estado de salida: 0 salió, 1 el sistema falló, 2 argumentos incorrectos, 3 sin conexión con el servidor,
4 el servidor rechazó el usuario, 5 (con --simple) conexión perdida o línea sin enviar.

Variables: NO_COLOR quita los colores; RUST_LOG y CHAT_LOG=archivo registran lo que pasa.";

const AFTER_ENGLISH: &str = "\
Inside the chat, /help or F1 tells the rest.

Exit status: 0 left, 1 the system failed, 2 wrong arguments, 3 the server cannot be reached,
4 the server refused the user, 5 (with --simple) connection lost or a line not sent.

Variables: NO_COLOR takes the colours away; RUST_LOG and CHAT_LOG=file log what happens.";

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
