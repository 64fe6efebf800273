//! The doors: who hands memory over, and on what terms.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::span::Span;
use crate::error::Error;
use crate::sync::AtomicU32;

/// Alignment of a cooperative region's first byte: a cache line.
pub const REGION_ALIGN: usize = 64;

mod sealed {
    pub trait Sealed {
        /// Whether claimed bytes may be borrowed in place.
        const LENDS: bool;
    }
    impl Sealed for super::Cooperative {
        const LENDS: bool = true;
    }
    impl Sealed for super::Hostile {
        const LENDS: bool = false;
    }
}

/// How far the other parties of a region are trusted; chosen once, at the door.
pub trait Trust: sealed::Sealed + Copy + fmt::Debug + 'static {}

/// All parties run this protocol, so claimed space and pinned frames are borrowed in place.
#[derive(Clone, Copy, Debug)]
pub struct Cooperative;

/// Any byte may change at any time, so data crosses only by bounded, race-tolerant copies.
#[derive(Clone, Copy, Debug)]
pub struct Hostile;

impl Trust for Cooperative {}
impl Trust for Hostile {}

/// What this party may do to the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and write.
    ReadWrite,
    /// The pages are mapped for reading only.
    ReadOnly,
}

/// Memory that a host handed over: a pointer, a length, a lifetime, and the trust it came with.
///
/// Holding one proves that the bytes are mapped for `'m`. It proves nothing about what is in
/// them: that is for [`Sections::create`](crate::Sections::create) and
/// [`Sections::attach`](crate::Sections::attach), which consume it.
///
/// ```
/// use inos_core::{Access, AlignedBytes, Region};
///
/// let mut memory = AlignedBytes::<4096>::new();
/// let region = Region::from_bytes(memory.as_mut())?;
/// assert_eq!((region.len(), region.is_empty()), (4096, false));
/// assert_eq!(region.access(), Access::ReadWrite);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Region<'m, T: Trust> {
    span: Span<'m>,
    exclusive: bool,
    trust: PhantomData<T>,
}

impl<'m> Region<'m, Cooperative> {
    /// Takes over bytes that nobody else can reach: the safe door to the cooperative trust.
    ///
    /// # Errors
    /// `Misaligned` unless the first byte lies on a 64-byte boundary (see
    /// [`AlignedBytes`] and [`Region::trim`]).
    ///
    /// ```
    /// # use inos_core::*;
    /// let mut memory = AlignedBytes::<4096>::new();
    /// assert_eq!(Region::from_bytes(memory.as_mut())?.access(), Access::ReadWrite);
    /// let odd = Region::from_bytes(&mut memory.as_mut()[8..]);
    /// assert!(matches!(odd, Err(Error::Misaligned { by: 8, align: 64 })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn from_bytes(bytes: &'m mut [u8]) -> Result<Self, Error> {
        let by = bytes.as_ptr().addr() % REGION_ALIGN;
        if by != 0 {
            return Err(Error::Misaligned { by, align: REGION_ALIGN });
        }
        let len = bytes.len();
        // SAFETY: Raw-I1: an exclusive borrow for 'm is mapped, initialised, readable and
        // writable, and was checked to be aligned. Raw-I2: the borrow is consumed, so for 'm
        // no other reference to these bytes exists.
        let span = unsafe { Span::new(NonNull::from(bytes).cast(), len, Access::ReadWrite) };
        Ok(Self { span, exclusive: true, trust: PhantomData })
    }

    /// As [`from_bytes`](Region::from_bytes), leaving out up to 63 bytes at the front so that
    /// the rest is aligned; returns how many were left out.
    ///
    /// ```
    /// # use inos_core::*;
    /// let mut memory = AlignedBytes::<4096>::new();
    /// let (region, skipped) = Region::trim(&mut memory.as_mut()[8..]);
    /// assert_eq!((region.len(), skipped), (4096 - 64, 56));
    /// ```
    pub fn trim(bytes: &'m mut [u8]) -> (Self, usize) {
        let by = bytes.as_ptr().addr() % REGION_ALIGN;
        let skip = if by == 0 { 0 } else { REGION_ALIGN - by };
        let rest = bytes.get_mut(skip..).unwrap_or_default();
        let len = rest.len();
        // SAFETY: as in `from_bytes`; the slice begins at an aligned address, or is empty and
        // then has no byte that could be reached.
        let span = unsafe { Span::new(NonNull::from(rest).cast(), len, Access::ReadWrite) };
        (Self { span, exclusive: true, trust: PhantomData }, skip)
    }
}

