//! How fast one thread packs and unpacks a file, beside the same stages as calls of their own:
//! `chunk`, then for each chunk `brotli_compress`, then `chacha20poly1305_seal`; by turns in one run.
//!
//! `cargo run --release -p inos-units --features storage-pack --example pack_rate`, where
//! `native-fast` may be added.

#[path = "../tests/support/noise.rs"]
mod made;

use std::hint::black_box;
use std::time::Instant;

use inos_units::{Budget, Call, Dispatcher, MethodId, SliceOutput, UnitError, VecOutput};
use made::noise;

const ROUNDS: usize = 9;

/// A handle of the first key of a dispatcher.
const KEY: u64 = 1 << 32;

type Result<T> = std::result::Result<T, UnitError>;

fn main() -> Result<()> {
    let noise = noise(1, 16 << 20);
    let words = include_str!("../src/storage/mod.rs");
    let text: Vec<u8> = (0..400_usize)
        .flat_map(|turn| {
            let (a, b) = words.as_bytes().split_at(turn * 977 % words.len());
            [b, a, &turn.to_le_bytes()].concat()
        })
        .collect();
    let units = Units::new()?;
    println!("MB/s of the file, medians of {ROUNDS}; the ratio is the stages' time by the pack's");
    for (name, file) in [("noise", &noise), ("text", &text)] {
        for (compression, sealed) in [("none", false), ("none", true), ("brotli", true)] {
            units.row(name, file, compression, sealed)?;
        }
    }
    Ok(())
}

struct Units {
    units: Dispatcher,
    chunk: MethodId,
    compress: MethodId,
    seal: MethodId,
}

impl Units {
    fn new() -> Result<Self> {
        let units = Dispatcher::standard();
        let call = Call { input: &[7; 32], params: b"" };
        let (mut out, budget) = (VecOutput::new(8), Budget::unlimited());
        units.execute_named("crypto", "key_import", call, &mut out, &budget)?;
        let chunk = units.resolve("storage", "chunk")?;
        let compress = units.resolve("compress", "brotli_compress")?;
        let seal = units.resolve("crypto", "chacha20poly1305_seal")?;
        Ok(Self { units, chunk, compress, seal })
    }

    fn execute(&self, id: MethodId, input: &[u8], params: &str, out: &mut [u8]) -> Result<usize> {
        let call = Call { input, params: params.as_bytes() };
        self.units.execute(id, call, &mut SliceOutput::new(out), &Budget::unlimited())
    }

    /// The stages one after the other, each over the whole file; bytes that come out.
    fn stages(
        &self,
        file: &[u8],
        compression: &str,
        sealed: bool,
        rooms: &mut [Vec<u8>; 2],
    ) -> Result<usize> {
        let mut rows = VecOutput::new(1 << 20);
        let call = Call { input: file, params: b"" };
        self.units.execute(self.chunk, call, &mut rows, &Budget::unlimited())?;
        let [shorter, done] = rooms;
        let mut bodies = Vec::new();
        let (mut rest, mut at) = (file, 0);
        for row in rows.as_bytes().chunks_exact(48) {
            let len = row.get(8..16).and_then(|len| len.try_into().ok()).map(u64::from_le_bytes);
            let (chunk, behind) = rest.split_at(len.unwrap_or_default() as usize);
            rest = behind;
            if compression == "brotli" {
                let len = self.execute(
                    self.compress,
                    chunk,
                    r#"{"quality": 5, "window": 18}"#,
                    shorter.get_mut(at..).unwrap_or_default(),
                )?;
                bodies.push((at, len));
                at += len;
            } else {
                bodies.push((chunk.as_ptr() as usize - file.as_ptr() as usize, chunk.len()));
            }
        }
        let source = if compression == "brotli" { &shorter[..] } else { file };
        let mut end = 0;
        for (number, (at, len)) in bodies.into_iter().enumerate() {
            let body = source.get(at..at + len).unwrap_or_default();
            let target = done.get_mut(end..).unwrap_or_default();
            if sealed {
                let params = format!(r#"{{"key": {KEY}, "nonce": "{number:024x}"}}"#);
                end += self.execute(self.seal, body, &params, target)?;
            } else {
                let target = target.get_mut(..len).unwrap_or_default();
                target.copy_from_slice(body);
                end += len;
            }
        }
        Ok(end)
    }

    fn row(&self, name: &str, file: &[u8], compression: &str, sealed: bool) -> Result<()> {
        let key = if sealed { format!(r#", "key": {KEY}"#) } else { String::new() };
        let packing = format!(r#"{{"compression": "{compression}"{key}}}"#);
        let opening = format!(r#"{{"key": {}}}"#, if sealed { KEY } else { 0 });
        let pack_id = self.units.resolve("storage", if sealed { "pack_sealed" } else { "pack" })?;
        let unpack_id = self.units.resolve("storage", "unpack")?;
        let range_id = self.units.resolve("storage", "unpack_range")?;
        let most = file.len() + (4 << 20);
        let (mut pack, mut rooms) = (vec![1; most], [0; 2].map(|_| vec![1; most]));
        let mut again = vec![1; file.len()];
        let (mut pack_len, mut times) = (0, [const { Vec::new() }; 4]);
        let range = opening.replace('}', r#", "offset": 5000000, "length": 65536}"#);
        for _ in 0..ROUNDS {
            times[0].push(time(|| {
                pack_len = self.execute(pack_id, file, &packing, &mut pack)?;
                Ok(())
            })?);
            times[1].push(time(|| {
                black_box(self.stages(file, compression, sealed, &mut rooms)?);
                Ok(())
            })?);
            let pack = pack.get(..pack_len).unwrap_or_default();
            times[2].push(time(|| {
                black_box(self.execute(unpack_id, pack, &opening, &mut again)?);
                Ok(())
            })?);
            times[3].push(time(|| {
                black_box(self.execute(range_id, pack, &range, &mut again)?);
                Ok(())
            })?);
            again.fill(1);
        }
        let mut ratios: Vec<f64> =
            times[0].iter().zip(&times[1]).map(|(pack, stages)| stages / pack).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios.first().copied(), ratios.last().copied());
        let ratio = median(ratios.clone());
        let [pack, stages, unpack, range] = times.map(median);
        let rate = |seconds: f64| file.len() as f64 / seconds / 1e6;
        println!(
            "{name:5} {compression:6} {:8} {pack_len:9} bytes: pack {:5.0}, stages {:5.0}, \
             {ratio:.2}x ({:.2}-{:.2}); unpack {:5.0}; a range of 64 KiB {:.0} us",
            if sealed { "sealed" } else { "" },
            rate(pack),
            rate(stages),
            low.unwrap_or_default(),
            high.unwrap_or_default(),
            rate(unpack),
            range * 1e6,
        );
        Ok(())
    }
}

/// Seconds of a call.
fn time(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    run()?;
    Ok(begin.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
