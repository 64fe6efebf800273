//! Streams of the unit `crypto`: cut anywhere, the same; tampered with anyhow, refused.
#![cfg(feature = "crypto")]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "support/pieces.rs"]
mod pieces;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use aead_stream::EncryptorBE32;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use inos_units::crypto::{CryptoUnit, KeyParams, Kind, KindParams, StreamParams};
use inos_units::{Budget, Call, Dispatcher, Plan, Unit as _, UnitError, VecOutput};
use pieces::{Watched, by_ranges};
use proptest::prelude::*;
use sha2::Sha256;

const KEY: [u8; 16] = *b"sixteen bytes...";
const NONCE: [u8; 16] = [9; 16];
const SEGMENT: usize = 1 << 16;
const REFUSED: UnitError = UnitError::Refused { what: "a segment of the stream" };

struct Units {
    units: Dispatcher,
    seal: String,
    open: String,
}

impl Units {
    fn new() -> Self {
        let units = Dispatcher::standard();
        let (mut out, budget) = (VecOutput::new(8), Budget::unlimited());
        let params = KindParams { kind: Kind::Stream }.to_json();
        let call = Call { input: &KEY, params: params.as_bytes() };
        units.execute_named("crypto", "key_import", call, &mut out, &budget).expect("imported");
        let key = u64::from_le_bytes(out.as_bytes().try_into().expect("8 bytes"));
        let seal = StreamParams { key, nonce: NONCE.into() }.to_json();
        Self { units, seal, open: KeyParams { key }.to_json() }
    }

    fn call(&self, method: &str, input: &[u8]) -> Result<Vec<u8>, UnitError> {
        let params = if method == "seal_stream" { &self.seal } else { &self.open };
        let call = Call { input, params: params.as_bytes() };
        let mut out = VecOutput::new(input.len() + SEGMENT);
        self.units.execute_named("crypto", method, call, &mut out, &Budget::unlimited())?;
        Ok(out.to_vec())
    }

    fn seal(&self, message: &[u8]) -> Vec<u8> {
        self.call("seal_stream", message).expect("sealed")
    }

    fn open(&self, stream: &[u8]) -> Result<Vec<u8>, UnitError> {
        self.call("open_stream", stream)
    }

    fn plan(&self, method: &str, input: &[u8]) -> Box<dyn Plan> {
        let params = if method == "seal_stream" { &self.seal } else { &self.open };
        let id = self.units.resolve("crypto", method).expect("a method");
        let call = Call { input, params: params.as_bytes() };
        self.units.plan(id, call, &Budget::unlimited()).expect("a plan").expect("split")
    }
}

fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u32).wrapping_mul(0x9e37_79b9).to_le_bytes()[3]).collect()
}

/// By RustCrypto's STREAM: with seven zeros as its nonce, its counter of four bytes and flag of one
/// are the eleven and one of age, for as many segments as fit into memory.
fn by_another(message: &[u8]) -> Vec<u8> {
    let mut key = [0; 32];
    hkdf::Hkdf::<Sha256>::new(Some(&NONCE), &KEY).expand(b"payload", &mut key).expect("a digest");
    let cipher = ChaCha20Poly1305::new(&key.into());
    let mut stream = EncryptorBE32::from_aead(cipher, &[0; 7].into());
    let mut sealed = NONCE.to_vec();
    let mut segments: Vec<_> = message.chunks(SEGMENT).collect();
    let last = segments.pop().unwrap_or_default();
    for segment in segments {
        sealed.extend(stream.encrypt_next(segment).expect("sealed"));
    }
    sealed.extend(stream.encrypt_last(last).expect("sealed"));
    sealed
}

