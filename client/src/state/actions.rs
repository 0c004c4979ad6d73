//! What the user does: keys in screen mode, lines in line mode, and the commands of both.

use std::time::Duration;

use chat_protocol::{ClientMessage, MessageText, UserName, limits};

use super::entry::{Delivery, EntryKind};
use super::ignored::Toggled;
use super::outbox::{EntryKey, Request};
use super::{Action, Completion, Effect, Link, Mode, Scroll, State, Switch};
use crate::command::{self, Command};
use crate::editor::Edit;
use crate::geometry::Panel;
use crate::sanitize::{Visible, sanitize, sanitize_name};

/// Within this time a second Ctrl-C leaves.
pub const LEAVE_CONFIRM_TIME: Duration = Duration::from_secs(2);

/// Messages that one `/reenviar` sends again; a server grants bursts of about so many.
pub const RESEND_MAX: usize = 20;

impl State {
    pub(super) fn on_action(&mut self, action: Action) {
        if !matches!(action, Action::Complete { .. }) {
            self.completion = None;
        }
        if !matches!(action, Action::Interrupt | Action::DeleteOrInterrupt) {
            self.leave_until = None;
        }
        let about_screen =
            matches!(action, Action::Scroll(_) | Action::Redraw | Action::Suspend | Action::TogglePanel);
        if matches!(self.mode, Mode::Paste(_)) && !about_screen {
            return self.answer_paste(&action);
        }
        if self.search_with(&action) {
            return;
        }
        if matches!(self.mode, Mode::Line) && !about_screen {
            self.hit = None;
        }
        let width = self.geometry.text_width();
        match action {
            Action::Insert(c) if !self.conversations.current().editor.has_room(c.len_utf8()) => {
                self.hint(self.texts.line_full());
            }
            Action::Insert(c) => self.conversations.current_mut().editor.insert(c.encode_utf8(&mut [0; 4])),
            Action::Paste(text) => self.paste(&text),
            Action::Edit(edit) => self.conversations.current_mut().editor.apply(edit),
            Action::Enter => self.submit(),
            Action::Complete { back } => self.complete(back),
            Action::Scroll(scroll) => self.scroll(scroll),
            Action::Search => self.begin_search(""),
            Action::Switch(to) => {
                if !self.conversations.switch(to, width) && to == Switch::Unread {
                    self.hint(self.texts.nothing_unread());
                }
            }
            Action::Escape if self.geometry.panel_covers() => self.show_panel(Panel::Auto),
            Action::Escape => self.scroll(Scroll::Newest),
            Action::Help => self.help(),
            Action::TogglePanel if self.geometry.shows_panel() => self.show_panel(Panel::Hidden),
            Action::TogglePanel => self.show_panel(Panel::Shown),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Interrupt => self.interrupt(),
            Action::DeleteOrInterrupt if self.conversations.current().editor.is_empty() => self.interrupt(),
            Action::DeleteOrInterrupt => self.conversations.current_mut().editor.apply(Edit::Delete),
            Action::Suspend => self.effects.push(Effect::Suspend),
        }
    }

    /// The help, from its beginning even where it is longer than the screen.
    fn help(&mut self) {
        if let Some(keys) = &self.config.keys.changed {
            self.notice(EntryKind::Notice, self.texts.changed_keys(keys));
        }
        self.notice(EntryKind::Notice, self.texts.help());
        let height = usize::from(self.geometry.message_rows());
        self.conversations.current_mut().show_beginning_of_newest(height);
    }

    fn show_panel(&mut self, panel: Panel) {
        self.panel = panel;
        self.lay_out(self.geometry.columns, self.geometry.rows);
    }

    pub(super) fn scroll(&mut self, scroll: Scroll) {
        let height = usize::from(self.geometry.message_rows());
        let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        let rows = match scroll {
            Scroll::PageUp => page,
            Scroll::PageDown => -page,
            Scroll::LineUp => 1,
            Scroll::LineDown => -1,
            Scroll::Oldest => isize::MAX,
            Scroll::Newest => isize::MIN,
        };
        self.conversations.current_mut().scroll_by(rows, height);
    }

    fn interrupt(&mut self) {
        let editor = &mut self.conversations.current_mut().editor;
        if !editor.is_empty() {
            editor.clear();
        } else if self.leave_until.is_some() {
            self.begin_leaving();
        } else {
            self.leave_until = Some(self.now.elapsed + LEAVE_CONFIRM_TIME);
            self.hint(self.texts.again_to_leave(&self.config.keys.leave));
        }
    }

