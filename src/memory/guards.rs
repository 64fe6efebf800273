//! Who is alive among the threads of one process: a party lives as long as its guard.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use inos_core::{Error, Liveness, MAX_PARTIES};

/// Proves the lives of the parties of one [`HeapMemory`](crate::HeapMemory). Clones tell the
/// same.
///
/// A thread that ends, by a panic too, drops its party and with it everything it held. So the
/// only thread whose claims need a proof is one that forgot its party, or lost it in a leak:
/// join it, and [declare it dead](Self::declare_dead).
///
/// ```
/// use inos::{HeapMemory, Layout, PartiesConfig, SectionId, Sections, ThreadGuards};
///
/// let parties = SectionId(1);
/// let layout = Layout::builder()
///     .parties(parties, "parties", PartiesConfig::of::<ThreadGuards>(8))
///     .build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// let guards = memory.guards();
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let watch = sections.join(parties, &guards, "watch")?;
/// let number = std::thread::scope(|scope| {
///     let leak = || {
///         let party = sections.join(parties, &guards, "leaky").unwrap();
///         let number = party.number();
///         std::mem::forget(party);
///         number
///     };
///     scope.spawn(leak).join().unwrap()
/// });
/// assert_eq!(watch.reap(&guards)?.parties, 0);
/// // SAFETY: the thread was joined, and had handed nothing of its party's to another.
/// unsafe { guards.declare_dead(number) };
/// assert_eq!(watch.reap(&guards)?.parties, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ThreadGuards(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Where the memory is; null once it is gone, and its address may be another's.
    base: AtomicPtr<u8>,
    /// Who lives, by seat: odd if somebody does; counted up by coming and by going, so that a guard
    /// of before does nothing to its successor.
    alive: Box<[AtomicU32]>,
}

/// A party's life. Dropping it says that the party is gone.
#[derive(Debug)]
pub struct ThreadGuard {
    shared: Arc<Shared>,
    seat: u16,
    /// The count while it lives.
    count: u32,
}

impl ThreadGuards {
    pub(super) fn new(base: *mut u8) -> Self {
        let alive = (0..=MAX_PARTIES).map(|_| AtomicU32::new(0)).collect();
        Self(Arc::new(Shared { base: AtomicPtr::new(base), alive }))
    }

    /// The memory is gone: from here on these guards are about none.
    pub(super) fn close(&self) {
        // Relaxed: whoever asks about other memory at this address got it from the allocator
        // after this.
        self.0.base.store(std::ptr::null_mut(), Ordering::Relaxed);
    }

    /// Vouches for the death of the party in this seat.
    ///
    /// Release: what the party did is over; pairs with Acquire in whoever finds it dead. A seat
    /// that nobody sits in stays as it is, and one that there is not is passed over.
    ///
    /// # Safety
    /// Neither the party nor anything that was opened through it will be used or dropped again:
    /// every thread that could was joined, and its end happens before this call.
    ///
    /// ```
    /// # use inos::*;
    /// let memory = HeapMemory::new(4096)?;
    /// let guards = memory.guards();
    /// core::mem::forget(guards.enter(3)?);
    /// assert!(!guards.is_dead(3));
    /// // SAFETY: the guard was forgotten here, and no party was made of it.
    /// unsafe { guards.declare_dead(3) };
    /// assert!(guards.is_dead(3) && guards.enter(3)?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn declare_dead(&self, seat: u16) {
        if let Some(alive) = self.0.alive.get(usize::from(seat)) {
            // Relaxed: `leave` checks it.
            self.0.leave(seat, alive.load(Ordering::Relaxed));
        }
    }

    /// Nobody has a way to the memory any more: whoever forgot its guard is gone, too.
    pub(super) fn clear(&self) {
        for (seat, alive) in (0..).zip(&self.0.alive) {
            self.0.leave(seat, alive.load(Ordering::Relaxed));
        }
    }
}

impl Shared {
    /// Ends the life that has this count, if it has not ended.
    fn leave(&self, seat: u16, count: u32) {
        if let Some(alive) = self.alive.get(usize::from(seat))
            && count % 2 == 1
        {
            // Release: what the party did is over; pairs with Acquire in `is_dead` and `enter`.
            let over = count.wrapping_add(1);
            let _ = alive.compare_exchange(count, over, Ordering::Release, Ordering::Relaxed);
        }
    }
}

// SAFETY: where a seat is not alive, each of its guards was dropped, or was declared dead by a
// caller who vouched for it. There is one `Shared` per memory, and none of it covers anything
// once the memory is gone. `enter` succeeds only by turning a seat from not alive to alive.
unsafe impl Liveness for ThreadGuards {
    type Guard = ThreadGuard;

    const SCHEME: u32 = inos_core::defs::parties::SCHEME_GUARDS;
    const EXCLUSIVE: bool = true;

    fn covers(&self, base: *const u8) -> bool {
        std::ptr::eq(self.0.base.load(Ordering::Relaxed), base)
    }

    fn enter(&self, seat: u16) -> Result<Option<ThreadGuard>, Error> {
        let count = MAX_PARTIES;
        let alive = self.0.alive.get(usize::from(seat));
        let alive = alive.ok_or(Error::NoSuchIndex { index: u32::from(seat), count })?;
        let count = alive.load(Ordering::Relaxed);
        if count % 2 == 1 {
            return Ok(None);
        }
        // Acquire: pairs with Release in `leave`.
        let lives = count.wrapping_add(1);
        let free = alive.compare_exchange(count, lives, Ordering::Acquire, Ordering::Relaxed);
        let shared = || Arc::clone(&self.0);
        Ok(free.is_ok().then(|| ThreadGuard { shared: shared(), seat, count: lives }))
    }

    fn is_dead(&self, seat: u16) -> bool {
        // Acquire: pairs with Release in `leave`.
        self.0
            .alive
            .get(usize::from(seat))
            .is_some_and(|alive| alive.load(Ordering::Acquire) % 2 == 0)
    }
}

impl Drop for ThreadGuard {
    fn drop(&mut self) {
        self.shared.leave(self.seat, self.count);
    }
}
