//! Calls and their answers: a lane of its own for each client.
//!
//! A lane is a submission ring, a completion ring and a buffer, and a bit in a ready bitmap
//! that all lanes share. A client that dies, stalls or writes nonsense harms its lane only.
//! [`defs::lanes`](crate::defs::lanes) draws the bytes.
//!
//! A call goes like this: the client publishes a submission, marks its ready bit and advances
//! the doorbell; the service takes the bit, *accepts* the submission, and later publishes a
//! completion and advances the lane's completion epoch.
//!
//! A submission is accepted only while the completion ring has room for the answers to all
//! accepted calls. So answering never waits, and a client that does not take its answers stops
//! being served. When it takes one while submissions are waiting, it rings again.
//!
//! The service reads and checks the positions of a lane at each look, and what it finds
//! impossible is skipped and counted: it keeps nothing about a lane that is not derived from its
//! words.
//!
//! # Exactly one answer
//! [`protocol::lane`](crate::protocol::lane) has the states of a call.
//!
//! - The table of calls in flight says for each accepted call whether it was answered, at
//!   whatever point a service dies. The next one answers the rest:
//!   [`Service::next_orphan`], [`Service::answer_orphans`].
//! - A [`CallTicket`] answers its call once: after that, whoever else had it too (a deadline, a
//!   cancellation, a worker that is late) is told [`Error::Fenced`].
//! - When a client is gone, what was accepted is finished and its answers are dropped; then its
//!   lane is free. What it submitted without being accepted is worked on if it closed its handle,
//!   and dropped if it died.
//!
//! # Which call is next
//! Calls of a lane are accepted in the order they were submitted. Among lanes the one whose first
//! call has the highest priority goes first, equals take turns, and no priority is passed over
//! more than 38 times in a row.
//!
//! # Not supported
//! The bytes of a call that a dead service had accepted: only its id is known, so its client is
//! told [`Status::SERVICE_LOST`] and decides. Order by deadline. A call that overtakes an earlier
//! one of its lane. An answer that takes its bytes along: results go where the call says.
#![forbid(unsafe_code)]

mod client;
mod entry;
mod pending;
mod service;
mod status;

use core::marker::PhantomData;

pub use client::Client;
pub use entry::{
    COMPLETION_LEN, CallId, Completion, Opcode, PRIORITY_MASK, PayloadRef, SUBMISSION_LEN, Space,
    Submission,
};
pub use service::{CallTicket, Service};
pub use status::Status;

use crate::defs::lanes::{
    CLIENT_LEASE, COMPLETION_EPOCH, CQ_HEAD, CQ_TAIL, DOORBELL, MAJOR, MIN_ENTRIES, READY,
    SERVICE_LEASE, SLOT_CALL, SLOT_DEADLINE, SLOT_LEN, SLOT_MARK, SQ_HEAD, SQ_TAIL, SUBMISSIONS,
};
pub use crate::defs::lanes::{MAX_ENTRIES, MAX_LANES};
use crate::defs::{KIND_LANES, LINE};
use crate::error::Error;
use crate::protocol::lane::{self, LaneWords};
use crate::protocol::{Word, epoch, ready, role};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::Park;

/// Words before the entries of a lane.
const LANE_WORDS: usize = SUBMISSIONS / 4;
const READY_WORDS: usize = MAX_LANES as usize / 32;

/// How many lanes there are, and how large each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanesConfig {
    /// Clients at a time: 1 to [`MAX_LANES`].
    pub lanes: u32,
    /// Submissions, and completions, that a lane holds: a power of two from 2 to
    /// [`MAX_ENTRIES`].
    pub entries: u32,
    /// Bytes of a lane's buffer: a multiple of 64, 0 for none.
    pub buffer_len: u32,
}

impl LanesConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.lanes, self.entries, self.buffer_len, 0]
    }

    /// Offset of lane 0: after the ready bitmap, which is rounded up to a cache line.
    const fn first_lane(&self) -> usize {
        READY + (self.lanes as usize).div_ceil(32 * 16) * 64
    }

    const fn completions(&self) -> usize {
        SUBMISSIONS + self.entries as usize * SUBMISSION_LEN
    }

    const fn table(&self) -> usize {
        self.completions() + self.entries as usize * COMPLETION_LEN
    }

    const fn buffer(&self) -> usize {
        self.table() + (self.entries as usize * SLOT_LEN).next_multiple_of(LINE)
    }

    const fn stride(&self) -> u64 {
        self.buffer() as u64 + self.buffer_len as u64
    }
}

