//! Calls of a kernel, paid from accounts.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use super::{AccountId, Ledger, OpId, Operation, Refusal};
use crate::kernel::{Hold, Meter, NoCredits, Payer};

/// Which account pays for a call, if one does.
type AccountOf = dyn Fn(Payer) -> Option<AccountId> + Send + Sync;

/// Pays for a kernel's calls: [`KernelConfig::meter`](crate::KernelConfig::meter).
///
/// It does not commit, and need not: what was reserved and not settled when the host died is given
/// back by the next cashier of its account, so that a call whose end was not committed was free.
///
/// ```
/// # #[cfg(feature = "hash")] {
/// # use inos::*;
/// # use std::sync::Arc;
/// use inos::ledger::*;
///
/// let ledger = Arc::new(Ledger::in_memory(&LedgerConfig::default()));
/// let (client, host) = (AccountId(1), AccountId(2));
/// for operation in [
///     Operation::Mint { amount: 5_000 },
///     Operation::Open { account: client },
///     Operation::Open { account: host },
///     Operation::Transfer { from: AccountId::TREASURY, to: client, amount: 5_000 },
/// ] {
///     ledger.record(&operation)?;
/// }
/// // Whoever calls, one account pays, and for no call more than 2,000.
/// let cashier = Cashier::new(ledger.clone(), host, 2_000, move |_| Some(client))?;
///
/// # let [calls, units] = [1, 2].map(SectionId);
/// # let layout = Layout::builder()
/// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
/// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
/// #     .build()?;
/// # let mut memory = HeapMemory::new(layout.total_len())?;
/// # let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let config = KernelConfig::new(calls, units).meter(Arc::new(cashier));
/// Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
///     let mut caller = Caller::open(&sections, calls, units)?;
///     let sha256 = caller.method("hash", "sha256")?;
///     caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut [0; 32]))
/// })??;
/// let paid = ledger.balance(host).unwrap_or_default().available;
/// assert!((1..2_000).contains(&paid));
/// assert_eq!(ledger.balance(client), Some(Balance { available: 5_000 - paid, reserved: 0 }));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cashier {
    ledger: Arc<Ledger>,
    host: AccountId,
    most: u64,
    account_of: Box<AccountOf>,
}

impl Cashier {
    /// A cashier who pays into the account `host`, which is nobody else's, from the account that
    /// `account_of` says; calls that it knows none for are not run. For a call that does not say what
    /// it may cost, at most `most` is reserved. What is reserved for the host now is given back.
    ///
    /// # Errors
    /// `NoAccount` if `host` is not open; `Broken` if the ledger is.
    pub fn new(
        ledger: Arc<Ledger>,
        host: AccountId,
        most: u64,
        account_of: impl Fn(Payer) -> Option<AccountId> + Send + Sync + 'static,
    ) -> Result<Self, Refusal> {
        if ledger.balance(host).is_none() {
            return Err(Refusal::NoAccount { account: host });
        }
        for (reservation, left) in ledger.reservations() {
            if left.to == host {
                ledger.record(&Operation::Settle { reservation, paid: 0 })?;
            }
        }
        Ok(Self { ledger, host, most, account_of: Box::new(account_of) })
    }
}

impl fmt::Debug for Cashier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ledger, host, most, .. } = self;
        f.debug_struct("Cashier")
            .field("ledger", ledger)
            .field("host", host)
            .field("most", most)
            .finish_non_exhaustive()
    }
}

impl Meter for Cashier {
    fn reserve(&self, payer: Payer, wanted: u64) -> Result<Hold, NoCredits> {
        let none = NoCredits { available: 0 };
        let from = (self.account_of)(payer).ok_or(none)?;
        let mut amount = if wanted > 0 { wanted } else { self.most };
        // A call that does not say what it may cost gets what there is. The account may shrink between
        // two looks; one that goes on shrinking is answered with what it has.
        for _ in 0..8 {
            let reserve = Operation::Reserve { from, to: self.host, amount };
            match self.ledger.record(&reserve) {
                Ok(receipt) => return Ok(Hold { id: receipt.id.0, credits: amount }),
                Err(Refusal::Insufficient { available, .. }) if wanted == 0 && available > 0 => {
                    amount = available;
                }
                Err(Refusal::Insufficient { available, .. }) => {
                    return Err(NoCredits { available });
                }
                Err(_) => return Err(none),
            }
        }
        Err(none)
    }

    fn settle(&self, hold: Hold, spent: u64) {
        let reservation = OpId(hold.id);
        // It fails only if the ledger is broken; then the reservation is there when that is opened
        // again, for the next cashier.
        let _ = self.ledger.record(&Operation::Settle { reservation, paid: spent });
    }
}
