//! Every verdict of the examination, produced by the real program (or its library with a smaller budget) against
//! real sockets. What needs networks of its own is in `.ci/doctor`; `doctor_tidy.rs` sees that no code is left out.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use chat_client::doctor::examination::{Budget, STRANGE_FRAMES_MAX};
use chat_client::doctor::examine::{Request, examine};
use chat_client::doctor::facts::{Facts, Step, Survival};
use chat_client::doctor::verdict::{Code, Finding, finding, judge};
use chat_client::transport::Target;
use chat_protocol::UserName;
use chat_server::Config;
use rustix::net::listen;
use rustix::process::{Pid, Signal, kill_process};
use tungstenite::Message;
use tungstenite::handshake::derive_accept_key;

#[path = "pty/room.rs"]
#[expect(dead_code, reason = "the tests in pseudo-terminals need more of it")]
mod room;

#[path = "doctor/stand_in.rs"]
mod stand_in;

use room::Room;
use stand_in::{PATIENCE, bound, command, doctor, pass_on, read_request, waits};

#[track_caller]
fn assert_verdict(args: &[&str], code: &str, exit_status: i32, words: &[&str]) {
    let output = doctor(args);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.contains(&format!("\n{code}: ")), "no {code} in\n{said}");
    assert_eq!(output.status.code(), Some(exit_status), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word} in\n{said}");
    }
    assert!(!said.contains('\x1b'), "{said:?}");
    assert!(said.contains(&format!("--explain {code}")) || code == "OK", "{said}");
}

/// A server that is not ours: one connection, its request read, then what the test does with it.
fn stand_in(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || serve(listener.accept().expect("a client").0));
    port
}

/// The same that says its words and closes.
fn says(answer: &'static [u8]) -> u16 {
    stand_in(move |mut stream| {
        read_request(&mut stream);
        stream.write_all(answer).expect("the client reads");
    })
}

/// A WebSocket server that is not ours.
fn web_socket(serve: impl FnOnce(tungstenite::WebSocket<TcpStream>) + Send + 'static) -> u16 {
    stand_in(move |stream| serve(tungstenite::accept(stream).expect("a handshake")))
}

fn at(port: u16) -> Vec<String> {
    vec!["127.0.0.1".to_owned(), port.to_string()]
}

#[track_caller]
fn assert_verdict_at(port: u16, code: &str, exit_status: i32, words: &[&str]) {
    let args = at(port);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    assert_verdict(&args, code, exit_status, words);
}

/// The library with less time, for what is only seen when it runs out.
fn examined(port: u16, user: Option<&str>, idle: Option<Duration>, budget: Budget) -> Facts {
    let request = Request {
        target: Target { host: "127.0.0.1".into(), port },
        user: user.map(|name| UserName::parse(name).expect("a name")),
        idle,
    };
    examine(request, budget, |_| {}).expect("the system lets it")
}

const SHORT: Budget = Budget { step: Duration::from_secs(1), total: Duration::from_secs(20) };

