//! A block is its holder's until it is handed over, and its bytes are lent among cooperative
//! parties only.
use inos_core::*;

pub fn handed_over(arena: &mut Arena<'_, Cooperative>) -> Result<Handle, Error> {
    let mut block = arena.allocate(8)?;
    let bytes = &mut block[..];
    bytes.fill(1);
    let handle = block.hand_over();
    bytes.fill(2); //~ E0505
    Ok(handle)
}

pub fn twice(arena: &mut Arena<'_, Cooperative>) -> Result<Handle, Error> {
    let block = arena.allocate(8)?;
    let handle = block.hand_over();
    block.hand_over(); //~ E0382
    Ok(handle)
}

pub fn freed(arena: &mut Arena<'_, Cooperative>) -> Result<(), Error> {
    let block = arena.allocate(8)?;
    let bytes = &block[..];
    arena.free(block);
    assert!(bytes.is_empty()); //~ E0505
    Ok(())
}

pub fn hostile(arena: &mut Arena<'_, Hostile>) -> Result<(), Error> {
    let block = arena.allocate(8)?;
    assert!(block[..].is_empty()); //~ E0608 or: block.read(0, &mut [0; 8])?;
    Ok(())
}
