//! The area `round_trip`: `cargo bench --bench round_trip`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("round_trip"));
}
