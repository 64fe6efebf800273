//! A mapped file: a region that other processes open by name, and that outlives them all.
//!
//! The one file that must never shrink is the one that somebody has mapped. So nothing here
//! truncates or formats in place: a new region grows in a file of its own and takes the name
//! over when it is whole. Who still maps the old one keeps it, and is told `Stale` by nobody:
//! its epochs just stop.

#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use inos_core::Access;
use inos_core::defs::MAGIC;

use super::MemoryError;
use super::map::Mapping;

/// A region in a file.
///
/// ```
/// use inos::{Access, EpochsConfig, FileMemory, Layout, SectionId, Sections};
///
/// # let folder = std::env::temp_dir().join(format!("inos-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("shared.inos");
/// let layout = Layout::builder()
///     .epochs(SectionId(1), "epochs", EpochsConfig { count: 1, padded: true })
///     .build()?;
/// let memory = FileMemory::create(&path, layout.total_len())?;
/// // SAFETY: the file is ours alone until `persist`; then only INOS processes open it, and
/// // nobody truncates it.
/// let sections = Sections::create(unsafe { memory.cooperative()? }, &layout, 1)?;
/// memory.persist()?;
///
/// let other = FileMemory::open(&path, Access::ReadOnly)?;
/// assert_eq!((other.path(), other.access()), (path.as_path(), Access::ReadOnly));
/// assert_eq!((other.len(), other.is_empty()), (memory.len(), false));
/// // SAFETY: as above.
/// let seen = Sections::attach(unsafe { other.cooperative()? })?;
/// assert_eq!(seen.layout_hash(), sections.layout_hash());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileMemory {
    pub(super) map: Mapping,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for the locks of Linux"))]
    file: File,
    path: PathBuf,
    /// Where the file is until `persist` gives it its name.
    temporary: Mutex<Option<PathBuf>>,
}

