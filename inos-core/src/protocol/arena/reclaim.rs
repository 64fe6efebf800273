//! What becomes of the blocks of the dead.

use super::super::fault::{is_planted, ordering};
use super::page::dissolve;
use super::*;
use crate::error::Error;
use crate::sync::Ordering;

/// Frees every block that `dead` holds or has sent to nobody who took it, and finishes what it
/// was doing with pages; how many blocks that were.
///
/// The caller has the proof of the death, and is the only one to reclaim from this party. Others
/// go on allocating meanwhile. Each step may be done twice.
///
/// # Errors
/// `Corrupt`.
pub fn reclaim<M: Words>(words: &M, dead: u16) -> Result<u32, Error> {
    let count = words.page_count();
    let mut freed = 0_u32;
    // Up to here pages belong to runs that somebody holds.
    let mut covered = 0;
    for index in 0..count {
        let Some(word) = words.page(index) else { break };
        match Page::load(word)? {
            Page::Head => {
                let run = words.run(index).map_or(0, |run| run.load(Ordering::Relaxed));
                if run == 0 || run > count - index {
                    return Err(Error::Corrupt { what: "length of an arena's run" });
                }
                if let Some(held) = seize(words, index, dead) {
                    dissolve(words, index, run, dead, held);
                    freed = freed.saturating_add(1);
                } else {
                    covered = index + run;
                }
            }
            Page::Part(party) if party == dead && index >= covered => {
                if release_units(words, index, dead) > 0 {
                    freed = freed.saturating_add(1);
                }
                // An exchange: this look may be older than the one at the head before it, and the
                // page a living party's by now. Release: the dead one's use of it is over, as the
                // proof of its death says; pairs with Acquire where pages are claimed.
                let (part, free) = (Page::Part(party).pack(), Page::Free.pack());
                if is_planted("arena: free a page blindly") {
                    Page::Free.store(word);
                } else {
                    let order = ordering("arena: free a page of the dead", Ordering::Release);
                    let _ = word.cas(part, free, order, Ordering::Relaxed);
                }
                continue;
            }
            Page::Retiring(class, party) if party == dead => {
                release_units(words, index, dead);
                Page::Blocks(class).store(word);
                continue;
            }
            _ => {}
        }
        // Blocks, and units that it took for a moment in a page that is something else by now.
        freed = freed.saturating_add(release_units(words, index, dead));
    }
    Ok(freed)
}

/// Keeps the block of a run, which `dead` may have sent, from being adopted; `None` if it is
/// somebody else's.
fn seize<M: Words>(words: &M, head: u32, dead: u16) -> Option<Unit> {
    let unit = words.unit(head, 0)?;
    let seen = Unit(unit.load(Ordering::Relaxed));
    if seen.holder() != Some(dead) {
        return None;
    }
    let held = Unit(seen.0 & !HANDED);
    // Relaxed: what the dead one did is visible by the proof of its death. An adopter may be
    // first.
    unit.cas(seen.0, held.0, Ordering::Relaxed, Ordering::Relaxed).ok().map(|_| held)
}

/// Frees the units of a page that `dead` holds; how many.
fn release_units<M: Words>(words: &M, page: u32, dead: u16) -> u32 {
    let mut freed = 0;
    for index in 0..words.page_len() / UNIT {
        let Some(unit) = words.unit(page, index) else { break };
        let held = Unit(unit.load(Ordering::Relaxed));
        if held.holder() == Some(dead) {
            // Release: the dead one's use of the bytes is over, as the proof of its death says;
            // pairs with Acquire where units are taken. An adopter may be first.
            let order = ordering("arena: free a unit of the dead", Ordering::Release);
            let free = unit.cas(held.0, held.free().0, order, Ordering::Relaxed);
            freed += u32::from(free.is_ok());
        }
    }
    freed
}

/// Frees everything. The caller has the memory to itself.
pub fn void<M: Words>(words: &M) {
    for index in 0..words.page_count() {
        for unit in 0..words.page_len() / UNIT {
            if let Some(unit) = words.unit(index, unit) {
                // All Relaxed: as said. Generations go on.
                unit.store(Unit(unit.load(Ordering::Relaxed)).free().0, Ordering::Relaxed);
            }
        }
        let rest = [words.page(index), words.run(index), words.hint(index)];
        for word in rest.into_iter().flatten() {
            word.store(0, Ordering::Relaxed);
        }
    }
}
