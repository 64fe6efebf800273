//! Known answers of the unit `hash`.

use inos_units::batch;
use inos_units::hash::{
    DeriveParams, FinishParams, HkdfParams, HmacParams, KeyedParams, Sha2, SliceParams,
    UpdateParams, VerifyParams,
};
use inos_units::schema::Bytes;

use crate::support::{call, hex};

/// BLAKE3-team/BLAKE3, `test_vectors/test_vectors.json`: of inputs `0, 1, .. 250, 0, ..` of so many
/// bytes, 131 bytes of output, whose first 32 are the default digest; and the first 32 of the
/// keyed hash and of the derived key.
const BLAKE3: [(usize, &str, &str, &str); 8] = [
    (
        0,
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a26f5487789e8f660afe6c99ef9e0c52b92e7393024a80459cf91f476f9ffdbda7001c22e159b402631f277ca96f2defdf1078282314e763699a31c5363165421cce14d",
        "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
        "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d",
    ),
    (
        1,
        "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213c3a6cb8bf623e20cdb535f8d1a5ffb86342d9c0b64aca3bce1d31f60adfa137b358ad4d79f97b47c3d5e79f179df87a3b9776ef8325f8329886ba42f07fb138bb502f4081cbcec3195c5871e6c23e2cc97d3c69a613eba131e5f1351f3f1da786545e5",
        "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
        "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c",
    ),
    (
        1023,
        "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11a182d27a591b05592b15607500e1e8dd56bc6c7fc063715b7a1d737df5bad3339c56778957d870eb9717b57ea3d9fb68d1b55127bba6a906a4a24bbd5acb2d123a37b28f9e9a81bbaae360d58f85e5fc9d75f7c370a0cc09b6522d9c8d822f2f28f485",
        "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
        "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5",
    ),
    (
        1024,
        "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af71cf8107265ecdaf8505b95d8fcec83a98a6a96ea5109d2c179c47a387ffbb404756f6eeae7883b446b70ebb144527c2075ab8ab204c0086bb22b7c93d465efc57f8d917f0b385c6df265e77003b85102967486ed57db5c5ca170ba441427ed9afa684e",
        "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
        "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706",
    ),
    (
        1025,
        "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444f4c4a22b4b399155358a994e52bf255de60035742ec71bd08ac275a1b51cc6bfe332b0ef84b409108cda080e6269ed4b3e2c3f7d722aa4cdc98d16deb554e5627be8f955c98e1d5f9565a9194cad0c4285f93700062d9595adb992ae68ff12800ab67a",
        "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
        "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb",
    ),
    (
        2048,
        "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a9a60bf80001410ec9eea6698cd537939fad4749edd484cb541aced55cd9bf54764d063f23f6f1e32e12958ba5cfeb1bf618ad094266d4fc3c968c2088f677454c288c67ba0dba337b9d91c7e1ba586dc9a5bc2d5e90c14f53a8863ac75655461cea8f9",
        "879cf1fa2ea0e79126cb1063617a05b6ad9d0b696d0d757cf053439f60a99dd1",
        "7b2945cb4fef70885cc5d78a87bf6f6207dd901ff239201351ffac04e1088a23",
    ),
    (
        2049,
        "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b687952256303096de31d71d74103403822a2e0bc1eb193e7aecc9643a76b7bbc0c9f9c52e8783aae98764ca468962b5c2ec92f0c74eb5448d519713e09413719431c802f948dd5d90425a4ecdadece9eb178d80f26efccae630734dff63340285adec2aed3b51073ad3",
        "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5",
        "2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273",
    ),
    (
        3072,
        "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd29a3f6b0b978d6608335c09dc94ccf682f9951cdfc501bfe47b9c9189a6fc7b404d120258506341a6d802857322fbd20d3e5dae05b95c88793fa83db1cb08e7d8008d1599b6209d78336e24839724c191b2a52a80448306e0daa84a3fdb566661a37e11",
        "044a0e7b172a312dc02a4c9a818c036ffa2776368d7f528268d2e6b5df191770",
        "050df97f8c2ead654d9bb3ab8c9178edcd902a32f8495949feadcc1e0480c46b",
    ),
];

const KEY: &[u8; 32] = b"whats the Elvish word for friend";
const CONTEXT: &str = "BLAKE3 2019-12-27 16:29:52 test vectors context";