#[test]
fn the_real_server_is_ok_and_nobody_is_told_of_a_stranger() {
    let room = Room::open();
    let (mut ana, _) = tungstenite::connect(format!("ws://127.0.0.1:{}/chat", room.port())).unwrap();
    let mut say = |text: &str| ana.send(Message::text(text)).unwrap();
    say(r#"{"type":"register","sender":"ana","content":null}"#);
    assert_verdict_at(room.port(), "OK", 0, &["responde not_registered", "chat-client SU_NOMBRE 127.0.0.1"]);
    say(r#"{"type":"list_users","sender":"ana"}"#);
    let mut heard = Vec::new();
    while !heard.iter().any(|text: &String| text.contains("list_users_response")) {
        heard.push(ana.read().unwrap().to_string());
    }
    assert_eq!(heard.len(), 2, "her registration and her list, and nothing between: {heard:?}");
}

#[test]
fn with_a_name_the_user_is_registered_and_leaves_at_once() {
    let room = Room::open();
    let port = room.port().to_string();
    for _ in 0..2 {
        assert_verdict(&["ana", "localhost", &port], "OK", 0, &["entró ana", "chat-client ana localhost"]);
    }
}

#[test]
fn whoever_was_registered_takes_leave() {
    let (sender, heard) = channel();
    let port = web_socket(move |mut socket| {
        for answer in [
            r#"{"type":"error","content":"x","code":"not_registered"}"#,
            r#"{"type":"register_success","content":"x","userList":["ana"]}"#,
        ] {
            sender.send(socket.read().unwrap().to_string()).unwrap();
            socket.send(Message::text(answer)).unwrap();
        }
        while let Ok(message) = socket.read() {
            sender.send(message.to_string()).unwrap();
        }
    });
    assert_verdict(&["ana", "127.0.0.1", &port.to_string()], "OK", 0, &["✓ registro"]);
    let heard: Vec<String> = heard.iter().collect();
    let types = ["list_users", "register", "disconnect"];
    for (text, kind) in heard.iter().zip(types) {
        assert!(text.starts_with(&format!(r#"{{"type":"{kind}","sender":"ana""#)), "{heard:?}");
    }
    assert!(heard.len() >= types.len(), "{heard:?}");
}

#[test]
fn a_name_in_use_is_refused_by_the_chat() {
    let room = Room::open();
    let port = room.port().to_string();
    let (mut ana, _) = tungstenite::connect(format!("ws://127.0.0.1:{port}/chat")).unwrap();
    ana.send(Message::text(r#"{"type":"register","sender":"ana","content":null}"#)).unwrap();
    ana.read().unwrap();
    assert_verdict(&["ANA", "127.0.0.1", &port], "NAME-IN-USE", 4, &["ANA ya está en uso"]);
}

#[test]
fn a_server_at_its_limits_is_full() {
    let room = Room::at(0, Config { max_clients: 1, ..Config::default() });
    let port = room.port().to_string();
    let (mut ana, _) = tungstenite::connect(format!("ws://127.0.0.1:{port}/chat")).unwrap();
    ana.send(Message::text(r#"{"type":"register","sender":"ana","content":null}"#)).unwrap();
    ana.read().unwrap();
    assert_verdict(&["beto", "127.0.0.1", &port], "SERVER-FULL", 4, &["--max-clients"]);
}

#[test]
fn a_refusal_for_another_reason_is_told_in_the_servers_words() {
    let refuses = |code: &'static str| {
        web_socket(move |mut socket| {
            socket.read().unwrap();
            socket.send(Message::text(r#"{"type":"error","content":"x","code":"not_registered"}"#)).unwrap();
            socket.read().unwrap();
            let error = format!(r#"{{"type":"error","content":"no\u001b[2J pasa",{code}"timestamp":1}}"#);
            socket.send(Message::text(error)).unwrap();
            while socket.read().is_ok() {}
        })
        .to_string()
    };
    let by_name = refuses(r#""code":"name_invalid","#);
    assert_verdict(&["ana", "127.0.0.1", &by_name], "REGISTER-REFUSED", 4, &["«no␛[2J pasa»"]);
    // Servers of other teams have no codes.
    let without_code = refuses("");
    assert_verdict(&["ana", "127.0.0.1", &without_code], "REGISTER-REFUSED", 4, &["no admite a ana"]);
    let by_address = refuses(r#""code":"address_taken","#);
    assert_verdict(&["ana", "127.0.0.1", &by_address], "ADDRESS-IN-USE", 4, &["--per-ip"]);
}

#[test]
fn a_name_that_nobody_knows_is_not_found() {
    // With an empty label it cannot be asked for: no name server is needed to say so.
    assert_verdict(&["a..b", "80"], "DNS-NOT-FOUND", 3, &["a..b", "? TCP          sin saber"]);
}

#[test]
fn a_closed_port_is_refused() {
    // Bound and kept, but not listened on: nobody else gets the port meanwhile.
    let (_socket, port) = bound();
    let words = ["✗ TCP", "127.0.0.1 es esta misma máquina", "? respuesta    sin saber"];
    assert_verdict_at(port, "NET-REFUSED", 3, &words);
}

#[test]
fn a_queue_that_takes_nobody_more_times_out() {
    let (socket, port) = bound();
    listen(&socket, 0).unwrap();
    // The queue holds one more than it was asked for; from then on packets are dropped.
    let filled: Vec<_> = (0..2).map_while(|_| connect_briefly(port)).collect();
    let facts = examined(port, None, None, SHORT);
    assert_eq!(judge(&facts).map(Code::as_str), Some("NET-TIMEOUT"), "after {} connections", filled.len());
    assert!(facts.took(Step::Tcp).is_some_and(|took| took >= SHORT.step), "{:?}", facts.took(Step::Tcp));
}

fn connect_briefly(port: u16) -> Option<TcpStream> {
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
    TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok()
}

#[test]
fn a_connection_that_is_reset_or_closed_at_once_is_told_apart() {
    let resets = stand_in(|mut stream| {
        // Closed with bytes unread: the system resets it.
        stream.read_exact(&mut [0; 1]).unwrap();
    });
    assert_verdict_at(resets, "NET-RESET", 3, &["✗ respuesta", "ni un byte"]);
    assert_verdict_at(says(b""), "NET-CLOSED", 3, &["✗ respuesta", "ni un byte"]);
    assert_verdict_at(says(b"HTT"), "NET-CLOSED", 3, &["✓ respuesta", "✗ HTTP"]);
}

#[test]
fn whoever_accepts_and_says_nothing_is_silent() {
    let began = Instant::now();
    assert_verdict_at(stand_in(waits), "SILENT", 3, &["✓ TCP", "✗ respuesta", "ni un byte  (5,0 s)"]);
    // And two for a greeting in TLS.
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let begins = stand_in(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/").unwrap();
        waits(stream);
    });
    assert_eq!(judge(&examined(begins, None, None, SHORT)).map(Code::as_str), Some("SILENT"));
}

#[test]
fn another_program_is_shown_by_its_first_bytes_which_do_nothing() {
    assert_verdict_at(
        stand_in(|mut stream| {
            stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").unwrap();
            waits(stream);
        }),
        "WRONG-SERVICE",
        3,
        &["(SSH)", r"«SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n»", "✗ HTTP"],
    );
    let hostile = says(b"\x1b]0;title\x07\x9b2J\xe2\x80\xae\r\n");
    assert_verdict_at(hostile, "WRONG-SERVICE", 3, &[r"«\x1b]0;title\x07\x9b2J\xe2\x80\xae\r\n»"]);
    assert_verdict_at(says(b"220 mail ESMTP\r\n"), "WRONG-SERVICE", 3, &["correo o FTP"]);
}

#[test]
fn a_tls_server_is_known_by_its_alert_or_by_what_it_tells_a_browser() {
    for answer in [
        // OpenSSL's alerts to what is no TLS: of protocol version and of an unexpected message.
        &b"\x15\x03\x01\x00\x02\x02\x46"[..],
        b"\x15\x03\x03\x00\x02\x02\x0a",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 46\r\n\r\nThe plain HTTP request was sent to HTTPS port\r\n",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        b"HTTP/1.1 301 Moved Permanently\r\nlocation:  https://chat.example/chat\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_verdict_at(says(answer), "TLS-EXPECTED", 3, &["sin TLS"]);
    }
}

#[test]
fn a_tls_server_that_hangs_up_without_a_word_is_greeted_in_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        read_request(&mut listener.accept().unwrap().0);
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 6];
        stream.read_exact(&mut head).unwrap();
        let mut rest = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]])) - 1];
        stream.read_exact(&mut rest).unwrap();
        // The alert handshake_failure.
        stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28").unwrap();
        head
    });
    assert_verdict_at(port, "TLS-EXPECTED", 3, &["ni un byte sin TLS; con TLS contesta", "? HTTP"]);
    assert_eq!(server.join().unwrap()[..2], [0x16, 0x03], "a handshake of TLS");
}

#[test]
fn another_http_server_is_not_the_chat() {
    for answer in [
        &b"HTTP/1.0 404 File not found\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 301 Moved\r\nLocation: http://example/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_verdict_at(says(answer), "HTTP-NOT-CHAT", 3, &["✓ HTTP", "✗ WebSocket", "HTTP/1."]);
    }
    assert_verdict_at(says(b"HTTP/banana\r\n\r\n"), "HTTP-NOT-CHAT", 3, &["✗ HTTP"]);
}

#[test]
fn a_refused_web_socket_has_its_status_and_its_own_advice() {
    for (answer, words) in [
        (
            &b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"[..],
            ["estado HTTP 403", "permita esta dirección"],
        ),
        (
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
            ["estado HTTP 429", "espere un minuto"],
        ),
        (
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            ["está lleno", "intente de nuevo"],
        ),
    ] {
        assert_verdict_at(says(answer), "WS-REFUSED", 3, &words);
    }
    let answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
    assert_verdict_at(says(answer), "PROXY-NO-CHAT", 3, &["HTTP 502", "detrás del proxy"]);
}

#[test]
fn an_upgrade_that_is_none_is_told() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    assert_verdict_at(says(answer), "PROTOCOL-HANDSHAKE", 3, &["✓ HTTP", "✗ WebSocket"]);
}

#[test]
fn an_upgrade_to_what_was_not_offered_is_told() {
    for taken in ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: mqtt"] {
        let serve = move |mut stream: TcpStream| {
            let request = read_request(&mut stream);
            let key = request.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("Sec-WebSocket-Key").then_some(value)
            });
            let accept = derive_accept_key(key.expect("a key").as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{taken}\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).expect("the client reads");
            waits(stream);
        };
        assert_verdict_at(stand_in(serve), "PROTOCOL-HANDSHAKE", 3, &["✓ HTTP", "✗ WebSocket"]);
    }
}

