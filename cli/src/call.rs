//! A call in this process.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inos::{Budget, Dispatcher, UnitError, VecOutput};

use crate::args::Call;
use crate::problem::Problem;

pub(crate) fn run(args: &Call, out: &mut Vec<u8>) -> Result<(), Problem> {
    let units = Dispatcher::standard();
    let method = units.resolve(&args.unit, &args.method).map_err(Problem::Unit)?;
    let input = match &args.input {
        Some(path) if path != Path::new("-") => fs::read(path).map_err(Problem::file(path))?,
        _ => {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(Problem::file(Path::new("standard input")))?;
            bytes
        }
    };
    let begin = Instant::now();
    let deadline = args.timeout.and_then(|ms| begin.checked_add(Duration::from_millis(ms)));
    let budget = Budget::new(deadline, Arc::default());
    let budget = budget.with_credits(args.credits.unwrap_or(u64::MAX));
    let call = inos::Call { input: &input, params: args.params.as_bytes() };
    let mut result = VecOutput::new(usize::MAX);
    let done = units.execute(method, call, &mut result, &budget);
    if args.stats {
        let (spent, took) = (budget.spent(), begin.elapsed());
        eprintln!("{} bytes in, {spent} credits, {took:.2?}", input.len());
    }
    done.map_err(Problem::Unit)?;
    let bytes = if args.hex { hex(result.as_bytes()) } else { result.as_bytes().to_vec() };
    match &args.output {
        Some(path) => fs::write(path, bytes).map_err(Problem::file(path)),
        // To memory: it does not fail.
        None => out
            .write_all(&bytes)
            .map_err(|_| Problem::Unit(UnitError::OutOfMemory { len: bytes.len() })),
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.chain(["\n".to_owned()]).collect::<String>().into_bytes()
}
