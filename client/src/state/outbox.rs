//! The requests that the server has not answered yet, in the order they were sent.
//!
//! The protocol has no message id: echoes, receipts, responses and errors come in the order of the connection's
//! requests. So an answer belongs to the oldest request that it can be an answer to. Looking for the oldest that
//! fits, rather than insisting on the oldest of all, keeps the queue in step with servers that leave a request
//! unanswered. It knows nothing of texts on the screen but the key of the entry that waits.

use std::collections::VecDeque;
use std::time::Duration;

use chat_protocol::{MessageKind, Status, UserName};

/// Requests that may be out at once; the state refuses to send more.
pub const REQUESTS_MAX: usize = 256;

/// How long an answer is waited for. Some servers echo nothing, and must not stop the talk.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Where the entry of a sent message stands: the conversation's peer, if any, and the entry's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryKey {
    /// Whose conversation; `None` is the general chat.
    pub peer: Option<UserName>,
    /// The entry in it.
    pub id: u64,
}

/// A request that is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `register`
    Register,
    /// `broadcast` or `private`
    Message {
        /// The entry that shows it.
        entry: EntryKey,
        /// Its words, to tell its echo.
        text: String,
    },
    /// `list_users`
    List,
    /// `user_info`
    Info {
        /// About whom.
        target: UserName,
    },
    /// `change_status`
    Status(Status),
}

impl Request {
    fn kind(&self) -> MessageKind {
        match self {
            Self::Register => MessageKind::Register,
            Self::Message { entry: EntryKey { peer: None, .. }, .. } => MessageKind::Broadcast,
            Self::Message { .. } => MessageKind::Private,
            Self::List => MessageKind::ListUsers,
            Self::Info { .. } => MessageKind::UserInfo,
            Self::Status(_) => MessageKind::ChangeStatus,
        }
    }
}

/// A request, when it was sent and, in line mode, the line that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The request.
    pub request: Request,
    /// When.
    pub at: Duration,
    /// The line, to put it back.
    pub line: Option<String>,
    /// The line on the screen that points to the message from another conversation.
    pub pointer: Option<EntryKey>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    requests: VecDeque<Sent>,
}

impl Outbox {
    /// A request was sent.
    pub fn push(&mut self, request: Request, at: Duration, line: Option<String>) {
        self.requests.push_back(Sent { request, at, line, pointer: None });
    }

    /// The last request is pointed to from another conversation.
    pub fn point_to_last(&mut self, pointer: EntryKey) {
        if let Some(sent) = self.requests.back_mut() {
            sent.pointer = Some(pointer);
        }
    }

