//! `/proc/net/tcp` and `/proc/net/tcp6`: who listens where, by the number of the socket. It does not know processes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The state of a listening socket, as the kernel numbers it.
const LISTENING: &str = "0A";

/// A listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// The address that it listens on.
    pub address: IpAddr,
    /// Its number, which `/proc/PID/fd` shows too.
    pub inode: u64,
}

/// The sockets that listen on this port.
#[must_use]
pub fn listening(table: &str, port: u16) -> Vec<Socket> {
    table.lines().skip(1).filter_map(|line| socket(line, port)).collect()
}

/// `0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 640 1 ...`
fn socket(line: &str, port: u16) -> Option<Socket> {
    let mut columns = line.split_whitespace().skip(1);
    let (address, local_port) = columns.next()?.split_once(':')?;
    let is_ours = columns.nth(1)? == LISTENING && u16::from_str_radix(local_port, 16).ok()? == port;
    let inode = columns.nth(5)?.parse().ok()?;
    is_ours.then_some(Socket { address: parse_address(address)?, inode })
}

/// Words of 32 bits, each as the machine has it in memory.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |n: usize| {
        let digits = hex.get(n * 8..n * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for n in 0..4 {
                bytes[n * 4..n * 4 + 4].copy_from_slice(&word(n)?);
            }
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

/// The number of the socket that an entry of `/proc/PID/fd` points to.
#[must_use]
pub fn inode_of_link(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // As machines write it that have the lowest byte first, which these tests run on.
    const V4: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 640 1 00000000ed3e7024 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 6389056 1 00000000f1e6781a 100 0 0 10 0
   2: 0100007F:1F90 0100007F:B49F 01 00000000:00000000 00:00000000 00000000     0        0 77 1 00000000f1e6781a 100 0 0 10 0
";
    const V6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 13 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 14 1 0000000000000000 100 0 0 10 0
";

    fn socket(address: &str, inode: u64) -> Socket {
        Socket { address: address.parse().unwrap(), inode }
    }

    #[test]
    fn listeners_are_told_by_port_and_state() {
        assert_eq!(listening(V4, 8080), [socket("127.0.0.1", 6_389_056)]);
        assert_eq!(listening(V4, 2024), [socket("0.0.0.0", 640)]);
        assert_eq!(listening(V4, 1), []);
    }

    #[test]
    fn ipv6_addresses_are_read_and_ipv4_in_them_is_ipv4() {
        assert_eq!(listening(V6, 8080), [socket("::", 12), socket("::1", 13), socket("127.0.0.1", 14)]);
    }

    #[test]
    fn what_is_no_such_line_is_passed_over() {
        assert_eq!(
            listening("head\n\n0:\n0: é:1F90 x 0A a b c d e f\n1: 00:1F90 0 0A 0 0 0 0 0 7", 8080),
            []
        );
        assert_eq!(inode_of_link("socket:[640]"), Some(640));
        assert_eq!(inode_of_link("pipe:[640]"), None);
    }
}
