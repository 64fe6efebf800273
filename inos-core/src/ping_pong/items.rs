//! Frames as items of one plain type.
#![forbid(unsafe_code)]

use bytemuck::Pod;

use super::*;

impl Parts<'_> {
    /// Items of a layout that says how long they are are read as such of the same length only.
    fn check_items<P: Pod>(&self) -> Result<(), Error> {
        let (found, expected) = (self.item_len as usize, size_of::<P>());
        if found == 0 || found == expected {
            return Ok(());
        }
        Err(Error::WrongItem { found, expected })
    }
}

/// The bytes as items: all of them, or a typed error.
fn cast<P: Pod>(bytes: &[u8]) -> Result<&[P], Error> {
    let expected = size_of::<P>();
    bytemuck::try_cast_slice(bytes).map_err(|_| Error::WrongItem { found: bytes.len(), expected })
}

impl Front<'_, '_> {
    /// The frame as items of a plain type, in place. Slots begin on a cache line, so any type
    /// with an alignment up to 64 is aligned.
    ///
    /// # Errors
    /// `WrongItem` unless the layout's items are as long, or the layout has none and the frame
    /// is a whole number of them.
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, Error, Layout, Mode, PingPong, PingPongConfig, Region, SectionId, Sections,
    /// # };
    /// let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    /// let layout = Layout::builder().ping_pong_of(SectionId(3), "points", config, 8).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let points = PingPong::open(&sections, SectionId(3))?;
    /// let (mut writer, mut reader) = (points.writer()?, points.reader()?);
    ///
    /// let mut back = writer.back_mut()?;
    /// back.items_mut::<[f32; 2]>()?[..2].copy_from_slice(&[[1.0, 2.0], [3.0, 4.0]]);
    /// back.publish(16)?;
    ///
    /// let front = reader.front()?;
    /// assert_eq!(front.items::<[f32; 2]>()?, [[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(front.items::<f32>(), Err(Error::WrongItem { found: 8, expected: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn items<P: Pod>(&self) -> Result<&[P], Error> {
        self.reader.control.parts.check_items::<P>()?;
        cast(self)
    }
}

impl Back<'_, '_, Cooperative> {
    /// The whole slot as items of a plain type, in place; as many as fit.
    ///
    /// # Errors
    /// `WrongItem` unless the layout's items are as long, or the layout has none; as
    /// [`as_mut_slice`](Self::as_mut_slice).
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
    /// // 64 bytes hold five items of 12 bytes; how many are a frame, `publish` says.
    /// let points = back.items_mut::<[f32; 3]>()?;
    /// assert_eq!(points.len(), 5);
    /// points[0] = [1.0, 2.0, 3.0];
    /// back.publish(12)?;
    /// assert_eq!(reader.front()?.items::<[f32; 3]>()?, [[1.0, 2.0, 3.0]]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn items_mut<P: Pod>(&mut self) -> Result<&mut [P], Error> {
        self.control.parts.check_items::<P>()?;
        let expected = size_of::<P>();
        let bytes = self.as_mut_slice()?;
        let found = bytes.len();
        let whole = found.checked_rem(expected).map(|rest| found - rest);
        whole
            .and_then(|whole| bytes.get_mut(..whole))
            .and_then(|bytes| bytemuck::try_cast_slice_mut(bytes).ok())
            .ok_or(Error::WrongItem { found, expected })
    }
}

impl Observer<'_> {
    /// As [`copy`](Self::copy), of a frame that is items of a plain type. [`Observed::len`] counts
    /// bytes, not items.
    ///
    /// # Errors
    /// As [`copy`](Self::copy); `WrongItem` unless the layout's items are as long, or the layout
    /// has none.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Observed };
    /// # let layout = Layout::builder().ping_pong(SectionId(3), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let frames = PingPong::open(&sections, SectionId(3))?;
    /// # let (mut writer, observer) = (frames.writer()?, frames.observer()?);
    /// let mut back = writer.back_mut()?;
    /// back.write(0, bytemuck::bytes_of(&[7_u32, 8, 9]))?;
    /// back.publish(12)?;
    /// let mut numbers = [0_u32; 16];
    /// let observed = observer.copy_items(&mut numbers, 8)?;
    /// assert_eq!(observed.len, 12);
    /// assert_eq!(numbers[..3], [7, 8, 9]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn copy_items<P: Pod>(&self, out: &mut [P], tries: u32) -> Result<Observed, Error> {
        self.parts.check_items::<P>()?;
        self.copy(bytemuck::cast_slice_mut(out), tries)
    }
}
