//! A consumer has one record at a time; dropped, its bytes belong to the producer.
use inos_core::*;

pub fn two(consumer: &mut Consumer<'_, Cooperative>) -> Result<u32, Error> {
    let record = consumer.read()?;
    let other = consumer.read()?; //~ E0499
    consumer.pop(&mut [])?; //~ E0499
    Ok(record.tag())
}

pub fn released(consumer: &mut Consumer<'_, Cooperative>) -> Result<(), Error> {
    let record = consumer.read()?;
    let bytes = &record[..];
    drop(record);
    assert!(bytes.is_empty()); //~ E0505
    Ok(())
}

pub fn written(consumer: &mut Consumer<'_, Cooperative>) -> Result<(), Error> {
    let mut record = consumer.read()?;
    record[0] = 1; //~ E0594
    drop(record);
    Ok(())
}
