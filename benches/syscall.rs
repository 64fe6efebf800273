//! The area `syscall`: `cargo bench --bench syscall`, and a test.

fn main() {
    inos_benches::bench_main(inos_benches::areas::area("syscall"));
}
