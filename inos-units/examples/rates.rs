//! Units beside their peers, by turns in one run; the ratio is the peer's time by the unit's.
//!
//! `cargo run --release -p inos-units --features full,native-fast --example rates`, where
//! `native-fast` may be left out.
//!
//! The peers are the crates that the units stand on, a loop where the unit takes many at once, and
//! the program `brotli` of the reference, if there is one.

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::ptr::null;
use std::time::{Duration, Instant};

use inos_units::crypto::{KeyParams, Kind, KindParams, SealParams, VerifyParams};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput, batch};
use sha2::Digest as _;

const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(40);

type Result<T> = std::result::Result<T, UnitError>;

fn main() -> Result<()> {
    println!("{:38} {:>11} {:>11} {:>7}", "ns, medians", "unit", "peer", "ratio");
    let bench = Bench { units: Dispatcher::standard() };
    boundary(&bench)?;
    hash(&bench)?;
    crypto(&bench)?;
    compress(&bench)
}

struct Bench {
    units: Dispatcher,
}

impl Bench {
    fn call(&self, unit: &str, method: &str, input: &[u8], params: &str) -> Result<Vec<u8>> {
        let mut out = VecOutput::new(1 << 28);
        let call = Call { input, params: params.as_bytes() };
        self.units.execute_named(unit, method, call, &mut out, &Budget::unlimited())?;
        Ok(out.to_vec())
    }

    /// Times a method, for each of so many things, and its peer by turns.
    fn row(
        &self,
        name: &str,
        things: u32,
        (unit, method, input, params): (&str, &str, &[u8], &str),
        mut peer: impl FnMut(),
    ) -> Result<()> {
        let id = self.units.resolve(unit, method)?;
        let (mut out, budget) = (VecOutput::new(1 << 28), Budget::unlimited());
        let call = Call { input, params: params.as_bytes() };
        let mut ours = || {
            out.clear();
            black_box(self.units.execute(id, call, &mut out, &budget)).map(drop)
        };
        ours()?;
        let (mut unit_times, mut peer_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let unit = time(|| drop(ours())) / f64::from(things);
            let peer = time(&mut peer) / f64::from(things);
            unit_times.push(unit);
            peer_times.push(peer);
            ratios.push(peer / unit);
        }
        let [unit, peer, ratio] = [unit_times, peer_times, ratios].map(median);
        println!("{name:38} {unit:11.1} {peer:11.1} {ratio:6.2}x");
        Ok(())
    }
}

/// Nanoseconds a call.
fn time(mut call: impl FnMut()) -> f64 {
    let (begin, mut calls) = (Instant::now(), 0_u32);
    while begin.elapsed() < TURN {
        call();
        calls += 1;
    }
    begin.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

inos_units::export_abi!(Dispatcher::standard());

fn free(block: *mut u8) {
    // SAFETY: it was given out just now, and nobody looks at it.
    unsafe { compute_free(block) };
}

/// What the C functions add to a call that is made from Rust.
fn boundary(bench: &Bench) -> Result<()> {
    let id = bench.units.resolve("hash", "sha256")?;
    let (mut out, budget, input) = (VecOutput::new(32), Budget::unlimited(), [7; 64]);
    let raw = |bytes: &[u8]| (bytes.as_ptr(), bytes.len());
    let ((unit, unit_len), (method, method_len), (data, len)) =
        (raw(b"hash"), raw(b"sha256"), raw(&input));
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(time(|| {
            let call = Call { input: &input, params: b"" };
            drop(black_box(bench.units.execute(id, call, &mut out, &budget)));
        }));
        times[1].push(time(|| {
            // SAFETY: a slice that outlives the call, and nothing.
            free(unsafe { compute_execute_id(id.raw(), data, len, null(), 0) });
        }));
        times[2].push(time(|| {
            // SAFETY: slices that outlive the call, and nothing.
            free(unsafe {
                compute_execute(unit, unit_len, method, method_len, data, len, null(), 0)
            });
        }));
    }
    let [direct, by_id, by_name] = times.map(median);
    println!(
        "sha256 of 64 bytes: {direct:.0} ns from Rust, {by_id:.0} from C by id, {by_name:.0} by name"
    );
    Ok(())
}

