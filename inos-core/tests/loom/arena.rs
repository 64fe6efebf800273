//! The arena: a block is one party's at a time, whatever becomes of its page, and what a party wrote
//! into a block is there for who adopts it.

use inos_core::Error;
use inos_core::protocol::arena::{self, Claim, Words};
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::role;
use loom::sync::Arc;
use loom::thread;

use super::*;

/// Two blocks of 64 bytes, or one of 128, to a page.
const PAGE_LEN: u32 = 128;
/// The class of 64 bytes, and of 128.
const SHORT: u32 = 0;
const LONG: u32 = 8;

struct Arena<const PAGES: usize> {
    pages: [LoomWord; PAGES],
    runs: [LoomWord; PAGES],
    hints: [LoomWord; PAGES],
    units: [[LoomWord; 2]; PAGES],
    /// Sixty-four bytes each.
    bytes: [[Payload; 2]; PAGES],
}

impl<const PAGES: usize> Arena<PAGES> {
    fn new() -> Arc<Self> {
        let words = || std::array::from_fn(|_| LoomWord::new(0));
        Arc::new(Self {
            pages: words(),
            runs: words(),
            hints: words(),
            units: std::array::from_fn(|_| [LoomWord::new(0), LoomWord::new(0)]),
            bytes: std::array::from_fn(|_| [Payload::new(), Payload::new()]),
        })
    }

    /// All bytes of a block, written: whoever else touches them ends the model.
    fn fill(&self, claim: &Claim, value: u32) {
        for at in 0..(claim.byte_len(PAGE_LEN) / 64) as u32 {
            let unit = claim.start() / 64 + at;
            self.bytes[(claim.page() + unit / 2) as usize][unit as usize % 2].set(value);
        }
    }

    fn first(&self, claim: &Claim) -> u32 {
        self.bytes[claim.page() as usize][claim.start() as usize / 64].get()
    }
}

impl<const PAGES: usize> Words for Arena<PAGES> {
    type Word = LoomWord;

    fn page(&self, index: u32) -> Option<&LoomWord> {
        self.pages.get(index as usize)
    }

    fn run(&self, index: u32) -> Option<&LoomWord> {
        self.runs.get(index as usize)
    }

    fn hint(&self, index: u32) -> Option<&LoomWord> {
        self.hints.get(index as usize)
    }

    fn unit(&self, page: u32, unit: u32) -> Option<&LoomWord> {
        self.units.get(page as usize)?.get(unit as usize)
    }

    fn page_count(&self) -> u32 {
        PAGES as u32
    }

    fn page_len(&self) -> u32 {
        PAGE_LEN
    }
}

/// Two parties take the same block of 64 bytes in turns.
fn turns(seen: &Seen<[bool; 2]>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let parties = [1, 2].map(|party| {
            let arena = arena.clone();
            thread::spawn(move || {
                let Some(claim) = arena::claim_block(&*arena, 0, SHORT, 1, party) else {
                    return false;
                };
                arena.fill(&claim, u32::from(party));
                assert_eq!(arena.first(&claim), u32::from(party));
                arena::release(&*arena, claim);
                true
            })
        });
        note.note(parties.map(|party| party.join().unwrap()));
    });
}

#[test]
fn a_block_is_one_partys_at_a_time() {
    let seen = Seen::new();
    turns(&seen);
    seen.check_all([[false, true], [true, false], [true, true]]);
}

/// One party takes a block of a page while another one retires the page and takes all of it as a
/// block of the other class.
fn retiring(seen: &Seen<(bool, bool)>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let other = arena.clone();
        let taker = thread::spawn(move || {
            let Some(claim) = arena::claim_block(&*other, 0, SHORT, 1, 1) else { return false };
            other.fill(&claim, 1);
            arena::release(&*other, claim);
            true
        });
        let retired = arena::retire(&*arena, 0, SHORT, 2);
        let long = retired && arena::carve(&*arena, 0, LONG);
        let claim = long.then(|| arena::claim_block(&*arena, 0, LONG, 0, 2)).flatten();
        if let Some(claim) = &claim {
            arena.fill(claim, 2);
        }
        let took = taker.join().unwrap();
        if let Some(claim) = claim {
            assert_eq!(arena.first(&claim), 2);
            arena::release(&*arena, claim);
        }
        note.note((took, retired));
    });
}

#[test]
fn a_page_changes_its_use_when_nobody_holds_a_block_of_it() {
    let seen = Seen::new();
    retiring(&seen);
    // Never neither: a party in the way is one that holds a block.
    seen.check(|_| true, [(true, true), (true, false), (false, true)]);
}

