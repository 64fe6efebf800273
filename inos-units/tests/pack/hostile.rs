//! Packs from somebody who means harm, whose digests hold.

use inos_units::UnitError;
use inos_units::storage::MAX_PACK_MANIFEST_LEN;
use proptest::prelude::*;

use super::{CHUNK, MANIFEST, NONCE, Units, by_ranges, stream_of_words, words};

/// A pack that is not sealed, written by hand, whose digest holds.
fn by_hand(
    len: u64,
    stored: &[u8],
    entries: &[(blake3::Hash, u32, u32, u32)],
    rows: &[u32],
) -> Vec<u8> {
    let mut header = b"INOSPAK1".to_vec();
    header.extend(len.to_le_bytes());
    header.extend((stored.len() as u64).to_le_bytes());
    header.extend((entries.len() as u32).to_le_bytes());
    header.extend((rows.len() as u32).to_le_bytes());
    header.resize(64, 0);
    let mut manifest = Vec::new();
    for (hash, len, stored, is_brotli) in entries {
        manifest.extend(hash.as_bytes());
        manifest.extend([len, stored, is_brotli].into_iter().flat_map(|word| word.to_le_bytes()));
    }
    manifest.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
    let digest = *blake3::Hasher::new().update(&header).update(&manifest).finalize().as_bytes();
    [&header[..], stored, &manifest, &digest].concat()
}

#[test]
fn packs_that_lie() {
    let units = Units::new();
    let (a, b) = (blake3::hash(b"aa"), blake3::hash(b"b"));
    let good = [(a, 2, 2, 0), (b, 1, 1, 0)];
    let unpack = |pack: &[u8]| units.unpack(pack, None);
    assert_eq!(unpack(&by_hand(5, b"aab", &good, &[0, 1, 0])), Ok(b"aabaa".to_vec()));
    for (len, stored, entries, rows) in [
        // Lengths that do not add up.
        (4, &b"aab"[..], &good[..], &[0, 1, 0][..]),
        (6, b"aab", &good, &[0, 1, 0]),
        (5, b"aabb", &good, &[0, 1, 0]),
        (5, b"aa", &good, &[0, 1, 0]),
        // Entries that are not there, not used, or not in order.
        (5, b"aab", &good, &[0, 2, 0]),
        (4, b"aab", &good, &[0, 0]),
        (3, b"aab", &good, &[1, 0]),
        (2, b"aa", &[(a, 2, 2, 0)], &[u32::MAX]),
        // Lengths that cannot be.
        (0, b"", &[(a, 0, 0, 0)], &[0]),
        (3, b"aa", &[(a, 3, 2, 0)], &[0]),
        (2, b"aa", &[(a, 2, 2, 1)], &[0]),
        (2, b"aa", &[(a, 2, 2, 2)], &[0]),
        (2, b"", &[(a, 2, 0, 1)], &[0]),
        ((1 << 20) + 1, b"aa", &[(a, (1 << 20) + 1, 2, 1)], &[0]),
        // More than its rows can have.
        (1 << 40, b"aa", &[(a, 2, 2, 0)], &[0]),
        (0, b"", &[], &[0]),
        (1, b"", &[], &[]),
    ] {
        let refused = unpack(&by_hand(len, stored, entries, rows));
        assert!(
            matches!(refused, Err(UnitError::BadInput { .. } | UnitError::TooLarge { .. })),
            "{len} {rows:?}: {refused:?}"
        );
    }
    assert_eq!(unpack(&by_hand(3, b"aac", &good, &[0, 1])), Err(CHUNK));
    // A stream that ends before its chunk does, though the rest would be zeros.
    let (stream, longer) = (stream_of_words(), [&words()[..], &[0]].concat());
    let stored = stream.len() as u32;
    let entry = (blake3::hash(&longer), longer.len() as u32, stored, 1);
    assert_eq!(unpack(&by_hand(longer.len() as u64, &stream, &[entry], &[0])), Err(CHUNK));
    let mut pack = by_hand(3, b"aab", &good, &[0, 1]);
    *pack.last_mut().expect("a digest") ^= 1;
    assert_eq!(unpack(&pack), Err(MANIFEST));
}