/// Bytes that the lanes need.
pub(crate) const fn section_len(config: &LanesConfig) -> Result<u64, Error> {
    if config.lanes == 0 || config.lanes > MAX_LANES {
        return Err(Error::BadLayout { what: "number of lanes: 1 to 1024" });
    }
    if config.entries < MIN_ENTRIES
        || config.entries > MAX_ENTRIES
        || !config.entries.is_power_of_two()
    {
        return Err(Error::BadLayout { what: "entries of a lane: a power of two, 2 to 4096" });
    }
    if !config.buffer_len.is_multiple_of(64) {
        return Err(Error::BadLayout { what: "length of a lane's buffer: a multiple of 64" });
    }
    // Below 2^10 * 2^33: no overflow.
    Ok(config.first_lane() as u64 + config.lanes as u64 * config.stride())
}

fn config_of(section: &Section) -> Result<LanesConfig, Error> {
    let [lanes, entries, buffer_len, _] = section.params;
    let config = LanesConfig { lanes, entries, buffer_len };
    match section_len(&config) {
        Ok(needed) if needed <= section.len => Ok(config),
        _ => Err(Error::Corrupt { what: "parameters of lanes" }),
    }
}

/// Makes all lanes free and empty.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    span.clear(0, config.first_lane())?;
    for index in 0..config.lanes {
        let lane = lane_span(span, &config, index)?;
        lane.clear(0, SUBMISSIONS)?;
        lane.clear(config.table(), config.buffer() - config.table())?;
    }
    Ok(())
}

/// Voids all roles and calls: whoever made or accepted them is gone. Lease generations and
/// epochs go on.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    clear_bit_0(span, SERVICE_LEASE)?;
    clear_bit_0(span, DOORBELL)?;
    span.clear(READY, config.first_lane() - READY)?;
    for index in 0..config.lanes {
        let lane = lane_span(span, &config, index)?;
        clear_bit_0(&lane, CLIENT_LEASE)?;
        clear_bit_0(&lane, COMPLETION_EPOCH)?;
        for position in [SQ_TAIL, SQ_HEAD, CQ_TAIL, CQ_HEAD] {
            lane.store(position, 0)?;
        }
        lane.clear(config.table(), config.buffer() - config.table())?;
    }
    Ok(())
}

/// Frees the lanes, and the service role, that `dead` holds; how many. The bell rings for the
/// service to clear the lanes up, silently: who sleeps on it finds out when he next looks. The
/// calls that a dead service had accepted are found by the next one.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    if dead == role::ANONYMOUS {
        return Ok(0);
    }
    let config = config_of(section)?;
    let mut freed = u32::from(role::revoke(span.word(SERVICE_LEASE)?, dead));
    for index in 0..config.lanes {
        let lease = lane_span(span, &config, index)?.word(CLIENT_LEASE)?;
        if lane::bury(lease, dead) {
            freed += 1;
            ready::mark(span.word(READY + index as usize / 32 * 4)?, index);
            ring_silently(span.word(DOORBELL)?);
        }
    }
    Ok(freed)
}

/// HELD of a lease, WAITERS of an epoch.
fn clear_bit_0(span: &Span<'_>, offset: usize) -> Result<(), Error> {
    span.store(offset, span.load(offset)? & !1)
}

fn lane_span<'m>(span: &Span<'m>, config: &LanesConfig, index: u32) -> Result<Span<'m>, Error> {
    if index >= config.lanes {
        return Err(Error::NoSuchIndex { index, count: config.lanes });
    }
    // The section holds all lanes (`config_of`) and is mapped, so these fit a `usize`.
    let stride = config.stride() as usize;
    span.sub(config.first_lane() + index as usize * stride, stride)
}

/// The words of a lane, and where its entries are.
#[derive(Clone, Copy, Debug)]
struct Lane<'m> {
    span: Span<'m>,
    words: &'m [AtomicU32; LANE_WORDS],
    entries: u32,
}

impl LaneWords for Lane<'_> {
    type Word = AtomicU32;

    #[inline]
    fn entries(&self) -> u32 {
        self.entries
    }

    #[inline]
    fn lease(&self) -> &AtomicU32 {
        &self.words[CLIENT_LEASE / 4]
    }

    #[inline]
    fn submitted(&self) -> &AtomicU32 {
        &self.words[SQ_TAIL / 4]
    }

    #[inline]
    fn accepted(&self) -> &AtomicU32 {
        &self.words[SQ_HEAD / 4]
    }

    #[inline]
    fn answered(&self) -> &AtomicU32 {
        &self.words[CQ_TAIL / 4]
    }

    #[inline]
    fn taken(&self) -> &AtomicU32 {
        &self.words[CQ_HEAD / 4]
    }

    #[inline]
    fn slot(&self, index: u32) -> Option<(&AtomicU32, &AtomicU32)> {
        let slot = self.slot_words(index)?;
        Some((&slot[SLOT_MARK / 4], &slot[SLOT_CALL / 4]))
    }
}

