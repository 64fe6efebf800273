//! The state: accounts, reservations, and the names of what was done. No clock, no files.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::operation::wide;
use super::{AccountId, OpId, Operation, Refusal};

/// What an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What it can pay with.
    pub available: u64,
    /// What it may have to pay: its part of the escrow.
    pub reserved: u64,
}

/// Credits in escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose they are.
    pub from: AccountId,
    /// Whose they may become.
    pub to: AccountId,
    /// How many.
    pub amount: u64,
}

/// All credits, by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All that were minted, less those that were burned.
    pub minted: u64,
    /// In the treasury.
    pub treasury: u64,
    /// In the other accounts, without what is reserved.
    pub balances: u64,
    /// Reserved.
    pub escrow: u64,
}

impl Totals {
    /// Whether every credit is somewhere, and once. Of a ledger it always is.
    ///
    /// ```
    /// use inos::ledger::Totals;
    ///
    /// assert!(Totals { minted: 9, treasury: 2, balances: 3, escrow: 4 }.is_conserved());
    /// assert!(!Totals { minted: 9, treasury: 2, balances: 3, escrow: 5 }.is_conserved());
    /// ```
    #[must_use]
    pub const fn is_conserved(&self) -> bool {
        let Self { minted, treasury, balances, escrow } = *self;
        treasury as u128 + balances as u128 + escrow as u128 == minted as u128
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The operation's name.
    pub id: OpId,
    /// Its number among all operations of this ledger, from 1 on.
    pub sequence: u64,
    /// Whether it was done now, and not under this name before.
    pub is_new: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    available: u64,
    reserved: u64,
    /// Reservations that it is party to.
    pending: u64,
}

/// What was done under each name, and as which operation.
type Names = HashMap<OpId, (Operation, u64)>;

#[derive(Debug)]
pub(super) struct Book {
    accounts: HashMap<AccountId, Account>,
    reservations: HashMap<OpId, Reservation>,
    minted: u64,
    sequence: u64,
    /// Of this epoch, and of the one before.
    names: [Names; 2],
}

impl Default for Book {
    fn default() -> Self {
        Self {
            accounts: HashMap::from([(AccountId::TREASURY, Account::default())]),
            reservations: HashMap::new(),
            minted: 0,
            sequence: 0,
            names: Default::default(),
        }
    }
}

impl Book {
    /// Does an operation under a name of its own.
    pub(super) fn record(&mut self, operation: &Operation) -> Result<Receipt, Refusal> {
        // It can't be 2^64 operations later.
        let sequence = self.sequence.wrapping_add(1);
        let id = OpId::own(sequence);
        self.change(id, operation)?;
        self.sequence = sequence;
        Ok(Receipt { id, sequence, is_new: true })
    }

    pub(super) fn apply(&mut self, id: OpId, operation: &Operation) -> Result<Receipt, Refusal> {
        if id.is_own() {
            return Err(Refusal::BadId { id });
        }
        if let Some((done, sequence)) = self.names.iter().find_map(|names| names.get(&id)) {
            return match done == operation {
                true => Ok(Receipt { id, sequence: *sequence, is_new: false }),
                false => Err(Refusal::IdReused { id }),
            };
        }
        // A reservation may be older than the names that are remembered.
        if self.reservations.contains_key(&id) {
            return Err(Refusal::IdReused { id });
        }
        self.change(id, operation)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.remember(id, operation, self.sequence);
        Ok(Receipt { id, sequence: self.sequence, is_new: true })
    }

    /// Does again what a journal says was done.
    pub(super) fn replay(&mut self, id: OpId, operation: &Operation) -> Result<(), Refusal> {
        let receipt = match id.is_own() {
            true => self.record(operation)?,
            false => self.apply(id, operation)?,
        };
        match receipt.id == id && receipt.is_new {
            true => Ok(()),
            false => Err(Refusal::IdReused { id }),
        }
    }

    /// Remembers a name of this epoch.
    fn remember(&mut self, id: OpId, operation: &Operation, sequence: u64) {
        let [names, _] = &mut self.names;
        names.insert(id, (*operation, sequence));
    }

