//! Who is connected and with which status, as the server last said.

use std::collections::BTreeMap;

use chat_protocol::{NameKey, Status, UserName};

/// Users that are kept with their name and status; more are counted but not listed.
pub const USERS_MAX: usize = 20_000;

/// The connected users, ordered by name without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    users: BTreeMap<NameKey, User>,
    /// How many there are beside those.
    unlisted: usize,
}

/// A connected user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name in its registered spelling.
    pub name: UserName,
    /// The status the server last assigned.
    pub status: Status,
}

/// What was known of a user before a status was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Nothing: somebody who was not there.
    Absent,
    /// This status.
    Was(Status),
    /// Somebody of those who are counted only.
    Unlisted,
}

impl Roster {
    /// Takes a whole list. Users that were known keep their status, new ones are ACTIVO: the server tells every
    /// other status on its own.
    pub fn replace(&mut self, names: impl IntoIterator<Item = UserName>) {
        let before = std::mem::take(self);
        for name in names {
            let key = name.key();
            if self.users.len() >= USERS_MAX && !self.users.contains_key(&key) {
                self.unlisted += 1;
                continue;
            }
            let status = before.users.get(&key).map_or(Status::default(), |user| user.status);
            self.users.insert(key, User { name, status });
        }
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Sets a status. Whoever is not listed is a newcomer if the server says so, or if everybody is listed.
    pub fn set(&mut self, name: UserName, status: Status, comes: bool) -> Before {
        let key = name.key();
        let before = match self.users.get(&key) {
            Some(user) => Before::Was(user.status),
            None if self.unlisted > 0 && !comes => Before::Unlisted,
            None => Before::Absent,
        };
        let has_room = self.users.len() < USERS_MAX;
        match before {
            Before::Was(_) => {}
            Before::Unlisted if has_room => self.unlisted -= 1,
            Before::Absent if has_room => {}
            Before::Absent => {
                self.unlisted += 1;
                return before;
            }
            Before::Unlisted => return before,
        }
        self.users.insert(key, User { name, status });
        before
    }

    /// Takes a user out; says whether it was listed.
    pub fn remove(&mut self, name: &UserName) -> bool {
        let was_listed = self.users.remove(&name.key()).is_some();
        if !was_listed {
            self.unlisted = self.unlisted.saturating_sub(1);
        }
        was_listed
    }

    /// One user.
    #[must_use]
    pub fn find(&self, name: &UserName) -> Option<&User> {
        self.users.get(&name.key())
    }

    /// Those who are listed, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.values()
    }

    /// How many there are, listed or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len() + self.unlisted
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    #[test]
    fn a_list_keeps_what_is_known_and_drops_who_left() {
        let mut roster = Roster::default();
        assert_eq!(roster.set(name("Ana"), Status::Ocupado, false), Before::Absent);
        assert_eq!(roster.set(name("zoe"), Status::Activo, true), Before::Absent);
        roster.replace([name("bob"), name("ANA")]);
        let users: Vec<_> = roster.iter().map(|user| (user.name.as_str(), user.status)).collect();
        assert_eq!(users, [("ANA", Status::Ocupado), ("bob", Status::Activo)]);
        assert_eq!(roster.set(name("ana"), Status::Inactivo, false), Before::Was(Status::Ocupado));
        assert!(roster.remove(&name("aNa")) && !roster.remove(&name("ana")));
    }

    #[test]
    fn who_is_beyond_the_limit_is_counted_and_no_newcomer_at_each_status() {
        let mut roster = Roster::default();
        roster.replace((0..USERS_MAX + 10).map(|number| name(&format!("u{number}"))));
        let beyond = || name(&format!("u{}", USERS_MAX + 3));
        let counts = |roster: &Roster| (roster.iter().len(), roster.len());
        assert_eq!(counts(&roster), (USERS_MAX, USERS_MAX + 10));
        assert_eq!(roster.set(beyond(), Status::Ocupado, false), Before::Unlisted);
        assert_eq!(counts(&roster), (USERS_MAX, USERS_MAX + 10));
        assert_eq!(roster.set(name("otra"), Status::Activo, true), Before::Absent);
        assert_eq!(counts(&roster), (USERS_MAX, USERS_MAX + 11));
        assert!(!roster.remove(&name("otra")));
        assert_eq!(counts(&roster), (USERS_MAX, USERS_MAX + 10));
        // A place becomes free: whoever is heard of next is listed, and not counted twice.
        assert!(roster.remove(&name("u0")));
        assert_eq!(counts(&roster), (USERS_MAX - 1, USERS_MAX + 9));
        assert_eq!(roster.set(beyond(), Status::Ocupado, false), Before::Unlisted);
        assert_eq!(counts(&roster), (USERS_MAX, USERS_MAX + 9));
        assert_eq!(roster.set(beyond(), Status::Activo, false), Before::Was(Status::Ocupado));
    }
}
