//! What an address tells by itself, beside the verdict: only what is certain.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::facts::Facts;
use super::verdict::Code;

/// Something certain about the address that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// It is written like an IPv4 address, but is none.
    NotAnAddress,
    /// It is an address of this machine.
    ThisMachine,
    /// It is where servers listen, not where they are.
    Unspecified,
    /// It is of a private network.
    Private,
    /// It is valid on one cable only.
    LinkLocal,
    /// It is of a provider's inner network.
    CarrierNat,
    /// It is set aside for documents.
    Documentation,
    /// It is a group's, not a machine's.
    Multicast,
}

/// The hints that help with a verdict; most verdicts need none.
#[must_use]
pub fn hints(code: Code, facts: &Facts) -> Vec<Hint> {
    if code == Code::DnsNotFound {
        return if is_almost_an_address(&facts.target.host) { vec![Hint::NotAnAddress] } else { Vec::new() };
    }
    let is_about_addresses = matches!(
        code,
        Code::NetNoRoute
            | Code::NetForbidden
            | Code::NetTimeout
            | Code::NetRefused
            | Code::NetUnreachable
            | Code::NetReset
            | Code::NetClosed
            | Code::Silent
            | Code::WrongService
            | Code::HttpNotChat
    );
    if !is_about_addresses {
        return Vec::new();
    }
    let mut hints: Vec<_> = facts
        .journey
        .attempts
        .iter()
        .filter_map(|attempt| of_address(attempt.address.ip().to_canonical(), attempt.own))
        .collect();
    hints.sort_unstable();
    hints.dedup();
    hints
}

fn of_address(address: IpAddr, own: Option<IpAddr>) -> Option<Hint> {
    let special = match address {
        IpAddr::V4(address) => of_ipv4(address),
        IpAddr::V6(address) => of_ipv6(address),
    };
    // Whatever else it is, packets to it do not leave the machine.
    if own == Some(address) && special != Some(Hint::Unspecified) { Some(Hint::ThisMachine) } else { special }
}

fn of_ipv4(address: Ipv4Addr) -> Option<Hint> {
    let octets = address.octets();
    if address.is_unspecified() {
        Some(Hint::Unspecified)
    } else if address.is_loopback() {
        Some(Hint::ThisMachine)
    } else if address.is_private() {
        Some(Hint::Private)
    } else if address.is_link_local() {
        Some(Hint::LinkLocal)
    } else if octets[0] == 100 && octets[1] & 0xc0 == 64 {
        Some(Hint::CarrierNat)
    } else if address.is_documentation() {
        Some(Hint::Documentation)
    } else if address.is_multicast() || address.is_broadcast() {
        Some(Hint::Multicast)
    } else {
        None
    }
}

fn of_ipv6(address: Ipv6Addr) -> Option<Hint> {
    if address.is_unspecified() {
        Some(Hint::Unspecified)
    } else if address.is_loopback() {
        Some(Hint::ThisMachine)
    } else if address.is_unique_local() {
        Some(Hint::Private)
    } else if address.is_unicast_link_local() {
        Some(Hint::LinkLocal)
    } else if address.segments()[..2] == [0x2001, 0xdb8] {
        Some(Hint::Documentation)
    } else if address.is_multicast() {
        Some(Hint::Multicast)
    } else {
        None
    }
}

fn is_almost_an_address(host: &str) -> bool {
    host.contains('.') && host.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_by_its_range_alone() {
        for (address, hint) in [
            ("127.0.0.1", Some(Hint::ThisMachine)),
            ("127.9.9.9", Some(Hint::ThisMachine)),
            ("::1", Some(Hint::ThisMachine)),
            ("0.0.0.0", Some(Hint::Unspecified)),
            ("::", Some(Hint::Unspecified)),
            ("10.0.0.5", Some(Hint::Private)),
            ("172.16.0.1", Some(Hint::Private)),
            ("172.32.0.1", None),
            ("192.168.1.7", Some(Hint::Private)),
            ("fd00::1", Some(Hint::Private)),
            ("169.254.169.254", Some(Hint::LinkLocal)),
            ("fe80::1", Some(Hint::LinkLocal)),
            ("100.64.0.1", Some(Hint::CarrierNat)),
            ("100.127.255.255", Some(Hint::CarrierNat)),
            ("100.128.0.1", None),
            ("192.0.2.1", Some(Hint::Documentation)),
            ("203.0.113.9", Some(Hint::Documentation)),
            ("2001:db8::1", Some(Hint::Documentation)),
            ("224.0.0.1", Some(Hint::Multicast)),
            ("255.255.255.255", Some(Hint::Multicast)),
            ("ff02::1", Some(Hint::Multicast)),
            ("13.58.224.87", None),
            ("2a00:1450::1", None),
        ] {
            assert_eq!(of_address(address.parse().unwrap(), None), hint, "{address}");
        }
    }

    #[test]
    fn the_own_address_is_this_machine_whatever_range_it_is_of() {
        let own = "192.168.1.7".parse().unwrap();
        assert_eq!(of_address(own, Some(own)), Some(Hint::ThisMachine));
        assert_eq!(of_address("192.168.1.8".parse().unwrap(), Some(own)), Some(Hint::Private));
    }

    #[test]
    fn a_misspelt_address_is_seen_and_a_name_is_not_taken_for_one() {
        for (host, almost) in [("256.1.1.1", true), ("13.58.224", true), ("chat.gt", false), ("7", false)] {
            assert_eq!(is_almost_an_address(host), almost, "{host}");
        }
    }
}
