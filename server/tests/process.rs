//! The server as a process: its first line, its exit statuses, its signals and its log.

#![allow(clippy::unwrap_used, reason = "helpers are parts of tests")]

mod support;

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::raw::http;
use support::server::{command, run};
use support::{Client, Server};

// ---- The command line

#[test]
fn the_first_line_says_where_it_listens_and_ends_in_the_port() {
    let server = Server::start(&[]);
    let port = server.port;
    let line = format!(
        "chat-server {} escucha en 127.0.0.1, puerto {port}; desde esta máquina: chat-client SU_NOMBRE 127.0.0.1 {port}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(server.first_line, line);
    let english = Server::start(&["--lang", "en"]);
    assert!(english.first_line.contains("listens on 127.0.0.1"), "{}", english.first_line);
    assert_ne!(port, english.port);
}

#[test]
fn without_an_address_it_listens_on_both_families_and_shows_ipv4_as_ipv4() {
    let server = Server::spawn(command(["0"]).stderr(Stdio::piped()));
    assert!(server.first_line.contains("IPv4"), "{}", server.first_line);
    let [mut ana] = server.room(["ana"]);
    ana.request("user_info", support::json!({ "target": "ana" }));
    assert_eq!(ana.expect("user_info_response")["content"]["ip"], "127.0.0.1");
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // This machine has no IPv6.
    }
    let stream = std::net::TcpStream::connect(("::1", server.port)).unwrap();
    let (mut beto, _) = Client::connect_over(stream, &server, "/chat", None);
    beto.register("beto");
    ana.expect_status("beto", "ACTIVO", "joined");
    ana.request("user_info", support::json!({ "target": "beto" }));
    assert_eq!(ana.expect("user_info_response")["content"]["ip"], "::1");
}

