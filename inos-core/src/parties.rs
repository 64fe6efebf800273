//! Who takes part, and who is dead: seats that parties sign their claims with.
//!
//! [`defs::parties`](crate::defs::parties) draws the bytes.
//!
//! A party joins by taking a seat. What it then opens through [`Party::sections`] is claimed in
//! its name: producer and consumer roles, pins, lanes, blocks. A party that leaves gives all of
//! that back, what it forgot too. One that dies is found by whoever looks ([`Party::reap`], and
//! [`Sections::join`] where no seat is free), and loses all of it once the host's
//! [`Liveness`] proves the death. Until then it may be paused in the middle of a store, so its
//! claims stay.
//!
//! - A seat is taken when its lease says so. It is free again after everything that its party
//!   held was taken, so a number never means two parties at a time.
//! - Process id, label and heartbeat are for those who look in from outside. They prove nothing.
//! - Parties of one region prove their lives in one way: the layout's
//!   [`scheme`](PartiesConfig::scheme).
//!
//! # Not supported
//! Taking the claims of parties that did not join: they are void in an exclusive attachment
//! only. More than 1023 parties at a time.
#![forbid(unsafe_code)]

mod party;

use core::marker::PhantomData;

pub use party::{Party, Reaped};

pub use crate::defs::parties::MAX_LABEL_LEN;
use crate::defs::parties::{
    DESCRIBED, HEARTBEAT, LABEL, MAJOR, MAX_SEATS, PROCESS_ID, REAPER_LEASE, SEAT_LEASE,
};
use crate::defs::{KIND_PARTIES, LINE};
use crate::epochs::EpochWatcher;
use crate::error::Error;
use crate::protocol::{ReadWord, role};
use crate::raw::liveness::Liveness;
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{Ordering, fence};

/// Most seats.
pub const MAX_PARTIES: u32 = MAX_SEATS;

/// How many parties there may be, and how they prove that they are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartiesConfig {
    /// Parties at a time: 1 to [`MAX_PARTIES`].
    pub seats: u32,
    /// The [`Liveness::SCHEME`] of all parties.
    pub scheme: u32,
}

impl PartiesConfig {
    /// Seats for parties whose lives are proven by `L`.
    ///
    /// ```
    /// # use inos_core::*;
    /// let config = PartiesConfig::of::<AlwaysAlive>(4);
    /// assert_eq!((config.seats, config.scheme), (4, AlwaysAlive::SCHEME));
    /// ```
    #[must_use]
    pub const fn of<L: Liveness>(seats: u32) -> Self {
        Self { seats, scheme: L::SCHEME }
    }

    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.seats, self.scheme, 0, 0]
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &PartiesConfig) -> Result<u64, Error> {
    if config.seats == 0 || config.seats > MAX_PARTIES {
        return Err(Error::BadLayout { what: "number of parties: 1 to 1023" });
    }
    Ok((config.seats as u64 + 1) * LINE as u64)
}

/// Frees all seats.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    span.clear(0, span.len() & !3)
}

/// Frees all seats: whoever sat there has no other way to this memory any more.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    // All Relaxed: the caller has the memory to itself.
    span.word(REAPER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    for seat in 1..=config.seats {
        span.word(seat_offset(seat) + SEAT_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    }
    Ok(())
}

fn config_of(section: &Section) -> Result<PartiesConfig, Error> {
    let [seats, scheme, ..] = section.params;
    let config = PartiesConfig { seats, scheme };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        _ => Err(Error::Corrupt { what: "parameters of parties" }),
    }
}

const fn seat_offset(seat: u32) -> usize {
    seat as usize * LINE
}

