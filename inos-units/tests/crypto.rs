//! The unit `crypto` against those who cheat.
#![cfg(feature = "crypto")]
#![allow(clippy::expect_used, clippy::panic)]

use inos_units::crypto::{
    AgreeParams, FreshParams, KeyParams, Kind, KindParams, MAX_KEYS, SealParams, VerifyParams,
    XSealParams,
};
use inos_units::{Budget, Call, Dispatcher, Output, SliceOutput, UnitError, VecOutput, batch};
use proptest::prelude::*;

fn call(
    units: &Dispatcher,
    method: &str,
    input: &[u8],
    params: &str,
) -> Result<Vec<u8>, UnitError> {
    let mut out = VecOutput::new(1 << 20);
    let call = Call { input, params: params.as_bytes() };
    units.execute_named("crypto", method, call, &mut out, &Budget::unlimited())?;
    Ok(out.to_vec())
}

fn import(units: &Dispatcher, kind: Kind, key: [u8; 32]) -> u64 {
    let handle = call(units, "key_import", &key, &KindParams { kind }.to_json());
    u64::from_le_bytes(handle.expect("a handle").try_into().expect("8 bytes"))
}

fn refused(what: &'static str) -> Result<Vec<u8>, UnitError> {
    Err(UnitError::Refused { what })
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else_is(
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; 24]>(),
        aad in proptest::collection::vec(any::<u8>(), 0..50),
        message in proptest::collection::vec(any::<u8>(), 0..300),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let units = Dispatcher::standard();
        let key = import(&units, Kind::Aead, key);
        let short: [u8; 12] = nonce[..12].try_into().expect("12 bytes");
        let plain = SealParams { key, nonce: short.into(), aad: (&aad).into() };
        let other = SealParams { aad: [&aad[..], &[0]].concat().into(), ..plain.clone() };
        let extended = XSealParams { key, nonce: nonce.into(), aad: aad.into() };
        for (name, params) in [("chacha20poly1305", plain.to_json()), ("xchacha20poly1305", extended.to_json())] {
            let [seal, open] = ["seal", "open"].map(|verb| format!("{name}_{verb}"));
            let mut sealed = call(&units, &seal, &message, &params).expect("sealed");
            prop_assert_eq!(sealed.len(), message.len() + 16);
            prop_assert_eq!(call(&units, &open, &sealed, &params), Ok(message.clone()));
            let at = flip.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(call(&units, &open, &sealed, &params), refused("the tag"));
            sealed[at] ^= 1 << bit;
            sealed.truncate(at);
            prop_assert_eq!(call(&units, &open, &sealed, &params), refused("the tag"));
        }
        let sealed = call(&units, "chacha20poly1305_seal", &message, &plain.to_json()).expect("sealed");
        prop_assert_eq!(call(&units, "chacha20poly1305_open", &sealed, &other.to_json()), refused("the tag"));
    }

    #[test]
    fn a_fresh_nonce_is_before_what_it_sealed(
        message in proptest::collection::vec(any::<u8>(), 0..300),
        aad in proptest::collection::vec(any::<u8>(), 0..50),
        flip in any::<prop::sample::Index>(),
    ) {
        let units = Dispatcher::standard();
        let key = import(&units, Kind::Aead, [7; 32]);
        let params = FreshParams { key, aad: (&aad).into() }.to_json();
        let mut sealed = call(&units, "seal_fresh", &message, &params).expect("sealed");
        let again = call(&units, "seal_fresh", &message, &params).expect("sealed");
        prop_assert_ne!(&sealed[..24], &again[..24]);
        let same = XSealParams { key, nonce: sealed[..24].into(), aad: aad.into() }.to_json();
        let expected = call(&units, "xchacha20poly1305_seal", &message, &same).expect("sealed");
        prop_assert_eq!(&sealed[24..], expected);
        prop_assert_eq!(call(&units, "open_fresh", &sealed, &params), Ok(message));
        let at = flip.index(sealed.len());
        sealed[at] ^= 1;
        prop_assert_eq!(call(&units, "open_fresh", &sealed, &params), refused("the tag"));
        prop_assert_eq!(call(&units, "open_fresh", &sealed[..at], &params), refused("the tag"));
    }

    #[test]
    fn a_batch_is_its_messages_one_by_one(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..20),
        base in any::<[u8; 8]>(),
        swap in any::<bool>(),
    ) {
        let units = Dispatcher::standard();
        let key = import(&units, Kind::Aead, [7; 32]);
        let nonce = |count: u32| [&base[..], &count.to_be_bytes()].concat();
        let params = |count| SealParams { key, nonce: nonce(count).into(), ..SealParams::default() }.to_json();
        let all = batch::join(messages.iter().map(Vec::as_slice)).expect("a batch");
        let sealed = call(&units, "seal_many", &all, &params(9)).expect("sealed");
        let items: Vec<&[u8]> = batch::split(&sealed).expect("a batch").collect();
        for (index, (item, message)) in items.iter().zip(&messages).enumerate() {
            let params = params(9 + index as u32);
            prop_assert_eq!(&call(&units, "chacha20poly1305_seal", message, &params).expect("sealed"), item);
        }
        prop_assert_eq!(call(&units, "open_many", &sealed, &params(9)), Ok(all));
        if swap && items.len() > 1 {
            let swapped = batch::join(items.into_iter().rev()).expect("a batch");
            prop_assert_eq!(call(&units, "open_many", &swapped, &params(9)), refused("the tag"));
        }
        let last = call(&units, "seal_many", &batch::join([&b""[..], b""]).expect("a batch"), &params(u32::MAX));
        let wrapped = matches!(last, Err(UnitError::BadParam { name: "nonce", .. }));
        prop_assert!(wrapped);
    }

    #[test]
    fn a_signature_is_of_one_message_by_one_key(
        seed in any::<[u8; 32]>(),
        message in proptest::collection::vec(any::<u8>(), 0..100),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let units = Dispatcher::standard();
        let key = import(&units, Kind::Ed25519, seed);
        let params = KeyParams { key }.to_json();
        let signature = call(&units, "ed25519_sign", &message, &params).expect("signed");
        let public = call(&units, "key_public", b"", &params).expect("public");
        let mut all = [public, signature, message].concat();
        let verify = |all: &[u8]| {
            let params = VerifyParams { public: (&all[..32]).into(), signature: (&all[32..96]).into() };
            let one = call(&units, "ed25519_verify", &all[96..], &params.to_json());
            let batch = batch::join([all]).expect("a batch");
            (one, call(&units, "ed25519_verify_batch", &batch, ""))
        };
        prop_assert_eq!(verify(&all), (Ok(vec![]), Ok(vec![])));
        let at = flip.index(all.len());
        all[at] ^= 1 << bit;
        let (one, batch) = verify(&all);
        prop_assert!(one.is_err() && batch.is_err());
    }
}

