//! The timer wheel: every deadline of the server, armed and cancelled in O(1).
//!
//! A pure data structure. Time goes in ([`Wheel::advance`]), expired keys come out ([`Wheel::pop_expired`]). It
//! owns no clock and calls nobody back, and it does not know what a key stands for.
//!
//! | level | a slot is      | the level spans |
//! |-------|----------------|-----------------|
//! | 0     | 32 ms (a tick) | 2 s             |
//! | 1     | 2 s            | 2 min           |
//! | 2     | 2 min          | 2 h             |
//! | 3     | 2 h            | 6 days          |
//!
//! A timer goes to the lowest level whose span covers what is left until its deadline. When the time reaches a
//! slot of a higher level, the timers in it are placed anew, lower. What lies beyond the last level waits there
//! and is placed again each time round. Each level has a word of occupancy, a bit for each slot, so that the
//! next occupied slot is found without a walk: nobody has to tick.
//!
//! A timer never fires before its deadline, and at most one tick after it (plus the caller's own delay).

use std::num::NonZeroU32;
use std::time::Duration;

use slab::Slab;

/// The width of a slot of level 0: how late a timer may fire.
pub const TICK: Duration = Duration::from_millis(32);

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 4;
/// Index of the list of expired timers, behind those of all slots.
const EXPIRED: usize = LEVELS * SLOTS;
/// The end of a list.
const NIL: u32 = u32::MAX;

const _: () = assert!(SLOTS == u64::BITS as usize, "a level's occupancy is one word");
const _: () = assert!(TICK.as_millis() <= 50);
const _: () = assert!(EXPIRED <= u16::MAX as usize, "an entry names its list in 16 bits");

/// Names one armed timer. Stale once the timer was cancelled or has come out; a stale id cancels nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerId {
    index: u32,
    serial: NonZeroU32,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Wheel<K> {
    entries: Slab<Entry<K>>,
    lists: [List; EXPIRED + 1],
    occupied: [u64; LEVELS],
    /// The tick up to which everything is expired.
    now: u64,
    serial: NonZeroU32,
}

#[derive(Debug)]
struct Entry<K> {
    key: K,
    deadline: u64,
    previous: u32,
    next: u32,
    serial: NonZeroU32,
    list: u16,
}

#[derive(Debug, Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
}

