//! The bytes behind a region are nobody else's for as long as anything of it is in use.
use inos_core::*;

pub fn case(memory: &mut AlignedBytes<4096>, layout: &Layout) -> Result<(), Error> {
    let sections = Sections::create(Region::from_bytes(memory.as_mut())?, layout, 1)?;
    memory.as_mut().fill(0); //~ E0499
    let epochs = EpochTable::open(&sections, SectionId(1))?;
    assert!(memory.as_ref().is_empty()); //~ E0502
    epochs.counter(0)?.advance(&Spin::default());
    Ok(())
}
