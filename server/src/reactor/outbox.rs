//! What a connection has still to write: bytes in their order, some of them shared with other connections.
//!
//! Whole frames go in, in the order in which they shall arrive; the socket takes what it takes. It does not know
//! what the bytes mean. Its bound is kept by its owner, who stops adding (and stops reading what would cause
//! answers) while much is unsent.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};

use bytes::Bytes;

use crate::held::{Buffer, Held, SHARED_BYTES_MIN};

/// An own piece this large gets no more: what is sent of it is let go only with all of it, so a peer that never takes
/// the last byte must not make it grow.
const OWNED_BYTES_MAX: usize = 64 * 1024;
/// Pieces offered to the system in one write.
const SLICES_MAX: usize = 16;
/// A buffer larger than this is given back to the allocator, not kept for the next connection.
const SPARE_BYTES_MAX: usize = 128 * 1024;

/// See the module's documentation. Holds no memory while it is empty.
#[derive(Debug, Default)]
pub struct Outbox(Option<Box<Queue>>);

/// What an outbox needs while it is not empty. Outboxes hand it on to each other, so that one which is seldom
/// blocked never owns one and nothing is allocated for a write.
#[derive(Debug, Default)]
pub struct Spare {
    queue: Option<Box<Queue>>,
    buffer: Vec<u8>,
    /// What is unsent in all outboxes together.
    held: Held,
}

impl Spare {
    /// What is unsent in all outboxes together.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }
}

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that are written already.
    sent: usize,
    /// Bytes still to be written; more than 0.
    len: usize,
    /// Those of them that are not shared.
    owned: usize,
}

#[derive(Debug)]
enum Piece {
    Owned(Vec<u8>),
    Shared(Bytes),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Outbox {
    /// Bytes still to be written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.len)
    }

