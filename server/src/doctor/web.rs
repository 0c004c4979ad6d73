//! HTTP as far as the doctor speaks it: what it asks of a port and of a cloud's metadata service, and what their
//! answers mean. It does not send anything.

use std::net::IpAddr;

use chat_protocol::Lang;

use super::facts::{Answer, Metadata};
use crate::http::{FRONT_PAGE_BEGINS, Pages};
use crate::reactor::Refusal;

/// Bytes of an answer that are read, head and body.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// Lines of a head that are understood.
const HEADERS_MAX: usize = 64;
/// Characters of what another program says that are shown.
const SHOWN_CHARS_MAX: usize = 60;
/// Characters of a token that are sent back.
const TOKEN_CHARS_MAX: usize = 1_024;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// What came after the head.
    pub body: String,
}

/// Reads an answer as far as it has come; `is_end` if no more will. `None` if it is not whole, or none.
#[must_use]
pub fn response(bytes: &[u8], is_end: bool) -> Option<Response> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    let body = &bytes[length..];
    let declared = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let declared = declared.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
    let is_whole = is_end || declared.is_some_and(|length: usize| body.len() >= length);
    let body = String::from_utf8_lossy(body).into_owned();
    is_whole.then_some(Response { status: head.code?, body })
}

/// What a port is asked.
#[must_use]
pub fn front_page(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: chat-server-doctor\r\nConnection: close\r\n\r\n")
}

/// What the answer to [`front_page`] means.
#[must_use]
pub fn read_front_page(bytes: &[u8]) -> Answer {
    if bytes.is_empty() {
        return Answer::Silence;
    }
    match response(bytes, true) {
        Some(response) if is_ours(&response) => Answer::ChatServer,
        _ => Answer::Other(String::from_utf8_lossy(bytes).chars().take(SHOWN_CHARS_MAX).collect()),
    }
}

/// Whether this is one of our pages: the front page, or the one of a full server. Others may speak of chat servers too.
fn is_ours(Response { status, body }: &Response) -> bool {
    let full = |lang| Pages::new(lang).refuse(Refusal::TooManyConnections).body;
    match status {
        200 => FRONT_PAGE_BEGINS.iter().any(|beginning| body.starts_with(beginning)),
        503 => [Lang::Spanish, Lang::English].into_iter().any(|lang| *body == full(lang)),
        _ => false,
    }
}

