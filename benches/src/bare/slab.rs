//! Blocks of one size and a list of the free ones: the least that an allocation takes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Indices of blocks, for any number of threads.
pub(crate) struct Slab {
    /// {times changed: 32, index + 1: 32}.
    free: AtomicU64,
    next: Box<[AtomicU64]>,
}

impl Slab {
    /// So many blocks, all free.
    pub(crate) fn new(count: u32) -> Self {
        // Each points to the one before it; 0 ends the list.
        let next = (0..count).map(|index| AtomicU64::new(index.into())).collect();
        Self { free: AtomicU64::new(count.into()), next }
    }

    /// Takes a block.
    pub(crate) fn allocate(&self) -> Option<u32> {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            let index = (head as u32).checked_sub(1)?;
            // Another thread may have taken it meanwhile; then the swap fails by its count.
            let next = self.next[index as usize].load(Ordering::Relaxed);
            let swapped = ((head >> 32) + 1) << 32 | next;
            match self.swap(head, swapped) {
                Ok(_) => return Some(index),
                Err(found) => head = found,
            }
        }
    }

    /// Gives it back.
    pub(crate) fn free(&self, index: u32) {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            self.next[index as usize].store(head & u64::from(u32::MAX), Ordering::Relaxed);
            let swapped = ((head >> 32) + 1) << 32 | u64::from(index + 1);
            match self.swap(head, swapped) {
                Ok(_) => return,
                Err(found) => head = found,
            }
        }
    }

    fn swap(&self, from: u64, to: u64) -> Result<u64, u64> {
        self.free.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Acquire)
    }
}
