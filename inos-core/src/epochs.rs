//! A bank of epoch words: "something changed", at the price of one addition.
//!
//! ```text
//! padded:    word i at i * 64, one cache line each
//! packed:    word i at i * 4
//!
//!  31                                             1   0
//! +------------------------------------------------+---+
//! | epoch, wraps                                   | W |  W: somebody sleeps
//! +------------------------------------------------+---+
//! ```
//!
//! An epoch says that there is news, not what it is and not how much: a watcher that looks late
//! sees one change where there were ten. Whatever the writer stored before it advanced is
//! visible to whoever sees the new epoch. Words that different parties advance belong on lines
//! of their own ([`EpochsConfig::padded`]); words of one party may be packed.
//!
//! # Not supported
//! Waiting on any of several words; telling 2^31 advances between two looks from none.
#![forbid(unsafe_code)]

use core::time::Duration;

use crate::defs::{KIND_EPOCHS, LINE};
use crate::error::Error;
use crate::protocol::epoch::{self, Prepared};
use crate::raw::region::Trust;
use crate::raw::span::{Peek, Span};
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::AtomicU32;
use crate::wait::{Park, Parked};

/// Major version of this kind of section.
const MAJOR: u16 = 1;
/// Distance between packed words.
const PACKED: u32 = 4;
/// Distance between padded words.
const PADDED: u32 = LINE as u32;

/// What a bank of epochs consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochsConfig {
    /// How many words there are; at least 1.
    pub count: u32,
    /// Each word on a cache line of its own.
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

/// Sets all epochs to 0.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    span.clear(0, span.len() & !3)
}

fn config_of(section: &Section) -> Result<EpochsConfig, Error> {
    let [count, stride, ..] = section.params;
    let padded = match stride {
        PADDED => true,
        PACKED => false,
        _ => return Err(Error::Corrupt { what: "stride of an epoch bank" }),
    };
    let config = EpochsConfig { count, padded };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        _ => Err(Error::Corrupt { what: "length of an epoch bank" }),
    }
}

fn offset_of(config: &EpochsConfig, index: u32) -> Result<usize, Error> {
    if index >= config.count {
        return Err(Error::NoSuchIndex { index, count: config.count });
    }
    let offset = u64::from(index) * u64::from(config.stride());
    usize::try_from(offset).map_err(|_| Error::OutOfBounds { offset, len: 4 })
}

/// A bank of epochs. Holding one proves that its size and stride were checked against the
/// section.
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
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_EPOCHS, MAJOR)?;
        Ok(Self { span, config: config_of(&section)? })
    }

    /// How many epochs there are.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.config.count
    }

    /// The epoch's word, to advance it. Any number of parties may.
    ///
    /// # Errors
    /// `NoSuchIndex`; `ReadOnly`.
    pub fn counter(&self, index: u32) -> Result<EpochCounter<'m>, Error> {
        Ok(EpochCounter { word: self.span.word(offset_of(&self.config, index)?)? })
    }

    /// A watcher that has seen the epoch as it is now.
    ///
    /// # Errors
    /// `NoSuchIndex`.
    pub fn watcher(&self, index: u32) -> Result<EpochWatcher<'m>, Error> {
        Ok(EpochWatcher::from_peek(self.span.peek(offset_of(&self.config, index)?)?))
    }
}

/// An epoch that this party may advance. Holding one proves that its word can be written.
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
    #[must_use]
    pub fn current(&self) -> u32 {
        epoch::current(self.word)
    }

    /// Moves the epoch on by one and wakes whoever sleeps on it; returns the new epoch.
    ///
    /// Release: publishes what this party stored before; pairs with Acquire in
    /// [`EpochWatcher::changed`] and [`EpochWatcher::wait`]. `park` is asked to wake only if
    /// somebody sleeps.
    pub fn advance<P: Park>(&self, park: &P) -> u32 {
        let advanced = epoch::advance(self.word);
        if advanced.wake {
            park.wake_all(self.word);
        }
        advanced.epoch
    }

    /// A watcher that has seen the epoch as it is now.
    #[must_use]
    pub fn watcher(&self) -> EpochWatcher<'m> {
        EpochWatcher::over(Source::Word(self.word))
    }
}

