//! Looking for a while before sleeping.
#![forbid(unsafe_code)]

use core::time::Duration;

use super::{Park, Parked};
use crate::protocol::epoch::Waited;
use crate::sync::AtomicU32;

/// Looks at the epoch a number of times, and then sleeps as `park` does.
///
/// Where the answer is quick nobody sleeps and nobody has to be woken: the waiter bit is set
/// only after the looks. Where it is not, the looks are lost on top of the sleep, so make them
/// cost about as much as one.
///
/// ```
/// use inos_core::{
///     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
///     SpinThenPark,
/// };
///
/// # let layout = Layout::builder()
/// #     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: false })
/// #     .build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let epochs = EpochTable::open(&sections, SectionId(1))?;
/// let park = SpinThenPark { looks: 1000, park: Spin::default() };
/// let mut watcher = epochs.watcher(0)?;
/// epochs.counter(0)?.advance(&park);
/// assert_eq!(watcher.wait(&park, None), Ok(1));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpinThenPark<P> {
    /// How often to look first.
    pub looks: u32,
    /// How to sleep afterwards, and how to wake.
    pub park: P,
}

impl<P: Park> Park for SpinThenPark<P> {
    type Deadline = P::Deadline;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        self.park.deadline(timeout)
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        self.park.park(word, expected, deadline)
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        self.park.pause(deadline)
    }

    fn wake_all(&self, word: &AtomicU32) {
        self.park.wake_all(word);
    }

    fn park_any(&self, words: &[Waited<'_>], deadline: &mut Self::Deadline) -> Parked {
        self.park.park_any(words, deadline)
    }

    fn looks(&self) -> u32 {
        self.looks.saturating_add(self.park.looks())
    }
}
