//! Jobs as messages: what is asked of a unit, and what came of it.
//!
//! The types of `schemas/compute/v1/capsule.capnp`, for use in Rust. A message from somebody else
//! is read with limits: on its length, on what is looked at, and on how deep it goes.
//!
//! ```
//! use inos_units::UnitError;
//! use inos_units::job::{JobRequest, Place, Resource};
//!
//! let request = JobRequest {
//!     id: 7,
//!     unit: "hash".into(),
//!     method: "sha256".into(),
//!     input: Resource { place: Place::Inline(b"abc".to_vec()), ..Resource::default() },
//!     params: br#"{}"#.to_vec(),
//!     ..JobRequest::default()
//! };
//! assert_eq!(JobRequest::decode(&request.encode())?, request);
//! # Ok::<(), UnitError>(())
//! ```
#![forbid(unsafe_code)]

use inos_schemas::capnp::message::{Builder, Reader, ReaderOptions};
use inos_schemas::capnp::serialize::{self, OwnedSegments};
use inos_schemas::capnp::{self};
use inos_schemas::capsule::{
    self, job_request, job_result, memory_ref, params as capsule_params, resource,
};

use crate::error::UnitError;

/// Longest message that is read, in bytes: 64 MiB.
pub const MAX_MESSAGE_LEN: usize = 1 << 26;

/// Structs in lists in structs in a request, and no further.
const NESTING_LIMIT: i32 = 12;

const MALFORMED: UnitError = UnitError::BadInput { what: "not a message of a job" };

/// Bytes of the memory that sender and receiver share; nothing if `space` is 0. An allegation, as
/// the payload references of a submission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryRef {
    /// 0 none, 1 the lane's buffer, 2^31 + id a section, 2^30 + id a block of an arena.
    pub space: u32,
    /// First byte in that space; of a block that is there, its handle's offset.
    pub offset: u32,
    /// Bytes; of a block that is there, its handle's generation.
    pub length: u32,
}

/// How bytes were made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// A brotli stream.
    Brotli,
}

/// How bytes were sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    #[default]
    None,
    /// RFC 8439.
    ChaCha20Poly1305,
    /// The same with nonces of 24 bytes.
    XChaCha20Poly1305,
}

/// Where the bytes of a resource are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// There are none.
    #[default]
    Nothing,
    /// In the message.
    Inline(Vec<u8>),
    /// In shared memory.
    Memory(MemoryRef),
    /// In a store, under the digest.
    Chunk,
}

/// Bytes: what they are, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// BLAKE3 of the bytes as they are used, if somebody computed it.
    pub digest: Option<[u8; 32]>,
    /// Number of the bytes as they are used.
    pub length: u64,
    /// Number of the bytes as they lie there.
    pub stored_length: u64,
    /// First compressed,
    pub compression: Compression,
    /// then encrypted,
    pub encryption: Encryption,
    /// under the key of this handle,
    pub key: u64,
    /// with this nonce.
    pub nonce: Vec<u8>,
    /// Where they are.
    pub place: Place,
}

impl Resource {
    /// Plain bytes in the message.
    #[must_use]
    pub fn inline(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self { length, stored_length: length, place: Place::Inline(bytes), ..Self::default() }
    }

    /// Plain bytes in shared memory.
    #[must_use]
    pub fn memory(memory: MemoryRef) -> Self {
        let length = memory.length.into();
        Self { length, stored_length: length, place: Place::Memory(memory), ..Self::default() }
    }

    /// Plain bytes at the beginning of a block of an arena, whose handle `block` carries.
    #[must_use]
    pub fn block(block: MemoryRef, length: u64) -> Self {
        Self { length, stored_length: length, place: Place::Memory(block), ..Self::default() }
    }
}

/// What a job may use; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Nanoseconds from the acceptance on.
    pub timeout: u64,
    /// Credits.
    pub credits: u64,
    /// Bytes of the result.
    pub result_length: u64,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRequest {
    /// The sender's number for it; comes back in the result.
    pub id: u64,
    /// The unit.
    pub unit: String,
    /// Its method.
    pub method: String,
    /// What it works on.
    pub input: Resource,
    /// Its parameters, in either encoding of [`schema`](crate::schema).
    pub params: Vec<u8>,
    /// Where the result goes; with space 0 it comes in the answer.
    pub output: MemoryRef,
    /// What it may use.
    pub limits: Limits,
}

