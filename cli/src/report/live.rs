//! Words that change while they are looked at, and that no view tells: as `inos_core::defs` draws
//! them.

use std::io;

use inos::inos_core::defs;
use inos::{Section, Version};

use super::detail::{ArenaUse, Lane, PageUse};
use crate::image::Words;

pub(super) fn version((major, minor, patch): Version) -> String {
    format!("{major}.{minor}.{patch}")
}

/// The word at a byte offset of a section; 0 if the section ends before it.
pub(super) fn word(words: &mut Words, section: &Section, at: usize) -> io::Result<u32> {
    Ok(words.read(section, at as u64, 1)?.first().copied().unwrap_or(0))
}

/// Who holds a role, by its lease.
pub(super) const fn holder(lease: u32) -> Option<u16> {
    use defs::role::{HELD, MAX_PARTY, PARTY_SHIFT};

    if lease & HELD == 0 { None } else { Some((lease >> PARTY_SHIFT) as u16 & MAX_PARTY) }
}

/// How a lane stands, of so many lanes, which are all of one length.
pub(super) fn lane(
    words: &mut Words,
    section: &Section,
    (lane, count): (u32, u32),
) -> io::Result<Lane> {
    use defs::lanes::{
        CLIENT_LEASE, CQ_HEAD, CQ_TAIL, POSITION_MASK, READY, SQ_HEAD, SQ_TAIL, SUBMISSIONS,
    };

    let ready_len = u64::from(count.div_ceil(8)).next_multiple_of(defs::LINE as u64);
    let first = READY as u64 + ready_len;
    let stride = section.len().saturating_sub(first) / u64::from(count.max(1));
    let at = first + u64::from(lane) * stride;
    let state = words.read(section, at, SUBMISSIONS as u64 / 4)?;
    let word = |offset: usize| state.get(offset / 4).copied().unwrap_or(0);
    // It stands still in no lane that is in use: numbers may be off by what happened meanwhile.
    let between = |from, to| word(from).wrapping_sub(word(to)) & POSITION_MASK;
    Ok(Lane {
        lane,
        client: holder(word(CLIENT_LEASE)),
        submitted: between(SQ_TAIL, SQ_HEAD),
        running: between(SQ_HEAD, CQ_TAIL),
        answered: between(CQ_TAIL, CQ_HEAD),
    })
}

/// What an arena's pages are used for.
pub(super) fn arena(words: &mut Words, section: &Section) -> io::Result<ArenaUse> {
    use defs::arena::{
        PAGE, PAGE_BLOCKS, PAGE_CLASS, PAGE_CLASS_SHIFT, PAGE_FREE, PAGE_HEAD, PAGE_KIND,
        PAGE_RETIRING, PAGE_WORDS, PARAM_PAGE_LEN, PARAM_PAGES, RUN, UNIT,
    };

    let param = |index| section.params().get(index).copied().unwrap_or(0);
    let (page_len, pages) = (param(PARAM_PAGE_LEN), param(PARAM_PAGES));
    let table_len = u64::from(pages) * PAGE_WORDS as u64;
    let table = words.read(section, 0, table_len / 4)?;
    let units_at = table_len.next_multiple_of(defs::LINE as u64);
    let units_of_page = u64::from(page_len / UNIT);
    let mut arena = ArenaUse { page_len, pages, ..ArenaUse::default() };
    let all = u64::from(page_len);
    // Pages of the last run that are still to come.
    let mut left = 0;
    for (index, page) in (0_u64..).zip(table.chunks_exact(PAGE_WORDS / 4)) {
        let word = |offset: usize| page.get(offset / 4).copied().unwrap_or(0);
        let raw = word(PAGE);
        let at = units_at + index * units_of_page * 4;
        let (class_len, count) = match raw & PAGE_KIND {
            PAGE_FREE => {
                arena.free_len += all;
                arena.map.push(PageUse::Free);
                continue;
            }
            PAGE_HEAD => {
                // A run that is just being made or freed may say anything.
                let run = u64::from(word(RUN)).min(u64::from(pages) - index).max(1);
                left = run - 1;
                (run * all, 1)
            }
            PAGE_BLOCKS | PAGE_RETIRING => {
                let class = raw >> PAGE_CLASS_SHIFT & PAGE_CLASS;
                let len = u64::from((8 * (8 + class % 8)) << (class / 8));
                (len, all / len)
            }
            // Counted with the first of its run; or somebody is at work on it.
            _ => {
                if left == 0 {
                    arena.retained_len += all;
                }
                left = u64::saturating_sub(left, 1);
                arena.map.push(PageUse::Run);
                continue;
            }
        };
        let units = words.read(section, at, units_of_page)?;
        let used_before = arena.used_len;
        for block in 0..count {
            let start = usize::try_from(block * class_len / u64::from(UNIT)).ok();
            let unit = start.and_then(|start| units.get(start)).copied().unwrap_or(0);
            count_block(&mut arena, unit, class_len);
        }
        let used = arena.used_len - used_before;
        arena.map.push(if raw & PAGE_KIND == PAGE_HEAD {
            PageUse::Head
        } else {
            // What no block has room in.
            arena.retained_len += all - count * class_len;
            PageUse::Blocks(u8::try_from(used * 255 / all.max(1)).unwrap_or(255))
        });
    }
    Ok(arena)
}

fn count_block(arena: &mut ArenaUse, unit: u32, len: u64) {
    use defs::arena::{UNIT_HANDED, UNIT_HELD};

    if unit & UNIT_HELD == 0 {
        arena.retained_len = arena.retained_len.saturating_add(len);
        return;
    }
    arena.used_len = arena.used_len.saturating_add(len);
    arena.blocks += 1;
    arena.handed_over += u32::from(unit & UNIT_HANDED != 0);
}
