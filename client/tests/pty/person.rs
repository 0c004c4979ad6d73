//! A person before a terminal: the real program on a pseudo-terminal, its screen read by a terminal emulator.
//! Everything waits for a condition with a deadline; nothing sleeps.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// What the program writes before each frame.
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";

/// How long anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Person {
    master: Box<dyn MasterPty + Send>,
    /// Kept open so that the terminal outlives the program.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    ended: Receiver<ExitStatus>,
    pid: Pid,
    emulator: vt100::Parser<NoTricks>,
    /// All that the program has written.
    bytes: Vec<u8>,
    termios: String,
    /// The terminal takes nothing from the program.
    stuck: Arc<AtomicBool>,
    /// And whoever reads for it has stopped.
    resting: Arc<AtomicBool>,
}

/// Nobody else's text may reach the window's title, the clipboard or the size.
#[derive(Default)]
struct NoTricks;

impl vt100::Callbacks for NoTricks {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        panic!("the title was set to {title:?}");
    }

    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        panic!("the icon's name was set to {name:?}");
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        panic!("the clipboard was set to {data:?}");
    }

    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        panic!("the clipboard was asked for");
    }

    fn resize(&mut self, _: &mut vt100::Screen, size: (u16, u16)) {
        panic!("the window was made {size:?}");
    }
}

impl Person {
    /// Starts the program on a terminal of 80 by 24.
    pub fn starts(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chat-client"));
        command.args(args);
        Self::starts_command(command, variables)
    }

    /// Starts it from a script that has more to do after it, in the script's process group.
    pub fn joins_from_a_script(name: &str, port: u16) -> Self {
        let mut command = CommandBuilder::new("sh");
        let program = env!("CARGO_BIN_EXE_chat-client");
        command.args(["-c", "\"$@\"; exit $?", "sh", program, name, "127.0.0.1", &port.to_string()]);
        let mut person = Self::starts_command(command, &[]);
        person.sees("General>");
        person
    }

