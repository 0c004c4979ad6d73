//! From facts to findings, each in the person's language. Pure: the same facts give the same findings. What is unknown
//! becomes a finding of its own that says so, never a "no".

use std::net::IpAddr;

use chat_protocol::Lang;

use super::facts::Facts;
use super::finding::Finding;
use crate::config::Config;

mod machine;
mod network;
mod port;

pub use network::{Client, Reach};

/// One of two sentences, by the language; both can name what is in scope.
macro_rules! say {
    ($lang:expr, $spanish:literal, $english:literal $(,)?) => {
        match $lang {
            chat_protocol::Lang::Spanish => format!($spanish),
            chat_protocol::Lang::English => format!($english),
        }
    };
}
use say;

/// What is examined: the command line that the server has or would have, and what was found out.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The server's options.
    pub config: &'a Config,
    /// What was found out.
    pub facts: &'a Facts,
}

impl Case<'_> {
    /// All findings, in the order in which one would look.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![self.port()];
        findings.extend(self.listening());
        findings.push(self.addresses());
        findings.push(self.public_address());
        findings.extend(self.firewall());
        findings.push(self.provider());
        findings.push(self.descriptors());
        findings.push(self.memory());
        findings.push(self.clock());
        findings
    }

    fn lang(&self) -> Lang {
        self.config.lang
    }

    /// Whether it listens, or would, where only this machine reaches it.
    fn is_loopback_only(&self) -> bool {
        let listens_on = self.listens_on();
        !listens_on.is_empty() && listens_on.iter().all(|ip| ip.to_canonical().is_loopback())
    }

    /// The addresses that the server listens on or would; none if somebody else has the port, or nobody knows.
    fn listens_on(&self) -> Vec<IpAddr> {
        match self.own_listeners() {
            Some(listeners) => listeners,
            None if self.can_start() => {
                vec![self.config.bind.unwrap_or(IpAddr::from([0; 16]))]
            }
            None => vec![],
        }
    }
}

/// Several words in a row.
fn list(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
