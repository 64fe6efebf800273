//! The area `spsc`: `cargo bench --bench ring`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("spsc"));
}
