//! The unit `storage` against a model, against others' bytes, and against its own promises.
#![cfg(feature = "storage")]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "storage/container.rs"]
mod container;
#[path = "support/gear.rs"]
mod gear;
#[path = "storage/model.rs"]
mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use inos_units::storage::{Address, CHUNK_ROW_LEN, ENTRY_CHARGE, StorageUnit};
use inos_units::{Budget, Call, Dispatcher, SliceOutput, Unit, UnitError, VecOutput, batch};
use proptest::prelude::*;

/// Calls a method without the dispatcher, so that a panic is not caught but seen. The bound must
/// hold, and a sink of just that size must do.
fn call(
    unit: &StorageUnit,
    method: &str,
    input: &[u8],
    params: &str,
) -> Result<Vec<u8>, UnitError> {
    raw(unit, method, input, params.as_bytes(), 1 << 24)
}

fn raw(
    unit: &StorageUnit,
    method: &str,
    input: &[u8],
    params: &[u8],
    most: usize,
) -> Result<Vec<u8>, UnitError> {
    let rows = unit.info().methods;
    let index = rows.iter().position(|row| row.name == method).expect("a method") as u16;
    let call = Call { input, params };
    let bound = unit.bound(index, call)?;
    let mut out = VecOutput::new(bound.min(most));
    let len = unit.execute(index, call, &mut out, &Budget::unlimited())?;
    assert!(len == out.as_bytes().len() && len <= bound, "{method}: {len} of {bound}");
    Ok(out.to_vec())
}

fn with(address: Address, more: &str) -> String {
    format!("{{\"address\":\"{address:?}\"{more}}}")
}

fn number(unit: &StorageUnit, name: &str) -> u64 {
    let text = call(unit, "stat", b"", "").expect("stat");
    let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    json[name].as_u64().unwrap_or_else(|| panic!("{name} in {json}"))
}

/// A method that answers with a byte for each address gives these answers.
fn flags(
    unit: &StorageUnit,
    method: &str,
    addresses: &[Address],
    mut expected: impl FnMut(Address) -> bool,
) {
    let list: Vec<u8> = addresses.iter().flat_map(|address| *address.as_bytes()).collect();
    let answers = call(unit, method, &list, "").expect("answers");
    let expected: Vec<u8> = addresses.iter().map(|at| u8::from(expected(*at))).collect();
    assert_eq!(answers, expected, "{method}");
}

/// Chunks as a container has them: each behind its length.
fn framed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in chunks {
        bytes.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
        bytes.extend_from_slice(chunk);
    }
    bytes
}

fn together<'a, I>(objects: I) -> Vec<u8>
where
    I: IntoIterator<Item = &'a [u8]>,
    I::IntoIter: Clone,
{
    batch::join(objects).expect("a batch")
}

/// What there is to put: small ones, long ones, and long ones that share most of their chunks.
fn contents() -> Vec<Vec<u8>> {
    let long = gear::noise(3, 400_000);
    let mut edited = long.clone();
    edited.splice(150_000..150_010, *b"an edit");
    let mut all: Vec<Vec<u8>> = vec![
        vec![],
        b"a".to_vec(),
        gear::noise(4, 100),
        gear::noise(5, 16_384),
        gear::noise(6, 16_385),
        vec![0; 600_000],
        vec![0; 600_001],
        long[..90_000].to_vec(),
        [&b"shifted"[..], &long].concat(),
        long,
        edited,
    ];
    // A chunk of another object, as an object.
    let first = gear::cuts(&all[9], 16_384, 65_536, 262_144)[0];
    all.push(all[9][..first].to_vec());
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Any bytes to any method, and any text as its parameters.
    #[test]
    fn any_bytes_are_refused_or_taken(
        input in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(any::<u8>(), 32 * 3..=32 * 3),
            prop::collection::vec(0..3_u8, 0..200),
            prop::collection::vec(any::<u8>(), 0..100)
                .prop_map(|tail| [&b"INOSCAS1\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"[..], &tail].concat()),
        ],
        params in prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(any::<u8>(), 0..100),
            r#"\{("(address|offset|length|min|average|max|max_length)":([0-9]{1,20}|"([0-9a-f]{2}){31,33}"|null),?){0,3}\}"#
                .prop_map(String::into_bytes),
        ],
    ) {
        let unit = StorageUnit::with_capacity(10_000);
        call(&unit, "put", b"witness", "").expect("put");
        for method in unit.info().methods {
            let _ = raw(&unit, method.name, &input, &params, 1 << 16);
            // Whatever was called, what is not deleted is there.
            let found = call(&unit, "get", b"", &with(Address::of(b"witness"), ""));
            prop_assert_eq!(found, Ok(b"witness".to_vec()), "{}", method.name);
        }
        prop_assert!(number(&unit, "charged_bytes") <= 10_000);
    }

    /// Chunks are where the oracle cuts, for any bytes and lengths.
    #[test]
    fn chunks_are_the_oracles(
        seed in any::<u64>(),
        len in 0..60_000_usize,
        run in 0..5000_usize,
        lengths in prop::sample::select(vec![
            (64, 256, 1024), (256, 256, 1024), (128, 1024, 4096), (1024, 4096, 65_536),
        ]),
    ) {
        let mut bytes = gear::noise(seed, len);
        // A run of one value, which is cut but at the greatest length.
        bytes.splice(len / 2..len / 2, vec![seed as u8; run]);
        let (min, average, max) = lengths;
        let params = format!("{{\"min\":{min},\"average\":{average},\"max\":{max}}}");
        let rows = call(&StorageUnit::new(), "chunk", &bytes, &params).expect("chunk");
        let lens: Vec<usize> = rows
            .chunks(CHUNK_ROW_LEN)
            .map(|row| u64::from_le_bytes(row[8..16].try_into().expect("eight")) as usize)
            .collect();
        prop_assert_eq!(lens, gear::cuts(&bytes, min, average, max));
    }
}

