//! Files that last, behind a trait that is small enough to be simulated: tests put a disk under
//! what is kept on one that forgets what was not synced.
#![forbid(unsafe_code)]

#[cfg(test)]
pub(crate) mod sim;

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Held for as long as the folder is open. The operating system lets it go with the process.
const LOCK: &str = "lock";

/// A file that is read and written at offsets.
pub(crate) trait DiskFile: Debug + Send + Sync {
    fn len(&self) -> io::Result<u64>;
    /// Fills `bytes`, or fails.
    fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Returns when all that was written, and the length, would survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// One folder without subfolders.
pub(crate) trait Disk: Debug + Send + Sync {
    /// Names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// The file of this name, if there is one.
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn DiskFile>>>;
    /// A file of this name without bytes.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Gives a file another name, at once or not at all.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Returns when the names of all files that were created would survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// Why a folder could not be opened.
#[derive(Debug)]
pub(crate) enum FolderError {
    Io {
        path: PathBuf,
        source: io::Error,
    },
    /// Another process, or another value in this one, has it.
    Locked {
        folder: PathBuf,
    },
}

impl FolderError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// A folder of the operating system, locked.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, which is made if it is missing, for this process alone.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let is_new = !path.try_exists().map_err(FolderError::io(path))?;
        fs::create_dir_all(path).map_err(FolderError::io(path))?;
        if is_new && let Some(parent) = path.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            sync_folder(parent).map_err(FolderError::io(parent))?;
        }
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(FolderError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Locked { folder: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(FolderError::io(&lock_path)(source)),
        }
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        // Names that are no text are none of ours.
        fs::read_dir(&self.path)?
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .filter_map(Result::transpose)
            .collect()
    }

    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
        match OpenOptions::new().read(true).write(true).open(self.path.join(name)) {
            Ok(file) => Ok(Some(Arc::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true);
        Ok(Arc::new(file.open(self.path.join(name))?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A folder can't be synced here; NTFS journals names by itself.
#[cfg(windows)]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, offset)
    }

    #[cfg(unix)]
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn read(&self, mut offset: u64, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let len = std::os::windows::fs::FileExt::seek_read(self, bytes, offset)?;
            bytes = match bytes.get_mut(len..) {
                Some(rest) if len > 0 => rest,
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            offset = offset.saturating_add(len as u64);
        }
        Ok(())
    }

    #[cfg(windows)]
    fn write(&self, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let len = std::os::windows::fs::FileExt::seek_write(self, bytes, offset)?;
            bytes = match bytes.get(len..) {
                Some(rest) if len > 0 => rest,
                _ => return Err(io::ErrorKind::WriteZero.into()),
            };
            offset = offset.saturating_add(len as u64);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        Self::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        // The length is part of what is needed to read the data, so it is synced, too.
        self.sync_data()
    }
}