/// Low order, and encodings that are not canonical: `points` and `y >= p` of RFC 8032, and of
/// "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020).
#[test]
fn strict_verification_refuses_what_others_take() {
    let units = Dispatcher::standard();
    let verify = |public: &[u8], signature: &[u8]| {
        let params = VerifyParams { public: public.into(), signature: signature.into() };
        call(&units, "ed25519_verify", b"", &params.to_json())
    };
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for point in small {
        // R of small order and S = 0 hold under a key of small order, for who is not strict.
        let signature = [hex(point), vec![0; 32]].concat();
        assert!(verify(&hex(point), &signature).is_err(), "{point}");
    }
    // S + L gives the same point as S: the same signature twice, if it were taken.
    let key = import(&units, Kind::Ed25519, [5; 32]);
    let params = KeyParams { key }.to_json();
    let public = call(&units, "key_public", b"", &params).expect("public");
    let mut signature = call(&units, "ed25519_sign", b"", &params).expect("signed");
    assert_eq!(verify(&public, &signature), Ok(vec![]));
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, more) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(verify(&public, &signature), refused("the signature"));
    // Not on the curve: y = 2.
    let mut none = vec![0; 32];
    none[0] = 2;
    assert!(matches!(verify(&none, &signature), Err(UnitError::BadParam { name: "public", .. })));
}

/// RFC 7748, 6.1: a shared secret of zeros is refused. Points of order 1, 2, 4, 8, and p, p + 1.
#[test]
fn agreeing_with_small_order_is_refused() {
    let units = Dispatcher::standard();
    let key = import(&units, Kind::X25519, [9; 32]);
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let params = AgreeParams { key, public: hex(point).into(), ..AgreeParams::default() };
        let result = call(&units, "x25519_agree", b"", &params.to_json());
        assert_eq!(result, refused("a public key of small order"), "{point}");
    }
}

