//! The terminal: taken with [`Screen::open`], and given back as it was whatever happens.
//!
//! `/dev/tty` is opened anew, since descriptors 0, 1 and 2 share one open file description with the shell, whose
//! flags are not ours to change; it stays blocking. Giving back happens exactly once per taking, in one
//! function that the guard's `Drop`, the panic hook and the suspension share: modes off, cursor on, main
//! screen, and the terminal settings as they were found.
//!
//! It knows bytes and modes; what is drawn is the view's affair.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};

use ratatui::{Frame, Terminal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use termion::{cursor, screen};

mod backend;

use backend::{FrameBackend, FrameBuffer};

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

/// The terminal while the chat is on it.
pub struct Screen {
    tty: File,
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
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let termios = tcgetattr(&tty)?;
        *lock() = Some(Saved { tty: tty.try_clone()?, termios });
        HOOK.call_once(restore_on_panic);
        let size = size_of(&tty);
        let frame = FrameBuffer::default();
        let mut screen =
            Self { terminal: Terminal::new(FrameBackend::new(frame.clone(), size))?, tty, frame, size };
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
        let mut raw = tcgetattr(&self.tty)?;
        raw.make_raw();
        TAKEN.store(true, Ordering::SeqCst);
        tcsetattr(&self.tty, OptionalActions::Now, &raw)?;
        write!(self.tty, "{}{ENTER}", screen::ToAlternateScreen)?;
        self.redraw()
    }

    /// Reads what is there, without waiting.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn read(&mut self, bytes: &mut [u8]) -> io::Result<Option<usize>> {
        let mut waiting = [PollFd::new(&self.tty, PollFlags::IN)];
        let ready = poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        if ready == 0 {
            return Ok(None);
        }
        self.tty.read(bytes).map(Some)
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

    /// Draws one frame and sends it in one write.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view)?;
        let drawn = self.frame.take();
        self.tty.write_all(&[FRAME_BEGIN, &drawn, FRAME_END].concat())
    }

    /// Rings the bell.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        self.tty.write_all(BELL)
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
        let _ = write!(tty, "{LEAVE}{}{}", cursor::Show, screen::ToMainScreen);
        let _ = tty.flush();
        let _ = tcsetattr(&*tty, OptionalActions::Now, termios);
    }
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
    tcgetwinsize(tty).map_or((80, 24), |size| (size.ws_col, size.ws_row))
}
