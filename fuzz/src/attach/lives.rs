//! Parties that can die: the proof of life of one peer's parties.

use std::cell::RefCell;

use inos_core::{Error, Liveness};

/// Who is alive, among the parties that one thread plays over one memory.
#[derive(Debug)]
pub(super) struct Lives {
    base: usize,
    seats: RefCell<Vec<u16>>,
}

/// A party that is alive until this is dropped, or its life is ended.
#[derive(Debug)]
pub(super) struct Alive<'l> {
    lives: &'l Lives,
    seat: u16,
}

impl Lives {
    /// Nobody yet, over the memory that begins at `base`.
    pub(super) fn over<W>(memory: &[W]) -> Self {
        Self { base: memory.as_ptr().addr(), seats: RefCell::default() }
    }

    /// Ends the life of a party whose guard, and everything that it held, was forgotten.
    pub(super) fn end(&self, seat: u16) {
        self.seats.borrow_mut().retain(|&alive| alive != seat);
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.lives.end(self.seat);
    }
}

// SAFETY: a seat leaves `seats` when its only guard is dropped, or, by `end`, when that was
// forgotten with all that its party had opened: nobody acts for it any more. One thread plays
// all parties of the memory at `base`, each by this one value, and only of this scheme.
// `enter` gives out a guard only for a seat that is not in the list, which then is.
unsafe impl<'l> Liveness for &'l Lives {
    type Guard = Alive<'l>;

    const SCHEME: u32 = 256;
    const EXCLUSIVE: bool = true;

    fn covers(&self, base: *const u8) -> bool {
        base.addr() == self.base
    }

    fn enter(&self, seat: u16) -> Result<Option<Alive<'l>>, Error> {
        let mut seats = self.seats.borrow_mut();
        if seats.contains(&seat) {
            return Ok(None);
        }
        seats.push(seat);
        Ok(Some(Alive { lives: self, seat }))
    }

    fn is_dead(&self, seat: u16) -> bool {
        !self.seats.borrow().contains(&seat)
    }
}
