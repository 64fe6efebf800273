//! Banks of epoch words: "something changed", at the price of one addition.
//!
//! [`defs::epochs`](crate::defs::epochs) draws the bytes.
//!
//! An epoch says that there is news, not what it is and not how much: a watcher that looks late
//! sees one change where there were ten. Whatever the writer stored before it advanced is
//! visible to whoever sees the new epoch. Words that different parties advance belong on lines
//! of their own ([`EpochsConfig::padded`]); words of one party may be packed.
//!
//! - [`EpochTable`]: a bank whose words have fixed indices.
//! - [`NamedEpochs`]: a bank whose words are allocated by name while others run.
//! - [`EpochCounter`] and [`EpochWatcher`]: the two ends of a word.
//! - [`wait_any`] and [`wait_rung`]: waiting on several; [`EpochFuture`]: awaiting one.
//!
//! # Not supported
//! Telling 2^31 advances between two looks from none.
#![forbid(unsafe_code)]

use crate::defs::KIND_EPOCHS;
use crate::defs::epochs::{MAJOR, NAMED, PACKED, PADDED};
use crate::error::Error;
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;

mod counter;
mod future;
mod named;
mod set;
mod watcher;

pub use counter::EpochCounter;
pub use future::EpochFuture;
pub use named::{
    Allocated, EpochId, MAX_EPOCH_NAME_LEN, MAX_NAMED_EPOCHS, NamedCounter, NamedEpoch,
    NamedEpochs, NamedEpochsConfig, NamedWatcher,
};
pub(crate) use named::{reclaim, void_roles};
pub use set::{Changes, MAX_WATCHED, wait_any, wait_rung};
pub use watcher::EpochWatcher;

/// What a bank of epochs with fixed indices consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochsConfig {
    /// How many words there are; at least 1.
    pub count: u32,
    /// Each word 128 bytes from the next: on a cache line of its own, and not on the neighbour
    /// that a processor fetches along with it.
    pub padded: bool,
}

impl EpochsConfig {
    const fn stride(&self) -> u32 {
        if self.padded { PADDED } else { PACKED }
    }

    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.count, self.stride(), 0, 0]
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &EpochsConfig) -> Result<u64, Error> {
    if config.count == 0 {
        return Err(Error::BadLayout { what: "a bank of no epochs" });
    }
    // Two 32-bit factors: the product always fits.
    Ok(config.count as u64 * config.stride() as u64)
}

/// Sets all epochs to 0; named slots are free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    Bank::of(section)?;
    span.clear(0, span.len() & !3)
}

/// What a section holds, checked against its length: one of the two kinds of bank.
#[derive(Clone, Copy, Debug)]
enum Bank {
    Fixed(EpochsConfig),
    Named(NamedEpochsConfig),
}

impl Bank {
    fn of(section: &Section) -> Result<Self, Error> {
        let [count, stride, slots, _] = section.params;
        let (bank, needed) = match (count, stride, slots) {
            (1.., PADDED | PACKED, 0) => {
                let config = EpochsConfig { count, padded: stride == PADDED };
                (Self::Fixed(config), section_len(&config))
            }
            (0, NAMED, 1..) => {
                let config = NamedEpochsConfig { slots };
                (Self::Named(config), config.section_len())
            }
            _ => return Err(Error::Corrupt { what: "shape of an epoch bank" }),
        };
        match needed {
            Ok(needed) if section.len >= needed => Ok(bank),
            _ => Err(Error::Corrupt { what: "length of an epoch bank" }),
        }
    }
}

fn offset_of(config: &EpochsConfig, index: u32) -> Result<usize, Error> {
    if index >= config.count {
        return Err(Error::NoSuchIndex { index, count: config.count });
    }
    let offset = u64::from(index) * u64::from(config.stride());
    usize::try_from(offset).map_err(|_| Error::OutOfBounds { offset, len: 4 })
}

/// A bank of epochs with fixed indices. Holding one proves that its size and stride were checked
/// against the section.
///
/// ```
/// use inos_core::{
///     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
/// };
///
/// const EPOCHS: SectionId = SectionId(1);
/// let layout = Layout::builder()
///     .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
///     .build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let epochs = EpochTable::open(&sections, EPOCHS)?;
///
/// let frames = epochs.counter(1)?;
/// let mut watcher = epochs.watcher(1)?;
/// frames.advance(&Spin::default());
/// frames.advance(&Spin::default());
/// assert_eq!(watcher.changed(), Some(2));
/// assert_eq!(watcher.changed(), None);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EpochTable<'m> {
    span: Span<'m>,
    config: EpochsConfig,
}

impl<'m> EpochTable<'m> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (epochs, notes) = (SectionId(1), SectionId(2));
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let builder = Layout::builder().epochs(epochs, "epochs", config);
    /// # let layout = builder.raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(EpochTable::open(&sections, epochs)?.count(), 2);
    /// let (found, expected) = (defs::KIND_RAW, defs::KIND_EPOCHS);
    /// let wrong = EpochTable::open(&sections, notes).err();
    /// assert_eq!(wrong, Some(Error::WrongKind { id: 2, found, expected }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_EPOCHS, MAJOR)?;
        // A bank of names has no words of fixed indices.
        let none = EpochsConfig { count: 0, padded: true };
        let config = match Bank::of(section)? {
            Bank::Fixed(config) => config,
            Bank::Named(_) => none,
        };
        Ok(Self { span, config })
    }

    /// How many epochs there are; 0 in a bank of named ones.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.config.count
    }

    /// The epoch's word, to advance it. Any number of parties may.
    ///
    /// `index` counts from 0. Each call gives a handle on the same word.
    ///
    /// # Errors
    /// `NoSuchIndex`; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let (one, same) = (epochs.counter(1)?, epochs.counter(1)?);
    /// one.advance(&Spin::default());
    /// assert_eq!(same.current(), 1);
    /// assert_eq!(epochs.counter(2).err(), Some(Error::NoSuchIndex { index: 2, count: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn counter(&self, index: u32) -> Result<EpochCounter<'m>, Error> {
        Ok(EpochCounter::from_word(self.span.word(offset_of(&self.config, index)?)?))
    }

    /// A watcher that has seen the epoch as it is now.
    ///
    /// Acquire: what was stored before the epoch reached that value is visible afterwards; pairs
    /// with Release in [`EpochCounter::advance`]. `index` counts from 0.
    ///
    /// # Errors
    /// `NoSuchIndex`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// epochs.counter(0)?.advance(&Spin::default());
    /// // That is over: only what comes after this is news.
    /// let mut watcher = epochs.watcher(0)?;
    /// assert_eq!((watcher.seen(), watcher.changed()), (1, None));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn watcher(&self, index: u32) -> Result<EpochWatcher<'m>, Error> {
        Ok(EpochWatcher::from_peek(self.span.peek(offset_of(&self.config, index)?)?))
    }
}

#[cfg(test)]
mod tests;
