//! The real program in pipes: what a script gives it and gets from it.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};

use crate::person::Person;
use crate::room::Room;

#[test]
fn lines_in_a_pipe_are_sent_and_answered_without_an_escape_byte() {
    let room = Room::open();
    let mut bob = Person::joins("bob", room.port());
    let (code, out, err) = piped(&room, "hola\n@bob en privado\n/estado ocupado\n");
    assert_eq!((code, &*err), (Some(0), ""));
    for line in ["ana: hola", "privado para bob: en privado", "-- su estado es OCUPADO"] {
        assert!(out.contains(line), "no {line} in\n{out}");
    }
    assert!(!out.contains('\x1b'));
    bob.sees("ana hola");
    bob.sees("privado de ana");
    bob.sees("ana ha salido");
}

#[test]
fn more_lines_in_a_pipe_than_the_server_takes_at_once_all_arrive() {
    let room = Room::open();
    let input: String = (0..100).map(|number| format!("línea {number}\n")).collect();
    let (code, out, err) = piped(&room, &format!("{input}/salir\ndespués\n"));
    assert_eq!((code, &*err), (Some(0), ""));
    assert_eq!(out.lines().filter(|line| line.contains("ana: línea ")).count(), 100, "{out}");
    assert!(!out.contains("después"));
}

#[test]
fn a_refused_line_in_a_pipe_is_told_on_stderr_and_in_the_exit_status() {
    let room = Room::open();
    let (code, out, err) = piped(&room, "hola\n@zoe hola\n");
    assert_eq!(code, Some(5));
    assert!(out.contains("ana: hola") && err.contains("rechazado: «hola»"), "{out}{err}");
}

#[test]
fn one_signal_ends_the_program_whose_reader_does_not_read() {
    let room = Room::open();
    ends_at_one_signal(stuck(&room));
}

#[test]
fn a_reader_that_was_slow_gets_every_line_and_the_program_ends_in_order() {
    let room = Room::open();
    let mut child = stuck(&room);
    drop(child.stdin.take());
    let mut out = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
    let numbers: Vec<_> = out.lines().filter_map(|line| line.rsplit_once("fin")).map(|(_, at)| at).collect();
    let expected: Vec<_> = (0..STUCK_LINES).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
    assert_eq!(child.wait().expect("a child").code(), Some(0));
}

#[test]
fn a_reader_that_goes_ends_the_program_quietly() {
    let room = Room::open();
    let mut child = starts_piped(&room);
    drop(child.stdout.take());
    writeln!(child.stdin.as_mut().expect("a pipe"), "hola").expect("the program reads");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn one_signal_ends_the_program_whose_complaints_nobody_reads() {
    let room = Room::open();
    ends_at_one_signal(complaining(&room));
}

#[test]
fn complaints_that_were_read_late_all_arrive() {
    let room = Room::open();
    let mut child = complaining(&room);
    drop(child.stdin.take());
    let mut complaints = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut complaints).expect("text");
    assert_eq!(complaints.lines().filter(|line| line.contains("/nada")).count(), COMPLAINTS);
    assert_eq!(child.wait().expect("a child").code(), Some(5));
}

fn ends_at_one_signal(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < deadline, "one signal did not end it");
        std::thread::yield_now();
    }
}

/// Runs the program until it has complained more than its standard error, which nobody reads, takes.
fn complaining(room: &Room) -> Child {
    let mut child = starts_piped(room);
    let stdin = child.stdin.as_mut().expect("a pipe");
    stdin.write_all("/nada\n".repeat(COMPLAINTS).as_bytes()).expect("they fit into the pipe");
    wait_until_full(child.stderr.as_ref().expect("a pipe"));
    child
}

/// In all more than a pipe and the program hold.
const COMPLAINTS: usize = 5_000;

/// Runs the program until its reader, who does not read, has a pipe full of lines.
fn stuck(room: &Room) -> Child {
    let mut child = starts_piped(room);
    let stdin = child.stdin.as_mut().expect("a pipe");
    for number in 0..STUCK_LINES {
        writeln!(stdin, "{} fin{number}", "x".repeat(4_000)).expect("the program reads");
    }
    wait_until_full(child.stdout.as_ref().expect("a pipe"));
    child
}

fn wait_until_full(pipe: impl AsFd) {
    let deadline = Instant::now() + PATIENCE;
    while ioctl_fionread(&pipe).expect("a pipe tells") < FULL_BYTES {
        assert!(Instant::now() < deadline, "the pipe does not fill");
        std::thread::yield_now();
    }
}

/// More than a pipe, the program and its standard input hold together.
const STUCK_LINES: usize = 40;
/// What a pipe of 64 KiB holds at least when it takes no more: of its last page only the beginning may be used.
const FULL_BYTES: u64 = 60_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the program as ana with this input: exit status, standard output, standard error.
fn piped(room: &Room, input: &str) -> (Option<i32>, String, String) {
    let mut child = starts_piped(room);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("the program reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

pub fn starts_piped(room: &Room) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chat-client"))
        .args(["ana", "127.0.0.1", &room.port().to_string()])
        .env("LC_ALL", "es_GT.UTF-8")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}
