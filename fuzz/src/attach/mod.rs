//! Attaching to memory that says anything, and using every view of what was attached.
//!
//! ```text
//! u8 kind of image
//!   even:  u16 length, that many bytes
//!   odd:   a layout (`image::layout`), work before, u8 count of overwritten words from 25 on,
//!          the words
//! u8 mend the layout hash, if even
//! work, to the end
//! ```
//!
//! The same image is attached through three doors: words that somebody else can write
//! (hostile, and now and then a word changes between two calls), bytes that nobody else can
//! reach (cooperative, exclusive), and hostile memory that is mapped for reading only. Nothing
//! may panic, run without end, or reach a byte outside, which AddressSanitizer sees: each image
//! is an allocation of just its length. In an image that nobody has overwritten nothing may be
//! called corrupt either, and what was put in comes out: no record, frame, call or event is torn,
//! lost or there twice, and a block is nobody else's as long as it is held.
//!
//! Parties join in the middle, work with handles of their own, and leave, or die with all that
//! they hold (`peer::parties`).

mod image;
mod lives;
mod peer;

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use inos_core::defs::KIND_RING;
use inos_core::{Access, Cooperative, Hostile, Region, RingBuffer, Sections};

use self::image::Image;
use self::lives::Lives;
use self::peer::{Poke, work};
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

/// Works through the hostile door on an image that another thread fills with what `noise` gives,
/// from the first to the last operation.
///
/// # Panics
/// If `inos-core` breaks a promise.
pub fn run_beside(bytes: &[u8], mut noise: impl FnMut() -> u32 + Send) {
    let mut bytes = Bytes::new(bytes);
    let image = Image::new(&mut bytes);
    let words: Vec<AtomicU32> = image.words().iter().copied().map(AtomicU32::new).collect();
    let Ok(sections) = Sections::<Hostile>::attach(Region::from_words(&words)) else { return };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Dropped by a panic, too: the other thread must not go on for ever.
        let _done = Done(&done);
        scope.spawn(|| {
            // Control words stand at the beginnings of sections.
            let firsts: Vec<_> = sections.iter().map(|found| found.offset() as usize / 4).collect();
            while !done.load(Ordering::Relaxed) {
                let any = noise() as usize;
                // There may be none: an overwritten image can say so.
                let at = match firsts.get(any % (2 * firsts.len()).max(1)) {
                    Some(first) => first + any / 64 % 96,
                    None => any % words.len(),
                };
                let Some(word) = words.get(at) else { continue };
                let value = match noise() % 4 {
                    0 => noise(),
                    1 => noise() % 64,
                    2 => word.load(Ordering::Relaxed) ^ (1 << (noise() % 32)),
                    _ => word.load(Ordering::Relaxed).wrapping_add(noise() % 16),
                };
                word.store(value, Ordering::Relaxed);
            }
        });
        let world = image.world().attached(false);
        work(&sections, &world, &Lives::over(&words), bytes, Poke::Always);
    });
}

/// Ends the noise.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn hostile(image: &Image, bytes: Bytes<'_>) {
    let words: Vec<AtomicU32> = image.words().iter().copied().map(AtomicU32::new).collect();
    if let Ok(sections) = Sections::<Hostile>::attach(Region::from_words(&words)) {
        let world = image.world().attached(true);
        work(&sections, &world, &Lives::over(&words), bytes, Poke::Words(&words));
    }
}

fn exclusive(mut image: Image, bytes: Bytes<'_>) {
    let world = image.world().exclusive();
    let mut ring = None;
    let lives = Lives::over(image.words());
    let Ok(region) = Region::from_bytes(image.bytes_mut()) else { return };
    if let Ok(sections) = Sections::<Cooperative>::attach(region) {
        ring = sections.iter().find(|found| found.kind() == KIND_RING).map(|found| found.id());
        work(&sections, &world, &lives, bytes, Poke::Nothing);
    }
    // The two ends of a ring that is all there is.
    if let Some((mut producer, mut consumer)) =
        ring.and_then(|id| RingBuffer::split(image.bytes_mut(), id).ok())
    {
        while world.see(consumer.read()).is_some() {}
        if world.see(producer.push(7, b"last")).is_some()
            && let Some(record) = world.see(consumer.read())
        {
            assert!(!world.is_known() || *record == *b"last");
        }
    }
}

fn read_only(mut image: Image, bytes: Bytes<'_>) {
    let world = image.world().attached(true);
    let lives = Lives::over(image.words());
    let memory = image.bytes_mut();
    let len = memory.len();
    let base = NonNull::from(memory).cast();
    // SAFETY: `image` keeps the bytes allocated until the end of this function, does not look
    // at them again, and made `base` out of an exclusive borrow that is over. One thread.
    let region = unsafe { Region::<Hostile>::from_raw_parts(base, len, Access::ReadOnly) };
    if let Ok(sections) = region.and_then(Sections::attach) {
        work(&sections, &world, &lives, bytes, Poke::Nothing);
    }
}
