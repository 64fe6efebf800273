//! The files of a ledger: of each epoch a journal of what was done in it, and of the newest one the
//! state that it began with.
//!
//! All numbers are little-endian. `journal-N` is a head, of 64 bytes, and frames, one for each commit:
//!
//! | bytes of the head | |
//! |---|---|
//! | 8 | `INOSLEDJ` |
//! | 4, 4 | version; 0 |
//! | 8 | epoch |
//! | 8 | operations before it |
//! | 32 | digest of the seal before it |
//!
//! | bytes of a frame | |
//! |---|---|
//! | 4 | `FRAM` |
//! | 4 | 1 if the frame ends with a seal, and the epoch with the frame; else 0 |
//! | 8 | number of operations |
//! | 16 | beginning of BLAKE3 of: the head's digest, the frame's offset, and the frame without this |
//! | 48 each | operations |
//! | 32, 32, 8, 8 | of a seal: state, digest, sequence, operations |
//!
//! `snapshot-N` is `INOSLEDS`, then version, epoch, sequence and digest as above, the state, and
//! BLAKE3 of all that.
#![forbid(unsafe_code)]

use std::sync::Arc;

use super::LedgerError;
use super::operation::{OP_LEN, OpId, Operation};
use super::seal::{Digest, Seal};
use crate::disk::{Disk, DiskFile};

const VERSION: u32 = 1;
const HEAD_LEN: usize = 64;
const JOURNAL_MAGIC: [u8; 8] = *b"INOSLEDJ";
const SNAPSHOT_MAGIC: [u8; 8] = *b"INOSLEDS";
const FRAME_MAGIC: [u8; 4] = *b"FRAM";
const FRAME_HEAD_LEN: usize = 32;
/// The part of a frame's head that its checksum is about.
const FRAME_SAID_LEN: usize = 16;
const SEAL_LEN: usize = 80;
/// Frames begin on multiples of this.
const FRAME_ALIGN: usize = 16;
/// A file that does not count yet.
const NEW: &str = ".new";

/// What both kinds of file begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: u64,
    pub(super) sequence: u64,
    pub(super) previous: Digest,
}

impl Head {
    /// What an epoch after this seal begins with; None for the first.
    pub(super) fn after(seal: Option<&Seal>) -> Self {
        match seal {
            None => Self { epoch: 0, sequence: 0, previous: [0; 32] },
            Some(seal) => Self {
                epoch: seal.epoch.wrapping_add(1),
                sequence: seal.sequence,
                previous: seal.digest,
            },
        }
    }

    fn encode(&self, magic: [u8; 8]) -> Vec<u8> {
        let version = [VERSION, 0].map(u32::to_le_bytes);
        let numbers = [self.epoch, self.sequence].map(u64::to_le_bytes);
        [&magic, version.as_flattened(), numbers.as_flattened(), &self.previous].concat()
    }

    /// The head of a file, and what is behind it.
    fn decode<'b>(
        name: &str,
        magic: [u8; 8],
        bytes: &'b [u8],
    ) -> Result<(Self, &'b [u8]), LedgerError> {
        let damaged = || LedgerError::damaged(name, 0);
        let (head, rest) = bytes.split_first_chunk::<HEAD_LEN>().ok_or_else(damaged)?;
        let mut words = head.as_chunks().0.iter().copied();
        let mut next = || words.next().unwrap_or_default();
        if next() != magic {
            return Err(damaged());
        }
        let [v0, v1, v2, v3, zeros @ ..] = next();
        let found = u32::from_le_bytes([v0, v1, v2, v3]);
        if found != VERSION {
            return Err(LedgerError::VersionMismatch { found, expected: VERSION });
        }
        if zeros != [0; 4] {
            return Err(damaged());
        }
        let (epoch, sequence) = (u64::from_le_bytes(next()), u64::from_le_bytes(next()));
        let mut previous = [0; 32];
        previous.as_chunks_mut().0.iter_mut().for_each(|word| *word = next());
        Ok((Self { epoch, sequence, previous }, rest))
    }
}

