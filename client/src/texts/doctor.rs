//! Texts of the examination: what each verdict means in a sentence, and the one next thing to do.

use chat_protocol::Lang;

use super::Texts;
use crate::doctor::facts::{Ending, Facts, Outcome, Reply};
use crate::doctor::verdict::Code;
use crate::sanitize::{Visible, sanitize_line};

/// Bytes of what another program answered that are shown.
const SHOWN_BYTES_MAX: usize = 64;

/// The verdict.
impl Texts {
    /// What a verdict means.
    #[must_use]
    pub fn meaning(self, code: Code, facts: &Facts) -> Visible {
        let server = sanitize_line(&facts.target.to_string());
        let host = sanitize_line(&facts.target.host);
        let port = facts.target.port;
        let bytes = shown(&facts.journey.first_bytes);
        let status = facts.journey.status().unwrap_or_default();
        match code {
            Code::Ok => say!(
                self,
                "todo bien: en {server} atiende este chat",
                "all is well: this chat answers at {server}"
            ),
            Code::DnsNotFound => say!(
                self,
                "no se encuentra el servidor {host}: nadie conoce una dirección para ese nombre",
                "cannot find the server {host}: nobody knows an address for that name"
            ),
            Code::DnsNoAnswer => say!(
                self,
                "no se sabe si {host} existe: nadie contestó a la pregunta por ese nombre (DNS)",
                "it is unknown whether {host} exists: nobody answered the question for that name (DNS)"
            ),
            Code::NetNoRoute => say!(
                self,
                "no hay camino hasta {server}: esta máquina no tiene ruta hacia esa dirección",
                "there is no route to {server}: this machine has none to that address"
            ),
            Code::NetForbidden => {
                let error = forbidden(facts);
                say!(
                    self,
                    "esta máquina no deja al programa conectarse con {server}: {error}",
                    "this machine does not let the program connect to {server}: {error}"
                )
            }
            Code::NetTimeout => say!(
                self,
                "{server} no responde (tiempo agotado): los paquetes se pierden; un cortafuegos o un grupo de seguridad los descarta, o no hay nadie en esa dirección",
                "{server} does not answer (timed out): the packets vanish; a firewall or a security group drops them, or nobody is at that address"
            ),
            Code::NetRefused => say!(
                self,
                "nadie atiende en {server} (conexión rechazada): la máquina contesta, pero en el puerto {port} no escucha ningún programa, o un cortafuegos lo rechaza",
                "nobody answers at {server} (connection refused): the machine answers, but no program listens on port {port}, or a firewall rejects it"
            ),
            Code::NetUnreachable => say!(
                self,
                "no se llega hasta {server}: la red contesta que esa máquina no está, o que el paso está prohibido",
                "{server} cannot be reached: the network says that the machine is not there, or that the way is prohibited"
            ),
            Code::NetReset => say!(
                self,
                "se cortó la conexión con {server}: fue aceptada y anulada antes de responder",
                "the connection to {server} broke: it was accepted and reset before an answer"
            ),
            Code::NetClosed => say!(
                self,
                "se cortó la conexión con {server}: fue aceptada y cerrada antes de responder",
                "the connection to {server} broke: it was accepted and closed before an answer"
            ),
            Code::Silent => say!(
                self,
                "{server} acepta la conexión y no responde: quien escucha ahí calla",
                "{server} accepts the connection and does not answer: whoever listens there is silent"
            ),
            Code::WrongService => {
                let who = self.service(&facts.journey.first_bytes);
                say!(
                    self,
                    "lo que responde en {server} no es un servidor de este chat{who}; dijo «{bytes}»",
                    "what answers at {server} is not a server of this chat{who}; it said \"{bytes}\""
                )
            }
            Code::TlsExpected => say!(
                self,
                "en {server} se espera TLS (https, wss), y este cliente habla sin cifrar",
                "TLS (https, wss) is expected at {server}, and this client speaks without encryption"
            ),
            Code::HttpNotChat => say!(
                self,
                "lo que responde en {server} no es un servidor de este chat, sino otro servidor web; dijo «{bytes}»",
                "what answers at {server} is not a server of this chat but another web server; it said \"{bytes}\""
            ),
            Code::WsRefused => match status {
                503 => say!(
                    self,
                    "el servidor {server} está lleno o fuera de servicio: rechazó la conexión con el estado HTTP 503",
                    "the server {server} is full or out of service: it refused the connection with HTTP status 503"
                ),
                429 => say!(
                    self,
                    "demasiadas conexiones o intentos desde esta dirección: {server} rechaza esta con el estado HTTP 429",
                    "too many connections or attempts from this address: {server} refuses this one with HTTP status 429"
                ),
                _ => say!(
                    self,
                    "{server} contesta, y rechaza esta conexión con el estado HTTP {status}",
                    "{server} answers, and refuses this connection with HTTP status {status}"
                ),
            },
            Code::ProxyNoChat => say!(
                self,
                "en {server} contesta un intermediario (proxy) que no llega al servidor del chat (HTTP {status}); se cortó la conexión",
                "a proxy answers at {server} that does not reach the chat server behind it (HTTP {status}); the connection broke"
            ),
            Code::ProtocolHandshake => say!(
                self,
                "{server} dice que pasa a WebSocket, pero no como manda el protocolo (RFC 6455)",
                "{server} says that it switches to WebSocket, but not as the protocol demands (RFC 6455)"
            ),
            Code::ProtocolOther => say!(
                self,
                "en {server} hay un WebSocket que habla de otra cosa: no es un servidor de este chat{}",
                "there is a WebSocket at {server} that speaks of something else: it is not a server of this chat{}",
                strange(facts)
            ),
            Code::ProtocolSilent => say!(
                self,
                "{server} abrió el WebSocket y no responde a los mensajes del chat (tiempo agotado)",
                "{server} opened the WebSocket and does not answer the chat's messages (timed out)"
            ),
            Code::ProtocolClosed => {
                let why = match &facts.journey.ending {
                    Some(Ending::Closed { code, reason }) => self.closed(*code, reason),
                    _ => say!(self, "se cortó la conexión", "the connection broke"),
                };
                say!(self, "{server}: {why}", "{server}: {why}")
            }
            Code::TooSlow => say!(
                self,
                "{server} va respondiendo, pero tan despacio que no dio tiempo a saber si es el chat",
                "{server} does answer, but so slowly that there was no time to find out whether it is the chat"
            ),
            Code::NameInUse => {
                let name = user(facts);
                say!(self, "el nombre {name} ya está en uso", "the name {name} is in use")
            }
            Code::AddressInUse => say!(
                self,
                "desde esta dirección IP ya hay tantos usuarios como el servidor permite",
                "there are as many users from this IP address as the server allows"
            ),
            Code::ServerFull => say!(
                self,
                "el servidor está lleno: no caben más usuarios",
                "the server is full: it takes no more users"
            ),
            Code::RegisterRefused => {
                let name = user(facts);
                match &facts.chat.registration {
                    Some(Reply::Refused { sentence, .. }) => say!(
                        self,
                        "el servidor no admite a {name}: «{sentence}»",
                        "the server does not take {name}: \"{sentence}\""
                    ),
                    _ => say!(self, "el servidor no admite a {name}", "the server does not take {name}"),
                }
            }
            Code::IdleCut => {
                let seconds = lived(facts);
                say!(
                    self,
                    "algo entre esta máquina y {server} corta las conexiones calladas: esta duró {seconds} s sin decir nada",
                    "something between this machine and {server} cuts silent connections: this one lasted {seconds} s without a word"
                )
            }
        }
    }

