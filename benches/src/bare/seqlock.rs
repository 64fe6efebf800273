//! One slot and a sequence around it: readers start over if it changed meanwhile.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// A state of words, for one writer and any number of readers.
pub(crate) struct OneSlot {
    sequence: AtomicU32,
    words: Box<[AtomicU64]>,
}

impl OneSlot {
    /// So many bytes; a multiple of 8.
    pub(crate) fn new(len: usize) -> Self {
        let words = (0..len / 8).map(|_| AtomicU64::new(0)).collect();
        Self { sequence: AtomicU32::new(0), words }
    }

    /// For one thread.
    pub(crate) fn write(&self, state: &[u64]) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, &value) in self.words.iter().zip(state) {
            word.store(value, Ordering::Relaxed);
        }
        self.sequence.store(sequence.wrapping_add(2), Ordering::Release);
    }

    /// Tries once, after the writer has ended if it is writing; whether the copy is of one piece.
    pub(crate) fn read(&self, state: &mut [u64]) -> bool {
        let ended = || Some(self.sequence.load(Ordering::Acquire)).filter(|now| now % 2 == 0);
        let sequence = crate::poll(ended);
        for (word, value) in self.words.iter().zip(state) {
            *value = word.load(Ordering::Relaxed);
        }
        fence(Ordering::Acquire);
        self.sequence.load(Ordering::Relaxed) == sequence
    }
}
