//! Records of the index, to the byte, as the module above draws them.
#![forbid(unsafe_code)]

use inos_units::storage::{ADDRESS_LEN, Address};

use super::seal::{ID_LEN, Id, Refused};

/// Rows in a record.
pub(super) const ROWS_PER_RECORD: usize = 512;

/// No chunk is longer.
const MAX_CHUNK_LEN: u32 = 1 << 20;

/// Takes fields off the front of bytes from a file.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Refused)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(u64::from_le_bytes)
    }

    fn flag(&mut self) -> Result<bool, Refused> {
        match self.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Refused),
        }
    }
}

/// How an object is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its bytes are in the record.
    Inline = 0,
    /// A brotli stream of them is.
    InlineBrotli = 1,
    /// It is in chunks.
    Chunks = 2,
}

/// An object.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectRecord<'a> {
    pub(super) address: Address,
    pub(super) len: u64,
    pub(super) form: Form,
    /// What is in the record of an object without chunks.
    pub(super) body: &'a [u8],
}

impl<'a> ObjectRecord<'a> {
    pub(super) fn write(&self) -> Vec<u8> {
        let form = (self.form as u32).to_le_bytes();
        [self.address.as_bytes(), &self.len.to_le_bytes()[..], &form, self.body].concat()
    }

    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let mut fields = Fields(bytes);
        let (address, len) = (Address::new(fields.array()?), fields.u64()?);
        let form = match fields.u32()? {
            0 if fields.0.len() as u64 == len => Form::Inline,
            1 if len <= super::MAX_INLINE_LEN.into() => Form::InlineBrotli,
            2 if fields.0.is_empty() && len > 0 => Form::Chunks,
            _ => return Err(Refused),
        };
        Ok(Self { address, len, form, body: fields.0 })
    }
}

/// A chunk of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) hash: Address,
    /// From 1 to 1 MiB.
    pub(super) len: u32,
}

/// Bytes of a row.
const ROW_LEN: usize = ADDRESS_LEN + 4;

pub(super) fn write_rows(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len().saturating_mul(ROW_LEN));
    for row in rows {
        bytes.extend_from_slice(row.hash.as_bytes());
        bytes.extend_from_slice(&row.len.to_le_bytes());
    }
    bytes
}

pub(super) fn read_rows(bytes: &[u8]) -> Result<Vec<Row>, Refused> {
    let (rows, []) = bytes.as_chunks::<ROW_LEN>() else { return Err(Refused) };
    let rows = rows.iter().map(|row| {
        let mut fields = Fields(row);
        let row = Row { hash: Address::new(fields.array()?), len: fields.u32()? };
        if (1..=MAX_CHUNK_LEN).contains(&row.len) { Ok(row) } else { Err(Refused) }
    });
    rows.collect()
}

/// Bytes of a key of rows: the object's, and the offset of the first row's chunk, highest byte first
/// so that keys are in the order of offsets.
pub(super) const ROWS_KEY_LEN: usize = ID_LEN + 8;

pub(super) fn rows_key(id: &Id, offset: u64) -> [u8; ROWS_KEY_LEN] {
    let mut key = [0; ROWS_KEY_LEN];
    let (head, tail) = key.split_at_mut(ID_LEN);
    head.copy_from_slice(id);
    tail.copy_from_slice(&offset.to_be_bytes());
    key
}

/// The object and the offset of such a key.
pub(super) fn rows_key_parts(key: &[u8; ROWS_KEY_LEN]) -> (Id, u64) {
    let (id, offset) = key.split_at(ID_LEN);
    let offset = offset.try_into().map_or(0, u64::from_be_bytes);
    (id.try_into().unwrap_or_default(), offset)
}

/// Where a chunk is, and how it is stored there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) segment: u32,
    pub(super) offset: u64,
    /// Bytes in the segment.
    pub(super) stored: u32,
    /// Bytes of the chunk.
    pub(super) len: u32,
    pub(super) is_brotli: bool,
}

/// Bytes of a location.
pub(super) const LOCATION_LEN: usize = 24;

impl Location {
    pub(super) fn write(&self) -> [u8; LOCATION_LEN] {
        let mut bytes = [0; LOCATION_LEN];
        let fields = [
            &self.segment.to_le_bytes()[..],
            &self.stored.to_le_bytes(),
            &self.offset.to_le_bytes(),
            &self.len.to_le_bytes(),
            &u32::from(self.is_brotli).to_le_bytes(),
        ];
        for (byte, field) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *field;
        }
        bytes
    }

    pub(super) fn read(bytes: &[u8; LOCATION_LEN]) -> Result<Self, Refused> {
        let mut fields = Fields(bytes);
        let (segment, stored, offset) = (fields.u32()?, fields.u32()?, fields.u64()?);
        let (len, is_brotli) = (fields.u32()?, fields.flag()?);
        // Nothing stored is longer than its chunk and a seal.
        let fits = (1..=MAX_CHUNK_LEN).contains(&len) && stored <= len.saturating_add(64);
        if !fits || offset.checked_add(stored.into()).is_none() {
            return Err(Refused);
        }
        Ok(Self { segment, offset, stored, len, is_brotli })
    }

    /// What a chunk is bound to: not where it is, since `gc` moves it.
    pub(super) fn bound(&self, id: &Id) -> Vec<u8> {
        [&id[..], &self.len.to_le_bytes(), &[u8::from(self.is_brotli)]].concat()
    }
}

/// What the index counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// No segment has had this number or a higher one.
    pub(super) next_segment: u64,
    pub(super) objects: u64,
    pub(super) object_bytes: u64,
    /// Bytes of objects without chunks.
    pub(super) inline_bytes: u64,
    pub(super) chunks: u64,
    pub(super) chunk_bytes: u64,
    /// Keys and values.
    pub(super) record_bytes: u64,
}

/// Bytes of the counters.
pub(super) const COUNTERS_LEN: usize = 56;

impl Counters {
    pub(super) fn write(&self) -> [u8; COUNTERS_LEN] {
        let mut bytes = [0; COUNTERS_LEN];
        let fields = [
            self.next_segment,
            self.objects,
            self.object_bytes,
            self.inline_bytes,
            self.chunks,
            self.chunk_bytes,
            self.record_bytes,
        ];
        for (target, field) in bytes.as_chunks_mut().0.iter_mut().zip(fields) {
            *target = field.to_le_bytes();
        }
        bytes
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let mut fields = Fields(bytes);
        let counters = Self {
            next_segment: fields.u64()?,
            objects: fields.u64()?,
            object_bytes: fields.u64()?,
            inline_bytes: fields.u64()?,
            chunks: fields.u64()?,
            chunk_bytes: fields.u64()?,
            record_bytes: fields.u64()?,
        };
        if fields.0.is_empty() { Ok(counters) } else { Err(Refused) }
    }
}
