//! Random operations against a model that is as simple as can be.
//!
//! ```text
//! INOS_LEDGER_OPS=10000000 cargo test --release -p inos --features ledger --lib -- ledger::tests::model --nocapture
//! ```

use std::collections::BTreeMap;

use super::*;

/// Accounts by number with signed balances, and what is in escrow: checked after the fact.
#[derive(Clone, Default)]
struct Model {
    accounts: BTreeMap<u64, i128>,
    escrow: BTreeMap<u128, (u64, u64, i128)>,
    minted: i128,
}

impl Model {
    /// The model after the operation, if that is allowed.
    fn after(&self, id: OpId, operation: &Operation) -> Option<Self> {
        let mut next = self.clone();
        let mut changes = Vec::new();
        match *operation {
            Operation::Open { account } => {
                if next.accounts.insert(account.0, 0).is_some() {
                    return None;
                }
            }
            Operation::Close { account } => {
                let held = next.escrow.values().any(|it| it.0 == account.0 || it.1 == account.0);
                if account.0 == 0 || held || next.accounts.remove(&account.0) != Some(0) {
                    return None;
                }
            }
            Operation::Mint { amount } => {
                next.minted += i128::from(amount);
                changes.push((0, i128::from(amount)));
            }
            Operation::Burn { amount } => {
                next.minted -= i128::from(amount);
                changes.push((0, -i128::from(amount)));
            }
            Operation::Transfer { from, to, amount } => {
                changes.extend([(from.0, -i128::from(amount)), (to.0, amount.into())]);
                if from == to {
                    return None;
                }
            }
            Operation::Reserve { from, to, amount } => {
                changes.push((from.0, -i128::from(amount)));
                next.escrow.insert(id.0, (from.0, to.0, amount.into()));
                if from == to || !next.accounts.contains_key(&to.0) {
                    return None;
                }
            }
            Operation::Settle { reservation, paid } => {
                let (from, to, amount) = next.escrow.remove(&reservation.0)?;
                let paid = i128::from(paid);
                changes.extend([(from, amount - paid), (to, paid)]);
                if paid > amount {
                    return None;
                }
            }
        }
        for (account, change) in changes {
            *next.accounts.get_mut(&account)? += change;
        }
        let is_fine = next.accounts.values().all(|balance| *balance >= 0);
        (is_fine && next.minted <= i128::from(u64::MAX)).then_some(next)
    }

    fn assert_same(&self, ledger: &Ledger) {
        let balances: BTreeMap<_, _> = ledger
            .balances()
            .into_iter()
            .map(|(account, balance)| (account.0, i128::from(balance.available)))
            .collect();
        assert_eq!(balances, self.accounts);
        let escrow: BTreeMap<_, _> = ledger
            .reservations()
            .into_iter()
            .map(|(id, it)| (id.0, (it.from.0, it.to.0, i128::from(it.amount))))
            .collect();
        assert_eq!(escrow, self.escrow);
        for (account, balance) in ledger.balances() {
            let own = self.escrow.values().filter(|it| it.0 == account.0);
            assert_eq!(i128::from(balance.reserved), own.map(|it| it.2).sum());
        }
    }
}

fn ops() -> u64 {
    std::env::var("INOS_LEDGER_OPS").ok().and_then(|ops| ops.parse().ok()).unwrap_or(100_000)
}

#[test]
fn random_operations_do_what_the_model_does_and_conserve_every_credit() {
    let config = LedgerConfig { seal_every: 1000, ..LedgerConfig::default() };
    let ledger = Ledger::in_memory(&config);
    let mut model = Model { accounts: BTreeMap::from([(0, 0)]), ..Model::default() };
    let mut random = Random(0x1ed6e5);
    let (mut done, mut repeated) = (0_u64, 0_u64);
    let mut recent: Vec<(OpId, Operation, u64)> = Vec::new();
    let ops = ops();
    for step in 0..ops {
        if !recent.is_empty() && random.below(10) == 0 {
            // Done before: nothing happens now.
            let (id, operation, sequence) = recent[random.below(recent.len() as u64) as usize];
            let receipt = ledger.apply(id, &operation).unwrap();
            assert_eq!((receipt.sequence, receipt.is_new), (sequence, false));
            repeated += 1;
        } else {
            let mut operation = any(&mut random, &lock(&ledger.state).replay.book);
            let open = ledger.reservations();
            if open.len() > 20
                && let Operation::Reserve { .. } = operation
            {
                operation = Operation::Settle { reservation: open[0].0, paid: 0 };
            }
            let id = OpId(step.into());
            match (model.after(id, &operation), ledger.apply(id, &operation)) {
                (Some(next), Ok(receipt)) => {
                    done += 1;
                    assert_eq!(receipt, Receipt { id, sequence: done, is_new: true });
                    model = next;
                    recent.push((id, operation, done));
                    if recent.len() > 500 {
                        recent.remove(0);
                    }
                }
                (None, Err(_)) => {}
                (expected, got) => {
                    panic!("{operation:?} gives {got:?}; allowed: {}", expected.is_some())
                }
            }
        }
        let totals = ledger.totals();
        assert!(totals.is_conserved(), "{totals:?} after step {step}");
        assert_eq!(i128::from(totals.minted), model.minted);
        if step % 64 == 0 || step + 1 == ops {
            model.assert_same(&ledger);
        }
    }
    println!("{done} of {ops} operations done, {repeated} of them asked for again");
    assert!(done > ops / 3, "{done} of {ops}");
    assert!(ledger.last_seal().unwrap().epoch > ops / 10_000);
}
