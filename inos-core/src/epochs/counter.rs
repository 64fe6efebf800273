//! The end of an epoch that advances it.
#![forbid(unsafe_code)]

use super::EpochWatcher;
use crate::protocol::epoch;
use crate::sync::AtomicU32;
use crate::wait::Park;

/// An epoch that this party may advance. Holding one proves that its word can be written.
///
/// Clones and copies are handles on the same word, which any number of parties may advance at a
/// time: no advance is lost.
#[derive(Clone, Copy, Debug)]
pub struct EpochCounter<'m> {
    word: &'m AtomicU32,
}

impl<'m> EpochCounter<'m> {
    /// For sections that have epochs of their own.
    pub(crate) const fn from_word(word: &'m AtomicU32) -> Self {
        Self { word }
    }

    /// The current epoch, 31 bits.
    ///
    /// Acquire: what was stored before the epoch reached this value is visible afterwards;
    /// pairs with Release in [`advance`](Self::advance).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let counter = epochs.counter(0)?;
    /// assert_eq!(counter.current(), 0);
    /// counter.advance(&Spin::default());
    /// assert_eq!(counter.current(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn current(&self) -> u32 {
        epoch::current(self.word)
    }

    /// Moves the epoch on by one and wakes whoever sleeps on it; returns the new epoch.
    ///
    /// Release: publishes what this party stored before; pairs with Acquire in
    /// [`EpochWatcher::changed`] and [`EpochWatcher::wait`]. `park` is asked to wake only if
    /// somebody sleeps.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let counter = epochs.counter(0)?;
    /// let mut watcher = epochs.watcher(0)?;
    /// let total = AtomicU32::new(0);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         total.store(42, Ordering::Relaxed);
    ///         counter.advance(&Spin::default()); // publishes it
    ///     });
    ///     watcher.wait(&Spin::default(), None)
    /// })?;
    /// assert_eq!(total.load(Ordering::Relaxed), 42);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn advance<P: Park>(&self, park: &P) -> u32 {
        epoch::advance_and_wake(self.word, || park.wake_all(self.word))
    }

    /// As [`advance`](Self::advance), and then rings `bell`: an epoch that several parties
    /// advance besides their own, so that who waits for any of them sleeps on one word.
    ///
    /// The waiting side is [`wait_rung`](crate::wait_rung). Costs a second addition.
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
    /// #     wait_rung,
    /// # };
    /// # let layout = Layout::builder()
    /// #     .epochs(SectionId(1), "epochs", EpochsConfig { count: 3, padded: true })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let bell = epochs.watcher(0)?;
    /// let mut watchers = [epochs.watcher(1)?, epochs.watcher(2)?];
    /// epochs.counter(2)?.advance_and_ring(&epochs.counter(0)?, &park);
    /// let changes = wait_rung(&bell, &mut watchers, &park, None)?;
    /// assert!(changes.iter().eq([1]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn advance_and_ring<P: Park>(&self, bell: &EpochCounter<'_>, park: &P) -> u32 {
        epoch::advance_and_ring(self.word, bell.word, |is_bell| {
            park.wake_all(if is_bell { bell.word } else { self.word });
        })
    }

    /// A watcher that has seen the epoch as it is now.
    ///
    /// Acquire, as [`current`](Self::current).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let answers = epochs.counter(1)?;
    /// let mut watcher = answers.watcher();
    /// answers.advance(&Spin::default());
    /// assert_eq!(watcher.changed(), Some(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn watcher(&self) -> EpochWatcher<'m> {
        EpochWatcher::over_word(self.word)
    }
}
