//! A seat pins one frame at a time, for as long as it is looked at.
use inos_core::*;

pub fn two(reader: &mut Reader<'_>) -> Result<u32, Error> {
    let front = reader.front()?;
    let newer = reader.front()?; //~ E0499
    Ok(front.version())
}

pub fn unpinned(reader: &mut Reader<'_>) -> Result<(), Error> {
    let front = reader.front()?;
    let bytes = &front[..];
    drop(front);
    assert!(bytes.is_empty()); //~ E0505
    Ok(())
}

pub fn seat(mut reader: Reader<'_>) -> Result<u32, Error> {
    let front = reader.front()?;
    drop(reader); //~ E0505
    Ok(front.version())
}

pub fn written(reader: &mut Reader<'_>) -> Result<(), Error> {
    let mut front = reader.front()?;
    front[0] = 1; //~ E0594
    drop(front);
    Ok(())
}
