//! One peer: where it stands, and what each request means there.
//!
//! ```text
//!            register accepted         disconnect, too fast, binary frame
//!  Greeting ------------------> Joined ---------------------------------> Leaving
//!     |                           |                                          ^
//!     |                           +---- reads too slowly ---> Lost           |
//!     +--- not registered in time, too fast, binary frame, reads too slowly -+
//! ```
//!
//! Every request in every state is answered in [`Peer::admit`], without a wildcard: a new type of message does not
//! compile until each state has an answer to it.

use std::time::Duration;

use chat_protocol::{ClientMessage, FieldError, MessageKind, Received, UserName};

use super::PeerId;
use super::event::Event;
use super::mailbox::Mailbox;
use super::refusal::Refusal;
use crate::bucket::Bucket;
use crate::origin::Origin;

/// See the module's documentation.
#[derive(Debug)]
pub struct Peer {
    pub(crate) origin: Origin,
    pub(crate) state: State,
    pub(crate) mailbox: Mailbox,
    pub(crate) rate: Bucket,
    /// Since it once sent more than it may.
    pub(crate) flooding: Option<Box<Flooding>>,
}

/// Where a peer stands.
#[derive(Debug)]
pub enum State {
    /// Connected, not registered.
    Greeting {
        /// When it must have registered.
        deadline: Duration,
    },
    /// A user.
    Joined {
        /// The registered name.
        name: UserName,
        /// The last thing it did that counts as activity.
        active_at: Duration,
    },
    /// Gets what was said before, and nothing is received from it any more.
    Leaving,
    /// Has read too slowly: gets nothing more, nothing is received from it, and when its connection is closed the
    /// others are told. So a crowd that is lost at once is announced at the pace at which its connections close.
    Lost {
        /// The registered name.
        name: UserName,
    },
}

/// That a peer sent more than it may: when it last did, and since when without a pause in which it was forgiven.
#[derive(Debug, Clone, Copy)]
pub struct Flooding {
    pub(crate) since: Duration,
    pub(crate) last: Duration,
}

/// What a request comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// It goes to the room.
    Event(Event),
    /// It asks for the list, which changes nothing.
    List,
    /// It is the last.
    Leave,
    /// It is refused.
    Refuse(Refusal),
    /// The peer is not listened to any more.
    Ignore,
}

impl Peer {
    /// A peer that has just connected.
    #[must_use]
    pub fn new(origin: Origin, deadline: Duration) -> Self {
        Self {
            origin,
            state: State::Greeting { deadline },
            mailbox: Mailbox::default(),
            rate: Bucket::default(),
            flooding: None,
        }
    }

    /// The name, if it is registered.
    #[must_use]
    pub fn name(&self) -> Option<&UserName> {
        match &self.state {
            State::Joined { name, .. } | State::Lost { name } => Some(name),
            State::Greeting { .. } | State::Leaving => None,
        }
    }

    /// What a request of this peer comes to. Checks everything that needs no knowledge of others, in the order
    /// that makes sense to a person: who are you, do you speak for yourself, is it well said.
    pub fn admit(&self, peer: PeerId, received: Received<'_>) -> Admission {
        let Received { kind, sender, target: _, message } = received;
        let name = match (&self.state, kind) {
            (State::Leaving | State::Lost { .. }, _) => return Admission::Ignore,
            (State::Greeting { .. }, MessageKind::Register) => None,
            (State::Greeting { .. }, _) => return Admission::Refuse(Refusal::NotRegistered),
            (State::Joined { name, .. }, MessageKind::Register) => {
                return Admission::Refuse(Refusal::AlreadyRegistered(name.clone()));
            }
            (State::Joined { name, .. }, _) => Some(name),
        };
        if let Some(name) =
            name.filter(|name| !sender.as_deref().is_some_and(|sender| name.is_spelled(sender)))
        {
            let given = sender.map(|sender| sender.into_owned());
            return Admission::Refuse(Refusal::SenderMismatch { given, registered: name.clone() });
        }
        match message {
            Err(FieldError::TargetUnknown(name)) => {
                Admission::Refuse(Refusal::UserNotFound { name, was_message: kind == MessageKind::Private })
            }
            Err(error) => Admission::Refuse(Refusal::Field(error)),
            Ok(ClientMessage::Register { name }) => {
                Admission::Event(Event::Join { peer, name, origin: self.origin })
            }
            Ok(ClientMessage::Broadcast { text }) => Admission::Event(Event::Say { user: peer, text }),
            Ok(ClientMessage::Private { target, text }) => {
                Admission::Event(Event::Whisper { user: peer, target, text })
            }
            Ok(ClientMessage::ListUsers) => Admission::List,
            Ok(ClientMessage::UserInfo { target }) => Admission::Event(Event::AskInfo { user: peer, target }),
            Ok(ClientMessage::ChangeStatus { status }) => {
                Admission::Event(Event::SetStatus { user: peer, status })
            }
            Ok(ClientMessage::Disconnect) => Admission::Leave,
        }
    }
}
