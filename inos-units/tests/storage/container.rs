//! Containers from others: of another cutter, cut off, spoilt, lying, and small but large.

use inos_units::storage::{Address, StorageUnit};
use inos_units::{Budget, Call, Unit, UnitError, VecOutput};

use super::{call, framed, number, with};

/// Two objects that share chunks, in small chunks of a hand-made cutter: an importer takes other
/// cuts than its own, and addresses do not depend on them.
pub(crate) fn small() -> Vec<u8> {
    let (a, b) = (&b"first part"[..], &b"second part, longer"[..]);
    let objects = [vec![a, b], vec![b, a, b], vec![a]];
    let mut chunks = [a, b];
    chunks.sort_by_key(|chunk| Address::of(chunk));
    let mut bytes = b"INOSCAS1".to_vec();
    bytes.extend_from_slice(&2_u64.to_le_bytes());
    bytes.extend_from_slice(&3_u64.to_le_bytes());
    bytes.extend(framed(chunks));
    let mut manifests: Vec<Vec<u8>> =
        objects.iter().map(|parts| manifest(&parts.concat(), parts)).collect();
    manifests.sort();
    bytes.extend(manifests.concat());
    bytes
}

fn manifest(object: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Address::of(object).as_bytes().to_vec();
    bytes.extend_from_slice(&(object.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(parts.len() as u64).to_le_bytes());
    for part in parts {
        bytes.extend_from_slice(Address::of(part).as_bytes());
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    bytes
}

#[test]
fn containers_of_other_cutters_are_read() {
    let unit = StorageUnit::new();
    let container = small();
    let text = call(&unit, "import", &container, "").expect("import");
    assert_eq!(text, br#"{"objects":3,"new_objects":3,"new_chunks":2,"new_bytes":29}"#);
    let both = b"first partsecond part, longer";
    assert_eq!(call(&unit, "get", b"", &with(Address::of(both), "")), Ok(both.to_vec()));
    // Range by range, over the edges of chunks of any length.
    for offset in 0..=both.len() {
        for end in offset..=both.len() {
            let more = format!(",\"offset\":{offset},\"length\":{}", end - offset);
            let part = call(&unit, "get_range", b"", &with(Address::of(both), &more));
            assert_eq!(part.as_deref(), Ok(&both[offset..end]));
        }
    }
    assert_eq!(call(&unit, "export", b"", ""), Ok(container.clone()));
    // Put as a whole it is the same object: no more is held.
    let held = number(&unit, "charged_bytes");
    call(&unit, "put", both, "").expect("put");
    assert_eq!(number(&unit, "charged_bytes"), held);
    // Again, it adds nothing.
    let text = call(&unit, "import", &container, "").expect("import");
    assert_eq!(text, br#"{"objects":3,"new_objects":0,"new_chunks":0,"new_bytes":0}"#);
    // All gone, nothing is charged.
    let list: Vec<u8> =
        [&both[..], b"first part", b"second part, longerfirst partsecond part, longer"]
            .iter()
            .flat_map(|bytes| *Address::of(bytes).as_bytes())
            .collect();
    assert_eq!(call(&unit, "delete", &list, ""), Ok(vec![1; 3]));
    call(&unit, "gc", b"", "").expect("gc");
    assert_eq!(number(&unit, "charged_bytes"), 0);
}

/// A container with a bit changed is refused wherever it is, and nothing of it is held.
#[test]
fn no_byte_of_a_container_is_free() {
    let container = small();
    let unit = StorageUnit::new();
    for at in 0..container.len() {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut wrong = container.clone();
            wrong[at] ^= flip;
            assert!(call(&unit, "import", &wrong, "").is_err(), "byte {at}, {flip:#x}");
        }
    }
    assert_eq!(number(&unit, "charged_bytes"), 0);
}

#[test]
fn a_cut_container_is_refused_everywhere() {
    let container = small();
    let unit = StorageUnit::new();
    for len in 0..container.len() {
        assert!(call(&unit, "import", &container[..len], "").is_err(), "{len}");
    }
    let longer = [&container[..], b"x"].concat();
    assert!(matches!(call(&unit, "import", &longer, ""), Err(UnitError::BadInput { .. })));
    assert_eq!(number(&unit, "charged_bytes"), 0);
}

/// Manifests that lie: each in a container that is sound otherwise.
#[test]
fn manifests_that_lie_are_refused() {
    let (a, b) = (&b"first part"[..], &b"second part, longer"[..]);
    let container = |chunks: &[&[u8]], manifests: &[Vec<u8>]| {
        let mut chunks = chunks.to_vec();
        chunks.sort_by_key(|chunk| Address::of(chunk));
        let mut bytes = b"INOSCAS1".to_vec();
        bytes.extend_from_slice(&(chunks.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(manifests.len() as u64).to_le_bytes());
        bytes.extend(framed(chunks));
        bytes.extend(manifests.concat());
        bytes
    };
    let unit = StorageUnit::new();
    let import = |bytes: &[u8]| call(&unit, "import", bytes, "");
    let ab = [a, b].concat();
    assert!(import(&container(&[a, b], &[manifest(&ab, &[a, b])])).is_ok());

    let refused = |what| Err(UnitError::Refused { what });
    let bad = |what| Err(UnitError::BadInput { what });
    let other = "a manifest of another object";
    assert_eq!(import(&container(&[a, b], &[manifest(&ab, &[b, a])])), refused(other));
    assert_eq!(import(&container(&[a], &[manifest(b, &[a])])), refused(other));
    let missing = refused("a chunk that is not there");
    assert_eq!(import(&container(&[a], &[manifest(&ab, &[a, b])])), missing);
    let mut lens = manifest(&ab, &[a, b]);
    lens[80] += 1;
    assert_eq!(import(&container(&[a, b], &[lens])), bad("a chunk of another length"));
    let mut total = manifest(&ab, &[a, b]);
    total[32] += 1;
    let length = bad("a manifest of another length than its chunks");
    assert_eq!(import(&container(&[a, b], &[total])), length);
    let mut total = manifest(&ab, &[a, b]);
    total[32] -= 1;
    assert_eq!(import(&container(&[a, b], &[total])), length);
    assert_eq!(import(&container(&[], &[manifest(b"", &[])])), bad("a manifest without chunks"));
    // The empty chunk has no place among others.
    assert_eq!(import(&container(&[a, b, b""], &[manifest(&ab, &[a, b"", b])])), length);
    let doubled = import(&container(&[a, a], &[manifest(a, &[a])]));
    assert_eq!(doubled, bad("chunks that do not ascend"));
    let unused = import(&container(&[a, b], &[manifest(a, &[a])]));
    assert_eq!(unused, bad("a chunk of no object"));
    let twice = [manifest(a, &[a]), manifest(a, &[a])];
    assert_eq!(import(&container(&[a], &twice)), bad("manifests that do not ascend"));
    let huge = [&b"INOSCAS1\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], &[0xff; 4]].concat();
    assert_eq!(import(&huge), Err(UnitError::TooLarge { len: 0xffff_ffff, max: 1 << 20 }));
    assert!(import(&[&b"INOSCAS1"[..], &[0xff; 16]].concat()).is_err());
}

/// Rows of 40 bytes that stand for a mebibyte each: who imports says how much is too much.
#[test]
fn a_small_container_cannot_stand_for_much() {
    let chunk = vec![7; 1 << 20];
    let rows = 2000_u64;
    let mut bytes = b"INOSCAS1".to_vec();
    bytes.extend_from_slice(&1_u64.to_le_bytes());
    bytes.extend_from_slice(&1_u64.to_le_bytes());
    bytes.extend(framed([&chunk[..]]));
    bytes.extend_from_slice(&[0; 32]);
    bytes.extend_from_slice(&(rows << 20).to_le_bytes());
    bytes.extend_from_slice(&rows.to_le_bytes());
    for _ in 0..rows {
        bytes.extend_from_slice(Address::of(&chunk).as_bytes());
        bytes.extend_from_slice(&(1_u64 << 20).to_le_bytes());
    }
    let unit = StorageUnit::new();
    let too_large = Err(UnitError::TooLarge { len: rows << 20, max: 1 << 30 });
    assert_eq!(call(&unit, "import", &bytes, ""), too_large);
    // With a meter, credits are another limit.
    let index = unit.info().methods.iter().position(|row| row.name == "import").expect("a row");
    let params = br#"{"max_length":18446744073709551615}"#;
    let call = Call { input: &bytes, params };
    let budget = Budget::unlimited().with_credits(1_000_000);
    let mut out = VecOutput::new(1024);
    let result = unit.execute(index as u16, call, &mut out, &budget);
    assert!(matches!(result, Err(UnitError::OutOfCredits { .. })), "{result:?}");
}
