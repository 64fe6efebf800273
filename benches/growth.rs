//! The area `growth`: `cargo bench --bench growth`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("growth"));
}
