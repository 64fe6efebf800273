//! The newest state of something, readable in place: a writer that never waits, readers that
//! never see a torn frame.
//!
//! ```text
//!   0                4               8                                             64
//!   +----------------+---------------+----------------------------------------------+
//!   | writer lease   | latest        | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per slot, one line
//!   +----------------+---------------+----------------------------------------------+
//!   | sequence       | frame length  | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per seat, one line
//!   +----------------+---------------+----------------------------------------------+
//!   | lease          | pin           | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per slot: the frame's bytes, rounded up to a line
//! ```
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
//! Every frame reaching every reader (that is a ring); more than one writer; taking over the seat
//! of a party that died, other than by attaching exclusively. Such a seat costs one slot and
//! nothing else.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::Deref;

use crate::defs::{KIND_PING_PONG, LINE};
use crate::error::Error;
use crate::protocol::ping_pong::{self, Claim, MAX_SLOTS, MIN_SLOTS, Words, WriterState};
use crate::protocol::role::{self, Lease};
use crate::raw::lend::{self, Pinned};
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

/// Major version of this kind of section.
const MAJOR: u16 = 1;

const WRITER_LEASE: usize = 0;
const LATEST: usize = 4;
/// In a slot's line.
const SEQUENCE: usize = 0;
/// In a slot's line.
const FRAME_LEN: usize = 4;
/// In a seat's line.
const SEAT_LEASE: usize = 0;
/// In a seat's line.
const PIN: usize = 4;

const _: () = {
    assert!(WRITER_LEASE + 4 <= LATEST && LATEST + 4 <= LINE);
    assert!(SEQUENCE + 4 <= FRAME_LEN && FRAME_LEN + 4 <= LINE);
    assert!(SEAT_LEASE + 4 <= PIN && PIN + 4 <= LINE);
    // Slots and seats have eight bits each in the section's parameters.
    assert!(MAX_SLOTS <= 0xff);
};

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
            Mode::Pinned => 0,
            Mode::Observed => 1,
        };
        [self.slots | (self.seats << 8) | (mode << 16), self.frame_len, 0, 0]
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

/// Makes the buffer empty, its roles and seats free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    // At most 31 lines.
    span.clear(0, config.lines() as usize * LINE)
}