    /// Those of them that are not shared.
    #[must_use]
    pub fn owned_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.owned)
    }

    /// Whether a part of this buffer is unsent.
    #[must_use]
    pub fn holds(&self, buffer: Buffer) -> bool {
        let pieces = self.0.iter().flat_map(|queue| &queue.pieces);
        pieces.into_iter().any(|piece| matches!(piece, Piece::Shared(bytes) if Buffer::of(bytes) == buffer))
    }

    /// Gives up what is unsent, as its owner must before it goes.
    pub fn clear(&mut self, spare: &mut Spare) {
        let Some(queue) = self.0.take() else { return };
        spare.held.remove_owned(queue.owned);
        for piece in queue.pieces {
            if let Piece::Shared(bytes) = piece {
                spare.held.remove(&bytes);
            }
        }
    }

    /// Whether everything is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8], spare: &mut Spare) {
        if bytes.is_empty() {
            return;
        }
        let queue = Self::queue(&mut self.0, spare);
        if !matches!(queue.pieces.back(), Some(Piece::Owned(last)) if last.len() < OWNED_BYTES_MAX) {
            queue.pieces.push_back(Piece::Owned(std::mem::take(&mut spare.buffer)));
        }
        if let Some(Piece::Owned(last)) = queue.pieces.back_mut() {
            last.extend_from_slice(bytes);
        }
        queue.len += bytes.len();
        queue.owned += bytes.len();
        spare.held.add_owned(bytes.len());
    }

    /// Appends bytes that are shared, not copied, if they are many.
    pub fn push_shared(&mut self, bytes: Bytes, spare: &mut Spare) {
        if bytes.len() < SHARED_BYTES_MIN {
            self.push(&bytes, spare);
        } else {
            spare.held.add(&bytes);
            let queue = Self::queue(&mut self.0, spare);
            queue.len += bytes.len();
            queue.pieces.push_back(Piece::Shared(bytes));
        }
    }

    fn queue<'a>(queue: &'a mut Option<Box<Queue>>, spare: &mut Spare) -> &'a mut Queue {
        queue.get_or_insert_with(|| spare.queue.take().unwrap_or_default())
    }

    /// Writes as much as the stream takes, in as few calls as possible. `Ok(true)` when all is written,
    /// `Ok(false)` when the stream would block.
    ///
    /// # Errors
    /// The stream's, `WouldBlock` and `Interrupted` excepted.
    pub fn write_to(&mut self, stream: &mut impl Write, spare: &mut Spare) -> io::Result<bool> {
        while let Some(queue) = &mut self.0 {
            let written = match queue.pieces.len() {
                1 => stream.write(&queue.pieces[0].bytes()[queue.sent..]),
                _ => {
                    let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                    for (slice, piece) in slices.iter_mut().zip(&queue.pieces) {
                        *slice = IoSlice::new(piece.bytes());
                    }
                    slices[0] = IoSlice::new(&queue.pieces[0].bytes()[queue.sent..]);
                    stream.write_vectored(&slices[..queue.pieces.len().min(SLICES_MAX)])
                }
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    queue.consume(count, spare);
                    if queue.len == 0 {
                        spare.queue = self.0.take();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

impl Queue {
    fn consume(&mut self, count: usize, spare: &mut Spare) {
        self.len -= count;
        let mut count = count;
        while let Some(first) = self.pieces.front() {
            let length = first.bytes().len();
            let taken = count.min(length - self.sent);
            if matches!(first, Piece::Owned(_)) {
                self.owned -= taken;
                spare.held.remove_owned(taken);
            }
            count -= taken;
            self.sent += taken;
            if self.sent < length {
                return;
            }
            self.sent = 0;
            match self.pieces.pop_front() {
                Some(Piece::Owned(mut bytes))
                    if (spare.buffer.capacity()..=SPARE_BYTES_MAX).contains(&bytes.capacity()) =>
                {
                    bytes.clear();
                    spare.buffer = bytes;
                }
                Some(Piece::Shared(bytes)) => spare.held.remove(&bytes),
                Some(Piece::Owned(_)) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes so many bytes a call, then blocks.
    struct Narrow {
        takes: Vec<usize>,
        taken: Vec<u8>,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.takes.pop() {
                None => Err(io::ErrorKind::WouldBlock.into()),
                Some(take) => {
                    let count = take.min(bytes.len());
                    self.taken.extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
            }
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            self.write(&all)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn bytes_come_out_in_order_however_the_stream_takes_them(
            pieces in prop::collection::vec((any::<bool>(), 1_usize..10_000), 1..30),
            takes in prop::collection::vec(1_usize..20_000, 0..60),
        ) {
            let mut outbox = Outbox::default();
            let mut spare = Spare::default();
            let mut expected = Vec::new();
            for (number, (shared, length)) in pieces.into_iter().enumerate() {
                let bytes = vec![number as u8; length];
                expected.extend_from_slice(&bytes);
                if shared {
                    outbox.push_shared(bytes.into(), &mut spare);
                } else {
                    outbox.push(&bytes, &mut spare);
                }
            }
            let mut stream = Narrow { takes, taken: Vec::new() };
            let done = outbox.write_to(&mut stream, &mut spare).unwrap();
            prop_assert_eq!(&stream.taken[..], &expected[..stream.taken.len()]);
            prop_assert_eq!(outbox.len(), expected.len() - stream.taken.len());
            prop_assert_eq!(done, outbox.is_empty());
            // A shared buffer is held whole until the last of it is sent.
            prop_assert!(spare.held.bytes() >= outbox.len());
            stream.takes = vec![usize::MAX; 30];
            prop_assert!(outbox.write_to(&mut stream, &mut spare).unwrap());
            prop_assert_eq!(stream.taken, expected);
            prop_assert_eq!(spare.held.bytes(), 0);
        }
    }

    #[test]
    fn an_empty_outbox_owns_nothing_and_hands_its_buffer_on() {
        let mut outbox = Outbox::default();
        let mut spare = Spare { buffer: Vec::with_capacity(1_000), ..Spare::default() };
        outbox.push(b"abc", &mut spare);
        assert_eq!(spare.buffer.capacity(), 0);
        let mut stream = Narrow { takes: vec![3], taken: Vec::new() };
        assert!(outbox.write_to(&mut stream, &mut spare).unwrap());
        assert!(outbox.0.is_none() && spare.queue.is_some());
        assert_eq!((spare.buffer.capacity(), spare.buffer.len()), (1_000, 0));
    }

    #[test]
    fn a_peer_that_never_takes_the_last_byte_does_not_make_it_grow() {
        let mut outbox = Outbox::default();
        let mut spare = Spare::default();
        for _ in 0..10_000 {
            outbox.push(&[0; 1_000], &mut spare);
            let mut stream = Narrow { takes: vec![outbox.len() - 1], taken: Vec::new() };
            assert!(!outbox.write_to(&mut stream, &mut spare).unwrap());
            let pieces = &outbox.0.as_ref().unwrap().pieces;
            let held: usize = pieces.iter().map(|piece| piece.bytes().len()).sum();
            assert!(held <= OWNED_BYTES_MAX + 1_000, "{held} bytes are held for {}", outbox.len());
        }
    }

    #[test]
    fn what_is_given_up_is_held_no_more() {
        let mut spare = Spare::default();
        let mut outboxes = [Outbox::default(), Outbox::default()];
        let shared = Bytes::from(vec![0; SHARED_BYTES_MIN]);
        for outbox in &mut outboxes {
            outbox.push(b"abc", &mut spare);
            outbox.push_shared(shared.clone(), &mut spare);
        }
        assert_eq!(spare.held.bytes(), SHARED_BYTES_MIN + 6);
        assert!(outboxes[0].holds(Buffer::of(&shared)));
        outboxes[0].clear(&mut spare);
        assert!(outboxes[0].is_empty() && !outboxes[0].holds(Buffer::of(&shared)));
        assert_eq!(spare.held.bytes(), SHARED_BYTES_MIN + 3);
        outboxes[1].clear(&mut spare);
        assert_eq!(spare.held.bytes(), 0);
    }

    #[test]
    fn a_stream_that_takes_nothing_has_failed() {
        let mut outbox = Outbox::default();
        outbox.push(b"abc", &mut Spare::default());
        let mut stream = Narrow { takes: vec![0], taken: Vec::new() };
        assert_eq!(
            outbox.write_to(&mut stream, &mut Spare::default()).unwrap_err().kind(),
            io::ErrorKind::WriteZero
        );
    }
}
