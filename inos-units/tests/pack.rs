//! Packs of the unit `storage`: cut anywhere, the same; tampered with anyhow, refused.
#![cfg(feature = "storage-pack")]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "support/gear.rs"]
mod gear;
#[path = "pack/hostile.rs"]
mod hostile;
#[path = "support/pieces.rs"]
mod pieces;

use std::io::Write as _;
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use inos_units::crypto::{CryptoUnit, Random};
use inos_units::storage::StorageUnit;
use inos_units::{Budget, Call, Plan, Unit, UnitError, VecOutput};
use pieces::{Watched, by_ranges};
use proptest::prelude::*;

const CHUNK: UnitError = UnitError::Refused { what: "a chunk of the pack" };
const MANIFEST: UnitError = UnitError::Refused { what: "the manifest of the pack" };
const CUTS: &str = r#""min":64,"average":256,"max":1024"#;
const NONCE: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Units without a dispatcher, so that a panic is not caught but seen.
struct Units {
    crypto: CryptoUnit,
    storage: StorageUnit,
}

impl Units {
    /// With keys 0 and 1 for sealing, and one of another kind.
    fn with_random(random: impl Random + 'static) -> Self {
        let crypto = CryptoUnit::with_random(random);
        let storage = StorageUnit::new().with_keys(crypto.share_keys());
        let units = Self { crypto, storage };
        for (byte, kind) in [(1, "aead"), (2, "aead"), (3, "x25519")] {
            let params = format!(r#"{{"kind":"{kind}"}}"#);
            run(&units.crypto, "key_import", &[byte; 32], &params).expect("a key");
        }
        units
    }

    fn new() -> Self {
        Self::with_random(inos_units::crypto::OsRandom)
    }

    fn call(&self, method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
        run(&self.storage, method, input, params)
    }

    fn plan(&self, method: &str, input: &[u8], params: &str) -> Result<Box<dyn Plan>, UnitError> {
        let call = Call { input, params: params.as_bytes() };
        let plan = self.storage.plan(number(&self.storage, method), call, &Budget::unlimited());
        plan.map(|plan| plan.expect("split"))
    }

    fn pack(&self, file: &[u8], key: Option<u64>) -> Vec<u8> {
        let method = if key.is_some() { "pack_sealed" } else { "pack" };
        self.call(method, file, &packing(key, CUTS, "brotli")).expect("a pack")
    }

    fn unpack(&self, pack: &[u8], key: Option<u64>) -> Result<Vec<u8>, UnitError> {
        self.call("unpack", pack, &opening(key))
    }
}

fn number(unit: &dyn Unit, method: &str) -> u16 {
    unit.info().methods.iter().position(|row| row.name == method).expect("a method") as u16
}

/// The bound must hold, and a sink of just that size must do.
fn run(unit: &dyn Unit, method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
    let (index, call) = (number(unit, method), Call { input, params: params.as_bytes() });
    let bound = unit.bound(index, call)?;
    let mut out = VecOutput::new(bound);
    let len = unit.execute(index, call, &mut out, &Budget::unlimited())?;
    assert!(len == out.as_bytes().len() && len <= bound, "{method}: {len} of {bound}");
    Ok(out.to_vec())
}

fn handle(key: Option<u64>) -> u64 {
    key.map_or(0, |key| 1 << 32 | key)
}

fn packing(key: Option<u64>, cuts: &str, compression: &str) -> String {
    let sealing = match key {
        Some(_) => format!(r#","key":{},"nonce":"{NONCE}""#, handle(key)),
        None => String::new(),
    };
    format!(r#"{{{cuts},"compression":"{compression}"{sealing}}}"#)
}

fn opening(key: Option<u64>) -> String {
    format!(r#"{{"key":{}}}"#, handle(key))
}

/// Files with zeros, words, noise, and what was there before.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let piece = (0..4_u8, 0..2500_usize, 0..3_u64).prop_map(|(kind, len, seed)| match kind {
        0 => vec![0; len],
        1 => b"one two three four. ".iter().copied().cycle().take(len).collect(),
        _ => gear::noise(seed, len),
    });
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn key() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), Just(Some(0))]
}

