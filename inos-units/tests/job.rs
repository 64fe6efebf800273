//! Messages of jobs: what goes in comes out, and nobody's message does harm.
#![allow(clippy::expect_used, clippy::panic)]

use inos_units::UnitError;
use inos_units::job::{
    Compression, Encryption, JobError, JobRequest, JobResult, Limits, MAX_MESSAGE_LEN, MemoryRef,
    Place, Resource,
};
use inos_units::schema::{MessageWriter, Scalar};
use proptest::prelude::*;

fn memory() -> impl Strategy<Value = MemoryRef> {
    any::<[u32; 3]>().prop_map(|[space, offset, length]| MemoryRef { space, offset, length })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..100)
}

fn resource() -> impl Strategy<Value = Resource> {
    let place = prop_oneof![
        Just(Place::Nothing),
        Just(Place::Chunk),
        bytes().prop_map(Place::Inline),
        memory().prop_map(Place::Memory),
    ];
    let compression = prop_oneof![Just(Compression::None), Just(Compression::Brotli)];
    let encryption = prop_oneof![
        Just(Encryption::None),
        Just(Encryption::ChaCha20Poly1305),
        Just(Encryption::XChaCha20Poly1305),
    ];
    let numbers = any::<[u64; 3]>();
    (any::<Option<[u8; 32]>>(), numbers, compression, encryption, bytes(), place).prop_map(
        |(digest, [length, stored_length, key], compression, encryption, nonce, place)| Resource {
            digest,
            length,
            stored_length,
            compression,
            encryption,
            key,
            nonce,
            place,
        },
    )
}

fn params() -> impl Strategy<Value = Vec<u8>> {
    let message = (any::<u64>(), bytes()).prop_map(|(number, bytes)| {
        let mut writer = MessageWriter::new(2);
        writer.member("number", Scalar::Unsigned(number));
        writer.member("bytes", Scalar::Bytes(&bytes));
        writer.finish()
    });
    prop_oneof![Just(vec![]), Just(br#" {"a": 1}"#.to_vec()), message]
}

prop_compose! {
    fn request()(
        id in any::<u64>(),
        unit in ".{0,20}",
        method in ".{0,20}",
        input in resource(),
        params in params(),
        output in memory(),
        [timeout, credits, result_length] in any::<[u64; 3]>(),
    ) -> JobRequest {
        let limits = Limits { timeout, credits, result_length };
        JobRequest { id, unit, method, input, params, output, limits }
    }
}

prop_compose! {
    fn result()(
        [id, cost, queued, ran, bytes_in, bytes_out] in any::<[u64; 6]>(),
        bytes_copied in any::<u64>(),
        output in resource(),
        (code, message) in (any::<u32>(), ".{0,30}"),
        [needed, capacity] in any::<[u64; 2]>(),
        is_error in any::<bool>(),
    ) -> JobResult {
        let error = JobError { code, message, needed, capacity };
        let outcome = if is_error { Err(error) } else { Ok(output) };
        JobResult { id, outcome, cost, queued, ran, bytes_in, bytes_out, bytes_copied }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(request in request(), result in result()) {
        prop_assert_eq!(JobRequest::decode(&request.encode()), Ok(request));
        prop_assert_eq!(JobResult::decode(&result.encode()), Ok(result));
    }

    #[test]
    fn no_message_does_harm(
        request in request(),
        result in result(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        for mut message in [request.encode(), result.encode()] {
            for (at, value) in &flips {
                let at = at.index(message.len());
                message[at] = *value;
            }
            message.truncate(cut.index(message.len() + 1));
            // A message that is read can be written, and is the same then. (One of the other kind
            // may be read, too: the bytes do not say which they are.)
            if let Ok(read) = JobRequest::decode(&message) {
                let again = JobRequest::decode(&read.encode());
                prop_assert_eq!(again.map(|again| again.input), Ok(read.input));
            }
            if let Ok(read) = JobResult::decode(&message) {
                prop_assert_eq!(JobResult::decode(&read.encode()), Ok(read));
            }
        }
    }
}

#[test]
fn messages_have_limits() {
    let bad = UnitError::BadInput { what: "not a message of a job" };
    for message in [&b""[..], &[0; 7], &[0xff; 64], &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0x0f]] {
        assert_eq!(JobRequest::decode(message), Err(bad.clone()));
    }
    // An empty struct is a request of nothing.
    assert_eq!(
        JobRequest::decode(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Ok(JobRequest::default())
    );
    let (len, max) = (MAX_MESSAGE_LEN as u64 + 8, MAX_MESSAGE_LEN as u64);
    let long = vec![0; MAX_MESSAGE_LEN + 8];
    assert_eq!(JobResult::decode(&long), Err(UnitError::TooLarge { len, max }));
    // Parameters that are neither are not lost: whoever runs the job refuses them.
    let request = JobRequest { params: vec![0xff; 20], ..JobRequest::default() };
    let read = JobRequest::decode(&request.encode()).expect("a request");
    assert_eq!(read.params, b"not a message");
}
