//! There is no third trust, and none turns into the other.
use inos_core::*;

#[derive(Clone, Copy, Debug)]
pub struct Careless;

impl Trust for Careless {} //~ E0277

pub fn case(sections: &Sections<'_, Hostile>) -> Result<(), Error> {
    let ring: RingBuffer<'_, Cooperative> = RingBuffer::open(sections, SectionId(2))?; //~ E0308 or: let ring: RingBuffer<'_, Hostile> = RingBuffer::open(sections, SectionId(2))?;
    drop(ring.producer()?);
    Ok(())
}
