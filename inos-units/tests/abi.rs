//! The C functions, called as another language does: good, bad and absurd.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::ptr::{null, null_mut};
use std::slice;

use inos_units::abi::{HEADER_LEN, NO_METHOD, Report};
use inos_units::{Dispatcher, UnitError, abi};

inos_units::export_abi!(Dispatcher::standard());

/// A pointer and a length.
fn raw(bytes: &[u8]) -> (*const u8, usize) {
    (bytes.as_ptr(), bytes.len())
}

/// Gives a block back that nobody uses any more, or what is none.
fn free(ptr: *mut u8) -> u32 {
    // SAFETY: all callers drop the last use of the block before.
    unsafe { compute_free(ptr) }
}

/// Copies a block out and frees it.
fn take(block: *mut u8) -> (Report, Vec<u8>) {
    assert!(!block.is_null() && block.cast::<u64>().is_aligned());
    // SAFETY: a block begins with a report.
    let report = unsafe { block.cast::<Report>().read() };
    assert_eq!(report.offset as usize, HEADER_LEN);
    // SAFETY: as many bytes follow as the report says.
    let block = unsafe { slice::from_raw_parts(block, HEADER_LEN + report.length as usize) };
    let payload = block[HEADER_LEN..].to_vec();
    assert_eq!(free(block.as_ptr().cast_mut()), 0);
    (report, payload)
}

fn call(library: &[u8], method: &[u8], input: &[u8], params: &[u8]) -> (Report, Vec<u8>) {
    let [(l, l_len), (m, m_len), (i, i_len), (p, p_len)] =
        [library, method, input, params].map(raw);
    // SAFETY: all are slices.
    take(unsafe { compute_execute(l, l_len, m, m_len, i, i_len, p, p_len) })
}

fn resolve(library: &[u8], method: &[u8]) -> u32 {
    let [(l, l_len), (m, m_len)] = [library, method].map(raw);
    // SAFETY: both are slices.
    unsafe { compute_resolve(l, l_len, m, m_len) }
}

#[track_caller]
fn assert_error(block: &(Report, Vec<u8>), expected: &UnitError) {
    assert_eq!(block.0.status, expected.code());
    assert_eq!(String::from_utf8_lossy(&block.1), expected.to_json());
}

#[test]
fn a_call_gives_its_result() {
    let (report, digest) = call(b"hash", b"sha256", b"abc", b"");
    assert_eq!((report.status, report.length), (0, 32));
    assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert!(report.credits > 0 && report.nanoseconds > 0);

    let id = resolve(b"hash", b"sha256");
    // SAFETY: a slice, and null for nothing.
    let block = unsafe { compute_execute_id(id, b"abc".as_ptr(), 3, null(), 0) };
    assert_eq!(take(block).1, digest);

    let mut out = [0_u8; 40];
    let mut said = Report::default();
    let (ptr, len) = (out.as_mut_ptr(), out.len());
    // SAFETY: slices and a report, which nobody else uses.
    let status =
        unsafe { compute_execute_into(id, b"abc".as_ptr(), 3, null(), 0, ptr, len, &mut said) };
    assert_eq!((status, said.status, said.length, said.offset), (0, 0, 32, 0));
    assert_eq!(out[..32], digest);
    assert_eq!(out[32..], [0; 8]);
}

