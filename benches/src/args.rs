//! The options of `cargo bench -- ...`. English only: this is a tool for those who work on the server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::scenario::Scenario;
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
    /// To draw the pictures of an earlier report.
    Plot(PathBuf),
    /// To be one of the servers that are measured.
    Serve {
        /// Which.
        kind: Kind,
        /// The core to run on.
        core: Option<usize>,
        /// Whether it tells all others of who comes and goes, if it can be told not to.
        announces: bool,
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
    /// The scenarios.
    pub only: Vec<Scenario>,
    /// Registered users, the sender included, for each line of the fan-out.
    pub receivers: Vec<usize>,
    /// How often everything is measured, at the most.
    pub rounds: usize,
    /// The servers, the floor first: everything is a ratio to it.
    pub servers: Vec<Kind>,
    /// Those of them that were named.
    pub named: Option<Vec<Kind>>,
    /// Competing servers are built where need be, and measured too.
    pub peers: bool,
    /// Where the JSON goes, if not to its usual place.
    pub json: Option<PathBuf>,
    /// Whether the results are recorded in the work tree.
    pub record: bool,
}

impl Options {
    /// The servers of a scenario that means something for ours, and takes long: the others only if named.
    #[must_use]
    pub fn ours_or_named(&self) -> &[Kind] {
        self.named.as_deref().unwrap_or(&[Kind::Chat])
    }

    /// Where the JSON goes.
    #[must_use]
    pub fn json_path(&self, target: &Path) -> PathBuf {
        self.json.clone().unwrap_or_else(|| target.join("bench-results/fanout.json"))
    }
}

/// A relative path counts from the root of the workspace, where `cargo bench` is typed, although cargo runs the
/// program in the directory of the package.
fn from_root(path: &Path) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).join(path)
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
        return Ok(Task::Serve {
            kind,
            core: value(&matches, "core"),
            announces: !matches.get_flag("no-announcements"),
        });
    }
    if let Some(path) = value::<PathBuf>(&matches, "plot") {
        return Ok(Task::Plot(from_root(&path)));
    }
    let (quick, record) = (matches.get_flag("quick"), matches.get_flag("record"));
    let named = value(&matches, "servers").map(|List(servers): List<Kind>| servers);
    let mut servers = named.clone().unwrap_or_else(|| vec![Kind::Coalesced, Kind::Chat]);
    servers.retain(|kind| *kind != Kind::Floor);
    servers.insert(0, Kind::Floor);
    let only = value(&matches, "only").map_or_else(|| default_scenarios(record), |List(only)| only);
    if record && !only.contains(&Scenario::Fanout) {
        return Err(Stop::Usage(sentence("--record draws the fan-out, so it must be among the scenarios")));
    }
    Ok(Task::Measure(Options {
        quick,
        only,
        receivers: value(&matches, "receivers")
            .map_or_else(|| default_receivers(quick, record), |List(counts)| counts),
        rounds: value(&matches, "rounds").unwrap_or(if quick { 1 } else { 3 }),
        servers,
        named,
        peers: matches.get_flag("peers"),
        json: value::<PathBuf>(&matches, "json").map(|path| from_root(&path)),
        record,
    }))
}

fn default_scenarios(record: bool) -> Vec<Scenario> {
    Scenario::ALL.into_iter().filter(|scenario| record || scenario.is_default()).collect()
}

