//! Calls and their answers: a lane of its own for each client.
//!
//! A lane is a submission ring, a completion ring and a buffer, and a bit in a ready bitmap
//! that all lanes share. A client that dies, stalls or writes nonsense harms its lane only.
//! `lanes/entry.rs` draws the bytes.
//!
//! A call goes like this: the client publishes a submission, marks its ready bit and advances
//! the doorbell; the service takes the bit, *accepts* the submission, and later publishes a
//! completion and advances the lane's completion epoch.
//!
//! A submission is accepted only while the completion ring has room for the answers to all
//! accepted calls. So answering never waits, and a client that does not take its answers stops
//! being served. When it takes one while submissions are waiting, it rings again.
//!
//! Both sides keep nothing about a lane that is not derived from its words: the service reads
//! and checks the positions at each look, and what it finds impossible is skipped and counted.
//!
//! # Not supported
//! Taking over the lane of a client that died without dropping its handle, or the calls that a
//! former service accepted and did not answer, other than by attaching exclusively, which
//! voids them.
#![forbid(unsafe_code)]

mod client;
mod entry;
mod service;

use core::marker::PhantomData;

pub use client::Client;
pub use entry::{
    COMPLETION_LEN, CallId, Completion, Opcode, PayloadRef, SUBMISSION_LEN, Space, Status,
    Submission,
};
pub use service::Service;

use crate::defs::KIND_LANES;
use crate::error::Error;
use crate::protocol::{Word, epoch, ring, role};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};
use crate::wait::Park;
use entry::{
    CLIENT_LEASE, COMPLETION_EPOCH, CQ_HEAD, CQ_TAIL, DOORBELL, READY, SERVICE_LEASE, SQ_HEAD,
    SQ_TAIL, SUBMISSIONS,
};

const MAJOR: u16 = 1;

/// Most lanes in a section.
pub const MAX_LANES: u32 = 1024;
/// Most entries of a lane's rings.
pub const MAX_ENTRIES: u32 = 4096;
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

    const fn buffer(&self) -> usize {
        self.completions() + self.entries as usize * COMPLETION_LEN
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
    if config.entries < 2 || config.entries > MAX_ENTRIES || !config.entries.is_power_of_two() {
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
        lane_span(span, &config, index)?.clear(0, SUBMISSIONS)?;
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
    }
    Ok(())
}

/// Frees the lanes, and the service role, that `dead` holds; how many. A lane is claimed again
/// when all calls of its former client were answered.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let config = config_of(section)?;
    let mut freed = u32::from(role::revoke(span.word(SERVICE_LEASE)?, dead));
    for index in 0..config.lanes {
        let lane = lane_span(span, &config, index)?;
        freed += u32::from(role::revoke(lane.word(CLIENT_LEASE)?, dead));
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

/// The position words of a lane, and where its entries are.
#[derive(Clone, Copy, Debug)]
struct Lane<'m> {
    span: Span<'m>,
    sq_tail: &'m AtomicU32,
    sq_head: &'m AtomicU32,
    cq_tail: &'m AtomicU32,
    cq_head: &'m AtomicU32,
    epoch: &'m AtomicU32,
    completions: usize,
}

impl<'m> Lane<'m> {
    fn new(section: &Span<'m>, config: &LanesConfig, index: u32) -> Result<Self, Error> {
        let span = lane_span(section, config, index)?;
        Ok(Self {
            sq_tail: span.word(SQ_TAIL)?,
            sq_head: span.word(SQ_HEAD)?,
            cq_tail: span.word(CQ_TAIL)?,
            cq_head: span.word(CQ_HEAD)?,
            epoch: span.word(COMPLETION_EPOCH)?,
            completions: config.completions(),
            span,
        })
    }

    /// Stores the words of an entry. The caller holds the claim of item `index`.
    fn store_entry(&self, base: usize, index: u32, words: &[u32]) -> Result<(), Error> {
        let at = base + index as usize * words.len() * 4;
        for (word, value) in words.iter().enumerate() {
            self.span.store(at + word * 4, *value)?;
        }
        Ok(())
    }

    /// Loads the words of an entry.
    fn load_entry<const N: usize>(&self, base: usize, index: u32) -> Result<[u32; N], Error> {
        let at = base + index as usize * N * 4;
        let mut words = [0; N];
        for (word, value) in words.iter_mut().enumerate() {
            *value = self.span.load(at + word * 4)?;
        }
        Ok(words)
    }
}

/// The bytes of a lane's buffer, in front of which the rings are.
fn buffer_span<'m>(
    section: &Span<'m>,
    config: &LanesConfig,
    index: u32,
) -> Result<Span<'m>, Error> {
    lane_span(section, config, index)?.sub(config.buffer(), config.buffer_len as usize)
}

/// Entries between two positions, if there can be as many.
fn checked_distance(from: u32, to: u32, entries: u32) -> Result<u32, Error> {
    // Positions have 31 bits; the top bit is never set by this protocol.
    let distance = ring::distance(from, to);
    if (from | to) >> 31 != 0 || distance > entries {
        return Err(Error::Corrupt { what: "positions of a lane" });
    }
    Ok(distance)
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
/// let mut client = lanes.client()?;
/// client.submit(&Submission::noop(CallId(1)), &park)?;
///
/// let mut service = lanes.service()?;
/// while let Some((lane, call)) = service.next() {
///     service.complete(lane, &Completion::new(call.call_id, Status::OK), &park)?;
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
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_LANES, MAJOR)?;
        Ok(Self { span, config: config_of(&section)?, trust: PhantomData })
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
    /// # Errors
    /// `NoSeat` if no lane is free and quiet; `ReadOnly`.
    pub fn client(&self) -> Result<Client<'m, T>, Error> {
        for index in 0..self.config.lanes {
            if let Some(client) = Client::claim(self, index)? {
                return Ok(client);
            }
        }
        Err(Error::NoSeat { count: self.config.lanes })
    }

    /// Claims the service role.
    ///
    /// # Errors
    /// `RoleHeld` if there is a service; `ReadOnly`.
    pub fn service(&self) -> Result<Service<'m, T>, Error> {
        Service::claim(self)
    }
}

#[cfg(test)]
mod tests;
