//! Known answers of the unit `storage`.

use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput, batch};

use super::support::hex;

#[path = "../support/gear.rs"]
pub(crate) mod gear;

/// BLAKE3-team/BLAKE3, `test_vectors/test_vectors.json`: digests of `0, 1, .. 250, 0, ..`.
const DIGESTS: [(usize, &str); 6] = [
    (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
    (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
    (3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"),
    (31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"),
    (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
];

fn sequence(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A store of its own, for calls in a row.
struct Store(Dispatcher);

impl Store {
    fn new() -> Self {
        Self(Dispatcher::standard())
    }

    fn call(&self, method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
        let mut out = VecOutput::new(1 << 24);
        let call = Call { input, params: params.as_bytes() };
        self.0.execute_named("storage", method, call, &mut out, &Budget::unlimited())?;
        Ok(out.to_vec())
    }

    fn get(&self, method: &str, digits: &str, more: &str) -> Result<Vec<u8>, UnitError> {
        self.call(method, b"", &format!("{{\"address\":\"{digits}\"{more}}}"))
    }

    fn text(&self, method: &str) -> String {
        String::from_utf8(self.call(method, b"", "").expect("a text")).expect("UTF-8")
    }

    /// All of the published inputs.
    fn filled() -> Self {
        let store = Self::new();
        for (len, _) in DIGESTS {
            store.call("put", &sequence(len), "").expect("put");
        }
        store
    }
}

pub(crate) fn put() {
    let store = Store::new();
    for (len, digest) in DIGESTS {
        let address = store.call("put", &sequence(len), "").expect("put");
        assert_eq!(hex(&address), digest, "{len} bytes");
    }
}

pub(crate) fn put_many() {
    let store = Store::new();
    let objects = DIGESTS.map(|(len, _)| sequence(len));
    let expected = DIGESTS.map(|(_, digest)| digest).concat();
    let input = batch::join(objects.iter().map(Vec::as_slice)).expect("a batch");
    assert_eq!(hex(&store.call("put_many", &input, "").expect("put_many")), expected);
    for (len, digest) in DIGESTS {
        assert_eq!(store.get("get", digest, ""), Ok(sequence(len)));
    }
}

pub(crate) fn get() {
    let store = Store::filled();
    for (len, digest) in DIGESTS {
        assert_eq!(store.get("get", digest, ""), Ok(sequence(len)));
    }
    let unknown = store.get("get", &"00".repeat(32), "");
    assert_eq!(unknown, Err(UnitError::NotFound { what: "object" }));
}

pub(crate) fn get_range() {
    let store = Store::filled();
    let (len, digest) = DIGESTS[5];
    let all = sequence(len);
    for (offset, length) in [(0, 1), (251, 251), (65_535, 3), (102_399, 5), (102_400, 7)] {
        let more = format!(",\"offset\":{offset},\"length\":{length}");
        let expected = all[offset..len.min(offset + length)].to_vec();
        assert_eq!(store.get("get_range", digest, &more), Ok(expected), "{more}");
    }
    assert!(store.get("get_range", digest, ",\"offset\":102401").is_err());
}

/// The rows of a manifest are where the oracle cuts, and their hashes those of `hash`.
pub(crate) fn manifest() {
    let store = Store::new();
    let bytes = gear::noise(9, 700_000);
    let address = store.call("put", &bytes, "").expect("put");
    let lens = gear::cuts(&bytes, 16_384, 65_536, 262_144);
    let mut expected = address.clone();
    expected.extend_from_slice(&700_000_u64.to_le_bytes());
    expected.extend_from_slice(&(lens.len() as u64).to_le_bytes());
    assert!(lens.len() > 2);
    let mut rest = &bytes[..];
    for len in lens {
        let (chunk, tail) = rest.split_at(len);
        expected
            .extend_from_slice(super::call("hash", "blake3", chunk, b"").expect("hash").as_bytes());
        expected.extend_from_slice(&(len as u64).to_le_bytes());
        rest = tail;
    }
    assert_eq!(store.get("manifest", &hex(&address), ""), Ok(expected));
}

/// Three objects and a stranger through the life of an object.
fn life() -> [Vec<u8>; 9] {
    let store = Store::filled();
    let list: Vec<u8> = [DIGESTS[0].1, DIGESTS[1].1, &"11".repeat(32), DIGESTS[5].1]
        .iter()
        .flat_map(|digits| unhex(digits))
        .collect();
    let ask = |method: &str, input: &[u8]| store.call(method, input, "").expect("answers");
    [
        ask("has", &list),
        ask("pin", &list[..96]),
        ask("delete", &list),
        ask("delete", &list),
        // The pinned ones are there still.
        ask("has", &list),
        ask("unpin", &list[32..]),
        ask("has", &list),
        ask("gc", b""),
        ask("has", &list),
    ]
}

pub(crate) fn has() {
    let [first, .., last] = life();
    assert_eq!((first, last), (vec![1, 1, 0, 1], vec![1, 0, 0, 0]));
}

pub(crate) fn delete() {
    let [_, _, first, second, left, ..] = life();
    assert_eq!((first, second, left), (vec![1, 1, 0, 1], vec![0; 4], vec![1, 1, 0, 0]));
}

pub(crate) fn pin() {
    let [_, pinned, ..] = life();
    assert_eq!(pinned, [1, 1, 0]);
}

pub(crate) fn unpin() {
    let [.., unpinned, left, _, _] = life();
    assert_eq!((unpinned, left), (vec![1, 0, 0], vec![1, 0, 0, 0]));
}

pub(crate) fn gc() {
    let [.., removed, _] = life();
    // The one byte, and the sequence that nobody pinned; it repeats, so it is cut as the oracle
    // says.
    let chunks = distinct(&sequence(102_400));
    let bytes: usize = chunks.iter().map(Vec::len).sum();
    let expected =
        format!("{{\"objects\":2,\"chunks\":{},\"bytes\":{}}}", chunks.len() + 1, bytes + 1);
    assert_eq!(String::from_utf8(removed), Ok(expected));
}

/// The chunks of some bytes by the oracle, each once.
fn distinct(bytes: &[u8]) -> std::collections::BTreeSet<Vec<u8>> {
    let mut rest = bytes;
    let mut chunks = std::collections::BTreeSet::new();
    for len in gear::cuts(bytes, 16_384, 65_536, 262_144) {
        let (chunk, tail) = rest.split_at(len);
        chunks.insert(chunk.to_vec());
        rest = tail;
    }
    chunks
}

/// A million zeros are three chunks of 256 KiB that are the same, and a fourth.
pub(crate) fn stat() {
    let store = Store::new();
    let stored = 262_144 + 1_000_000 - 3 * 262_144;
    store.call("put", &vec![0; 1_000_000], "").expect("put");
    let address = store.call("put", b"abc", "").expect("put");
    store.call("pin", &address, "").expect("pin");
    store.call("delete", &address, "").expect("delete");
    let gone = store.call("put", b"x", "").expect("put");
    store.call("delete", &gone, "").expect("delete");
    let text = store.text("stat");
    let charged = 5 * 256 + stored + 4 + 4 * 40;
    let start = format!(
        "{{\"objects\":2,\"bytes\":1000003,\"pinned\":1,\"deleted\":1,\"chunks\":4,\
         \"stored_bytes\":{},\"charged_bytes\":{charged},\"capacity\":268435456,\"dedup\":",
        stored + 4
    );
    let dedup = text.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}'));
    let dedup: f64 = dedup.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    assert!((dedup - 1_000_004.0 / (stored + 4) as f64).abs() < 1e-9, "{dedup}");
}

/// The oracle's cuts; RFC 1321's digests show that its table is right, and the crate's published
/// fact that zeros are cut at the greatest length is held to as well.
pub(crate) fn chunk() {
    assert_eq!(hex(&gear::md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(hex(&gear::md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
    let store = Store::new();
    let bytes = gear::noise(1, 1 << 20);
    for (min, average, max) in [(64, 256, 1024), (256, 1024, 2048), (16_384, 65_536, 262_144)] {
        for input in [&bytes[..], &bytes[5..300_000], &[0; 10_240], &bytes[..65], b"a", b""] {
            let lens = gear::cuts(input, min, average, max);
            let params = format!("{{\"min\":{min},\"average\":{average},\"max\":{max}}}");
            let rows = store.call("chunk", input, &params).expect("chunk");
            let (mut offset, mut expected) = (0, Vec::new());
            for len in lens {
                expected.extend_from_slice(&(offset as u64).to_le_bytes());
                expected.extend_from_slice(&(len as u64).to_le_bytes());
                let hash = super::call("hash", "blake3", &input[offset..offset + len], b"");
                expected.extend_from_slice(hash.expect("hash").as_bytes());
                offset += len;
            }
            assert!(rows == expected, "{params} {}", input.len());
        }
    }
    let rows = store.call("chunk", &[0; 10_240], r#"{"min":64,"average":256,"max":1024}"#);
    assert_eq!(rows.expect("chunk").len(), 10 * 48);
}

pub(crate) fn diff() {
    let address = |number: u8| [number; 32];
    let mut input = 4_u64.to_le_bytes().to_vec();
    for number in [3, 1, 3, 2, 4, 2, 9, 1, 0] {
        input.extend_from_slice(&address(number));
    }
    let mut expected = Vec::new();
    for count in [1_u64, 3, 2] {
        expected.extend_from_slice(&count.to_le_bytes());
    }
    for number in [3, 0, 4, 9] {
        expected.extend_from_slice(&address(number));
    }
    assert_eq!(Store::new().call("diff", &input, ""), Ok(expected));
}

/// One object of the byte 0, whose digest is published.
fn container() -> Vec<u8> {
    let digest = unhex(DIGESTS[1].1);
    let mut bytes = b"INOSCAS1\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(b"\x01\0\0\0\0");
    bytes.extend_from_slice(&digest);
    bytes.extend_from_slice(b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0");
    bytes.extend_from_slice(&digest);
    bytes.extend_from_slice(b"\x01\0\0\0\0\0\0\0");
    bytes
}

pub(crate) fn export() {
    let store = Store::filled();
    assert_eq!(store.call("export", &unhex(DIGESTS[1].1), ""), Ok(container()));
    assert_eq!(Store::new().call("export", b"", "").expect("export").len(), 24);
}

pub(crate) fn import() {
    let store = Store::new();
    let text = store.call("import", &container(), "").expect("import");
    let expected = br#"{"objects":1,"new_objects":1,"new_chunks":1,"new_bytes":1}"#;
    assert_eq!(text, expected);
    assert_eq!(store.get("get", DIGESTS[1].1, ""), Ok(vec![0]));
    let mut wrong = container();
    wrong[28] = 1;
    assert!(store.call("import", &wrong, "").is_err());
}

/// Sound stores only: what damage looks like is shown by the unit's own tests, as nobody outside
/// can do any.
pub(crate) fn scrub() {
    let chunks: Vec<_> = DIGESTS.iter().flat_map(|(len, _)| distinct(&sequence(*len))).collect();
    let chunks: std::collections::BTreeSet<_> = chunks.into_iter().collect();
    let bytes: usize = chunks.iter().map(Vec::len).sum();
    // The empty object has a chunk of no bytes, which the oracle does not make.
    let expected = format!(
        "{{\"objects\":6,\"chunks\":{},\"bytes\":{bytes},\"damaged_chunks\":0,\
         \"damaged_objects\":0,\"damaged\":[]}}",
        chunks.len() + 1,
    );
    assert_eq!(Store::filled().text("scrub"), expected);
}
