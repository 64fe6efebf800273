//! Arenas: blocks that are taken, written, handed over, adopted and freed.

use std::mem;

use inos_core::{Arena, Block, Handle, SectionId};

use super::world::{Handed, World, filled, holds};
use super::{Context, Door, keep, one};
use crate::bytes::Bytes;

/// Most blocks at a time.
const MAX_BLOCK_COUNT: usize = 48;
/// No arena here has a longer one.
const MAX_BLOCK_LEN: usize = 1 << 16;

pub(super) struct Arenas<'m, T: Door> {
    arenas: Vec<(SectionId, Arena<'m, T>)>,
    /// With the seed of what was written into each.
    blocks: Vec<(SectionId, Block<'m, T>, u32)>,
}

impl<T: Door> Default for Arenas<'_, T> {
    fn default() -> Self {
        Self { arenas: Vec::new(), blocks: Vec::new() }
    }
}

/// Bytes of a block to look at: all, unless words that somebody has overwritten make it endless.
fn len_of<T: Door>(world: &World, block: &Block<'_, T>) -> usize {
    let len = block.len();
    assert!(len <= MAX_BLOCK_LEN || !world.is_owned());
    len.min(MAX_BLOCK_LEN)
}

/// What was written must still be there.
fn check<T: Door>(world: &World, block: &Block<'_, T>, seed: u32) {
    let mut copy = vec![0; len_of(world, block)];
    let result = block.read(0, &mut copy);
    if world.is_owned() {
        result.expect("as long as the block");
        assert!(holds(seed, &copy), "a block that somebody else has written");
    }
    if let Some(bytes) = T::bytes_of(block) {
        assert_eq!(bytes, copy);
        assert!(bytes.as_ptr().addr().is_multiple_of(8));
    }
}

