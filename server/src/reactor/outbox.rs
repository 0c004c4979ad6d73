//! What a connection has still to write: bytes in their order, some of them shared with other connections.
//!
//! Whole frames go in, in the order in which they shall arrive; the socket takes what it takes. It does not know
//! what the bytes mean. Its bound is kept by its owner, who stops adding (and stops reading what would cause
//! answers) while much is unsent.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};

use bytes::Bytes;

/// Shared pieces below this are copied to the others instead: one more piece costs more than the copy.
const SHARED_BYTES_MIN: usize = 4_096;
/// Pieces offered to the system in one write.
const SLICES_MAX: usize = 16;
/// A buffer larger than this is given back to the allocator, not kept for the next connection.
const SPARE_BYTES_MAX: usize = 512 * 1024;

/// See the module's documentation. Holds no memory while it is empty.
#[derive(Debug, Default)]
pub struct Outbox {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that are written already.
    sent: usize,
    /// Bytes still to be written.
    len: usize,
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
        self.len
    }

    /// Whether everything is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends bytes. `spare` is a buffer that connections hand on to each other, so that one which is seldom
    /// blocked never owns one.
    pub fn push(&mut self, bytes: &[u8], spare: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if !matches!(self.pieces.back(), Some(Piece::Owned(_))) {
            self.pieces.push_back(Piece::Owned(std::mem::take(spare)));
        }
        if let Some(Piece::Owned(last)) = self.pieces.back_mut() {
            last.extend_from_slice(bytes);
        }
        self.len += bytes.len();
    }

    /// Appends bytes that are shared, not copied, if they are many.
    pub fn push_shared(&mut self, bytes: Bytes, spare: &mut Vec<u8>) {
        if bytes.len() < SHARED_BYTES_MIN {
            self.push(&bytes, spare);
        } else {
            self.len += bytes.len();
            self.pieces.push_back(Piece::Shared(bytes));
        }
    }

    /// Writes as much as the stream takes, in as few calls as possible. `Ok(true)` when all is written,
    /// `Ok(false)` when the stream would block.
    ///
    /// # Errors
    /// The stream's, `WouldBlock` and `Interrupted` excepted.
    pub fn write_to(&mut self, stream: &mut impl Write, spare: &mut Vec<u8>) -> io::Result<bool> {
        while !self.is_empty() {
            let written = match self.pieces.len() {
                1 => stream.write(&self.pieces[0].bytes()[self.sent..]),
                _ => {
                    let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                    for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                        *slice = IoSlice::new(piece.bytes());
                    }
                    slices[0] = IoSlice::new(&self.pieces[0].bytes()[self.sent..]);
                    stream.write_vectored(&slices[..self.pieces.len().min(SLICES_MAX)])
                }
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.consume(count, spare),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn consume(&mut self, count: usize, spare: &mut Vec<u8>) {
        self.len -= count;
        self.sent += count;
        while let Some(first) = self.pieces.front() {
            let length = first.bytes().len();
            if self.sent < length {
                return;
            }
            self.sent -= length;
            if let Some(Piece::Owned(mut bytes)) = self.pieces.pop_front()
                && bytes.capacity() > spare.capacity()
                && bytes.capacity() <= SPARE_BYTES_MAX
            {
                bytes.clear();
                *spare = bytes;
            }
        }
        // Nothing is left: an idle connection keeps no memory for its next write.
        self.pieces = VecDeque::new();
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
            let mut spare = Vec::new();
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
            stream.takes = vec![usize::MAX; 30];
            prop_assert!(outbox.write_to(&mut stream, &mut spare).unwrap());
            prop_assert_eq!(stream.taken, expected);
        }
    }

    #[test]
    fn an_empty_outbox_owns_nothing_and_hands_its_buffer_on() {
        let mut outbox = Outbox::default();
        let mut spare = Vec::with_capacity(1_000);
        outbox.push(b"abc", &mut spare);
        assert_eq!(spare.capacity(), 0);
        let mut stream = Narrow { takes: vec![3], taken: Vec::new() };
        assert!(outbox.write_to(&mut stream, &mut spare).unwrap());
        assert_eq!((spare.capacity(), spare.len(), outbox.pieces.capacity()), (1_000, 0, 0));
    }

    #[test]
    fn a_stream_that_takes_nothing_has_failed() {
        let mut outbox = Outbox::default();
        outbox.push(b"abc", &mut Vec::new());
        let mut stream = Narrow { takes: vec![0], taken: Vec::new() };
        assert_eq!(
            outbox.write_to(&mut stream, &mut Vec::new()).unwrap_err().kind(),
            io::ErrorKind::WriteZero
        );
    }
}
