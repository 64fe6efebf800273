//! Memory to work on, its pages touched.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use inos::inos_core::REGION_ALIGN;
use inos::inos_core::defs::APART;
use inos::{Cooperative, Layout, Region, Sections};
use memmap2::{MmapOptions, MmapRaw};

/// Memory for one layout, on the heap. All of its pages have been written to.
pub struct Memory {
    bytes: Vec<u8>,
    layout: Layout,
}

impl Memory {
    /// Enough for this layout.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let len = usize::try_from(layout.total_len()).expect("memory that can be addressed");
        // Not zero: that could be pages which are not there yet.
        Self { bytes: vec![0xa5; len + REGION_ALIGN], layout }
    }

    /// Formats it.
    pub fn sections(&mut self) -> Sections<'_, Cooperative> {
        let (region, _) = Region::trim(&mut self.bytes);
        Sections::create(region, &self.layout, 1).expect("a layout that fits")
    }
}

/// Words of memory that two processes share, each on a cache line of its own: what contenders
/// without INOS use between processes.
pub struct Lines {
    map: MmapRaw,
}

impl Lines {
    const COUNT: usize = 128;

    /// Makes the file.
    #[must_use]
    pub fn create(path: &Path) -> Self {
        let file = File::create_new(path).expect("a file");
        file.set_len((Self::COUNT * APART) as u64).expect("a few kilobytes");
        drop(file);
        Self::open(path)
    }

    /// Maps a file that was made before.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("the file");
        let map = MmapOptions::new().len(Self::COUNT * APART).map_raw(&file).expect("a mapping");
        Self { map }
    }

    /// The word at the start of a line.
    #[must_use]
    pub fn word(&self, line: usize) -> &AtomicU32 {
        assert!(line < Self::COUNT, "there are {} lines", Self::COUNT);
        // The offset is inside the mapping.
        let word = self.map.as_mut_ptr().wrapping_add(line * APART).cast();
        // SAFETY: mapped, writable and aligned for as long as `self` is borrowed; nobody in any
        // process reaches these bytes but by atomics, and nobody truncates the file.
        unsafe { AtomicU32::from_ptr(word) }
    }
}
