//! What a person with curl or a browser reads on the chat's port, and which requests become WebSockets.

mod refusal;

use std::net::SocketAddr;

use chat_protocol::Lang;

use crate::inspection::{self, Page};
use crate::prefix::Prefix;
use crate::reactor::handler::canonical;
use crate::reactor::{Answer, Endpoints, FirstBytes, Refusal, Request, Response, Upgrade};
use crate::web_origin::{self, Host};

/// The path of the protocol document.
const CHAT_PATH: &str = "/chat";
/// Where clients built on libwebsockets connect, and where people look.
const ROOT_PATH: &str = "/";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How the front page begins, in either language.
pub const FRONT_PAGE_BEGINS: [&str; 2] = ["Esto es chat-server ", "This is chat-server "];

/// What a 426 must say (RFC 9110, section 15.5.22; RFC 6455, section 4.4).
const UPGRADE_HEADERS: &[&str] = &["Upgrade: websocket", "Sec-WebSocket-Version: 13"];

/// The texts, in one language, and who may read them.
#[derive(Debug, Clone)]
pub struct Pages {
    lang: Lang,
    allowed_origins: Vec<Host>,
    metrics_for: Vec<Prefix>,
}

impl Pages {
    /// The pages in this language.
    #[must_use]
    pub const fn new(lang: Lang) -> Self {
        Self { lang, allowed_origins: Vec::new(), metrics_for: Vec::new() }
    }

    /// The same, also for web pages of these hosts.
    #[must_use]
    pub fn allow_origins(self, hosts: Vec<Host>) -> Self {
        Self { allowed_origins: hosts, ..self }
    }

    /// The same, with metrics also for these addresses.
    #[must_use]
    pub fn show_metrics_to(self, prefixes: Vec<Prefix>) -> Self {
        Self { metrics_for: prefixes, ..self }
    }

    /// The answer to a request.
    #[must_use]
    pub fn answer(&self, request: &Request<'_>) -> Answer {
        let head_only = request.method == "HEAD";
        let respond = |status, headers, body| Answer::Respond(Response { status, headers, body, head_only });
        if web_origin::is_foreign(request, &self.allowed_origins) {
            return respond(403, &[], web_origin::sentence(request, self.lang));
        }
        let page = Page::at(request.path);
        if page.is_none() && !matches!(request.path, CHAT_PATH | ROOT_PATH) {
            return respond(404, &[], self.not_found(request));
        }
        if !matches!(request.method, "GET" | "HEAD") {
            return respond(405, &["Allow: GET, HEAD"], self.method_not_allowed(request));
        }
        match page {
            // Asked every few seconds by many, so it costs no look at the connections.
            Some(Page::Health) if !inspection::wants_json(request) => {
                return respond(200, &[], "ok\n".to_owned());
            }
            Some(page) if page.is_for(request, &self.metrics_for) => return Answer::Inspect,
            Some(_) => return respond(403, &[], inspection::forbidden(self.lang)),
            None => {}
        }
        match request.upgrade {
            Upgrade::Valid => Answer::Accept { subprotocol: request.subprotocol.map(str::to_owned) },
            Upgrade::KeyInvalid => respond(400, &[], self.key_invalid()),
            Upgrade::Repeated(name) => respond(400, &[], self.repeated(name)),
            Upgrade::Unsupported => respond(426, UPGRADE_HEADERS, self.upgrade_unsupported()),
            Upgrade::Absent if request.path == CHAT_PATH => {
                respond(426, UPGRADE_HEADERS, self.upgrade_required(request))
            }
            Upgrade::Absent => respond(200, &[], self.welcome(request)),
        }
    }

    /// The answer to what is no request.
    #[must_use]
    pub fn refuse(&self, refusal: Refusal) -> Response {
        let (status, body) = refusal::sentence(refusal, self.lang);
        Response { status, headers: &[], body: body.to_owned(), head_only: false }
    }

    /// The line for one who speaks no HTTP, or says nothing; empty for those who would not read it.
    #[must_use]
    pub fn introduce(&self, first: FirstBytes, endpoints: Endpoints) -> String {
        if !matches!(first, FirstBytes::Text | FirstBytes::Nothing) {
            return String::new();
        }
        let Place { host, port, .. } = Place::of(None, endpoints.local);
        match self.lang {
            Lang::Spanish => format!(
                "Esto es chat-server {VERSION}, un chat por WebSocket: se entra con \
                 chat-client SU_NOMBRE {host} {port}\r\n"
            ),
            Lang::English => format!(
                "This is chat-server {VERSION}, a chat over WebSocket: enter it with \
                 chat-client YOUR_NAME {host} {port}\r\n"
            ),
        }
    }

