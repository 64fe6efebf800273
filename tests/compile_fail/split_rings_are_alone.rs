//! Ends without leases have the memory to themselves.
use inos_core::*;

pub fn case(memory: &mut AlignedBytes<4096>, id: SectionId) -> Result<(), Error> {
    let (mut producer, consumer) = RingBuffer::split(memory.as_mut(), id)?;
    let (other, _) = RingBuffer::split(memory.as_mut(), id)?; //~ E0499
    drop(Sections::attach(Region::from_bytes(memory.as_mut())?)?); //~ E0499
    producer.push(1, b"alone")?;
    drop(consumer);
    Ok(())
}

pub fn hostile(memory: &mut [u8], id: SectionId) -> Result<(), Error> {
    drop(RingBuffer::<Hostile>::split(memory, id)?); //~ E0599 or: drop(RingBuffer::<Cooperative>::split(memory, id)?);
    Ok(())
}