/// What the vectors' inputs are.
fn input(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

/// A call that is accepted, as hexadecimal digits.
#[track_caller]
fn run(method: &str, input: &[u8], params: &str) -> String {
    hex(call("hash", method, input, params.as_bytes()).expect(method).as_bytes())
}

pub(crate) fn blake3() {
    for (len, expected, ..) in BLAKE3 {
        let input = input(len);
        assert_eq!(run("blake3", &input, r#"{"length": 131}"#), expected, "{len} bytes");
        assert_eq!(run("blake3", &input, ""), expected[..64], "{len} bytes, by default");
    }
}

pub(crate) fn blake3_keyed() {
    let params = KeyedParams { key: KEY.into(), ..KeyedParams::default() }.to_json();
    for (len, _, expected, _) in BLAKE3 {
        assert_eq!(run("blake3_keyed", &input(len), &params), expected, "{len} bytes");
    }
}

pub(crate) fn blake3_derive_key() {
    let params = DeriveParams { context: CONTEXT.into(), ..DeriveParams::default() }.to_json();
    for (len, _, _, expected) in BLAKE3 {
        assert_eq!(run("blake3_derive_key", &input(len), &params), expected, "{len} bytes");
    }
}

/// All in one batch, each several times, so that there are runs of one length.
pub(crate) fn blake3_many() {
    let messages: Vec<Vec<u8>> =
        BLAKE3.iter().flat_map(|(len, ..)| vec![input(*len); 19]).collect();
    let expected: String =
        BLAKE3.iter().flat_map(|(_, digest, ..)| vec![&digest[..64]; 19]).collect();
    let batch = batch::join(messages.iter().map(Vec::as_slice)).expect("a batch");
    assert_eq!(run("blake3_many", &batch, ""), expected);
}

/// In pieces of many lengths.
fn streamed() {
    for (len, expected, ..) in BLAKE3 {
        for piece in [1, 63, 64, 1000, 1023, 1024, 1025, 2048, 5000] {
            let input = input(len);
            let mut state = Bytes::new();
            let mut pieces = input.chunks(piece);
            let last = pieces.next_back().unwrap_or_default();
            for piece in pieces {
                let params = UpdateParams { state }.to_json();
                let out = call("hash", "blake3_update", piece, params.as_bytes());
                state = out.expect("update").as_bytes().into();
            }
            let params = FinishParams { state, length: 131 }.to_json();
            assert_eq!(run("blake3_finish", last, &params), expected, "{len} by {piece}");
        }
    }
}

pub(crate) fn blake3_update() {
    streamed();
}

pub(crate) fn blake3_finish() {
    streamed();
}

/// oconnor663/bao, `tests/test_vectors.json`, `slice`: length of the input, its hash, start and
/// length of the range, length of the slice, and BLAKE3 of the slice.
const SLICES: [(usize, &str, u64, u64, usize, &str); 8] = [
    (
        1024,
        "f749c19181983b839cd97fe121cebaf076bc951e8c8e6d64accfedad5951ec22",
        0,
        1024,
        1032,
        "62881f0fbd8b62d69f23b75abe62f4c56874a58699ff6741686f40dfcc20f05e",
    ),
    (
        2049,
        "64770fa15a4bbe7770654c4ac68ed4f0e975ad6c85b5edb4d3db3b4b604e084e",
        0,
        1024,
        1160,
        "6b66cdfdab00c509d9bda532006566d60625bd83c9bd53015e2d19e28e854660",
    ),
    (
        2049,
        "64770fa15a4bbe7770654c4ac68ed4f0e975ad6c85b5edb4d3db3b4b604e084e",
        1023,
        1024,
        2184,
        "431877a82170d5307a3b6594dc2cbc3b672825e1a26f56c2aa0467f92385584a",
    ),
    (
        2049,
        "64770fa15a4bbe7770654c4ac68ed4f0e975ad6c85b5edb4d3db3b4b604e084e",
        1024,
        1024,
        1160,
        "2b23c6a36ada24de7da6b26fec908137781b9e6fd4bc8044bac525dd0821f935",
    ),
    (
        3073,
        "5ba075072daba2470558a171e3769fba057dc3f12375c60892bdbe73348d9fd1",
        0,
        1024,
        1160,
        "0280d8f65473e1f03d7ec5d05f3e7313a01b0f25023c6ed29ddfe0143e43d731",
    ),
    (
        3073,
        "5ba075072daba2470558a171e3769fba057dc3f12375c60892bdbe73348d9fd1",
        1024,
        1024,
        1160,
        "70d4b63e74780248d3f8d3ac9d1e39dae7549173e2097d9a8b167932f61a0913",
    ),
    (
        3073,
        "5ba075072daba2470558a171e3769fba057dc3f12375c60892bdbe73348d9fd1",
        2047,
        1024,
        2248,
        "691d82956447439c6402c76b5b90e6dab76963e6b12aea78259e586dd43bb88c",
    ),
    (
        3073,
        "5ba075072daba2470558a171e3769fba057dc3f12375c60892bdbe73348d9fd1",
        2048,
        1024,
        1160,
        "2d2ab3599aa6f275e6aa3ccfd278dabcde6f9b6a305d3b2c9db7805d6fe9b508",
    ),
];

/// What Bao's inputs are: 32-bit numbers from 1 on, the lowest byte first.
fn numbers(len: usize) -> Vec<u8> {
    (1_u32..).flat_map(u32::to_le_bytes).take(len).collect()
}

fn slices() {
    for (len, digest, offset, length, slice_len, slice_digest) in SLICES {
        let content = numbers(len);
        assert_eq!(run("blake3", &content, ""), digest);
        let params = SliceParams { offset, length, group: 0 }.to_json();
        let slice = call("hash", "blake3_slice", &content, params.as_bytes()).expect("a slice");
        assert_eq!(slice.as_bytes().len(), slice_len);
        assert_eq!(run("blake3", slice.as_bytes(), ""), slice_digest);

        let digest = base16(digest);
        let params = VerifyParams { digest: digest.into(), offset, length, group: 0 }.to_json();
        let range = offset as usize..(offset + length) as usize;
        let got = run("blake3_verify_slice", slice.as_bytes(), &params);
        assert_eq!(got, hex(&content[range]));
    }
}

pub(crate) fn blake3_slice() {
    slices();
}

pub(crate) fn blake3_verify_slice() {
    slices();
}

fn base16(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}

/// NIST, FIPS 180-4 examples and the Secure Hash Algorithm Validation System's long message.
const SHA256: [(&[u8], &str); 3] = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
];

pub(crate) fn sha256() {
    for (input, expected) in SHA256 {
        assert_eq!(run("sha256", input, ""), expected);
    }
    assert_eq!(
        run("sha256", &[b'a'; 1_000_000], ""),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
}

pub(crate) fn sha256_many() {
    let batch = batch::join(SHA256.map(|(input, _)| input)).expect("a batch");
    assert_eq!(run("sha256_many", &batch, ""), SHA256.map(|(_, digest)| digest).concat());
}

/// NIST, FIPS 180-4 examples.
pub(crate) fn sha512() {
    let vectors: [(&[u8], &str); 2] = [
        (
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];
    for (input, expected) in vectors {
        assert_eq!(run("sha512", input, ""), expected);
    }
}

/// RFC 4231, test cases 1, 2 and 6.
pub(crate) fn hmac() {
    let vectors: [(&[u8], &[u8], &str, &str); 3] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
    ];
    for (key, input, short, long) in vectors {
        for (algorithm, expected) in [(Sha2::Sha256, short), (Sha2::Sha512, long)] {
            let params = HmacParams { key: key.into(), algorithm }.to_json();
            assert_eq!(run("hmac", input, &params), expected);
        }
    }
}

/// RFC 5869, appendix A, test cases 1 to 3.
pub(crate) fn hkdf() {
    let bytes = |range: std::ops::RangeInclusive<u8>| range.collect::<Vec<u8>>();
    let vectors = [
        (
            vec![0x0b; 22],
            bytes(0..=0x0c),
            bytes(0xf0..=0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(0..=0x4f),
            bytes(0x60..=0xaf),
            bytes(0xb0..=0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for (input, salt, info, expected) in vectors {
        let length = expected.len() as u32 / 2;
        let params =
            HkdfParams { salt: salt.into(), info: info.into(), length, algorithm: Sha2::Sha256 };
        assert_eq!(run("hkdf", &input, &params.to_json()), expected);
    }
}
