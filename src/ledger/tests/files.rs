//! What is in the files, and what is damaged there.

use super::*;
use crate::disk::Disk;
use crate::ledger::journal::Files;

/// Three sealed epochs and two commits more.
fn written() -> SimDisk {
    let disk = SimDisk::default();
    let ledger = open(&disk).unwrap();
    let mut random = Random(3);
    let mut id = 0;
    while ledger.last_seal().is_none_or(|seal| seal.epoch < 2) || id % 5 != 0 {
        for _ in 0..6 {
            id += 1;
            let operation = any(&mut random, &lock(&ledger.state).replay.book);
            let _ = ledger.apply(OpId(id), &operation);
        }
        ledger.commit().unwrap();
    }
    for id in 1000..1004 {
        ledger.apply(OpId(id), &Operation::Mint { amount: 1 }).unwrap();
        ledger.commit().unwrap();
    }
    disk
}

fn state(ledger: &Ledger) -> Vec<u8> {
    lock(&ledger.state).replay.book.encode()
}

#[test]
fn each_flipped_bit_is_found_or_is_in_the_last_commit() {
    let disk = written();
    let whole = open(&disk.copy()).unwrap();
    let journals = Files::list(Arc::new(disk.clone())).unwrap().journals();
    let newest = journal::journal_name(*journals.last().unwrap());
    let mut lost = 0;
    for name in disk.names() {
        let len = disk.edit(&name, |bytes| bytes.len());
        for at in 0..len {
            let flipped = disk.copy();
            flipped.edit(&name, |bytes| bytes[at] ^= 1 << (at % 8));
            let audited = Ledger::audit_on(Arc::new(flipped.copy()));
            match (open(&flipped), audited) {
                (Err(LedgerError::Damaged { file, .. }), audited) => {
                    assert!(file == name, "{name} byte {at}: {file}");
                    assert!(audited.is_err() || name.starts_with("snapshot"), "{name} byte {at}");
                }
                (Err(LedgerError::VersionMismatch { .. }), Err(_)) => {
                    assert!((8..12).contains(&at), "{name} byte {at}");
                }
                (Ok(ledger), Err(LedgerError::VersionMismatch { .. })) => {
                    assert!((8..12).contains(&at) && name != newest, "{name} byte {at}");
                    assert_eq!(state(&ledger), state(&whole));
                }
                (Ok(ledger), _) if name == newest => {
                    // In the last commit, which is gone as a whole.
                    let minted = ledger.totals().minted;
                    assert_eq!(minted, whole.totals().minted - 1, "{name} byte {at}");
                    lost += 1;
                }
                // An old journal is only read by an audit.
                (Ok(ledger), Err(LedgerError::Damaged { file, .. })) => {
                    assert_eq!(file, name, "byte {at}");
                    assert_eq!(state(&ledger), state(&whole));
                }
                other => panic!("{name} byte {at}: {other:?}"),
            }
        }
    }
    assert_eq!(lost, 32 + 48, "bytes of the last commit");
}

#[test]
fn files_that_are_missing_are_named() {
    let disk = written();
    let whole = open(&disk.copy()).unwrap();
    for name in disk.names() {
        let without = disk.copy();
        without.remove(&name).unwrap();
        let opened = open(&without.copy());
        let audited = Ledger::audit_on(Arc::new(without));
        match name.starts_with("snapshot") {
            // It is made again.
            true => {
                assert_eq!(state(&opened.unwrap()), state(&whole));
                assert!(audited.is_ok());
            }
            false => {
                if let Ok(ledger) = &opened {
                    assert_eq!(state(ledger), state(&whole), "{name} is an old one");
                }
                if name == *disk.names().iter().rfind(|name| name.starts_with('j')).unwrap() {
                    assert!(matches!(opened, Err(LedgerError::Missing { file }) if file == name));
                } else {
                    let missing =
                        matches!(&audited, Err(LedgerError::Missing { file }) if *file == name);
                    assert!(missing, "{audited:?}");
                }
            }
        }
    }
}

