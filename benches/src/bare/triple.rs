//! Three slots of which the writer has one, the one reader another, and both swap theirs for the
//! third: the least that a newest state takes without anybody waiting.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, Ordering};

/// In the shared word: the slot is newer than the reader's.
const FRESH: u8 = 4;

/// States of words, for one writer and one reader.
pub(crate) struct Triple {
    slots: [UnsafeCell<Box<[u64]>>; 3],
    shared: AtomicU8,
}

// SAFETY: each slot has one owner: the writer, the reader, or the shared word, by which the two
// hand them over (AcqRel).
unsafe impl Sync for Triple {}

impl Triple {
    /// So many bytes; a multiple of 8.
    pub(crate) fn new(len: usize) -> Self {
        let slot = || UnsafeCell::new(vec![0; len / 8].into_boxed_slice());
        Self { slots: [slot(), slot(), slot()], shared: AtomicU8::new(2) }
    }

    /// For one thread, which begins with slot 0 in `own`.
    pub(crate) fn write(&self, own: &mut u8, state: &[u64]) {
        // SAFETY: `own` is the writer's.
        unsafe { &mut *self.slots[usize::from(*own)].get() }.copy_from_slice(state);
        *own = self.shared.swap(*own | FRESH, Ordering::AcqRel) & !FRESH;
    }

    /// The newest, for one thread, which begins with slot 1 in `own`.
    pub(crate) fn read<'a>(&'a self, own: &'a mut u8) -> &'a [u64] {
        if self.shared.load(Ordering::Relaxed) & FRESH != 0 {
            *own = self.shared.swap(*own, Ordering::AcqRel) & !FRESH;
        }
        // SAFETY: `own` is the reader's until its next call, which can't come before this borrow
        // of it ends.
        unsafe { &*self.slots[usize::from(*own)].get() }
    }
}
