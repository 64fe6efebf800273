//! Waiting on several epochs, and by other means than looking again.

use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;

use inos_core::{
    Changes, EpochCounter, EpochTable, EpochWatcher, Error, Park, SectionId, Sections, Spin,
    SpinThenPark, Trust, WakerBank, Wfe,
};

use crate::{Input, used};

/// Every way to wait, on every set.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let table = EpochTable::open(sections, SectionId(input.number()))?;
    let spin = Spin { polls: input.number() % 1024 };
    let bank = WakerBank::<2>::new();
    any_of(&table, &spin, input)?;
    any_of(&table, &SpinThenPark { looks: input.number() % 16, park: spin }, input)?;
    any_of(&table, &Wfe { looks: input.number() % 16 }, input)?;
    any_of(&table, &WakerBank::with(&bank, spin), input)?;
    WakerBank::wake(&bank);
    let mut watcher = EpochTable::watcher(&table, input.number())?;
    let mut change = pin!(EpochWatcher::next_change(&mut watcher, &bank));
    used(change.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    used(EpochTable::counter(&table, input.number())?.advance(&bank));
    used(change.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    Ok(())
}

#[inline(never)]
fn any_of<P: Park>(table: &EpochTable<'_>, park: &P, input: &Input<'_>) -> Result<(), Error> {
    let timeout = Some(Duration::from_millis(u64::from(input.number())));
    let [bell, counter] = [0, input.number()].map(|index| EpochTable::counter(table, index));
    let (bell, counter) = (bell?, counter?);
    let watcher = EpochTable::watcher(table, input.number())?;
    let mut watchers = [const { None }; 40].map(|_: Option<()>| watcher.clone());
    let (watchers, _) = watchers.split_at_mut_checked(input.length()).ok_or(Error::Empty)?;
    used(EpochCounter::advance_and_ring(&counter, &bell, park));
    let changes = inos_core::wait_any(watchers, park, timeout)?;
    used((Changes::contains(&changes, input.length()), Changes::is_empty(&changes)));
    used(Changes::count(&changes));
    Changes::iter(&changes).for_each(used);
    used(inos_core::wait_rung(&bell.watcher(), watchers, park, timeout));
    Ok(())
}
