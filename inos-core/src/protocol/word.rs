//! What a protocol asks of a control word.

use crate::sync::{AtomicU32, Ordering, fence};

/// A 32-bit control word that can be read.
pub trait ReadWord {
    /// Loads the word.
    fn load(&self, order: Ordering) -> u32;

    /// The fence that belongs to this kind of word.
    fn fence(order: Ordering);
}

/// A 32-bit control word that can be changed.
pub trait Word: ReadWord {
    /// Stores `value`.
    fn store(&self, value: u32, order: Ordering);

    /// Stores `new` if the word is `current`.
    ///
    /// # Errors
    /// The value found, if it was another one.
    fn cas(&self, current: u32, new: u32, success: Ordering, failure: Ordering)
    -> Result<u32, u32>;

    /// Adds, wrapping; returns the value before.
    fn add(&self, value: u32, order: Ordering) -> u32;

    /// Bitwise or; returns the value before.
    fn or(&self, value: u32, order: Ordering) -> u32;

    /// Bitwise and; returns the value before.
    fn and(&self, value: u32, order: Ordering) -> u32;
}

impl<W: ReadWord> ReadWord for &W {
    #[inline(always)]
    fn load(&self, order: Ordering) -> u32 {
        W::load(self, order)
    }

    #[inline(always)]
    fn fence(order: Ordering) {
        W::fence(order);
    }
}

impl<W: Word> Word for &W {
    #[inline(always)]
    fn store(&self, value: u32, order: Ordering) {
        W::store(self, value, order);
    }

    #[inline(always)]
    fn cas(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        W::cas(self, current, new, success, failure)
    }

    #[inline(always)]
    fn add(&self, value: u32, order: Ordering) -> u32 {
        W::add(self, value, order)
    }

    #[inline(always)]
    fn or(&self, value: u32, order: Ordering) -> u32 {
        W::or(self, value, order)
    }

    #[inline(always)]
    fn and(&self, value: u32, order: Ordering) -> u32 {
        W::and(self, value, order)
    }
}

impl ReadWord for AtomicU32 {
    #[inline(always)]
    fn load(&self, order: Ordering) -> u32 {
        AtomicU32::load(self, order)
    }

    #[inline(always)]
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Word for AtomicU32 {
    #[inline(always)]
    fn store(&self, value: u32, order: Ordering) {
        AtomicU32::store(self, value, order);
    }

    #[inline(always)]
    fn cas(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.compare_exchange(current, new, success, failure)
    }

    #[inline(always)]
    fn add(&self, value: u32, order: Ordering) -> u32 {
        self.fetch_add(value, order)
    }

    #[inline(always)]
    fn or(&self, value: u32, order: Ordering) -> u32 {
        self.fetch_or(value, order)
    }

    #[inline(always)]
    fn and(&self, value: u32, order: Ordering) -> u32 {
        self.fetch_and(value, order)
    }
}
