//! Memory of this process alone.
#![forbid(unsafe_code)]

use inos_core::{Cooperative, Region};

use super::{MemoryError, ThreadGuards};
use crate::aligned::AlignedVec;

/// Zeroed memory on the heap, shared by threads through one region.
///
/// ```
/// use inos::{EpochsConfig, HeapMemory, Layout, SectionId, Sections};
///
/// let layout = Layout::builder()
///     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: true })
///     .build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// assert_eq!((memory.len() as u64, memory.is_empty()), (layout.total_len(), false));
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// assert_eq!(sections.iter().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HeapMemory {
    bytes: AlignedVec,
    guards: ThreadGuards,
}

impl HeapMemory {
    /// `len` zero bytes. Pages that are never touched cost nothing on most systems.
    ///
    /// # Errors
    /// `TooLarge`, and `Region` with `TooSmall` below the 4096 bytes of the smallest region.
    /// Where the allocator has no memory left, the process ends, as for any vector.
    ///
    /// ```
    /// # use inos::*;
    /// let memory = HeapMemory::new(1 << 20)?;
    /// assert_eq!((memory.len(), memory.is_empty()), (1 << 20, false));
    /// let small = HeapMemory::new(100);
    /// assert!(matches!(small, Err(MemoryError::Region(Error::TooSmall { .. }))));
    /// assert!(matches!(HeapMemory::new(u64::MAX), Err(MemoryError::TooLarge { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(len: u64) -> Result<Self, MemoryError> {
        let mut bytes = AlignedVec::new(super::check_len(len)?);
        let guards = ThreadGuards::new(bytes.as_mut().as_mut_ptr());
        Ok(Self { bytes, guards })
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no byte; never true.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Proof of life for the parties of this memory, which are threads.
    ///
    /// ```
    /// # use inos::*;
    /// let mut memory = HeapMemory::new(4096)?;
    /// let guards = memory.guards();
    /// let life = guards.enter(3)?;
    /// assert!(life.is_some() && !guards.is_dead(3));
    /// // A new region has no parties: whoever was there borrowed the last one.
    /// memory.region()?;
    /// assert!(guards.is_dead(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn guards(&self) -> ThreadGuards {
        self.guards.clone()
    }

    /// The region. Attaching to it is exclusive, since it borrows the memory exclusively.
    ///
    /// # Errors
    /// `Region`; does not happen, because the memory is aligned and large enough.
    ///
    /// ```
    /// # use inos::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(1), "jobs", config).build()?;
    /// let mut memory = HeapMemory::new(layout.total_len())?;
    /// let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// core::mem::forget(RingBuffer::open(&sections, SectionId(1))?.producer()?);
    /// // Taken again, the region is ours alone: what was claimed through the last one is void.
    /// let sections = Sections::attach(memory.region()?)?;
    /// assert!(RingBuffer::open(&sections, SectionId(1))?.producer().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn region(&mut self) -> Result<Region<'_, Cooperative>, MemoryError> {
        // Whoever sat here had borrowed the region before, and that borrow is over.
        self.guards.clear();
        Ok(Region::from_bytes(self.bytes.as_mut())?)
    }
}

impl Drop for HeapMemory {
    fn drop(&mut self) {
        self.guards.close();
    }
}

#[cfg(test)]
mod tests {
    use inos_core::Liveness;

    use super::*;

    #[test]
    fn guards_are_about_their_memory_as_long_as_it_is_there() {
        let (mut one, two) = (HeapMemory::new(4096).unwrap(), HeapMemory::new(4096).unwrap());
        let (of_one, of_two) = (one.guards(), two.guards());
        let base = one.bytes.as_mut().as_ptr();
        assert!(of_one.covers(base) && !of_two.covers(base));
        let guard = of_one.enter(3).unwrap().unwrap();
        assert!(one.guards().enter(3).unwrap().is_none() && !of_one.is_dead(3));
        drop(guard);
        assert!(of_one.is_dead(3));
        let old = of_one.enter(3).unwrap().unwrap();
        one.region().unwrap();
        assert!(of_one.is_dead(3), "a new region has no parties");
        let _successor = of_one.enter(3).unwrap().unwrap();
        drop(old);
        assert!(!of_one.is_dead(3), "an old guard does nothing to its successor");
        assert!(matches!(of_one.enter(1024), Err(inos_core::Error::NoSuchIndex { .. })));
        drop(one);
        assert!(!of_one.covers(base));
    }

    #[test]
    fn it_is_as_long_as_asked_for() {
        for len in [4096, 4100, 1 << 20] {
            let mut memory = HeapMemory::new(len).unwrap();
            assert_eq!(memory.region().unwrap().len() as u64, len);
        }
        assert!(matches!(HeapMemory::new(0), Err(MemoryError::Region(_))));
        assert!(matches!(HeapMemory::new(u64::MAX), Err(MemoryError::TooLarge { .. })));
    }
}