/// A page that was a run becomes a page of blocks, and a party that took it for that before looks
/// again.
fn runs(seen: &Seen<(bool, bool)>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let other = arena.clone();
        let runner = thread::spawn(move || {
            let Ok(run) = arena::claim_run(&*other, 0, 2, 1) else { return false };
            other.fill(&run, 1);
            arena::release(&*other, run);
            true
        });
        let carved = arena::carve(&*arena, 1, SHORT);
        let claim = carved.then(|| arena::claim_block(&*arena, 1, SHORT, 0, 2)).flatten();
        if let Some(claim) = claim {
            arena.fill(&claim, 2);
            assert_eq!(arena.first(&claim), 2);
            arena::release(&*arena, claim);
        }
        note.note((runner.join().unwrap(), carved));
    });
}

#[test]
fn runs_and_blocks_share_the_pages() {
    let seen = Seen::new();
    runs(&seen);
    // A run that fails gives its pages back, which may be too late for the other: neither.
    seen.check(|_| true, [(true, true), (true, false), (false, true)]);
}

/// A run takes a page that was a shorter run, under another unit.
fn longer_runs(seen: &Seen<(bool, bool)>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let other = arena.clone();
        let short = thread::spawn(move || {
            let Ok(run) = arena::claim_run(&*other, 1, 1, 1) else { return false };
            other.fill(&run, 1);
            arena::release(&*other, run);
            true
        });
        let long = arena::claim_run(&*arena, 0, 2, 2);
        if let Ok(run) = &long {
            arena.fill(run, 2);
        }
        note.note((short.join().unwrap(), long.is_ok()));
    });
}

#[test]
fn runs_of_other_lengths_share_the_pages() {
    let seen = Seen::new();
    longer_runs(&seen);
    seen.check(|_| true, [(true, true), (true, false), (false, true)]);
}

/// A block is handed over to whoever of two is first, and its sender may take it back.
fn handing(seen: &Seen<Vec<usize>>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let claim = arena::claim_block(&*arena, 0, SHORT, 1, 1).unwrap();
        let generation = claim.generation();
        let adopters = [2, 3].map(|party| {
            let arena = arena.clone();
            thread::spawn(move || match arena::adopt(&*arena, 0, 64, generation, party) {
                Ok(claim) => {
                    assert_eq!(arena.first(&claim), 7);
                    arena.fill(&claim, u32::from(party));
                    arena::release(&*arena, claim);
                    true
                }
                Err(error) => {
                    assert!(matches!(error, Error::Stale { .. }));
                    false
                }
            })
        });
        arena.fill(&claim, 7);
        assert_eq!(arena::hand_over(&*arena, &claim), Some(generation));
        let adopted = adopters.map(|adopter| adopter.join().unwrap());
        note.note((0..2).filter(|&index| adopted[index]).collect());
    });
}

#[test]
fn a_block_is_adopted_once_or_never() {
    let seen = Seen::new();
    handing(&seen);
    seen.check_all([vec![], vec![0], vec![1]]);
}

/// A block is under way while somebody looks whether its page is empty: it arrives all the same.
fn handing_beside(seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let claim = arena::claim_block(&*arena, 0, SHORT, 1, 1).unwrap();
        let generation = arena::hand_over(&*arena, &claim).unwrap();
        let other = arena.clone();
        let retirer = thread::spawn(move || arena::retire(&*other, 0, SHORT, 3));
        let adopted = arena::adopt(&*arena, 0, 64, generation, 2).unwrap();
        assert_eq!(adopted.byte_len(PAGE_LEN), 64);
        arena::release(&*arena, adopted);
        note.note(retirer.join().unwrap());
    });
}

#[test]
fn a_block_arrives_though_somebody_looks_at_its_page() {
    let seen = Seen::new();
    handing_beside(&seen);
    seen.check_all([false, true]);
}

/// A party that is proven dead loses what it sent, or somebody has it: never both.
fn reclaiming(seen: &Seen<(bool, u32)>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let run = arena::claim_run(&*arena, 0, 2, 1).unwrap();
        arena.fill(&run, 7);
        let generation = arena::hand_over(&*arena, &run).unwrap();
        let other = arena.clone();
        let adopter = thread::spawn(move || match arena::adopt(&*other, 0, 0, generation, 2) {
            Ok(run) => {
                other.fill(&run, 2);
                arena::release(&*other, run);
                true
            }
            Err(_) => false,
        });
        let freed = arena::reclaim(&*arena, 1).unwrap();
        let next = arena::claim_run(&*arena, 0, 2, 3);
        if let Ok(run) = &next {
            arena.fill(run, 3);
        }
        note.note((adopter.join().unwrap(), freed));
    });
}