#[test]
fn handles_are_of_one_key_and_of_one_kind() {
    let units = Dispatcher::standard();
    let gone = Err(UnitError::NotFound { what: "key" });
    let public = |key| call(&units, "key_public", b"", &KeyParams { key }.to_json());
    let drop = |key| call(&units, "key_drop", b"", &KeyParams { key }.to_json());
    for handle in [0, 1, 1 << 32, u64::MAX, u64::from(u32::MAX)] {
        assert_eq!(public(handle), gone);
        assert_eq!(drop(handle), gone);
    }
    let first = import(&units, Kind::Ed25519, [1; 32]);
    assert_eq!(drop(first), Ok(vec![]));
    let second = import(&units, Kind::Ed25519, [2; 32]);
    // The same slot, another generation.
    assert_eq!((first as u32, public(first)), (second as u32, gone.clone()));
    assert_eq!(drop(first), gone);
    assert!(public(second).is_ok());

    let sealing = import(&units, Kind::Aead, [3; 32]);
    assert!(matches!(public(sealing), Err(UnitError::BadParam { name: "key", .. })));
    let sign = |key| call(&units, "ed25519_sign", b"", &KeyParams { key }.to_json());
    assert!(matches!(sign(sealing), Err(UnitError::BadParam { name: "key", .. })));
    let seal = |key| {
        let params = SealParams { key, nonce: [0; 12].into(), ..SealParams::default() };
        call(&units, "chacha20poly1305_seal", b"", &params.to_json())
    };
    assert!(seal(sealing).is_ok());
    assert!(matches!(seal(second), Err(UnitError::BadParam { name: "key", .. })));
    for len in [0, 31, 33] {
        assert!(call(&units, "key_import", &vec![0; len], "").is_err());
        let stream = KindParams { kind: Kind::Stream }.to_json();
        assert!(call(&units, "key_import", &vec![0; len], &stream).is_err());
    }
}

#[test]
fn keys_run_out_and_come_back() {
    let units = Dispatcher::standard();
    let keys: Vec<u64> = (0..MAX_KEYS).map(|_| import(&units, Kind::Aead, [1; 32])).collect();
    let (len, max) = (MAX_KEYS as u64 + 1, MAX_KEYS as u64);
    let full = call(&units, "key_import", &[1; 32], "");
    assert_eq!(full, Err(UnitError::TooLarge { len, max }));
    call(&units, "key_drop", b"", &KeyParams { key: keys[77] }.to_json()).expect("dropped");
    assert_eq!(import(&units, Kind::Aead, [1; 32]) as u32, 77);
}

/// Without room for the handle no key is made, which nobody could drop.
#[test]
fn a_handle_that_nobody_would_get_is_not_made() {
    let units = Dispatcher::standard();
    let call = Call { input: &[4; 32], params: b"" };
    let budget = Budget::unlimited();
    let result = units.execute_named("crypto", "key_import", call, &mut VecOutput::new(7), &budget);
    assert_eq!(result, Err(UnitError::OutputTooSmall { needed: 8, capacity: 7 }));
    assert_eq!(import(&units, Kind::Aead, [4; 32]), 1 << 32);
}

