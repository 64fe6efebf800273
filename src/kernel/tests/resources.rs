//! Inputs that are sealed, compressed, or named by a digest.

use inos_units::job::{Compression, Encryption, JobRequest, JobResult, MemoryRef, Place, Resource};

use super::*;

const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 12] = [9; 12];
const XNONCE: [u8; 24] = [3; 24];

/// What a job of this method gives, inline.
fn run(caller: &mut Caller<'_>, unit: &str, method: &str, input: &[u8], params: &str) -> Vec<u8> {
    let request = JobRequest {
        unit: unit.into(),
        method: method.into(),
        input: Resource::inline(input.to_vec()),
        params: params.as_bytes().to_vec(),
        ..JobRequest::default()
    };
    match caller.run(&request).unwrap().outcome.unwrap().place {
        Place::Inline(bytes) => bytes,
        place => panic!("{place:?}"),
    }
}

fn text() -> Vec<u8> {
    "to be or not to be ".repeat(30).into_bytes()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text's bytes back, whatever was done to them; the unit `rogue` gives its input.
fn echo(caller: &mut Caller<'_>, input: Resource) -> JobResult {
    let (unit, method) = ("rogue".into(), "pieces".into());
    caller.run(&JobRequest { unit, method, input, ..JobRequest::default() }).unwrap()
}

/// The text compressed, and both ways sealed as it is and compressed, with their digest.
fn resources(caller: &mut Caller<'_>) -> Vec<Resource> {
    let text = text();
    let digest = run(caller, "hash", "blake3", &text, "").try_into().unwrap();
    let handle = run(caller, "crypto", "key_import", &KEY, "");
    let key = u64::from_le_bytes(handle.try_into().unwrap());
    let small = run(caller, "compress", "brotli_compress", &text, "");
    let mut all = Vec::new();
    for (compression, bytes) in [(Compression::None, text.clone()), (Compression::Brotli, small)] {
        for (encryption, method, nonce) in [
            (Encryption::None, "", &[][..]),
            (Encryption::ChaCha20Poly1305, "chacha20poly1305_seal", &NONCE[..]),
            (Encryption::XChaCha20Poly1305, "xchacha20poly1305_seal", &XNONCE[..]),
        ] {
            let bytes = if method.is_empty() {
                bytes.clone()
            } else {
                let params = format!(r#"{{"key": {key}, "nonce": "{}"}}"#, hex(nonce));
                run(caller, "crypto", method, &bytes, &params)
            };
            all.push(Resource {
                digest: Some(digest),
                length: text.len() as u64,
                stored_length: bytes.len() as u64,
                compression,
                encryption,
                key,
                nonce: nonce.to_vec(),
                place: Place::Inline(bytes),
            });
        }
    }
    all
}

fn bytes(resource: &Resource) -> &[u8] {
    let Place::Inline(bytes) = &resource.place else { panic!("not inline") };
    bytes
}

#[test]
fn what_was_done_to_an_input_is_undone() {
    with_kernel(2, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let text = text();
        let len = text.len() as u64;
        for resource in resources(&mut caller) {
            let stored = resource.stored_length;
            let result = echo(&mut caller, resource.clone());
            assert_eq!(result.outcome, Ok(Resource::inline(text.clone())), "{resource:?}");
            assert_eq!((result.bytes_in, result.bytes_out), (len, len));
            // Into private memory, opened, decompressed, and back.
            let opened = match (resource.encryption, resource.compression) {
                (Encryption::None, Compression::None) => 0,
                (_, Compression::None) => len,
                (Encryption::None, _) => len,
                _ => stored - 16 + len,
            };
            assert_eq!(result.bytes_copied, stored + opened + len, "{resource:?}");

            // From a block the same, without the first copy.
            let mut arena = Arena::open(sections, ARENA).unwrap();
            let mut block = arena.allocate(stored as usize).unwrap();
            block[..stored as usize].copy_from_slice(bytes(&resource));
            let block = BlockRef::hand_over(ARENA, block, stored as u32);
            let place = block.resource().place;
            let result = echo(&mut caller, Resource { place, ..resource });
            assert_eq!(result.outcome, Ok(Resource::inline(text.clone())));
            assert_eq!(result.bytes_copied, opened + len);
            assert_eq!(arena.stats().unwrap().block_count, 0);
        }
    });
}

#[test]
fn what_is_not_what_was_said_is_refused() {
    with_kernel(1, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let code = |error: UnitError| error.code();
        let refused = code(UnitError::Refused { what: "" });
        let bad_input = code(UnitError::BadInput { what: "" });
        let too_large = code(UnitError::TooLarge { len: 0, max: 0 });
        let missing = code(UnitError::NotFound { what: "" });
        let bad_param = code(UnitError::BadParam { name: "", expected: "" });
        let mut fails = |resource: Resource, expected: u32| {
            let error = echo(&mut caller, resource.clone()).outcome.unwrap_err();
            assert_eq!(error.code, expected, "{resource:?}: {}", error.message);
        };
        let all = {
            let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
            resources(&mut caller)
        };
        for good in all {
            let (length, stored_length) = (good.length, good.stored_length);
            let is_compressed = good.compression == Compression::Brotli;
            let is_sealed = good.encryption != Encryption::None;

            fails(Resource { digest: Some([0; 32]), ..good.clone() }, refused);
            fails(Resource { length: length + 1, ..good.clone() }, bad_input);
            fails(Resource { stored_length: stored_length + 1, ..good.clone() }, bad_input);
            fails(Resource { stored_length: stored_length - 1, ..good.clone() }, bad_input);
            // A stream stands for more than was said: it is not read to its end.
            let longer = if is_compressed { too_large } else { bad_input };
            fails(Resource { length: length - 1, ..good.clone() }, longer);
            if is_compressed || is_sealed {
                // More than this kernel opens; and nothing said is said of no bytes.
                fails(Resource { length: 1 << 17, ..good.clone() }, too_large);
                fails(Resource { stored_length: 0, ..good.clone() }, bad_input);
                fails(Resource { length: 0, ..good.clone() }, longer);
            }
            if is_sealed {
                let mut nonce = good.nonce.clone();
                nonce[0] ^= 1;
                fails(Resource { nonce, ..good.clone() }, refused);
                fails(Resource { nonce: vec![1; 5], ..good.clone() }, bad_param);
                fails(Resource { key: good.key ^ 1 << 40, ..good.clone() }, missing);
                let mut changed = bytes(&good).to_vec();
                changed[0] ^= 1;
                fails(Resource { place: Place::Inline(changed), ..good.clone() }, refused);
            } else if is_compressed {
                let mut cut = bytes(&good).to_vec();
                cut.pop();
                let stored_length = cut.len() as u64;
                let place = Place::Inline(cut);
                fails(Resource { place, stored_length, ..good.clone() }, bad_input);
            }
            fails(Resource { place: Place::Chunk, ..good }, Status::UNSUPPORTED.0);
        }
    });
}

