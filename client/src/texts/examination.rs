//! Texts of the examination's course: its steps, what was found at each, what an address tells by itself, and the
//! lines of the report.

use std::time::Duration;

use chat_protocol::Lang;

use super::Texts;
use super::doctor::{lived, shown, user};
use crate::doctor::facts::{Facts, NoName, Outcome, Reply, Step, Survival};
use crate::doctor::hints::Hint;
use crate::doctor::verdict::{Code, Finding, finding};
use crate::sanitize::{Visible, sanitize_line};

/// Bytes of a status line that are shown.
const STATUS_LINE_BYTES_MAX: usize = 64;

/// The steps.
impl Texts {
    /// A step's name.
    #[must_use]
    pub fn step(self, step: Step) -> &'static str {
        match step {
            Step::Name => self.0.pick("nombre", "name"),
            Step::Route => self.0.pick("ruta", "route"),
            Step::Tcp => "TCP",
            Step::FirstByte => self.0.pick("respuesta", "answer"),
            Step::Http => "HTTP",
            Step::WebSocket => "WebSocket",
            Step::Protocol => self.0.pick("protocolo", "protocol"),
            Step::Registration => self.0.pick("registro", "registration"),
            Step::Idle => self.0.pick("en silencio", "in silence"),
        }
    }

    /// What was found at a step.
    #[must_use]
    pub fn found(self, step: Step, facts: &Facts) -> Visible {
        let journey = &facts.journey;
        let finding = finding(step, facts);
        if finding == Finding::Unknown {
            return say!(self, "sin saber", "unknown");
        }
        let passed = finding == Finding::Passed;
        match step {
            Step::Name => match &journey.addresses {
                Some(Ok(_)) if facts.target.host.parse::<std::net::IpAddr>().is_ok() => {
                    say!(self, "es una dirección", "is an address")
                }
                Some(Ok(addresses)) => {
                    let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
                    sanitize_line(&list.join(", "))
                }
                Some(Err(NoName::NoAnswer)) => say!(self, "nadie contesta", "nobody answers"),
                _ => say!(self, "nadie lo conoce", "nobody knows it"),
            },
            Step::Route => match journey.own_address() {
                Some(own) => say!(self, "sale de {own}", "leaves from {own}"),
                None if passed => say!(self, "dentro de esta máquina", "within this machine"),
                None => self.attempts(facts),
            },
            Step::Tcp => match journey.connected() {
                Some(address) => say!(self, "conectado con {address}", "connected to {address}"),
                None => self.attempts(facts),
            },
            Step::FirstByte if passed => say!(
                self,
                "llegó «{}»",
                "\"{}\" came",
                shown(&journey.first_bytes[..journey.first_bytes.len().min(8)])
            ),
            Step::FirstByte if facts.speaks_tls == Some(true) => {
                say!(
                    self,
                    "ni un byte sin TLS; con TLS contesta",
                    "not one byte without TLS; answers with it"
                )
            }
            Step::FirstByte => say!(self, "ni un byte", "not one byte"),
            Step::Http if passed => {
                sanitize_line(&String::from_utf8_lossy(status_line(&journey.first_bytes)))
            }
            Step::Http => say!(self, "no es HTTP, o no acabó", "not HTTP, or unfinished"),
            Step::WebSocket if passed => say!(self, "abierto", "open"),
            Step::WebSocket => say!(self, "no lo abre", "not opened"),
            Step::Protocol => self.replied(facts.chat.list.as_ref()),
            Step::Registration if passed => {
                let name = user(facts);
                say!(self, "entró {name}, y se va", "{name} joined, and leaves")
            }
            Step::Registration => self.replied(facts.chat.registration.as_ref()),
            Step::Idle => {
                let seconds = lived(facts);
                match facts.chat.idle {
                    Some((_, Survival::Alive)) => {
                        say!(self, "viva tras {seconds} s", "alive after {seconds} s")
                    }
                    Some((_, Survival::Deaf)) => {
                        say!(
                            self,
                            "tras {seconds} s ya no llega nada",
                            "after {seconds} s nothing comes through"
                        )
                    }
                    _ => say!(self, "cortada a los {seconds} s", "cut after {seconds} s"),
                }
            }
        }
    }

    fn replied(self, reply: Option<&Reply>) -> Visible {
        match reply {
            Some(Reply::Granted) => say!(self, "responde", "answers"),
            Some(Reply::Refused { code: Some(code), .. }) => {
                say!(self, "responde {code}", "answers {code}")
            }
            Some(Reply::Refused { sentence, .. }) => {
                say!(self, "responde «{sentence}»", "answers \"{sentence}\"")
            }
            Some(Reply::Strange(text)) => {
                say!(self, "no es este chat: «{text}»", "not this chat: \"{text}\"")
            }
            Some(Reply::Nothing) => say!(self, "calla", "is silent"),
            None => say!(self, "cortado", "cut off"),
        }
    }

    /// Each address and what came of it.
    fn attempts(self, facts: &Facts) -> Visible {
        let one = |outcome: Option<&Outcome>| match outcome {
            Some(Outcome::Connected) => say!(self, "conectado", "connected"),
            Some(Outcome::NoRoute) => say!(self, "sin ruta", "no route"),
            Some(Outcome::Forbidden(error)) => say!(self, "prohibido ({error})", "forbidden ({error})"),
            Some(Outcome::Refused) => say!(self, "rechaza la conexión", "refuses the connection"),
            Some(Outcome::Unreachable) => {
                say!(self, "inalcanzable, dice la red", "unreachable, says the network")
            }
            Some(Outcome::TimedOut) => say!(self, "no contesta", "does not answer"),
            None => say!(self, "sin saber", "unknown"),
        };
        let list = facts.journey.attempts.iter();
        let list: Vec<_> =
            list.map(|attempt| format!("{} {}", attempt.address, one(attempt.outcome.as_ref()))).collect();
        sanitize_line(&list.join("; "))
    }
}

