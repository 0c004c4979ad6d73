//! From a name to addresses. "There is none" and "nobody could be asked" are different answers.

use std::net::{IpAddr, SocketAddr};

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};

use crate::doctor::facts::NoName;

/// The addresses of a name. Takes its time.
pub(super) fn addresses_of(host: &str, port: u16) -> Result<Vec<SocketAddr>, NoName> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(host), Some(&port.to_string()), Some(hints));
    let found = found.map_err(|error| match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => NoName::NotFound,
        _ => NoName::NoAnswer,
    })?;
    let found: Vec<_> = found.filter_map(Result::ok).map(|info| info.sockaddr).collect();
    if found.is_empty() { Err(NoName::NotFound) } else { Ok(found) }
}
