//! Who is connected and with which status, as the server last said.

use std::collections::BTreeMap;

use chat_protocol::{NameKey, Status, UserName};

/// Users that are kept; more are counted but not listed.
pub const USERS_MAX: usize = 20_000;

/// The connected users, ordered by name without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    users: BTreeMap<NameKey, User>,
}

/// A connected user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name in its registered spelling.
    pub name: UserName,
    /// The status the server last assigned.
    pub status: Status,
}

impl Roster {
    /// Takes a whole list. Users that were known keep their status, new ones are ACTIVO: the server tells every
    /// other status on its own.
    pub fn replace(&mut self, names: impl IntoIterator<Item = UserName>) {
        let before = std::mem::take(&mut self.users);
        self.users = names
            .into_iter()
            .take(USERS_MAX)
            .map(|name| {
                let key = name.key();
                let status = before.get(&key).map_or(Status::default(), |user| user.status);
                (key, User { name, status })
            })
            .collect();
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        self.users.clear();
    }

    /// Sets a status; says what it was, `None` for a newcomer.
    pub fn set(&mut self, name: UserName, status: Status) -> Option<Status> {
        if self.users.len() >= USERS_MAX && !self.users.contains_key(&name.key()) {
            return None;
        }
        self.users.insert(name.key(), User { name, status }).map(|user| user.status)
    }

    /// Takes a user out; says whether it was there.
    pub fn remove(&mut self, name: &UserName) -> bool {
        self.users.remove(&name.key()).is_some()
    }

    /// One user.
    #[must_use]
    pub fn find(&self, name: &UserName) -> Option<&User> {
        self.users.get(&name.key())
    }

    /// Everybody, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
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
        assert_eq!(roster.set(name("Ana"), Status::Ocupado), None);
        assert_eq!(roster.set(name("zoe"), Status::Activo), None);
        roster.replace([name("bob"), name("ANA")]);
        let users: Vec<_> = roster.iter().map(|user| (user.name.as_str(), user.status)).collect();
        assert_eq!(users, [("ANA", Status::Ocupado), ("bob", Status::Activo)]);
        assert_eq!(roster.set(name("ana"), Status::Inactivo), Some(Status::Ocupado));
        assert!(roster.remove(&name("aNa")) && !roster.remove(&name("ana")));
    }

    #[test]
    fn the_limit_holds() {
        let mut roster = Roster::default();
        roster.replace((0..USERS_MAX + 10).map(|number| name(&format!("u{number}"))));
        assert_eq!(roster.len(), USERS_MAX);
        assert_eq!(roster.set(name("otra"), Status::Activo), None);
        assert_eq!(roster.len(), USERS_MAX);
    }
}
