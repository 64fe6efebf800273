//! The end of a lane that submits calls and takes the answers.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::time::Duration;

use super::entry::{
    CLIENT_LEASE, COMPLETION_EPOCH, DOORBELL, READY, SUBMISSION_WORDS, SUBMISSIONS,
};
use super::{
    Completion, Lane, Lanes, Submission, buffer_span, checked_distance, ring_bell, ring_silently,
};
use crate::epochs::EpochWatcher;
use crate::error::Error;
use crate::protocol::{ReadWord, epoch, ready, ring, role};
use crate::raw::region::Trust;
use crate::raw::span::{Peek, Span};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Park, Parked};

/// Fruitless looks at a completion epoch that keeps changing before a waiter asks the host
/// whether its time is over.
const RESTLESS: u32 = 8;

/// A client, on a lane of its own. Dropping it gives the lane back; what was submitted is
/// still worked on, and its answers are lost.
///
/// See [`Lanes`] for an example.
#[derive(Debug)]
pub struct Client<'m, T: Trust> {
    index: u32,
    lane: Lane<'m>,
    buffer: Span<'m>,
    submissions: ring::ProducerCursor,
    completions: ring::ConsumerCursor,
    ready: &'m AtomicU32,
    doorbell: &'m AtomicU32,
    watched: Peek<'m>,
    lease_word: &'m AtomicU32,
    lease: role::Lease,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Client<'m, T> {
    /// Claims lane `index`; `None` if it is held, not quiet, or corrupt.
    pub(super) fn claim(lanes: &Lanes<'m, T>, index: u32) -> Result<Option<Self>, Error> {
        let lane = Lane::new(&lanes.span, &lanes.config, index)?;
        let buffer = buffer_span(&lanes.span, &lanes.config, index)?;
        let ready = lanes.span.word(READY + index as usize / 32 * 4)?;
        let doorbell = lanes.span.word(DOORBELL)?;
        let watched = lane.span.peek(COMPLETION_EPOCH)?;
        let lease_word = lane.span.word(CLIENT_LEASE)?;
        let Some(lease) = role::claim(lease_word, lanes.span.party()) else { return Ok(None) };
        match take_over(&lane, lanes.config.entries) {
            Ok((true, submissions, completions)) => Ok(Some(Self {
                index,
                lane,
                buffer,
                submissions,
                completions,
                ready,
                doorbell,
                watched,
                lease_word,
                lease,
                trust: PhantomData,
            })),
            Ok((false, ..)) => {
                // The answers dropped just now may be what the service waited for.
                ready::mark(ready, index);
                ring_silently(doorbell);
                role::release(lease_word, &lease);
                Ok(None)
            }
            // A corrupt lane is of no use to anybody.
            Err(_) => {
                role::release(lease_word, &lease);
                Ok(None)
            }
        }
    }

    /// Which lane it is.
    #[must_use]
    pub const fn lane(&self) -> u32 {
        self.index
    }

    /// Bytes of the lane's buffer.
    #[must_use]
    pub const fn buffer_len(&self) -> u32 {
        self.buffer.len() as u32
    }

    /// Submits a call and wakes the service if it sleeps. Each call that is submitted is
    /// answered once, in whatever order; calls of one id can't be told apart.
    ///
    /// # Errors
    /// `Full` if as many submissions wait already as the lane holds; `Corrupt` if the lane's
    /// positions are impossible. Nothing is submitted then.
    pub fn submit<P: Park>(&mut self, call: &Submission, park: &P) -> Result<(), Error> {
        let words: [u32; SUBMISSION_WORDS] = call.encode();
        let claim = self.submissions.claim(self.lane.sq_head, 1)?;
        self.lane.store_entry(SUBMISSIONS, claim.start(), &words)?;
        self.submissions.publish(self.lane.sq_tail, claim);
        self.announce(park);
        Ok(())
    }

    /// Takes an answer, if there is one. If submissions are waiting, the service is rung
    /// again: it may have waited for this room.
    ///
    /// # Errors
    /// `Corrupt` if the lane's positions are impossible.
    pub fn poll<P: Park>(&mut self, park: &P) -> Result<Option<Completion>, Error> {
        let available = match self.completions.available(self.lane.cq_tail) {
            Ok(available) => available,
            Err(Error::Empty) => return Ok(None),
            Err(other) => return Err(other),
        };
        let words = self.lane.load_entry(self.lane.completions, available.start())?;
        self.completions.release(self.lane.cq_head, 1)?;
        // Relaxed: the tail is our own. The head may be older than the service's, and then
        // the bell rings in vain; it can't be newer, so an entry that the service refused
        // before it saw the head stored above is seen here. Ringing publishes that head.
        let submitted = ReadWord::load(self.lane.sq_tail, Ordering::Relaxed);
        let accepted = ReadWord::load(self.lane.sq_head, Ordering::Relaxed);
        if submitted != accepted {
            self.announce(park);
        }
        Ok(Some(Completion::decode(&words)))
    }

    /// Marks the lane, then rings, so that a service that hears the bell finds the mark.
    fn announce<P: Park>(&self, park: &P) {
        ready::mark(self.ready, self.index);
        ring_bell(self.doorbell, park);
    }

    /// Watches for answers: the epoch changes after each.
    #[must_use]
    pub fn completions(&self) -> EpochWatcher<'m> {
        EpochWatcher::from_peek(self.watched)
    }

    /// Takes an answer, and waits for one if there is none yet; without a timeout, for ever.
    ///
    /// # Errors
    /// `TimedOut`; `Corrupt` if the lane's positions are impossible.
    pub fn wait<P: Park>(
        &mut self,
        park: &P,
        timeout: Option<Duration>,
    ) -> Result<Completion, Error> {
        let mut deadline = park.deadline(timeout);
        let mut fruitless = 0_u32;
        loop {
            // The epoch before the look: an answer published after the look changes it.
            let seen = epoch::current(self.lane.epoch);
            if let Some(answer) = self.poll(park)? {
                return Ok(answer);
            }
            let mut parked = match epoch::prepare_wait(self.lane.epoch, seen) {
                epoch::Prepared::Park(expected) => {
                    park.park(self.lane.epoch, expected, &mut deadline)
                }
                epoch::Prepared::Changed(_) => Parked::Woken,
            };
            fruitless = fruitless.saturating_add(1);
            if matches!(parked, Parked::Woken) && fruitless > RESTLESS {
                // Somebody may be turning the epoch without end, and a park that finds the
                // word changed need not look at the clock. This does.
                parked = park.pause(&mut deadline);
            }
            if matches!(parked, Parked::TimedOut) {
                return self.poll(park)?.ok_or(Error::TimedOut);
            }
        }
    }

    /// Copies bytes into the lane's buffer, for a call to refer to.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    pub fn write_buffer(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.write(offset as usize, bytes)
    }

    /// Copies bytes out of the lane's buffer, such as the result of a call that was answered.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    pub fn read_buffer(&self, offset: u32, out: &mut [u8]) -> Result<(), Error> {
        self.buffer.read(offset as usize, out)
    }
}

