//! The competing servers: programs of ours on other libraries, each in that library's own idiom, speaking the same
//! protocol. See `benches/peers/README.md`.
//!
//! A peer's sources are in `benches/peers`, what is built of them in `target/bench-peers`; it runs from there. Nothing
//! is built unless that is asked for, and one that cannot be built is told in a line that says what to do.

pub mod build;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::args::Options;
use crate::progress::Progress;
use crate::server::{About, Kind};

/// A build takes some seconds, or a minute where all has to be fetched.
const BUILD_MAX: Duration = Duration::from_secs(600);
/// To look whether a tool is there, or a peer runs.
const PROBE_MAX: Duration = Duration::from_secs(20);

/// One of the programs. It may be measured as more than one [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// C, libwebsockets.
    Libwebsockets,
    /// JavaScript, Bun.
    Bun,
    /// JavaScript, Node.js, ws.
    Ws,
    /// Rust, tokio-tungstenite.
    Tokio,
}

/// What a peer is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Cc,
    LibwebsocketsHeaders,
    Node,
    Npm,
    Cargo,
}

impl Peer {
    const ALL: [Self; 4] = [Self::Libwebsockets, Self::Bun, Self::Ws, Self::Tokio];

    /// What it is called, as are its directories.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Libwebsockets => "libwebsockets",
            Self::Bun => "bun",
            Self::Ws => "ws",
            Self::Tokio => "tokio",
        }
    }

    const fn tools(self) -> &'static [Tool] {
        match self {
            Self::Libwebsockets => &[Tool::Cc, Tool::LibwebsocketsHeaders],
            Self::Bun | Self::Ws => &[Tool::Node, Tool::Npm],
            Self::Tokio => &[Tool::Cargo],
        }
    }

    fn sources(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(self.name())
    }

    /// Where it is built.
    fn home(self, target: &Path) -> PathBuf {
        target.join("bench-peers").join(self.name())
    }

    /// Builds it. An installer works in the peer's home, where the sources are copied for it.
    fn recipe(self, target: &Path) -> Command {
        let (sources, home) = (self.sources(), self.home(target));
        match self {
            Self::Libwebsockets => {
                let mut command = Command::new("cc");
                command.args(["-O2", "-o"]).arg(home.join("server")).arg(sources.join("server.c"));
                command.args(["-lwebsockets", "-pthread"]);
                command
            }
            Self::Bun | Self::Ws => {
                let mut command = Command::new("npm");
                command.args(["ci", "--no-audit", "--no-fund"]).current_dir(home);
                command
            }
            Self::Tokio => {
                let mut command = cargo();
                command.args(["build", "--release", "--locked", "--manifest-path"]);
                command.arg(sources.join("Cargo.toml")).arg("--target-dir").arg(home);
                command
            }
        }
    }

    /// Runs it, once it is built.
    fn command(self, target: &Path) -> Command {
        let home = self.home(target);
        let script = |interpreter: PathBuf| {
            let mut command = Command::new(interpreter);
            command.arg(home.join("server.js"));
            command
        };
        match self {
            Self::Libwebsockets => Command::new(home.join("server")),
            Self::Bun => script(home.join("node_modules/bun/bin/bun.exe")),
            Self::Ws => script("node".into()),
            Self::Tokio => Command::new(home.join("release/tokio-peer")),
        }
    }

    /// Sees to it that it runs. The error is a line.
    fn prepare(self, target: &Path, may_build: bool, progress: &Progress) -> Result<(), String> {
        let (name, home, mut recipe) = (self.name(), self.home(target), self.recipe(target));
        let system = |error: std::io::Error| format!("{name}: {error}");
        let ingredients = build::ingredients(&recipe, &self.sources()).map_err(system)?;
        if build::is_current(&home, &ingredients) && self.runs(target).is_ok() {
            return Ok(());
        }
        if !may_build {
            return Err(format!("{name}: not built; cargo bench -- --peers --servers {name}"));
        }
        if let Some(hint) = self.hint(Tool::is_there) {
            return Err(hint);
        }
        build::begin(&home).map_err(system)?;
        if self.tools().contains(&Tool::Npm) {
            for file in build::files(&self.sources()).map_err(system)? {
                fs::copy(self.sources().join(&file), home.join(&file)).map_err(system)?;
            }
        }
        let log = home.join("build.log");
        build::run(&mut recipe, &log, BUILD_MAX, || progress.tick())
            .map_err(|line| format!("{name}: not built: {line}; see {}", log.display()))?;
        self.runs(target).map_err(|line| format!("{name}: built, but does not run: {line}"))?;
        build::finish(&home, &ingredients).map_err(system)
    }

    fn runs(self, target: &Path) -> Result<String, String> {
        said_of_itself(self.command(target), &self.home(target))
    }

    /// How to get what it is built with, if that is missing.
    fn hint(self, is_there: impl Fn(Tool) -> bool) -> Option<String> {
        let tool = self.tools().iter().copied().find(|tool| !is_there(*tool))?;
        let remedy = match tool {
            Tool::Cc => "no C compiler; apt-get install gcc libc6-dev",
            Tool::LibwebsocketsHeaders => "not installed; apt-get install libwebsockets-dev",
            Tool::Node => "Node.js is not installed; apt-get install nodejs npm",
            Tool::Npm => "npm is not installed; apt-get install npm",
            Tool::Cargo => "cargo is not installed; see https://rustup.rs",
        };
        Some(format!("{}: {remedy}", self.name()))
    }
}