    fn welcome(&self, request: &Request<'_>) -> String {
        let Place { url, host, port } = Place::of(request.host, request.endpoints.local);
        let you = canonical(request.endpoints.peer);
        match self.lang {
            Lang::Spanish => format!(
                "Esto es chat-server {VERSION}: un chat por WebSocket.\n\n\
                 Desde una terminal:  chat-client SU_NOMBRE {host} {port}\n\
                 Desde un programa:   WebSocket en {url}, un objeto JSON por trama de texto;\n\
                 \x20                    el primero: {{\"type\":\"register\",\"sender\":\"SU_NOMBRE\",\"content\":null}}\n\n\
                 Desde aquí se le ve como {you}.\n"
            ),
            Lang::English => format!(
                "This is chat-server {VERSION}: a chat over WebSocket.\n\n\
                 From a terminal:  chat-client YOUR_NAME {host} {port}\n\
                 From a program:   WebSocket at {url}, one JSON object in each text frame;\n\
                 \x20                 the first: {{\"type\":\"register\",\"sender\":\"YOUR_NAME\",\"content\":null}}\n\n\
                 Seen from here you are {you}.\n"
            ),
        }
    }

    fn upgrade_required(&self, request: &Request<'_>) -> String {
        let first = self.lang.pick(
            "Aquí se entra con WebSocket (RFC 6455, versión 13), no con una petición HTTP corriente.\n\n",
            "This is entered by WebSocket (RFC 6455, version 13), not by a plain HTTP request.\n\n",
        );
        format!("{first}{}", self.welcome(request))
    }

    fn not_found(&self, request: &Request<'_>) -> String {
        let first = self.lang.pick(
            "Aquí no hay nada; el chat está en /chat.\n\n",
            "There is nothing here; the chat is at /chat.\n\n",
        );
        format!("{first}{}", self.welcome(request))
    }

    fn method_not_allowed(&self, request: &Request<'_>) -> String {
        let first = self.lang.pick("Solo se atienden GET y HEAD.\n\n", "Only GET and HEAD are served.\n\n");
        format!("{first}{}", self.welcome(request))
    }

    fn key_invalid(&self) -> String {
        self.lang
            .pick(
                "Falta la cabecera Sec-WebSocket-Key, o no son 16 bytes en base64.\n",
                "The header Sec-WebSocket-Key is missing, or is not 16 bytes in base64.\n",
            )
            .to_owned()
    }

    fn repeated(&self, name: &str) -> String {
        match self.lang {
            Lang::Spanish => format!("La cabecera {name} viene más de una vez, y ha de venir una sola.\n"),
            Lang::English => format!("The header {name} comes more than once, and must come only once.\n"),
        }
    }

    fn upgrade_unsupported(&self) -> String {
        self.lang
            .pick(
                "Solo se habla WebSocket versión 13 (RFC 6455), por HTTP/1.1: envíe Upgrade: websocket,\nConnection: Upgrade y Sec-WebSocket-Version: 13.\n",
                "Only WebSocket version 13 (RFC 6455) is spoken, over HTTP/1.1: send Upgrade: websocket,\nConnection: Upgrade and Sec-WebSocket-Version: 13.\n",
            )
            .to_owned()
    }
}

/// How this server is reached, as the one who asks reached it.
struct Place {
    url: String,
    host: String,
    port: u16,
}

impl Place {
    /// From the `Host` header if it is plain enough to be repeated, else from our own address.
    fn of(host: Option<&str>, local: SocketAddr) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".:-_[]".contains(c);
        let host = host.filter(|host| !host.is_empty() && host.len() <= 255 && host.chars().all(is_plain));
        let authority = match host {
            Some(host) if names_a_port(host) => host.to_owned(),
            Some(host) => format!("{host}:{}", local.port()),
            None => canonical(local).to_string(),
        };
        let (host, port) = authority.rsplit_once(':').unwrap_or((&authority, ""));
        Self {
            url: format!("ws://{authority}{CHAT_PATH}"),
            host: host.trim_matches(['[', ']']).to_owned(),
            port: port.parse().unwrap_or(local.port()),
        }
    }
}

