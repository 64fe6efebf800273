//! Bytes are formatted, or attached to, once at a time.
use inos_core::*;

pub fn case(memory: &mut AlignedBytes<4096>, layout: &Layout) -> Result<(), Error> {
    let sections = Sections::create(Region::from_bytes(memory.as_mut())?, layout, 1)?;
    let other = Sections::attach(Region::from_bytes(memory.as_mut())?)?; //~ E0499
    sections.check()
}
