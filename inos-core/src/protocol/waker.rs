//! A seat for one task's waker: the task stores it, whoever advances an epoch takes it out and
//! wakes it.
//!
//! ```text
//!  31                                  2 1 0
//! +--------------------------------------+---+---+---+
//! | zero                                 | W | R | H |  H: held by a task
//! +--------------------------------------+---+---+---+  R: the task has the cell
//!                                                       W: a waker has the cell, or came by
//! ```
//!
//! The cell belongs to whoever set R while W was not set, or W while neither was. A waker that
//! finds R goes away, since the task looks at its epoch when it is done. A waker that finds W
//! leaves it to the one who is there: the task looks again after it was woken.
//!
//! No wake-up is lost because both sides change the same word by read-modify-writes: either
//! the waker comes after the registration and finds it, or the registration ends after the
//! waker came and acquires the epoch that was advanced before, which the task looks at next.

use super::Word;
use super::fault::ordering;
use crate::sync::Ordering;

/// Bit 0: a task holds the seat.
pub const HELD: u32 = 1;
/// Bit 1: the task is at the cell.
pub const REGISTERING: u32 = 2;
/// Bit 2: a waker is at the cell, or was here while the task was at it.
pub const WAKING: u32 = 4;

/// Takes the seat; whether it was free. A waker may still be at its cell.
pub fn claim<W: Word>(word: &W) -> bool {
    // Relaxed: the cell is entered by `begin` or `begin_wake` only, which acquire it.
    word.or(HELD, Ordering::Relaxed) & HELD == 0
}

/// Enters the cell as the task that holds the seat. If not, a waker is there, and the task must
/// take itself for woken.
#[must_use = "false means that the task is being woken"]
pub fn begin<W: Word>(word: &W) -> bool {
    // Acquire, two jobs: the cell that a waker has left, and the epoch that it woke for; pairs
    // with Release in `end_wake` and `begin_wake`.
    let order = ordering("waker: begin", Ordering::Acquire);
    word.cas(HELD, HELD | REGISTERING, order, Ordering::Relaxed).is_ok()
}

/// Leaves the cell with a waker in it. The task must look at its epoch after this: a waker that
/// came by meanwhile has left it to the task.
pub fn end<W: Word>(word: &W) {
    // Release: a waker takes out what is in the cell; pairs with Acquire in `begin_wake`.
    // Acquire: the epoch of the waker that came by, which the task looks at next; pairs with
    // Release there. (No model sees that half: the look is a read-modify-write of the epoch,
    // and loom's find the newest value in any case.)
    word.and(HELD, ordering("waker: end", Ordering::AcqRel));
}

/// Enters the cell as a waker; if not, somebody is there who sees to the wake-up. To be called
/// after the epoch was advanced.
#[must_use = "false means that there is nothing to take"]
pub fn begin_wake<W: Word>(word: &W) -> bool {
    // Acquire: the waker in the cell; pairs with Release in `end`. Release: the epoch that was
    // advanced before; pairs with Acquire in `begin` and `end`. A read-modify-write for
    // free seats too: a plain load could miss a task that sat down before the epoch was
    // advanced.
    let old = word.or(WAKING, ordering("waker: begin wake", Ordering::AcqRel));
    old & (REGISTERING | WAKING) == 0
}

/// Leaves the cell empty, as a waker.
pub fn end_wake<W: Word>(word: &W) {
    // Release: the cell, for the next one in it; pairs with Acquire in `begin` and `begin_wake`.
    word.and(!WAKING, ordering("waker: end wake", Ordering::Release));
}

/// Begins to give the seat up: whether the caller is at the cell now and has to empty it and to
/// call [`end_release`]. Otherwise the seat is free already, and a waker empties its cell.
pub fn begin_release<W: Word>(word: &W) -> bool {
    if begin(word) {
        return true;
    }
    // Relaxed: the cell is the waker's, and the seat's next task enters it by `begin`.
    word.and(!HELD, Ordering::Relaxed);
    false
}

/// Leaves the cell empty and the seat free.
pub fn end_release<W: Word>(word: &W) {
    // Release: the cell, for the next one in it; pairs with Acquire in `begin` and `begin_wake`.
    word.and(0, ordering("waker: end release", Ordering::Release));
}
