//! From files to a state: all that the journals say is done again, and compared with the seals.
#![forbid(unsafe_code)]

use std::sync::Arc;

use super::LedgerError;
use super::book::Book;
use super::journal::{Files, Head, Journal, Written, journal_name, snapshot_name};
use super::operation::OP_LEN;
use super::seal::{Chain, Seal};
use crate::disk::Disk;

/// A ledger as its files have it.
#[derive(Debug, Default)]
pub(super) struct Replay {
    pub(super) book: Book,
    pub(super) chain: Chain,
    pub(super) seal: Option<Seal>,
}

impl Replay {
    /// Begins with the newest snapshot, if there is one.
    fn begin(files: &Files) -> Result<Self, LedgerError> {
        let Some(&epoch) = files.snapshots().last() else { return Ok(Self::default()) };
        let (head, state) = files.snapshot(epoch)?;
        let damaged = || LedgerError::damaged(&snapshot_name(epoch), 0);
        let mut book = Book::decode(&state).ok_or_else(damaged)?;
        let Some(before) = epoch.checked_sub(1) else { return Err(damaged()) };
        // What was done in the epoch before: its names are still remembered, and its seal is the one
        // that the snapshot goes on from.
        let (_, written) = files.journal(before)?;
        let mut chain = Chain::at(before, written.head.previous);
        chain.add(&written.bytes);
        chain.operations = written.operations.len() as u64;
        let seal = chain.seal(book.sequence(), *blake3::hash(&state).as_bytes());
        if written.seal != Some(seal) || Head::after(Some(&seal)) != head {
            return Err(LedgerError::damaged(&journal_name(before), written.end));
        }
        book.remember_before(&written.operations);
        Ok(Self { book, chain: Chain::after(&seal), seal: Some(seal) })
    }

    /// Does again what the journal of this epoch says; the state at the end of the epoch, if it is
    /// over.
    fn journal(&mut self, written: &Written) -> Result<Option<Vec<u8>>, LedgerError> {
        let name = journal_name(self.chain.epoch);
        if written.head != Head::after(self.seal.as_ref()) {
            return Err(LedgerError::damaged(&name, 0));
        }
        for (id, operation) in &written.operations {
            // What was accepted once is accepted again.
            let again = self.book.replay(*id, operation);
            again.map_err(|_| LedgerError::damaged(&name, written.end))?;
        }
        self.chain.add(&written.bytes);
        self.chain.operations = (written.bytes.len() / OP_LEN) as u64;
        let Some(sealed) = &written.seal else { return Ok(None) };
        let state = self.book.encode();
        let seal = self.chain.seal(self.book.sequence(), *blake3::hash(&state).as_bytes());
        if *sealed != seal {
            return Err(LedgerError::damaged(&name, written.end));
        }
        self.book.turn();
        (self.chain, self.seal) = (Chain::after(&seal), Some(seal));
        Ok(Some(state))
    }
}

/// Opens the ledger of a folder, or makes one.
pub(super) fn open(disk: Arc<dyn Disk>, keep: u64) -> Result<(Replay, Journal), LedgerError> {
    let files = Files::list(disk)?;
    let journals = files.journals();
    let mut replay = Replay::begin(&files)?;
    if journals.is_empty() && replay.seal.is_none() {
        files.tidy()?;
        return Ok((replay, Journal::create(&files, Head::after(None), keep)?));
    }
    loop {
        let epoch = replay.chain.epoch;
        let (file, written) = files.journal(epoch)?;
        let state = replay.journal(&written)?;
        let is_newest = journals.last() == Some(&epoch);
        match (state, replay.seal) {
            // Its end is missing.
            (None, _) if !is_newest => {
                return Err(LedgerError::damaged(&journal_name(epoch), written.end));
            }
            (None, _) => {
                files.tidy()?;
                return Ok((replay, Journal::go_on(&files, file, &written, keep)?));
            }
            // The power failed after the seal, before the next epoch began.
            (Some(state), Some(seal)) if is_newest => {
                files.tidy()?;
                let mut journal = Journal::go_on(&files, file, &written, keep)?;
                journal.turn(&seal, &state)?;
                return Ok((replay, journal));
            }
            _ => {}
        }
    }
}

/// Does again all that was ever done; the state at the end. Nothing is written.
pub(super) fn audit(disk: Arc<dyn Disk>) -> Result<Replay, LedgerError> {
    let files = Files::list(disk)?;
    let (journals, snapshots) = (files.journals(), files.snapshots());
    let mut replay = Replay::default();
    loop {
        let epoch = replay.chain.epoch;
        let (_, written) = files.journal(epoch)?;
        let state = replay.journal(&written)?;
        if let Some(state) = &state
            && snapshots.contains(&replay.chain.epoch)
        {
            let (head, kept) = files.snapshot(replay.chain.epoch)?;
            if head != Head::after(replay.seal.as_ref()) || kept != *state {
                return Err(LedgerError::damaged(&snapshot_name(replay.chain.epoch), 0));
            }
        }
        if journals.last() == Some(&epoch) {
            return Ok(replay);
        }
        if state.is_none() {
            return Err(LedgerError::damaged(&journal_name(epoch), written.end));
        }
    }
}
