//! Sleeping on a word of shared memory.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use inos_core::protocol::epoch::Waited;
use inos_core::{AtomicU32, EpochWatcher, Park, Parked, WakerBank};

/// How long a poll waits where a word can't be slept on.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits by futex on Linux: shared, never private, so that it works between processes, and
/// without using the processor. On several words it sleeps by `futex_waitv`, which Linux has
/// since 5.16; where that is missing or forbidden it sleeps on the first and looks at the others
/// once a millisecond. Elsewhere than on Linux it looks at every word once a millisecond, and
/// wakes nobody.
///
/// ```
/// use inos::{AtomicU32, Futex, Park, Parked};
/// use std::time::Duration;
///
/// let park = Futex;
/// let word = AtomicU32::new(7);
/// let mut soon = park.deadline(Some(Duration::from_millis(5)));
/// assert_eq!(park.park(&word, 7, &mut soon), Parked::TimedOut);
/// assert_eq!(park.park(&word, 8, &mut park.deadline(None)), Parked::Woken);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Futex;

impl Park for Futex {
    /// When to give up; `None` is never.
    type Deadline = Option<Instant>;

    #[inline]
    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        // A time that the clock can't express never comes.
        timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    #[inline]
    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        match remaining(deadline) {
            Some(Duration::ZERO) => Parked::TimedOut,
            timeout => wait(word, expected, timeout),
        }
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        match remaining(deadline) {
            Some(Duration::ZERO) => Parked::TimedOut,
            timeout => {
                thread::sleep(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE)));
                Parked::Woken
            }
        }
    }

    #[inline]
    fn wake_all(&self, word: &AtomicU32) {
        wake(word);
    }

    fn park_any(&self, words: &[Waited<'_>], deadline: &mut Self::Deadline) -> Parked {
        match remaining(deadline) {
            Some(Duration::ZERO) => Parked::TimedOut,
            timeout => wait_any(words, timeout),
        }
    }
}

/// Time left, zero if the deadline has passed; `None` without one.
#[inline]
fn remaining(deadline: &Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

#[cfg(target_os = "linux")]
#[inline]
fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Parked {
    use rustix::io::Errno;
    use rustix::thread::futex;

    // A timeout that does not fit is longer than the machine will live.
    let timeout = timeout.and_then(|timeout| futex::Timespec::try_from(timeout).ok());
    match futex::wait(word, futex::Flags::empty(), expected, timeout.as_ref()) {
        // The value had changed, or a signal came.
        Ok(()) | Err(Errno::AGAIN | Errno::INTR) => Parked::Woken,
        Err(Errno::TIMEDOUT) => Parked::TimedOut,
        // The word can't be slept on, so look at it from time to time.
        Err(_) => {
            thread::sleep(PAUSE);
            Parked::Woken
        }
    }
}

/// The most words that one `futex_waitv` takes.
#[cfg(target_os = "linux")]
const MAX_WORDS: usize = inos_core::MAX_WATCHED;

#[cfg(target_os = "linux")]
fn wait_any(words: &[Waited<'_>], timeout: Option<Duration>) -> Parked {
    use rustix::io::Errno;
    use rustix::thread::futex::{self, ClockId, Timespec, WaitFlags, WaitPtr, WaitvFlags};
    use rustix::time::clock_gettime;

    let mut waits = [futex::Wait::new(); MAX_WORDS];
    for (wait, waited) in waits.iter_mut().zip(words) {
        wait.val = waited.expected.into();
        wait.uaddr = WaitPtr::new(waited.word.as_ptr().cast());
        // Not private.
        wait.flags = WaitFlags::SIZE_U32;
    }
    let Some(waits) = waits.get(..words.len()) else { return wait_first(words, timeout) };
    // This call takes a moment, not a duration. One that does not fit never comes.
    let end = timeout.and_then(|timeout| {
        Timespec::try_from(timeout).ok()?.checked_add(clock_gettime(ClockId::Monotonic))
    });
    match futex::waitv(waits, WaitvFlags::empty(), end.as_ref(), ClockId::Monotonic) {
        // A value had changed, or a signal came.
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Parked::Woken,
        Err(Errno::TIMEDOUT) => Parked::TimedOut,
        // The kernel has no such call, or a sandbox forbids it.
        Err(_) => wait_first(words, timeout),
    }
}

/// Sleeps on the first word for a moment, after a look at the others.
#[cfg(target_os = "linux")]
fn wait_first(words: &[Waited<'_>], timeout: Option<Duration>) -> Parked {
    // Relaxed: the caller acquires what has changed.
    let changed = words.iter().any(|waited| waited.word.load(Ordering::Relaxed) != waited.expected);
    let Some(first) = words.first().filter(|_| !changed) else { return Parked::Woken };
    let moment = timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE));
    // Whether the time is over is for the next call to say.
    let _ = wait(first.word, first.expected, Some(moment));
    Parked::Woken
}

#[cfg(target_os = "linux")]
#[inline]
fn wake(word: &AtomicU32) {
    use rustix::thread::futex;

    // Can't fail: the word is mapped and aligned.
    let _ = futex::wake(word, futex::Flags::empty(), i32::MAX.cast_unsigned());
}

#[cfg(not(target_os = "linux"))]
fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Parked {
    // Acquire, so that who sees the change sees what it announces.
    if word.load(inos_core::Ordering::Acquire) == expected {
        thread::sleep(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE)));
    }
    Parked::Woken
}

