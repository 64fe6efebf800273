//! Known answers of packs: two that `pack/make.py` wrote, which has nothing of this crate in it,
//! and digests of two more.

use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

use super::storage::gear;
use super::support::hex;

const PLAIN: &[u8] = include_bytes!("pack/plain.pack");
const SEALED: &[u8] = include_bytes!("pack/sealed.pack");

/// BLAKE3 of the file, and of its packs without compression: every byte of those is laid down.
const FILE: &str = "0b6f70603c49f76bc1f9ebd8ce64dac8ceaf99a8d931a62d1394598f0b7c47dd";
const PLAIN_STORED: &str = "8b7e04570397d5f4cb418e543f5241fb884f9e968ee2939acf98e3356ebd7bd0";
const SEALED_STORED: &str = "26b04e329063a7d19229d5a92109f4607b73e9b9a9dce21440bdf0223e43bee6";
/// The sealed pack of nothing.
const NOTHING: &str = "494e4f5350414b310000000000000000000000000000000000000000000000000100000000\
                       0000006465666768696a6b6c6d6e6f707172737475767778797a7b4af646055edd731b7ee08\
                       9ef1096814a";

const LENS: [usize; 8] = [1024, 1024, 1024, 595, 1024, 417, 459, 33];
const NONCE: &str = "6465666768696a6b6c6d6e6f707172737475767778797a7b";
const CUTS: &str = r#""min": 64, "average": 256, "max": 1024"#;

/// The first handle of a dispatcher.
const KEY: u64 = 1 << 32;

fn file() -> Vec<u8> {
    let noise = gear::noise(5, 700);
    [&[0; 3000][..], &noise, &b"one two three four. ".repeat(60), &noise].concat()
}

/// Units with the key of the sealed packs.
struct Units(Dispatcher);

impl Units {
    fn new() -> Self {
        let units = Self(Dispatcher::standard());
        let key: Vec<u8> = (0..32).collect();
        let handle = units.run("crypto", "key_import", &key, "").expect("a key");
        assert_eq!(handle, KEY.to_le_bytes());
        units
    }

    fn run(
        &self,
        unit: &str,
        method: &str,
        input: &[u8],
        params: &str,
    ) -> Result<Vec<u8>, UnitError> {
        let mut out = VecOutput::new(1 << 20);
        let call = Call { input, params: params.as_bytes() };
        self.0.execute_named(unit, method, call, &mut out, &Budget::unlimited())?;
        Ok(out.to_vec())
    }

    fn storage(&self, method: &str, input: &[u8], params: &str) -> Vec<u8> {
        self.run("storage", method, input, params).expect(method)
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

pub(crate) fn pack() {
    let units = Units::new();
    assert_eq!(digest(&file()), FILE);
    let params = format!(r#"{{{CUTS}, "compression": "none"}}"#);
    assert_eq!(digest(&units.storage("pack", &file(), &params)), PLAIN_STORED);
    // A stream of brotli has no one right form. All else is as there, and the lengths are near.
    let pack = units.storage("pack", &file(), &format!(r#"{{{CUTS}, "quality": 11}}"#));
    assert_eq!((&pack[..16], &pack[24..64]), (&PLAIN[..16], &PLAIN[24..64]));
    assert!(pack.len().abs_diff(PLAIN.len()) < 32, "{} {}", pack.len(), PLAIN.len());
    assert!(units.storage("unpack", &pack, "") == file());
}

pub(crate) fn pack_sealed() {
    let units = Units::new();
    let sealing = format!(r#""key": {KEY}, "nonce": "{NONCE}""#);
    let params = format!(r#"{{{CUTS}, {sealing}, "compression": "none"}}"#);
    assert_eq!(digest(&units.storage("pack_sealed", &file(), &params)), SEALED_STORED);
    assert_eq!(hex(&units.storage("pack_sealed", b"", &params)), NOTHING);
}

/// The rows of both packs, by hand: hashes of the chunks, and lengths that add up to the pack.
pub(crate) fn pack_manifest() {
    let units = Units::new();
    for (pack, key, end) in [(PLAIN, 0, 32), (SEALED, KEY, 16)] {
        let rows = units.storage("pack_manifest", pack, &format!(r#"{{"key": {key}}}"#));
        assert_eq!(rows.len(), LENS.len() * 64);
        let number =
            |row: &[u8], at: usize| u32::from_le_bytes(row[at..at + 4].try_into().expect("4"));
        let (mut offset, mut place, mut seen) = (0, 64, Vec::new());
        for (row, len) in rows.chunks(64).zip(LENS) {
            let chunk = &file()[offset..offset + len];
            assert_eq!(hex(&row[..32]), digest(chunk));
            assert_eq!(row[32..40], (offset as u64).to_le_bytes());
            let (stored, is_brotli) = (number(row, 52), number(row, 56));
            assert_eq!((number(row, 48) as usize, number(row, 60)), (len, u32::from(key > 0)));
            // Zeros and words are shorter as streams, noise is not.
            let tag = if key > 0 { 16 } else { 0 };
            assert_eq!(is_brotli == 0, stored as usize == len + tag);
            if seen.contains(&chunk.to_vec()) {
                assert_eq!(row[40..48], 64_u64.to_le_bytes());
            } else {
                assert_eq!(row[40..48], (place as u64).to_le_bytes());
                place += stored as usize;
                seen.push(chunk.to_vec());
            }
            offset += len;
        }
        assert_eq!(place + seen.len() * 44 + LENS.len() * 4 + end, pack.len());
    }
    // BLAKE3-team/BLAKE3, `test_vectors/test_vectors.json`: 3072 bytes, which are one chunk.
    let sequence: Vec<u8> = (0..3072).map(|index| (index % 251) as u8).collect();
    let pack = units.storage("pack", &sequence, "");
    let expected = "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2";
    assert_eq!(hex(&units.storage("pack_manifest", &pack, "")[..32]), expected);
}

pub(crate) fn unpack() {
    let units = Units::new();
    let key = format!(r#"{{"key": {KEY}}}"#);
    assert_eq!(digest(&units.storage("unpack", PLAIN, "")), FILE);
    assert_eq!(digest(&units.storage("unpack", SEALED, &key)), FILE);
}

pub(crate) fn unpack_range() {
    let units = Units::new();
    for (offset, length) in [(0, 5118), (0, 1), (3000, 700), (2047, 2), (5117, 9), (5600, 5)] {
        let range = format!(r#""offset": {offset}, "length": {length}"#);
        let file = file();
        let expected = &file[offset..file.len().min(offset + length)];
        assert_eq!(units.storage("unpack_range", PLAIN, &format!("{{{range}}}")), expected);
        let range = format!(r#"{{{range}, "key": {KEY}}}"#);
        assert_eq!(units.storage("unpack_range", SEALED, &range), expected);
    }
}
