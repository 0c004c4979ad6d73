//! What the server says: each of its messages, and what it changes.

use chat_protocol::{
    ErrorCode, ErrorReport, MessageKind, ServerMessage, Status, StatusReason, Timestamp, UserName, UserStatus,
};

use super::entry::{Delivery, EntryKind};
use super::outbox::{EntryKey, Request, Sent};
use super::roster::Before;
use super::{Effect, Link, NOTICE_NAME_COLUMNS, State};
use crate::sanitize::{Visible, sanitize, sanitize_line};
use crate::texts::Refused;

impl State {
    pub(super) fn on_frame(&mut self, text: &str) {
        match ServerMessage::decode(text) {
            Ok(message) if self.is_registering() && !answers_register(&message) => {
                log::debug!("ignored before the answer to register");
            }
            Ok(message) => self.on_message(message),
            // The next version of the protocol, or another team's: nothing that may stop the chat.
            Err(_) => self.hint(self.texts.not_understood()),
        }
    }

    fn is_registering(&self) -> bool {
        matches!(self.link, Link::Registering { .. })
    }

    /// A request was answered.
    fn answered(&mut self) {
        self.progress_at = self.now.elapsed;
    }

    fn on_message(&mut self, message: ServerMessage<'_>) {
        match message {
            ServerMessage::RegisterSuccess { user_list, timestamp, .. } => {
                self.greeted_at = timestamp;
                self.roster.clear();
                self.list(user_list.names().iter().map(AsRef::as_ref));
                // Some servers leave the newcomer out of the list.
                self.roster.set(self.config.name.clone(), Status::default(), false);
                if self.is_registering() {
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
            ServerMessage::StatusUpdate { content, reason, timestamp, .. } => {
                self.on_status(&content, reason, timestamp);
            }
            ServerMessage::UserDisconnected { .. } => self.on_departed(message.departed()),
            ServerMessage::Error(report) => self.on_error(&report),
        }
    }

    fn on_broadcast(&mut self, sender: &str, content: &str, at: Option<Timestamp>) {
        if self.config.name.is_spelled(sender) {
            let key = self.outbox.take_message(None, content);
            return self.on_relayed(key, None, content, at);
        }
        let (by, name) = self.name_from_wire(sender);
        if name.is_some_and(|name| self.ignored.contains(&name)) {
            return;
        }
        let mention = self.is_mentioned(content);
        let said = EntryKind::Said { by: by.clone(), own: false, mention };
        let id = self.push(0, at, said, sanitize(content));
        if self.conversations.current_index() != 0 {
            self.conversations.at_mut(0).mark_unread(id, mention);
            if mention {
                self.alert(false, true, &by, content);
            }
        }
    }

    fn on_private(&mut self, sender: &str, target: &str, content: &str, at: Option<Timestamp>) {
        if self.config.name.is_spelled(sender) {
            return self.on_receipt(target, content, at);
        }
        let (by, peer) = self.name_from_wire(sender);
        let Some(peer) = peer else {
            // Nobody whom one could answer: shown where it cannot be overlooked.
            let text = self.texts.private_of_nobody(&sanitize(content));
            let said = EntryKind::Said { by: by.clone(), own: false, mention: true };
            let id = self.push(0, at, said, text);
            if self.conversations.current_index() != 0 {
                self.conversations.at_mut(0).mark_unread(id, true);
                self.alert(true, true, &by, content);
            }
            return;
        };
        if self.ignored.contains(&peer) {
            return;
        }
        let mention = self.is_mentioned(content);
        let index = self.conversations.find_or_open(&peer);
        let said = EntryKind::Said { by: by.clone(), own: false, mention };
        let id = self.push(index, at, said, sanitize(content));
        if index == self.conversations.current_index() {
            return;
        }
        self.conversations.at_mut(index).mark_unread(id, mention);
        self.alert(true, mention, &by, content);
        if self.conversations.at_mut(index).unread == 1 && !self.config.line_mode {
            let text = self.texts.private_from(&by.cut(NOTICE_NAME_COLUMNS), &self.way_to(index, &peer));
            self.notice(EntryKind::Pointer, text);
        }
    }

    /// An own private message came back.
    fn on_receipt(&mut self, target: &str, content: &str, at: Option<Timestamp>) {
        let peer = UserName::parse(target).ok();
        let key = match &peer {
            Some(peer) => self.outbox.take_message(Some(peer), content),
            None => self.outbox.take_private(content),
        };
        let peer = key.as_ref().and_then(|key| key.peer.clone()).or(peer);
        if peer.is_some() {
            self.on_relayed(key, peer.as_ref(), content, at);
        }
    }

    /// Own words came back. The entry may have been cleared away, or its answer given up.
    fn on_relayed(
        &mut self,
        key: Option<EntryKey>,
        peer: Option<&UserName>,
        content: &str,
        at: Option<Timestamp>,
    ) {
        self.answered();
        let late = || {
            let id = self.conversations.holding(peer)?.unconfirmed(&sanitize(content))?;
            Some(EntryKey { peer: peer.cloned(), id })
        };
        let key = key.or_else(late);
        if !key.is_some_and(|key| self.deliver(&key, Delivery::Done, at)) {
            let index = peer.map_or(0, |peer| self.conversations.find_or_open(peer));
            self.said_elsewhere(index, content, at);
        }
    }

    /// Own words that this program did not send on this connection: shown, for they were said.
    fn said_elsewhere(&mut self, index: usize, content: &str, at: Option<Timestamp>) {
        let said = EntryKind::Said { by: self.own_name(), own: true, mention: false };
        let id = self.push(index, at, said, sanitize(content));
        let peer = self.conversations.all()[index].peer.clone();
        self.print(peer.as_ref(), id);
    }

    fn list<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.roster.replace(names.filter_map(|name| UserName::parse(name).ok()));
    }

    fn on_list<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str> + Clone) {
        self.list(names.clone());
        if self.outbox.take_kind(MessageKind::ListUsers).is_none() {
            return;
        }
        self.answered();
        let count = names.len();
        let mut shown = Vec::new();
        let mut bytes = 0;
        for name in names.take(LISTED_NAMES_MAX) {
            let word = match self.name_from_wire(name) {
                (shown, Some(name)) => match self.roster.find(&name) {
                    Some(user) if user.status != Status::Activo => format!("{shown} ({})", user.status),
                    _ => shown.to_string(),
                },
                (shown, None) => shown.to_string(),
            };
            bytes += word.len() + ", ".len();
            if bytes > LISTED_BYTES_MAX {
                break;
            }
            shown.push(word);
        }
        let text = self.texts.users(count, &shown.join(", "), count - shown.len());
        self.notice(EntryKind::Notice, text);
    }

