//! Who hands the memory over.

use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use inos::{Access, AlignedBytes, Cooperative, FileMemory, HeapMemory, Layout, Region, Sections};

/// More than any layout of the suite.
const LEN: usize = 1 << 16;

type Run = fn(&Sections<'_, Cooperative>, &Sections<'_, Cooperative>);

pub(crate) fn stack(layout: &Layout, run: Run) {
    let mut memory = AlignedBytes::<LEN>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, layout, 1).unwrap();
    run(&sections, &sections.clone());
}

pub(crate) fn heap(layout: &Layout, run: Run) {
    let mut memory = HeapMemory::new(layout.total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), layout, 1).unwrap();
    run(&sections, &sections.clone());
}

/// As on a microcontroller: an array that the linker places, taken by pointer.
pub(crate) fn fixed(layout: &Layout, run: Run) {
    static MEMORY: Mutex<AlignedBytes<LEN>> = Mutex::new(AlignedBytes::new());
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let base = NonNull::from(memory.as_mut()).cast();
    // SAFETY: the lock is held until the end, and nobody else has a reference to these bytes
    // meanwhile: the only one made `base` and is gone. Both attachments run this protocol.
    let region = unsafe { Region::from_raw_parts(base, LEN, Access::ReadWrite) };
    let one = Sections::create(region.unwrap(), layout, 1).unwrap();
    // SAFETY: as above.
    let region = unsafe { Region::from_raw_parts(base, LEN, Access::ReadWrite) };
    run(&one, &Sections::attach(region.unwrap()).unwrap());
}

pub(crate) fn file(layout: &Layout, run: Run) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conformance.inos");
    let memory = FileMemory::create(&path, layout.total_len()).unwrap();
    // SAFETY: only this test has the file, runs this protocol and leaves its length alone.
    let one = Sections::create(unsafe { memory.cooperative() }.unwrap(), layout, 1).unwrap();
    memory.persist().unwrap();
    let other = FileMemory::open(&path, Access::ReadWrite).unwrap();
    // SAFETY: as above.
    run(&one, &Sections::attach(unsafe { other.cooperative() }.unwrap()).unwrap());
}

#[cfg(target_os = "linux")]
pub(crate) fn memfd(layout: &Layout, run: Run) {
    use std::os::fd::AsFd;

    let memory = inos::Memfd::new("conformance", layout.total_len()).unwrap();
    // SAFETY: only this test has the descriptor, and runs this protocol.
    let one = Sections::create(unsafe { memory.cooperative() }.unwrap(), layout, 1).unwrap();
    let fd = memory.as_fd().try_clone_to_owned().unwrap();
    let other = inos::Memfd::from_fd(fd, Access::ReadWrite).unwrap();
    // SAFETY: as above.
    run(&one, &Sections::attach(unsafe { other.cooperative() }.unwrap()).unwrap());
}
