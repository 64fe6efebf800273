#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::vec::Vec;
use std::{mem, thread};

use proptest::prelude::*;

use super::*;
use crate::{
    AlignedBytes, AlwaysAlive, Cooperative, Hostile, Layout, PartiesConfig, Region, Sections,
};

const ID: SectionId = SectionId(3);
const PARTIES: SectionId = SectionId(4);
const CONFIG: ArenaConfig = ArenaConfig { page_len: 1024, pages: 12 };

fn layout(config: ArenaConfig) -> Layout {
    Layout::builder()
        .arena(ID, "arena", config)
        .parties(PARTIES, "parties", PartiesConfig::of::<AlwaysAlive>(4))
        .build()
        .unwrap()
}

fn cooperative(config: ArenaConfig, test: impl FnOnce(&Sections<'_, Cooperative>)) {
    let mut memory = AlignedBytes::<65536>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    test(&Sections::create(region, &layout(config), 7).unwrap());
}

fn assert_adds_up(arena: &Arena<'_, impl Trust>) -> ArenaStats {
    let stats = arena.stats().unwrap();
    assert_eq!(stats.free_len + stats.retained_len + stats.used_len, stats.total_len);
    stats
}

/// Nothing is held, and the whole of it can be had in one piece.
fn assert_all_free(arena: &mut Arena<'_, impl Trust>) {
    let stats = assert_adds_up(arena);
    assert_eq!((stats.used_len, stats.block_count), (0, 0));
    let all = arena.allocate(stats.total_len as usize).unwrap();
    assert_eq!(all.len() as u64, stats.total_len);
    drop(all);
    assert_eq!(assert_adds_up(arena).free_len, stats.total_len);
}

#[test]
fn blocks_of_all_sizes_do_not_overlap() {
    cooperative(CONFIG, |sections| {
        let mut arena = Arena::open(sections, ID).unwrap();
        let mut blocks = Vec::new();
        for (fill, len) in
            [0, 1, 64, 65, 100, 127, 128, 129, 1024, 1500, 3000].into_iter().enumerate()
        {
            let mut block = arena.allocate(len).unwrap();
            assert!(block.len() >= len && block.len() >= 64);
            assert_eq!(block.as_ptr().addr() % 8, 0);
            block.fill(fill as u8);
            blocks.push(block);
        }
        for (fill, block) in blocks.iter().enumerate() {
            assert!(block.iter().all(|&byte| byte == fill as u8));
        }
        let used: usize = blocks.iter().map(|block| block.len()).sum();
        let stats = assert_adds_up(&arena);
        assert_eq!((stats.used_len, stats.block_count), (used as u64, 11));
        drop(blocks);
        assert_all_free(&mut arena);
    });
}

#[test]
fn full_and_too_large_are_told_apart() {
    cooperative(CONFIG, |sections| {
        let mut arena = Arena::open(sections, ID).unwrap();
        let len = 12 * 1024 + 1;
        assert_eq!(arena.allocate(len).err(), Some(Error::TooLarge { len, max: 12 * 1024 }));
        assert!(matches!(arena.allocate(usize::MAX), Err(Error::TooLarge { .. })));
        let some = arena.allocate(64).unwrap();
        assert_eq!(arena.allocate(12 * 1024).err(), Some(Error::Full));
        drop(some);
        let most = arena.allocate(11 * 1024).unwrap();
        let mut small = Vec::new();
        while let Ok(block) = arena.allocate(100) {
            small.push(block);
        }
        assert_eq!(small.len(), 1024 / 104);
        assert_eq!(arena.allocate(64).err(), Some(Error::Full));
        small.pop();
        assert_eq!(arena.allocate(64).err(), Some(Error::Full), "the page has another class");
        assert!(arena.allocate(97).is_ok(), "a page that looked full is looked at again");
        small.clear();
        assert!(arena.allocate(64).is_ok(), "an empty page changes its class");
        drop(most);
        assert_all_free(&mut arena);
    });
}

#[test]
fn a_handle_is_good_for_once() {
    cooperative(CONFIG, |sections| {
        let (mut one, other) =
            (Arena::open(sections, ID).unwrap(), Arena::open(sections, ID).unwrap());
        for len in [80, 2500] {
            let mut block = one.allocate(len).unwrap();
            let (place, len) = (block.as_ptr(), block.len());
            block.fill(7);
            let held = Handle {
                offset: (block.offset() / 8) as u32,
                generation: block.claim.as_ref().unwrap().generation(),
            };
            assert!(matches!(other.adopt(held), Err(Error::Stale { .. })), "it is held");
            let handle = block.hand_over();
            assert_eq!(assert_adds_up(&one).handed_count, 1);
            let wrong = Handle { generation: handle.generation + 1, ..handle };
            let stale = Error::Stale {
                expected: u64::from(wrong.generation),
                found: u64::from(handle.generation),
            };
            assert_eq!(other.adopt(wrong).err(), Some(stale));
            let adopted = other.adopt(handle).unwrap();
            assert_eq!((adopted.as_ptr(), adopted.len()), (place, len));
            assert!(adopted.iter().all(|&byte| byte == 7));
            assert!(matches!(one.adopt(handle), Err(Error::Stale { .. })), "used");
            drop(adopted);
            let freed = one.adopt(handle).err().unwrap();
            // The pages of a run are free with it, and then no block begins there.
            let expected = if len == 80 {
                matches!(freed, Error::Stale { .. })
            } else {
                matches!(freed, Error::OutOfBounds { .. })
            };
            assert!(expected, "{freed}");
        }
        for offset in [1, 9, 12 * 1024 / 8, u32::MAX] {
            let made_up = Handle { offset, generation: 1 };
            assert!(matches!(one.adopt(made_up), Err(Error::OutOfBounds { .. })), "{offset}");
        }
        assert_all_free(&mut one);
    });
}

/// A block of another arena is freed there, and leaves no trace here.
#[test]
fn a_block_of_another_arena_is_freed_where_it_is() {
    const OTHER: SectionId = SectionId(9);
    let layout = Layout::builder()
        .arena(ID, "small", ArenaConfig { page_len: 1024, pages: 4 })
        .arena(OTHER, "large", ArenaConfig { page_len: 4096, pages: 4 })
        .build()
        .unwrap();
    let mut memory = AlignedBytes::<32768>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout, 7).unwrap();
    let (mut small, mut large) =
        (Arena::open(&sections, ID).unwrap(), Arena::open(&sections, OTHER).unwrap());
    let blocks: Vec<_> = (0..34).map(|_| large.allocate(120).unwrap()).collect();
    let first = small.allocate(120).unwrap();
    for block in blocks {
        small.free(block);
    }
    assert_eq!(assert_adds_up(&large).used_len, 0);
    let mut places: Vec<_> = (0..32).filter_map(|_| small.allocate(120).ok()).collect();
    places.push(first);
    for (fill, block) in (0..).zip(&mut places) {
        block.fill(fill);
    }
    for (fill, block) in (0..).zip(&places) {
        assert!(block.iter().all(|&byte| byte == fill), "two blocks overlap");
    }
    // Even a hint that lies leads nowhere outside of a page.
    let parts = &small.parts;
    assert!(arena::carve(parts, 3, 7) || arena::claim_block(parts, 3, 7, 0, 0).is_none());
    assert!(arena::claim_block(parts, 0, 7, 8, 0).is_none());
    assert!(arena::claim_block(parts, 0, 7, u32::MAX, 0).is_none());
}