#[test]
fn a_web_socket_of_something_else_is_another_protocol() {
    let other = web_socket(|mut socket| {
        for _ in 0..STRANGE_FRAMES_MAX {
            socket.send(Message::text("{\"price\":1\u{1b}}")).unwrap();
        }
        while socket.read().is_ok() {}
    });
    assert_verdict_at(other, "PROTOCOL-OTHER", 3, &["✓ WebSocket", "«{\"price\":1␛}»"]);
    let violation = web_socket(|mut socket| {
        // A frame with reserved bits.
        socket.get_mut().write_all(b"\xf1\x00").unwrap();
        while socket.read().is_ok() {}
    });
    assert_verdict_at(violation, "PROTOCOL-OTHER", 3, &["✗ protocolo"]);
}

#[test]
fn a_greeting_of_another_kind_before_the_answer_is_borne_with() {
    let greets = web_socket(|mut socket| {
        for _ in 1..STRANGE_FRAMES_MAX {
            socket.send(Message::text("welcome")).unwrap();
        }
        socket.read().unwrap();
        socket.send(Message::text(r#"{"type":"error","content":"register first"}"#)).unwrap();
        while socket.read().is_ok() {}
    });
    assert_verdict_at(greets, "OK", 0, &["responde «register first»"]);
}

#[test]
fn a_web_socket_that_does_not_answer_is_silent() {
    let silent = web_socket(|mut socket| while socket.read().is_ok() {});
    let facts = examined(silent, None, None, SHORT);
    assert_eq!(judge(&facts).map(Code::as_str), Some("PROTOCOL-SILENT"));
    assert_eq!(finding(Step::WebSocket, &facts), Finding::Passed);
}

#[test]
fn a_web_socket_that_ends_before_the_answer_is_closed() {
    let closes = web_socket(|mut socket| {
        let frame = tungstenite::protocol::CloseFrame { code: 1001.into(), reason: "bye".into() };
        socket.close(Some(frame)).unwrap();
        while socket.read().is_ok() {}
    });
    assert_verdict_at(closes, "PROTOCOL-CLOSED", 3, &["el servidor se apaga", "✗ protocolo"]);
    let cuts = web_socket(|mut socket| {
        socket.read().unwrap();
    });
    assert_verdict_at(cuts, "PROTOCOL-CLOSED", 3, &["se cortó la conexión"]);
}

#[test]
fn steps_that_each_are_in_time_can_be_too_slow_together() {
    let slow = stand_in(|mut stream| {
        read_request(&mut stream);
        for byte in b"HTTP/1.1 101 Switching Protocols" {
            std::thread::park_timeout(Duration::from_millis(100));
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
        waits(stream);
    });
    let budget = Budget { step: PATIENCE, total: Duration::from_secs(1) };
    let began = Instant::now();
    let facts = examined(slow, None, None, budget);
    assert_eq!(judge(&facts).map(Code::as_str), Some("TOO-SLOW"));
    assert_eq!(finding(Step::FirstByte, &facts), Finding::Passed);
    assert_eq!(finding(Step::Http, &facts), Finding::Unknown, "what is not known is not failed");
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
}

/// What a proxy does with a connection on which nothing passes any more.
enum Proxy {
    /// It hangs up after this silence.
    Cuts(Duration),
    /// It keeps the connection and lets nothing more pass.
    Forgets,
}

impl Proxy {
    /// Stands before the server; it counts the silence from the registration on.
    fn before(self, server: u16) -> u16 {
        stand_in(move |client| {
            let upstream = TcpStream::connect(("127.0.0.1", server)).expect("the server accepts");
            let forgotten = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    pass_on(&client, &upstream, &forgotten, |_| {});
                    let _ = upstream.shutdown(Shutdown::Both);
                });
                pass_on(&upstream, &client, &forgotten, |passed| match self {
                    _ if !passed.contains("register_success") => {}
                    Self::Cuts(patience) => {
                        upstream.set_read_timeout(Some(patience)).expect("a time-out");
                    }
                    Self::Forgets => forgotten.store(true, Ordering::SeqCst),
                });
                let _ = client.shutdown(Shutdown::Both);
            });
        })
    }
}