#[test]
fn help_and_version_are_answers_on_stdout() {
    for (lang, usage) in [("es", "Uso: chat-server"), ("en", "Usage: chat-server")] {
        for option in ["--help", "-h"] {
            let help = run(&mut command(["--lang", lang, option]));
            assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
            assert!(help.stdout.contains(usage), "{}", help.stdout);
            for option in [
                "--bind",
                "--inactivity",
                "--per-ip",
                "--max-clients",
                "--max-message",
                "--rate",
                "--doctor",
                "--explain",
            ] {
                assert!(help.stdout.contains(option), "{option}: {}", help.stdout);
            }
        }
        let version = run(&mut command(["--version", "--lang", lang]));
        assert_eq!((version.code, version.stderr.as_str()), (Some(0), ""));
        assert_eq!(version.stdout, format!("chat-server {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn the_language_is_that_of_the_environment() {
    for (name, value, usage) in [
        ("LANG", "en_US.UTF-8", "Usage:"),
        ("LC_MESSAGES", "en_GB", "Usage:"),
        ("LC_ALL", "en", "Usage:"),
        ("LANG", "es_GT.UTF-8", "Uso:"),
        ("LANG", "de_DE.UTF-8", "Uso:"),
        ("LANG", "C.UTF-8", "Uso:"),
        ("LC_ALL", "POSIX", "Uso:"),
    ] {
        let help = run(command(["--help"]).env(name, value));
        assert!(help.stdout.contains(usage), "{name}={value}: {}", help.stdout);
    }
    let both = run(command(["--help"]).env("LANG", "en_US").env("LC_ALL", "es_ES"));
    assert!(both.stdout.contains("Uso:"), "LC_ALL comes first: {}", both.stdout);
}

#[test]
fn wrong_arguments_end_with_2_and_one_line_that_names_them() {
    for (args, named) in [
        (&[][..], "PUERTO"),
        (&["65536"], "65536"),
        (&["x"], "«x»"),
        (&["-1"], "-1"),
        (&["0", "1"], "«1»"),
        (&["0", "--nada"], "--nada"),
        (&["0", "--bind"], "--bind"),
        (&["0", "--bind", "localhost"], "localhost"),
        (&["0", "--inactivity", "-1"], "--inactivity"),
        (&["0", "--inactivity", "nan"], "--inactivity"),
        (&["0", "--max-clients", "0"], "--max-clients"),
        (&["0", "--max-message", "0"], "--max-message"),
        (&["0", "--rate", "x"], "--rate"),
        (&["0", "--per-ip", "1.5"], "--per-ip"),
        (&["0", "--lang", "fr"], "--lang"),
    ] {
        let ended = run(command([]).args(args));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}");
        let sentence = ended.stderr.strip_suffix('\n').unwrap();
        assert!(sentence.contains(named) && !sentence.contains('\n'), "{args:?}: {sentence}");
        assert!(sentence.starts_with("chat-server: ") && sentence.ends_with("--help"), "{sentence}");
    }
}

#[test]
fn a_port_in_use_ends_with_1_and_one_sentence_that_names_it() {
    let server = Server::start(&[]);
    let port = server.port.to_string();
    for lang in ["es", "en"] {
        let ended = run(command([]).args([&port, "--bind", "127.0.0.1", "--lang", lang]));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        let sentence = ended.stderr.strip_suffix('\n').unwrap();
        assert!(sentence.contains(&port) && !sentence.contains('\n'), "{sentence}");
    }
    // On all addresses it is in use as well.
    let ended = run(command([]).args([&port]));
    assert_eq!(ended.code, Some(1));
}

#[test]
fn an_address_of_another_machine_ends_with_1_and_one_sentence_that_names_it() {
    let ended = run(&mut command(["0", "--bind", "192.0.2.1"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let sentence = ended.stderr.strip_suffix('\n').unwrap();
    assert!(sentence.contains("192.0.2.1") && !sentence.contains('\n'), "{sentence}");
}

// ---- Signals

#[test]
fn a_signal_to_stop_closes_everybody_with_1001_and_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&[]);
        let [mut ana, mut beto] = server.room(["ana", "beto"]);
        let mut stranger = Client::connect(&server);
        let start = Instant::now();
        server.signal(signal);
        for client in [&mut ana, &mut beto, &mut stranger] {
            // Nobody is told that the others leave: that would empty every list of users.
            client.expect_closed(1001);
        }
        assert_eq!(server.wait().code(), Some(0));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

#[test]
fn what_was_said_before_a_stop_is_still_delivered() {
    let mut server = Server::start(&["--rate", "0"]);
    let [mut ana, mut beto] = server.room(["ana", "beto"]);
    for n in 0..100 {
        ana.say(&n.to_string());
    }
    // The server has all of it then, and beto has read nothing.
    for n in 0..100 {
        ana.expect_broadcast("ana", &n.to_string());
    }
    server.signal(Signal::TERM);
    for n in 0..100 {
        beto.expect_broadcast("ana", &n.to_string());
    }
    beto.expect_closed(1001);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn one_who_never_reads_does_not_put_the_stop_off() {
    let mut server = Server::start(&["--rate", "0"]);
    let [mut ana, stuck] = server.room(["ana", "mudo"]);
    for n in 0..200 {
        let text = format!("{n} {}", "x".repeat(4_000));
        ana.say(&text);
        ana.expect_broadcast("ana", &text);
    }
    let start = Instant::now();
    server.signal(Signal::TERM);
    ana.expect_closed(1001);
    assert_eq!(server.wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    drop(stuck);
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = Server::start(&[]);
        let [mut ana, stuck] = server.room(["ana", "mudo"]);
        server.signal(signal);
        ana.expect_closed(1001);
        // The first one was heard; the one who does not answer holds it up.
        assert!(server.is_running());
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(code));
        drop(stuck);
    }
}

#[test]
fn while_it_stops_nobody_is_let_in() {
    let mut server = Server::start(&[]);
    let [mut ana, stuck] = server.room(["ana", "mudo"]);
    server.signal(Signal::TERM);
    ana.expect_closed(1001);
    // Refused by the system or by the server, but not served.
    if let Ok(mut stream) = std::net::TcpStream::connect(server.address()) {
        support::client::be_patient(&stream);
        let _ = stream.write_all(support::raw::upgrade_request("/chat").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 101"), "{}", answer.escape_ascii());
    }
    assert_eq!(server.wait().code(), Some(0));
    drop(stuck);
}

#[test]
fn hang_up_broken_pipes_and_user_signals_change_nothing() {
    let mut server = Server::start(&[]);
    let [mut ana] = server.room(["ana"]);
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2, Signal::PIPE, Signal::HUP] {
        server.signal(signal);
        ana.say("sigue");
        ana.expect_broadcast("ana", "sigue");
    }
    assert!(server.is_running());
    server.signal(Signal::TERM);
    ana.expect_closed(1001);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn after_a_kill_the_same_port_can_be_had_at_once() {
    let mut first = Server::start(&[]);
    let [mut ana, _beto] = first.room(["ana", "beto"]);
    first.signal(Signal::KILL);
    first.wait();
    assert_eq!(ana.drain().1, support::Received::End);

    let port = first.port.to_string();
    let mut again = command([]);
    let second = Server::spawn(again.args([&port, "--bind", "127.0.0.1"]).stderr(Stdio::piped()));
    assert_eq!(second.port, first.port);
    let [mut ana] = second.room(["ana"]);
    assert_eq!(ana.users(), ["ana"]);
}

#[test]
fn after_a_stop_the_same_port_can_be_had_at_once() {
    let mut first = Server::start(&[]);
    let [mut ana, _stuck] = first.room(["ana", "mudo"]);
    first.signal(Signal::TERM);
    ana.expect_closed(1001);
    assert_eq!(first.wait().code(), Some(0));
    let port = first.port.to_string();
    let mut again = command([]);
    Server::spawn(again.args([&port, "--bind", "127.0.0.1"]).stderr(Stdio::piped())).room(["ana"]);
}

// ---- The log

/// A server with this stderr, and people who come, talk, are refused and go.
#[track_caller]
fn serves_with(stderr: Stdio) {
    let mut server =
        Server::spawn(command(["0", "--bind", "127.0.0.1"]).stderr(stderr).env("RUST_LOG", "trace"));
    for _ in 0..3 {
        let [mut ana, beto] = server.room(["ana", "beto"]);
        ana.say("hola");
        ana.expect_broadcast("ana", "hola");
        assert_eq!(http(&server, "POST / HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
        drop(beto);
        ana.expect_left("beto");
        ana.close(1000);
        ana.expect_closed(1000);
    }
    assert!(server.is_running());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_full_disk_under_the_log_does_not_stop_the_chat() {
    serves_with(File::options().write(true).open("/dev/full").unwrap().into());
}

#[test]
fn a_log_that_nobody_takes_any_more_does_not_stop_the_chat() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    serves_with(writer.into());
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_the_chat() {
    let (_reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'\n'; 65_536]).unwrap();
    serves_with(writer.into());
}

#[test]
fn a_closed_stderr_does_not_stop_the_chat() {
    let server = command([]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" 0 --bind 127.0.0.1 2>&-"]).arg(server.get_program());
    let mut server = Server::spawn(&mut shell);
    let [mut ana, beto] = server.room(["ana", "beto"]);
    drop(beto);
    ana.expect_left("beto");
    server.signal(Signal::TERM);
    ana.expect_closed(1001);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_name_or_a_request_cannot_forge_a_line_of_the_log() {
    let (reader, writer) = std::io::pipe().unwrap();
    let server = Server::spawn(
        command(["0", "--bind", "127.0.0.1"]).stderr(Stdio::from(writer)).env("RUST_LOG", "trace"),
    );
    let mut client = Client::connect(&server);
    client.try_register("a\nFALSO joined");
    client.expect_error("name_invalid");
    client.stream().write_all(&support::raw::frame(0x88, b"\x03\xe8\nFALSO\x1b[2J")).unwrap();
    client.expect_close();
    http(&server, "GET /\u{1b}[2J HTTP/1.1\r\nHost: \u{1b}FALSO\r\n\r\n");
    drop(server);
    let mut log = String::new();
    BufReader::new(reader).read_to_string(&mut log).unwrap();
    assert!(!log.contains('\u{1b}') && !log.lines().any(|line| line.starts_with("FALSO")), "{log}");
}
