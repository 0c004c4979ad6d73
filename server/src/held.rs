//! How many bytes wait in queues, for all queues together. A large buffer that several of them share counts once.
//!
//! It counts what it is told comes and goes; it does not know the queues. When it is too much it says whose fault
//! that is, and its owner decides what becomes of them.

use std::collections::HashMap;

use bytes::Bytes;

/// Buffers below this are not worth sharing: they count, and may be copied, once for each queue.
pub const SHARED_BYTES_MIN: usize = 4_096;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Held {
    owned_bytes: usize,
    shared_bytes: usize,
    /// By their addresses, which are theirs alone while somebody holds them.
    shared: HashMap<usize, Shared>,
    next_number: u64,
}

#[derive(Debug)]
struct Shared {
    bytes: usize,
    holders: usize,
    /// In the order of their coming.
    number: u64,
}

/// Whose fault it is that too much is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// The queue with most bytes of its own.
    Fullest,
    /// All that hold this buffer ([`Buffer::of`]): of those that are shared it has been here longest.
    HoldersOf(Buffer),
}

/// A shared buffer, as long as somebody holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer(usize);

impl Buffer {
    /// The buffer that these bytes are.
    #[must_use]
    pub fn of(bytes: &Bytes) -> Self {
        Self(bytes.as_ptr().addr())
    }
}

impl Held {
    /// Bytes in all.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.owned_bytes + self.shared_bytes
    }

    /// A queue has got so many bytes of its own.
    pub fn add_owned(&mut self, bytes: usize) {
        self.owned_bytes += bytes;
    }

    /// A queue has so many bytes of its own less.
    pub fn remove_owned(&mut self, bytes: usize) {
        self.owned_bytes -= bytes;
    }

    /// A queue has got a buffer.
    pub fn add(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARED_BYTES_MIN {
            return self.add_owned(bytes.len());
        }
        let next_number = &mut self.next_number;
        let shared = self.shared.entry(Buffer::of(bytes).0).or_insert_with(|| {
            *next_number += 1;
            Shared { bytes: bytes.len(), holders: 0, number: *next_number }
        });
        self.shared_bytes += if shared.holders == 0 { shared.bytes } else { 0 };
        shared.holders += 1;
    }

    /// A queue has let go of a buffer that it had got.
    pub fn remove(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARED_BYTES_MIN {
            return self.remove_owned(bytes.len());
        }
        let key = Buffer::of(bytes).0;
        let Some(shared) = self.shared.get_mut(&key) else { return };
        shared.holders -= 1;
        if shared.holders == 0 {
            self.shared_bytes -= shared.bytes;
            self.shared.remove(&key);
        }
    }

    /// Whose fault it is, if more than this is held. If they let go and there is still too much, ask again.
    #[must_use]
    pub fn culprit(&self, bytes_max: usize) -> Option<Culprit> {
        if self.bytes() <= bytes_max {
            return None;
        }
        if self.owned_bytes >= self.shared_bytes {
            return Some(Culprit::Fullest);
        }
        let oldest = self.shared.iter().min_by_key(|(_, shared)| shared.number);
        oldest.map(|(key, _)| Culprit::HoldersOf(Buffer(*key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_counts_once_however_many_hold_it_and_a_small_one_for_each() {
        let mut held = Held::default();
        let (large, small) = (Bytes::from(vec![0; SHARED_BYTES_MIN]), Bytes::from(vec![0; 100]));
        for _ in 0..3 {
            held.add(&large);
            held.add(&small);
        }
        assert_eq!(held.bytes(), SHARED_BYTES_MIN + 300);
        for _ in 0..2 {
            held.remove(&large);
            held.remove(&small);
        }
        assert_eq!(held.bytes(), SHARED_BYTES_MIN + 100);
        held.remove(&large);
        held.remove(&small);
        assert_eq!((held.bytes(), held.shared.len()), (0, 0));
    }

    #[test]
    fn the_fault_is_with_the_kind_of_bytes_that_are_more() {
        let mut held = Held::default();
        let versions: Vec<_> = (0..3).map(|_| Bytes::from(vec![0; 10_000])).collect();
        versions.iter().for_each(|version| held.add(version));
        assert_eq!(held.culprit(30_000), None);
        assert_eq!(held.culprit(29_999), Some(Culprit::HoldersOf(Buffer::of(&versions[0]))));
        held.remove(&versions[0]);
        assert_eq!(held.culprit(19_999), Some(Culprit::HoldersOf(Buffer::of(&versions[1]))));
        held.add_owned(20_000);
        assert_eq!(held.culprit(39_999), Some(Culprit::Fullest));
    }
}