/// Frees the writer's role and all seats. The newest frame is checked by whoever reads it.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let parts = Parts::new(*span, config_of(section)?)?;
    // All Relaxed: the caller has the memory to itself.
    span.word(WRITER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    for seat in 0..parts.config.seats {
        let line = parts.seat_line(seat);
        span.word(line + SEAT_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
        span.store(line + PIN, 0)?;
    }
    Ok(())
}

fn config_of(section: &Section) -> Result<PingPongConfig, Error> {
    let [packed, frame_len, ..] = section.params;
    let mode = match packed >> 16 {
        0 => Mode::Pinned,
        1 => Mode::Observed,
        _ => return Err(Error::Corrupt { what: "mode of a ping-pong buffer" }),
    };
    let (slots, seats) = (packed & 0xff, (packed >> 8) & 0xff);
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
}

impl<'m> Parts<'m> {
    fn new(span: Span<'m>, config: PingPongConfig) -> Result<Self, Error> {
        let (start, stride) = (config.lines() * LINE as u64, config.stride());
        let len = u64::from(config.slots) * stride;
        // On a 32-bit machine a section that long can't have been opened.
        match (usize::try_from(start), usize::try_from(stride), usize::try_from(len)) {
            (Ok(start), Ok(stride), Ok(len)) => {
                Ok(Self { span, data: span.sub(start, len)?, config, stride })
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
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_PING_PONG, MAJOR)?;
        Ok(Self { parts: Parts::new(span, config_of(&section)?)?, trust: PhantomData })
    }

    /// What the buffer consists of.
    #[must_use]
    pub const fn config(&self) -> PingPongConfig {
        self.parts.config
    }

    /// Takes the writer's role; dropping the writer gives it back.
    ///
    /// AcqRel: continues from what the last writer published; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the newest frame in memory is impossible.
    pub fn writer(&self) -> Result<Writer<'m, T>, Error> {
        let control = Control::new(self.parts)?;
        let lease_word = self.parts.span.word(WRITER_LEASE)?;
        let lease = role::claim(lease_word).ok_or(Error::RoleHeld)?;
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
    /// # Errors
    /// `NoSeat` if all are taken; `ReadOnly`.
    pub fn reader(&self) -> Result<Reader<'m>, Error> {
        let control = Control::new(self.parts)?;
        let count = self.parts.config.seats;
        for seat in 0..count {
            let line = self.parts.seat_line(seat);
            let pin = self.parts.span.word(line + PIN)?;
            let lease_word = self.parts.span.word(line + SEAT_LEASE)?;
            // AcqRel: the seat's last holder has dropped its pin; pairs with Release in the
            // drop of `Reader`.
            if let Some(lease) = role::claim(lease_word) {
                return Ok(Reader { control, seat, pin, lease_word, lease });
            }
        }
        Err(Error::NoSeat { count })
    }
}

/// The one who publishes frames. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
#[derive(Debug)]
pub struct Writer<'m, T: Trust> {
    control: Control<'m>,
    state: WriterState,
    /// Slot and length of the newest frame: what `front` becomes before it is lent.
    newest: Option<(u32, usize)>,
    /// What the last borrow of the newest frame was made from. Apart from `newest`, so that a
    /// frame can be published while the one before it is still being read.
    front: Option<Pinned>,
    lease_word: &'m AtomicU32,
    lease: Lease,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Writer<'m, T> {
    /// Bytes in the newest frame; this party's own memory, or checked when the role was taken.
    ///
    /// # Errors
    /// `Empty` before the first publish.
    pub fn newest_len(&self) -> Result<usize, Error> {
        self.newest.map(|(_, len)| len).ok_or(Error::Empty)
    }

    /// Version of the newest frame, 1 to 2^28 - 1, wrapping.
    ///
    /// # Errors
    /// `Empty` before the first publish.
    pub fn newest_version(&self) -> Result<u32, Error> {
        self.state.newest().map(|frame| frame.version).ok_or(Error::Empty)
    }

    /// Takes a slot for the next frame; never waits.
    ///
    /// # Errors
    /// `Contended` if every slot is pinned, which only a party that breaks the protocol can
    /// bring about.
    pub fn back_mut(&mut self) -> Result<Back<'_, 'm, T>, Error> {
        let claim = self.state.begin(&self.control)?;
        Ok(Back {
            control: self.control,
            state: &mut self.state,
            newest: &mut self.newest,
            claim: Some(claim),
            trust: PhantomData,
        })
    }
}

impl<'m> Writer<'m, Cooperative> {
    /// The newest frame, in place: nobody writes it before this writer's next
    /// [`back_mut`](Self::back_mut), which passes it by.
    ///
    /// # Errors
    /// `Empty` before the first publish.
    pub fn front(&mut self) -> Result<&[u8], Error> {
        self.front = self.newest.map(|(slot, len)| Pinned { slot, len });
        let pinned = self.front.as_ref().ok_or(Error::Empty)?;
        lend::frame(&self.control.parts.data, pinned, self.control.parts.stride)
    }

    /// The newest frame, if any, and a slot for the next: one step of a simulation reads the
    /// first and writes the second, without a copy between them.
    ///
    /// # Errors
    /// As [`back_mut`](Self::back_mut).
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, Layout, Mode, PingPong, PingPongConfig, Region, SectionId, Sections,
    /// # };
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 4, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "frames", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let mut writer = PingPong::open(&sections, SectionId(3))?.writer()?;
    /// for _ in 0..3 {
    ///     let (front, mut back) = writer.front_and_back()?;
    ///     let next = front.and_then(|bytes| bytes.first()).map_or(1, |byte| byte * 2);
    ///     back.as_mut_slice()?.fill(next);
    ///     back.publish(4)?;
    /// }
    /// assert_eq!(writer.front()?, [4; 4]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn front_and_back(&mut self) -> Result<(Option<&[u8]>, Back<'_, 'm, Cooperative>), Error> {
        self.front = self.newest.map(|(slot, len)| Pinned { slot, len });
        let Self { control, state, newest, front, .. } = self;
        let front = match front {
            Some(pinned) => Some(lend::frame(&control.parts.data, pinned, control.parts.stride)?),
            None => None,
        };
        // `begin` passes the newest slot by, and there is no second `begin` as long as either
        // borrow lives: both came from `&mut self`.
        let claim = Some(state.begin(control)?);
        Ok((front, Back { control: *control, state, newest, claim, trust: PhantomData }))
    }
}

