//! Standard input in line mode. A thread reads it, for files and `/dev/null` cannot be waited on with epoll; it
//! stops reading while the loop takes no lines, so that a long input is not held in memory.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use mio::Waker;

use crate::state::Event;

/// Lines that are read ahead.
pub const LINES_AHEAD_MAX: usize = 16;

/// Bytes of a line; what is beyond is counted and left out, and the state then refuses the line as too long.
pub const LINE_BYTES_MAX: usize = 65_536;

/// Bytes of a line that is too long which are kept, to name it.
const BEGINNING_BYTES_MAX: usize = 256;

/// See the module.
pub struct Lines {
    receiver: Receiver<Event>,
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
            Ok(line) => Some(line),
            Err(TryRecvError::Disconnected) if !self.ended => {
                self.ended = true;
                Some(Event::InputEnded)
            }
            Err(TryRecvError::Disconnected | TryRecvError::Empty) => None,
        }
    }
}

fn read_lines(mut input: impl BufRead, sender: &SyncSender<Event>, waker: &Waker) -> io::Result<()> {
    while let Some(line) = next_line(&mut input)? {
        if sender.send(line).is_err() {
            return Ok(());
        }
        waker.wake()?;
    }
    Ok(())
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<Event>> {
    let mut bytes = Vec::new();
    // Room for the line feed of a line that is just not too long.
    let most = LINE_BYTES_MAX as u64 + 1;
    if input.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        return Ok(Some(Event::Line(text(&bytes))));
    }
    if bytes.len() <= LINE_BYTES_MAX {
        // The input's last line.
        return Ok(Some(Event::Line(text(&bytes))));
    }
    let begins = text(&bytes[..BEGINNING_BYTES_MAX]);
    Ok(Some(Event::LongLine { begins, bytes: bytes.len() + skip_line(input)? }))
}

/// Leaves out the rest of a line; says how many bytes it had before its end.
fn skip_line(input: &mut impl BufRead) -> io::Result<usize> {
    let mut skipped = 0;
    loop {
        let bytes = input.fill_buf()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (count, used) = match end {
            Some(at) => (at, at + 1),
            None => (bytes.len(), bytes.len()),
        };
        input.consume(used);
        skipped += count;
        if end.is_some() || used == 0 {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<Event> {
        Some(Event::Line(text.to_owned()))
    }

    #[test]
    fn lines_end_at_line_feeds_and_the_last_needs_none() {
        let mut input = &b"uno\n\ndos\xff"[..];
        let lines: Vec<_> = (0..4).map(|_| next_line(&mut input).unwrap()).collect();
        assert_eq!(lines, [line("uno"), line(""), line("dos\u{fffd}"), None]);
    }

    #[test]
    fn a_line_over_the_limit_is_counted_whole_and_the_next_one_is_whole() {
        let most = "x".repeat(LINE_BYTES_MAX);
        let text = format!("{most}\n{most}x\ndos\n{}", "x".repeat(200_000));
        // Also in small portions.
        for capacity in [1_000, 1 << 20] {
            let mut input = io::BufReader::with_capacity(capacity, text.as_bytes());
            let mut next = || next_line(&mut input).unwrap();
            let long = |bytes| Some(Event::LongLine { begins: "x".repeat(BEGINNING_BYTES_MAX), bytes });
            assert_eq!(next(), line(&most));
            assert_eq!(next(), long(LINE_BYTES_MAX + 1));
            assert_eq!(next(), line("dos"));
            assert_eq!(next(), long(200_000));
            assert_eq!(next(), None);
        }
    }
}