/// The seats of a section, to look at.
///
/// ```
/// use inos_core::{
///     AlignedBytes, AlwaysAlive, Layout, Parties, PartiesConfig, Region, SectionId, Sections,
/// };
///
/// const PARTIES: SectionId = SectionId(9);
/// let layout = Layout::builder()
///     .parties(PARTIES, "parties", PartiesConfig::of::<AlwaysAlive>(4))
///     .build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
///
/// let party = sections.join(PARTIES, &AlwaysAlive, "camera")?;
/// party.heartbeat()?.advance(&inos_core::Spin::default());
/// let parties = Parties::open(&sections, PARTIES)?;
/// assert_eq!(parties.config().seats, 4);
/// let alive = parties.heartbeat_watcher(party.number())?;
/// assert_eq!(alive.seen(), 1);
/// let info = parties.iter().next().unwrap();
/// assert_eq!((info.number, info.label()), (party.number(), "camera"));
/// assert_eq!(parties.info(party.number())?, info);
/// drop(party);
/// assert_eq!(parties.iter().count(), 0);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Parties<'m, T: Trust> {
    span: Span<'m>,
    config: PartiesConfig,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Parties<'m, T> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// let config = PartiesConfig::of::<AlwaysAlive>(4);
    /// let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(Parties::open(&sections, seats)?.config(), config);
    /// assert!(matches!(Parties::open(&sections, SectionId(9)), Err(Error::NoSection { id: 9 })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_PARTIES, MAJOR)?;
        Ok(Self { span, config: config_of(section)?, trust: PhantomData })
    }

    /// How many seats there are, and how their parties prove their lives.
    #[must_use]
    pub const fn config(&self) -> PartiesConfig {
        self.config
    }

    /// Who sits in seat `number`, from 1 on; a copy. Works on memory mapped for reading only.
    ///
    /// Acquire: process id and label are those of the party that is named; pairs with Release
    /// in [`Sections::join`]. They are empty while the party is still joining.
    ///
    /// # Errors
    /// `NoSuchIndex`; `Empty` if the seat is free.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let parties = Parties::open(&sections, seats)?;
    /// let camera = sections.join_as(seats, &AlwaysAlive, "camera", 4711)?;
    /// let info = parties.info(camera.number())?;
    /// assert_eq!((info.label(), info.process_id), ("camera", 4711));
    /// assert_eq!(parties.info(2), Err(Error::Empty));
    /// assert_eq!(parties.info(3), Err(Error::NoSuchIndex { index: 3, count: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn info(&self, number: u16) -> Result<PartyInfo, Error> {
        let seat = self.seat(number)?;
        let raw = seat.load(SEAT_LEASE)?;
        if role::holder_of(raw).is_none() {
            return Err(Error::Empty);
        }
        let mut info = PartyInfo { number, process_id: 0, label: [0; MAX_LABEL_LEN] };
        // Acquire: pairs with Release in `describe`.
        if seat.peek(DESCRIBED)?.load(Ordering::Acquire) != raw {
            return Ok(info);
        }
        let process_id = seat.load(PROCESS_ID)?;
        let mut label = [0; MAX_LABEL_LEN];
        seat.read(LABEL, &mut label)?;
        // Acquire fence: had a later party written any of this, it would be seen to have
        // begun; pairs with the Release fence in `describe`.
        fence(Ordering::Acquire);
        if seat.load(DESCRIBED)? == raw {
            (info.process_id, info.label) = (process_id, label);
        }
        Ok(info)
    }

    /// The parties there are, in the order of their numbers.
    ///
    /// Ordering as [`info`](Self::info). Each is looked at when the iterator comes to it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let parties = Parties::open(&sections, seats)?;
    /// let camera = sections.join(seats, &AlwaysAlive, "camera")?;
    /// let screen = sections.join(seats, &AlwaysAlive, "screen")?;
    /// drop(camera);
    /// let left: Vec<_> = parties.iter().collect();
    /// assert_eq!((left.len(), left[0].number, left[0].label()), (1, 2, "screen"));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = PartyInfo> + use<'m, T> {
        let parties = *self;
        (1..=self.config.seats).filter_map(move |seat| parties.info(seat as u16).ok())
    }

    /// The epoch by which a party shows that it works. One that stops raises suspicion.
    ///
    /// `number` counts from 1. Ordering as [`EpochTable::watcher`](crate::EpochTable::watcher).
    ///
    /// # Errors
    /// `NoSuchIndex`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let parties = Parties::open(&sections, seats)?;
    /// # let soon = Some(core::time::Duration::from_millis(1));
    /// let camera = sections.join(seats, &AlwaysAlive, "camera")?;
    /// let mut watcher = parties.heartbeat_watcher(camera.number())?;
    /// camera.heartbeat()?.advance(&Spin::default());
    /// assert_eq!(watcher.wait(&Spin::default(), soon), Ok(1));
    /// // It may be busy, stopped in a debugger, or dead.
    /// assert_eq!(watcher.wait(&Spin::default(), soon), Err(Error::TimedOut));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn heartbeat_watcher(&self, number: u16) -> Result<EpochWatcher<'m>, Error> {
        Ok(EpochWatcher::from_peek(self.seat(number)?.peek(HEARTBEAT)?))
    }

    fn seat(&self, number: u16) -> Result<Span<'m>, Error> {
        let (index, count) = (u32::from(number), self.config.seats);
        if index == 0 || index > count {
            return Err(Error::NoSuchIndex { index, count });
        }
        self.span.sub(seat_offset(index), LINE)
    }
}

/// A copy of what a party said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyInfo {
    /// Its number, from 1 on.
    pub number: u16,
    /// The operating system's number of its process; 0 if it did not say.
    pub process_id: u32,
    label: [u8; MAX_LABEL_LEN],
}

impl PartyInfo {
    /// What it calls itself; empty if that is no UTF-8.
    #[must_use]
    pub fn label(&self) -> &str {
        let len = self.label.iter().position(|&byte| byte == 0).unwrap_or(MAX_LABEL_LEN);
        self.label.get(..len).and_then(|label| core::str::from_utf8(label).ok()).unwrap_or_default()
    }
}

/// Writes down who sits in a seat that the caller has just taken.
fn describe(seat: &Span<'_>, lease: u32, process_id: u32, label: &[u8]) -> Result<(), Error> {
    seat.store(DESCRIBED, 0)?;
    // Release fence: whoever reads a byte of what follows sees the 0, or what comes after it, on
    // its second look; pairs with the Acquire fence in `Parties::info`.
    fence(Ordering::Release);
    seat.store(PROCESS_ID, process_id)?;
    seat.clear(LABEL, MAX_LABEL_LEN)?;
    seat.write(LABEL, label)?;
    // Release: publishes process id and label; pairs with Acquire in `Parties::info`.
    seat.word(DESCRIBED)?.store(lease, Ordering::Release);
    Ok(())
}
