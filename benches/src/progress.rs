//! How far the run is, for whoever waits: a bar on a terminal, a line for each step elsewhere. On stderr, so
//! that stdout has the results alone.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// See the module's documentation.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_plain: bool,
}

impl Progress {
    /// Nothing is done of so many steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("[{elapsed_precise}] {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { bar, is_plain: !io::stderr().is_terminal() }
    }

    /// A step begins.
    pub fn begin(&self, what: &str) {
        if self.is_plain {
            let (step, steps) = (self.bar.position() + 1, self.bar.length().unwrap_or_default());
            // That nobody reads it is no reason to stop measuring.
            let _ = writeln!(io::stderr(), "[{step}/{steps}] {what}");
        } else {
            self.bar.set_message(what.to_owned());
            self.bar.tick();
        }
    }

    /// The step goes on: the time is shown anew.
    pub fn tick(&self) {
        if !self.is_plain {
            self.bar.tick();
        }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        if self.is_plain {
            // As above.
            let _ = writeln!(io::stderr(), "{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// The step that was begun is done.
    pub fn end(&self) {
        self.bar.inc(1);
    }

    /// All steps are done: the bar makes room for the table.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
