//! `inos`: what is in a region, what units can do, calls, accounts.
#![deny(unsafe_code)]

mod accounts;
mod args;
mod call;
mod hex;
mod image;
mod map;
mod problem;
mod report;
mod top;
mod units;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Args, Command};
use problem::Problem;

fn main() -> ExitCode {
    let mut out = Vec::new();
    let result = run(&Args::parse(), &mut out);
    // Who reads a part of it, as `head` does, has what it wanted.
    let written = io::stdout().lock().write_all(&out);
    match result {
        Err(problem) => {
            eprintln!("inos: {problem}");
            ExitCode::from(problem.code())
        }
        Ok(()) => match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                eprintln!("inos: {error}");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        },
    }
}

fn run(args: &Args, out: &mut Vec<u8>) -> Result<(), Problem> {
    match &args.command {
        Command::Inspect(inspect) => report::run(inspect, out),
        Command::Top(top) => top::run(top, out),
        Command::Units(units) => units::run(units, out),
        Command::Call(call) => call::run(call, out),
        Command::Ledger(ledger) => accounts::run(ledger, out),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Args::command(), "inos", out);
            Ok(())
        }
    }
}
