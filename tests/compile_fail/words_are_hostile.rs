//! Words that safe code can still store to are never trusted.
use inos_core::*;

pub fn case(words: &[AtomicU32]) {
    let region: Region<'_, Cooperative> = Region::from_words(words); //~ E0308 or: let region: Region<'_, Hostile> = Region::from_words(words);
    drop(region);
}
