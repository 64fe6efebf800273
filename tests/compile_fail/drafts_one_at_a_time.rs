//! A transmitter writes one record at a time; sent, it is everybody's.
use inos_core::*;

pub fn two(transmitter: &mut Transmitter<'_>) -> Result<(), Error> {
    let draft = transmitter.draft(8)?;
    transmitter.send(1, b"between")?; //~ E0499
    draft.send(2)
}

pub fn sent(transmitter: &mut Transmitter<'_>) -> Result<(), Error> {
    let mut draft = transmitter.draft(8)?;
    draft.send(2)?;
    draft.write(0, b"late")?; //~ E0382
    Ok(())
}