impl<'m> Region<'m, Hostile> {
    /// Takes words that others may write through their own shared borrow.
    ///
    /// Only the hostile trust is to be had here: safe code can still store to any of these
    /// words while this region is in use.
    ///
    /// It may begin at any word: it need not lie on a cache line.
    ///
    /// ```
    /// # use inos_core::*;
    /// let words: Vec<_> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    /// let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let sections = Sections::create(Region::from_words(&words), &layout, 7)?;
    /// // Another party stores whatever it likes.
    /// words[32].store(u32::MAX, Ordering::Relaxed);
    /// let mut seen = [0; 4];
    /// let offset = 32 * 4 - sections.section(SectionId(1))?.offset() as usize;
    /// sections.read_raw(SectionId(1), offset, &mut seen)?;
    /// assert_eq!(seen, [0xff; 4]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn from_words(words: &'m [AtomicU32]) -> Self {
        let len = core::mem::size_of_val(words);
        // SAFETY: Raw-I1: a shared borrow of atomics for 'm is mapped, initialised, 4-aligned
        // and, being interior mutable, writable. Raw-I2: other references to these bytes are
        // `&AtomicU32` too. Raw-I3: a hostile region makes no slices.
        let span = unsafe { Span::new(NonNull::from(words).cast(), len, Access::ReadWrite) };
        Self { span, exclusive: false, trust: PhantomData }
    }

    /// As [`from_words`](Self::from_words), as if the pages were mapped for reading only.
    #[cfg(test)]
    pub(crate) fn from_words_read_only(words: &'m [AtomicU32]) -> Self {
        let len = core::mem::size_of_val(words);
        // SAFETY: as in `from_words`, and nothing is written.
        let span = unsafe { Span::new(NonNull::from(words).cast(), len, Access::ReadOnly) };
        Self { span, exclusive: false, trust: PhantomData }
    }
}

impl<'m, T: Trust> Region<'m, T> {
    /// Takes memory by pointer: a mapping, a module's memory, a static array.
    ///
    /// # Errors
    /// `Misaligned` unless `base` lies on a 64-byte boundary.
    ///
    /// # Safety
    /// For all of `'m`:
    /// - `base..base + len` is mapped, initialised and not truncated, writable unless `access`
    ///   is `ReadOnly`, and `len` is at most `isize::MAX`;
    /// - no Rust reference points to these bytes, except what this crate makes;
    /// - atomics on them are coherent between all parties;
    /// - if `T` is [`Cooperative`], every other party runs this protocol at this layout, uses
    ///   32-bit atomics on control words, touches payload only while its claim or pin permits
    ///   it, and nobody formats the region again or declares a live lease dead.
    ///
    /// ```
    /// # use inos_core::*;
    /// use core::ptr::NonNull;
    ///
    /// let mut memory = AlignedBytes::<4096>::new();
    /// let base = NonNull::from(&mut memory).cast();
    /// // SAFETY: the bytes are ours alone, and not used otherwise as long as `region` is.
    /// let region: Region<'_, Cooperative> =
    ///     unsafe { Region::from_raw_parts(base, 4096, Access::ReadWrite)? };
    /// assert_eq!(region.len(), 4096);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub unsafe fn from_raw_parts(
        base: NonNull<u8>,
        len: usize,
        access: Access,
    ) -> Result<Self, Error> {
        let by = base.as_ptr().addr() % REGION_ALIGN;
        if by != 0 {
            return Err(Error::Misaligned { by, align: REGION_ALIGN });
        }
        // SAFETY: the caller's contract is Raw-I1 and Raw-I2; alignment was checked.
        let span = unsafe { Span::new(base, len, access) };
        Ok(Self { span, exclusive: false, trust: PhantomData })
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.span.len()
    }

    /// Whether there is no byte at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What this party may do to the memory.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.span.access()
    }

    pub(crate) const fn into_span(self) -> (Span<'m>, bool) {
        (self.span, self.exclusive)
    }
}

/// Bytes on a cache-line boundary: a region on the stack, in a box, or in a `static`.
///
/// ```
/// use inos_core::AlignedBytes;
///
/// let mut memory = AlignedBytes::<128>::new();
/// assert_eq!(memory.as_mut().as_ptr().addr() % 64, 0);
/// ```
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct AlignedBytes<const N: usize>([u8; N]);

impl<const N: usize> AlignedBytes<N> {
    /// `N` zero bytes.
    ///
    /// In a `static`, behind a lock, it is a microcontroller's shared memory.
    ///
    /// ```
    /// # use inos_core::*;
    /// let memory = AlignedBytes::<128>::new();
    /// assert_eq!(memory.as_ref(), [0; 128]);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Default for AlignedBytes<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> AsMut<[u8]> for AlignedBytes<N> {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl<const N: usize> AsRef<[u8]> for AlignedBytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
