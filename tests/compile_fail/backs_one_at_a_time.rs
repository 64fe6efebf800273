//! A writer has one slot at a time, and its bytes are the readers' once it is published.
use inos_core::*;

pub fn two(writer: &mut Writer<'_, Cooperative>) -> Result<u32, Error> {
    let back = writer.back_mut()?;
    let other = writer.back_mut()?; //~ E0499
    back.publish(4)
}

pub fn published(writer: &mut Writer<'_, Cooperative>) -> Result<(), Error> {
    let mut back = writer.back_mut()?;
    let bytes = back.as_mut_slice()?;
    bytes.fill(1);
    back.publish(4)?;
    bytes.fill(2); //~ E0505
    Ok(())
}

pub fn twice(writer: &mut Writer<'_, Cooperative>) -> Result<(), Error> {
    let back = writer.back_mut()?;
    back.publish(4)?;
    back.publish(8)?; //~ E0382
    Ok(())
}