#[test]
fn what_a_party_forgot_is_free_when_it_leaves() {
    cooperative(CONFIG, |sections| {
        let party = sections.join(PARTIES, &AlwaysAlive, "one").unwrap();
        let other = sections.join(PARTIES, &AlwaysAlive, "two").unwrap();
        let mut arena = Arena::open(&party.sections(), ID).unwrap();
        let receiver = Arena::open(&other.sections(), ID).unwrap();
        mem::forget((arena.allocate(64).unwrap(), arena.allocate(3000).unwrap()));
        let lost = arena.allocate(64).unwrap().hand_over();
        let sent = [64, 2000].map(|len| arena.allocate(len).unwrap().hand_over());
        let adopted = sent.map(|handle| receiver.adopt(handle).unwrap());
        drop(party);
        let stats = assert_adds_up(&receiver);
        assert_eq!((stats.used_len, stats.block_count), (64 + 2048, 2), "the adopted stay");
        assert!(matches!(receiver.adopt(lost), Err(Error::Stale { .. })));
        drop(adopted);
        drop(other);
        assert_all_free(&mut Arena::open(sections, ID).unwrap());
    });
}

#[test]
fn an_exclusive_attachment_frees_everything() {
    let mut memory = AlignedBytes::<65536>::new();
    {
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(CONFIG), 7).unwrap();
        let mut arena = Arena::open(&sections, ID).unwrap();
        mem::forget((arena.allocate(64).unwrap(), arena.allocate(3000).unwrap()));
    }
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let mut arena = Arena::open(&sections, ID).unwrap();
    assert_all_free(&mut arena);
    // Generations go on: a handle of before does not fit.
    let block = arena.allocate(64).unwrap();
    assert_eq!(block.claim.as_ref().unwrap().generation(), 3);
}

