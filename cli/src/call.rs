//! A call in this process.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inos::{Budget, Dispatcher, VecOutput};

use crate::args::Call;
use crate::hex::hex;
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
    let bytes = match args.hex {
        true => (hex(result.as_bytes()) + "\n").into_bytes(),
        false => result.as_bytes().to_vec(),
    };
    match &args.output {
        Some(path) => fs::write(path, bytes).map_err(Problem::file(path)),
        None => {
            out.extend(bytes);
            Ok(())
        }
    }
}
