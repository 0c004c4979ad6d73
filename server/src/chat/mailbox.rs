//! What one peer has still to get: its part of the general chat, and what was said to it alone, in one order.
//!
//! Letters (replies, private messages) are marked with the number of the general frame that comes next when
//! they are said; the peer gets a letter after the general frames below its mark and before the others.

use std::collections::VecDeque;
use std::ops::Deref;

use bytes::Bytes;

use super::ring::Ring;
use crate::held::{Buffer, Held, SHARED_BYTES_MIN};

/// The least bound of a mailbox: with more bytes of letters than its bound waiting, a peer gets no further one. A
/// letter is judged by what waits before it, not by its own size: whoever reads is never too slow for one large list.
pub const LETTER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of general frames that are taken at once.
const RUN_BYTES_MAX: usize = 64 * 1024;

/// See the module's documentation. Holds no memory for letters while there are none.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: VecDeque<Letter>,
    letter_bytes: usize,
    /// Those of them that count for this mailbox alone (see [`Held`]).
    owned_bytes: usize,
    general: Option<Subscription>,
}

#[derive(Debug)]
struct Letter {
    mark: u64,
    frame: Bytes,
}

#[derive(Debug)]
struct Subscription {
    cursor: u64,
    /// The first frame that the peer does not get any more.
    until: u64,
}

/// The next thing for the wire.
#[derive(Debug)]
pub struct Post<'a> {
    /// What it is.
    pub frames: Frames<'a>,
    /// How many messages these are.
    pub messages: u32,
    /// Whether something follows.
    pub more: bool,
}

/// Encoded frames.
#[derive(Debug)]
pub enum Frames<'a> {
    /// General frames, side by side.
    General(&'a [u8]),
    /// One letter.
    Letter(Bytes),
}

impl Deref for Frames<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::General(bytes) => bytes,
            Self::Letter(bytes) => bytes,
        }
    }
}

/// More letters wait for the peer than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

impl Mailbox {
    /// From the frame with this number on, the peer gets the general chat.
    pub fn subscribe(&mut self, from: u64) {
        self.general = Some(Subscription { cursor: from, until: u64::MAX });
    }

    /// From the frame with this number on, it does not any more. What was said before is still delivered.
    pub fn unsubscribe(&mut self, from: u64) {
        if let Some(general) = &mut self.general {
            general.until = general.until.min(from);
        }
    }

    /// The number of the next general frame for this peer; `None` if it gets none any more.
    #[must_use]
    pub fn cursor(&self) -> Option<u64> {
        self.general.as_ref().filter(|general| general.cursor < general.until).map(|general| general.cursor)
    }

    /// Whether nothing of the general chat is left for it.
    #[must_use]
    pub fn has_all_of(&self, ring: &Ring) -> bool {
        self.cursor().is_none_or(|cursor| cursor >= ring.head())
    }

    /// Adds a letter, said when the general chat's head was at `mark`.
    ///
    /// # Errors
    /// [`TooSlow`] if more than `bytes_max` wait already; the letter is not added.
    pub fn push(
        &mut self,
        mark: u64,
        frame: Bytes,
        bytes_max: usize,
        held: &mut Held,
    ) -> Result<(), TooSlow> {
        if self.letter_bytes > bytes_max {
            return Err(TooSlow);
        }
        held.add(&frame);
        self.owned_bytes += owned(&frame);
        self.letter_bytes += frame.len();
        self.letters.push_back(Letter { mark, frame });
        Ok(())
    }

    /// Whether the next general frame for this peer is no longer in the ring.
    #[must_use]
    pub fn has_fallen_off(&self, ring: &Ring) -> bool {
        self.cursor().is_some_and(|cursor| cursor < ring.first())
    }