impl<'m> Lane<'m> {
    #[inline]
    fn new(section: &Span<'m>, config: &LanesConfig, index: u32) -> Result<Self, Error> {
        let span = lane_span(section, config, index)?;
        Ok(Self { words: span.block(0)?, entries: config.entries, span })
    }

    const fn epoch(&self) -> &'m AtomicU32 {
        &self.words[COMPLETION_EPOCH / 4]
    }

    /// An entry, or slot, of `N` words in an array at `base`.
    #[inline]
    fn entry<const N: usize>(&self, base: usize, index: u32) -> Result<&'m [AtomicU32; N], Error> {
        self.span.block(base + index as usize * N * 4)
    }

    #[inline]
    fn submission<const N: usize>(&self, index: u32) -> Result<&'m [AtomicU32; N], Error> {
        self.entry(SUBMISSIONS, index)
    }

    #[inline]
    fn completion<const N: usize>(&self, index: u32) -> Result<&'m [AtomicU32; N], Error> {
        self.entry(SUBMISSIONS + self.entries as usize * SUBMISSION_LEN, index)
    }

    #[inline]
    fn slot_words(&self, index: u32) -> Option<&'m [AtomicU32; SLOT_LEN / 4]> {
        if index >= self.entries {
            return None;
        }
        let table = SUBMISSIONS + self.entries as usize * (SUBMISSION_LEN + COMPLETION_LEN);
        self.entry(table, index).ok()
    }

    /// When the time of the call in a slot is over; 0 for never.
    fn deadline(&self, slot: u32) -> u64 {
        self.slot_words(slot).map_or(0, |words| {
            let half = |word: &AtomicU32| u64::from(word.load(Ordering::Relaxed));
            half(&words[SLOT_DEADLINE / 4]) | half(&words[SLOT_DEADLINE / 4 + 1]) << 32
        })
    }

    #[inline]
    fn set_deadline(&self, slot: u32, deadline: u64) {
        if let Some(words) = self.slot_words(slot) {
            words[SLOT_DEADLINE / 4].store(deadline as u32, Ordering::Relaxed);
            words[SLOT_DEADLINE / 4 + 1].store((deadline >> 32) as u32, Ordering::Relaxed);
        }
    }
}

/// Stores the words of an entry. The caller holds the run or the answer that it belongs to.
#[inline]
fn store_words<const N: usize>(entry: &[AtomicU32; N], words: &[u32; N]) {
    for (word, value) in entry.iter().zip(words) {
        word.store(*value, Ordering::Relaxed);
    }
}

/// Loads the words of an entry.
#[inline]
fn load_words<const N: usize>(entry: &[AtomicU32; N]) -> [u32; N] {
    let mut words = [0; N];
    for (value, word) in words.iter_mut().zip(entry) {
        *value = word.load(Ordering::Relaxed);
    }
    words
}

/// The bytes of a lane's buffer, in front of which the rings are.
fn buffer_span<'m>(
    section: &Span<'m>,
    config: &LanesConfig,
    index: u32,
) -> Result<Span<'m>, Error> {
    lane_span(section, config, index)?.sub(config.buffer(), config.buffer_len as usize)
}

/// Advances an epoch and wakes who sleeps on it.
fn ring_bell<P: Park>(word: &AtomicU32, park: &P) {
    if epoch::advance(word).wake {
        park.wake_all(word);
    }
}

/// Advances an epoch without waking anybody: sleepers stay announced, for the next advance.
fn ring_silently(word: &AtomicU32) {
    // Release: as in `epoch::advance`.
    Word::add(word, epoch::STEP, Ordering::Release);
}

