//! The end of a lane that submits calls and takes the answers.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::time::Duration;

use super::{
    Completion, Lane, Lanes, Submission, buffer_span, load_words, ring_bell, ring_silently,
    store_words,
};
use crate::defs::lanes::{CLIENT_LEASE, COMPLETION_EPOCH, DOORBELL, READY};
use crate::epochs::EpochWatcher;
use crate::error::Error;
use crate::protocol::lane::{self, Claimed, ClientCursor};
use crate::protocol::{epoch, ready, role};
use crate::raw::region::Trust;
use crate::raw::span::{Peek, Span};
use crate::sync::AtomicU32;
use crate::wait::{Park, Parked};

/// Fruitless looks at a completion epoch that keeps changing before a waiter asks the host
/// whether its time is over.
const RESTLESS: u32 = 8;

/// A client, on a lane of its own. Holding one proves that nobody else submits there, as far as
/// the other parties keep to the protocol.
///
/// Dropping it gives the lane back; what was submitted is still worked on, and its answers are
/// dropped. It rings the service silently, which is enough for one that looks now and then;
/// [`close`](Self::close) wakes it.
///
/// ```
/// # use inos_core::*;
/// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
/// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let lanes = Lanes::open(&sections, SectionId(4))?;
/// let (first, second) = (lanes.client()?, lanes.client()?);
/// assert_eq!((first.lane(), second.lane()), (0, 1));
/// assert_eq!(first.buffer_len(), 64);
/// # Ok::<(), inos_core::Error>(())
/// ```
///
/// See [`Lanes`] for a call.
#[derive(Debug)]
pub struct Client<'m, T: Trust> {
    index: u32,
    lane: Lane<'m>,
    buffer: Span<'m>,
    cursor: ClientCursor,
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
        match lane::claim(&lane, lanes.span.party()) {
            Ok(Claimed::Taken(lease, cursor)) => Ok(Some(Self {
                index,
                lane,
                buffer,
                cursor,
                ready,
                doorbell,
                watched,
                lease_word,
                lease,
                trust: PhantomData,
            })),
            Ok(Claimed::Busy) => {
                // The service may have to clear it up.
                ready::mark(ready, index);
                ring_silently(doorbell);
                Ok(None)
            }
            // A corrupt lane is of no use to anybody.
            Ok(Claimed::Held) | Err(_) => Ok(None),
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
    /// Release, on the position: publishes the call and what was stored before it; pairs with
    /// Acquire in [`Service::next`](super::Service::next).
    ///
    /// # Errors
    /// `Full` if as many submissions wait already as the lane holds: an ordinary result, which
    /// says to take answers or to wait. `Corrupt` if the lane's positions are impossible. Nothing
    /// is submitted then.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// for call in 0..4 {
    ///     client.submit(&Submission::noop(CallId(call)), &park)?;
    /// }
    /// assert_eq!(client.submit(&Submission::noop(CallId(4)), &park), Err(Error::Full));
    /// // The service takes one, so there is room again.
    /// assert_eq!(service.next().map(|(_, call)| call.call_id), Some(CallId(0)));
    /// client.submit(&Submission::noop(CallId(4)), &park)?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn submit<P: Park>(&mut self, call: &Submission, park: &P) -> Result<(), Error> {
        self.submit_many(core::slice::from_ref(call), park).map(drop)
    }

    /// Submits as many of these calls as there is room for, from the first on, with one bell for
    /// all of them; how many these are.
    ///
    /// # Errors
    /// As [`submit`](Self::submit); `Full` only if there is no room for any.
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, CallId, Completion, Error, Lanes, LanesConfig, Layout, Region,
    /// #     SectionId, Sections, Spin, Status, Submission,
    /// # };
    /// # let config = LanesConfig { lanes: 1, entries: 4, buffer_len: 0 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "lanes", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let lanes = Lanes::open(&sections, SectionId(4))?;
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// # let park = Spin::default();
    /// let calls: [_; 6] = core::array::from_fn(|call| Submission::noop(CallId(call as u32)));
    /// assert_eq!(client.submit_many(&calls, &park)?, 4);
    /// assert_eq!(client.submit_many(&calls[4..], &park), Err(Error::Full));
    ///
    /// while let Some((ticket, call)) = service.next() {
    ///     service.complete(ticket, &Completion::new(call.call_id, Status::OK), &park)?;
    /// }
    /// let mut answers = [Completion::default(); 8];
    /// assert_eq!(client.poll_many(&mut answers, &park)?, 4);
    /// assert_eq!(answers[3].call_id, CallId(3));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn submit_many<P: Park>(&mut self, calls: &[Submission], park: &P) -> Result<usize, Error> {
        let wanted = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let run = self.cursor.room(&self.lane, wanted)?;
        let count = run.count();
        for (index, call) in run.indices().zip(calls) {
            store_words(self.lane.submission(index)?, &call.encode());
        }
        if count > 0 {
            self.cursor.submit(&self.lane, run);
            self.announce(park);
        }
        Ok(count as usize)
    }

    /// Takes an answer, if there is one. If submissions are waiting, the service is rung
    /// again: it may have waited for this room.
    ///
    /// Acquire, on the position: what the service stored before it answered is visible; pairs
    /// with Release in [`Service::complete`](super::Service::complete).
    ///
    /// # Errors
    /// `Corrupt` if the lane's positions are impossible.
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
    /// assert_eq!(client.poll(&park)?, None);
    /// let (ticket, call) = service.next().ok_or(Error::Empty)?;
    /// service.complete(ticket, &Completion::new(call.call_id, Status::OK), &park)?;
    /// let answer = client.poll(&park)?;
    /// assert_eq!(answer.map(|answer| answer.status), Some(Status::OK));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn poll<P: Park>(&mut self, park: &P) -> Result<Option<Completion>, Error> {
        let mut answer = Completion::default();
        let count = self.poll_many(core::slice::from_mut(&mut answer), park)?;
        Ok((count != 0).then_some(answer))
    }

    /// Takes as many answers as there are and `out` holds; how many these are. The service is
    /// rung as by [`poll`](Self::poll), at most once. Ordering as there.
    ///
    /// # Errors
    /// `Corrupt` if the lane's positions are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// let mut answers = [Completion::default(); 2];
    /// assert_eq!(client.poll_many(&mut answers, &park)?, 0);
    /// client.submit_many(&[1, 2, 3].map(|call| Submission::noop(CallId(call))), &park)?;
    /// while let Some((ticket, call)) = service.next() {
    ///     service.complete(ticket, &Completion::new(call.call_id, Status::OK), &park)?;
    /// }
    /// // As many as fit; the third stays for the next look.
    /// assert_eq!(client.poll_many(&mut answers, &park)?, 2);
    /// assert_eq!(client.poll_many(&mut answers, &park)?, 1);
    /// assert_eq!(answers[0].call_id, CallId(3));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn poll_many<P: Park>(&mut self, out: &mut [Completion], park: &P) -> Result<usize, Error> {
        let wanted = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let run = match self.cursor.answers(&self.lane, wanted) {
            Ok(run) => run,
            Err(Error::Empty) => return Ok(0),
            Err(other) => return Err(other),
        };
        let count = run.count();
        for (index, answer) in run.indices().zip(out) {
            *answer = Completion::decode(&load_words(self.lane.completion(index)?));
        }
        if count > 0 {
            self.cursor.take(&self.lane, run);
            // Ringing publishes the room made just now to a service that sleeps for it.
            if self.cursor.is_waiting(&self.lane) {
                self.announce(park);
            }
        }
        Ok(count as usize)
    }

    /// Gives the lane back, as dropping it does, and wakes the service if it sleeps, so that it
    /// clears the lane up at once.
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
    /// client.close(&park);
    /// assert!(doorbell.changed().is_some());
    /// assert_eq!(lanes.client()?.lane(), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn close<P: Park>(self, park: &P) {
        let doorbell = self.doorbell;
        drop(self);
        ring_bell(doorbell, park);
    }

    /// Marks the lane, then rings, so that a service that hears the bell finds the mark.
    fn announce<P: Park>(&self, park: &P) {
        ready::mark(self.ready, self.index);
        ring_bell(self.doorbell, park);
    }

    /// Watches for answers: the epoch changes after each.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// let mut answers = client.completions();
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// let (ticket, _) = service.next().ok_or(Error::Empty)?;
    /// assert_eq!(answers.changed(), None);
    /// service.complete(ticket, &Completion::default(), &park)?;
    /// assert!(answers.changed().is_some());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn completions(&self) -> EpochWatcher<'m> {
        EpochWatcher::from_peek(self.watched)
    }

    /// Takes an answer, and waits for one if there is none yet; without a timeout, for ever.
    /// Ordering as in [`poll`](Self::poll).
    ///
    /// # Errors
    /// `TimedOut`; `Corrupt` if the lane's positions are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// use core::time::Duration;
    ///
    /// client.submit(&Submission::noop(CallId(1)), &park)?;
    /// // Nobody serves.
    /// let moment = Some(Duration::from_millis(1));
    /// assert_eq!(client.wait(&park, moment), Err(Error::TimedOut));
    /// let (ticket, _) = service.next().ok_or(Error::Empty)?;
    /// service.complete(ticket, &Completion::default(), &park)?;
    /// assert_eq!(client.wait(&park, None)?.call_id, CallId(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn wait<P: Park>(
        &mut self,
        park: &P,
        timeout: Option<Duration>,
    ) -> Result<Completion, Error> {
        let mut deadline = park.deadline(timeout);
        let mut fruitless = 0_u32;
        loop {
            // The epoch before the look: an answer published after the look changes it.
            let seen = epoch::current(self.lane.epoch());
            if let Some(answer) = self.poll(park)? {
                return Ok(answer);
            }
            let mut parked = match epoch::prepare_wait(self.lane.epoch(), seen) {
                epoch::Prepared::Park(expected) => {
                    park.park(self.lane.epoch(), expected, &mut deadline)
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

    /// Copies bytes into the lane's buffer, for a call to refer to, by relaxed stores of words:
    /// [`submit`](Self::submit) publishes them.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// # let (mut client, mut service) = (lanes.client()?, lanes.service()?);
    /// client.write_buffer(8, b"input")?;
    /// let call = Submission { input: PayloadRef::buffer(8, 5), ..Submission::noop(CallId(1)) };
    /// client.submit(&call, &park)?;
    /// let (ticket, call) = service.next().ok_or(Error::Empty)?;
    /// let mut bytes = [0; 5];
    /// service.read_buffer(ticket.lane(), call.input.offset, &mut bytes)?;
    /// assert_eq!(&bytes, b"input");
    /// assert_eq!(client.write_buffer(64, b"?"), Err(Error::OutOfBounds { offset: 64, len: 1 }));
    /// assert_eq!(client.write_buffer(6, b"?"), Err(Error::Misaligned { by: 2, align: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn write_buffer(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.write(offset as usize, bytes)
    }

    /// Copies bytes out of the lane's buffer, such as the result of a call that was answered:
    /// [`poll`](Self::poll) made it visible.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
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
    /// let (ticket, call) = service.next().ok_or(Error::Empty)?;
    /// service.write_buffer(ticket.lane(), 0, b"result")?;
    /// let answer = Completion { len: 6, ..Completion::new(call.call_id, Status::OK) };
    /// service.complete(ticket, &answer, &park)?;
    /// let answer = client.poll(&park)?.ok_or(Error::Empty)?;
    /// let mut bytes = vec![0; answer.len as usize];
    /// client.read_buffer(0, &mut bytes)?;
    /// assert_eq!(bytes, b"result");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn read_buffer(&self, offset: u32, out: &mut [u8]) -> Result<(), Error> {
        self.buffer.read(offset as usize, out)
    }
}

impl<T: Trust> Drop for Client<'_, T> {
    fn drop(&mut self) {
        role::release(self.lease_word, &self.lease);
        // After the release, so that a service that looks finds the lane without a client.
        ready::mark(self.ready, self.index);
        ring_silently(self.doorbell);
    }
}
