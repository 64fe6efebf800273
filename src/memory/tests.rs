//! Files on the disk, through their doors.
#![allow(unsafe_code)]

use super::*;
use inos_core::{Access, Layout, SectionId, Sections};
use std::fs;
use std::path::{Path, PathBuf};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("inos-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn layout() -> Layout {
    Layout::builder().raw(SectionId(1), "bytes", 64).build().unwrap()
}

fn create(path: &Path, context_id: u64) -> FileMemory {
    let memory = FileMemory::create(path, layout().total_len()).unwrap();
    // SAFETY: the file is used by this test only, through regions.
    let region = unsafe { memory.cooperative() }.unwrap();
    let sections = Sections::create(region, &layout(), context_id).unwrap();
    sections.write_raw(SectionId(1), 0, &context_id.to_ne_bytes()).unwrap();
    memory
}

#[test]
fn a_region_takes_its_name_when_it_is_whole_and_replaces_only_regions() {
    let folder = Folder::new("replace");
    let path = folder.0.join("a.inos");
    let first = create(&path, 1);
    assert!(!path.exists());
    first.persist().unwrap();
    first.persist().unwrap();
    first.flush().unwrap();

    let seen = FileMemory::open(&path, Access::ReadOnly).unwrap();
    create(&path, 2).persist().unwrap();
    drop(create(&path, 3));
    assert_eq!(folder.names(), ["a.inos"]);

    // Who mapped the old one keeps it; who opens now gets the new one.
    let new = FileMemory::open(&path, Access::ReadWrite).unwrap();
    for (memory, expected) in [(&seen, 1), (&new, 2)] {
        // SAFETY: the files are used by this test only, through regions.
        let sections = Sections::attach(unsafe { memory.cooperative() }.unwrap()).unwrap();
        assert_eq!(sections.context_id(), expected);
        let mut bytes = [0; 8];
        sections.read_raw(SectionId(1), 0, &mut bytes).unwrap();
        assert_eq!(u64::from_ne_bytes(bytes), expected);
    }
    assert_eq!(seen.access(), Access::ReadOnly);
}

#[test]
fn other_files_are_left_untouched() {
    let folder = Folder::new("untouched");
    let path = folder.0.join("letter.txt");
    for content in ["Dear Sir", "", "INO"] {
        fs::write(&path, content).unwrap();
        assert!(matches!(FileMemory::create(&path, 4096), Err(MemoryError::NotARegion { .. })));
        assert!(matches!(
            FileMemory::open(&path, Access::ReadWrite),
            Err(MemoryError::NotARegion { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    assert!(matches!(FileMemory::create(&folder.0, 4096), Err(MemoryError::NotARegion { .. })));
    fs::remove_file(&path).unwrap();

    // One that appears between create and persist.
    let memory = create(&path, 1);
    fs::write(&path, "Dear Sir").unwrap();
    assert!(matches!(memory.persist(), Err(MemoryError::NotARegion { .. })));
    drop(memory);
    assert_eq!(fs::read_to_string(&path).unwrap(), "Dear Sir");
    assert_eq!(folder.names(), ["letter.txt"]);
}

#[test]
fn a_missing_file_is_an_io_error_that_names_it() {
    let error = FileMemory::open("/no/such/file", Access::ReadOnly).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/file: "));
    assert!(matches!(error, MemoryError::Io { .. }));
    assert!(FileMemory::create("/", 4096).is_err());
}
