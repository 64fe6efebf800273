//! Known answers of the unit `crypto`.

use inos_units::crypto::{
    AgreeParams, CheckParams, CryptoUnit, FreshParams, KeyParams, Kind, KindParams, PasswordParams,
    Random, SealParams, StreamParams, VerifyParams, XSealParams,
};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput, batch};
use sha2::{Digest as _, Sha256};

use crate::age;

use crate::support::hex;

/// A dispatcher whose keys last as long as it does.
struct Units(Dispatcher);

impl Units {
    fn new() -> Self {
        Self(Dispatcher::standard())
    }

    fn call(&self, method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
        let mut out = VecOutput::new(1 << 18);
        let call = Call { input, params: params.as_bytes() };
        self.0.execute_named("crypto", method, call, &mut out, &Budget::unlimited())?;
        Ok(out.to_vec())
    }

    #[track_caller]
    fn run(&self, method: &str, input: &[u8], params: &str) -> Vec<u8> {
        self.call(method, input, params).expect(method)
    }

    fn import(&self, kind: Kind, key: &[u8]) -> u64 {
        let handle = self.run("key_import", key, &KindParams { kind }.to_json());
        u64::from_le_bytes(handle.try_into().expect("8 bytes"))
    }

    fn public(&self, key: u64) -> Vec<u8> {
        self.run("key_public", b"", &KeyParams { key }.to_json())
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}

/// RFC 8439, 2.8.2, and draft-irtf-cfrg-xchacha-03, A.3.1: the same key, message and data.
const SUNSCREEN: &[u8] =
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one \
    tip for the future, sunscreen would be it.";
const AAD: &str = "50515253c0c1c2c3c4c5c6c7";
const NONCE: &str = "070000004041424344454647";
const SEALED: &str = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";
const XNONCE: &str = "404142434445464748494a4b4c4d4e4f5051525354555657";
const XSEALED: &str = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";

fn aead_key(units: &Units) -> u64 {
    let key: Vec<u8> = (0x80..0xa0).collect();
    units.import(Kind::Aead, &key)
}

fn params(key: u64) -> String {
    SealParams { key, nonce: bytes(NONCE).into(), aad: bytes(AAD).into() }.to_json()
}

pub(crate) fn chacha20poly1305() {
    let units = Units::new();
    let params = params(aead_key(&units));
    assert_eq!(hex(&units.run("chacha20poly1305_seal", SUNSCREEN, &params)), SEALED);
    assert_eq!(units.run("chacha20poly1305_open", &bytes(SEALED), &params), SUNSCREEN);
}

pub(crate) fn xchacha20poly1305() {
    let units = Units::new();
    let (nonce, aad) = (bytes(XNONCE).into(), bytes(AAD).into());
    let params = XSealParams { key: aead_key(&units), nonce, aad }.to_json();
    assert_eq!(hex(&units.run("xchacha20poly1305_seal", SUNSCREEN, &params)), XSEALED);
    assert_eq!(units.run("xchacha20poly1305_open", &bytes(XSEALED), &params), SUNSCREEN);
}

/// A host whose randomness is known.
struct Known(Vec<u8>);

impl Random for Known {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), UnitError> {
        bytes.copy_from_slice(&self.0[..bytes.len()]);
        Ok(())
    }
}

/// The nonce of the draft, drawn.
pub(crate) fn fresh() {
    let mut units = Dispatcher::new();
    units.register(Box::new(CryptoUnit::with_random(Known(bytes(XNONCE))))).expect("registered");
    let units = Units(units);
    let params = FreshParams { key: aead_key(&units), aad: bytes(AAD).into() }.to_json();
    let sealed = units.run("seal_fresh", SUNSCREEN, &params);
    assert_eq!(hex(&sealed), [XNONCE, XSEALED].concat());
    assert_eq!(units.run("open_fresh", &sealed, &params), SUNSCREEN);
}

/// All vectors open, or are refused, as they should; and those that open are sealed again.
pub(crate) fn stream() {
    let units = Units::new();
    let key = units.import(Kind::Stream, &bytes(age::KEY));
    for (name, expected, pieces) in age::VECTORS {
        let mut stream = Vec::new();
        for piece in *pieces {
            match piece {
                age::Piece::Hex(digits) => stream.extend(bytes(digits)),
                age::Piece::Zeros(len) => stream.resize(stream.len() + len, 0),
            }
        }
        let opened = units.call("open_stream", &stream, &KeyParams { key }.to_json());
        let Some(expected) = expected else {
            assert!(matches!(opened, Err(UnitError::Refused { .. })), "{name}");
            continue;
        };
        let opened = opened.expect(name);
        assert_eq!(&hex(&Sha256::digest(&opened)), expected, "{name}");
        let params = StreamParams { key, nonce: (&stream[..16]).into() }.to_json();
        assert!(units.run("seal_stream", &opened, &params) == stream, "{name}");
    }
}

