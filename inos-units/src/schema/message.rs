//! Parameters as a Cap'n Proto message: `Params` of `capsule.capnp`.

use inos_schemas::capnp::message::{Builder, HeapAllocator, ReaderOptions};
use inos_schemas::capnp::{self, serialize};
use inos_schemas::capsule::{param, params};

use super::{MAX_PARAMS_LEN, Scalar};
use crate::error::UnitError;

/// Structs in lists in structs, and no further.
const NESTING_LIMIT: i32 = 8;

/// What may be looked at, in words: all there is, twice, so that pointers to the same place make
/// no more work than a message of that length.
const TRAVERSAL_LIMIT: usize = 2 * MAX_PARAMS_LEN / 8;

/// The members of a message, checked to be well-formed.
#[derive(Debug)]
pub(super) struct Members(Vec<(String, Value)>);

enum Value {
    Float(f64),
    Unsigned(u64),
    Bool(bool),
    Text(String),
    Bytes(super::Bytes),
}

impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Value")
    }
}

impl Members {
    pub(super) fn parse(message: &[u8]) -> Result<Self, UnitError> {
        decode(message).map(Self).map_err(|_| UnitError::MalformedParams)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn get(&self, name: &str) -> Option<Scalar<'_>> {
        // The last one counts, as in JSON.
        let (_, value) = self.0.iter().rev().find(|(found, _)| found == name)?;
        Some(match value {
            Value::Float(value) => Scalar::Float(*value),
            Value::Unsigned(value) => Scalar::Unsigned(*value),
            Value::Bool(value) => Scalar::Bool(*value),
            Value::Text(text) => Scalar::Text(text),
            Value::Bytes(bytes) => Scalar::Bytes(bytes.as_slice()),
        })
    }
}

fn decode(mut message: &[u8]) -> Result<Vec<(String, Value)>, capnp::Error> {
    let mut options = ReaderOptions::new();
    options.traversal_limit_in_words(Some(TRAVERSAL_LIMIT)).nesting_limit(NESTING_LIMIT);
    // Into words of its own: the bytes may begin anywhere, and what allocates was limited above.
    let reader = serialize::read_message(&mut message, options)?;
    read(reader.get_root::<params::Reader<'_>>()?)
}

/// The members of a `Params`, wherever it stands in a message.
fn read(params: params::Reader<'_>) -> Result<Vec<(String, Value)>, capnp::Error> {
    let mut members = Vec::new();
    for member in params.get_members()? {
        let value = match member.which()? {
            param::Unsigned(value) => Value::Unsigned(value),
            param::Float(value) => Value::Float(value),
            param::Flag(value) => Value::Bool(value),
            param::Text(text) => Value::Text(text?.to_str()?.to_owned()),
            param::Data(bytes) => Value::Bytes(bytes?.into()),
        };
        members.push((member.get_name()?.to_str()?.to_owned(), value));
    }
    Ok(members)
}

/// Writes parameters as a message. What [`params!`](crate::params) writes with.
///
/// ```
/// use inos_units::schema::{MessageWriter, Scalar};
///
/// # #[cfg(feature = "hash")] {
/// use inos_units::hash::Blake3Params;
///
/// let mut writer = MessageWriter::new(1);
/// writer.member("length", Scalar::Unsigned(64));
/// let params = Blake3Params::decode(&writer.finish())?;
/// assert_eq!(params.length, 64);
/// # }
/// # Ok::<(), inos_units::UnitError>(())
/// ```
pub struct MessageWriter {
    builder: Builder<HeapAllocator>,
    count: u32,
    next: u32,
}

impl MessageWriter {
    /// A message of so many members.
    #[must_use]
    pub fn new(count: u32) -> Self {
        let mut builder = Builder::new_default();
        builder.init_root::<params::Builder<'_>>().init_members(count);
        Self { builder, count, next: 0 }
    }

    /// Writes the next member; one that is too many is left out.
    pub fn member(&mut self, name: &str, value: Scalar<'_>) {
        let Ok(root) = self.builder.get_root::<params::Builder<'_>>() else { return };
        let Ok(members) = root.get_members() else { return };
        if self.next >= self.count {
            return;
        }
        let mut member = members.get(self.next);
        self.next += 1;
        member.set_name(name);
        match value {
            Scalar::Float(value) => member.set_float(value),
            Scalar::Unsigned(value) => member.set_unsigned(value),
            Scalar::Bool(value) => member.set_flag(value),
            Scalar::Text(text) => member.set_text(text),
            Scalar::Bytes(bytes) => member.set_data(bytes),
        }
    }

    /// The message, framed.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        serialize::write_message_to_words(&self.builder)
    }
}

impl core::fmt::Debug for MessageWriter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MessageWriter").field("count", &self.count).finish_non_exhaustive()
    }
}
