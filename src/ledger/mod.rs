//! Credits: who has how many, what is set aside for work that goes on, and what was paid for it.
//!
//! A credit is what a [`Budget`](crate::Budget) counts in: about a nanosecond of one core, as the
//! methods' costs have it. Amounts are whole numbers of 64 bits, so 10^9 credits, with nine places,
//! are a second of a core.
//!
//! Every credit is in one place: the treasury, another account, or a reservation. Operations move
//! them, each as a whole or not at all; [`Totals::is_conserved`] holds after each.
//!
//! ```
//! use inos::ledger::*;
//!
//! let ledger = Ledger::in_memory(&LedgerConfig::default());
//! let (client, host) = (AccountId(1), AccountId(2));
//! for (id, operation) in [
//!     Operation::Mint { amount: 1_000_000 },
//!     Operation::Open { account: client },
//!     Operation::Open { account: host },
//!     Operation::Transfer { from: AccountId::TREASURY, to: client, amount: 5_000 },
//! ].into_iter().enumerate() {
//!     ledger.apply(OpId(id as u128), &operation)?;
//! }
//! // At most 3,000 for some work, of which 1,200 were used.
//! let reserved = ledger.record(&Operation::Reserve { from: client, to: host, amount: 3_000 })?;
//! ledger.record(&Operation::Settle { reservation: reserved.id, paid: 1_200 })?;
//! assert_eq!(ledger.balance(client), Some(Balance { available: 3_800, reserved: 0 }));
//! assert_eq!(ledger.balance(host), Some(Balance { available: 1_200, reserved: 0 }));
//! assert!(ledger.totals().is_conserved());
//! # Ok::<(), Refusal>(())
//! ```
//!
//! # Twice is once
//! Who is not told whether something was done asks for it again, under the same [`OpId`]: it is done
//! once, and both times the answer says as which operation. Names are remembered in the epoch that
//! they are used in and in the next one; asked for later, it would be done anew. Refused operations
//! are not remembered.
//!
//! # What lasts
//! A ledger that was [opened](Ledger::open) is a folder of its own. [`Ledger::commit`] returns when
//! all that was done before is there for good, whatever happens to the process or the power; the
//! commits of several threads share a sync. What was done after the last commit may be lost, from
//! some operation on, but never one between others. Balances say what was done, committed or not; what
//! is not committed yet is kept in memory, 48 bytes for each operation.
//!
//! A flipped bit is found when the ledger is opened, and the file is named; in the last commit it
//! can't be told from one that the power interrupted, and is lost like that. A snapshot that is
//! damaged can be removed, and is made again from the journals if they are all there.
//!
//! # Calls of a kernel
//! A [`Cashier`] pays for them: what a call may cost is reserved before it is queued, and what it did
//! cost is paid to the host's account before it is answered.
//!
//! # Epochs and seals
//! After [`LedgerConfig::seal_every`] operations, or with [`Ledger::seal`], an epoch ends with a
//! [`Seal`]: BLAKE3 of all that was done in it, of the state that it ended with, and of the seal
//! before. [`Ledger::audit`] does all that was ever done again, and compares.
//!
//! # Not supported
//! Credit lines, currencies, reservations that expire by themselves, and seals that are signed. Who
//! may do what: a ledger does what it is told.
#![forbid(unsafe_code)]

mod book;
mod cashier;
mod error;
mod journal;
mod operation;
mod recovery;
mod seal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub use book::{Balance, Receipt, Reservation, Totals};
pub use cashier::Cashier;
pub use error::{LedgerError, Refusal};
pub use operation::{AccountId, OpId, Operation};
pub use seal::Seal;

use crate::disk::{Disk, Folder};
use crate::lock::lock;
use book::Book;
use journal::Journal;
use recovery::Replay;
use seal::Chain;

/// Bytes of operations that are hashed at once where no journal wants them.
const HASHED_LEN: usize = 1 << 16;

