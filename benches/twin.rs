//! The area `twin`: `cargo bench --bench twin`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("twin"));
}
