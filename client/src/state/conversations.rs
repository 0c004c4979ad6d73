//! The conversations in the order of their tabs, and which of them is shown. The first is the general chat and
//! never goes.

use std::collections::VecDeque;

use chat_protocol::UserName;

use super::conversation::{Conversation, ENTRIES_MAX};
use super::event::Switch;
use crate::geometry::TextWidth;

/// Conversations that may be open; a private message of one more peer takes the place of the first private
/// conversation with nothing unread, written or unanswered in it.
pub const CONVERSATIONS_MAX: usize = 200;

/// Conversations that are kept after they were closed, to be found again as they were; the one that was closed
/// first is forgotten.
pub const CLOSED_MAX: usize = 50;

/// Bytes that the entries of all conversations take, open or closed: a peer who floods one costs no more, and takes
/// the place of its own older words, not of others'.
pub const ENTRY_BYTES_MAX: usize = 64 << 20;

/// See the module.
#[derive(Debug, Clone)]
pub struct Conversations {
    list: Vec<Conversation>,
    current: usize,
    entries_max: usize,
    bytes_max: usize,
    /// What has no tab any more, and comes back with the next word from there or to there.
    closed: VecDeque<Conversation>,
}

impl Default for Conversations {
    fn default() -> Self {
        Self::keeping(ENTRIES_MAX)
    }
}

impl Conversations {
    /// The general chat; each conversation keeps so many entries.
    #[must_use]
    pub fn keeping(entries_max: usize) -> Self {
        let general = Conversation::new(None).keeping(entries_max);
        let bytes_max = ENTRY_BYTES_MAX;
        Self { list: vec![general], current: 0, entries_max, bytes_max, closed: VecDeque::new() }
    }

    /// The same, but their entries take so many bytes.
    #[must_use]
    pub fn within(self, bytes_max: usize) -> Self {
        Self { bytes_max, ..self }
    }

    /// Keeps the entries of all within their bound: the oldest of whichever conversation takes most go.
    pub fn make_room(&mut self) {
        let mut bytes: usize = self.list.iter().chain(&self.closed).map(Conversation::bytes).sum();
        while bytes > self.bytes_max {
            let all = self.list.iter_mut().chain(&mut self.closed);
            let Some(largest) = all.max_by_key(|it| it.bytes()) else { return };
            let before = largest.bytes();
            if !largest.forget_oldest() {
                return;
            }
            bytes -= before - largest.bytes();
        }
    }

    /// All, in the order of their tabs.
    #[must_use]
    pub fn all(&self) -> &[Conversation] {
        &self.list
    }

    /// The index of the one that is shown.
    #[must_use]
    pub fn current_index(&self) -> usize {
        self.current
    }

    /// The one that is shown.
    #[must_use]
    pub fn current(&self) -> &Conversation {
        &self.list[self.current]
    }

    /// The one that is shown.
    pub fn current_mut(&mut self) -> &mut Conversation {
        &mut self.list[self.current]
    }

    /// The one at an index.
    pub fn at_mut(&mut self, index: usize) -> &mut Conversation {
        &mut self.list[index]
    }

    /// Where the conversation with a peer stands; `None` is the general chat.
    #[must_use]
    pub fn find(&self, peer: Option<&UserName>) -> Option<usize> {
        let key = peer.map(UserName::key);
        self.list.iter().position(|conversation| conversation.peer.as_ref().map(UserName::key) == key)
    }

    /// The conversation with a peer, whether it has a tab or was closed.
    #[must_use]
    pub fn holding(&self, peer: Option<&UserName>) -> Option<&Conversation> {
        let key = peer.map(UserName::key);
        self.list.iter().chain(&self.closed).find(|it| it.peer.as_ref().map(UserName::key) == key)
    }

    /// The same, to change it.
    pub fn holding_mut(&mut self, peer: Option<&UserName>) -> Option<&mut Conversation> {
        let key = peer.map(UserName::key);
        self.list.iter_mut().chain(&mut self.closed).find(|it| it.peer.as_ref().map(UserName::key) == key)
    }

    /// Where the conversation with a peer stands; it is opened, not shown, if there was none.
    pub fn find_or_open(&mut self, peer: &UserName) -> usize {
        if let Some(index) = self.find(Some(peer)) {
            return index;
        }
        if self.list.len() >= CONVERSATIONS_MAX {
            let others = || (1..self.list.len()).filter(|at| *at != self.current);
            let idle = others().find(|at| self.list[*at].is_idle());
            // If all have something, then one that was at least read goes, and the first if none was.
            let place = idle.or_else(|| others().find(|at| self.list[*at].unread == 0));
            let place = place.or_else(|| others().next());
            place.into_iter().for_each(|at| self.remove(at));
        }
        let closed =
            self.closed.iter().position(|it| it.peer.as_ref().map(UserName::key) == Some(peer.key()));
        let conversation = closed.and_then(|at| self.closed.remove(at));
        let fresh = || Conversation::new(Some(peer.clone())).keeping(self.entries_max);
        self.list.push(conversation.unwrap_or_else(fresh));
        self.list.len() - 1
    }

