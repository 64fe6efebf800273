//! The end of an epoch that looks at it.
#![forbid(unsafe_code)]

use core::hint;
use core::time::Duration;

use super::EpochFuture;
use crate::error::Error;
use crate::protocol::epoch::{self, Prepared};
use crate::raw::span::Peek;
use crate::sync::AtomicU32;
use crate::wait::{Park, Parked, WakerBank};

/// Where a watcher looks.
#[derive(Clone, Copy, Debug)]
enum Source<'m> {
    Word(&'m AtomicU32),
    Peek(Peek<'m>),
}

impl<'m> Source<'m> {
    #[inline]
    fn current(&self) -> u32 {
        match self {
            Self::Word(word) => epoch::current(*word),
            Self::Peek(peek) => epoch::current(peek),
        }
    }

    /// The word, if its waiter bit can be set.
    #[inline]
    const fn writable(&self) -> Option<&'m AtomicU32> {
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
///
/// ```
/// # use inos_core::*;
/// # let config = EpochsConfig { count: 1, padded: true };
/// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let epochs = EpochTable::open(&sections, SectionId(1))?;
/// let mut watcher = epochs.watcher(0)?;
/// let mut other = watcher.clone();
/// epochs.counter(0)?.advance(&Spin::default());
/// assert_eq!((watcher.changed(), watcher.seen()), (Some(1), 1));
/// assert_eq!((other.seen(), other.changed()), (0, Some(1)));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EpochWatcher<'m> {
    source: Source<'m>,
    seen: u32,
}

impl<'m> EpochWatcher<'m> {
    pub(crate) fn from_peek(peek: Peek<'m>) -> Self {
        Self::over(Source::Peek(peek))
    }

    pub(super) fn over_word(word: &'m AtomicU32) -> Self {
        Self::over(Source::Word(word))
    }

    /// The word, if its waiter bit can be set.
    #[inline]
    pub(super) const fn writable(&self) -> Option<&'m AtomicU32> {
        self.source.writable()
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
    /// Acquire; pairs with Release in [`EpochCounter::advance`](crate::EpochCounter::advance).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let watcher = epochs.watcher(0)?;
    /// epochs.counter(0)?.advance(&Spin::default());
    /// assert_eq!((watcher.seen(), watcher.current()), (0, 1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn current(&self) -> u32 {
        self.source.current()
    }

    /// The current epoch if it is not the one seen last; it is now.
    ///
    /// Acquire: everything stored before the epoch was advanced is visible afterwards; pairs
    /// with Release in [`EpochCounter::advance`](crate::EpochCounter::advance).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let mut watcher = epochs.watcher(0)?;
    /// for _ in 0..3 {
    ///     epochs.counter(0)?.advance(&Spin::default());
    /// }
    /// // One piece of news, however often it happened; and then none.
    /// assert_eq!((watcher.changed(), watcher.seen()), (Some(3), 3));
    /// assert_eq!(watcher.changed(), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
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
        if let Some(now) = self.look(park.looks()) {
            return Ok(now);
        }
        let mut deadline = park.deadline(timeout);
        loop {
            let parked = match self.writable() {
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

    /// Counts `now` as seen.
    #[inline]
    pub(super) const fn see(&mut self, now: u32) {
        self.seen = now;
    }

    /// Looks once, and then `looks` times more.
    #[inline]
    fn look(&mut self, looks: u32) -> Option<u32> {
        self.changed().or_else(|| {
            (0..looks).find_map(|_| {
                hint::spin_loop();
                self.changed()
            })
        })
    }

    /// Awaits that the epoch is not the one seen last; it is seen then.
    ///
    /// For tasks of any executor in this address space, one seat of `bank` each while they wait.
    /// Whoever advances the epoch passes the bank as its [`Park`], alone or
    /// [`with`](WakerBank::with) another.
    ///
    /// Ordering as [`changed`](Self::changed). Awaiting it fails with `NoSeat` if the bank is
    /// full, and with `ReadOnly` where the epoch can't be written: see [`EpochFuture`].
    ///
    /// ```
    /// # use core::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// let bank = WakerBank::<1>::new();
    /// let (mut watcher, mut other) = (epochs.watcher(0)?, epochs.watcher(0)?);
    /// let mut next = pin!(watcher.next_change(&bank));
    /// assert!(next.as_mut().poll(&mut cx).is_pending());
    /// let refused = pin!(other.next_change(&bank)).poll(&mut cx);
    /// assert_eq!(refused, Poll::Ready(Err(Error::NoSeat { count: 1 })));
    ///
    /// epochs.counter(0)?.advance(&bank);
    /// assert_eq!(next.poll(&mut cx), Poll::Ready(Ok(1)));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn next_change<'a, const N: usize>(
        &'a mut self,
        bank: &'a WakerBank<N>,
    ) -> EpochFuture<'a, 'm, N> {
        EpochFuture::new(self, bank)
    }
}
