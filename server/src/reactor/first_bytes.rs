//! What somebody who connects begins with: a WebSocket, plain HTTP, or one of the tools that people try on a port
//! that does not answer as they expect.
//!
//! Pure: bytes in, a [`FirstBytes`] out. It does not know what is answered, except for the two protocols in
//! which "no" has a form of its own.

use std::fmt;

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirstBytes {
    /// An HTTP request for a WebSocket.
    WebSocket,
    /// HTTP/1, or something that wants to be.
    Http,
    /// The preface of HTTP/2 (RFC 9113, section 3.4).
    Http2,
    /// A TLS record with a handshake (RFC 8446, section 5.1).
    Tls,
    /// The banner of SSH (RFC 4253, section 4.2).
    Ssh,
    /// Text that somebody types, or JSON without a WebSocket around it.
    Text,
    /// None of these.
    Junk,
    /// Not a byte.
    Nothing,
}

/// Bytes after which it is known what they are, unless they may be text or HTTP: those are known at a line's end.
pub const DECIDED_BYTES: usize = 4;

/// Bytes of text that [`shown`] shows.
const SHOWN_BYTES_MAX: usize = 64;
/// The same of what is not for people to read.
const SHOWN_BINARY_BYTES_MAX: usize = 16;

/// A fatal alert: handshake_failure (RFC 8446, section 6.2), which is the same in every version.
const TLS_ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 40];
/// An empty SETTINGS frame, and a GOAWAY with HTTP_1_1_REQUIRED (RFC 9113, sections 6.5, 6.8 and 7).
const HTTP2_GOAWAY: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13];

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl FirstBytes {
    /// What these bytes are, when no more will come.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Nothing,
            [0x16, 3, ..] => Self::Tls,
            _ if bytes.starts_with(b"SSH-") => Self::Ssh,
            _ if bytes.starts_with(b"PRI * HTTP/2") => Self::Http2,
            _ if is_like_http(first_line(bytes)) => Self::Http,
            _ if is_text(bytes) => Self::Text,
            _ => Self::Junk,
        }
    }

    /// What these bytes are, which cannot be a request; `None` while more bytes may make something else of them.
    #[must_use]
    pub fn of_stranger(bytes: &[u8]) -> Option<Self> {
        let is_begun = |whole: &[u8]| bytes.len() < whole.len() && whole.starts_with(bytes);
        (!is_begun(&[0x16, 3]) && !is_begun(b"SSH-")).then(|| Self::of(bytes))
    }

    /// What is said to one who does not speak HTTP/1 and whose protocol has its own form for that; else nothing.
    #[must_use]
    pub const fn own_words(self) -> &'static [u8] {
        match self {
            Self::Tls => TLS_ALERT,
            Self::Http2 => HTTP2_GOAWAY,
            Self::WebSocket | Self::Http | Self::Ssh | Self::Text | Self::Junk | Self::Nothing => &[],
        }
    }

    /// The name of the kind where spaces are not welcome.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Http => "http",
            Self::Http2 => "http2",
            Self::Tls => "tls",
            Self::Ssh => "ssh",
            Self::Text => "text",
            Self::Junk => "junk",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WebSocket => "WebSocket",
            Self::Http => "HTTP",
            Self::Http2 => "HTTP/2",
            Self::Tls => "TLS hello",
            Self::Ssh => "SSH",
            Self::Text => "text",
            Self::Junk => "binary junk",
            Self::Nothing => "nothing",
        })
    }
}

/// The first line of what came, in printable ASCII and cut: safe for a terminal and a log.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let (line, max) = match FirstBytes::of(bytes) {
        FirstBytes::Tls | FirstBytes::Junk => (bytes, SHOWN_BINARY_BYTES_MAX),
        _ => (first_line(bytes), SHOWN_BYTES_MAX),
    };
    let cut = &line[..line.len().min(max)];
    format!("{}{}", cut.escape_ascii(), if cut.len() < line.len() { "..." } else { "" })
}

/// Up to the end of the first line that is not empty.
pub(super) fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii_start();
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line is a request line, however wrong: its first word is a method, or its third a version of HTTP.
fn is_like_http(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let has_target = words.next().is_some();
    let is_versioned = words.next().is_some_and(|version| version.starts_with(b"HTTP/"));
    is_versioned || (has_target && METHODS.iter().any(|known| method == known.as_bytes()))
}

