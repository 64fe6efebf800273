//! Single producer, single consumer: two free-running positions.
//!
//! Positions count items (granules of a byte ring, entries of a queue) in 31 bits and wrap;
//! distances are wrapping subtractions. The capacity is a power of two up to 2^30, so a
//! distance is never ambiguous: positions would have to move 2^31 items between two loads of
//! a party that holds a claim, and the other side can move at most `capacity` of them.
//!
//! Items before the tail and not before the head are the consumer's; all others are the
//! producer's. A record is published when the producer stores the tail, and its space is
//! free when the consumer stores the head.
//!
//! Either side may run ahead of its word in memory: a producer stages claims and publishes all
//! of them by one store, a consumer takes items and gives all of them back by one store. What
//! was staged or taken and not stored is lost with its party: never delivered, or read again.

use super::fault::ordering;
use super::{ReadWord, Word};
pub use crate::defs::ring::MAX_CAPACITY;
use crate::defs::ring::POSITION_MASK as MASK;
use crate::error::Error;
use crate::sync::Ordering;

/// How many items lie between two positions.
#[inline]
#[must_use]
pub const fn distance(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from) & MASK
}

const fn moved(position: u32, by: u32) -> u32 {
    position.wrapping_add(by) & MASK
}

/// Space that the producer owns until it publishes or drops it. Made by
/// [`ProducerCursor::claim`] only, never cloned: holding one proves that nobody else may touch
/// these items.
#[derive(Debug)]
#[must_use = "a claim that is not published has no effect"]
pub struct Claim {
    start: u32,
    count: u32,
    pad_at: u32,
    pad: u32,
}

impl Claim {
    /// Index of the first item, below the capacity.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Items claimed; contiguous.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Index and number of the items skipped at the end of the ring, if any.
    #[must_use]
    pub const fn padding(&self) -> Option<(u32, u32)> {
        if self.pad == 0 { None } else { Some((self.pad_at, self.pad)) }
    }

    /// Keeps the first `count` items only. A claim of fewer stays what it is.
    #[inline]
    pub const fn shorten(&mut self, count: u32) {
        if count < self.count {
            self.count = count;
        }
    }
}

/// Items that were published and not yet released: the consumer's to read.
#[derive(Debug)]
pub struct Available {
    start: u32,
    count: u32,
}

impl Available {
    /// Index of the first item, below the capacity.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Items that are contiguous from there.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
}

fn check(head: u32, tail: u32, capacity: u32) -> Result<(), Error> {
    if head > MASK || tail > MASK || distance(head, tail) > capacity {
        return Err(Error::Corrupt { what: "ring positions" });
    }
    Ok(())
}

/// The producer's end. Its tail is kept here, so the word in memory is never believed again.
#[derive(Debug)]
pub struct ProducerCursor {
    /// Where the next claim begins.
    tail: u32,
    /// What the word in memory says.
    published: u32,
    head_seen: u32,
    capacity: u32,
}

impl ProducerCursor {
    /// Continues from the positions in memory. The caller holds the producer role.
    ///
    /// # Errors
    /// `Corrupt` if the positions are impossible.
    pub fn resume<W: ReadWord>(tail: &W, head: &W, capacity: u32) -> Result<Self, Error> {
        // Relaxed: the tail was stored by the last holder of the role this one was acquired
        // from. Acquire: space the consumer released is ours to write; pairs with `release`.
        let tail = tail.load(Ordering::Relaxed);
        let head = head.load(ordering("ring: resume producer", Ordering::Acquire));
        check(head, tail, capacity)?;
        Ok(Self { tail, published: tail, head_seen: head, capacity })
    }

    /// Claims `count` contiguous items, skipping the end of the ring if they would not fit.
    ///
    /// # Errors
    /// `TooLarge` over half the capacity (an empty ring always takes half), `Full`, or
    /// `Corrupt` if the head in memory is impossible.
    #[inline]
    pub fn claim<W: ReadWord>(&mut self, head: &W, count: u32) -> Result<Claim, Error> {
        let max = (self.capacity / 2).max(1);
        if count > max {
            return Err(Error::TooLarge { len: count as usize, max: max as usize });
        }
        let at = self.tail & (self.capacity - 1);
        let to_end = self.capacity - at;
        let pad = if count > to_end { to_end } else { 0 };
        let total = pad + count;
        if distance(self.head_seen, self.tail) + total > self.capacity {
            // Acquire because the items the consumer released are overwritten next; pairs with
            // Release in `ConsumerCursor::release`.
            let head = head.load(ordering("ring: claim", Ordering::Acquire));
            check(head, self.tail, self.capacity)?;
            self.head_seen = head;
            if distance(head, self.tail) + total > self.capacity {
                return Err(Error::Full);
            }
        }
        let start = if pad == 0 { at } else { 0 };
        Ok(Claim { start, count, pad_at: at, pad })
    }

