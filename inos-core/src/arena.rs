//! Memory to allocate from: any party, blocks of any size, found again by a handle.
//!
//! [`defs::arena`](crate::defs::arena) draws the bytes.
//!
//! [`protocol::arena`](crate::protocol::arena) says what the words mean.
//!
//! - A block up to an eighth of a page, and up to 4096 bytes, lies in a page cut into blocks of
//!   its class: 64, 72, 80 … 120, 128, 144 …, eight to a doubling. A longer one has pages of its
//!   own.
//! - A [`Block`] belongs to the party that holds it: its bytes are nobody else's. Dropping it frees
//!   it. Of blocks whose party died, or forgot them and left, the same becomes by
//!   [`Party`](crate::Party).
//! - To give a block to another party, [`hand_over`](Block::hand_over): its [`Handle`] is two words
//!   that travel in a record or a call, and whoever [`adopt`](Arena::adopt)s it first has the
//!   block. Until then it is the sender's, and goes with it; or it is the party's that it was
//!   [handed over to](Block::hand_over_to).
//! - A handle that was used, freed or made up is refused: the generation of its place is another.
//! - Bytes are not cleared: a block shows what was in it before.
//!
//! # Not supported
//! Growing a block where it is; several holders of one block. A generation has 20 bits: a handle
//! that was kept while its place was taken 2^20 times over may fit again. Looking for what the dead
//! held reads all words of the arena.
#![forbid(unsafe_code)]

mod block;
mod stats;

use core::marker::PhantomData;

pub use block::{Block, Handle};
pub use stats::ArenaStats;

use crate::defs::arena::{
    CLASSES, HINT, MAJOR, MAX_PAGE_LEN, MIN_PAGE_LEN, OFFSET_BITS, PAGE, PAGE_WORDS, RUN,
};
use crate::defs::{GRANULE, KIND_ARENA, LINE};
use crate::error::Error;
use crate::protocol::arena::{
    self, Claim, FULL, MAX_CLASS_LEN, Page, Place, UNIT, Words, class_count, class_len, class_of,
};
use crate::protocol::{ReadWord, Word};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

/// Bytes that handles can tell apart.
const MAX_LEN: u64 = (GRANULE as u64) << OFFSET_BITS;
/// How many blocks of a class that were freed last are remembered.
const RECENT: usize = 8;
/// Pages of other uses to look at before a free one is taken.
const LOOKS: u32 = 64;

const _: () = assert!(class_len(CLASSES as u32 - 1) == MAX_CLASS_LEN);

/// How large an arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaConfig {
    /// Bytes in a page: a power of two from 512 to 2^20. Blocks up to an eighth of it share pages,
    /// longer ones have whole pages: 32,768 suits blocks of any size, small memories less.
    pub page_len: u32,
    /// How many pages there are, at least 1; 32 GiB together at most.
    pub pages: u32,
}

impl ArenaConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.page_len, self.pages, 0, 0]
    }

    const fn units_per_page(&self) -> u32 {
        self.page_len / UNIT
    }

    /// Offset of the unit words.
    const fn units(&self) -> u64 {
        (self.pages as u64 * PAGE_WORDS as u64).next_multiple_of(LINE as u64)
    }

    /// Offset of the pages.
    const fn data(&self) -> u64 {
        let units = self.pages as u64 * self.units_per_page() as u64;
        self.units() + (units * 4).next_multiple_of(LINE as u64)
    }

    /// Whole pages that `offset` bytes reach over, and bytes of the next one. By shifts: pages
    /// are powers of two long, and a compiler need not know that none is 0 bytes.
    const fn split(&self, offset: u64) -> (u64, u32) {
        let rest = offset & (self.page_len as u64).wrapping_sub(1);
        (offset >> self.page_len.trailing_zeros(), rest as u32)
    }

    /// Bytes in all pages.
    const fn data_len(&self) -> u64 {
        self.pages as u64 * self.page_len as u64
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &ArenaConfig) -> Result<u64, Error> {
    let page_len = config.page_len;
    if !page_len.is_power_of_two() || page_len < MIN_PAGE_LEN || page_len > MAX_PAGE_LEN {
        return Err(Error::BadLayout { what: "pages of an arena: a power of two, 512 to 2^20" });
    }
    if config.pages == 0 || config.data_len() > MAX_LEN {
        return Err(Error::BadLayout { what: "an arena has pages, and at most 32 GiB of them" });
    }
    // At most 2^35 bytes and a tenth of it: no overflow.
    Ok(config.data() + config.data_len())
}