#[test]
fn as_another_library_seals() {
    let units = Units::new();
    for len in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 258 * SEGMENT + 5] {
        let message = message(len);
        let sealed = units.seal(&message);
        assert!(sealed == by_another(&message), "{len}");
        assert!(units.open(&sealed) == Ok(message), "{len}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn however_it_is_cut(
        len in 0..6 * SEGMENT,
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let units = Units::new();
        let message = message(len);
        let mut sealed = units.seal(&message);
        prop_assert!(by_ranges(units.plan("seal_stream", &message).as_ref(), &cuts)? == sealed);
        prop_assert!(by_ranges(units.plan("open_stream", &sealed).as_ref(), &cuts)? == message);
        let at = flip.index(sealed.len());
        prop_assert_eq!(units.open(&sealed[..at]), Err(REFUSED));
        sealed[at] ^= 1 << bit;
        prop_assert_eq!(units.open(&sealed), Err(REFUSED));
        let plan = units.plan("open_stream", &sealed);
        prop_assert_eq!(by_ranges(plan.as_ref(), &cuts), Err(REFUSED));
    }

    #[test]
    fn any_bytes_are_refused(stream in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(Units::new().open(&stream), Err(REFUSED));
    }
}

/// The same where there is no room; of a stream that is refused, nobody sees a segment.
#[test]
fn in_place_and_elsewhere() {
    let units = Units::new();
    let budget = Budget::unlimited();
    for len in [0, 1, SEGMENT, 2 * SEGMENT + 9] {
        let message = message(len);
        let sealed = units.seal(&message);
        let call = Call { input: &message, params: units.seal.as_bytes() };
        let mut out = Watched(VecOutput::new(sealed.len()));
        units.units.execute_named("crypto", "seal_stream", call, &mut out, &budget).expect("it");
        assert!(out.0.as_bytes() == sealed, "{len}");
        let call = Call { input: &sealed, params: units.open.as_bytes() };
        let mut out = Watched(VecOutput::new(message.len()));
        units.units.execute_named("crypto", "open_stream", call, &mut out, &budget).expect("it");
        assert!(out.0.as_bytes() == message, "{len}");

        let mut wrong = sealed.clone();
        *wrong.last_mut().expect("a tag") ^= 1;
        let call = Call { input: &wrong, params: units.open.as_bytes() };
        let mut out = Watched(VecOutput::new(message.len()));
        let opened = units.units.execute_named("crypto", "open_stream", call, &mut out, &budget);
        assert_eq!((opened, out.0.as_bytes()), (Err(REFUSED), &b""[..]));
        let mut out = VecOutput::new(message.len());
        let opened = units.units.execute_named("crypto", "open_stream", call, &mut out, &budget);
        assert_eq!(opened, Err(REFUSED));
        assert!(out.as_bytes().iter().all(|byte| *byte == 0), "{len}");
    }
}

/// Each segment holds where it was sealed and nowhere else.
#[test]
fn segments_that_were_moved_left_out_or_repeated() {
    let units = Units::new();
    let sealed = units.seal(&message(3 * SEGMENT));
    let (nonce, rest) = sealed.split_at(16);
    let [a, b, c] = [0, 1, 2].map(|at| &rest[at * (SEGMENT + 16)..][..SEGMENT + 16]);
    assert_eq!(units.open(&[nonce, a, b, c].concat()).expect("as it was").len(), 3 * SEGMENT);
    let empty = &units.seal(b"")[16..];
    for wrong in [
        &[a, c, b][..],
        &[b, a, c],
        &[a, b],
        &[a],
        &[],
        &[b, c],
        &[a, b, c, c],
        &[a, b, b, c],
        &[a, b, c, empty],
        &[a, b, c, b"x"],
        &[c],
    ] {
        assert_eq!(units.open(&[nonce, &wrong.concat()].concat()), Err(REFUSED));
    }
    // Under another nonce, or another key, none of it holds.
    assert_eq!(units.open(&[&[8; 16][..], a, b, c].concat()), Err(REFUSED));
    assert_eq!(units.open(nonce), Err(REFUSED));
    assert_eq!(units.open(b""), Err(REFUSED));
}

