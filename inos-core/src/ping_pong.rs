//! The newest state of something, readable in place: a writer that never waits, readers that
//! never see a torn frame.
//!
//! [`defs::ping_pong`](crate::defs::ping_pong) draws the bytes.
//!
//! - A frame is published when the writer stores `latest`. Older frames are not kept.
//! - A [`Reader`] holds a seat and pins the newest frame: the writer passes its slot by. With at
//!   most `slots - 2` seats the writer always finds another one.
//! - An [`Observer`] holds nothing and writes nothing: it copies and then checks that the writer
//!   had not come back to that slot, which takes at least `slots - 1` publishes if no slot is
//!   pinned.
//! - [`Mode`] is a trade: a plain slice to write into, or observers. A slice under a concurrent
//!   observer would be a race even if the observer threw its copy away.
//! - Frame bytes are not cleared: a slot shows an old frame until it is written.
//!
//! # Not supported
//! Every frame reaching every reader (that is a ring); more than one writer; frames of items
//! whose type has a meaning of its own: only their length is checked. The seat of a dead party
//! that did not join (see [`Party`](crate::Party)) stays taken, and costs one slot.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use crate::defs::ping_pong::{
    FRAME_LEN, LATEST, MAJOR, MAX_SLOTS, MIN_SLOTS, MODE_OBSERVED, MODE_PINNED, PIN, SEAT_LEASE,
    SEQUENCE, SHAPE_COUNT, SHAPE_MODE_SHIFT, SHAPE_SEATS_SHIFT, WRITER_LEASE,
};
use crate::defs::{KIND_PING_PONG, LINE};
use crate::error::Error;
use crate::protocol::ping_pong::{self, Claim, Words, WriterState};
use crate::protocol::role::{self, Lease};
use crate::raw::lend::{self, Pinned};
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

#[cfg(feature = "bytemuck")]
mod items;
mod reader;
mod writer;

pub use reader::{Front, Observed, Observer, Reader};
pub use writer::{Back, Writer};

/// Who reads a ping-pong buffer, and so how it may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Seated readers only; the writer may write into a plain slice.
    Pinned,
    /// Seated readers and any number of observers; the writer stores by atomic words.
    Observed,
}

/// What a ping-pong buffer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingPongConfig {
    /// Frames that there is room for: 3 to 16.
    pub slots: u32,
    /// Readers that may pin at a time: at most `slots - 2`.
    pub seats: u32,
    /// Bytes in the largest frame; at least 1.
    pub frame_len: u32,
    /// Who reads.
    pub mode: Mode,
}

impl PingPongConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        let mode = match self.mode {
            Mode::Pinned => MODE_PINNED,
            Mode::Observed => MODE_OBSERVED,
        };
        let seats = self.seats << SHAPE_SEATS_SHIFT;
        [self.slots | seats | (mode << SHAPE_MODE_SHIFT), self.frame_len, 0, 0]
    }

    /// With frames of items.
    pub(crate) const fn params_of(&self, item_len: u32) -> [u32; 4] {
        let [packed, frame_len, ..] = self.params();
        [packed, frame_len, item_len, 0]
    }

    /// Distance between the bytes of two slots.
    const fn stride(&self) -> u64 {
        (self.frame_len as u64).next_multiple_of(LINE as u64)
    }

    /// Lines before the first slot's bytes.
    const fn lines(&self) -> u64 {
        1 + self.slots as u64 + self.seats as u64
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &PingPongConfig) -> Result<u64, Error> {
    if config.slots < MIN_SLOTS || config.slots > MAX_SLOTS {
        return Err(Error::BadLayout { what: "a ping-pong buffer has 3 to 16 slots" });
    }
    if config.seats > config.slots - 2 {
        return Err(Error::BadLayout { what: "a ping-pong buffer has at most slots - 2 seats" });
    }
    if config.frame_len == 0 {
        return Err(Error::BadLayout { what: "frames of no bytes" });
    }
    // At most 16 slots of 2^32 bytes: far from overflow in 64 bits.
    Ok(config.lines() * LINE as u64 + config.slots as u64 * config.stride())
}

/// As [`section_len`], for frames of items.
pub(crate) const fn section_len_of(config: &PingPongConfig, item_len: u32) -> Result<u64, Error> {
    if item_len == 0 || !config.frame_len.is_multiple_of(item_len) {
        return Err(Error::BadLayout { what: "a frame is a whole number of items" });
    }
    section_len(config)
}

/// Makes the buffer empty, its roles and seats free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    // At most 31 lines.
    span.clear(0, config.lines() as usize * LINE)
}