#[cfg(not(target_os = "linux"))]
fn wait_any(_: &[Waited<'_>], timeout: Option<Duration>) -> Parked {
    thread::sleep(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE)));
    Parked::Woken
}

#[cfg(not(target_os = "linux"))]
fn wake(_: &AtomicU32) {}

/// A thread that sleeps on an epoch by futex and wakes the tasks of a bank when it changes: for
/// tasks that await what another process advances, which can't call their wakers.
///
/// Dropping it ends the thread, within a few hundredths of a second.
///
/// ```
/// use inos::{
///     Bridge, EpochTable, EpochsConfig, Futex, HeapMemory, Layout, SectionId, Sections, WakerBank,
/// };
/// use std::future::Future;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// static WAKERS: WakerBank<4> = WakerBank::new();
///
/// let layout = Layout::builder()
///     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: true })
///     .build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let epochs = EpochTable::open(&sections, SectionId(1))?;
/// let mut watcher = epochs.watcher(0)?;
/// std::thread::scope(|scope| {
///     let bridge = Bridge::spawn(scope, epochs.watcher(0)?, &WAKERS);
///     let mut next = pin!(watcher.next_change(&WAKERS));
///     let mut cx = Context::from_waker(Waker::noop());
///     assert!(next.as_mut().poll(&mut cx).is_pending());
///     // As another process would, which knows nothing of the tasks.
///     epochs.counter(0)?.advance(&Futex);
///     while next.as_mut().poll(&mut cx).is_pending() {}
///     drop(bridge);
///     Ok::<(), inos::Error>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a bridge that is dropped wakes nobody"]
pub struct Bridge {
    stop: Arc<AtomicBool>,
}

impl Bridge {
    /// How often the thread looks whether it is to end.
    const ROUND: Duration = Duration::from_millis(20);

