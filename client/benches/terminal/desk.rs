//! Somebody before a pseudo-terminal, with a stop-watch: presses keys, and knows when each frame was there.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::Result;

/// How long anything may take before the measurement is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);

const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

struct Frame {
    at: Instant,
    bytes: Vec<u8>,
}

pub struct Desk {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    drawn: Receiver<Frame>,
    frames: usize,
}

impl Desk {
    /// Starts the program on a terminal of 80 by 24.
    pub fn starts(port: u16) -> Result<Self> {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chat-client"));
        command.args(["ana", "127.0.0.1", &port.to_string()]);
        for unset in ["NO_COLOR", "CHAT_LOG", "RUST_LOG"] {
            command.env_remove(unset);
        }
        for (name, value) in
            [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("XDG_CONFIG_HOME", "/nonexistent")]
        {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command)?;
        let (sender, drawn) = channel();
        let mut reader = pair.master.try_clone_reader()?;
        std::thread::spawn(move || {
            let mut pending = Vec::new();
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let at = Instant::now();
                pending.extend_from_slice(&bytes[..count]);
                while let Some(frame) = take_frame(&mut pending) {
                    if sender.send(Frame { at, bytes: frame }).is_err() {
                        return;
                    }
                }
            }
        });
        let keyboard = pair.master.take_writer()?;
        Ok(Self { child, _master: pair.master, keyboard, drawn, frames: 0 })
    }

    pub fn presses(&mut self, keys: &str) -> Result<()> {
        self.keyboard.write_all(keys.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    /// When the next frame with these words was there.
    pub fn frame_with(&mut self, words: &str) -> Result<Instant> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let frame = self.drawn.recv_timeout(left).map_err(|_| format!("no frame with {words:?} came"))?;
            self.frames += 1;
            if words.is_empty() || find(&frame.bytes, words.as_bytes()).is_some() {
                return Ok(frame.at);
            }
        }
    }

    /// Waits until nothing was drawn for so long.
    pub fn is_quiet(&mut self, time: Duration) -> Result<()> {
        loop {
            match self.drawn.recv_timeout(time) {
                Ok(_) => self.frames += 1,
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err("the program ended".into()),
            }
        }
    }

    /// Frames that were seen so far.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// How often its threads slept and were woken.
    pub fn wake_ups(&self) -> Result<u64> {
        let mut count = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.pid()?))? {
            let status = std::fs::read_to_string(task?.path().join("status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            count += line.ok_or("no context switches in /proc")?.trim().parse::<u64>()?;
        }
        Ok(count)
    }

    /// What it has spent of a core.
    pub fn cpu_time(&self) -> Result<Duration> {
        let times = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid()?))?;
        let nanoseconds = times.split_whitespace().next().ok_or("no times in /proc")?;
        Ok(Duration::from_nanos(nanoseconds.parse()?))
    }

    fn pid(&self) -> Result<u32> {
        Ok(self.child.process_id().ok_or("the program ended")?)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first whole frame, if there is one; what stood before it is no frame.
fn take_frame(pending: &mut Vec<u8>) -> Option<Vec<u8>> {
    let begin = find(pending, FRAME_BEGIN)?;
    let length = find(&pending[begin..], FRAME_END)?;
    let frame = pending[begin..begin + length].to_vec();
    pending.drain(..begin + length + FRAME_END.len());
    Some(frame)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
