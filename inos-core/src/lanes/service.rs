//! The end of all lanes that accepts calls and answers them.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use super::entry::{SUBMISSION_WORDS, first_word_priority};
use super::pending::Pending;
use super::{
    CallId, Completion, Lane, Lanes, LanesConfig, Status, Submission, buffer_span, load_words,
    ring_bell, store_words,
};
use crate::defs::lanes::{DOORBELL, READY, SERVICE_LEASE};
use crate::epochs::{EpochCounter, EpochWatcher};
use crate::error::Error;
use crate::protocol::lane::{self, Held, LaneWords};
use crate::protocol::{epoch, ready, role};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::Park;

/// What answers an accepted call. Any number of copies may be about (a worker's, a deadline's):
/// the first that is used answers, and the others are told `Fenced`. [`Service::next`] has an
/// example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTicket {
    lane: u32,
    held: Held,
}

impl CallTicket {
    /// The lane that the call came from.
    #[inline]
    #[must_use]
    pub const fn lane(&self) -> u32 {
        self.lane
    }

    /// The client's number for the call.
    #[inline]
    #[must_use]
    pub const fn call_id(&self) -> CallId {
        CallId(self.held.call())
    }
}

/// The service of all lanes: a poll function without threads in it.
///
/// ```text
/// answer the orphans;
/// loop { watch the doorbell; while let Some(call) = service.next() { work, complete }; wait }
/// ```
///
/// Holding one proves that nobody else accepts calls, as far as the other parties keep to the
/// protocol. Calls that it has accepted and not answered when it is dropped are orphans, which
/// the next service answers; so they are if it dies and its role is reclaimed.
///
/// ```
/// # use inos_core::*;
/// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
/// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let lanes = Lanes::open(&sections, SectionId(4))?;
/// let service = lanes.service()?;
/// assert_eq!((service.lane_count(), service.buffer_len()), (2, 64));
/// // No lane contradicts itself.
/// assert_eq!((service.corrupt_count(), service.last_corrupt()), (0, None));
/// # Ok::<(), inos_core::Error>(())
/// ```
///
/// See [`Lanes`] for a call.
#[derive(Debug)]
pub struct Service<'m, T: Trust> {
    span: Span<'m>,
    config: LanesConfig,
    pending: Pending,
    /// Lane and slot to look for an orphan at next.
    orphan: (u32, u32),
    /// No deadline is before this one; the largest number if there is none.
    earliest: u64,
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
        let service = Self {
            span: lanes.span,
            config: lanes.config,
            // A former service may have taken ready bits and not looked any more.
            pending: Pending::new(lanes.config.lanes),
            orphan: (0, 0),
            earliest: u64::MAX,
            corrupt: 0,
            last_corrupt: None,
            doorbell,
            lease_word,
            lease,
            trust: PhantomData,
        };
        for index in 0..lanes.config.lanes {
            lane::recover(&service.lane(index)?);
        }
        Ok(service)
    }

    #[inline]
    fn lane(&self, index: u32) -> Result<Lane<'m>, Error> {
        Lane::new(&self.span, &self.config, index)
    }

    /// How many lanes there are.
    #[must_use]
    pub const fn lane_count(&self) -> u32 {
        self.config.lanes
    }

    /// Watches for submissions: the epoch changes after each. A service takes the watcher's
    /// epoch first, then accepts all there is, and then waits: with a timeout, because a client
    /// may die after it has advanced the doorbell and before it has woken anybody.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// let mut doorbell = service.doorbell();
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// assert!(doorbell.changed().is_some());
    /// assert!(service.next().is_some());
    /// assert_eq!(doorbell.changed(), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn doorbell(&self) -> EpochWatcher<'m> {
        EpochCounter::from_word(self.doorbell).watcher()
    }

    /// Rings the service's own doorbell: for a host that has something else to tell the thread
    /// that waits on it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// let mut doorbell = service.doorbell();
    /// service.ring(&park);
    /// assert!(doorbell.changed().is_some());
    /// // There is no call: the host had something else to say.
    /// assert!(service.next().is_none());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn ring<P: Park>(&self, park: &P) {
        // Woken whatever the waiter bit says: a client that died after it cleared the bit has
        // woken nobody.
        let _ = epoch::advance(self.doorbell);
        park.wake_all(self.doorbell);
    }

    /// Accepts a call: what answers it, and a private copy of the submission. Which one is next
    /// the module says. `None` if no lane has a call that can be answered; there will be one when
    /// the doorbell rings.
    ///
    /// Acquire, on the lane's position: what the client stored before it submitted is visible;
    /// pairs with Release in [`Client::submit`](super::Client::submit).
    ///
    /// Lanes whose positions are impossible are passed over and counted:
    /// [`corrupt_count`](Self::corrupt_count).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// let mut other = lanes.client()?;
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// other.submit(&Submission::noop(CallId(2)).with_priority(7), &park)?;
    /// // Among lanes the more urgent goes first.
    /// let (ticket, call) = service.next().ok_or(Error::Empty)?;
    /// assert_eq!((ticket.lane(), ticket.call_id(), call.priority()), (1, CallId(2), 7));
    /// assert_eq!(service.next().map(|(ticket, _)| ticket.lane()), Some(0));
    /// assert!(service.next().is_none());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    // It is what an iterator's is, but lending a service to a `for` loop would be of no use:
    // the loop's body needs it to answer.
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Option<(CallTicket, Submission)> {
        self.collect();
        // One lane alone has nobody to be compared with.
        let mut lane = if self.pending.is_unsorted() { self.pending.next_fresh() } else { None };
        if self.pending.has_fresh() {
            if let Some(lane) = lane.take() {
                self.pending.look_at(lane);
            }
            self.sort();
        }
        // Each round but the last takes a lane out, so there are at most as many as lanes.
        while let Some(index) = lane.take().or_else(|| self.pending.next()) {
            match self.accept(index) {
                Ok((held, call, next)) => {
                    if let Some(priority) = next {
                        self.pending.insert(index, priority);
                    }
                    return Some((CallTicket { lane: index, held }, call));
                }
                Err(error) => self.pass_over(index, error),
            }
        }
        None
    }

    /// As [`next`](Self::next), at `now_ns` by whatever clock the host has: the call's timeout
    /// counts from here on, and [`expire`](Self::expire) sees to it. Of one that was accepted by
    /// `next` the host does.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 1, entries: 4, buffer_len: 0 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "lanes", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let lanes = Lanes::open(&sections, SectionId(4))?;
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// # let park = Spin::default();
    /// client.submit(&Submission { timeout_ns: 50, ..Submission::noop(CallId(1)) }, &park)?;
    /// let (ticket, _) = service.next_at(1000).ok_or(Error::Empty)?;
    /// assert_eq!(service.next_deadline(), Some(1050));
    /// assert_eq!(service.expire(1049, &park), 0);
    /// assert_eq!(service.expire(1050, &park), 1);
    /// assert_eq!(client.poll(&park)?.map(|answer| answer.status), Some(Status::TIMED_OUT));
    ///
    /// // The worker is late.
    /// let answer = Completion::new(CallId(1), Status::OK);
    /// assert_eq!(service.complete(ticket, &answer, &park), Err(Error::Fenced));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn next_at(&mut self, now_ns: u64) -> Option<(CallTicket, Submission)> {
        let (ticket, call) = self.next()?;
        // A time that the clock can't express is never over.
        if call.timeout_ns != 0
            && let Some(deadline) = now_ns.checked_add(call.timeout_ns)
        {
            if let Ok(lane) = self.lane(ticket.lane) {
                lane.set_deadline(ticket.held.slot(), deadline);
            }
            self.earliest = self.earliest.min(deadline);
        }
        Some((ticket, call))
    }

    /// Moves the ready bits of memory to the private ones.
    #[inline]
    fn collect(&mut self) {
        for (bits, index) in self.pending.fresh().zip(0..) {
            if let Ok(word) = self.span.word(READY + index * 4) {
                *bits |= ready::take(word);
            }
        }
    }

    /// Looks at the lanes that were marked, for the priority of their first submission.
    fn sort(&mut self) {
        while let Some(index) = self.pending.next_fresh() {
            let priority = self.lane(index).and_then(|lane| {
                let offer = self.look(&lane)?;
                head_priority(&lane, offer.index())
            });
            match priority {
                Ok(priority) => self.pending.insert(index, priority),
                Err(error) => self.pass_over(index, error),
            }
        }
    }

    fn pass_over(&mut self, index: u32, error: Error) {
        // An empty lane's next submission marks it again; or if it has no room for another
        // answer, its next poll does, or without a client our next answer.
        if !matches!(error, Error::Empty | Error::Full) {
            self.corrupt = self.corrupt.saturating_add(1);
            self.last_corrupt = Some(index);
        }
    }

    /// Looks at a lane; if its client is gone, clears up what stands in the way.
    #[inline]
    fn look(&self, lane: &Lane<'_>) -> Result<lane::Offer, Error> {
        let found = lane::look(lane);
        // Relaxed: a hint; `clear_up` looks again.
        let lease = lane.lease().load(Ordering::Relaxed);
        if lane::has_client(lease) || !(lane::is_buried(lease) || matches!(found, Err(Error::Full)))
        {
            return found;
        }
        lane::clear_up(lane, self.span.party())?;
        lane::look(lane)
    }

    /// Takes one submission of a lane, and says of which priority another one is that can follow.
    #[inline]
    fn accept(&self, index: u32) -> Result<(Held, Submission, Option<u8>), Error> {
        let lane = self.lane(index)?;
        let offer = self.look(&lane)?;
        let words: [u32; SUBMISSION_WORDS] = load_words(lane.submission(offer.index())?);
        let next = match offer.next_index() {
            Some(index) => Some(head_priority(&lane, index)?),
            None => None,
        };
        let call = Submission::decode(&words);
        let held = lane::accept(&lane, offer, call.call_id.0)?;
        lane.set_deadline(held.slot(), 0);
        Ok((held, call, next))
    }

    /// The number of the party that has a lane: 0 for a client that has not joined, `None` if it is
    /// gone. Its calls are still to be answered then, and nobody reads what they give.
    ///
    /// Relaxed: it may go the next moment.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// let (ticket, _) = service.next().ok_or(Error::Empty)?;
    /// assert_eq!(service.client_party(ticket.lane()), Some(0));
    /// drop(client);
    /// assert_eq!(service.client_party(ticket.lane()), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn client_party(&self, lane: u32) -> Option<u16> {
        role::holder_of(self.lane(lane).ok()?.lease().load(Ordering::Relaxed))
    }

    /// Answers a call, and wakes its client if it sleeps. The answer's id is the call's, whatever
    /// `answer` says. There is room for it: it was reserved when the call was accepted.
    ///
    /// Release, on the lane's position: publishes the answer, and what was stored before; pairs
    /// with Acquire in [`Client::poll`](super::Client::poll).
    ///
    /// # Errors
    /// `Fenced` if the call was answered already: this answer is not delivered. `NoSuchIndex` if
    /// the ticket is of other lanes than these; `Corrupt` if its lane's positions are impossible:
    /// the answer is lost then, and only its lane harmed.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// let (ticket, _) = service.next().ok_or(Error::Empty)?;
    /// let answer = Completion { value: 42, ..Completion::default() };
    /// service.complete(ticket, &answer, &park)?;
    /// // A call is answered once.
    /// assert_eq!(service.complete(ticket, &answer, &park), Err(Error::Fenced));
    /// let answer = client.poll(&park)?.ok_or(Error::Empty)?;
    /// assert_eq!((answer.call_id, answer.value), (CallId(1), 42));
    /// assert_eq!(client.poll(&park)?, None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn complete<P: Park>(
        &mut self,
        ticket: CallTicket,
        answer: &Completion,
        park: &P,
    ) -> Result<(), Error> {
        let lane = self.lane(ticket.lane)?;
        let answering = lane::answer(&lane, &ticket.held)?;
        let answer = Completion { call_id: ticket.call_id(), ..*answer };
        store_words(lane.completion(answering.index())?, &answer.encode());
        lane::publish(&lane, answering);
        ring_bell(lane.epoch(), park);
        // Relaxed: a hint. Without a client nobody marks the lane when there is room again.
        if !lane::has_client(lane.lease().load(Ordering::Relaxed)) {
            self.pending.look_at(ticket.lane);
        }
        Ok(())
    }

    /// The next call that a former service accepted and did not answer; each is told once. It is
    /// for the caller to [`complete`](Self::complete): what it was about only its id says.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// assert!(service.next().is_some());
    /// drop(service);
    /// let mut service = lanes.service()?;
    /// let orphan = service.next_orphan().ok_or(Error::Empty)?;
    /// assert_eq!((orphan.lane(), orphan.call_id()), (0, CallId(1)));
    /// assert_eq!(service.next_orphan(), None);
    /// service.complete(orphan, &Completion::new(CallId(1), Status::UNIT_FAILED), &park)?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn next_orphan(&mut self) -> Option<CallTicket> {
        let (mut index, mut slot) = self.orphan;
        while let Ok(lane) = self.lane(index) {
            while slot < self.config.entries {
                let found = lane::in_flight(&lane, slot);
                slot += 1;
                if let Some((held, true)) = found {
                    self.orphan = (index, slot);
                    return Some(CallTicket { lane: index, held });
                }
            }
            (index, slot) = (index + 1, 0);
        }
        self.orphan = (index, slot);
        None
    }

    /// Answers each call that a former service left with [`Status::SERVICE_LOST`]; how many
    /// these are.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit_many(&[1, 2].map(|call| Submission::noop(CallId(call))), &park)?;
    /// assert!(service.next().is_some());
    /// drop(service);
    /// let mut service = lanes.service()?;
    /// assert_eq!(service.answer_orphans(&park), 1);
    /// let answer = client.poll(&park)?.ok_or(Error::Empty)?;
    /// assert_eq!((answer.call_id, answer.status), (CallId(1), Status::SERVICE_LOST));
    /// // The other one was not accepted, so it is served as usual.
    /// assert_eq!(service.next().map(|(ticket, _)| ticket.call_id()), Some(CallId(2)));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn answer_orphans<P: Park>(&mut self, park: &P) -> u32 {
        let mut count = 0;
        while let Some(ticket) = self.next_orphan() {
            count += self.answer_with(ticket, Status::SERVICE_LOST, park);
        }
        count
    }

    /// 1 if it was this that answered, else 0.
    fn answer_with<P: Park>(&mut self, ticket: CallTicket, status: Status, park: &P) -> u32 {
        let answer = Completion::new(ticket.call_id(), status);
        u32::from(self.complete(ticket, &answer, park).is_ok())
    }

    /// Answers the calls of this id that were accepted from the same lane as `cancel` with
    /// [`Status::CANCELLED`], and then `cancel` itself: with `OK`, or with
    /// [`Status::NO_CALL`] if there is none, because they were answered already, or were
    /// submitted after it. How many were cancelled.
    ///
    /// Whoever works on such a call finds out when he completes it: `Fenced`. A host whose workers
    /// must not write results after that cancels by its own means.
    ///
    /// # Errors
    /// As [`complete`](Self::complete), about `cancel` itself; nothing is cancelled if that was
    /// answered already.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// client.submit(&Submission::cancel(CallId(2), CallId(1)), &park)?;
    /// let (late, _) = service.next().ok_or(Error::Empty)?;
    /// let (cancel, call) = service.next().ok_or(Error::Empty)?;
    /// let target = call.cancel_target().ok_or(Error::Empty)?;
    /// assert_eq!(service.cancel(cancel, target, &park)?, 1);
    /// assert_eq!(client.poll(&park)?.map(|answer| answer.status), Some(Status::CANCELLED));
    /// assert_eq!(client.poll(&park)?.map(|answer| answer.status), Some(Status::OK));
    /// assert_eq!(service.complete(late, &Completion::default(), &park), Err(Error::Fenced));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn cancel<P: Park>(
        &mut self,
        cancel: CallTicket,
        target: CallId,
        park: &P,
    ) -> Result<u32, Error> {
        let lane = self.lane(cancel.lane)?;
        if lane::in_flight(&lane, cancel.held.slot()).map(|(held, _)| held) != Some(cancel.held) {
            return Err(Error::Fenced);
        }
        let mut count = 0;
        for slot in 0..self.config.entries {
            if let Some((held, _)) = lane::in_flight(&lane, slot)
                && held.call() == target.0
                && held != cancel.held
            {
                let ticket = CallTicket { lane: cancel.lane, held };
                count += self.answer_with(ticket, Status::CANCELLED, park);
            }
        }
        let status = if count == 0 { Status::NO_CALL } else { Status::OK };
        self.complete(cancel, &Completion::new(cancel.call_id(), status), park)?;
        Ok(count)
    }

    /// Answers the calls accepted by [`next_at`](Self::next_at) whose time is over with
    /// [`Status::TIMED_OUT`]; how many these are. `now_ns`, nanoseconds, is of the same clock. Ordering
    /// as in [`complete`](Self::complete).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.submit(&Submission { timeout_ns: 50, ..Submission::noop(CallId(1)) }, &park)?;
    /// client.submit(&Submission::noop(CallId(2)), &park)?;
    /// while service.next_at(1000).is_some() {}
    /// assert_eq!(service.expire(1050, &park), 1);
    /// assert_eq!(client.poll(&park)?, Some(Completion::new(CallId(1), Status::TIMED_OUT)));
    /// // The other one has all the time there is.
    /// assert_eq!(service.expire(u64::MAX, &park), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn expire<P: Park>(&mut self, now_ns: u64, park: &P) -> u32 {
        let mut count = 0;
        if now_ns < self.earliest {
            return count;
        }
        self.earliest = u64::MAX;
        for index in 0..self.config.lanes {
            let Ok(lane) = self.lane(index) else { break };
            if matches!(lane::in_flight_count(&lane), Ok(0)) {
                continue;
            }
            for slot in 0..self.config.entries {
                let Some((held, false)) = lane::in_flight(&lane, slot) else { continue };
                match lane.deadline(slot) {
                    0 => {}
                    deadline if deadline <= now_ns => {
                        let ticket = CallTicket { lane: index, held };
                        count += self.answer_with(ticket, Status::TIMED_OUT, park);
                    }
                    deadline => self.earliest = self.earliest.min(deadline),
                }
            }
        }
        count
    }

    /// When [`expire`](Self::expire) is to be called next, at the latest, in nanoseconds of the
    /// same clock: no deadline is before that, though the call may have been answered. See
    /// [`next_at`](Self::next_at).
    #[must_use]
    pub const fn next_deadline(&self) -> Option<u64> {
        if self.earliest == u64::MAX { None } else { Some(self.earliest) }
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.write_buffer(4, b"input")?;
    /// let mut bytes = [0; 5];
    /// service.read_buffer(client.lane(), 4, &mut bytes)?;
    /// assert_eq!(&bytes, b"input");
    /// let error = Error::NoSuchIndex { index: 2, count: 2 };
    /// assert_eq!(service.read_buffer(2, 0, &mut bytes), Err(error));
    /// // The reference came from the client: beyond the buffer it is refused.
    /// let error = Error::OutOfBounds { offset: 60, len: 5 };
    /// assert_eq!(service.read_buffer(0, 60, &mut bytes), Err(error));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn read_buffer(&self, lane: u32, offset: u32, out: &mut [u8]) -> Result<(), Error> {
        buffer_span(&self.span, &self.config, lane)?.read(offset as usize, out)
    }

    /// Copies bytes into a lane's buffer, before the call is answered, by relaxed stores of words:
    /// [`complete`](Self::complete) publishes them.
    ///
    /// # Errors
    /// `NoSuchIndex`; `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// service.write_buffer(client.lane(), 0, b"result")?;
    /// let mut bytes = [0; 6];
    /// client.read_buffer(0, &mut bytes)?;
    /// assert_eq!(&bytes, b"result");
    /// let error = Error::Misaligned { by: 2, align: 4 };
    /// assert_eq!(service.write_buffer(0, 2, b"?"), Err(error));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn write_buffer(&mut self, lane: u32, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        buffer_span(&self.span, &self.config, lane)?.write(offset as usize, bytes)
    }
}

/// The priority of the submission at this entry; a hostile client may change it any time, which
/// changes its own turn.
#[inline]
fn head_priority(lane: &Lane<'_>, index: u32) -> Result<u8, Error> {
    let words: &[AtomicU32; SUBMISSION_WORDS] = lane.submission(index)?;
    Ok(first_word_priority(words[0].load(Ordering::Relaxed)))
}

impl<T: Trust> Drop for Service<'_, T> {
    fn drop(&mut self) {
        role::release(self.lease_word, &self.lease);
    }
}