#[test]
fn what_the_dead_sent_is_adopted_or_freed() {
    let seen = Seen::new();
    reclaiming(&seen);
    seen.check_all([(true, 0), (false, 1)]);
}

/// Somebody is reaped while others make runs: these are whole, or none yet.
fn reaping_beside(seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let other = arena.clone();
        let runner = thread::spawn(move || arena::claim_run(&*other, 0, 2, 1).is_ok());
        assert_eq!(arena::reclaim(&*arena, 9), Ok(0));
        note.note(runner.join().unwrap());
    });
}

#[test]
fn the_living_are_not_disturbed_by_a_reaper() {
    let seen = Seen::new();
    reaping_beside(&seen);
    seen.check_all([true]);
}

/// One party frees a run, another cuts its second page, and a third takes a block of it: three
/// parties in a row on the same bytes, under two different units.
fn carved_by_another(seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let (first, second) = (arena.clone(), arena.clone());
        let runner = thread::spawn(move || {
            if let Ok(run) = arena::claim_run(&*first, 0, 2, 1) {
                first.fill(&run, 1);
                arena::release(&*first, run);
            }
        });
        let carver = thread::spawn(move || arena::carve(&*second, 1, SHORT));
        let claim = arena::claim_block(&*arena, 1, SHORT, 0, 3);
        note.note(claim.is_some());
        if let Some(claim) = claim {
            arena.fill(&claim, 3);
            arena::release(&*arena, claim);
        }
        runner.join().unwrap();
        carver.join().unwrap();
    });
}

#[test]
fn bytes_change_hands_over_a_third_party() {
    let seen = Seen::new();
    carved_by_another(&seen);
    seen.check_all([false, true]);
}

/// The same with a long block whose page is retired and cut into short ones by another party.
#[test]
fn a_long_block_becomes_short_ones_of_another() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, LONG));
        let long = arena::claim_block(&*arena, 0, LONG, 0, 1).unwrap();
        let (first, second) = (arena.clone(), arena.clone());
        let holder = thread::spawn(move || {
            first.fill(&long, 1);
            arena::release(&*first, long);
        });
        let carver = thread::spawn(move || {
            arena::retire(&*second, 0, LONG, 2) && arena::carve(&*second, 0, SHORT)
        });
        let claim = arena::claim_block(&*arena, 0, SHORT, 1, 3);
        note.note(claim.is_some());
        if let Some(claim) = claim {
            arena.fill(&claim, 3);
            arena::release(&*arena, claim);
        }
        holder.join().unwrap();
        carver.join().unwrap();
    });
    seen.check_all([false, true]);
}

/// A run that a dead party had sent is adopted, freed, and its pages taken one by one, while the dead
/// one is reaped: what the reaper saw of a page may be old.
fn reaping_late(seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let run = arena::claim_run(&*arena, 0, 2, 9).unwrap();
        let generation = arena::hand_over(&*arena, &run).unwrap();
        let run = arena::adopt(&*arena, 0, 0, generation, 1).unwrap();
        let other = arena.clone();
        let living = thread::spawn(move || {
            arena::release(&*other, run);
            let first = arena::claim_run(&*other, 0, 1, 1);
            let second = arena::claim_run(&*other, 1, 1, 1);
            (first.is_ok(), second.is_ok())
        });
        let _ = arena::reclaim(&*arena, 9);
        let (_, second) = living.join().unwrap();
        if second {
            let page = arena.pages[1].load(Ordering::Relaxed);
            assert_eq!(page, arena::Page::Head.pack(), "the reaper freed a living party's page");
        }
        note.note(second);
    });
}

#[test]
fn a_late_reaper_frees_nothing_of_the_living() {
    let seen = Seen::new();
    reaping_late(&seen);
    seen.check(|_| true, [true]);
}

/// What the dead did with a block, or with the rest of a run whose head was freed before it died,
/// is over before somebody else has the bytes.
fn inheriting(block: bool, seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<2>::new();
        let other = arena.clone();
        let left = if block {
            assert!(arena::carve(&*arena, 1, SHORT));
            arena::claim_block(&*arena, 1, SHORT, 0, 1).unwrap()
        } else {
            let run = arena::claim_run(&*arena, 0, 2, 1).unwrap();
            arena.pages[0].store(arena::Page::Free.pack(), Ordering::Relaxed);
            run
        };
        let heir = thread::spawn(move || {
            let claim = if block {
                arena::claim_block(&*other, 1, SHORT, 0, 3)
            } else {
                arena::claim_run(&*other, 1, 1, 3).ok()
            };
            if let Some(claim) = &claim {
                other.fill(claim, 3);
            }
            claim.is_some()
        });
        arena.fill(&left, 1);
        assert!(arena::reclaim(&*arena, 1).is_ok());
        note.note(heir.join().unwrap());
    });
}