    fn on_info(&mut self, target: &str, ip: &str, status: Status) {
        let (shown, name) = self.name_from_wire(target);
        if let Some(name) = name {
            if self.config.name.is_spelled(name.as_str()) {
                self.status = Some(status);
            }
            if self.roster.find(&name).is_some() {
                self.roster.set(name, status, false);
            }
        }
        if self.outbox.take_kind(MessageKind::UserInfo).is_some() {
            self.answered();
        }
        let text = self.texts.info(&shown, &sanitize_line(ip), status);
        self.notice(EntryKind::Notice, text);
    }

    fn on_status(&mut self, content: &UserStatus<'_>, reason: Option<StatusReason>, at: Option<Timestamp>) {
        let (shown, Some(name)) = self.name_from_wire(&content.user) else { return };
        let status = content.status;
        let shown = shown.cut(NOTICE_NAME_COLUMNS);
        let before = self.roster.set(name.clone(), status, reason == Some(StatusReason::Joined));
        if self.config.name.is_spelled(name.as_str()) {
            return self.on_own_status(status, reason);
        }
        match before {
            Before::Absent => self.about(&name, self.texts.joined(&shown)),
            // How things stand is told to a newcomer in one breath with the greeting: no news.
            _ if at.is_some() && at == self.greeted_at => {}
            // Whether it is another one than before is not known of those who are not listed.
            Before::Was(before) if before != status && reason != Some(StatusReason::Joined) => {
                self.about(&name, self.texts.status_of(&shown, status, reason == Some(StatusReason::Idle)));
            }
            Before::Was(_) | Before::Unlisted => {}
        }
    }

    fn on_own_status(&mut self, status: Status, reason: Option<StatusReason>) {
        let before = self.status.replace(status);
        let answers =
            matches!(reason, Some(StatusReason::Requested) | None) && self.outbox.take_status(status);
        if answers {
            self.answered();
        }
        // A status that the server assigned by itself, or brought back, is nobody's wish.
        if answers || reason == Some(StatusReason::Requested) {
            self.chosen_status = Some(status);
        }
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
        self.about(&name, self.texts.left(&shown.cut(NOTICE_NAME_COLUMNS)));
    }

