//! What the doctor looks at, as plain data: collected by one file, judged by others, written out by hand in tests.
//! Every fact can be unknown, and then says so.

use std::net::IpAddr;

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What happened when the port was bound as the server would.
    pub attempt: Attempt,
    /// Who listens on this port; `None` if the system does not tell.
    pub listeners: Option<Vec<Listener>>,
    /// What the port answers over HTTP, if it is held.
    pub answer: Answer,
    /// The addresses of this machine; `None` if the system does not tell.
    pub addresses: Option<Vec<Address>>,
    /// The addresses that it speaks from to the rest of the world: IPv4, IPv6.
    pub speaks_from: [Option<IpAddr>; 2],
    /// What the cloud's metadata service says.
    pub metadata: Metadata,
    /// The rules of the local firewall.
    pub firewall: Firewall,
    /// Whether it was root who looked: then being root helps no further.
    pub is_root: bool,
    /// How many descriptors the server may have.
    pub descriptors: Descriptors,
    /// How much memory there is for it.
    pub memory: Memory,
    /// What the clock says.
    pub clock: Clock,
}

/// Binding the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It can be had.
    Free,
    /// Somebody has it.
    InUse,
    /// This user may not.
    Forbidden,
    /// This machine does not have the address.
    NoSuchAddress,
    /// The system says no for another reason.
    Failed(String),
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The address that it listens on.
    pub address: IpAddr,
    /// The process that has it; `None` if this user cannot see it.
    pub holder: Option<Holder>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its name, as the system has it: chosen by whoever started it.
    pub program: String,
}

/// What came back from the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nobody was asked, for nobody listens.
    NotAsked,
    /// A chat server's page.
    ChatServer,
    /// Something else; its beginning, as it came.
    Other(String),
    /// Nothing in time, or nothing at all.
    Silence,
}

/// An address of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The interface that has it.
    pub interface: String,
}

/// What a cloud's metadata service, version 2, says about the public IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// It was not asked, as `--no-metadata` wishes.
    NotAsked,
    /// There is none, or it did not answer in time.
    NoAnswer,
    /// Something answers, but it does not hand out tokens as version 2 does.
    NotVersion2,
    /// It says that this machine has no public address.
    NoPublicAddress,
    /// It answered with something that is no address.
    Nonsense,
    /// The public address.
    PublicAddress(IpAddr),
}

/// What a tool wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// All of it.
    Text(String),
    /// There is no such tool here.
    Absent,
    /// It did not, or not all; its own words, or ours.
    Refused(String),
}

impl Listing {
    /// What it wrote.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// The rules of the local firewall, from every tool that may have made some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    /// `nft -j list ruleset`.
    pub nft_json: Listing,
    /// `nft -a list ruleset`, to quote from.
    pub nft_text: Listing,
    /// `iptables-save`, and the same of the older kind where there are such tables.
    pub iptables: Vec<Listing>,
    /// The same for IPv6.
    pub ip6tables: Vec<Listing>,
    /// `ufw status verbose`.
    pub ufw: Listing,
}

/// Limits of open descriptors; `None` is none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// The one in force.
    pub soft: Option<u64>,
    /// The one that the server raises it to.
    pub hard: Option<u64>,
    /// Whether they are those of the server that runs, and not of the doctor.
    pub of_the_server: bool,
}

/// Bytes that there are for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// In the machine.
    pub available: Option<u64>,
    /// In the control group.
    pub group: Room,
}

/// What a control group leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It has no limit.
    Unlimited,
    /// So many bytes.
    Bytes(u64),
    /// The system does not tell.
    Unknown,
}

/// The system's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds since 1970.
    pub unix_seconds: i64,
    /// Whether it follows a time server; `None` if nobody tells.
    pub is_synchronized: Option<bool>,
}