/// Frees the writer's role and all seats. The newest frame is checked by whoever reads it.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let parts = Parts::new(*span, section)?;
    // All Relaxed: the caller has the memory to itself.
    span.word(WRITER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    for seat in 0..parts.config.seats {
        let line = parts.seat_line(seat);
        span.word(line + SEAT_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
        span.store(line + PIN, 0)?;
    }
    Ok(())
}

/// Frees the writer's role and the seats that `dead` holds; how many. Frames that were published
/// stay; a pin goes with its seat.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let parts = Parts::new(*span, section)?;
    let mut freed = u32::from(role::revoke(span.word(WRITER_LEASE)?, dead));
    for seat in 0..parts.config.seats {
        let line = parts.seat_line(seat);
        let lease = span.word(line + SEAT_LEASE)?;
        if role::holder(lease) == Some(dead) {
            // Before the seat is free for another; `revoke` orders it.
            ping_pong::unpin(span.word(line + PIN)?);
            freed += u32::from(role::revoke(lease, dead));
        }
    }
    Ok(freed)
}

fn config_of(section: &Section) -> Result<PingPongConfig, Error> {
    let [packed, frame_len, ..] = section.params;
    let mode = match packed >> SHAPE_MODE_SHIFT {
        MODE_PINNED => Mode::Pinned,
        MODE_OBSERVED => Mode::Observed,
        _ => return Err(Error::Corrupt { what: "mode of a ping-pong buffer" }),
    };
    let (slots, seats) = (packed & SHAPE_COUNT, (packed >> SHAPE_SEATS_SHIFT) & SHAPE_COUNT);
    let config = PingPongConfig { slots, seats, frame_len, mode };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        Ok(_) => Err(Error::Corrupt { what: "length of a ping-pong buffer" }),
        Err(_) => Err(Error::Corrupt { what: "slots or seats of a ping-pong buffer" }),
    }
}

/// Where everything in a buffer is, by a configuration that fits into the section.
#[derive(Clone, Copy, Debug)]
struct Parts<'m> {
    /// The section.
    span: Span<'m>,
    /// The slots' bytes.
    data: Span<'m>,
    config: PingPongConfig,
    stride: usize,
    /// Bytes of an item; 0 if the layout does not say.
    item_len: u32,
}

impl<'m> Parts<'m> {
    fn new(span: Span<'m>, section: &Section) -> Result<Self, Error> {
        let config = config_of(section)?;
        let [_, _, item_len, _] = section.params;
        let (start, stride) = (config.lines() * LINE as u64, config.stride());
        let len = u64::from(config.slots) * stride;
        // On a 32-bit machine a section that long can't have been opened.
        match (usize::try_from(start), usize::try_from(stride), usize::try_from(len)) {
            (Ok(start), Ok(stride), Ok(len)) => {
                Ok(Self { span, data: span.sub(start, len)?, config, stride, item_len })
            }
            _ => Err(Error::OutOfBounds { offset: start, len }),
        }
    }

    const fn frame_len(&self) -> usize {
        self.config.frame_len as usize
    }

    const fn slot_line(slot: u32) -> usize {
        (1 + slot as usize) * LINE
    }

    const fn seat_line(&self, seat: u32) -> usize {
        (1 + self.config.slots as usize + seat as usize) * LINE
    }

    /// The length of the frame in a slot, read once; `Corrupt` if no frame is that long.
    fn len_of(&self, slot: u32) -> Result<usize, Error> {
        // Relaxed: stored before the frame was published, read after it was acquired.
        let len = self.span.load(Self::slot_line(slot) + FRAME_LEN)? as usize;
        if len > self.frame_len() {
            return Err(Error::Corrupt { what: "length of a frame" });
        }
        Ok(len)
    }
}

/// The control words of a buffer that this party may write.
#[derive(Clone, Copy, Debug)]
struct Control<'m> {
    parts: Parts<'m>,
    latest: &'m AtomicU32,
}

impl<'m> Control<'m> {
    fn new(parts: Parts<'m>) -> Result<Self, Error> {
        Ok(Self { parts, latest: parts.span.word(LATEST)? })
    }

    fn word(&self, offset: usize) -> Option<&'m AtomicU32> {
        self.parts.span.word(offset).ok()
    }
}

impl<'m> Words for Control<'m> {
    type Word = AtomicU32;

    fn latest(&self) -> &AtomicU32 {
        self.latest
    }

    fn sequence(&self, index: u32) -> Option<&AtomicU32> {
        if index < self.slot_count() { self.word(Parts::slot_line(index) + SEQUENCE) } else { None }
    }

    fn pin(&self, index: u32) -> Option<&AtomicU32> {
        if index < self.seat_count() { self.word(self.parts.seat_line(index) + PIN) } else { None }
    }

    fn slot_count(&self) -> u32 {
        self.parts.config.slots
    }

    fn seat_count(&self) -> u32 {
        self.parts.config.seats
    }
}

