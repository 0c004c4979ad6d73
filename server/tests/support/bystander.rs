//! Two healthy users who talk all the while something bad is done to the server, and how long their words took.
//!
//! The bar: of a hundred messages 99 arrive within [`P99_MAX`], and every one within [`LONGEST_MAX`]. Nothing is
//! lost, and the order is kept.
//!
//! A message also waits for a processor to be free for us and for the server, and the machine is shared with
//! whoever else works on it, with what the fault itself costs its own side among them. So a floor is measured at
//! the same time, in the same threads' company: the same words at the same pace over loopback through a bare echo.
//! The floor sleeps between its words, though, and a server under a flood does not, which a busy machine lets wait
//! longer: so the bar also grows by how much longer the server took because it waited for a processor, as the system
//! counts it (on a quiet machine by next to nothing).
//!
//! What the floor shows [`FLOOR_FACTOR`] times is nothing that the server did, and the bar is never below that. And
//! since one unlucky moment of the machine may meet the server and not the floor, a fault is tried up to
//! [`ROUNDS`] times, each with a new server: what the server does wrong, it does each time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::be_patient;
use super::raw::{self, TEXT};
use super::{Client, Received, Server};

/// What 99 of 100 messages take at most.
const P99_MAX: Duration = Duration::from_millis(20);
/// What every message takes at most.
const LONGEST_MAX: Duration = Duration::from_millis(100);
/// How often the floor goes into what is still no fault of the server's.
const FLOOR_FACTOR: u32 = 3;
/// How often a fault is tried.
const ROUNDS: usize = 3;
/// Each of the two says something so often: 125 messages a second, which the server's `--rate` must allow.
const PACE: Duration = Duration::from_millis(8);
/// They talk for so long at least, however short the fault is.
const SHORTEST_TALK: Duration = Duration::from_secs(1);
/// What is said last.
const FAREWELL: &str = "fin";
/// Bytes of a word on the floor, about as many as a message has.
const FLOOR_WORD_BYTES: usize = 128;

/// One fault at a time, so that no two disturb each other.
static ALONE: Mutex<()> = Mutex::new(());

/// How long words took, sorted.
#[derive(Debug)]
struct Times(Vec<Duration>);

impl Times {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn p99(&self) -> Duration {
        self.0[(self.0.len() * 99 / 100).min(self.0.len() - 1)]
    }

    fn longest(&self) -> Duration {
        self.0[self.0.len() - 1]
    }
}

/// Starts a server, lets two users of it talk while `fault` is done to it, and fails if they noticed. The fault is
/// done again, to a new server, if they did.
#[track_caller]
pub fn watch(what: &str, start: impl Fn() -> Server, fault: impl Fn(&Server)) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let server = start();
        let (talk, floor) = match talk_during(&server, || fault(&server)) {
            Ok(times) => times,
            Err(trouble) => {
                eprintln!("{what}: {trouble}");
                seen.push(trouble);
                continue;
            }
        };
        let crowding = server.crowding();
        let p99_max = P99_MAX.mul_f64(crowding).max(floor.p99() * FLOOR_FACTOR);
        let longest_max = LONGEST_MAX.mul_f64(crowding).max(floor.longest() * FLOOR_FACTOR);
        let line = format!(
            "{what}: {} messages, p99 {:.1?} (floor {:.1?}, bar {p99_max:.1?}), longest {:.1?} (floor {:.1?}, bar {longest_max:.1?}), crowding {crowding:.2}",
            talk.0.len(),
            talk.p99(),
            floor.p99(),
            talk.longest(),
            floor.longest(),
        );
        eprintln!("{line}");
        if talk.p99() <= p99_max && talk.longest() <= longest_max {
            return;
        }
        seen.push(line);
    }
    panic!("the bystanders noticed each time:\n{}", seen.join("\n"));
}