#[test]
fn passwords_cost_what_they_say() {
    let units = Dispatcher::standard();
    let id = units.resolve("crypto", "argon2id_hash").expect("it is there");
    let run = |params: &str, credits: u64| {
        let budget = Budget::unlimited().with_credits(credits);
        let call = Call { input: b"password", params: params.as_bytes() };
        units.execute(id, call, &mut VecOutput::new(64), &budget)
    };
    let salt = r#""salt": "0011223344556677""#;
    assert!(run(&format!(r#"{{{salt}, "memory": 64, "passes": 2}}"#), 1_000_000).is_ok());
    let dear = run(&format!(r#"{{{salt}, "memory": 65536}}"#), 1_000_000);
    assert!(matches!(dear, Err(UnitError::OutOfCredits { limit: 1_000_000, .. })));
    for params in [
        r#"{"salt": "0011"}"#.to_owned(),
        format!(r#"{{{salt}, "memory": 64, "lanes": 9}}"#),
        format!(r#"{{{salt}, "memory": 262144, "passes": 9}}"#),
        format!(r#"{{{salt}, "length": 3}}"#),
    ] {
        assert!(matches!(run(&params, u64::MAX), Err(UnitError::BadParam { .. })), "{params}");
    }
}

#[test]
fn errors_and_debug_keep_secrets() {
    let secret = [0xa7; 32];
    let digits = "a7a7a7a7";
    let units = Dispatcher::standard();
    let key = import(&units, Kind::Aead, secret);
    let params = SealParams { key, nonce: [0; 12].into(), aad: secret.into() };
    assert!(!format!("{params:?}").contains("167"));
    let methods = ["open_fresh", "open_many", "open_stream", "seal_stream"];
    for method in ["key_public", "ed25519_sign", "chacha20poly1305_open"].into_iter().chain(methods)
    {
        let error = call(&units, method, b"", &params.to_json()).expect_err("refused");
        let shown = format!("{error} {error:?} {}", error.to_json());
        assert!(!shown.contains(digits) && !shown.contains("167, 167"), "{shown}");
    }
    assert_eq!(format!("{:?}", inos_units::crypto::CryptoUnit::new()), "CryptoUnit");
}

/// An output that others may look at while a call runs: it lends nothing, and notes each write.
struct Watched {
    bytes: Vec<u8>,
    writes: usize,
}

impl Output for Watched {
    fn capacity(&self) -> usize {
        1 << 17
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        self.bytes.resize(offset.max(self.bytes.len()), 0);
        self.bytes.truncate(offset);
        self.bytes.extend_from_slice(bytes);
        self.writes += 1;
        Ok(())
    }
}

/// The same result in every kind of output; and after a refusal, nothing of the message in any.
#[test]
fn outputs_that_lend_their_bytes_and_others() {
    let units = Dispatcher::standard();
    let key = import(&units, Kind::Aead, [7; 32]);
    let budget = Budget::unlimited();
    let short = SealParams { key, nonce: [1; 12].into(), ..SealParams::default() }.to_json();
    let long = XSealParams { key, nonce: [1; 24].into(), ..XSealParams::default() }.to_json();
    let fresh = FreshParams { key, ..FreshParams::default() }.to_json();
    for len in [0, 1, 64, 1000, 65_536] {
        let message = vec![0xa7; len];
        for (seal, open, params) in [
            ("chacha20poly1305_seal", "chacha20poly1305_open", &short),
            ("xchacha20poly1305_seal", "xchacha20poly1305_open", &long),
            ("seal_fresh", "open_fresh", &fresh),
        ] {
            let mut sealed = call(&units, seal, &message, params).expect("sealed");
            let mut watched = Watched { bytes: vec![], writes: 0 };
            let run = |method, input: &[u8], out: &mut dyn Output| {
                let call = Call { input, params: params.as_bytes() };
                units.execute_named("crypto", method, call, out, &budget)
            };
            run(seal, &message, &mut watched).expect("sealed");
            if seal != "seal_fresh" {
                assert_eq!(watched.bytes, sealed);
                let mut bytes = vec![0; sealed.len()];
                run(seal, &message, &mut SliceOutput::new(&mut bytes)).expect("sealed");
                assert_eq!(bytes, sealed);
            }
            let mut watched = Watched { bytes: vec![], writes: 0 };
            run(open, &sealed, &mut watched).expect("opened");
            assert_eq!((&watched.bytes, watched.writes), (&message, 1));
            let mut bytes = vec![0; len];
            run(open, &sealed, &mut SliceOutput::new(&mut bytes)).expect("opened");
            assert_eq!(bytes, message);

            *sealed.last_mut().expect("a tag") ^= 1;
            let refused = Err(UnitError::Refused { what: "the tag" });
            let mut watched = Watched { bytes: vec![], writes: 0 };
            assert_eq!(run(open, &sealed, &mut watched), refused);
            assert_eq!(watched.writes, 0);
            let mut bytes = vec![1; len];
            assert_eq!(run(open, &sealed, &mut SliceOutput::new(&mut bytes)), refused);
            assert_eq!(bytes, vec![0; len]);
            let mut out = VecOutput::new(len);
            assert_eq!(run(open, &sealed, &mut out), refused);
            assert!(out.as_bytes().iter().all(|byte| *byte == 0));
        }
    }
}
