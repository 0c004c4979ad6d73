//! What the server says: each of its messages, and what it changes.

use chat_protocol::{
    ErrorReport, MessageKind, ServerMessage, Status, StatusReason, Timestamp, UserName, UserStatus,
};

use super::entry::{Delivery, EntryKind};
use super::outbox::Request;
use super::{Effect, Link, State};
use crate::sanitize::{Visible, sanitize, sanitize_line};

impl State {
    pub(super) fn on_frame(&mut self, text: &str) {
        match ServerMessage::decode(text) {
            Ok(message) => self.on_message(message),
            // The next version of the protocol, or another team's: nothing that may stop the chat.
            Err(_) => self.hint(self.texts.not_understood()),
        }
    }

    fn on_message(&mut self, message: ServerMessage<'_>) {
        match message {
            ServerMessage::RegisterSuccess { user_list, .. } => {
                self.roster.clear();
                self.list(user_list.names().iter().map(AsRef::as_ref));
                // Some servers leave the newcomer out of the list.
                self.roster.set(self.config.name.clone(), Status::default());
                if matches!(self.link, Link::Registering { .. }) {
                    self.on_registered();
                }
            }
            ServerMessage::Broadcast { sender, content, timestamp } => {
                self.on_broadcast(&sender, &content, timestamp);
            }
            ServerMessage::Private { sender, target, content, timestamp } => {
                self.on_private(&sender, &target, &content, timestamp);
            }
            ServerMessage::ListUsersResponse { content, .. } => {
                self.on_list(content.names().iter().map(AsRef::as_ref));
            }
            ServerMessage::UserInfoResponse { target, content, .. } => {
                self.on_info(&target, &content.ip, content.status);
            }
            ServerMessage::StatusUpdate { content, reason, .. } => self.on_status(&content, reason),
            ServerMessage::UserDisconnected { .. } => self.on_departed(message.departed()),
            ServerMessage::Error(report) => self.on_error(&report),
        }
    }

    fn on_broadcast(&mut self, sender: &str, content: &str, at: Option<Timestamp>) {
        if self.config.name.is_spelled(sender) {
            match self.outbox.take_message(None, content) {
                Some(key) => self.deliver(&key, Delivery::Done, at),
                None => self.said_elsewhere(0, content, at),
            }
            return;
        }
        let (by, _) = self.name_from_wire(sender);
        let mention = self.is_mentioned(content);
        let id = self.push(0, at, EntryKind::Said { by, own: false, mention }, sanitize(content));
        if self.conversations.current_index() != 0 {
            self.conversations.at_mut(0).mark_unread(id, mention);
            if mention {
                self.bell();
            }
        }
    }

    fn on_private(&mut self, sender: &str, target: &str, content: &str, at: Option<Timestamp>) {
        if self.config.name.is_spelled(sender) {
            return self.on_receipt(target, content, at);
        }
        let (by, Some(peer)) = self.name_from_wire(sender) else {
            // Nobody whom one could answer: shown where it cannot be overlooked.
            let text = self.texts.private_of_nobody(&sanitize_line(content));
            let by = self.texts.invalid_name();
            self.push(0, at, EntryKind::Said { by, own: false, mention: true }, text);
            return;
        };
        let mention = self.is_mentioned(content);
        let index = self.conversations.find_or_open(&peer);
        let said = EntryKind::Said { by: by.clone(), own: false, mention };
        let id = self.push(index, at, said, sanitize(content));
        if index == self.conversations.current_index() {
            return;
        }
        self.conversations.at_mut(index).mark_unread(id, mention);
        self.bell();
        if self.conversations.at_mut(index).unread == 1 && !self.config.line_mode {
            let text = self.texts.private_from(&by, index + 1);
            self.notice(EntryKind::Pointer, text);
        }
    }

    /// An own private message came back.
    fn on_receipt(&mut self, target: &str, content: &str, at: Option<Timestamp>) {
        let peer = UserName::parse(target).ok();
        let key = match &peer {
            Some(peer) => self.outbox.take_message(Some(peer), content),
            None => match self.outbox.take_kind(MessageKind::Private) {
                Some(Request::Message { entry, .. }) => Some(entry),
                _ => None,
            },
        };
        match (key, peer) {
            (Some(key), _) => self.deliver(&key, Delivery::Done, at),
            (None, Some(peer)) => {
                let index = self.conversations.find_or_open(&peer);
                self.said_elsewhere(index, content, at);
            }
            (None, None) => {}
        }
    }

    /// Own words that this program did not send on this connection: shown, for they were said.
    fn said_elsewhere(&mut self, index: usize, content: &str, at: Option<Timestamp>) {
        let said = EntryKind::Said { by: self.own_name(), own: true, mention: false };
        let id = self.push(index, at, said, sanitize(content));
        self.print(index, id);
    }

