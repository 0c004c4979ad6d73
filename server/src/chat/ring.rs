//! The general chat's queue: one bounded ring of encoded frames that all members share, each with a cursor.
//!
//! Posting is one copy, however many read. Frames are numbered from 0; a member's cursor is the number of the
//! next frame it has to get. What lies between a cursor and the head leaves in runs of neighbouring frames,
//! ready for the wire. When the ring is full the oldest frames make room, and whoever had not got them yet has
//! fallen off: the owner closes it.
//!
//! While all keep up the ring is begun anew after [`RESTART_BYTES`]: what is written and read all the time
//! stays in the processor's cache, and what a storm has made it grow to is given back.
//!
//! It does not know its readers.

use std::collections::VecDeque;

/// Frames in the ring at most.
pub const RING_FRAMES_MAX: usize = 8_192;
/// Bytes in the ring at least.
pub const RING_BYTES: usize = 1024 * 1024;
/// Bytes after which the ring is begun anew as soon as everybody has got everything.
pub const RESTART_BYTES: usize = 64 * 1024;
/// Bytes that it may have grown to and keeps when it is.
const KEPT_BYTES: usize = 2 * RESTART_BYTES;
/// Frames of the largest size that fit in at least.
const LARGEST_FRAMES: usize = 4;

/// See the module's documentation.
#[derive(Debug)]
pub struct Ring {
    /// Grows to `capacity` with use, then is written round and round. A frame is never split.
    bytes: Vec<u8>,
    capacity: usize,
    frames: VecDeque<Frame>,
    /// The number of the oldest frame in the ring.
    first: u64,
    /// Where the next frame goes.
    end: usize,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    start: usize,
    end: usize,
}

/// A run of frames.
#[derive(Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The frames, one behind the other.
    pub bytes: &'a [u8],
    /// The cursor behind them.
    pub next: u64,
}

impl Ring {
    /// An empty ring of so many bytes for frames of at most `frame_bytes_max`; if a few of the largest do not fit, it
    /// has more.
    #[must_use]
    pub fn new(frame_bytes_max: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::new(),
            capacity: bytes.max(frame_bytes_max.saturating_mul(LARGEST_FRAMES)),
            frames: VecDeque::new(),
            first: 0,
            end: 0,
        }
    }

    /// The number of the oldest frame that is still there. A cursor below it has fallen off.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next frame will have.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Bytes from the oldest frame to the head, with a gap at the end of the memory.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.bytes_behind(self.first)
    }

    /// Bytes from a cursor to the head, where there is one; a gap at the end of the memory counts with them.
    #[must_use]
    pub fn bytes_behind(&self, cursor: u64) -> usize {
        let from = cursor.checked_sub(self.first).and_then(|from| usize::try_from(from).ok());
        match from.and_then(|from| self.frames.get(from)) {
            None => 0,
            Some(oldest) if oldest.start < self.end => self.end - oldest.start,
            Some(oldest) => self.bytes.len() - oldest.start + self.end,
        }
    }

    /// Whether it is time to begin anew, if all readers have got everything.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        self.end >= RESTART_BYTES
    }

    /// Lets go of all frames, which everybody has got, and of the memory that the present does not need.
    pub fn restart(&mut self) {
        self.first = self.head();
        self.end = 0;
        self.frames.clear();
        if self.bytes.len() > KEPT_BYTES {
            self.bytes = Vec::new();
            self.frames = VecDeque::new();
        }
    }

    /// Appends a frame, at the cost of the oldest if need be.
    ///
    /// # Panics
    /// If the frame is larger than the whole ring.
    pub fn push(&mut self, frame: &[u8]) {
        assert!(frame.len() <= self.capacity, "a frame of {} bytes is larger than the ring", frame.len());
        if self.end + frame.len() > self.capacity {
            let end = self.end;
            self.evict_while(|oldest| oldest.start >= end);
            self.end = 0;
        }
        let place = Frame { start: self.end, end: self.end + frame.len() };
        self.evict_while(|oldest| oldest.start < place.end && place.start < oldest.end);
        if self.frames.len() == RING_FRAMES_MAX {
            self.evict();
        }
        if self.bytes.len() < place.end {
            self.bytes.resize(place.end, 0);
        }
        self.bytes[place.start..place.end].copy_from_slice(frame);
        self.frames.push_back(place);
        self.end = place.end;
    }

    /// The frames from `cursor` up to and without `until`, as many as lie side by side in at most `bytes_max`
    /// bytes, but at least one. `None` if there is none, or if the cursor has fallen off.
    #[must_use]
    pub fn run(&self, cursor: u64, until: u64, bytes_max: usize) -> Option<Run<'_>> {
        let from = usize::try_from(cursor.checked_sub(self.first)?).ok()?;
        let until = usize::try_from(until.min(self.head()).checked_sub(self.first)?).ok()?;
        if from >= until {
            return None;
        }
        let start = self.frames[from].start;
        let fits = |frame: Frame| frame.start >= start && frame.end - start <= bytes_max;
        let mut last = until - 1;
        if !fits(self.frames[last]) {
            last = from + partition_point(last - from, |offset| fits(self.frames[from + offset])).max(1) - 1;
        }
        Some(Run { bytes: &self.bytes[start..self.frames[last].end], next: self.first + last as u64 + 1 })
    }

    fn evict_while(&mut self, condition: impl Fn(Frame) -> bool) {
        while self.frames.front().copied().is_some_and(&condition) {
            self.evict();
        }
    }

    fn evict(&mut self) {
        self.frames.pop_front();
        self.first += 1;
    }
}

