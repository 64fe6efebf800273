//! A unit of your own: a table of methods, and the C functions over it.
//!
//! `cargo run -p custom-unit` calls it from Rust. Built for `wasm32-unknown-unknown`, the same file
//! is a module that any host loads and calls by `compute_execute` and its siblings.

use inos_units::schema::NoParams;
use inos_units::{Cost, Dispatcher, UnitError, params, require, unit};

params! {
    /// What `caesar` takes.
    pub struct CaesarParams {
        shift: u32 = 13 in 0..=25 => "Places in the alphabet";
    }
}

/// Text.
struct Text;

unit! {
    impl Text: "text" (1, 0, 0) "Small things to do with text" {
        caesar(CaesarParams) {
            summary: "Each letter of the ASCII alphabet moved along it",
            input: "text",
            result: "text",
            determinism: Strict,
            cost: Cost { call: 50, input_kib: 1_000, result_kib: 0 },
            answer: "Suetonius: three places",
            bound: |_, _, input| Ok(input.len()),
            run: whole(|_, params, input, out, budget| {
                require(out, input.len())?;
                let mut offset = 0;
                for piece in input.chunks(4096) {
                    budget.check()?;
                    let moved: Vec<u8> =
                        piece.iter().map(|&byte| moved(byte, params.shift as u8)).collect();
                    out.write(offset, &moved)?;
                    offset += piece.len();
                }
                Ok(offset)
            }),
        }
        count(NoParams) {
            summary: "How many words there are",
            input: "text in UTF-8",
            result: "a number of 8 bytes, the lowest first",
            determinism: Strict,
            cost: Cost { call: 50, input_kib: 2_000, result_kib: 0 },
            answer: "counted by hand",
            bound: |_, _, _| Ok(8),
            run: whole(|_, _, input, out, _| {
                let text = str::from_utf8(input)
                    .map_err(|_| UnitError::BadInput { what: "text is UTF-8" })?;
                out.write(0, &(text.split_whitespace().count() as u64).to_le_bytes())?;
                Ok(8)
            }),
        }
    }
}

fn moved(byte: u8, shift: u8) -> u8 {
    match byte {
        b'a'..=b'z' => (byte - b'a' + shift) % 26 + b'a',
        b'A'..=b'Z' => (byte - b'A' + shift) % 26 + b'A',
        _ => byte,
    }
}

/// A dispatcher with this unit alone.
#[must_use]
pub fn units() -> Dispatcher {
    let mut units = Dispatcher::new();
    // It is the only one, so its name is free.
    let _ = units.register(Box::new(Text));
    units
}

inos_units::export_abi!(units());
