//! The packet that the firewall is asked about, and what can be said of it: the first one of a TCP connection that
//! somebody elsewhere opens to our port. Where it comes from nobody knows, so what depends on that is a `Maybe`.

use std::net::IpAddr;

/// Which of the two internets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// As people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// The packet that is asked about: the first one of a connection that somebody elsewhere opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The port that it goes to.
    pub port: u16,
    /// IPv4 or IPv6.
    pub family: Family,
    /// The interface that it comes in by, if that is known.
    pub interface: Option<String>,
    /// The address of this machine that it goes to, if that is known.
    pub address: Option<IpAddr>,
}

/// Whether something is so, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It depends on what we do not know.
    Maybe,
}

impl Truth {
    /// For what is known either way.
    #[must_use]
    pub const fn known(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }

    /// Whether both are so.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// Whether one of them is so.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// The opposite.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "`const` and beside `and`, `or`")]
    pub const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

impl Newcomer {
    /// Whether it comes in by the interface of this name, which may end in a wildcard. Never by loopback.
    #[must_use]
    pub fn comes_in_by(&self, name: &str, wildcard: char) -> Truth {
        let (begin, is_pattern) = name.strip_suffix(wildcard).map_or((name, false), |begin| (begin, true));
        match &self.interface {
            _ if is_pattern && begin.is_empty() => Truth::Yes,
            _ if name == "lo" => Truth::No,
            Some(own) => Truth::known(if is_pattern { own.starts_with(begin) } else { own == name }),
            None => Truth::Maybe,
        }
    }

    /// Whether its port is one of these.
    #[must_use]
    pub fn goes_to_ports(&self, first: u64, last: u64) -> Truth {
        Truth::known((first..=last).contains(&self.port.into()))
    }

    /// Whether its sender, who may be anybody elsewhere, is in a network such as `10.0.0.0/8`.
    #[must_use]
    pub fn comes_from(&self, network: &str) -> Truth {
        match Network::parse(network) {
            Some(network) if Family::of(network.address) != self.family => Truth::No,
            Some(network) if network.length == 0 => Truth::Yes,
            Some(network) if network.address.is_loopback() || network.address.is_multicast() => Truth::No,
            _ => Truth::Maybe,
        }
    }

    /// Whether it goes to an address in a network such as `192.0.2.1` or `192.0.2.0/24`.
    #[must_use]
    pub fn goes_to(&self, network: &str) -> Truth {
        match (Network::parse(network), self.address) {
            (Some(network), _) if Family::of(network.address) != self.family => Truth::No,
            (Some(network), _) if network.length == 0 => Truth::Yes,
            (Some(network), Some(own)) => Truth::known(network.contains(own)),
            _ => Truth::Maybe,
        }
    }
}

/// A network in the usual notation; without a length, one address.
#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(bits), |length| length.parse().ok())?;
        (length <= bits).then_some(Self { address, length })
    }

    fn contains(self, address: IpAddr) -> bool {
        let prefix = |bits: u128, width: u32| bits.checked_shr(width - self.length).unwrap_or(0);
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(own)) => {
                prefix(net.to_bits().into(), 32) == prefix(own.to_bits().into(), 32)
            }
            (IpAddr::V6(net), IpAddr::V6(own)) => prefix(net.to_bits(), 128) == prefix(own.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newcomer(interface: Option<&str>) -> Newcomer {
        Newcomer {
            port: 8080,
            family: Family::V4,
            interface: interface.map(str::to_owned),
            address: Some(IpAddr::from([192, 0, 2, 1])),
        }
    }

    #[test]
    fn it_never_comes_by_loopback_and_by_others_if_they_are_known() {
        let known = newcomer(Some("eth0"));
        for (name, expected) in [
            ("lo", Truth::No),
            ("eth0", Truth::Yes),
            ("eth1", Truth::No),
            ("et+", Truth::Yes),
            ("w+", Truth::No),
        ] {
            assert_eq!(known.comes_in_by(name, '+'), expected, "{name}");
        }
        let unknown = newcomer(None);
        assert_eq!(unknown.comes_in_by("lo", '*'), Truth::No);
        assert_eq!(unknown.comes_in_by("eth0", '*'), Truth::Maybe);
        assert_eq!(unknown.comes_in_by("*", '*'), Truth::Yes);
    }

    #[test]
    fn it_may_come_from_anywhere_but_loopback_and_the_other_family() {
        for (network, expected) in [
            ("0.0.0.0/0", Truth::Yes),
            ("10.0.0.0/8", Truth::Maybe),
            ("127.0.0.0/8", Truth::No),
            ("2001:db8::/32", Truth::No),
            ("nonsense", Truth::Maybe),
            ("10.0.0.0/33", Truth::Maybe),
        ] {
            assert_eq!(newcomer(None).comes_from(network), expected, "{network}");
        }
    }

    #[test]
    fn it_goes_to_our_own_address() {
        for (network, expected) in [
            ("192.0.2.1", Truth::Yes),
            ("192.0.2.0/24", Truth::Yes),
            ("0.0.0.0/0", Truth::Yes),
            ("192.0.2.2", Truth::No),
            ("::/0", Truth::No),
            ("local", Truth::Maybe),
        ] {
            assert_eq!(newcomer(None).goes_to(network), expected, "{network}");
        }
        let unknown = Newcomer { address: None, ..newcomer(None) };
        assert_eq!(unknown.goes_to("192.0.2.1"), Truth::Maybe);
    }

    #[test]
    fn not_knowing_stays_not_knowing_unless_the_other_half_decides() {
        assert_eq!(Truth::Maybe.and(Truth::No), Truth::No);
        assert_eq!(Truth::Maybe.and(Truth::Yes), Truth::Maybe);
        assert_eq!(Truth::Maybe.or(Truth::Yes), Truth::Yes);
        assert_eq!(Truth::Maybe.or(Truth::No), Truth::Maybe);
        assert_eq!(Truth::Maybe.not(), Truth::Maybe);
    }
}
