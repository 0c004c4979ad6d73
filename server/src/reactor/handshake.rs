//! The head of an HTTP request: bytes in, a [`Head`] or the reason of refusal out.
//!
//! It does not decide what is answered, and it reads no body: whatever follows the head belongs to the
//! WebSocket, or to nobody.

use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server;
use tungstenite::http::header;

use super::first_bytes::{self, FirstBytes};
use super::handler::{Endpoints, Refusal, Request, Upgrade};
use super::response;

/// Header lines in a head.
pub const HEADERS_MAX: usize = 100;

/// What proxies add that speak for others (RFC 7239; RFC 9110, section 7.6.3; and the habits of well-known ones).
const PROXY_HEADERS: [&str; 9] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-client-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

/// What a request for a WebSocket has once (RFC 6455, sections 11.3.1 and 11.3.5).
const ONCE: [&str; 2] = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"];

/// What the bytes so far are.
#[derive(Debug)]
pub enum Examined {
    /// Not yet a whole head, and nothing wrong with it.
    Incomplete,
    /// A whole head.
    Complete(Box<Head>),
    /// Nothing that can be answered as a request.
    Refused(Refusal),
}

/// The head of a request.
#[derive(Debug)]
pub struct Head {
    /// How many bytes it is.
    pub len: usize,
    method: String,
    path: String,
    host: Option<String>,
    origin: Option<String>,
    user_agent: Option<String>,
    accept: Option<String>,
    is_forwarded: bool,
    subprotocol: Option<String>,
    /// The `Sec-WebSocket-Accept` that accepts it, where its upgrade is valid.
    upgrade: Result<String, Upgrade>,
    refusal: Option<Refusal>,
}

/// Looks at everything that has come so far of a head that may have so many bytes, its empty line included.
#[must_use]
pub fn examine(bytes: &[u8], bytes_max: usize) -> Examined {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len <= bytes_max => {
            Examined::Complete(Box::new(Head::new(len, &request, bytes)))
        }
        Ok(httparse::Status::Partial) if bytes.len() < bytes_max => Examined::Incomplete,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Examined::Refused(Refusal::HeadTooLarge),
        Err(_) if request.version.is_some() => Examined::Refused(Refusal::HeadMalformed),
        Err(httparse::Error::Version) if names_a_version(bytes) => {
            Examined::Refused(Refusal::VersionUnsupported)
        }
        Err(_) => Examined::Refused(Refusal::NotHttp),
    }
}

/// Whether a request line that names no version which is spoken here names one at all.
fn names_a_version(bytes: &[u8]) -> bool {
    let version = first_bytes::first_line(bytes).rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let number = version.strip_prefix(b"HTTP/").unwrap_or_default();
    !number.is_empty() && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

impl Head {
    fn new(len: usize, request: &httparse::Request<'_, '_>, bytes: &[u8]) -> Self {
        let find = |name: &str| {
            let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            Some(found.value)
        };
        let header = |name: &str| std::str::from_utf8(find(name)?).ok();
        let lossy = |name: &str| Some(String::from_utf8_lossy(find(name)?).into_owned());
        let count = |name: &str| {
            request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count()
        };
        let repeated = ONCE.into_iter().find(|name| count(name) > 1);
        let accept = repeated.map_or_else(|| accept(bytes), |name| Err(Upgrade::Repeated(name)));
        let (authority, path) = split_target(request.path.unwrap_or_default());
        Self {
            len,
            method: request.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            host: authority.or_else(|| header("host")).map(str::to_owned),
            origin: lossy("origin"),
            user_agent: lossy("user-agent"),
            accept: lossy("accept"),
            // HTTP/1.0 is what nginx speaks to those behind it unless it is told otherwise.
            is_forwarded: request.version == Some(0) || PROXY_HEADERS.iter().any(|name| find(name).is_some()),
            subprotocol: header("sec-websocket-protocol").and_then(first_token),
            upgrade: accept.map_err(|problem| match header("upgrade") {
                Some(protocol) if protocol.eq_ignore_ascii_case("websocket") => problem,
                // Another protocol is nothing to us (RFC 9110, section 7.8: it may be ignored).
                _ => Upgrade::Absent,
            }),
            refusal: match count("host") {
                0 if request.version == Some(1) => Some(Refusal::HostMissing),
                0 | 1 => None,
                _ => Some(Refusal::HostRepeated),
            },
        }
    }

    /// Why nobody may answer it as a request (RFC 9112, section 3.2). A `Host` that is no host is not refused: some
    /// programs write a whole URL there, and it is neither trusted nor repeated.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Whether its answer has no body.
    #[must_use]
    pub fn is_for_head_only(&self) -> bool {
        self.method == "HEAD"
    }

    /// The request as the handler sees it.
    #[must_use]
    pub fn request(&self, endpoints: Endpoints) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            host: self.host.as_deref(),
            origin: self.origin.as_deref(),
            user_agent: self.user_agent.as_deref(),
            accept: self.accept.as_deref(),
            is_forwarded: self.is_forwarded,
            upgrade: self.upgrade.as_ref().err().copied().unwrap_or(Upgrade::Valid),
            subprotocol: self.subprotocol.as_deref(),
            endpoints,
        }
    }

    /// What it is, for the ledger.
    #[must_use]
    pub fn first_bytes(&self) -> FirstBytes {
        match self.upgrade {
            Err(Upgrade::Absent) => FirstBytes::Http,
            _ => FirstBytes::WebSocket,
        }
    }

    /// The bytes of the `101` that makes it a WebSocket; `None` unless its upgrade is valid.
    #[must_use]
    pub fn switching_protocols(self, subprotocol: Option<&str>) -> Option<Vec<u8>> {
        self.upgrade.ok().map(|accept| response::switching_protocols(&accept, subprotocol))
    }
}

