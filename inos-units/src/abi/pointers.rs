//! Ranges of bytes that another language points at.

use core::marker::PhantomData;
use core::slice;

use crate::error::UnitError;
use crate::output::end_of;
use crate::unit::Output;

/// Bytes that another language points at: an allegation about an address and a length, which is
/// looked at before anything is read.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    ptr: *const u8,
    len: usize,
    borrowed: PhantomData<&'a [u8]>,
}

impl<'a> Bytes<'a> {
    /// The range.
    ///
    /// # Safety
    /// If `ptr` is not null and `len` not 0, and the range passes the checks of
    /// [`abi`](crate::abi), then it can be read, and nobody writes it, for `'a`.
    #[must_use]
    pub const unsafe fn new(ptr: *const u8, len: usize) -> Self {
        Self { ptr, len, borrowed: PhantomData }
    }

    /// The bytes, if they are possible.
    pub(super) fn get(self) -> Result<&'a [u8], UnitError> {
        if self.len == 0 {
            return Ok(&[]);
        }
        check(self.ptr, self.len)?;
        // SAFETY: it is not null, its length fits into an `isize` and it does not wrap, which was
        // checked; that it can be read and is not written is what `new` was promised.
        Ok(unsafe { slice::from_raw_parts(self.ptr, self.len) })
    }

    /// The text, if it is one.
    pub(super) fn text(self) -> Result<&'a str, UnitError> {
        str::from_utf8(self.get()?)
            .map_err(|_| UnitError::BadCall { what: "a name that is not UTF-8" })
    }

    /// Whether a byte of it is one of those, too.
    pub(super) fn overlaps(self, ptr: *const u8, len: usize) -> bool {
        let (from, other) = (self.ptr.addr(), ptr.addr());
        self.len > 0
            && len > 0
            && from < other.saturating_add(len)
            && other < from.saturating_add(self.len)
    }
}

/// A sink in memory that another language points at, and that may be uninitialised.
pub(super) struct RawOutput {
    ptr: *mut u8,
    len: usize,
}

impl RawOutput {
    /// The range.
    ///
    /// # Safety
    /// `len` is 0, or so many bytes at `ptr` can be written, and nobody else uses them while this
    /// lives.
    pub(super) const unsafe fn new(ptr: *mut u8, len: usize) -> Self {
        Self { ptr, len }
    }
}

impl Output for RawOutput {
    fn capacity(&self) -> usize {
        self.len
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        end_of(offset, bytes.len(), self.len)?;
        if !bytes.is_empty() {
            // SAFETY: `end_of` has checked that the range lies inside that of `new`, which is one
            // allocation and not empty then.
            let target = unsafe { self.ptr.add(offset) };
            // SAFETY: as many bytes as `bytes` has can be written there, as said above, and
            // `bytes` is borrowed, so it is not in there: nobody else uses that memory.
            unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Ok(())
    }
}

/// Whether so many bytes can be there.
pub(super) fn check(ptr: *const u8, len: usize) -> Result<(), UnitError> {
    let bad = |what| Err(UnitError::BadCall { what });
    if ptr.is_null() {
        return bad("a null pointer with a length");
    }
    if isize::try_from(len).is_err() {
        return bad("a length that no memory has");
    }
    match ptr.addr().checked_add(len) {
        Some(end) if end <= memory_end() => Ok(()),
        _ => bad("a range that ends outside the memory"),
    }
}

/// The address behind the last byte that there may be.
fn memory_end() -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size(0).saturating_mul(1 << 16);
    #[cfg(not(target_arch = "wasm32"))]
    usize::MAX
}
