//! The one loop: waits, translates what woke it into events, updates the state with each, carries out the
//! effects, draws once if anything changed. All I/O starts here and both clocks are read here.
//!
//! It has two fronts: the screen, taken when the server has accepted the user, and line mode. It decides
//! nothing about the chat.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Stderr, Stdout, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chrono::Local;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::flag;
use signal_hook_mio::v1_0::Signals;

use crate::doctor::facts::Journey;
use crate::input::Decoder;
use crate::keymap::Keymap;
use crate::lines::Lines;
use crate::output::Output;
use crate::sanitize::{Visible, sanitize_line};
use crate::state::{Config, EXIT_FAILED, EXIT_LEFT, EXIT_LOST, Effect, Event, Exit, LinkEvent, Now, State};
use crate::terminal::{Screen, give_back};
use crate::texts::Texts;
use crate::transport::{Target, Transport};
use crate::view::{Theme, view};

const SIGNALS: Token = Token(0);
const WAKE: Token = Token(1);
const LINK: Token = Token(2);
const TERMINAL: Token = Token(3);
const OUTPUT: Token = Token(4);
const COMPLAINTS: Token = Token(5);

/// The shortest time between two frames, unless a key was pressed: under 30 of them a second.
pub const FRAME_TIME: Duration = Duration::from_millis(34);

/// What ends the program in order.
const ENDING: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];

/// What has a meaning, and what has none here but would kill the program with the terminal raw.
const HANDLED: [i32; 6] = [SIGWINCH, SIGTSTP, SIGCONT, SIGUSR1, SIGUSR2, SIGALRM];

/// Bytes read from the terminal in one turn.
const READ_BYTES: usize = 4_096;

/// See the module.
pub struct App {
    poll: Poll,
    started: Instant,
    signals: Signals,
    transport: Transport,
    state: State,
    front: Front,
    theme: Theme,
    keymap: Keymap,
    /// The terminal may have something to read.
    terminal_ready: bool,
    drawing: Drawing,
    exit: Option<Exit>,
}

enum Front {
    /// Screen mode before the server accepted the user: the terminal is still the shell's.
    Starting,
    Screen(Box<OnScreen>),
    Lines(InLines),
}

struct OnScreen {
    screen: Screen,
    decoder: Decoder,
    read_at: Instant,
}

struct InLines {
    lines: Lines,
    output: Output<Stdout>,
    complaints: Output<Stderr>,
    /// A signal ends the program: who does not read now reads no more.
    hurried: bool,
}

/// Whether the screen shows what the state says.
#[derive(Default)]
struct Drawing {
    stale: bool,
    urgent: bool,
    at: Option<Instant>,
}

impl App {
    /// Everything ready, nothing begun.
    ///
    /// # Errors
    /// If the system denies what a loop needs.
    pub fn new(config: Config, target: Target, theme: Theme, keymap: Keymap) -> io::Result<Self> {
        let started = Instant::now();
        let poll = Poll::new()?;
        if config.line_mode {
            end_at_second_signal()?;
        }
        let mut signals = Signals::new(ENDING.iter().chain(&HANDLED))?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let transport = Transport::new(target, LINK, poll.registry().try_clone()?, Arc::clone(&waker));
        let front = if config.line_mode {
            register_output(&poll, &io::stdout(), OUTPUT)?;
            register_output(&poll, &io::stderr(), COMPLAINTS)?;
            let lines = Lines::start(waker)?;
            let (output, complaints) = (Output::new(io::stdout()), Output::new(io::stderr()));
            Front::Lines(InLines { lines, output, complaints, hurried: false })
        } else {
            Front::Starting
        };
        let now = Now { elapsed: Duration::ZERO, wall: Local::now().fixed_offset() };
        Ok(Self {
            poll,
            started,
            signals,
            transport,
            state: State::new(config, now),
            front,
            theme,
            keymap,
            terminal_ready: false,
            drawing: Drawing::default(),
            exit: None,
        })
    }

