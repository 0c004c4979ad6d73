//! The command line of `chat-server`.

use std::ffi::OsString;
use std::time::Duration;

use chat_cli::Stop;
use chat_protocol::{Lang, limits};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::bounds::{self, Bounds};
use crate::config::Config;
use crate::doctor::finding::{CODES, shown};
use crate::doctor::{self, explanation};
use crate::prefix::Prefix;
use crate::web_origin::Host;

/// The longest `--inactivity`, in seconds: 30 years, which is never enough to overflow a clock.
const INACTIVITY_SECONDS_MAX: f64 = 1e9;
/// The largest `--max-clients`.
const CLIENTS_MAX: usize = 1_000_000;
/// Instead of a limit or a code: lists them.
const LIST: &str = "list";
/// The largest `--rate`.
const RATE_MAX: u32 = 100_000;

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Stop`] if there is nothing to run: help was asked for, or an argument is wrong.
pub fn parse(args: &[OsString], lang: Lang) -> Result<Config, Stop> {
    if asks_for_the_limits(args) {
        return Err(Stop::Answer(bounds::listing(lang)));
    }
    // It needs no port, so it cannot wait for clap, which refuses a command line without one.
    if let Some(code) = chat_cli::value_of(args, "--explain") {
        return Err(explanation(&code.to_string_lossy(), lang));
    }
    let matches = chat_cli::parse(command(lang), lang, args)?;
    let default = Config::default();
    if matches.get_flag("doctor") && value(&matches, "port") == Some(0_u16) {
        return Err(Stop::Usage(Texts::new(lang).doctor_port.to_owned()));
    }
    Ok(Config {
        port: value(&matches, "port").unwrap_or(default.port),
        bind: value(&matches, "bind"),
        inactivity: value(&matches, "inactivity").unwrap_or(default.inactivity),
        per_ip: value(&matches, "per-ip").unwrap_or(default.per_ip),
        connections_per_ip: value(&matches, "connections-per-ip"),
        mask_addresses: matches.get_flag("mask-addresses"),
        max_clients: value(&matches, "max-clients").unwrap_or(default.max_clients),
        max_message: value(&matches, "max-message").unwrap_or(default.max_message),
        rate: value(&matches, "rate").unwrap_or(default.rate),
        bounds: all_bounds(&matches, lang),
        allow_origin: values(&matches, "allow-origin"),
        metrics: values(&matches, "metrics"),
        lang,
        doctor: matches.get_flag("doctor").then(|| doctor::Options {
            json: matches.get_flag("json"),
            asks_metadata: !matches.get_flag("no-metadata"),
        }),
    })
}

fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one(name).cloned()
}

/// Whether one of the `--limit` is the question what there is.
fn asks_for_the_limits(args: &[OsString]) -> bool {
    let joined = format!("--limit={LIST}");
    let asks = |pair: &[OsString]| pair[0] == "--limit" && pair[1] == LIST;
    args.iter().any(|arg| *arg == *joined) || args.windows(2).any(asks)
}

fn explanation(code: &str, lang: Lang) -> Stop {
    if code == LIST {
        return Stop::Answer(explanation::listing(lang));
    }
    if let Some(text) = explanation::explain(code, lang) {
        return Stop::Answer(text);
    }
    let nearest = chat_cli::nearest(&code.to_uppercase(), CODES.into_iter());
    let code = shown(code);
    let (unknown, all) = match lang {
        Lang::Spanish => (format!("no hay un código «{code}»"), "Todos: chat-server --explain list"),
        Lang::English => (format!("there is no code «{code}»"), "All of them: chat-server --explain list"),
    };
    let question = lang.pick("¿quiso decir", "did you mean");
    let unknown = nearest.map_or(format!("{unknown}."), |near| format!("{unknown}; {question} «{near}»?"));
    Stop::Usage(format!("chat-server: {unknown} {all}"))
}

fn all_bounds(matches: &ArgMatches, lang: Lang) -> Bounds {
    let mut bounds = Bounds::default();
    for assignment in matches.get_many::<String>("limit").into_iter().flatten() {
        bounds.set(assignment, lang).expect("each was tried when it was parsed");
    }
    bounds
}

fn values<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches.get_many(name).into_iter().flatten().cloned().collect()
}

fn command(lang: Lang) -> Command {
    let texts = Texts::new(lang);
    Command::new("chat-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about(texts.about)
        .after_help(texts.after)
        .arg(
            Arg::new("port")
                .allow_negative_numbers(true)
                .value_name(texts.port_name)
                .required(true)
                .help(texts.port)
                .value_parser(move |v: &str| v.parse::<u16>().map_err(|_| texts.port_range.to_owned())),
        )
        .arg(option("bind", texts.address_name, texts.bind).value_parser(move |v: &str| {
            v.parse::<std::net::IpAddr>().map_err(|_| texts.address_form.to_owned())
        }))
        .arg(
            option("inactivity", texts.seconds_name, texts.inactivity)
                .value_parser(move |v: &str| seconds(v).ok_or_else(|| texts.seconds_form.to_owned())),
        )
        .arg(
            option("per-ip", "N", texts.per_ip)
                .value_parser(move |v: &str| v.parse::<u32>().map_err(|_| texts.number_form.to_owned())),
        )
        .arg(
            option("connections-per-ip", "N", texts.connections_per_ip)
                .value_parser(move |v: &str| v.parse::<u32>().map_err(|_| texts.number_form.to_owned())),
        )
        .arg(flag("mask-addresses", texts.mask_addresses))
        .arg(
            option("max-clients", "N", texts.max_clients)
                .value_parser(move |v: &str| number_within(v, 1, CLIENTS_MAX, lang)),
        )
        .arg(
            option("max-message", "BYTES", texts.max_message)
                .value_parser(move |v: &str| number_within(v, 1, limits::CONTENT_BYTES_MAX, lang)),
        )
        .arg(option("rate", texts.rate_name, texts.rate).value_parser(move |v: &str| {
            number_within(v, 0, RATE_MAX as usize, lang).map(|rate| rate as u32)
        }))
        .arg(
            option("limit", texts.limit_name, texts.limit)
                .action(ArgAction::Append)
                .value_parser(move |v: &str| Bounds::default().set(v, lang).map(|()| v.to_owned())),
        )
        .arg(
            option("allow-origin", "HOST", texts.allow_origin)
                .action(ArgAction::Append)
                .value_parser(move |v: &str| Host::of_option(v).ok_or_else(|| texts.host_form.to_owned())),
        )
        .arg(
            option("metrics", texts.prefix_name, texts.metrics)
                .action(ArgAction::Append)
                .value_parser(move |v: &str| v.parse::<Prefix>().map_err(|_| texts.prefix_form.to_owned())),
        )
        .arg(flag("doctor", texts.doctor))
        .arg(flag("json", texts.json).requires("doctor"))
        .arg(flag("no-metadata", texts.no_metadata).requires("doctor"))
        .arg(
            option("explain", texts.code_name, texts.explain)
                .value_parser(PossibleValuesParser::new(CODES.into_iter().chain([LIST])))
                .hide_possible_values(true),
        )
}

fn option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    // A value may begin with a hyphen, so that `--rate -1` is told that -1 is no rate.
    Arg::new(name).long(name).value_name(value_name).help(help).allow_hyphen_values(true)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

/// Seconds, fractions allowed; 0 is never. The outer `None` is no number of seconds.
fn seconds(value: &str) -> Option<Option<Duration>> {
    let seconds: f64 =
        value.parse().ok().filter(|seconds| (0.0..=INACTIVITY_SECONDS_MAX).contains(seconds))?;
    Some((seconds > 0.0).then(|| Duration::from_secs_f64(seconds)))
}

fn number_within(value: &str, min: usize, max: usize, lang: Lang) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| match lang {
        Lang::Spanish => format!("un número entero entre {min} y {max}"),
        Lang::English => format!("a whole number from {min} to {max}"),
    })
}

/// The texts of the help.
#[derive(Clone, Copy)]
struct Texts {
    about: &'static str,
    after: &'static str,
    port_name: &'static str,
    port: &'static str,
    port_range: &'static str,
    address_name: &'static str,
    address_form: &'static str,
    bind: &'static str,
    seconds_name: &'static str,
    seconds_form: &'static str,
    inactivity: &'static str,
    number_form: &'static str,
    per_ip: &'static str,
    mask_addresses: &'static str,
    max_clients: &'static str,
    max_message: &'static str,
    rate_name: &'static str,
    rate: &'static str,
    connections_per_ip: &'static str,
    limit_name: &'static str,
    limit: &'static str,
    host_form: &'static str,
    allow_origin: &'static str,
    prefix_name: &'static str,
    prefix_form: &'static str,
    metrics: &'static str,
    doctor: &'static str,
    code_name: &'static str,
    explain: &'static str,
    json: &'static str,
    no_metadata: &'static str,
    doctor_port: &'static str,
}

impl Texts {
    const fn new(lang: Lang) -> Self {
        match lang {
            Lang::Spanish => Self {
                about: "Servidor de chat por WebSocket",
                after: "Registro de sucesos: en stderr, en inglés; RUST_LOG elige el nivel (info).\n\
                        Ctrl-C o SIGTERM cierran con aviso a todos; una segunda vez, al instante.",
                port_name: "PUERTO",
                port: "Puerto TCP; 0 elige uno libre",
                port_range: "un número entre 0 y 65535",
                address_name: "IP",
                address_form: "una dirección IPv4 o IPv6, como 127.0.0.1",
                bind: "Dirección en que escucha [todas, IPv4 e IPv6]",
                seconds_name: "SEG",
                seconds_form: "segundos entre 0 (nunca) y mil millones, con o sin decimales",
                inactivity: "Sin actividad hasta INACTIVO; 0 nunca [60]",
                number_form: "un número entero; 0 es sin límite",
                per_ip: "Usuarios por dirección IP; 0 sin límite [1]",
                mask_addresses: "Los demás ven solo la red de cada dirección",
                max_clients: "Usuarios en total [10000]",
                max_message: "Bytes de un mensaje [4096]",
                rate_name: "N",
                rate: "Mensajes por segundo; 0 sin límite [20]",
                connections_per_ip: "Conexiones por dirección IP; 0 sin límite [64]",
                limit_name: "NOMBRE=VALOR",
                limit: "Otro límite; --limit list los enumera",
                host_form: "un nombre o una dirección, como web.example",
                allow_origin: "Web que puede usar el chat; se repite [la suya]",
                prefix_name: "IP/BITS",
                prefix_form: "una dirección con o sin prefijo, como 10.0.0.0/8",
                metrics: "Quién más lee /metrics; se repite [nadie]",
                doctor: "Examina por qué no llega nadie, sin servir",
                code_name: "CÓDIGO",
                explain: "Explica un resultado de --doctor; list los enumera",
                json: "Con --doctor: para programas",
                no_metadata: "Con --doctor: sin preguntar nada a la nube",
                doctor_port: "chat-server: --doctor examina un puerto entre 1 y 65535, y 0 no es ninguno. Vea chat-server --help",
            },
            Lang::English => Self {
                about: "WebSocket chat server",
                after: "Log: on stderr, in English; RUST_LOG chooses the level (info).\n\
                        Ctrl-C or SIGTERM close with notice to everybody; a second time, at once.",
                port_name: "PORT",
                port: "TCP port; 0 picks a free one",
                port_range: "a number from 0 to 65535",
                address_name: "IP",
                address_form: "an IPv4 or IPv6 address, such as 127.0.0.1",
                bind: "Address to listen on [all, IPv4 and IPv6]",
                seconds_name: "SEC",
                seconds_form: "seconds from 0 (never) to a thousand million, decimals allowed",
                inactivity: "Idle time until INACTIVO; 0 never [60]",
                number_form: "a whole number; 0 is no limit",
                per_ip: "Users per IP address; 0 no limit [1]",
                mask_addresses: "Others see only the network of an address",
                max_clients: "Users in all [10000]",
                max_message: "Bytes of a message [4096]",
                rate_name: "N",
                rate: "Messages a second of each; 0 no limit [20]",
                connections_per_ip: "Connections per IP address; 0 no limit [64]",
                limit_name: "NAME=VALUE",
                limit: "Another limit; --limit list lists them",
                host_form: "a name or an address, such as web.example",
                allow_origin: "Web site that may chat; repeatable [its own]",
                prefix_name: "IP/BITS",
                prefix_form: "an address with or without a prefix, such as 10.0.0.0/8",
                metrics: "Who else reads /metrics; repeatable [nobody]",
                doctor: "Examines why nobody gets in, without serving",
                code_name: "CODE",
                explain: "Explains a result of --doctor; list lists them",
                json: "With --doctor: for programs",
                no_metadata: "With --doctor: asks the cloud nothing",
                doctor_port: "chat-server: --doctor examines a port from 1 to 65535, and 0 is none. See chat-server --help",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Config, Stop> {
        let args: Vec<_> = ["chat-server"].iter().chain(args).map(OsString::from).collect();
        parse(&args, Lang::English)
    }

    #[track_caller]
    fn usage(args: &[&str]) -> String {
        match parsed(args) {
            Err(Stop::Usage(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_port_is_enough() {
        let expected = Config { port: 8080, lang: Lang::English, ..Config::default() };
        assert_eq!(parsed(&["8080"]), Ok(expected));
    }

    #[test]
    fn every_option_is_taken() {
        let args = "0 --bind ::1 --inactivity 0.25 --per-ip 3 --connections-per-ip 5 --max-clients 7 \
                    --max-message 100 --rate 0 --limit ping=1 --limit pong=2.5 \
                    --allow-origin web.example --allow-origin http://[::1]:5 \
                    --metrics 10.0.0.0/8 --metrics ::1 --mask-addresses";
        let config = parsed(&args.split_whitespace().collect::<Vec<_>>()).unwrap();
        let mut bounds = Bounds::default();
        bounds.set("ping=1", Lang::English).unwrap();
        bounds.set("pong=2.5", Lang::English).unwrap();
        let expected = Config {
            port: 0,
            bind: Some("::1".parse().unwrap()),
            inactivity: Some(Duration::from_millis(250)),
            per_ip: 3,
            connections_per_ip: Some(5),
            mask_addresses: true,
            max_clients: 7,
            max_message: 100,
            rate: 0,
            bounds,
            allow_origin: ["web.example", "::1"].map(|host| Host::of_option(host).unwrap()).into(),
            metrics: ["10.0.0.0/8", "::1/128"].map(|prefix| prefix.parse().unwrap()).into(),
            lang: Lang::English,
            doctor: None,
        };
        assert_eq!(config, expected);
        assert_eq!(parsed(&["1", "--inactivity", "0"]).unwrap().inactivity, None);
    }

    #[test]
    fn the_help_fits_the_columns_of_a_terminal() {
        for lang in ["es", "en"] {
            let Err(Stop::Answer(help)) = parsed(&["--lang", lang, "--help"]) else { panic!("no help") };
            let wide: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty() && help.lines().count() > 20, "{lang}: {wide:#?}");
        }
    }

    #[test]
    fn the_limits_are_listed_on_demand_whatever_else_is_there() {
        for args in
            [&["--limit", "list"][..], &["8080", "--limit=list"], &["--limit", "ping=1", "--limit", "list"]]
        {
            assert_eq!(parsed(args), Err(Stop::Answer(bounds::listing(Lang::English))));
        }
    }

    #[test]
    fn the_doctor_is_asked_for_with_what_it_may_do() {
        let asked = |args: &[&str]| parsed(args).unwrap().doctor;
        assert_eq!(asked(&["8080"]), None);
        let people = doctor::Options { json: false, asks_metadata: true };
        assert_eq!(asked(&["--doctor", "8080"]), Some(people));
        let programs = doctor::Options { json: true, asks_metadata: false };
        assert_eq!(asked(&["8080", "--json", "--no-metadata", "--doctor"]), Some(programs));
    }

    #[test]
    fn a_code_is_explained_without_a_port_and_list_lists_all() {
        for args in [&["--explain", "port-held"][..], &["8080", "--doctor", "--explain=PORT-HELD"]] {
            let Err(Stop::Answer(text)) = parsed(args) else { panic!("{args:?}") };
            assert!(text.starts_with("PORT-HELD\n\nAnother program has the port."), "{text}");
        }
        let Err(Stop::Answer(list)) = parsed(&["--explain", "list"]) else { panic!("no list") };
        assert!(CODES.iter().all(|code| list.contains(code)), "{list}");
    }

    #[test]
    fn an_unknown_code_is_told_the_nearest_and_where_all_are() {
        assert_eq!(
            usage(&["--explain", "firewall-drop"]),
            "chat-server: there is no code «firewall-drop»; did you mean «FIREWALL-DROPS»? \
             All of them: chat-server --explain list"
        );
        assert_eq!(
            usage(&["--explain=\u{1b}[2J"]),
            "chat-server: there is no code «\\x1b[2J». All of them: chat-server --explain list"
        );
        assert!(usage(&["--explain"]).contains("missing value for --explain"));
    }

    #[test]
    fn man_page_and_completions_know_the_codes() {
        for kind in ["man", "bash", "zsh", "fish"] {
            let Err(Stop::Answer(text)) = parsed(&["--generate", kind]) else { panic!("no {kind}") };
            assert!(text.contains("explain"), "{kind}");
            assert!(kind == "man" || CODES.iter().all(|code| text.contains(code)), "{kind}");
        }
    }

    #[test]
    fn wrong_values_are_told_with_what_is_right() {
        for (args, right) in [
            (&["65536"][..], "65535"),
            (&["x"], "65535"),
            (&["-1"], "-1"),
            (&[], "PORT"),
            (&["1", "--bind", "localhost"], "127.0.0.1"),
            (&["1", "--inactivity", "-1"], "seconds"),
            (&["1", "--inactivity", "nan"], "seconds"),
            (&["1", "--inactivity", "1e300"], "seconds"),
            (&["1", "--per-ip", "-1"], "whole number"),
            (&["1", "--max-clients", "0"], "from 1 to"),
            (&["1", "--max-message", "1048577"], "1048576"),
            (&["1", "--rate", "-1"], "from 0 to"),
            (&["1", "--limit", "ping=0"], "ping=N, seconds from 0.01 to 86400"),
            (&["1", "--limit", "pings=1"], "handshake, registration"),
            (&["1", "--connections-per-ip", "-1"], "whole number"),
            (&["1", "--allow-origin", "null"], "web.example"),
            (&["1", "--metrics", "10.0.0.0/33"], "10.0.0.0/8"),
            (&["1", "--rate", "2", "--rate", "3"], "--rate"),
            (&["0", "--doctor"], "from 1 to 65535"),
            (&["1", "--json"], "--doctor"),
            (&["1", "--no-metadata"], "--doctor"),
        ] {
            let sentence = usage(args);
            assert!(sentence.contains(right) && !sentence.contains('\n'), "{args:?}: {sentence}");
        }
    }
}
