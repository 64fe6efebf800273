//! A unit out of a wasm file, called like one that is compiled in, and held to its limits.
//!
//! ```text
//! rustup target add wasm32-unknown-unknown
//! cargo build --release -p custom-unit --lib --target wasm32-unknown-unknown
//! cargo run --release --features wasm-units --example wasm_unit -- \
//!     target/wasm32-unknown-unknown/release/custom_unit.wasm
//! ```

use std::error::Error;
use std::time::Instant;

use inos::wasm::{WasmLimits, WasmModule};
use inos::{Budget, Call, Dispatcher, UnitError, VecOutput};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("which file?")?;
    let begin = Instant::now();
    let module = WasmModule::load(&std::fs::read(path)?, WasmLimits::default())?;
    println!("{module:?} loaded in {:.1?}", begin.elapsed());
    let mut units = Dispatcher::standard();
    for unit in module.units() {
        units.register(Box::new(unit))?;
    }
    let caesar = units.resolve("text", "caesar")?;
    let call = Call { input: b"Veni, vidi, vici", params: br#"{"shift": 3}"# };
    let mut out = VecOutput::new(100);
    let (begin, rounds) = (Instant::now(), 1000);
    for _ in 0..rounds {
        out.clear();
        units.execute(caesar, call, &mut out, &Budget::unlimited())?;
    }
    let each = begin.elapsed() / rounds;
    println!("{}, in {each:.1?} with a new sandbox each", String::from_utf8_lossy(out.as_bytes()));
    // It pays for what it uses, and with less than that it gives nothing.
    let budget = Budget::unlimited().with_credits(1_000_000);
    units.execute(caesar, call, &mut out, &budget)?;
    println!("it used {} credits", budget.spent());
    let poor = Budget::unlimited().with_credits(budget.spent() / 2);
    match units.execute(caesar, call, &mut VecOutput::new(100), &poor) {
        Err(error @ UnitError::OutOfCredits { .. }) => println!("with half of that: {error}"),
        other => return Err(format!("with half of that: {other:?}").into()),
    }
    Ok(())
}
