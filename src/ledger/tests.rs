//! The ledger against a model, over a simulated disk, and over a real folder.

#[cfg(all(feature = "hash", feature = "boids"))]
mod cashier;
mod files;
mod model;
mod power;

use super::*;
use crate::disk::sim::{Random, SimDisk};

/// Short epochs.
fn short() -> LedgerConfig {
    LedgerConfig { seal_every: 8, ..LedgerConfig::default() }
}

fn open(disk: &SimDisk) -> Result<Ledger, LedgerError> {
    Ledger::on(Arc::new(disk.clone()), &short())
}

/// Any operation on a few accounts; some are refused.
fn any(random: &mut Random, book: &Book) -> Operation {
    let open = book.reservations();
    let mut account = || AccountId(random.below(6));
    let (from, to) = (account(), account());
    let amount = match random.below(4) {
        0 => random.below(10_000),
        1 => book.balance(from).unwrap_or_default().available,
        _ => random.below(200),
    };
    match random.below(20) {
        0 | 1 => Operation::Open { account: from },
        2 => Operation::Close { account: from },
        3 => Operation::Mint { amount },
        4 => Operation::Burn { amount },
        5..11 => Operation::Transfer { from, to, amount },
        11..15 => Operation::Reserve { from, to, amount },
        _ => {
            let (reservation, amount) = match random.below(open.len() as u64 + 1) as usize {
                chosen if chosen < open.len() => (open[chosen].0, open[chosen].1.amount),
                _ => (OpId(3), 1),
            };
            let paid = match random.below(8) {
                0 => amount + 1,
                1 => 0,
                2 => amount,
                _ => random.below(amount + 1),
            };
            Operation::Settle { reservation, paid }
        }
    }
}

#[test]
fn refusals_change_nothing() {
    let ledger = Ledger::in_memory(&LedgerConfig::default());
    let [treasury, one, two] = [AccountId::TREASURY, AccountId(1), AccountId(2)];
    let done = |operation| ledger.record(&operation).unwrap().id;
    done(Operation::Mint { amount: u64::MAX - 1 });
    done(Operation::Open { account: one });
    let transfer = |from, to, amount| Operation::Transfer { from, to, amount };
    done(transfer(treasury, one, 10));
    let reserved = done(Operation::Reserve { from: one, to: treasury, amount: 4 });
    let before = (ledger.balances(), ledger.totals(), ledger.reservations());
    let settle = |reservation, paid| Operation::Settle { reservation, paid };
    for (operation, refusal) in [
        (Operation::Open { account: one }, Refusal::AccountExists { account: one }),
        (Operation::Open { account: treasury }, Refusal::AccountExists { account: treasury }),
        (Operation::Close { account: one }, Refusal::AccountInUse { account: one }),
        (Operation::Close { account: treasury }, Refusal::AccountInUse { account: treasury }),
        (Operation::Close { account: two }, Refusal::NoAccount { account: two }),
        (Operation::Mint { amount: 2 }, Refusal::TooMany { minted: u64::MAX - 1, amount: 2 }),
        (
            Operation::Burn { amount: u64::MAX },
            Refusal::Insufficient { account: treasury, needed: u64::MAX, available: u64::MAX - 11 },
        ),
        (transfer(one, two, 0), Refusal::NoAccount { account: two }),
        (transfer(two, one, 0), Refusal::NoAccount { account: two }),
        (transfer(one, one, 0), Refusal::SameAccount { account: one }),
        (
            transfer(one, treasury, 7),
            Refusal::Insufficient { account: one, needed: 7, available: 6 },
        ),
        (
            Operation::Reserve { from: one, to: treasury, amount: 7 },
            Refusal::Insufficient { account: one, needed: 7, available: 6 },
        ),
        (settle(reserved, 5), Refusal::OverReserved { paid: 5, reserved: 4 }),
        (settle(OpId(1), 0), Refusal::NoReservation { id: OpId(1) }),
    ] {
        assert_eq!(ledger.apply(OpId(9), &operation), Err(refusal), "{operation:?}");
        assert!(!refusal.to_string().is_empty());
        assert_eq!((ledger.balances(), ledger.totals(), ledger.reservations()), before);
    }
    let id = reserved;
    assert_eq!(ledger.apply(id, &settle(id, 1)), Err(Refusal::BadId { id }));
    // Its name is still free.
    assert!(ledger.apply(OpId(9), &settle(id, 1)).unwrap().is_new);
    assert_eq!(ledger.record(&settle(id, 1)), Err(Refusal::NoReservation { id }));
}

