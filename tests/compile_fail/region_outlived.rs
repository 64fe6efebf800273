//! Nothing made from memory outlives it.
use inos_core::*;

pub fn case(layout: &Layout) -> Result<(), Error> {
    let mut memory = AlignedBytes::<4096>::new();
    let sections = Sections::create(Region::from_bytes(memory.as_mut())?, layout, 1)?;
    let counter = EpochTable::open(&sections, SectionId(1))?.counter(0)?;
    let producer = RingBuffer::open(&sections, SectionId(2))?.producer()?;
    drop(sections);
    drop(memory); //~ E0505
    counter.advance(&Spin::default());
    drop(producer);
    Ok(())
}
