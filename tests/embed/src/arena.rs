//! Blocks of memory, and the handles they are sent by.

use core::hint::black_box;

use inos_core::{Arena, Block, Cooperative, Error, Handle, SectionId, Sections, Trust};

use crate::{Input, used};

/// By copies.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let mut arena = Arena::open(sections, SectionId(input.number()))?;
    used(Arena::config(&arena));
    let mut block = Arena::allocate(&mut arena, input.length())?;
    used((Block::len(&block), Block::is_empty(&block)));
    used(Block::write(&mut block, input.length(), input.bytes()));
    used(Block::read(&block, input.length(), input.buffer()));
    let handle = Block::hand_over_to(block, input.number() as u16);
    let block = Arena::adopt(&arena, Handle::from_value(black_box(Handle::to_value(handle))))?;
    let handle = Block::hand_over(block);
    used(Arena::adopt(&arena, Handle { offset: input.number(), generation: input.number() }));
    let block = Arena::adopt(&arena, handle)?;
    Arena::free(&mut arena, block);
    Arena::stats(&arena).map(used)
}

/// In place.
#[inline(never)]
pub fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) -> Result<(), Error> {
    let mut arena = Arena::open(sections, SectionId(input.number()))?;
    let mut block = Arena::allocate(&mut arena, input.length())?;
    used(block.first());
    block.fill(input.number() as u8);
    Ok(())
}
