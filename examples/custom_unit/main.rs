//! The unit of this package, called from Rust.

use custom_unit::units;
use inos_units::{Budget, Call, UnitError, VecOutput};

fn main() -> Result<(), UnitError> {
    let units = units();
    print!("{}", units.describe());
    let call = Call { input: b"Veni, vidi, vici", params: br#"{"shift": 3}"# };
    let mut out = VecOutput::new(64);
    units.execute_named("text", "caesar", call, &mut out, &Budget::unlimited())?;
    println!("\n{}", String::from_utf8_lossy(out.as_bytes()));
    Ok(())
}
