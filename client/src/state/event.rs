//! What can happen to the client, and what it wants done about it: the vocabulary between the pure state and
//! the loop. No type here belongs to a socket, a terminal or WebSocket.

use std::time::Duration;

use chat_protocol::ErrorCode;
use chrono::{DateTime, FixedOffset};

use super::options::Notifications;
use crate::editor::Edit;
use crate::sanitize::Visible;

/// The time, read once per turn of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the program began; never goes back. Deadlines count in it.
    pub elapsed: Duration,
    /// The wall clock where the user is. Times on the screen are in its zone.
    pub wall: DateTime<FixedOffset>,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The program began; comes first, once.
    Start,
    /// The user pressed a key that means something, or pasted.
    Action(Action),
    /// A line of standard input, in line mode.
    Line(String),
    /// In line mode: a line that was not taken in whole.
    LongLine {
        /// Its beginning.
        begins: String,
        /// Its bytes.
        bytes: usize,
    },
    /// Standard input ended, in line mode.
    InputEnded,
    /// The connection did something.
    Link(LinkEvent),
    /// The terminal has this size now.
    Resized {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The system asks the program to end.
    Terminate,
    /// The time that [`super::State::deadline`] named has come.
    Tick,
}

/// What a key or a paste means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A character for the line.
    Insert(char),
    /// Pasted text for the line; never sends or runs anything.
    Paste(String),
    /// An edit of the line.
    Edit(Edit),
    /// Sends the line or carries out its command.
    Enter,
    /// Completes the word before the cursor; again: the next proposal, or the one before.
    Complete {
        /// The one before.
        back: bool,
    },
    /// Moves through the messages.
    Scroll(Scroll),
    /// Shows another conversation.
    Switch(Switch),
    /// Searches in the conversation that is shown; again: an older place.
    Search,
    /// To the newest message; closes the panel where it lies over the text.
    Escape,
    /// Shows the help.
    Help,
    /// Shows or hides the users.
    TogglePanel,
    /// Draws everything anew.
    Redraw,
    /// Clears the line; on an empty line asks, and the second time leaves.
    Interrupt,
    /// Deletes forward; on an empty line as [`Action::Interrupt`].
    DeleteOrInterrupt,
    /// Stops the program until the shell continues it.
    Suspend,
}

/// A movement through the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scroll {
    /// A page towards the oldest.
    PageUp,
    /// A page towards the newest.
    PageDown,
    /// A row towards the oldest.
    LineUp,
    /// A row towards the newest.
    LineDown,
    /// To the oldest.
    Oldest,
    /// To the newest, and stays there.
    Newest,
}

/// Which conversation to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// The one with this index; 0 is the general chat.
    To(usize),
    /// The last one.
    Last,
    /// The next one with something unread: mentions and private messages first.
    Unread,
    /// The one to the left.
    Back,
    /// The one to the right.
    Forward,
}

/// What the connection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is open: messages can be sent.
    Up,
    /// A text frame came.
    Frame(String),
    /// Something else came (a ping, a pong): the server lives.
    Heard,
    /// It could not be opened, or it ended. Nothing more comes from it.
    Down(LinkError),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkError {
    /// Nobody knows the host's name.
    UnknownHost,
    /// Nothing listens on that port.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The network does not lead there.
    Unreachable,
    /// What answered is not this chat's server.
    NotChat,
    /// The server takes no more connections for now.
    Full,
    /// The server takes no more connections from this address, or not so fast.
    TooMany,
    /// The server closed it.
    Closed {
        /// WebSocket's close code, if there was one.
        code: Option<u16>,
        /// The server's words, or none.
        reason: Visible,
    },
    /// It broke.
    Lost,
    /// Nothing was heard for too long.
    Silent,
}

/// Something to be done, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a connection.
    Connect,
    /// Send this text frame.
    Send(String),
    /// Send a ping.
    Ping,
    /// Drop the connection; nothing is to be heard from it any more.
    Disconnect,
    /// Take the terminal: the chat begins.
    OpenScreen,
    /// Draw everything anew.
    Redraw,
    /// Ring the bell.
    Bell,
    /// Have the terminal notify the user.
    Notify {
        /// By which control sequence.
        by: Notifications,
        /// What to say.
        text: Visible,
    },
    /// Give the terminal back and stop until continued.
    Suspend,
    /// A line for standard output, in line mode.
    Print(Visible),
    /// A line for standard error, in line mode.
    Complain(Visible),
    /// End the program.
    Quit(Exit),
}

/// How the program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The exit status.
    pub code: u8,
    /// A sentence for standard error, on the normal screen.
    pub sentence: Option<Visible>,
    /// With [`EXIT_REFUSED`]: the server's code for it, if it is one that has codes.
    pub refusal: Option<ErrorCode>,
}

/// The user left.
pub const EXIT_LEFT: u8 = 0;
/// The system denied what the program needs.
pub const EXIT_FAILED: u8 = 1;
/// The server cannot be reached, or it is not this chat's.
pub const EXIT_UNREACHABLE: u8 = 3;
/// The server refused the user.
pub const EXIT_REFUSED: u8 = 4;
/// In line mode: the connection was lost for good, or a line was refused or not confirmed.
pub const EXIT_LOST: u8 = 5;
