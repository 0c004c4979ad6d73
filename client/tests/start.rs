//! What the chat says that cannot begin, beside what `--doctor` says in the same situation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Instant;

use chat_client::doctor::examination::{STEP_TIME, STRANGE_FRAMES_MAX};
use rustix::process::{Pid, Signal, kill_process};
use tungstenite::Message;

#[path = "pty/room.rs"]
#[expect(dead_code, reason = "the tests in pseudo-terminals need more of it")]
mod room;

#[path = "doctor/stand_in.rs"]
mod stand_in;

use room::Room;
use stand_in::{PATIENCE, bound, doctor, pass_on, read_request, waits};

/// What the chat says that cannot begin.
fn start(port: u16) -> Output {
    chat(port).output().expect("the program runs")
}

fn chat(port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.args(["ana", "127.0.0.1", &port.to_string()]).env("LC_ALL", "es_GT.UTF-8");
    command.env("XDG_CONFIG_HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// A server that is not ours, for everybody who comes.
fn stand_in_for_all(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream.expect("a client")));
        }
    });
    port
}

/// The same that says its words and closes.
fn says_to_all(answer: &'static [u8]) -> u16 {
    stand_in_for_all(move |mut stream| {
        read_request(&mut stream);
        stream.write_all(answer).expect("the client reads");
    })
}

fn web_socket_for_all(serve: impl Fn(tungstenite::WebSocket<TcpStream>) + Send + Sync + 'static) -> u16 {
    stand_in_for_all(move |stream| serve(tungstenite::accept(stream).expect("a handshake")))
}

/// As OpenSSL does it: whoever greets in TLS is answered, whoever speaks HTTP is not.
fn speaks_tls(mut stream: TcpStream) {
    let mut head = [0; 5];
    stream.read_exact(&mut head).expect("a beginning");
    if head[0] != 0x16 {
        let _ = stream.read(&mut [0; 4_096]);
        return;
    }
    stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))]).expect("a greeting");
    stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28").expect("the client reads");
}

/// The chat's own words and the doctor's are about the same code.
#[track_caller]
fn assert_same_verdict(port: u16, code: &str, reached: &str) {
    let started = std::thread::spawn(move || start(port));
    let examined = doctor(&["ana", "127.0.0.1", &port.to_string()]);
    let examined = String::from_utf8(examined.stdout).expect("UTF-8");
    let started = started.join().expect("it ran");
    let said = String::from_utf8(started.stderr).expect("UTF-8");
    assert!(examined.contains(&format!("\n{code}: ")), "no {code} in\n{examined}");
    assert_eq!(started.status.code(), Some(3), "{said}");
    for part in [&format!("chat-client: {code}: "), reached, "Qué hacer: ", &format!("--explain {code}")] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
}

#[test]
fn a_chat_that_cannot_begin_says_the_same_verdict_by_itself() {
    let (_socket, closed) = bound();
    let resets = stand_in_for_all(|mut stream| {
        let _ = stream.read_exact(&mut [0; 1]);
    });
    let ssh = stand_in_for_all(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-x\r\n");
        waits(stream);
    });
    let other = web_socket_for_all(|mut socket| {
        for _ in 0..STRANGE_FRAMES_MAX {
            let _ = socket.send(Message::text("welcome"));
        }
        while socket.read().is_ok() {}
    });
    let violation = web_socket_for_all(|mut socket| {
        let _ = socket.get_mut().write_all(b"\xf1\x00");
        while socket.read().is_ok() {}
    });
    let cut = web_socket_for_all(|mut socket| {
        let _ = socket.read();
    });
    let upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let to_https = b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port\r\n";
    for (port, code, reached) in [
        (closed, "NET-REFUSED", "nombre, ruta; falló en TCP"),
        (resets, "NET-RESET", "ruta, TCP; falló en respuesta"),
        (says_to_all(b""), "NET-CLOSED", "ruta, TCP; falló en respuesta"),
        (stand_in_for_all(speaks_tls), "TLS-EXPECTED", "ruta, TCP; falló en respuesta"),
        (says_to_all(to_https), "TLS-EXPECTED", "HTTP; falló en WebSocket"),
        (ssh, "WRONG-SERVICE", "nombre, ruta, TCP, respuesta; falló en HTTP"),
        (says_to_all(b"220 mail ESMTP\r\n"), "WRONG-SERVICE", "falló en HTTP"),
        (says_to_all(b"HTTP/1.0 404 No\r\n\r\n"), "HTTP-NOT-CHAT", "falló en WebSocket"),
        (
            says_to_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
            "WS-REFUSED",
            "nombre, ruta, TCP, respuesta, HTTP; falló en WebSocket",
        ),
        (
            says_to_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
            "PROXY-NO-CHAT",
            "falló en WebSocket",
        ),
        (says_to_all(upgrade), "PROTOCOL-HANDSHAKE", "falló en WebSocket"),
        (other, "PROTOCOL-OTHER", "HTTP, WebSocket; falló en protocolo"),
        (violation, "PROTOCOL-OTHER", "HTTP, WebSocket; falló en protocolo"),
        (cut, "PROTOCOL-CLOSED", "HTTP, WebSocket; falló en protocolo"),
    ] {
        assert_same_verdict(port, code, reached);
    }
}

