//! `chat-server --doctor PORT`: why nobody gets in, found out on the server's machine without starting a chat.
//!
//! [`collect`] looks at the system and is the one file that does; [`diagnosis`] says what the [`facts`] mean;
//! [`report`] writes it down, and [`explanation`] has the long answers. The rest are parts of the two: parsers of what the system and its tools tell
//! ([`sockets`], [`memory`], [`limits`], [`firewall`]), what is asked over HTTP ([`web`]), and the asking ([`ask`]).
//! It changes nothing on the machine, does not listen, and knows nothing of the chat but its options.

pub mod addresses;
pub mod ask;
pub mod collect;
pub mod diagnosis;
pub mod explanation;
pub mod facts;
pub mod finding;
pub mod firewall;
pub mod limits;
pub mod memory;
pub mod report;
pub mod sockets;
pub mod web;

use crate::config::Config;
use diagnosis::Case;
use report::Report;

/// What the command line asks of the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// For programs instead of people.
    pub json: bool,
    /// Whether the cloud's metadata service is asked.
    pub asks_metadata: bool,
}

/// Examines the machine for a server with these options. Returns what to write, and whether something keeps people
/// from getting in.
#[must_use]
pub fn examine(config: &Config, options: Options) -> (String, bool) {
    let facts = collect::collect(config, options);
    let report = Report::of(Case { config, facts: &facts });
    (if options.json { report.json() } else { report.text() }, report.is_anything_in_the_way())
}
