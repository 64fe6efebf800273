//! Those who look at frames: pinned in place, or copied out.
#![forbid(unsafe_code)]

use core::ops::Deref;

use super::*;

/// A seat. Holding one proves that nobody else pins by it.
#[derive(Debug)]
pub struct Reader<'m> {
    pub(super) control: Control<'m>,
    pub(super) seat: u32,
    pub(super) pin: &'m AtomicU32,
    pub(super) lease_word: &'m AtomicU32,
    pub(super) lease: Lease,
}

impl<'m> Reader<'m> {
    /// Pins the newest frame.
    ///
    /// Acquire: the frame is whole; pairs with Release in [`Back::publish`].
    ///
    /// # Errors
    /// `Empty` before the first publish; `Contended` if the writer came all around on each of a
    /// bounded number of tries; `Corrupt` if the slot or the length in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, mut reader) = (frames.writer()?, frames.reader()?);
    /// assert_eq!(reader.front().err(), Some(Error::Empty));
    /// let mut back = writer.back_mut()?;
    /// back.as_mut_slice()?[..3].copy_from_slice(b"one");
    /// back.publish(3)?;
    /// let front = reader.front()?;
    /// writer.back_mut()?.publish(0)?;
    /// // Pinned, it stays; the next look finds the newest.
    /// assert_eq!((front.version(), &*front), (1, &b"one"[..]));
    /// drop(front);
    /// assert_eq!(reader.front()?.version(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn front(&mut self) -> Result<Front<'_, 'm>, Error> {
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
    pub(super) reader: &'a mut Reader<'m>,
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
    pub(super) parts: Parts<'m>,
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Observed };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, observer) = (frames.writer()?, frames.observer()?);
    /// let mut bytes = [0; 64];
    /// assert_eq!(observer.copy(&mut bytes, 8), Err(Error::Empty));
    /// let mut back = writer.back_mut()?;
    /// back.write(0, b"state")?;
    /// back.publish(5)?;
    /// // Nobody wrote meanwhile, so the first of the 8 tries succeeds.
    /// assert_eq!(observer.copy(&mut bytes, 8)?, Observed { version: 1, len: 5, retries: 0 });
    /// let mut small = [0; 4];
    /// assert_eq!(observer.copy(&mut small, 8), Err(Error::TooLarge { len: 5, max: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn copy(&self, out: &mut [u8], tries: u32) -> Result<Observed, Error> {
        let Parts { span, data, config, stride, .. } = self.parts;
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
