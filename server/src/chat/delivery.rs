//! What peers are told: effects and refusals become messages, encoded once, in the ring or in single mailboxes.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use chat_protocol::{
    DISCONNECTED_SUFFIX, DecodeError, ErrorReport, REGISTER_SUCCESS_CONTENT, Received, SERVER_SENDER,
    ServerMessage, StatusReason, Timestamp, UserInfo, UserList, UserStatus, limits,
};

use super::event::{Effect, Notice};
use super::mailbox::TooSlow;
use super::peer::State;
use super::refusal::Refusal;
use super::{Chat, Output, PeerId};
use crate::frame;
use crate::moment::Moment;
use crate::origin;

/// What a message with a list of users is larger than the list, its frame's header included; an estimate.
const AROUND_LIST_BYTES: usize = 192;
/// A list of users is encoded anew at least this often while it is asked for, so that its timestamp is right.
const LIST_AGE_MAX: Duration = Duration::from_secs(1);

impl Chat {
    pub(super) fn deliver(&mut self, effect: Effect, now: Moment) {
        match effect {
            Effect::Everybody(notice) => self.post_to_all(&notice, now),
            Effect::Welcome { peer } => self.welcome(peer, now),
            Effect::Whispered { user, sender, target, target_name, text } => {
                let frame = self.encode(&ServerMessage::Private {
                    sender: sender.as_str().into(),
                    target: target_name.as_str().into(),
                    content: text.as_str().into(),
                    timestamp: Some(timestamp(now)),
                });
                if target != user {
                    self.post(target, frame.clone());
                }
                self.post(user, frame);
            }
            Effect::Info { user, target, address, status } => {
                let shown = if self.settings.masks_addresses { origin::masked(address) } else { address };
                let frame = self.encode(&ServerMessage::UserInfoResponse {
                    sender: SERVER_SENDER.into(),
                    target: target.as_str().into(),
                    content: UserInfo { ip: shown.to_string().into(), status },
                    timestamp: Some(timestamp(now)),
                });
                self.post(user, frame);
            }
        }
    }

    fn post_to_all(&mut self, notice: &Notice, now: Moment) {
        if self.is_stopping || self.room.is_empty() {
            return;
        }
        let timestamp = Some(timestamp(now));
        let message = match notice {
            Notice::Said { sender, text } => ServerMessage::Broadcast {
                sender: sender.as_str().into(),
                content: text.as_str().into(),
                timestamp,
            },
            Notice::Status { user, status, reason } => ServerMessage::StatusUpdate {
                sender: SERVER_SENDER.into(),
                content: UserStatus { user: user.as_str().into(), status: *status },
                reason: Some(*reason),
                timestamp,
            },
            Notice::Left { user } => ServerMessage::UserDisconnected {
                sender: SERVER_SENDER.into(),
                content: format!("{user}{DISCONNECTED_SUFFIX}").into(),
                user: Some(user.as_str().into()),
                timestamp,
            },
        };
        self.scratch.clear();
        frame::append_text(&mut self.scratch, |json| message.encode_into(json));
        // The count is only a hint, which saves most of the walks: newcomers and leavers are not in it.
        let may_restart = self.ring.wants_restart() && self.caught_up >= self.room.len();
        if may_restart && self.has_everybody_got_everything() {
            self.ring.restart();
        }
        self.ring.push(&self.scratch);
        self.caught_up = 0;
        let is_urgent = match notice {
            Notice::Said { .. } => true,
            Notice::Status { reason, .. } => !matches!(reason, StatusReason::Joined | StatusReason::Idle),
            Notice::Left { .. } => false,
        };
        self.outputs.push_back(Output::WakeAll { bytes: self.scratch.len(), is_urgent });
    }

    /// Walks all cursors.
    fn has_everybody_got_everything(&self) -> bool {
        self.peers.iter().flatten().all(|peer| peer.mailbox.has_all_of(&self.ring))
    }

