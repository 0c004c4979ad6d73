//! Standard output and standard error in line mode. A reader that does not read must keep the program neither from
//! signals nor from its end, so nothing is written unless it is taken at once; the rest waits here, and while too much
//! waits the loop takes nothing in.
//!
//! The descriptor's flags are not ours to change (others share them), so the system is asked before every write,
//! and no write is larger than what a pipe that takes anything takes whole.

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr, write};

use crate::sanitize::Visible;

/// Bytes that may wait for the reader before the loop takes nothing more in. What one turn brings about comes on
/// top of it.
pub const UNREAD_BYTES_MAX: usize = 64 << 10;

/// Bytes of one write: POSIX's `PIPE_BUF` on Linux, which a pipe with room takes whole.
const WRITE_BYTES_MAX: usize = 4_096;

/// See the module.
pub struct Output<S> {
    stream: S,
    unread: Vec<u8>,
}

impl<S: AsFd> Output<S> {
    /// Nothing waits for the reader yet.
    pub fn new(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// A line for the reader.
    pub fn push(&mut self, line: &Visible) {
        self.unread.extend_from_slice(line.as_str().as_bytes());
        self.unread.push(b'\n');
    }

    /// Writes what is taken at once.
    ///
    /// # Errors
    /// If the reader is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        let outcome = loop {
            let rest = &self.unread[written..];
            if rest.is_empty() || !self.is_ready()? {
                break Ok(());
            }
            match retry_on_intr(|| write(&self.stream, &rest[..rest.len().min(WRITE_BYTES_MAX)])) {
                Ok(count) => written += count,
                // Somebody else made it non-blocking.
                Err(Errno::AGAIN) => break Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        self.unread.drain(..written);
        outcome
    }

    /// Nobody will read what waits.
    pub fn forget(&mut self) {
        self.unread.clear();
    }

    /// Whether everything was taken.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.unread.is_empty()
    }

    /// Whether so much waits that nothing more may be taken in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.unread.len() >= UNREAD_BYTES_MAX
    }

    fn is_ready(&self) -> io::Result<bool> {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        // A hung-up reader counts as ready: the write then says so.
        Ok(retry_on_intr(|| poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], Some(&at_once)))? > 0)
    }
}