/// Lanes in a section: where clients and the service come from.
///
/// ```
/// use inos_core::{
///     AlignedBytes, CallId, Completion, Lanes, LanesConfig, Layout, Region, SectionId, Sections,
///     Spin, Status, Submission,
/// };
///
/// const LANES: SectionId = SectionId(4);
/// let layout = Layout::builder()
///     .lanes(LANES, "lanes", LanesConfig { lanes: 2, entries: 8, buffer_len: 256 })
///     .build()?;
/// let mut memory = AlignedBytes::<8192>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let lanes = Lanes::open(&sections, LANES)?;
/// let park = Spin::default();
///
/// assert_eq!((lanes.lane_count(), lanes.entries(), lanes.buffer_len()), (2, 8, 256));
/// let mut client = lanes.client()?;
/// client.submit(&Submission::noop(CallId(1)), &park)?;
///
/// let mut service = lanes.service()?;
/// while let Some((ticket, call)) = service.next() {
///     service.complete(ticket, &Completion::new(call.call_id, Status::OK), &park)?;
/// }
/// assert_eq!(client.poll(&park)?, Some(Completion::new(CallId(1), Status::OK)));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'m, T: Trust> {
    span: Span<'m>,
    config: LanesConfig,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Lanes<'m, T> {
    /// Opens the lanes in section `id`.
    ///
    /// # Errors
    /// `Stale`, `NoSection`, `WrongKind`, `VersionMismatch`, or `Corrupt` if the section's
    /// parameters are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let lanes = Lanes::open(&sections, SectionId(4))?;
    /// assert_eq!(lanes.lane_count(), 2);
    /// let missing = Lanes::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_LANES, MAJOR)?;
        Ok(Self { span, config: config_of(section)?, trust: PhantomData })
    }

    /// How many lanes there are.
    #[must_use]
    pub const fn lane_count(&self) -> u32 {
        self.config.lanes
    }

    /// How many submissions, and completions, a lane holds.
    #[must_use]
    pub const fn entries(&self) -> u32 {
        self.config.entries
    }

    /// Bytes of a lane's buffer.
    #[must_use]
    pub const fn buffer_len(&self) -> u32 {
        self.config.buffer_len
    }

    /// Claims a free lane that is quiet: all calls of its former client were answered. Answers
    /// that it left behind are dropped.
    ///
    /// If there is none, but a lane that is free and not quiet, the service is told to clear that
    /// up, silently: it does when it next looks. [`client_or_wake`](Self::client_or_wake) wakes
    /// it.
    ///
    /// Acquire: continues from what the last client left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `NoSeat` if no lane is free and quiet; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// let (mut one, other) = (lanes.client()?, lanes.client()?);
    /// assert_eq!(lanes.client().err(), Some(Error::NoSeat { count: 2 }));
    /// drop(other);
    /// assert_eq!(lanes.client()?.lane(), 1);
    ///
    /// // A lane whose last client left a call behind is free when that was answered.
    /// one.submit(&Submission::noop(CallId(1)), &park)?;
    /// let (lane, mut service) = (one.lane(), lanes.service()?);
    /// let (ticket, _) = service.next().ok_or(Error::Empty)?;
    /// drop(one);
    /// assert_eq!(lanes.client()?.lane(), 1);
    /// service.complete(ticket, &Completion::default(), &park)?;
    /// assert!(service.next().is_none());
    /// assert_eq!(lanes.client()?.lane(), lane);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn client(&self) -> Result<Client<'m, T>, Error> {
        for index in 0..self.config.lanes {
            if let Some(client) = Client::claim(self, index)? {
                return Ok(client);
            }
        }
        Err(Error::NoSeat { count: self.config.lanes })
    }

    /// As [`client`](Self::client); if no lane is to be had, a service that sleeps is woken to
    /// clear up those that are free and not quiet. It takes a moment: try again.
    ///
    /// # Errors
    /// As [`client`](Self::client).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// let clients = [lanes.client_or_wake(&park)?, lanes.client_or_wake(&park)?];
    /// let mut doorbell = lanes.service()?.doorbell();
    /// assert_eq!(lanes.client_or_wake(&park).err(), Some(Error::NoSeat { count: 2 }));
    /// // A service that sleeps on its bell has heard of it.
    /// assert!(doorbell.changed().is_some());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn client_or_wake<P: Park>(&self, park: &P) -> Result<Client<'m, T>, Error> {
        let client = self.client();
        if matches!(client, Err(Error::NoSeat { .. })) {
            ring_bell(self.span.word(DOORBELL)?, park);
        }
        client
    }

    /// Claims the service role, and finds the calls that a former service accepted and did not
    /// answer: the [orphans](Service::next_orphan). That takes a look at every slot of every
    /// lane.
    ///
    /// Acquire: continues from what the last service left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld` if there is a service; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
    /// # let layout = Layout::builder().lanes(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let (lanes, park) = (Lanes::open(&sections, SectionId(4))?, Spin::default());
    /// let service = lanes.service()?;
    /// assert_eq!(lanes.service().err(), Some(Error::RoleHeld));
    /// drop(service);
    /// assert_eq!(lanes.service()?.lane_count(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn service(&self) -> Result<Service<'m, T>, Error> {
        Service::claim(self)
    }
}

#[cfg(test)]
mod tests;
