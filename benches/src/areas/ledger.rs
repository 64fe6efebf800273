//! Credits that change hands.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex;

use inos::ledger::{AccountId, Ledger, LedgerConfig, OpId, Operation};
use redb::{Database, ReadableTable as _, TableDefinition};

use super::Area;
use crate::driver::{Case, Driver};
use crate::{inos, limit, peer};

pub(super) const AREA: Area = Area {
    name: "ledger",
    title: "A transfer between two of a thousand accounts",
    about: "The limit is two balances in a hash map behind a lock, which forgets who asked for what, \
            and on disk the same bytes appended and synced. redb changes two rows in a transaction. \
            A transfer under a name is remembered, so that it is done once; all are hashed for the \
            epoch's seal.",
    run,
};

const ACCOUNTS: u64 = 1000;
const CREDITS: u64 = 1 << 40;
const TABLE: TableDefinition<'_, u64, u64> = TableDefinition::new("balances");

/// Transfers so many times by `transfer`, which is told from whom and to whom, and says whether it
/// was done.
fn transfers(mut transfer: impl FnMut(u64, u64) -> bool) -> impl FnMut(u64) -> u64 {
    let mut at = 0_u64;
    move |count| {
        let mut done = 0;
        for _ in 0..count {
            at = (at + 389) % ACCOUNTS;
            done += u64::from(transfer(at + 1, (at + 613) % ACCOUNTS + 1));
        }
        done
    }
}

fn open(ledger: &Ledger) {
    let record = |operation| ledger.record(&operation).expect("a sound ledger");
    record(Operation::Mint { amount: ACCOUNTS * CREDITS });
    for to in (1..=ACCOUNTS).map(AccountId) {
        record(Operation::Open { account: to });
        let from = AccountId::TREASURY;
        record(Operation::Transfer { from, to, amount: CREDITS });
    }
}

fn transfer(from: u64, to: u64) -> Operation {
    Operation::Transfer { from: AccountId(from), to: AccountId(to), amount: 1 }
}

fn run(driver: &mut dyn Driver) {
    in_memory(driver);
    on_disk(driver);
}

fn in_memory(driver: &mut dyn Driver) {
    let balances = Mutex::new((1..=ACCOUNTS).map(|id| (id, CREDITS)).collect::<HashMap<_, _>>());
    let [recorded, named] = [(); 2].map(|()| {
        let ledger = Ledger::in_memory(&LedgerConfig::default());
        open(&ledger);
        ledger
    });
    let mut name = 0_u128;
    let contenders = vec![
        limit(
            "a map behind a lock",
            transfers(|from, to| {
                let mut balances = balances.lock().expect("no panic");
                let Some(payer) = balances.get_mut(&from) else { return false };
                let Some(left) = payer.checked_sub(1) else { return false };
                *payer = left;
                balances.get_mut(&to).map(|payee| *payee += 1).is_some()
            }),
        )
        .boxed(),
        inos(
            "record",
            transfers(|from, to| recorded.record(&transfer(from, to)).is_ok_and(|it| it.is_new)),
        )
        .boxed(),
        inos(
            "apply, under a name",
            transfers(|from, to| {
                name += 1;
                named.apply(OpId(name), &transfer(from, to)).is_ok_and(|it| it.is_new)
            }),
        )
        .boxed(),
    ];
    driver.case(Case::new("in memory", 4096), contenders);
}

/// In the folder where a user would have it: what a sync costs is the disk's.
fn on_disk(driver: &mut dyn Driver) {
    let folder = std::env::temp_dir().join(format!("inos-bench-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut journal = File::create(folder.join("journal")).expect("a file");
    let database = Database::create(folder.join("redb")).expect("a database");
    let write = database.begin_write().expect("a transaction");
    {
        let mut table = write.open_table(TABLE).expect("a table");
        for id in 1..=ACCOUNTS {
            table.insert(id, CREDITS).expect("room");
        }
    }
    write.commit().expect("room");
    let ledger = Ledger::open(folder.join("ledger"), &LedgerConfig::default()).expect("a ledger");
    open(&ledger);
    ledger.commit().expect("room");
    let contenders = vec![
        limit(
            "80 bytes appended and synced",
            transfers(|_, _| {
                journal.write_all(&[7; 80]).and_then(|()| journal.sync_data()).is_ok()
            }),
        )
        .boxed(),
        peer(
            "redb",
            transfers(|from, to| {
                let done = || -> Result<(), redb::Error> {
                    let write = database.begin_write()?;
                    {
                        let mut table = write.open_table(TABLE)?;
                        for (account, change) in [(from, -1), (to, 1)] {
                            let now = table.get(account)?.map_or(0, |it| it.value());
                            table.insert(account, now.saturating_add_signed(change))?;
                        }
                    }
                    Ok(write.commit()?)
                };
                done().is_ok()
            }),
        )
        .boxed(),
        inos(
            "record and commit",
            transfers(|from, to| {
                let done = ledger.record(&transfer(from, to)).map(|it| it.sequence);
                done.is_ok_and(|sequence| ledger.commit().is_ok_and(|last| last >= sequence))
            }),
        )
        .boxed(),
    ];
    driver.case(Case::new("there for good", 16), contenders);
    drop(ledger);
    let _ = std::fs::remove_dir_all(folder);
}
