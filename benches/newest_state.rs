//! The area `newest_state`: `cargo bench --bench newest_state`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("newest_state"));
}
