//! Mappings, and the doors through which their bytes become regions.
//!
//! **Map-I1**: `raw` maps `raw.len()` bytes, shared, for as long as this value lives: readable,
//! and writable if `access` is `ReadWrite`. No reference to these bytes is ever made here.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ptr::NonNull;

use inos_core::{Access, Cooperative, Hostile, Region, Trust};
use memmap2::{MmapOptions, MmapRaw};

use super::{FileMemory, MemoryError};

#[derive(Debug)]
pub(super) struct Mapping {
    raw: MmapRaw,
    access: Access,
}

impl Mapping {
    /// Maps the first `len` bytes of `file`.
    pub(super) fn new(file: &File, len: usize, access: Access) -> io::Result<Self> {
        let mut options = MmapOptions::new();
        options.len(len);
        let raw = match access {
            Access::ReadWrite => options.map_raw(file)?,
            Access::ReadOnly => options.map_raw_read_only(file)?,
        };
        Ok(Self { raw, access })
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    /// The address of the first byte, to compare and for nothing else.
    #[cfg(target_os = "linux")]
    pub(super) fn base(&self) -> *const u8 {
        self.raw.as_ptr()
    }

    pub(super) const fn access(&self) -> Access {
        self.access
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        self.raw.flush()
    }

    /// # Safety
    /// While the region, or anything opened from it, is in use:
    /// - the file keeps at least the length that was mapped;
    /// - if `T` is `Cooperative`, every other party, in this process too, runs this protocol at
    ///   this layout, as [`Region::from_raw_parts`] demands.
    pub(super) unsafe fn region<T: Trust>(&self) -> Result<Region<'_, T>, inos_core::Error> {
        let null = inos_core::Error::TooSmall { len: 0, needed: 1 };
        let base = NonNull::new(self.raw.as_mut_ptr()).ok_or(null)?;
        // SAFETY: mapped for as long as the borrow of self, which the region's lifetime is, and
        // writable as `access` says (Map-I1); bytes of a file are initialised; `len` came from
        // a usize that mmap accepted, so it is at most isize::MAX; not truncated, by this
        // function's contract. No Rust reference points to the bytes (Map-I1); a shared mapping
        // is coherent; what else `T` demands is this function's contract.
        unsafe { Region::from_raw_parts(base, self.raw.len(), self.access) }
    }
}

// The doors of the types that own a mapping stand here, so that no other module needs unsafe code.

impl FileMemory {
    /// The region, among parties that trust each other.
    ///
    /// # Errors
    /// `Region`; does not happen, because mappings are aligned.
    ///
    /// # Safety
    /// The peers are: everybody who may open the file, and every other region taken from it in
    /// this process. While this region or anything opened from it is in use,
    /// - none of them truncates the file or writes to it other than through a region;
    /// - each runs this protocol at the layout in the file, and keeps its roles and claims;
    /// - nobody formats the region again while others are attached to it.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-cooperative", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(1), "jobs", config).build()?;
    /// let memory = FileMemory::create(&path, layout.total_len())?;
    /// // SAFETY: the file has no name, so it is ours alone, and this is its only region.
    /// let sections = Sections::create(unsafe { memory.cooperative()? }, &layout, 1)?;
    /// let mut producer = RingBuffer::open(&sections, SectionId(1))?.producer()?;
    /// // Among parties that are trusted, claimed space is borrowed in place.
    /// let mut grant = producer.try_claim(5)?;
    /// grant.copy_from_slice(b"hello");
    /// grant.commit(0);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn cooperative(&self) -> Result<Region<'_, Cooperative>, MemoryError> {
        // SAFETY: the contract of `region` is part of this function's.
        Ok(unsafe { self.map.region() }?)
    }

    /// The region, where the others may write anything into it.
    ///
    /// # Errors
    /// As [`cooperative`](Self::cooperative).
    ///
    /// # Safety
    /// Nobody truncates the file while this region or anything opened from it is in use: a
    /// shorter file kills who reads past its end. Where that can't be promised, use a `Memfd`.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-hostile", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let memory = FileMemory::create(&path, layout.total_len())?;
    /// // SAFETY: nobody truncates the file.
    /// let sections = Sections::create(unsafe { memory.hostile()? }, &layout, 1)?;
    /// memory.persist()?;
    /// // Others write what they like into it, and are only ever believed what was checked.
    /// sections.write_raw(SectionId(1), 0, b"hello")?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn hostile(&self) -> Result<Region<'_, Hostile>, MemoryError> {
        // SAFETY: the contract of `region` for the hostile trust is this function's.
        Ok(unsafe { self.map.region() }?)
    }
}

#[cfg(target_os = "linux")]
impl super::Memfd {
    /// The region, among parties that trust each other.
    ///
    /// # Errors
    /// `Region`; does not happen, because mappings are aligned.
    ///
    /// # Safety
    /// The peers are: everybody who was given the descriptor, and every other region taken from
    /// this memory in this process. While this region or anything opened from it is in use,
    /// - none of them writes to the memory other than through a region;
    /// - each runs this protocol at the layout in it, and keeps its roles and claims;
    /// - nobody formats the region again while others are attached to it.
    ///
    /// ```
    /// # use inos::*;
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let memory = Memfd::new("flock", layout.total_len())?;
    /// // SAFETY: nobody was given the descriptor, and the other region of it only looks.
    /// let sections = Sections::create(unsafe { memory.cooperative()? }, &layout, 1)?;
    /// // SAFETY: as above.
    /// let seen = Sections::attach(unsafe { memory.cooperative()? })?;
    /// assert_eq!(seen.layout_hash(), sections.layout_hash());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn cooperative(&self) -> Result<Region<'_, Cooperative>, MemoryError> {
        // SAFETY: the length is fixed by seals, which can't be taken off; the rest of the
        // contract of `region` is this function's.
        Ok(unsafe { self.map.region() }?)
    }

    /// The region, where the others may write anything into it.
    ///
    /// # Errors
    /// As [`cooperative`](Self::cooperative).
    ///
    /// ```
    /// # use inos::*;
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let memory = Memfd::new("flock", layout.total_len())?;
    /// let sections = Sections::create(memory.hostile()?, &layout, 1)?;
    /// // Any number of regions of one memory, here or in other processes; no promise is needed.
    /// let other = Sections::attach(memory.hostile()?)?;
    /// sections.write_raw(SectionId(1), 0, b"hello")?;
    /// let mut text = [0; 5];
    /// other.read_raw(SectionId(1), 0, &mut text)?;
    /// assert_eq!(&text, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hostile(&self) -> Result<Region<'_, Hostile>, MemoryError> {
        // SAFETY: the length is fixed by seals, which can't be taken off; the hostile trust
        // demands nothing else.
        Ok(unsafe { self.map.region() }?)
    }
}