#[test]
fn only_as_many_journals_stay_as_were_asked_for() {
    for keep_journals in [0, 2] {
        let disk = SimDisk::default();
        let config = LedgerConfig { keep_journals, ..short() };
        let ledger = Ledger::on(Arc::new(disk.clone()), &config).unwrap();
        for id in 0..50 {
            ledger.apply(OpId(id), &Operation::Mint { amount: 1 }).unwrap();
            ledger.commit().unwrap();
        }
        let files = Files::list(Arc::new(disk.clone())).unwrap();
        let expected: Vec<_> = (5 - keep_journals..=6).collect();
        assert_eq!((files.journals(), files.snapshots()), (expected, vec![6]));
        let missing = journal::journal_name(0);
        let audit = Ledger::audit_on(Arc::new(disk.clone()));
        assert!(matches!(audit, Err(LedgerError::Missing { file }) if file == missing));
        drop(ledger);
        let ledger = Ledger::on(Arc::new(disk), &config).unwrap();
        assert_eq!(ledger.totals().minted, 50);
        // Names of the epoch before are still remembered.
        let mint = Operation::Mint { amount: 1 };
        assert!(!ledger.apply(OpId(41), &mint).unwrap().is_new);
    }
}

#[test]
fn a_folder_is_opened_once_at_a_time() {
    let folder = std::env::temp_dir().join(format!("inos-ledger-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let ledger = Ledger::open(&folder, &short()).unwrap();
    assert!(matches!(Ledger::open(&folder, &short()), Err(LedgerError::Locked { .. })));
    assert!(matches!(Ledger::audit(&folder), Err(LedgerError::Locked { .. })));
    for _ in 0..20 {
        ledger.record(&Operation::Mint { amount: 3 }).unwrap();
    }
    // Dropped, it is committed.
    drop(ledger);
    let audit = Ledger::audit(&folder).unwrap();
    assert_eq!((audit.sequence, audit.totals.minted), (20, 60));
    let ledger = Ledger::open(&folder, &short()).unwrap();
    assert_eq!(ledger.last_seal(), audit.seal);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The format as written down, and digests that another program made of it.
#[test]
fn the_bytes_are_what_they_were() {
    let disk = SimDisk::default();
    let ledger = open(&disk).unwrap();
    ledger.apply(OpId(1), &Operation::Mint { amount: 5 }).unwrap();
    ledger.apply(OpId(2), &Operation::Open { account: AccountId(9) }).unwrap();
    let seal = ledger.seal().unwrap();
    let words = |words: &[u64]| words.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>();
    let hex = |text: &str| -> Vec<u8> {
        let digits = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
        digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    };
    // By `b3sum`, of the bytes that the text of `journal` and `Seal` says.
    let digest = hex("b0b3b15298714404f56a4c226222d7788b98547c1f368b775e37d5d012128fa7");
    let state_digest = hex("fa5444375c48c54a67790594f451cade30b88bbc0d617454154a766a910b8c62");
    assert_eq!((seal.state.to_vec(), seal.digest.to_vec()), (state_digest.clone(), digest.clone()));
    let head = |epoch, sequence| [words(&[1, epoch, sequence]), vec![0; 32]].concat();
    let mint = words(&[3, 1, 0, 0, 0, 5]);
    let opened = words(&[1, 2, 0, 9, 0, 0]);
    let sum = hex("09dc30cfbd41f220ce703efcba3c08c7");
    let frame = [b"FRAM\x01\0\0\0".to_vec(), words(&[2]), sum, mint, opened].concat();
    let sealed = [state_digest, digest.clone(), words(&[2, 2])].concat();
    let next = [words(&[1, 1, 2]), digest].concat();
    let state = words(&[2, 5, 2, 0, 0, 5, 9, 0]);
    let sum = hex("50a67ab55bede18899500e30139a7e846365ca5b1fcb9852d2a2c7dd8a650fa1");
    for (name, expected) in [
        ("journal-00000000000000000000", [&b"INOSLEDJ"[..], &head(0, 0), &frame, &sealed].concat()),
        ("journal-00000000000000000001", [&b"INOSLEDJ"[..], &next].concat()),
        ("snapshot-00000000000000000001", [&b"INOSLEDS"[..], &next, &state, &sum].concat()),
    ] {
        assert_eq!(disk.edit(name, |bytes| bytes.clone()), expected, "{name}");
    }
    assert_eq!(disk.names().len(), 3);
}