/// Why a job failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobError {
    /// The status of a completion: up to 65,535 the unit's, above the service's.
    pub code: u32,
    /// For people.
    pub message: String,
    /// Bytes that the result needs, of one that is too long.
    pub needed: u64,
    /// The room that it had.
    pub capacity: u64,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// The request's.
    pub id: u64,
    /// The result, or why there is none.
    pub outcome: Result<Resource, JobError>,
    /// Credits spent.
    pub cost: u64,
    /// Nanoseconds from the acceptance until it began.
    pub queued: u64,
    /// Nanoseconds that it ran.
    pub ran: u64,
    /// Bytes of the input.
    pub bytes_in: u64,
    /// Bytes of the result.
    pub bytes_out: u64,
    /// Bytes copied between shared and private memory, or from a long block to a short one.
    pub bytes_copied: u64,
}

impl JobRequest {
    /// The message, framed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut message = Builder::new_default();
        let mut root = message.init_root::<job_request::Builder<'_>>();
        root.set_id(self.id);
        root.set_unit(&self.unit[..]);
        root.set_method(&self.method[..]);
        write_resource(root.reborrow().init_input(), &self.input);
        write_params(root.reborrow().init_params(), &self.params);
        write_memory(root.reborrow().init_output(), self.output);
        let mut limits = root.init_limits();
        limits.set_timeout(self.limits.timeout);
        limits.set_credits(self.limits.credits);
        limits.set_result_length(self.limits.result_length);
        serialize::write_message_to_words(&message)
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`UnitError::TooLarge`] over [`MAX_MESSAGE_LEN`]; [`UnitError::BadInput`] if it is not a
    /// request.
    pub fn decode(message: &[u8]) -> Result<Self, UnitError> {
        let message = open(message)?;
        read_request(&message).map_err(|_| MALFORMED)
    }
}

impl JobResult {
    /// The message, framed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut message = Builder::new_default();
        let mut root = message.init_root::<job_result::Builder<'_>>();
        root.set_id(self.id);
        root.set_cost(self.cost);
        root.set_queued(self.queued);
        root.set_ran(self.ran);
        root.set_bytes_in(self.bytes_in);
        root.set_bytes_out(self.bytes_out);
        root.set_bytes_copied(self.bytes_copied);
        match &self.outcome {
            Ok(output) => write_resource(root.init_output(), output),
            Err(error) => {
                let mut to = root.init_error();
                to.set_code(error.code);
                to.set_message(&error.message[..]);
                to.set_needed(error.needed);
                to.set_capacity(error.capacity);
            }
        }
        serialize::write_message_to_words(&message)
    }

    /// Reads a message.
    ///
    /// # Errors
    /// As [`JobRequest::decode`].
    pub fn decode(message: &[u8]) -> Result<Self, UnitError> {
        let message = open(message)?;
        read_result(&message).map_err(|_| MALFORMED)
    }
}

/// Copies a message into words and sets its limits.
fn open(mut message: &[u8]) -> Result<Reader<OwnedSegments>, UnitError> {
    if message.len() > MAX_MESSAGE_LEN {
        let (len, max) = (message.len() as u64, MAX_MESSAGE_LEN as u64);
        return Err(UnitError::TooLarge { len, max });
    }
    let mut options = ReaderOptions::new();
    // Twice what there is, and a little: pointers to one place make no more work than that.
    let words = 2 * message.len() / 8 + 64;
    options.traversal_limit_in_words(Some(words)).nesting_limit(NESTING_LIMIT);
    serialize::read_message(&mut message, options).map_err(|_| MALFORMED)
}

fn read_request(message: &Reader<OwnedSegments>) -> Result<JobRequest, capnp::Error> {
    let root = message.get_root::<job_request::Reader<'_>>()?;
    let limits = root.get_limits()?;
    Ok(JobRequest {
        id: root.get_id(),
        unit: root.get_unit()?.to_str()?.to_owned(),
        method: root.get_method()?.to_str()?.to_owned(),
        input: read_resource(root.get_input()?)?,
        params: read_params(root.get_params())?,
        output: read_memory(root.get_output()?),
        limits: Limits {
            timeout: limits.get_timeout(),
            credits: limits.get_credits(),
            result_length: limits.get_result_length(),
        },
    })
}

