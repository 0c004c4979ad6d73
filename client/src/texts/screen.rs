//! The fixed words of the screen and of line mode, and dates.

use chat_protocol::Lang;
use chrono::{DateTime, Datelike, FixedOffset};

use super::Texts;
use crate::sanitize::{Visible, sanitize_line};

/// The fixed words of the screen.
impl Texts {
    /// The general chat's name.
    #[must_use]
    pub const fn general(self) -> &'static str {
        self.0.pick("General", "General")
    }

    /// The heading of the users.
    #[must_use]
    pub const fn users_heading(self) -> &'static str {
        self.0.pick("Usuarios", "Users")
    }

    /// A message without an answer.
    #[must_use]
    pub const fn pending(self) -> &'static str {
        self.0.pick("(enviando...)", "(sending...)")
    }

    /// A refused message.
    #[must_use]
    pub const fn refused(self) -> &'static str {
        self.0.pick("(rechazado)", "(refused)")
    }

    /// A message whose answer never came.
    #[must_use]
    pub const fn unconfirmed(self) -> &'static str {
        self.0.pick("(sin confirmar)", "(unconfirmed)")
    }

    /// How many are online.
    #[must_use]
    pub fn online_count(self, count: usize) -> Visible {
        say!(self, "{count} en línea", "{count} online")
    }

    /// How many messages lie below.
    #[must_use]
    pub fn below(self, count: usize) -> Visible {
        say!(self, "{count} más abajo", "{count} more below")
    }

    /// The marker of what was unread.
    #[must_use]
    pub fn unread(self, count: usize) -> Visible {
        say!(self, "sin leer ({count})", "unread ({count})")
    }

    /// Where help is.
    #[must_use]
    pub fn help_key(self, key: &Visible) -> Visible {
        say!(self, "{key} ayuda", "{key} help")
    }

    /// `privado de ana`, in line mode.
    #[must_use]
    pub fn line_private_from(self, name: &Visible) -> Visible {
        say!(self, "privado de {name}", "private from {name}")
    }

    /// `privado para ana`, in line mode.
    #[must_use]
    pub fn line_private_to(self, name: &Visible) -> Visible {
        say!(self, "privado para {name}", "private to {name}")
    }

    /// A refused line, in line mode.
    #[must_use]
    pub fn line_refused(self, line: &Visible, sentence: &Visible) -> Visible {
        let line = line.cut(QUOTED_COLUMNS_MAX);
        say!(self, "rechazado: «{line}»: {sentence}", "refused: \"{line}\": {sentence}")
    }

    /// An unconfirmed line, in line mode.
    #[must_use]
    pub fn line_unconfirmed(self, line: &Visible) -> Visible {
        let line = line.cut(QUOTED_COLUMNS_MAX);
        say!(self, "sin confirmar: «{line}»", "unconfirmed: \"{line}\"")
    }

    /// A line that was never sent, in line mode.
    #[must_use]
    pub fn line_not_sent(self, line: &Visible) -> Visible {
        let line = line.cut(QUOTED_COLUMNS_MAX);
        say!(self, "no se envió: «{line}»", "not sent: \"{line}\"")
    }

    /// A date in words.
    #[must_use]
    pub fn day(self, at: DateTime<FixedOffset>) -> Visible {
        let weekday = at.weekday().num_days_from_monday() as usize;
        let (day, month, year) = (at.day(), at.month0() as usize, at.year());
        match self.0 {
            Lang::Spanish => sanitize_line(&format!(
                "{} {day} {} {year}",
                WEEKDAYS_SPANISH[weekday], MONTHS_SPANISH[month]
            )),
            Lang::English => sanitize_line(&format!(
                "{} {day} {} {year}",
                WEEKDAYS_ENGLISH[weekday], MONTHS_ENGLISH[month]
            )),
        }
    }
}

/// Columns of a line that a complaint about it repeats.
const QUOTED_COLUMNS_MAX: usize = 60;

const WEEKDAYS_SPANISH: [&str; 7] =
    ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
const WEEKDAYS_ENGLISH: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_SPANISH: [&str; 12] =
    ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const MONTHS_ENGLISH: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