/// A server's address as a request names it.
#[must_use]
pub fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The first question to the metadata service: version 2 answers only whoever has a token.
#[must_use]
pub fn token_request(host: &str) -> String {
    format!(
        "PUT /latest/api/token HTTP/1.1\r\nHost: {host}\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

/// The token, or what its absence means.
///
/// # Errors
/// The answer to the whole question, since there is no token to go on with.
pub fn read_token(response: Option<Response>) -> Result<String, Metadata> {
    match response {
        None => Err(Metadata::NoAnswer),
        Some(Response { status: 200, body }) => {
            let token = body.trim();
            // It becomes a line of a head.
            let is_token = !token.is_empty()
                && token.len() <= TOKEN_CHARS_MAX
                && token.chars().all(|c| c.is_ascii_graphic());
            if is_token { Ok(token.to_owned()) } else { Err(Metadata::Nonsense) }
        }
        Some(_) => Err(Metadata::NotVersion2),
    }
}

/// The second question.
#[must_use]
pub fn address_request(host: &str, token: &str) -> String {
    format!(
        "GET /latest/meta-data/public-ipv4 HTTP/1.1\r\nHost: {host}\r\nX-aws-ec2-metadata-token: {token}\r\n\
         Connection: close\r\n\r\n"
    )
}

/// What the answer to [`address_request`] means.
#[must_use]
pub fn read_address(response: Option<Response>) -> Metadata {
    match response {
        None => Metadata::NoAnswer,
        Some(Response { status: 404, .. }) => Metadata::NoPublicAddress,
        Some(Response { status: 200, body }) => match body.trim().parse() {
            Ok(address @ IpAddr::V4(_)) => Metadata::PublicAddress(address),
            _ => Metadata::Nonsense,
        },
        Some(_) => Metadata::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Option<Response> {
        Some(Response { status, body: body.to_owned() })
    }

    #[test]
    fn an_answer_is_whole_by_its_length_or_by_its_end() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(response(bytes, false), answer(200, "hi"));
        for end in 0..bytes.len() {
            assert_eq!(response(&bytes[..end], false), None);
        }
        let endless = b"HTTP/1.0 404 No\r\n\r\nnothing";
        assert_eq!(response(endless, false), None);
        assert_eq!(response(endless, true), answer(404, "nothing"));
        assert_eq!(response(b"SSH-2.0-OpenSSH_9\r\n", true), None);
    }

    #[test]
    fn an_ipv6_address_is_named_in_brackets() {
        for (ip, name) in [("169.254.169.254", "169.254.169.254"), ("fd00:ec2::254", "[fd00:ec2::254]")] {
            assert_eq!(host(ip.parse().unwrap()), name);
        }
    }

    #[test]
    fn a_chat_server_is_known_by_its_page_and_others_are_shown_by_their_beginning() {
        let page = b"HTTP/1.1 200 OK\r\n\r\nEsto es chat-server 0.1.0";
        assert_eq!(read_front_page(page), Answer::ChatServer);
        for lang in [Lang::Spanish, Lang::English] {
            let full = Pages::new(lang).refuse(Refusal::TooManyConnections);
            let answer = format!("HTTP/1.1 503 Full\r\n\r\n{}", full.body);
            assert_eq!(read_front_page(answer.as_bytes()), Answer::ChatServer);
        }
        for other in ["<li>chat-server</li>", "a page about chat servers: This is chat-server 1"] {
            let page = format!("HTTP/1.1 200 OK\r\n\r\n{other}");
            assert!(matches!(read_front_page(page.as_bytes()), Answer::Other(_)), "{other}");
        }
        assert_eq!(read_front_page(b""), Answer::Silence);
        assert_eq!(read_front_page(b"SSH-2.0-x\r\n"), Answer::Other("SSH-2.0-x\r\n".to_owned()));
        let Answer::Other(shown) = read_front_page(&[b'x'; 5_000]) else { panic!("not shown") };
        assert_eq!(shown.len(), SHOWN_CHARS_MAX);
    }

    #[test]
    fn version_2_is_a_token_and_then_an_address() {
        assert_eq!(read_token(answer(200, "AQAE==\n")), Ok("AQAE==".to_owned()));
        let address = Metadata::PublicAddress(IpAddr::from([13, 58, 224, 87]));
        assert_eq!(read_address(answer(200, "13.58.224.87\n")), address);
        assert_eq!(read_address(answer(404, "")), Metadata::NoPublicAddress);
        assert!(address_request("h", "tok").contains("\r\nX-aws-ec2-metadata-token: tok\r\n"));
    }

    #[test]
    fn whatever_else_it_says_is_not_taken_for_an_address_or_its_absence() {
        for status in [400, 403, 404, 405, 500] {
            assert_eq!(read_token(answer(status, "")), Err(Metadata::NotVersion2), "{status}");
        }
        let long = "x".repeat(TOKEN_CHARS_MAX + 1);
        for token in ["", "a b", "a\r\nHost: evil", "ñ", &long] {
            assert_eq!(read_token(answer(200, token)), Err(Metadata::Nonsense), "{token}");
        }
        assert_eq!(read_token(None), Err(Metadata::NoAnswer));
        assert_eq!(read_address(None), Metadata::NoAnswer);
        for (status, body) in [(200, "<html>"), (200, "::1"), (401, ""), (500, "1.2.3.4")] {
            assert_eq!(read_address(answer(status, body)), Metadata::Nonsense, "{status} {body}");
        }
    }
}
