//! Broken sources never panic, hang or point outside themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers outside test functions

use inos_gpu::{Limits, ShaderError, inspect};

const SEEDS: [&str; 3] = [
    include_str!("../shader/reduce.wgsl"),
    "struct S { a: vec3f, @align(16) b: array<mat2x2f, 3>, tail: array<atomic<u32>> }
     alias V = vec4<f32>;
     override scale: f32 = 2.0;
     const table = array<i32, 4>(-1, 0x7fffffff, 3 % 2, 1 << 3u);
     @group(0) @binding(0) var<storage, read_write> s: S;
     @group(0) @binding(1) var image: texture_2d<f32>;
     @group(0) @binding(2) var linear: sampler;
     fn pick(i: i32) -> i32 { switch i { case 0, 1: { return table[i]; } default: { return -i; } } }
     @fragment fn shade(@builtin(position) p: V) -> @location(0) V {
         var sum = V(); /* nested /* comment */ */
         for (var i = 0; i < 4; i++) { if pick(i) == 0 { continue; } else { sum += scale * p.wzyx; } }
         return sum + textureSample(image, linear, p.xy) * f32(arrayLength(&s.tail));
     }",
    "@compute @workgroup_size(4, 2, 1) fn é(@builtin(local_invocation_id) ü: vec3<u32>) {
         let a = select(1u, ~ü.x, ü.y > 0u && !(ü.z == 1u)); loop { break if a < 2u; }
     }",
];

const PIECES: [&str; 24] = [
    "0",
    "-1",
    "4294967295u",
    "1e38f",
    "0x1p-149",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    "/*",
    "*/",
    "//",
    "@binding(0)",
    "array<",
    "atomic<u32>",
    "\u{2028}",
    "\0",
    "é",
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).unwrap()
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn mutate(random: &mut Random, source: &mut String) {
    let (a, b) = (random.place(source), random.place(source));
    // Mostly short ranges: what is left stays close to a shader.
    let mut end = (a.min(b) + random.below(12)).min(source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    let range = a.min(b)..end;
    match random.below(5) {
        0 => source.replace_range(range, ""),
        1 => source.insert_str(a, PIECES[random.below(PIECES.len())]),
        2 => source.replace_range(range, PIECES[random.below(PIECES.len())]),
        3 => {
            let copy = source[range].to_owned();
            source.insert_str(b, &copy);
        }
        _ => {
            // Swap two words of the same source.
            let words: Vec<&str> = source
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            if words.is_empty() {
                return;
            }
            let from = words[random.below(words.len())].to_owned();
            let to = words[random.below(words.len())].to_owned();
            *source = source.replacen(&from, &to, 1 + random.below(2));
        }
    }
}

#[test]
fn mutated_sources_are_judged() {
    let rounds: u64 =
        std::env::var("INOS_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(4000);
    let limits = Limits::default();
    let (mut passed, mut refused) = (0u64, 0u64);
    for round in 0..rounds {
        let mut random = Random(round);
        let mut source = SEEDS[random.below(SEEDS.len())].to_owned();
        for _ in 0..=random.below(3) {
            mutate(&mut random, &mut source);
        }
        match inspect(&source, &limits) {
            Ok(info) => {
                passed += 1;
                assert!(!info.entry_points.is_empty());
                for entry in &info.entry_points {
                    assert_eq!(info.bindings_of(entry).count(), entry.binding_indices.len());
                }
            }
            Err(ShaderError::Internal) => {
                panic!("round {round}: the validator panicked on\n{source}")
            }
            Err(error) => {
                refused += 1;
                if let Some(at) = error.location() {
                    let line = source.split('\n').nth(at.line as usize - 1).unwrap();
                    assert!(at.column >= 1 && at.column as usize <= line.chars().count() + 1);
                }
            }
        }
    }
    // The mutations are of use only while some shaders survive them.
    assert!(passed * 50 > rounds && refused * 2 > rounds, "{passed} passed, {refused} refused");
}

/// Any prefix, so any place at which a file may end.
#[test]
fn truncated_sources_are_judged() {
    for seed in SEEDS {
        for end in (0..seed.len()).filter(|end| seed.is_char_boundary(*end)) {
            let verdict = inspect(&seed[..end], &Limits::default());
            assert!(!matches!(verdict, Err(ShaderError::Internal)), "panicked at {end}");
        }
    }
}