#[test]
fn a_chat_that_cannot_begin_for_silence_says_the_same_and_that_it_examines() {
    let silent = std::thread::spawn(|| {
        assert_same_verdict(
            stand_in_for_all(waits),
            "SILENT",
            "no pudo empezar; se examina por qué, hasta 20 s",
        );
    });
    let deaf = web_socket_for_all(|mut socket| while socket.read().is_ok() {});
    assert_same_verdict(deaf, "PROTOCOL-SILENT", "HTTP, WebSocket; falló en protocolo");
    silent.join().expect("both are as expected");
}

#[test]
fn the_examination_of_a_start_can_be_left_and_what_was_seen_before_is_told() {
    // Whoever comes first is cut off, the others wait.
    let first = AtomicBool::new(true);
    let port = stand_in_for_all(move |mut stream| {
        read_request(&mut stream);
        if !first.swap(false, Ordering::SeqCst) {
            waits(stream);
        }
    });
    let mut child = chat(port).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("text");
    assert!(line.contains("se examina por qué"), "{line}");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    let began = Instant::now();
    said.read_to_string(&mut line).expect("text");
    assert!(line.contains("\nchat-client: NET-CLOSED: "), "{line}");
    assert_eq!(child.wait().expect("a child").code(), Some(3));
    assert!(began.elapsed() < STEP_TIME, "it went on: {:?}", began.elapsed());
}

#[test]
fn one_signal_ends_a_chat_whose_last_words_nobody_reads() {
    let (may_answer, answer) = channel();
    let (accepted, is_accepted) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let mut stream = listener.accept().expect("a client").0;
        accepted.send(()).expect("the test waits");
        answer.recv().expect("the test goes on");
        let _ = stream.write_all(b"SSH-2.0-x\r\n");
        waits(stream);
    });
    // A pipe that takes nothing more.
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(&[b'x'; PIPE_BYTES]).expect("an empty pipe takes so much");
    let mut child = chat(port).stderr(writer).spawn().expect("the program runs");
    is_accepted.recv_timeout(PATIENCE).expect("it connects");
    may_answer.send(()).expect("the server lives");
    let deadline = Instant::now() + PATIENCE;
    // Its loop is over, and it sleeps: in a write.
    while has_loop(&child) || !sleeps(&child) {
        assert!(Instant::now() < deadline, "it does not come to its last words");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    while child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < deadline, "one signal did not end it");
        std::thread::yield_now();
    }
    assert_eq!(child.wait().expect("a child").code(), Some(3));
    drop(reader);
}

fn has_loop(child: &Child) -> bool {
    let entries = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("it runs");
    let mut targets = entries.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.any(|target| target.to_string_lossy().contains("eventpoll"))
}

fn sleeps(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
}

/// What a pipe takes on Linux.
const PIPE_BYTES: usize = 64 << 10;

#[test]
fn a_chat_that_could_not_begin_and_answers_by_now_says_so() {
    let room = Room::open();
    let chat = room.port();
    // Whoever comes first is cut off.
    let first = AtomicBool::new(true);
    let port = stand_in_for_all(move |mut stream| {
        if first.swap(false, Ordering::SeqCst) {
            read_request(&mut stream);
            return;
        }
        let upstream = TcpStream::connect(("127.0.0.1", chat)).expect("the server accepts");
        let nothing = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                pass_on(&stream, &upstream, &nothing, |_| {});
                let _ = upstream.shutdown(Shutdown::Both);
            });
            pass_on(&upstream, &stream, &nothing, |_| {});
            let _ = stream.shutdown(Shutdown::Both);
        });
    });
    let output = start(port);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("chat-client: NET-CLOSED: "), "{said}");
    assert!(said.ends_with("Examinado después, el chat responde: intente de nuevo\n"), "{said}");
}
