//! Attaching to memory that says anything, and using every view of what was attached.
//!
//! ```text
//! u8 kind of image
//!   even:  u16 length, that many bytes
//!   odd:   a layout (`image::layout`), work before, u8 count of overwritten words, the words
//! u8 mend the layout hash, if even
//! work, to the end
//! ```
//!
//! The same image is attached through three doors: words that somebody else can write
//! (hostile, and now and then a word changes between two calls), bytes that nobody else can
//! reach (cooperative, exclusive), and hostile memory that is mapped for reading only. Nothing
//! may panic, run without end, or reach a byte outside, which AddressSanitizer sees: each image
//! is an allocation of just its length. In an image that nobody has overwritten nothing may be
//! called corrupt either.

mod image;
mod party;

use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use inos_core::{Access, Cooperative, Hostile, Region, Sections};

use self::image::Image;
use self::party::{Party, Poke};
use crate::bytes::Bytes;

/// Builds an image and works on it through each door.
///
/// # Panics
/// If `inos-core` breaks a promise.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let image = Image::new(&mut bytes);
    hostile(&image, bytes.clone());
    exclusive(image.clone(), bytes.clone());
    read_only(image, bytes);
}

fn hostile(image: &Image, bytes: Bytes<'_>) {
    let words: Vec<AtomicU32> = image.words().iter().copied().map(AtomicU32::new).collect();
    if let Ok(sections) = Sections::<Hostile>::attach(Region::from_words(&words)) {
        Party::new(&sections, image.is_intact()).work(bytes, Poke::Words(&words));
    }
}

fn exclusive(mut image: Image, bytes: Bytes<'_>) {
    let is_intact = image.is_intact();
    let Ok(region) = Region::from_bytes(image.bytes_mut()) else { return };
    if let Ok(sections) = Sections::<Cooperative>::attach(region) {
        Party::new(&sections, is_intact).work(bytes, Poke::Nothing);
    }
}

fn read_only(mut image: Image, bytes: Bytes<'_>) {
    let is_intact = image.is_intact();
    let memory = image.bytes_mut();
    let len = memory.len();
    let base = NonNull::from(memory).cast();
    // SAFETY: `image` keeps the bytes allocated until the end of this function, does not look
    // at them again, and made `base` out of an exclusive borrow that is over. One thread.
    let region = unsafe { Region::<Hostile>::from_raw_parts(base, len, Access::ReadOnly) };
    if let Ok(sections) = region.and_then(Sections::attach) {
        Party::new(&sections, is_intact).work(bytes, Poke::Nothing);
    }
}
