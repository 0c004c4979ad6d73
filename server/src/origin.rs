//! Where a peer comes from: the address that others may see, and what counts as one place for the limits of
//! sockets and of users per address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A peer's address and the network it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    address: IpAddr,
    is_exempt: bool,
}

/// What the limit per address counts by: an IPv4 address, or an IPv6 network of 64 bits, since whoever has one
/// address of it has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network([u8; 16]);

impl Origin {
    /// The origin of a connection from `address`. Loopback and the server's own addresses (`is_same_machine`)
    /// are exempt from the limit, so that several clients run on one machine.
    #[must_use]
    pub fn new(address: IpAddr, is_same_machine: bool) -> Self {
        let address = address.to_canonical();
        Self { address, is_exempt: is_same_machine || address.is_loopback() }
    }

    /// The address as people see it: IPv4 as IPv4, never mapped into IPv6.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// What it counts for; `None` if it is exempt from the limit.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        (!self.is_exempt).then(|| Network::of(self.address))
    }
}

impl Network {
    fn of(address: IpAddr) -> Self {
        let bits = match address {
            // The high bit keeps the two families apart.
            IpAddr::V4(v4) => u128::from(v4.to_bits()) | 1 << 127,
            IpAddr::V6(v6) => v6.to_bits() >> (Ipv6Addr::BITS - IPV6_PREFIX_BITS),
        };
        Self(bits.to_be_bytes())
    }
}

/// The prefix of IPv6 that counts as one place, in bits.
pub const IPV6_PREFIX_BITS: u32 = 64;

/// What of an address tells roughly where, and not who: IPv4 without its last 8 bits, IPv6 without its last 80. The
/// rest is zero, so that it still has the form of an address.
#[must_use]
pub fn masked(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() >> 8 << 8)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str) -> Origin {
        Origin::new(peer.parse().unwrap(), false)
    }

    #[test]
    fn loopback_in_every_form_and_our_own_addresses_are_exempt() {
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(origin(peer).network(), None, "{peer}");
        }
        let own = Origin::new("::ffff:10.0.0.5".parse().unwrap(), true);
        assert_eq!((own.network(), own.address().to_string()), (None, "10.0.0.5".to_owned()));
    }

    #[test]
    fn ipv4_counts_by_address_and_is_shown_as_ipv4() {
        assert_eq!(origin("::ffff:10.0.0.7"), origin("10.0.0.7"));
        assert_eq!(origin("::ffff:10.0.0.7").address().to_string(), "10.0.0.7");
        assert_ne!(origin("10.0.0.7").network(), origin("10.0.0.8").network());
    }

    #[test]
    fn what_is_masked_tells_the_network_and_no_more() {
        for (address, shown) in [
            ("203.0.113.77", "203.0.113.0"),
            ("::ffff:203.0.113.77", "203.0.113.0"),
            ("127.0.0.1", "127.0.0.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("::1", "::"),
        ] {
            assert_eq!(masked(address.parse().unwrap()).to_string(), shown);
        }
    }

    #[test]
    fn ipv6_counts_by_64_bits() {
        assert_eq!(origin("2001:db8:1:2::5").network(), origin("2001:db8:1:2:ffff::1").network());
        assert_ne!(origin("2001:db8:1:2::5").network(), origin("2001:db8:1:3::5").network());
        assert_ne!(origin("::a00:7").network(), origin("10.0.0.7").network());
    }
}
