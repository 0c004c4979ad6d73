//! The options of `cargo bench -- ...`. English only: this is a tool for those who work on the server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::server::Kind;

/// Receivers that a run can ask for: a process may need a descriptor for each.
const RECEIVERS_MAX: usize = 100_000;
/// Rounds that a run can ask for.
const ROUNDS_MAX: usize = 1_000;

/// What the program was started for.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    /// To measure.
    Measure(Options),
    /// To be one of the servers that are measured.
    Serve {
        /// Which.
        kind: Kind,
        /// The core to run on.
        core: Option<usize>,
    },
}

/// Why the program ends before it begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// Help was asked for: this text belongs on stdout.
    Answer(String),
    /// A wrong command line: this sentence belongs on stderr.
    Usage(String),
}

/// What is measured, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Short phases, for a look or a smoke test.
    pub quick: bool,
    /// Registered users, the sender included, for each column of figures.
    pub receivers: Vec<usize>,
    /// How often everything is measured.
    pub rounds: usize,
    /// The servers, the floor first: everything is a ratio to it.
    pub servers: Vec<Kind>,
    /// Where the JSON goes, if not to its usual place.
    pub json: Option<PathBuf>,
}

impl Options {
    /// Where the JSON goes. A relative path counts from the root of the workspace, where `cargo bench` is
    /// typed, although cargo runs the program in the directory of the package.
    #[must_use]
    pub fn json_path(&self, target: &Path) -> PathBuf {
        match &self.json {
            Some(path) => Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).join(path),
            None => target.join("bench-results/fanout.json"),
        }
    }
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// [`Stop`] if there is nothing to run: help was asked for, or an argument is wrong.
pub fn parse(args: &[OsString]) -> Result<Task, Stop> {
    let matches = command().try_get_matches_from(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp => Stop::Answer(error.to_string()),
        _ => Stop::Usage(sentence(&error.to_string())),
    })?;
    if let Some(kind) = value(&matches, "serve") {
        return Ok(Task::Serve { kind, core: value(&matches, "core") });
    }
    let quick = matches.get_flag("quick");
    let mut servers: Vec<Kind> =
        value(&matches, "servers").map_or_else(|| vec![Kind::Chat], |List(servers)| servers);
    servers.retain(|kind| *kind != Kind::Floor);
    servers.insert(0, Kind::Floor);
    Ok(Task::Measure(Options {
        quick,
        receivers: value(&matches, "receivers").map_or_else(|| vec![10, 100, 1_000], |List(counts)| counts),
        rounds: value(&matches, "rounds").unwrap_or(if quick { 1 } else { 3 }),
        servers,
        json: value(&matches, "json"),
    }))
}

/// The first paragraph of clap's error, as one line with the remedy.
fn sentence(error: &str) -> String {
    let what: Vec<_> = error.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    format!("fanout: {}; see: cargo bench -- --help", what.trim_start_matches("error: "))
}

fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one(name).cloned()
}

fn command() -> Command {
    Command::new("fanout")
        .about("Measures what one message to everybody costs, against a server that does nothing but send")
        .override_usage("cargo bench -- [OPTIONS]")
        .after_help(
            "Every delivery is checked; one that is lost, repeated or out of order fails the run.\n\
             The table goes to stdout, the progress to stderr.",
        )
        .arg(flag("quick").help("Short phases and one round: at most 15 seconds, for a look"))
        .arg(
            option("receivers", "N,N,...", "Registered users, the sender included [10,100,1000]")
                .value_parser(|v: &str| list(v, |item| number_within(item, 1, RECEIVERS_MAX))),
        )
        .arg(
            option("rounds", "N", "Rounds; the figures are their medians [3; 1 with --quick]")
                .value_parser(|v: &str| number_within(v, 1, ROUNDS_MAX)),
        )
        .arg(
            option(
                "servers",
                "NAME,...",
                "Beside the floor: chat, coalesced (a floor, one write a turn) [chat]",
            )
            .value_parser(|v: &str| list(v, kind)),
        )
        .arg(
            option("json", "PATH", "Where the JSON goes [target/bench-results/fanout.json]")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        // cargo bench passes it to every benchmark.
        .arg(flag("bench").hide(true))
        .arg(option("serve", "NAME", "").hide(true).value_parser(kind))
        .arg(option("core", "N", "").hide(true).value_parser(clap::value_parser!(usize)))
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help)
}

#[derive(Debug, Clone)]
struct List<T>(Vec<T>);

fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<List<T>, String> {
    text.split(',').map(item).collect::<Result<_, _>>().map(List)
}

fn number_within(value: &str, min: usize, max: usize) -> Result<usize, String> {
    let number = value.trim().parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("a whole number from {min} to {max}"))
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Task, Stop> {
        parse(&["fanout"].iter().chain(args).map(OsString::from).collect::<Vec<_>>())
    }

    #[track_caller]
    fn options(args: &[&str]) -> Options {
        match parsed(args) {
            Ok(Task::Measure(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cargo_passes_alone_is_a_full_run() {
        let options = options(&["--bench"]);
        assert_eq!((options.rounds, &*options.receivers), (3, &[10, 100, 1_000][..]));
        assert_eq!(options.servers, [Kind::Floor, Kind::Chat]);
    }

    #[test]
    fn the_floor_is_always_measured_and_first() {
        assert_eq!(options(&["--servers", "chat,floor"]).servers, [Kind::Floor, Kind::Chat]);
        assert_eq!(options(&["--servers", "coalesced"]).servers, [Kind::Floor, Kind::Coalesced]);
    }

    #[test]
    fn wrong_arguments_are_told_in_one_line() {
        for args in [
            &["--bogus"][..],
            &["--receivers", "0"],
            &["--receivers", "10,,20"],
            &["--rounds", "x"],
            &["--servers", "nginx"],
            &["stray"],
        ] {
            match parsed(args) {
                Err(Stop::Usage(sentence)) => assert!(!sentence.contains('\n'), "{sentence}"),
                other => panic!("{args:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_hidden_option_makes_it_a_server() {
        let expected = Task::Serve { kind: Kind::Floor, core: Some(0) };
        assert_eq!(parsed(&["--serve", "floor", "--core", "0"]), Ok(expected));
    }
}
