//! A range of addresses, as people write it: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.

use std::net::IpAddr;
use std::str::FromStr;

/// See the module's documentation. IPv4 and IPv6 are apart: an IPv4 address that came over an IPv6 socket is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    network: IpAddr,
    length: u32,
}

/// What is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPrefix;

impl Prefix {
    /// Whether an address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4()
            && high_bits(address, self.length) == high_bits(self.network, self.length)
    }
}

impl FromStr for Prefix {
    type Err = NoPrefix;

    fn from_str(text: &str) -> Result<Self, NoPrefix> {
        let (address, length) = match text.split_once('/') {
            // Digits only: a number may have a sign, a length has none.
            Some((address, length)) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(length.parse().map_err(|_| NoPrefix)?))
            }
            Some(_) => return Err(NoPrefix),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| NoPrefix)?;
        let length = length.unwrap_or(bits(network));
        if length > bits(network) {
            return Err(NoPrefix);
        }
        Ok(Self { network, length })
    }
}

const fn bits(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// So many of an address's bits, from the highest on.
fn high_bits(address: IpAddr, count: u32) -> u128 {
    let number = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    number.checked_shr(bits(address) - count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(prefix: &str, address: &str) -> bool {
        prefix.parse::<Prefix>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_range_by_its_high_bits() {
        for (prefix, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.9.9.9/8", "10.0.0.1", "9.255.255.255"),
            ("192.168.1.128/25", "192.168.1.128", "192.168.1.127"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.6"),
            ("203.0.113.7/32", "::ffff:203.0.113.7", "203.0.113.8"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("::/0", "ffff::", "0.0.0.0"),
            ("::/0", "::", "::ffff:10.0.0.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("fe80::/10", "febf::1", "fec0::1"),
        ] {
            assert!(contains(prefix, inside), "{inside} in {prefix}");
            assert!(!contains(prefix, outside), "{outside} in {prefix}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "/8",
            "10.0.0/8",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "host/8",
            "10.0.0.0/ 8",
            "10.0.0.0/99999999999999999999",
        ] {
            assert_eq!(text.parse::<Prefix>(), Err(NoPrefix), "{text}");
        }
    }
}