/// What a journal says.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) head: Head,
    pub(super) operations: Vec<(OpId, Operation)>,
    /// The operations as they were written.
    pub(super) bytes: Vec<u8>,
    pub(super) seal: Option<Seal>,
    /// Where the last whole frame ends.
    pub(super) end: usize,
    /// Whether there is something behind it, which no commit had finished.
    pub(super) is_torn: bool,
}

fn checksum(previous: &Digest, offset: usize, said: &[u8], body: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous).update(&(offset as u64).to_le_bytes()).update(said).update(body);
    let mut sum = [0; 16];
    sum.copy_from_slice(hasher.finalize().as_bytes().split_at(16).0);
    sum
}

/// The frame at this offset of a journal, if there is a whole one: its operations' bytes, its seal's,
/// and where it ends.
fn frame<'b>(
    bytes: &'b [u8],
    offset: usize,
    previous: &Digest,
) -> Option<(&'b [u8], &'b [u8], usize)> {
    let rest = bytes.get(offset..)?;
    let (head, body) = rest.split_at_checked(FRAME_HEAD_LEN)?;
    let (said, sum) = head.split_at_checked(FRAME_SAID_LEN)?;
    let &[magic, flags, low, high] = said.as_chunks::<4>().0 else { return None };
    let seal_len = match u32::from_le_bytes(flags) {
        0 => 0,
        1 => SEAL_LEN,
        _ => return None,
    };
    let count = u64::from(u32::from_le_bytes(low)) | u64::from(u32::from_le_bytes(high)) << 32;
    let operations = usize::try_from(count).ok()?.checked_mul(OP_LEN)?;
    let body = body.get(..operations.checked_add(seal_len)?)?;
    if magic != FRAME_MAGIC || checksum(previous, offset, said, body) != sum {
        return None;
    }
    let (operations, seal) = body.split_at_checked(operations)?;
    Some((operations, seal, offset.checked_add(FRAME_HEAD_LEN)?.checked_add(body.len())?))
}

fn decode_seal(bytes: &[u8], epoch: u64) -> Option<Seal> {
    let (state, rest) = bytes.split_first_chunk()?;
    let (digest, rest) = rest.split_first_chunk()?;
    let &[sequence, operations] = rest.as_chunks::<8>().0 else { return None };
    let [sequence, operations] = [sequence, operations].map(u64::from_le_bytes);
    Some(Seal { epoch, sequence, operations, state: *state, digest: *digest })
}

/// A journal's name.
pub(super) fn journal_name(epoch: u64) -> String {
    format!("journal-{epoch:020}")
}

pub(super) fn snapshot_name(epoch: u64) -> String {
    format!("snapshot-{epoch:020}")
}

/// Epochs of the files whose names begin like this, in order.
fn epochs(names: &[String], kind: &str) -> Vec<u64> {
    let number = |name: &String| name.strip_prefix(kind)?.parse().ok();
    let mut epochs: Vec<_> = names.iter().filter_map(number).collect();
    epochs.sort_unstable();
    epochs
}

fn read(disk: &dyn Disk, name: &str) -> Result<(Arc<dyn DiskFile>, Vec<u8>), LedgerError> {
    let error = |source| LedgerError::io(name)(source);
    let Some(file) = disk.open(name).map_err(error)? else {
        return Err(LedgerError::Missing { file: name.to_owned() });
    };
    let too_large = |_| error(std::io::ErrorKind::FileTooLarge.into());
    let mut bytes = vec![0; usize::try_from(file.len().map_err(error)?).map_err(too_large)?];
    file.read(0, &mut bytes).map_err(error)?;
    Ok((file, bytes))
}

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    names: Vec<String>,
}

