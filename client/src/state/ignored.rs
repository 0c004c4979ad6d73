//! Whom the user does not want to hear: their messages and notices are dropped when they come. For this run of
//! the program only; the server knows nothing of it.

use std::collections::BTreeMap;

use chat_protocol::{NameKey, UserName};

/// Users that can be ignored; one more is refused in words.
pub const IGNORED_MAX: usize = 100;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Ignored {
    users: BTreeMap<NameKey, UserName>,
}

/// What [`Ignored::toggle`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggled {
    /// Ignored from now on.
    Ignored,
    /// Heard again.
    Heard,
    /// There are [`IGNORED_MAX`] already.
    Full,
}

impl Ignored {
    /// Ignores a user, or hears that user again.
    pub fn toggle(&mut self, name: &UserName) -> Toggled {
        if self.users.remove(&name.key()).is_some() {
            return Toggled::Heard;
        }
        if self.users.len() >= IGNORED_MAX {
            return Toggled::Full;
        }
        self.users.insert(name.key(), name.clone());
        Toggled::Ignored
    }

    /// Whether a user is ignored.
    #[must_use]
    pub fn contains(&self, name: &UserName) -> bool {
        self.users.contains_key(&name.key())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &UserName> {
        self.users.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_limit_one_more_is_refused_and_one_less_makes_room() {
        let name = |number: usize| UserName::parse(&format!("u{number}")).unwrap();
        let mut ignored = Ignored::default();
        for number in 0..IGNORED_MAX {
            assert_eq!(ignored.toggle(&name(number)), Toggled::Ignored);
        }
        assert_eq!(ignored.toggle(&name(IGNORED_MAX)), Toggled::Full);
        assert_eq!(ignored.toggle(&name(0)), Toggled::Heard);
        assert_eq!(ignored.toggle(&name(IGNORED_MAX)), Toggled::Ignored);
        assert_eq!(ignored.iter().len(), IGNORED_MAX);
    }
}
