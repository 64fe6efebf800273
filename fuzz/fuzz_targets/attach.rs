//! `cargo +nightly fuzz run attach -- -max_total_time=30`, see `inos_fuzz::attach`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inos_fuzz::attach::run(bytes));
