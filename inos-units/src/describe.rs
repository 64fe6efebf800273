//! What a dispatcher can do, from its tables: for people, for programs, as a page.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::schema::{Field, Kind};
use crate::unit::{Cost, Determinism, Method, UnitInfo, Version};

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

const fn name_of(determinism: Determinism) -> &'static str {
    match determinism {
        Determinism::Strict => "strict",
        Determinism::Fast => "fast",
    }
}

/// Writing to a String does not fail, here and below.
pub(crate) fn text(units: impl Iterator<Item = &'static UnitInfo>) -> String {
    let mut text = String::new();
    for info in units {
        let UnitInfo { name, version, summary, .. } = info;
        let _ = writeln!(text, "{name} {version}: {summary}");
        for method in info.methods {
            let determinism = name_of(method.determinism);
            let split = if method.is_split { ", split" } else { "" };
            let Method { name, summary, input, result, .. } = method;
            let Cost { call, input_kib, result_kib } = method.cost;
            let _ = writeln!(
                text,
                "  {name} [{determinism}{split}]: {summary}. {input} -> {result}. Credits: {call} \
                 + {input_kib} for a KiB of input + {result_kib} of result."
            );
            for field in method.params {
                let _ = writeln!(text, "    {}: {}. {}.", field.name, field.kind, field.summary);
            }
        }
    }
    text
}

pub(crate) fn json(units: impl Iterator<Item = &'static UnitInfo>) -> String {
    let units = units.enumerate().map(|(index, info)| {
        let methods = info.methods.iter().enumerate().map(|(number, method)| {
            json!({
                "id": index << 16 | number,
                "name": method.name,
                "summary": method.summary,
                "input": method.input,
                "result": method.result,
                "determinism": name_of(method.determinism),
                "split": method.is_split,
                "cost": {
                    "call": method.cost.call,
                    "input_kib": method.cost.input_kib,
                    "result_kib": method.cost.result_kib,
                },
                "answer": method.answer,
                "params": method.params.iter().map(param).collect::<Value>(),
            })
        });
        json!({
            "name": info.name,
            "version": info.version.to_string(),
            "summary": info.summary,
            "methods": methods.collect::<Value>(),
        })
    });
    units.collect::<Value>().to_string()
}

fn param(field: &Field) -> Value {
    let kind = match field.kind {
        Kind::F32 { default, min, max } => {
            json!({ "type": "f32", "default": default, "min": min, "max": max })
        }
        Kind::U32 { default, min, max } => {
            json!({ "type": "u32", "default": default, "min": min, "max": max })
        }
        Kind::U64 { default, min, max } => {
            json!({ "type": "u64", "default": default, "min": min, "max": max })
        }
        Kind::Bool { default } => json!({ "type": "bool", "default": default }),
        Kind::Name { default, names } => {
            json!({ "type": "name", "default": default, "names": names })
        }
        Kind::Bytes { min, max } => json!({ "type": "bytes", "min_len": min, "max_len": max }),
    };
    json!({ "name": field.name, "summary": field.summary, "kind": kind })
}

/// What the page begins with.
const TOP: &str = "# Methods of the units

Generated from the dispatch tables: `cargo run -p inos-units --features full --example generate`

Parameters are a JSON object, or a `Params` message of `schemas/compute/v1/capsule.capnp`. *Strict*
methods give the same bits on every machine. Credits are about the nanoseconds that one core takes;
each method's known answer is a test.
";

pub(crate) fn markdown(units: impl Iterator<Item = &'static UnitInfo>) -> String {
    let mut page = String::from(TOP);
    for info in units {
        let UnitInfo { name, version, summary, .. } = info;
        let _ = writeln!(page, "\n## {name} {version}\n\n{summary}.");
        for method in info.methods {
            let Method { name, summary, input, result, answer, .. } = method;
            let Cost { call, input_kib, result_kib } = method.cost;
            let determinism = name_of(method.determinism);
            let split = if method.is_split { "; threads can share a call" } else { "" };
            let _ = writeln!(
                page,
                "\n### `{}.{name}`\n\n{summary}.\n\n\
                 | | |\n|---|---|\n\
                 | input | {input} |\n\
                 | result | {result} |\n\
                 | bits | {determinism}{split} |\n\
                 | credits | {call} + {input_kib} for a KiB of input + {result_kib} for a KiB of result |\n\
                 | known answer | {answer} |",
                info.name
            );
            if !method.params.is_empty() {
                let _ = writeln!(page, "\n| parameter | | |\n|---|---|---|");
            }
            for field in method.params {
                let _ = writeln!(page, "| `{}` | {} | {} |", field.name, field.summary, field.kind);
            }
        }
    }
    page
}
