//! The findings as a person reads them, and as a program does. Both end with what to do elsewhere: the rule that
//! lets people in, and the command that they type.

use chat_protocol::Lang;
use serde_json::{Value, json};

use super::addresses::Kind;
use super::diagnosis::{Case, Client, Reach};
use super::facts::Listener;
use super::finding::{Finding, Status, shown};

/// What keeps the server itself from running.
const CANNOT_RUN: [&str; 3] = ["PORT-HELD", "PORT-FORBIDDEN", "ADDRESS-ABSENT"];

/// What was found, ready to be shown.
#[derive(Debug)]
pub struct Report<'a> {
    case: Case<'a>,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    /// Of this case.
    #[must_use]
    pub fn of(case: Case<'a>) -> Self {
        Self { findings: case.findings(), case }
    }

    /// Whether something keeps people from getting in.
    #[must_use]
    pub fn is_anything_in_the_way(&self) -> bool {
        self.in_the_way().next().is_some()
    }

    fn in_the_way(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status == Status::InTheWay)
    }

    fn lang(&self) -> Lang {
        self.case.config.lang
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let lang = self.lang();
        let (version, port) = (env!("CARGO_PKG_VERSION"), self.case.config.port);
        let mut lines = vec![match lang {
            Lang::Spanish => format!("chat-server {version}: examen del puerto {port}"),
            Lang::English => format!("chat-server {version}: examination of port {port}"),
        }];
        for finding in &self.findings {
            let Finding { code, meaning, .. } = finding;
            lines.push(format!("{} {code}: {meaning}", mark(finding.status)));
            lines.extend(finding.next.as_ref().map(|next| format!("     -> {next}")));
        }
        lines.push(String::new());
        lines.push(self.verdict());
        lines.extend(self.in_the_way().next().map(|Finding { code, .. }| match lang {
            Lang::Spanish => format!("Más: chat-server --explain {code}"),
            Lang::English => format!("More: chat-server --explain {code}"),
        }));
        lines.push(self.case.rule());
        for (client, command) in self.commands() {
            let from = match (client.reach, lang) {
                (Reach::Anywhere, Lang::Spanish) => "Desde cualquier parte",
                (Reach::Anywhere, Lang::English) => "From anywhere",
                (Reach::SameNetwork, Lang::Spanish) => "Desde la misma red",
                (Reach::SameNetwork, Lang::English) => "From the same network",
                (Reach::ThisMachine, Lang::Spanish) => "Desde esta máquina",
                (Reach::ThisMachine, Lang::English) => "From this machine",
            };
            lines.push(format!("{from}: {command}"));
        }
        lines.join("\n")
    }

    fn verdict(&self) -> String {
        let codes: Vec<_> = self.in_the_way().map(|finding| finding.code).collect();
        let unknown = self.findings.iter().filter(|finding| finding.status == Status::Unknown).count();
        match (codes.is_empty(), self.lang()) {
            (true, Lang::Spanish) => {
                format!("No se encontró nada que estorbe; {unknown} cosas no se saben (??).")
            }
            (true, Lang::English) => {
                format!("Nothing was found in the way; {unknown} things are unknown (??).")
            }
            (false, Lang::Spanish) => format!("Estorba: {}.", codes.join(", ")),
            (false, Lang::English) => format!("In the way: {}.", codes.join(", ")),
        }
    }

    fn commands(&self) -> impl Iterator<Item = (Client, String)> {
        let name = self.lang().pick("SU_NOMBRE", "YOUR_NAME");
        let port = self.case.config.port;
        let command = move |client: Client| format!("chat-client {name} {} {port}", client.address);
        // Where the server cannot run, nobody gets in by any command.
        let cannot_run = |finding: &Finding| CANNOT_RUN.contains(&finding.code);
        let clients = if self.findings.iter().any(cannot_run) { Vec::new() } else { self.case.clients() };
        clients.into_iter().map(move |client| (client, command(client)))
    }

    /// For programs: one JSON object on one line. Fields are added to, not changed.
    #[must_use]
    pub fn json(&self) -> String {
        let findings = self.findings.iter().map(|finding| {
            let Finding { code, status, meaning, next } = finding;
            json!({ "code": code, "status": status.as_str(), "meaning": meaning, "next": next })
        });
        let facts = self.case.facts;
        let addresses = facts.addresses.as_ref().map(|all| {
            let address = |ip: std::net::IpAddr| json!({ "address": ip, "kind": Kind::of(ip).as_str() });
            let with_interface = all.iter().map(|it| {
                let mut value = address(it.ip);
                value["interface"] = shown(&it.interface).into();
                value
            });
            with_interface.collect::<Vec<_>>()
        });
        let listener = |Listener { address, holder }: &Listener| {
            let holder = holder.as_ref();
            json!({
                "address": address,
                "pid": holder.map(|holder| holder.pid),
                "program": holder.map(|holder| shown(&holder.program)),
            })
        };
        let listeners = facts.listeners.as_ref().map(|all| all.iter().map(listener).collect::<Vec<_>>());
        let clients = self.commands().map(|(client, command)| {
            json!({ "from": client.reach.as_str(), "address": client.address, "command": command })
        });
        let report: Value = json!({
            "program": "chat-server",
            "version": env!("CARGO_PKG_VERSION"),
            "port": self.case.config.port,
            "in_the_way": self.in_the_way().map(|finding| finding.code).collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
            "addresses": addresses,
            "listeners": listeners,
            "rule": self.case.rule(),
            "clients": clients.collect::<Vec<_>>(),
        });
        report.to_string()
    }
}

/// Four signs, so that colours are not needed.
const fn mark(status: Status) -> &'static str {
    match status {
        Status::Clear => "[ok]",
        Status::InTheWay => "[!!]",
        Status::Unknown => "[??]",
        Status::Note => "[--]",
    }
}