fn hash(bench: &Bench) -> Result<()> {
    for len in [40, 64, 100, 256, 1000, 1024, 4096] {
        let messages = vec![vec![7; len]; 1024];
        let input = batch::join(messages.iter().map(Vec::as_slice))?;
        let name = format!("blake3_many, {len} bytes: a loop");
        bench.row(&name, 1024, ("hash", "blake3_many", &input, ""), || {
            for message in &messages {
                black_box(blake3::hash(message));
            }
        })?;
    }
    for len in [64, 16 << 20] {
        let input = vec![7; len];
        bench.row(
            &format!("blake3, {len} bytes: blake3"),
            1,
            ("hash", "blake3", &input, ""),
            || {
                black_box(blake3::hash(&input));
            },
        )?;
        bench.row(
            &format!("sha256, {len} bytes: sha2"),
            1,
            ("hash", "sha256", &input, ""),
            || {
                black_box(sha2::Sha256::digest(&input));
            },
        )?;
    }
    Ok(())
}

/// Beside the library that the unit seals with, in place and, as the unit has to, of a copy.
fn sealing(bench: &Bench, params: &str) -> Result<()> {
    for len in [1 << 10, 1 << 14, 1 << 16, 1 << 20] {
        let (message, mut bytes) = (vec![7; len], vec![7; len]);
        let seal = ("crypto", "chacha20poly1305_seal", &message[..], params);
        bench.row(&format!("seal, {len} bytes: {PEER}, in place"), 1, seal, || {
            black_box(peer_seal(&mut bytes));
        })?;
        let sealed = bench.call("crypto", "chacha20poly1305_seal", &message, params)?;
        let mut bytes = vec![0; len];
        bench.row(&format!("seal, {len} bytes: {PEER}, a copy"), 1, seal, || {
            bytes.copy_from_slice(&message);
            black_box(peer_seal(&mut bytes));
        })?;
        let open = ("crypto", "chacha20poly1305_open", &sealed[..], params);
        bench.row(&format!("open, {len} bytes: {PEER} seals a copy"), 1, open, || {
            bytes.copy_from_slice(&message);
            black_box(peer_seal(&mut bytes));
        })?;
    }
    let handle = bench.call("crypto", "key_import", &[7; 16], r#"{"kind": "stream"}"#)?;
    let key = handle.first_chunk().map_or(0, |handle| u64::from_le_bytes(*handle));
    let stream = format!(r#"{{"key": {key}, "nonce": "{}"}}"#, "07".repeat(16));
    let key = KeyParams { key }.to_json();
    let message = vec![7; 1 << 24];
    let seal = ("crypto", "seal_stream", &message[..], stream.as_str());
    let stream = bench.call(seal.0, seal.1, seal.2, seal.3)?;
    let open = ("crypto", "open_stream", &stream[..], key.as_str());
    // The same bytes in messages of their own, into one buffer.
    let id = bench.units.resolve("crypto", "chacha20poly1305_seal")?;
    let (mut out, budget) = (VecOutput::new(1 << 17), Budget::unlimited());
    let mut by_segment = || {
        for segment in message.chunks(1 << 16) {
            let call = Call { input: segment, params: params.as_bytes() };
            drop(black_box(bench.units.execute(id, call, &mut out, &budget)));
        }
    };
    bench.row("seal_stream, 16 MiB: seal by 64 KiB", 256, seal, &mut by_segment)?;
    bench.row("open_stream, 16 MiB: seal by 64 KiB", 256, open, &mut by_segment)
}

#[cfg(feature = "native-fast")]
const PEER: &str = "ring";
#[cfg(not(feature = "native-fast"))]
const PEER: &str = "RustCrypto";

/// Seals in place, with a key that is expanded each time, as the unit does.
#[cfg(feature = "native-fast")]
fn peer_seal(bytes: &mut [u8]) -> Option<[u8; 16]> {
    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &[7; 32]).ok()?);
    let nonce = Nonce::assume_unique_for_key([1; 12]);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), bytes).ok()?;
    tag.as_ref().try_into().ok()
}

