//! Regions, and what stands in front of the sections.

use core::ptr::NonNull;

use inos_core::{
    Access, AlignedBytes, AtomicU32, Error, Hostile, Layout, Region, SectionId, Sections, Trust,
};

use crate::{Input, layout, used};

/// The doors.
#[inline(never)]
pub fn doors(memory: &mut [u8], words: &[AtomicU32]) -> Result<(), Error> {
    let mut bytes = AlignedBytes::<128>::new();
    used(Region::from_bytes(bytes.as_mut()).map(|region| Region::len(&region)));
    let (region, skipped) = Region::trim(memory);
    used((Region::access(&region), Region::is_empty(&region), skipped));
    let region = Region::from_words(words);
    used(Region::len(&region));
    let (base, len) = (NonNull::from(words).cast(), core::mem::size_of_val(words));
    // SAFETY: the bytes of `words`, which are atomics, for as long as they are borrowed.
    let region: Result<Region<'_, Hostile>, _> =
        unsafe { Region::from_raw_parts(base, len, Access::ReadOnly) };
    used(Sections::attach(region?).map(|sections| Sections::len(&sections)));
    Ok(())
}

/// Formats, attaches, and looks around.
#[inline(never)]
pub fn create<'m, T: Trust>(
    region: Region<'m, T>,
    layout: &Layout,
    input: &Input<'_>,
) -> Result<Sections<'m, T>, Error> {
    Sections::create(region, layout, u64::from(input.number()))
}

/// Attaches to what is there.
#[inline(never)]
pub fn attach<T: Trust>(region: Region<'_, T>) -> Result<Sections<'_, T>, Error> {
    Sections::attach(region)
}

/// Attaches to what is there if it is of this layout.
#[inline(never)]
pub fn attach_as<'m, T: Trust>(
    region: Region<'m, T>,
    layout: &Layout,
) -> Result<Sections<'m, T>, Error> {
    Sections::attach_as(region, layout)
}

/// Everything but opening.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    used((Sections::context_id(sections), Sections::layout_hash(sections)));
    used((Sections::len(sections), Sections::is_empty(sections), Sections::access(sections)));
    used(Sections::party(sections));
    Sections::check(sections)?;
    Sections::iter(sections).for_each(layout::section);
    let (id, offset) = (SectionId(input.number()), input.length());
    layout::section(Sections::section(sections, id)?);
    used(Sections::write_raw(sections, id, offset, input.bytes()));
    used(Sections::read_raw(sections, id, offset, input.buffer()));
    Ok(())
}