/// The file of a few chunks, some of them the same, some compressed.
fn sample() -> Vec<u8> {
    let noise = gear::noise(9, 1500);
    [&[0; 3000][..], &noise, &b"one two three four. ".repeat(60), &noise].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn however_it_is_split(
        file in file(),
        key in key(),
        small in any::<bool>(),
        compression in prop::sample::select(vec!["brotli", "none"]),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        offset in any::<prop::sample::Index>(),
        length in 0..4000_usize,
    ) {
        let units = Units::new();
        let cutting = if small { CUTS } else { r#""min":1024,"average":4096,"max":65536"# };
        let params = packing(key, cutting, compression);
        let method = if key.is_some() { "pack_sealed" } else { "pack" };
        let pack = units.call(method, &file, &params)?;
        prop_assert!(by_ranges(units.plan(method, &file, &params)?.as_ref(), &cuts)? == pack);
        let opening = opening(key);
        prop_assert!(units.call("unpack", &pack, &opening)? == file);
        prop_assert!(by_ranges(units.plan("unpack", &pack, &opening)?.as_ref(), &cuts)? == file);

        let offset = offset.index(file.len() + 1);
        let expected = &file[offset..file.len().min(offset + length)];
        let range = format!(r#"{{"key":{},"offset":{offset},"length":{length}}}"#, handle(key));
        prop_assert!(units.call("unpack_range", &pack, &range)? == expected);

        // Where nobody may work in the output, the same.
        for (method, input, params, expected) in
            [(method, &file, &params, &pack), ("unpack", &pack, &opening, &file)]
        {
            let mut out = Watched(VecOutput::new(expected.len()));
            let call = Call { input, params: params.as_bytes() };
            let index = number(&units.storage, method);
            units.storage.execute(index, call, &mut out, &Budget::unlimited())?;
            prop_assert!(out.0.as_bytes() == expected);
        }
        // The rows are of the oracle's chunks.
        if small {
            let rows = units.call("pack_manifest", &pack, &opening)?;
            let mut rest = &file[..];
            for row in rows.chunks(64) {
                let (hash, len) = (&row[..32], u32::from_le_bytes(row[48..52].try_into()?));
                let (chunk, behind) = rest.split_at(len as usize);
                prop_assert!(hash == blake3::hash(chunk).as_bytes());
                rest = behind;
            }
            let lens = gear::cuts(&file, 64, 256, 1024);
            prop_assert_eq!((rows.len(), rest.len()), (lens.len() * 64, 0));
        }
    }

    /// A bit, or the end. A stream of brotli has bits that mean nothing, and then the file is right.
    #[test]
    fn damage_is_refused(
        file in file(),
        key in key(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        more in proptest::collection::vec(any::<u8>(), 1..70),
    ) {
        let units = Units::new();
        let mut pack = units.pack(&file, key);
        let at = at.index(pack.len());
        prop_assert!(units.unpack(&pack[..at], key).is_err());
        prop_assert!(units.unpack(&[&pack[..], &more].concat(), key).is_err());
        pack[at] ^= 1 << bit;
        let opened = units.unpack(&pack, key);
        prop_assert!(opened.is_err() || (key.is_none() && opened == Ok(file)));
        if let Ok(plan) = units.plan("unpack", &pack, &opening(key)) {
            prop_assert_eq!(by_ranges(plan.as_ref(), &[1]).is_err(), opened.is_err());
        }
    }
}

/// Where the stored bytes of each row of the sample are.
fn stored(units: &Units, pack: &[u8], key: Option<u64>) -> Vec<Range<usize>> {
    let rows = units.call("pack_manifest", pack, &opening(key)).expect("rows");
    let place = |row: &[u8]| {
        let begin = u64::from_le_bytes(row[40..48].try_into().expect("8")) as usize;
        begin..begin + u32::from_le_bytes(row[52..56].try_into().expect("4")) as usize
    };
    rows.chunks(64).map(place).collect()
}

/// Chunks that are sealed hold at their number of their pack and nowhere else.
#[test]
fn chunks_that_were_moved_or_are_of_another_pack() {
    let units = Units::new();
    // Without compression chunks of one length are sealed to one length.
    let params = packing(Some(0), r#""min":1024,"average":1024,"max":1024"#, "none");
    let file = gear::noise(1, 4096);
    let pack = units.call("pack_sealed", &file, &params).expect("a pack");
    let [a, b, ..] = &stored(&units, &pack, Some(0))[..] else { panic!("chunks") };
    assert_eq!((a.len(), b.len()), (1040, 1040));
    let mut moved = pack.clone();
    moved[a.clone()].copy_from_slice(&pack[b.clone()]);
    moved[b.clone()].copy_from_slice(&pack[a.clone()]);
    assert_eq!(units.unpack(&moved, Some(0)), Err(CHUNK));
    let mut repeated = pack.clone();
    repeated[b.clone()].copy_from_slice(&pack[a.clone()]);
    assert_eq!(units.unpack(&repeated, Some(0)), Err(CHUNK));
    // The same file under the same key, with another nonce.
    let other = params.replace("5a5a", "5b5b");
    let other = units.call("pack_sealed", &file, &other).expect("a pack");
    let mut mixed = pack.clone();
    mixed[a.clone()].copy_from_slice(&other[a.clone()]);
    assert_eq!(units.unpack(&mixed, Some(0)), Err(CHUNK));
    let end = other.len() - 4 * 48 - 16;
    assert_eq!(units.unpack(&[&pack[..end], &other[end..]].concat(), Some(0)), Err(MANIFEST));
    assert_eq!(units.unpack(&[&other[..64], &pack[64..]].concat(), Some(0)), Err(MANIFEST));
    assert_eq!(units.unpack(&pack, Some(0)), Ok(file));
}

#[test]
fn keys_and_kinds() {
    let units = Units::new();
    let (plain, sealed) = (units.pack(&sample(), None), units.pack(&sample(), Some(0)));
    assert_eq!(units.unpack(&sealed, Some(1)), Err(MANIFEST));
    assert_eq!(units.unpack(&sealed, None), Err(UnitError::NotFound { what: "key" }));
    assert_eq!(units.unpack(&sealed, Some(7)), Err(UnitError::NotFound { what: "key" }));
    assert!(matches!(units.unpack(&sealed, Some(2)), Err(UnitError::BadParam { .. })));
    // Who names a key does not get what anybody could have made.
    let refused = UnitError::Refused { what: "a pack that is not sealed" };
    assert_eq!(units.unpack(&plain, Some(0)), Err(refused));
    let alone = StorageUnit::new();
    let nobody = run(&alone, "pack_sealed", b"file", &packing(Some(0), CUTS, "none"));
    assert_eq!(nobody, Err(UnitError::NotFound { what: "key" }));
    run(&units.crypto, "key_drop", b"", &opening(Some(0))).expect("dropped");
    assert_eq!(units.unpack(&sealed, Some(0)), Err(UnitError::NotFound { what: "key" }));
    // Nothing of the file or its hashes is to be seen.
    let seen = |needle: &[u8]| sealed.windows(needle.len()).any(|window| window == needle);
    let first = blake3::hash(&[0; 1024]);
    assert!(!seen(first.as_bytes()) && !seen(&gear::noise(9, 16)[8..16]));
    assert!(plain.windows(32).any(|window| window == first.as_bytes()));
}

/// A host whose randomness is known, or that has none.
struct Host(Option<u8>);

impl Random for Host {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), UnitError> {
        bytes.fill(self.0.ok_or(UnitError::NotFound { what: "source of randomness" })?);
        Ok(())
    }
}

#[test]
fn nonces_are_the_hosts() {
    let params = format!(r#"{{"key":{},{CUTS}}}"#, handle(Some(0)));
    let units = Units::with_random(Host(Some(0x5a)));
    let pack = units.call("pack_sealed", &sample(), &params).expect("a pack");
    assert!(pack[40..64] == [0x5a; 24] && pack == units.pack(&sample(), Some(0)));
    let units = Units::with_random(Host(None));
    let none = UnitError::NotFound { what: "source of randomness" };
    assert_eq!(units.call("pack_sealed", &sample(), &params), Err(none.clone()));
    assert_eq!(units.plan("pack_sealed", &sample(), &params).err(), Some(none));
    let units = Units::new();
    let [a, b] = [0; 2].map(|_| units.call("pack_sealed", &sample(), &params).expect("a pack"));
    assert_ne!(a[40..64], b[40..64]);
    for len in [1, 23] {
        let params = format!(r#"{{"key":{},"nonce":"{}"}}"#, handle(Some(0)), "00".repeat(len));
        let result = units.call("pack_sealed", b"", &params);
        assert!(matches!(result, Err(UnitError::BadParam { name: "nonce", .. })));
    }
}

/// A range is read though other chunks are damaged, and refused where its own are.
#[test]
fn a_range_opens_its_chunks_alone() {
    let units = Units::new();
    for key in [None, Some(0)] {
        let file = sample();
        let mut pack = units.pack(&file, key);
        let places = stored(&units, &pack, key);
        // The last row of the file has a chunk of its own.
        let last = places.last().expect("a chunk").clone();
        pack[last.start] ^= 1;
        let range = |offset: usize, length: usize| {
            let params =
                format!(r#"{{"key":{},"offset":{offset},"length":{length}}}"#, handle(key));
            units.call("unpack_range", &pack, &params)
        };
        assert_eq!(range(100, 4000), Ok(file[100..4100].to_vec()));
        assert_eq!(range(file.len() - 1, 1), Err(CHUNK));
        assert_eq!(range(file.len(), 10), Ok(vec![]));
        assert!(matches!(range(file.len() + 1, 0), Err(UnitError::BadParam { .. })));
        assert_eq!(units.unpack(&pack, key), Err(CHUNK));
    }
}

#[test]
fn cancelled_and_short_of_room() {
    let units = Units::new();
    let cancelled = Budget::new(None, Arc::new(AtomicBool::new(true)));
    for key in [None, Some(0)] {
        let pack = units.pack(&sample(), key);
        let packs = if key.is_some() { "pack_sealed" } else { "pack" };
        let packing = packing(key, CUTS, "brotli");
        for (method, input, params, len) in [
            (packs, &sample(), packing, pack.len()),
            ("unpack", &pack, opening(key), sample().len()),
            ("pack_manifest", &pack, opening(key), 64),
            ("unpack_range", &pack, opening(key), sample().len()),
        ] {
            let (unit, call) = (&units.storage, Call { input, params: params.as_bytes() });
            let index = number(unit, method);
            let mut out = VecOutput::new(1 << 20);
            let result = unit.execute(index, call, &mut out, &cancelled);
            assert_eq!(result, Err(UnitError::Cancelled), "{method}");
            for short in [0, 63, len - 1] {
                let mut out = VecOutput::new(short);
                let result = unit.execute(index, call, &mut out, &Budget::unlimited());
                assert!(matches!(result, Err(UnitError::OutputTooSmall { .. })), "{method}");
            }
            if let Ok(Some(plan)) = unit.plan(index, call, &Budget::unlimited()) {
                assert_eq!(plan.run(0..2, &cancelled), Err(UnitError::Cancelled));
                let part = plan.run(0..2, &Budget::unlimited()).expect("a part");
                let merged = plan.merge(vec![part], &mut VecOutput::new(1 << 20));
                assert!(matches!(merged, Err(UnitError::BadInput { .. })), "{method}");
            }
        }
    }
}

/// What a chunk of words is compressed to, and what the reference's `brotli -d`, version 1.0.9,
/// gave the words for.
const STREAM: &str = "81b8120020a01b4b752159dbc0e44104130655282b4a3323f7a95779ee5f38";

fn words() -> Vec<u8> {
    b"one two three four. ".repeat(30)
}

fn stream_of_words() -> Vec<u8> {
    let units = Units::new();
    let pack = units.call("pack", &words(), "").expect("a pack");
    let [place] = &stored(&units, &pack, None)[..] else { panic!("one chunk") };
    pack[place.clone()].to_vec()
}

#[test]
fn the_stream_that_the_reference_has_decoded() {
    let digits: String = stream_of_words().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digits, STREAM);
}

#[test]
fn the_reference_decodes_chunks() {
    let mut command = Command::new("brotli");
    let child = command.args(["-d", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os("INOS_REQUIRE_BROTLI").is_none(), "there is no `brotli`");
        eprintln!("SKIPPED: there is no program `brotli`");
        return;
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&stream_of_words()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success());
    assert!(output.stdout == words());
}