#[test]
fn names_are_remembered_for_an_epoch_more() {
    let ledger = Ledger::in_memory(&LedgerConfig::default());
    let mint = Operation::Mint { amount: 1 };
    let first = ledger.apply(OpId(1), &mint).unwrap();
    for _ in 0..2 {
        let again = ledger.apply(OpId(1), &mint).unwrap();
        assert_eq!(again, Receipt { is_new: false, ..first });
        assert_eq!(
            ledger.apply(OpId(1), &Operation::Mint { amount: 2 }),
            Err(Refusal::IdReused { id: OpId(1) })
        );
        ledger.seal().unwrap();
    }
    assert!(ledger.apply(OpId(1), &mint).unwrap().is_new, "two epochs later");
    // A reservation keeps its name.
    let reserve = Operation::Reserve { from: AccountId(0), to: AccountId(5), amount: 1 };
    ledger.record(&Operation::Open { account: AccountId(5) }).unwrap();
    ledger.apply(OpId(2), &reserve).unwrap();
    for _ in 0..3 {
        ledger.seal().unwrap();
    }
    assert_eq!(ledger.apply(OpId(2), &reserve), Err(Refusal::IdReused { id: OpId(2) }));
}

#[test]
fn an_epoch_in_memory_ends_by_itself() {
    let ledger = Ledger::in_memory(&short());
    for epoch in 0..3 {
        for _ in 0..8 {
            assert_ne!(ledger.last_seal().map(|seal| seal.epoch), Some(epoch));
            ledger.record(&Operation::Mint { amount: 1 }).unwrap();
        }
        let seal = ledger.last_seal().unwrap();
        assert_eq!((seal.epoch, seal.sequence, seal.operations), (epoch, 8 * epoch + 8, 8));
    }
}

/// Seals do not depend on when what was committed.
#[test]
fn a_ledger_on_disk_and_one_in_memory_are_sealed_alike() {
    let disk = SimDisk::default();
    let ledgers = [Ledger::in_memory(&LedgerConfig::default()), open(&disk).unwrap()];
    let mut random = Random(1);
    for step in 0..400 {
        let operation = any(&mut random, &lock(&ledgers[0].state).replay.book);
        let done = ledgers.each_ref().map(|ledger| ledger.apply(OpId(step), &operation));
        assert_eq!(done[0], done[1]);
        if step % 5 == 0 && step % 7 != 0 {
            let pending = lock(&ledgers[1].state).replay.chain.operations;
            if pending < 8 {
                ledgers[1].commit().unwrap();
            }
        }
        if lock(&ledgers[1].state).replay.chain.operations == 8 {
            let seals = ledgers.each_ref().map(|ledger| ledger.seal().unwrap());
            assert_eq!(seals[0], seals[1]);
        }
    }
    assert!(ledgers[0].last_seal().unwrap().epoch > 5);
}

#[test]
fn threads_share_it_and_their_commits() {
    let disk = SimDisk::default();
    let ledger = Ledger::on(Arc::new(disk.clone()), &LedgerConfig::default()).unwrap();
    ledger.record(&Operation::Mint { amount: 1000 }).unwrap();
    for account in 1..5 {
        ledger.record(&Operation::Open { account: AccountId(account) }).unwrap();
    }
    std::thread::scope(|scope| {
        for thread in 1..5 {
            let ledger = &ledger;
            scope.spawn(move || {
                let [treasury, own] = [0, thread].map(AccountId);
                for round in 0..100 {
                    let (from, to) = if round % 2 == 0 { (treasury, own) } else { (own, treasury) };
                    let done = ledger.record(&Operation::Transfer { from, to, amount: 9 }).unwrap();
                    assert!(ledger.commit().unwrap() >= done.sequence);
                }
            });
        }
    });
    let totals = Totals { minted: 1000, treasury: 1000, balances: 0, escrow: 0 };
    assert_eq!(ledger.totals(), totals);
    // What was not synced is gone; nothing was lost that was committed.
    let after = disk.after(crate::disk::sim::Cut::Nothing, 0);
    let reopened = Ledger::on(Arc::new(after), &LedgerConfig::default()).unwrap();
    assert_eq!(reopened.totals(), totals);
    assert_eq!(lock(&reopened.state).replay.book.sequence(), 405);
}
