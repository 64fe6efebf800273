//! Ping-pong buffers: frames as bytes and as items, by copies and in place.

use std::mem;

use inos_core::{Cooperative, Error, Observer, PingPong, Reader, SectionId, Writer};

use super::world::{World, fill, filled, holds};
use super::{Context, Door, Finish, MAX_LEN, keep, one};
use crate::bytes::Bytes;

pub(super) struct Frames<'m, T: Door> {
    writers: Vec<(SectionId, Writer<'m, T>)>,
    readers: Vec<(SectionId, Reader<'m>)>,
    observers: Vec<(SectionId, Observer<'m>)>,
}

impl<T: Door> Default for Frames<'_, T> {
    fn default() -> Self {
        Self { writers: Vec::new(), readers: Vec::new(), observers: Vec::new() }
    }
}

/// What was published last, of so many bytes under a seed.
fn published(world: &World, id: SectionId, version: u32, len: usize, seed: u32) {
    world.frames.borrow_mut().insert(id, (version, len, seed));
}

/// The newest frame, whole.
fn check(world: &World, id: SectionId, version: u32, frame: &[u8]) {
    if world.is_known() {
        let newest = world.frames.borrow().get(&id).copied();
        let (newest, len, seed) = newest.expect("a frame that somebody has published");
        assert_eq!((newest, len), (version, frame.len()));
        assert!(holds(seed, frame), "a torn frame");
    }
}

impl<'m, T: Door> Frames<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        let Some(buffer) = at.world.see(PingPong::open(at.sections, id)) else { return };
        if let Some(writer) = at.world.see(buffer.writer()) {
            keep(&mut self.writers, (id, writer));
        }
        if let Some(reader) = at.world.see(T::seat(&buffer)) {
            keep(&mut self.readers, (id, reader));
        }
        if let Some(observer) = at.world.see(buffer.observer()) {
            keep(&mut self.observers, (id, observer));
        }
    }

    pub(super) fn write(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (offset, len) = (bytes.word() as usize, bytes.word() as usize);
        let finish = Finish::of(bytes);
        let Some((id, writer)) = one(&mut self.writers, bytes) else { return };
        let Some(mut back) = world.see(writer.back_mut()) else { return };
        let capacity = back.capacity();
        let (len, seed) = (len % (capacity + 2), world.seed());
        let frame = filled(seed, capacity);
        back.write(0, &frame).expect("as long as the frame");
        // A piece of the same again, anywhere.
        let piece = frame.get(offset..).unwrap_or(&[0; 4]);
        let is_inside = offset <= capacity && offset.is_multiple_of(4);
        assert_eq!(back.write(offset, piece).is_ok(), is_inside, "{offset} of {capacity}");
        match finish {
            Finish::Commit => {
                let result = back.publish(len);
                assert_eq!(result.is_err(), len > capacity);
                if let Ok(version) = result {
                    published(world, *id, version, len, seed);
                    assert_eq!(writer.newest_len(), Ok(len));
                    assert_eq!(writer.newest_version(), Ok(version));
                }
            }
            Finish::Drop => drop(back),
            Finish::Forget => mem::forget(back),
        }
    }

    pub(super) fn read(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let mut out = vec![0; usize::from(bytes.u16()) % MAX_LEN];
        let tries = u32::from(bytes.u8() % 4);
        if let Some((id, observer)) = one(&mut self.observers, bytes) {
            // No tries are no look.
            if let (1.., Some(observed)) = (tries, world.see(observer.copy(&mut out, tries))) {
                check(world, *id, observed.version, &out[..observed.len]);
            }
            let mut items = vec![[0_u32; 2]; out.len() / 8];
            world.see(observer.copy_items(&mut items, 1));
        }
        let finish = Finish::of(bytes);
        let Some((id, reader)) = one(&mut self.readers, bytes) else { return };
        let Some(front) = world.see(reader.front()) else { return };
        check(world, *id, front.version(), &front);
        let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        // Every byte is read, so that one outside is seen.
        assert!(sum(&front) <= 255 * front.len() as u64);
        match front.items::<[u32; 2]>() {
            Ok(items) => assert_eq!(sum(bytemuck::cast_slice(items)), sum(&front)),
            Err(error) => assert!(matches!(error, Error::WrongItem { .. })),
        }
        if finish == Finish::Forget {
            // Its pin stays until the next.
            mem::forget(front);
        }
    }

    pub(super) fn forget(&mut self, choice: u8) {
        match choice % 3 {
            0 => drop(self.writers.pop()),
            1 => drop(self.readers.pop()),
            _ => drop(self.observers.pop()),
        }
    }

    pub(super) fn die(&mut self) {
        self.writers.drain(..).for_each(mem::forget);
        self.readers.drain(..).for_each(mem::forget);
        self.observers.drain(..).for_each(mem::forget);
    }
}

/// Frames, borrowed.
impl Frames<'_, Cooperative> {
    pub(super) fn in_place(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (choice, len) = (bytes.u8() % 3, usize::from(bytes.u16()));
        let finish = Finish::of(bytes);
        let seed = world.seed();
        let Some((id, writer)) = one(&mut self.writers, bytes) else { return };
        let mut version = writer.newest_version();
        if choice == 0 {
            if let Some(front) = world.see(writer.front()) {
                check(world, *id, version.unwrap_or(0), front);
            }
            return;
        }
        let Some((front, mut back)) = world.see(writer.front_and_back()) else { return };
        let capacity = back.capacity();
        let is_filled = if choice == 1 {
            back.as_mut_slice().map(|slot| fill(seed, slot))
        } else {
            // As items, as far as they go.
            back.items_mut::<[u32; 2]>().map(|items| fill(seed, bytemuck::cast_slice_mut(items)))
        };
        if is_filled.is_err() || choice == 2 {
            back.write(0, &filled(seed, capacity)).expect("as long as the frame");
        }
        let len = len % (capacity + 1);
        match finish {
            Finish::Commit => {
                let before = version;
                version = back.publish(len);
                // It is lent still.
                if let (Some(front), Ok(before)) = (front, before) {
                    check(world, *id, before, front);
                }
                if let Some(version) = world.see(version) {
                    published(world, *id, version, len, seed);
                }
            }
            Finish::Drop => drop(back),
            Finish::Forget => mem::forget(back),
        }
    }
}
