//! A bounded piece of a region: its words, and copies that tolerate races.

use core::marker::PhantomData;
use core::ptr::NonNull;

use super::copy;
use super::region::Access;
use crate::error::Error;
use crate::protocol::ReadWord;
use crate::protocol::role::ANONYMOUS;
use crate::sync::{AtomicU32, Ordering, fence};

/// A piece of a region, as one party sees it. Copying it copies the right to reach the bytes by
/// words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'m> {
    base: NonNull<u8>,
    len: usize,
    /// The party, and [`READ_ONLY`] or not: one word, since spans are passed around a lot, and
    /// whole words are what is quick to copy.
    terms: u32,
    memory: PhantomData<&'m AtomicU32>,
}

const READ_ONLY: u32 = 1 << 16;

// SAFETY: all safe methods reach the bytes through 32-bit atomics; `lend` makes slices only
// from claims that one party holds at a time (Raw-I3).
unsafe impl Send for Span<'_> {}
// SAFETY: as for Send.
unsafe impl Sync for Span<'_> {}

/// A word of memory that may be mapped for reading only, where nothing but relaxed loads is
/// guaranteed to work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peek<'m> {
    word: &'m AtomicU32,
    read_only: bool,
}

impl<'m> Peek<'m> {
    /// The word itself, where it can be written.
    #[inline]
    pub(crate) const fn writable(&self) -> Option<&'m AtomicU32> {
        if self.read_only { None } else { Some(self.word) }
    }
}

