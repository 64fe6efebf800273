//! The two ends of an epoch with a name.
#![forbid(unsafe_code)]

use core::time::Duration;

use super::EpochId;
use crate::epochs::{EpochCounter, EpochWatcher};
use crate::error::Error;
use crate::protocol::names;
use crate::raw::span::Peek;
use crate::sync::AtomicU32;
use crate::wait::Park;

/// An epoch with a name that this party may advance.
#[derive(Clone, Copy, Debug)]
pub struct NamedCounter<'m> {
    pub(super) counter: EpochCounter<'m>,
    pub(super) state: &'m AtomicU32,
    pub(super) id: EpochId,
}

impl<'m> NamedCounter<'m> {
    /// Which epoch this is.
    #[must_use]
    pub const fn id(&self) -> EpochId {
        self.id
    }

    /// As [`EpochCounter::advance`], if the epoch has not been freed.
    ///
    /// Freed and allocated anew between the check and the advance, it is the next one in the
    /// slot that advances, once and for nothing, which an epoch's watchers have to bear.
    ///
    /// # Errors
    /// `Stale` with both generations.
    pub fn advance<P: Park>(&self, park: &P) -> Result<u32, Error> {
        names::check_state(&self.state, self.id.generation())?;
        Ok(self.counter.advance(park))
    }

    /// The counter without the check, for [`EpochCounter::advance_and_ring`] or for an epoch
    /// that nobody frees.
    #[must_use]
    pub const fn counter(&self) -> EpochCounter<'m> {
        self.counter
    }
}

/// Looks at an epoch with a name. A clone is a watcher of its own.
#[derive(Clone, Debug)]
pub struct NamedWatcher<'m> {
    pub(super) watcher: EpochWatcher<'m>,
    pub(super) state: Peek<'m>,
    pub(super) id: EpochId,
}

impl<'m> NamedWatcher<'m> {
    /// Which epoch this is.
    #[must_use]
    pub const fn id(&self) -> EpochId {
        self.id
    }

    /// Whether the epoch has not been freed.
    ///
    /// # Errors
    /// `Stale` with both generations.
    pub fn check(&self) -> Result<(), Error> {
        names::check_state(&self.state, self.id.generation()).map(drop)
    }

    /// As [`EpochWatcher::changed`].
    ///
    /// # Errors
    /// `Stale` if the epoch was freed.
    pub fn changed(&mut self) -> Result<Option<u32>, Error> {
        // The epoch before the state: freeing stores the state first and then advances.
        let changed = self.watcher.changed();
        self.check()?;
        Ok(changed)
    }

    /// As [`EpochWatcher::wait`]. Freeing the epoch ends the wait; a party that dies while it
    /// frees it, or is reclaimed, may wake nobody, so give a timeout where parties may die.
    ///
    /// # Errors
    /// `TimedOut`; `Stale` if the epoch was freed.
    pub fn wait<P: Park>(&mut self, park: &P, timeout: Option<Duration>) -> Result<u32, Error> {
        self.check()?;
        let waited = self.watcher.wait(park, timeout);
        self.check()?;
        waited
    }

    /// The watcher without the check, for [`wait_any`](crate::wait_any) and
    /// [`EpochWatcher::next_change`].
    ///
    /// ```
    /// # use inos_core::{AlignedBytes, Layout, NamedEpochs, NamedEpochsConfig, Region, SectionId, Sections, Spin};
    /// # let layout = Layout::builder().named_epochs(SectionId(3), "", NamedEpochsConfig { slots: 8 }).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(3))?;
    /// # let park = Spin::default();
    /// let [one, two] = [epochs.allocate("frames")?, epochs.allocate("sounds")?].map(|new| new.id());
    /// let (mut frames, mut sounds) = (epochs.watcher(one)?, epochs.watcher(two)?);
    /// epochs.counter(two)?.advance(&park)?;
    /// let mut both = [frames.watcher_mut().clone(), sounds.watcher_mut().clone()];
    /// let changes = inos_core::wait_any(&mut both, &park, None)?;
    /// assert!(changes.contains(1) && !changes.contains(0));
    /// sounds.check()?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn watcher_mut(&mut self) -> &mut EpochWatcher<'m> {
        &mut self.watcher
    }
}
