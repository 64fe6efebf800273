//! The area `hostile_copy`: `cargo bench --bench hostile_copy`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("hostile_copy"));
}