/// A few bytes that stand for far more than they say cost no more than they say.
#[test]
fn a_bomb_is_as_large_as_it_says() {
    with_kernel(1, |sections, _| {
        let mut out = VecOutput::new(1 << 16);
        let call = Call { input: &vec![0; 1 << 24], params: b"" };
        Dispatcher::standard()
            .execute_named("compress", "brotli_compress", call, &mut out, &Budget::unlimited())
            .unwrap();
        assert!(out.as_bytes().len() < 1000);
        let bomb = Resource {
            length: 1 << 16,
            compression: Compression::Brotli,
            ..Resource::inline(out.to_vec())
        };
        let bomb = Resource { length: 1 << 16, ..bomb };
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let result = echo(&mut caller, bomb);
        let error = result.outcome.unwrap_err();
        assert_eq!(error.code, UnitError::TooLarge { len: 0, max: 0 }.code());
        assert!(error.message.contains("65537"), "{}", error.message);
    });
}

#[test]
fn a_frame_is_opened_where_it_is() {
    with_kernel(1, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let all = resources(&mut caller);
        let pieces = caller.method("rogue", "pieces").unwrap();
        let frame = MemoryRef { space: 1 << 31 | FRAMES.0, offset: 0, length: 0 };
        for resource in all {
            caller
                .call(pieces, Input::Bytes(bytes(&resource)), b"", Target::Section(FRAMES))
                .unwrap();
            // Into another frame of the same section, and into the answer.
            let input = Resource { place: Place::Memory(frame), ..resource };
            let output = JobRequest {
                unit: "rogue".into(),
                method: "pieces".into(),
                input: input.clone(),
                output: frame,
                ..JobRequest::default()
            };
            let result = caller.run(&output).unwrap();
            assert_eq!(result.outcome.unwrap().length, text().len() as u64);
            let plain = Resource { place: Place::Memory(frame), ..Resource::default() };
            let result = echo(&mut caller, plain);
            assert_eq!(result.outcome, Ok(Resource::inline(text())));
        }
    });
}

#[test]
fn without_the_units_nothing_is_opened() {
    let mut units = Dispatcher::new();
    units.register(Box::new(Rogue)).unwrap();
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    Kernel::run(&sections, &units, &config(1), |_| {
        let mut caller = Caller::open(&sections, LANES, REGISTRY).unwrap();
        let plain = Resource::inline(b"abc".to_vec());
        assert!(echo(&mut caller, plain.clone()).outcome.is_ok());
        for resource in [
            Resource { digest: Some([0; 32]), ..plain.clone() },
            Resource { compression: Compression::Brotli, ..plain.clone() },
            Resource { encryption: Encryption::ChaCha20Poly1305, ..plain },
        ] {
            let error = echo(&mut caller, resource).outcome.unwrap_err();
            assert_eq!(error.code, Status::UNSUPPORTED.0);
        }
    })
    .unwrap();
}