    /// Takes the next thing out; `None` when there is nothing. Not for one who has fallen off the ring.
    pub fn next<'a>(&mut self, ring: &'a Ring, held: &mut Held) -> Option<Post<'a>> {
        if let Some(general) = &mut self.general {
            let mark = self.letters.front().map_or(u64::MAX, |letter| letter.mark);
            let until = mark.min(general.until).min(ring.head());
            if general.cursor < until
                && let Some(run) = ring.run(general.cursor, until, RUN_BYTES_MAX)
            {
                // No ring has as many frames as that.
                let messages = (run.next - general.cursor) as u32;
                general.cursor = run.next;
                let more = run.next < until || !self.letters.is_empty();
                return Some(Post { frames: Frames::General(run.bytes), messages, more });
            }
        }
        let letter = self.letters.pop_front()?;
        self.letter_bytes -= letter.frame.len();
        self.owned_bytes -= owned(&letter.frame);
        held.remove(&letter.frame);
        if self.letters.is_empty() {
            self.letters = VecDeque::new();
        }
        let more = !self.letters.is_empty() || !self.has_all_of(ring);
        Some(Post { frames: Frames::Letter(letter.frame), messages: 1, more })
    }

    /// Lets go of what waits: the peer gets none of it, but what is said from now on. Returns how many messages it
    /// was.
    pub fn discard(&mut self, ring: &Ring, held: &mut Held) -> u64 {
        let general = self.general.as_mut().map_or(0, |general| {
            let next = general.cursor.max(general.until.min(ring.head()));
            next - std::mem::replace(&mut general.cursor, next)
        });
        let letters = std::mem::take(&mut self.letters);
        (self.letter_bytes, self.owned_bytes) = (0, 0);
        for letter in &letters {
            held.remove(&letter.frame);
        }
        general + letters.len() as u64
    }

    /// Drops everything: the peer is lost, and gets nothing any more. Returns how many messages waited.
    #[cold]
    pub fn clear(&mut self, ring: &Ring, held: &mut Held) -> u64 {
        let waited = self.discard(ring, held);
        self.general = None;
        waited
    }

    /// Whether this buffer is among the letters.
    #[must_use]
    pub fn holds(&self, buffer: Buffer) -> bool {
        self.letters.iter().any(|letter| Buffer::of(&letter.frame) == buffer)
    }

    /// Bytes of letters that wait and count for this mailbox alone.
    #[must_use]
    pub fn owned_bytes(&self) -> usize {
        self.owned_bytes
    }

    /// Bytes of letters that wait.
    #[must_use]
    pub fn letter_bytes(&self) -> usize {
        self.letter_bytes
    }
}