#[test]
fn layouts_outside_the_ranges_are_refused() {
    for (page_len, pages) in [(256, 1), (600, 1), (1 << 21, 1), (1024, 0), (1 << 20, 1 << 16)] {
        let config = ArenaConfig { page_len, pages };
        assert!(Layout::builder().arena(ID, "", config).build().is_err(), "{config:?}");
    }
    // One page short of what handles can tell apart.
    assert!(section_len(&ArenaConfig { page_len: 1 << 20, pages: 1 << 15 }).is_ok());
}

/// Threads that allocate, hand over, adopt and free, each filling its blocks with a value of its
/// own: a byte of another's would be seen.
#[test]
fn threads_do_not_get_in_each_others_way() {
    let config = ArenaConfig { page_len: 512, pages: 24 };
    cooperative(config, |sections| {
        let (send, receive) = std::sync::mpsc::channel::<Handle>();
        thread::scope(|scope| {
            for fill in 0..4_u8 {
                let send = send.clone();
                scope.spawn(move || {
                    let mut arena = Arena::open(sections, ID).unwrap();
                    let mut held: Vec<Block<'_, Cooperative>> = Vec::new();
                    let mut state = u32::from(fill) + 1;
                    for _ in 0..3000 {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        let choice = state >> 16;
                        if choice % 3 == 0 && !held.is_empty() {
                            let block = held.swap_remove(choice as usize / 3 % held.len());
                            assert!(block.iter().all(|&byte| byte == fill));
                            if choice % 2 == 0 { arena.free(block) } else { drop(block) }
                        } else if choice % 7 == 1 && !held.is_empty() {
                            send.send(held.pop().unwrap().hand_over()).unwrap();
                        } else if let Ok(mut block) = arena.allocate(choice as usize % 1200) {
                            block.fill(fill);
                            held.push(block);
                        }
                    }
                });
            }
            drop(send);
            scope.spawn(move || {
                let arena = Arena::open(sections, ID).unwrap();
                for handle in receive {
                    let block = arena.adopt(handle).unwrap();
                    assert!(block.iter().all(|&byte| byte == block[0]));
                }
            });
        });
        assert_all_free(&mut Arena::open(sections, ID).unwrap());
    });
}

