//! Everybody's name in the order of registration, kept as the JSON that a list of users is: encoded once for each
//! name, and not for each who comes, goes or asks.
//!
//! The names stand in pieces of at most [`PIECE_MEMBERS_MAX`], so that whoever leaves costs a search in one piece.
//! It does not know what else the messages say that carry the list.

use std::collections::BTreeMap;

use chat_protocol::UserName;

/// Places in one piece of the list.
pub const PIECE_MEMBERS_MAX: u64 = 64;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Roster {
    /// By the number of the piece: its names as JSON strings, a comma behind each. None is empty.
    pieces: BTreeMap<u64, String>,
    next: u64,
    members: usize,
    /// Bytes of all pieces.
    bytes: usize,
}

/// A member's place in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Roster {
    /// Adds a member behind all others.
    pub fn add(&mut self, name: &UserName) -> Place {
        let place = Place(self.next);
        self.next += 1;
        self.members += 1;
        let piece = self.pieces.entry(place.piece()).or_default();
        let before = piece.len();
        append(piece, name);
        self.bytes += piece.len() - before;
        place
    }

    /// Takes the member at this place out.
    ///
    /// # Panics
    /// If this name does not stand there.
    pub fn remove(&mut self, place: Place, name: &UserName) {
        let piece = self.pieces.get_mut(&place.piece()).expect("who is a member stands in a piece");
        let mut entry = String::new();
        append(&mut entry, name);
        // A quoted name is a part of nothing but itself: no name has a quotation mark in it.
        let start = piece.find(&entry).expect("who is a member stands in its piece");
        piece.drain(start..start + entry.len());
        if piece.is_empty() {
            self.pieces.remove(&place.piece());
        }
        self.members -= 1;
        self.bytes -= entry.len();
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Bytes of [`Roster::append_json`].
    #[must_use]
    pub fn json_bytes(&self) -> usize {
        // The last comma gives way to the closing bracket.
        1 + self.bytes.max(1)
    }

    /// Appends the names as a JSON array.
    pub fn append_json(&self, json: &mut Vec<u8>) {
        json.push(b'[');
        for piece in self.pieces.values() {
            json.extend_from_slice(piece.as_bytes());
        }
        match json.last_mut() {
            Some(last @ b',') => *last = b']',
            _ => json.push(b']'),
        }
    }
}

impl Place {
    fn piece(self) -> u64 {
        self.0 / PIECE_MEMBERS_MAX
    }
}

/// Names have no character that JSON escapes: they are letters, numbers, `_`, `-`, `.`.
fn append(json: &mut String, name: &UserName) {
    json.push('"');
    json.push_str(name.as_str());
    json.push_str("\",");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    #[track_caller]
    fn assert_lists(roster: &Roster, names: &[&str]) {
        let mut json = b"before".to_vec();
        roster.append_json(&mut json);
        assert_eq!(String::from_utf8(json[6..].to_vec()).unwrap(), serde_json::to_string(names).unwrap());
        assert_eq!((json.len() - 6, roster.len()), (roster.json_bytes(), names.len()));
    }

    #[test]
    fn lists_in_the_order_of_registration_whoever_leaves() {
        let mut roster = Roster::default();
        assert_lists(&roster, &[]);
        let ana = roster.add(&name("ana"));
        let jose = roster.add(&name("José"));
        assert_lists(&roster, &["ana", "José"]);
        roster.remove(ana, &name("ana"));
        roster.add(&name("bea"));
        assert_lists(&roster, &["José", "bea"]);
        roster.remove(jose, &name("José"));
        assert_lists(&roster, &["bea"]);
    }

    #[test]
    fn a_name_that_is_a_part_of_another_is_told_apart() {
        let mut roster = Roster::default();
        roster.add(&name("mariana"));
        let ana = roster.add(&name("ana"));
        roster.add(&name("anabel"));
        roster.remove(ana, &name("ana"));
        assert_lists(&roster, &["mariana", "anabel"]);
    }

    proptest! {
        /// The model is the list itself; there are always enough members for several pieces.
        #[test]
        fn agrees_with_a_plain_list(leavers in prop::collection::vec(0_usize..300, 0..400)) {
            let (mut roster, mut model) = (Roster::default(), Vec::new());
            for number in 0..300 {
                let text = format!("u{number}");
                model.push((roster.add(&name(&text)), text));
            }
            for (number, leaver) in leavers.into_iter().enumerate() {
                if leaver < model.len() {
                    let (place, text) = model.remove(leaver);
                    roster.remove(place, &name(&text));
                } else {
                    let text = format!("late{number}");
                    model.push((roster.add(&name(&text)), text));
                }
            }
            assert_lists(&roster, &model.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
            prop_assert!(roster.pieces.values().all(|piece| !piece.is_empty()));
        }
    }
}
