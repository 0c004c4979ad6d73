//! Collects the facts: the one file of the doctor that looks at the system. What it cannot see it leaves unknown,
//! and it ends within [`TIME_MAX`] whatever does not answer. It judges nothing.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, geteuid, getrlimit};

use super::ask::{Budget, exchange, run};
use super::facts::{
    Address, Answer, Attempt, Clock, Descriptors, Facts, Firewall, Holder, Listener, Listing, Memory,
    Metadata, Room,
};
use super::web::ANSWER_BYTES_MAX;
use super::{Options, limits, memory, sockets, web};
use crate::announcement;
use crate::config::Config;
use crate::reactor::sockets::can_bind;

/// The whole examination.
pub const TIME_MAX: Duration = Duration::from_secs(9);
/// One tool.
const TOOL_TIME_MAX: Duration = Duration::from_secs(2);
/// The port's own answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// The metadata service, all questions together: where there is none, packets to it may just vanish.
const METADATA_TIME_MAX: Duration = Duration::from_secs(1);
/// Where clouds have it, the second one for machines without IPv4.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];
const HTTP_PORT: u16 = 80;

/// Looks at everything.
#[must_use]
pub fn collect(config: &Config, options: Options) -> Facts {
    let budget = Budget::of(TIME_MAX);
    let listeners = listeners(config.port, budget);
    let attempt = match attempt(config) {
        // Who may not have the port is told so whether or not somebody has it.
        Attempt::Forbidden if listeners.as_ref().is_some_and(|all| !all.is_empty()) => Attempt::InUse,
        attempt => attempt,
    };
    let answer = if attempt == Attempt::InUse {
        answer(listeners.as_deref(), config, budget)
    } else {
        Answer::NotAsked
    };
    Facts {
        descriptors: descriptors(listeners.as_deref()),
        metadata: if options.asks_metadata { metadata(budget) } else { Metadata::NotAsked },
        firewall: firewall(budget),
        is_root: geteuid().is_root(),
        attempt,
        listeners,
        answer,
        addresses: addresses(),
        speaks_from: announcement::own_addresses(),
        memory: memory(),
        clock: clock(budget),
    }
}

fn attempt(config: &Config) -> Attempt {
    match can_bind(config.bind, config.port) {
        Ok(()) => Attempt::Free,
        Err(error) => match error.kind() {
            io::ErrorKind::AddrInUse => Attempt::InUse,
            io::ErrorKind::PermissionDenied => Attempt::Forbidden,
            io::ErrorKind::AddrNotAvailable => Attempt::NoSuchAddress,
            _ => Attempt::Failed(error.to_string()),
        },
    }
}

fn listeners(port: u16, budget: Budget) -> Option<Vec<Listener>> {
    let table = |name| fs::read_to_string(Path::new("/proc/net").join(name)).ok();
    // A machine without IPv6 has no table of it.
    let mut found = sockets::listening(&table("tcp")?, port);
    found.extend(sockets::listening(&table("tcp6").unwrap_or_default(), port));
    let holders = if found.is_empty() { HashMap::new() } else { holders(&found, budget) };
    let listener = |socket: sockets::Socket| Listener {
        address: socket.address,
        holder: holders.get(&socket.inode).cloned(),
    };
    Some(found.into_iter().map(listener).collect())
}

/// The processes that have these sockets, as far as this user can see them.
fn holders(sockets: &[sockets::Socket], budget: Budget) -> HashMap<u64, Holder> {
    let mut holders = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for (pid, path) in
        processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
    {
        if budget.is_spent() || holders.len() == sockets.len() {
            break;
        }
        for entry in fs::read_dir(path.join("fd")).into_iter().flatten().flatten() {
            let link = fs::read_link(entry.path()).ok();
            let inode = link.and_then(|link| sockets::inode_of_link(link.to_str()?));
            if let Some(inode) = inode.filter(|inode| sockets.iter().any(|socket| socket.inode == *inode)) {
                let program = fs::read_to_string(path.join("comm")).unwrap_or_default();
                holders.insert(inode, Holder { pid, program: program.trim_end().to_owned() });
            }
        }
    }
    holders
}

/// Asks whoever has the port. Of several listeners, the first one that the server would collide with.
fn answer(listeners: Option<&[Listener]>, config: &Config, budget: Budget) -> Answer {
    let collides = |address: IpAddr| config.bind.is_none_or(|own| own == address || address.is_unspecified());
    let listener = listeners.and_then(|all| all.iter().find(|listener| collides(listener.address)));
    let ip = match listener.map(|listener| listener.address).or(config.bind) {
        Some(IpAddr::V4(ip)) if !ip.is_unspecified() => ip.into(),
        Some(IpAddr::V6(ip)) if !ip.is_unspecified() => ip.into(),
        Some(IpAddr::V6(_)) if can_bind(Some(Ipv4Addr::LOCALHOST.into()), 0).is_err() => {
            Ipv6Addr::LOCALHOST.into()
        }
        _ => IpAddr::from(Ipv4Addr::LOCALHOST),
    };
    let address = SocketAddr::new(ip, config.port);
    let request = web::front_page(&address.to_string());
    let is_whole = |bytes: &[u8]| web::response(bytes, false).is_some();
    match exchange(address, &request, budget.deadline(ANSWER_TIME_MAX), ANSWER_BYTES_MAX, is_whole) {
        Ok((bytes, _)) => web::read_front_page(&bytes),
        Err(_) => Answer::Silence,
    }
}

