//! A memory file that can't change its length: what processes that do not trust each other map.

#![forbid(unsafe_code)]

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use inos_core::Access;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};

use super::MemoryError;
use super::lock::FileLocks;
use super::map::Mapping;

/// Anonymous memory behind a descriptor, sealed against shrinking and growing.
///
/// Another process gets the descriptor over a socket, by inheritance, or from
/// `/proc/<pid>/fd`, and maps it with [`from_fd`](Self::from_fd).
///
/// ```
/// use inos::{Access, Memfd};
/// use std::os::fd::AsFd;
///
/// let memory = Memfd::new("flock", 4096)?;
/// assert_eq!((memory.len(), memory.is_empty()), (4096, false));
/// assert_eq!(memory.access(), Access::ReadWrite);
/// let other = Memfd::from_fd(memory.as_fd().try_clone_to_owned()?, Access::ReadWrite)?;
/// assert_eq!(other.hostile()?.len(), 4096);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Memfd {
    pub(super) map: Mapping,
    file: File,
}

impl Memfd {
    /// `len` zero bytes; `name` shows up in `/proc/<pid>/maps` and need not be unique.
    ///
    /// # Errors
    /// `Io`; `TooLarge`; and `Region` with `TooSmall` below the 4096 bytes of the smallest
    /// region.
    ///
    /// ```
    /// # use inos::*;
    /// let memory = Memfd::new("flock", 8192)?;
    /// assert_eq!((memory.len(), memory.access()), (8192, Access::ReadWrite));
    /// let small = Memfd::new("flock", 100);
    /// assert!(matches!(small, Err(MemoryError::Region(Error::TooSmall { .. }))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: &str, len: u64) -> Result<Self, MemoryError> {
        let fail = |source: rustix::io::Errno| MemoryError::io(name, source);
        let map_len = super::check_len(len)?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(memfd_create(name, flags).map_err(fail)?);
        file.set_len(len).map_err(|source| MemoryError::io(name, source))?;
        fcntl_add_seals(&file, SEALS | SealFlags::SEAL).map_err(fail)?;
        let map = Mapping::new(&file, map_len, Access::ReadWrite)
            .map_err(|source| MemoryError::io(name, source))?;
        Ok(Self { map, file })
    }

    /// Maps memory that another process made.
    ///
    /// # Errors
    /// `NotSealed` unless its length is fixed by seals, which is checked before it is looked
    /// at; `Io`, also for a descriptor that is no memory file; `TooLarge`; `Region`.
    ///
    /// ```
    /// # use inos::*;
    /// use std::os::fd::AsFd;
    ///
    /// let memory = Memfd::new("flock", 4096)?;
    /// let seen = Memfd::from_fd(memory.as_fd().try_clone_to_owned()?, Access::ReadOnly)?;
    /// assert!(matches!(seen.locks(), Err(MemoryError::Io { .. })), "it has no part in it");
    /// // What may shrink under a reader's hands is not mapped.
    /// # let path = std::env::temp_dir().join(format!("inos-doc-{}-from_fd", std::process::id()));
    /// # std::fs::write(&path, [0; 4096])?;
    /// # let file = std::fs::File::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert!(Memfd::from_fd(file.into(), Access::ReadOnly).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_fd(fd: OwnedFd, access: Access) -> Result<Self, MemoryError> {
        const NAME: &str = "memfd";
        let seals = fcntl_get_seals(&fd).map_err(|source| MemoryError::io(NAME, source))?;
        if !seals.contains(SEALS) {
            return Err(MemoryError::NotSealed);
        }
        let fail = |source: std::io::Error| MemoryError::io(NAME, source);
        let file = File::from(fd);
        let len = super::check_len(file.metadata().map_err(fail)?.len())?;
        let map = Mapping::new(&file, len, access).map_err(fail)?;
        Ok(Self { map, file })
    }

    /// Proof of life for the parties of this memory, by locks on it.
    ///
    /// # Errors
    /// `Io`, also where `/proc` is not mounted, and for memory that is mapped for
    /// reading only.
    ///
    /// ```
    /// # use inos::*;
    /// let parties = SectionId(1);
    /// let seats = PartiesConfig::of::<FileLocks>(2);
    /// let layout = Layout::builder().parties(parties, "parties", seats).build()?;
    /// let memory = Memfd::new("flock", layout.total_len())?;
    /// let sections = Sections::create(memory.hostile()?, &layout, 1)?;
    /// let locks = memory.locks()?;
    /// let party = sections.join(parties, &locks, "camera")?;
    /// assert!(!locks.is_dead(party.number()));
    /// drop(party);
    /// assert!(locks.is_dead(1), "nobody holds the lock");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn locks(&self) -> Result<FileLocks<'_>, MemoryError> {
        super::lock::require_writable(self.access())
            .and_then(|()| FileLocks::new(self.map.base(), self.file.as_fd()))
            .map_err(|source| MemoryError::io("memfd", source))
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no byte; never true.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What this process may do to the memory.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.map.access()
    }
}

/// What a mapping relies on.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

impl AsFd for Memfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_length_is_fixed() {
        let memory = Memfd::new("test", 8192).unwrap();
        assert!(memory.file.set_len(4096).is_err());
        assert!(memory.file.set_len(16384).is_err());
        assert!(fcntl_add_seals(&memory.file, SealFlags::WRITE).is_err());
        assert_eq!(memory.hostile().unwrap().len(), 8192);
    }

    #[test]
    fn a_descriptor_that_is_not_sealed_is_refused() {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let fd = memfd_create("open", flags).unwrap();
        assert!(matches!(Memfd::from_fd(fd, Access::ReadWrite), Err(MemoryError::NotSealed)));
        let file = File::open("/dev/null").unwrap();
        assert!(matches!(
            Memfd::from_fd(file.into(), Access::ReadOnly),
            Err(MemoryError::Io { .. })
        ));
    }
}
