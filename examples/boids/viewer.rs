//! Looking at the newest frame, and keeping count of those that were missed.

use std::time::Duration;

use inos::units::boids::Frame;
use inos::{
    Cooperative, EpochTable, EpochWatcher, Error, Futex, Observer, PingPong, Reader, Sections,
};

use crate::problem::Problem;
use crate::world::{EPOCHS, FRAME_EPOCH, FRAMES};

/// Copies that may be overtaken by the writer before a look is given up.
const TRIES: u32 = 100;

/// How frames are reached.
enum Eye<'m> {
    /// Pinned where they are; needs a seat in the memory, so it must be writable.
    Pinned(Reader<'m>),
    /// Copied and validated; leaves no trace in the memory.
    Copied { observer: Observer<'m>, copy: Vec<u32> },
}

impl<'m> Eye<'m> {
    fn copied(frames: &PingPong<'m, Cooperative>) -> Result<Self, Error> {
        let words = (frames.config().frame_len as usize).div_ceil(4);
        Ok(Self::Copied { observer: frames.observer()?, copy: vec![0; words] })
    }
}

/// Somebody who watches a flock. The simulation never waits for a viewer.
pub(crate) struct Viewer<'m> {
    eye: Eye<'m>,
    epoch: EpochWatcher<'m>,
    version: Option<u32>,
    /// Frames that were looked at.
    pub(crate) frames: u64,
    /// Frames that were published and replaced before this viewer looked.
    pub(crate) dropped: u64,
}

impl<'m> Viewer<'m> {
    /// Takes a seat; or observes, if all are taken.
    ///
    /// # Errors
    /// What is wrong with the sections.
    pub(crate) fn new(sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        let frames = PingPong::open(sections, FRAMES)?;
        let eye = match frames.reader() {
            Err(Error::NoSeat { .. }) => Eye::copied(&frames)?,
            reader => Eye::Pinned(reader?),
        };
        Self::with(eye, sections)
    }

    /// Observes: also where the memory is mapped for reading only.
    ///
    /// # Errors
    /// What is wrong with the sections.
    pub(crate) fn observing(sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        Self::with(Eye::copied(&PingPong::open(sections, FRAMES)?)?, sections)
    }

    fn with(eye: Eye<'m>, sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        let epoch = EpochTable::open(sections, EPOCHS)?.watcher(FRAME_EPOCH)?;
        Ok(Self { eye, epoch, version: None, frames: 0, dropped: 0 })
    }

    /// Waits until something was published since the last wait; whether it was, in time.
    pub(crate) fn wait(&mut self, at_most: Duration) -> bool {
        self.epoch.wait(&Futex, Some(at_most)).is_ok()
    }

    /// Looks at the newest frame. A frame looked at twice counts once.
    ///
    /// # Errors
    /// `Empty` as long as there is no frame; `Lapped` if the writer overtook every copy; what
    /// is wrong with a frame.
    pub(crate) fn look<R>(&mut self, see: impl FnOnce(&Frame<'_>) -> R) -> Result<R, Problem> {
        match &mut self.eye {
            Eye::Pinned(reader) => {
                let front = reader.front()?;
                let version = front.version();
                let seen = see(&Frame::new(&front)?);
                drop(front);
                self.count(version);
                Ok(seen)
            }
            Eye::Copied { observer, copy } => {
                let observed = observer.copy(bytemuck::cast_slice_mut(copy), TRIES)?;
                let bytes: &[u8] = bytemuck::cast_slice(copy);
                let seen = see(&Frame::new(bytes.get(..observed.len).unwrap_or_default())?);
                self.count(observed.version);
                Ok(seen)
            }
        }
    }

    /// Whether frames are copied out instead of pinned.
    #[must_use]
    pub(crate) fn copies(&self) -> bool {
        matches!(self.eye, Eye::Copied { .. })
    }

    fn count(&mut self, version: u32) {
        // Versions have 28 bits and leave out 0.
        let passed = match self.version.replace(version) {
            Some(last) => version.wrapping_sub(last) & 0x0fff_ffff,
            None => 1,
        };
        if passed > 0 {
            self.frames += 1;
            self.dropped += u64::from(passed - 1);
        }
    }
}