/// The first message has the nonce itself, the second the next one.
pub(crate) fn many() {
    let units = Units::new();
    let key = aead_key(&units);
    let messages = batch::join([SUNSCREEN, b"second"]).expect("a batch");
    let sealed = units.run("seal_many", &messages, &params(key));
    let items: Vec<&[u8]> = batch::split(&sealed).expect("a batch").collect();
    assert_eq!(hex(items[0]), SEALED);
    let next = "070000004041424344454648";
    let next = SealParams { key, nonce: bytes(next).into(), aad: bytes(AAD).into() }.to_json();
    assert_eq!(units.run("chacha20poly1305_open", items[1], &next), b"second");
    assert_eq!(units.run("open_many", &sealed, &params(key)), messages);
}

/// RFC 8032, 7.1, tests 1 and 2: secret, public, message, signature.
const SIGNED: [[&str; 4]; 2] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
];

pub(crate) fn ed25519() {
    let units = Units::new();
    let mut items = Vec::new();
    for [secret, public, message, signature] in SIGNED {
        let [secret, public, message, signature] = [secret, public, message, signature].map(bytes);
        let key = units.import(Kind::Ed25519, &secret);
        assert_eq!(units.public(key), public);
        assert_eq!(units.run("ed25519_sign", &message, &KeyParams { key }.to_json()), signature);
        let params = VerifyParams { public: (&public).into(), signature: (&signature).into() };
        assert!(units.run("ed25519_verify", &message, &params.to_json()).is_empty());
        items.push([public, signature, message].concat());
    }
    let all = batch::join(items.iter().map(Vec::as_slice)).expect("a batch");
    assert!(units.run("ed25519_verify_batch", &all, "").is_empty());
    items[1].push(0);
    let all = batch::join(items.iter().map(Vec::as_slice)).expect("a batch");
    let refused = UnitError::Refused { what: "the signature" };
    assert_eq!(units.call("ed25519_verify_batch", &all, ""), Err(refused));
}

/// RFC 7748, 6.1. What both sides share there goes through HKDF here, which the unit `hash` does
/// by the vectors of RFC 5869.
pub(crate) fn x25519() {
    let units = Units::new();
    let alice = bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let shared = bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let [alice, bob] = [alice, bob].map(|key| units.import(Kind::X25519, &key));
    let publics = [alice, bob].map(|key| units.public(key));
    assert_eq!(
        hex(&publics[0]),
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    );
    assert_eq!(
        hex(&publics[1]),
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    );

    let info = b"what for";
    let derived = crate::support::call("hash", "hkdf", &shared, br#"{"info": "7768617420666f72"}"#);
    let expected = units.import(Kind::Aead, derived.expect("hkdf").as_bytes());
    let sealed = units.run("chacha20poly1305_seal", SUNSCREEN, &params(expected));
    for (own, other) in [(alice, &publics[1]), (bob, &publics[0])] {
        let params = AgreeParams { key: own, public: other.into(), info: info.into() }.to_json();
        let handle = units.run("x25519_agree", b"", &params);
        let key = u64::from_le_bytes(handle.try_into().expect("8 bytes"));
        let got = units.run("chacha20poly1305_seal", SUNSCREEN, &self::params(key));
        assert_eq!(got, sealed);
    }
}

/// RFC 9106, 5.3.
pub(crate) fn argon2id() {
    let units = Units::new();
    let params = PasswordParams {
        salt: [2; 16].into(),
        memory: 32,
        passes: 3,
        lanes: 4,
        length: 32,
        secret: [3; 8].into(),
        associated: [4; 12].into(),
    };
    let hash = units.run("argon2id_hash", &[1; 32], &params.to_json());
    assert_eq!(hex(&hash), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
    let PasswordParams { salt, memory, passes, lanes, secret, associated, .. } = params;
    let params = CheckParams { hash: hash.into(), salt, memory, passes, lanes, secret, associated };
    assert!(units.run("argon2id_verify", &[1; 32], &params.to_json()).is_empty());
    let wrong = units.call("argon2id_verify", &[1; 31], &params.to_json());
    assert_eq!(wrong, Err(UnitError::Refused { what: "the password" }));
}

/// Keys that were made differ, and work; one that was dropped does not.
pub(crate) fn keys() {
    let units = Units::new();
    let mut publics = Vec::new();
    for _ in 0..3 {
        let handle = units.run("key_generate", b"", r#"{"kind": "ed25519"}"#);
        let key = u64::from_le_bytes(handle.try_into().expect("8 bytes"));
        publics.push(units.public(key));
        units.run("key_drop", b"", &KeyParams { key }.to_json());
        let gone = UnitError::NotFound { what: "key" };
        assert_eq!(units.call("key_public", b"", &KeyParams { key }.to_json()), Err(gone));
    }
    publics.sort();
    publics.dedup();
    assert_eq!(publics.len(), 3);
}