/// How many bytes of a letter count for its mailbox alone.
fn owned(frame: &Bytes) -> usize {
    if frame.len() < SHARED_BYTES_MIN { frame.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::ring::{RING_BYTES, RING_FRAMES_MAX};
    use super::*;

    /// Letters of one mailbox, with what is held.
    #[derive(Default)]
    struct Letters {
        mailbox: Mailbox,
        held: Held,
    }

    impl Letters {
        fn push(&mut self, mark: u64, frame: impl Into<Bytes>) -> Result<(), TooSlow> {
            self.mailbox.push(mark, frame.into(), LETTER_BYTES_MAX, &mut self.held)
        }

        fn next<'a>(&mut self, ring: &'a Ring) -> Option<Post<'a>> {
            self.mailbox.next(ring, &mut self.held)
        }
    }

    fn drain(letters: &mut Letters, ring: &Ring) -> String {
        let mut all = Vec::new();
        while let Some(post) = letters.next(ring) {
            all.extend_from_slice(&post.frames);
            let mailbox = &letters.mailbox;
            let is_last = mailbox.letters.is_empty() && mailbox.has_all_of(ring);
            assert_eq!(post.more, !is_last);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn letters_and_general_frames_come_in_the_order_they_were_said() {
        let mut ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        letters.push(ring.head(), "a").unwrap();
        letters.mailbox.subscribe(ring.head());
        ring.push(b"1");
        ring.push(b"2");
        letters.push(ring.head(), "b").unwrap();
        letters.push(ring.head(), "c").unwrap();
        ring.push(b"3");
        assert_eq!(drain(&mut letters, &ring), "a12bc3");
        assert_eq!(drain(&mut letters, &ring), "");
    }

    #[test]
    fn one_who_left_gets_what_was_said_before() {
        let mut ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        letters.mailbox.subscribe(0);
        ring.push(b"1");
        letters.mailbox.unsubscribe(ring.head());
        ring.push(b"2");
        assert_eq!(drain(&mut letters, &ring), "1");
        assert_eq!(letters.mailbox.cursor(), None);
    }

    #[test]
    fn one_who_never_joined_gets_letters_only() {
        let mut ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        ring.push(b"1");
        letters.push(ring.head(), "a").unwrap();
        assert_eq!(drain(&mut letters, &ring), "a");
    }

    #[test]
    fn a_letter_is_judged_by_what_waits_before_it() {
        let ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        letters.push(0, vec![0; LETTER_BYTES_MAX]).unwrap();
        letters.push(0, vec![0; LETTER_BYTES_MAX * 2]).unwrap();
        assert_eq!(letters.mailbox.letter_bytes(), LETTER_BYTES_MAX * 3);
        assert_eq!(letters.push(0, "x"), Err(TooSlow));
        assert!(letters.next(&ring).is_some() && letters.next(&ring).is_some());
        letters.push(0, "x").unwrap();
    }

    #[test]
    fn one_whose_next_frame_is_gone_has_fallen_off_the_ring() {
        let mut ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        letters.mailbox.subscribe(0);
        for _ in 0..RING_FRAMES_MAX {
            ring.push(b"1");
        }
        assert!(!letters.mailbox.has_fallen_off(&ring));
        ring.push(b"1");
        assert!(letters.mailbox.has_fallen_off(&ring));
    }

    #[test]
    fn a_lost_peer_holds_nothing() {
        let mut letters = Letters::default();
        for bytes in [10, 10_000] {
            letters.push(0, vec![0; bytes]).unwrap();
        }
        assert_eq!(letters.held.bytes(), 10_010);
        assert!(letters.next(&Ring::new(1, RING_BYTES)).is_some());
        assert_eq!(letters.held.bytes(), 10_000);
        assert_eq!(letters.mailbox.clear(&Ring::new(1, RING_BYTES), &mut letters.held), 1);
        assert_eq!(letters.held.bytes(), 0);
    }

    #[test]
    fn what_is_let_go_is_counted_and_what_comes_after_it_is_delivered() {
        let mut ring = Ring::new(1, RING_BYTES);
        let mut letters = Letters::default();
        letters.mailbox.subscribe(0);
        ring.push(b"1");
        letters.push(ring.head(), "a").unwrap();
        ring.push(b"2");
        assert_eq!(letters.mailbox.discard(&ring, &mut letters.held), 3);
        assert_eq!((letters.held.bytes(), letters.mailbox.letter_bytes()), (0, 0));
        assert_eq!(letters.mailbox.discard(&ring, &mut letters.held), 0);
        ring.push(b"3");
        assert_eq!(drain(&mut letters, &ring), "3");
        // One who left gets no more, so no more of it is let go.
        letters.mailbox.unsubscribe(ring.head());
        ring.push(b"4");
        assert_eq!(letters.mailbox.discard(&ring, &mut letters.held), 0);
        // What has fallen off the ring counts like the rest.
        let mut slow = Letters::default();
        slow.mailbox.subscribe(0);
        for _ in 0..RING_FRAMES_MAX {
            ring.push(b"1");
        }
        assert!(slow.mailbox.has_fallen_off(&ring));
        assert_eq!(slow.mailbox.clear(&ring, &mut slow.held), 4 + RING_FRAMES_MAX as u64);
        assert_eq!(slow.mailbox.clear(&ring, &mut slow.held), 0);
    }
}
