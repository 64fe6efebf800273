//! The unit `compress`: round trips, the reference, and those who mean harm.
#![cfg(feature = "compress")]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use inos_units::compress::{BlocksParams, CompressParams, DecompressParams, Mode, RangeParams};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
use proptest::prelude::*;
use support::call;

fn run(method: &str, input: &[u8], params: &str) -> Result<Vec<u8>, UnitError> {
    call("compress", method, input, params.as_bytes()).map(|out| out.to_vec())
}

fn compress(input: &[u8], params: &CompressParams) -> Vec<u8> {
    run("brotli_compress", input, &params.to_json()).expect("a stream")
}

fn decompress(input: &[u8], max_length: u64) -> Result<Vec<u8>, UnitError> {
    run("brotli_decompress", input, &DecompressParams { max_length }.to_json())
}

fn bad(what: &'static str) -> UnitError {
    UnitError::BadInput { what }
}

/// Bytes of which some repeat and some do not.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..2000),
        (any::<u8>(), 0..3000_usize).prop_map(|(byte, len)| vec![byte; len]),
        (1..40_usize, 0..200_usize).prop_map(|(period, times)| {
            (0..period).map(|index| (index * 37) as u8).collect::<Vec<_>>().repeat(times)
        }),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Generic), Just(Mode::Text), Just(Mode::Font)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(
        input in bytes(),
        quality in 0..=11_u32,
        window in 10..=24_u32,
        mode in modes(),
    ) {
        let params = CompressParams { quality, window, mode };
        let stream = compress(&input, &params);
        let units = Dispatcher::standard();
        let id = units.resolve("compress", "brotli_compress").expect("it is there");
        let text = params.to_json();
        let bound = units.bound(id, Call { input: &input, params: text.as_bytes() });
        prop_assert!(stream.len() <= bound.expect("a bound"));
        let len = input.len() as u64;
        prop_assert_eq!(decompress(&stream, len), Ok(input.clone()));
        if len > 0 {
            let refused = UnitError::TooLarge { len, max: len - 1 };
            prop_assert_eq!(decompress(&stream, len - 1), Err(refused));
        }
        // Cut anywhere, it is not whole.
        let cut = &stream[..stream.len() - 1];
        prop_assert!(decompress(cut, len).is_err());
        let mut longer = stream;
        longer.push(0);
        prop_assert_eq!(decompress(&longer, len), Err(bad("bytes behind the end of a stream")));
    }

    #[test]
    fn blocks_are_the_same_however_they_are_cut(
        input in bytes(),
        block in 4096..6000_u32,
        quality in 3..=7_u32,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let params = BlocksParams { quality, block, mode: Mode::Generic }.to_json();
        let container = run("compress_blocks", &input, &params).expect("a container");
        prop_assert_eq!(in_pieces("compress_blocks", &input, &params, &cuts), Ok(container.clone()));
        prop_assert_eq!(run("decompress_blocks", &container, ""), Ok(input.clone()));
        prop_assert_eq!(in_pieces("decompress_blocks", &container, "", &cuts), Ok(input.clone()));

        let (a, b) = (from.index(input.len() + 1), to.index(input.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        let range = RangeParams { offset: from as u64, length: (to - from) as u64 }.to_json();
        prop_assert_eq!(run("decompress_range", &container, &range), Ok(input[from..to].to_vec()));
        let beyond = RangeParams { offset: from as u64, length: (input.len() - from) as u64 + 1 };
        prop_assert!(run("decompress_range", &container, &beyond.to_json()).is_err());
    }

    #[test]
    fn nobody_gets_more_out_than_was_allowed(
        input in bytes(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        max_length in 0..5000_u64,
    ) {
        let mut stream = compress(&input, &CompressParams::default());
        let mut container = run("compress_blocks", &input, r#"{"block": 4096}"#).expect("a container");
        for (at, value) in flips {
            let at_stream = at.index(stream.len());
            stream[at_stream] = value;
            let at_container = at.index(container.len());
            container[at_container] = value;
        }
        let params = DecompressParams { max_length }.to_json();
        for (method, input) in [
            ("brotli_decompress", &stream),
            ("brotli_decompress", &input),
            ("decompress_blocks", &container),
            ("decompress_blocks", &input),
        ] {
            match run(method, input, &params) {
                Ok(bytes) => prop_assert!(bytes.len() as u64 <= max_length),
                Err(error) => prop_assert_ne!(error, UnitError::Panicked),
            }
        }
        if let Err(error) = run("decompress_range", &container, r#"{"offset": 100, "length": 5000}"#) {
            prop_assert_ne!(error, UnitError::Panicked);
        }
    }
}

/// A call in pieces, cut where `cuts` say.
fn in_pieces(
    method: &str,
    input: &[u8],
    params: &str,
    cuts: &[prop::sample::Index],
) -> Result<Vec<u8>, UnitError> {
    let units = Dispatcher::standard();
    let id = units.resolve("compress", method)?;
    let budget = Budget::unlimited();
    let call = Call { input, params: params.as_bytes() };
    let plan = units.plan(id, call, &budget)?.expect("a plan");
    let count = plan.item_count();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(count + 1)).collect();
    ends.extend([0, count]);
    ends.sort_unstable();
    let parts = ends
        .windows(2)
        .map(|pair| plan.run(pair[0]..pair[1], &budget))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = VecOutput::new(1 << 20);
    plan.merge(parts, &mut out)?;
    Ok(out.to_vec())
}

#[test]
fn a_bomb_is_stopped_early() {
    // 100 MB of nothing are some hundred bytes.
    let bomb = compress(&vec![0; 100 << 20], &CompressParams { quality: 5, ..Default::default() });
    assert!(bomb.len() < 1000);
    let refused = UnitError::TooLarge { len: 1001, max: 1000 };
    assert_eq!(decompress(&bomb, 1000), Err(refused));
    // The room that there is counts, too.
    let units = Dispatcher::standard();
    let mut out = VecOutput::new(5000);
    let call = Call { input: &bomb, params: b"" };
    let result =
        units.execute_named("compress", "brotli_decompress", call, &mut out, &Budget::unlimited());
    assert!(matches!(result, Err(UnitError::OutputTooSmall { capacity: 5000, .. })), "{result:?}");
    assert_eq!(out.as_bytes().len(), 0);
}

#[test]
fn what_is_no_container_is_refused() {
    let container = run("compress_blocks", &[7; 10_000], r#"{"block": 4096}"#).expect("one");
    let refused = Err(bad("not a container of blocks"));
    let with = |at: usize, value: u8| {
        let mut bytes = container.clone();
        bytes[at] = value;
        bytes
    };
    let mut longer = container.clone();
    longer.push(0);
    // Magic, version, a length of 2^63, blocks of none and of 2^31, the zeros, a stream's length.
    for bytes in [
        with(0, 0),
        with(4, 2),
        with(15, 0x80),
        with(17, 0),
        with(19, 0x80),
        with(20, 1),
        with(24, 0),
        container[..container.len() - 1].to_vec(),
        longer,
        vec![],
    ] {
        assert_eq!(run("decompress_blocks", &bytes, ""), refused);
    }
    // One that says it has more, or fewer, bytes than its blocks do.
    let wrong = Err(bad("a block of another length than the container says"));
    assert_eq!(run("decompress_blocks", &with(8, 0x11), ""), wrong);
    assert_eq!(run("decompress_blocks", &with(8, 0x0f), ""), wrong);
    let too_large = Err(UnitError::TooLarge { len: 10_000, max: 9_999 });
    assert_eq!(run("decompress_blocks", &container, r#"{"max_length": 9999}"#), too_large);
    assert_eq!(run("compress_blocks", b"", "").map(|bytes| bytes.len()), Ok(24));
}

#[test]
fn errors_say_what_is_wrong_with_a_stream() {
    let stream = compress(b"some bytes", &CompressParams::default());
    let soon = bad("a stream that ends too soon");
    assert_eq!(decompress(&stream[..4], 100), Err(soon.clone()));
    assert_eq!(decompress(b"", 100), Err(soon));
    // RFC 7932, 9.1: the window of 0010001 is reserved; large windows use it.
    assert_eq!(decompress(&[0x11, 0x3c], 100), Err(bad("a stream that is not brotli")));
    assert_eq!(decompress(&[0xff; 50], 100), Err(bad("a stream that is not brotli")));
}

/// The program `brotli` of the reference implementation; `None` where there is none.
fn reference(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child =
        Command::new("brotli").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os("INOS_REQUIRE_BROTLI").is_none(), "there is no `brotli`");
        eprintln!("SKIPPED: there is no program `brotli`");
        return None;
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("it reads"));
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        Some(output.stdout)
    })
}

#[test]
fn the_reference_reads_ours_and_we_read_its() {
    let text = include_bytes!("compress.rs").repeat(20);
    let noise: Vec<u8> =
        (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for input in [&b""[..], b"x", &text, &noise] {
        for quality in [0, 3, 5, 9, 11] {
            let stream = compress(input, &CompressParams { quality, ..CompressParams::default() });
            match reference(&["-d", "-c"], &stream) {
                Some(bytes) => assert!(bytes == input, "quality {quality}, {} bytes", input.len()),
                None => return,
            }
            let level = quality.to_string();
            let stream = reference(&["-c", "-q", &level], input).expect("it was there");
            assert!(decompress(&stream, input.len() as u64).as_deref() == Ok(input));
        }
    }
}
