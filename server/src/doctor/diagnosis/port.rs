//! Who has the port, and from where it can be reached.

use std::net::IpAddr;

use super::{Case, list, say};
use crate::doctor::facts::{Answer, Attempt, Holder, Listener};
use crate::doctor::finding::{Finding, Status, shown};
use crate::doctor::limits;

impl Case<'_> {
    /// Whether a server could start with these options.
    pub(super) fn can_start(&self) -> bool {
        self.facts.attempt == Attempt::Free
    }

    /// The listeners that are in the way of ours, if it is a chat server that has the port.
    pub(super) fn own_listeners(&self) -> Option<Vec<IpAddr>> {
        let listeners = self.colliding();
        self.is_held_by_a_server().then(|| listeners.iter().map(|listener| listener.address).collect())
    }

    fn is_held_by_a_server(&self) -> bool {
        let is_server = |holder: &Holder| holder.program == limits::PROGRAM;
        self.facts.attempt == Attempt::InUse
            && (self.facts.answer == Answer::ChatServer || self.holders().any(is_server))
    }

    /// Listeners on an address that ours would have as well.
    fn colliding(&self) -> Vec<&Listener> {
        let own = self.config.bind.filter(|ip| !ip.is_unspecified());
        let collides = |ip: IpAddr| own.is_none_or(|own| ip == own || ip.is_unspecified());
        let all = self.facts.listeners.iter().flatten();
        all.filter(|listener| collides(listener.address)).collect()
    }

    fn holders(&self) -> impl Iterator<Item = &Holder> {
        self.colliding().into_iter().filter_map(|listener| listener.holder.as_ref())
    }

    pub(super) fn port(&self) -> Finding {
        let (lang, port) = (self.lang(), self.config.port);
        let free = |status, code, meaning| Finding::new(code, status, meaning);
        match &self.facts.attempt {
            Attempt::Free => free(
                Status::Clear,
                "PORT-FREE",
                say!(lang, "El puerto {port} está libre.", "Port {port} is free."),
            )
            .then(say!(
                lang,
                "Inicie el servidor: chat-server {port}",
                "Start the server: chat-server {port}"
            )),
            Attempt::InUse => self.held(),
            Attempt::Forbidden => free(
                Status::InTheWay,
                "PORT-FORBIDDEN",
                say!(
                    lang,
                    "Este usuario no tiene permiso para el puerto {port}.",
                    "This user has no permission for port {port}."
                ),
            )
            .then(say!(
                lang,
                "Use un puerto desde 1024, o dé al programa la capacidad CAP_NET_BIND_SERVICE.",
                "Use a port from 1024 on, or give the program the capability CAP_NET_BIND_SERVICE."
            )),
            Attempt::NoSuchAddress => {
                let address = self.config.bind.map(|ip| ip.to_string()).unwrap_or_default();
                free(
                    Status::InTheWay,
                    "ADDRESS-ABSENT",
                    say!(
                        lang,
                        "Esta máquina no tiene la dirección {address}, que pide --bind.",
                        "This machine does not have the address {address} that --bind asks for."
                    ),
                )
                .then(say!(
                    lang,
                    "Quite --bind: así escucha en todas las direcciones. La dirección pública de una nube no \
                     es de la máquina.",
                    "Leave --bind out, and it listens on all addresses. A cloud's public address is not the \
                     machine's own."
                ))
            }
            Attempt::Failed(error) => {
                let error = shown(error);
                free(
                    Status::Unknown,
                    "PORT-UNKNOWN",
                    say!(
                        lang,
                        "No se sabe si el puerto {port} está libre: {error}.",
                        "Whether port {port} is free is unknown: {error}."
                    ),
                )
                .then(say!(
                    lang,
                    "Inicie el servidor y lea qué dice.",
                    "Start the server and read what it says."
                ))
            }
        }
    }

    fn held(&self) -> Finding {
        let (lang, port, who) = (self.lang(), self.config.port, self.who());
        if !self.is_held_by_a_server() {
            let answer = match &self.facts.answer {
                Answer::Other(text) => {
                    let text = shown(text);
                    say!(lang, " y responde «{text}»", " and answers «{text}»")
                }
                _ => String::new(),
            };
            let meaning = say!(
                lang,
                "El puerto {port} lo tiene {who}{answer}: chat-server no puede usarlo.",
                "Port {port} is held by {who}{answer}: chat-server cannot have it."
            );
            return Finding::new("PORT-HELD", Status::InTheWay, meaning).then(match self.holders().next() {
                Some(Holder { pid, .. }) => say!(
                    lang,
                    "Elija otro puerto, o termine ese programa: kill {pid}",
                    "Choose another port, or stop that program: kill {pid}"
                ),
                None => say!(
                    lang,
                    "Elija otro puerto, o vea quién lo tiene con: sudo chat-server --doctor {port}",
                    "Choose another port, or see who has it with: sudo chat-server --doctor {port}"
                ),
            });
        }
        if self.facts.answer == Answer::Silence {
            let meaning = say!(
                lang,
                "El puerto {port} lo tiene {who}, pero no responde.",
                "Port {port} is held by {who}, but it does not answer."
            );
            return Finding::new("SERVER-SILENT", Status::InTheWay, meaning).then(say!(
                lang,
                "Lea su registro de sucesos y reinícielo.",
                "Read its log and restart it."
            ));
        }
        let meaning = say!(
            lang,
            "El puerto {port} lo tiene {who}, y responde: el chat está en marcha.",
            "Port {port} is held by {who}, and it answers: the chat is running."
        );
        Finding::new("SERVER-ANSWERS", Status::Clear, meaning)
    }

    fn who(&self) -> String {
        let lang = self.lang();
        match self.holders().next() {
            Some(Holder { pid, program }) => {
                let program = shown(program);
                say!(lang, "{program} (proceso {pid})", "{program} (process {pid})")
            }
            None if self.facts.answer == Answer::ChatServer => say!(
                lang,
                "un chat-server que este usuario no puede ver",
                "a chat-server that this user cannot see"
            ),
            None => say!(lang, "alguien que este usuario no puede ver", "somebody this user cannot see"),
        }
    }

    /// From where it can be reached; nothing if it is not ours to say.
    pub(super) fn listening(&self) -> Option<Finding> {
        let (lang, port) = (self.lang(), self.config.port);
        if !self.can_start() && !self.is_held_by_a_server() {
            return None;
        }
        let listens_on = self.listens_on();
        if listens_on.is_empty() {
            let meaning = say!(
                lang,
                "No se sabe en qué direcciones escucha: el sistema no lo dice.",
                "Which addresses it listens on is unknown: the system does not tell."
            );
            return Some(Finding::new("LISTENS-UNKNOWN", Status::Unknown, meaning).then(say!(
                lang,
                "Lea la primera línea que escribió al iniciar.",
                "Read the first line that it wrote when it started."
            )));
        }
        let addresses = list(listens_on.iter().map(ToString::to_string));
        let listens = if self.can_start() {
            say!(lang, "Escucharía", "It would listen")
        } else {
            say!(lang, "Escucha", "It listens")
        };
        if self.is_loopback_only() {
            let meaning = say!(
                lang,
                "{listens} solo en {addresses}: desde otra máquina nadie llega.",
                "{listens} on {addresses} only: from another machine nobody gets there."
            );
            return Some(Finding::new("LOOPBACK-ONLY", Status::InTheWay, meaning).then(say!(
                lang,
                "Inícielo sin --bind: chat-server {port}",
                "Start it without --bind: chat-server {port}"
            )));
        }
        Some(if listens_on.iter().any(IpAddr::is_unspecified) {
            let meaning = say!(
                lang,
                "{listens} en todas las direcciones de esta máquina.",
                "{listens} on all addresses of this machine."
            );
            Finding::new("LISTENS-ALL", Status::Clear, meaning)
        } else {
            let meaning = say!(lang, "{listens} en {addresses}.", "{listens} on {addresses}.");
            Finding::new("LISTENS-SOME", Status::Clear, meaning)
        })
    }
}
