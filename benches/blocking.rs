//! The area `blocking`: `cargo bench --bench blocking`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("blocking"));
}