/// A ping-pong buffer. Holding one proves that its configuration was checked against the
/// section.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Layout, Mode, PingPong, PingPongConfig, Region, SectionId, Sections,
/// };
///
/// const FRAMES: SectionId = SectionId(3);
/// let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
/// let layout = Layout::builder().ping_pong(FRAMES, "frames", config).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let frames = PingPong::open(&sections, FRAMES)?;
/// assert_eq!((frames.config(), frames.item_len()), (config, 0));
/// let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
/// assert_eq!(reader.front().err(), Some(Error::Empty));
///
/// for text in [b"older", b"newer"] {
///     let mut back = writer.back_mut()?;
///     back.write(0, text)?;
///     back.publish(text.len())?;
/// }
/// let front = reader.front()?;
/// assert_eq!((&*front, front.version()), (&b"newer"[..], 2));
///
/// // The writer goes on; the frame that is being read stays as it is.
/// let mut back = writer.back_mut()?;
/// back.as_mut_slice()?.fill(0);
/// back.publish(64)?;
/// assert_eq!(&*front, b"newer");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PingPong<'m, T: Trust> {
    parts: Parts<'m>,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> PingPong<'m, T> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let frames = PingPong::open(&sections, SectionId(3))?;
    /// assert_eq!(frames.config().slots, 3);
    /// let missing = PingPong::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_PING_PONG, MAJOR)?;
        Ok(Self { parts: Parts::new(span, section)?, trust: PhantomData })
    }

    /// What the buffer consists of.
    #[must_use]
    pub const fn config(&self) -> PingPongConfig {
        self.parts.config
    }

    /// Bytes in an item of a frame; 0 if the layout does not say.
    #[must_use]
    pub const fn item_len(&self) -> u32 {
        self.parts.item_len
    }

    /// Takes the writer's role; dropping the writer gives it back.
    ///
    /// Acquire: continues from what the last writer published; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the newest frame in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// let mut writer = frames.writer()?;
    /// assert_eq!(frames.writer().err(), Some(Error::RoleHeld));
    /// writer.back_mut()?.publish(0)?;
    /// drop(writer);
    /// // The next one goes on: versions do not begin anew.
    /// let mut writer = frames.writer()?;
    /// assert_eq!(writer.newest_version(), Ok(1));
    /// assert_eq!(writer.back_mut()?.publish(0)?, 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn writer(&self) -> Result<Writer<'m, T>, Error> {
        let control = Control::new(self.parts)?;
        let lease_word = self.parts.span.word(WRITER_LEASE)?;
        let lease = role::claim(lease_word, self.parts.span.party()).ok_or(Error::RoleHeld)?;
        let resumed = WriterState::resume(&control).and_then(|state| {
            let newest = match state.newest() {
                Some(frame) => Some((frame.slot, self.parts.len_of(frame.slot)?)),
                None => None,
            };
            Ok((state, newest))
        });
        match resumed {
            Ok((state, newest)) => Ok(Writer {
                control,
                state,
                newest,
                front: None,
                lease_word,
                lease,
                trust: PhantomData,
            }),
            Err(error) => {
                role::release(lease_word, &lease);
                Err(error)
            }
        }
    }

    /// An observer: it needs no seat and no write access, and the writer does not know of it.
    ///
    /// # Errors
    /// `BadLayout` unless the buffer's mode is [`Mode::Observed`].
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// assert_eq!(frames.config().mode, Mode::Pinned);
    /// let refused = frames.observer().err();
    /// assert!(matches!(refused, Some(Error::BadLayout { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn observer(&self) -> Result<Observer<'m>, Error> {
        match self.parts.config.mode {
            Mode::Observed => Ok(Observer { parts: self.parts }),
            Mode::Pinned => Err(Error::BadLayout { what: "a pinned buffer has no observers" }),
        }
    }
}

impl<'m> PingPong<'m, Cooperative> {
    /// Takes a seat to read frames in place; dropping the reader gives it back.
    ///
    /// Acquire: the seat's last holder has dropped its pin; pairs with Release in its drop.
    ///
    /// # Errors
    /// `NoSeat` if all are taken; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// let reader = frames.reader()?;
    /// assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: 1 }));
    /// drop(reader);
    /// let mut reader = frames.reader()?;
    /// assert_eq!(reader.front().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn reader(&self) -> Result<Reader<'m>, Error> {
        let control = Control::new(self.parts)?;
        let count = self.parts.config.seats;
        for seat in 0..count {
            let line = self.parts.seat_line(seat);
            let pin = self.parts.span.word(line + PIN)?;
            let lease_word = self.parts.span.word(line + SEAT_LEASE)?;
            // Acquire: the seat's last holder has dropped its pin; pairs with Release in the
            // drop of `Reader`.
            if let Some(lease) = role::claim(lease_word, self.parts.span.party()) {
                return Ok(Reader { control, seat, pin, lease_word, lease });
            }
        }
        Err(Error::NoSeat { count })
    }
}

#[cfg(test)]
mod tests;
