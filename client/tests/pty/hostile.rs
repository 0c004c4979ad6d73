//! A server that means harm, or is merely broken: whatever it says anywhere is noted or ignored, never a panic,
//! never raw on the terminal.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use chat_client::app::FRAME_TIME;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use crate::person::Person;

/// What a terminal must never get: titles, the clipboard, questions whose answers are typed, clearing, the other
/// screen, colours, C1 controls, backspaces, and what turns or hides text. Written as JSON.
const EVIL: &str = r"\u001b]0;PWN\u0007\u001b]52;c;aGk=\u0007\u001b]8;;http://x\u001b\\\u001bPq\u001b\\\u001b[2J\u001b[?1049l\u001b[?2004l\u001b[31m\u001b[6n\u001b[c\u009b2J\u009d0;PWN\u009c\b\r\u007f\u000e\u202e\u2066\u200f\u2028\u200b\u0000";

/// One server for one client after another: it accepts, greets, and says what it is told to.
struct Hostile {
    port: u16,
    tells: Sender<Tell>,
    /// What the client said.
    hears: Receiver<String>,
}

enum Tell {
    Frame(Message),
    /// Bytes past WebSocket.
    Raw(Vec<u8>),
    /// The end of this connection; the next one is accepted.
    Drop,
}

impl Hostile {
    /// Greets everybody with this list of users, as JSON.
    fn greeting(user_list: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (tells, told) = channel();
        let (says, hears) = channel();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if serve(stream, &user_list, &told, &says).is_none() {
                    return;
                }
            }
        });
        Self { port, tells, hears }
    }

    fn says(&self, json: &str) {
        self.tells.send(Tell::Frame(Message::text(json))).expect("it serves");
    }

    fn tells(&self, tell: Tell) {
        self.tells.send(tell).expect("it serves");
    }
}

/// Serves one client; nothing once nobody tells any more.
fn serve(stream: TcpStream, user_list: &str, told: &Receiver<Tell>, says: &Sender<String>) -> Option<()> {
    let Ok(mut socket) = tungstenite::accept(stream) else { return Some(()) };
    let Ok(register) = socket.read() else { return Some(()) };
    let _ = says.send(register.to_string());
    let greeting = format!(
        r#"{{"type":"register_success","sender":"{EVIL}","content":"{EVIL}","userList":{user_list},"timestamp":"{EVIL}"}}"#
    );
    let _ = socket.send(Message::text(greeting));
    loop {
        match told.recv().ok()? {
            Tell::Frame(message) => drop(socket.send(message)),
            Tell::Raw(bytes) => drop(raw(&mut socket, &bytes)),
            Tell::Drop => return Some(()),
        }
    }
}

fn raw(socket: &mut WebSocket<TcpStream>, bytes: &[u8]) -> std::io::Result<()> {
    socket.get_mut().write_all(bytes)
}

