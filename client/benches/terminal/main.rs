//! `cargo bench -p chat-client --features timing`: what does somebody before the terminal wait for?
//!
//! The real program on a pseudo-terminal, and a server in this process that says what the measurement needs at the
//! rate that it needs. A frame counts as shown when its last byte was read from the terminal. Keys are pressed on a
//! fixed schedule and their time counts from when they were due, so that a stall is counted against the client.
//! Goals are printed beside the figures and nothing fails: a busy machine is no fault of the program's.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

mod desk;
mod figures;
mod talker;

use desk::Desk;
use figures::{Goal, Report};
use talker::{LASTS, Talker};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How much of everything.
struct Extent {
    starts: usize,
    keys: usize,
    pages: usize,
    flood: Duration,
    idle: Duration,
}

const WHOLE: Extent = Extent {
    starts: 20,
    keys: 500,
    pages: 100,
    flood: Duration::from_secs(5),
    idle: Duration::from_secs(10),
};

const QUICK: Extent =
    Extent { starts: 3, keys: 40, pages: 10, flood: Duration::from_secs(1), idle: Duration::from_secs(1) };

/// In each of the general chat and a private conversation: as many as they keep.
const LOADED: usize = 5_000;

const FLOOD_RATE: usize = 10_000;

const FIRST_FRAME_GOAL: Duration = Duration::from_millis(50);
const KEY_GOAL: Duration = Duration::from_millis(20);
const FRAMES_GOAL: f64 = 30.0;

fn main() -> ExitCode {
    let extent = match &*std::env::args().skip(1).filter(|arg| arg != "--bench").collect::<Vec<_>>() {
        [] => WHOLE,
        [quick] if quick == "--quick" => QUICK,
        _ => {
            return end(
                "usage: cargo bench -p chat-client --features timing [-- --quick]",
                ExitCode::from(2),
            );
        }
    };
    if cfg!(debug_assertions) {
        // `cargo test --benches` comes here too.
        return end("terminal: not optimized, so nothing is measured", ExitCode::SUCCESS);
    }
    match measure(&extent) {
        Ok(report) => end(report.table().trim_end(), ExitCode::SUCCESS),
        Err(error) => end(&format!("terminal: {error}"), ExitCode::FAILURE),
    }
}

/// That nobody reads it is no reason to fail.
fn end(text: &str, code: ExitCode) -> ExitCode {
    let _ = writeln!(io::stdout(), "{text}");
    code
}

fn measure(extent: &Extent) -> Result<Report> {
    let mut report = Report::default();
    first_frames(extent, &mut report)?;
    let mut talker = Talker::new()?;
    let mut desk = Desk::starts(talker.port())?;
    talker.welcomes()?;
    desk.frame_with("General>")?;
    talker.loads(LOADED)?;
    desk.frame_with(LASTS[0])?;
    idle(extent, &mut report, &mut desk)?;
    keys(extent, &mut report, &mut desk)?;
    pages(extent, &mut report, &mut desk)?;
    flood(extent, &mut report, &mut talker, &mut desk)?;
    flood_with_keys(extent, &mut report, &mut talker, &mut desk)?;
    Ok(report)
}

/// From the end of the WebSocket handshake to the first frame; the registration lies between.
fn first_frames(extent: &Extent, report: &mut Report) -> Result<()> {
    let (mut after_start, mut after_handshake) = (Vec::new(), Vec::new());
    for _ in 0..extent.starts {
        let mut talker = Talker::new()?;
        let began = Instant::now();
        let mut desk = Desk::starts(talker.port())?;
        let shaken = talker.welcomes()?;
        let shown = desk.frame_with("General>")?;
        after_start.push(shown.saturating_duration_since(began));
        after_handshake.push(shown.saturating_duration_since(shaken));
    }
    report.times("first frame after the start of the program", &after_start, None);
    report.times("first frame after the handshake", &after_handshake, Some(FIRST_FRAME_GOAL));
    Ok(())
}

/// Within one minute of the clock, whose end is one thing that happens.
fn idle(extent: &Extent, report: &mut Report, desk: &mut Desk) -> Result<()> {
    let left = MINUTE - into_minute();
    if left < extent.idle + 2 * QUIET {
        std::thread::sleep(left + QUIET);
    }
    desk.is_quiet(QUIET)?;
    let before = desk.wake_ups()?;
    std::thread::sleep(extent.idle);
    let wake_ups = desk.wake_ups()? - before;
    let what = format!("wake-ups in {} s without anything happening", extent.idle.as_secs());
    report.count(&what, wake_ups as f64, "0", Goal::of(wake_ups == 0));
    Ok(())
}

