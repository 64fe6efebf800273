//! The area `epochs`: `cargo bench --bench epochs`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("epochs"));
}