    fn complete(&mut self, back: bool) {
        let editor = &self.conversations.current().editor;
        match &mut self.completion {
            Some(completion) => completion.step(back),
            None => {
                let own = self.config.name.key();
                let others = self.roster.iter().filter(|user| user.name.key() != own);
                let before = &editor.text()[..editor.cursor()];
                let names = others.map(|user| user.name.as_str());
                self.completion = Completion::find(before, names, self.texts.0);
                if let (Some(completion), true) = (&mut self.completion, back) {
                    completion.step(true);
                }
            }
        }
        if let Some(completion) = &self.completion {
            let editor = &mut self.conversations.current_mut().editor;
            editor.replace_before_cursor(completion.start, completion.proposal());
        }
    }

    /// Enter. What cannot be done now stays in the line; what is wrong leaves it, so that it does not mix with
    /// what is typed next, and comes back with Up.
    fn submit(&mut self) {
        let peer = self.conversations.current().peer.clone();
        let line = self.conversations.current().editor.text().to_owned();
        if line.trim().is_empty() {
            return;
        }
        match self.run(&line) {
            // The command may have closed the conversation, and its editor with it, or moved it.
            Ok(()) => {
                if let Some(conversation) = self.conversations.holding_mut(peer.as_ref()) {
                    conversation.editor.submit();
                }
            }
            Err(refusal) => {
                let stays = matches!(refusal, Refusal::Hint(_));
                self.refuse(refusal);
                if !stays {
                    self.conversations.current_mut().editor.submit();
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Hint(text) | Refusal::Vain(text) => self.hint(text),
            Refusal::Error(text) => drop(self.notice(EntryKind::Error, text)),
        }
    }

    pub(super) fn run(&mut self, line: &str) -> Result<(), Refusal> {
        let command =
            command::parse(line).map_err(|error| Refusal::Error(self.texts.command_error(&error)))?;
        self.carry_out(command)
    }

    pub(super) fn carry_out(&mut self, command: Command) -> Result<(), Refusal> {
        let width = self.geometry.text_width();
        match command {
            Command::Say(text) => self.say(self.conversations.current().peer.clone(), &text),
            Command::Tell { target, text } => self.tell(target, &text),
            Command::SetStatus(status) => {
                self.ask(ClientMessage::ChangeStatus { status }, Request::Status(status))
            }
            Command::ShowStatus => {
                let text = self.texts.own_status(self.status.unwrap_or_default());
                self.notice(EntryKind::Notice, text);
                Ok(())
            }
            Command::Users => self.ask(ClientMessage::ListUsers, Request::List),
            Command::Info(target) => {
                let target = target
                    .or_else(|| self.conversations.current().peer.clone())
                    .unwrap_or_else(|| self.config.name.clone());
                self.ask(ClientMessage::UserInfo { target: target.clone() }, Request::Info { target })
            }
            Command::Help => {
                self.help();
                Ok(())
            }
            Command::Quit => {
                self.leave_when_answered();
                Ok(())
            }
            Command::View(peer) => {
                let index = peer.map_or(0, |peer| self.conversations.find_or_open(&peer));
                self.conversations.switch(Switch::To(index), width);
                Ok(())
            }
            Command::Close => match self.conversations.close_current(width) {
                true => Ok(()),
                false => Err(Refusal::Vain(self.texts.cannot_close())),
            },
            Command::Clear => {
                self.conversations.current_mut().clear();
                Ok(())
            }
            Command::Reconnect => {
                self.reconnect();
                Ok(())
            }
            Command::Resend => self.resend(),
            Command::Search(words) => self.search_for(&words),
            Command::Ignore(None) => {
                let names: Vec<_> =
                    self.ignored.iter().map(|name| sanitize_name(name.as_str()).to_string()).collect();
                self.notice(EntryKind::Notice, self.texts.ignored(&names.join(", ")));
                Ok(())
            }
            Command::Ignore(Some(name)) => self.toggle_ignored(&name),
        }
    }

    fn toggle_ignored(&mut self, name: &UserName) -> Result<(), Refusal> {
        if name.key() == self.config.name.key() {
            return Err(Refusal::Vain(self.texts.cannot_ignore_oneself()));
        }
        let shown = sanitize_name(name.as_str()).cut(super::NOTICE_NAME_COLUMNS);
        let text = match self.ignored.toggle(name) {
            Toggled::Ignored => self.texts.ignoring(&shown, name),
            Toggled::Heard => self.texts.hearing(&shown),
            Toggled::Full => return Err(Refusal::Hint(self.texts.ignored_full())),
        };
        self.notice(EntryKind::Notice, text);
        Ok(())
    }

    /// Sends again what was not confirmed in the conversation that is shown: it may arrive twice, so only the
    /// user can want it.
    fn resend(&mut self) -> Result<(), Refusal> {
        self.can_send()?;
        let max = RESEND_MAX.min(super::outbox::REQUESTS_MAX - self.outbox.len());
        let current = self.conversations.current_mut();
        let (peer, words) = (current.peer.clone(), current.take_resendable(max));
        let left = current.resendable();
        if words.is_empty() {
            return Err(Refusal::Vain(self.texts.nothing_to_resend()));
        }
        for text in words {
            self.say(peer.clone(), &text)?;
        }
        if left > 0 {
            self.hint(self.texts.left_to_resend(left));
        }
        Ok(())
    }

    /// A private message from any conversation: the view stays where it is, a line points to where it went.
    fn tell(&mut self, target: UserName, text: &str) -> Result<(), Refusal> {
        let target = self.roster.find(&target).map_or(target, |user| user.name.clone());
        self.say(Some(target.clone()), text)?;
        let index = self.conversations.find_or_open(&target);
        if index != self.conversations.current_index() && !self.config.line_mode {
            let name = sanitize_name(target.as_str()).cut(super::NOTICE_NAME_COLUMNS);
            let here = self.conversations.current().peer.clone();
            let way = self.way_to(index, &target);
            let id = self.notice(EntryKind::Pointer, self.texts.private_to(&name, &way));
            self.outbox.point_to_last(EntryKey { peer: here, id });
        }
        Ok(())
    }

    /// What leads to a conversation: its key, or the command if none does.
    pub(super) fn way_to(&self, index: usize, peer: &UserName) -> Visible {
        let key = self.config.keys.conversations.get(index).cloned().flatten();
        key.unwrap_or_else(|| self.texts.view_command(peer))
    }

    pub(super) fn say(&mut self, peer: Option<UserName>, text: &str) -> Result<(), Refusal> {
        self.can_send()?;
        let refused = |error| Refusal::Error(self.texts.text_error(error));
        // How much a server takes is its affair, and it says so; the line holds no more than this.
        let text = MessageText::parse(text, crate::editor::TEXT_BYTES_MAX).map_err(refused)?;
        let message = message_to(peer.clone(), text.clone());
        // A larger frame would be no error but the end of the connection.
        let (frame, max) = (self.encoded(&message).len(), limits::WEBSOCKET_MESSAGE_BYTES_MIN);
        if frame > max {
            return Err(Refusal::Error(self.too_long(peer, text.as_str(), frame)));
        }
        let index = peer.as_ref().map_or(0, |peer| self.conversations.find_or_open(peer));
        let said = EntryKind::Said { by: self.own_name(), own: true, mention: false };
        let id = self.push(index, None, said, sanitize(text.as_str()));
        let entry = EntryKey { peer: peer.clone(), id };
        self.deliver(&entry, Delivery::Pending, None);
        if index == self.conversations.current_index() {
            self.conversations.at_mut(index).forget_marker();
            self.scroll(Scroll::Newest);
        }
        let request = Request::Message { entry, text: text.as_str().to_owned() };
        self.request(message, request);
        Ok(())
    }

    /// What is said of a text whose frame, of so many bytes, is too large. The user knows of texts only, and what the
    /// server takes counts, if it is known.
    fn too_long(&self, peer: Option<UserName>, text: &str, frame: usize) -> Visible {
        let bytes = text.len();
        if let Some(max) = self.content_max {
            return self.texts.longer_than_the_server_takes(bytes, max);
        }
        let shortest = MessageText::parse("x", 1).map(|text| self.encoded(&message_to(peer, text)).len() - 1);
        let around = shortest.unwrap_or_default();
        // What JSON escapes takes more of the frame than of the text.
        let room = limits::WEBSOCKET_MESSAGE_BYTES_MIN.saturating_sub(around);
        let fits = bytes * room / frame.saturating_sub(around).max(1);
        self.texts.longer_than_a_message(bytes, fits)
    }

    fn ask(&mut self, message: ClientMessage, request: Request) -> Result<(), Refusal> {
        self.can_send()?;
        self.request(message, request);
        Ok(())
    }

    fn can_send(&self) -> Result<(), Refusal> {
        match self.link {
            Link::Online { .. } if self.outbox.is_full() => Err(Refusal::Hint(self.texts.too_many_pending())),
            Link::Online { .. } => Ok(()),
            _ => Err(Refusal::Hint(self.texts.not_sent_offline())),
        }
    }

    pub(super) fn can_send_many(&self, count: usize) -> Result<(), Refusal> {
        self.can_send()?;
        match self.outbox.len() + count <= super::outbox::REQUESTS_MAX {
            true => Ok(()),
            false => Err(Refusal::Hint(self.texts.too_many_pending())),
        }
    }
}

/// To one user, or to all.
fn message_to(peer: Option<UserName>, text: MessageText) -> ClientMessage {
    match peer {
        Some(target) => ClientMessage::Private { target, text },
        None => ClientMessage::Broadcast { text },
    }
}

/// Why a line was not carried out.
pub(super) enum Refusal {
    /// For the status bar: it may work in a moment, so it stays where it was typed.
    Hint(Visible),
    /// For the status bar: it would do nothing in a moment either.
    Vain(Visible),
    /// For the conversation: the line has to be changed.
    Error(Visible),
}