/// Makes all memory free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let parts = Parts::new(*span, section)?;
    // The words fit: the pages behind them do.
    span.clear(0, parts.data())
}

/// Makes all memory free: whoever held a block has no other way to it any more.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    arena::void(&Parts::new(*span, section)?);
    Ok(())
}

/// Frees the blocks that `dead` holds or has sent; how many.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    arena::reclaim(&Parts::new(*span, section)?, dead)
}

fn config_of(section: &Section) -> Result<ArenaConfig, Error> {
    let [page_len, pages, ..] = section.params;
    let config = ArenaConfig { page_len, pages };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        _ => Err(Error::Corrupt { what: "parameters of an arena" }),
    }
}

/// Where everything in an arena is. Every block carries one.
#[derive(Clone, Copy, Debug)]
struct Parts<'m> {
    /// The whole section, which begins with the page words and ends with the pages.
    span: Span<'m>,
    config: ArenaConfig,
}

impl<'m> Parts<'m> {
    fn new(span: Span<'m>, section: &Section) -> Result<Self, Error> {
        let config = config_of(section)?;
        span.require_writable()?;
        let (data, len) = (config.data(), config.data_len());
        match (usize::try_from(data), usize::try_from(len)) {
            // The words come before the pages, so where they begin fits, too.
            (Ok(data), Ok(len)) => {
                Ok(Self { span: span.sub(0, data.saturating_add(len))?, config })
            }
            // On a 32-bit machine a section that long can't have been opened.
            _ => Err(Error::OutOfBounds { offset: data, len }),
        }
    }

    /// The pages, without the words before them.
    #[inline]
    fn pages(&self) -> Result<Span<'m>, Error> {
        let data = self.data();
        self.span.sub(data, self.span.len().saturating_sub(data))
    }

    /// Offset of the unit words; `new` has seen that it and the next one fit.
    #[inline]
    const fn units(&self) -> usize {
        self.config.units() as usize
    }

    /// Offset of the pages.
    #[inline]
    const fn data(&self) -> usize {
        self.span.len().saturating_sub(self.config.data_len() as usize)
    }
}

impl Parts<'_> {
    #[inline]
    fn page_word(&self, index: u32, at: usize) -> Option<&AtomicU32> {
        if index >= self.config.pages {
            return None;
        }
        self.span.word(index as usize * PAGE_WORDS + at).ok()
    }
}

impl Words for Parts<'_> {
    type Word = AtomicU32;

    #[inline]
    fn page(&self, index: u32) -> Option<&AtomicU32> {
        self.page_word(index, PAGE)
    }

    #[inline]
    fn run(&self, index: u32) -> Option<&AtomicU32> {
        self.page_word(index, RUN)
    }

    #[inline]
    fn hint(&self, index: u32) -> Option<&AtomicU32> {
        self.page_word(index, HINT)
    }

    #[inline]
    fn unit(&self, page: u32, unit: u32) -> Option<&AtomicU32> {
        let per_page = self.config.units_per_page();
        if page >= self.config.pages || unit >= per_page {
            return None;
        }
        let index = page as usize * per_page as usize + unit as usize;
        self.span.word(self.units() + index * 4).ok()
    }

    #[inline]
    fn page_count(&self) -> u32 {
        self.config.pages
    }

    #[inline]
    fn page_len(&self) -> u32 {
        self.config.page_len
    }
}

