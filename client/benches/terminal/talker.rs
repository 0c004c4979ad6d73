//! The server of the measurement: one client, no rules, and as much to say as is asked of it.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use chat_protocol::ServerMessage;
use tungstenite::{Message, WebSocket};

use crate::Result;

/// The last messages of the load and of each flood: what is drawn of none of them looks like another's.
pub const LASTS: [&str; 3] = ["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"];

/// Messages of a flood that go out together: one write a millisecond.
const TICK: Duration = Duration::from_millis(1);

pub struct Talker {
    listener: TcpListener,
    wishes: Option<Sender<Flood>>,
    said: Receiver<Instant>,
    said_last: Option<Instant>,
    stream: Option<WebSocket<TcpStream>>,
}

struct Flood {
    rate: usize,
    time: Duration,
    last: &'static str,
}

impl Talker {
    pub fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (_, said) = channel();
        Ok(Self { listener, wishes: None, said, said_last: None, stream: None })
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().map_or(0, |address| address.port())
    }

    /// Takes the client in; says when the handshake was done.
    pub fn welcomes(&mut self) -> Result<Instant> {
        let (stream, _) = self.listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(crate::desk::PATIENCE))?;
        let mut stream = tungstenite::accept(stream).map_err(|error| error.to_string())?;
        let shaken = Instant::now();
        // The registration, whatever it says.
        stream.read()?;
        stream.send(Message::text(
            r#"{"type":"register_success","sender":"server","content":"Registro exitoso","userList":["ana","bob","carla"]}"#,
        ))?;
        self.stream = Some(stream);
        Ok(shaken)
    }

    /// So many messages in a private conversation, then in the general chat, as fast as they are taken.
    pub fn loads(&mut self, count: usize) -> Result<()> {
        let stream = self.stream.as_mut().ok_or("nobody is there")?;
        for number in 0..count {
            let content = content(number).into();
            let private = ServerMessage::Private {
                sender: "bob".into(),
                target: "ana".into(),
                content,
                timestamp: None,
            };
            stream.write(Message::text(private.encode()))?;
        }
        for number in 0..count {
            stream.write(general(&content(number)))?;
        }
        Ok(stream.send(general(LASTS[0]))?)
    }

    /// Begins to talk in the general chat, and goes on by itself.
    pub fn floods(&mut self, rate: usize, time: Duration, last: &'static str) {
        if let Some(stream) = self.stream.take() {
            let (wishes, to_do) = channel();
            let (done, said) = channel();
            std::thread::spawn(move || talk(stream, &to_do, &done));
            (self.wishes, self.said) = (Some(wishes), said);
        }
        self.said_last = None;
        if let Some(wishes) = &self.wishes {
            // If the thread is gone, the client is, and that is found out.
            let _ = wishes.send(Flood { rate, time, last });
        }
    }

    /// Whether the flood is over.
    pub fn is_silent(&mut self) -> bool {
        match self.said.try_recv() {
            Ok(at) => self.said_last = Some(at),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return true,
        }
        self.said_last.is_some()
    }

    /// When the last message of the flood had been written.
    pub fn said_last(&mut self) -> Result<Instant> {
        match self.said_last.take() {
            Some(at) => Ok(at),
            None => Ok(self.said.recv_timeout(crate::desk::PATIENCE)?),
        }
    }
}

/// Until nobody asks any more, or the client is gone.
fn talk(mut stream: WebSocket<TcpStream>, to_do: &Receiver<Flood>, done: &Sender<Instant>) {
    while let Ok(flood) = to_do.recv() {
        let outcome = pour(&mut stream, &flood);
        if outcome.is_err() || done.send(Instant::now()).is_err() {
            return;
        }
    }
}

/// On a fixed schedule: what the client did not take in time follows at once.
fn pour(stream: &mut WebSocket<TcpStream>, flood: &Flood) -> tungstenite::Result<()> {
    let began = Instant::now();
    let mut said = 0;
    loop {
        let elapsed = began.elapsed().min(flood.time);
        let due = (elapsed.as_secs_f64() * flood.rate as f64) as usize;
        for number in said..due {
            stream.write(general(&content(number)))?;
        }
        said = due;
        stream.flush()?;
        if elapsed == flood.time {
            return stream.send(general(flood.last));
        }
        std::thread::sleep(TICK);
    }
}

fn general(content: &str) -> Message {
    let message = ServerMessage::Broadcast { sender: "bob".into(), content: content.into(), timestamp: None };
    Message::text(message.encode())
}

/// One to three rows of words, some of them wide.
fn content(number: usize) -> String {
    let words = [
        "hola",
        "¿qué tal?",
        "你好 👋",
        "https://ejemplo.gt/uvg/so",
        "una frase algo más larga que las otras",
    ];
    let tail: Vec<_> = (0..number % 4).map(|step| words[(number + step) % words.len()]).collect();
    format!("mensaje {number} {}", tail.join(" "))
}