    fn welcome(&mut self, id: PeerId, now: Moment) {
        let roster = self.room.roster();
        let stamp = Some(timestamp(now));
        let mut frames = Vec::with_capacity(roster.json_bytes() + AROUND_LIST_BYTES);
        let success = ServerMessage::RegisterSuccess {
            sender: SERVER_SENDER.into(),
            content: REGISTER_SUCCESS_CONTENT.into(),
            user_list: UserList::default(),
            timestamp: stamp,
        };
        frame::append_text(&mut frames, |json| {
            success.encode_with_list_into(json, |json| roster.append_json(json));
        });
        for (user, status, reason) in self.room.not_active() {
            let update = ServerMessage::StatusUpdate {
                sender: SERVER_SENDER.into(),
                content: UserStatus { user: user.as_str().into(), status },
                reason: Some(reason),
                timestamp: stamp,
            };
            frame::append_text(&mut frames, |json| update.encode_into(json));
        }
        let head = self.ring.head();
        if let Some(peer) = self.peers[id.0 as usize].as_mut() {
            peer.mailbox.subscribe(head);
        }
        self.post(id, frames.into());
    }

    pub(super) fn answer_list(&mut self, id: PeerId, now: Moment) {
        let fresh = self.list.as_ref().filter(|(_, at)| now.monotonic.saturating_sub(*at) < LIST_AGE_MAX);
        let frame = match fresh {
            Some((frame, _)) => frame.clone(),
            None => {
                let roster = self.room.roster();
                let response = ServerMessage::ListUsersResponse {
                    sender: SERVER_SENDER.into(),
                    content: UserList::default(),
                    timestamp: Some(timestamp(now)),
                };
                let mut frame = Vec::with_capacity(roster.json_bytes() + AROUND_LIST_BYTES);
                frame::append_text(&mut frame, |json| {
                    response.encode_with_list_into(json, |json| roster.append_json(json));
                });
                let frame = Bytes::from(frame);
                self.list = Some((frame.clone(), now.monotonic));
                frame
            }
        };
        self.post(id, frame);
    }

    pub(super) fn refuse(&mut self, id: PeerId, refusal: &Refusal, request: Described<'_>, now: Moment) {
        let frame = self.encode(&ServerMessage::Error(ErrorReport {
            sender: SERVER_SENDER.into(),
            content: refusal.sentence(self.settings.lang).into(),
            code: Some(refusal.code()),
            request: request.kind,
            target: request.target,
            timestamp: Some(timestamp(now)),
        }));
        self.outputs.push_back(Output::Refused { peer: id, code: refusal.code() });
        self.post(id, frame);
    }

    fn encode(&mut self, message: &ServerMessage<'_>) -> Bytes {
        self.scratch.clear();
        frame::append_text(&mut self.scratch, |json| message.encode_into(json));
        Bytes::copy_from_slice(&self.scratch)
    }

    fn post(&mut self, id: PeerId, frame: Bytes) {
        let mark = self.ring.head();
        let Some(peer) = self.peers.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        if matches!(peer.state, State::Lost { .. }) {
            return;
        }
        let bytes = frame.len();
        match peer.mailbox.push(mark, frame, self.settings.letter_bytes_max, &mut self.held) {
            Ok(()) => self.outputs.push_back(Output::Wake { peer: id, bytes }),
            Err(TooSlow) => self.too_slow.push(id),
        }
    }
}

fn timestamp(now: Moment) -> Timestamp {
    Timestamp::from_unix_millis(now.unix_millis)
}

/// A request as its error describes it.
#[derive(Debug, Default)]
pub(super) struct Described<'a> {
    kind: Option<Cow<'a, str>>,
    target: Option<Cow<'a, str>>,
}

impl<'a> Described<'a> {
    /// The type and the target as far as they are known. What is too long to be anybody's name is left out.
    pub(super) fn of(message: &Result<Received<'a>, DecodeError>) -> Self {
        let short = |text: &Cow<'a, str>| text.len() <= limits::TARGET_ECHO_BYTES_MAX;
        let (kind, target) = match message {
            Ok(received) => (Some(received.kind.as_str().into()), received.target.clone()),
            Err(DecodeError::UnknownType { kind, target }) => {
                (Some(kind.clone().into()), target.clone().map(Cow::Owned))
            }
            Err(DecodeError::Json | DecodeError::TooDeep | DecodeError::Shape) => (None, None),
        };
        Self { kind: kind.filter(short), target: target.filter(short) }
    }
}