impl<T: Trust> Drop for Writer<'_, T> {
    fn drop(&mut self) {
        // Release: hands the newest frame on; pairs with AcqRel in `PingPong::writer`.
        role::release(self.lease_word, &self.lease);
    }
}

/// A slot for the next frame. Nobody reads it before [`publish`](Self::publish); one that is
/// dropped leaves the newest frame what it was.
#[derive(Debug)]
#[must_use = "a frame that is not published has no effect"]
pub struct Back<'a, 'm, T: Trust> {
    control: Control<'m>,
    state: &'a mut WriterState,
    newest: &'a mut Option<(u32, usize)>,
    /// Taken by `publish`; what is left at the drop is abandoned.
    claim: Option<Claim>,
    trust: PhantomData<T>,
}

impl<T: Trust> Back<'_, '_, T> {
    /// Bytes in the largest frame.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.control.parts.frame_len()
    }

    /// Copies bytes into the frame, by relaxed stores of words.
    ///
    /// # Errors
    /// `OutOfBounds` beyond the [`capacity`](Self::capacity); `Misaligned` unless `offset` is a
    /// multiple of 4. Nothing is written then.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let out = Error::OutOfBounds { offset: offset as u64, len: bytes.len() as u64 };
        match offset.checked_add(bytes.len()) {
            Some(end) if end <= self.capacity() => {}
            _ => return Err(out),
        }
        let slot = self.claim.as_ref().ok_or(out)?.slot() as usize;
        self.control.parts.data.write(slot * self.control.parts.stride + offset, bytes)
    }

    /// Makes the first `len` bytes the newest frame; returns its version, 1 to 2^28 - 1,
    /// wrapping.
    ///
    /// Release: publishes the frame's bytes and length; pairs with Acquire in
    /// [`Reader::front`] and [`Observer::copy`].
    ///
    /// # Errors
    /// `TooLarge` over the [`capacity`](Self::capacity); the slot is abandoned then.
    pub fn publish(mut self, len: usize) -> Result<u32, Error> {
        let max = self.capacity();
        let too_large = Error::TooLarge { len, max };
        if len > max {
            return Err(too_large);
        }
        let slot = self.claim.as_ref().map_or(0, Claim::slot);
        // Relaxed: `publish` stores with Release next. The cast is exact, as just checked.
        self.control.parts.span.store(Parts::slot_line(slot) + FRAME_LEN, len as u32)?;
        // The claim is there until this very line: only `publish` takes it, once.
        let claim = self.claim.take().ok_or(too_large)?;
        let frame = self.state.publish(&self.control, claim);
        *self.newest = Some((frame.slot, len));
        Ok(frame.version)
    }
}

impl Back<'_, '_, Cooperative> {
    /// The whole slot, in place. It shows an old frame until it is written.
    ///
    /// # Errors
    /// `BadLayout` if the buffer's mode is [`Mode::Observed`]: an observer may be copying from
    /// this slot just now, so only [`write`](Self::write) may change it.
    pub fn as_mut_slice(&mut self) -> Result<&mut [u8], Error> {
        if self.control.parts.config.mode == Mode::Observed {
            return Err(Error::BadLayout { what: "an observed buffer has no plain slices" });
        }
        let len = self.capacity();
        let Parts { data, stride, .. } = &self.control.parts;
        match &mut self.claim {
            Some(claim) => lend::slot_claim_mut(data, claim, *stride, len),
            None => Err(Error::OutOfBounds { offset: 0, len: len as u64 }),
        }
    }
}

impl<T: Trust> Drop for Back<'_, '_, T> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.state.abandon(&self.control, claim);
        }
    }
}

/// A seat. Holding one proves that nobody else pins by it.
#[derive(Debug)]
pub struct Reader<'m> {
    control: Control<'m>,
    seat: u32,
    pin: &'m AtomicU32,
    lease_word: &'m AtomicU32,
    lease: Lease,
}