impl<T: Trust> Drop for Client<'_, T> {
    fn drop(&mut self) {
        // Makes room for the answers to what is still waiting, so that the lane becomes quiet.
        drain(&mut self.completions, &self.lane);
        ready::mark(self.ready, self.index);
        ring_silently(self.doorbell);
        role::release(self.lease_word, &self.lease);
    }
}

type TakenOver = (bool, ring::ProducerCursor, ring::ConsumerCursor);

/// Continues from a lane's words and drops answers that are not ours. The caller holds the
/// lease. False if calls of a former client are not answered yet.
fn take_over(lane: &Lane<'_>, entries: u32) -> Result<TakenOver, Error> {
    let submissions = ring::ProducerCursor::resume(lane.sq_tail, lane.sq_head, entries)?;
    // Relaxed: stored by former clients, whom the lease was acquired from.
    let submitted = ReadWord::load(lane.sq_tail, Ordering::Relaxed);
    // Acquire: the service has read the submissions and written the answers before; pairs with
    // Release in `ConsumerCursor::release` and `ProducerCursor::publish`. Nobody submits now,
    // so the head stops at the tail; it is loaded first, as answers follow it.
    let accepted = ReadWord::load(lane.sq_head, Ordering::Acquire);
    let answered = ReadWord::load(lane.cq_tail, Ordering::Acquire);
    let mut completions = ring::ConsumerCursor::resume(lane.cq_tail, lane.cq_head, entries)?;
    let waiting = checked_distance(accepted, submitted, entries)?;
    let quiet = waiting == 0 && answered == accepted;
    drain(&mut completions, lane);
    Ok((quiet, submissions, completions))
}

/// Drops all answers that there are: two looks, one to each side of the ring's end, at those
/// that were seen before, and two at those that came meanwhile.
fn drain(completions: &mut ring::ConsumerCursor, lane: &Lane<'_>) {
    for _ in 0..4 {
        let Ok(available) = completions.available(lane.cq_tail) else { return };
        if completions.release(lane.cq_head, available.count()).is_err() {
            return;
        }
    }
}
