//! The one who publishes frames.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use super::*;

/// The one who publishes frames. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
///
/// ```
/// # use inos_core::*;
/// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
/// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let frames = PingPong::open(&sections, SectionId(3))?;
/// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
/// assert_eq!(writer.newest_version(), Err(Error::Empty));
/// assert_eq!(writer.newest_len(), Err(Error::Empty));
/// writer.back_mut()?.publish(40)?;
/// writer.back_mut()?.publish(8)?;
/// assert_eq!((writer.newest_version()?, writer.newest_len()?), (2, 8));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<'m, T: Trust> {
    pub(super) control: Control<'m>,
    pub(super) state: WriterState,
    /// Slot and length of the newest frame: what `front` becomes before it is lent.
    pub(super) newest: Option<(u32, usize)>,
    /// What the last borrow of the newest frame was made from. Apart from `newest`, so that a
    /// frame can be published while the one before it is still being read.
    pub(super) front: Option<Pinned>,
    pub(super) lease_word: &'m AtomicU32,
    pub(super) lease: Lease,
    pub(super) trust: PhantomData<T>,
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// let mut back = writer.back_mut()?;
    /// back.write(0, b"kept")?;
    /// back.publish(4)?;
    /// let front = reader.front()?;
    /// // One slot is the newest, one is pinned, and there is always a third.
    /// writer.back_mut()?.publish(0)?;
    /// drop(writer.back_mut()?);
    /// assert_eq!(writer.newest_version()?, 2);
    /// assert_eq!(&*front, b"kept");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// assert_eq!(writer.front(), Err(Error::Empty));
    /// let mut back = writer.back_mut()?;
    /// back.as_mut_slice()?[..5].copy_from_slice(b"state");
    /// back.publish(5)?;
    /// assert_eq!(writer.front()?, b"state");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
        // Release: hands the newest frame on; pairs with Acquire in `PingPong::writer`.
        role::release(self.lease_word, &self.lease);
    }
}

/// A slot for the next frame. Nobody reads it before [`publish`](Self::publish); one that is
/// dropped leaves the newest frame what it was.
#[derive(Debug)]
#[must_use = "a frame that is not published has no effect"]
pub struct Back<'a, 'm, T: Trust> {
    pub(super) control: Control<'m>,
    state: &'a mut WriterState,
    newest: &'a mut Option<(u32, usize)>,
    /// Taken by `publish`; what is left at the drop is abandoned.
    pub(super) claim: Option<Claim>,
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// let mut back = writer.back_mut()?;
    /// back.write(4, b"tail")?;
    /// back.write(0, b"head")?;
    /// assert_eq!(back.capacity(), 64);
    /// assert_eq!(back.write(2, b"?"), Err(Error::Misaligned { by: 2, align: 4 }));
    /// assert_eq!(back.write(64, b"?"), Err(Error::OutOfBounds { offset: 64, len: 1 }));
    /// back.publish(8)?;
    /// assert_eq!(&*reader.front()?, b"headtail");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// let mut back = writer.back_mut()?;
    /// back.write(0, b"first")?;
    /// assert_eq!(reader.front().err(), Some(Error::Empty));
    /// assert_eq!(back.publish(5)?, 1);
    /// assert_eq!(&*reader.front()?, b"first");
    /// // Too long: the newest frame stays what it was.
    /// let error = Error::TooLarge { len: 65, max: 64 };
    /// assert_eq!(writer.back_mut()?.publish(65), Err(error));
    /// assert_eq!(reader.front()?.version(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// let mut back = writer.back_mut()?;
    /// let bytes = back.as_mut_slice()?;
    /// assert_eq!(bytes.len(), 64);
    /// bytes[..5].copy_from_slice(b"plain");
    /// back.publish(5)?;
    /// assert_eq!(&*reader.front()?, b"plain");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
