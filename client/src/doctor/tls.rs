//! Whether a server that hung up on plain HTTP, or kept silent, speaks TLS: it is greeted in TLS, and whoever answers
//! with a TLS record does. OpenSSL, for one, hangs up without a word when it is sent HTTP.
//!
//! No TLS is spoken beyond the greeting.

/// How an answer in TLS begins: a record of the handshake or an alert, version 3.x.
#[must_use]
pub fn is_tls(answer: &[u8]) -> bool {
    matches!(answer, [0x15 | 0x16, 0x03, ..])
}

/// A `ClientHello` that TLS 1.2 and 1.3 understand (RFC 8446, section 4.1.2), without a server's name.
#[must_use]
pub fn client_hello() -> Vec<u8> {
    let suites = [0x1301_u16, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0x009c, 0x002f];
    let extensions = [
        // supported_groups: x25519, secp256r1
        (10, &[0, 4, 0, 0x1d, 0, 0x17][..]),
        // ec_point_formats: uncompressed
        (11, &[1, 0]),
        // signature_algorithms: ECDSA and RSA with SHA-256
        (13, &[0, 6, 4, 3, 8, 4, 4, 1]),
        // supported_versions: 1.3, 1.2
        (43, &[4, 3, 4, 3, 3]),
        // key_share: none yet; the server asks for the one it wants
        (51, &[0, 0]),
    ];
    let extensions =
        extensions.map(|(kind, data): (u16, &[u8])| [&kind.to_be_bytes()[..], &sized(data)].concat());
    let suites: Vec<u8> = suites.into_iter().flat_map(u16::to_be_bytes).collect();
    let mut hello = vec![0x03, 0x03];
    // Where the randomness of a real greeting stands.
    hello.extend_from_slice(&[0x5a; 32]);
    // No session to resume; the suites; no compression.
    hello.push(0);
    hello.extend(sized(&suites));
    hello.extend_from_slice(&[1, 0]);
    hello.extend(sized(&extensions.concat()));
    let handshake = [&[0x01, 0][..], &sized(&hello)].concat();
    [&[0x16, 0x03, 0x01][..], &sized(&handshake)].concat()
}

/// The bytes after their number.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let count = u16::try_from(bytes.len()).expect("a greeting is short");
    [&count.to_be_bytes()[..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_says_truly_how_long_it_is() {
        let hello = client_hello();
        let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
        assert_eq!(number(3), hello.len() - 5, "the record");
        assert_eq!((hello[5], hello[6], number(7)), (1, 0, hello.len() - 9), "the handshake message");
        let suites = 5 + 4 + 2 + 32 + 1;
        let extensions = suites + 2 + number(suites) + 2;
        assert_eq!(number(extensions), hello.len() - extensions - 2, "the extensions");
    }

    #[test]
    fn a_record_of_tls_is_told_from_text() {
        for (answer, tls) in [
            (&b"\x16\x03\x03\x00\x7a\x02"[..], true),
            (b"\x15\x03\x01\x00\x02\x02\x28", true),
            (b"\x15", false),
            (b"", false),
            (b"HTTP/1.1 400", false),
            (b"\x16\x02", false),
        ] {
            assert_eq!(is_tls(answer), tls, "{answer:?}");
        }
    }
}