fn addresses() -> Option<Vec<Address>> {
    let interfaces = if_addrs::get_if_addrs().ok()?;
    Some(interfaces.into_iter().map(|it| Address { ip: it.ip(), interface: it.name }).collect())
}

/// Asks at one address and, if nobody is there, at the other, both in the same time: whoever has no IPv4 knows at once
/// that there is no way to the first.
fn metadata(budget: Budget) -> Metadata {
    let deadline = budget.deadline(METADATA_TIME_MAX);
    let mut answers = METADATA.into_iter().map(|ip| metadata_at(ip, deadline));
    answers.find(|answer| *answer != Metadata::NoAnswer).unwrap_or(Metadata::NoAnswer)
}

fn metadata_at(ip: IpAddr, deadline: Instant) -> Metadata {
    let address = SocketAddr::new(ip, HTTP_PORT);
    let host = web::host(ip);
    let ask = |request: &str| {
        let is_whole = |bytes: &[u8]| web::response(bytes, false).is_some();
        let (bytes, is_end) = exchange(address, request, deadline, ANSWER_BYTES_MAX, is_whole).ok()?;
        web::response(&bytes, is_end)
    };
    match web::read_token(ask(&web::token_request(&host))) {
        Ok(token) => web::read_address(ask(&web::address_request(&host, &token))),
        Err(without) => without,
    }
}

fn firewall(budget: Budget) -> Firewall {
    let ask = |program: &str, args: &[&str]| run(program, args, budget.deadline(TOOL_TIME_MAX));
    let tables = |save: &str, legacy_save: &str, show: &str, legacy_tables: &str| {
        let mut listings = vec![match ask(save, &[]) {
            Listing::Absent => ask(show, &["-S"]),
            listing => listing,
        }];
        // Rules of the older kind live beside those of the newer one, which does not show them.
        let has_legacy = fs::read_to_string(legacy_tables).is_ok_and(|names| !names.trim().is_empty());
        if has_legacy && listings[0].text().is_none_or(|text| text.contains("(nf_tables)")) {
            listings.push(match ask(legacy_save, &[]) {
                Listing::Absent => Listing::Refused(format!("{legacy_save}: not installed")),
                listing => listing,
            });
        }
        listings
    };
    let nft_json = ask("nft", &["-j", "list", "ruleset"]);
    // Only to quote from: one that does not give the rules does not give their text either.
    let nft_text = match &nft_json {
        Listing::Text(_) => ask("nft", &["-a", "list", "ruleset"]),
        other => other.clone(),
    };
    Firewall {
        nft_json,
        nft_text,
        iptables: tables("iptables-save", "iptables-legacy-save", "iptables", "/proc/net/ip_tables_names"),
        ip6tables: tables(
            "ip6tables-save",
            "ip6tables-legacy-save",
            "ip6tables",
            "/proc/net/ip6_tables_names",
        ),
        ufw: ask("ufw", &["status", "verbose"]),
    }
}

/// Those of the server if it runs and shows them, else our own, which it would inherit.
fn descriptors(listeners: Option<&[Listener]>) -> Descriptors {
    let holders = listeners.into_iter().flatten().filter_map(|listener| listener.holder.as_ref());
    let server = holders.filter(|holder| holder.program == limits::PROGRAM).find_map(|holder| {
        limits::open_files(&fs::read_to_string(format!("/proc/{}/limits", holder.pid)).ok()?)
    });
    server.unwrap_or_else(|| {
        let own = getrlimit(Resource::Nofile);
        Descriptors { soft: own.current, hard: own.maximum, of_the_server: false }
    })
}

fn memory() -> Memory {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory::available(&text));
    let folders =
        fs::read_to_string("/proc/self/cgroup").map(|text| memory::folders(&text)).unwrap_or_default();
    let rooms = folders.into_iter().filter_map(|(folder, names)| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let max = read(names.max)?;
        Some(memory::room(&max, read(names.current).as_deref(), read("memory.stat").as_deref(), names))
    });
    let group: Room = memory::tightest(rooms);
    Memory { available, group }
}

fn clock(budget: Budget) -> Clock {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix_seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let args = ["show", "--property=NTPSynchronized", "--value"];
    let told = run("timedatectl", &args, budget.deadline(TOOL_TIME_MAX));
    let is_synchronized = match told.text().map(str::trim) {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        // What systemd's own client of time servers leaves behind once it has reached one.
        _ => Path::new("/run/systemd/timesync/synchronized").exists().then_some(true),
    };
    Clock { unix_seconds, is_synchronized }
}