    /// Shows another one; what was cut last goes along. Says whether there is such a one.
    pub fn switch(&mut self, to: Switch, width: TextWidth) -> bool {
        let count = self.list.len();
        let Some(index) = (match to {
            Switch::To(index) => Some(index).filter(|index| *index < count),
            Switch::Last => Some(count - 1),
            Switch::Unread => self.next_unread(),
            Switch::Back => Some((self.current + count - 1) % count),
            Switch::Forward => Some((self.current + 1) % count),
        }) else {
            return false;
        };
        if index != self.current {
            let killed = self.current_mut().editor.take_killed();
            self.current_mut().forget_marker();
            self.current = index;
            self.current_mut().editor.set_killed(killed);
            self.current_mut().open(width);
        }
        true
    }

    /// Takes a private conversation that is not shown away for good.
    pub fn forget(&mut self, index: usize) {
        if index != 0 && index != self.current {
            self.take(index);
        }
    }

    /// Closes the private conversation that is shown; the general chat comes back. Says whether it was one.
    pub fn close_current(&mut self, width: TextWidth) -> bool {
        let index = self.current;
        if index == 0 {
            return false;
        }
        self.switch(Switch::To(0), width);
        self.remove(index);
        true
    }

    /// The next conversation with something unread, those with mentions and private ones first.
    fn next_unread(&self) -> Option<usize> {
        let count = self.list.len();
        let around = || (1..count).map(|step| (self.current + step) % count);
        let urgent = |index: &usize| {
            let conversation = &self.list[*index];
            conversation.unread > 0 && (conversation.mentions > 0 || conversation.peer.is_some())
        };
        around().find(urgent).or_else(|| around().find(|index| self.list[*index].unread > 0))
    }

    fn remove(&mut self, index: usize) {
        let conversation = self.take(index);
        self.closed.push_back(conversation);
        if self.closed.len() > CLOSED_MAX {
            self.closed.pop_front();
        }
    }

