//! Blocks of 64 messages of 64 bytes, copied in by one thread and out by another.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a message.
pub(crate) const LEN: usize = 64;
/// Messages of a block.
pub(crate) const BLOCK: usize = 64;
/// Blocks that there is room for.
const COUNT: usize = 16;

type Messages = [[u8; LEN]; BLOCK];

#[repr(align(128))]
struct Line(AtomicUsize);

/// One producer, one consumer, blocks only.
pub(crate) struct Blocks {
    head: Line,
    tail: Line,
    slots: Box<[UnsafeCell<Messages>]>,
}

// SAFETY: a slot is written between head + COUNT and tail, by the producer alone, and read
// between tail and head, by the consumer alone; Release and Acquire on the two hand it over.
unsafe impl Sync for Blocks {}

impl Blocks {
    pub(crate) fn new() -> Self {
        let slots = (0..COUNT).map(|_| UnsafeCell::new([[0; LEN]; BLOCK])).collect();
        Self { head: Line(AtomicUsize::new(0)), tail: Line(AtomicUsize::new(0)), slots }
    }

    /// Copies a block in, if there is room. For one thread.
    pub(crate) fn push(&self, block: &Messages) -> Option<()> {
        let tail = self.tail.0.load(Ordering::Relaxed);
        if tail.wrapping_sub(self.head.0.load(Ordering::Acquire)) == COUNT {
            return None;
        }
        // SAFETY: the consumer has left this slot, as head says, and takes it at the store below.
        unsafe { self.slots[tail % COUNT].get().copy_from_nonoverlapping(block, 1) };
        self.tail.0.store(tail.wrapping_add(1), Ordering::Release);
        Some(())
    }

    /// Copies a block out, if there is one. For one thread.
    pub(crate) fn pop(&self, block: &mut Messages) -> Option<()> {
        let head = self.head.0.load(Ordering::Relaxed);
        if head == self.tail.0.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the producer has left this slot, as tail says, and takes it at the store below.
        unsafe { self.slots[head % COUNT].get().copy_to_nonoverlapping(block, 1) };
        self.head.0.store(head.wrapping_add(1), Ordering::Release);
        Some(())
    }
}