    /// When the oldest request has waited for its answer long enough.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.requests.front().map(|sent| sent.at + ANSWER_TIME)
    }

    /// The oldest request, if it has waited long enough.
    pub fn take_late(&mut self, now: Duration) -> Option<Request> {
        self.deadline().filter(|at| now >= *at)?;
        self.requests.pop_front().map(|sent| sent.request)
    }

    /// Whether no more may be sent until something is answered.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.requests.len() >= REQUESTS_MAX
    }

    /// Whether everything is answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// How many requests are out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// The oldest message to this peer (`None`: to all) with these words, else the oldest to this peer at all:
    /// a server may have changed the words.
    pub fn take_message(&mut self, peer: Option<&UserName>, words: &str) -> Option<EntryKey> {
        let peer = peer.map(UserName::key);
        let to_peer = |sent: &Sent| match &sent.request {
            Request::Message { entry, .. } => entry.peer.as_ref().map(UserName::key) == peer,
            _ => false,
        };
        let same_words =
            |sent: &Sent| matches!(&sent.request, Request::Message { text, .. } if text == words);
        let at = self
            .requests
            .iter()
            .position(|sent| to_peer(sent) && same_words(sent))
            .or_else(|| self.requests.iter().position(to_peer))?;
        match self.requests.remove(at)?.request {
            Request::Message { entry, .. } => Some(entry),
            _ => None,
        }
    }

    /// The oldest private message with these words, else the oldest of all: a receipt whose target cannot be
    /// read.
    pub fn take_private(&mut self, words: &str) -> Option<EntryKey> {
        let is_private = |sent: &Sent| sent.request.kind() == MessageKind::Private;
        let same_words =
            |sent: &Sent| matches!(&sent.request, Request::Message { text, .. } if text == words);
        let at = self
            .requests
            .iter()
            .position(|sent| is_private(sent) && same_words(sent))
            .or_else(|| self.requests.iter().position(is_private))?;
        match self.requests.remove(at)?.request {
            Request::Message { entry, .. } => Some(entry),
            _ => None,
        }
    }

    /// The oldest request of this kind.
    pub fn take_kind(&mut self, kind: MessageKind) -> Option<Sent> {
        let at = self.requests.iter().position(|sent| sent.request.kind() == kind)?;
        self.requests.remove(at)
    }

    /// The oldest request for this status.
    pub fn take_status(&mut self, status: Status) -> bool {
        let wanted = Request::Status(status);
        let at = self.requests.iter().position(|sent| sent.request == wanted);
        at.and_then(|at| self.requests.remove(at)).is_some()
    }

    /// The request that an error refuses: the oldest of the kind it names, else the oldest.
    pub fn take_refused(&mut self, kind: Option<&str>) -> Option<Sent> {
        let kind = kind.and_then(|word| MessageKind::ALL.into_iter().find(|kind| kind.as_str() == word));
        match kind {
            Some(kind) => self.take_kind(kind),
            None => self.requests.pop_front(),
        }
    }

    /// The status that was asked for last, while that is out.
    #[must_use]
    pub fn asked_status(&self) -> Option<Status> {
        self.requests.iter().rev().find_map(|sent| match sent.request {
            Request::Status(status) => Some(status),
            _ => None,
        })
    }

    /// The connection is gone: what was out stays unanswered.
    pub fn drain(&mut self) -> impl Iterator<Item = Request> {
        std::mem::take(&mut self.requests).into_iter().map(|sent| sent.request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(peer: Option<&str>, id: u64, text: &str) -> Request {
        let peer = peer.map(|name| UserName::parse(name).unwrap());
        Request::Message { entry: EntryKey { peer, id }, text: text.to_owned() }
    }

    fn outbox(requests: impl IntoIterator<Item = Request>) -> Outbox {
        let mut outbox = Outbox::default();
        requests.into_iter().for_each(|request| outbox.push(request, Duration::ZERO, None));
        outbox
    }

    #[test]
    fn equal_words_are_answered_in_the_order_sent() {
        let mut outbox = outbox([message(None, 1, "a"), message(None, 2, "a"), message(None, 3, "b")]);
        let ids: Vec<_> = ["a", "a", "b"]
            .iter()
            .filter_map(|text| outbox.take_message(None, text))
            .map(|key| key.id)
            .collect();
        assert_eq!(ids, [1, 2, 3]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_receipt_finds_its_peer_without_regard_to_case() {
        let mut outbox = outbox([message(None, 1, "a"), message(Some("ana"), 2, "a")]);
        let ana = UserName::parse("ANA").unwrap();
        assert_eq!(outbox.take_message(Some(&ana), "a").map(|key| key.id), Some(2));
        assert_eq!(outbox.take_message(Some(&ana), "a"), None);
        assert_eq!(outbox.take_message(None, "cambiado").map(|key| key.id), Some(1));
    }

    #[test]
    fn an_error_refuses_the_kind_it_names_else_the_oldest() {
        let requests = [message(None, 1, "a"), Request::Status(Status::Ocupado), Request::List];
        let mut first = outbox(requests.clone());
        let refused = |outbox: &mut Outbox, kind| outbox.take_refused(kind).map(|sent| sent.request);
        assert_eq!(refused(&mut first, Some("change_status")), Some(Request::Status(Status::Ocupado)));
        assert_eq!(refused(&mut first, None), Some(message(None, 1, "a")));
        assert_eq!(refused(&mut first, Some("user_info")), None);
        assert_eq!(refused(&mut outbox(requests), Some("confeti")), Some(message(None, 1, "a")));
    }

    #[test]
    fn the_status_asked_for_is_the_last_one_that_is_out() {
        let mut outbox = outbox([Request::Status(Status::Ocupado), Request::Status(Status::Inactivo)]);
        assert_eq!(outbox.asked_status(), Some(Status::Inactivo));
        assert!(outbox.take_status(Status::Inactivo) && !outbox.take_status(Status::Inactivo));
        assert_eq!(outbox.asked_status(), Some(Status::Ocupado));
    }
}