    /// Remembers the names of the epoch before, which ended with this state.
    pub(super) fn remember_before(&mut self, operations: &[(OpId, Operation)]) {
        let first = self.sequence.wrapping_sub(operations.len() as u64);
        let named = operations.iter().zip(first.wrapping_add(1)..);
        let [_, names] = &mut self.names;
        *names = named
            .filter(|((id, _), _)| !id.is_own())
            .map(|((id, operation), sequence)| (*id, (*operation, sequence)))
            .collect();
    }

    /// An epoch has ended: the names of the one before it are forgotten.
    pub(super) fn turn(&mut self) {
        let [now, before] = &mut self.names;
        *before = core::mem::take(now);
    }

    /// Checks first and changes then, so that a refusal changes nothing.
    fn change(&mut self, id: OpId, operation: &Operation) -> Result<(), Refusal> {
        match *operation {
            Operation::Open { account } => {
                if self.accounts.contains_key(&account) {
                    return Err(Refusal::AccountExists { account });
                }
                self.accounts.insert(account, Account::default());
            }
            Operation::Close { account } => {
                let found = self.account(account)?;
                let is_empty = found.available == 0 && found.pending == 0;
                if !is_empty || account == AccountId::TREASURY {
                    return Err(Refusal::AccountInUse { account });
                }
                self.accounts.remove(&account);
            }
            Operation::Mint { amount } => {
                let minted = self.minted;
                let sum = minted.checked_add(amount).ok_or(Refusal::TooMany { minted, amount })?;
                self.account_mut(AccountId::TREASURY)?.add(amount);
                self.minted = sum;
            }
            Operation::Burn { amount } => {
                self.take(AccountId::TREASURY, amount)?;
                // The treasury has no more than there is.
                self.minted = self.minted.saturating_sub(amount);
            }
            Operation::Transfer { from, to, amount } => {
                self.two(from, to)?;
                self.take(from, amount)?;
                self.account_mut(to)?.add(amount);
            }
            Operation::Reserve { from, to, amount } => {
                self.two(from, to)?;
                let payer = self.take(from, amount)?;
                payer.reserved = payer.reserved.saturating_add(amount);
                self.enter(id, Reservation { from, to, amount });
            }
            Operation::Settle { reservation: id, paid } => {
                let reservation =
                    *self.reservations.get(&id).ok_or(Refusal::NoReservation { id })?;
                let Reservation { from, to, amount: reserved } = reservation;
                let rest = reserved.checked_sub(paid);
                let rest = rest.ok_or(Refusal::OverReserved { paid, reserved })?;
                self.two(from, to)?;
                let payer = self.account_mut(from)?;
                payer.reserved = payer.reserved.saturating_sub(reserved);
                payer.pending = payer.pending.saturating_sub(1);
                payer.add(rest);
                let payee = self.account_mut(to)?;
                payee.pending = payee.pending.saturating_sub(1);
                payee.add(paid);
                self.reservations.remove(&id);
            }
        }
        Ok(())
    }

    fn account(&self, account: AccountId) -> Result<&Account, Refusal> {
        self.accounts.get(&account).ok_or(Refusal::NoAccount { account })
    }

    fn account_mut(&mut self, account: AccountId) -> Result<&mut Account, Refusal> {
        self.accounts.get_mut(&account).ok_or(Refusal::NoAccount { account })
    }

    /// Checks that both are there, and are two.
    fn two(&self, from: AccountId, to: AccountId) -> Result<(), Refusal> {
        self.account(from)?;
        self.account(to)?;
        if from == to { Err(Refusal::SameAccount { account: from }) } else { Ok(()) }
    }

    fn take(&mut self, account: AccountId, needed: u64) -> Result<&mut Account, Refusal> {
        let found = self.account_mut(account)?;
        let available = found.available;
        let rest = available.checked_sub(needed);
        found.available = rest.ok_or(Refusal::Insufficient { account, needed, available })?;
        Ok(found)
    }