/// An arena, as one party uses it. Holding one proves that its configuration was checked against
/// the section.
///
/// It remembers where it found and freed blocks last, about 4 KiB: keep one per thread, and free
/// through [`free`](Self::free), to allocate fast.
///
/// ```
/// use inos_core::{AlignedBytes, Arena, ArenaConfig, Layout, Region, SectionId, Sections};
///
/// const ARENA: SectionId = SectionId(5);
/// let config = ArenaConfig { page_len: 512, pages: 16 };
/// let layout = Layout::builder().arena(ARENA, "arena", config).build()?;
/// let mut memory = AlignedBytes::<16384>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let (mut here, there) = (Arena::open(&sections, ARENA)?, Arena::open(&sections, ARENA)?);
/// assert_eq!(here.config(), config);
///
/// let mut block = here.allocate(2000)?;
/// assert_eq!((block.len(), block.is_empty()), (2048, false));
/// block[..5].copy_from_slice(b"hello");
/// let handle = block.hand_over(); // two words, to be sent in a record
/// let adopted = there.adopt(handle)?;
/// assert_eq!(&adopted[..5], b"hello");
/// assert!(here.adopt(handle).is_err(), "a handle is good for once");
/// drop(adopted);
/// assert_eq!(here.stats()?.used_len, 0);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Arena<'m, T: Trust> {
    parts: Parts<'m>,
    party: u16,
    /// How many classes its pages are cut into.
    classes: u32,
    /// Where blocks of each class were found last.
    near: [Near; CLASSES],
    /// Where a run was found last.
    run: u32,
    trust: PhantomData<T>,
}

/// Hints about one class. Whatever they say, nothing depends on it but the time it takes.
#[derive(Clone, Copy, Debug)]
struct Near {
    page: u32,
    index: u32,
    /// Where blocks were freed last, around and around.
    recent: [Place; RECENT],
    next: usize,
}

impl Near {
    /// Remembers where a block was freed, instead of the one that was freed longest ago.
    #[inline]
    fn put(&mut self, place: Place) {
        if let Some(slot) = self.recent.get_mut(self.next % RECENT) {
            *slot = place;
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Where the last one was freed, once.
    #[inline]
    fn take(&mut self) -> Option<Place> {
        let last = self.next.wrapping_sub(1);
        let slot = self.recent.get_mut(last % RECENT)?;
        let place = core::mem::replace(slot, Place::NOWHERE);
        if place == Place::NOWHERE {
            return None;
        }
        self.next = last;
        Some(place)
    }
}

impl<'m, T: Trust> Arena<'m, T> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `ReadOnly`; `Corrupt` if the
    /// parameters in memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (heap, notes) = (SectionId(1), SectionId(2));
    /// let config = ArenaConfig { page_len: 512, pages: 4 };
    /// let builder = Layout::builder().arena(heap, "heap", config).raw(notes, "notes", 64);
    /// # let layout = builder.build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(Arena::open(&sections, heap)?.config(), config);
    /// assert!(matches!(Arena::open(&sections, notes), Err(Error::WrongKind { id: 2, .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_ARENA, MAJOR)?;
        let near = Near { page: 0, index: 0, recent: [Place::NOWHERE; RECENT], next: 0 };
        let parts = Parts::new(span, section)?;
        Ok(Self {
            parts,
            party: span.party(),
            classes: class_count(parts.config.page_len),
            near: [near; CLASSES],
            run: 0,
            trust: PhantomData,
        })
    }

    /// How large it is.
    #[must_use]
    pub const fn config(&self) -> ArenaConfig {
        self.parts.config
    }