#[test]
fn what_the_dead_left_is_inherited() {
    for block in [true, false] {
        let seen = Seen::new();
        inheriting(block, &seen);
        seen.check_all([false, true]);
    }
}

/// A block is put back by one who took it while the page was being retired, which came to nothing
/// for that; and what was done with the block before is over for whoever takes it next.
fn putting_back(seen: &Seen<(bool, bool, bool)>) {
    let note = seen.clone();
    // Three: in the middle of retiring, of taking, and before it is taken again.
    explore_with(3, move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let claim = arena::claim_block(&*arena, 0, SHORT, 1, 1).unwrap();
        let other = arena.clone();
        let holder = thread::spawn(move || {
            other.fill(&claim, 1);
            arena::release(&*other, claim);
            let again = arena::claim_block(&*other, 0, SHORT, 1, 1);
            if let Some(again) = &again {
                other.fill(again, 1);
            }
            again.is_some()
        });
        let retired = arena::retire(&*arena, 0, SHORT, 2);
        let next = arena::claim_block(&*arena, 0, SHORT, 1, 2);
        if let Some(next) = &next {
            assert!(!retired);
            arena.fill(next, 2);
        }
        note.note((retired, next.is_some(), holder.join().unwrap()));
    });
}

#[test]
fn a_block_that_is_put_back_is_handed_on() {
    let seen = Seen::new();
    putting_back(&seen);
    seen.check(
        |&(retired, next, again)| !(retired && (next || again) || next && again),
        [(true, false, false), (false, true, false), (false, false, true)],
    );
}

#[test]
fn planted_faults_are_found() {
    let red = |name, model: &dyn Fn()| {
        assert!(with_fault(name, model).is_some(), "{name} is not found");
    };
    red("arena: take a unit", &|| turns(&Seen::new()));
    red("arena: free a block", &|| turns(&Seen::new()));
    red("arena: no second look", &|| retiring(&Seen::new()));
    red("arena: retire without looking", &|| retiring(&Seen::new()));
    red("arena: hand a block over", &|| handing(&Seen::new()));
    red("arena: adopt a block", &|| handing(&Seen::new()));
    red("arena: claim a page", &|| longer_runs(&Seen::new()));
    red("arena: change a page", &|| runs(&Seen::new()));
    red("arena: look at a page", &|| reaping_beside(&Seen::new()));
    red("arena: second look", &|| carved_by_another(&Seen::new()));
    red("arena: free a page blindly", &|| reaping_late(&Seen::new()));
    red("arena: give units back", &|| retiring(&Seen::new()));
    red("arena: free a unit of the dead", &|| inheriting(true, &Seen::new()));
    red("arena: free a page of the dead", &|| inheriting(false, &Seen::new()));
    red("arena: put a unit back", &|| putting_back(&Seen::new()));
}

/// A block is handed over to a party that is just dying or leaving: its role goes first, then its
/// blocks are looked for. Whether one is left that nobody frees.
fn handed_to_the_leaving(is_fenced: bool, seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let arena = Arena::<1>::new();
        assert!(arena::carve(&*arena, 0, SHORT));
        let claim = arena::claim_block(&*arena, 0, SHORT, 1, 1).unwrap();
        let lease = Arc::new(LoomWord::new(0));
        let _held = role::claim(&*lease, 9).unwrap();
        let (other, word) = (arena.clone(), lease.clone());
        let reaper = thread::spawn(move || {
            assert!(role::revoke(&*word, 9));
            if is_fenced {
                fence(Ordering::SeqCst);
            }
            arena::reclaim(&*other, 9).unwrap();
        });
        let generation = arena::hand_over_to(&*arena, &claim, 9).unwrap();
        if is_fenced {
            fence(Ordering::SeqCst);
        }
        if role::holder(&*lease).is_none()
            && let Ok(back) = arena::adopt(&*arena, 0, claim.start(), generation, 1)
        {
            arena::release(&*arena, back);
        }
        reaper.join().unwrap();
        note.note(arena::claim_block(&*arena, 0, SHORT, 1, 3).is_none());
    });
}

#[test]
fn a_block_handed_to_the_leaving_is_freed() {
    let seen = Seen::new();
    handed_to_the_leaving(true, &seen);
    seen.check_all([false]);
    // The model can tell.
    let seen = Seen::new();
    handed_to_the_leaving(false, &seen);
    seen.check_all([false, true]);
}