    fn list<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.roster.replace(names.filter_map(|name| UserName::parse(name).ok()));
    }

    fn on_list<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str> + Clone) {
        self.list(names.clone());
        if self.outbox.take_kind(MessageKind::ListUsers).is_none() {
            return;
        }
        let count = names.len();
        let shown: Vec<String> = names
            .take(LISTED_NAMES_MAX)
            .map(|name| match self.name_from_wire(name) {
                (shown, Some(name)) => match self.roster.find(&name) {
                    Some(user) if user.status != Status::Activo => format!("{shown} ({})", user.status),
                    _ => shown.to_string(),
                },
                (shown, None) => shown.to_string(),
            })
            .collect();
        let text = self.texts.users(count, &shown.join(", "));
        self.notice(EntryKind::Notice, text);
    }

    fn on_info(&mut self, target: &str, ip: &str, status: Status) {
        let (shown, name) = self.name_from_wire(target);
        if let Some(name) = name {
            if self.config.name.is_spelled(name.as_str()) {
                self.status = Some(status);
            }
            if self.roster.find(&name).is_some() {
                self.roster.set(name, status);
            }
        }
        self.outbox.take_kind(MessageKind::UserInfo);
        let text = self.texts.info(&shown, &sanitize_line(ip), status);
        self.notice(EntryKind::Notice, text);
    }

    fn on_status(&mut self, content: &UserStatus<'_>, reason: Option<StatusReason>) {
        let (shown, Some(name)) = self.name_from_wire(&content.user) else { return };
        let status = content.status;
        let before = self.roster.set(name.clone(), status);
        if self.config.name.is_spelled(name.as_str()) {
            return self.on_own_status(status, reason);
        }
        match before {
            None => self.about(&name, self.texts.joined(&shown)),
            Some(before) if before != status && reason != Some(StatusReason::Joined) => {
                self.about(&name, self.texts.status_of(&shown, status, reason == Some(StatusReason::Idle)));
            }
            Some(_) => {}
        }
    }

    fn on_own_status(&mut self, status: Status, reason: Option<StatusReason>) {
        let before = self.status.replace(status);
        let answers =
            matches!(reason, Some(StatusReason::Requested) | None) && self.outbox.take_status(status);
        let text = match reason {
            _ if answers => self.texts.own_status(status),
            _ if before == Some(status) => return,
            Some(StatusReason::Idle) => self.texts.own_status_idle(status),
            // Servers without reasons assign this one by themselves only after the time limit.
            None if status == Status::Inactivo => self.texts.own_status_idle(status),
            Some(StatusReason::Active) => self.texts.own_status_back(status),
            Some(StatusReason::Requested | StatusReason::Joined) | None => self.texts.own_status(status),
        };
        self.notice(EntryKind::Notice, text);
    }

    fn on_departed(&mut self, name: Option<&str>) {
        let Some((shown, Some(name))) = name.map(|raw| self.name_from_wire(raw)) else { return };
        if self.config.name.is_spelled(name.as_str()) {
            return;
        }
        self.roster.remove(&name);
        self.about(&name, self.texts.left(&shown));
    }

    /// Something about a user: a line in the general chat, and in the conversation with that user.
    fn about(&mut self, name: &UserName, text: Visible) {
        self.push(0, None, EntryKind::Notice, text.clone());
        if let Some(index) = self.conversations.find(Some(name)).filter(|_| !self.config.line_mode) {
            self.push(index, None, EntryKind::Notice, text);
        }
    }

    fn on_error(&mut self, report: &ErrorReport<'_>) {
        let sentence = sanitize_line(&report.content);
        if matches!(self.link, Link::Registering { .. }) {
            return self.on_register_refused(report.code, sentence);
        }
        match self.outbox.take_refused(report.request.as_deref()) {
            Some(Request::Message { entry, .. }) => {
                self.deliver(&entry, Delivery::Refused, None);
                let index = self.conversations.find(entry.peer.as_ref()).unwrap_or(0);
                if self.config.line_mode {
                    return self.complain_refused(index, entry.id, &sentence);
                }
                self.push(index, None, EntryKind::Error, sentence.clone());
                if index != self.conversations.current_index() {
                    self.notice(EntryKind::Error, sentence);
                }
            }
            Some(_) | None => {
                self.failed = true;
                self.notice(EntryKind::Error, sentence);
            }
        }
    }

    fn complain_refused(&mut self, index: usize, id: u64, sentence: &Visible) {
        self.failed = true;
        let line = self.conversations.all()[index].entry(id).map(|entry| entry.text.flattened());
        let text = self.texts.line_refused(&line.unwrap_or_default(), sentence);
        self.effects.push(Effect::Complain(text));
    }

    /// Whether the own name stands in the text as a word.
    fn is_mentioned(&self, text: &str) -> bool {
        let own = self.config.name.as_str().to_lowercase();
        let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        text.to_lowercase()
            .split(|c| !in_name(c))
            .any(|word| word == own || word.trim_matches(['.', '-', '_']) == own)
    }
}

/// Names that one answer to `/usuarios` shows; the count says how many there are.
const LISTED_NAMES_MAX: usize = 500;
