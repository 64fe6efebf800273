//! Decisions out of an input.

/// The rest of an input.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of an input.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Up to `len` bytes: fewer if fewer are left.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// An index below `count`; 0 if there is none.
    pub fn index(&mut self, count: usize) -> usize {
        usize::from(self.u8()) % count.max(1)
    }

    /// A word of the kind that finds bugs: small, at an edge, or any.
    pub fn word(&mut self) -> u32 {
        const EDGES: [u32; 16] = [
            0,
            1,
            2,
            3,
            7,
            8,
            16,
            63,
            64,
            255,
            4096,
            1 << 16,
            1 << 30,
            (1 << 31) - 1,
            1 << 31,
            u32::MAX,
        ];
        match self.u8() {
            choice @ 0..128 => u32::from(choice),
            choice @ 128..192 => EDGES[usize::from(choice) % EDGES.len()],
            _ => self.u32(),
        }
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        choices.get(self.index(choices.len())).copied()
    }
}
