//! Where keys and nonces of the unit `crypto` come from: the host, and nothing else.
#![cfg(feature = "crypto")]
#![allow(clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use inos_units::crypto::{CryptoUnit, FreshParams, KeyParams, Kind, KindParams, Random};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

const NONE: UnitError = UnitError::NotFound { what: "source of randomness" };

/// RFC 8032, 7.1, test 2: seed and public key.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

/// A host that gives these bytes in turn, notes how many were asked for, and then fails, having
/// written what it had.
#[derive(Clone, Default)]
struct Host(Arc<Mutex<(Vec<u8>, Vec<usize>)>>);

impl Host {
    fn of(bytes: &[u8]) -> Self {
        Self(Arc::new(Mutex::new((bytes.to_vec(), vec![]))))
    }

    fn asked(&self) -> Vec<usize> {
        self.0.lock().expect("not poisoned").1.clone()
    }
}

impl Random for Host {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), UnitError> {
        let mut state = self.0.lock().expect("not poisoned");
        state.1.push(bytes.len());
        let len = bytes.len().min(state.0.len());
        bytes[..len].copy_from_slice(&state.0[..len]);
        state.0.drain(..len);
        if len < bytes.len() { Err(NONE) } else { Ok(()) }
    }
}

fn units(host: &Host) -> Dispatcher {
    let mut units = Dispatcher::new();
    units.register(Box::new(CryptoUnit::with_random(host.clone()))).expect("registered");
    units
}

fn call(
    units: &Dispatcher,
    method: &str,
    input: &[u8],
    params: &str,
) -> Result<Vec<u8>, UnitError> {
    let mut out = VecOutput::new(1 << 16);
    let call = Call { input, params: params.as_bytes() };
    units.execute_named("crypto", method, call, &mut out, &Budget::unlimited())?;
    Ok(out.to_vec())
}

fn handle(bytes: Vec<u8>) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("8 bytes"))
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}

/// Each kind of key is as many bytes of the host's, in turn, and nothing is mixed in: what they do
/// is what an imported key of these bytes does.
#[test]
fn keys_are_the_bytes_of_the_host() {
    let stream: Vec<u8> = (100..116).collect();
    let aead: Vec<u8> = (0..32).collect();
    let nonce: Vec<u8> = (50..74).collect();
    let host = Host::of(&[&bytes(SEED), &stream, &aead, &nonce[..]].concat());
    let units = units(&host);
    let generate = |kind| {
        handle(call(&units, "key_generate", b"", &KindParams { kind }.to_json()).expect("a key"))
    };
    let import = |kind, key: &[u8]| {
        handle(call(&units, "key_import", key, &KindParams { kind }.to_json()).expect("a key"))
    };
    let key = generate(Kind::Ed25519);
    let public = call(&units, "key_public", b"", &KeyParams { key }.to_json());
    assert_eq!(public, Ok(bytes(PUBLIC)));

    let (drawn, same) = (generate(Kind::Stream), import(Kind::Stream, &stream));
    let seal = |key| {
        let params = format!(r#"{{"key": {key}, "nonce": "{}"}}"#, "07".repeat(16));
        call(&units, "seal_stream", b"message", &params).expect("sealed")
    };
    assert_eq!(seal(drawn), seal(same));

    let (drawn, same) = (generate(Kind::Aead), import(Kind::Aead, &aead));
    let params = |key| FreshParams { key, ..FreshParams::default() }.to_json();
    let sealed = call(&units, "seal_fresh", b"message", &params(drawn)).expect("sealed");
    assert_eq!(sealed[..24], nonce);
    assert_eq!(call(&units, "open_fresh", &sealed, &params(same)), Ok(b"message".to_vec()));
    // What was asked for, in order, and no more: imports, sealing with a nonce and opening ask for
    // nothing.
    assert_eq!(host.asked(), [32, 16, 32, 24]);
    // It is used up: there is nothing else to fall back on.
    assert_eq!(call(&units, "seal_fresh", b"message", &params(same)), Err(NONE));
}

/// One that fails half-way makes no key, and nothing is sealed.
#[test]
fn a_host_that_fails_makes_no_key() {
    for given in [0, 1, 15, 23, 31] {
        for kind in [Kind::Aead, Kind::Ed25519, Kind::X25519, Kind::Stream] {
            let wanted = if kind == Kind::Stream { 16 } else { 32 };
            if given >= wanted {
                continue;
            }
            let host = Host::of(&vec![0xab; given]);
            let units = units(&host);
            let params = KindParams { kind }.to_json();
            assert_eq!(call(&units, "key_generate", b"", &params), Err(NONE));
            assert_eq!(host.asked(), [wanted]);
            // The first slot's first generation is still to be had: there is no key.
            let first = KeyParams { key: 1 << 32 }.to_json();
            let missing = Err(UnitError::NotFound { what: "key" });
            assert_eq!(call(&units, "key_drop", b"", &first), missing);
            assert_eq!(handle(call(&units, "key_import", &[1; 32], "").expect("a key")), 1 << 32);
        }
    }
    let host = Host::of(&[1; 23]);
    let units = units(&host);
    let key = handle(call(&units, "key_import", &[1; 32], "").expect("a key"));
    let params = FreshParams { key, ..FreshParams::default() }.to_json();
    let mut out = VecOutput::new(100);
    let sealing = Call { input: b"secret", params: params.as_bytes() };
    let budget = Budget::unlimited();
    let result = units.execute_named("crypto", "seal_fresh", sealing, &mut out, &budget);
    assert_eq!((result, out.as_bytes()), (Err(NONE), &b""[..]));
}

/// Without room for the result the host is not asked: its randomness may be dear.
#[test]
fn nothing_is_drawn_for_a_result_that_nobody_takes() {
    let host = Host::of(&[1; 64]);
    let units = units(&host);
    let key = handle(call(&units, "key_import", &[1; 32], "").expect("a key"));
    let params = FreshParams { key, ..FreshParams::default() }.to_json();
    let budget = Budget::unlimited();
    for (method, params) in [("key_generate", ""), ("seal_fresh", params.as_str())] {
        let call = Call { input: b"", params: params.as_bytes() };
        let result = units.execute_named("crypto", method, call, &mut VecOutput::new(7), &budget);
        assert!(matches!(result, Err(UnitError::OutputTooSmall { .. })), "{method}");
    }
    assert_eq!(host.asked(), [0_usize; 0]);
}