impl<'m> Reader<'m> {
    /// Pins the newest frame.
    ///
    /// Acquire: the frame is whole; pairs with Release in [`Back::publish`].
    ///
    /// # Errors
    /// `Empty` before the first publish; `Contended` if the writer came all around on each of a
    /// bounded number of tries; `Corrupt` if the slot or the length in memory is impossible.
    pub fn front(&mut self) -> Result<Front<'_, 'm>, Error> {
        // A front that was forgotten left its pin. With an old pin standing while a newer slot
        // is pinned, one seat would hold back two slots. Ordered by the fence in `pin`.
        ping_pong::unpin(self.pin);
        let frame = ping_pong::pin(&self.control, self.seat)?;
        match self.control.parts.len_of(frame.slot) {
            Ok(len) => {
                let pinned = Pinned { slot: frame.slot, len };
                Ok(Front { reader: self, pinned, version: frame.version })
            }
            Err(error) => {
                ping_pong::unpin(self.pin);
                Err(error)
            }
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        ping_pong::unpin(self.pin);
        // Release: the seat is handed on without a pin; pairs with AcqRel in
        // `PingPong::reader`.
        role::release(self.lease_word, &self.lease);
    }
}

/// The frame that was the newest when it was pinned. Holding one proves that its bytes do not
/// change.
#[derive(Debug)]
#[must_use = "dropping a front unpins it"]
pub struct Front<'a, 'm> {
    reader: &'a mut Reader<'m>,
    pinned: Pinned,
    version: u32,
}

impl Front<'_, '_> {
    /// 1 to 2^28 - 1, wrapping: one more than that of the frame published before.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl Deref for Front<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let parts = &self.reader.control.parts;
        // The length was checked, so the empty slice never comes to pass.
        lend::frame(&parts.data, &self.pinned, parts.stride).unwrap_or_default()
    }
}

impl Drop for Front<'_, '_> {
    fn drop(&mut self) {
        ping_pong::unpin(self.reader.pin);
    }
}

/// What [`Observer::copy`] copied out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// 1 to 2^28 - 1, wrapping.
    pub version: u32,
    /// Bytes in the frame.
    pub len: usize,
    /// Tries that the writer spoiled before this one.
    pub retries: u32,
}

/// Copies the newest frame out, unnoticed. Any number of them; a clone is another one.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, Layout, Mode, PingPong, PingPongConfig, Region, SectionId, Sections,
/// # };
/// # let config = PingPongConfig { slots: 3, seats: 0, frame_len: 64, mode: Mode::Observed };
/// # let layout = Layout::builder().ping_pong(SectionId(3), "frames", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let frames = PingPong::open(&sections, SectionId(3))?;
/// let mut writer = frames.writer()?;
/// let mut back = writer.back_mut()?;
/// back.write(0, b"state")?;
/// back.publish(5)?;
///
/// let mut bytes = [0; 64];
/// let observed = frames.observer()?.copy(&mut bytes, 8)?;
/// assert_eq!(&bytes[..observed.len], b"state");
/// assert_eq!(observed.version, 1);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Observer<'m> {
    parts: Parts<'m>,
}

