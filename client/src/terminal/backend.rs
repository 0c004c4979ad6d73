//! ratatui's termion backend as the screen needs it: frames collected and sent in one piece, and no question
//! ever put to the terminal.
//!
//! The backend as it comes asks descriptor 1 for the size, and asks the terminal where the cursor is whenever
//! the screen is cleared, reading the answer from standard input. Here the size is told, and the cursor's
//! former position is nobody's concern: every frame sets it.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::{Backend, ClearType, TermionBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Collects what is written, flushes included, until it is taken.
#[derive(Debug, Clone, Default)]
pub struct FrameBuffer(Rc<RefCell<Vec<u8>>>);

impl FrameBuffer {
    /// What was written since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

impl Write for FrameBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// See the module.
#[derive(Debug)]
pub struct FrameBackend {
    termion: TermionBackend<FrameBuffer>,
    size: Size,
}

impl FrameBackend {
    /// Writes into `frame`.
    #[must_use]
    pub fn new(frame: FrameBuffer, (columns, rows): (u16, u16)) -> Self {
        Self { termion: TermionBackend::new(frame), size: Size::new(columns, rows) }
    }

    /// The terminal has another size now.
    pub fn set_size(&mut self, (columns, rows): (u16, u16)) {
        self.size = Size::new(columns, rows);
    }
}

impl Backend for FrameBackend {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.termion.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.termion.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.termion.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.termion.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.termion.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.termion.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;

    use super::*;

    #[test]
    fn clearing_and_drawing_put_no_question_to_the_terminal() {
        let frame = FrameBuffer::default();
        let mut terminal = Terminal::new(FrameBackend::new(frame.clone(), (20, 3))).unwrap();
        terminal.clear().unwrap();
        terminal.draw(|frame| frame.set_cursor_position((1, 1))).unwrap();
        let written = String::from_utf8(frame.take()).unwrap();
        assert!(written.contains("\x1b[2J") && !written.contains("\x1b[6n"), "{written:?}");
        assert!(frame.take().is_empty());
    }
}
