//! Which addresses there are, what the firewall does to newcomers, and what people elsewhere have to type.

use std::net::IpAddr;

use super::{Case, list, say};
use crate::doctor::addresses::Kind;
use crate::doctor::facts::{Address, Metadata};
use crate::doctor::finding::{Finding, Status, shown};
use crate::doctor::firewall::decision::{Decision, Doubt, decide};
use crate::doctor::firewall::{Family, Newcomer};

/// Who can use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody.
    Anywhere,
    /// Those of the same network.
    SameNetwork,
    /// This machine only.
    ThisMachine,
}

impl Reach {
    /// As the report writes it for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::SameNetwork => "same-network",
            Self::ThisMachine => "this-machine",
        }
    }
}

/// An address for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Who can use it.
    pub reach: Reach,
    /// The address.
    pub address: IpAddr,
}

impl Case<'_> {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Address> {
        self.facts.addresses.iter().flatten().filter(move |address| Kind::of(address.ip) == kind)
    }

    pub(super) fn addresses(&self) -> Finding {
        let lang = self.lang();
        let shown_all =
            |kind| list(self.of_kind(kind).map(|it| format!("{} ({})", it.ip, shown(&it.interface))));
        let (public, private) = (shown_all(Kind::Public), shown_all(Kind::Private));
        if self.facts.addresses.is_none() {
            let meaning = say!(
                lang,
                "No se sabe qué direcciones tiene esta máquina.",
                "The addresses of this machine are unknown."
            );
            return Finding::new("ADDRESSES-UNKNOWN", Status::Unknown, meaning).then(say!(
                lang,
                "Véalas con: ip address",
                "See them with: ip address"
            ));
        }
        let none = say!(lang, "ninguna", "none");
        let or_none = |all: String| if all.is_empty() { none.clone() } else { all };
        if public.is_empty() && private.is_empty() {
            let link_local = or_none(shown_all(Kind::LinkLocal));
            let meaning = say!(
                lang,
                "Esta máquina no tiene dirección en ninguna red; solo locales de enlace: {link_local}.",
                "This machine has no address on any network; link-local only: {link_local}."
            );
            return Finding::new("ADDRESSES-NONE", Status::InTheWay, meaning).then(say!(
                lang,
                "Conecte la máquina a la red.",
                "Connect the machine to the network."
            ));
        }
        let (public, private) = (or_none(public), or_none(private));
        let meaning = say!(
            lang,
            "Direcciones de esta máquina: públicas: {public}; privadas: {private}.",
            "Addresses of this machine: public: {public}; private: {private}."
        );
        Finding::new("ADDRESSES", Status::Clear, meaning)
    }

    pub(super) fn public_address(&self) -> Finding {
        let lang = self.lang();
        if let Metadata::PublicAddress(address) = self.facts.metadata {
            let meaning = say!(
                lang,
                "La nube dice que la dirección pública es {address}.",
                "The cloud says that the public address is {address}."
            );
            return Finding::new("PUBLIC-ADDRESS", Status::Clear, meaning);
        }
        if let Some(Address { ip, .. }) = self.public_of_its_own() {
            let meaning = say!(
                lang,
                "La dirección pública {ip} es de esta máquina misma.",
                "The public address {ip} is this machine's own."
            );
            return Finding::new("PUBLIC-ADDRESS", Status::Clear, meaning);
        }
        let look_it_up = say!(
            lang,
            "Búsquela en la página del proveedor o del router.",
            "Look it up on the page of the provider or of the router."
        );
        let why = match self.facts.metadata {
            Metadata::NoPublicAddress => {
                let meaning = say!(
                    lang,
                    "La nube dice que esta máquina no tiene dirección IPv4 pública: desde Internet no se llega a ella.",
                    "The cloud says that this machine has no public IPv4 address: from the Internet nobody gets to it."
                );
                return Finding::new("PUBLIC-ADDRESS-NONE", Status::Note, meaning).then(say!(
                    lang,
                    "Asígnele una dirección pública en la página del proveedor.",
                    "Give it a public address on the provider's page."
                ));
            }
            Metadata::NotAsked => say!(lang, "--no-metadata", "--no-metadata"),
            Metadata::NotVersion2 => say!(
                lang,
                "hay un servicio de metadatos, pero no habla la versión 2",
                "there is a metadata service, but it does not speak version 2"
            ),
            Metadata::Nonsense => say!(
                lang,
                "el servicio de metadatos no dio una dirección",
                "the metadata service did not give an address"
            ),
            Metadata::NoAnswer | Metadata::PublicAddress(_) => {
                say!(lang, "no hay servicio de metadatos que responda", "no metadata service answers")
            }
        };
        let meaning =
            say!(lang, "No se sabe la dirección pública ({why}).", "The public address is unknown ({why}).");
        Finding::new("PUBLIC-ADDRESS-UNKNOWN", Status::Unknown, meaning).then(look_it_up)
    }

    /// A public address on one of its interfaces, IPv4 rather than IPv6 since more people have that.
    fn public_of_its_own(&self) -> Option<&Address> {
        self.of_kind(Kind::Public).min_by_key(|address| address.ip.is_ipv6())
    }

    /// The firewall's answer for each family that people could come by; once if it is the same.
    pub(super) fn firewall(&self) -> Vec<Finding> {
        let mut findings: Vec<(Decision, Vec<&str>)> = Vec::new();
        for family in self.families() {
            let decision = decide(&self.facts.firewall, &self.newcomer(family));
            match findings.iter_mut().find(|(known, _)| *known == decision) {
                Some((_, families)) => families.push(family.as_str()),
                None => findings.push((decision, vec![family.as_str()])),
            }
        }
        findings
            .into_iter()
            .map(|(decision, families)| self.decision(decision, &families.join(", ")))
            .collect()
    }

    fn families(&self) -> Vec<Family> {
        let bound = self.config.bind.filter(|ip| !(ip.is_ipv6() && ip.is_unspecified())).map(Family::of);
        let has = |family| {
            let mut addresses = self.facts.addresses.iter().flatten();
            addresses.any(|it| Family::of(it.ip) == family && Kind::of(it.ip).can_be_typed_elsewhere())
        };
        let all =
            [Family::V4, Family::V6].into_iter().filter(|family| bound.is_none_or(|bound| bound == *family));
        let families: Vec<_> = all.clone().filter(|family| has(*family)).collect();
        if families.is_empty() { all.take(1).collect() } else { families }
    }

    fn newcomer(&self, family: Family) -> Newcomer {
        let bound = self.config.bind.filter(|ip| !ip.is_unspecified());
        let address = bound.or(self.facts.speaks_from[usize::from(family == Family::V6)]);
        let address = address.filter(|ip| Family::of(*ip) == family && !ip.is_loopback());
        let mut all = self.facts.addresses.iter().flatten();
        let interface = address.and_then(|ip| all.find(|it| it.ip == ip)).map(|it| it.interface.clone());
        Newcomer { port: self.config.port, family, interface, address }
    }

    fn decision(&self, decision: Decision, families: &str) -> Finding {
        let (lang, port) = (self.lang(), self.config.port);
        match decision {
            Decision::LetsThrough => {
                let meaning = say!(
                    lang,
                    "El cortafuegos de esta máquina deja pasar TCP {port} ({families}).",
                    "This machine's firewall lets TCP {port} through ({families})."
                );
                Finding::new("FIREWALL-OPEN", Status::Clear, meaning)
            }
            Decision::Drops { tool, rule, remedy } => {
                let rule = shown(&rule);
                let meaning = say!(
                    lang,
                    "El cortafuegos de esta máquina descarta TCP {port} ({families}); {tool}: «{rule}».",
                    "This machine's firewall drops TCP {port} ({families}); {tool}: «{rule}»."
                );
                let next = remedy.unwrap_or_else(|| {
                    say!(
                        lang,
                        "Agregue antes de esa regla una que acepte TCP {port}.",
                        "Add before that rule one that accepts TCP {port}."
                    )
                });
                Finding::new("FIREWALL-DROPS", Status::InTheWay, meaning).then(next)
            }
            Decision::CannotTell(doubts) => {
                let why = doubts.iter().map(|doubt| self.doubt(doubt)).collect::<Vec<_>>().join("; ");
                let meaning = say!(
                    lang,
                    "No se sabe si el cortafuegos de esta máquina deja pasar TCP {port} ({families}): {why}.",
                    "Whether this machine's firewall lets TCP {port} through is unknown ({families}): {why}."
                );
                let needs_root = doubts.iter().any(|doubt| matches!(doubt, Doubt::NeedsRoot(_)));
                let next = if needs_root && !self.facts.is_root {
                    say!(
                        lang,
                        "Repita como root: sudo chat-server --doctor {port}",
                        "Repeat it as root: sudo chat-server --doctor {port}"
                    )
                } else if needs_root {
                    say!(
                        lang,
                        "Repita fuera del contenedor: sudo chat-server --doctor {port}",
                        "Repeat it outside of the container: sudo chat-server --doctor {port}"
                    )
                } else if doubts.iter().all(|doubt| matches!(doubt, Doubt::NotInstalled(_))) {
                    say!(
                        lang,
                        "Si nadie conecta, instale nftables y repita; en un contenedor, en el anfitrión.",
                        "If nobody can connect, install nftables and repeat; from a container, on its host."
                    )
                } else {
                    say!(
                        lang,
                        "Compruébelo desde otra máquina: chat-client --doctor DIRECCIÓN {port} (más: chat-server \
                         --explain FIREWALL-UNKNOWN)",
                        "Try it from another machine: chat-client --doctor ADDRESS {port} (more: chat-server \
                         --explain FIREWALL-UNKNOWN)"
                    )
                };
                Finding::new("FIREWALL-UNKNOWN", Status::Unknown, meaning).then(next)
            }
        }
    }

    fn doubt(&self, doubt: &Doubt) -> String {
        let lang = self.lang();
        match doubt {
            Doubt::Rule(tool, rule) => {
                let rule = shown(rule);
                say!(
                    lang,
                    "{tool}: depende de «{rule}», que desde aquí no se puede decidir",
                    "{tool}: it depends on «{rule}», which cannot be decided from here"
                )
            }
            Doubt::NeedsRoot(tool) if self.facts.is_root => {
                say!(
                    lang,
                    "{tool}: ni root puede leerlo aquí (¿un contenedor?)",
                    "{tool}: not even root may read it here (a container?)"
                )
            }
            Doubt::NeedsRoot(tool) => {
                say!(lang, "{tool}: no se puede leer sin root", "{tool}: not readable without root")
            }
            Doubt::Unreadable(tool, why) => {
                let why = shown(why);
                say!(lang, "{tool}: no se pudo leer («{why}»)", "{tool}: could not be read («{why}»)")
            }
            Doubt::NotInstalled(tool) => {
                say!(lang, "{tool}: no está instalado", "{tool}: not installed")
            }
        }
    }

    pub(super) fn provider(&self) -> Finding {
        let lang = self.lang();
        let meaning = say!(
            lang,
            "El cortafuegos del proveedor o del router (en AWS: grupo de seguridad) no se ve desde esta máquina.",
            "The firewall of the provider or the router (at AWS: security group) cannot be seen from this machine."
        );
        Finding::new("PROVIDER-UNKNOWN", Status::Unknown, meaning).then(self.rule())
    }

    /// The rule that lets people in, in words.
    #[must_use]
    pub fn rule(&self) -> String {
        let (lang, port) = (self.lang(), self.config.port);
        let sources = match self.families()[..] {
            [Family::V4] => "0.0.0.0/0",
            [Family::V6] => "::/0",
            _ => lang.pick("0.0.0.0/0 y ::/0", "0.0.0.0/0 and ::/0"),
        };
        say!(
            lang,
            "Regla de entrada en el proveedor: TCP, puerto {port}, desde {sources} (o solo desde su gente).",
            "Inbound rule at the provider: TCP {port} from {sources} (or from your people only)."
        )
    }

    /// What people have to type, the widest reach first.
    #[must_use]
    pub fn clients(&self) -> Vec<Client> {
        let client = |reach| move |address| Client { reach, address };
        let bound = self.config.bind.filter(|ip| !ip.is_unspecified());
        if self.is_loopback_only() {
            return self.listens_on().into_iter().take(1).map(client(Reach::ThisMachine)).collect();
        }
        let [v4, v6] = self.facts.speaks_from;
        let by_cloud = match self.facts.metadata {
            // It leads to the address that the machine speaks from.
            Metadata::PublicAddress(address) if bound.is_none_or(|bound| Some(bound) == v4) => Some(address),
            _ => None,
        };
        let own = bound.filter(|ip| Kind::of(*ip) == Kind::Public);
        let own = own.or_else(|| Some(self.public_of_its_own().filter(|_| bound.is_none())?.ip));
        let mut clients: Vec<_> = by_cloud.or(own).map(client(Reach::Anywhere)).into_iter().collect();
        let is_near = |ip: &IpAddr| Kind::of(*ip) == Kind::Private;
        let speaks = || [v4, v6].into_iter().flatten().find(is_near);
        let near = bound.filter(is_near).or_else(|| {
            if bound.is_some() {
                None
            } else {
                speaks().or_else(|| Some(self.of_kind(Kind::Private).next()?.ip))
            }
        });
        clients.extend(near.map(client(Reach::SameNetwork)));
        if clients.is_empty() {
            clients.push(client(Reach::ThisMachine)(bound.unwrap_or(IpAddr::from([127, 0, 0, 1]))));
        }
        clients
    }
}
