//! Waiting on any of several epochs.
#![forbid(unsafe_code)]

use core::hint;
use core::time::Duration;

use super::EpochWatcher;
use crate::error::Error;
use crate::protocol::epoch::{self, Prepared, Waited};
use crate::wait::{Park, Parked};

/// The most epochs that one call waits on.
pub const MAX_WATCHED: usize = 32;

/// How often the bell may ring for nothing before the deadline is looked at: somebody may be
/// ringing without end.
const RESTLESS: u32 = 16;

/// Which epochs of a set have changed: a set of indices below [`MAX_WATCHED`].
///
/// ```
/// # use inos_core::*;
/// # let config = EpochsConfig { count: 3, padded: true };
/// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let epochs = EpochTable::open(&sections, SectionId(1))?;
/// # let park = Spin::default();
/// let mut watchers = [epochs.watcher(0)?, epochs.watcher(1)?, epochs.watcher(2)?];
/// epochs.counter(0)?.advance(&park);
/// epochs.counter(2)?.advance(&park);
/// let changes = wait_any(&mut watchers, &park, None)?;
/// assert_eq!((changes.count(), changes.is_empty()), (2, false));
/// assert!(Changes::default().is_empty());
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes(u32);

impl Changes {
    /// Whether the epoch at this index of the set has changed.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let mut watchers = [epochs.watcher(0)?, epochs.watcher(1)?];
    /// epochs.counter(1)?.advance(&Spin::default());
    /// let changes = wait_any(&mut watchers, &Spin::default(), None)?;
    /// assert!(changes.contains(1) && !changes.contains(0));
    /// assert!(!changes.contains(MAX_WATCHED), "no index of a set");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn contains(&self, index: usize) -> bool {
        index < MAX_WATCHED && self.0 & (1 << index) != 0
    }

    /// Whether none has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// How many have.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.0.count_ones()
    }

    /// The indices, rising.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// let mut watchers = [epochs.watcher(0)?, epochs.watcher(1)?];
    /// for index in [1, 0] {
    ///     epochs.counter(index)?.advance(&Spin::default());
    /// }
    /// let changes = wait_any(&mut watchers, &Spin::default(), None)?;
    /// assert!(changes.iter().eq([0, 1]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let set = *self;
        (0..MAX_WATCHED).filter(move |&index| set.contains(index))
    }
}

