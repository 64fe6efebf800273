//! The area `flock`: `cargo bench --bench flock`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("flock"));
}
