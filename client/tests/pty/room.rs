//! A server in the test's own process, on a free port of the loopback address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use chat_server::{Config, Server};

/// Stops when it is dropped.
pub struct Room {
    address: SocketAddr,
    stop: Option<Box<dyn FnOnce()>>,
    thread: Option<JoinHandle<()>>,
}

impl Room {
    /// A server as its command line would make it.
    pub fn open() -> Self {
        Self::at(0, Config::default())
    }

    /// One that calls users INACTIVO after this time.
    pub fn with_inactivity(limit: Duration) -> Self {
        Self::at(0, Config { inactivity: Some(limit), ..Config::default() })
    }

    /// One at the port of another that is closed.
    pub fn reopened(port: u16) -> Self {
        Self::at(port, Config::default())
    }

    /// One with this configuration; port 0 is any.
    pub fn at(port: u16, config: Config) -> Self {
        let config = Config { port, bind: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..config };
        let (sender, receiver) = channel();
        // The server is made in its thread: nothing but its address and its stopper leaves that.
        let thread = std::thread::spawn(move || {
            let mut server = Server::bind(&config).expect("the port is free");
            sender.send((server.local_addr(), server.stopper())).expect("the test waits");
            server.run().expect("the system serves");
        });
        let (address, stopper) = receiver.recv().expect("the server is bound");
        Self { address, stop: Some(Box::new(move || stopper.stop())), thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Closes everybody's connection; the port is free after it.
    pub fn close(mut self) -> u16 {
        self.stop();
        self.port()
    }

    fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends in order");
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}
