//! What the view and the loop read of the state. Nothing here changes anything.

use chat_protocol::Status;

use super::{
    Config, Conversations, Geometry, Ignored, LINE_MODE_REQUESTS_MAX, Link, Mode, Now, Roster, State,
    WAITING_LINES_MAX,
};
use crate::sanitize::Visible;

impl State {
    /// What does not change.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// The connection.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Who is connected.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The own status as the server assigned it.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// The status asked for, while the server has not answered.
    #[must_use]
    pub fn asked_status(&self) -> Option<Status> {
        self.outbox.asked_status()
    }

    /// The conversations.
    #[must_use]
    pub fn conversations(&self) -> &Conversations {
        &self.conversations
    }

    /// What the keys are for.
    #[must_use]
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// The entry that a search found.
    #[must_use]
    pub fn hit(&self) -> Option<u64> {
        match &self.mode {
            Mode::Search(search) => search.hit(),
            Mode::Line | Mode::Paste(_) => self.hit,
        }
    }

    /// Whom the user does not hear.
    #[must_use]
    pub fn ignored(&self) -> &Ignored {
        &self.ignored
    }

    /// Where things stand.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// A passing word for the status bar.
    #[must_use]
    pub fn passing_hint(&self) -> Option<&Visible> {
        self.hint.as_ref().map(|(text, _)| text)
    }

    /// Whether line mode takes another line now.
    #[must_use]
    pub fn wants_lines(&self) -> bool {
        !self.leaving_lines
            && self.waiting_lines.len() < WAITING_LINES_MAX
            && self.outbox.len() < LINE_MODE_REQUESTS_MAX
    }
}