#[test]
fn a_proxy_that_cuts_silent_connections_is_found_and_the_server_is_not_blamed() {
    let room = Room::open();
    let cuts = Proxy::Cuts(Duration::from_millis(300)).before(room.port()).to_string();
    let words = ["✗ en silencio", "✓ registro", "tiempo de inactividad del proxy"];
    assert_verdict(&["ana", "127.0.0.1", &cuts, "--idle", "60"], "IDLE-CUT", 3, &words);
}

#[test]
fn a_proxy_that_forgets_silent_connections_is_found_by_asking_afterwards() {
    let room = Room::open();
    let forgets = Proxy::Forgets.before(room.port());
    let facts = examined(forgets, Some("ana"), Some(Duration::from_millis(100)), SHORT);
    assert_eq!(judge(&facts).map(Code::as_str), Some("IDLE-CUT"));
    assert_eq!(facts.chat.idle.map(|(_, survival)| survival), Some(Survival::Deaf));
}

#[test]
fn a_connection_that_lives_in_silence_is_ok() {
    let room = Room::open();
    let port = room.port().to_string();
    assert_verdict(&["ana", "127.0.0.1", &port, "--idle", "1"], "OK", 0, &["✓ en silencio  viva tras 1 s"]);
}

#[test]
fn a_server_that_shuts_down_in_the_silence_says_so_itself() {
    let room = Room::open();
    let port = room.port().to_string();
    let mut child = command(&["ana", "127.0.0.1", &port, "--idle", "60"]);
    let mut child = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = lines_of(&mut child);
    waits_for(&lines, "registro");
    room.close();
    let rest: Vec<String> = lines.iter().collect();
    assert!(rest.iter().any(|line| line.starts_with("PROTOCOL-CLOSED: ")), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn interrupting_ends_it_cleanly_and_nothing_is_claimed() {
    let port = stand_in(waits).to_string();
    let mut child = command(&["127.0.0.1", &port]);
    let mut child = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = lines_of(&mut child);
    waits_for(&lines, "TCP");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let rest: Vec<String> = lines.iter().collect();
    assert!(rest.iter().any(|line| line.contains("? respuesta    sin saber")), "{rest:?}");
    assert!(rest.last().unwrap().starts_with("Interrumpido"), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

fn lines_of(child: &mut std::process::Child) -> Receiver<String> {
    use std::io::BufRead;
    let stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in stdout.lines() {
            if sender.send(line.expect("UTF-8")).is_err() {
                return;
            }
        }
    });
    lines
}

#[track_caller]
fn waits_for(lines: &Receiver<String>, word: &str) {
    while !lines.recv_timeout(PATIENCE).expect("more lines").contains(word) {}
}

#[test]
fn the_report_for_programs_has_the_same_verdict_and_leaves_unknown_what_is() {
    let port = says(b"SSH-2.0-x\r\n");
    let output = doctor(&["--json", "--lang", "en", "127.0.0.1", &port.to_string()]);
    assert_eq!(output.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(report["verdict"], "WRONG-SERVICE");
    assert_eq!(report["exit_status"], 3);
    assert_eq!(report["first_bytes"], r"SSH-2.0-x\r\n");
    assert_eq!(report["own_address"], "127.0.0.1");
    assert_eq!(report["http_status"], serde_json::Value::Null);
    let steps: Vec<_> = report["steps"].as_array().unwrap().iter().collect();
    let outcome = |name: &str| steps.iter().find(|step| step["step"] == name).map(|step| &step["outcome"]);
    assert_eq!(outcome("tcp").unwrap(), "passed");
    assert_eq!(outcome("http").unwrap(), "failed");
    assert_eq!(outcome("websocket").unwrap(), "unknown");
    assert_eq!(outcome("idle"), None, "it was not asked for");
}
