//! Which blocks changed: an epoch, and for each block the epoch in which it changed last.
//!
//! ```text
//!   epoch                      E, of the newest published state; bit 0 is the waiter bit
//!   block[b]                   the epoch in which block b changed last
//!   group[g], super[s]         the newest of the FANOUT stamps below it
//! ```
//!
//! The writer works on the state after the newest one: each block that it is about to change is
//! stamped `E + 1` first. So a stamp ahead of the epoch says that the block is being written,
//! and publishing the state is one addition to the epoch, however many blocks changed. A state
//! is published when the writer advances `epoch`.
//!
//! A reader that holds the state of epoch `T` loads the epoch `E`, copies the blocks whose stamps
//! lie in `(T, E]`, and looks at each stamp again after the copy. What it has then is the state of
//! epoch `E`, all of it:
//!
//! - What it copied has nothing from a later state: the writer stamps a block before it writes
//!   it, with a Release fence between, so a copy that caught a later byte finds the stamp changed
//!   behind its Acquire fence. And it misses nothing up to `E`: that was acquired with the epoch.
//! - What it passed over is stamped `T` or earlier, and no older value of the stamp can be read
//!   than the one that was acquired with the epoch: the block did not change between `T` and `E`.
//! - A try that failed may have left later bytes in the replica, but only in blocks with stamps
//!   after `T`. The next try copies them again, since it starts from `T`, too.
//!
//! Epochs have 31 bits, so ages are meaningful below 2^30. To keep them there each publish looks
//! at one stamp, in turn, and brings one that is older than [`HORIZON`] up to it. A replica older
//! than that is copied anew as a whole. Only one that slept through 2^31 publishes, and woke less
//! than [`HORIZON`] publishes into the next round, would take old blocks for new ones.
//!
//! A writer that dies leaves its blocks stamped ahead of the epoch. No reader takes them, and the
//! next writer finds them so: they belong to the state that it will publish.

use super::epoch::{self, Advanced};
use super::fault::{fence, is_planted, ordering};
use super::{ReadWord, Word};
use crate::defs::twin::{AHEAD, STAMP_MASK as MASK};
pub use crate::defs::twin::{FANOUT, HORIZON};
use crate::error::Error;
use crate::sync::Ordering;

/// How many epochs before `epoch` a stamp was made.
#[inline]
const fn age(stamp: u32, epoch: u32) -> u32 {
    epoch.wrapping_sub(stamp) & MASK
}

#[inline]
const fn next(epoch: u32) -> u32 {
    epoch.wrapping_add(1) & MASK
}

/// Stamps of blocks, or of what is above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A stamp per block.
    Block,
    /// A stamp per [`FANOUT`] blocks.
    Group,
    /// A stamp per [`FANOUT`] groups.
    Super,
}

impl Level {
    /// How many stamps this level has over so many blocks.
    #[inline]
    #[must_use]
    pub const fn count(self, blocks: u32) -> u32 {
        match self {
            Self::Block => blocks,
            Self::Group => blocks.div_ceil(FANOUT),
            Self::Super => blocks.div_ceil(FANOUT * FANOUT),
        }
    }
}

/// Where the stamps of one map can be read.
pub trait Stamps {
    /// What a word is; for its fence.
    type Word: ReadWord;
    /// How many blocks there are.
    fn blocks(&self) -> u32;
    /// A Relaxed load of a stamp. Only asked for those that there are.
    fn load(&self, level: Level, index: u32) -> u32;
}

/// Where the stamps of one map can be written.
pub trait MarkStamps: Stamps {
    /// A Relaxed store of a stamp. Only asked for those that there are.
    fn store(&self, level: Level, index: u32, stamp: u32);
}

/// The writer's own memory of what it published last.
#[derive(Debug)]
pub struct WriterState {
    epoch: u32,
}

