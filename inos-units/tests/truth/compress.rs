//! Known answers of the unit `compress`.

use crate::support::call;

/// What the reference encoder, version 1.0.9, gives for these at several qualities and windows:
/// `brotli -c -q Q -w W`. The first stream of nothing is RFC 7932's own, in section 9.2.
const STREAMS: [(&[u8], &[&str]); 4] = [
    (b"", &["06", "3b", "33"]),
    (b"X", &["0b00805803", "0300805803", "0000105803"]),
    (
        b"XXXXXXXXXXYYYYYYYYYY",
        &[
            "1b1300f8a5b0b2828400001e",
            "830980585858585858585858585959595959595959595903",
            "620200801456563df0482009",
        ],
    ),
    (
        b"The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. \
          The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. ",
        &[
            "1bb300882c0e78d3d0955d9710bb172ba9cad092cc8cad415ce6f236c8199e9e0a7b830d387048206f24bb41a715ce1c1e27aa2938c209f66930",
            "6216008068db28d585644b86a2782af24c4efe1c052a01f3ca56360b9a2dbcf274445e94d5c604b7e803e304d5fd87c0640000",
        ],
    ),
];

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}

fn run(method: &str, input: &[u8], params: &str) -> Vec<u8> {
    call("compress", method, input, params.as_bytes()).expect(method).to_vec()
}

pub(crate) fn brotli_decompress() {
    for (expected, streams) in STREAMS {
        for stream in streams {
            assert_eq!(run("brotli_decompress", &bytes(stream), ""), expected, "{stream}");
        }
    }
}

/// A stream has no one right form; what it stands for is checked here by the decoder that the
/// reference's streams were, and in `tests/compress.rs` by the reference itself.
pub(crate) fn brotli_compress() {
    brotli_decompress();
    for (input, _) in STREAMS {
        for quality in 0..=11 {
            let stream = run("brotli_compress", input, &format!(r#"{{"quality": {quality}}}"#));
            assert_eq!(run("brotli_decompress", &stream, ""), input);
        }
    }
}

/// A container written by hand around the reference's streams.
fn container() -> (Vec<u8>, Vec<u8>) {
    let (block, streams) = STREAMS[2];
    let last = STREAMS[1];
    let streams = [bytes(streams[0]), bytes(streams[2]), bytes(last.1[0])];
    let total = 2 * block.len() + last.0.len();
    let mut container = b"IBRB\x01\0\0\0".to_vec();
    container.extend_from_slice(&(total as u64).to_le_bytes());
    container.extend_from_slice(&(block.len() as u32).to_le_bytes());
    container.extend_from_slice(&[0; 4]);
    for stream in &streams {
        container.extend_from_slice(&(stream.len() as u32).to_le_bytes());
    }
    container.extend(streams.concat());
    (container, [block, block, last.0].concat())
}

pub(crate) fn decompress_blocks() {
    let (container, expected) = container();
    assert_eq!(run("decompress_blocks", &container, ""), expected);
}

pub(crate) fn decompress_range() {
    let (container, expected) = container();
    for offset in 0..=expected.len() {
        for end in offset..=expected.len() {
            let params = format!(r#"{{"offset": {offset}, "length": {}}}"#, end - offset);
            assert_eq!(run("decompress_range", &container, &params), expected[offset..end]);
        }
    }
}

/// As `brotli_compress`: each stream of a container is one.
pub(crate) fn compress_blocks() {
    let input = STREAMS[3].0.repeat(60);
    let container = run("compress_blocks", &input, r#"{"block": 5000}"#);
    assert_eq!(run("decompress_blocks", &container, ""), input);
    let count = input.len().div_ceil(5000);
    let lens = container[24..24 + 4 * count].chunks(4);
    let mut at = 24 + 4 * count;
    let mut got = Vec::new();
    for len in lens {
        let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
        got.extend(run("brotli_decompress", &container[at..at + len], ""));
        at += len;
    }
    assert_eq!((at, got), (container.len(), input));
}
