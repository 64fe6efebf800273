//! Blocks of memory that were given out, and the result that is written into one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::ManuallyDrop;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::UnitError;
use crate::unit::Output;

/// Bytes of a result before its payload.
pub const HEADER_LEN: usize = 32;

/// Most bytes of a payload: 2^30.
pub const MAX_RESULT_LEN: usize = 1 << 30;

const WORD_LEN: usize = size_of::<u64>();
const HEADER_WORDS: usize = HEADER_LEN / WORD_LEN;

/// Addresses of the blocks that are out, with their capacities in words. What is not here is
/// refused by `free`.
static OUT: Mutex<Blocks> = Mutex::new(HashMap::with_hasher(BuildHasherDefault::new()));

type Blocks = HashMap<usize, usize, BuildHasherDefault<AddressHasher>>;

/// Addresses are multiples of 8 that the allocator chose, not an attacker.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, address: usize) {
        // Fibonacci hashing: the table takes the upper bits.
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

fn blocks() -> MutexGuard<'static, Blocks> {
    // A map that a panic left behind is whole: its only calls are `insert` and `remove`.
    OUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives words out.
pub(super) fn give(words: Vec<u64>) -> *mut u8 {
    let mut words = ManuallyDrop::new(words);
    let ptr: *mut u64 = words.as_mut_ptr();
    blocks().insert(ptr.expose_provenance(), words.capacity());
    ptr.cast()
}

/// Takes a block back; null is nothing.
///
/// # Safety
/// If it was given out and not taken back since, nobody uses it any more.
pub(super) unsafe fn take(ptr: *mut u8) -> Result<(), UnitError> {
    if ptr.is_null() || ptr.cast_const().cast() == OUT_OF_MEMORY.as_ptr() {
        return Ok(());
    }
    let unknown = UnitError::BadCall { what: "a block that is not out" };
    let capacity = blocks().remove(&ptr.addr()).ok_or(unknown)?;
    let ptr = std::ptr::with_exposed_provenance_mut::<u64>(ptr.addr());
    // SAFETY: `give` took this pointer and this capacity from a `Vec<u64>` that was never
    // dropped, and the entry that says so is gone, so nobody else does this. No word of it needs
    // to be initialised for a length of 0.
    drop(unsafe { Vec::from_raw_parts(ptr, 0, capacity) });
    Ok(())
}

/// Zeroed words for so many bytes, with a block's header or without.
pub(super) fn words_for(len: usize) -> Result<Vec<u64>, UnitError> {
    let mut words = Vec::new();
    // One at least: without any there is no address.
    let count = len.div_ceil(WORD_LEN).max(1);
    words.try_reserve_exact(count).map_err(|_| UnitError::OutOfMemory { len })?;
    words.resize(count, 0);
    Ok(words)
}

/// What a block says before its payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Report {
    /// 0, or the error's code.
    pub status: u32,
    /// Where the payload begins: 32.
    pub offset: u32,
    /// Bytes of the payload.
    pub length: u64,
    /// Credits that the call cost.
    pub credits: u64,
    /// How long it took; 0 where there is no clock.
    pub nanoseconds: u64,
}

const _: () = assert!(size_of::<Report>() == HEADER_LEN && align_of::<Report>() == WORD_LEN);

impl Report {
    const fn words(&self) -> [u64; HEADER_WORDS] {
        let first = [self.status.to_ne_bytes(), self.offset.to_ne_bytes()];
        let [[a, b, c, d], [e, f, g, h]] = first;
        let first = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
        [first, self.length, self.credits, self.nanoseconds]
    }
}

/// A result under construction: the header's place, and the payload behind it.
pub(super) struct Block {
    words: Vec<u64>,
    /// Of the payload.
    len: usize,
}

impl Block {
    /// Room for the header and a small payload.
    pub(super) fn new() -> Result<Self, UnitError> {
        let len = HEADER_LEN + 64;
        let mut words = Vec::new();
        words.try_reserve(len / WORD_LEN).map_err(|_| UnitError::OutOfMemory { len })?;
        words.resize(HEADER_WORDS, 0);
        Ok(Self { words, len: 0 })
    }

    /// Gives it out, with a payload of so many bytes of what was written.
    pub(super) fn finish(mut self, mut report: Report) -> *mut u8 {
        report.offset = HEADER_LEN as u32;
        for (word, value) in self.words.iter_mut().zip(report.words()) {
            *word = value;
        }
        give(self.words)
    }

    /// Bytes written so far.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

impl Output for Block {
    fn capacity(&self) -> usize {
        MAX_RESULT_LEN
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let end = crate::output::end_of(offset, bytes.len(), MAX_RESULT_LEN)?;
        let word_count = HEADER_WORDS + end.div_ceil(WORD_LEN);
        if word_count > self.words.len() {
            let more = word_count - self.words.len();
            self.words.try_reserve(more).map_err(|_| UnitError::OutOfMemory { len: end })?;
            self.words.resize(word_count, 0);
        }
        let payload: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        let needed = UnitError::OutputTooSmall { needed: end, capacity: MAX_RESULT_LEN };
        let target = payload.get_mut(HEADER_LEN..).and_then(|all| all.get_mut(offset..end));
        target.ok_or(needed)?.copy_from_slice(bytes);
        self.len = self.len.max(end);
        Ok(())
    }
}

/// The text of the block that needs no memory.
const OUT_OF_MEMORY_TEXT: &[u8; 72] =
    b"{\"code\":18,\"error\":\"OutOfMemory\",\"message\":\"there is no memory left\"}   ";

/// The result of a call for which there was no memory, not even for saying so.
static OUT_OF_MEMORY: [u64; HEADER_WORDS + OUT_OF_MEMORY_TEXT.len() / WORD_LEN] = {
    let code = UnitError::OutOfMemory { len: 0 }.code();
    let length = OUT_OF_MEMORY_TEXT.len() as u64;
    let report =
        Report { status: code, offset: HEADER_LEN as u32, length, credits: 0, nanoseconds: 0 };
    let mut words = [0; HEADER_WORDS + OUT_OF_MEMORY_TEXT.len() / WORD_LEN];
    let header = report.words();
    let mut at = 0;
    while at < HEADER_WORDS {
        words[at] = header[at];
        at += 1;
    }
    let mut rest = OUT_OF_MEMORY_TEXT.as_slice();
    while let Some((word, more)) = rest.split_first_chunk() {
        words[at] = u64::from_ne_bytes(*word);
        (at, rest) = (at + 1, more);
    }
    words
};

/// The block that needs no memory. It is never written, by us.
pub(super) fn out_of_memory() -> *mut u8 {
    OUT_OF_MEMORY.as_ptr().cast_mut().cast()
}