/// Whether an authority ends in a port: `host:1`, `[::1]:1`, but not `::1` or `[::1]`.
fn names_a_port(authority: &str) -> bool {
    let after_bracket = authority.rsplit(']').next().unwrap_or_default();
    after_bracket.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(method: &'a str, path: &'a str, upgrade: Upgrade) -> Request<'a> {
        let endpoints = Endpoints {
            peer: "10.0.0.7:999".parse().unwrap(),
            local: "[::ffff:10.0.0.5]:8080".parse().unwrap(),
            is_same_machine: false,
        };
        Request {
            method,
            path,
            host: None,
            origin: None,
            user_agent: None,
            accept: None,
            is_forwarded: false,
            upgrade,
            subprotocol: None,
            endpoints,
        }
    }

    #[track_caller]
    fn response(request: &Request<'_>) -> Response {
        match Pages::new(Lang::Spanish).answer(request) {
            Answer::Respond(response) => response,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn statuses_follow_path_then_method_then_upgrade() {
        let cases = [
            ("GET", "/", Upgrade::Absent, 200),
            ("HEAD", "/", Upgrade::Absent, 200),
            ("GET", "/chat", Upgrade::Absent, 426),
            ("GET", "/nada", Upgrade::Absent, 404),
            ("GET", "/nada", Upgrade::Valid, 404),
            ("POST", "/nada", Upgrade::Absent, 404),
            ("POST", "/", Upgrade::Absent, 405),
            ("DELETE", "/chat", Upgrade::Absent, 405),
            ("GET", "/chat", Upgrade::Unsupported, 426),
            ("GET", "/", Upgrade::Unsupported, 426),
            ("GET", "/chat", Upgrade::KeyInvalid, 400),
            ("GET", "/chat", Upgrade::Repeated("Sec-WebSocket-Key"), 400),
            ("POST", "/healthz", Upgrade::Absent, 405),
            ("GET", "/metrics", Upgrade::Absent, 403),
            ("GET", "/debug/connections", Upgrade::Absent, 403),
            ("GET", "/debug", Upgrade::Absent, 404),
        ];
        for (method, path, upgrade, status) in cases {
            assert_eq!(
                response(&request(method, path, upgrade)).status,
                status,
                "{method} {path} {upgrade:?}"
            );
        }
    }

    #[test]
    fn an_upgrade_by_the_book_is_accepted_on_both_paths_with_the_first_subprotocol() {
        for path in ["/", "/chat"] {
            let offer =
                Request { subprotocol: Some("chat-protocol"), ..request("GET", path, Upgrade::Valid) };
            let Answer::Accept { subprotocol } = Pages::new(Lang::Spanish).answer(&offer) else {
                panic!("refused")
            };
            assert_eq!(subprotocol.as_deref(), Some("chat-protocol"));
        }
    }

    #[test]
    fn who_may_watch_the_server_is_decided_by_where_one_asks_from() {
        let pages = Pages::new(Lang::Spanish).show_metrics_to(vec!["10.0.0.0/8".parse().unwrap()]);
        let may = |path, peer: &str, change: fn(&mut Request<'_>)| {
            let mut asks = request("GET", path, Upgrade::Absent);
            asks.endpoints.peer = peer.parse().unwrap();
            asks.host = Some("127.0.0.1:8080");
            change(&mut asks);
            match pages.answer(&asks) {
                Answer::Inspect => true,
                Answer::Respond(response) => response.status == 200,
                Answer::Accept { .. } => false,
            }
        };
        let as_is = |_: &mut Request<'_>| {};
        for peer in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(["/healthz", "/metrics", "/debug/connections"].iter().all(|path| may(path, peer, as_is)));
        }
        for (peer, metrics) in
            [("[::ffff:10.1.2.3]:1", true), ("192.0.2.1:1", false), ("[2001:db8::1]:1", false)]
        {
            assert!(may("/healthz", peer, as_is));
            assert_eq!(may("/metrics", peer, as_is), metrics, "{peer}");
            assert!(!may("/debug/connections", peer, as_is), "{peer}");
        }
        let through_a_proxy = |asks: &mut Request<'_>| asks.is_forwarded = true;
        assert!(!may("/metrics", "127.0.0.1:1", through_a_proxy));
        assert!(may("/healthz", "127.0.0.1:1", through_a_proxy));
        // A page can make its browser say that it is none.
        let rebound = |asks: &mut Request<'_>| asks.host = Some("evil.example");
        assert!(!may("/debug/connections", "127.0.0.1:1", rebound));
        let health =
            Request { accept: Some("application/json"), ..request("GET", "/healthz", Upgrade::Absent) };
        assert!(matches!(pages.answer(&health), Answer::Inspect));
    }

    #[test]
    fn the_welcome_says_how_to_connect_from_where_one_asks() {
        let with = |host| response(&Request { host, ..request("GET", "/", Upgrade::Absent) }).body;
        for (host, command, url) in [
            (None, "SU_NOMBRE 10.0.0.5 8080\n", "ws://10.0.0.5:8080/chat"),
            (Some("chat.example"), "SU_NOMBRE chat.example 8080\n", "ws://chat.example:8080/chat"),
            (Some("chat.example:90"), "SU_NOMBRE chat.example 90\n", "ws://chat.example:90/chat"),
            (Some("[::1]:90"), "SU_NOMBRE ::1 90\n", "ws://[::1]:90/chat"),
            (Some("[::1]"), "SU_NOMBRE ::1 8080\n", "ws://[::1]:8080/chat"),
            (Some("evil\u{1b}[2J"), "SU_NOMBRE 10.0.0.5 8080\n", "ws://10.0.0.5:8080/chat"),
        ] {
            let body = with(host);
            assert!(body.contains(command) && body.contains(url), "{host:?}: {body}");
        }
    }
}