    /// Both accounts are there.
    fn enter(&mut self, id: OpId, reservation: Reservation) {
        for account in [reservation.from, reservation.to] {
            if let Some(party) = self.accounts.get_mut(&account) {
                party.pending = party.pending.saturating_add(1);
            }
        }
        self.reservations.insert(id, reservation);
    }
}

impl Account {
    /// It can't be too much: no account has more than all that were minted.
    fn add(&mut self, amount: u64) {
        self.available = self.available.saturating_add(amount);
    }
}

/// What it says.
impl Book {
    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(super) fn balance(&self, account: AccountId) -> Option<Balance> {
        let Account { available, reserved, .. } = *self.accounts.get(&account)?;
        Some(Balance { available, reserved })
    }

    pub(super) fn balances(&self) -> Vec<(AccountId, Balance)> {
        let mut all: Vec<_> = self.accounts.keys().copied().collect();
        all.sort_unstable();
        all.into_iter().filter_map(|id| Some((id, self.balance(id)?))).collect()
    }

    pub(super) fn reservation(&self, id: OpId) -> Option<Reservation> {
        self.reservations.get(&id).copied()
    }

    pub(super) fn reservations(&self) -> Vec<(OpId, Reservation)> {
        let mut all: Vec<_> = self.reservations.iter().map(|(id, it)| (*id, *it)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all
    }

    /// Counted anew each time, so that it says what is there and not what should be.
    pub(super) fn totals(&self) -> Totals {
        let sum = |amounts: &mut dyn Iterator<Item = u64>| amounts.fold(0, u64::saturating_add);
        let treasury = self.balance(AccountId::TREASURY).unwrap_or_default().available;
        let others = self.accounts.iter().filter(|(id, _)| **id != AccountId::TREASURY);
        Totals {
            minted: self.minted,
            treasury,
            balances: sum(&mut others.map(|(_, account)| account.available)),
            escrow: sum(&mut self.reservations.values().map(|it| it.amount)),
        }
    }

    /// The whole state but the names, always in the same order: sequence, minted, the number of
    /// accounts and of reservations; of each account its number and what is available, of each
    /// reservation its name, from, to and amount; each a little-endian number of 8 bytes, of names 16.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (accounts, reservations) = (self.balances(), self.reservations());
        let counts = [accounts.len() as u64, reservations.len() as u64];
        let mut words = Vec::with_capacity(4 + 2 * accounts.len() + 5 * reservations.len());
        words.extend([self.sequence, self.minted]);
        words.extend(counts);
        words.extend(accounts.iter().flat_map(|(id, balance)| [id.0, balance.available]));
        words.extend(reservations.iter().flat_map(|(id, it)| {
            [id.0 as u64, (id.0 >> 64) as u64, it.from.0, it.to.0, it.amount]
        }));
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// None if the bytes are not what [`encode`](Self::encode) makes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks();
        let words: Vec<_> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (&[sequence, minted, accounts, reserved], tables) = words.split_first_chunk()?;
        let len = |count: u64, row: usize| usize::try_from(count).ok()?.checked_mul(row);
        let (accounts, reservations) = tables.split_at_checked(len(accounts, 2)?)?;
        if !rest.is_empty() || reservations.len() != len(reserved, 5)? {
            return None;
        }
        let mut book = Self { sequence, minted, ..Self::default() };
        for &[id, available] in accounts.as_chunks().0 {
            let account = Account { available, ..Account::default() };
            book.accounts.insert(AccountId(id), account);
        }
        for &[low, high, from, to, amount] in reservations.as_chunks().0 {
            let [from, to] = [from, to].map(AccountId);
            book.two(from, to).ok()?;
            let payer = book.account_mut(from).ok()?;
            payer.reserved = payer.reserved.checked_add(amount)?;
            book.enter(OpId(wide(low, high)), Reservation { from, to, amount });
        }
        // Order and repetitions, too.
        (book.totals().is_conserved() && book.encode() == bytes).then_some(book)
    }
}
