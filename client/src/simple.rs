//! Line mode: one line per event, for screen readers, pipes and scripts. `HH:MM ana: hola` for the general
//! chat, `HH:MM privado de ana: hola` for what is private, `HH:MM -- ...` for what happened. Here is only what
//! a line looks like; the loop reads and writes.

use chat_protocol::UserName;

use crate::sanitize::{Visible, sanitize_line};
use crate::state::{Effect, Entry, EntryKind};
use crate::texts::Texts;

/// The line of an entry: on standard output, or on standard error if something went wrong. `peer` is the peer
/// of a private conversation.
#[must_use]
pub fn line(entry: &Entry, peer: Option<&UserName>, texts: Texts) -> Option<Effect> {
    let time = entry.at.format("%H:%M");
    let text = entry.text.flattened();
    let line = match &entry.kind {
        EntryKind::Said { by, own, .. } => {
            let label = match peer.map(|peer| sanitize_line(peer.as_str())) {
                Some(peer) if *own => texts.line_private_to(&peer),
                Some(_) => texts.line_private_from(by),
                None => by.clone(),
            };
            format!("{time} {label}: {text}")
        }
        EntryKind::Notice => return Some(Effect::Print(notice(entry))),
        EntryKind::Error => return Some(Effect::Complain(text)),
        // What they say, a line says by itself: when it was, and with whom.
        EntryKind::Day | EntryKind::Pointer => return None,
    };
    Some(Effect::Print(sanitize_line(&line)))
}

/// Of our own texts, the help alone has several lines; nobody can forge a line with them.
fn notice(entry: &Entry) -> Visible {
    crate::sanitize::sanitize(&format!("{} -- {}", entry.at.format("%H:%M"), entry.text))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::sanitize::sanitize;

    fn shown(kind: EntryKind, peer: Option<&str>, text: &str) -> Option<Effect> {
        let at = DateTime::parse_from_rfc3339("2026-11-20T15:04:00Z").unwrap();
        let peer = peer.map(|name| UserName::parse(name).unwrap());
        line(&Entry::new(0, at, kind, sanitize(text)), peer.as_ref(), Texts::default())
    }

    fn said(by: &str, own: bool) -> EntryKind {
        EntryKind::Said { by: sanitize(by), own, mention: false }
    }

    #[test]
    fn every_event_is_one_line_with_its_label() {
        let cases = [
            (said("ana", false), None, "15:04 ana: hola"),
            (said("ana", false), Some("ana"), "15:04 privado de ana: hola"),
            (said("bob", true), Some("ana"), "15:04 privado para ana: hola"),
            (EntryKind::Notice, None, "15:04 -- hola"),
        ];
        for (kind, peer, line) in cases {
            assert_eq!(shown(kind, peer, "hola"), Some(Effect::Print(sanitize_line(line))));
        }
        assert_eq!(shown(EntryKind::Error, None, "mal"), Some(Effect::Complain(sanitize_line("mal"))));
    }

    #[test]
    fn a_message_of_several_lines_cannot_forge_another() {
        let expected = sanitize_line("15:04 ana: uno 15:05 bob: dos");
        assert_eq!(shown(said("ana", false), None, "uno\n15:05 bob: dos"), Some(Effect::Print(expected)));
    }
}