#[test]
fn a_large_result_comes_whole() {
    let (report, flock) = call(b"boids", b"init", b"", br#"{"count": 50000}"#);
    assert_eq!(report.status, 0);
    let (report, next) = call(b"boids", b"step", &flock, b"");
    assert_eq!((report.status, next.len()), (0, flock.len()));
}

#[test]
fn errors_are_structured() {
    let name = "no such".to_owned();
    assert_error(&call(b"no such", b"x", b"", b""), &UnitError::UnknownUnit { name: name.clone() });
    assert_error(&call(b"hash", b"no such", b"", b""), &UnitError::UnknownMethod { name });
    assert_error(
        &call(b"hash", b"blake3", b"", br#"{"length": 0}"#),
        &UnitError::BadParam { name: "length", expected: "a whole number from 1 to 65536" },
    );
    assert_error(&call(b"hash", b"\xff", b"", b""), &NOT_UTF8);
    // SAFETY: nothing is pointed at.
    let block = unsafe { compute_execute_id(77 << 16, null(), 0, null(), 0) };
    assert_error(&take(block), &UnitError::UnknownId { id: 77 << 16 });
}

const NOT_UTF8: UnitError = UnitError::BadCall { what: "a name that is not UTF-8" };
const NULL: UnitError = UnitError::BadCall { what: "a null pointer with a length" };
const TOO_LONG: UnitError = UnitError::BadCall { what: "a length that no memory has" };
const OUTSIDE: UnitError = UnitError::BadCall { what: "a range that ends outside the memory" };

#[test]
fn absurd_ranges_are_refused() {
    let id = resolve(b"hash", b"sha256");
    let here = b"abc".as_ptr();
    let high = std::ptr::without_provenance::<u8>(usize::MAX - 10);
    for (ptr, len, expected) in [
        (null(), 1, &NULL),
        (null(), usize::MAX, &NULL),
        (here, usize::MAX, &TOO_LONG),
        (here, isize::MAX as usize + 1, &TOO_LONG),
        (high, 100, &OUTSIDE),
    ] {
        // SAFETY: what can't be is refused before it is read.
        assert_error(&take(unsafe { compute_execute_id(id, ptr, len, null(), 0) }), expected);
        // SAFETY: as above.
        assert_error(&take(unsafe { compute_execute_id(id, null(), 0, ptr, len) }), expected);
        // SAFETY: as above.
        let status = unsafe {
            let (out, report) = (ptr.cast_mut(), null_mut());
            compute_execute_into(id, null(), 0, null(), 0, out, len, report)
        };
        assert_eq!(status, expected.code());
        // SAFETY: as above.
        assert_eq!(unsafe { compute_resolve(ptr, len, here, 3) }, NO_METHOD);
        assert_error(&take(compute_last_error()), expected);
    }
    // Nothing, wherever it is.
    // SAFETY: a length of 0 points at nothing.
    let block = unsafe { compute_execute_id(id, high, 0, null(), 0) };
    assert_eq!(take(block).0.status, 0);
}

#[test]
fn an_output_has_its_limits() {
    let id = resolve(b"hash", b"sha256");
    let mut out = [0xee_u8; 100];
    let mut said = Report::default();
    let mut into = |input: *const u8, out: *mut u8, len| {
        // SAFETY: `input` has three bytes, `out` so many, or both are refused.
        let status = unsafe { compute_execute_into(id, input, 3, null(), 0, out, len, &mut said) };
        (status, said.length as usize)
    };
    // The error's text goes where the result would have gone, as far as it fits.
    let too_small = UnitError::OutputTooSmall { needed: 32, capacity: 31 };
    let (status, length) = into(b"abc".as_ptr(), out.as_mut_ptr(), 31);
    assert_eq!((status, length), (too_small.code(), 31));
    assert_eq!(out[..31], too_small.to_json().as_bytes()[..31]);
    assert_eq!(out[31..], [0xee; 69]);
    // An overlap is refused, and nothing is written.
    let before = out;
    let ptr = out.as_mut_ptr();
    let overlap = UnitError::BadCall { what: "an output that overlaps the input" };
    for shift in [0, 2, 97] {
        let input = ptr.wrapping_add(shift).cast_const();
        assert_eq!(into(input, ptr, 98), (overlap.code(), 0), "{shift}");
    }
    assert_eq!(out, before);
}

#[test]
fn memory_is_given_back_once() {
    let again = UnitError::BadCall { what: "a block that is not out" };
    for len in [0, 1, 7, 8, 100, 1 << 20] {
        let ptr = compute_alloc(len);
        assert!(!ptr.is_null() && ptr.cast::<u64>().is_aligned());
        // SAFETY: it was given out with so many bytes.
        let bytes = unsafe { slice::from_raw_parts(ptr, len) };
        assert!(bytes.iter().all(|&byte| byte == 0));
        assert_eq!(free(ptr), 0);
    }
    let ptr = compute_alloc(24);
    // The inside of a block is none, and the third is not out any more.
    let codes = [free(ptr.wrapping_add(8)), free(ptr), free(ptr)];
    assert_eq!(codes, [again.code(), 0, again.code()]);
    assert_error(&take(compute_last_error()), &again);
    assert_eq!(take(compute_last_error()), (Report { offset: 32, ..Report::default() }, vec![]));
    let codes = [free(null_mut()), free(out_of_nowhere())];
    assert_eq!(codes, [0, again.code()]);

    assert!(compute_alloc(usize::MAX).is_null());
    assert_error(&take(compute_last_error()), &UnitError::OutOfMemory { len: usize::MAX });
}

fn out_of_nowhere() -> *mut u8 {
    std::ptr::without_provenance_mut(0x1000)
}

#[test]
fn threads_call_side_by_side() {
    std::thread::scope(|scope| {
        for number in 0..4_u8 {
            scope.spawn(move || {
                for round in 0..200_u8 {
                    let input = [number, round];
                    let (_, first) = call(b"hash", b"blake3", &input, b"");
                    let (_, second) = call(b"hash", b"blake3", &input, br#"{"length": 32}"#);
                    assert_eq!(first, second);
                }
            });
        }
    });
}

#[test]
fn the_description_names_every_method() {
    let (report, json) = take(compute_describe());
    assert_eq!(report.status, 0);
    let units: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let mut count = 0;
    for unit in units.as_array().expect("an array") {
        for method in unit["methods"].as_array().expect("an array") {
            let names = [&unit["name"], &method["name"]].map(|name| name.as_str().expect("a name"));
            let id = resolve(names[0].as_bytes(), names[1].as_bytes());
            assert_eq!(method["id"].as_u64(), Some(id.into()), "{names:?}");
            count += 1;
        }
    }
    let standard = Dispatcher::standard();
    assert_eq!(count, standard.units().map(|info| info.methods.len()).sum::<usize>());
}

#[test]
fn codes_and_names_of_errors_are_all_different() {
    let errors = UnitError::examples();
    let codes: Vec<u32> = errors.iter().map(UnitError::code).collect();
    assert_eq!(codes, (1..=errors.len() as u32).collect::<Vec<_>>());
    for error in errors {
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).expect("JSON");
        assert_eq!(json["code"], error.code());
        assert_eq!(json["error"], error.name());
        assert!(!json["message"].as_str().expect("text").is_empty());
        assert!(format!("{error:?}").starts_with(error.name()));
    }
    // Names come from outside: whatever is in them stays inside the string.
    let name = "\"\u{1}\\\u{7f}é".to_owned();
    let json = UnitError::UnknownUnit { name: name.clone() }.to_json();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["name"].as_str(), Some(&*name));
}

#[track_caller]
fn assert_fresh(name: &str, text: &str) {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let committed = std::fs::read_to_string(committed).unwrap_or_default();
    assert!(
        committed.replace("\r\n", "\n") == text,
        "{name} is stale; run: cargo run -p inos-units --features full --example generate"
    );
}

#[test]
fn the_header_is_fresh() {
    assert_fresh("include/inos_compute.h", &abi::c_header());
}

/// With all units, or there is nothing to compare.
#[cfg(feature = "full")]
#[test]
fn the_page_is_fresh() {
    assert_fresh("../docs/methods.md", &Dispatcher::standard().describe_markdown());
}
