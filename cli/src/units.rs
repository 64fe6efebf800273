//! The units of this program.

use inos::{Dispatcher, UnitError};

use crate::args::Units;
use crate::problem::Problem;

pub(crate) fn run(args: &Units, out: &mut Vec<u8>) -> Result<(), Problem> {
    let units = Dispatcher::standard();
    if let Some(name) = &args.unit
        && !units.units().any(|unit| unit.name == name)
    {
        return Err(Problem::Unit(UnitError::UnknownUnit { name: name.clone() }));
    }
    let is_meant = |name: &str| args.unit.as_deref().is_none_or(|wanted| wanted == name);
    let text = if args.json {
        let mut all: serde_json::Value =
            serde_json::from_str(&units.describe_json()).unwrap_or_default();
        if let Some(list) = all.as_array_mut() {
            list.retain(|unit| unit.get("name").and_then(|it| it.as_str()).is_some_and(is_meant));
        }
        format!("{all:#}\n")
    } else {
        // A unit begins at the margin.
        let mut wanted = false;
        let text = units.describe();
        let lines = text.lines().filter(|line| {
            if !line.starts_with(' ') {
                wanted = line.split(' ').next().is_some_and(is_meant);
            }
            wanted
        });
        lines.flat_map(|line| [line, "\n"]).collect()
    };
    out.extend(text.into_bytes());
    Ok(())
}
