//! A bit that flips anywhere in the folder is found, and nothing else is blamed.

use std::sync::Arc;

use super::*;
use crate::disk::sim::SimDisk;

fn filled(config: &StoreConfig) -> (SimDisk, Vec<Vec<u8>>) {
    let disk = SimDisk::default();
    let store = Store::on(Arc::new(disk.clone()), config).unwrap();
    let objects = vec![content(1, 60), content(2, 2500), content(3, 3000), content(4, 20)];
    for bytes in &objects {
        store.put_bytes(bytes).unwrap();
    }
    store.pin("pin", &Address::of(&objects[1])).unwrap();
    (disk, objects)
}

#[test]
fn every_byte_of_a_segment_is_watched() {
    for key in [false, true] {
        let config = small(key);
        let (whole, objects) = filled(&config);
        for name in whole.names().into_iter().filter(|name| name.ends_with(".segment")) {
            let len = whole.copy().edit(&name, |bytes| bytes.len());
            for at in (0..len).step_by(7) {
                let disk = whole.copy();
                disk.edit(&name, |bytes| bytes[at] ^= 1 << (at % 8));
                let store = Store::on(Arc::new(disk), &config).unwrap();
                let report = store.scrub(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
                let [Damage { part: Part::Chunk(_), place }] = &report.damaged[..] else {
                    panic!("{name}, {at}: {report:?}")
                };
                let Place::Segment { offset, len, .. } = *place else { panic!("{place:?}") };
                assert_eq!(place.file(), name);
                assert!((offset..offset + u64::from(len)).contains(&(at as u64)));
                assert!(!report.damaged_objects.is_empty());
                for bytes in &objects {
                    let (address, mut out) = (Address::of(bytes), Vec::new());
                    match store.get(&address, &mut out) {
                        Ok(_) => {
                            assert!(out == *bytes && !report.damaged_objects.contains(&address))
                        }
                        Err(StoreError::Damaged(_)) => {
                            assert!(report.damaged_objects.contains(&address));
                            assert!(bytes.starts_with(&out), "given before it was verified");
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    }
}

#[test]
fn an_index_that_changed_is_refused_or_unharmed() {
    let config = small(true);
    let (whole, objects) = filled(&config);
    let len = whole.copy().edit("index.redb", |bytes| bytes.len());
    let (mut refused, mut unharmed) = (0, 0);
    for at in (0..1024).step_by(3).chain((1024..len).step_by(101)) {
        let disk = whole.copy();
        disk.edit("index.redb", |bytes| bytes[at] ^= 1 << (at % 8));
        let Ok(store) = Store::on(Arc::new(disk), &config) else {
            refused += 1;
            continue;
        };
        unharmed += 1;
        for bytes in &objects {
            assert!(got(&store, &Address::of(bytes)) == *bytes, "byte {at}");
        }
        assert_eq!(store.pins().unwrap().len(), 1, "byte {at}");
        assert_clean(&store);
    }
    println!("{refused} refused, {unharmed} unharmed");
    assert!(refused > 0 && unharmed > 0);
}