impl Files {
    pub(super) fn list(disk: Arc<dyn Disk>) -> Result<Self, LedgerError> {
        let names = disk.list().map_err(LedgerError::io("."))?;
        Ok(Self { disk, names })
    }

    pub(super) fn journals(&self) -> Vec<u64> {
        epochs(&self.names, "journal-")
    }

    pub(super) fn snapshots(&self) -> Vec<u64> {
        epochs(&self.names, "snapshot-")
    }

    /// Removes what does not count: files that were not finished, and snapshots but for the newest.
    pub(super) fn tidy(&self) -> Result<(), LedgerError> {
        let snapshots = self.snapshots();
        let old = snapshots.iter().rev().skip(1).map(|epoch| snapshot_name(*epoch));
        let unfinished = self.names.iter().filter(|name| name.ends_with(NEW)).cloned();
        for name in old.chain(unfinished) {
            self.disk.remove(&name).map_err(LedgerError::io(&name))?;
        }
        Ok(())
    }

    /// What the snapshot of an epoch says.
    pub(super) fn snapshot(&self, epoch: u64) -> Result<(Head, Vec<u8>), LedgerError> {
        let name = snapshot_name(epoch);
        let (_, bytes) = read(&*self.disk, &name)?;
        let (head, _) = Head::decode(&name, SNAPSHOT_MAGIC, &bytes)?;
        let damaged = || LedgerError::damaged(&name, 0);
        let (said, digest) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        let state = said.get(HEAD_LEN..).ok_or_else(damaged)?;
        if blake3::hash(said) != *digest || head.epoch != epoch {
            return Err(damaged());
        }
        Ok((head, state.to_vec()))
    }

    /// What the journal of an epoch says.
    pub(super) fn journal(&self, epoch: u64) -> Result<(Arc<dyn DiskFile>, Written), LedgerError> {
        let name = journal_name(epoch);
        let (file, bytes) = read(&*self.disk, &name)?;
        let (head, _) = Head::decode(&name, JOURNAL_MAGIC, &bytes)?;
        if head.epoch != epoch {
            return Err(LedgerError::damaged(&name, 0));
        }
        let mut written = Written {
            head,
            operations: Vec::new(),
            bytes: Vec::new(),
            seal: None,
            end: HEAD_LEN,
            is_torn: false,
        };
        while written.seal.is_none()
            && let Some((operations, seal, end)) = frame(&bytes, written.end, &head.previous)
        {
            let decoded = operations.as_chunks().0.iter().map(Operation::decode);
            let decoded: Option<Vec<_>> = decoded.collect();
            let damaged = || LedgerError::damaged(&name, written.end);
            written.operations.extend(decoded.ok_or_else(damaged)?);
            written.bytes.extend(operations);
            written.seal = decode_seal(seal, epoch);
            written.end = end;
        }
        written.is_torn = written.end != bytes.len();
        // A commit begins when the one before has ended, so at most the last frame is not whole.
        let mut later = (written.end..bytes.len()).step_by(FRAME_ALIGN).skip(1);
        let goes_on = later.any(|offset| frame(&bytes, offset, &head.previous).is_some());
        if goes_on || written.is_torn && written.seal.is_some() {
            return Err(LedgerError::damaged(&name, written.end));
        }
        Ok((file, written))
    }
}

/// The journal that is written.
#[derive(Debug)]
pub(super) struct Journal {
    disk: Arc<dyn Disk>,
    file: Arc<dyn DiskFile>,
    head: Head,
    end: u64,
    /// Journals of epochs before this one that stay, besides one.
    keep: u64,
}

impl Journal {
    /// The journal that goes on where this file ends. What is behind that is removed.
    pub(super) fn go_on(
        files: &Files,
        file: Arc<dyn DiskFile>,
        written: &Written,
        keep: u64,
    ) -> Result<Self, LedgerError> {
        let end = written.end as u64;
        if written.is_torn {
            let cut = file.set_len(end).and_then(|()| file.sync());
            cut.map_err(LedgerError::io(journal_name(written.head.epoch)))?;
        }
        Ok(Self { disk: Arc::clone(&files.disk), file, head: written.head, end, keep })
    }

