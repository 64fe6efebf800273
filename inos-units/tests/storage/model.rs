//! Random calls, compared with a map of vectors.

use std::collections::{BTreeMap, BTreeSet};

use inos_units::UnitError;
use inos_units::storage::{Address, ENTRY_CHARGE, ROW_CHARGE, StorageUnit};
use proptest::prelude::*;

use super::{call, contents, flags, gear, number, together, with};

/// What the store should be: whole objects, and two flags each. Nothing is shared.
#[derive(Default)]
pub(crate) struct Model {
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
    pub(crate) fn sums(&self, also: &[&[u8]]) -> (u64, u64, u64) {
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
                let input = together(objects.iter().copied());
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