impl Tool {
    fn is_there(self) -> bool {
        let mut command = match self {
            Self::Cc | Self::LibwebsocketsHeaders => Command::new("cc"),
            Self::Node => Command::new("node"),
            Self::Npm => Command::new("npm"),
            Self::Cargo => cargo(),
        };
        match self {
            Self::LibwebsocketsHeaders => {
                command.args(["-E", "-include", "libwebsockets.h", "-x", "c", "/dev/null"])
            }
            _ => command.arg("--version"),
        };
        build::run(&mut command, Path::new("/dev/null"), PROBE_MAX, || {}).is_ok()
    }
}

/// The one that runs this program, if one does.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What runs a server that is a peer, and `None` if it is not.
#[must_use]
pub fn command(kind: Kind, target: &Path) -> Option<Command> {
    let mut command = kind.peer()?.command(target);
    if kind == Kind::Tokio {
        command.args(["--read-buffer", "4096"]);
    }
    Some(command)
}

/// The peers that are asked for, and whether the run cannot do without them: those that the servers' list names, or,
/// if it names none and `--peers` is given, whichever there are.
fn wanted(options: &Options) -> (Vec<Kind>, bool) {
    let named: Vec<_> = options.servers.iter().copied().filter(|kind| kind.peer().is_some()).collect();
    let is_required = !named.is_empty();
    let every = Kind::ALL.into_iter().filter(|kind| kind.peer().is_some());
    (if is_required || !options.peers { named } else { every.collect() }, is_required)
}

/// Builds the peers that are asked for, as far as that is allowed, adds those that run to the servers, and says what
/// each of the servers is.
///
/// # Errors
/// If a peer that is named cannot be measured.
pub fn prepare(options: &mut Options, target: &Path) -> crate::Result<Vec<About>> {
    let (wanted, is_required) = wanted(options);
    let is_wanted = |peer: &Peer| wanted.iter().any(|kind| kind.peer() == Some(*peer));
    let peers: Vec<_> = Peer::ALL.into_iter().filter(is_wanted).collect();
    let progress = Progress::new(peers.len());
    let mut ready = Vec::new();
    for peer in peers {
        progress.begin(&format!("preparing {}", peer.name()));
        match peer.prepare(target, options.peers, &progress) {
            Ok(()) => ready.push(peer),
            Err(line) if is_required => return Err(line.into()),
            Err(line) => progress.say(&line),
        }
        progress.end();
    }
    progress.finish();
    if !is_required {
        options
            .servers
            .extend(wanted.iter().filter(|kind| kind.peer().is_some_and(|it| ready.contains(&it))));
    }
    options.servers.iter().map(|kind| Ok(about(*kind, target)?)).collect()
}

