//! A socket that remembers what came first on it.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use mio::net::TcpStream;

use crate::doctor::facts::FIRST_BYTES_MAX;

/// The socket, and what came first on it: tungstenite keeps to itself what it cannot understand.
pub(super) struct Recorder {
    /// The socket.
    pub(super) stream: TcpStream,
    /// At most [`FIRST_BYTES_MAX`] of them.
    pub(super) first_bytes: Rc<RefCell<Vec<u8>>>,
}

impl Read for Recorder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buf)?;
        let mut first_bytes = self.first_bytes.borrow_mut();
        let room = FIRST_BYTES_MAX - first_bytes.len();
        first_bytes.extend_from_slice(&buf[..count.min(room)]);
        Ok(count)
    }
}

impl Write for Recorder {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
