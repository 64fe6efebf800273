//! Formatting a region, and attaching to one.
//!
//! `create` writes the superblock and the section table and publishes them by storing the
//! ready state; `attach` checks every word of both, copies the table into the handle, and
//! never reads it again.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use crate::defs::{
    ENTRY_LEN_KNOWN, FORMAT_MAJOR, FORMAT_MINOR, KIND_ARENA, KIND_PARTIES, KIND_RAW, MAGIC,
    MAX_SECTIONS, MIN_REGION_LEN, SECTION_ALIGN, STATE_FORMATTING, STATE_READY,
    SUPERBLOCK_CONTEXT_ID, SUPERBLOCK_ENTRY_STRIDE, SUPERBLOCK_LAYOUT_HASH, SUPERBLOCK_LEN,
    SUPERBLOCK_MAGIC, SUPERBLOCK_SECTION_COUNT, SUPERBLOCK_STATE, SUPERBLOCK_TABLE_OFFSET,
    SUPERBLOCK_TOTAL_LEN, SUPERBLOCK_VERSION,
};
use crate::error::Error;
use crate::kind;
use crate::layout::{self, Layout};
use crate::protocol::ReadWord;
use crate::raw::liveness::Liveness;
use crate::raw::region::{Access, Region, Trust};
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sync::{Ordering, fence};

/// The superblock's words, which are written and read as one, in this order.
const SUPERBLOCK_WORDS: usize = SUPERBLOCK_LEN / 4;
const _: () = {
    assert!(SUPERBLOCK_MAGIC == 0 && SUPERBLOCK_VERSION == 4 && SUPERBLOCK_LAYOUT_HASH == 8);
    assert!(SUPERBLOCK_STATE == 12 && SUPERBLOCK_TOTAL_LEN == 16 && SUPERBLOCK_CONTEXT_ID == 24);
    assert!(SUPERBLOCK_SECTION_COUNT == 32 && SUPERBLOCK_TABLE_OFFSET == 36);
    assert!(SUPERBLOCK_ENTRY_STRIDE == 40);
};

