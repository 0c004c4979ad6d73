//! What the tests of failing connections share: the program's words, and the pieces of servers that are not ours.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// How long anything may take, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the examination says with these arguments, in a language that is certain.
pub fn doctor(args: &[&str]) -> Output {
    command(args).output().expect("the program runs")
}

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.args(["--doctor"]).args(args).env("LC_ALL", "es_GT.UTF-8").env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Closing with a request unread would reset the connection.
pub fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        request.extend(byte);
    }
    String::from_utf8(request).expect("text")
}

/// Keeps the connection until the client leaves it.
pub fn waits(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

/// A port that nobody else gets and nobody listens on, as long as the socket lives.
pub fn bound() -> (std::os::fd::OwnedFd, u16) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = getsockname(&socket).expect("an address");
    let port = SocketAddrV4::try_from(address).expect("of IPv4").port();
    (socket, port)
}

/// Passes on what comes, until somebody has had enough; nothing any more once it is forgotten.
pub fn pass_on(
    mut from: &TcpStream,
    mut to: &TcpStream,
    forgotten: &AtomicBool,
    mut on_passed: impl FnMut(&str),
) {
    let mut bytes = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !forgotten.load(Ordering::SeqCst) {
            if to.write_all(&bytes[..count]).is_err() {
                return;
            }
            on_passed(&String::from_utf8_lossy(&bytes[..count]));
        }
    }
}
