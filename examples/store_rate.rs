//! What a durable put costs, against writing and syncing the same bytes, in turns in one run.
//!
//! `cargo run --release --features store --example store_rate -- FOLDER`

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use inos::store::{Store, StoreConfig};

const ROUNDS: usize = 200;

/// Bytes that cannot be compressed: of Splitmix64.
fn bytes(seed: usize, len: usize) -> Vec<u8> {
    let words = (0..len.div_ceil(8)).map(|at| {
        let z = ((seed << 24 | at) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    words.flat_map(u64::to_le_bytes).take(len).collect()
}

fn median(mut micros: Vec<f64>) -> f64 {
    micros.sort_by(f64::total_cmp);
    micros.get(micros.len() / 2).copied().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("a folder that can go")?);
    fs::create_dir(&folder)?;
    let mut seed = 0;
    for key in [None, Some([7; 32])] {
        let name = if key.is_some() { "sealed" } else { "plain" };
        let config = StoreConfig { key, ..StoreConfig::default() };
        let store = Store::open(folder.join(name), &config)?;
        for len in [100, 1000, 4096, 16384] {
            let mut file = File::create(folder.join("bare"))?;
            let (mut bare, mut ours, mut many) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                seed += 1;
                let object = bytes(seed, len);
                let begin = Instant::now();
                file.write_all(&object)?;
                file.sync_all()?;
                bare.push(begin.elapsed().as_secs_f64() * 1e6);
                let begin = Instant::now();
                store.put_bytes(&object)?;
                ours.push(begin.elapsed().as_secs_f64() * 1e6);
                if round % 20 == 0 {
                    let objects: Vec<_> = (0..100).map(|i| bytes(seed << 8 | i, len)).collect();
                    let slices: Vec<_> = objects.iter().map(Vec::as_slice).collect();
                    let begin = Instant::now();
                    store.put_many(&slices)?;
                    many.push(begin.elapsed().as_secs_f64() * 1e4);
                }
            }
            let (bare, ours, many) = (median(bare), median(ours), median(many));
            println!(
                "{name}, {len} bytes: write and sync {bare:.0} us, put {ours:.0} us ({:.2}), \
                 of 100 at once {many:.0} us each",
                ours / bare
            );
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