/// A formatted region. Holding one proves that the section table was valid when it was copied;
/// what is inside the sections is checked by the view that opens them.
///
/// ```
/// use inos_core::{
///     Access, AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections,
/// };
///
/// const EPOCHS: SectionId = SectionId(1);
/// let layout = Layout::builder()
///     .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
///     .build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 42)?;
/// assert_eq!((sections.context_id(), sections.access()), (42, Access::ReadWrite));
/// assert_eq!(sections.party(), 0, "nobody in particular, before it joins");
/// sections.check()?; // as long as nobody formats the memory again
///
/// let section = sections.section(EPOCHS)?;
/// assert_eq!((section.name(), section.kind()), ("epochs", inos_core::defs::KIND_EPOCHS));
/// assert_eq!(section.params()[0], 2);
/// assert_eq!((section.offset(), section.len()), (128, 256));
/// let epochs = EpochTable::open(&sections, EPOCHS)?;
/// assert_eq!(epochs.count(), 2);
///
/// assert_eq!((sections.context_id(), sections.layout_hash()), (42, layout.hash()));
/// assert_eq!((sections.len() as u64, sections.is_empty()), (layout.total_len(), false));
/// assert_eq!(sections.access(), Access::ReadWrite);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sections<'m, T: Trust> {
    span: Span<'m>,
    context_id: u64,
    layout_hash: u32,
    table: [Section; MAX_SECTIONS],
    count: usize,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Sections<'m, T> {
    /// Formats the region. `context_id` tells this formatting from any other of the same
    /// memory; a host takes a random number.
    ///
    /// The superblock's ready state is stored last, with Release; pairs with Acquire in
    /// [`attach`](Self::attach).
    ///
    /// # Errors
    /// `TooSmall` if the layout needs more bytes than there are; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// let layout = Layout::builder().raw(SectionId(1), "notes", 8192).build()?;
    /// let mut memory = AlignedBytes::<4096>::new();
    /// let small = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7);
    /// assert!(matches!(small, Err(Error::TooSmall { len: 4096, needed: 8320 })));
    ///
    /// let mut memory = AlignedBytes::<16384>::new();
    /// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(sections.len(), 8320, "what is behind the layout is left alone");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn create(region: Region<'m, T>, layout: &Layout, context_id: u64) -> Result<Self, Error> {
        let (whole, _) = region.into_span();
        whole.require_writable()?;
        let needed = layout.total_len();
        let total = usize::try_from(needed)
            .ok()
            .filter(|&needed| needed <= whole.len())
            .ok_or(Error::TooSmall { len: whole.len() as u64, needed })?;
        let span = whole.sub(0, total)?;
        let state = span.word(SUPERBLOCK_STATE)?;
        state.store(STATE_FORMATTING, Ordering::Relaxed);
        // Whoever reads a word of the new table or superblock sees this state on the second
        // look: Release fence between the two; pairs with the Acquire fence in `attach`.
        crate::sync::fence(Ordering::Release);

        let layout_hash = layout.hash();
        let superblock: [u32; SUPERBLOCK_WORDS] = [
            MAGIC,
            u32::from(FORMAT_MAJOR) << 16 | u32::from(FORMAT_MINOR),
            layout_hash,
            STATE_FORMATTING,
            needed as u32,
            (needed >> 32) as u32,
            context_id as u32,
            (context_id >> 32) as u32,
            layout.sections().len() as u32,
            SUPERBLOCK_LEN as u32,
            ENTRY_LEN_KNOWN as u32,
            0,
            0,
            0,
            0,
            0,
        ];
        span.store_all(0, &superblock)?;

        for (index, (section, setup)) in layout.setups().enumerate() {
            let at = SUPERBLOCK_LEN + index * ENTRY_LEN_KNOWN;
            span.store_all(at, &section.as_words())?;
            let inside = section_span(&span, section)?;
            (setup.format)(&inside, section)?;
        }
        // Release: publishes all of the above; pairs with Acquire in `attach`.
        state.store(STATE_READY, Ordering::Release);
        Ok(Self {
            span,
            context_id,
            layout_hash,
            table: *layout.table(),
            count: layout.sections().len(),
            trust: PhantomData,
        })
    }

    /// Checks a formatted region and attaches to it.
    ///
    /// Sections of unknown kind are kept in the table and can't be opened. Through
    /// [`Region::from_bytes`] the attachment is exclusive: roles, pins and claims that the
    /// bytes say are held are void.
    ///
    /// Acquire: what stands in the superblock and the table is visible; pairs with Release in
    /// [`create`](Self::create).
    ///
    /// # Errors
    /// `TooSmall`, `BadMagic`, `VersionMismatch`, `NotReady`, `OutOfBounds` for a section or a
    /// table that ends outside the region, or `Corrupt` with the name of the first field that
    /// contradicts the format.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let mut memory = AlignedBytes::<4096>::new();
    /// let blank = Sections::attach(Region::from_bytes(memory.as_mut())?);
    /// assert!(matches!(blank, Err(Error::BadMagic { found: 0 })));
    ///
    /// Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let sections = Sections::attach(Region::from_bytes(memory.as_mut())?)?;
    /// assert_eq!((sections.context_id(), sections.layout_hash()), (7, layout.hash()));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn attach(region: Region<'m, T>) -> Result<Self, Error> {
        let (whole, exclusive) = region.into_span();
        let sections = Self::look(whole)?;
        if exclusive && sections.access() == Access::ReadWrite {
            for section in sections.iter() {
                kind::void_roles(&section_span(&sections.span, section)?, section)?;
            }
        }
        Ok(sections)
    }

    /// As [`attach`](Self::attach), to a region of this layout and no other: what a program
    /// takes that was built for one layout. It links the kinds of section that are in it, not
    /// all that there are.
    ///
    /// # Errors
    /// As [`attach`](Self::attach); `WrongLayout` with both hashes.
    ///
    /// ```
    /// use inos_core::{AlignedBytes, Error, Layout, Region, RingConfig, SectionId, Sections};
    ///
    /// let layout = |capacity| {
    ///     Layout::builder().ring(SectionId(1), "log", RingConfig { capacity }).build()
    /// };
    /// let (ours, theirs) = (layout(64)?, layout(128)?);
    /// let mut memory = AlignedBytes::<4096>::new();
    /// Sections::create(Region::from_bytes(memory.as_mut())?, &theirs, 7)?;
    ///
    /// let refused = Sections::attach_as(Region::from_bytes(memory.as_mut())?, &ours);
    /// let (found, expected) = (theirs.hash(), ours.hash());
    /// assert_eq!(refused.err(), Some(Error::WrongLayout { found, expected }));
    /// assert!(Sections::attach_as(Region::from_bytes(memory.as_mut())?, &theirs).is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn attach_as(region: Region<'m, T>, layout: &Layout) -> Result<Self, Error> {
        let (whole, exclusive) = region.into_span();
        let sections = Self::look(whole)?;
        // Not by the hash alone: another layout could have the same.
        if sections.table() != layout.sections() {
            let (found, expected) = (sections.layout_hash, layout.hash());
            return Err(Error::WrongLayout { found, expected });
        }
        if exclusive && sections.access() == Access::ReadWrite {
            for (section, setup) in layout.setups() {
                (setup.void_roles)(&section_span(&sections.span, section)?, section)?;
            }
        }
        Ok(sections)
    }

    /// Checks superblock and table.
    fn look(whole: Span<'m>) -> Result<Self, Error> {
        let len = whole.len() as u64;
        if len < MIN_REGION_LEN {
            return Err(Error::TooSmall { len, needed: MIN_REGION_LEN });
        }
        let found = whole.load(SUPERBLOCK_MAGIC)?;
        if found != MAGIC {
            return Err(Error::BadMagic { found });
        }
        // Acquire: the rest of the superblock is read next; pairs with Release in `create`.
        let state = whole.peek(SUPERBLOCK_STATE)?.load(Ordering::Acquire);
        if state != STATE_READY {
            return Err(Error::NotReady { state });
        }
        let [_, version, layout_hash, _, low, high, id_low, id_high, count, first, stride, ..] =
            whole.load_all::<SUPERBLOCK_WORDS>(0)?;
        let major = (version >> 16) as u16;
        if major != FORMAT_MAJOR {
            let (found, expected) = (major, FORMAT_MAJOR);
            return Err(Error::VersionMismatch { what: "format", found, expected });
        }
        let total_len = wide(low, high);
        if total_len < MIN_REGION_LEN || !total_len.is_multiple_of(SECTION_ALIGN) {
            return Err(Error::Corrupt { what: "total length" });
        }
        let total = usize::try_from(total_len)
            .ok()
            .filter(|&total| total <= whole.len())
            .ok_or(Error::TooSmall { len, needed: total_len })?;
        let span = whole.sub(0, total)?;
        let count = count as usize;
        let table = read_table(&span, count, first as usize, stride as usize)?;
        if layout_hash != layout::hash(table.get(..count).unwrap_or_default()) {
            return Err(Error::Corrupt { what: "layout hash" });
        }
        let context_id = wide(id_low, id_high);
        // Acquire fence: had anything above come from another formatting, its FORMATTING state
        // or its context id would be seen here; pairs with the Release fence in `create`.
        crate::sync::fence(Ordering::Acquire);
        let state = whole.load(SUPERBLOCK_STATE)?;
        if state != STATE_READY || load_wide(&span, SUPERBLOCK_CONTEXT_ID)? != context_id {
            return Err(Error::NotReady { state });
        }
        Ok(Self { span, context_id, layout_hash, table, count, trust: PhantomData })
    }

    /// Tells this formatting of the memory from any other.
    #[must_use]
    pub const fn context_id(&self) -> u64 {
        self.context_id
    }

    /// Equal for regions of equal layout.
    #[must_use]
    pub const fn layout_hash(&self) -> u32 {
        self.layout_hash
    }

    /// Bytes in the region, as laid out.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.span.len()
    }

    /// Whether the region has no bytes; never true.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What this party may do to the memory.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.span.access()
    }

    /// Whether the memory is still the formatting that this handle was made for.
    ///
    /// Words are loaded Relaxed: a handle found current may be stale a moment later.
    ///
    /// # Errors
    /// `Stale` with both context ids.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let words: Vec<_> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let first = Sections::create(Region::from_words(&words), &layout, 7)?;
    /// assert_eq!(first.check(), Ok(()));
    /// // Somebody formats the same memory.
    /// let second = Sections::create(Region::from_words(&words), &layout, 8)?;
    /// assert_eq!(first.check(), Err(Error::Stale { expected: 7, found: 8 }));
    /// assert_eq!(second.check(), Ok(()));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        let found = load_wide(&self.span, SUPERBLOCK_CONTEXT_ID)?;
        let expected = self.context_id;
        if found == expected { Ok(()) } else { Err(Error::Stale { expected, found }) }
    }

    /// All sections, of unknown kinds too, in the order of the table.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(3), "notes", 64)
    /// #     .ring(SectionId(1), "jobs", RingConfig { capacity: 64 })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// // By where they lie, not by their ids.
    /// assert!(sections.iter().map(Section::name).eq(["notes", "jobs"]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Section> {
        self.table().iter()
    }

    #[inline]
    fn table(&self) -> &[Section] {
        self.table.get(..self.count).unwrap_or_default()
    }

    /// The section of this id.
    ///
    /// # Errors
    /// `NoSection`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let notes = SectionId(1);
    /// # let layout = Layout::builder().raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(sections.section(notes)?.name(), "notes");
    /// assert_eq!(sections.section(SectionId(9)), Err(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn section(&self, id: SectionId) -> Result<&Section, Error> {
        self.iter().find(|section| section.id == id).ok_or(Error::NoSection { id: id.0 })
    }

    /// Copies bytes out of a section without structure. Whoever may be writing them, the copy
    /// is sound; whether it is consistent is for an epoch to tell.
    ///
    /// Loads are Relaxed, a word at a time.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`, `OutOfBounds`, or `Misaligned` unless
    /// `offset` is a multiple of 4.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let notes = SectionId(1);
    /// # let layout = Layout::builder().raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// sections.write_raw(notes, 4, b"hello")?;
    /// let mut text = [0; 3];
    /// sections.read_raw(notes, 4, &mut text)?;
    /// assert_eq!(&text, b"hel");
    /// let beyond = sections.read_raw(notes, 64, &mut text);
    /// assert_eq!(beyond, Err(Error::OutOfBounds { offset: 64, len: 3 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn read_raw(&self, id: SectionId, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        self.open(id, KIND_RAW, 1)?.0.read(offset, out)
    }

    /// Copies bytes into a section without structure, by relaxed stores of words.
    ///
    /// Publishes nothing: advance an epoch afterwards
    /// ([`EpochCounter::advance`](crate::EpochCounter::advance)). If the number of bytes is not a
    /// multiple of 4, the rest of the last word is stored as it was found.
    ///
    /// # Errors
    /// As [`read_raw`](Self::read_raw); `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let notes = SectionId(1);
    /// # let layout = Layout::builder().raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// sections.write_raw(notes, 60, b"last")?;
    /// // Refused as a whole: nothing was written.
    /// let beyond = sections.write_raw(notes, 56, b"nine chars");
    /// assert_eq!(beyond, Err(Error::OutOfBounds { offset: 56, len: 10 }));
    /// assert_eq!(sections.write_raw(notes, 2, b""), Err(Error::Misaligned { by: 2, align: 4 }));
    /// # let mut last = [0; 4];
    /// # sections.read_raw(notes, 60, &mut last)?;
    /// # assert_eq!(&last, b"last");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn write_raw(&self, id: SectionId, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.open(id, KIND_RAW, 1)?.0.write(offset, bytes)
    }

    /// As whom roles in this region are claimed: the number of a [`Party`](crate::Party), or 0.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let seats = SectionId(1);
    /// # let config = PartiesConfig::of::<AlwaysAlive>(2);
    /// # let layout = Layout::builder().parties(seats, "parties", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let party = sections.join(seats, &AlwaysAlive, "camera")?;
    /// assert_eq!(party.sections().party(), party.number());
    /// assert_eq!(sections.party(), 0, "who has not joined has no name");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn party(&self) -> u16 {
        self.span.party()
    }

    /// The same sections, for the claims of `party`.
    pub(crate) fn of_party(&self, party: u16) -> Self {
        Self { span: self.span.of_party(party), ..self.clone() }
    }

    /// Takes everything that `dead` holds; how many roles, pins and claims that were. A section
    /// that is corrupt is passed over: nobody can use it. Each step may be done twice.
    pub(crate) fn reclaim(&self, dead: u16) -> u32 {
        let reclaim = |freed: u32, section: &Section| {
            let Ok(inside) = section_span(&self.span, section) else { return freed };
            freed.saturating_add(kind::reclaim(&inside, section, dead).unwrap_or(0))
        };
        let (arenas, others) = (
            self.iter().filter(|section| section.kind == KIND_ARENA),
            self.iter().filter(|section| section.kind != KIND_ARENA),
        );
        let freed = others.fold(0, reclaim);
        // Arenas last, and a SeqCst fence: whoever hands a block over to this party and then still
        // finds it by a role of its own was before the block was looked for; pairs with the one in
        // `Block::hand_over_to`.
        fence(Ordering::SeqCst);
        arenas.fold(freed, reclaim)
    }

    /// Whether a proof of life is about this memory.
    pub(crate) fn is_covered_by<L: Liveness>(&self, liveness: &L) -> bool {
        liveness.covers(self.span.address())
    }

    /// The bytes of `count` sections without structure that follow one another in the table and,
    /// without a gap, in memory.
    pub(crate) fn open_run(&self, first: SectionId, count: u32) -> Result<Span<'m>, Error> {
        let at = self
            .iter()
            .position(|section| section.id == first)
            .ok_or(Error::NoSection { id: first.0 })?;
        let run = self.table.get(at..self.count).unwrap_or_default();
        let run = run.get(..count as usize).unwrap_or_default();
        let Some(start) = run.first() else {
            return Err(Error::Corrupt { what: "number of sections in a run" });
        };
        let mut end = start.offset;
        for section in run {
            if section.kind != KIND_RAW {
                let (found, expected) = (section.kind, KIND_RAW);
                return Err(Error::WrongKind { id: section.id.0, found, expected });
            }
            if section.offset != end {
                return Err(Error::Corrupt { what: "a gap in a run of sections" });
            }
            // The table was checked: a section ends inside the region.
            end = end.saturating_add(section.len);
        }
        let whole = Section { len: end.saturating_sub(start.offset), ..*start };
        section_span(&self.span, &whole)
    }

    /// The bytes of a section of this kind, and its entry.
    pub(crate) fn open(
        &self,
        id: SectionId,
        kind: u32,
        major: u16,
    ) -> Result<(Span<'m>, &Section), Error> {
        self.check()?;
        let section = self.section(id)?;
        if section.kind != kind {
            return Err(Error::WrongKind { id: id.0, found: section.kind, expected: kind });
        }
        let (found, _) = section.version();
        if found != major {
            let expected = major;
            return Err(Error::VersionMismatch { what: "section kind", found, expected });
        }
        Ok((section_span(&self.span, section)?, section))
    }
}