impl WriterState {
    /// Continues from the words in memory; also how many blocks are ahead of the epoch, which a
    /// writer before this one was changing when it stopped. The caller holds the writer role.
    pub fn resume<M: MarkStamps, W: Word>(map: &M, epoch: &W) -> (Self, u32) {
        // Relaxed: stored by the last holder of the role that this one was acquired from.
        let state = Self { epoch: epoch::epoch_of(epoch.load(Ordering::Relaxed)) };
        let pending = next(state.epoch);
        // From above, each with what is above it: the writer before died between the stamps of one
        // block, or memory is not to be trusted. `stamp` takes a group's stamp for its super's.
        for level in [Level::Super, Level::Group] {
            for index in 0..level.count(map.blocks()) {
                if age(map.load(level, index), state.epoch) >= AHEAD {
                    if level == Level::Group {
                        map.store(Level::Super, index / FANOUT, pending);
                    }
                    map.store(level, index, pending);
                }
            }
        }
        let mut torn = 0;
        for block in 0..map.blocks() {
            if age(map.load(Level::Block, block), state.epoch) >= AHEAD {
                state.stamp(map, block, pending);
                torn += 1;
            }
        }
        (state, torn)
    }

    /// The epoch that was published last.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether a block is stamped for the next state.
    #[inline]
    pub fn is_marked<M: Stamps>(&self, map: &M, block: u32) -> bool {
        map.load(Level::Block, block) == next(self.epoch)
    }

    /// Stamps blocks for the next state. Their bytes may be written after this, not before.
    #[inline]
    pub fn mark<M: MarkStamps>(&self, map: &M, first: u32, count: u32) {
        let pending = next(self.epoch);
        for block in first..first.saturating_add(count).min(map.blocks()) {
            if map.load(Level::Block, block) != pending {
                self.stamp(map, block, pending);
            }
        }
        // Release fence because whoever reads a byte written after this must find the stamp
        // changed; pairs with the Acquire fence in `attempt`. Also if nothing was stamped just
        // now: a writer before this one may have done it, and this fence hands it on.
        fence::<M::Word>("twin: mark", Ordering::Release);
    }

    /// From above: whoever sees a block ahead of the epoch may see it from above, too. Nothing
    /// depends on it.
    #[inline]
    fn stamp<M: MarkStamps>(&self, map: &M, block: u32, stamp: u32) {
        let group = block / FANOUT;
        if !is_planted("twin: summary") && map.load(Level::Group, group) != stamp {
            map.store(Level::Super, group / FANOUT, stamp);
            map.store(Level::Group, group, stamp);
        }
        map.store(Level::Block, block, stamp);
    }

    /// Publishes everything written since the last time.
    #[inline]
    #[must_use = "if `wake` is set, sleepers must be woken"]
    pub fn publish<M: MarkStamps, W: Word>(&mut self, map: &M, epoch: &W) -> Advanced {
        // Release because the epoch announces bytes and stamps; pairs with Acquire in `pull`.
        let advanced = epoch::advance(epoch);
        self.epoch = advanced.epoch;
        self.keep_young(map);
        advanced
    }

    /// Looks at one stamp, in turn, so that none grows so old that it seems new.
    #[inline]
    fn keep_young<M: MarkStamps>(&self, map: &M) {
        let counts = [Level::Super, Level::Group, Level::Block].map(|l| (l, l.count(map.blocks())));
        let total: u32 = counts.iter().map(|(_, count)| count).sum();
        let Some(mut index) = self.epoch.checked_rem(total) else { return };
        for (level, count) in counts {
            if index < count {
                let age = age(map.load(level, index), self.epoch);
                // One that seems ahead now was never this writer's: it is made a change of now.
                if age >= AHEAD {
                    map.store(level, index, self.epoch);
                } else if age > HORIZON {
                    map.store(level, index, self.epoch.wrapping_sub(HORIZON) & MASK);
                }
                return;
            }
            index -= count;
        }
    }
}

/// What a pull did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The epoch that the replica is of now.
    pub epoch: u32,
    /// How many blocks were copied by the try that succeeded.
    pub blocks: u32,
    /// Tries that the writer spoiled before it.
    pub retries: u32,
}

