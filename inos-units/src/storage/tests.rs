//! Damage, which nobody outside can do.

use super::{Address, StorageUnit};
use crate::{Budget, Call, Unit, UnitError, VecOutput};

fn call(
    unit: &StorageUnit,
    method: &str,
    input: &[u8],
    params: &str,
) -> Result<VecOutput, UnitError> {
    let index = unit.info().methods.iter().position(|row| row.name == method).unwrap();
    let call = Call { input, params: params.as_bytes() };
    let mut out = VecOutput::new(1 << 24);
    unit.execute(index as u16, call, &mut out, &Budget::unlimited())?;
    Ok(out)
}

fn scrub(unit: &StorageUnit) -> String {
    let out = call(unit, "scrub", b"", "").unwrap();
    core::str::from_utf8(out.as_bytes()).unwrap().to_owned()
}

/// Bytes without repetition.
fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new_derive_key("noise").finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn a_flipped_bit_is_seen() {
    let unit = StorageUnit::new();
    let bytes = noise(1 << 20);
    call(&unit, "put", &bytes, "").unwrap();
    call(&unit, "put", b"sound", "").unwrap();
    call(&unit, "put", b"rotten", "").unwrap();
    let address = Address::of(&bytes);
    let rows = unit.read().object(address).unwrap().rows(address);
    assert!(rows.len() > 3, "{}", rows.len());
    let counts =
        format!("{{\"objects\":3,\"chunks\":{},\"bytes\":{},", rows.len() + 2, bytes.len() + 11);
    assert_eq!(
        scrub(&unit),
        counts.clone() + "\"damaged_chunks\":0,\"damaged_objects\":0,\"damaged\":[]}"
    );

    unit.write().damage(rows[1].hash);
    unit.write().damage(Address::of(b"rotten"));
    let mut damaged = [format!("{address:?}"), format!("{:?}", Address::of(b"rotten"))];
    damaged.sort();
    let list = format!("[\"{}\",\"{}\"]", damaged[0], damaged[1]);
    assert_eq!(
        scrub(&unit),
        format!("{counts}\"damaged_chunks\":2,\"damaged_objects\":2,\"damaged\":{list}}}")
    );

    let refused = Some(UnitError::Refused { what: "a damaged chunk" });
    let get = |method, address: Address, more: String| {
        call(&unit, method, b"", &format!("{{\"address\":\"{address:?}\"{more}}}"))
    };
    assert_eq!(get("get", address, String::new()).err(), refused);
    assert_eq!(get("get", Address::of(b"rotten"), String::new()).err(), refused);
    assert_eq!(call(&unit, "export", b"", "").err(), refused);
    // A range that touches the chunk is refused, be it by one byte; its neighbours are given.
    let (start, end) = (rows[0].end, rows[1].end);
    for (offset, length, is_refused) in [
        (0, start, false),
        (0, start + 1, true),
        (start, 1, true),
        (end - 1, 1, true),
        (end, u64::MAX, false),
    ] {
        let more = format!(",\"offset\":{offset},\"length\":{length}");
        assert_eq!(get("get_range", address, more).is_err(), is_refused, "{offset} {length}");
    }

    // Deleted, collected and put again, it is sound.
    call(&unit, "delete", address.as_bytes(), "").unwrap();
    call(&unit, "delete", Address::of(b"rotten").as_bytes(), "").unwrap();
    call(&unit, "gc", b"", "").unwrap();
    call(&unit, "put", &bytes, "").unwrap();
    assert_eq!(get("get", address, String::new()).unwrap().as_bytes(), bytes);
}

#[test]
fn a_wrong_manifest_of_sound_chunks_is_seen() {
    let unit = StorageUnit::new();
    // Two runs, of zeros and of ones, are never cut but at the greatest length.
    let mut bytes = vec![0; super::MAX_CHUNK_LEN];
    bytes.extend(vec![1; super::MAX_CHUNK_LEN]);
    call(&unit, "put", &bytes, "").unwrap();
    let address = Address::of(&bytes);
    assert_eq!(unit.read().object(address).unwrap().row_count(), 2);
    unit.write().shuffle(address);
    let text = scrub(&unit);
    let expected =
        format!("\"damaged_chunks\":0,\"damaged_objects\":1,\"damaged\":[\"{address:?}\"]}}");
    assert!(text.ends_with(&expected), "{text}");
}

#[test]
fn a_poisoned_lock_is_taken() {
    let unit = StorageUnit::new();
    call(&unit, "put", b"before", "").unwrap();
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _store = unit.write();
                std::panic::resume_unwind(Box::new(()));
            })
            .join()
            .is_err()
    });
    assert!(panicked && unit.store.is_poisoned());
    let addresses = [*Address::of(b"before").as_bytes(), *Address::of(b"after").as_bytes()];
    call(&unit, "put", b"after", "").unwrap();
    let out = call(&unit, "has", addresses.as_flattened(), "").unwrap();
    assert_eq!(out.as_bytes(), [1, 1]);
}
