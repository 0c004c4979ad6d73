//! The servers that are measured, each in a process of its own: this same program, started again, which becomes a
//! peer's program if that is asked for.
//!
//! The process tells its port on stdout, and it ends when its stdin does: so it never outlives the run, however
//! that ends.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use chat_server::{Config, Server, descriptors};
use serde::{Deserialize, Serialize};

use crate::floor::{Floor, Sending};
use crate::peers::{self, Peer};
use crate::{Result, machine};

/// More users than any run has.
const CLIENTS_MAX: usize = 1_000_000;
/// The network stays out of it.
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Tells a peer, and the process that becomes one, not to announce who comes and goes.
const NO_ANNOUNCEMENTS: &str = "--no-announcements";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The least that a server can do: one `send()` for each delivery.
    Floor,
    /// The same, but all frames of one turn of the loop leave in one `send()`.
    Coalesced,
    /// Ours.
    Chat,
    /// C on libwebsockets.
    Libwebsockets,
    /// Bun, with uWebSockets inside.
    Bun,
    /// Node.js with `ws`.
    Ws,
    /// tokio-tungstenite, with a read buffer as small as the messages allow.
    Tokio,
    /// tokio-tungstenite as it is configured without being asked.
    TokioDefault,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Floor,
        Self::Coalesced,
        Self::Chat,
        Self::Libwebsockets,
        Self::Bun,
        Self::Ws,
        Self::Tokio,
        Self::TokioDefault,
    ];

    /// What it is called in options and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Coalesced => "coalesced",
            Self::Chat => "chat",
            Self::Libwebsockets => "libwebsockets",
            Self::Bun => "bun",
            Self::Ws => "ws",
            Self::Tokio => "tokio",
            Self::TokioDefault => "tokio-default",
        }
    }

    /// Whether it can tell all others of each newcomer, as the protocol wants it. It is most of the work of a login,
    /// and the floors do not do it.
    #[must_use]
    pub const fn announces(self) -> bool {
        !matches!(self, Self::Floor | Self::Coalesced)
    }

    /// The program that it is, if it is not part of this one.
    #[must_use]
    pub const fn peer(self) -> Option<Peer> {
        match self {
            Self::Floor | Self::Coalesced | Self::Chat => None,
            Self::Libwebsockets => Some(Peer::Libwebsockets),
            Self::Bun => Some(Peer::Bun),
            Self::Ws => Some(Peer::Ws),
            Self::Tokio | Self::TokioDefault => Some(Peer::Tokio),
        }
    }
}

/// What a server is, for whoever reads the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// [`Kind::name`]
    pub name: String,
    /// What was run, in a line.
    pub version: String,
    /// [`Kind::announces`]
    pub announces: bool,
}

/// A server that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    addr: SocketAddr,
}

impl Running {
    /// Starts a server. Of the servers that announce who comes and goes, a peer does so only if `announces`; ours has
    /// no way not to.
    ///
    /// # Errors
    /// If it cannot be started, or ends before it listens.
    pub fn start(kind: Kind, core: Option<usize>, announces: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", kind.name()]);
        if let Some(core) = core {
            command.args(["--core", &core.to_string()]);
        }
        if !announces {
            command.arg(NO_ANNOUNCEMENTS);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take();
        let mut running = Self { child, addr: SocketAddr::new(LOCALHOST, 0) };
        let mut line = String::new();
        BufReader::new(stdout.ok_or("the server has no stdout")?).read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| format!("the server {} did not start", kind.name()))?;
        running.addr.set_port(port);
        Ok(running)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The CPU time it has had.
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        machine::cpu_time(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which its crowd has noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the server, until stdin ends. A peer that shall not announce is told so. `target` is the directory that the peers were built in.
///
/// # Errors
/// If it cannot listen.
pub fn serve(kind: Kind, core: Option<usize>, announces: bool, target: &Path) -> Result<()> {
    if let Some(core) = core {
        machine::pin(core);
    }
    descriptors::raise_limit();
    match kind {
        Kind::Floor | Kind::Coalesced => {
            end_with_stdin();
            let sending = if kind == Kind::Floor { Sending::Each } else { Sending::Coalesced };
            let mut floor = Floor::bind(LOCALHOST, sending)?;
            tell_port(floor.local_addr()?.port())?;
            floor.run()?;
        }
        Kind::Chat => {
            end_with_stdin();
            let mut server = Server::bind(&config())?;
            tell_port(server.local_addr().port())?;
            server.run()?;
        }
        Kind::Libwebsockets | Kind::Bun | Kind::Ws | Kind::Tokio | Kind::TokioDefault => {
            // The process stays the same: all the threads that the peer will have are on that core, and its CPU
            // time is found under the same number.
            let mut peer = peers::command(kind, target).ok_or("no program of its own")?;
            if !announces {
                peer.arg(NO_ANNOUNCEMENTS);
            }
            return Err(peer.exec().into());
        }
    }
    Ok(())
}

fn end_with_stdin() {
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

/// The defaults but for the limits that protect from strangers: a crowd comes from one address, and one of its
/// users may say as much as it likes. The timers of inactivity run as always, but nobody becomes INACTIVO in the
/// middle of a run.
#[must_use]
pub fn config() -> Config {
    Config {
        port: 0,
        bind: Some(LOCALHOST),
        per_ip: 0,
        rate: 0,
        inactivity: Some(Duration::from_secs(24 * 60 * 60)),
        max_clients: CLIENTS_MAX,
        ..Config::default()
    }
}

fn tell_port(port: u16) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{port}")?;
    stdout.flush()
}
