//! `chat-server --doctor` as a process: its exit status, its words and its codes for ports that are free, held,
//! served, or served where nobody else gets in. The cloud is never asked here; that, and firewalls, are for network
//! namespaces (`.ci/server-doctor`).

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use support::server::{Finished, command, run};
use support::{Server, Value};

/// What the doctor may take, and what a machine that is busy with other tests adds to it.
const TIME_MAX: Duration = Duration::from_secs(10);

/// A port that nobody has, below those that systems give out by themselves, so that nobody gets it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed)).find(is_free).unwrap()
}

fn doctor(port: u16, options: &[&str]) -> Finished {
    let start = Instant::now();
    let finished = run(command(["--doctor", "--no-metadata"]).arg(port.to_string()).args(options));
    assert!(start.elapsed() < TIME_MAX, "{:?}", start.elapsed());
    assert_eq!(finished.stderr, "");
    finished
}

/// The report for programs, and the exit status, which must fit.
#[track_caller]
fn report(port: u16, options: &[&str]) -> (Value, Option<i32>) {
    let finished = doctor(port, &[&["--json", "--lang", "en"], options].concat());
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let is_clear = report["in_the_way"].as_array().unwrap().is_empty();
    assert_eq!(finished.code, Some(i32::from(!is_clear)), "{report:#}");
    (report, finished.code)
}

#[track_caller]
fn finding<'a>(report: &'a Value, code: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {report:#}"))
}

fn has(report: &Value, code: &str) -> bool {
    report["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code)
}

#[test]
fn a_free_port_is_free_and_stays_so() {
    let port = free_port();
    let (report, _) = report(port, &[]);
    assert_eq!(finding(&report, "PORT-FREE")["status"], "ok");
    assert_eq!(finding(&report, "LISTENS-ALL")["status"], "ok");
    assert_eq!(report["listeners"], support::json!([]));
    // Nothing was left behind: a server can have it at once.
    let server = Server::spawn(command(["--bind", "127.0.0.1"]).arg(port.to_string()).stderr(Stdio::piped()));
    assert_eq!(server.port, port);
}

#[test]
fn the_report_for_people_ends_with_the_rule_and_the_command() {
    let port = free_port();
    for (lang, rule, name) in [
        ("es", "Regla de entrada en el proveedor: TCP", "SU_NOMBRE"),
        ("en", "Inbound rule at the provider: TCP", "YOUR_NAME"),
    ] {
        let text = doctor(port, &["--lang", lang]).stdout;
        let mut lines = text.lines().rev().take_while(|line| !line.starts_with(rule));
        let command = lines.next().unwrap();
        assert!(
            command.contains(&format!("chat-client {name} ")) && command.ends_with(&format!(" {port}")),
            "{text}"
        );
        assert!(lines.all(|line| line.contains("chat-client")), "{text}");
        assert!(
            text.contains(rule) && text.contains("0.0.0.0/0") && text.contains("PUBLIC-ADDRESS"),
            "{text}"
        );
    }
}

#[test]
fn a_port_that_another_program_has_is_held_by_that_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let banner = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-\x1b[31mother\r\n").unwrap();
        let _ = stream.read(&mut [0; 512]);
        listener
    });
    let (report, code) = report(port, &[]);
    let _listener = banner.join().unwrap();
    assert_eq!(code, Some(1));
    let held = finding(&report, "PORT-HELD");
    assert_eq!(held["status"], "problem");
    let meaning = held["meaning"].as_str().unwrap();
    let pid = std::process::id();
    assert!(meaning.contains(&format!("(process {pid})")), "{meaning}");
    assert!(meaning.contains("SSH-2.0-\\x1b[31mother"), "shown without power: {meaning}");
    assert_eq!(held["next"].as_str().unwrap().rsplit(' ').next(), Some(pid.to_string().as_str()));
    assert_eq!(report["listeners"][0]["address"], "127.0.0.1");
    assert!(!has(&report, "LOOPBACK-ONLY"), "of somebody else's port that is not said");
}

#[test]
fn a_port_that_nobody_answers_on_is_held_within_the_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (report, code) = report(listener.local_addr().unwrap().port(), &[]);
    assert_eq!(code, Some(1));
    assert!(has(&report, "PORT-HELD"), "{report:#}");
}

