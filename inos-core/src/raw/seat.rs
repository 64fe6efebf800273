//! The cells of a bank of wakers.

use core::cell::UnsafeCell;
use core::task::Waker;

use crate::protocol::waker;
use crate::sync::AtomicU32;

/// A seat for one task's waker; see [`waker`].
pub(crate) struct Seat {
    state: AtomicU32,
    cell: UnsafeCell<Option<Waker>>,
}

// SAFETY: the cell is reached in `replace` only, by whoever owns it under the protocol of
// `state`, one at a time; that hands it on by Release and Acquire. `Waker` is Send.
unsafe impl Sync for Seat {}

impl Seat {
    pub(crate) const fn new() -> Self {
        Self { state: AtomicU32::new(0), cell: UnsafeCell::new(None) }
    }

    /// Takes the seat; whether it was free.
    pub(crate) fn claim(&self) -> bool {
        waker::claim(&self.state)
    }

    /// Leaves a waker for the next who wakes. If somebody is waking just now, it is woken. The
    /// task looks at its epoch after this.
    pub(crate) fn register(&self, new: &Waker) {
        // Before the cell is entered, since it is foreign code and may unwind.
        let new = new.clone();
        if !waker::begin(&self.state) {
            new.wake();
            return;
        }
        // SAFETY: `begin` has entered the cell.
        let old = unsafe { self.replace(Some(new)) };
        waker::end(&self.state);
        drop(old);
    }

    /// Wakes who is registered.
    pub(crate) fn wake(&self) {
        if waker::begin_wake(&self.state) {
            // SAFETY: `begin_wake` has entered the cell.
            let woken = unsafe { self.replace(None) };
            waker::end_wake(&self.state);
            if let Some(woken) = woken {
                woken.wake();
            }
        }
    }

    /// Gives the seat up.
    pub(crate) fn release(&self) {
        if waker::begin_release(&self.state) {
            // SAFETY: `begin_release` has entered the cell.
            let old = unsafe { self.replace(None) };
            waker::end_release(&self.state);
            drop(old);
        }
    }

    /// # Safety
    /// The caller has entered the cell by the protocol and not left it.
    unsafe fn replace(&self, new: Option<Waker>) -> Option<Waker> {
        // SAFETY: nobody else is in the cell (the caller's contract), and the reference ends
        // with this call.
        unsafe { core::mem::replace(&mut *self.cell.get(), new) }
    }
}