impl Observer<'_> {
    /// Copies the newest frame to the front of `out`: never a torn one, and from one writer
    /// never an older one than before. A try fails only if the writer came back to the slot
    /// while it was copied; the newest frame is then looked up again. After an error `out` may
    /// hold parts of frames.
    ///
    /// Acquire: pairs with Release in [`Back::publish`].
    ///
    /// # Errors
    /// `Empty` before the first publish; `TooLarge` if the frame is longer than `out`; `Lapped`
    /// if all `tries` failed; `Corrupt` if the slot or the length in memory is impossible.
    pub fn copy(&self, out: &mut [u8], tries: u32) -> Result<Observed, Error> {
        let Parts { span, data, config, stride } = self.parts;
        let latest = span.peek(LATEST)?;
        for retries in 0..tries {
            let frame = ping_pong::newest(&latest, config.slots)?;
            let sequence = span.peek(Parts::slot_line(frame.slot) + SEQUENCE)?;
            if !ping_pong::validate(&sequence, frame) {
                continue;
            }
            let max = out.len();
            // The length is part of the frame: neither its use nor its errors count before
            // the frame has proved to be whole.
            let copied = self.parts.len_of(frame.slot).and_then(|len| {
                let out = out.get_mut(..len).ok_or(Error::TooLarge { len, max })?;
                data.read(frame.slot as usize * stride, out)?;
                Ok(len)
            });
            if ping_pong::still_valid(&sequence, frame) {
                return copied.map(|len| Observed { version: frame.version, len, retries });
            }
        }
        Err(Error::Lapped { tries })
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::AtomicBool;
    use std::vec::Vec;
    use std::{mem, thread};

    use super::*;
    use crate::layout::Layout;
    use crate::raw::region::{AlignedBytes, Hostile, Region};

    const ID: SectionId = SectionId(3);

    fn config(slots: u32, seats: u32, mode: Mode) -> PingPongConfig {
        PingPongConfig { slots, seats, frame_len: 100, mode }
    }

    fn layout(config: PingPongConfig) -> Layout {
        Layout::builder().ping_pong(ID, "frames", config).build().unwrap()
    }

    fn cooperative(config: PingPongConfig, test: impl FnOnce(PingPong<'_, Cooperative>)) {
        let mut memory = AlignedBytes::<8192>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(config), 7).unwrap();
        test(PingPong::open(&sections, ID).unwrap());
    }

    /// The words of the section are handed to the test, for it to lie in.
    fn hostile(config: PingPongConfig, test: impl FnOnce(PingPong<'_, Hostile>, &[AtomicU32])) {
        let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
        let sections = Sections::create(Region::from_words(&words), &layout(config), 7).unwrap();
        let start = sections.section(ID).unwrap().offset() as usize / 4;
        test(PingPong::open(&sections, ID).unwrap(), &words[start..]);
    }

    fn set(words: &[AtomicU32], offset: usize, value: u32) {
        words[offset / 4].store(value, Ordering::Relaxed);
    }

    fn publish<T: Trust>(writer: &mut Writer<'_, T>, bytes: &[u8]) -> u32 {
        let mut back = writer.back_mut().unwrap();
        back.write(0, bytes).unwrap();
        back.publish(bytes.len()).unwrap()
    }

    fn pin_of<T: Trust>(frames: &PingPong<'_, T>, seat: u32) -> u32 {
        frames.parts.span.load(frames.parts.seat_line(seat) + PIN).unwrap()
    }

    #[test]
    fn the_newest_wins_and_before_it_there_is_nothing() {
        cooperative(config(4, 1, Mode::Observed), |frames| {
            assert_eq!(frames.config(), config(4, 1, Mode::Observed));
            let mut writer = frames.writer().unwrap();
            let mut reader = frames.reader().unwrap();
            let observer = frames.observer().unwrap();
            let mut out = [0; 100];
            assert_eq!(reader.front().err(), Some(Error::Empty));
            assert_eq!(observer.copy(&mut out, 3), Err(Error::Empty));
            assert_eq!(writer.front().err(), Some(Error::Empty));
            assert_eq!(writer.newest_len(), Err(Error::Empty));
            for version in 1..=20 {
                let bytes = [version as u8; 100];
                let bytes = &bytes[..version as usize * 5];
                assert_eq!(publish(&mut writer, bytes), version);
                assert_eq!(writer.front().unwrap(), bytes);
                assert_eq!(writer.newest_len(), Ok(bytes.len()));
                assert_eq!(writer.newest_version(), Ok(version));
                if version % 3 == 0 {
                    let front = reader.front().unwrap();
                    assert_eq!((front.version(), &*front), (version, bytes));
                }
                let observed = observer.copy(&mut out, 1).unwrap();
                assert_eq!(observed, Observed { version, len: bytes.len(), retries: 0 });
                assert_eq!(out[..observed.len], *bytes);
            }
        });
    }

    #[test]
    fn pins_hold_their_slots_and_the_writer_never_starves() {
        for seats in 1..=4 {
            cooperative(config(seats + 2, seats, Mode::Pinned), |frames| {
                let mut writer = frames.writer().unwrap();
                let mut readers: Vec<_> = (0..seats).map(|_| frames.reader().unwrap()).collect();
                assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: seats }));
                let mut fronts = Vec::new();
                for reader in &mut readers {
                    let version = publish(&mut writer, &[fronts.len() as u8; 8]);
                    fronts.push((reader.front().unwrap(), version));
                }
                for _ in 0..50 {
                    publish(&mut writer, &[99; 100]);
                }
                for (index, (front, version)) in fronts.iter().enumerate() {
                    assert_eq!(front.version(), *version);
                    assert_eq!(**front, [index as u8; 8]);
                }
                assert!((0..seats).all(|seat| pin_of(&frames, seat) != 0));
                drop(fronts);
                assert!((0..seats).all(|seat| pin_of(&frames, seat) == 0));
                drop(readers);
                assert_eq!(*frames.reader().unwrap().front().unwrap(), [99; 100]);
            });
        }
    }

    #[test]
    fn a_frame_is_read_while_the_next_is_written() {
        cooperative(config(3, 1, Mode::Pinned), |frames| {
            let mut writer = frames.writer().unwrap();
            let mut reader = frames.reader().unwrap();
            let (front, back) = writer.front_and_back().unwrap();
            assert_eq!((front, back.capacity()), (None, 100));
            back.publish(0).unwrap();
            publish(&mut writer, b"first");
            let pinned = reader.front().unwrap();
            let (front, mut back) = writer.front_and_back().unwrap();
            let front = front.unwrap();
            back.as_mut_slice().unwrap()[..6].copy_from_slice(b"second");
            back.publish(6).unwrap();
            // Published, and the one before is still there for both who borrowed it.
            assert_eq!((front, &*pinned), (&b"first"[..], &b"first"[..]));
            assert_eq!(writer.front().unwrap(), b"second");
        });
    }

    #[test]
    fn what_is_abandoned_is_never_seen() {
        cooperative(config(3, 1, Mode::Observed), |frames| {
            let mut writer = frames.writer().unwrap();
            let observer = frames.observer().unwrap();
            publish(&mut writer, b"kept");
            let mut back = writer.back_mut().unwrap();
            back.write(0, b"lost").unwrap();
            let sequence = Parts::slot_line(back.claim.as_ref().unwrap().slot()) + SEQUENCE;
            assert_eq!(frames.parts.span.load(sequence), Ok(ping_pong::BUSY));
            drop(back);
            assert_eq!(frames.parts.span.load(sequence), Ok(0));
            let back = writer.back_mut().unwrap();
            assert_eq!(back.publish(101), Err(Error::TooLarge { len: 101, max: 100 }));
            mem::forget(writer.back_mut().unwrap());
            let mut out = [0; 4];
            let observed = observer.copy(&mut out, 1).unwrap();
            assert_eq!((observed.version, &out), (1, b"kept"));
            assert_eq!(writer.front().unwrap(), b"kept");
            assert_eq!(publish(&mut writer, b"next"), 2);
            drop(writer);
            // The next writer goes on where this one stopped.
            let mut writer = frames.writer().unwrap();
            assert_eq!(frames.writer().err(), Some(Error::RoleHeld));
            assert_eq!(writer.front().unwrap(), b"next");
            assert_eq!(publish(&mut writer, b"more"), 3);
        });
    }

    #[test]
    fn writes_stay_inside_the_frame() {
        cooperative(config(3, 0, Mode::Observed), |frames| {
            assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: 0 }));
            let mut writer = frames.writer().unwrap();
            let mut back = writer.back_mut().unwrap();
            assert!(matches!(back.as_mut_slice(), Err(Error::BadLayout { .. })));
            back.write(96, &[1; 4]).unwrap();
            back.write(100, &[]).unwrap();
            for (offset, len) in [(96, 5), (100, 1), (usize::MAX, 2)] {
                let out = Error::OutOfBounds { offset: offset as u64, len };
                assert_eq!(back.write(offset, &[1; 5][..len as usize]), Err(out));
            }
            assert_eq!(back.write(2, &[1]), Err(Error::Misaligned { by: 2, align: 4 }));
        });
        cooperative(config(3, 0, Mode::Pinned), |frames| {
            assert!(matches!(frames.observer().err(), Some(Error::BadLayout { .. })));
        });
    }

    /// One seat and three slots: a second slot held back would leave the writer none.
    #[test]
    fn forgotten_fronts_do_not_starve_the_writer() {
        cooperative(config(3, 1, Mode::Pinned), |frames| {
            let mut writer = frames.writer().unwrap();
            publish(&mut writer, b"frame");
            let done = &AtomicBool::new(false);
            thread::scope(|scope| {
                let mut reader = frames.reader().unwrap();
                scope.spawn(move || {
                    while !done.load(Ordering::Acquire) {
                        mem::forget(reader.front());
                    }
                });
                let starved = (0..100_000).filter(|_| writer.back_mut().is_err()).count();
                let published = (0..100_000).filter(|_| match writer.back_mut() {
                    Ok(back) => back.publish(0).is_ok(),
                    Err(_) => false,
                });
                let published = published.count();
                done.store(true, Ordering::Release);
                assert_eq!((starved, published), (0, 100_000));
            });
        });
    }

    #[test]
    fn exclusive_attach_frees_seats_and_pins() {
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(config(3, 1, Mode::Pinned)), 7).unwrap();
        let frames = PingPong::open(&sections, ID).unwrap();
        let (mut writer, mut reader) = (frames.writer().unwrap(), frames.reader().unwrap());
        publish(&mut writer, b"kept");
        mem::forget(reader.front().unwrap());
        mem::forget((writer, reader));
        let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
        let frames = PingPong::open(&sections, ID).unwrap();
        assert_eq!(pin_of(&frames, 0), 0);
        assert_eq!(&*frames.reader().unwrap().front().unwrap(), b"kept");
        let mut writer = frames.writer().unwrap();
        for version in 2..9 {
            assert_eq!(publish(&mut writer, b"next"), version);
        }
    }

    #[test]
    fn lies_are_refused() {
        let frame_len = Err(Error::Corrupt { what: "length of a frame" });
        let slot = Error::Corrupt { what: "newest slot of a ping-pong buffer" };
        hostile(config(3, 1, Mode::Observed), |frames, words| {
            let mut writer = frames.writer().unwrap();
            let observer = frames.observer().unwrap();
            let mut out = [0; 100];
            publish(&mut writer, &[1; 100]);
            let too_large = Error::TooLarge { len: 100, max: 99 };
            assert_eq!(observer.copy(&mut out[..99], 1), Err(too_large));
            for len in [101, 128, u32::MAX] {
                set(words, Parts::slot_line(0) + FRAME_LEN, len);
                assert_eq!(observer.copy(&mut out, 1), frame_len);
                // What this party published it knows by itself.
                assert_eq!(writer.newest_len(), Ok(100));
            }
            // Marked as being written for ever: bounded.
            set(words, Parts::slot_line(0) + SEQUENCE, ping_pong::BUSY);
            assert_eq!(observer.copy(&mut out, 5), Err(Error::Lapped { tries: 5 }));
            set(words, LATEST, (1 << 4) | 3);
            assert_eq!(observer.copy(&mut out, 1), Err(slot));
            drop(writer);
            assert_eq!(frames.writer().err(), Some(slot));
            set(words, LATEST, 1 << 4);
            assert_eq!(frames.writer().map(|_| ()), frame_len.map(|_: Observed| ()));
            // A role that could not be taken up was given back.
            set(words, LATEST, 0);
            assert!(frames.writer().is_ok());
        });
        // Pins that no reader holds: the writer says so and does not hang.
        hostile(config(4, 2, Mode::Pinned), |frames, words| {
            let mut writer = frames.writer().unwrap();
            publish(&mut writer, b"frame");
            let seat = |seat: usize| (1 + 4 + seat) * LINE + PIN;
            set(words, seat(0), 2);
            set(words, seat(1), 3);
            assert_eq!(publish(&mut writer, b"frame"), 2);
            set(words, seat(0), 1);
            set(words, seat(1), u32::MAX);
            assert_eq!(publish(&mut writer, b"frame"), 3);
        });
    }

    #[test]
    fn versions_wrap_past_zero() {
        hostile(config(3, 0, Mode::Observed), |frames, words| {
            let last = (1 << 28) - 1;
            set(words, LATEST, last << 4);
            set(words, Parts::slot_line(0) + SEQUENCE, last << 1);
            let mut writer = frames.writer().unwrap();
            let observer = frames.observer().unwrap();
            assert_eq!(observer.copy(&mut [], 1).map(|observed| observed.version), Ok(last));
            assert_eq!(publish(&mut writer, b"a"), 1);
            assert_eq!(observer.copy(&mut [0; 4], 1).map(|observed| observed.version), Ok(1));
        });
    }

    #[test]
    fn bad_configurations_are_refused() {
        let refused = |slots, seats, frame_len| {
            let config = PingPongConfig { slots, seats, frame_len, mode: Mode::Pinned };
            let result = section_len(&config);
            assert!(matches!(result, Err(Error::BadLayout { .. })), "{config:?}");
        };
        refused(2, 0, 64);
        refused(17, 0, 64);
        refused(3, 2, 64);
        refused(16, 15, 64);
        refused(16, u32::MAX, 64);
        refused(3, 1, 0);
        let largest =
            PingPongConfig { slots: 16, seats: 14, frame_len: u32::MAX, mode: Mode::Observed };
        assert_eq!(section_len(&largest), Ok(31 * 64 + (16 << 32)));
    }

    /// A writer at full speed; observers and seated readers may find no torn frame and none
    /// older than the last.
    #[test]
    fn threads_see_whole_frames_in_order() {
        const FRAMES: u32 = 30_000;
        for mode in [Mode::Observed, Mode::Pinned] {
            cooperative(config(4, 2, mode), |frames| {
                let mut writer = frames.writer().unwrap();
                publish(&mut writer, &[0; 100]);
                let done = &AtomicBool::new(false);
                let whole = |version: u32, bytes: &[u8]| {
                    let fill = version.wrapping_sub(1) as u8;
                    assert!(bytes.iter().all(|&byte| byte == fill), "{version}: {bytes:?}");
                    assert_eq!(bytes.len(), 100 - fill as usize % 7);
                };
                thread::scope(|scope| {
                    for _ in 0..2 {
                        let mut reader = frames.reader().unwrap();
                        scope.spawn(move || {
                            let mut last = 0;
                            while !done.load(Ordering::Acquire) {
                                match reader.front() {
                                    Ok(front) => {
                                        assert!(front.version() >= last);
                                        last = front.version();
                                        whole(last, &front);
                                        thread::yield_now();
                                        whole(last, &front);
                                    }
                                    Err(other) => assert_eq!(other, Error::Contended { tries: 64 }),
                                }
                            }
                        });
                    }
                    if mode == Mode::Observed {
                        let observer = frames.observer().unwrap();
                        scope.spawn(move || {
                            let (mut out, mut last) = ([0; 100], 0);
                            while !done.load(Ordering::Acquire) {
                                match observer.copy(&mut out, 4) {
                                    Ok(observed) => {
                                        assert!(observed.version >= last);
                                        last = observed.version;
                                        whole(last, &out[..observed.len]);
                                    }
                                    Err(other) => assert_eq!(other, Error::Lapped { tries: 4 }),
                                }
                            }
                        });
                    }
                    for frame in 1..=FRAMES {
                        let bytes = [frame as u8; 100];
                        let len = 100 - usize::from(frame as u8) % 7;
                        // With seats = slots - 2 there always is a slot.
                        assert_eq!(publish(&mut writer, &bytes[..len]), frame + 1);
                    }
                    done.store(true, Ordering::Release);
                });
            });
        }
    }

    /// Frames so large that the writer comes back while they are copied.
    #[test]
    fn observers_throw_torn_copies_away() {
        let mut memory = AlignedBytes::<32_768>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let config = PingPongConfig { slots: 3, seats: 0, frame_len: 8192, mode: Mode::Observed };
        let sections = Sections::create(region, &layout(config), 7).unwrap();
        let frames = PingPong::open(&sections, ID).unwrap();
        let mut writer = frames.writer().unwrap();
        publish(&mut writer, &[0; 8192]);
        let done = &AtomicBool::new(false);
        thread::scope(|scope| {
            let observer = frames.observer().unwrap();
            scope.spawn(move || {
                let (mut out, mut last) = ([0; 8192], 0);
                while !done.load(Ordering::Acquire) {
                    match observer.copy(&mut out, 2) {
                        Ok(observed) => {
                            assert!(observed.version >= last);
                            last = observed.version;
                            assert!(out.iter().all(|&byte| byte == last.wrapping_sub(1) as u8));
                        }
                        Err(other) => assert_eq!(other, Error::Lapped { tries: 2 }),
                    }
                }
            });
            for frame in 1..=20_000_u32 {
                publish(&mut writer, &[frame as u8; 8192]);
            }
            done.store(true, Ordering::Release);
        });
    }
}
