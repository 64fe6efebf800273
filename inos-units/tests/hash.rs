//! The unit `hash` against other formulations, and against those who mean harm.
#![cfg(feature = "hash")]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use inos_units::hash::{FinishParams, SliceParams, UpdateParams, VerifyParams};
use inos_units::schema::Bytes;
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput, batch};
use proptest::prelude::*;
use support::call;

fn update(state: Bytes, input: &[u8]) -> Result<Vec<u8>, UnitError> {
    let params = UpdateParams { state }.to_message();
    call("hash", "blake3_update", input, &params).map(|out| out.to_vec())
}

fn finish(state: Bytes, input: &[u8]) -> Result<Vec<u8>, UnitError> {
    let params = FinishParams { state, length: 77 }.to_message();
    call("hash", "blake3_finish", input, &params).map(|out| out.to_vec())
}

fn whole(input: &[u8]) -> Vec<u8> {
    let mut digest = vec![0; 77];
    blake3::Hasher::new().update(input).finalize_xof().fill(&mut digest);
    digest
}

/// Content without a pattern.
fn content(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pieces_give_what_the_whole_gives(
        cuts in proptest::collection::vec(0..6000_usize, 0..8),
        last in 0..3000_usize,
    ) {
        let input = content(cuts.iter().sum::<usize>() + last, 1);
        let (mut rest, mut state) = (&input[..], Bytes::new());
        for cut in cuts {
            let (piece, after) = rest.split_at(cut);
            state = update(state, piece).expect("update").into();
            rest = after;
        }
        prop_assert_eq!(finish(state, rest).expect("finish"), whole(&input));
    }

    #[test]
    fn batches_give_what_one_by_one_gives(
        lens in proptest::collection::vec(
            prop_oneof![0..200_usize, Just(64), Just(128), Just(1024), Just(1025), 0..3000_usize],
            0..150,
        ),
    ) {
        let messages: Vec<Vec<u8>> =
            lens.iter().enumerate().map(|(seed, len)| content(*len, seed as u8)).collect();
        let batch = batch::join(messages.iter().map(Vec::as_slice)).expect("a batch");
        let out = call("hash", "blake3_many", &batch, b"").expect("blake3_many");
        let expected: Vec<u8> =
            messages.iter().flat_map(|message| *blake3::hash(message).as_bytes()).collect();
        prop_assert_eq!(out.as_bytes(), expected);
    }

    #[test]
    fn a_slice_proves_its_range_and_nothing_else(
        len in 1..200_000_usize,
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        group in 0..6_u32,
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let content = content(len, 2);
        let (a, b) = (from.index(len), to.index(len + 1));
        let (from, to) = (a.min(b), a.max(b));
        let (offset, length) = (from as u64, (to - from) as u64);
        let params = SliceParams { offset, length, group };
        let units = Dispatcher::standard();
        let id = units.resolve("hash", "blake3_slice").expect("it is there");
        let text = params.to_json();
        let bound = units.bound(id, Call { input: &content, params: text.as_bytes() });
        let mut slice = call("hash", "blake3_slice", &content, text.as_bytes()).expect("a slice").to_vec();
        prop_assert!(slice.len() <= bound.expect("a bound"));

        let digest = Bytes::from(blake3::hash(&content).as_bytes());
        let verify = VerifyParams { digest, offset, length, group }.to_message();
        let got = call("hash", "blake3_verify_slice", &slice, &verify).expect("the range");
        prop_assert_eq!(got.as_bytes(), &content[from..to]);

        // Whatever a flipped bit does, it does not give other bytes.
        let at = flip.index(slice.len());
        slice[at] ^= 1 << bit;
        if let Ok(got) = call("hash", "blake3_verify_slice", &slice, &verify) {
            prop_assert_eq!(got.as_bytes(), &content[from..to]);
        }
        // Nor does a slice that ends too soon.
        slice[at] ^= 1 << bit;
        slice.truncate(at);
        if let Ok(got) = call("hash", "blake3_verify_slice", &slice, &verify) {
            prop_assert_eq!(got.as_bytes(), &content[from..to]);
        }
    }

    #[test]
    fn whatever_comes_in_nothing_breaks(
        input in proptest::collection::vec(any::<u8>(), 0..400),
        state in proptest::collection::vec(any::<u8>(), 0..100),
        digest in any::<[u8; 32]>(),
        offset in prop_oneof![0..2000_u64, any::<u64>()],
        length in prop_oneof![0..2000_u64, any::<u64>()],
        group in 0..=10_u32,
    ) {
        // Called without the dispatcher's guard these would panic the test.
        let _ = batch::split(&input).map(|items| items.count());
        for result in [
            update(state.clone().into(), &input),
            finish(state.into(), &input),
        ] {
            prop_assert_ne!(result.err(), Some(UnitError::Panicked));
        }
        let slice = SliceParams { offset, length, group }.to_json();
        let verify = VerifyParams { digest: digest.into(), offset, length, group }.to_json();
        for (method, params) in [
            ("blake3_slice", slice.as_str()),
            ("blake3_verify_slice", &verify),
            ("blake3_many", ""),
            ("sha256_many", ""),
        ] {
            let result = call("hash", method, &input, params.as_bytes());
            prop_assert_ne!(result.err(), Some(UnitError::Panicked), "{}", method);
        }
    }
}

