//! The table as source text.

use std::fmt::{self, Write};

use crate::table::{Constant, GROUPS};

const ORIGIN: [&str; 3] = [
    "The memory layout of an INOS region: constants.",
    "",
    "Generated: cargo run -p inos-schemas --example generate",
];

/// The constants as a TypeScript module.
#[must_use]
pub fn typescript() -> String {
    text(write_typescript)
}

/// The constants as a C header, for C99 and C++11 or later.
#[must_use]
pub fn c_header() -> String {
    text(write_c_header)
}

fn text(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut text);
    text
}

fn write_typescript(out: &mut String) -> fmt::Result {
    for line in ORIGIN {
        writeln!(out, "{}", format!("// {line}").trim_end())?;
    }
    for group in GROUPS {
        writeln!(out, "\n// {}", group.title)?;
        for constant in group.constants {
            writeln!(out, "\n/** {} */", constant.doc)?;
            writeln!(out, "export const {} = {};", constant.name, number(constant))?;
        }
    }
    Ok(())
}

fn write_c_header(out: &mut String) -> fmt::Result {
    for (line, mark) in ORIGIN.iter().zip(["/*", " *", " *"]) {
        writeln!(out, "{}", format!("{mark} {line}").trim_end())?;
    }
    writeln!(out, " */\n#ifndef INOS_LAYOUT_H\n#define INOS_LAYOUT_H\n\n#include <stdint.h>")?;
    for group in GROUPS {
        writeln!(out, "\n/* {} */", group.title)?;
        for constant in group.constants {
            writeln!(out, "\n/** {} */", constant.doc)?;
            writeln!(out, "#define INOS_{} UINT32_C({})", constant.name, number(constant))?;
        }
    }
    writeln!(out, "\n#endif /* INOS_LAYOUT_H */")
}

/// Large numbers are patterns of bits rather than amounts.
fn number(constant: &Constant) -> String {
    match constant.value {
        value @ 0x1_0000.. => format!("{value:#010x}"),
        value => value.to_string(),
    }
}