fn into_minute() -> Duration {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Duration::from_nanos((since.as_nanos() % MINUTE.as_nanos()) as u64)
}

fn keys(extent: &Extent, report: &mut Report, desk: &mut Desk) -> Result<()> {
    let times = typed(extent.keys, KEY_INTERVAL, desk)?;
    let what = format!("key to screen, {} messages loaded", 2 * LOADED);
    report.times(&what, &times, Some(KEY_GOAL));
    Ok(())
}

/// Letters that occur nowhere else, so that the frame with one answers its key.
fn typed(count: usize, interval: Duration, desk: &mut Desk) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut due = Instant::now();
    for (number, letter) in ('α'..='ω').cycle().take(count).enumerate() {
        if number % LINE_LETTERS == 0 {
            desk.presses("\x15")?;
            due += interval;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let letter = letter.to_string();
        desk.presses(&letter)?;
        times.push(desk.frame_with(&letter)?.saturating_duration_since(due));
        due += interval;
    }
    desk.presses("\x15")?;
    Ok(times)
}

/// A page up or down draws all of the messages anew.
fn pages(extent: &Extent, report: &mut Report, desk: &mut Desk) -> Result<()> {
    let mut times = Vec::new();
    let mut due = Instant::now();
    for number in 0..extent.pages {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        desk.is_quiet(Duration::ZERO)?;
        desk.presses(if number % 2 == 0 { "\x1b[5~" } else { "\x1b[6~" })?;
        times.push(desk.frame_with("")?.saturating_duration_since(due));
        due += KEY_INTERVAL;
    }
    report.times("the same, a page of messages", &times, Some(KEY_GOAL));
    Ok(())
}

fn flood(extent: &Extent, report: &mut Report, talker: &mut Talker, desk: &mut Desk) -> Result<()> {
    desk.is_quiet(QUIET)?;
    let (began, cpu) = (Instant::now(), desk.cpu_time()?);
    talker.floods(FLOOD_RATE, extent.flood, LASTS[1]);
    let (said, shown, frames) = shown_last(talker, desk, LASTS[1])?;
    let time = shown.saturating_duration_since(began).as_secs_f64();
    // Between so many frames there is one time less.
    let per_second = frames.saturating_sub(1) as f64 / time;
    let what = format!("frames a second, {FLOOD_RATE} messages a second");
    report.count(&what, per_second, &format!("<= {FRAMES_GOAL}"), Goal::of(per_second <= FRAMES_GOAL));
    report.times("the last of them said to shown", &[shown.saturating_duration_since(said)], None);
    let share = (desk.cpu_time()? - cpu).as_secs_f64() / time * 100.0;
    report.count("the client's share of a core meanwhile, %", share, "", Goal::None);
    Ok(())
}

fn flood_with_keys(extent: &Extent, report: &mut Report, talker: &mut Talker, desk: &mut Desk) -> Result<()> {
    talker.floods(FLOOD_RATE, extent.flood, LASTS[2]);
    // It begins to arrive before the first key, and is not over before the last.
    desk.frame_with("")?;
    let count = (extent.flood.as_millis() / FLOOD_KEY_INTERVAL.as_millis()) as usize;
    let times = typed(count * 4 / 5, FLOOD_KEY_INTERVAL, desk)?;
    if talker.is_silent() {
        return Err("the flood was over before the keys were".into());
    }
    report.times("key to screen in such a flood", &times, Some(KEY_GOAL));
    shown_last(talker, desk, LASTS[2]).map(drop)
}

/// When the last message was said, when it was shown, and how many frames were drawn up to that.
fn shown_last(talker: &mut Talker, desk: &mut Desk, last: &str) -> Result<(Instant, Instant, usize)> {
    let before = desk.frames();
    let shown = desk.frame_with(last)?;
    let said = talker.said_last()?;
    Ok((said, shown, desk.frames() - before))
}

const QUIET: Duration = Duration::from_millis(300);
const KEY_INTERVAL: Duration = Duration::from_millis(20);
const FLOOD_KEY_INTERVAL: Duration = Duration::from_millis(50);
const LINE_LETTERS: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
