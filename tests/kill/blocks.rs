//! The arena: everybody allocates, fills, looks and frees, and now and then sends a block to the
//! parent, through the ring of handles.

use inos::{Arena, Block, Cooperative, Error, Handle, RingBuffer, Sections};

use super::{ARENA, HANDLES, Random, check_pattern, pattern};

pub(crate) struct Child<'p> {
    arena: Arena<'p, Cooperative>,
    handles: RingBuffer<'p, Cooperative>,
    held: Vec<Block<'p, Cooperative>>,
    number: u32,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        Self {
            arena: Arena::open(sections, ARENA).unwrap(),
            handles: RingBuffer::open(sections, HANDLES).unwrap(),
            held: Vec::new(),
            number,
            count: 0,
        }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        for _ in 0..random.below(10) {
            let len = 8 + random.below(900) as usize;
            match self.arena.allocate(len) {
                Ok(mut block) => {
                    let bytes = pattern(self.number, self.count, block.len());
                    block.copy_from_slice(&bytes);
                    self.held.push(block);
                    self.count += 1;
                }
                Err(error) => assert_eq!(error, Error::Full),
            }
            if self.held.len() > 4 || random.below(3) == 0 {
                let which = random.below(self.held.len().max(1) as u32) as usize;
                if self.held.is_empty() {
                    continue;
                }
                let block = self.held.swap_remove(which);
                assert_eq!(check_pattern(&block).0, self.number, "somebody wrote into it");
                if random.below(2) == 0 { self.arena.free(block) } else { self.send(block) }
            }
        }
    }

    fn send(&self, block: Block<'p, Cooperative>) {
        if let Ok(mut producer) = self.handles.producer() {
            let Handle { offset, generation } = block.hand_over();
            let words = [offset.to_ne_bytes(), generation.to_ne_bytes()].concat();
            // A block whose handle is lost is this child's until it dies.
            let _ = producer.push(0, &words);
        }
    }
}

pub(crate) struct Parent<'p> {
    arena: Arena<'p, Cooperative>,
    handles: inos::Consumer<'p, Cooperative>,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let handles = RingBuffer::open(sections, HANDLES).unwrap().consumer().unwrap();
        Self { arena: Arena::open(sections, ARENA).unwrap(), handles, seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        for _ in 0..1000 {
            let Ok(record) = self.handles.read() else { return };
            let word = |at: usize| u32::from_ne_bytes(record[at..at + 4].try_into().unwrap());
            let handle = Handle { offset: word(0), generation: word(4) };
            drop(record);
            // Of a sender that died meanwhile the block may be gone.
            match self.arena.adopt(handle) {
                Ok(block) => {
                    check_pattern(&block);
                    self.seen += 1;
                }
                Err(Error::Stale { .. } | Error::OutOfBounds { .. }) => {}
                Err(error) => assert_eq!(error, Error::Empty, "{handle:?}"),
            }
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let mut arena = Arena::open(sections, ARENA).unwrap();
    let stats = arena.stats().unwrap();
    assert_eq!((stats.block_count, stats.used_len), (0, 0), "{stats:?}");
    assert_eq!(arena.allocate(stats.total_len as usize).unwrap().len() as u64, stats.total_len);
}
