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

/// An epoch with a name that this party may advance. Copies are handles on the same word.
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// let frames = epochs.counter(id)?;
    /// assert_eq!((frames.id(), frames.advance(&park)), (id, Ok(1)));
    /// epochs.free(id, &park)?;
    /// assert_eq!(frames.advance(&park), Err(Error::Stale { expected: 0, found: 1 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn advance<P: Park>(&self, park: &P) -> Result<u32, Error> {
        names::check_state(&self.state, self.id.generation())?;
        Ok(self.counter.advance(park))
    }

    /// The counter without the check, for [`EpochCounter::advance_and_ring`] or for an epoch
    /// that nobody frees.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let [frames, bell] = ["frames", "bell"].map(|name| epochs.allocate(name).unwrap().id());
    /// let (frames, bell) = (epochs.counter(frames)?, epochs.counter(bell)?);
    /// assert_eq!(frames.counter().advance_and_ring(&bell.counter(), &park), 1);
    /// assert_eq!(bell.counter().current(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    /// The state is loaded Relaxed: the epoch may be freed a moment later.
    ///
    /// # Errors
    /// `Stale` with both generations.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// let watcher = epochs.watcher(id)?;
    /// assert_eq!((watcher.id(), watcher.check()), (id, Ok(())));
    /// epochs.free(id, &park)?;
    /// assert_eq!(watcher.check(), Err(Error::Stale { expected: 0, found: 1 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        names::check_state(&self.state, self.id.generation()).map(drop)
    }

    /// As [`EpochWatcher::changed`].
    ///
    /// # Errors
    /// `Stale` if the epoch was freed.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// let mut watcher = epochs.watcher(id)?;
    /// epochs.counter(id)?.advance(&park)?;
    /// assert_eq!(watcher.changed(), Ok(Some(1)));
    /// epochs.free(id, &park)?;
    /// assert!(matches!(watcher.changed(), Err(Error::Stale { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// let mut watcher = epochs.watcher(id)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| epochs.free(id, &park));
    ///     // Nothing was to be seen any more, and nobody sleeps on.
    ///     assert!(matches!(watcher.wait(&park, None), Err(Error::Stale { .. })));
    /// });
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let [frames, sounds] = ["frames", "sounds"].map(|name| epochs.allocate(name).unwrap().id());
    /// let (mut one, mut two) = (epochs.watcher(frames)?, epochs.watcher(sounds)?);
    /// let mut set = [one.watcher_mut().clone(), two.watcher_mut().clone()];
    /// epochs.counter(sounds)?.advance(&park)?;
    /// assert!(wait_any(&mut set, &park, None)?.iter().eq([1]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn watcher_mut(&mut self) -> &mut EpochWatcher<'m> {
        &mut self.watcher
    }
}
