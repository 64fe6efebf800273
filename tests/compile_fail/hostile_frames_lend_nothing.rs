//! Among hostile parties frames cross by copies.
use inos_core::*;

pub fn case(frames: &PingPong<'_, Hostile>) -> Result<(), Error> {
    drop(frames.reader()?); //~ E0599 or: drop(frames.observer()?);
    let mut writer = frames.writer()?;
    writer.front()?; //~ E0599 or: writer.newest_len()?;
    drop(writer.front_and_back()?); //~ E0599
    let mut back = writer.back_mut()?;
    back.as_mut_slice()?.fill(0); //~ E0599 or: back.write(0, b"copy")?;
    back.publish(4)?;
    Ok(())
}
