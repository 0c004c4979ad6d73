//! What the command lines of both programs share: help in the reader's language, usage errors as one sentence
//! with the remedy, and exit status 2 for them.
//!
//! clap parses; it speaks English only, so its help headings and its errors are put into words here. This crate
//! does not know any option but `--help`, `--version`, `--lang` and `--generate`, and it never prints or exits by
//! itself.

#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use chat_protocol::Lang;
use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

mod generate;

/// The exit status of a wrong command line.
pub const EXIT_USAGE: u8 = 2;

/// Columns that the help is wrapped at.
const HELP_COLUMNS: usize = 80;

/// Letters by which a word may differ from the one that was meant.
const NEAR_CHANGES_MAX: usize = 3;

/// Why the program ends before it begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// `--help` or `--version`: this text belongs on stdout, the exit status is 0.
    Answer(String),
    /// A wrong command line: this sentence belongs on stderr, the exit status is [`EXIT_USAGE`].
    Usage(String),
}

/// The language for this command line: `--lang es|en` if it is there and valid, else the environment's. It is
/// looked up before the arguments are parsed, since help and errors need it.
pub fn lang(args: &[OsString], environment: impl Fn(&str) -> Option<String>) -> Lang {
    lang_option(args).unwrap_or_else(|| Lang::of_environment(environment))
}

/// The value of `--lang` if it is there and valid.
#[must_use]
pub fn lang_option(args: &[OsString]) -> Option<Lang> {
    value_of(args, "--lang").and_then(OsStr::to_str).and_then(|value| value.parse().ok())
}

/// The value of an option before the arguments are parsed: for what decides how they are, or that they need not
/// be complete.
#[must_use]
pub fn value_of<'a>(args: &'a [OsString], option: &str) -> Option<&'a OsStr> {
    let mut args = args.iter().map(OsString::as_os_str).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if arg == option {
            return args.next();
        }
        let rest = arg.as_bytes().strip_prefix(option.as_bytes());
        if let Some(value) = rest.and_then(|rest| rest.strip_prefix(b"=")) {
            return Some(OsStr::from_bytes(value));
        }
    }
    None
}

/// Parses the arguments (the program's name first). `command` brings the program's own arguments; `--help`,
/// `--version`, `--lang` and `--generate` are added here.
///
/// # Errors
/// [`Stop`] if the program has nothing to run.
pub fn parse(command: Command, lang: Lang, args: &[OsString]) -> Result<ArgMatches, Stop> {
    let program = command.get_name().to_owned();
    // Nothing else is needed for it, nor looked at. A kind that is not known is clap's to refuse.
    let generated = value_of(args, "--generate")
        .and_then(|kind| generate::generate(localized(command.clone(), lang), kind.to_str()?, lang));
    if let Some(text) = generated {
        return Err(Stop::Answer(text));
    }
    localized(command, lang).try_get_matches_from(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Answer(error.to_string()),
        _ => Stop::Usage(format!("{program}: {} {}", ended(problem(&error, lang)), remedy(&program, lang))),
    })
}

fn localized(command: Command, lang: Lang) -> Command {
    let template = lang.pick(
        "{about}\n\nUso: {usage}\n\nArgumentos:\n{positionals}\n\nOpciones:\n{options}{after-help}\n",
        "{about}\n\nUsage: {usage}\n\nArguments:\n{positionals}\n\nOptions:\n{options}{after-help}\n",
    );
    let options = lang.pick("[OPCIONES]", "[OPTIONS]");
    let positionals = command.get_positionals().map(|arg| format!(" {arg}")).collect::<String>();
    let usage = format!("{} {options}{positionals}", command.get_name());
    command
        .override_usage(usage)
        .term_width(HELP_COLUMNS)
        .help_template(template)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name("es|en")
                .value_parser(PossibleValuesParser::new(["es", "en"]))
                .hide_possible_values(true)
                .help(lang.pick(
                    "Idioma [el del entorno; si no, español]",
                    "Language [the environment's; else Spanish]",
                ))
                .display_order(900),
        )
        .arg(
            Arg::new("generate")
                .long("generate")
                .value_name(lang.pick("QUÉ", "WHAT"))
                .value_parser(PossibleValuesParser::new(generate::KINDS))
                .hide_possible_values(true)
                .help(lang.pick(
                    "Escribe man, o autocompletado bash, zsh, fish",
                    "Writes man, or completions of bash, zsh, fish",
                ))
                .display_order(900),
        )
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::HelpShort)
                .help(lang.pick("Muestra esta ayuda", "Shows this help"))
                .display_order(901),
        )
        .arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(lang.pick("Muestra la versión", "Shows the version"))
                .display_order(902),
        )
}

/// What is wrong with the command line, without the final full stop.
fn problem(error: &clap::Error, lang: Lang) -> String {
    let arg = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let sentence = lang.pick("no entiendo el argumento", "unknown argument");
            match error.get(ContextKind::SuggestedArg) {
                Some(ContextValue::String(near)) => {
                    format!("{sentence} «{arg}»; {} «{near}»?", lang.pick("¿quiso decir", "did you mean"))
                }
                _ => format!("{sentence} «{arg}»"),
            }
        }
        ErrorKind::MissingRequiredArgument if arg.contains(',') => {
            format!("{} {arg}", lang.pick("faltan", "missing"))
        }
        ErrorKind::MissingRequiredArgument => format!("{} {arg}", lang.pick("falta", "missing")),
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("{} {arg}", lang.pick("falta el valor de", "missing value for"))
        }
        ErrorKind::ArgumentConflict => {
            format!("{} {arg}", lang.pick("no se puede repetir", "cannot be given twice:"))
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let known = context(error, ContextKind::ValidValue);
            let reason = match std::error::Error::source(error) {
                Some(source) => format!(": {source}"),
                None if known.is_empty() => String::new(),
                None => format!(": {known}"),
            };
            format!("«{value}» {} {arg}{reason}", lang.pick("no vale para", "is not valid for"))
        }
        ErrorKind::InvalidUtf8 => {
            lang.pick("un argumento no es UTF-8", "an argument is not UTF-8").to_owned()
        }
        _ => format!("{} {arg}", lang.pick("no entiendo los argumentos", "cannot understand the arguments"))
            .trim_end()
            .to_owned(),
    }
}