    /// Publishes a claim, and what was staged before it: from here on it is the consumer's.
    #[inline]
    pub fn publish<W: Word>(&mut self, tail: &W, claim: Claim) {
        self.stage(claim);
        self.flush(tail);
    }

    /// Sets a claim aside: the consumer gets it with the next [`flush`](Self::flush).
    #[inline]
    pub const fn stage(&mut self, claim: Claim) {
        self.tail = moved(self.tail, claim.pad + claim.count);
    }

    /// Whether anything was staged and not published.
    #[inline]
    #[must_use]
    pub const fn is_staged(&self) -> bool {
        self.tail != self.published
    }

    /// Publishes what was staged.
    #[inline]
    pub fn flush<W: Word>(&mut self, tail: &W) {
        self.published = self.tail;
        // Release because the tail announces the items; pairs with Acquire in
        // `ConsumerCursor::available`.
        tail.store(self.tail, ordering("ring: publish", Ordering::Release));
    }
}

/// The consumer's end. Its head is kept here, so the word in memory is never believed again.
#[derive(Debug)]
pub struct ConsumerCursor {
    /// Where the next item to read is.
    head: u32,
    /// What the word in memory says.
    released: u32,
    tail_seen: u32,
    capacity: u32,
}

impl ConsumerCursor {
    /// Continues from the positions in memory. The caller holds the consumer role.
    ///
    /// # Errors
    /// `Corrupt` if the positions are impossible.
    pub fn resume<W: ReadWord>(tail: &W, head: &W, capacity: u32) -> Result<Self, Error> {
        // As in `ProducerCursor::resume`, with the sides exchanged.
        let head = head.load(Ordering::Relaxed);
        let tail = tail.load(ordering("ring: resume consumer", Ordering::Acquire));
        check(head, tail, capacity)?;
        Ok(Self { head, released: head, tail_seen: tail, capacity })
    }

    /// What can be read now, up to the end of the ring.
    ///
    /// # Errors
    /// `Empty`, or `Corrupt` if the tail in memory is impossible.
    #[inline]
    pub fn available<W: ReadWord>(&mut self, tail: &W) -> Result<Available, Error> {
        if self.tail_seen == self.head {
            self.look(tail)?;
        }
        self.seen()
    }

    /// Looks for items that were published since.
    ///
    /// # Errors
    /// `Corrupt` if the tail in memory is impossible.
    #[inline]
    pub fn look<W: ReadWord>(&mut self, tail: &W) -> Result<(), Error> {
        // Acquire because the items it announces are read next; pairs with Release in
        // `ProducerCursor::flush`.
        let tail = tail.load(ordering("ring: available", Ordering::Acquire));
        // From what was released: the producer may fill all that it knows to be free.
        check(self.released, tail, self.capacity)?;
        if distance(self.released, tail) < distance(self.released, self.head) {
            return Err(Error::Corrupt { what: "ring positions" });
        }
        self.tail_seen = tail;
        Ok(())
    }

    /// As [`available`](Self::available), of what was seen before: looks at no shared word.
    ///
    /// # Errors
    /// `Empty`.
    #[inline]
    pub const fn seen(&self) -> Result<Available, Error> {
        let published = self.published();
        if published == 0 {
            return Err(Error::Empty);
        }
        let start = self.head & (self.capacity - 1);
        let to_end = self.capacity - start;
        Ok(Available { start, count: if published < to_end { published } else { to_end } })
    }

    /// How many items were published and not yet taken, as far as was seen, also those behind
    /// the end of the ring.
    #[inline]
    #[must_use]
    pub const fn published(&self) -> u32 {
        distance(self.head, self.tail_seen)
    }

    /// Gives `count` items back to the producer, and what was taken before.
    ///
    /// # Errors
    /// `Corrupt` if that is more than were published; nothing is released then.
    #[inline]
    pub fn release<W: Word>(&mut self, head: &W, count: u32) -> Result<(), Error> {
        self.take(count)?;
        self.give_back(head);
        Ok(())
    }

    /// Moves past `count` items; the producer gets their space with the next
    /// [`give_back`](Self::give_back).
    ///
    /// # Errors
    /// `Corrupt` if that is more than were published; nothing is taken then.
    #[inline]
    pub const fn take(&mut self, count: u32) -> Result<(), Error> {
        if count > self.published() {
            return Err(Error::Corrupt { what: "released more than was published" });
        }
        self.head = moved(self.head, count);
        Ok(())
    }

    /// Whether anything was taken and not given back.
    #[inline]
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        self.head != self.released
    }

    /// Gives what was taken back to the producer.
    #[inline]
    pub fn give_back<W: Word>(&mut self, head: &W) {
        self.released = self.head;
        // Release because the producer may overwrite the items; pairs with Acquire in
        // `ProducerCursor::claim`.
        head.store(self.head, ordering("ring: release", Ordering::Release));
    }
}
