//! What an audit of a ledger finds.

use std::fmt::Write as _;

use inos::ledger::{Audit, Ledger as Accounts, Totals};
use serde_json::json;

use crate::args::Ledger;
use crate::hex::hex;
use crate::problem::Problem;

pub(crate) fn run(args: &Ledger, out: &mut Vec<u8>) -> Result<(), Problem> {
    // Opening makes a folder that is missing, and looking should not.
    if let Err(error) = std::fs::metadata(&args.folder) {
        return Err(Problem::file(&args.folder)(error));
    }
    let Audit { sequence, totals, seal } =
        Accounts::audit(&args.folder).map_err(Problem::Ledger)?;
    let Totals { minted, treasury, balances, escrow } = totals;
    let text = if args.json {
        let seal = seal.map(|seal| {
            json!({
                "epoch": seal.epoch,
                "sequence": seal.sequence,
                "operations": seal.operations,
                "state": hex(&seal.state),
                "digest": hex(&seal.digest),
            })
        });
        let all = json!({
            "operations": sequence,
            "minted": minted,
            "treasury": treasury,
            "balances": balances,
            "escrow": escrow,
            "conserved": totals.is_conserved(),
            "seal": seal,
        });
        format!("{all:#}\n")
    } else {
        let mut text = String::new();
        let rows = [
            ("operations", sequence),
            ("minted", minted),
            ("treasury", treasury),
            ("balances", balances),
            ("escrow", escrow),
        ];
        for (name, number) in rows {
            // To memory: it does not fail.
            let _ = writeln!(text, "{name:10} {number:20}");
        }
        let _ = match seal {
            Some(seal) => writeln!(text, "seal {} {}", seal.epoch, hex(&seal.digest)),
            None => writeln!(text, "no epoch is sealed yet"),
        };
        text
    };
    out.extend(text.into_bytes());
    Ok(())
}