/// A store is full at the very byte, for each object, alone and together with the others.
#[test]
fn the_last_byte_counts() {
    let all = contents();
    let mut lists: Vec<Vec<&[u8]>> = all.iter().map(|bytes| vec![&bytes[..]]).collect();
    lists.push(all.iter().map(|bytes| &bytes[..]).collect());
    for objects in lists {
        let (_, _, needed) = model::Model::default().sums(&objects);
        let input = together(objects.iter().copied());
        let unit = StorageUnit::with_capacity(needed - 1);
        let full = Err(UnitError::TooLarge { len: needed, max: needed - 1 });
        assert_eq!(call(&unit, "put_many", &input, ""), full);
        assert_eq!(number(&unit, "charged_bytes"), 0);
        let unit = StorageUnit::with_capacity(needed);
        assert!(call(&unit, "put_many", &input, "").is_ok());
        assert_eq!(number(&unit, "charged_bytes"), needed);
        // What is there already always fits.
        assert!(call(&unit, "put_many", &input, "").is_ok());
        assert!(call(&unit, "put", &gear::noise(99, 7), "").is_err());
    }
}

/// What is deleted is gone for everybody, even before its memory is; putting it brings it back.
#[test]
fn a_deleted_object_waits_unseen() {
    let unit = StorageUnit::new();
    let address = Address::of(b"gone");
    let not_found = Err(UnitError::NotFound { what: "object" });
    call(&unit, "put", b"gone", "").expect("put");
    flags(&unit, "delete", &[address], |_| true);
    assert_eq!(number(&unit, "stored_bytes"), 4);
    for method in ["has", "pin", "unpin", "delete"] {
        flags(&unit, method, &[address], |_| false);
    }
    for method in ["get", "get_range", "manifest"] {
        assert_eq!(call(&unit, method, b"", &with(address, "")), not_found);
    }
    assert_eq!(call(&unit, "export", address.as_bytes(), ""), not_found);
    call(&unit, "put", b"gone", "").expect("put");
    assert_eq!(call(&unit, "get", b"", &with(address, "")), Ok(b"gone".to_vec()));
    assert_eq!(number(&unit, "charged_bytes"), ENTRY_CHARGE + 4);
    // A pin holds on to what is deleted; without it, gc takes it.
    flags(&unit, "pin", &[address], |_| true);
    flags(&unit, "delete", &[address], |_| true);
    call(&unit, "gc", b"", "").expect("gc");
    flags(&unit, "has", &[address], |_| true);
    flags(&unit, "unpin", &[address], |_| true);
    call(&unit, "gc", b"", "").expect("gc");
    assert_eq!(number(&unit, "charged_bytes"), 0);
}