/// The word among the known ones that somebody probably meant, if one is near.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(changes, known)| *changes <= NEAR_CHANGES_MAX && *changes < known.len() / 2)
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, known)| known)
}

/// With a full stop, unless a question mark ends it.
#[must_use]
pub fn ended(sentence: String) -> String {
    if sentence.ends_with('?') { sentence } else { sentence + "." }
}

fn remedy(program: &str, lang: Lang) -> String {
    match lang {
        Lang::Spanish => format!("Vea {program} --help"),
        Lang::English => format!("See {program} --help"),
    }
}

/// A value of clap's error as text, several of them separated by commas, its control characters as pictures.
fn context(error: &clap::Error, kind: ContextKind) -> String {
    let text = match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    fn command() -> Command {
        Command::new("demo")
            .version("1.2.3")
            .about("Demo")
            .arg(
                Arg::new("port")
                    .value_name("PORT")
                    .required(true)
                    .value_parser(|value: &str| value.parse::<u16>().map_err(|_| "0-65535".to_owned())),
            )
            .arg(Arg::new("bind").long("bind").value_name("ADDRESS"))
    }

    #[track_caller]
    fn usage(lang: Lang, args: &[&str]) -> String {
        match parse(command(), lang, &os(args)) {
            Err(Stop::Usage(sentence)) => sentence,
            other => panic!("expected a usage error, got {other:?}"),
        }
    }

    #[test]
    fn the_option_decides_the_language_before_the_environment() {
        let english = |_: &str| Some("en_US".to_owned());
        assert_eq!(lang(&os(&["demo", "--lang", "es"]), english), Lang::Spanish);
        assert_eq!(lang(&os(&["demo", "--lang=es"]), english), Lang::Spanish);
        assert_eq!(lang(&os(&["demo", "--lang", "fr"]), english), Lang::English);
        assert_eq!(lang(&os(&["demo", "--", "--lang=es"]), english), Lang::English);
        assert_eq!(lang(&os(&["demo"]), |_| None), Lang::Spanish);
    }

    #[test]
    fn usage_errors_name_the_cause_and_the_remedy_in_one_line() {
        let cases = [
            (&["demo"][..], "demo: falta <PORT>. Vea demo --help"),
            (&["demo", "65536"], "demo: «65536» no vale para <PORT>: 0-65535. Vea demo --help"),
            (&["demo", "1", "2"], "demo: no entiendo el argumento «2». Vea demo --help"),
            (
                &["demo", "1", "--bid", "x"],
                "demo: no entiendo el argumento «--bid»; ¿quiso decir «--bind»? Vea demo --help",
            ),
            (&["demo", "1", "--bind"], "demo: falta el valor de --bind <ADDRESS>. Vea demo --help"),
            (
                &["demo", "1", "--lang", "fr"],
                "demo: «fr» no vale para --lang <es|en>: es, en. Vea demo --help",
            ),
            (
                &["demo", "1", "--generate", "tcsh"],
                "demo: «tcsh» no vale para --generate <QUÉ>: man, bash, zsh, fish. Vea demo --help",
            ),
            (&["demo", "--generate"], "demo: falta el valor de --generate <QUÉ>. Vea demo --help"),
            (&["demo", "a\u{1b}b"], "demo: «a\u{fffd}b» no vale para <PORT>: 0-65535. Vea demo --help"),
        ];
        for (args, sentence) in cases {
            assert_eq!(usage(Lang::Spanish, args), sentence);
        }
        assert_eq!(usage(Lang::English, &["demo"]), "demo: missing <PORT>. See demo --help");
    }

    #[test]
    fn the_nearest_word_is_proposed_if_one_is_near() {
        let near = |word| nearest(word, ["FIREWALL-OPEN", "FIREWALL-DROPS", "PORT-FREE"].into_iter());
        assert_eq!(near("FIREWALL-DROP"), Some("FIREWALL-DROPS"));
        assert_eq!(near("FIREWALLOPEN"), Some("FIREWALL-OPEN"));
        assert_eq!(near("PROT-FREE"), Some("PORT-FREE"));
        for far in ["", "NO", "LOOPBACK"] {
            assert_eq!(near(far), None, "{far}");
        }
    }

    #[test]
    fn what_is_generated_needs_no_other_argument() {
        for args in [&["demo", "--generate", "man"][..], &["demo", "--lang", "en", "--generate=bash"]] {
            assert!(matches!(parse(command(), Lang::Spanish, &os(args)), Err(Stop::Answer(_))), "{args:?}");
        }
    }

    #[test]
    fn help_and_version_are_answers() {
        let Err(Stop::Answer(help)) = parse(command(), Lang::Spanish, &os(&["demo", "--help"])) else {
            panic!("no help")
        };
        assert!(
            help.contains("Uso: demo [OPCIONES] <PORT>")
                && help.contains("Opciones:")
                && help.contains("--lang"),
            "{help}"
        );
        let version = parse(command(), Lang::Spanish, &os(&["demo", "-V"]));
        assert_eq!(version, Err(Stop::Answer("demo 1.2.3\n".into())));
    }
}
