//! What one peer has still to get: its part of the general chat, and what was said to it alone, in one order.
//!
//! Letters (replies, private messages) are marked with the number of the general frame that comes next when
//! they are said; the peer gets a letter after the general frames below its mark and before the others.

use std::collections::VecDeque;
use std::ops::Deref;

use bytes::Bytes;

use super::ring::Ring;

/// With more bytes of letters than this waiting, a peer gets no further one. A letter is judged by what waits
/// before it, not by its own size: whoever reads is never too slow for one large list.
pub const LETTER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of general frames that are taken at once.
const RUN_BYTES_MAX: usize = 64 * 1024;

/// See the module's documentation. Holds no memory for letters while there are none.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: VecDeque<Letter>,
    letter_bytes: usize,
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

/// The peer has fallen off the ring, or more letters wait for it than may.
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
    /// [`TooSlow`] if the bound is reached; the letter is not added.
    pub fn push(&mut self, mark: u64, frame: Bytes) -> Result<(), TooSlow> {
        if self.letter_bytes > LETTER_BYTES_MAX {
            return Err(TooSlow);
        }
        self.letter_bytes += frame.len();
        self.letters.push_back(Letter { mark, frame });
        Ok(())
    }

    /// Takes the next thing out; `None` when there is nothing.
    ///
    /// # Errors
    /// [`TooSlow`] if the next general frame is no longer in the ring.
    pub fn next<'a>(&mut self, ring: &'a Ring) -> Result<Option<Post<'a>>, TooSlow> {
        if let Some(general) = &mut self.general {
            let mark = self.letters.front().map_or(u64::MAX, |letter| letter.mark);
            let until = mark.min(general.until).min(ring.head());
            if general.cursor < until {
                if general.cursor < ring.first() {
                    return Err(TooSlow);
                }
                if let Some(run) = ring.run(general.cursor, until, RUN_BYTES_MAX) {
                    general.cursor = run.next;
                    let more = run.next < until || !self.letters.is_empty();
                    return Ok(Some(Post { frames: Frames::General(run.bytes), more }));
                }
            }
        }
        let Some(letter) = self.letters.pop_front() else { return Ok(None) };
        self.letter_bytes -= letter.frame.len();
        if self.letters.is_empty() {
            self.letters = VecDeque::new();
        }
        let more = !self.letters.is_empty() || !self.has_all_of(ring);
        Ok(Some(Post { frames: Frames::Letter(letter.frame), more }))
    }

    /// Drops everything: the peer is lost.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes of letters that wait.
    #[must_use]
    pub fn letter_bytes(&self) -> usize {
        self.letter_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(mailbox: &mut Mailbox, ring: &Ring) -> String {
        let mut all = Vec::new();
        while let Some(post) = mailbox.next(ring).unwrap() {
            all.extend_from_slice(&post.frames);
            let is_last = mailbox.letters.is_empty() && mailbox.has_all_of(ring);
            assert_eq!(post.more, !is_last);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn letters_and_general_frames_come_in_the_order_they_were_said() {
        let mut ring = Ring::new(1);
        let mut mailbox = Mailbox::default();
        mailbox.push(ring.head(), "a".into()).unwrap();
        mailbox.subscribe(ring.head());
        ring.push(b"1");
        ring.push(b"2");
        mailbox.push(ring.head(), "b".into()).unwrap();
        mailbox.push(ring.head(), "c".into()).unwrap();
        ring.push(b"3");
        assert_eq!(drain(&mut mailbox, &ring), "a12bc3");
        assert_eq!(drain(&mut mailbox, &ring), "");
    }

    #[test]
    fn one_who_left_gets_what_was_said_before() {
        let mut ring = Ring::new(1);
        let mut mailbox = Mailbox::default();
        mailbox.subscribe(0);
        ring.push(b"1");
        mailbox.unsubscribe(ring.head());
        ring.push(b"2");
        assert_eq!(drain(&mut mailbox, &ring), "1");
        assert_eq!(mailbox.cursor(), None);
    }

    #[test]
    fn one_who_never_joined_gets_letters_only() {
        let mut ring = Ring::new(1);
        let mut mailbox = Mailbox::default();
        ring.push(b"1");
        mailbox.push(ring.head(), "a".into()).unwrap();
        assert_eq!(drain(&mut mailbox, &ring), "a");
    }

    #[test]
    fn a_letter_is_judged_by_what_waits_before_it() {
        let ring = Ring::new(1);
        let mut mailbox = Mailbox::default();
        mailbox.push(0, vec![0; LETTER_BYTES_MAX].into()).unwrap();
        mailbox.push(0, vec![0; LETTER_BYTES_MAX * 2].into()).unwrap();
        assert_eq!(mailbox.letter_bytes(), LETTER_BYTES_MAX * 3);
        assert_eq!(mailbox.push(0, "x".into()), Err(TooSlow));
        assert!(mailbox.next(&ring).unwrap().is_some() && mailbox.next(&ring).unwrap().is_some());
        mailbox.push(0, "x".into()).unwrap();
    }

    #[test]
    fn one_who_fell_off_the_ring_is_too_slow() {
        let mut ring = Ring::new(1);
        let mut mailbox = Mailbox::default();
        mailbox.subscribe(0);
        for _ in 0..=super::super::ring::RING_FRAMES_MAX {
            ring.push(b"1");
        }
        assert_eq!(mailbox.next(&ring).err(), Some(TooSlow));
    }
}