    /// Starts the thread.
    ///
    /// `watcher` is the thread's own: tasks have theirs, of the same epoch. The `bank` is the one
    /// that they pass to [`EpochWatcher::next_change`].
    ///
    /// # Panics
    /// If the system has no thread left, as [`thread::Scope::spawn`] does.
    ///
    /// ```
    /// # use std::{pin::pin, sync::Arc, task::{Context, Wake}};
    /// # struct Unpark(std::thread::Thread);
    /// # impl Wake for Unpark {
    /// #     fn wake(self: Arc<Self>) {
    /// #         self.0.unpark();
    /// #     }
    /// # }
    /// # use inos::*;
    /// # let config = EpochsConfig { count: 1, padded: true };
    /// # let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let epochs = EpochTable::open(&sections, SectionId(1))?;
    /// # let waker = Arc::new(Unpark(std::thread::current())).into();
    /// let bank = WakerBank::<1>::new();
    /// let mut watcher = epochs.watcher(0)?;
    /// std::thread::scope(|scope| {
    ///     let bridge = Bridge::spawn(scope, epochs.watcher(0)?, &bank);
    ///     let mut next = pin!(watcher.next_change(&bank));
    ///     let mut cx = Context::from_waker(&waker);
    ///     assert!(next.as_mut().poll(&mut cx).is_pending());
    ///     // As another process would, which knows nothing of the tasks.
    ///     let counter = epochs.counter(0)?;
    ///     scope.spawn(move || counter.advance(&Futex));
    ///     // An executor that sleeps until the task is woken.
    ///     while next.as_mut().poll(&mut cx).is_pending() {
    ///         std::thread::park();
    ///     }
    ///     drop(bridge);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<'scope, 'env, const N: usize>(
        scope: &'scope thread::Scope<'scope, 'env>,
        mut watcher: EpochWatcher<'scope>,
        bank: &'scope WakerBank<N>,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        scope.spawn(move || {
            // Relaxed: it orders nothing.
            while !stopped.load(Ordering::Relaxed) {
                if watcher.wait(&Futex, Some(Self::ROUND)).is_ok() {
                    bank.wake();
                }
            }
        });
        Self { stop }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeapMemory;
    use inos_core::{
        EpochTable, EpochsConfig, Error, Layout, SectionId, Sections, wait_any, wait_rung,
    };

    #[test]
    fn a_change_wakes_and_a_deadline_ends_the_wait() {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut deadline = Futex.deadline(Some(Duration::from_secs(10)));
                while word.load(Ordering::Acquire) == 0 {
                    assert_eq!(Futex.park(&word, 0, &mut deadline), Parked::Woken);
                }
            });
            thread::sleep(Duration::from_millis(5));
            word.store(1, Ordering::Release);
            Futex.wake_all(&word);
        });
        let mut over = Futex.deadline(Some(Duration::ZERO));
        assert_eq!(Futex.park(&word, 1, &mut over), Parked::TimedOut);
        assert_eq!(Futex.pause(&mut over), Parked::TimedOut);
        assert_eq!(Futex.pause(&mut Futex.deadline(None)), Parked::Woken);
        assert_eq!(Futex.deadline(Some(Duration::MAX)), None);
    }

    fn with_epochs(count: u32, test: impl FnOnce(EpochTable<'_>)) {
        let config = EpochsConfig { count, padded: true };
        let layout = Layout::builder().epochs(SectionId(1), "epochs", config).build().unwrap();
        let mut memory = HeapMemory::new(layout.total_len()).unwrap();
        let sections = Sections::create(memory.region().unwrap(), &layout, 1).unwrap();
        test(EpochTable::open(&sections, SectionId(1)).unwrap());
    }

    /// Each advance waits for the other side's answer, so one wake-up that is lost ends it all.
    fn turns(rung: bool) {
        const TURNS: u32 = 300;
        with_epochs(4, |epochs| {
            let bell = epochs.watcher(3).unwrap();
            let mut asked = [0, 1].map(|index| epochs.watcher(index).unwrap());
            let (answer, ring) = (epochs.counter(2).unwrap(), epochs.counter(3).unwrap());
            let mut answers = answer.watcher();
            thread::scope(|scope| {
                scope.spawn(move || {
                    for turn in 1..=TURNS {
                        let asking = epochs.counter(turn % 2).unwrap();
                        if rung {
                            asking.advance_and_ring(&ring, &Futex);
                        } else {
                            asking.advance(&Futex);
                        }
                        assert_eq!(answers.wait(&Futex, None), Ok(turn));
                    }
                });
                for turn in 1..=TURNS {
                    let changes = if rung {
                        wait_rung(&bell, &mut asked, &Futex, None)
                    } else {
                        wait_any(&mut asked, &Futex, None)
                    };
                    assert!(changes.unwrap().iter().eq([turn as usize % 2]));
                    answer.advance(&Futex);
                }
            });
            let soon = Some(Duration::from_millis(5));
            assert_eq!(wait_any(&mut asked, &Futex, soon), Err(Error::TimedOut));
            assert_eq!(wait_rung(&bell, &mut asked, &Futex, soon), Err(Error::TimedOut));
        });
    }

    #[test]
    fn any_of_two_words_wakes() {
        turns(false);
    }

    #[test]
    fn a_doorbell_wakes() {
        turns(true);
    }

    /// What there is for an old kernel.
    #[test]
    #[cfg(target_os = "linux")]
    fn without_the_call_for_several_words_the_others_are_looked_at() {
        let words = [AtomicU32::new(1), AtomicU32::new(3)];
        let waited = [0, 1].map(|at| Waited { word: &words[at], seen: at as u32, expected: 0 });
        assert_eq!(wait_first(&waited, None), Parked::Woken);
        let waited =
            [0, 1].map(|at| Waited { word: &words[at], seen: 0, expected: 1 + 2 * at as u32 });
        let start = Instant::now();
        assert_eq!(wait_first(&waited, None), Parked::Woken);
        assert!(start.elapsed() >= PAUSE);
    }
}
