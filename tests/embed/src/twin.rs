//! Replicas that copy what changed.

use inos_core::{DirtyMap, Error, SectionId, Sections, Snapshot, Spin, Trust, Twin, TwinWriter};

use crate::{Input, used};

/// Writes, publishes, pulls, pushes.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let park = Spin { polls: input.number() % 1024 };
    let map = DirtyMap::open(sections, SectionId(input.number()))?;
    used((DirtyMap::config(&map), DirtyMap::block_count(&map)));
    used((DirtyMap::len(&map), DirtyMap::is_empty(&map)));
    used(DirtyMap::range_of(&map, sections, SectionId(input.number())));
    used(DirtyMap::watcher(&map));
    let mut writer = DirtyMap::writer(&map)?;
    used(TwinWriter::write(&mut writer, input.length(), input.bytes()));
    used(TwinWriter::mark(&mut writer, input.length(), input.length()));
    used(TwinWriter::read(&writer, input.length(), input.buffer()));
    TwinWriter::unpublished(&writer).for_each(used);
    used((TwinWriter::publish(&mut writer, &park), TwinWriter::epoch(&writer)));

    let mut twin = DirtyMap::twin(&map);
    used((Twin::epoch(&twin), Twin::len(&twin), Twin::is_empty(&twin)));
    let tries = input.number() % 16;
    used(Twin::pull(&mut twin, input.buffer(), tries));
    let changed = [(input.length(), input.length())];
    used(Twin::push(&mut twin, &mut writer, input.bytes(), &changed, &park));
    let mut snapshot = Snapshot::new(DirtyMap::twin(&map), input.buffer())?;
    used(Snapshot::pull(&mut snapshot, tries));
    used((Snapshot::epoch(&snapshot), Snapshot::bytes(&snapshot).map(<[u8]>::len)));
    Ok(())
}