#[test]
fn a_long_message_goes_through_large_subtrees() {
    // More than one of the largest, from a place where the first is small.
    let input = content(5 << 20, 3);
    for first in [0, 1, 1024, 4096, 3 << 10, (1 << 20) + 5] {
        let (head, tail) = input.split_at(first);
        let state = update(Bytes::new(), head).expect("update");
        assert_eq!(finish(state.into(), tail).expect("finish"), whole(&input), "{first}");
    }
}

#[test]
fn what_is_no_state_is_refused() {
    let state = update(Bytes::new(), &content(7777, 4)).expect("update");
    let refused = Err(UnitError::BadParam {
        name: "state",
        expected: "what `blake3_update` gave, or nothing",
    });
    let mut longer = state.clone();
    longer.push(0);
    let mut other = state.clone();
    other[0] ^= 1;
    let mut miscounted = state.clone();
    miscounted[8] ^= 1;
    for bad in [&state[..state.len() - 1], &longer, &other, &miscounted, b"x"] {
        assert_eq!(update(bad.into(), b""), refused);
        assert_eq!(finish(bad.into(), b""), refused);
    }
    // A length of almost 2^64 is one that the next byte would pass.
    let mut full = b"IB3S\x01\0\0\0".to_vec();
    full.extend_from_slice(&u64::MAX.to_le_bytes());
    let chunks = (u64::MAX - 1) / 1024;
    full.resize(16 + chunks.count_ones() as usize * 32 + 1023, 7);
    assert!(update(full.clone().into(), b"").is_ok());
    let too_large = UnitError::TooLarge { len: u64::MAX, max: u64::MAX };
    assert_eq!(update(full.into(), b"x"), Err(too_large));
}

#[test]
fn batches_that_do_not_add_up_are_refused() {
    let bad = UnitError::BadInput { what: "a batch whose lengths do not add up" };
    let good = batch::join([&b"ab"[..], b"c"]).expect("a batch");
    for input in [&b""[..], b"\0\0", &[0xff; 8], &[1, 0, 0, 0], &good[..good.len() - 1]] {
        assert_eq!(call("hash", "blake3_many", input, b"").err(), Some(bad.clone()));
    }
    let mut overflow = 2_u32.to_le_bytes().to_vec();
    overflow.extend_from_slice(&[0xff; 8]);
    assert_eq!(call("hash", "sha256_many", &overflow, b"").err(), Some(bad));
    let none = call("hash", "blake3_many", &[0; 4], b"").expect("no digests");
    assert!(none.as_bytes().is_empty());
}

#[test]
fn keys_of_hkdf_have_a_longest_length() {
    let run = |params: &str| call("hash", "hkdf", b"material", params.as_bytes());
    assert!(run(r#"{"length": 8160}"#).is_ok());
    assert!(run(r#"{"length": 8161}"#).is_err());
    assert!(run(r#"{"length": 16320, "algorithm": "sha512"}"#).is_ok());
}

#[test]
fn long_work_is_cancelled() {
    use std::sync::{Arc, atomic::AtomicBool};
    let units = Dispatcher::standard();
    let input = vec![0; 3 << 20];
    let budget = Budget::new(None, Arc::new(AtomicBool::new(true)));
    for method in [
        "blake3",
        "sha256",
        "sha512",
        "blake3_update",
        "blake3_finish",
        "hmac",
        "hkdf",
        "blake3_slice",
    ] {
        let call = Call { input: &input, params: b"" };
        let result =
            units.execute_named("hash", method, call, &mut VecOutput::new(1 << 23), &budget);
        assert_eq!(result, Err(UnitError::Cancelled), "{method}");
    }
}