#[test]
fn parts_that_are_missing_and_ranges_beyond_the_end() {
    let units = Units::new();
    let budget = Budget::unlimited();
    let message = message(2 * SEGMENT + 1);
    let sealed = units.seal(&message);
    for (method, input) in [("seal_stream", &message), ("open_stream", &sealed)] {
        let plan = units.plan(method, input);
        assert_eq!(plan.item_count(), 3);
        let part = plan.run(0..2, &budget).expect("a part");
        let merged = plan.merge(vec![part], &mut VecOutput::new(1 << 20));
        assert!(matches!(merged, Err(UnitError::BadInput { .. })));
        assert_eq!(plan.run(3..usize::MAX, &budget), Ok(vec![]));
        assert_eq!(plan.run(2..9, &budget).map(|part| part.len() < 20), Ok(true));
    }
    let cancelled = Budget::new(None, Arc::new(AtomicBool::new(true)));
    for (method, input) in [("seal_stream", &message), ("open_stream", &sealed)] {
        let result = units.plan(method, input).run(0..3, &cancelled);
        assert_eq!(result, Err(UnitError::Cancelled));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Any bytes and any parameters, without the dispatcher, so that a panic is not caught but
    /// seen; what comes out is within the bound.
    #[test]
    fn whoever_means_harm_gets_an_error(
        input in proptest::collection::vec(any::<u8>(), 0..400),
        raw in proptest::collection::vec(any::<u8>(), 0..60),
        key in prop_oneof![Just(1_u64 << 32), Just((1 << 32) + 1), any::<u64>()],
        nonce in proptest::collection::vec(any::<u8>(), 0..30),
        aad in proptest::collection::vec(any::<u8>(), 0..30),
        capacity in 0..600_usize,
        start in any::<usize>(),
        end in any::<usize>(),
    ) {
        let unit = CryptoUnit::new();
        let budget = Budget::unlimited();
        let number = |name| unit.info().methods.iter().position(|row| row.name == name);
        let method = number("key_import").expect("a method") as u16;
        for (kind, len) in [(Kind::Stream, 16), (Kind::Aead, 32)] {
            let params = KindParams { kind }.to_json();
            let call = Call { input: &KEY.repeat(2)[..len], params: params.as_bytes() };
            unit.execute(method, call, &mut VecOutput::new(8), &budget).expect("imported");
        }
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (nonce, aad) = (hex(&nonce), hex(&aad));
        let params = [
            raw,
            format!(r#"{{"key": {key}}}"#).into_bytes(),
            format!(r#"{{"key": {key}, "nonce": "{nonce}"}}"#).into_bytes(),
            format!(r#"{{"key": {key}, "aad": "{aad}"}}"#).into_bytes(),
            format!(r#"{{"key": {key}, "nonce": "{}", "aad": "{aad}"}}"#, "00".repeat(12)).into_bytes(),
            format!(r#"{{"key": {key}, "nonce": "{}"}}"#, "00".repeat(16)).into_bytes(),
        ];
        for name in [
            "seal_fresh", "open_fresh", "seal_stream", "open_stream", "seal_many", "open_many",
            "chacha20poly1305_seal", "chacha20poly1305_open", "xchacha20poly1305_seal",
            "xchacha20poly1305_open", "key_import", "key_generate",
        ] {
            let method = number(name).expect("a method") as u16;
            for params in &params {
                let call = Call { input: &input, params };
                let mut out = VecOutput::new(capacity);
                let result = unit.execute(method, call, &mut out, &budget);
                if let Ok(len) = result {
                    prop_assert_eq!(len, out.as_bytes().len());
                    prop_assert!(unit.bound(method, call).is_ok_and(|bound| len <= bound));
                }
                if let Ok(Some(plan)) = unit.plan(method, call, &budget) {
                    let part = plan.run(start.min(end)..end, &budget).unwrap_or_default();
                    let merged = plan.merge(vec![part, input.clone()], &mut out);
                    prop_assert!(merged.is_err() || input.is_empty());
                }
            }
        }
    }
}