/// Whether a person may have typed it: UTF-8, perhaps cut in a character, without control characters except those
/// of a keyboard; or the options that a telnet client offers first (RFC 854).
fn is_text(bytes: &[u8]) -> bool {
    if let [0xff, 0xfa..=0xfe, ..] = bytes {
        return true;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{8}' | '\u{1b}' | '\u{7f}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_that_people_try_are_told_apart() {
        for (bytes, kind) in [
            (&b""[..], FirstBytes::Nothing),
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", FirstBytes::Http),
            (b"GET / HT", FirstBytes::Http),
            (b"GET /chat HTTP/9.9\r\n\r\n", FirstBytes::Http),
            (b"\r\n\r\nGET / HTTP/1.1\r\n", FirstBytes::Http),
            (b"BREW /pot HTTP/1.1\r\n", FirstBytes::Http),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FirstBytes::Http2),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", FirstBytes::Tls),
            (b"\x16\x03", FirstBytes::Tls),
            (b"SSH-2.0-OpenSSH_9.6\r\n", FirstBytes::Ssh),
            (b"hola, buenas\r\n", FirstBytes::Text),
            (b"GET\r\n", FirstBytes::Text),
            (b"get / please\r\n", FirstBytes::Text),
            (b"\r\n", FirstBytes::Text),
            ("¿qué es esto?".as_bytes(), FirstBytes::Text),
            (b"a\xc3", FirstBytes::Text),
            (b"\xff\xfb\x1f\xff\xfb\x20", FirstBytes::Text),
            (b"{\"type\":\"register\"}\n", FirstBytes::Text),
            (b"\0\0\0\0", FirstBytes::Junk),
            (b"\x16\x02", FirstBytes::Junk),
            (b"a\xff\xff", FirstBytes::Junk),
            (b"\x05\x01\x00", FirstBytes::Junk),
        ] {
            assert_eq!(FirstBytes::of(bytes), kind, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_may_become_something_else_is_waited_for() {
        for whole in [&b"\x16\x03\x01\x02\x00"[..], b"SSH-2.0-x\r\n"] {
            let at = (0..=whole.len()).find(|at| FirstBytes::of_stranger(&whole[..*at]).is_some()).unwrap();
            assert!(at <= DECIDED_BYTES);
            assert_eq!(FirstBytes::of_stranger(&whole[..at]), Some(FirstBytes::of(whole)));
        }
        assert_eq!(FirstBytes::of_stranger(b"\x16\x02"), Some(FirstBytes::Junk));
        assert_eq!(FirstBytes::of_stranger(b"{"), Some(FirstBytes::Text));
    }

    #[test]
    fn what_is_shown_is_one_short_line_of_ascii_whatever_came() {
        assert_eq!(shown(b"GET /x?y HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /x?y HTTP/1.1");
        assert_eq!(shown(b"\x16\x03\x01\n\x02"), "\\x16\\x03\\x01\\n\\x02");
        assert_eq!(shown("ñ\u{1b}[2J\"\n".as_bytes()), "\\xc3\\xb1\\x1b[2J\\\"");
        assert_eq!(shown(b""), "");
        assert_eq!(shown(&[0; 17]), format!("{}...", "\\x00".repeat(16)));
        for byte in 0..=u8::MAX {
            let shown = shown(&vec![byte; 10_000]);
            assert!(shown.len() <= 4 * SHOWN_BYTES_MAX + 3, "{shown}");
            assert!(shown.bytes().all(|b| b.is_ascii_graphic() || b == b' '), "{shown}");
        }
    }

    #[test]
    fn words_of_their_own_are_those_of_the_standards() {
        assert_eq!(FirstBytes::Tls.own_words(), b"\x15\x03\x01\x00\x02\x02\x28");
        let goaway = FirstBytes::Http2.own_words();
        assert_eq!(goaway.len(), 9 + 9 + 8);
        assert_eq!((goaway[3], goaway[9 + 3], goaway[25]), (0x4, 0x7, 0xd));
        assert_eq!(FirstBytes::Junk.own_words(), b"");
    }
}
