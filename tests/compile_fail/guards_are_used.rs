//! A claim that is dropped at once is a mistake that a compiler tells.
#![deny(unused_must_use)]
use inos_core::*;

pub fn case(
    producer: &mut Producer<'_, Cooperative>,
    writer: &mut Writer<'_, Cooperative>,
) -> Result<(), Error> {
    producer.try_claim(4)?; //~ unused_must_use
    writer.back_mut()?; //~ unused_must_use
    Layout::builder(); //~ unused_must_use
    Ok(())
}
