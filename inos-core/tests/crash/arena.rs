//! The arena: whatever a party was doing when it died, its blocks come back, nobody else's do, and
//! no byte is lost for ever.

use inos_core::protocol::arena::{self, Claim, Page, Words};

use super::{MortalWord, every_death, mortal};

const PAGES: usize = 3;
/// Two blocks of 64 bytes to a page.
const PAGE_LEN: u32 = 128;
const DEAD: u16 = 1;
const ALIVE: u16 = 2;

#[derive(Default)]
struct Arena {
    pages: [MortalWord; PAGES],
    runs: [MortalWord; PAGES],
    hints: [MortalWord; PAGES],
    units: [[MortalWord; 2]; PAGES],
}

impl Words for Arena {
    type Word = MortalWord;

    fn page(&self, index: u32) -> Option<&MortalWord> {
        self.pages.get(index as usize)
    }

    fn run(&self, index: u32) -> Option<&MortalWord> {
        self.runs.get(index as usize)
    }

    fn hint(&self, index: u32) -> Option<&MortalWord> {
        self.hints.get(index as usize)
    }

    fn unit(&self, page: u32, unit: u32) -> Option<&MortalWord> {
        self.units.get(page as usize)?.get(unit as usize)
    }

    fn page_count(&self) -> u32 {
        PAGES as u32
    }

    fn page_len(&self) -> u32 {
        PAGE_LEN
    }
}

impl Arena {
    /// A block of 64 bytes, wherever one is.
    fn block(&self, party: u16) -> Option<Claim> {
        for page in 0..PAGES as u32 {
            arena::carve(self, page, 0);
            for index in 0..2 {
                if let Some(claim) = arena::claim_block(self, page, 0, index, party) {
                    return Some(claim);
                }
            }
        }
        None
    }

    /// As the view does it when it finds no room.
    fn run_of(&self, pages: u32, party: u16) -> Option<Claim> {
        for page in 0..PAGES as u32 {
            arena::retire(self, page, 0, party);
        }
        (0..=PAGES as u32 - pages)
            .find_map(|first| arena::claim_run(self, first, pages, party).ok())
    }

    /// Nobody holds anything: all of it can be had in one piece.
    fn assert_all_free(&self) {
        let all = self.run_of(PAGES as u32, ALIVE).unwrap();
        arena::release(self, all);
        for page in &self.pages {
            assert_eq!(
                inos_core::protocol::ReadWord::load(page, inos_core::Ordering::Relaxed),
                Page::Free.pack()
            );
        }
    }
}

/// Runs `life` until it dies, takes what it held (twice: the reaper may die, too), and looks
/// whether `kept`, made before, is still whole.
fn every_life(life: impl Fn(&Arena)) -> u32 {
    every_death(|steps| {
        let arena = Arena::default();
        let kept = arena.block(ALIVE).unwrap();
        let through = mortal(steps, || life(&arena));
        // Others go on while the dead one's things lie about.
        let mut others: Vec<_> = std::iter::from_fn(|| arena.block(ALIVE)).collect();
        if let Some(claim) = others.pop() {
            arena::release(&arena, claim);
        }
        // The reaper dies at some step, too.
        mortal(steps / 2, || arena::reclaim(&arena, DEAD).unwrap());
        arena::reclaim(&arena, DEAD).unwrap();
        assert_eq!(arena::reclaim(&arena, DEAD), Ok(0), "nothing is left to take");

        let generation = arena::hand_over(&arena, &kept).unwrap();
        let kept = arena::adopt(&arena, kept.page(), kept.start(), generation, ALIVE).unwrap();
        for claim in others.into_iter().chain([kept]) {
            arena::release(&arena, claim);
        }
        arena.assert_all_free();
        through.is_some()
    })
}

#[test]
fn blocks_of_the_dead_come_back() {
    let deaths = every_life(|arena| {
        let one = arena.block(DEAD).unwrap();
        let two = arena.block(DEAD).unwrap();
        arena::release(arena, one);
        arena::hand_over(arena, &two).unwrap();
    });
    assert!(deaths > 10, "{deaths}");
}

