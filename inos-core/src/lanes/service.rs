//! The end of all lanes that accepts calls and answers them.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use super::entry::{DOORBELL, READY, SERVICE_LEASE, SUBMISSIONS};
use super::{
    Completion, Lane, Lanes, LanesConfig, READY_WORDS, Submission, buffer_span, checked_distance,
    ring_bell,
};
use crate::epochs::{EpochCounter, EpochWatcher};
use crate::error::Error;
use crate::protocol::{ReadWord, epoch, ready, ring, role};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::Park;

/// The service of all lanes: a poll function without threads in it.
///
/// ```text
/// loop { watch the doorbell; while let Some(call) = service.next() { work, complete }; wait }
/// ```
///
/// Each call that it accepts is to be answered once. Whoever drops a service with accepted
/// calls unanswered leaves their clients waiting, and their lanes out of use.
///
/// See [`Lanes`] for an example.
#[derive(Debug)]
pub struct Service<'m, T: Trust> {
    span: Span<'m>,
    config: LanesConfig,
    /// Lanes whose ready bit was taken and which may have more.
    pending: [u32; READY_WORDS],
    /// The lane to look at first.
    cursor: u32,
    corrupt: u64,
    last_corrupt: Option<u32>,
    doorbell: &'m AtomicU32,
    lease_word: &'m AtomicU32,
    lease: role::Lease,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Service<'m, T> {
    pub(super) fn claim(lanes: &Lanes<'m, T>) -> Result<Self, Error> {
        let doorbell = lanes.span.word(DOORBELL)?;
        let lease_word = lanes.span.word(SERVICE_LEASE)?;
        let lease = role::claim(lease_word, lanes.span.party()).ok_or(Error::RoleHeld)?;
        let mut service = Self {
            span: lanes.span,
            config: lanes.config,
            pending: [0; READY_WORDS],
            cursor: 0,
            corrupt: 0,
            last_corrupt: None,
            doorbell,
            lease_word,
            lease,
            trust: PhantomData,
        };
        // A former service may have taken ready bits and not looked any more.
        for lane in 0..lanes.config.lanes {
            service.set_pending(lane, true);
        }
        Ok(service)
    }

    /// How many lanes there are.
    #[must_use]
    pub const fn lane_count(&self) -> u32 {
        self.config.lanes
    }

    /// Watches for submissions: the epoch changes after each. A service takes the watcher's
    /// epoch first, then accepts all there is, and then waits: with a timeout, because a client
    /// may die after it has advanced the doorbell and before it has woken anybody.
    #[must_use]
    pub fn doorbell(&self) -> EpochWatcher<'m> {
        EpochCounter::from_word(self.doorbell).watcher()
    }

    /// Rings the service's own doorbell: for a host that has something else to tell the thread
    /// that waits on it.
    pub fn ring<P: Park>(&self, park: &P) {
        // Woken whatever the waiter bit says: a client that died after it cleared the bit has
        // woken nobody.
        let _ = epoch::advance(self.doorbell);
        park.wake_all(self.doorbell);
    }

    /// Accepts a call: its lane, and a private copy of the submission. Lanes take turns, one
    /// call each. `None` if no lane has a call that can be answered; there will be one when
    /// the doorbell rings.
    ///
    /// Lanes whose positions are impossible are passed over and counted:
    /// [`corrupt_count`](Self::corrupt_count).
    // It is what an iterator's is, but lending a service to a `for` loop would be of no use:
    // the loop's body needs it to answer.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<(u32, Submission)> {
        self.collect();
        // Each round but the last clears a pending bit, so there are at most as many as lanes.
        while let Some(lane) = self.next_pending() {
            self.cursor = if lane + 1 < self.config.lanes { lane + 1 } else { 0 };
            match self.accept(lane) {
                Ok((call, more)) => {
                    self.set_pending(lane, more);
                    return Some((lane, call));
                }
                // Its next submission marks it again; or if it has no room for another answer,
                // its next poll does.
                Err(Error::Empty | Error::Full) => self.set_pending(lane, false),
                Err(_) => {
                    self.set_pending(lane, false);
                    self.corrupt = self.corrupt.saturating_add(1);
                    self.last_corrupt = Some(lane);
                }
            }
        }
        None
    }

    /// Moves the ready bits of memory to the private ones.
    fn collect(&mut self) {
        let words = self.config.lanes.div_ceil(32) as usize;
        for (index, pending) in self.pending.iter_mut().enumerate().take(words) {
            if let Ok(word) = self.span.word(READY + index * 4) {
                // Bits of lanes that do not exist are ignored by `next_pending`.
                *pending |= ready::take(word);
            }
        }
    }

    /// The next lane to look at, from the cursor on and around.
    fn next_pending(&self) -> Option<u32> {
        self.first_pending(self.cursor, self.config.lanes)
            .or_else(|| self.first_pending(0, self.cursor))
    }

    /// The first pending lane in a range, which ends at the lane count or before.
    fn first_pending(&self, from: u32, to: u32) -> Option<u32> {
        let first = from / 32;
        self.pending.iter().zip(0_u32..).skip(first as usize).find_map(|(&bits, index)| {
            let bits = if index == first { bits & (u32::MAX << (from % 32)) } else { bits };
            let lane = index * 32 + bits.trailing_zeros();
            (bits != 0 && lane < to).then_some(lane)
        })
    }

    fn set_pending(&mut self, lane: u32, value: bool) {
        if let Some(bits) = self.pending.get_mut(lane as usize / 32) {
            let bit = 1 << (lane % 32);
            *bits = if value { *bits | bit } else { *bits & !bit };
        }
    }

    /// Takes one submission of a lane, and says whether another one can follow.
    fn accept(&self, index: u32) -> Result<(Submission, bool), Error> {
        let entries = self.config.entries;
        let lane = Lane::new(&self.span, &self.config, index)?;
        // Relaxed: our own words, unless a hostile client overwrote them, which harms this
        // lane only: nothing but the checks below relies on them.
        let accepted = ReadWord::load(lane.sq_head, Ordering::Relaxed);
        let answered = ReadWord::load(lane.cq_tail, Ordering::Relaxed);
        // Acquire because the answers' room is written next; pairs with Release in
        // `ConsumerCursor::release`.
        let taken = ReadWord::load(lane.cq_head, Ordering::Acquire);
        let in_flight = checked_distance(answered, accepted, entries)?;
        let unread = checked_distance(taken, answered, entries)?;
        let reserved = in_flight + unread;
        if reserved > entries {
            return Err(Error::Corrupt { what: "more calls accepted than can be answered" });
        }
        let mut submissions = ring::ConsumerCursor::resume(lane.sq_tail, lane.sq_head, entries)?;
        let available = submissions.available(lane.sq_tail)?;
        if reserved == entries {
            return Err(Error::Full);
        }
        let words = lane.load_entry(SUBMISSIONS, available.start())?;
        submissions.release(lane.sq_head, 1)?;
        let more = submissions.available(lane.sq_tail).is_ok() && reserved + 1 < entries;
        Ok((Submission::decode(&words), more))
    }

    /// Answers a call that was accepted from this lane, and wakes its client if it sleeps.
    /// There is room for it: it was reserved when the call was accepted.
    ///
    /// # Errors
    /// `NoSuchIndex` if there is no such lane; `Corrupt` if no call of it is unanswered, or if
    /// its positions are impossible. The answer is lost then, and only its lane harmed.
    pub fn complete<P: Park>(
        &mut self,
        lane: u32,
        answer: &Completion,
        park: &P,
    ) -> Result<(), Error> {
        let entries = self.config.entries;
        let lane = Lane::new(&self.span, &self.config, lane)?;
        // Relaxed: our own words, as in `accept`.
        let accepted = ReadWord::load(lane.sq_head, Ordering::Relaxed);
        let answered = ReadWord::load(lane.cq_tail, Ordering::Relaxed);
        if checked_distance(answered, accepted, entries)? == 0 {
            return Err(Error::Corrupt { what: "an answer without a call" });
        }
        let mut completions = ring::ProducerCursor::resume(lane.cq_tail, lane.cq_head, entries)?;
        let claim = match completions.claim(lane.cq_head, 1) {
            Ok(claim) => claim,
            // Room was reserved, so somebody has moved a position.
            Err(Error::Full) => return Err(Error::Corrupt { what: "positions of a lane" }),
            Err(other) => return Err(other),
        };
        lane.store_entry(lane.completions, claim.start(), &answer.encode())?;
        completions.publish(lane.cq_tail, claim);
        ring_bell(lane.epoch, park);
        Ok(())
    }

    /// How often a lane was passed over because its positions were impossible.
    #[must_use]
    pub const fn corrupt_count(&self) -> u64 {
        self.corrupt
    }

    /// The last lane that was passed over because its positions were impossible.
    #[must_use]
    pub const fn last_corrupt(&self) -> Option<u32> {
        self.last_corrupt
    }

    /// Bytes of each lane's buffer.
    #[must_use]
    pub const fn buffer_len(&self) -> u32 {
        self.config.buffer_len
    }

    /// Copies bytes out of a lane's buffer. Its client may be writing them: check the copy,
    /// and use the copy.
    ///
    /// # Errors
    /// `NoSuchIndex`; `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    pub fn read_buffer(&self, lane: u32, offset: u32, out: &mut [u8]) -> Result<(), Error> {
        buffer_span(&self.span, &self.config, lane)?.read(offset as usize, out)
    }

    /// Copies bytes into a lane's buffer, before the call is answered.
    ///
    /// # Errors
    /// `NoSuchIndex`; `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    pub fn write_buffer(&mut self, lane: u32, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        buffer_span(&self.span, &self.config, lane)?.write(offset as usize, bytes)
    }
}

impl<T: Trust> Drop for Service<'_, T> {
    fn drop(&mut self) {
        role::release(self.lease_word, &self.lease);
    }
}