/// How a ledger is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    /// Operations after which an epoch ends: with the first commit from then on, or at once if the
    /// ledger is in memory. Twice as many names are remembered, of about 100 bytes each.
    pub seal_every: u64,
    /// Journals of sealed epochs that stay, besides the newest. An audit wants them all.
    pub keep_journals: u64,
}

impl Default for LedgerConfig {
    /// Epochs of 2^16 operations; all journals stay.
    fn default() -> Self {
        Self { seal_every: 1 << 16, keep_journals: u64::MAX }
    }
}

/// Accounts and reservations. The module's text says what it promises.
///
/// Threads share it: each operation holds a lock for a fraction of a microsecond; a commit does not
/// hold it while it waits for the disk.
pub struct Ledger {
    /// Taken before `state`.
    journal: Mutex<Option<Journal>>,
    state: Mutex<State>,
    seal_every: u64,
    is_durable: bool,
}

#[derive(Debug)]
struct State {
    replay: Replay,
    /// Operations that are not in the journal yet, or not hashed.
    pending: Vec<u8>,
    is_broken: bool,
}

impl State {
    /// The bytes of what was done since the last time, which are now part of the epoch's digest.
    fn take_pending(&mut self) -> Vec<u8> {
        let bytes = core::mem::take(&mut self.pending);
        self.replay.chain.add(&bytes);
        bytes
    }

    /// Ends the epoch; all that was done in it was hashed. Its seal, and the state.
    fn turn(&mut self) -> (Seal, Vec<u8>) {
        let Replay { book, chain, seal } = &mut self.replay;
        let state = book.encode();
        let new = chain.seal(book.sequence(), *blake3::hash(&state).as_bytes());
        book.turn();
        *chain = Chain::after(&new);
        *seal = Some(new);
        (new, state)
    }
}

impl Ledger {
    /// A ledger that ends with this value.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// assert_eq!(ledger.totals(), Totals::default());
    /// ```
    #[must_use]
    pub fn in_memory(config: &LedgerConfig) -> Self {
        Self::new(Replay::default(), None, config)
    }