    /// The one next thing to do.
    #[must_use]
    pub fn next_action(self, code: Code, facts: &Facts) -> Visible {
        let host = sanitize_line(&facts.target.host);
        let port = facts.target.port;
        match code {
            Code::Ok => match &facts.user {
                Some(name) => say!(
                    self,
                    "entre: chat-client {name} {host} {port}",
                    "join: chat-client {name} {host} {port}"
                ),
                None => say!(
                    self,
                    "entre: chat-client SU_NOMBRE {host} {port}",
                    "join: chat-client YOUR_NAME {host} {port}"
                ),
            },
            Code::DnsNotFound => say!(
                self,
                "revise cómo está escrito, o use la dirección IP del servidor",
                "check its spelling, or use the server's IP address"
            ),
            Code::DnsNoAnswer => say!(
                self,
                "revise la conexión de esta máquina a la red, o use la dirección IP del servidor",
                "check this machine's network connection, or use the server's IP address"
            ),
            Code::NetNoRoute => say!(
                self,
                "revise la dirección y la conexión de esta máquina a la red (ip address; ip route)",
                "check the address and this machine's network connection (ip address; ip route)"
            ),
            Code::NetForbidden => say!(
                self,
                "pregunte a quien administra esta máquina; ip route get {host} muestra si una ruta lo prohíbe",
                "ask whoever runs this machine; ip route get {host} shows whether a route prohibits it"
            ),
            Code::NetTimeout => say!(
                self,
                "permita la entrada TCP al puerto {port} en el cortafuegos o grupo de seguridad del servidor, y compruebe que {host} es hoy su dirección pública",
                "allow TCP to port {port} in the server's firewall or security group, and check that {host} is its public address today"
            ),
            Code::NetRefused => say!(
                self,
                "en la máquina del servidor, ponga en marcha chat-server {port} (sin --bind 127.0.0.1) y mire en qué puerto dice que escucha",
                "on the server's machine, start chat-server {port} (without --bind 127.0.0.1) and see on which port it says that it listens"
            ),
            Code::NetUnreachable => say!(
                self,
                "compruebe que la máquina {host} está encendida y es esa su dirección; si lo es, su cortafuegos prohíbe el puerto {port} de TCP",
                "check that the machine {host} is on and has that address; if so, its firewall prohibits TCP port {port}"
            ),
            Code::NetReset | Code::NetClosed => say!(
                self,
                "revise que en el puerto {port} está chat-server y no un reenvío de puertos (Docker, balanceador, túnel) sin nada detrás",
                "check that chat-server is on port {port}, not a port forwarding (Docker, balancer, tunnel) with nothing behind it"
            ),
            Code::Silent => say!(
                self,
                "en la máquina del servidor, vea qué programa tiene el puerto {port} (ss -ltnp) y, si es chat-server, reinícielo",
                "on the server's machine, see which program has port {port} (ss -ltnp) and, if it is chat-server, start it again"
            ),
            Code::WrongService | Code::HttpNotChat | Code::ProtocolOther => say!(
                self,
                "revise el puerto: chat-server dice el suyo en su primera línea",
                "check the port: chat-server says its own in its first line"
            ),
            Code::TlsExpected => say!(
                self,
                "pida a quien administra el servidor el puerto sin TLS del chat",
                "ask whoever runs the server for the chat's port without TLS"
            ),
            Code::WsRefused => match facts.journey.status() {
                Some(429) => say!(
                    self,
                    "cierre otras conexiones desde esta dirección o espere un minuto; si sigue igual, quien administra el servidor sube --connections-per-ip",
                    "close other connections from this address or wait a minute; if it stays so, whoever runs the server raises --connections-per-ip"
                ),
                Some(401 | 403 | 407) => say!(
                    self,
                    "pida a quien administra el servidor o su proxy que permita esta dirección",
                    "ask whoever runs the server or its proxy to allow this address"
                ),
                _ => say!(
                    self,
                    "intente de nuevo en un momento; si sigue igual, avise a quien administra el servidor",
                    "try again in a moment; if it stays so, tell whoever runs the server"
                ),
            },
            Code::ProxyNoChat => say!(
                self,
                "ponga en marcha chat-server detrás del proxy, y revise a qué puerto apunta este",
                "start chat-server behind the proxy, and check which port that one points to"
            ),
            Code::ProtocolHandshake => say!(
                self,
                "quite lo que haya en medio (proxy, caché) o haga que reenvíe Upgrade, Connection y Sec-WebSocket-Key",
                "take away what is between (proxy, cache) or have it pass on Upgrade, Connection and Sec-WebSocket-Key"
            ),
            Code::ProtocolSilent => say!(
                self,
                "avise a quien administra el servidor: está atascado, o es de otro protocolo",
                "tell whoever runs the server: it is stuck, or of another protocol"
            ),
            Code::ProtocolClosed => {
                say!(self, "intente de nuevo en un momento", "try again in a moment")
            }
            Code::TooSlow => say!(
                self,
                "repita la prueba; si sigue igual, la red o el servidor están sobrecargados",
                "repeat the examination; if it stays so, the network or the server is overloaded"
            ),
            Code::NameInUse => say!(
                self,
                "elija otro; si era usted, el anterior queda libre en menos de un minuto",
                "choose another; if it was you, the former one is free in less than a minute"
            ),
            Code::AddressInUse => say!(
                self,
                "quien administra el servidor puede permitir más con --per-ip",
                "whoever runs the server can allow more with --per-ip"
            ),
            Code::ServerFull => say!(
                self,
                "intente más tarde; quien administra el servidor puede permitir más con --max-clients",
                "try later; whoever runs the server can allow more with --max-clients"
            ),
            Code::RegisterRefused => say!(
                self,
                "haga lo que dice esa frase, o pruebe con otro nombre",
                "do what that sentence says, or try another name"
            ),
            Code::IdleCut => say!(
                self,
                "suba a 60 s o más el tiempo de inactividad del proxy, balanceador o router que está en medio",
                "raise the idle time-out of the proxy, balancer or router between to 60 s or more"
            ),
        }
    }