/// What a replica is of.
#[derive(Clone, Debug, Default)]
pub struct ReaderState {
    /// The last epoch that it was whole at.
    at: Option<u32>,
    /// A try since then has failed after it copied something.
    spoiled: bool,
}

impl ReaderState {
    /// A replica of nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { at: None, spoiled: false }
    }

    /// A replica that is whole at `epoch`, for a writer that made it so.
    #[must_use]
    pub const fn at(epoch: u32) -> Self {
        Self { at: Some(epoch & MASK), spoiled: false }
    }

    /// The replica is not whole any more; the next pull makes up for it.
    pub const fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// The epoch that the replica is whole at; `None` before the first pull, and after one that
    /// failed when it had copied something.
    #[inline]
    #[must_use]
    pub const fn epoch(&self) -> Option<u32> {
        if self.spoiled { None } else { self.at }
    }

    /// Copies what changed, by `copy` of one block at a time.
    ///
    /// # Errors
    /// `Lapped` if the writer was in the way of each of `tries`; what `copy` fails with.
    #[inline]
    pub fn pull<M: Stamps, W: ReadWord>(
        &mut self,
        map: &M,
        epoch: &W,
        tries: u32,
        mut copy: impl FnMut(u32) -> Result<(), Error>,
    ) -> Result<Pulled, Error> {
        for retries in 0..tries {
            // Acquire because the stamps and bytes of this state are read next; pairs with
            // Release in `publish`.
            let raw = epoch.load(ordering("twin: see the epoch", Ordering::Acquire));
            let target = epoch::epoch_of(raw);
            if self.epoch() == Some(target) {
                return Ok(Pulled { epoch: target, blocks: 0, retries });
            }
            if let Some(blocks) = self.attempt(map, target, &mut copy)? {
                *self = Self::at(target);
                return Ok(Pulled { epoch: target, blocks, retries });
            }
        }
        Err(Error::Lapped { tries })
    }

    /// Brings the replica to `target`; how many blocks that took, `None` if the writer is past it.
    fn attempt<M: Stamps>(
        &mut self,
        map: &M,
        target: u32,
        copy: &mut impl FnMut(u32) -> Result<(), Error>,
    ) -> Result<Option<u32>, Error> {
        let count = map.blocks();
        let supers = Level::Super.count(count);
        // While a state is being written nothing will come of it: found out here, before the
        // replica is touched, it stays whole.
        if (0..supers).any(|index| age(map.load(Level::Super, index), target) >= AHEAD) {
            return Ok(None);
        }
        // From this age on a stamp says that the replica has the block. A replica of nothing, or
        // of long ago, has none.
        let had = match self.at {
            Some(at) if age(at, target) < HORIZON => age(at, target),
            _ => AHEAD,
        };
        let has = |age: u32| had <= age && age < AHEAD;
        let mut copied = 0;
        for upper in 0..supers {
            if has(age(map.load(Level::Super, upper), target)) {
                continue;
            }
            for group in below(upper, Level::Group.count(count)) {
                if has(age(map.load(Level::Group, group), target)) {
                    continue;
                }
                for block in below(group, count) {
                    let stamp = map.load(Level::Block, block);
                    let age = age(stamp, target);
                    if has(age) {
                        continue;
                    }
                    if age >= AHEAD && !is_planted("twin: pass over what is being written") {
                        return Ok(None);
                    }
                    self.spoiled = true;
                    copy(block)?;
                    // Acquire fence: if any byte came from a later state, the stamp that was
                    // stored before it is visible to the load below; pairs with the Release
                    // fence in `mark`.
                    fence::<M::Word>("twin: look again", Ordering::Acquire);
                    let again = map.load(Level::Block, block);
                    if again != stamp && !is_planted("twin: look once") {
                        return Ok(None);
                    }
                    copied += 1;
                }
            }
        }
        Ok(Some(copied))
    }
}

/// The stamps under stamp `index` of the level above, which has `count` of them in all.
#[inline]
fn below(index: u32, count: u32) -> core::ops::Range<u32> {
    let first = index.saturating_mul(FANOUT);
    first..first.saturating_add(FANOUT).min(count)
}
