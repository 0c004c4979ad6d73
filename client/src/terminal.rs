//! The terminal: taken with [`Screen::open`], and given back as it was whatever happens.
//!
//! `/dev/tty` is opened anew, since descriptors 0, 1 and 2 share one open file description with the shell, whose
//! flags are not ours to change. The new description is ours alone and does not block: a terminal that takes
//! nothing (a stopped multiplexer, a hung network) must not keep the loop from signals and from the server. What
//! it did not take of a frame is kept, and no other frame is drawn until that is out.
//!
//! Giving back happens exactly once per taking, in one function that the guard's `Drop`, the panic hook and the
//! suspension share: modes off, cursor on, main screen, and the terminal settings as they were found.
//!
//! It knows bytes and modes; what is drawn is the view's affair.

use std::fs::{File, OpenOptions};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};
use std::time::Duration;

use ratatui::{Frame, Terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, read, retry_on_intr, write};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use termion::{cursor, screen};

mod backend;

use backend::{FrameBackend, FrameBuffer};

use crate::sanitize::Visible;
use crate::state::Notifications;

/// Whether the terminal is ours now. Whoever turns it off gives the terminal back, nobody else.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What giving back needs, where the panic hook finds it.
static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

static HOOK: Once = Once::new();

struct Saved {
    tty: File,
    termios: Termios,
}

const ENTER: &str = "\x1b[?2004h";
const LEAVE: &str = "\x1b[?2026l\x1b[?2004l\x1b[0m";
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";
const BELL: &[u8] = b"\x07";

/// How long giving the terminal back may wait for it to take the few bytes of that.
pub const GIVE_BACK_TIME: Duration = Duration::from_millis(200);

/// The largest window that is drawn, in columns and in rows; some terminals claim tens of thousands.
pub const SIZE_MAX: u16 = 1_000;

/// The terminal while the chat is on it.
pub struct Screen {
    tty: File,
    /// What the terminal has not taken yet.
    unsent: Vec<u8>,
    frame: FrameBuffer,
    terminal: Terminal<FrameBackend>,
    size: (u16, u16),
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If there is no terminal, or it does not do what terminals do.
    pub fn open() -> io::Result<Self> {
        let tty = open_terminal()?;
        ioctl_fionbio(&tty, true)?;
        let termios = retry_on_intr(|| tcgetattr(&tty))?;
        *lock() = Some(Saved { tty: tty.try_clone()?, termios });
        HOOK.call_once(restore_on_panic);
        let size = size_of(&tty);
        let frame = FrameBuffer::default();
        let mut screen = Self {
            terminal: Terminal::new(FrameBackend::new(frame.clone(), size))?,
            tty,
            unsent: Vec::new(),
            frame,
            size,
        };
        screen.take()?;
        Ok(screen)
    }

    /// The terminal's descriptor, to wait on.
    #[must_use]
    pub fn tty(&self) -> &File {
        &self.tty
    }

    /// Takes the terminal, at the start and after a suspension.
    ///
    /// # Errors
    /// If it does not let itself be set.
    pub fn take(&mut self) -> io::Result<()> {
        let mut raw = retry_on_intr(|| tcgetattr(&self.tty))?;
        raw.make_raw();
        TAKEN.store(true, Ordering::SeqCst);
        retry_on_intr(|| tcsetattr(&self.tty, OptionalActions::Now, &raw))?;
        // The rest of a frame from before would be drawn over what comes now.
        self.unsent.clear();
        self.send(format!("{}{ENTER}", screen::ToAlternateScreen).as_bytes())?;
        self.redraw()
    }

    /// Reads what is there, without waiting.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn read(&mut self, bytes: &mut [u8]) -> io::Result<Option<usize>> {
        // A signal in between is no hang-up.
        match retry_on_intr(|| read(&self.tty, &mut *bytes)) {
            Err(Errno::AGAIN) => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }

