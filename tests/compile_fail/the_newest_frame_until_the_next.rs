//! A writer looks at its newest frame until it takes a slot for the next but one.
use inos_core::*;

pub fn front(writer: &mut Writer<'_, Cooperative>) -> Result<(), Error> {
    let front = writer.front()?;
    assert!(front.is_empty());
    let back = writer.back_mut()?;
    assert!(front.is_empty()); //~ E0499
    back.publish(4)?;
    Ok(())
}

pub fn both(writer: &mut Writer<'_, Cooperative>) -> Result<(), Error> {
    let (front, back) = writer.front_and_back()?;
    back.publish(4)?;
    // Still the one before: two slots from the next.
    assert!(front.is_some());
    let (newer, back) = writer.front_and_back()?;
    assert!(front.is_some()); //~ E0499
    assert!(newer.is_some());
    drop(back);
    Ok(())
}
