//! The area `mpsc`: `cargo bench --bench mpsc`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("mpsc"));
}