    /// Takes a block of at least `len` bytes; of 64, if it is fewer. Its first byte lies on a
    /// multiple of 8 bytes, and on a page if it is longer than an eighth of one.
    ///
    /// Acquire: its last holder has stopped using it; pairs with Release in the drop of [`Block`].
    ///
    /// # Errors
    /// `TooLarge` if no arena of this layout ever has so much; `Full` if there is not so much in
    /// one piece now; `Corrupt` if the words in memory are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let short = arena.allocate(70)?;
    /// assert_eq!(short.len(), 72, "the size of its class");
    /// let long = arena.allocate(3000)?;
    /// assert_eq!(long.len(), 3 * 1024, "whole pages");
    /// assert!(matches!(arena.allocate(600), Err(Error::Full)));
    /// assert!(matches!(arena.allocate(4097), Err(Error::TooLarge { max: 4096, .. })));
    /// drop(long);
    /// assert!(arena.allocate(600).is_ok());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn allocate(&mut self, len: usize) -> Result<Block<'m, T>, Error> {
        let class = match u32::try_from(len) {
            Ok(len) if len <= MAX_CLASS_LEN => class_of(len),
            _ => u32::MAX,
        };
        // Where one was freed: nothing but this belongs into the caller.
        if let Some(near) = self.near.get_mut(class as usize)
            && let Some(place) = near.take()
            && let Some(claim) = arena::claim_place(&self.parts, place, self.party)
        {
            return Ok(Block::new(self.parts, claim));
        }
        self.allocate_anywhere(len, class)
    }

    #[cold]
    fn allocate_anywhere(&mut self, len: usize, class: u32) -> Result<Block<'m, T>, Error> {
        let claim = if class >= self.classes {
            self.allocate_run(len)?
        } else if let Some(claim) = self.claim_freed(class) {
            claim
        } else {
            self.search(class)?
        };
        Ok(Block::new(self.parts, claim))
    }

    /// A block that was freed a while ago.
    fn claim_freed(&mut self, class: u32) -> Option<Claim> {
        let near = self.near.get_mut(class as usize)?;
        while let Some(place) = near.take() {
            if let Some(claim) = arena::claim_place(&self.parts, place, self.party) {
                return Some(claim);
            }
        }
        None
    }

    /// A block of a class, from where the last one was found on; or of a page that is free; or,
    /// looking closer, wherever one is.
    fn search(&mut self, class: u32) -> Result<Claim, Error> {
        let near = self.near.get(class as usize).map_or((0, 0), |near| (near.page, near.index));
        let (mut free, mut others) = (None, 0);
        for page in self.pages_from(near.0) {
            match self.look(page)? {
                Page::Blocks(found) if found == class => {
                    let index = if page == near.0 { near.1 } else { 0 };
                    if let Some(claim) = self.claim_in(page, class, index, false) {
                        return Ok(claim);
                    }
                }
                Page::Free => free = free.or(Some(page)),
                _ => {}
            }
            others += 1;
            if others >= LOOKS
                && let Some(page) = free.take()
                && let Some(claim) = self.carve(page, class)
            {
                return Ok(claim);
            }
        }
        // Free pages, and pages that looked full when somebody looked.
        for page in self.pages_from(near.0) {
            let found = match self.look(page)? {
                Page::Free => self.carve(page, class),
                Page::Blocks(found) if found == class => self.claim_in(page, class, 0, true),
                _ => None,
            };
            if let Some(claim) = found {
                return Ok(claim);
            }
        }
        // Pages of other classes, all of whose blocks are free.
        for page in self.pages_from(near.0) {
            if self.retire(page)?
                && let Some(claim) = self.carve(page, class)
            {
                return Ok(claim);
            }
        }
        Err(Error::Full)
    }

    fn allocate_run(&mut self, len: usize) -> Result<Claim, Error> {
        let config = self.parts.config;
        let max = self.parts.span.len() - self.parts.data();
        let (whole, rest) = config.split(len as u64);
        let count = u32::try_from(whole.saturating_add(u64::from(rest > 0)))
            .ok()
            .filter(|&count| count <= config.pages);
        let count = count.ok_or(Error::TooLarge { len, max })?;
        let from = self.run;
        // Behind the last one, then everywhere, then everywhere once what is empty was retired.
        if let Some(claim) = self.run_between(from, config.pages, count) {
            return Ok(claim);
        }
        if let Some(claim) = self.run_between(0, config.pages, count) {
            return Ok(claim);
        }
        for page in 0..config.pages {
            self.retire(page)?;
        }
        self.run_between(0, config.pages, count).ok_or(Error::Full)
    }

    fn run_between(&mut self, mut first: u32, end: u32, count: u32) -> Option<Claim> {
        while first.checked_add(count).is_some_and(|after| after <= end) {
            match arena::claim_run(&self.parts, first, count, self.party) {
                Ok(claim) => {
                    self.run = first + count;
                    return Some(claim);
                }
                // A run that contains the obstacle can't be had.
                Err(obstacle) => first = obstacle.max(first) + 1,
            }
        }
        None
    }

    /// All pages, from `first` on and around.
    fn pages_from(&self, first: u32) -> impl Iterator<Item = u32> + use<'m, T> {
        let count = self.parts.config.pages;
        let first = if first < count { first } else { 0 };
        (first..count).chain(0..first)
    }

    fn look(&self, page: u32) -> Result<Page, Error> {
        // Relaxed: whatever is done about it is checked when it is done.
        let raw = self.parts.page(page).map_or(0, |word| ReadWord::load(word, Ordering::Relaxed));
        Page::unpack(raw)
    }

    fn carve(&mut self, page: u32, class: u32) -> Option<Claim> {
        arena::carve(&self.parts, page, class).then_some(())?;
        self.claim_in(page, class, 0, true)
    }

    /// A free block of a page, from `index` on and around. Leaves word in the page if there is
    /// none, and believes such words unless `closer`.
    fn claim_in(&mut self, page: u32, class: u32, index: u32, closer: bool) -> Option<Claim> {
        let hint = self.parts.hint(page)?;
        if !closer && ReadWord::load(hint, Ordering::Relaxed) == FULL {
            return None;
        }
        let count = self.parts.config.page_len / class_len(class);
        let index = if index < count { index } else { 0 };
        for index in (index..count).chain(0..index) {
            if let Some(claim) = arena::claim_block(&self.parts, page, class, index, self.party) {
                if let Some(near) = self.near.get_mut(class as usize) {
                    (near.page, near.index) = (page, index + 1);
                }
                return Some(claim);
            }
        }
        if self.look(page) == Ok(Page::Blocks(class)) {
            Word::store(hint, FULL, Ordering::Relaxed);
        }
        None
    }

    /// Makes a page of blocks free, if all of them are.
    fn retire(&self, page: u32) -> Result<bool, Error> {
        Ok(match self.look(page)? {
            Page::Blocks(class) if class < CLASSES as u32 => {
                arena::retire(&self.parts, page, class, self.party)
            }
            _ => false,
        })
    }

    /// Frees a block, of this arena or another, and remembers where it was: the next one of its
    /// class is found at once, if it was this arena's.
    ///
    /// Release, as the drop of the block.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let mut block = arena.allocate(64)?;
    /// block[..4].copy_from_slice(b"mine");
    /// arena.free(block);
    /// // The same place again, found at once; nothing was cleared.
    /// let block = arena.allocate(64)?;
    /// assert_eq!(&block[..4], b"mine");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn free(&mut self, block: Block<'m, T>) {
        if let Some(place) = block.claim.as_ref().and_then(Claim::place)
            && block.parts.span.is_same(&self.parts.span)
            && let Some(near) = self.near.get_mut(place.class() as usize)
        {
            near.put(place);
        }
        drop(block);
    }

    /// Takes a block that another party, or this one, has handed over.
    ///
    /// Acquire: what the sender wrote is visible; pairs with Release in [`Block::hand_over`].
    ///
    /// # Errors
    /// `Stale` with both generations if it was adopted or freed already, or was never handed over;
    /// `OutOfBounds` if no block begins there any more; `Corrupt` if the words in memory are
    /// impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let mut block = arena.allocate(64)?;
    /// block.write(0, b"parcel")?;
    /// let handle = block.hand_over();
    /// assert_eq!(&arena.adopt(handle)?[..6], b"parcel");
    /// // It was dropped, and so it is free again. Nor is a handle good that somebody made up.
    /// assert!(matches!(arena.adopt(handle), Err(Error::Stale { .. })));
    /// assert!(arena.adopt(Handle { offset: 9, generation: 1 }).is_err());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn adopt(&self, handle: Handle) -> Result<Block<'m, T>, Error> {
        let offset = u64::from(handle.offset) * GRANULE as u64;
        let (page, start) = self.parts.config.split(offset);
        // Below 2^35 / 2^9.
        let page = page as u32;
        let claim = arena::adopt(&self.parts, page, start, handle.generation, self.party)?;
        Ok(Block::new(self.parts, claim))
    }

    /// What is used and what is free. Exact if nobody allocates or frees meanwhile.
    ///
    /// Loads are Relaxed. It looks at every page and at every block of a page that is cut up.
    ///
    /// # Errors
    /// `Corrupt` if the words in memory are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let _kept = arena.allocate(100)?;
    /// let _sent = arena.allocate(1000)?.hand_over();
    /// let stats = arena.stats()?;
    /// assert_eq!((stats.used_len, stats.block_count, stats.handed_count), (104 + 1024, 2, 1));
    /// assert_eq!(stats.free_len + stats.retained_len + stats.used_len, stats.total_len);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn stats(&self) -> Result<ArenaStats, Error> {
        stats::count(&self.parts)
    }
}

#[cfg(test)]
mod tests;
