//! Which web pages may use the chat (RFC 6454). A browser connects in the name of whatever page it shows, with the
//! user's own address; so a page of another site is turned away, unless it was allowed when the server was started.
//!
//! Pure: header lines in, a verdict out. It does not know what is answered.

use std::net::{IpAddr, Ipv6Addr};

use chat_protocol::Lang;
use tungstenite::http::uri::Authority;

use crate::reactor::Request;

/// How every browser's `User-Agent` begins. A page can change neither it nor its `Origin` for a WebSocket; programs
/// that are no browsers do not send it, and some of them put words of their own into `Origin`.
const BROWSER: &str = "Mozilla/";

/// A host as it is compared: without scheme and port, in lower case, an IPv6 address in its short form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// What somebody means who allows a host or an origin: `chat.example`, `::1`, `https://chat.example:8443`.
    #[must_use]
    pub fn of_option(text: &str) -> Option<Self> {
        if text.parse::<Ipv6Addr>().is_ok() {
            return Some(Self::canonical(text));
        }
        // "null" is the origin of every page that hides its own; and no host is spelt with a wildcard.
        let can_match = |host: &Self| host.0 != "null" && !host.0.contains('*');
        Self::of_origin(text).or_else(|| Self::of_authority(text)).filter(can_match)
    }

    /// Of an `Origin` header; `None` if it names no host, as `null` does not.
    fn of_origin(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        (!scheme.is_empty()).then(|| Self::of_authority(authority))?
    }

    /// Of a `Host` header.
    fn of_authority(text: &str) -> Option<Self> {
        let authority: Authority = text.parse().ok()?;
        (!authority.host().is_empty()).then(|| Self::canonical(authority.host()))
    }

    fn canonical(host: &str) -> Self {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<Ipv6Addr>() {
            Ok(address) => Self(address.to_string()),
            Err(_) => Self(host.to_ascii_lowercase()),
        }
    }
}

fn is_browser(request: &Request<'_>) -> bool {
    request.user_agent.is_some_and(|agent| agent.starts_with(BROWSER))
}

/// Whether this machine was reached by a name that somebody may have made point to it (DNS rebinding), so that a web
/// page of that name may read the answer. Of plain requests a page can change even the `User-Agent`, so this holds for
/// everybody.
#[must_use]
pub fn is_under_a_foreign_name(request: &Request<'_>) -> bool {
    let is_ours = |Host(host): Host| host == "localhost" || host.parse::<IpAddr>().is_ok();
    !request.host.and_then(Host::of_authority).is_some_and(is_ours)
}

/// Whether a browser asks this for a page of another site that is not among the allowed ones.
#[must_use]
pub fn is_foreign(request: &Request<'_>, allowed: &[Host]) -> bool {
    let Some(origin) = request.origin.filter(|_| is_browser(request)) else { return false };
    let Some(page) = Host::of_origin(origin) else { return true };
    let ours = request.host.and_then(Host::of_authority);
    ours.as_ref() != Some(&page) && !allowed.contains(&page)
}

