//! Threads on processors of their own.

use std::sync::OnceLock;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors that this process was started on.
fn allowed() -> &'static (CpuSet, Vec<usize>) {
    static ALLOWED: OnceLock<(CpuSet, Vec<usize>)> = OnceLock::new();
    ALLOWED.get_or_init(|| {
        let set = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        let numbers = (0..CpuSet::MAX_CPU).filter(|&number| set.is_set(number)).collect();
        (set, numbers)
    })
}

/// How many processors there are to pin to.
pub(crate) fn count() -> usize {
    allowed().1.len().max(1)
}

/// The system's number of the `index`th of the processors that there are, counting round.
pub(crate) fn number_of(index: usize) -> usize {
    let (_, numbers) = allowed();
    numbers.get(index % numbers.len().max(1)).copied().unwrap_or(0)
}

/// Keeps this thread on the processor of this number. Where the system refuses, it runs anywhere.
pub(crate) fn pin_to_number(number: usize) {
    let mut set = CpuSet::new();
    set.set(number);
    let _ = sched_setaffinity(None, &set);
}

/// Keeps this thread on one of the processors: the `index`th of those that there are, counting
/// round. Where the system refuses, the thread runs anywhere.
pub fn pin_to(index: usize) {
    pin_to_number(number_of(index));
}

/// Lets this thread, and those that it starts, run anywhere again.
pub fn unpin() {
    let (set, numbers) = allowed();
    if !numbers.is_empty() {
        let _ = sched_setaffinity(None, set);
    }
}
