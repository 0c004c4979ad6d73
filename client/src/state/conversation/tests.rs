//! What a conversation keeps, and what of it a screen shows.

use super::*;
use crate::sanitize::sanitize;

const WIDTH: TextWidth = TextWidth { head: 10, row: 30 };

fn said(conversation: &mut Conversation, text: &str) -> u64 {
    said_at(conversation, "2026-11-20T12:00:00Z", text)
}

fn said_at(conversation: &mut Conversation, at: &str, text: &str) -> u64 {
    let at = DateTime::parse_from_rfc3339(at).unwrap();
    let mut next_id = conversation.entries().next_back().map_or(0, |last| last.id + 1);
    conversation.push(&mut next_id, at, EntryKind::Notice, sanitize(text), || sanitize("un día"))
}

fn shown(conversation: &Conversation, height: usize) -> Vec<String> {
    let row = |row: &Row<'_>| match row {
        Row::Marker(count) => format!("sin leer {count}"),
        Row::Text(entry, index) => entry.row(*index).to_owned(),
        Row::Tail(entry) => entry.tail.to_owned(),
    };
    conversation.window(height).iter().map(row).collect()
}

fn conversation(texts: &[&str]) -> Conversation {
    let mut conversation = Conversation::new(None);
    conversation.fit(WIDTH);
    for text in texts {
        said(&mut conversation, text);
    }
    conversation
}

#[test]
fn who_reads_above_is_not_moved_by_what_comes() {
    let mut conversation = conversation(&["a", "b", "c", "d"]);
    conversation.scroll_by(1, 2);
    assert_eq!(shown(&conversation, 2), ["b", "c"]);
    said(&mut conversation, "e");
    assert_eq!(shown(&conversation, 2), ["b", "c"]);
    assert_eq!(conversation.entries_below(), 2);
    conversation.scroll_by(isize::MIN, 2);
    assert_eq!(shown(&conversation, 2), ["d", "e"]);
    conversation.scroll_by(isize::MAX, 2);
    assert_eq!(shown(&conversation, 2), ["a", "b"]);
}

#[test]
fn a_line_stands_above_what_was_unread_until_it_was_read() {
    let mut conversation = conversation(&["a"]);
    for text in ["b", "c"] {
        let id = said(&mut conversation, text);
        conversation.mark_unread(id, text == "c");
    }
    assert_eq!((conversation.unread, conversation.mentions), (2, 1));
    conversation.open(WIDTH);
    assert_eq!((conversation.unread, conversation.mentions), (0, 0));
    assert_eq!(shown(&conversation, 9), ["a", "sin leer 2", "b", "c"]);
    conversation.forget_marker();
    assert_eq!(shown(&conversation, 9), ["a", "b", "c"]);
}

#[test]
fn a_delivery_without_room_takes_a_row() {
    let mut conversation = conversation(&["corto"]);
    let id = said(&mut conversation, "diecisiete letras");
    conversation.deliver(id, Delivery::Pending, "(enviando...)", None);
    assert_eq!(shown(&conversation, 9), ["corto", "diecisiete letras", "(enviando...)"]);
    conversation.deliver(id, Delivery::Done, "", None);
    assert_eq!(shown(&conversation, 9), ["corto", "diecisiete letras"]);
}

#[test]
fn a_day_change_has_a_line() {
    let mut conversation = conversation(&[]);
    said_at(&mut conversation, "2026-11-20T23:59:00-06:00", "a");
    said_at(&mut conversation, "2026-11-21T00:01:00-06:00", "b");
    assert_eq!(shown(&conversation, 9), ["a", "un día", "b"]);
}

#[test]
fn texts_are_broken_anew_for_another_width() {
    let mut conversation = conversation(&["una frase que no cabe"]);
    assert_eq!(shown(&conversation, 9), ["una frase que no", "cabe"]);
    conversation.fit(TextWidth { head: 10, row: 60 });
    assert_eq!(shown(&conversation, 9), ["una frase que no cabe"]);
}

#[test]
fn the_oldest_entry_goes_at_the_limit() {
    for (mut conversation, max) in [(conversation(&[]), ENTRIES_MAX), (Conversation::new(None).keeping(7), 7)]
    {
        for number in 0..max + 3 {
            said(&mut conversation, &number.to_string());
        }
        assert_eq!(conversation.entries().count(), max);
        assert_eq!(conversation.entries().next().map(|entry| entry.text.to_string()), Some("3".into()));
    }
}

#[test]
fn what_the_entries_take_is_counted_through_every_change() {
    let mut conversation = conversation(&["a", "una frase que no cabe", "c"]);
    let assert_counted = |conversation: &Conversation| {
        assert_eq!(conversation.bytes(), conversation.entries().map(Entry::bytes).sum::<usize>());
    };
    assert_counted(&conversation);
    let ids: Vec<_> = ["d", "e", "f"].iter().map(|text| said(&mut conversation, text)).collect();
    for id in &ids {
        conversation.deliver(*id, Delivery::Unconfirmed, "(sin confirmar)", None);
        conversation.keep_words(*id, "palabras");
        conversation.keep_words(*id, "otras palabras");
    }
    assert_counted(&conversation);
    conversation.deliver(ids[0], Delivery::Done, "", None);
    assert_counted(&conversation);
    assert_eq!(conversation.take_resendable(1).len(), 1);
    assert_counted(&conversation);
    conversation.fit(TextWidth { head: 10, row: 14 });
    assert_counted(&conversation);
    conversation.remove(ids[2]);
    assert!(conversation.forget_oldest());
    assert_counted(&conversation);
    conversation.clear();
    assert_eq!((conversation.bytes(), conversation.forget_oldest()), (0, false));
}
