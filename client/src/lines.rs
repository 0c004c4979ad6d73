//! Standard input in line mode. A thread reads it, for files and `/dev/null` cannot be waited on with epoll; it
//! stops reading while the loop takes no lines, so that a long input is not held in memory.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use mio::Waker;

use crate::state::Event;

/// Lines that are read ahead.
pub const LINES_AHEAD_MAX: usize = 16;

/// Bytes of a line; what is beyond is left out, and the state then refuses the line as too long.
pub const LINE_BYTES_MAX: u64 = 65_536;

/// See the module.
pub struct Lines {
    receiver: Receiver<String>,
    ended: bool,
}

impl Lines {
    /// Begins to read standard input; `waker` wakes the loop for each line and for the end.
    ///
    /// # Errors
    /// If no thread can be had.
    pub fn start(waker: Arc<Waker>) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(LINES_AHEAD_MAX);
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            // An input that fails has ended.
            let _ = read_lines(io::stdin().lock(), &sender, &waker);
            drop(sender);
            let _ = waker.wake();
        })?;
        Ok(Self { receiver, ended: false })
    }

    /// The next line or the end, if one is there.
    pub fn next_event(&mut self) -> Option<Event> {
        match self.receiver.try_recv() {
            Ok(line) => Some(Event::Line(line)),
            Err(TryRecvError::Disconnected) if !self.ended => {
                self.ended = true;
                Some(Event::InputEnded)
            }
            Err(TryRecvError::Disconnected | TryRecvError::Empty) => None,
        }
    }
}

fn read_lines(mut input: impl BufRead, sender: &SyncSender<String>, waker: &Waker) -> io::Result<()> {
    while let Some(line) = next_line(&mut input)? {
        if sender.send(line).is_err() {
            return Ok(());
        }
        waker.wake()?;
    }
    Ok(())
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    match bytes.last() {
        Some(b'\n') => drop(bytes.pop()),
        _ => drop(input.skip_until(b'\n')?),
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_line_feeds_and_the_last_needs_none() {
        let mut input = &b"uno\n\ndos\xff"[..];
        let lines: Vec<_> = std::iter::from_fn(|| next_line(&mut input).unwrap()).collect();
        assert_eq!(lines, ["uno", "", "dos\u{fffd}"]);
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_the_next_one_is_whole() {
        let long = format!("{}\ndos\n", "x".repeat(200_000));
        let mut input = long.as_bytes();
        assert_eq!(
            next_line(&mut input).unwrap().map(|line| line.len()),
            usize::try_from(LINE_BYTES_MAX).ok()
        );
        assert_eq!(next_line(&mut input).unwrap().as_deref(), Some("dos"));
    }
}
