//! A task that awaits an epoch borrows its watcher, and the bank that keeps its waker.
use inos_core::*;

pub fn watcher(watcher: &mut EpochWatcher<'_>, bank: &WakerBank<2>) -> Option<u32> {
    let change = watcher.next_change(bank);
    let seen = watcher.changed(); //~ E0499
    drop(change);
    None
}

pub fn bank(watcher: &mut EpochWatcher<'_>) {
    let bank = WakerBank::<2>::new();
    let change = watcher.next_change(&bank);
    drop(bank); //~ E0505
    drop(change);
}