/// A stream that stands for a megabyte, in a chunk that says it is shorter or longer.
#[test]
fn bombs_are_refused_before_they_go_off() {
    let units = Units::new();
    let zeros = vec![0; 1 << 20];
    let pack = units.call("pack", &zeros, r#"{"min":1048576,"average":1048576,"max":1048576}"#);
    let pack = pack.expect("a pack");
    let stored = &pack[64..pack.len() - 32 - 48];
    let (hash, stored_len) = (blake3::hash(&zeros), stored.len() as u32);
    let honest = by_hand(1 << 20, stored, &[(hash, 1 << 20, stored_len, 1)], &[0]);
    assert!(honest == pack);
    for len in [100, 1000, (1 << 20) - 1] {
        let hash = blake3::hash(&zeros[..len as usize]);
        let lie = by_hand(len.into(), stored, &[(hash, len, stored_len, 1)], &[0]);
        assert_eq!(units.unpack(&lie, None), Err(CHUNK));
    }
    // One megabyte, two thousand times: the caller says how many bytes are too many.
    let rows = vec![0; 2000];
    let many = by_hand(2000 << 20, stored, &[(hash, 1 << 20, stored_len, 1)], &rows);
    let refused = UnitError::TooLarge { len: 2000 << 20, max: 1 << 30 };
    assert_eq!(units.unpack(&many, None), Err(refused.clone()));
    assert_eq!(units.plan("unpack", &many, "").err(), Some(refused));
    let range = r#"{"offset":2097151999,"length":3}"#;
    assert_eq!(units.call("unpack_range", &many, range), Ok(vec![0; 1]));
    // Counts that no pack has.
    let mut counts = pack[..64].to_vec();
    counts[24..32].fill(0xff);
    let refused = units.unpack(&counts, None);
    let max = MAX_PACK_MANIFEST_LEN as u64;
    assert!(matches!(refused, Err(UnitError::TooLarge { max: most, .. }) if most == max));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Any bytes, and packs whose words are any while their digest holds.
    #[test]
    fn whoever_means_harm_gets_an_error(
        garbage in proptest::collection::vec(any::<u8>(), 0..400),
        words in proptest::collection::vec((0..40_usize, prop_oneof![0..5_u32, any::<u32>()]), 0..4),
        key in prop_oneof![Just(0), Just(1_u64 << 32), any::<u64>()],
        offset in prop_oneof![0..3000_u64, any::<u64>()],
        raw in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let units = Units::new();
        let mut pack = by_hand(5, b"aab", &[
            (blake3::hash(b"aa"), 2, 2, 0),
            (blake3::hash(b"b"), 1, 1, 0),
        ], &[0, 1, 0]);
        for (at, word) in words {
            if let Some(target) = pack.get_mut(at * 4..at * 4 + 4) {
                target.copy_from_slice(&word.to_le_bytes());
            }
        }
        let end = pack.len() - 32;
        let digest = blake3::hash(&[&pack[..64], &pack[67..end]].concat());
        pack[end..].copy_from_slice(digest.as_bytes());
        let sealed_like = [&b"INOSPAK1"[..], &garbage].concat();
        let range = format!(r#"{{"key":{key},"offset":{offset},"length":50}}"#);
        let params = format!(r#"{{"key":{key},"max_length":100000}}"#);
        let text = String::from_utf8_lossy(&raw).into_owned();
        for input in [&garbage, &sealed_like, &pack] {
            for (method, params) in [
                ("unpack", &params),
                ("unpack_range", &range),
                ("pack_manifest", &format!(r#"{{"key":{key}}}"#)),
                ("unpack", &text),
                ("pack_sealed", &format!(r#"{{"key":{key},"nonce":"{NONCE}"}}"#)),
                ("pack", &text),
            ] {
                let _ = units.call(method, input, params);
                if let Ok(plan) = units.plan("unpack", input, params) {
                    let _ = by_ranges(plan.as_ref(), &[1]);
                }
            }
        }
    }
}