/// What the two and the floor took while `fault` was done; or what happened to one of the two beyond delay.
#[track_caller]
fn talk_during(server: &Server, fault: impl FnOnce()) -> Result<(Times, Times), String> {
    let [mut cerca, mut lejos] = server.room(["cerca", "lejos"]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut far = listener.accept().unwrap().0;
    be_patient(&near);
    be_patient(&far);
    let start = Instant::now();
    let over = AtomicBool::new(false);
    let over = &over;
    thread::scope(|scope| {
        // Whatever fails, the others come to an end.
        let end = EndOnDrop(over);
        let mut speakers = Vec::new();
        for (client, name, other) in [(&mut cerca, "cerca", "lejos"), (&mut lejos, "lejos", "cerca")] {
            let stream = client.stream().try_clone().unwrap();
            speakers.push(scope.spawn(move || speak(stream, name, other, start, over)));
        }
        let listeners = [(&mut cerca, "lejos"), (&mut lejos, "cerca")]
            .map(|(client, other)| scope.spawn(move || listen(client, other, start)));
        let floor_writer = near.try_clone().unwrap();
        let floor_speaker = scope.spawn(move || speak_on_floor(floor_writer, start, over));
        scope.spawn(move || {
            let mut word = [0; FLOOR_WORD_BYTES];
            while far.read_exact(&mut word).is_ok() && far.write_all(&word).is_ok() {}
        });
        let floor = scope.spawn(move || listen_on_floor(&mut near, start));
        fault();
        while start.elapsed() < SHORTEST_TALK {
            thread::sleep(SHORTEST_TALK.saturating_sub(start.elapsed()));
        }
        drop(end);
        let said: usize = speakers.into_iter().map(|speaker| speaker.join().unwrap()).sum();
        let heard: Vec<_> = listeners.into_iter().map(|listener| listener.join().unwrap()).collect();
        floor_speaker.join().unwrap();
        let floor = Times::new(floor.join().unwrap());
        let heard = heard.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        if heard.len() != said {
            return Err(format!("{} of {said} messages arrived", heard.len()));
        }
        Ok((Times::new(heard), floor))
    })
}

struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn message(name: &str, other: &str, content: &str) -> Vec<u8> {
    let message = json!({ "type": "private", "sender": name, "target": other, "content": content });
    raw::frame(TEXT, message.to_string().as_bytes())
}

/// Says what time it is until it is over, or nobody takes it any more. Returns how often.
fn speak(mut stream: TcpStream, name: &str, other: &str, start: Instant, over: &AtomicBool) -> usize {
    let mut said = 0;
    while !over.load(Ordering::Acquire) {
        let now = start.elapsed();
        if stream.write_all(&message(name, other, &now.as_nanos().to_string())).is_err() {
            return said;
        }
        said += 1;
        thread::sleep(PACE.saturating_sub(start.elapsed() - now));
    }
    // Whoever was closed is told by who listens.
    let _ = stream.write_all(&message(name, other, FAREWELL));
    said
}

/// How long each word of the other's took, up to the last one; or what came instead of it.
fn listen(client: &mut Client, other: &str, start: Instant) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    let mut last = Duration::ZERO;
    loop {
        let message = match client.receive() {
            Received::Message(message) => message,
            end => return Err(format!("a bystander was closed: {end:?}")),
        };
        if message["type"] == "error" || message["user"] == other {
            return Err(format!("a bystander was refused, or left alone: {message}"));
        }
        if message["type"] != "private" || message["sender"] != other {
            continue;
        }
        let content = message["content"].as_str().unwrap();
        if content == FAREWELL {
            return Ok(times);
        }
        let said = Duration::from_nanos(content.parse().unwrap());
        assert!(said > last, "in order");
        last = said;
        times.push(start.elapsed().saturating_sub(said));
    }
}

fn speak_on_floor(mut stream: TcpStream, start: Instant, over: &AtomicBool) {
    while !over.load(Ordering::Acquire) {
        let now = start.elapsed();
        let mut word = [0; FLOOR_WORD_BYTES];
        word[..8].copy_from_slice(&(now.as_nanos() as u64).to_le_bytes());
        stream.write_all(&word).unwrap();
        thread::sleep((PACE / 2).saturating_sub(start.elapsed() - now));
    }
    // The echo ends, and then whoever listens to it.
    stream.shutdown(std::net::Shutdown::Write).unwrap();
}

fn listen_on_floor(stream: &mut TcpStream, start: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut word = [0; FLOOR_WORD_BYTES];
    while stream.read_exact(&mut word).is_ok() {
        let said = u64::from_le_bytes(word[..8].try_into().unwrap());
        times.push(start.elapsed().saturating_sub(Duration::from_nanos(said)));
    }
    times
}