/// Where a watcher looks.
#[derive(Clone, Copy, Debug)]
enum Source<'m> {
    Word(&'m AtomicU32),
    Peek(Peek<'m>),
}

impl Source<'_> {
    fn current(&self) -> u32 {
        match self {
            Self::Word(word) => epoch::current(*word),
            Self::Peek(peek) => epoch::current(peek),
        }
    }

    /// The word, if its waiter bit can be set.
    const fn writable(&self) -> Option<&AtomicU32> {
        match self {
            Self::Word(word) => Some(word),
            Self::Peek(peek) => peek.writable(),
        }
    }
}

/// Looks at an epoch and remembers what it saw last. Works on memory that is mapped for reading
/// only, too, by polling.
///
/// A clone is a watcher of its own, from the same point on.
#[derive(Clone, Debug)]
pub struct EpochWatcher<'m> {
    source: Source<'m>,
    seen: u32,
}

impl<'m> EpochWatcher<'m> {
    pub(crate) fn from_peek(peek: Peek<'m>) -> Self {
        Self::over(Source::Peek(peek))
    }

    fn over(source: Source<'m>) -> Self {
        Self { seen: source.current(), source }
    }

    /// The epoch that was seen last.
    #[must_use]
    pub const fn seen(&self) -> u32 {
        self.seen
    }

    /// The current epoch, 31 bits; does not count as seen.
    ///
    /// Acquire; pairs with Release in [`EpochCounter::advance`].
    #[must_use]
    pub fn current(&self) -> u32 {
        self.source.current()
    }

    /// The current epoch if it is not the one seen last; it is now.
    ///
    /// Acquire: everything stored before the epoch was advanced is visible afterwards; pairs
    /// with Release in [`EpochCounter::advance`].
    pub fn changed(&mut self) -> Option<u32> {
        let now = self.current();
        if now == self.seen {
            return None;
        }
        self.seen = now;
        Some(now)
    }

    /// Sleeps until the epoch is not the one seen last; returns it, seen now.
    ///
    /// Returns at once if it has changed already, so no advance is missed between two calls.
    /// Ordering as [`changed`](Self::changed). Without a timeout this may last for ever: among
    /// hostile parties give one.
    ///
    /// # Errors
    /// `TimedOut` if `timeout` has passed without a change.
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, EpochTable, EpochsConfig, Error, Layout, Region, SectionId, Sections, Spin,
    /// # };
    /// # use core::time::Duration;
    /// # let layout = Layout::builder()
    /// #     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: false })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let spin = Spin { polls: 100 };
    /// let mut watcher = epochs.watcher(0)?;
    /// let nothing = watcher.wait(&spin, Some(Duration::from_millis(1)));
    /// assert_eq!(nothing, Err(Error::TimedOut));
    /// epochs.counter(0)?.advance(&spin);
    /// assert_eq!(watcher.wait(&spin, None), Ok(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn wait<P: Park>(&mut self, park: &P, timeout: Option<Duration>) -> Result<u32, Error> {
        if let Some(now) = self.changed() {
            return Ok(now);
        }
        let mut deadline = park.deadline(timeout);
        loop {
            let parked = match self.source.writable() {
                // Sets the waiter bit by a read-modify-write (Acquire; pairs with Release in
                // `advance`), so an advance either sees the bit or is seen here.
                Some(word) => match epoch::prepare_wait(word, self.seen) {
                    Prepared::Changed(now) => {
                        self.seen = now;
                        return Ok(now);
                    }
                    Prepared::Park(expected) => park.park(word, expected, &mut deadline),
                },
                None => park.pause(&mut deadline),
            };
            // A change that came with the deadline is a change.
            if let Some(now) = self.changed() {
                return Ok(now);
            }
            if parked == Parked::TimedOut {
                return Err(Error::TimedOut);
            }
        }
    }
}
#[cfg(test)]
mod tests;
