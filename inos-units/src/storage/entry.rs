//! What the table holds: entries, chunks, objects, and their counts.

use std::sync::Arc;

use super::address::Address;

/// Bytes that an entry is charged beside its content: its place in a table at the worst load, and
/// what the allocator adds. A constant, so that every machine is full at the same point.
pub const ENTRY_CHARGE: u64 = 256;

/// Bytes that a row of a manifest is charged.
pub const ROW_CHARGE: u64 = 40;

/// A chunk of an object: its hash, and where in the object it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) hash: Address,
    pub(super) end: u64,
}

/// An object on its way into the store, hashed already.
pub(super) struct Prepared<'a> {
    pub(super) address: Address,
    pub(super) content: Content<'a>,
}

pub(super) enum Content<'a> {
    /// One chunk, whose hash is the address.
    Whole(&'a [u8]),
    /// Several.
    Pieces(Vec<(Piece, &'a [u8])>),
}

impl Prepared<'_> {
    /// What it would be charged if nothing of it were there: found without a look at the table.
    pub(super) fn most_charge(&self) -> u64 {
        match &self.content {
            Content::Whole(bytes) => ENTRY_CHARGE + bytes.len() as u64,
            Content::Pieces(pieces) => {
                let len = pieces.last().map_or(0, |(piece, _)| piece.end);
                ENTRY_CHARGE + len + (ENTRY_CHARGE + ROW_CHARGE) * pieces.len() as u64
            }
        }
    }

    pub(super) fn entry_count(&self) -> usize {
        match &self.content {
            Content::Whole(_) => 1,
            Content::Pieces(pieces) => pieces.len() + 1,
        }
    }
}

/// What has one hash. It may be a chunk, an object, or both: an object of one chunk has the
/// chunk's hash. An entry that is neither does not stay.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) chunk: Option<Chunk>,
    pub(super) object: Option<Object>,
}

impl Entry {
    /// One user of the chunk more; the first one brings it.
    pub(super) fn use_chunk(&mut self, bytes: &[u8], totals: &mut Totals) {
        match &mut self.chunk {
            Some(chunk) => chunk.users += 1,
            None => {
                totals.chunks += 1;
                totals.chunk_bytes += bytes.len() as u64;
                totals.charge += bytes.len() as u64;
                self.chunk = Some(Chunk { bytes: bytes.into(), users: 1 });
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Arc<[u8]>,
    /// Rows of manifests that name it; an object of one chunk counts as a row.
    pub(super) users: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) len: u64,
    /// `None`: one chunk, of the same hash.
    pub(super) pieces: Option<Arc<[Piece]>>,
    /// Put, and not deleted since.
    pub(super) kept: bool,
    pub(super) pinned: bool,
}

impl Object {
    /// Whether anybody sees it. What is not alive waits for `gc`.
    pub(super) const fn is_alive(&self) -> bool {
        self.kept || self.pinned
    }

    pub(super) fn row_count(&self) -> usize {
        self.pieces.as_ref().map_or(1, |pieces| pieces.len())
    }

    /// The rows of the manifest of the object at `address`.
    pub(super) fn rows(&self, address: Address) -> Arc<[Piece]> {
        match &self.pieces {
            Some(pieces) => Arc::clone(pieces),
            None => Arc::from([Piece { hash: address, end: self.len }]),
        }
    }
}

/// Counts that are kept up to date, so that `stat` and bounds need no walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Objects that are alive, and their bytes.
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) pinned: u64,
    /// All objects that are held, and their bytes.
    pub(super) held_objects: u64,
    pub(super) held_bytes: u64,
    /// Rows of all manifests.
    pub(super) rows: u64,
    pub(super) chunks: u64,
    pub(super) chunk_bytes: u64,
    /// What the capacity is compared with.
    pub(super) charge: u64,
}

/// What `gc` took away.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Removed {
    pub(super) objects: u64,
    pub(super) chunks: u64,
    pub(super) bytes: u64,
}

/// What an import added.
pub(super) type Added = Removed;
