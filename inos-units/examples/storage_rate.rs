//! How fast one thread cuts, hashes, puts and gets.
//!
//! `cargo run --release -p inos-units --features storage --example storage_rate`

#[path = "../tests/support/noise.rs"]
mod made;

use std::hint::black_box;
use std::time::Instant;

use inos_units::storage::{AddressParams, StorageUnit};
use inos_units::{Budget, Call, Dispatcher, MethodId, UnitError, VecOutput, batch};
use made::noise;

/// Bytes of the long object.
const LONG_LEN: usize = 64 << 20;

/// Small objects a round: a batch that fits into the cache, and one that does not.
const SMALL_COUNTS: [usize; 2] = [1_000, 20_000];

const ROUNDS: usize = 21;

fn main() -> Result<(), UnitError> {
    let bytes = noise(1, LONG_LEN);
    println!("64 MiB of noise, best of {ROUNDS}:");
    for (method, input) in [("chunk", &bytes), ("put", &bytes)] {
        let seconds = best(|| {
            let store = Store::new()?;
            let id = store.units.resolve("storage", method)?;
            store.timed(id, input, b"")
        })?;
        println!("  {method:<8} {:.2} GB/s", LONG_LEN as f64 / seconds / 1e9);
    }
    let store = Store::new()?;
    let address = store.call("put", &bytes, b"")?;
    let params = AddressParams { address: address.as_bytes().into() }.to_json();
    let get = store.units.resolve("storage", "get")?;
    let seconds = best(|| store.timed(get, b"", params.as_bytes()))?;
    println!("  {:<8} {:.2} GB/s", "get", LONG_LEN as f64 / seconds / 1e9);

    println!("small objects, ns each, best of {ROUNDS}:");
    println!("   count    len  put  put_many  ratio");
    for count in SMALL_COUNTS {
        for len in [16, 64, 100, 256, 1000, 1024, 4096] {
            small(count, len)?;
        }
    }
    Ok(())
}

/// A line of the table: so many objects of so many bytes, into a new store.
fn small(count: usize, len: usize) -> Result<(), UnitError> {
    let objects = noise(count as u64, count * len);
    let framed = batch::join(objects.chunks_exact(len))?;
    let one_by_one = best(|| {
        let store = Store::new()?;
        let put = store.units.resolve("storage", "put")?;
        let budget = Budget::unlimited();
        let mut out = VecOutput::new(32);
        let start = Instant::now();
        for input in objects.chunks_exact(len) {
            store.units.execute(put, Call { input, params: b"" }, &mut out, &budget)?;
            black_box(out.as_bytes());
        }
        Ok(start.elapsed().as_secs_f64())
    })?;
    let many = best(|| {
        let store = Store::new()?;
        let id = store.units.resolve("storage", "put_many")?;
        store.timed(id, &framed, b"")
    })?;
    let each = |seconds: f64| seconds / count as f64 * 1e9;
    let ratio = one_by_one / many;
    println!("{count:>8} {len:>6} {:>4.0} {:>9.0} {ratio:>6.2}", each(one_by_one), each(many));
    Ok(())
}

struct Store {
    units: Dispatcher,
}

impl Store {
    fn new() -> Result<Self, UnitError> {
        let mut units = Dispatcher::new();
        units.register(Box::new(StorageUnit::new()))?;
        Ok(Self { units })
    }

    fn call(&self, method: &str, input: &[u8], params: &[u8]) -> Result<VecOutput, UnitError> {
        let mut out = VecOutput::new(1 << 30);
        let call = Call { input, params };
        self.units.execute_named("storage", method, call, &mut out, &Budget::unlimited())?;
        Ok(out)
    }

    /// Seconds of a call; its memory is there beforehand.
    fn timed(&self, id: MethodId, input: &[u8], params: &[u8]) -> Result<f64, UnitError> {
        let call = Call { input, params };
        // Rows of `chunk` are few; the others' bounds are what they write.
        let mut bytes = vec![1; self.units.bound(id, call)?];
        let mut out = inos_units::SliceOutput::new(&mut bytes);
        let start = Instant::now();
        black_box(self.units.execute(id, call, &mut out, &Budget::unlimited())?);
        Ok(start.elapsed().as_secs_f64())
    }
}

fn best(mut run: impl FnMut() -> Result<f64, UnitError>) -> Result<f64, UnitError> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        best = best.min(run()?);
    }
    Ok(best)
}