    /// A program that is known by how it begins, in brackets.
    fn service(self, bytes: &[u8]) -> &'static str {
        let known: [(&[u8], &str); 8] = [
            (b"SSH-", " (SSH)"),
            (b"220 ", self.0.pick(" (correo o FTP)", " (mail or FTP)")),
            (b"220-", self.0.pick(" (correo o FTP)", " (mail or FTP)")),
            (b"+OK", " (POP3)"),
            (b"* OK", " (IMAP)"),
            (b"RFB ", " (VNC)"),
            (b"-ERR", " (Redis)"),
            (b"\xff", " (Telnet)"),
        ];
        known.into_iter().find(|(beginning, _)| bytes.starts_with(beginning)).map_or("", |(_, name)| name)
    }
}

/// The first bytes of an answer, none of which can do anything to a terminal.
pub(super) fn shown(bytes: &[u8]) -> Visible {
    let more = if bytes.len() > SHOWN_BYTES_MAX { "…" } else { "" };
    sanitize_line(&format!("{}{more}", bytes[..bytes.len().min(SHOWN_BYTES_MAX)].escape_ascii()))
}

fn forbidden(facts: &Facts) -> Visible {
    let outcomes = facts.journey.attempts.iter().filter_map(|it| it.outcome.as_ref());
    let mut errors =
        outcomes.filter_map(|it| if let Outcome::Forbidden(error) = it { Some(error) } else { None });
    errors.next().cloned().unwrap_or_default()
}

fn strange(facts: &Facts) -> String {
    match (&facts.chat.list, &facts.chat.registration) {
        (Some(Reply::Strange(text)), _) | (_, Some(Reply::Strange(text))) => format!(" («{text}»)"),
        _ => String::new(),
    }
}

pub(super) fn user(facts: &Facts) -> Visible {
    facts.user.as_ref().map(|name| crate::sanitize::sanitize_name(name.as_str())).unwrap_or_default()
}

/// Whole seconds that the connection lived in silence.
pub(super) fn lived(facts: &Facts) -> u64 {
    facts.chat.idle.map_or(0, |(time, _)| time.as_secs_f64().round() as u64)
}
