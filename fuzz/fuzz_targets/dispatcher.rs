//! `cargo +nightly fuzz run dispatcher -- -max_total_time=30`, see `inos_fuzz::dispatcher`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    inos_fuzz::dispatcher::run(bytes);
});