    /// Something about a user: a line in the general chat, and in the conversation with that user.
    fn about(&mut self, name: &UserName, text: Visible) {
        if self.ignored.contains(name) {
            return;
        }
        self.push(0, None, EntryKind::Notice, text.clone());
        if let Some(index) = self.conversations.find(Some(name)).filter(|_| !self.config.line_mode) {
            self.push(index, None, EntryKind::Notice, text);
        }
    }

    fn on_error(&mut self, report: &ErrorReport<'_>) {
        let sentence = sanitize_line(&report.content);
        if self.is_registering() {
            let refused = Refused::Registration(&self.config.name);
            let sentence = self.texts.refusal(report.code, refused, sentence);
            return self.on_register_refused(report.code, sentence);
        }
        let sent = self.outbox.take_refused(report.request.as_deref());
        if sent.is_some() {
            self.answered();
        }
        match sent {
            Some(Sent { line: Some(line), request, .. }) if report.code == Some(ErrorCode::RateLimited) => {
                if let Request::Message { entry, .. } = &request {
                    self.deliver(entry, Delivery::Refused, None);
                }
                self.put_back(line, request);
            }
            Some(Sent { request: Request::Message { entry, text }, pointer, .. }) => {
                if report.code == Some(ErrorCode::ContentTooLong) {
                    self.content_max = named_limit(&report.content, text.len()).or(self.content_max);
                }
                let (bytes, max) = (text.len(), self.content_max);
                let refused = Refused::Message { target: entry.peer.as_ref(), bytes, max };
                let sentence = self.texts.refusal(report.code, refused, sentence);
                self.on_message_refused(report.code, &entry, &text, pointer, sentence);
            }
            sent => {
                let refused = match sent.as_ref().map(|sent| &sent.request) {
                    Some(Request::Info { target }) => Refused::Question(target),
                    _ => Refused::Other,
                };
                let sentence = self.texts.refusal(report.code, refused, sentence);
                self.failed = true;
                self.notice(EntryKind::Error, sentence);
            }
        }
    }

    /// An own message was refused: said where it stands and where one looks.
    fn on_message_refused(
        &mut self,
        code: Option<ErrorCode>,
        entry: &EntryKey,
        text: &str,
        pointer: Option<EntryKey>,
        sentence: Visible,
    ) {
        if matches!(code, Some(ErrorCode::RateLimited | ErrorCode::UserNotFound)) {
            self.undelivered(entry, Delivery::Refused, text);
        } else {
            self.deliver(entry, Delivery::Refused, None);
        }
        if self.config.line_mode {
            self.failed = true;
            let text = self.texts.line_refused(&sanitize_line(text), &sentence);
            return self.effects.push(Effect::Complain(text));
        }
        // There is nothing to see where it points to.
        if let Some(pointer) = pointer
            && let Some(conversation) = self.conversations.holding_mut(pointer.peer.as_ref())
        {
            conversation.remove(pointer.id);
        }
        let index = self.conversations.find(entry.peer.as_ref());
        match index.filter(|index| *index != self.conversations.current_index()) {
            Some(index) if self.conversations.all()[index].is_futile() => self.conversations.forget(index),
            Some(index) => drop(self.push(index, None, EntryKind::Error, sentence.clone())),
            None => {}
        }
        self.notice(EntryKind::Error, sentence);
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

/// The most bytes that a server takes, if its sentence about a text of so many names them: the only number that is
/// less. No field does.
fn named_limit(sentence: &str, bytes: usize) -> Option<usize> {
    let numbers = sentence.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
    let mut less = numbers.filter(|number| (1..bytes).contains(number));
    less.next().filter(|_| less.next().is_none())
}

/// What else a server says before it accepts the user is about a chat that has not begun.
fn answers_register(message: &ServerMessage<'_>) -> bool {
    matches!(message, ServerMessage::RegisterSuccess { .. } | ServerMessage::Error(_))
}

/// Names that one answer to `/usuarios` shows; how many more there are is said.
pub const LISTED_NAMES_MAX: usize = 200;

/// Bytes of those names: they have to fit into one entry.
pub const LISTED_BYTES_MAX: usize = 3_500;

const _: () = assert!(LISTED_BYTES_MAX + 256 < crate::sanitize::TEXT_BYTES_MAX);
