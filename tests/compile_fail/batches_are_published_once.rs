//! Records of a batch are the consumer's once it is committed, and drained ones go in order.
use inos_core::*;

pub fn committed(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let mut batch = producer.try_claim_batch(2, 8)?;
    let bytes = batch.push_mut(1, 8)?;
    bytes.fill(1);
    batch.commit();
    bytes.fill(2); //~ E0505
    Ok(())
}

pub fn more(producer: &mut Producer<'_, Hostile>) -> Result<(), Error> {
    let mut batch = producer.try_claim_batch(2, 8)?;
    batch.commit();
    batch.push(1, b"late")?; //~ E0382 or: batch = producer.try_claim_batch(2, 8)?;
    Ok(())
}

pub fn two(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let batch = producer.try_claim_batch(2, 8)?;
    producer.push(1, b"between")?; //~ E0499
    batch.commit();
    Ok(())
}

pub fn batched(mut producer: Producer<'_, Cooperative>) -> Result<(), Error> {
    let mut batched = producer.batched(8);
    producer.push(1, b"around")?; //~ E0382 or: batched.push(1, b"through")?;
    batched.flush();
    Ok(())
}

pub fn drained(consumer: &mut Consumer<'_, Cooperative>) -> Result<u32, Error> {
    let mut drain = consumer.drain()?;
    let record = drain.read()?;
    let next = drain.read()?; //~ E0499
    Ok(record.tag())
}

pub fn released(consumer: &mut Consumer<'_, Cooperative>) -> Result<u32, Error> {
    let mut drain = consumer.drain()?;
    let record = drain.read()?;
    drop(drain); //~ E0505
    Ok(record.tag())
}

pub fn hostile(
    producer: &mut Producer<'_, Hostile>,
    consumer: &mut Consumer<'_, Hostile>,
) -> Result<(), Error> {
    producer.try_claim_batch(2, 8)?.push_mut(1, 8)?; //~ E0599 or: producer.try_claim_batch(2, 8)?.push(1, b"copy")?;
    drop(consumer.drain()?.read()?); //~ E0599 or: consumer.drain()?.pop(&mut [0; 8])?;
    Ok(())
}
