//! A grant does not outlive its producer, nor its bytes the grant.
use inos_core::*;

pub fn producer(mut producer: Producer<'_, Cooperative>) -> Result<(), Error> {
    let grant = producer.try_claim(4)?;
    drop(producer); //~ E0505
    grant.commit(1);
    Ok(())
}

pub fn grant(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let mut grant = producer.try_claim(4)?;
    let bytes = &mut grant[..];
    drop(grant);
    bytes.fill(2); //~ E0505
    Ok(())
}
