//! Who hands memory over: this process, a file, or a sealed memory file.
//!
//! | memory | who can reach it | cooperative region | hostile region |
//! |---|---|---|---|
//! | [`HeapMemory`] | threads of this process | safe: it is borrowed exclusively | - |
//! | [`FileMemory`] | who may open the file | `unsafe`: the peers are named | `unsafe`: nobody truncates |
//! | `Memfd` (Linux) | who was given the descriptor | `unsafe`: the peers are named | safe: it is sealed |
//!
//! The memory must outlive its region and everything opened from it, and the compiler sees to
//! that: run the threads that share it under [`std::thread::scope`].

mod error;
mod file;
mod guards;
mod heap;
#[cfg(target_os = "linux")]
mod lock;
mod map;
#[cfg(target_os = "linux")]
mod memfd;
#[cfg(test)]
mod tests;

pub use error::MemoryError;
pub use file::FileMemory;
pub use guards::{ThreadGuard, ThreadGuards};
pub use heap::HeapMemory;
#[cfg(target_os = "linux")]
pub use lock::{FileLock, FileLocks};
#[cfg(target_os = "linux")]
pub use memfd::Memfd;

/// A length that a process can address, and that is a region at all.
fn check_len(len: u64) -> Result<usize, MemoryError> {
    let needed = inos_core::defs::MIN_REGION_LEN;
    if len < needed {
        return Err(MemoryError::Region(inos_core::Error::TooSmall { len, needed }));
    }
    // Room for the alignment, too.
    match usize::try_from(len) {
        Ok(len) if len <= isize::MAX as usize - inos_core::REGION_ALIGN => Ok(len),
        _ => Err(MemoryError::TooLarge { len }),
    }
}