impl<K: Copy> Wheel<K> {
    /// An empty wheel at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Slab::new(),
            lists: [List { head: NIL, tail: NIL }; EXPIRED + 1],
            occupied: [0; LEVELS],
            now: 0,
            serial: NonZeroU32::MIN,
        }
    }

    /// Arms a timer. Deadlines are counted from the wheel's time zero; one that has passed expires at once.
    pub fn arm(&mut self, deadline: Duration, key: K) -> TimerId {
        self.serial = self.serial.checked_add(1).unwrap_or(NonZeroU32::MIN);
        let serial = self.serial;
        let deadline = tick_at_or_after(deadline);
        let entry = Entry { key, deadline, previous: NIL, next: NIL, serial, list: 0 };
        let index =
            u32::try_from(self.entries.insert(entry)).expect("fewer than 2^32 timers fit into memory");
        self.place(index);
        TimerId { index, serial }
    }

    /// Cancels a timer, and returns its key if it was still armed.
    pub fn cancel(&mut self, id: TimerId) -> Option<K> {
        self.entries.get(id.index as usize).filter(|entry| entry.serial == id.serial)?;
        self.unlink(id.index);
        Some(self.entries.remove(id.index as usize).key)
    }

    /// When [`Wheel::advance`] has something to do next: the start of the next occupied slot. `None` while
    /// nothing is armed.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        if self.lists[EXPIRED].head != NIL {
            return Some(time_of(self.now));
        }
        self.next_start().map(time_of)
    }

    /// Moves the time forward. A time that lies before the wheel's own changes nothing.
    pub fn advance(&mut self, now: Duration) {
        let target = tick_at_or_before(now);
        while let Some(start) = self.next_start().filter(|start| *start <= target) {
            let due = self.take_slots_starting_at(start);
            self.now = start;
            for mut index in due {
                while index != NIL {
                    let next = self.entries[index as usize].next;
                    self.place(index);
                    index = next;
                }
            }
        }
        self.now = self.now.max(target);
    }

    /// The key of a timer that has expired, the earliest first; its id is stale from now on.
    pub fn pop_expired(&mut self) -> Option<K> {
        let index = self.lists[EXPIRED].head;
        (index != NIL).then(|| {
            self.unlink(index);
            self.entries.remove(index as usize).key
        })
    }

    /// How many timers are armed or expired and not yet popped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The earliest tick at which an occupied slot begins.
    fn next_start(&self) -> Option<u64> {
        (0..LEVELS).filter_map(|level| self.next_start_of(level)).min()
    }

    /// The same for one level. The slot that the present lies in is the last in line: whatever is in it was
    /// placed after it began, so it is a whole round away.
    fn next_start_of(&self, level: usize) -> Option<u64> {
        let occupied = self.occupied[level];
        if occupied == 0 {
            return None;
        }
        let current = self.now >> shift(level);
        let first = (current + 1) % SLOTS as u64;
        let distance = 1 + u64::from(occupied.rotate_right(first as u32).trailing_zeros());
        Some((current + distance) << shift(level))
    }

    /// Empties the slots of all levels that begin at this tick, the highest level first, and returns the heads
    /// of their lists. Must be asked before the time moves: a slot that begins now would look a round away.
    fn take_slots_starting_at(&mut self, start: u64) -> [u32; LEVELS] {
        let mut heads = [NIL; LEVELS];
        for level in 0..LEVELS {
            if self.next_start_of(level) == Some(start) {
                let slot = slot_of(start, level);
                let list = &mut self.lists[level * SLOTS + slot];
                heads[LEVELS - 1 - level] = list.head;
                *list = List { head: NIL, tail: NIL };
                self.occupied[level] &= !(1 << slot);
            }
        }
        heads
    }

    /// Puts an entry where its deadline belongs as seen from now.
    fn place(&mut self, index: u32) {
        let deadline = self.entries[index as usize].deadline;
        let list = match deadline.checked_sub(self.now) {
            None | Some(0) => EXPIRED,
            Some(left) => {
                let level = (0..LEVELS).find(|level| left < span(*level)).unwrap_or(LEVELS - 1);
                let farthest = if left < span(level) { deadline } else { self.now };
                let slot = slot_of(farthest, level);
                self.occupied[level] |= 1 << slot;
                level * SLOTS + slot
            }
        };
        self.link_at_tail(index, list);
    }

    fn link_at_tail(&mut self, index: u32, list: usize) {
        let tail = self.lists[list].tail;
        let entry = &mut self.entries[index as usize];
        entry.list = list as u16;
        entry.previous = tail;
        entry.next = NIL;
        self.lists[list].tail = index;
        if tail == NIL {
            self.lists[list].head = index;
        } else {
            self.entries[tail as usize].next = index;
        }
    }

    fn unlink(&mut self, index: u32) {
        let Entry { previous, next, list, .. } = self.entries[index as usize];
        let list = usize::from(list);
        if previous == NIL {
            self.lists[list].head = next;
        } else {
            self.entries[previous as usize].next = next;
        }
        if next == NIL {
            self.lists[list].tail = previous;
        } else {
            self.entries[next as usize].previous = previous;
        }
        if list != EXPIRED && self.lists[list].head == NIL {
            self.occupied[list / SLOTS] &= !(1 << (list % SLOTS));
        }
    }
}

impl<K: Copy> Default for Wheel<K> {
    fn default() -> Self {
        Self::new()
    }
}

const fn shift(level: usize) -> u32 {
    SLOT_BITS * level as u32
}

/// The ticks that a level covers, from the present on.
const fn span(level: usize) -> u64 {
    1 << (SLOT_BITS * (level as u32 + 1))
}

const fn slot_of(tick: u64, level: usize) -> usize {
    ((tick >> shift(level)) % SLOTS as u64) as usize
}

fn tick_at_or_after(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX)
}

fn tick_at_or_before(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX)
}

/// Saturates after 584 years.
fn time_of(tick: u64) -> Duration {
    Duration::from_millis(tick.saturating_mul(TICK.as_millis() as u64))
}

#[cfg(test)]
mod tests;
