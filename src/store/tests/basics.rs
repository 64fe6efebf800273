//! What each method says it does.

use std::sync::Arc;

use super::*;
use crate::disk::sim::{Random, SimDisk};

#[test]
fn a_thousand_files_with_near_duplicates() {
    for key in [false, true] {
        let disk = SimDisk::default();
        let store = Store::on(Arc::new(disk.clone()), &small(key)).unwrap();
        let mut random = Random(5);
        let mut files = Vec::new();
        for base in 0..100 {
            let bytes = content(base, 500 + random.below(4000) as usize);
            for copy in 0..10_u8 {
                let mut file = bytes.clone();
                let at = random.below(file.len() as u64) as usize;
                file.splice(at..at, [copy; 3]);
                files.push(file);
            }
        }
        for files in files.chunks(50) {
            let addresses =
                store.put_many(&files.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            assert!(addresses.iter().zip(files).all(|(it, file)| *it == Address::of(file)));
        }
        let dedup = store.stat().unwrap().dedup();
        println!("sealed: {key}, dedup {dedup:.2}");
        assert!(dedup > 2.0, "{dedup}");
        drop(store);
        let store = Store::on(Arc::new(disk), &small(key)).unwrap();
        for file in &files {
            let address = Address::of(file);
            assert!(got(&store, &address) == *file);
            let (offset, len) = (random.below(file.len() as u64 + 1), random.below(2000));
            let mut range = Vec::new();
            store.get_range(&address, offset, len, &mut range).unwrap();
            let end = file.len().min((offset + len) as usize);
            assert!(range == file[offset as usize..end]);
        }
        assert_clean(&store);
        for file in files.iter().skip(1) {
            store.delete(&Address::of(file)).unwrap();
        }
        let report = store.gc().unwrap();
        assert!(report.segments > 0 && report.freed_bytes > 0);
        assert!(got(&store, &Address::of(&files[0])) == files[0]);
        assert_clean(&store);
        store.delete(&Address::of(&files[0])).unwrap();
        store.gc().unwrap();
        let stat = store.stat().unwrap();
        assert_eq!((stat.objects, stat.object_bytes, stat.chunks), (0, 0, 0));
        assert_eq!((stat.held_bytes, stat.segment_bytes, stat.record_bytes), (0, 0, 0));
    }
}

#[test]
fn keys_are_right_or_refused() {
    let (sealed, plain) = (SimDisk::default(), SimDisk::default());
    let open = |disk: &SimDisk, config: &StoreConfig| Store::on(Arc::new(disk.clone()), config);
    drop(open(&sealed, &small(true)).unwrap());
    drop(open(&plain, &small(false)).unwrap());
    let other = StoreConfig { key: Some([8; 32]), ..small(false) };
    assert!(matches!(open(&sealed, &small(false)), Err(StoreError::KeyMissing)));
    assert!(matches!(open(&sealed, &other), Err(StoreError::WrongKey)));
    assert!(matches!(open(&plain, &other), Err(StoreError::WrongKey)));
    assert!(open(&sealed, &small(true)).is_ok() && open(&plain, &small(false)).is_ok());
}

#[test]
fn what_passes_the_quota_leaves_nothing() {
    let config = StoreConfig { quota: 20_000, quality: None, ..small(true) };
    let store = Store::on(Arc::new(SimDisk::default()), &config).unwrap();
    store.put_bytes(&content(1, 8000)).unwrap();
    let before = store.stat().unwrap();
    for seed in 2..5 {
        let refused = store.put_bytes(&content(seed, 15_000));
        assert!(matches!(refused, Err(StoreError::QuotaExceeded { quota: 20_000, .. })));
        assert_eq!(store.stat().unwrap(), before);
    }
    store.put_bytes(&content(6, 5000)).unwrap();
    assert_clean(&store);
}

#[test]
fn a_folder_is_open_once() {
    let folder = std::env::temp_dir().join(format!("inos-store-lock-{}", std::process::id()));
    let store = Store::open(&folder, &small(false)).unwrap();
    assert!(matches!(Store::open(&folder, &small(false)), Err(StoreError::Locked { .. })));
    let address = store.put(&mut content(1, 9000).as_slice()).unwrap();
    drop(store);
    let store = Store::open(&folder, &small(false)).unwrap();
    assert!(got(&store, &address) == content(1, 9000));
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn threads_put_side_by_side_while_garbage_is_collected() {
    let store = Store::on(Arc::new(SimDisk::default()), &small(true)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3_u64 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..20 {
                    // Chunks that others put and delete at the same time.
                    let shared = content(round, 3000);
                    let own = [&shared[..], &[thread as u8; 50]].concat();
                    let address = store.put_bytes(&own).unwrap();
                    if round % 4 == 3 {
                        store.gc().unwrap();
                    }
                    assert!(got(store, &address) == own);
                    assert!(store.delete(&address).unwrap());
                }
            });
        }
    });
    store.gc().unwrap();
    assert_eq!(store.stat().unwrap().chunks, 0);
    assert_clean(&store);
}
