//! Calls that are paid for: what they may cost is reserved, what they did cost is paid, and without
//! credits nothing runs. The accounts are in a folder, and go on there the next time.
//!
//! `cargo run --release --example job_budget -- [FOLDER]`

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use inos::ledger::{AccountId, Cashier, Ledger, LedgerConfig, OpId, Operation};
use inos::units::job::{JobRequest, Limits, Place, Resource};
use inos::*;

const CLIENT: AccountId = AccountId(1);
const HOST: AccountId = AccountId(2);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("inos-job-budget"));
    let ledger = Arc::new(Ledger::open(&folder, &LedgerConfig::default())?);
    if ledger.balance(HOST).is_none() {
        // Named, so that it happens once even if we don't live to see it committed.
        let (from, to, amount) = (AccountId::TREASURY, CLIENT, 20_000_000);
        for (id, operation) in [
            Operation::Mint { amount },
            Operation::Open { account: CLIENT },
            Operation::Open { account: HOST },
            Operation::Transfer { from, to, amount },
        ]
        .iter()
        .enumerate()
        {
            ledger.apply(OpId(id as u128), operation)?;
        }
        ledger.commit()?;
    }

    let [calls, units] = [1, 2].map(SectionId);
    let dispatcher = Dispatcher::standard();
    let layout = Layout::builder()
        .lanes(calls, "calls", LanesConfig { lanes: 1, entries: 8, buffer_len: 1 << 20 })
        .registry(units, "units", Kernel::registry_config(&dispatcher))
        .build()?;
    let mut memory = HeapMemory::new(layout.total_len())?;
    let sections = Sections::create(memory.region()?, &layout, 1)?;
    let cashier = Cashier::new(ledger.clone(), HOST, 1_000_000, |_| Some(CLIENT))?;
    let config = KernelConfig::new(calls, units).meter(Arc::new(cashier));

    Kernel::run(&sections, &dispatcher, &config, |_| {
        let mut caller = Caller::open(&sections, calls, units)?;
        // Each costs more than the one before, and the last two more than they are allowed to.
        for kib in [1, 4, 16, 64, 256, 512] {
            let request = JobRequest {
                unit: "hash".into(),
                method: "sha256".into(),
                input: Resource { place: Place::Inline(vec![7; kib << 10]), ..Resource::default() },
                limits: Limits { credits: 100_000, ..Limits::default() },
                ..JobRequest::default()
            };
            let result = caller.run(&request)?;
            match result.outcome {
                Ok(_) => println!("SHA-256 of {kib:3} KiB: paid {:7} credits", result.cost),
                Err(error) => println!("SHA-256 of {kib:3} KiB: {}", error.message),
            }
        }
        Ok::<_, CallError>(())
    })??;

    for (name, account) in [("client", CLIENT), ("host", HOST)] {
        let credits = ledger.balance(account).unwrap_or_default().available;
        println!("{name:6} has {credits:9} credits");
    }
    println!("{:?}", ledger.totals());
    ledger.commit()?;
    println!("kept in {}", folder.display());
    Ok(())
}