/// The authority of a target in absolute form, which stands above the `Host` header (RFC 9112, section 3.2.2), and the
/// path of any target, without its query.
fn split_target(target: &str) -> (Option<&str>, &str) {
    let is_ours = |scheme: &str| ["http", "ws"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let rest = target.split_once("://").filter(|(scheme, _)| is_ours(scheme)).map(|(_, rest)| rest);
    let (authority, path) = rest.map_or((None, target), |rest| {
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        (Some(authority), if path.starts_with('/') { path } else { "/" })
    });
    let path = path.split('?').next().unwrap_or_default();
    match authority {
        // No host, or somebody at it: no URI that can be followed (RFC 9110, sections 4.2.1 and 4.2.4).
        Some(authority) if authority.is_empty() || authority.contains('@') => (None, target),
        _ => (authority, path),
    }
}

/// The library's own judgement of the upgrade, and its answer to the key.
fn accept(head: &[u8]) -> Result<String, Upgrade> {
    let request = match server::Request::try_parse(head) {
        Ok(Some((_, request))) => request,
        Ok(None) | Err(_) => return Err(Upgrade::Unsupported),
    };
    let response = server::create_response(&request).map_err(|error| match error {
        Error::Protocol(ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey) => {
            Upgrade::KeyInvalid
        }
        _ => Upgrade::Unsupported,
    })?;
    let accept = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
    accept.map(str::to_owned).ok_or(Upgrade::Unsupported)
}

/// The first of a comma-separated list, if it is a token (RFC 9110, section 5.6.2) and can be sent back as it is.
fn first_token(list: &str) -> Option<String> {
    let first = list.split(',').next().unwrap_or_default().trim();
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (!first.is_empty() && first.chars().all(is_token)).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_BYTES_MAX: usize = 1_000;

    const UPGRADE: &str = "Host: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                           Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    fn head(text: &str) -> Box<Head> {
        match examine(text.as_bytes(), HEAD_BYTES_MAX) {
            Examined::Complete(head) => head,
            other => panic!("{text:?} is {other:?}"),
        }
    }

    fn upgrade(text: &str) -> Upgrade {
        head(text).upgrade.err().unwrap_or(Upgrade::Valid)
    }

    #[test]
    fn a_request_by_the_book_is_accepted_with_the_key_of_the_rfc() {
        let head =
            head(&format!("GET /chat?x=1 HTTP/1.1\r\n{UPGRADE}Sec-WebSocket-Version: 13\r\n\r\nglued"));
        assert_eq!(
            (head.path.as_str(), head.method.as_str(), head.host.as_deref()),
            ("/chat", "GET", Some("h"))
        );
        let bytes = head.switching_protocols(Some("chat-protocol")).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat-protocol\r\n\r\n"
        );
    }

    #[test]
    fn upgrades_that_are_not_by_the_book_are_told_apart() {
        assert_eq!(upgrade("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Upgrade::Absent);
        assert_eq!(upgrade("GET / HTTP/1.0\r\n\r\n"), Upgrade::Absent);
        for other in ["h2c", "websocket2"] {
            let asks = UPGRADE.replace("websocket", other);
            assert_eq!(upgrade(&format!("GET / HTTP/1.1\r\n{asks}\r\n")), Upgrade::Absent);
        }
        let silent = UPGRADE.replace("Connection: keep-alive, Upgrade\r\n", "");
        for (start, headers) in
            [("POST / HTTP/1.1", UPGRADE), ("GET / HTTP/1.0", UPGRADE), ("GET / HTTP/1.1", &silent)]
        {
            let head = format!("{start}\r\n{headers}Sec-WebSocket-Version: 13\r\n\r\n");
            assert_eq!(upgrade(&head), Upgrade::Unsupported, "{head}");
        }
        assert_eq!(upgrade(&format!("GET / HTTP/1.1\r\n{UPGRADE}\r\n")), Upgrade::Unsupported);
        assert_eq!(
            upgrade(&format!("GET / HTTP/1.1\r\n{UPGRADE}Sec-WebSocket-Version: 8\r\n\r\n")),
            Upgrade::Unsupported
        );
        let short_key = UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
        assert_eq!(
            upgrade(&format!("GET / HTTP/1.1\r\n{short_key}Sec-WebSocket-Version: 13\r\n\r\n")),
            Upgrade::KeyInvalid
        );
        let whole = format!("{UPGRADE}Sec-WebSocket-Version: 13\r\n");
        for line in ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"] {
            let twice = upgrade(&format!("GET / HTTP/1.1\r\n{whole}{}\r\n\r\n", line.to_lowercase()));
            assert!(matches!(twice, Upgrade::Repeated(name) if line.starts_with(name)), "{line}: {twice:?}");
        }
    }

    #[test]
    fn a_target_in_absolute_form_has_its_own_host() {
        for (target, host, path) in [
            ("/x?http://i/y", "h", "/x"),
            ("http://i", "i", "/"),
            ("http://i:90/", "i:90", "/"),
            ("HTTP://i/chat?x=http://j/", "i", "/chat"),
            ("ws://[::1]:90/chat", "[::1]:90", "/chat"),
            ("http://i?/chat", "i", "/"),
            ("https://i/chat", "h", "https://i/chat"),
            ("http:///chat", "h", "http:///chat"),
            ("http://i@h/chat", "h", "http://i@h/chat"),
            ("*", "h", "*"),
        ] {
            let head = head(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
            assert_eq!((head.host.as_deref(), head.path.as_str()), (Some(host), path), "{target}");
        }
        let head = head("GET http://i/ HTTP/1.1\r\n\r\n");
        assert_eq!(head.refusal(), Some(Refusal::HostMissing), "it is sent all the same");
    }

    #[test]
    fn http_1_1_names_its_host_and_names_it_once() {
        let upgrade = format!("{UPGRADE}Sec-WebSocket-Version: 13\r\n");
        let nowhere = upgrade.replace("Host: h\r\n", "");
        for (version, headers, refusal) in [
            (1, "Host: h\r\n", None),
            (1, "Host:\r\n", None),
            (1, "Host: http://h/\r\n", None),
            (1, &upgrade, None),
            (0, "", None),
            (0, "Host: h\r\n", None),
            (1, "", Some(Refusal::HostMissing)),
            (1, &nowhere, Some(Refusal::HostMissing)),
            (1, "Host: h\r\nhOST: h\r\n", Some(Refusal::HostRepeated)),
            (0, "Host: h\r\nX: y\r\nHost: i\r\n", Some(Refusal::HostRepeated)),
            (1, &format!("{upgrade}Host: h\r\n"), Some(Refusal::HostRepeated)),
        ] {
            let text = format!("GET /chat HTTP/1.{version}\r\n{headers}\r\n");
            assert_eq!(head(&text).refusal(), refusal, "{text}");
        }
    }

    #[test]
    fn a_request_through_a_proxy_shows_by_what_the_proxy_adds() {
        for (header, is_forwarded) in [
            ("Host: h", false),
            ("X-Forwarded-For: 203.0.113.7", true),
            ("x-real-ip: 203.0.113.7", true),
            ("Via: 1.1 proxy", true),
            ("Forwarded: for=203.0.113.7", true),
        ] {
            let head = head(&format!("GET /metrics HTTP/1.1\r\n{header}\r\n\r\n"));
            assert_eq!(head.is_forwarded, is_forwarded, "{header}");
        }
    }

    #[test]
    fn the_first_subprotocol_is_offered_if_it_is_a_token() {
        let with = |value: &str| {
            head(&format!("GET / HTTP/1.1\r\nSec-WebSocket-Protocol: {value}\r\n\r\n")).subprotocol
        };
        assert_eq!(with("chat-protocol, other"), Some("chat-protocol".into()));
        assert_eq!(with("a b"), None);
        assert_eq!(with(""), None);
    }

    #[test]
    fn a_head_is_taken_whole_or_waited_for_and_its_limits_hold() {
        let fits = |length: usize| {
            let start = "GET / HTTP/1.1\r\nX: ";
            format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
        };
        assert!(matches!(examine(b"", HEAD_BYTES_MAX), Examined::Incomplete));
        assert!(matches!(examine(b"GET / HTTP/1.1\r\nHost", HEAD_BYTES_MAX), Examined::Incomplete));
        assert!(matches!(examine(fits(HEAD_BYTES_MAX).as_bytes(), HEAD_BYTES_MAX), Examined::Complete(_)));
        for too_large in
            [fits(HEAD_BYTES_MAX + 1), format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(HEAD_BYTES_MAX))]
        {
            assert!(matches!(
                examine(too_large.as_bytes(), HEAD_BYTES_MAX),
                Examined::Refused(Refusal::HeadTooLarge)
            ));
        }
        let headers = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(count));
        assert!(matches!(examine(headers(HEADERS_MAX).as_bytes(), HEAD_BYTES_MAX), Examined::Complete(_)));
        assert!(matches!(
            examine(headers(HEADERS_MAX + 1).as_bytes(), HEAD_BYTES_MAX),
            Examined::Refused(Refusal::HeadTooLarge)
        ));
    }

    #[test]
    fn what_is_http_and_wrong_is_told_apart_from_what_is_none() {
        for (text, expected) in [
            ("GET / HTTP/1.2\r\n", Refusal::VersionUnsupported),
            ("\r\nGET / HTTP/9.9\n", Refusal::VersionUnsupported),
            ("GET / HTTP/2", Refusal::VersionUnsupported),
            ("GET / HTTP/x\r\n", Refusal::NotHttp),
            ("GET / HTTP/1.x\r\n", Refusal::NotHttp),
            ("GET /\r\n", Refusal::NotHttp),
            ("GET / HTTP/1.1\r\nHost : h\r\n", Refusal::HeadMalformed),
            ("GET / HTTP/1.1\r\nX: a\r\n b\r\n", Refusal::HeadMalformed),
            ("GET / HTTP/1.1\r\n Host: h\r\n", Refusal::HeadMalformed),
            ("GET / HTTP/1.1\r\nno colon\r\n", Refusal::HeadMalformed),
            ("GET / HTTP/1.1\r\nX: \u{1b}\r\n", Refusal::HeadMalformed),
            ("GET / HTTP/1.1\r\nHost: h\r\n\rX", Refusal::HeadMalformed),
        ] {
            let examined = examine(text.as_bytes(), HEAD_BYTES_MAX);
            assert!(
                matches!(examined, Examined::Refused(refusal) if refusal == expected),
                "{text:?}: {examined:?}"
            );
        }
    }

    #[test]
    fn what_is_not_http_is_refused_as_soon_as_it_shows() {
        for junk in
            [&b"\x16\x03\x01\x02\x00\x01"[..], b"SSH-2.0-OpenSSH\r\n", b"\0\0\0\0", b"hola que tal\r\n\r\n"]
        {
            assert!(matches!(examine(junk, HEAD_BYTES_MAX), Examined::Refused(Refusal::NotHttp)), "{junk:?}");
        }
    }
}
