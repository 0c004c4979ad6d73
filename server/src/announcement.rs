//! What the server tells the person who started it: where it listens and how to join, or why it does not.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use chat_protocol::Lang;

use crate::config::Config;

/// The line that says where the server listens and what to type on another machine.
#[must_use]
pub fn listening(local: SocketAddr, lang: Lang) -> String {
    let (ip, port) = (local.ip().to_canonical(), local.port());
    let version = env!("CARGO_PKG_VERSION");
    let addresses = match (ip.is_unspecified(), ip, lang) {
        (true, IpAddr::V6(_), Lang::Spanish) => "todas las direcciones (IPv4 e IPv6)".to_owned(),
        (true, IpAddr::V6(_), Lang::English) => "all addresses (IPv4 and IPv6)".to_owned(),
        (true, IpAddr::V4(_), Lang::Spanish) => "todas las direcciones IPv4".to_owned(),
        (true, IpAddr::V4(_), Lang::English) => "all IPv4 addresses".to_owned(),
        (false, ip, _) => ip.to_string(),
    };
    let host = if ip.is_unspecified() { own_address().unwrap_or(IpAddr::from([127, 0, 0, 1])) } else { ip };
    let from = match (host.is_loopback(), lang) {
        (true, Lang::Spanish) => "desde esta máquina",
        (true, Lang::English) => "from this machine",
        (false, Lang::Spanish) => "desde otra máquina",
        (false, Lang::English) => "from another machine",
    };
    match lang {
        Lang::Spanish => format!(
            "chat-server {version} escucha en {addresses}, puerto {port}; {from}: chat-client SU_NOMBRE {host} {port}"
        ),
        Lang::English => format!(
            "chat-server {version} listens on {addresses}, port {port}; {from}: chat-client YOUR_NAME {host} {port}"
        ),
    }
}

/// The address that others on the network would use for this machine.
fn own_address() -> Option<IpAddr> {
    own_addresses().into_iter().flatten().next()
}

/// The addresses that this machine speaks from to others far away, IPv4 and IPv6. Connecting a UDP socket chooses
/// them and sends nothing; those it is connected to are set aside for documentation.
#[must_use]
pub fn own_addresses() -> [Option<IpAddr>; 2] {
    let speaks_from = |(any, far): (&str, &str)| {
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(far).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_unspecified()).then_some(ip)
    };
    [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")].map(speaks_from)
}

/// Why the server could not start, with the remedy, in one sentence.
#[must_use]
pub fn cannot_listen(error: &io::Error, config: &Config) -> String {
    let port = config.port;
    let address = config.bind.map(|ip| ip.to_string()).unwrap_or_default();
    match (error.kind(), config.lang) {
        (io::ErrorKind::AddrInUse, Lang::Spanish) => format!(
            "el puerto {port} ya está en uso; elija otro, o termine el programa que lo tiene (lo dice: ss -ltnp)"
        ),
        (io::ErrorKind::AddrInUse, Lang::English) => {
            format!(
                "port {port} is in use; choose another, or stop the program that has it (ss -ltnp tells which)"
            )
        }
        (io::ErrorKind::PermissionDenied, Lang::Spanish) => format!(
            "no hay permiso para el puerto {port}; use uno desde 1024, o dé al programa la capacidad CAP_NET_BIND_SERVICE"
        ),
        (io::ErrorKind::PermissionDenied, Lang::English) => format!(
            "no permission for port {port}; use one from 1024 on, or give the program the capability CAP_NET_BIND_SERVICE"
        ),
        (io::ErrorKind::AddrNotAvailable, Lang::Spanish) => format!(
            "esta máquina no tiene la dirección {address}; quite --bind o elija una de las que muestra: ip address"
        ),
        (io::ErrorKind::AddrNotAvailable, Lang::English) => format!(
            "this machine does not have the address {address}; leave --bind out or choose one of: ip address"
        ),
        (_, Lang::Spanish) => format!("no se pudo escuchar en el puerto {port}: {error}"),
        (_, Lang::English) => format!("could not listen on port {port}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_has_addresses_port_and_the_command_to_type() {
        let line = listening("127.0.0.1:8080".parse().unwrap(), Lang::Spanish);
        assert!(line.contains("127.0.0.1, puerto 8080"), "{line}");
        assert!(line.ends_with("desde esta máquina: chat-client SU_NOMBRE 127.0.0.1 8080"), "{line}");
        let line = listening("[::]:8080".parse().unwrap(), Lang::English);
        assert!(line.contains("all addresses (IPv4 and IPv6), port 8080"), "{line}");
        assert!(line.contains("chat-client YOUR_NAME ") && line.ends_with(" 8080"), "{line}");
        assert!(!line.contains('\n'));
    }

    #[test]
    fn failures_name_the_port_and_the_remedy() {
        let config = Config { port: 80, ..Config::default() };
        for (kind, remedy) in
            [(io::ErrorKind::AddrInUse, "ss -ltnp"), (io::ErrorKind::PermissionDenied, "1024")]
        {
            let sentence = cannot_listen(&kind.into(), &config);
            assert!(sentence.contains("80") && sentence.contains(remedy), "{sentence}");
        }
    }
}
