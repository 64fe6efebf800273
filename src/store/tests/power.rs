//! Power cuts at every operation on the disk.
//!
//! ```text
//! INOS_STORE_CUTS=20 cargo test --release --features store power
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::disk::sim::{CUTS, SimDisk};

#[derive(Clone, Debug)]
enum Step {
    Put(u64, usize),
    PutMany(u64, usize),
    /// Like an earlier one, with some bytes more in the middle.
    Edited(u64, usize),
    Delete(u64, usize),
    Pin(&'static str, u64, usize),
    Unpin(&'static str),
    Gc,
    Reopen,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    objects: BTreeMap<Address, Vec<u8>>,
    pins: BTreeMap<String, Address>,
}

fn edited(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = content(seed, len);
    bytes.splice(len / 2..len / 2, *b"some more");
    bytes
}

fn many(seed: u64, len: usize) -> [Vec<u8>; 3] {
    [content(seed, 5), content(seed + 1, len), content(seed + 2, len * 2)]
}

impl World {
    fn put(&mut self, bytes: Vec<u8>) {
        self.objects.insert(Address::of(&bytes), bytes);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Put(seed, len) => self.put(content(*seed, *len)),
            Step::Edited(seed, len) => self.put(edited(*seed, *len)),
            Step::PutMany(seed, len) => many(*seed, *len).into_iter().for_each(|it| self.put(it)),
            Step::Delete(seed, len) => {
                self.objects.remove(&Address::of(&content(*seed, *len)));
            }
            Step::Pin(name, seed, len) => {
                self.pins.insert((*name).to_owned(), Address::of(&content(*seed, *len)));
            }
            Step::Unpin(name) => {
                self.pins.remove(*name);
            }
            Step::Gc | Step::Reopen => {}
        }
    }
}

fn steps() -> Vec<Step> {
    use Step::*;
    vec![
        Put(1, 100),
        Put(2, 6000),
        Pin("a", 2, 6000),
        Edited(2, 6000),
        PutMany(3, 700),
        Reopen,
        Put(9, 3000),
        Pin("a", 9, 3000),
        Delete(2, 6000),
        Delete(1, 100),
        Gc,
        Unpin("a"),
        Delete(9, 3000),
        Gc,
        Put(10, 5000),
    ]
}

fn run(store: &mut Option<Store>, disk: &SimDisk, step: &Step) -> Result<(), StoreError> {
    if matches!(step, Step::Reopen) {
        *store = None;
        *store = Some(open(disk)?);
        return Ok(());
    }
    let Some(store) = store else { return Err(StoreError::NotAStore) };
    match step {
        Step::Put(seed, len) => store.put(&mut content(*seed, *len).as_slice()).map(drop),
        Step::Edited(seed, len) => store.put_bytes(&edited(*seed, *len)).map(drop),
        Step::PutMany(seed, len) => {
            let objects = many(*seed, *len);
            store.put_many(&objects.each_ref().map(Vec::as_slice)).map(drop)
        }
        Step::Delete(seed, len) => store.delete(&Address::of(&content(*seed, *len))).map(drop),
        Step::Pin(name, seed, len) => store.pin(name, &Address::of(&content(*seed, *len))),
        Step::Unpin(name) => store.unpin(name).map(drop),
        Step::Gc => store.gc().map(drop),
        Step::Reopen => Ok(()),
    }
}

fn open(disk: &SimDisk) -> Result<Store, StoreError> {
    Store::on(Arc::new(disk.clone()), &small(true))
}

fn world(store: &Store) -> World {
    let objects = store.objects().unwrap().into_iter();
    let objects = objects.map(|object| (object.address, got(store, &object.address))).collect();
    World { objects, pins: store.pins().unwrap().into_iter().collect() }
}

/// Runs the steps until the power fails; what was acknowledged, and what would have been next.
fn until_the_cut(disk: &SimDisk) -> Option<(World, World)> {
    let mut acknowledged = World::default();
    let mut store = match open(disk) {
        Ok(store) => Some(store),
        Err(_) => return Some((acknowledged.clone(), acknowledged)),
    };
    for step in steps() {
        let mut next = acknowledged.clone();
        next.step(&step);
        if run(&mut store, disk, &step).is_err() {
            return Some((acknowledged, next));
        }
        acknowledged = next;
    }
    assert_eq!(world(store.as_ref().unwrap()), acknowledged);
    None
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_that_was_acknowledged() {
    let whole = SimDisk::default();
    assert!(until_the_cut(&whole).is_none());
    let count = whole.steps();
    assert!(count > 200, "{count} operations");
    let cuts: u64 =
        std::env::var("INOS_STORE_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(1);
    let (mut happened, mut points) = (0, 0);
    for at in 1..count {
        let disk = SimDisk::default();
        disk.fail_in(at);
        // The last ones are of closing.
        let Some((before, after)) = until_the_cut(&disk) else { continue };
        for seed in 0..cuts {
            for cut in CUTS {
                let what = format!("operation {at}, {cut:?}, seed {seed}");
                let disk = disk.after(cut, at << 8 | seed);
                let store = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
                // What a crash left behind is gone.
                let files = disk.names().into_iter().filter(|name| name.ends_with(".segment"));
                let bytes: usize = files.map(|name| disk.edit(&name, |bytes| bytes.len())).sum();
                assert_eq!(bytes as u64, store.stat().unwrap().segment_bytes, "{what}");
                let found = world(&store);
                assert!(found == before || found == after, "{what}");
                happened += u64::from(found == after && before != after);
                points += 1;
                assert_clean(&store);
                // Everything still works.
                store.gc().unwrap();
                let more = store.put_bytes(&content(99, 2000)).unwrap();
                drop(store);
                let store = open(&disk).unwrap();
                assert_eq!(got(&store, &more), content(99, 2000), "{what}");
                store.delete(&more).unwrap();
                store.gc().unwrap();
                assert_clean(&store);
                assert_eq!(world(&store), found, "{what}");
            }
        }
    }
    println!("{points} power cuts; in {happened} what was not acknowledged had happened");
    assert!(happened > 0 && happened < points);
}
