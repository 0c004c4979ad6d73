//! Random cuts of a stream, from a seed of one byte: the input itself stays readable, and a seed of 0 is the
//! cruellest, byte by byte.

/// Where to cut next.
#[derive(Debug, Clone)]
pub struct Cuts {
    state: u64,
    size_max: u64,
}

impl Cuts {
    /// Cuts of 1 byte (seed 0), of up to 2 to 128 bytes, depending on the seed.
    #[must_use]
    pub fn new(seed: u8) -> Self {
        let size_max = if seed == 0 { 1 } else { 2 << (seed % 7) };
        Self { state: u64::from(seed) | 1 << 40, size_max }
    }

    /// No cuts.
    #[must_use]
    pub fn whole() -> Self {
        Self { state: 1 << 40, size_max: 1 << 60 }
    }

    /// The size of the next piece: at least 1.
    pub fn next_size(&mut self) -> usize {
        // xorshift64
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        1 + (self.state % self.size_max) as usize
    }

    /// The pieces of a whole.
    pub fn pieces<'a>(mut self, mut bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        std::iter::from_fn(move || {
            let (piece, rest) = bytes.split_at(self.next_size().min(bytes.len()));
            bytes = rest;
            (!piece.is_empty()).then_some(piece)
        })
    }
}
