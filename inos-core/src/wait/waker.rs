//! Waking tasks: wakers of futures, for any executor.
//!
//! A bank is ordinary memory of one address space, a `static` or a field, and belongs to no
//! region. A task registers its waker in a seat and announces itself by the waiter bit of the
//! epoch, like any sleeper; the party that advances the epoch passes the bank as its [`Park`].
//! For an epoch that *another* process or module advances somebody in this one has to sleep on
//! the epoch and call [`WakerBank::wake`]: a thread of the host (`inos::Bridge`).
#![forbid(unsafe_code)]

use core::fmt;
use core::task::Waker;
use core::time::Duration;

use super::{Park, Parked, Spin};
use crate::error::Error;
use crate::protocol::epoch::Waited;
use crate::raw::seat::Seat;
use crate::sync::AtomicU32;

/// Seats for the wakers of `N` tasks that await epochs at a time; no allocation, any executor.
///
/// A wake goes to all who are registered, whatever epoch they await: each looks at its own and
/// waits on if it was not meant. Advancing costs one read-modify-write per seat when somebody
/// waits, so give it as many seats as there are tasks and no more.
///
/// As a [`Park`] it wakes the tasks, and its own party waits as [`Spin`] does;
/// [`with`](WakerBank::with) adds any other.
///
/// ```
/// use core::future::Future;
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use inos_core::{
///     AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, WakerBank,
/// };
///
/// static WAKERS: WakerBank<4> = WakerBank::new();
///
/// # let layout = Layout::builder()
/// #     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: false })
/// #     .build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let epochs = EpochTable::open(&sections, SectionId(1))?;
/// let mut watcher = epochs.watcher(0)?;
/// let mut next = pin!(watcher.next_change(&WAKERS));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(next.as_mut().poll(&mut cx), Poll::Pending);
/// epochs.counter(0)?.advance(&WAKERS);
/// assert_eq!(next.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
/// # Ok::<(), inos_core::Error>(())
/// ```
pub struct WakerBank<const N: usize> {
    seats: [Seat; N],
}

impl<const N: usize> WakerBank<N> {
    /// All seats free.
    ///
    /// ```
    /// # use inos_core::*;
    /// // A seat for each task that waits at a time, before there is any task.
    /// static WAKERS: WakerBank<8> = WakerBank::new();
    /// WAKERS.wake(); // nobody is there to be woken
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { seats: [const { Seat::new() }; N] }
    }

    /// Wakes every task that is registered. To be called after the epoch was advanced.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// # use core::{future::Future, pin::pin, task::{Context, Waker}};
    /// # use std::{sync::Arc, task::Wake};
    /// # struct Counted(AtomicU32);
    /// # impl Wake for Counted {
    /// #     fn wake(self: Arc<Self>) {
    /// #         self.0.fetch_add(1, Ordering::Relaxed);
    /// #     }
    /// # }
    /// # let woken = Arc::new(Counted(AtomicU32::new(0)));
    /// # let waker = Waker::from(woken.clone());
    /// let bank = WakerBank::<1>::new();
    /// let mut watcher = epochs.watcher(0)?;
    /// let mut next = pin!(watcher.next_change(&bank));
    /// assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    /// // Another process advances, which knows nothing of this one's tasks.
    /// epochs.counter(0)?.advance(&Spin::default());
    /// assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    /// // Somebody here has slept on the epoch, and says so.
    /// bank.wake();
    /// assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn wake(&self) {
        for seat in &self.seats {
            seat.wake();
        }
    }

    /// A [`Park`] that sleeps and wakes as `park` does, and wakes these tasks, too.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = EpochsConfig { count: 2, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// # use core::{future::Future, pin::pin, task::{Context, Waker}};
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// let bank = WakerBank::<1>::new();
    /// let park = bank.with(Spin::default());
    /// let (mut task, mut thread) = (epochs.watcher(0)?, epochs.watcher(0)?);
    /// let mut next = pin!(task.next_change(&bank));
    /// assert!(next.as_mut().poll(&mut cx).is_pending());
    /// // Tasks and threads wait on one epoch: this wakes both.
    /// epochs.counter(0)?.advance(&park);
    /// assert!(next.poll(&mut cx).is_ready());
    /// assert_eq!(thread.wait(&park, None), Ok(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn with<P: Park>(&self, park: P) -> WakeToo<'_, P, N> {
        WakeToo { bank: self, park }
    }

    /// Takes a seat.
    pub(crate) fn claim(&self) -> Result<usize, Error> {
        let seat = self.seats.iter().position(Seat::claim);
        seat.ok_or(Error::NoSeat { count: u32::try_from(N).unwrap_or(u32::MAX) })
    }

    /// Leaves the waker of the task that holds the seat.
    pub(crate) fn register(&self, seat: usize, waker: &Waker) {
        if let Some(seat) = self.seats.get(seat) {
            seat.register(waker);
        }
    }

    /// Gives a seat up.
    pub(crate) fn release(&self, seat: usize) {
        if let Some(seat) = self.seats.get(seat) {
            seat.release();
        }
    }
}

impl<const N: usize> Default for WakerBank<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for WakerBank<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakerBank").field("seats", &N).finish()
    }
}

impl<const N: usize> Park for WakerBank<N> {
    type Deadline = <Spin as Park>::Deadline;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        Spin::default().deadline(timeout)
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        Spin::default().park(word, expected, deadline)
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        Spin::default().pause(deadline)
    }

    fn wake_all(&self, _: &AtomicU32) {
        self.wake();
    }
}

/// Sleeps and wakes as another [`Park`] does, and wakes the tasks of a bank, too: for epochs on
/// which threads and tasks wait. Made by
/// [`WakerBank::with`].
#[derive(Clone, Copy, Debug)]
pub struct WakeToo<'a, P, const N: usize> {
    bank: &'a WakerBank<N>,
    park: P,
}

impl<P: Park, const N: usize> Park for WakeToo<'_, P, N> {
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
        self.bank.wake();
    }

    fn park_any(&self, words: &[Waited<'_>], deadline: &mut Self::Deadline) -> Parked {
        self.park.park_any(words, deadline)
    }

    fn looks(&self) -> u32 {
        self.park.looks()
    }
}
