//! Inputs that are sealed, compressed, or named by a digest.
//!
//! They are undone by the dispatcher's own units, in the job's own time and credits, into private
//! memory: first opened, then decompressed, then compared with the digest.
#![forbid(unsafe_code)]

use std::fmt::Write as _;

use inos_core::Status;
use inos_units::job::{Compression, Encryption, Resource};
use inos_units::{Budget, Call, Dispatcher, MethodId, UnitError, VecOutput};

const DIGEST_LEN: usize = 32;

/// What is to be done to an input before a method sees it, and what was said of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening {
    /// With the key and nonce as parameters.
    open: Option<(MethodId, String)>,
    inflate: Option<MethodId>,
    digest: Option<(MethodId, [u8; DIGEST_LEN])>,
    /// Bytes as they are used, and as they lie there.
    lengths: (u64, u64),
}

/// The input as the method sees it.
pub(super) enum Opened<'a> {
    /// Where it is.
    Stored(&'a [u8]),
    Private(VecOutput),
}

impl Opened<'_> {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Stored(bytes) => bytes,
            Self::Private(out) => out.as_bytes(),
        }
    }

    /// Bytes that were written to private memory, by this step.
    fn copied(&self) -> usize {
        match self {
            Self::Stored(_) => 0,
            Self::Private(out) => out.as_bytes().len(),
        }
    }
}

/// Why an input is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The dispatcher has no unit for it.
    Unsupported,
    Unit(UnitError),
}

impl Refusal {
    pub(super) const fn status(&self) -> Status {
        match self {
            Self::Unsupported => Status::UNSUPPORTED,
            Self::Unit(error) => Status(error.code()),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported => self.status().fmt(f),
            Self::Unit(error) => error.fmt(f),
        }
    }
}

impl Opening {
    /// What `resource` needs, of a dispatcher that has it. What is sealed or compressed stands for
    /// at most `max_len` bytes.
    pub(super) fn of(
        resource: &Resource,
        units: &Dispatcher,
        max_len: usize,
    ) -> Result<Self, Refusal> {
        let method = |unit, name| units.resolve(unit, name).map_err(|_| Refusal::Unsupported);
        let open = match resource.encryption {
            Encryption::None => None,
            Encryption::ChaCha20Poly1305 => Some("chacha20poly1305_open"),
            Encryption::XChaCha20Poly1305 => Some("xchacha20poly1305_open"),
        };
        let open = match open {
            None => None,
            Some(name) => Some((method("crypto", name)?, key_params(resource))),
        };
        let inflate = match resource.compression {
            Compression::None => None,
            Compression::Brotli => Some(method("compress", "brotli_decompress")?),
        };
        let digest = match resource.digest {
            None => None,
            Some(digest) => Some((method("hash", "blake3")?, digest)),
        };
        let (len, max) = (resource.length, max_len as u64);
        if (open.is_some() || inflate.is_some()) && len > max {
            return Err(Refusal::Unit(UnitError::TooLarge { len, max }));
        }
        Ok(Self { open, inflate, digest, lengths: (resource.length, resource.stored_length) })
    }

    /// The bytes of a block that a resource means, which has no length of its own.
    pub(super) fn stored_len(resource: &Resource) -> u64 {
        match resource.stored_length {
            0 => resource.length,
            stored => stored,
        }
    }

    /// The bytes that `stored` stands for; how many were written to private memory on the way is
    /// added to `copied`.
    pub(super) fn undo<'a>(
        &self,
        stored: &'a [u8],
        units: &Dispatcher,
        budget: &Budget,
        copied: &mut usize,
    ) -> Result<Opened<'a>, UnitError> {
        let (len, stored_len) = self.lengths;
        let is_plain = self.open.is_none() && self.inflate.is_none();
        // Of plain bytes nothing need be said.
        let is_true = |bytes: &[u8], said| bytes.len() as u64 == said || is_plain && said == 0;
        if !is_true(stored, stored_len) {
            return Err(UnitError::BadInput { what: "the input has another stored length" });
        }
        let mut bytes = Opened::Stored(stored);
        if let Some((open, params)) = &self.open {
            let mut out = VecOutput::new(stored.len());
            let call = Call { input: stored, params: params.as_bytes() };
            units.execute(*open, call, &mut out, budget)?;
            bytes = Opened::Private(out);
            *copied += bytes.copied();
        }
        if let Some(inflate) = self.inflate {
            // The unit stops when it has one byte more.
            let mut out = VecOutput::new(usize::try_from(len).unwrap_or(usize::MAX));
            let params = format!(r#"{{"max_length":{len}}}"#);
            let call = Call { input: bytes.as_bytes(), params: params.as_bytes() };
            units.execute(inflate, call, &mut out, budget)?;
            bytes = Opened::Private(out);
            *copied += bytes.copied();
        }
        if !is_true(bytes.as_bytes(), len) {
            return Err(UnitError::BadInput { what: "the input has another length" });
        }
        if let Some((blake3, digest)) = &self.digest {
            let mut out = VecOutput::new(DIGEST_LEN);
            let call = Call { input: bytes.as_bytes(), params: b"" };
            units.execute(*blake3, call, &mut out, budget)?;
            if out.as_bytes() != digest {
                return Err(UnitError::Refused { what: "digest of the input" });
            }
        }
        Ok(bytes)
    }
}

/// The handle of the key, and the nonce; the unit says what is wrong with them.
fn key_params(resource: &Resource) -> String {
    let mut params = format!(r#"{{"key":{},"nonce":""#, resource.key);
    for byte in &resource.nonce {
        // Writing to a string never fails.
        let _ = write!(params, "{byte:02x}");
    }
    params.push_str("\"}");
    params
}
