//! The real network: mio's TCP sockets. Binding, dual-stack listening and the options of each socket live here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, UdpSocket};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::handler::Endpoints;
use super::id::ConnectionId;
use super::network::{Network, Stream};

/// Connections that the system queues until we accept them.
const BACKLOG: i32 = 4_096;
/// How long written data may stay unacknowledged before the system gives the connection up: the second line
/// behind our own pings.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// A listening socket and the registry that its connections are watched by.
#[derive(Debug)]
pub struct Sockets {
    listener: TcpListener,
    registry: Registry,
    /// Whether only our own IPv4, IPv6 addresses can be bound, so that they can be told from others.
    can_tell_own: [bool; 2],
}

/// Binds a listening socket. Without an address: every address of the machine, IPv4 and IPv6 on one socket where
/// the system has IPv6, else IPv4.
///
/// # Errors
/// As the system reports them, such as a port in use.
pub fn listen(address: Option<IpAddr>, port: u16) -> io::Result<std::net::TcpListener> {
    let socket = bind_any(address, port)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Whether [`listen`] would get its address and port, without anybody being let in meanwhile.
///
/// # Errors
/// As the system reports them, such as a port in use.
pub fn can_bind(address: Option<IpAddr>, port: u16) -> io::Result<()> {
    bind_any(address, port).map(drop)
}

fn bind_any(address: Option<IpAddr>, port: u16) -> io::Result<Socket> {
    match address {
        // Asked for all IPv6 addresses, people expect all.
        Some(address) => bind(SocketAddr::new(address, port), address.is_unspecified()),
        None => match bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port), true) {
            Err(error) if is_ipv6_missing(&error) => {
                bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), false)
            }
            bound => bound,
        },
    }
}

fn bind(address: SocketAddr, dual_stack: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!dual_stack)?;
    }
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn is_ipv6_missing(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    error.kind() == io::ErrorKind::AddrNotAvailable
        || code == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
        || code == Some(rustix::io::Errno::NOPROTOOPT.raw_os_error())
}

impl Sockets {
    /// Watches the listener under `token`.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn new(listener: std::net::TcpListener, registry: Registry, token: Token) -> io::Result<Self> {
        let mut listener = TcpListener::from_std(listener);
        registry.register(&mut listener, token, Interest::READABLE)?;
        Ok(Self {
            listener,
            registry,
            can_tell_own: DOCUMENTATION_ADDRESSES.map(|address| !is_own_address(address)),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Addresses set aside for documentation (RFC 5737, RFC 3849), which no machine has.
const DOCUMENTATION_ADDRESSES: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 77)), 0),
];

fn is_same_machine(peer: SocketAddr, local: SocketAddr, can_tell_own: [bool; 2]) -> bool {
    let ip = peer.ip().to_canonical();
    let can_tell = can_tell_own[usize::from(ip.is_ipv6())];
    ip.is_loopback() || ip == local.ip().to_canonical() || (can_tell && is_own_address(peer))
}

/// Whether an address is one of this machine's: only those can be bound (unless the system was told to allow
/// others, which the caller finds out with an address that nobody has). Binding a UDP socket sends nothing.
fn is_own_address(address: SocketAddr) -> bool {
    let mut address = address;
    address.set_ip(address.ip().to_canonical());
    address.set_port(0);
    UdpSocket::bind(address).is_ok()
}

impl Network for Sockets {
    type Stream = TcpStream;

    fn accept(&mut self) -> io::Result<(TcpStream, Endpoints)> {
        let (stream, peer) = self.listener.accept()?;
        let local = stream.local_addr()?;
        let is_same_machine = is_same_machine(peer, local, self.can_tell_own);
        // Neither option is worth a connection: without them it is only slower, or lost later.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(USER_TIMEOUT));
        Ok((stream, Endpoints { peer, local, is_same_machine }))
    }

    fn watch(&mut self, stream: &mut TcpStream, id: ConnectionId) -> io::Result<()> {
        self.registry.register(stream, token_of(id), Interest::READABLE | Interest::WRITABLE)
    }
}

impl Stream for TcpStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

const _: () = assert!(usize::BITS >= u64::BITS, "a connection's name must fit into a token");

/// The token of a connection: its name as a number.
#[must_use]
pub fn token_of(id: ConnectionId) -> Token {
    Token(id.to_bits() as usize)
}

/// The inverse of [`token_of`].
#[must_use]
pub fn id_of(token: Token) -> ConnectionId {
    ConnectionId::from_bits(token.0 as u64)
}