fn default_receivers(quick: bool, record: bool) -> Vec<usize> {
    match (quick, record) {
        (true, _) => vec![10, 100, 1_000],
        (false, false) => vec![10, 100, 1_000, 5_000],
        (false, true) => vec![10, 100, 1_000, 5_000, 9_000],
    }
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
        .about("Measures what the chat server costs, against a server that does nothing but send")
        .override_usage("cargo bench -- [OPTIONS]")
        .after_help(scenarios_help())
        .arg(flag("quick").help("Short phases, few users, one round: for a look, at most 40 seconds"))
        .arg(
            option("only", "NAME,...", "Only these scenarios, in the order below")
                .value_parser(|v: &str| list(v, scenario)),
        )
        .arg(
            option(
                "receivers",
                "N,N,...",
                "Users of the fan-out, the sender included [10,100,1000,5000; 9000 too with --record]",
            )
            .value_parser(|v: &str| list(v, |item| number_within(item, 1, RECEIVERS_MAX))),
        )
        .arg(
            option(
                "rounds",
                "N",
                "Rounds at the most, fewer where they cost much; the figures are their medians [3; 1 with --quick]",
            )
            .value_parser(|v: &str| number_within(v, 1, ROUNDS_MAX)),
        )
        .arg(
            option(
                "servers",
                "NAME,...",
                "Beside the floor: chat, coalesced (a floor, one write a turn), or a peer: libwebsockets, bun, ws, \
                 tokio, tokio-default [coalesced,chat]",
            )
            .value_parser(|v: &str| list(v, kind)),
        )
        .arg(flag("peers").help(
            "Build the peers that --servers names, or all that can be built here; see benches/peers/README.md",
        ))
        .arg(
            option("json", "PATH", "Where the JSON goes [target/bench-results/fanout.json]")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .arg(flag("record").conflicts_with("quick").help(
            "Longer phases, all scenarios; writes benches/results.json, the pictures and RESULTS.md too",
        ))
        .arg(
            option("plot", "JSON", "Measures nothing: draws the pictures of this report beside it")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        // cargo bench passes it to every benchmark.
        .arg(flag("bench").hide(true))
        .arg(option("serve", "NAME", "").hide(true).value_parser(kind))
        .arg(flag("no-announcements").hide(true))
        .arg(option("core", "N", "").hide(true).value_parser(clap::value_parser!(usize)))
}

fn scenarios_help() -> String {
    let mut help = "Scenarios:\n".to_owned();
    for scenario in Scenario::ALL {
        let note = if scenario.is_default() { "" } else { " (only if asked for)" };
        help.push_str(&format!("  {:<10} {}{note}\n", scenario.name(), scenario.question()));
    }
    help.push_str(
        "\nEvery delivery is checked; one that is lost, repeated or out of order fails the run.\n\
         The tables go to stdout, the progress to stderr.",
    );
    help
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

fn scenario(name: &str) -> Result<Scenario, String> {
    Scenario::ALL.into_iter().find(|scenario| scenario.name() == name).ok_or_else(|| {
        let names: Vec<_> = Scenario::ALL.iter().map(|scenario| scenario.name()).collect();
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
        assert_eq!((options.rounds, &*options.receivers), (3, &[10, 100, 1_000, 5_000][..]));
        assert_eq!(options.servers, [Kind::Floor, Kind::Coalesced, Kind::Chat]);
        assert_eq!(options.ours_or_named(), [Kind::Chat]);
        assert_eq!((options.quick, options.record), (false, false));
    }

    #[test]
    fn the_floor_is_always_measured_and_first() {
        assert_eq!(options(&["--servers", "chat,floor"]).servers, [Kind::Floor, Kind::Chat]);
        assert_eq!(options(&["--servers", "coalesced"]).servers, [Kind::Floor, Kind::Coalesced]);
    }

    #[test]
    fn a_record_has_more_receivers_and_all_scenarios() {
        let options = options(&["--record"]);
        assert_eq!((options.record, options.receivers.last()), (true, Some(&9_000)));
        assert_eq!(options.only, Scenario::ALL);
    }

    #[test]
    fn paths_count_from_where_cargo_bench_is_typed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(parsed(&["--plot", "a/b.json"]), Ok(Task::Plot(root.join("a/b.json"))));
        assert_eq!(options(&["--json", "c.json"]).json_path(Path::new("t")), root.join("c.json"));
        assert_eq!(options(&[]).json_path(Path::new("t")), Path::new("t/bench-results/fanout.json"));
    }

    #[test]
    fn what_takes_long_measures_others_only_if_they_are_named() {
        let options = options(&["--servers", "coalesced,chat", "--only", "idle,memory"]);
        assert_eq!(options.ours_or_named(), [Kind::Coalesced, Kind::Chat]);
        assert_eq!(options.only, [Scenario::Idle, Scenario::Memory]);
    }

    #[test]
    fn help_names_every_option_and_every_scenario() {
        let Err(Stop::Answer(help)) = parsed(&["--help"]) else { panic!("no help") };
        let options = [
            "--quick",
            "--only",
            "--receivers",
            "--rounds",
            "--servers",
            "--json",
            "--record",
            "--plot",
            "--peers",
        ];
        for name in options.into_iter().chain(Scenario::ALL.map(Scenario::name)) {
            assert!(help.contains(name), "{name} is not in:\n{help}");
        }
    }

    #[test]
    fn peers_are_measured_if_asked_for_and_can_be_named() {
        assert!(!options(&["--quick"]).peers);
        assert!(options(&["--quick", "--peers"]).peers);
        let named = options(&["--servers", "bun,ws,libwebsockets,tokio,tokio-default"]);
        assert!(!named.peers);
        assert_eq!(
            named.servers,
            [Kind::Floor, Kind::Bun, Kind::Ws, Kind::Libwebsockets, Kind::Tokio, Kind::TokioDefault]
        );
    }

    #[test]
    fn wrong_arguments_are_told_in_one_line() {
        for args in [
            &["--bogus"][..],
            &["--receivers", "0"],
            &["--receivers", "10,,20"],
            &["--rounds", "x"],
            &["--servers", "nginx"],
            &["--only", "everything"],
            &["--record", "--quick"],
            &["--record", "--only", "memory"],
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
        let expected = Task::Serve { kind: Kind::Floor, core: Some(0), announces: true };
        assert_eq!(parsed(&["--serve", "floor", "--core", "0"]), Ok(expected));
        let expected = Task::Serve { kind: Kind::Ws, core: None, announces: false };
        assert_eq!(parsed(&["--serve", "ws", "--no-announcements"]), Ok(expected));
    }
}
