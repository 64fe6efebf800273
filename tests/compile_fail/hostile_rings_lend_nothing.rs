//! Among hostile parties records cross by copies.
use inos_core::*;

pub fn case(ring: &RingBuffer<'_, Hostile>) -> Result<(), Error> {
    let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    drop(producer.try_claim(4)?); //~ E0599 or: producer.push(1, b"copy")?;
    drop(consumer.read()?); //~ E0599 or: consumer.pop(&mut [0; 4])?;
    Ok(())
}