    /// Sends on what the terminal has not taken yet; says whether all is out.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn flush(&mut self) -> io::Result<bool> {
        let mut sent = 0;
        let outcome = loop {
            if sent == self.unsent.len() {
                break Ok(true);
            }
            match retry_on_intr(|| write(&self.tty, &self.unsent[sent..])) {
                Ok(count) => sent += count,
                Err(Errno::AGAIN) => break Ok(false),
                Err(error) => break Err(error.into()),
            }
        };
        self.unsent.drain(..sent);
        outcome
    }

    /// Whether the terminal has taken everything.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.unsent.is_empty()
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unsent.extend_from_slice(bytes);
        self.flush().map(drop)
    }

    /// The window changed, and may have changed back: looks how large it is now, and the next frame draws every
    /// cell of it.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn resize(&mut self) -> io::Result<(u16, u16)> {
        self.size = size_of(&self.tty);
        self.redraw()?;
        Ok(self.size)
    }

    /// The size last seen.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    fn redraw(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().set_size(self.size);
        self.terminal.autoresize()?;
        self.terminal.clear()
    }

    /// Draws one frame and sends it in one write, as far as the terminal takes it. Only once the frame before
    /// is out: see [`Screen::flush`].
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view)?;
        let drawn = self.frame.take();
        self.send(&[FRAME_BEGIN, &drawn, FRAME_END].concat())
    }

    /// Rings the bell, unless the terminal is still busy: late it would tell nothing.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        if self.is_flushed() { self.send(BELL) } else { Ok(()) }
    }

    /// Has the terminal notify the user, unless it is still busy.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn notify(&mut self, by: Notifications, text: &Visible) -> io::Result<()> {
        if self.is_flushed() { self.send(notification(by, text).as_bytes()) } else { Ok(()) }
    }
}

/// The control sequence that has a terminal notify the user. The text can end it no more than anything else it
/// could write, being visible; a semicolon would begin another part of it.
fn notification(by: Notifications, text: &Visible) -> String {
    let text = text.as_str().replace(';', ",");
    match by {
        Notifications::Off => String::new(),
        Notifications::Osc9 => format!("\x1b]9;{text}\x07"),
        Notifications::Osc777 => format!("\x1b]777;notify;chat-client;{text}\x07"),
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was found, if it is ours; a second call does nothing. Failures are passed
/// over: there is nobody left to tell.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Some(Saved { tty, termios }) = &mut *lock() {
        let farewell = format!("{LEAVE}{}{}", cursor::Show, screen::ToMainScreen);
        let _ = write_within(tty, farewell.as_bytes(), GIVE_BACK_TIME);
        let _ = retry_on_intr(|| tcsetattr(&*tty, OptionalActions::Now, termios));
    }
}

/// Writes all of it, unless the terminal takes nothing for so long. No clock is needed: each wait is bounded, and
/// between two of them it took something.
fn write_within(tty: &File, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    while !bytes.is_empty() {
        match retry_on_intr(|| write(tty, bytes)) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::AGAIN) => {
                if retry_on_intr(|| poll(&mut [PollFd::new(tty, PollFlags::OUT)], Some(&timeout)))? == 0 {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

const _: () = assert!(GIVE_BACK_TIME.as_secs() == 0, "the time-out above has no seconds");

/// Whether there is a terminal for the screen; descriptors that are terminals do not say so.
#[must_use]
pub fn is_there() -> bool {
    open_terminal().is_ok()
}

fn open_terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

/// The message of a panic has to find the normal screen.
fn restore_on_panic() {
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        former(info);
    }));
}

/// A panic elsewhere must not keep the terminal from being given back.
fn lock() -> std::sync::MutexGuard<'static, Option<Saved>> {
    SAVED.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn size_of(tty: &File) -> (u16, u16) {
    tcgetwinsize(tty).map_or(SIZE_UNKNOWN, |size| usable_size(size.ws_col, size.ws_row))
}

/// Terminals that do not know their size, as serial lines, say 0.
fn usable_size(columns: u16, rows: u16) -> (u16, u16) {
    match (columns, rows) {
        (0, _) | (_, 0) => SIZE_UNKNOWN,
        (columns, rows) => (columns.min(SIZE_MAX), rows.min(SIZE_MAX)),
    }
}

const SIZE_UNKNOWN: (u16, u16) = (80, 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_one_sequence_whatever_its_text() {
        let text = crate::sanitize::sanitize_line("ana: a;b\x07\x1b\\c");
        assert_eq!(notification(Notifications::Osc9, &text), "\x1b]9;ana: a,b␇␛\\c\x07");
        assert_eq!(
            notification(Notifications::Osc777, &text),
            "\x1b]777;notify;chat-client;ana: a,b␇␛\\c\x07"
        );
    }

    #[test]
    fn a_size_that_cannot_be_is_replaced() {
        assert_eq!(usable_size(0, 0), (80, 24));
        assert_eq!(usable_size(1, 1), (1, 1));
        assert_eq!(usable_size(u16::MAX, 5), (SIZE_MAX, 5));
    }
}
