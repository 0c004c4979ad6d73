//! Which addresses the rest of the world can reach, and which only neighbours can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// This machine only.
    Loopback,
    /// Whoever is on the same cable.
    LinkLocal,
    /// Those of the same network: private (RFC 1918, RFC 4193), behind a provider's own translation (RFC 6598),
    /// or set aside for something else.
    Private,
    /// Everybody.
    Public,
}

impl Kind {
    /// The kind of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [first, second, ..] = address.octets();
        let is_shared = first == 100 && (64..128).contains(&second);
        // Benchmarks (RFC 2544), protocol assignments (RFC 6890), and what has no use yet.
        let is_reserved = first == 0
            || first >= 240
            || (first == 198 && second & 0xfe == 18)
            || address.octets()[..3] == [192, 0, 0];
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_link_local() {
            Self::LinkLocal
        } else if address.is_private()
            || is_shared
            || is_reserved
            || address.is_documentation()
            || address.is_multicast()
        {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let first = address.segments()[0];
        let is_documentation = address.segments()[..2] == [0x2001, 0xdb8] || first == 0x3fff;
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_unicast_link_local() {
            Self::LinkLocal
        } else if first & 0xe000 == 0x2000 && !is_documentation {
            // What is given out for the whole world so far.
            Self::Public
        } else {
            Self::Private
        }
    }

    /// As the report writes it for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Private => "private",
            Self::Public => "public",
        }
    }

    /// Whether somebody on another machine can type it.
    #[must_use]
    pub const fn can_be_typed_elsewhere(self) -> bool {
        matches!(self, Self::Private | Self::Public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_public_are_told_apart() {
        for (kind, addresses) in [
            (Kind::Loopback, &["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"][..]),
            (Kind::LinkLocal, &["169.254.1.1", "fe80::1"]),
            (
                Kind::Private,
                &[
                    "10.0.0.5",
                    "172.16.0.1",
                    "172.31.255.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "100.127.0.1",
                    "192.0.2.1",
                    "198.18.0.1",
                    "240.0.0.1",
                    "224.0.0.1",
                    "fd00::1",
                    "fc00::1",
                    "2001:db8::1",
                ],
            ),
            (
                Kind::Public,
                &["13.58.224.87", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2600:1f16::1", "2a00::1"],
            ),
        ] {
            for address in addresses {
                assert_eq!(Kind::of(address.parse().unwrap()), kind, "{address}");
            }
        }
    }
}