impl<'m, T: Door> Arenas<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        if let Some(arena) = at.world.see(Arena::open(at.sections, id)) {
            keep(&mut self.arenas, (id, arena));
        }
    }

    pub(super) fn work(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 10 {
            0..=3 => self.allocate(at.world, bytes),
            4 | 5 => self.free(at.world, bytes),
            6 => self.hand_over(at, bytes),
            7 => self.adopt(at.world, bytes),
            8 => {
                let (offset, len) = (bytes.word() as usize, usize::from(bytes.u8()));
                let Some((_, block, seed)) = one(&mut self.blocks, bytes) else { return };
                check(at.world, block, *seed);
                // A piece of the same again, anywhere.
                let whole = filled(*seed, len_of(at.world, block));
                let piece =
                    whole.get(offset..).map_or(&[0; 4][..], |rest| &rest[..len.min(rest.len())]);
                let is_inside = offset <= whole.len() && offset.is_multiple_of(4);
                let result = block.write(offset, piece);
                assert!(result.is_ok() == is_inside || !at.world.is_owned());
                check(at.world, block, *seed);
            }
            _ => self.stats(at.world),
        }
    }

    fn allocate(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let len = match bytes.u8() {
            choice @ 0..128 => usize::from(choice) * 8,
            128..192 => usize::from(bytes.u16()),
            _ => bytes.word() as usize,
        };
        let Some((id, arena)) = one(&mut self.arenas, bytes) else { return };
        let Some(block) = world.see(arena.allocate(len)) else { return };
        assert!(block.len() >= len.max(64));
        let id = *id;
        self.take(world, id, block);
    }

    fn take(&mut self, world: &World, id: SectionId, mut block: Block<'m, T>) {
        let seed = world.seed();
        let result = block.write(0, &filled(seed, len_of(world, &block)));
        assert!(result.is_ok() || !world.is_owned());
        if self.blocks.len() == MAX_BLOCK_COUNT {
            let (_, oldest, seed) = self.blocks.remove(0);
            check(world, &oldest, seed);
        }
        self.blocks.push((id, block, seed));
    }

    fn remove(&mut self, bytes: &mut Bytes<'_>) -> Option<(SectionId, Block<'m, T>, u32)> {
        let index = bytes.index(self.blocks.len());
        (index < self.blocks.len()).then(|| self.blocks.swap_remove(index))
    }

    fn free(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let Some((id, block, seed)) = self.remove(bytes) else { return };
        check(world, &block, seed);
        match self.arenas.iter_mut().find(|(other, _)| *other == id) {
            Some((_, arena)) if bytes.u8().is_multiple_of(2) => arena.free(block),
            _ => drop(block),
        }
    }

    fn hand_over(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        let Some((id, block, seed)) = self.remove(bytes) else { return };
        check(at.world, &block, seed);
        // As its own, or to whoever sits there, now or later.
        let (handle, party) = match seed % 4 {
            party @ 1..=2 => (block.hand_over_to(party as u16), party as u16),
            _ => (block.hand_over(), at.sections.party()),
        };
        at.world.handed.borrow_mut().push(Handed { id, handle, seed, party });
    }

    fn adopt(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let count = world.handed.borrow().len();
        let index = bytes.index(count + 1);
        if index == count {
            // Made up.
            let handle = Handle { offset: bytes.word(), generation: bytes.word() };
            let Some((id, arena)) = one(&mut self.arenas, bytes) else { return };
            if let Ok(block) = arena.adopt(handle) {
                // Made up well.
                let id = *id;
                world
                    .handed
                    .borrow_mut()
                    .retain(|handed| handed.id != id || handed.handle != handle);
                self.take(world, id, block);
            }
            return;
        }
        let Handed { id, handle, seed, .. } = world.handed.borrow()[index];
        let found = self.arenas.iter().position(|(other, _)| *other == id);
        let Some(at) = found else { return };
        world.handed.borrow_mut().swap_remove(index);
        match self.arenas[at].1.adopt(handle) {
            Ok(block) => {
                check(world, &block, seed);
                // Not again, and nobody takes what is held by guessing.
                for more in 0..3 {
                    let generation = handle.generation.wrapping_add(more);
                    let again = self.arenas[at].1.adopt(Handle { generation, ..handle });
                    assert!(again.is_err() || !world.is_owned());
                }
                self.take(world, id, block);
            }
            // Whose it was died, and what he had was taken.
            Err(error) => assert!(!world.is_owned() || world.has_died.get(), "{error}"),
        }
    }

    fn stats(&self, world: &World) {
        for (id, arena) in &self.arenas {
            let Some(stats) = world.see(arena.stats()) else { continue };
            let config = arena.config();
            assert_eq!(stats.total_len, u64::from(config.pages) * u64::from(config.page_len));
            if !world.is_owned() {
                continue;
            }
            assert_eq!(stats.free_len + stats.retained_len + stats.used_len, stats.total_len);
            let ours = || self.blocks.iter().filter(|(other, ..)| other == id);
            let len = ours().map(|(_, block, _)| block.len() as u64).sum::<u64>();
            assert!(stats.used_len >= len && stats.block_count as usize >= ours().count());
        }
    }

    pub(super) fn clear(&mut self, world: &World) {
        for (_, block, seed) in self.blocks.drain(..) {
            check(world, &block, seed);
        }
        self.stats(world);
        self.arenas.clear();
    }

    /// Everything is given back, and nobody else has anything: then all of it is free.
    pub(super) fn finish(&mut self, world: &World) {
        for (_, block, seed) in self.blocks.drain(..) {
            check(world, &block, seed);
        }
        if !world.is_owned() || world.has_died.get() || !world.leaks.borrow().is_empty() {
            return;
        }
        for (id, arena) in &self.arenas {
            // An arena that is open twice has nothing left the second time.
            world.handed.borrow_mut().retain(|handed| {
                if handed.id == *id {
                    check(world, &arena.adopt(handed.handle).expect("handed over"), handed.seed);
                }
                handed.id != *id
            });
            let stats = arena.stats().expect("words that only views have written");
            assert_eq!((stats.used_len, stats.block_count, stats.handed_count), (0, 0, 0));
        }
    }

    pub(super) fn forget(&mut self, at: Context<'_, 'm, T>, choice: u8) {
        if choice.is_multiple_of(4) {
            self.arenas.pop();
        } else if let Some((_, block, _)) = self.blocks.pop() {
            at.world.leaks.borrow_mut().push(at.sections.party());
            mem::forget(block);
        }
    }

    pub(super) fn die(&mut self) {
        self.blocks.drain(..).for_each(mem::forget);
        self.arenas.drain(..).for_each(mem::forget);
    }
}
