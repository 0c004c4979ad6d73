//! The answers to an HTTP request, as bytes: header names in the spelling of the RFCs, since there are programs that
//! look for them with `strstr`.
//!
//! Pure. It does not decide what is answered.

use chrono::{DateTime, Datelike};
use tungstenite::http::StatusCode;

use super::handler::Response;

/// Unless the response has its own.
const CONTENT_TYPE: &str = "Content-Type: text/plain; charset=utf-8\r\n";

/// The bytes of the `101` that makes a connection a WebSocket (RFC 6455, section 4.2.2). A subprotocol
/// that is no token is left out.
#[must_use]
pub fn switching_protocols(accept: &str, subprotocol: Option<&str>) -> Vec<u8> {
    let chosen = subprotocol.filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()));
    let chosen = chosen.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{}\r\n",
        chosen.unwrap_or_default()
    )
    .into_bytes()
}

/// The bytes of a response at this time of the wall clock, after which the connection is closed.
#[must_use]
pub fn encode(response: &Response, unix_millis: i64) -> Vec<u8> {
    let reason = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let extra: String = response.headers.iter().map(|header| format!("{header}\r\n")).collect();
    let has = |name: &str| response.headers.iter().any(|header| header.starts_with(name));
    let content_type = if has("Content-Type: ") { "" } else { CONTENT_TYPE };
    // Whoever sends Upgrade must say so in Connection (RFC 9110, section 7.8).
    let connection = if has("Upgrade: ") { "close, Upgrade" } else { "close" };
    let mut bytes = format!(
        "HTTP/1.1 {} {}\r\n{}{content_type}Content-Length: {}\r\n{extra}Connection: {connection}\r\n\r\n",
        response.status,
        reason.unwrap_or_default(),
        date(unix_millis),
        response.body.len(),
    )
    .into_bytes();
    if !response.head_only {
        bytes.extend_from_slice(response.body.as_bytes());
    }
    bytes
}

/// The line that an origin server with a clock must send (RFC 9110, section 6.6.1), in the form of section 5.6.7; none
/// where the clock shows a year that this form cannot write.
fn date(unix_millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(unix_millis).filter(|time| (0..=9_999).contains(&time.year()));
    time.map(|time| format!("Date: {}\r\n", time.format("%a, %d %b %Y %H:%M:%S GMT"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The date of RFC 9110, section 5.6.7.
    const NOW: i64 = 784_111_777_999;

    #[test]
    fn a_subprotocol_cannot_end_its_line() {
        let bytes = switching_protocols("key", Some("chat\r\nX: y"));
        assert!(String::from_utf8(bytes).unwrap().ends_with("Sec-WebSocket-Accept: key\r\n\r\n"));
    }

    #[test]
    fn a_response_is_http_that_closes_and_an_answer_to_head_has_no_body() {
        let response = Response {
            status: 426,
            headers: &["Upgrade: websocket", "X: y"],
            body: "ñ\n".into(),
            head_only: false,
        };
        let text = String::from_utf8(encode(&response, NOW)).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 426 Upgrade Required\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\
             Upgrade: websocket\r\nX: y\r\nConnection: close, Upgrade\r\n\r\nñ\n"
        );
        let head = String::from_utf8(encode(&Response { head_only: true, ..response.clone() }, NOW)).unwrap();
        assert_eq!(head, text.trim_end_matches("ñ\n"));
        let json = Response { headers: &["Content-Type: application/json"], ..response };
        let text = String::from_utf8(encode(&json, NOW)).unwrap();
        assert_eq!(text.matches("Content-Type: ").count(), 1, "{text}");
        assert!(text.contains("\r\nContent-Type: application/json\r\n"), "{text}");
        assert!(text.ends_with("\r\nConnection: close\r\n\r\nñ\n"), "{text}");
    }

    #[test]
    fn a_clock_that_shows_a_year_beyond_the_form_gives_no_date() {
        assert_eq!(date(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
        assert_eq!(date(253_402_300_799_999), "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
        for odd in [253_402_300_800_000, i64::MAX, i64::MIN] {
            assert_eq!(date(odd), "", "{odd}");
        }
    }
}