    fn take(&mut self, index: usize) -> Conversation {
        if self.current > index {
            self.current -= 1;
        }
        self.list.remove(index)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::sanitize::{TEXT_BYTES_MAX, Visible, sanitize};
    use crate::state::EntryKind;

    const WIDTH: TextWidth = TextWidth { head: 0, row: 40 };

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn conversations(peers: &[&str]) -> Conversations {
        let mut conversations = Conversations::default();
        for peer in peers {
            conversations.find_or_open(&name(peer));
        }
        conversations
    }

    #[test]
    fn a_peer_has_one_conversation_without_regard_to_case() {
        let mut conversations = conversations(&["ana", "bob"]);
        assert_eq!(conversations.find_or_open(&name("ANA")), 1);
        assert_eq!(conversations.all().len(), 3);
    }

    #[test]
    fn switching_goes_round_and_ignores_what_is_not_there() {
        let mut conversations = conversations(&["ana", "bob"]);
        for (to, index) in [
            (Switch::Back, 2),
            (Switch::Forward, 0),
            (Switch::To(1), 1),
            (Switch::To(7), 1),
            (Switch::Last, 2),
        ] {
            conversations.switch(to, WIDTH);
            assert_eq!(conversations.current_index(), index, "{to:?}");
        }
    }

    #[test]
    fn the_next_unread_is_a_private_one_before_the_general_chat() {
        let mut conversations = conversations(&["ana", "bob"]);
        conversations.switch(Switch::To(1), WIDTH);
        conversations.at_mut(0).mark_unread(0, false);
        conversations.at_mut(2).mark_unread(0, false);
        assert!(conversations.switch(Switch::Unread, WIDTH));
        assert_eq!(conversations.current_index(), 2);
        assert!(conversations.switch(Switch::Unread, WIDTH));
        assert_eq!(conversations.current_index(), 0);
        assert!(!conversations.switch(Switch::Unread, WIDTH));
    }

    #[test]
    fn closing_returns_to_the_general_chat_which_stays() {
        let mut conversations = conversations(&["ana", "bob"]);
        conversations.switch(Switch::To(1), WIDTH);
        assert!(conversations.close_current(WIDTH));
        assert_eq!((conversations.current_index(), conversations.all().len()), (0, 2));
        assert!(!conversations.close_current(WIDTH));
    }

    #[test]
    fn what_was_closed_is_found_again_as_it_was_up_to_a_limit() {
        let mut conversations = conversations(&["ana"]);
        conversations.switch(Switch::To(1), WIDTH);
        conversations.current_mut().editor.insert("a medias");
        conversations.close_current(WIDTH);
        assert!(conversations.holding(Some(&name("ana"))).is_some());
        let index = conversations.find_or_open(&name("ANA"));
        assert_eq!(conversations.all()[index].editor.text(), "a medias");

        for number in 0..=CLOSED_MAX {
            let index = conversations.find_or_open(&name(&format!("u{number}")));
            conversations.switch(Switch::To(index), WIDTH);
            conversations.close_current(WIDTH);
        }
        assert_eq!(conversations.closed.len(), CLOSED_MAX);
        assert!(conversations.holding(Some(&name("u0"))).is_none());
    }

    #[test]
    fn at_the_limit_a_quiet_conversation_makes_room() {
        let mut conversations = Conversations::default();
        for number in 1..CONVERSATIONS_MAX {
            conversations.find_or_open(&name(&format!("u{number}")));
        }
        conversations.at_mut(1).mark_unread(0, false);
        conversations.at_mut(2).editor.insert("a medias");
        let index = conversations.find_or_open(&name("nueva"));
        assert_eq!((index, conversations.all().len()), (CONVERSATIONS_MAX - 1, CONVERSATIONS_MAX));
        let has = |peer| conversations.find(Some(&name(peer))).is_some();
        assert!(has("u1") && has("u2") && !has("u3"));
    }

    #[test]
    fn what_was_cut_can_be_put_back_in_another_conversation() {
        let mut conversations = conversations(&["ana"]);
        conversations.current_mut().editor.insert("hola");
        conversations.current_mut().editor.apply(crate::editor::Edit::KillToStart);
        conversations.switch(Switch::To(1), WIDTH);
        conversations.current_mut().editor.apply(crate::editor::Edit::Yank);
        assert_eq!(conversations.current().editor.text(), "hola");
    }

    fn say(conversations: &mut Conversations, index: usize, next_id: &mut u64, text: &Visible) {
        let at = DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap();
        let conversation = conversations.at_mut(index);
        conversation.push(next_id, at, EntryKind::Notice, text.clone(), Visible::default);
        conversations.make_room();
    }

    fn bytes(conversations: &Conversations) -> usize {
        conversations.list.iter().chain(&conversations.closed).map(Conversation::bytes).sum()
    }

    #[test]
    fn beyond_the_bytes_for_all_the_oldest_of_the_largest_conversation_go() {
        const MAX: usize = 100_000;
        let mut conversations = conversations(&["ana", "bob"]).within(MAX);
        let mut next_id = 0;
        let text = sanitize(&"x".repeat(1_000));
        say(&mut conversations, 0, &mut next_id, &text);
        conversations.switch(Switch::To(2), WIDTH);
        (0..20).for_each(|_| say(&mut conversations, 2, &mut next_id, &text));
        conversations.close_current(WIDTH);
        // It came last and is not shown: it still pays for itself.
        (0..500).for_each(|_| say(&mut conversations, 1, &mut next_id, &text));
        let counts = |conversations: &Conversations| {
            let all = conversations.list.iter().chain(&conversations.closed);
            all.map(|it| it.entries().count()).collect::<Vec<_>>()
        };
        let kept = counts(&conversations);
        assert!(kept[0] == 1 && kept[1] > 40 && kept[2] == 20, "{kept:?}");
        assert_eq!(conversations.all()[1].entries().next_back().map(|entry| entry.id), Some(next_id - 1));
        assert!((MAX - 2_000..=MAX).contains(&bytes(&conversations)), "{}", bytes(&conversations));
    }

    #[test]
    fn all_that_conversations_may_keep_stays_within_its_bytes() {
        let mut conversations = Conversations::default();
        let mut next_id = 0;
        let text = sanitize(&"x".repeat(TEXT_BYTES_MAX));
        // Ten conversations of as many entries as they may have would be three times as much.
        for number in 0..10 {
            let index = conversations.find_or_open(&name(&format!("u{number}")));
            (0..ENTRIES_MAX).for_each(|_| say(&mut conversations, index, &mut next_id, &text));
            assert!(bytes(&conversations) <= ENTRY_BYTES_MAX);
        }
        assert!(bytes(&conversations) > ENTRY_BYTES_MAX - 2 * TEXT_BYTES_MAX);
        assert!(conversations.all()[1..].iter().all(|it| it.entries().count() > 1_000));
    }
}
