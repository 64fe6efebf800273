//! What every strict method gives for known calls, a JSON object on each line: to be compared
//! with what another machine gives.
//!
//! `cargo run -p inos-units --features full --example vectors`

#[path = "../samples/mod.rs"]
mod samples;

use inos_units::{Budget, Call, Determinism, Dispatcher, UnitError, VecOutput};
use samples::{Sample, hex};

fn main() -> Result<(), UnitError> {
    let units = Dispatcher::standard();
    // Keys come first: their handles are the same on every machine.
    for sample in samples::setup() {
        show(&units, &sample)?;
    }
    for sample in samples::all() {
        let id = units.resolve(sample.unit, sample.method)?;
        if units.method(id).is_some_and(|method| method.determinism == Determinism::Strict) {
            show(&units, &sample)?;
        }
    }
    Ok(())
}

/// Makes a call and shows it with its result.
fn show(units: &Dispatcher, sample: &Sample) -> Result<(), UnitError> {
    let mut out = VecOutput::new(1 << 24);
    let call = Call { input: &sample.input, params: sample.params.as_bytes() };
    units.execute_named(sample.unit, sample.method, call, &mut out, &Budget::unlimited())?;
    println!(
        "{}",
        serde_json::json!({
            "unit": sample.unit,
            "method": sample.method,
            "input": hex(&sample.input),
            "params": sample.params,
            "result": hex(out.as_bytes()),
        })
    );
    Ok(())
}