/// Whatever a peer writes into the words, nobody panics, loops or reaches outside.
#[test]
fn words_of_nonsense_are_survived() {
    let words: Vec<AtomicU32> = (0..16384).map(|_| AtomicU32::new(0)).collect();
    let sections =
        Sections::<Hostile>::create(Region::from_words(&words), &layout(CONFIG), 7).unwrap();
    let section = *sections.section(ID).unwrap();
    let first = section.offset() as usize / 4;
    let control = CONFIG.data() as usize / 4;
    let mut state = 1_u32;
    for round in 0..400_u32 {
        for word in &words[first..first + control] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = match round % 4 {
                0 => state,
                1 => state >> 20,
                2 => (state >> 29) | 0x2001,
                _ => 0x8001 | (state >> 16 << 12),
            };
            word.store(value, Ordering::Relaxed);
        }
        let mut arena = Arena::open(&sections, ID).unwrap();
        for len in [0, 64, 100, 128, 500, 5000] {
            if let Ok(mut block) = arena.allocate(len) {
                assert!(block.len() >= len && block.len() as u64 <= CONFIG.data_len());
                block.write(0, b"four").unwrap();
                if round % 2 == 0 {
                    arena.free(block);
                } else {
                    let _ = block.hand_over();
                }
            }
        }
        for offset in [0, 8, 9, 128, 640] {
            let generation = state >> 12;
            let _ = arena.adopt(Handle { offset, generation }).map(|block| block.len());
        }
        let _ = arena.stats();
        let (span, _) = sections.open(ID, KIND_ARENA, MAJOR).unwrap();
        let _ = reclaim(&span, &section, round as u16 % 4);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Allocate(usize),
    Free(usize),
    Send(usize),
    Adopt(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2500_usize).prop_map(Step::Allocate),
        3 => any::<usize>().prop_map(Step::Free),
        1 => any::<usize>().prop_map(Step::Send),
        1 => any::<usize>().prop_map(Step::Adopt),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a map of what is held: contents stay, places are told apart, sums add up.
    #[test]
    fn it_is_a_heap(steps in prop::collection::vec(step(), 1..120)) {
        cooperative(CONFIG, |sections| {
            let mut arena = Arena::open(sections, ID).unwrap();
            let mut held: Vec<(Block<'_, Cooperative>, u8)> = Vec::new();
            let mut sent: Vec<(Handle, u8)> = Vec::new();
            let mut used: HashMap<usize, u64> = HashMap::new();
            for (fill, step) in steps.into_iter().enumerate() {
                let fill = fill as u8;
                match step {
                    Step::Allocate(len) => match arena.allocate(len) {
                        Ok(mut block) => {
                            block.fill(fill);
                            assert!(used.insert(block.offset(), block.len() as u64).is_none());
                            held.push((block, fill));
                        }
                        Err(error) => assert_eq!(error, Error::Full),
                    },
                    Step::Free(at) if !held.is_empty() => {
                        let (block, fill) = held.swap_remove(at % held.len());
                        assert!(block.iter().all(|&byte| byte == fill));
                        used.remove(&block.offset()).unwrap();
                        arena.free(block);
                    }
                    Step::Send(at) if !held.is_empty() => {
                        let (block, fill) = held.swap_remove(at % held.len());
                        sent.push((block.hand_over(), fill));
                    }
                    Step::Adopt(at) if !sent.is_empty() => {
                        let (handle, fill) = sent.swap_remove(at % sent.len());
                        held.push((arena.adopt(handle).unwrap(), fill));
                        assert!(arena.adopt(handle).is_err());
                    }
                    _ => {}
                }
                let stats = assert_adds_up(&arena);
                assert_eq!(stats.used_len, used.values().sum::<u64>());
                assert_eq!(stats.handed_count as usize, sent.len());
            }
            held.clear();
            for (handle, _) in sent {
                drop(arena.adopt(handle).unwrap());
            }
            assert_all_free(&mut arena);
        });
    }
}
