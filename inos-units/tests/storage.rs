//! The unit `storage` against a model, against others' bytes, and against its own promises.
#![cfg(feature = "storage")]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "support/gear.rs"]
mod gear;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use inos_units::storage::{Address, CHUNK_ROW_LEN, ENTRY_CHARGE, ROW_CHARGE, StorageUnit};
use inos_units::{Budget, Call, Dispatcher, SliceOutput, Unit, UnitError, VecOutput};
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

fn framed<'a>(objects: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut input = Vec::new();
    for object in objects {
        input.extend_from_slice(&(object.len() as u32).to_le_bytes());
        input.extend_from_slice(object);
    }
    input
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

/// What the store should be: whole objects, and two flags each. Nothing is shared.
#[derive(Default)]
struct Model {
    objects: BTreeMap<Address, Held>,
}

#[derive(Clone)]
struct Held {
    bytes: Vec<u8>,
    kept: bool,
    pinned: bool,
}

impl Model {
    fn put(&mut self, bytes: &[u8]) -> Address {
        let address = Address::of(bytes);
        let new = Held { bytes: bytes.to_vec(), kept: true, pinned: false };
        self.objects.entry(address).or_insert(new).kept = true;
        address
    }

    fn alive(&self, address: Address) -> Option<&Held> {
        self.objects.get(&address).filter(|held| held.kept || held.pinned)
    }

    /// Number of chunks, their bytes, and the charge, by the oracle's cuts.
    fn sums(&self, also: &[&[u8]]) -> (u64, u64, u64) {
        let mut objects: BTreeSet<&[u8]> =
            self.objects.values().map(|held| &held.bytes[..]).collect();
        objects.extend(also);
        let mut chunks = BTreeSet::new();
        let mut rows = 0;
        for bytes in &objects {
            let lens = gear::cuts(bytes, 16_384, 65_536, 262_144);
            if lens.len() < 2 {
                chunks.insert(*bytes);
                continue;
            }
            rows += lens.len() as u64;
            let mut rest = *bytes;
            for len in lens {
                let (chunk, tail) = rest.split_at(len);
                chunks.insert(chunk);
                rest = tail;
            }
        }
        let chunk_bytes = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let entries = chunks.union(&objects).count() as u64;
        (chunks.len() as u64, chunk_bytes, chunk_bytes + entries * ENTRY_CHARGE + rows * ROW_CHARGE)
    }

