//! One of many producers has one claim at a time; committed, its bytes are the consumer's.
use inos_core::*;

pub fn two(producer: &mut MpscProducer<'_, Cooperative>) -> Result<(), Error> {
    let grant = producer.try_claim(8)?;
    producer.push(1, b"between")?; //~ E0499
    let batch = producer.try_claim_batch(8)?; //~ E0499
    grant.commit(1)
}

pub fn committed(producer: &mut MpscProducer<'_, Cooperative>) -> Result<(), Error> {
    let mut grant = producer.try_claim(8)?;
    let bytes = &mut grant[..];
    bytes.fill(1);
    grant.commit(1)?;
    bytes.fill(2); //~ E0505
    Ok(())
}

pub fn batch(producer: &mut MpscProducer<'_, Cooperative>) -> Result<(), Error> {
    let mut batch = producer.try_claim_batch(64)?;
    let bytes = batch.push_mut(1, 8)?;
    bytes.fill(1);
    batch.commit()?;
    bytes.fill(2); //~ E0505
    Ok(())
}

pub fn released(consumer: &mut MpscConsumer<'_, Cooperative>) -> Result<(), Error> {
    let record = consumer.read()?;
    let next = consumer.read()?; //~ E0499
    let bytes = &record[..];
    drop(record);
    assert!(bytes.is_empty()); //~ E0505
    Ok(())
}

pub fn drained(consumer: &mut MpscConsumer<'_, Cooperative>) -> Result<(), Error> {
    let mut kept: Option<&[u8]> = None;
    consumer.drain(8, |_, bytes| kept = Some(bytes))?; //~ E0521 or: consumer.drain(8, |_, bytes| drop(bytes.to_vec()))?;
    assert!(kept.is_none());
    Ok(())
}

pub fn hostile(
    producer: &mut MpscProducer<'_, Hostile>,
    consumer: &mut MpscConsumer<'_, Hostile>,
) -> Result<(), Error> {
    drop(producer.try_claim(8)?); //~ E0599 or: producer.push(1, b"copy")?;
    producer.try_claim_batch(8)?.push_mut(1, 8)?; //~ E0599 or: producer.try_claim_batch(8)?.push(1, b"copy")?;
    drop(consumer.read()?); //~ E0599 or: consumer.pop(&mut [0; 8])?;
    Ok(())
}
