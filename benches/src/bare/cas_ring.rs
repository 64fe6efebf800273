//! A byte ring of many producers as Agrona has it, without fencing: a claim is one
//! compare-and-swap, the header lies in front of the payload, and what was read is zeroed.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

#[repr(align(128))]
struct Line(AtomicU64);

/// Positions count words of 8 bytes, and never wrap.
pub(crate) struct CasRing {
    head: Line,
    /// The head as a producer saw it last, so that most need not look at the consumer's line.
    seen_head: Line,
    tail: Line,
    words: Box<[UnsafeCell<u64>]>,
}

/// In the header: what follows is not a record.
const PADDING: u64 = 1 << 63;

// SAFETY: words between head and tail belong to whoever claimed them, and after the header's
// Release store to the one consumer, until it stores the head (Release).
unsafe impl Sync for CasRing {}

impl CasRing {
    /// So many words; a power of two.
    pub(crate) fn new(capacity: usize) -> Self {
        assert!(capacity.is_power_of_two(), "positions are masked");
        let words = (0..capacity).map(|_| UnsafeCell::new(0)).collect();
        let [head, seen_head, tail] = [0; 3].map(|position| Line(AtomicU64::new(position)));
        Self { head, seen_head, tail, words }
    }

    fn header(&self, position: u64) -> &AtomicU64 {
        // From the pointer to all words, since payload is reached from here, too.
        let at = position as usize & (self.words.len() - 1);
        let word = self.words.as_ptr().wrapping_add(at).cast_mut().cast();
        // SAFETY: aligned and alive; headers are reached by atomics only, but when the consumer
        // zeroes a record that it alone can reach.
        unsafe { AtomicU64::from_ptr(word) }
    }

    /// Copies a record in, if there is room. For any number of threads.
    pub(crate) fn push(&self, record: &[u8]) -> Option<()> {
        let capacity = self.words.len() as u64;
        let needed = 1 + record.len().div_ceil(8) as u64;
        let mut tail = self.tail.0.load(Ordering::Relaxed);
        loop {
            let left = capacity - (tail & (capacity - 1));
            let padding = if needed > left { left } else { 0 };
            let end = tail + padding + needed;
            // Acquire, both: the consumer has zeroed what lies before the head.
            // A tail that is behind the head is an old one: the swap will fail.
            if end.saturating_sub(self.seen_head.0.load(Ordering::Acquire)) > capacity {
                let head = self.head.0.load(Ordering::Acquire);
                if end.saturating_sub(head) > capacity {
                    return None;
                }
                self.seen_head.0.store(head, Ordering::Release);
            }
            let (order, again) = (Ordering::Relaxed, Ordering::Relaxed);
            match self.tail.0.compare_exchange_weak(tail, end, order, again) {
                Ok(_) => {
                    if padding > 0 {
                        self.header(tail).store(PADDING | padding, Ordering::Release);
                        tail += padding;
                    }
                    break;
                }
                Err(found) => tail = found,
            }
        }
        let payload = self.header(tail + 1).as_ptr().cast::<u8>();
        // SAFETY: the words from `tail` on, `needed` of them up to the end of the ring, are this
        // thread's until it stores the header.
        unsafe { payload.copy_from_nonoverlapping(record.as_ptr(), record.len()) };
        self.header(tail).store(record.len() as u64 + 1, Ordering::Release);
        Some(())
    }

    /// Lends the next records, at most so many; how many. For one thread.
    pub(crate) fn read(&self, limit: u64, mut each: impl FnMut(&[u8])) -> u64 {
        let first = self.head.0.load(Ordering::Relaxed);
        let (mut head, mut count) = (first, 0);
        while count < limit {
            let header = self.header(head).load(Ordering::Acquire);
            if header & PADDING != 0 {
                self.header(head).store(0, Ordering::Relaxed);
                head += header & !PADDING;
                continue;
            }
            let Some(len) = header.checked_sub(1) else { break };
            let words = 1 + len.div_ceil(8);
            let payload = self.header(head + 1).as_ptr().cast::<u8>();
            // SAFETY: the header says that these bytes are written; they are the consumer's until
            // it stores the head.
            each(unsafe { core::slice::from_raw_parts(payload, len as usize) });
            // SAFETY: as before, the header included; the slice is gone.
            unsafe { self.header(head).as_ptr().write_bytes(0, words as usize) };
            head += words;
            count += 1;
        }
        if head != first {
            self.head.0.store(head, Ordering::Release);
        }
        count
    }
}
