//! The area `arena`: `cargo bench --bench arena`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("arena"));
}