    fn assert_is(&self, unit: &StorageUnit) {
        let alive: Vec<_> = self.objects.values().filter(|o| o.kept || o.pinned).collect();
        let (chunks, chunk_bytes, charge) = self.sums(&[]);
        for (name, expected) in [
            ("objects", alive.len() as u64),
            ("bytes", alive.iter().map(|held| held.bytes.len() as u64).sum()),
            ("pinned", alive.iter().filter(|held| held.pinned).count() as u64),
            ("deleted", (self.objects.len() - alive.len()) as u64),
            ("chunks", chunks),
            ("stored_bytes", chunk_bytes),
            ("charged_bytes", charge),
        ] {
            assert_eq!(number(unit, name), expected, "{name}");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    PutMany(Vec<usize>),
    Delete(Vec<usize>),
    Pin(Vec<usize>),
    Unpin(Vec<usize>),
    Get(usize),
    Range(usize, u64, u64),
    Gc,
    Import(Vec<usize>),
    Export,
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..12_usize;
    let some = || prop::collection::vec(0..12_usize, 0..5);
    prop_oneof![
        3 => one.clone().prop_map(Step::Put),
        2 => some().prop_map(Step::PutMany),
        3 => some().prop_map(Step::Delete),
        2 => some().prop_map(Step::Pin),
        2 => some().prop_map(Step::Unpin),
        1 => one.clone().prop_map(Step::Get),
        3 => (one, 0..700_000_u64, prop_oneof![0..3_u64, 0..700_000_u64, Just(u64::MAX)])
            .prop_map(|(index, offset, length)| Step::Range(index, offset, length)),
        2 => Just(Step::Gc),
        1 => some().prop_map(Step::Import),
        1 => Just(Step::Export),
    ]
}

/// What the model says of an answer of one byte for each address.
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

/// Puts all or none; the model knows whether there is room.
fn put(unit: &StorageUnit, model: &mut Model, method: &str, input: &[u8], objects: &[&[u8]]) {
    let (_, _, needed) = model.sums(objects);
    let capacity = number(unit, "capacity");
    match call(unit, method, input, "") {
        Ok(_) => {
            assert!(needed <= capacity, "{needed}");
            for bytes in objects {
                model.put(bytes);
            }
        }
        Err(error) => assert_eq!(error, UnitError::TooLarge { len: needed, max: capacity }),
    }
}

fn run(steps: &[Step], capacity: u64) {
    let all = contents();
    let addresses: Vec<Address> = all.iter().map(|bytes| Address::of(bytes)).collect();
    let pick = |list: &[usize]| list.iter().map(|index| addresses[*index]).collect::<Vec<_>>();
    let unit = StorageUnit::with_capacity(capacity);
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Put(index) => {
                put(&unit, &mut model, "put", &all[*index], &[&all[*index]]);
            }
            Step::PutMany(list) => {
                let objects: Vec<&[u8]> = list.iter().map(|index| &all[*index][..]).collect();
                let input = framed(objects.iter().copied());
                put(&unit, &mut model, "put_many", &input, &objects);
            }
            Step::Import(list) => {
                let other = StorageUnit::new();
                for index in list {
                    call(&other, "put", &all[*index], "").expect("put");
                }
                let objects: Vec<&[u8]> = list.iter().map(|index| &all[*index][..]).collect();
                let container = call(&other, "export", b"", "").expect("export");
                put(&unit, &mut model, "import", &container, &objects);
            }
            Step::Delete(list) => flags(&unit, "delete", &pick(list), |address| {
                model
                    .objects
                    .get_mut(&address)
                    .is_some_and(|held| std::mem::replace(&mut held.kept, false))
            }),
            Step::Pin(list) => flags(&unit, "pin", &pick(list), |address| {
                let is_alive = model.alive(address).is_some();
                if let Some(held) = model.objects.get_mut(&address).filter(|_| is_alive) {
                    held.pinned = true;
                }
                is_alive
            }),
            Step::Unpin(list) => flags(&unit, "unpin", &pick(list), |address| {
                model
                    .objects
                    .get_mut(&address)
                    .is_some_and(|held| std::mem::replace(&mut held.pinned, false))
            }),
            Step::Get(index) => {
                let address = addresses[*index];
                let expected = model.alive(address).map(|held| held.bytes.clone());
                let found = call(&unit, "get", b"", &with(address, ""));
                assert_eq!(found, expected.ok_or(UnitError::NotFound { what: "object" }));
            }
            Step::Range(index, offset, length) => {
                let address = addresses[*index];
                let more = format!(",\"offset\":{offset},\"length\":{length}");
                let found = call(&unit, "get_range", b"", &with(address, &more));
                match model.alive(address) {
                    None => assert_eq!(found, Err(UnitError::NotFound { what: "object" })),
                    Some(held) if *offset > held.bytes.len() as u64 => {
                        assert!(matches!(found, Err(UnitError::BadParam { name: "offset", .. })));
                    }
                    Some(held) => {
                        let end = offset.saturating_add(*length).min(held.bytes.len() as u64);
                        let expected = &held.bytes[*offset as usize..end as usize];
                        assert!(found.as_deref() == Ok(expected), "{more}");
                    }
                }
            }
            Step::Gc => {
                let (chunks, bytes, _) = model.sums(&[]);
                let count = model.objects.len();
                model.objects.retain(|_, held| held.kept || held.pinned);
                let (chunks_left, bytes_left, _) = model.sums(&[]);
                let expected = format!(
                    "{{\"objects\":{},\"chunks\":{},\"bytes\":{}}}",
                    count - model.objects.len(),
                    chunks - chunks_left,
                    bytes - bytes_left
                );
                assert_eq!(call(&unit, "gc", b"", ""), Ok(expected.into_bytes()));
            }
            Step::Export => {
                let container = call(&unit, "export", b"", "").expect("export");
                let other = StorageUnit::new();
                call(&other, "import", &container, "").expect("import");
                assert!(call(&other, "export", b"", "") == Ok(container));
                flags(&other, "has", &addresses, |at| model.alive(at).is_some());
            }
        }
        flags(&unit, "has", &addresses, |address| model.alive(address).is_some());
        model.assert_is(&unit);
    }
    for (address, held) in &model.objects {
        if held.kept || held.pinned {
            assert!(call(&unit, "get", b"", &with(*address, "")).as_ref() == Ok(&held.bytes));
        }
    }
    let text = call(&unit, "scrub", b"", "").expect("scrub");
    assert!(text.ends_with(b"\"damaged_chunks\":0,\"damaged_objects\":0,\"damaged\":[]}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn it_is_the_model(
        steps in prop::collection::vec(step(), 1..25),
        capacity in prop::sample::select(vec![0, 255, 1000, 200_000, 700_000, 1_000_000, 1 << 30]),
    ) {
        run(&steps, capacity);
    }
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

/// Two objects that share chunks, in small chunks of a hand-made cutter: an importer takes other
/// cuts than its own, and addresses do not depend on them.
fn small_container() -> Vec<u8> {
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
    let container = small_container();
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
    let container = small_container();
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

/// A store is full at the very byte, for each object, alone and together with the others.
#[test]
fn the_last_byte_counts() {
    let all = contents();
    let mut lists: Vec<Vec<&[u8]>> = all.iter().map(|bytes| vec![&bytes[..]]).collect();
    lists.push(all.iter().map(|bytes| &bytes[..]).collect());
    for objects in lists {
        let (_, _, needed) = Model::default().sums(&objects);
        let input = framed(objects.iter().copied());
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

#[test]
fn a_cut_container_is_refused_everywhere() {
    let container = small_container();
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

/// A cancelled call, or a sink without room, changes nothing.
#[test]
fn calls_that_fail_change_nothing() {
    let unit = StorageUnit::new();
    let cancel = Arc::new(AtomicBool::new(true));
    let budget = Budget::new(None, Arc::clone(&cancel));
    let methods = unit.info().methods;
    let container = small_container();
    let long = gear::noise(8, 300_000);
    let many = framed([&b"one"[..], b"two"]);
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
