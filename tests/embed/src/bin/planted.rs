//! One panic among calls that have none: `.ci/panics` must find it.
#![cfg_attr(any(target_os = "none", target_family = "wasm"), no_std, no_main)]

use inos_core::Region;
use inos_embed::{Input, used};

inos_embed::entry!(run);

fn run(memory: &mut [u8], input: &mut Input<'_>) {
    used(Region::trim(memory).0.len());
    if input.number() == 0x1905 {
        used(input.bytes()[input.length()]);
    }
}
