//! The area `dispatch`: `cargo bench --bench dispatch`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("dispatch"));
}
