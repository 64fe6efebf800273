//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};
use clap_complete::Shell;

#[derive(Parser)]
#[command(
    name = "inos",
    version,
    about = "Looks into shared regions, and calls units",
    after_help = "Examples:
  inos inspect /dev/shm/flock.inos
  inos inspect /dev/shm/flock.inos --section units --json
  inos inspect /dev/shm/flock.inos --map map.svg
  inos top /dev/shm/flock.inos
  inos units hash
  inos call hash sha256 --input README.md --hex
  echo -n abc | inos call hash blake3 --hex
  inos ledger /var/lib/credits"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tells what is in a region: sections, epochs, rings, calls, units, blocks, counters, jobs
    Inspect(Inspect),
    /// Shows what changes in a region, as long as you look
    Top(Top),
    /// Lists the units that this program has, and their methods
    Units(Units),
    /// Calls a method of a unit, in this process
    Call(Call),
    /// Does again all that was ever done in a ledger, and compares it with its seals
    Ledger(Ledger),
    /// Prints what a shell needs to complete commands
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Group)]
pub(crate) struct Inspect {
    /// The region's file; it may be in use, and nothing is written to it
    pub(crate) image: PathBuf,
    /// Only this section, by its name or number
    #[arg(long, value_name = "NAME")]
    pub(crate) section: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws a map of the memory as SVG, too
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
}

#[derive(Group)]
pub(crate) struct Top {
    /// The region's file; nothing is written to it
    pub(crate) image: PathBuf,
    /// Milliseconds between two looks
    #[arg(long, value_name = "MS", default_value_t = 500,
          value_parser = clap::value_parser!(u64).range(20..=60_000))]
    pub(crate) interval: u64,
    /// Ends after so many looks; without a terminal, after one, which is printed
    #[arg(long, value_name = "LOOKS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Group)]
pub(crate) struct Units {
    /// Only this unit
    pub(crate) unit: Option<String>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Group)]
pub(crate) struct Call {
    /// The unit
    pub(crate) unit: String,
    /// Its method
    pub(crate) method: String,
    /// The input: a file, - for the standard input, which it is if there is none
    #[arg(long, short, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// The parameters, as JSON
    #[arg(long, short, value_name = "JSON", default_value = "")]
    pub(crate) params: String,
    /// Where the result goes; the standard output if there is none
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Writes the result as hexadecimal digits
    #[arg(long)]
    pub(crate) hex: bool,
    /// Milliseconds after which the call stops
    #[arg(long, value_name = "MS")]
    pub(crate) timeout: Option<u64>,
    /// Credits that it may spend
    #[arg(long, value_name = "CREDITS")]
    pub(crate) credits: Option<u64>,
    /// Says on the standard error what it cost
    #[arg(long)]
    pub(crate) stats: bool,
}

#[derive(Group)]
pub(crate) struct Ledger {
    /// The ledger's folder; nobody may have it open
    pub(crate) folder: PathBuf,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}