    fn starts_command(mut command: CommandBuilder, variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let termios = termios(&*pair.master);
        for unset in ["NO_COLOR", "CHAT_LOG", "RUST_LOG", "CHAT_TEST_PANIC"] {
            command.env_remove(unset);
        }
        command.env("TERM", "xterm-256color");
        // What whoever runs the tests prefers is of no concern here.
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        command.env("LC_ALL", "es_GT.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let mut child = pair.slave.spawn_command(command).expect("the program starts");
        let pid = child.process_id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let (ended_sender, ended) = channel();
        std::thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = ended_sender.send(status);
            }
        });
        let (output_sender, output) = channel();
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let stuck = Arc::new(AtomicBool::new(false));
        let resting = Arc::new(AtomicBool::new(false));
        let (is_stuck, rests) = (Arc::clone(&stuck), Arc::clone(&resting));
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if output_sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
                while is_stuck.load(Ordering::SeqCst) {
                    rests.store(true, Ordering::SeqCst);
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                rests.store(false, Ordering::SeqCst);
            }
        });
        Self {
            keyboard: pair.master.take_writer().expect("a writer"),
            master: pair.master,
            _slave: pair.slave,
            output,
            ended,
            pid: pid.expect("a running program"),
            bytes: Vec::new(),
            emulator: vt100::Parser::new_with_callbacks(at_least_one(24), at_least_one(80), 0, NoTricks),
            termios,
            stuck,
            resting,
        }
    }

    /// From now on the terminal takes nothing (or takes it again): what the program writes stays in the kernel.
    pub fn gets_stuck(&mut self, stuck: bool) {
        self.stuck.store(stuck, Ordering::SeqCst);
    }

    /// Changes the window of a terminal that is stuck until the kernel takes nothing more for it: each size is a whole
    /// frame anew.
    #[track_caller]
    pub fn resizes_until_nothing_fits(&mut self) {
        let name = self.master.tty_name().expect("a terminal has a name");
        let terminal = File::options().write(true).open(name).expect("the terminal opens");
        let is_full = || {
            let mut descriptors = [PollFd::new(&terminal, PollFlags::OUT)];
            poll(&mut descriptors, Some(&Timespec::default())).expect("the terminal is asked");
            !descriptors[0].revents().contains(PollFlags::OUT)
        };
        let deadline = Instant::now() + PATIENCE;
        for rows in [50, 51].into_iter().cycle() {
            // The last that was read makes room once more.
            if self.resting.load(Ordering::SeqCst) && is_full() {
                return;
            }
            assert!(Instant::now() < deadline, "the program writes no more, and the kernel still has room");
            self.resizes(200, rows);
            std::thread::yield_now();
        }
    }

    /// Waits for the end alone: what the terminal shows is not looked at.
    #[track_caller]
    pub fn ends_unseen(&mut self) -> u32 {
        let status = self.ended.recv_timeout(PATIENCE).expect("the program ends");
        assert_eq!(termios(&*self.master), self.termios);
        status.exit_code()
    }

    /// Starts it as a user of the server at this port, and waits for the prompt.
    #[track_caller]
    pub fn joins(name: &str, port: u16) -> Self {
        let mut person = Self::starts(&[name, "127.0.0.1", &port.to_string()], &[]);
        person.sees("General>");
        person
    }

    /// Presses keys.
    pub fn types(&mut self, keys: &str) {
        self.types_bytes(keys.as_bytes());
    }

    /// Sends bytes that may be no text.
    pub fn types_bytes(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).and_then(|()| self.keyboard.flush()).expect("the terminal takes keys");
    }

    /// Writes a line and presses Enter.
    pub fn says(&mut self, line: &str) {
        self.types(line);
        self.types("\r");
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        self.waits_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits until a text is not on the screen.
    #[track_caller]
    pub fn sees_no(&mut self, text: &str) {
        self.waits_for(&format!("no {text}"), |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen is as `wanted` says.
    #[track_caller]
    pub fn waits_for(&mut self, wanted: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self.emulator.screen()) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    self.emulator.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("waited for {wanted}; the screen is\n{}", self.framed());
                }
            }
        }
    }

    /// What was drawn so far is gone from the screen.
    pub fn forgets_the_screen(&mut self) {
        self.emulator.process(b"\x1b[2J");
    }

    /// All that the program has written to the terminal so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many frames were drawn so far.
    pub fn frames(&self) -> usize {
        self.bytes.windows(FRAME_BEGIN.len()).filter(|bytes| *bytes == FRAME_BEGIN).count()
    }

    /// The screen as it is now.
    pub fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// The user changes the window.
    pub fn resizes(&mut self, columns: u16, rows: u16) {
        self.emulator.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal takes a size");
    }

    /// Sends a signal.
    pub fn signals(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program runs");
    }

    /// Sends a signal to the whole process group, as the shell does.
    pub fn signals_group(&self, signal: Signal) {
        kill_process_group(self.pid, signal).expect("the program runs");
    }

    /// Waits until the program is stopped.
    #[track_caller]
    pub fn is_stopped(&self) {
        let (sender, receiver) = channel();
        let pid = self.pid;
        std::thread::spawn(move || {
            let _ = sender.send(waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED));
        });
        let status = receiver.recv_timeout(PATIENCE).expect("it stops").expect("it is a child");
        assert!(status.is_some_and(|status| status.stopped()), "{status:?}");
    }

    /// Waits for the end: the exit status, and the terminal as it was before.
    #[track_caller]
    pub fn ends(&mut self) -> u32 {
        let Ok(status) = self.ended.recv_timeout(PATIENCE) else {
            panic!("the program does not end; the screen is\n{}", self.framed());
        };
        self.terminal_is_as_before();
        status.exit_code()
    }

    /// Waits until the terminal is the shell's again: screen, modes and settings.
    #[track_caller]
    pub fn terminal_is_as_before(&mut self) {
        self.waits_for("the normal screen", |screen| {
            !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor()
        });
        assert_eq!(termios(&*self.master), self.termios);
    }

    fn framed(&self) -> String {
        let mut framed = String::new();
        for row in self.emulator.screen().rows(0, u16::MAX) {
            let _ = writeln!(framed, "  |{row}");
        }
        framed
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // The program may have ended; a test that failed must not leave it behind.
        let _ = kill_process(self.pid, Signal::KILL);
    }
}

fn termios(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has settings"))
}

fn at_least_one(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}