#[test]
fn a_running_server_answers_and_notices_nobody() {
    let server = Server::spawn(command(["0"]).stderr(Stdio::piped()));
    let [mut ana] = server.room(["ana"]);
    let (report, _) = report(server.port, &[]);
    assert_eq!(finding(&report, "SERVER-ANSWERS")["status"], "ok");
    assert_eq!(finding(&report, "LISTENS-ALL")["status"], "ok");
    assert_eq!(report["listeners"][0]["program"], "chat-server");
    assert_eq!(ana.users(), ["ana"], "no stranger was announced");
}

#[test]
fn a_server_on_loopback_only_is_told_by_the_running_one_and_by_its_options() {
    let server = Server::start(&[]);
    let (running, code) = report(server.port, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(finding(&running, "SERVER-ANSWERS")["status"], "ok");
    let (planned, code) = report(free_port(), &["--bind", "127.0.0.1"]);
    assert_eq!(code, Some(1));
    assert!(has(&planned, "PORT-FREE"), "{planned:#}");
    for report in [running, planned] {
        let finding = finding(&report, "LOOPBACK-ONLY");
        assert_eq!(finding["status"], "problem");
        assert!(finding["meaning"].as_str().unwrap().contains("127.0.0.1"), "{finding}");
        assert_eq!(report["clients"][0]["from"], "this-machine");
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_called_well() {
    let mut server = Server::start(&[]);
    server.signal(rustix::process::Signal::STOP);
    let (report, code) = report(server.port, &[]);
    server.signal(rustix::process::Signal::CONT);
    assert_eq!(code, Some(1));
    assert_eq!(finding(&report, "SERVER-SILENT")["status"], "problem");
    assert!(server.is_running());
}

#[test]
fn an_address_of_another_machine_cannot_be_listened_on() {
    let (report, code) = report(free_port(), &["--bind", "198.51.100.7"]);
    assert_eq!(code, Some(1));
    assert!(finding(&report, "ADDRESS-ABSENT")["meaning"].as_str().unwrap().contains("198.51.100.7"));
}

#[test]
fn few_descriptors_are_in_the_way_with_the_number_of_users_that_fit() {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -n 64; exec \"$0\" --doctor --no-metadata --json --lang en \"$1\""])
        .arg(command([]).get_program())
        .arg(free_port().to_string());
    let finished = run(&mut shell);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let low = finding(&report, "DESCRIPTORS-LOW");
    assert!(low["meaning"].as_str().unwrap().contains("32 users fit of the 10000"), "{low}");
    // Whoever asks for no more than fit has enough.
    let (enough, _) = report_of_few("--max-clients 20");
    assert_eq!(finding(&enough, "DESCRIPTORS-OK")["status"], "ok");
}

fn report_of_few(options: &str) -> (Value, Option<i32>) {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -n 64; exec \"$0\" --doctor --no-metadata --json \"$1\" {options}");
    shell.args(["-c", &script]).arg(command([]).get_program()).arg(free_port().to_string());
    let finished = run(&mut shell);
    (serde_json::from_str(&finished.stdout).unwrap(), finished.code)
}

#[test]
fn without_metadata_the_public_address_is_unknown_and_not_absent() {
    let (report, _) = report(free_port(), &[]);
    if has(&report, "PUBLIC-ADDRESS") {
        return; // This machine has one on its own interface.
    }
    let unknown = finding(&report, "PUBLIC-ADDRESS-UNKNOWN");
    assert_eq!(unknown["status"], "unknown");
    assert!(unknown["meaning"].as_str().unwrap().contains("--no-metadata"), "{unknown}");
}

#[test]
fn a_udp_socket_of_the_same_number_is_in_nobodys_way() {
    let port = free_port();
    let _socket = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let (report, _) = report(port, &["--bind", "127.0.0.1"]);
    assert!(has(&report, "PORT-FREE"), "{report:#}");
}

#[test]
fn every_code_of_a_report_is_explained() {
    let (report, _) = report(free_port(), &["--bind", "127.0.0.1"]);
    for finding in report["findings"].as_array().unwrap() {
        let code = finding["code"].as_str().unwrap();
        let finished = run(&mut command(["--explain", code]));
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{code}");
        assert!(finished.stdout.starts_with(&format!("{code}\n\n")), "{}", finished.stdout);
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let unknown = ["--explain", "PORT-HOLD"];
    for args in [&["--doctor"][..], &["--doctor", "0"], &["--doctor", "x"], &["8080", "--json"], &unknown[..]]
    {
        let finished = run(command([]).args(args));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{args:?}");
    }
}