    /// Opens the ledger of a folder, which is made if it is missing, for this process alone. After a
    /// crash it is as it was after some operation, and not before the last commit.
    ///
    /// # Errors
    /// Those of [`LedgerError`] but for `Broken`. What is damaged is left as it is.
    ///
    /// ```no_run
    /// # use inos::ledger::*;
    /// let ledger = Ledger::open("/var/lib/credits", &LedgerConfig::default())?;
    /// let receipt = ledger.apply(OpId(1), &Operation::Mint { amount: 1_000_000 })?;
    /// assert!(ledger.commit()? >= receipt.sequence);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(folder: impl AsRef<Path>, config: &LedgerConfig) -> Result<Self, LedgerError> {
        Self::on(Arc::new(Folder::open(folder.as_ref())?), config)
    }

    fn on(disk: Arc<dyn Disk>, config: &LedgerConfig) -> Result<Self, LedgerError> {
        let (replay, journal) = recovery::open(disk, config.keep_journals)?;
        Ok(Self::new(replay, Some(journal), config))
    }

    fn new(replay: Replay, journal: Option<Journal>, config: &LedgerConfig) -> Self {
        Self {
            seal_every: config.seal_every.max(1),
            is_durable: journal.is_some(),
            journal: Mutex::new(journal),
            state: Mutex::new(State { replay, pending: Vec::new(), is_broken: false }),
        }
    }

    /// Does again all that was ever done in the ledger of a folder, from the first operation on, and
    /// compares it with every seal and with the snapshot. What no commit had finished is left out;
    /// nothing is written.
    ///
    /// # Errors
    /// `Missing` if a journal was not kept; `Damaged` names the first file that does not fit.
    ///
    /// ```no_run
    /// # use inos::ledger::*;
    /// let audit = Ledger::audit("/var/lib/credits")?;
    /// println!("{} operations, {:?}", audit.sequence, audit.totals);
    /// # Ok::<(), LedgerError>(())
    /// ```
    pub fn audit(folder: impl AsRef<Path>) -> Result<Audit, LedgerError> {
        Self::audit_on(Arc::new(Folder::open(folder.as_ref())?))
    }

    fn audit_on(disk: Arc<dyn Disk>) -> Result<Audit, LedgerError> {
        let Replay { book, seal, .. } = recovery::audit(disk)?;
        Ok(Audit { sequence: book.sequence(), totals: book.totals(), seal })
    }

    /// Does an operation under this name, unless it was done.
    ///
    /// # Errors
    /// Those of [`Refusal`]; nothing has changed then.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// let mint = Operation::Mint { amount: 7 };
    /// assert!(ledger.apply(OpId(1), &mint)?.is_new);
    /// assert!(!ledger.apply(OpId(1), &mint)?.is_new);
    /// assert_eq!(ledger.totals().minted, 7);
    /// let other = ledger.apply(OpId(1), &Operation::Mint { amount: 8 });
    /// assert_eq!(other, Err(Refusal::IdReused { id: OpId(1) }));
    /// # Ok::<(), Refusal>(())
    /// ```
    pub fn apply(&self, id: OpId, operation: &Operation) -> Result<Receipt, Refusal> {
        self.change(operation, |book| book.apply(id, operation))
    }

    /// Does an operation under a name of the ledger's own, which is new.
    ///
    /// # Errors
    /// Those of [`Refusal`]; nothing has changed then.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// let mint = Operation::Mint { amount: 7 };
    /// assert_ne!(ledger.record(&mint)?.id, ledger.record(&mint)?.id);
    /// assert_eq!(ledger.totals().minted, 14);
    /// # Ok::<(), Refusal>(())
    /// ```
    pub fn record(&self, operation: &Operation) -> Result<Receipt, Refusal> {
        self.change(operation, |book| book.record(operation))
    }

    fn change(
        &self,
        operation: &Operation,
        change: impl FnOnce(&mut Book) -> Result<Receipt, Refusal>,
    ) -> Result<Receipt, Refusal> {
        let mut state = lock(&self.state);
        if state.is_broken {
            return Err(Refusal::Broken);
        }
        let receipt = change(&mut state.replay.book)?;
        if receipt.is_new {
            state.pending.extend(operation.encode(receipt.id));
            let chain = &mut state.replay.chain;
            chain.operations = chain.operations.wrapping_add(1);
            let is_full = chain.operations >= self.seal_every;
            if !self.is_durable && (is_full || state.pending.len() >= HASHED_LEN) {
                let mut bytes = state.take_pending();
                bytes.clear();
                state.pending = bytes;
                if is_full {
                    state.turn();
                }
            }
        }
        Ok(receipt)
    }

    /// Returns when all that was done before it was called is there for good; the number of the last
    /// operation of which that is known. In memory it does nothing.
    ///
    /// # Errors
    /// `Io` if it could not be written. Nothing is done from then on but to refuse: what is in the
    /// journal is seen when the ledger is opened again.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// let receipt = ledger.record(&Operation::Mint { amount: 7 })?;
    /// assert_eq!(ledger.commit()?, receipt.sequence);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commit(&self) -> Result<u64, LedgerError> {
        self.write(|chain| chain.operations >= self.seal_every).map(|(sequence, _)| sequence)
    }

    /// Ends the epoch, and commits.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// ledger.record(&Operation::Mint { amount: 7 })?;
    /// let seal = ledger.seal()?;
    /// assert_eq!((seal.epoch, seal.operations), (0, 1));
    /// assert_eq!(ledger.last_seal(), Some(seal));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seal(&self) -> Result<Seal, LedgerError> {
        let (_, seal) = self.write(|_| true)?;
        // It was asked for.
        seal.ok_or(LedgerError::Broken)
    }

    /// Writes what is pending, and the seal if the epoch is to end.
    fn write(&self, ends: impl FnOnce(&Chain) -> bool) -> Result<(u64, Option<Seal>), LedgerError> {
        let mut journal = lock(&self.journal);
        let mut state = lock(&self.state);
        if state.is_broken {
            return Err(LedgerError::Broken);
        }
        let sequence = state.replay.book.sequence();
        let bytes = state.take_pending();
        let turned = ends(&state.replay.chain).then(|| state.turn());
        drop(state);
        let seal = turned.as_ref().map(|(seal, _)| *seal);
        if let Some(journal) = &mut *journal
            && (!bytes.is_empty() || turned.is_some())
        {
            let mut written = journal.append(&bytes, seal.as_ref());
            if let (Ok(()), Some((seal, state))) = (&written, &turned) {
                written = journal.turn(seal, state);
            }
            if let Err(error) = written {
                lock(&self.state).is_broken = true;
                return Err(error);
            }
        }
        Ok((sequence, seal))
    }

    /// What an account has; None if there is none.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// assert_eq!(ledger.balance(AccountId::TREASURY), Some(Balance::default()));
    /// assert_eq!(ledger.balance(AccountId(1)), None);
    /// ```
    #[must_use]
    pub fn balance(&self, account: AccountId) -> Option<Balance> {
        lock(&self.state).replay.book.balance(account)
    }

    /// All accounts, by number.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// ledger.record(&Operation::Open { account: AccountId(1) })?;
    /// assert_eq!(ledger.balances()[1], (AccountId(1), Balance::default()));
    /// # Ok::<(), Refusal>(())
    /// ```
    #[must_use]
    pub fn balances(&self) -> Vec<(AccountId, Balance)> {
        lock(&self.state).replay.book.balances()
    }

    /// What an operation has reserved; None if it is settled, or was none.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// let (from, to, amount) = (AccountId::TREASURY, AccountId(1), 0);
    /// ledger.record(&Operation::Open { account: to })?;
    /// let receipt = ledger.record(&Operation::Reserve { from, to, amount })?;
    /// assert_eq!(ledger.reservation(receipt.id), Some(Reservation { from, to, amount }));
    /// # Ok::<(), Refusal>(())
    /// ```
    #[must_use]
    pub fn reservation(&self, id: OpId) -> Option<Reservation> {
        lock(&self.state).replay.book.reservation(id)
    }

    /// All that is reserved, by name.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// assert_eq!(ledger.reservations(), []);
    /// ```
    #[must_use]
    pub fn reservations(&self) -> Vec<(OpId, Reservation)> {
        lock(&self.state).replay.book.reservations()
    }

    /// All credits, counted now.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// let ledger = Ledger::in_memory(&LedgerConfig::default());
    /// ledger.record(&Operation::Mint { amount: 7 })?;
    /// ledger.record(&Operation::Burn { amount: 2 })?;
    /// assert_eq!(ledger.totals(), Totals { minted: 5, treasury: 5, balances: 0, escrow: 0 });
    /// # Ok::<(), Refusal>(())
    /// ```
    #[must_use]
    pub fn totals(&self) -> Totals {
        lock(&self.state).replay.book.totals()
    }

    /// The end of the last epoch; None in the first.
    ///
    /// ```
    /// # use inos::ledger::*;
    /// assert_eq!(Ledger::in_memory(&LedgerConfig::default()).last_seal(), None);
    /// ```
    #[must_use]
    pub fn last_seal(&self) -> Option<Seal> {
        lock(&self.state).replay.seal
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("totals", &self.totals())
            .field("last_seal", &self.last_seal())
            .finish_non_exhaustive()
    }
}

impl Drop for Ledger {
    /// Commits, if that is possible; who wants to know calls [`commit`](Self::commit).
    fn drop(&mut self) {
        let _ = self.commit();
    }
}

/// What an audit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Operations in all.
    pub sequence: u64,
    /// All credits.
    pub totals: Totals,
    /// The newest seal, for comparison with one that was kept elsewhere.
    pub seal: Option<Seal>,
}