/// Every message with harm in every field, and `last` as the text of the last one.
fn evil_messages(last: &str) -> Vec<String> {
    let messages = [
        r#"{"type":"broadcast","sender":"EVIL","content":"EVIL","timestamp":"EVIL"}"#,
        r#"{"type":"broadcast","sender":"bob","content":"antes EVIL después\n23:59 -- carla ha salido","timestamp":"EVIL"}"#,
        r#"{"type":"broadcast","sender":"server","content":"EVIL"}"#,
        r#"{"type":"private","sender":"EVIL","target":"EVIL","content":"EVIL","timestamp":"EVIL"}"#,
        r#"{"type":"private","sender":"bob","target":"EVIL","content":"EVIL"}"#,
        r#"{"type":"private","sender":"ana","target":"EVIL","content":"EVIL"}"#,
        r#"{"type":"list_users_response","sender":"EVIL","content":["EVIL","bob","carla"],"timestamp":"EVIL"}"#,
        r#"{"type":"user_info_response","sender":"EVIL","target":"EVIL","content":{"ip":"EVIL","status":"ACTIVO"},"timestamp":"EVIL"}"#,
        r#"{"type":"user_info_response","sender":"server","target":"bob","content":{"ip":"10.0.0.1EVIL","status":"OCUPADO"}}"#,
        r#"{"type":"user_info_response","target":"bob","content":{"ip":"1","status":"EVIL"}}"#,
        r#"{"type":"status_update","sender":"EVIL","content":{"user":"EVIL","status":"ACTIVO"},"reason":"EVIL","timestamp":"EVIL"}"#,
        r#"{"type":"status_update","content":{"user":"bob","status":"EVIL"}}"#,
        r#"{"type":"user_disconnected","sender":"EVIL","content":"EVIL ha salido","user":"EVIL","timestamp":"EVIL"}"#,
        r#"{"type":"user_disconnected","content":"EVIL"}"#,
        r#"{"type":"error","sender":"EVIL","content":"EVIL","code":"EVIL","request":"EVIL","target":"EVIL","timestamp":"EVIL"}"#,
        r#"{"type":"error","content":"mal EVIL mal"}"#,
        r#"{"type":"EVIL","sender":"EVIL","content":"EVIL"}"#,
        r#"{"type":"confeti"}"#,
        r#"{"type":"broadcast","sender":7,"content":{"a":["EVIL"]}}"#,
        r#"{"type":"broadcast","sender":null,"content":null}"#,
        r#"{"type":["broadcast"]}"#,
        r#"[]"#,
        r#""EVIL""#,
        r#"{"#,
        "",
        "EVIL",
    ];
    let mut all: Vec<_> = messages.iter().map(|message| message.replace("EVIL", EVIL)).collect();
    all.push(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    all.push(format!(r#"{{"type":"broadcast","sender":"{}","content":"x"}}"#, "n".repeat(1 << 20)));
    all.push(format!(r#"{{"type":"broadcast","sender":"bob","content":"{}"}}"#, "m".repeat(1 << 20)));
    all.push(format!(r#"{{"type":"broadcast","sender":"bob","content":"{last}"}}"#));
    all
}

/// Fails unless the bytes are text and the control sequences of drawing: none that another's words could be.
fn assert_only_drawing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = &*text;
    while let Some(at) = rest.find('\x1b') {
        let sequence = &rest[at..];
        let end = sequence.char_indices().skip(2).find(|(_, c)| ('@'..='~').contains(c));
        let end = end.map_or(sequence.len(), |(end, _)| end + 1);
        let sequence = &sequence[..end];
        let modes = ["?25h", "?25l", "?1049h", "?1049l", "?2004h", "?2004l", "?2026h", "?2026l"];
        let is_ours = match sequence.strip_prefix("\x1b[") {
            Some(body) => body.ends_with(['m', 'H', 'J', 'K']) || modes.contains(&body),
            None => false,
        };
        assert!(is_ours, "{sequence:?} reached the terminal");
        rest = &rest[at + end..];
    }
    let controls = |c: char| c.is_control() && !matches!(c, '\x1b' | '\r' | '\n' | '\x07');
    assert!(!text.contains(controls), "a control character reached the terminal");
    let hidden = |c: char| matches!(c, '\u{202e}' | '\u{2066}' | '\u{200f}' | '\u{2028}' | '\u{200b}');
    assert!(!text.contains(hidden), "a character that turns or hides text reached the terminal");
}

#[test]
fn whatever_a_server_says_can_only_be_read() {
    let server = Hostile::greeting(format!(r#"["{EVIL}","bob","carla","ana"]"#));
    let mut ana = Person::joins("ana", server.port);
    for message in evil_messages("el último") {
        server.says(&message);
    }
    ana.sees("bob el último");
    ana.types("\x1b2");
    ana.sees("@bob>");
    ana.types("\x1b1");
    ana.types("sigo aquí");
    ana.sees("General> sigo aquí");
    assert!(ana.screen().alternate_screen() && ana.screen().bracketed_paste());
    let contents = ana.screen().contents();
    assert!(!contents.lines().any(|line| line.starts_with("23:59")), "a forged line:\n{contents}");
    // Its last words, and its words while nobody is connected.
    let reason = "adiós \u{1b}]0;PWN\u{7}\u{9b}2J";
    let close = CloseFrame { code: CloseCode::Library(4000), reason: reason.into() };
    server.tells(Tell::Frame(Message::Close(Some(close))));
    ana.sees("el servidor cerró la conexión (adiós");
    ana.sees("␛]0;PWN␇·2J)");
    assert_only_drawing(ana.bytes());
}

#[test]
fn whatever_a_server_says_is_a_harmless_line_in_line_mode() {
    let server = Hostile::greeting(format!(r#"["{EVIL}","bob","ana"]"#));
    let log = std::env::temp_dir().join(format!("chat-client-hostile-{}.log", std::process::id()));
    let mut child = Command::new(env!("CARGO_BIN_EXE_chat-client"))
        .args(["ana", "127.0.0.1", &server.port.to_string()])
        .env("LC_ALL", "es_GT.UTF-8")
        .env("RUST_LOG", "trace")
        .env("CHAT_LOG", &log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Not even JSON: what logs it is none of ours.
    server.says("\u{1b}]0;PWN\u{7}\u{9b}2J\r\n23:59 bob: forjado\u{202e}");
    for message in evil_messages("el último") {
        server.says(&message);
    }
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut out = Vec::new();
    while !out.ends_with(b"bob: el \xc3\xbaltimo\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("the last line comes");
        out.extend(byte);
    }
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("the program ends");
    let logged = std::fs::read(&log).expect("a log was asked for");
    std::fs::remove_file(&log).expect("the log is ours");
    assert!(!logged.is_empty());
    for bytes in [&out, &output.stderr, &logged] {
        assert_only_drawing(bytes);
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(['\x1b', '\x07', '\r']), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("23:59")), "a forged line:\n{text}");
    }
}

#[test]
fn a_server_that_breaks_websocket_is_left_and_tried_again() {
    let server = Hostile::greeting("[]".into());
    let mut ana = Person::joins("ana", server.port);
    ana.types("a medias");
    let too_big = [&[0x81, 127, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff][..], &[b'x'; 64]].concat();
    for (number, bytes) in [
        // A masked frame, a reserved opcode, text that is no UTF-8, a frame of 2 GiB, HTTP.
        b"\x81\x81abcdx".to_vec(),
        b"\x8f\x00".to_vec(),
        b"\x81\x02\xff\xfe".to_vec(),
        too_big,
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    ]
    .into_iter()
    .enumerate()
    {
        server.hears.recv().expect("it registers");
        server.tells(Tell::Raw(bytes));
        server.tells(Tell::Drop);
        ana.sees("sin conexión, reintento en");
        ana.says("\x15/reconectar");
        ana.sees("conectado de nuevo como ana");
        ana.says("\x15/limpiar");
        ana.sees_no("conectado de nuevo");
        ana.types(&format!("a medias {number}"));
        ana.sees(&format!("General> a medias {number}"));
    }
    server.tells(Tell::Frame(Message::binary(vec![0x1b, b'c'])));
    server.says(r#"{"type":"broadcast","sender":"bob","content":"y sigue"}"#);
    ana.sees("bob y sigue");
    assert_only_drawing(ana.bytes());
}

#[test]
fn ten_thousand_users_and_a_flood_leave_the_keys_alive() {
    let names: Vec<_> = (0..10_000).map(|number| format!("\"usuario{number:05}\"")).collect();
    let server = Hostile::greeting(format!("[{}]", names.join(",")));
    let mut ana = Person::joins("ana", server.port);
    ana.sees("Usuarios 10001");
    ana.sees("(+99");
    ana.types("@usuario0999\t");
    ana.sees("General> @usuario09990");
    ana.types("\t");
    ana.sees("General> @usuario09991");
    ana.types("\x15");
    let (began, frames_before) = (Instant::now(), ana.frames());
    for number in 0..20_000 {
        server.says(&format!(r#"{{"type":"broadcast","sender":"usuario1","content":"mensaje {number}"}}"#));
    }
    ana.types("entretanto");
    ana.sees("General> entretanto");
    ana.sees("mensaje 19999");
    // One frame in 33 ms, one for each key, and those under way at the beginning and at the end.
    let frames = ana.frames() - frames_before;
    let most = began.elapsed().as_millis() / FRAME_TIME.as_millis() + "entretanto".len() as u128 + 4;
    assert!(frames as u128 <= most, "{frames} frames, at most {most} were due");
    ana.types("\x15/usuarios\r");
    server.says(&format!(r#"{{"type":"list_users_response","content":[{}]}}"#, names.join(",")));
    ana.sees("usuario00199 y 9800 más");
}

#[test]
fn a_hundred_thousand_users_are_kept_within_bounds() {
    let names: Vec<_> = (0..100_000).map(|number| format!("\"u{number}\"")).collect();
    let server = Hostile::greeting(format!("[{}]", names.join(",")));
    let mut ana = Person::joins("ana", server.port);
    ana.sees("Usuarios 100000");
    ana.types("sigo aquí");
    ana.sees("General> sigo aquí");
}