fn read_result(message: &Reader<OwnedSegments>) -> Result<JobResult, capnp::Error> {
    let root = message.get_root::<job_result::Reader<'_>>()?;
    let outcome = match root.which()? {
        job_result::Output(output) => Ok(read_resource(output?)?),
        job_result::Error(error) => {
            let error = error?;
            Err(JobError {
                code: error.get_code(),
                message: error.get_message()?.to_str()?.to_owned(),
                needed: error.get_needed(),
                capacity: error.get_capacity(),
            })
        }
    };
    Ok(JobResult {
        id: root.get_id(),
        outcome,
        cost: root.get_cost(),
        queued: root.get_queued(),
        ran: root.get_ran(),
        bytes_in: root.get_bytes_in(),
        bytes_out: root.get_bytes_out(),
        bytes_copied: root.get_bytes_copied(),
    })
}

fn write_params(mut to: job_request::params::Builder<'_>, params: &[u8]) {
    match params {
        [] => to.set_none(()),
        // JSON, or what claims to be: whoever runs it finds out.
        [b'{' | b' ' | b'\t' | b'\n' | b'\r', ..] => match str::from_utf8(params) {
            Ok(text) => to.set_json(text),
            Err(_) => to.set_json("not UTF-8"),
        },
        _ => {
            let copied = open(params).ok().is_some_and(|message| {
                let root = message.get_root::<capsule_params::Reader<'_>>();
                root.is_ok_and(|root| to.set_members(root).is_ok())
            });
            if !copied {
                to.set_json("not a message");
            }
        }
    }
}

fn read_params(params: job_request::params::Reader<'_>) -> Result<Vec<u8>, capnp::Error> {
    Ok(match params.which()? {
        job_request::params::None(()) => Vec::new(),
        job_request::params::Json(text) => text?.as_bytes().to_vec(),
        job_request::params::Members(members) => {
            let mut message = Builder::new_default();
            message.set_root(members?)?;
            serialize::write_message_to_words(&message)
        }
    })
}

fn write_memory(mut to: memory_ref::Builder<'_>, memory: MemoryRef) {
    to.set_space(memory.space);
    to.set_offset(memory.offset);
    to.set_length(memory.length);
}

fn read_memory(memory: memory_ref::Reader<'_>) -> MemoryRef {
    MemoryRef {
        space: memory.get_space(),
        offset: memory.get_offset(),
        length: memory.get_length(),
    }
}

fn write_resource(mut to: resource::Builder<'_>, from: &Resource) {
    if let Some(digest) = &from.digest {
        to.set_digest(digest);
    }
    to.set_length(from.length);
    to.set_stored_length(from.stored_length);
    to.set_compression(match from.compression {
        Compression::None => capsule::Compression::None,
        Compression::Brotli => capsule::Compression::Brotli,
    });
    to.set_encryption(match from.encryption {
        Encryption::None => capsule::Encryption::None,
        Encryption::ChaCha20Poly1305 => capsule::Encryption::Chacha20Poly1305,
        Encryption::XChaCha20Poly1305 => capsule::Encryption::Xchacha20Poly1305,
    });
    to.set_key(from.key);
    to.set_nonce(&from.nonce);
    match &from.place {
        Place::Nothing => to.set_nothing(()),
        Place::Inline(bytes) => to.set_inline(bytes),
        Place::Memory(memory) => write_memory(to.init_memory(), *memory),
        Place::Chunk => to.set_chunk(()),
    }
}

fn read_resource(from: resource::Reader<'_>) -> Result<Resource, capnp::Error> {
    let digest = match from.get_digest()? {
        [] => None,
        bytes => {
            let wrong = || capnp::Error::failed("a digest has 32 bytes".into());
            Some(bytes.try_into().map_err(|_| wrong())?)
        }
    };
    Ok(Resource {
        digest,
        length: from.get_length(),
        stored_length: from.get_stored_length(),
        compression: match from.get_compression()? {
            capsule::Compression::None => Compression::None,
            capsule::Compression::Brotli => Compression::Brotli,
        },
        encryption: match from.get_encryption()? {
            capsule::Encryption::None => Encryption::None,
            capsule::Encryption::Chacha20Poly1305 => Encryption::ChaCha20Poly1305,
            capsule::Encryption::Xchacha20Poly1305 => Encryption::XChaCha20Poly1305,
        },
        key: from.get_key(),
        nonce: from.get_nonce()?.to_vec(),
        place: match from.which()? {
            resource::Nothing(()) => Place::Nothing,
            resource::Inline(bytes) => Place::Inline(bytes?.to_vec()),
            resource::Memory(memory) => Place::Memory(read_memory(memory?)),
            resource::Chunk(()) => Place::Chunk,
        },
    })
}