/// A cancelled call, or a sink without room, changes nothing.
#[test]
fn calls_that_fail_change_nothing() {
    let unit = StorageUnit::new();
    let cancel = Arc::new(AtomicBool::new(true));
    let budget = Budget::new(None, Arc::clone(&cancel));
    let methods = unit.info().methods;
    let container = container::small();
    let long = gear::noise(8, 300_000);
    let many = together([&b"one"[..], b"two"]);
    for (name, input) in [("put", &long), ("put_many", &many), ("import", &container)] {
        let index = methods.iter().position(|row| row.name == name).expect("a row") as u16;
        let call = Call { input, params: b"" };
        let mut out = VecOutput::new(1024);
        assert_eq!(unit.execute(index, call, &mut out, &budget), Err(UnitError::Cancelled));
        let mut small = [0; 31];
        let mut out = SliceOutput::new(&mut small);
        let result = unit.execute(index, call, &mut out, &Budget::unlimited());
        assert!(matches!(result, Err(UnitError::OutputTooSmall { .. })), "{name} {result:?}");
    }
    let cut_off = &many[..many.len() - 1];
    assert!(call(&unit, "put_many", cut_off, "").is_err());
    assert_eq!(number(&unit, "charged_bytes"), 0);
    cancel.store(false, Ordering::Relaxed);

    // Without credits for it, gc removes nothing.
    call(&unit, "put", b"one", "").expect("put");
    flags(&unit, "delete", &[Address::of(b"one")], |_| true);
    let index = methods.iter().position(|row| row.name == "gc").expect("a row") as u16;
    let budget = Budget::unlimited().with_credits(299);
    let mut out = VecOutput::new(1024);
    let result = unit.execute(index, Call { input: b"", params: b"" }, &mut out, &budget);
    assert_eq!(result, Err(UnitError::OutOfCredits { needed: 300, limit: 299 }));
    assert_eq!((number(&unit, "deleted"), number(&unit, "stored_bytes")), (1, 3));
}

/// Chunks that objects share are held once, wherever the difference is.
#[test]
fn an_edit_costs_a_few_chunks() {
    let unit = StorageUnit::new();
    let long = gear::noise(1, 8 << 20);
    call(&unit, "put", &long, "").expect("put");
    let before = number(&unit, "stored_bytes");
    let edited = [&long[..3_000_000], b"something new", &long[3_000_000..]].concat();
    call(&unit, "put", &edited, "").expect("put");
    let added = number(&unit, "stored_bytes") - before;
    assert!(before == 8 << 20 && added < 1 << 20, "{added}");
}

#[test]
fn lengths_that_contradict_are_refused() {
    let unit = StorageUnit::new();
    for (params, name) in [
        (r#"{"min":65}"#, "min"),
        (r#"{"average":257}"#, "average"),
        (r#"{"max":1025}"#, "max"),
        (r#"{"min":1024,"average":512}"#, "min"),
        (r#"{"min":64,"average":2048,"max":1024}"#, "average"),
        (r#"{"max":1048578}"#, "max"),
    ] {
        let found = call(&unit, "chunk", b"abc", params);
        assert!(
            matches!(found, Err(UnitError::BadParam { name: at, .. }) if at == name),
            "{params} {found:?}"
        );
    }
}

/// Many threads put, read, delete and collect; objects that are pinned are always there, whole.
#[test]
fn threads_share_a_store() {
    let mut units = Dispatcher::new();
    units.register(Box::new(StorageUnit::new())).expect("a free name");
    let all = contents();
    let run = |method: &str, input: &[u8], params: &str| {
        let mut out = VecOutput::new(1 << 24);
        let call = Call { input, params: params.as_bytes() };
        units
            .execute_named("storage", method, call, &mut out, &Budget::unlimited())
            .map(|_| out.to_vec())
    };
    let witness = Address::of(&all[9]);
    run("put", &all[9], "").expect("put");
    run("pin", witness.as_bytes(), "").expect("pin");
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let (all, run) = (&all, &run);
            scope.spawn(move || {
                for round in 0..30 {
                    let bytes = &all[(thread * 5 + round * 7) % all.len()];
                    let address = run("put", bytes, "").expect("put");
                    run("delete", &address, "").expect("delete");
                    run("gc", b"", "").expect("gc");
                    let found = run("get", b"", &with(witness, "")).expect("it is pinned");
                    assert!(found == all[9]);
                }
            });
        }
    });
    let stat = String::from_utf8(run("stat", b"", "").expect("stat")).expect("UTF-8");
    assert!(stat.starts_with(r#"{"objects":1,"bytes":400000,"pinned":1,"deleted":0,"#), "{stat}");
}