/// Which epochs have changed; they are seen now.
fn look(watchers: &mut [EpochWatcher<'_>]) -> Changes {
    let mut changes = 0;
    for (index, watcher) in watchers.iter_mut().enumerate().take(MAX_WATCHED) {
        if watcher.changed().is_some() {
            changes |= 1 << index;
        }
    }
    Changes(changes)
}

/// Looks once, and then `looks` times more.
fn look_for_a_while(watchers: &mut [EpochWatcher<'_>], looks: u32) -> Changes {
    let mut changes = look(watchers);
    for _ in 0..looks {
        if !changes.is_empty() {
            break;
        }
        hint::spin_loop();
        changes = look(watchers);
    }
    changes
}

fn check_len(watchers: &[EpochWatcher<'_>]) -> Result<(), Error> {
    match watchers.len() {
        0 => Err(Error::NoSuchIndex { index: 0, count: 0 }),
        len if len > MAX_WATCHED => Err(Error::TooLarge { len, max: MAX_WATCHED }),
        _ => Ok(()),
    }
}

/// Sleeps until at least one of these epochs is not the one its watcher has seen last; which
/// ones. They are seen now.
///
/// The waiter bit is set in each word, and `park` sleeps on all of them
/// ([`Park::park_any`]). If this party may not write one of them it looks at all between short
/// pauses. Returns at once if one has changed already. Ordering as [`EpochWatcher::changed`].
/// Without a timeout this may last for ever: among hostile parties give one.
///
/// # Errors
/// `TimedOut` if `timeout` has passed without a change; `NoSuchIndex` for an empty set;
/// `TooLarge` for more than [`MAX_WATCHED`].
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
/// #     wait_any,
/// # };
/// # let layout = Layout::builder()
/// #     .epochs(SectionId(1), "epochs", EpochsConfig { count: 3, padded: true })
/// #     .build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let epochs = EpochTable::open(&sections, SectionId(1))?;
/// let park = Spin::default();
/// let mut watchers = [epochs.watcher(0)?, epochs.watcher(1)?, epochs.watcher(2)?];
/// epochs.counter(2)?.advance(&park);
/// let changes = wait_any(&mut watchers, &park, None)?;
/// assert!(changes.iter().eq([2]));
/// # Ok::<(), inos_core::Error>(())
/// ```
pub fn wait_any<P: Park>(
    watchers: &mut [EpochWatcher<'_>],
    park: &P,
    timeout: Option<Duration>,
) -> Result<Changes, Error> {
    check_len(watchers)?;
    let changes = look_for_a_while(watchers, park.looks());
    if !changes.is_empty() {
        return Ok(changes);
    }
    let mut deadline = park.deadline(timeout);
    loop {
        let mut parked = sleep(watchers, park, &mut deadline);
        // A change that came with the deadline is a change.
        let changes = look(watchers);
        if !changes.is_empty() {
            return Ok(changes);
        }
        if parked.is_none() {
            // An epoch had changed and has changed back: nobody keeps to the protocol.
            parked = Some(park.pause(&mut deadline));
        }
        if parked == Some(Parked::TimedOut) {
            return Err(Error::TimedOut);
        }
    }
}

/// Sleeps on all of the words; `None` if one of them had changed before.
fn sleep<P: Park>(
    watchers: &[EpochWatcher<'_>],
    park: &P,
    deadline: &mut P::Deadline,
) -> Option<Parked> {
    let Some(first) = watchers.first().and_then(EpochWatcher::writable) else {
        return Some(park.pause(deadline));
    };
    let mut words = [Waited { word: first, seen: 0, expected: 0 }; MAX_WATCHED];
    for (waited, watcher) in words.iter_mut().zip(watchers) {
        let Some(word) = watcher.writable() else { return Some(park.pause(deadline)) };
        *waited = Waited { word, seen: watcher.seen(), expected: 0 };
    }
    let words = words.get_mut(..watchers.len())?;
    epoch::prepare_any(words).then(|| park.park_any(words, deadline))
}

/// Sleeps on a doorbell until at least one of these epochs is not the one its watcher has seen
/// last; which ones. They are seen now.
///
/// For epochs that are advanced by
/// [`EpochCounter::advance_and_ring`](crate::EpochCounter::advance_and_ring) with this bell:
/// an advance that does not ring is found only when something else ends the sleep. One word is
/// slept on, however many there are. What `bell` has seen does not matter and does not change.
///
/// Returns at once if one has changed already. Ordering as [`EpochWatcher::changed`]. Without a
/// timeout this may last for ever: among hostile parties give one.
///
/// # Errors
/// As [`wait_any`].
///
/// ```
/// # use inos_core::*;
/// # let config = EpochsConfig { count: 2, padded: true };
/// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let epochs = EpochTable::open(&sections, SectionId(1))?;
/// # let park = Spin { polls: 100 };
/// # let soon = Some(core::time::Duration::from_millis(1));
/// let bell = epochs.watcher(0)?;
/// let mut watchers = [epochs.watcher(1)?];
/// let ring = epochs.counter(0)?;
/// // It rang, but nothing that is watched has changed.
/// ring.advance(&park);
/// assert_eq!(wait_rung(&bell, &mut watchers, &park, soon), Err(Error::TimedOut));
/// epochs.counter(1)?.advance_and_ring(&ring, &park);
/// assert!(wait_rung(&bell, &mut watchers, &park, soon)?.contains(0));
/// # Ok::<(), inos_core::Error>(())
/// ```
pub fn wait_rung<P: Park>(
    bell: &EpochWatcher<'_>,
    watchers: &mut [EpochWatcher<'_>],
    park: &P,
    timeout: Option<Duration>,
) -> Result<Changes, Error> {
    check_len(watchers)?;
    let changes = look_for_a_while(watchers, park.looks());
    if !changes.is_empty() {
        return Ok(changes);
    }
    let mut deadline = park.deadline(timeout);
    let mut fruitless = 0_u32;
    loop {
        let mut changes = Changes::default();
        let prepared = match bell.writable() {
            Some(word) => {
                let prepared = epoch::prepare_rung(word, || {
                    changes = look(watchers);
                    !changes.is_empty()
                });
                prepared.map(|prepared| (word, prepared))
            }
            None => {
                changes = look(watchers);
                None
            }
        };
        if !changes.is_empty() {
            return Ok(changes);
        }
        let parked = match prepared {
            Some((word, Prepared::Park(expected))) => park.park(word, expected, &mut deadline),
            Some((_, Prepared::Changed(_))) if fruitless < RESTLESS => {
                fruitless += 1;
                Parked::Woken
            }
            _ => {
                fruitless = 0;
                park.pause(&mut deadline)
            }
        };
        if parked == Parked::TimedOut {
            // A change that came with the deadline is a change.
            let changes = look(watchers);
            return if changes.is_empty() { Err(Error::TimedOut) } else { Ok(changes) };
        }
    }
}