/// The hints.
impl Texts {
    /// Something certain about the address.
    #[must_use]
    pub fn hint(self, hint: Hint, facts: &Facts) -> Visible {
        let host = sanitize_line(&facts.target.host);
        match hint {
            Hint::NotAnAddress => say!(
                self,
                "{host} parece una dirección IPv4, pero no lo es: son cuatro números de 0 a 255",
                "{host} looks like an IPv4 address but is none: those are four numbers from 0 to 255"
            ),
            Hint::ThisMachine => say!(
                self,
                "{host} es esta misma máquina: un servidor que está en otra no se alcanza así",
                "{host} is this machine itself: a server on another one is not reached so"
            ),
            Hint::Unspecified => say!(
                self,
                "{host} es donde un servidor escucha, no donde está: use la dirección de su máquina",
                "{host} is where a server listens, not where it is: use its machine's address"
            ),
            Hint::Private => say!(
                self,
                "{host} es una dirección privada: solo vale dentro de su propia red; desde fuera, use la pública",
                "{host} is a private address: it is valid within its own network only; from outside use the public one"
            ),
            Hint::LinkLocal => say!(
                self,
                "{host} solo vale en el mismo cable; si es IPv6, se escribe con la interfaz: fe80::1%eth0",
                "{host} is valid on the same cable only; if it is IPv6 it is written with the interface: fe80::1%eth0"
            ),
            Hint::CarrierNat => say!(
                self,
                "{host} es de la red interna de un proveedor (CGNAT): desde Internet no se llega a ella",
                "{host} is of a provider's inner network (CGNAT): it cannot be reached from the Internet"
            ),
            Hint::Documentation => say!(
                self,
                "{host} está reservada para ejemplos de documentación: en Internet no es de nadie",
                "{host} is set aside for examples in documents: on the Internet it is nobody's"
            ),
            Hint::Multicast => say!(
                self,
                "{host} es la dirección de un grupo, no la de una máquina",
                "{host} is a group's address, not a machine's"
            ),
        }
    }
}

/// The report.
impl Texts {
    /// Its first line.
    #[must_use]
    pub fn examining(self, server: &Visible) -> Visible {
        say!(
            self,
            "Examen de la conexión con {server} (Ctrl-C termina)",
            "Examining the connection to {server} (Ctrl-C ends)"
        )
    }

    /// The next thing to do, with its label.
    #[must_use]
    pub fn labelled_action(self, action: &Visible) -> Visible {
        say!(self, "Qué hacer: {action}", "What to do: {action}")
    }

    /// A hint, with its label.
    #[must_use]
    pub fn labelled_hint(self, hint: &Visible) -> Visible {
        say!(self, "Tenga en cuenta: {hint}", "Bear in mind: {hint}")
    }

    /// Where the long answer is.
    #[must_use]
    pub fn more(self, code: Code) -> Visible {
        let code = code.as_str();
        say!(self, "Más: chat-client --explain {code}", "More: chat-client --explain {code}")
    }

    /// How far an attempt got that failed at the start of a chat.
    #[must_use]
    pub fn reached(self, passed: &[&str], failed: &str) -> Visible {
        let passed = passed.join(", ");
        if passed.is_empty() {
            say!(self, "Hasta dónde llegó: falló en {failed}", "How far it got: failed at {failed}")
        } else {
            say!(
                self,
                "Hasta dónde llegó: {passed}; falló en {failed}",
                "How far it got: {passed}; failed at {failed}"
            )
        }
    }

    /// The chat could not begin, and it is examined why.
    #[must_use]
    pub fn examining_failure(self, most: Duration) -> Visible {
        let seconds = most.as_secs();
        say!(
            self,
            "no pudo empezar; se examina por qué, hasta {seconds} s (Ctrl-C lo deja)...",
            "it could not begin; examining why, up to {seconds} s (Ctrl-C leaves that)..."
        )
    }

    /// What failed before does not any more.
    #[must_use]
    pub fn answers_by_now(self) -> Visible {
        say!(
            self,
            "Examinado después, el chat responde: intente de nuevo",
            "Examined afterwards, the chat answers: try again"
        )
    }

    /// The user ended the examination.
    #[must_use]
    pub fn interrupted(self) -> Visible {
        say!(self, "Interrumpido: lo demás queda sin saber", "Interrupted: the rest stays unknown")
    }

    /// A time that a step took.
    #[must_use]
    pub fn took(self, time: Duration) -> String {
        match time.as_millis() {
            millis @ ..1_000 => format!("{millis} ms"),
            _ => {
                let seconds = format!("{:.1} s", time.as_secs_f64());
                self.0.pick(seconds.replace('.', ",").as_str(), seconds.as_str()).to_owned()
            }
        }
    }
}

fn status_line(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    &line[..line.len().min(STATUS_LINE_BYTES_MAX)]
}
