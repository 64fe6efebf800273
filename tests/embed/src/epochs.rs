//! Banks of epochs.

use core::time::Duration;

use inos_core::{EpochCounter, EpochTable, EpochWatcher, Error, SectionId, Sections, Spin, Trust};

use crate::{Input, used};

/// Advances, watches, waits.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let table = EpochTable::open(sections, SectionId(input.number()))?;
    used(EpochTable::count(&table));
    let counter = EpochTable::counter(&table, input.number())?;
    let mut watcher = EpochTable::watcher(&table, input.number())?;
    self::counter(&counter, &mut watcher, input)
}

/// Any epoch, wherever it is.
#[inline(never)]
pub fn counter(
    counter: &EpochCounter<'_>,
    watcher: &mut EpochWatcher<'_>,
    input: &Input<'_>,
) -> Result<(), Error> {
    let park = Spin { polls: input.number() % 1024 };
    used(EpochCounter::advance(counter, &park));
    used((EpochCounter::current(counter), EpochCounter::watcher(counter)));
    used((EpochWatcher::current(watcher), EpochWatcher::seen(watcher)));
    used(EpochWatcher::changed(watcher));
    let timeout = Duration::from_millis(u64::from(input.number()));
    EpochWatcher::wait(watcher, &park, Some(timeout)).map(used)
}
