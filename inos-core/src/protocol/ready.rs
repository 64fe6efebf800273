//! A bitmap of who has something to say.
//!
//! A client sets its bit after it has published; the service takes a word of bits at a time
//! and then looks at each. A bit set while the service looks is found the next time.

use super::Word;
use super::fault::ordering;
use crate::sync::Ordering;

/// Sets bit `index % 32`.
#[inline]
pub fn mark<W: Word>(word: &W, index: u32) {
    // Release because the bit announces entries published before it; pairs with `take`.
    word.or(1 << (index % 32), ordering("ready: mark", Ordering::Release));
}

/// Takes all bits that are set.
#[inline]
pub fn take<W: Word>(word: &W) -> u32 {
    if word.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    // Acquire because the announced entries are read next; pairs with Release in `mark`.
    word.and(0, ordering("ready: take", Ordering::Acquire))
}
