//! Everybody's name in the order of registration, and the same as JSON, which is encoded once for each change
//! and not for each who asks.

use std::collections::BTreeMap;

use chat_protocol::UserName;
use serde_json::value::RawValue;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Roster {
    members: BTreeMap<u64, UserName>,
    next: u64,
    /// The JSON array of names without its closing bracket, so that a newcomer is appended.
    open_json: String,
    /// Somebody left: encode anew when next asked.
    stale: bool,
}

/// A member's place in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Roster {
    /// Adds a member behind all others.
    pub fn add(&mut self, name: UserName) -> Place {
        let place = self.next;
        self.next += 1;
        if !self.stale {
            append(&mut self.open_json, &name);
        }
        self.members.insert(place, name);
        Place(place)
    }

    /// Takes a member out.
    pub fn remove(&mut self, place: Place) {
        self.members.remove(&place.0);
        self.stale = true;
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names as a JSON array.
    pub fn json(&mut self) -> Box<RawValue> {
        if std::mem::take(&mut self.stale) {
            self.open_json.clear();
            for name in self.members.values() {
                append(&mut self.open_json, name);
            }
        }
        let json = if self.open_json.is_empty() { "[]".to_owned() } else { format!("{}]", self.open_json) };
        RawValue::from_string(json).expect("an array of encoded strings is JSON")
    }
}

fn append(open_json: &mut String, name: &UserName) {
    open_json.push(if open_json.is_empty() { '[' } else { ',' });
    // Names have no character that JSON escapes: letters, numbers, `_`, `-`, `.`.
    open_json.push('"');
    open_json.push_str(name.as_str());
    open_json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    #[test]
    fn lists_in_the_order_of_registration_whoever_leaves() {
        let mut roster = Roster::default();
        assert_eq!(roster.json().get(), "[]");
        let ana = roster.add(name("ana"));
        let jose = roster.add(name("José"));
        assert_eq!(roster.json().get(), r#"["ana","José"]"#);
        roster.remove(ana);
        roster.add(name("bea"));
        assert_eq!(roster.json().get(), r#"["José","bea"]"#);
        roster.add(name("carla"));
        assert_eq!(roster.json().get(), r#"["José","bea","carla"]"#);
        roster.remove(jose);
        assert_eq!(roster.len(), 2);
        assert_eq!(roster.json().get(), r#"["bea","carla"]"#);
    }
}