    /// An empty journal, there for good when this returns.
    pub(super) fn create(files: &Files, head: Head, keep: u64) -> Result<Self, LedgerError> {
        let disk = Arc::clone(&files.disk);
        let file = place(&*disk, &journal_name(head.epoch), &head.encode(JOURNAL_MAGIC))?;
        Ok(Self { disk, file, head, end: HEAD_LEN as u64, keep })
    }

    /// Writes operations, and maybe the seal of the epoch. They are there for good when this returns.
    pub(super) fn append(
        &mut self,
        operations: &[u8],
        seal: Option<&Seal>,
    ) -> Result<(), LedgerError> {
        let mut body = operations.to_vec();
        if let Some(Seal { state, digest, sequence, operations, .. }) = seal {
            body.extend(state);
            body.extend(digest);
            body.extend(sequence.to_le_bytes());
            body.extend(operations.to_le_bytes());
        }
        let flags = u32::from(seal.is_some()).to_le_bytes();
        let count = (operations.len() / OP_LEN) as u64;
        let said = [&FRAME_MAGIC[..], &flags, &count.to_le_bytes()].concat();
        // A file has at most as many bytes as memory could have.
        let sum = checksum(&self.head.previous, self.end as usize, &said, &body);
        let frame = [&said[..], &sum, &body].concat();
        let written = self.file.write(self.end, &frame).and_then(|()| self.file.sync());
        written.map_err(LedgerError::io(journal_name(self.head.epoch)))?;
        self.end = self.end.saturating_add(frame.len() as u64);
        Ok(())
    }

    /// After a seal was written: begins the journal of the next epoch, and writes down the state that
    /// it begins with.
    pub(super) fn turn(&mut self, seal: &Seal, state: &[u8]) -> Result<(), LedgerError> {
        let head = Head::after(Some(seal));
        // In this order: a snapshot without its journal is damage, and a journal without a snapshot
        // is replayed from the one before.
        self.file = place(&*self.disk, &journal_name(head.epoch), &head.encode(JOURNAL_MAGIC))?;
        self.head = head;
        self.end = HEAD_LEN as u64;
        let mut snapshot = head.encode(SNAPSHOT_MAGIC);
        snapshot.extend(state);
        snapshot.extend(blake3::hash(&snapshot).as_bytes());
        place(&*self.disk, &snapshot_name(head.epoch), &snapshot)?;
        self.forget(seal.epoch)
    }

    /// Removes the snapshots of epochs up to the one that was sealed, and journals that are too old.
    fn forget(&self, sealed: u64) -> Result<(), LedgerError> {
        let files = Files::list(Arc::clone(&self.disk))?;
        let snapshots = files.snapshots().into_iter().filter(|epoch| *epoch <= sealed);
        // Names are remembered for an epoch more, so the journal of the sealed one always stays.
        let oldest = sealed.saturating_sub(self.keep);
        let journals = files.journals().into_iter().filter(|epoch| *epoch < oldest);
        for name in snapshots.map(snapshot_name).chain(journals.map(journal_name)) {
            self.disk.remove(&name).map_err(LedgerError::io(&name))?;
        }
        Ok(())
    }
}

/// Makes a file that is there as a whole, for good, or not at all.
fn place(disk: &dyn Disk, name: &str, bytes: &[u8]) -> Result<Arc<dyn DiskFile>, LedgerError> {
    let new = format!("{name}{NEW}");
    let file = disk.create(&new).map_err(LedgerError::io(&new))?;
    file.write(0, bytes).and_then(|()| file.sync()).map_err(LedgerError::io(&new))?;
    disk.rename(&new, name).and_then(|()| disk.sync()).map_err(LedgerError::io(name))?;
    Ok(file)
}
