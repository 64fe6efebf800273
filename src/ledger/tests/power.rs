//! Power cuts at every operation on the disk, and while a ledger is opened after one.
//!
//! ```text
//! INOS_LEDGER_CUTS=100 cargo test --release -p inos --features ledger --lib -- ledger::tests::power
//! ```

use super::*;
use crate::disk::sim::CUTS;

#[derive(Clone, Copy, Debug)]
enum Step {
    Do(OpId, Operation),
    Commit,
    Seal,
    Reopen,
}

/// A script, and the state after each of its operations.
fn script() -> (Vec<Step>, Vec<Vec<u8>>) {
    let mut random = Random(7);
    let mut book = Book::default();
    let (mut steps, mut states) = (Vec::new(), vec![book.encode()]);
    while states.len() < 100 {
        let id = OpId(states.len() as u128);
        let operation = any(&mut random, &book);
        if book.apply(id, &operation).is_err() {
            continue;
        }
        states.push(book.encode());
        steps.push(Step::Do(id, operation));
        match random.below(12) {
            0..4 => steps.push(Step::Commit),
            4 => steps.push(Step::Seal),
            5 => steps.push(Step::Reopen),
            _ => {}
        }
    }
    (steps, states)
}

/// Runs the script until the power fails; the number of the last operation that was committed.
fn run(disk: &SimDisk, steps: &[Step], config: &LedgerConfig) -> Result<u64, u64> {
    let mut committed = 0;
    let new = || Ledger::on(Arc::new(disk.clone()), config);
    let mut ledger = new().map_err(|_| committed)?;
    for step in steps {
        match step {
            Step::Do(id, operation) => {
                ledger.apply(*id, operation).map_err(|_| committed)?;
            }
            Step::Commit => committed = ledger.commit().map_err(|_| committed)?,
            Step::Seal => committed = ledger.seal().map_err(|_| committed)?.sequence,
            Step::Reopen => {
                let done = lock(&ledger.state).replay.book.sequence();
                committed = ledger.commit().map_err(|_| committed)?;
                assert_eq!(committed, done);
                drop(ledger);
                ledger = new().map_err(|_| committed)?;
                assert_eq!(lock(&ledger.state).replay.book.sequence(), done);
            }
        }
    }
    ledger.commit().map_err(|_| committed)
}

fn assert_recovers(
    disk: &SimDisk,
    config: &LedgerConfig,
    committed: u64,
    (steps, states): &(Vec<Step>, Vec<Vec<u8>>),
    what: &str,
) {
    let new = || Ledger::on(Arc::new(disk.clone()), config);
    let ledger = new().unwrap_or_else(|error| panic!("{error} {what}"));
    let sequence = lock(&ledger.state).replay.book.sequence();
    assert!(sequence >= committed, "{sequence} of {committed} committed {what}");
    let state = |ledger: &Ledger| lock(&ledger.state).replay.book.encode();
    assert_eq!(state(&ledger), states[sequence as usize], "{what}");
    assert!(ledger.totals().is_conserved(), "{what}");
    // Who was not answered asks again.
    let operations = steps.iter().filter_map(|step| match step {
        Step::Do(id, operation) => Some((id, operation)),
        _ => None,
    });
    for (id, operation) in operations.skip(committed as usize) {
        let receipt = ledger.apply(*id, operation).unwrap();
        assert_eq!(receipt.is_new, u128::from(sequence) < id.0, "{what}");
    }
    assert_eq!(Some(&state(&ledger)), states.last(), "{what}");
    ledger.commit().unwrap();
    drop(ledger);
    assert_eq!(Some(&state(&new().unwrap())), states.last(), "{what}");
    if config.keep_journals == u64::MAX {
        let audit = Ledger::audit_on(Arc::new(disk.clone())).unwrap();
        assert_eq!(audit.sequence, states.len() as u64 - 1, "{what}");
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_committed_and_halves_nothing() {
    let seeds = std::env::var("INOS_LEDGER_CUTS").ok().and_then(|it| it.parse().ok()).unwrap_or(8);
    let script = script();
    let mut points = 0;
    for keep_journals in [u64::MAX, 0] {
        let config = LedgerConfig { keep_journals, ..short() };
        let whole = SimDisk::default();
        assert_eq!(run(&whole, &script.0, &config), Ok(script.1.len() as u64 - 1));
        let steps = whole.steps();
        assert!(steps > 150, "{steps}");
        for step in 1..=steps {
            let disk = SimDisk::default();
            disk.fail_in(step);
            let Err(committed) = run(&disk, &script.0, &config) else {
                panic!("the power did not fail in step {step}")
            };
            for (cut, seed) in CUTS.into_iter().flat_map(|cut| (0..seeds).map(move |it| (cut, it)))
            {
                let what = format!("after step {step}, {cut:?}, seed {seed}");
                let mut after = disk.after(cut, seed);
                if seed % 2 == 1 {
                    // It fails again while the ledger is opened.
                    after.fail_in(1 + seed / 2 % 8);
                    let _ = Ledger::on(Arc::new(after.clone()), &config);
                    after = after.after(cut, seed);
                }
                assert_recovers(&after, &config, committed, &script, &what);
                points += 1;
            }
        }
    }
    println!("{points} power cuts");
    assert!(points >= 10_000, "{points}");
}

/// What a disk that is full, or gone, leaves can be opened again.
#[test]
fn a_ledger_whose_journal_fails_refuses_from_then_on() {
    let disk = SimDisk::default();
    let ledger = open(&disk).unwrap();
    let mint = Operation::Mint { amount: 5 };
    ledger.apply(OpId(1), &mint).unwrap();
    ledger.commit().unwrap();
    ledger.apply(OpId(2), &mint).unwrap();
    disk.fail_in(1);
    assert!(matches!(ledger.commit(), Err(LedgerError::Io { .. })));
    assert_eq!(ledger.apply(OpId(3), &mint), Err(Refusal::Broken));
    assert!(matches!(ledger.commit(), Err(LedgerError::Broken)));
    assert!(matches!(ledger.seal(), Err(LedgerError::Broken)));
    drop(ledger);
    let ledger = open(&disk.after(crate::disk::sim::Cut::Nothing, 0)).unwrap();
    assert_eq!(ledger.totals().minted, 5);
    assert!(ledger.apply(OpId(2), &mint).unwrap().is_new);
}

/// What a long commit left that was not finished is not behind the end of a short one.
#[test]
fn what_was_torn_is_gone() {
    let disk = SimDisk::default();
    let ledger = open(&disk).unwrap();
    for id in 0..7 {
        ledger.apply(OpId(id), &Operation::Mint { amount: 1 }).unwrap();
    }
    ledger.commit().unwrap();
    drop(ledger);
    let name = journal::journal_name(0);
    disk.edit(&name, |bytes| bytes.extend(vec![b'F'; 1000]));
    let ledger = open(&disk).unwrap();
    let seal = ledger.seal().unwrap();
    drop(ledger);
    assert_eq!(open(&disk).unwrap().last_seal(), Some(seal));
    assert_eq!(Ledger::audit_on(Arc::new(disk)).unwrap().seal, Some(seal));
}
