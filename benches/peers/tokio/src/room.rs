//! The room: who is registered, under one lock. All that everybody hears is put into all channels while it is held,
//! so that all hear it in one order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::protocol::Author::Server;
use crate::protocol::{Reply, Request, Status, UserStatus, now};

/// The registered, by name.
pub struct Room {
    users: HashMap<String, Outbox>,
    /// Whether all others are told of who comes and goes.
    announces: bool,
}

impl Room {
    pub fn new(announces: bool) -> Self {
        Self { users: HashMap::new(), announces }
    }

    fn tell_all(&self, reply: &Reply) {
        let message = reply.encode();
        for outbox in self.users.values() {
            outbox.put(message.clone());
        }
    }

    fn names(&self) -> Vec<&str> {
        self.users.keys().map(String::as_str).collect()
    }
}

/// Where a connection's messages wait until they are written.
#[derive(Clone)]
pub struct Outbox {
    pub sender: Sender<Message>,
    pub writer: AbortHandle,
}

impl Outbox {
    /// Ends the connection if there is no place left.
    fn put(&self, message: Message) {
        if self.sender.try_send(message).is_err() {
            self.writer.abort();
        }
    }
}

/// A connection's part in the room, which ends when this is dropped.
pub struct Member {
    room: Arc<Mutex<Room>>,
    outbox: Outbox,
    name: Option<String>,
}

impl Member {
    pub fn new(room: Arc<Mutex<Room>>, outbox: Outbox) -> Self {
        Self { room, outbox, name: None }
    }

    pub fn on_request(&mut self, text: &str) {
        let Ok(request) = serde_json::from_str(text) else { return self.refuse("not a request") };
        match (request, self.name.as_deref()) {
            (Request::Register { sender }, None) => self.on_register(sender),
            (Request::Register { .. }, Some(_)) => self.refuse("this connection is registered already"),
            (_, None) => self.refuse("register first"),
            (Request::Broadcast { content }, Some(sender)) => {
                let broadcast = Reply::Broadcast { sender, content: &content, timestamp: now() };
                lock(&self.room).tell_all(&broadcast);
            }
            (Request::Private { target, content }, Some(sender)) => {
                let message =
                    Reply::Private { sender, target: &target, content: &content, timestamp: now() }.encode();
                match lock(&self.room).users.get(&target) {
                    None => self.refuse("the target is not connected"),
                    Some(_) if target == sender => self.tell(message),
                    Some(receiver) => {
                        receiver.put(message.clone());
                        self.tell(message);
                    }
                }
            }
            (Request::ListUsers, Some(_)) => {
                let room = lock(&self.room);
                let content = room.names();
                self.tell(Reply::ListUsersResponse { sender: Server, content, timestamp: now() }.encode());
            }
            (Request::ChangeStatus { content: status }, Some(user)) => {
                let content = UserStatus { user, status };
                let update = Reply::StatusUpdate { sender: Server, content, timestamp: now() };
                lock(&self.room).tell_all(&update);
            }
        }
    }

    fn on_register(&mut self, name: String) {
        let mut room = lock(&self.room);
        if room.users.contains_key(&name) {
            return self.refuse("this name is registered already");
        }
        if room.announces {
            let content = UserStatus { user: &name, status: Status::Activo };
            room.tell_all(&Reply::StatusUpdate { sender: Server, content, timestamp: now() });
        }
        room.users.insert(name.clone(), self.outbox.clone());
        let (content, user_list) = ("Registro exitoso", room.names());
        self.tell(Reply::RegisterSuccess { sender: Server, content, user_list, timestamp: now() }.encode());
        drop(room);
        self.name = Some(name);
    }

    fn refuse(&self, content: &str) {
        self.tell(Reply::Error { sender: Server, content, timestamp: now() }.encode());
    }

    fn tell(&self, message: Message) {
        self.outbox.put(message);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(user) = self.name.take() else { return };
        let mut room = lock(&self.room);
        room.users.remove(&user);
        if room.announces {
            let content = format!("{user} ha salido");
            room.tell_all(&Reply::UserDisconnected {
                sender: Server,
                content,
                user: &user,
                timestamp: now(),
            });
        }
    }
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}