/// What is told to whoever is turned away: the visitor of the page, and who runs the server.
#[must_use]
pub fn sentence(request: &Request<'_>, lang: Lang) -> String {
    let page = request.origin.and_then(Host::of_origin);
    let option = page.map_or_else(String::new, |Host(host)| format!(" --allow-origin {host}"));
    match (lang, option.as_str()) {
        (Lang::Spanish, "") => "Una página sin origen no puede usar este chat.\n".to_owned(),
        (Lang::English, "") => "A page without an origin cannot use this chat.\n".to_owned(),
        (Lang::Spanish, option) => format!(
            "Una página de otro sitio no puede usar este chat en nombre de quien la mira.\n\
             Quien administra el servidor la admite con{option}.\n"
        ),
        (Lang::English, option) => format!(
            "A page of another site cannot use this chat in the name of whoever looks at it.\n\
             Whoever runs the server allows it with{option}.\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reactor::{Endpoints, Upgrade};

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn request<'a>(agent: Option<&'a str>, origin: Option<&'a str>, host: Option<&'a str>) -> Request<'a> {
        let address = "10.0.0.5:8080".parse().unwrap();
        Request {
            method: "GET",
            path: "/chat",
            host,
            origin,
            user_agent: agent,
            accept: None,
            is_forwarded: false,
            upgrade: Upgrade::Valid,
            subprotocol: None,
            endpoints: Endpoints { peer: address, local: address, is_same_machine: false },
        }
    }

    fn is_turned_away(origin: &str, host: &str) -> bool {
        is_foreign(&request(Some(FIREFOX), Some(origin), Some(host)), &[])
    }

    #[test]
    fn a_page_of_the_same_host_may_whatever_its_port_scheme_and_spelling() {
        for (origin, host) in [
            ("http://chat.example", "chat.example"),
            ("http://chat.example:3000", "chat.example:8080"),
            ("https://chat.example", "chat.example:8080"),
            ("http://Chat.Example", "chat.EXAMPLE:8080"),
            ("http://10.0.0.5", "10.0.0.5:8080"),
            ("http://[::1]:3000", "[::1]:8080"),
            ("http://[::1]", "[0:0:0:0:0:0:0:1]:8080"),
            ("http://[FE80::A]", "[fe80::a]"),
        ] {
            assert!(!is_turned_away(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn a_page_of_another_host_may_not_nor_one_that_names_none() {
        for (origin, host) in [
            ("http://evil.example", "chat.example"),
            ("http://chat.example.evil.example", "chat.example"),
            ("http://evilchat.example", "chat.example"),
            ("http://chat.example@evil.example", "chat.example"),
            ("http://evil.example", "evil.example@chat.example"),
            ("http://evil.example/chat.example", "chat.example"),
            ("http://[::2]", "[::1]"),
            ("null", "chat.example"),
            ("null", "null"),
            ("", "chat.example"),
            ("chat.example", "chat.example"),
            ("://chat.example", "chat.example"),
            ("http://", "chat.example"),
            ("http://chat.example http://evil.example", "chat.example"),
            ("http://ev\u{fffd}l", "chat.example"),
            ("moz-extension://7a4c", "chat.example"),
            ("http://chat.example", ""),
        ] {
            assert!(is_turned_away(origin, host), "{origin:?} at {host:?}");
        }
        assert!(is_foreign(&request(Some(FIREFOX), Some("http://chat.example"), None), &[]));
    }

    #[test]
    fn what_is_no_browser_and_who_sends_no_origin_may() {
        for agent in [None, Some("libwebsockets"), Some("curl/8"), Some("my Mozilla/5.0")] {
            for origin in ["http://evil.example", "null", "chat-protocol", ""] {
                assert!(!is_foreign(&request(agent, Some(origin), Some("chat.example")), &[]), "{agent:?}");
            }
        }
        assert!(!is_foreign(&request(Some(FIREFOX), None, Some("chat.example")), &[]));
    }

    #[test]
    fn those_that_were_allowed_may() {
        for (option, origin) in [
            ("web.example", "https://web.example:444"),
            ("WEB.example:1", "https://web.example"),
            ("https://web.example", "http://web.example"),
            ("::1", "http://[::1]:3000"),
            ("[::1]:5", "http://[::1]"),
            ("moz-extension://7a4c", "moz-extension://7a4c"),
        ] {
            let allowed = [Host::of_option("other.example").unwrap(), Host::of_option(option).unwrap()];
            let asks = request(Some(FIREFOX), Some(origin), Some("chat.example"));
            assert!(!is_foreign(&asks, &allowed), "{option} {origin}");
            let other = request(Some(FIREFOX), Some("http://evil.example"), Some("chat.example"));
            assert!(is_foreign(&other, &allowed), "{option}");
        }
    }

    #[test]
    fn what_names_no_host_cannot_be_allowed() {
        for option in ["", "null", "http://", "://x", "a b", "http://x/y", "*", "*.example"] {
            assert_eq!(Host::of_option(option), None, "{option}");
        }
    }

    #[test]
    fn this_machine_is_at_home_under_an_address_or_localhost_only() {
        for (host, is_foreign) in [
            (Some("127.0.0.1:8080"), false),
            (Some("[::1]:8080"), false),
            (Some("LOCALHOST"), false),
            (Some("evil.example:8080"), true),
            (Some("127.0.0.1.evil.example"), true),
            (Some(""), true),
            (None, true),
        ] {
            for agent in [FIREFOX, "curl/8"] {
                let asked = request(Some(agent), None, host);
                assert_eq!(is_under_a_foreign_name(&asked), is_foreign, "{agent} {host:?}");
            }
        }
    }

    #[test]
    fn whoever_is_turned_away_is_told_the_option() {
        let asks = request(Some(FIREFOX), Some("http://Evil.example:1"), Some("chat.example"));
        for lang in [Lang::Spanish, Lang::English] {
            assert!(sentence(&asks, lang).contains("--allow-origin evil.example"));
            let hides = request(Some(FIREFOX), Some("null"), Some("chat.example"));
            assert!(!sentence(&hides, lang).contains("--allow-origin"));
        }
    }
}
