//! The chat on tokio-tungstenite: for each connection a task that reads and a task that writes, a channel between
//! the room and the latter. What has piled up in the channel is fed to the sink, which is flushed once.
//!
//! It speaks the part of the protocol that the benchmark needs, prints its port, and ends when stdin does.

mod protocol;
mod room;

use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::{env, process, thread};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::{self, Receiver};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::room::{Member, Outbox, Room};

/// Messages that a client may have unsent. Who has more is closed.
const QUEUE_MAX: usize = 16 * 1024;
const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// As many as Linux allows: the library itself would let 128 wait to be accepted.
const BACKLOG: u32 = 4_096;

#[tokio::main]
async fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let read_buffer = args.iter().position(|arg| arg == "--read-buffer").and_then(|at| args.get(at + 1));
    let read_buffer = read_buffer.and_then(|bytes| bytes.parse().ok());
    if args.iter().any(|arg| arg == "--version") {
        println!("{}", version(read_buffer));
        return Ok(());
    }
    let mut config = WebSocketConfig::default().max_message_size(Some(REQUEST_BYTES_MAX));
    if let Some(bytes) = read_buffer {
        config = config.read_buffer_size(bytes);
    }
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let room = Arc::new(Mutex::new(Room::new(!args.iter().any(|arg| arg == "--no-announcements"))));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, config, room.clone()));
    }
}

/// One connection, until it ends.
async fn serve(stream: TcpStream, config: WebSocketConfig, room: Arc<Mutex<Room>>) {
    let Ok(socket) = accept_hdr_async_with_config(stream, check_path, Some(config)).await else { return };
    let (sink, stream) = socket.split();
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    let mut writer = tokio::spawn(write(sink, receiver));
    let mut member = Member::new(room, Outbox { sender, writer: writer.abort_handle() });
    tokio::select! {
        () = read(stream, &mut member) => writer.abort(),
        _ = &mut writer => {}
    }
}

/// Reads until the connection ends; the library answers pings and the close.
async fn read(mut stream: SplitStream<WebSocketStream<TcpStream>>, member: &mut Member) {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            member.on_request(&text);
        }
    }
}

/// Writes what comes out of the channel, as much at a time as there is.
async fn write(mut sink: SplitSink<WebSocketStream<TcpStream>, Message>, mut receiver: Receiver<Message>) {
    while let Some(message) = receiver.recv().await {
        if feed_all(&mut sink, message, &mut receiver).await.is_err() {
            return;
        }
    }
}

async fn feed_all(
    sink: &mut SplitSink<WebSocketStream<TcpStream>, Message>,
    first: Message,
    receiver: &mut Receiver<Message>,
) -> tungstenite::Result<()> {
    sink.feed(first).await?;
    while let Ok(message) = receiver.try_recv() {
        sink.feed(message).await?;
    }
    sink.flush().await
}

#[allow(clippy::result_large_err, reason = "the library's callback")]
fn check_path(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == "/chat" {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("The chat is a WebSocket at /chat.\n".to_owned()));
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    Err(refusal)
}

/// What it was built of, as the lock file has it.
fn version(read_buffer: Option<usize>) -> String {
    let of = |name: &str| {
        let lock = include_str!("../Cargo.lock");
        let entry = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
        entry.and_then(|(_, rest)| rest.split('"').next()).unwrap_or("?")
    };
    let read_buffer = read_buffer.map_or("default".to_owned(), |bytes| format!("{bytes} bytes"));
    format!(
        "tokio-tungstenite {} on tokio {}, read buffer: {read_buffer}",
        of("tokio-tungstenite"),
        of("tokio")
    )
}