impl FileMemory {
    /// `len` zero bytes in a new, still nameless file beside `path`; a file of that name is not
    /// touched. [`persist`](Self::persist) gives it the name; dropped before, it is gone.
    ///
    /// # Errors
    /// `NotARegion` if there is something at `path` that is not a region; `Io`; `TooLarge`; and
    /// `Region` with `TooSmall` below the 4096 bytes of the smallest region.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-create", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// let memory = FileMemory::create(&path, 4096)?;
    /// assert!(!path.exists(), "it has no name yet");
    /// drop(memory);
    /// assert_eq!(std::fs::read_dir(&folder)?.count(), 0, "and never gets one");
    ///
    /// std::fs::write(&path, "somebody's notes")?;
    /// assert!(matches!(FileMemory::create(&path, 4096), Err(MemoryError::NotARegion { .. })));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: impl AsRef<Path>, len: u64) -> Result<Self, MemoryError> {
        let path = path.as_ref();
        let map_len = super::check_len(len)?;
        refuse_foreign(path)?;
        let (file, temporary) = create_beside(path)?;
        // From here on the temporary file is removed when something fails.
        let made =
            reserve(&file, len).and_then(|()| Mapping::new(&file, map_len, Access::ReadWrite));
        match made {
            Ok(map) => {
                let temporary = Mutex::new(Some(temporary));
                Ok(Self { map, file, path: path.to_owned(), temporary })
            }
            Err(source) => {
                // Nothing more can be done about a file that can't be removed.
                let _ = fs::remove_file(&temporary);
                Err(MemoryError::io(temporary, source))
            }
        }
    }

    /// Maps an existing region, whole.
    ///
    /// # Errors
    /// `Io`; `NotARegion` if the file does not begin as a region does; `TooLarge`; and `Region` with
    /// `TooSmall` if it is shorter than the 4096 bytes of the smallest region.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-open", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let made = FileMemory::create(&path, layout.total_len())?;
    /// // SAFETY: nobody else knows the file.
    /// Sections::create(unsafe { made.cooperative()? }, &layout, 1)?;
    /// assert!(matches!(FileMemory::open(&path, Access::ReadOnly), Err(MemoryError::Io { .. })));
    /// made.persist()?;
    /// let opened = FileMemory::open(&path, Access::ReadOnly)?;
    /// assert_eq!((opened.len(), opened.access()), (4096, Access::ReadOnly));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<Self, MemoryError> {
        let path = path.as_ref();
        let fail = |source: io::Error| MemoryError::io(path, source);
        // Before it is opened: opening a pipe would wait for its other end.
        if !fs::metadata(path).map_err(fail)?.is_file() {
            return Err(MemoryError::NotARegion { path: path.to_owned() });
        }
        let write = access == Access::ReadWrite;
        let mut file = OpenOptions::new().read(true).write(write).open(path).map_err(fail)?;
        if !begins_as_region(&mut file).map_err(fail)? {
            return Err(MemoryError::NotARegion { path: path.to_owned() });
        }
        let len = super::check_len(file.metadata().map_err(fail)?.len())?;
        let map = Mapping::new(&file, len, access).map_err(fail)?;
        Ok(Self { map, file, path: path.to_owned(), temporary: Mutex::new(None) })
    }

    /// Gives a created file its name, in one step: who opens it finds the old region or this
    /// one, never half of it. To be called once the layout was created; later calls do nothing.
    ///
    /// # Errors
    /// `NotARegion` if something else appeared at the path meanwhile; `Io`.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-persist", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let make = |context_id| {
    ///     let memory = FileMemory::create(&path, layout.total_len())?;
    ///     // SAFETY: nobody truncates the file.
    ///     Sections::create(unsafe { memory.hostile()? }, &layout, context_id)?;
    ///     memory.persist()?;
    ///     Ok::<_, MemoryError>(memory)
    /// };
    /// let (old, _new) = (make(1)?, make(2)?);
    /// // Who opens the name finds the new region; who had mapped the old one keeps it.
    /// let found = FileMemory::open(&path, Access::ReadOnly)?;
    /// // SAFETY: as above.
    /// let [found, old] = [&found, &old].map(|memory| unsafe { memory.hostile() });
    /// assert_eq!(Sections::attach(found?)?.context_id(), 2);
    /// assert_eq!(Sections::attach(old?)?.context_id(), 1);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn persist(&self) -> Result<(), MemoryError> {
        let mut temporary = self.temporary.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(from) = temporary.as_ref() else { return Ok(()) };
        refuse_foreign(&self.path)?;
        fs::rename(from, &self.path).map_err(|source| MemoryError::io(&self.path, source))?;
        *temporary = None;
        Ok(())
    }

    /// Waits until what was written so far is on the disk. Other processes see it without that.
    ///
    /// # Errors
    /// `Io`.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-flush", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// # let layout = Layout::builder().raw(SectionId(1), "notes", 64).build()?;
    /// let memory = FileMemory::create(&path, layout.total_len())?;
    /// // SAFETY: nobody truncates the file.
    /// let sections = Sections::create(unsafe { memory.hostile()? }, &layout, 1)?;
    /// sections.write_raw(SectionId(1), 0, b"to keep")?;
    /// memory.flush()?;
    /// memory.persist()?;
    /// // Other processes would have seen it without; this is for a power cut.
    /// assert!(std::fs::read(&path)?.windows(7).any(|bytes| bytes == b"to keep"));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush(&self) -> Result<(), MemoryError> {
        self.map.flush().map_err(|source| MemoryError::io(&self.path, source))
    }

    /// Proof of life for the parties of this memory, by locks on the file.
    ///
    /// # Errors
    /// `Io`, also where `/proc` is not mounted, and for a file that was opened for reading only.
    ///
    /// ```
    /// # use inos::*;
    /// # let name = format!("inos-doc-{}-locks", std::process::id());
    /// # let folder = std::env::temp_dir().join(name);
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("shared.inos");
    /// let parties = SectionId(1);
    /// let seats = PartiesConfig::of::<FileLocks>(2);
    /// let layout = Layout::builder().parties(parties, "parties", seats).build()?;
    /// let memory = FileMemory::create(&path, layout.total_len())?;
    /// // SAFETY: nobody truncates the file.
    /// let sections = Sections::create(unsafe { memory.hostile()? }, &layout, 1)?;
    /// let party = sections.join(parties, &memory.locks()?, "camera")?;
    /// // Any mapping of the file tells who lives.
    /// memory.persist()?;
    /// let other = FileMemory::open(&path, Access::ReadWrite)?;
    /// assert!(!other.locks()?.is_dead(party.number()));
    /// drop(party);
    /// assert!(other.locks()?.is_dead(1));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(target_os = "linux")]
    pub fn locks(&self) -> Result<super::FileLocks<'_>, MemoryError> {
        use std::os::fd::AsFd as _;

        super::lock::require_writable(self.access())
            .and_then(|()| super::FileLocks::new(self.map.base(), self.file.as_fd()))
            .map_err(|source| MemoryError::io(&self.path, source))
    }

    /// The file's name, which it has once it is persisted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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

impl Drop for FileMemory {
    fn drop(&mut self) {
        let temporary = self.temporary.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = temporary.take() {
            // Nothing more can be done about a file that can't be removed.
            let _ = fs::remove_file(path);
        }
    }
}

/// Fails if `path` names anything but a region, or nothing.
fn refuse_foreign(path: &Path) -> Result<(), MemoryError> {
    let fail = |source: io::Error| MemoryError::io(path, source);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
    };
    let is_region = metadata.is_file()
        && begins_as_region(&mut File::open(path).map_err(fail)?).map_err(fail)?;
    if is_region { Ok(()) } else { Err(MemoryError::NotARegion { path: path.to_owned() }) }
}

fn begins_as_region(file: &mut File) -> io::Result<bool> {
    let mut magic = [0; 4];
    match file.read_exact(&mut magic) {
        Ok(()) => Ok(u32::from_ne_bytes(magic) == MAGIC),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// A new file in the folder of `path`, so that a rename can replace one by the other.
fn create_beside(path: &Path) -> Result<(File, PathBuf), MemoryError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Some(name) = path.file_name() else {
        return Err(MemoryError::io(path, io::Error::from(io::ErrorKind::InvalidInput)));
    };
    loop {
        // Relaxed: only uniqueness matters.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{count}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new().read(true).write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            // Left over from a process of the same id that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < u32::MAX => {}
            Err(error) => return Err(MemoryError::io(temporary, error)),
        }
    }
}

/// Makes the file `len` bytes long, with room on the disk where the system can promise it: a
/// store into a hole of a full disk would kill the process.
fn reserve(file: &File, len: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        match fallocate(file, FallocateFlags::empty(), 0, len) {
            Ok(()) => return Ok(()),
            // Some file systems can't promise; they get a file with a hole.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    file.set_len(len)
}