#[test]
fn runs_of_the_dead_come_back() {
    let deaths = every_life(|arena| {
        let run = arena.run_of(2, DEAD).unwrap();
        arena::release(arena, run);
    });
    assert!(deaths > 15, "{deaths}");
}

#[test]
fn a_page_that_was_being_retired_is_used_again() {
    let deaths = every_life(|arena| {
        arena::carve(arena, 2, 0);
        assert!(arena::retire(arena, 2, 0, DEAD));
        assert!(!arena::retire(arena, 0, 0, DEAD), "somebody holds a block of it");
    });
    assert!(deaths > 8, "{deaths}");
}

/// A run that the dead one allocated, and that somebody living has adopted, stays; one that it sent
/// and nobody adopted goes.
#[test]
fn what_was_adopted_in_time_stays() {
    let deaths = every_death(|steps| {
        let arena = Arena::default();
        let sent = mortal(steps, || {
            let run = arena.run_of(2, DEAD).unwrap();
            (run.page(), arena::hand_over(&arena, &run).unwrap())
        });
        let adopted = sent
            .map(|(page, generation)| arena::adopt(&arena, page, 0, generation, ALIVE).unwrap());
        arena::reclaim(&arena, DEAD).unwrap();
        if let Some(run) = adopted {
            assert!(arena.run_of(2, ALIVE).is_none(), "its pages are in use");
            // Its new holder dies while it frees it.
            for steps in 0..20 {
                mortal(steps, || arena::reclaim(&arena, ALIVE).unwrap());
            }
            drop(run);
            arena::reclaim(&arena, ALIVE).unwrap();
        }
        arena.assert_all_free();
        sent.is_some()
    });
    assert!(deaths > 8, "{deaths}");
}

/// What a living party has handed over to the dead one goes with it, adopted or not; what it has
/// handed over to a living one stays.
#[test]
fn what_was_handed_over_to_the_dead_goes_with_it() {
    let deaths = every_death(|steps| {
        let arena = Arena::default();
        let [block, other] = [(); 2].map(|()| arena.block(ALIVE).unwrap());
        let run = arena.run_of(2, ALIVE).unwrap();
        let sent = [&block, &run].map(|claim| {
            let generation = arena::hand_over_to(&arena, claim, DEAD).unwrap();
            (claim.page(), claim.start(), generation)
        });
        let kept = arena::hand_over_to(&arena, &other, ALIVE + 1).unwrap();
        let through = mortal(steps, || {
            for (page, start, generation) in sent {
                let claim = arena::adopt(&arena, page, start, generation, DEAD).unwrap();
                arena::release(&arena, claim);
            }
        });
        mortal(steps / 2, || arena::reclaim(&arena, DEAD).unwrap());
        arena::reclaim(&arena, DEAD).unwrap();
        for (page, start, generation) in sent {
            assert!(arena::adopt(&arena, page, start, generation, ALIVE).is_err());
        }
        let kept = arena::adopt(&arena, other.page(), other.start(), kept, ALIVE).unwrap();
        arena::release(&arena, kept);
        arena.assert_all_free();
        through.is_some()
    });
    assert!(deaths > 8, "{deaths}");
}

/// The receiver dies while it frees what it adopted.
#[test]
fn a_run_is_freed_by_whoever_comes_after() {
    let deaths = every_death(|steps| {
        let arena = Arena::default();
        let run = arena.run_of(3, ALIVE).unwrap();
        let generation = arena::hand_over(&arena, &run).unwrap();
        let through = mortal(steps, || {
            let run = arena::adopt(&arena, 0, 0, generation, DEAD).unwrap();
            arena::release(&arena, run);
        });
        arena::reclaim(&arena, DEAD).unwrap();
        if let Ok(run) = arena::adopt(&arena, 0, 0, generation, ALIVE) {
            // It died before it had it.
            arena::release(&arena, run);
        }
        arena.assert_all_free();
        through.is_some()
    });
    assert!(deaths > 8, "{deaths}");
}