impl ReadWord for Peek<'_> {
    #[inline]
    fn load(&self, order: Ordering) -> u32 {
        if self.read_only {
            let value = self.word.load(Ordering::Relaxed);
            // The fence makes the relaxed load as good as the order asked for.
            if order != Ordering::Relaxed {
                fence(Ordering::Acquire);
            }
            value
        } else {
            self.word.load(order)
        }
    }

    #[inline]
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl<'m> Span<'m> {
    /// # Safety
    /// Raw-I1 and Raw-I2 hold for `base..base + len` during `'m`.
    #[inline]
    pub(super) const unsafe fn new(base: NonNull<u8>, len: usize, access: Access) -> Self {
        let read_only = match access {
            Access::ReadWrite => 0,
            Access::ReadOnly => READ_ONLY,
        };
        Self { base, len, terms: ANONYMOUS as u32 | read_only, memory: PhantomData }
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) const fn access(&self) -> Access {
        if self.terms & READ_ONLY == 0 { Access::ReadWrite } else { Access::ReadOnly }
    }

    /// As whom roles in this memory are claimed.
    #[inline]
    pub(crate) const fn party(&self) -> u16 {
        self.terms as u16
    }

    /// The same bytes, for the claims of `party`.
    pub(crate) const fn of_party(self, party: u16) -> Self {
        Self { terms: self.terms & READ_ONLY | party as u32, ..self }
    }

    /// The same bytes, for looking only.
    #[cfg(test)]
    pub(crate) const fn read_only(self) -> Self {
        Self { terms: self.terms | READ_ONLY, ..self }
    }

    #[inline]
    pub(crate) fn require_writable(&self) -> Result<(), Error> {
        match self.access() {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(Error::ReadOnly),
        }
    }

    /// Whether both are the same bytes, seen by one party or by two.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.base, self.len) == (other.base, other.len)
    }

    #[inline]
    fn bounds(&self, offset: usize, len: usize) -> Result<(), Error> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(Error::OutOfBounds { offset: offset as u64, len: len as u64 }),
        }
    }

    /// A piece of this piece. `offset` must be a multiple of 4.
    #[inline]
    pub(crate) fn sub(&self, offset: usize, len: usize) -> Result<Self, Error> {
        self.bounds(offset, len)?;
        aligned(offset)?;
        // SAFETY: `bounds` checked that offset <= self.len, so the result lies in the same
        // mapped allocation or one past its end (Raw-I1).
        let base = unsafe { self.base.add(offset) };
        Ok(Self { base, len, ..*self })
    }

    #[inline]
    fn atomic(&self, offset: usize) -> Result<&'m AtomicU32, Error> {
        self.bounds(offset, 4)?;
        aligned(offset)?;
        // SAFETY: in bounds, as just checked.
        let at = unsafe { self.base.add(offset) }.cast::<AtomicU32>();
        // SAFETY: mapped for 'm and initialised (Raw-I1); 4-aligned, since base and offset
        // are; every other access to these bytes is atomic of the same width, or excluded by
        // a claim (Raw-I3).
        Ok(unsafe { at.as_ref() })
    }

    /// The control word at `offset`, for reading and writing.
    #[inline]
    pub(crate) fn word(&self, offset: usize) -> Result<&'m AtomicU32, Error> {
        self.require_writable()?;
        self.atomic(offset)
    }

    /// `N` words from `offset` on, for reading and writing: one check for all of them. Nothing
    /// among them may ever be lent.
    #[inline]
    pub(crate) fn block<const N: usize>(&self, offset: usize) -> Result<&'m [AtomicU32; N], Error> {
        self.require_writable()?;
        self.bounds(offset, N * 4)?;
        aligned(offset)?;
        // SAFETY: in bounds, as just checked.
        let at = unsafe { self.base.add(offset) }.cast::<[AtomicU32; N]>();
        // SAFETY: as in `atomic`, for each of the words.
        Ok(unsafe { at.as_ref() })
    }

    /// The control word at `offset`, for reading.
    #[inline]
    pub(crate) fn peek(&self, offset: usize) -> Result<Peek<'m>, Error> {
        let read_only = self.terms & READ_ONLY != 0;
        Ok(Peek { word: self.atomic(offset)?, read_only })
    }

    /// A relaxed load of the word at `offset`.
    #[inline]
    pub(crate) fn load(&self, offset: usize) -> Result<u32, Error> {
        Ok(self.atomic(offset)?.load(Ordering::Relaxed))
    }

    /// A relaxed store to the word at `offset`.
    #[inline]
    pub(crate) fn store(&self, offset: usize, value: u32) -> Result<(), Error> {
        self.word(offset)?.store(value, Ordering::Relaxed);
        Ok(())
    }

    /// Relaxed loads of `N` words from `offset` on.
    pub(crate) fn load_all<const N: usize>(&self, offset: usize) -> Result<[u32; N], Error> {
        self.bounds(offset, N * 4)?;
        aligned(offset)?;
        let mut values = [0; N];
        for (value, word) in values.iter_mut().zip(self.words(offset, N)) {
            *value = word.load(Ordering::Relaxed);
        }
        Ok(values)
    }

    /// Relaxed stores to the words from `offset` on.
    pub(crate) fn store_all(&self, offset: usize, values: &[u32]) -> Result<(), Error> {
        for (word, value) in self.control(offset, values.len())?.iter().zip(values) {
            word.store(*value, Ordering::Relaxed);
        }
        Ok(())
    }

    /// `count` control words from `offset` on, for reading and writing. `offset` is a multiple
    /// of 4.
    pub(crate) fn control(&self, offset: usize, count: usize) -> Result<&'m [AtomicU32], Error> {
        self.require_writable()?;
        self.bounds(offset, count.saturating_mul(4))?;
        aligned(offset)?;
        Ok(self.words(offset, count))
    }

    /// `count` words from an offset that was checked already; fewer at the end of the span.
    /// No more than are copied, since the bytes behind them may be lent to somebody.
    #[inline]
    fn words(&self, offset: usize, count: usize) -> &'m [AtomicU32] {
        let len = (self.len.saturating_sub(offset) / 4).min(count);
        // SAFETY: offset is within the span for a non-empty result, and the pointer is not
        // used otherwise; `wrapping_add` never leaves the address space unsoundly.
        let at = self.base.as_ptr().wrapping_add(offset).cast::<AtomicU32>();
        if len == 0 {
            return &[];
        }
        // SAFETY: `len` whole words from `offset` lie inside the span; as in `atomic` they
        // are mapped, initialised, 4-aligned (callers pass multiples of 4) and only reached
        // by atomics of this width or under a claim.
        unsafe { core::slice::from_raw_parts(at, len) }
    }

    /// Copies bytes out by relaxed words, many at a time. Others may be writing them: the result is then some
    /// mix, for the protocol to reject.
    #[inline]
    pub(crate) fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        self.bounds(offset, out.len())?;
        aligned(offset)?;
        let (chunks, rest) = out.as_chunks_mut();
        let whole = chunks.len();
        copy::load(self.words(offset, whole), chunks);
        if !rest.is_empty() {
            // Up to three bytes. The word they begin lies inside: spans are made of whole words.
            let word = self.atomic(offset + whole * 4)?.load(Ordering::Relaxed);
            for (to, from) in rest.iter_mut().zip(word.to_ne_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }

    /// Whether these bytes are there, by relaxed words. Others may be writing them, as in
    /// [`read`](Self::read).
    #[inline]
    pub(crate) fn holds(&self, offset: usize, bytes: &[u8]) -> Result<bool, Error> {
        self.bounds(offset, bytes.len())?;
        aligned(offset)?;
        let (chunks, rest) = bytes.as_chunks();
        for (word, chunk) in self.words(offset, chunks.len()).iter().zip(chunks) {
            if word.load(Ordering::Relaxed).to_ne_bytes() != *chunk {
                return Ok(false);
            }
        }
        if rest.is_empty() {
            return Ok(true);
        }
        // Up to three bytes, of a word that lies inside, as in `read`.
        let word = self.load(offset + bytes.len() - rest.len())?.to_ne_bytes();
        Ok(word.iter().zip(rest).all(|(one, other)| one == other))
    }

    /// Copies bytes in by relaxed words. The caller's protocol keeps other writers away; up to
    /// three bytes after a length that is no multiple of 4 are kept as they are.
    #[inline]
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.require_writable()?;
        self.bounds(offset, bytes.len())?;
        aligned(offset)?;
        let (chunks, rest) = bytes.as_chunks();
        copy::store(self.words(offset, chunks.len()), chunks);
        if !rest.is_empty() {
            let word = self.atomic(offset + chunks.len() * 4)?;
            let mut value = word.load(Ordering::Relaxed).to_ne_bytes();
            for (to, from) in value.iter_mut().zip(rest) {
                *to = *from;
            }
            word.store(u32::from_ne_bytes(value), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Stores zeros by relaxed words. `offset` and `len` are multiples of 4.
    #[inline]
    pub(crate) fn clear(&self, offset: usize, len: usize) -> Result<(), Error> {
        self.require_writable()?;
        self.bounds(offset, len)?;
        aligned(offset)?;
        aligned(len)?;
        for word in self.words(offset, len / 4) {
            word.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The address of the first byte, to compare and for nothing else.
    #[inline]
    pub(crate) fn address(&self) -> *const u8 {
        self.base.as_ptr()
    }

    /// The address of `len` bytes at `offset`, checked; for `lend` alone.
    #[inline]
    pub(super) fn pointer(&self, offset: usize, len: usize) -> Result<NonNull<u8>, Error> {
        self.bounds(offset, len)?;
        // SAFETY: in bounds, as just checked.
        Ok(unsafe { self.base.add(offset) })
    }
}

#[inline]
const fn aligned(offset: usize) -> Result<(), Error> {
    match offset % 4 {
        0 => Ok(()),
        by => Err(Error::Misaligned { by, align: 4 }),
    }
}
