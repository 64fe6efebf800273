//! A kernel whose calls are paid from a ledger.

use super::*;
use crate::kernel::Meter;
use crate::{
    CallError, Caller, Dispatcher, HeapMemory, Input, Kernel, KernelConfig, LanesConfig, Layout,
    Payer, SectionId, Sections, Status, Target, UnitError,
};

const LANES: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const HOST: AccountId = AccountId(100);

/// Accounts 1 to 4, of lanes 0 to 3, with so many credits each.
fn ledger(amount: u64) -> Arc<Ledger> {
    let ledger = Ledger::in_memory(&LedgerConfig::default());
    ledger.record(&Operation::Mint { amount: 4 * amount }).unwrap();
    ledger.record(&Operation::Open { account: HOST }).unwrap();
    for to in (1..5).map(AccountId) {
        ledger.record(&Operation::Open { account: to }).unwrap();
        let from = AccountId::TREASURY;
        ledger.record(&Operation::Transfer { from, to, amount }).unwrap();
    }
    Arc::new(ledger)
}

fn account_of(payer: Payer) -> Option<AccountId> {
    Some(AccountId(u64::from(payer.lane) + 1))
}

#[test]
fn clients_pay_for_their_calls_until_they_have_no_credits_left() {
    let ledger = ledger(100_000);
    let cashier = Cashier::new(ledger.clone(), HOST, 10_000, account_of).unwrap();
    let units = Dispatcher::standard();
    let layout = Layout::builder()
        .lanes(LANES, "calls", LanesConfig { lanes: 4, entries: 8, buffer_len: 2048 })
        .registry(UNITS, "units", Kernel::registry_config(&units))
        .build()
        .unwrap();
    let mut memory = HeapMemory::new(layout.total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout, 1).unwrap();
    let config = KernelConfig::new(LANES, UNITS).threads(2).meter(Arc::new(cashier));
    let none = Status(UnitError::OutOfCredits { needed: 0, limit: 0 }.code());
    let calls = Kernel::run(&sections, &units, &config, |_| {
        std::thread::scope(|scope| {
            let threads: [_; 4] = std::array::from_fn(|_| {
                scope.spawn(|| {
                    let mut caller = Caller::open(&sections, LANES, UNITS).unwrap();
                    let sha256 = caller.method("hash", "sha256").unwrap();
                    let mut calls = 0;
                    loop {
                        let target = Target::Bytes(&mut [0; 100]);
                        match caller.call(sha256, Input::Bytes(&[1; 1000]), b"", target) {
                            Ok(_) => calls += 1,
                            Err(CallError::Failed { status, .. }) if status == none => {
                                return calls;
                            }
                            Err(error) => panic!("{error}"),
                        }
                        assert!(ledger.totals().is_conserved());
                    }
                })
            });
            threads.map(|thread| thread.join().unwrap())
        })
    })
    .unwrap();
    let paid: u64 = ledger.balance(HOST).unwrap().available;
    assert!(calls[0] > 1 && calls.iter().all(|it| *it == calls[0]), "{calls:?}");
    let price = paid / calls.iter().sum::<u64>();
    assert_eq!(price * calls.iter().sum::<u64>(), paid);
    for account in 1..5 {
        let left = ledger.balance(AccountId(account)).unwrap();
        assert_eq!(left, Balance { available: 100_000 - calls[0] * price, reserved: 0 });
        assert!(left.available < price);
    }
}

#[test]
fn what_a_host_that_died_had_reserved_is_given_back() {
    let ledger = ledger(1000);
    let new = |most| Cashier::new(ledger.clone(), HOST, most, account_of);
    let cashier = new(600).unwrap();
    let payer = Payer { lane: 0, party: 0 };
    let hold = cashier.reserve(payer, 0).unwrap();
    assert_eq!(hold.credits, 600);
    assert_eq!(cashier.reserve(payer, 0).unwrap().credits, 400, "what is left");
    assert_eq!(cashier.reserve(payer, 0).unwrap_err().available, 0);
    // Of another host.
    let other = Operation::Reserve { from: AccountId(2), to: AccountId(3), amount: 5 };
    ledger.record(&other).unwrap();
    let next = new(600).unwrap();
    assert_eq!(ledger.reservations().len(), 1);
    assert_eq!(ledger.balance(AccountId(1)), Some(Balance { available: 1000, reserved: 0 }));
    // What says how much it may cost gets all of that or nothing.
    assert_eq!(next.reserve(payer, 1001).unwrap_err().available, 1000);
    assert_eq!(next.reserve(payer, 1000).unwrap().credits, 1000);
    // Too late for the former one.
    cashier.settle(hold, 600);
    assert_eq!(ledger.balance(HOST), Some(Balance::default()));
    let stranger = Payer { lane: 77, ..payer };
    assert_eq!(next.reserve(stranger, 0).unwrap_err().available, 0);
    let account = AccountId(101);
    let no_host = Cashier::new(ledger.clone(), account, 1, account_of);
    assert_eq!(no_host.unwrap_err(), Refusal::NoAccount { account });
}