fn about(kind: Kind, target: &Path) -> Result<About, String> {
    let version = match (kind, kind.peer(), command(kind, target)) {
        (_, Some(peer), Some(command)) => said_of_itself(command, &peer.home(target))?,
        (Kind::Floor, ..) => "mio, one send() for each delivery".to_owned(),
        (Kind::Coalesced, ..) => "mio, one send() for each receiver and turn".to_owned(),
        _ => concat!("chat-server ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Ok(About { name: kind.name().to_owned(), version, announces: kind.announces() })
}

/// The line in which a peer says what it is.
fn said_of_itself(mut command: Command, home: &Path) -> Result<String, String> {
    let said = build::run(command.arg("--version"), &home.join("version.txt"), PROBE_MAX, || {})?;
    Ok(said.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(peers: bool, servers: &[Kind]) -> Options {
        Options {
            quick: true,
            only: Vec::new(),
            receivers: vec![10],
            rounds: 1,
            servers: servers.to_vec(),
            named: None,
            peers,
            json: None,
            record: false,
        }
    }

    #[test]
    fn a_missing_tool_is_told_in_one_line_that_says_what_to_install() {
        let without = |missing: Tool| move |tool: Tool| tool != missing;
        let lines = [
            (
                Peer::Libwebsockets,
                Tool::LibwebsocketsHeaders,
                "libwebsockets: not installed; apt-get install libwebsockets-dev",
            ),
            (Peer::Libwebsockets, Tool::Cc, "libwebsockets: no C compiler; apt-get install gcc libc6-dev"),
            (Peer::Bun, Tool::Npm, "bun: npm is not installed; apt-get install npm"),
            (Peer::Ws, Tool::Node, "ws: Node.js is not installed; apt-get install nodejs npm"),
            (Peer::Tokio, Tool::Cargo, "tokio: cargo is not installed; see https://rustup.rs"),
        ];
        for (peer, missing, line) in lines {
            assert_eq!(peer.hint(without(missing)).as_deref(), Some(line));
        }
        for peer in Peer::ALL {
            assert_eq!(peer.hint(|_| true), None);
            assert!(peer.hint(|_| false).is_some_and(|line| !line.contains('\n')));
        }
    }

    #[test]
    fn peers_are_those_named_or_else_all_and_none_without_being_asked() {
        let all: Vec<_> = Kind::ALL.into_iter().filter(|kind| kind.peer().is_some()).collect();
        assert_eq!(wanted(&options(false, &[Kind::Floor, Kind::Chat])), (vec![], false));
        assert_eq!(wanted(&options(true, &[Kind::Floor, Kind::Chat])), (all, false));
        for peers in [false, true] {
            let named = wanted(&options(peers, &[Kind::Floor, Kind::Bun, Kind::TokioDefault]));
            assert_eq!(named, (vec![Kind::Bun, Kind::TokioDefault], true));
        }
    }

    #[test]
    fn without_the_option_nothing_is_built_and_a_named_peer_that_is_missing_is_an_error() {
        let target = std::env::temp_dir().join(format!("chat-benches-{}-nothing", std::process::id()));
        let mut named = options(false, &[Kind::Floor, Kind::Tokio]);
        let error = prepare(&mut named, &target).unwrap_err().to_string();
        assert_eq!(error, "tokio: not built; cargo bench -- --peers --servers tokio");
        let mut plain = options(false, &[Kind::Floor, Kind::Chat]);
        let names: Vec<_> = prepare(&mut plain, &target)
            .unwrap()
            .into_iter()
            .map(|about| (about.name, about.announces))
            .collect();
        assert_eq!(names, [("floor".to_owned(), false), ("chat".to_owned(), true)]);
        assert!(!target.exists());
    }

    #[test]
    fn each_peer_has_its_sources_and_builds_and_runs_below_the_target_directory() {
        let target = Path::new("/somewhere/target");
        for kind in Kind::ALL {
            let Some(peer) = kind.peer() else { continue };
            assert!(peer.sources().is_dir(), "{}", peer.sources().display());
            for text in [format!("{:?}", peer.recipe(target)), format!("{:?}", command(kind, target))] {
                assert!(text.contains("/somewhere/target/bench-peers/"), "{text}");
            }
        }
    }
}
