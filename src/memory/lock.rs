//! Who is alive, as Linux knows it: each party holds a lock on a byte of the region's file, and
//! the kernel drops it when the last process that has the descriptor is gone.
//!
//! The locks are on open file descriptions, so that two parties of one process are told apart,
//! and a child that inherited the descriptor (and the mapping) counts as alive. They lie far
//! beyond the end of the file. They keep nobody from anything but from the same lock: whoever
//! may open the file can hold a seat's lock, and then that party is never found dead.
//!
//! File systems over a network may lose such locks while their holder lives (a lease that ran out)
//! or keep them from other machines: there they prove nothing, and shared mappings are not coherent
//! either. A process that forks has two parties in one seat: the child must neither drop nor use what
//! the parent holds, nor close the descriptors that it inherited as long as it keeps the mapping.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

use inos_core::{Access, Error, Liveness};

/// The byte that seat 0 would lock.
const FIRST_BYTE: libc::off64_t = 1 << 62;

/// Proves the lives of the parties of one region by locks on its file. Two values for one
/// mapping, or for two mappings of one file, tell the same.
///
/// ```
/// use inos::{FileLocks, Layout, Memfd, PartiesConfig, SectionId, Sections};
///
/// let parties = SectionId(1);
/// let layout = Layout::builder()
///     .parties(parties, "parties", PartiesConfig::of::<FileLocks>(8))
///     .build()?;
/// let memory = Memfd::new("doc", layout.total_len())?;
/// let sections = Sections::create(memory.hostile()?, &layout, 1)?;
/// let locks = memory.locks()?;
/// let party = sections.join(parties, &locks, "camera")?;
/// // Nobody has died yet.
/// assert_eq!(party.reap(&locks)?.parties, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileLocks<'a> {
    base: *const u8,
    /// Our own description of the file, which holds no lock: what others hold conflicts with it.
    probe: File,
    memory: PhantomData<&'a ()>,
}

/// A party's lock. Dropping it says that the party is gone.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLocks<'_> {
    /// For the memory that begins at `base`, a mapping of the file `fd`.
    pub(super) fn new(base: *const u8, fd: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self { base, probe: reopen(fd)?, memory: PhantomData })
    }
}

/// A party writes its seat, so memory for reading only has none.
pub(super) fn require_writable(access: Access) -> io::Result<()> {
    match access {
        Access::ReadWrite => Ok(()),
        Access::ReadOnly => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// A description of the same file that shares no lock with the one given.
fn reopen(fd: BorrowedFd<'_>) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    OpenOptions::new().read(true).write(true).open(path)
}

/// Asks for, or about, the exclusive lock of a seat's byte. The description's answer.
fn lock(file: &File, command: libc::c_int, seat: u16) -> io::Result<libc::flock64> {
    let mut lock = libc::flock64 {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: FIRST_BYTE + libc::off64_t::from(seat),
        l_len: 1,
        // Open file description locks demand 0 here.
        l_pid: 0,
    };
    // SAFETY: the descriptor is open for as long as `file` is borrowed; both commands take a
    // pointer to one `flock64`, which `lock` is for the call.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(lock) }
}

fn host_error(error: &io::Error) -> Error {
    Error::Host { code: error.raw_os_error().unwrap_or(0) }
}

// SAFETY: a seat's guard holds the lock of its byte in a description of its own, which ends with
// the last process that could use it: the descriptor is never handed out, is closed on exec, and
// a forked child that keeps the mapping keeps the description, too. So where the lock is free,
// every guard was dropped or every process that held one is gone. All parties of one file lock
// the same bytes, whatever they mapped it to, and `base` is the address of such a mapping for as
// long as `'a`. `enter` takes the lock, which it can only while it is free.
unsafe impl Liveness for FileLocks<'_> {
    type Guard = FileLock;

    const SCHEME: u32 = inos_core::defs::parties::SCHEME_FILE_LOCKS;
    const EXCLUSIVE: bool = true;

    fn covers(&self, base: *const u8) -> bool {
        self.base == base
    }

    fn enter(&self, seat: u16) -> Result<Option<FileLock>, Error> {
        let file = reopen(self.probe.as_fd()).map_err(|error| host_error(&error))?;
        match lock(&file, libc::F_OFD_SETLK, seat) {
            Ok(_) => Ok(Some(FileLock { _file: file })),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EACCES) => Ok(None),
                _ => Err(host_error(&error)),
            },
        }
    }

    fn is_dead(&self, seat: u16) -> bool {
        // Nothing is proven by a question that can't be asked.
        lock(&self.probe, libc::F_OFD_GETLK, seat)
            .is_ok_and(|lock| lock.l_type == libc::F_UNLCK as libc::c_short)
    }
}

// SAFETY: the address is compared and never read.
unsafe impl Send for FileLocks<'_> {}
// SAFETY: as for Send; the descriptor's calls are safe from any thread.
unsafe impl Sync for FileLocks<'_> {}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::Memfd;

    #[test]
    fn a_lock_is_seen_by_all_and_gone_with_its_guard() {
        let memory = Memfd::new("locks", 4096).unwrap();
        let fd = memory.as_fd().try_clone_to_owned().unwrap();
        let other = Memfd::from_fd(fd, Access::ReadWrite).unwrap();
        let (mine, theirs) = (memory.locks().unwrap(), other.locks().unwrap());
        assert!(mine.is_dead(1) && theirs.is_dead(1));

        let guard = mine.enter(1).unwrap().unwrap();
        assert!(!mine.is_dead(1) && !theirs.is_dead(1));
        assert!(mine.enter(1).unwrap().is_none() && theirs.enter(1).unwrap().is_none());
        let second = theirs.enter(2).unwrap().unwrap();
        assert!(!mine.is_dead(2));
        drop(guard);
        assert!(mine.is_dead(1) && !theirs.is_dead(2));
        drop(second);
        assert!(theirs.is_dead(2));
    }

    #[test]
    fn a_lock_is_about_one_mapping() {
        let (one, two) = (Memfd::new("one", 4096).unwrap(), Memfd::new("two", 4096).unwrap());
        let (of_one, of_two) = (one.locks().unwrap(), two.locks().unwrap());
        assert!(of_one.covers(of_one.base) && !of_one.covers(of_two.base));
    }
}