#[cfg(not(feature = "native-fast"))]
fn peer_seal(bytes: &mut [u8]) -> Option<[u8; 16]> {
    use chacha20poly1305::aead::AeadInOut as _;
    use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
    let cipher = ChaCha20Poly1305::new(&[7; 32].into());
    let tag = cipher.encrypt_inout_detached(&[1; 12].into(), b"", bytes.into()).ok()?;
    Some(tag.into())
}

fn crypto(bench: &Bench) -> Result<()> {
    let import = |kind| -> Result<u64> {
        let handle =
            bench.call("crypto", "key_import", &[7; 32], &KindParams { kind }.to_json())?;
        Ok(handle.first_chunk().map_or(0, |handle| u64::from_le_bytes(*handle)))
    };
    let seal = SealParams { key: import(Kind::Aead)?, nonce: [1; 12].into(), ..Default::default() };
    let seal = seal.to_json();
    sealing(bench, &seal)?;
    let messages = vec![vec![7; 64]; 1024];
    let together = batch::join(messages.iter().map(Vec::as_slice))?;
    bench.row(
        "seal_many, 64 bytes: one by one",
        1024,
        ("crypto", "seal_many", &together, &seal),
        || {
            for message in &messages {
                drop(black_box(bench.call("crypto", "chacha20poly1305_seal", message, &seal)));
            }
        },
    )?;
    let key = KeyParams { key: import(Kind::Ed25519)? }.to_json();
    let message = [7; 100];
    let public = bench.call("crypto", "key_public", b"", &key)?;
    let signature = bench.call("crypto", "ed25519_sign", &message, &key)?;
    let item = [&public[..], &signature, &message].concat();
    let items = batch::join([item.as_slice(); 64])?;
    let verify = VerifyParams { public: public.into(), signature: signature.into() }.to_json();
    bench.row(
        "verify_batch of 64: one by one",
        64,
        ("crypto", "ed25519_verify_batch", &items, ""),
        || {
            for _ in 0..64 {
                drop(black_box(bench.call("crypto", "ed25519_verify", &message, &verify)));
            }
        },
    )
}

/// Against a process that is started for each: long enough that it does not matter.
fn compress(bench: &Bench) -> Result<()> {
    let words = include_str!("../src/macros.rs");
    let text: Vec<u8> = (0..600_u32)
        .flat_map(|round| {
            let turn = (round as usize * 977) % words.len();
            let (a, b) = words.as_bytes().split_at(turn);
            [b, a, &round.to_le_bytes()].concat()
        })
        .collect();
    let Some(stream) = program(&["-c", "-q", "9"], &text) else {
        println!("there is no program `brotli` to compare with");
        return Ok(());
    };
    println!(
        "brotli: {} bytes of text, {} as the reference compresses it",
        text.len(),
        stream.len()
    );
    let decode = ("compress", "brotli_decompress", &stream[..], "");
    bench.row("decompress: brotli -d", 1, decode, || {
        black_box(program(&["-d", "-c"], &stream));
    })?;
    let ours = bench.call("compress", "brotli_compress", &text, r#"{"quality": 9}"#)?;
    println!("brotli: {} bytes as the unit compresses it", ours.len());
    let encode = ("compress", "brotli_compress", &text[..], r#"{"quality": 9}"#);
    bench.row("compress, quality 9: brotli -q 9", 1, encode, || {
        black_box(program(&["-c", "-q", "9"], &text));
    })
}

/// What the program gives; `None` where there is none.
fn program(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("brotli");
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().ok().map(|output| output.stdout)
    })
}
