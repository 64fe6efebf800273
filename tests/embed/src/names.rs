//! Epochs by name.

use core::time::Duration;

use inos_core::{
    Allocated, EpochId, Error, NamedCounter, NamedEpoch, NamedEpochs, NamedWatcher, SectionId,
    Sections, Spin, Trust,
};

use crate::{Input, used};

/// Allocates, advances, waits, frees.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let park = Spin { polls: input.number() % 1024 };
    let names = NamedEpochs::open(sections, SectionId(input.number()))?;
    used(NamedEpochs::slot_count(&names));
    used(NamedEpochs::find(&names, input.text()));
    let id = Allocated::id(NamedEpochs::allocate(&names, input.text())?);
    used((EpochId::index(id), EpochId::generation(id)));
    let id = EpochId::from_raw(EpochId::raw(id) ^ input.number());
    used(NamedEpochs::check(&names, id));
    if let Some(entry) = NamedEpochs::entry(&names, input.number())? {
        used((NamedEpoch::id(&entry), NamedEpoch::owner(&entry), NamedEpoch::name(&entry)));
    }
    let counter = NamedEpochs::counter(&names, id)?;
    used((NamedCounter::id(&counter), NamedCounter::counter(&counter)));
    let mut watcher = NamedEpochs::watcher(&names, id)?;
    used((NamedWatcher::id(&watcher), NamedWatcher::check(&watcher)));
    used(NamedCounter::advance(&counter, &park));
    used(NamedWatcher::changed(&mut watcher));
    used(NamedWatcher::watcher_mut(&mut watcher).changed());
    let timeout = Duration::from_millis(u64::from(input.number()));
    used(NamedWatcher::wait(&mut watcher, &park, Some(timeout)));
    NamedEpochs::free(&names, id, &park)
}