/// How many of the numbers from 0 to `count` fulfil a condition that the first ones fulfil and the others do not.
fn partition_point(count: usize, condition: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if condition(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(number: u64, length: usize) -> Vec<u8> {
        vec![number as u8; length]
    }

    #[test]
    fn a_ring_full_of_frames_lets_the_oldest_go() {
        let mut ring = Ring::new(10, RING_BYTES);
        for number in 0..RING_FRAMES_MAX as u64 {
            ring.push(&frame(number, 10));
        }
        assert_eq!((ring.first(), ring.head()), (0, RING_FRAMES_MAX as u64));
        ring.push(b"x");
        assert_eq!((ring.first(), ring.head()), (1, RING_FRAMES_MAX as u64 + 1));
        assert_eq!(ring.run(0, u64::MAX, usize::MAX), None);
    }

    #[test]
    fn a_ring_full_of_bytes_lets_the_oldest_go() {
        let mut ring = Ring::new(RING_BYTES / 4, RING_BYTES);
        for number in 0..5 {
            ring.push(&frame(number, RING_BYTES / 4));
        }
        assert_eq!(ring.first(), 1);
        assert_eq!(ring.bytes.len(), RING_BYTES);
    }

    #[test]
    fn a_ring_that_is_begun_anew_goes_on_counting_and_gives_back_what_it_grew_to() {
        let mut ring = Ring::new(10, RING_BYTES);
        while !ring.wants_restart() {
            ring.push(&frame(ring.head(), 1_000));
        }
        let head = ring.head();
        assert_eq!((head, ring.end), (66, 66_000));
        ring.restart();
        assert_eq!((ring.first(), ring.head(), ring.bytes.len()), (head, head, 66_000));
        assert!(!ring.wants_restart());
        assert_eq!(ring.run(head - 1, u64::MAX, usize::MAX), None);
        for number in head..head + 200 {
            ring.push(&frame(number, 1_000));
        }
        assert_eq!(ring.run(head, head + 1, usize::MAX).unwrap().bytes, frame(head, 1_000));
        ring.restart();
        assert_eq!((ring.bytes.capacity(), ring.frames.capacity(), ring.head()), (0, 0, head + 200));
    }

    #[test]
    fn what_lies_between_a_cursor_and_the_head_is_known_also_across_the_end_of_the_memory() {
        let mut ring = Ring::new(10, RING_BYTES);
        assert_eq!(ring.bytes_behind(0), 0);
        for number in 0..11 {
            ring.push(&frame(number, RING_BYTES / 10));
        }
        let each = RING_BYTES / 10;
        assert_eq!([ring.bytes_behind(11), ring.bytes_behind(10)], [0, each]);
        assert!((2 * each..3 * each).contains(&ring.bytes_behind(9)), "{}", ring.bytes_behind(9));
        assert_eq!(ring.bytes_behind(0), 0, "it has fallen off");
    }

    #[test]
    fn large_frames_make_a_larger_ring() {
        let mut ring = Ring::new(RING_BYTES, RING_BYTES);
        ring.push(&frame(0, RING_BYTES));
        ring.push(&frame(1, RING_BYTES));
        assert_eq!(ring.run(0, 2, 1).unwrap(), Run { bytes: &frame(0, RING_BYTES), next: 1 });
    }

    proptest! {
        /// The model keeps every frame; the ring must give the same from any cursor that has not fallen off.
        #[test]
        fn runs_are_the_frames_in_order_without_gaps(
            lengths in prop::collection::vec(1_usize..400_000, 1..60),
            bytes_max in 1_usize..1_000_000,
            until_back in 0_u64..5,
        ) {
            let mut ring = Ring::new(400_000, RING_BYTES);
            let mut model = Vec::new();
            for (number, length) in lengths.into_iter().enumerate() {
                let frame = frame(number as u64, length);
                ring.push(&frame);
                model.push(frame);
                let until = ring.head().saturating_sub(until_back);
                for mut cursor in ring.first()..ring.head() {
                    while let Some(run) = ring.run(cursor, until, bytes_max) {
                        prop_assert!(run.next > cursor && run.next <= until);
                        let expected = model[cursor as usize..run.next as usize].concat();
                        prop_assert!(run.bytes == expected, "frames {}..{}", cursor, run.next);
                        prop_assert!(run.bytes.len() <= bytes_max || run.next == cursor + 1);
                        cursor = run.next;
                    }
                    prop_assert!(cursor >= until);
                }
                let kept: usize = model[ring.first() as usize..].iter().map(Vec::len).sum();
                prop_assert!(kept <= ring.capacity && ring.bytes.len() <= ring.capacity);
                // Nothing is given up without need: what is kept and the largest possible gap fill the ring.
                prop_assert!(ring.first() == 0 || kept + 2 * 400_000 > ring.capacity);
            }
        }
    }
}