#[inline]
fn section_span<'m>(span: &Span<'m>, section: &Section) -> Result<Span<'m>, Error> {
    let (offset, len) = (section.offset, section.len);
    match (usize::try_from(offset), usize::try_from(len)) {
        (Ok(offset), Ok(len)) => span.sub(offset, len),
        _ => Err(Error::OutOfBounds { offset, len }),
    }
}

fn read_table(
    span: &Span<'_>,
    count: usize,
    first: usize,
    stride: usize,
) -> Result<[Section; MAX_SECTIONS], Error> {
    if count > MAX_SECTIONS {
        return Err(Error::Corrupt { what: "section count" });
    }
    if stride < ENTRY_LEN_KNOWN || !stride.is_multiple_of(4) || stride > 4096 {
        return Err(Error::Corrupt { what: "section entry stride" });
    }
    if first < SUPERBLOCK_LEN || !first.is_multiple_of(4) {
        return Err(Error::Corrupt { what: "section table offset" });
    }
    let table_len = count * stride;
    let entries = span.sub(first, table_len)?;
    // Nothing may lie before the end of the table, nor before the end of the section before
    // it: sections stand in the order of their offsets.
    let mut end = (first + table_len) as u64;
    let mut table = [Section::EMPTY; MAX_SECTIONS];
    for (index, slot) in table.iter_mut().take(count).enumerate() {
        let section = Section::from_words(&entries.load_all(index * stride)?);
        let (offset, len) = (section.offset, section.len);
        if !offset.is_multiple_of(SECTION_ALIGN) || !len.is_multiple_of(SECTION_ALIGN) || len == 0 {
            return Err(Error::Corrupt { what: "section alignment" });
        }
        if offset < end {
            return Err(Error::Corrupt { what: "overlapping sections" });
        }
        end = offset
            .checked_add(len)
            .filter(|&end| end <= span.len() as u64)
            .ok_or(Error::OutOfBounds { offset, len })?;
        *slot = section;
    }
    let mut rest = table.get(..count).unwrap_or_default();
    while let [others @ .., section] = rest {
        for other in others {
            if other.id == section.id {
                return Err(Error::Corrupt { what: "two sections of one id" });
            }
            // A party's number is its own in all of the region: by it blocks are told apart that
            // are lent in place.
            if other.kind == KIND_PARTIES && section.kind == KIND_PARTIES {
                return Err(Error::Corrupt { what: "two sections of parties" });
            }
        }
        rest = others;
    }
    Ok(table)
}

#[inline]
fn load_wide(span: &Span<'_>, offset: usize) -> Result<u64, Error> {
    let [low, high] = span.load_all(offset)?;
    Ok(wide(low, high))
}

#[inline]
const fn wide(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}
