//! What changes the room, and what follows from it. Events stand in one total order; a log of them, durable or
//! shared by several servers, could stand between their admission and their application.

use std::net::IpAddr;

use chat_protocol::{MessageText, Status, StatusReason, UserName};

use super::PeerId;
use crate::origin::Origin;

/// A request that passed every check that needs no knowledge of other users. Whether it takes effect is for the
/// room to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A peer wants to be this user.
    Join {
        /// Who.
        peer: PeerId,
        /// The name it wants.
        name: UserName,
        /// Where it comes from.
        origin: Origin,
    },
    /// A user speaks to everybody.
    Say {
        /// Who.
        user: PeerId,
        /// What.
        text: MessageText,
    },
    /// A user speaks to one.
    Whisper {
        /// Who.
        user: PeerId,
        /// To whom.
        target: UserName,
        /// What.
        text: MessageText,
    },
    /// A user asks about one.
    AskInfo {
        /// Who.
        user: PeerId,
        /// About whom.
        target: UserName,
    },
    /// A user sets its status.
    SetStatus {
        /// Who.
        user: PeerId,
        /// To what.
        status: Status,
    },
    /// The inactivity limit has passed for a user.
    FallIdle {
        /// Who.
        user: PeerId,
    },
    /// A user leaves, or is lost.
    Leave {
        /// Who.
        user: PeerId,
    },
}

/// What follows from an event, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Everybody who is registered is told, by the order of the general chat.
    Everybody(Notice),
    /// The newcomer is told who is here; from now on it belongs to everybody.
    Welcome {
        /// The newcomer.
        peer: PeerId,
    },
    /// One user's words reach another, and come back to their sender as the receipt; once if both are the same.
    Whispered {
        /// Who spoke.
        user: PeerId,
        /// The speaker's name.
        sender: UserName,
        /// Who is spoken to.
        target: PeerId,
        /// That one's name.
        target_name: UserName,
        /// The words.
        text: MessageText,
    },
    /// A question is answered.
    Info {
        /// Who asked.
        user: PeerId,
        /// About whom.
        target: UserName,
        /// That one's address.
        address: IpAddr,
        /// That one's status.
        status: Status,
    },
}

/// Something that everybody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A user's words.
    Said {
        /// Whose.
        sender: UserName,
        /// The words.
        text: MessageText,
    },
    /// A user's status.
    Status {
        /// Whose.
        user: UserName,
        /// What it is now.
        status: Status,
        /// Why it is said.
        reason: StatusReason,
    },
    /// A user is no longer here.
    Left {
        /// Who.
        user: UserName,
    },
}
