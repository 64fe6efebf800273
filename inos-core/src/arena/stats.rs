//! What is used and what is free.
#![forbid(unsafe_code)]

use super::*;

/// Bytes of an arena's pages, by what they are used for. `free_len + retained_len + used_len` is
/// `total_len`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaStats {
    /// Bytes in all pages.
    pub total_len: u64,
    /// Bytes in pages that are used for nothing.
    pub free_len: u64,
    /// Bytes in pages of blocks that no block takes, or that a block takes which nobody holds.
    pub retained_len: u64,
    /// Bytes in blocks that somebody holds.
    pub used_len: u64,
    /// Blocks that somebody holds.
    pub block_count: u32,
    /// Of these, blocks that were handed over and not yet adopted.
    pub handed_count: u32,
}

impl ArenaStats {
    fn block(&mut self, unit: u32, len: u64) {
        use crate::protocol::role::HELD;

        if unit & HELD == 0 {
            self.retained_len += len;
            return;
        }
        self.used_len += len;
        self.block_count = self.block_count.saturating_add(1);
        self.handed_count = self.handed_count.saturating_add(u32::from(unit & arena::HANDED != 0));
    }
}

pub(super) fn count(parts: &Parts<'_>) -> Result<ArenaStats, Error> {
    let config = parts.config;
    let page_len = u64::from(config.page_len);
    let mut stats = ArenaStats { total_len: config.data_len(), ..ArenaStats::default() };
    let unit = |page, start: u32| {
        parts.unit(page, start / UNIT).map_or(0, |word| ReadWord::load(word, Ordering::Relaxed))
    };
    let mut page = 0;
    while page < config.pages {
        let word = parts.page(page).map_or(0, |word| ReadWord::load(word, Ordering::Relaxed));
        let mut pages = 1;
        match Page::unpack(word)? {
            Page::Free => stats.free_len += page_len,
            Page::Blocks(class) | Page::Retiring(class, _) => {
                let len = class_len(class);
                let count = config.page_len / len;
                for index in 0..count {
                    stats.block(unit(page, index * len), u64::from(len));
                }
                stats.retained_len += page_len - u64::from(count) * u64::from(len);
            }
            Page::Head => {
                let run = parts.run(page).map_or(0, |word| ReadWord::load(word, Ordering::Relaxed));
                // A run that is just being made or freed may say anything.
                pages = run.clamp(1, config.pages - page);
                stats.block(unit(page, 0), u64::from(pages) * page_len);
            }
            // Somebody is at work on it.
            Page::Part(_) => stats.retained_len += page_len,
        }
        page += pages;
    }
    Ok(stats)
}
