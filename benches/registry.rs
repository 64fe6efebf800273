//! The area `registry`: `cargo bench --bench registry`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("registry"));
}
