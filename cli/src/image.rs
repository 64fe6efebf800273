//! A region's file, looked at and not touched.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use inos::{Access, FileMemory, Hostile, Section, Sections};

use crate::problem::Problem;

/// A mapped region.
pub(crate) struct Image(FileMemory);

impl Image {
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        FileMemory::open(path, Access::ReadOnly).map(Self).map_err(Problem::Memory)
    }

    /// What is in it, as far as it is what it says.
    pub(crate) fn sections(&self) -> Result<Sections<'_, Hostile>, Problem> {
        // SAFETY: the mapping is only read, and copied from by atomic words, so that what others
        // write meanwhile is no race. Nobody truncates a region that is in use; one that is, by a
        // foreign hand, ends this program by a signal and harms nobody.
        let region = unsafe { self.0.hostile() }.map_err(Problem::Memory)?;
        let named = |error| Problem::Region(self.0.path().display().to_string(), error);
        Sections::attach(region).map_err(named)
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Words of a file, read one section at a time.
pub(crate) struct Words(File);

impl Words {
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        File::open(path).map(Self).map_err(Problem::file(path))
    }

    /// So many words from `offset` of a section on; those that it has.
    pub(crate) fn read(
        &mut self,
        section: &Section,
        offset: u64,
        count: u64,
    ) -> io::Result<Vec<u32>> {
        let left = section.len().saturating_sub(offset);
        let len = count.saturating_mul(4).min(left);
        let mut bytes = Vec::new();
        self.0.seek(SeekFrom::Start(section.offset().saturating_add(offset)))?;
        (&mut self.0).take(len).read_to_end(&mut bytes)?;
        let (words, _) = bytes.as_chunks();
        Ok(words.iter().map(|word| u32::from_ne_bytes(*word)).collect())
    }
}
