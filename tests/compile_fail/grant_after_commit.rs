//! The bytes of a grant belong to the consumer once it is committed.
use inos_core::*;

pub fn slice(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let mut grant = producer.try_claim(4)?;
    let bytes = &mut grant[..];
    bytes.fill(1);
    grant.commit(1);
    bytes.fill(2); //~ E0505
    Ok(())
}

pub fn grant(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let mut grant = producer.try_claim(4)?;
    grant.commit(1);
    grant.fill(2); //~ E0382 or: grant = producer.try_claim(4)?;
    Ok(())
}
