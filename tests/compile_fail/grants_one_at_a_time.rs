//! A producer has one grant at a time, and pushes nothing meanwhile.
use inos_core::*;

pub fn case(producer: &mut Producer<'_, Cooperative>) -> Result<(), Error> {
    let grant = producer.try_claim(4)?;
    let other = producer.try_claim(4)?; //~ E0499
    producer.push(2, b"between")?; //~ E0499
    grant.commit(1);
    Ok(())
}
