//! The area `ledger`: `cargo bench --bench ledger`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("ledger"));
}