    /// Runs until the end, and gives the terminal back. Also says how far the last connection got.
    ///
    /// # Errors
    /// If the system fails the loop. The terminal is given back then too.
    pub fn run(mut self) -> io::Result<(Exit, Journey)> {
        self.say_that_it_starts();
        let mut events = Events::with_capacity(64);
        let outcome = self.feed([Event::Start]).and_then(|()| {
            loop {
                if let Some(exit) = self.exit.take_if(|_| !self.front.is_being_read()) {
                    return Ok(exit);
                }
                self.turn(&mut events)?;
            }
        });
        self.transport.finish();
        drop(self.front);
        give_back();
        outcome.map(|exit| (exit, self.transport.journey().clone()))
    }

    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        self.wait(events)?;
        self.on_signals()?;
        self.on_output()?;
        if self.front.is_full() {
            return Ok(());
        }
        self.on_terminal()?;
        self.on_link()?;
        self.on_lines()?;
        self.on_time()?;
        self.draw()
    }

    /// Sleeps until something happens, at most until the next deadline.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let timeout = if self.front.is_full() || self.exit.is_some() {
            // The reader's readiness or a signal wakes the loop.
            None
        } else if self.terminal_ready || self.transport.has_more() {
            Some(Duration::ZERO)
        } else {
            self.deadline().map(|at| at.saturating_duration_since(Instant::now()))
        };
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => outcome?,
        }
        self.terminal_ready |= events.iter().any(|event| event.token() == TERMINAL);
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state.deadline().map(|at| self.started + at);
        // While the terminal takes nothing there is nothing to draw; its readiness wakes the loop.
        let frame = match (&self.front, &self.drawing) {
            (Front::Screen(on), Drawing { stale: true, at: Some(at), .. }) if on.screen.is_flushed() => {
                Some(*at + FRAME_TIME)
            }
            _ => None,
        };
        let silence = match &self.front {
            Front::Screen(on) => on.decoder.patience().map(|patience| on.read_at + patience),
            Front::Starting | Front::Lines(_) => None,
        };
        [state, frame, silence, self.transport.deadline()].into_iter().flatten().min()
    }

    fn on_signals(&mut self) -> io::Result<()> {
        let pending: Vec<_> = self.signals.pending().collect();
        for signal in pending {
            match signal {
                SIGTERM | SIGHUP | SIGINT | SIGQUIT => {
                    if let Front::Lines(on) = &mut self.front {
                        on.hurried = true;
                    }
                    self.feed([Event::Terminate])?;
                }
                SIGTSTP => self.suspend()?,
                SIGCONT => self.redraw()?,
                // Several of them in one turn are one: the size is asked for once.
                SIGWINCH => self.on_resize()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn on_resize(&mut self) -> io::Result<()> {
        let Front::Screen(on) = &mut self.front else { return Ok(()) };
        let (columns, rows) = on.screen.resize()?;
        self.drawing.urgent = true;
        self.feed([Event::Resized { columns, rows }])
    }

    fn on_terminal(&mut self) -> io::Result<()> {
        let Front::Screen(on) = &mut self.front else { return Ok(()) };
        let mut inputs = Vec::new();
        if self.terminal_ready {
            let mut bytes = [0; READ_BYTES];
            match on.screen.read(&mut bytes) {
                Ok(None) => self.terminal_ready = false,
                // The terminal hung up.
                Ok(Some(0)) | Err(_) => {
                    self.terminal_ready = false;
                    return self.feed([Event::Terminate]);
                }
                Ok(Some(count)) => {
                    on.read_at = Instant::now();
                    inputs = on.decoder.feed(&bytes[..count]);
                }
            }
        } else if on.decoder.patience().is_some_and(|patience| on.read_at.elapsed() >= patience) {
            inputs = on.decoder.on_silence();
        }
        self.drawing.urgent |= !inputs.is_empty();
        let actions: Vec<_> = inputs.into_iter().filter_map(|input| self.keymap.action(input)).collect();
        self.feed(actions.into_iter().map(Event::Action))
    }

    fn on_link(&mut self) -> io::Result<()> {
        let events = self.transport.advance(Instant::now());
        for event in &events {
            match event {
                LinkEvent::Frame(text) => log::trace!("frame of {} bytes", text.len()),
                other => log::debug!("connection: {other:?}"),
            }
        }
        self.feed(events.into_iter().map(Event::Link))
    }

    fn on_lines(&mut self) -> io::Result<()> {
        while self.state.wants_lines() && self.exit.is_none() {
            let Front::Lines(on) = &mut self.front else { return Ok(()) };
            match on.lines.next_event() {
                Some(event) => self.feed([event])?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn on_time(&mut self) -> io::Result<()> {
        match self.state.deadline() {
            Some(at) if self.started.elapsed() >= at => self.feed([Event::Tick]),
            _ => Ok(()),
        }
    }

    /// Updates the state with each event and carries out what it wants.
    fn feed(&mut self, events: impl IntoIterator<Item = Event>) -> io::Result<()> {
        let mut events: VecDeque<_> = events.into_iter().collect();
        while let Some(event) = events.pop_front() {
            if self.exit.is_some() {
                return Ok(());
            }
            let now = Now { elapsed: self.started.elapsed(), wall: Local::now().fixed_offset() };
            for effect in self.state.update(event, now) {
                events.extend(self.carry_out(effect)?);
            }
            self.drawing.stale = true;
        }
        Ok(())
    }

    /// One effect; what it brings about at once is an event.
    fn carry_out(&mut self, effect: Effect) -> io::Result<Option<Event>> {
        match effect {
            Effect::Connect => self.transport.connect(Instant::now()),
            Effect::Send(text) => self.transport.send(text),
            Effect::Ping => self.transport.ping(),
            Effect::Disconnect => self.transport.drop_connection(),
            Effect::OpenScreen => return self.open_screen(),
            Effect::Redraw => self.redraw()?,
            Effect::Bell => {
                if let Front::Screen(on) = &mut self.front {
                    // If the terminal is gone, drawing finds out.
                    let _ = on.screen.bell();
                }
            }
            Effect::Notify { by, text } => {
                if let Front::Screen(on) = &mut self.front {
                    let _ = on.screen.notify(by, &text);
                }
            }
            Effect::Suspend => self.suspend()?,
            Effect::Print(line) => return Ok(self.print(&line)),
            Effect::Complain(line) => self.complain(&line),
            Effect::Quit(exit) => self.exit = Some(exit),
        }
        Ok(None)
    }

    fn open_screen(&mut self) -> io::Result<Option<Event>> {
        if !matches!(self.front, Front::Starting) {
            return Ok(None);
        }
        let screen = Screen::open()?;
        let descriptor = screen.tty().as_raw_fd();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut SourceFd(&descriptor), TERMINAL, interest)?;
        let (columns, rows) = screen.size();
        // What was typed before is there already, and no edge will tell.
        self.terminal_ready = true;
        let on = OnScreen { screen, decoder: Decoder::default(), read_at: Instant::now() };
        self.front = Front::Screen(Box::new(on));
        self.drawing.urgent = true;
        Ok(Some(Event::Resized { columns, rows }))
    }

    fn print(&mut self, line: &Visible) -> Option<Event> {
        let Front::Lines(on) = &mut self.front else { return None };
        on.output.push(line);
        // Whoever read the lines is gone (`| head`): so are we.
        on.flush().is_err().then_some(Event::Terminate)
    }

    fn complain(&mut self, line: &Visible) {
        // Only line mode complains so.
        let Front::Lines(on) = &mut self.front else { return };
        on.complaints.push(line);
        on.flush_complaints();
    }

    fn on_output(&mut self) -> io::Result<()> {
        let Front::Lines(on) = &mut self.front else { return Ok(()) };
        on.flush_complaints();
        if on.flush().is_err() { self.feed([Event::Terminate]) } else { Ok(()) }
    }

    /// Stops the whole process group, as the terminal itself would: a script that started the program would
    /// else wait for it, and the shell for the script.
    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        kill_current_process_group(Signal::STOP)?;
        self.redraw()
    }

    /// Also after having been stopped, when the shell or others may have drawn and set the terminal.
    fn redraw(&mut self) -> io::Result<()> {
        if let Front::Screen(on) = &mut self.front {
            on.screen.take()?;
            self.drawing.stale = true;
            self.drawing.urgent = true;
        }
        self.on_resize()
    }

    fn draw(&mut self) -> io::Result<()> {
        let Front::Screen(on) = &mut self.front else { return Ok(()) };
        let due = self.drawing.urgent || self.drawing.at.is_none_or(|at| at.elapsed() >= FRAME_TIME);
        match on.screen.flush() {
            Ok(true) if self.drawing.stale && due && self.exit.is_none() => {}
            Ok(_) => return Ok(()),
            // The terminal hung up.
            Err(_) => return self.feed([Event::Terminate]),
        }
        if on.screen.draw(|frame| view(&self.state, &self.theme, frame)).is_err() {
            return self.feed([Event::Terminate]);
        }
        self.drawing = Drawing { stale: false, urgent: false, at: Some(Instant::now()) };
        #[cfg(debug_assertions)]
        assert!(std::env::var_os("CHAT_TEST_PANIC").is_none(), "the panic that CHAT_TEST_PANIC asks for");
        Ok(())
    }

    fn say_that_it_starts(&self) {
        let config = self.state.config();
        if !config.line_mode && io::stderr().is_terminal() {
            let _ = writeln!(io::stderr(), "{}", config.texts.starting(&config.server));
        }
    }
}

impl Front {
    /// Whether a reader of the lines or of the complaints is so far behind that nothing may be taken in.
    fn is_full(&self) -> bool {
        matches!(self, Self::Lines(on) if !on.hurried && (on.output.is_full() || on.complaints.is_full()))
    }

    /// Whether lines or complaints wait for a reader who may still come to them.
    fn is_being_read(&self) -> bool {
        let has_unread = |on: &InLines| !on.output.is_flushed() || !on.complaints.is_flushed();
        matches!(self, Self::Lines(on) if !on.hurried && has_unread(on))
    }
}

impl InLines {
    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.output.flush();
        self.hurried |= outcome.is_err();
        outcome
    }

    /// A closed standard error leaves nobody to tell.
    fn flush_complaints(&mut self) {
        if self.complaints.flush().is_err() {
            self.complaints.forget();
        }
    }
}

/// Wakes the loop when standard output or standard error takes something again. Files cannot be waited on, and need
/// not be: they always take.
fn register_output(poll: &Poll, stream: &impl AsRawFd, token: Token) -> io::Result<()> {
    let descriptor = stream.as_raw_fd();
    match poll.registry().register(&mut SourceFd(&descriptor), token, Interest::WRITABLE) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        outcome => outcome,
    }
}

/// A log on standard error may block the program in a write, where the loop hears no signal: the second one ends it
/// whatever it does. A screen never blocks, and must be given back.
fn end_at_second_signal() -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in ENDING {
        // In this order: the first signal finds the flag down.
        flag::register_conditional_shutdown(signal, i32::from(EXIT_LOST), Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(())
}

/// From here on a signal ends the program at once, with this status: only last words are to come, which nobody may
/// read.
///
/// # Errors
/// If the system denies it.
pub fn end_at_next_signal(status: u8) -> io::Result<()> {
    for signal in ENDING {
        flag::register_conditional_shutdown(signal, i32::from(status), Arc::new(AtomicBool::new(true)))?;
    }
    Ok(())
}

/// The end of a run that the system failed.
#[must_use]
pub fn failed(texts: Texts, error: &io::Error) -> Exit {
    let sentence = texts.failed(&sanitize_line(&error.to_string()));
    Exit {
        code: if error.kind() == io::ErrorKind::BrokenPipe { EXIT_LEFT } else { EXIT_FAILED },
        sentence: Some(sentence),
        refusal: None,
    }
}
