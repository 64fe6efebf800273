//! FastCDC as its paper says it, a byte at a time, with nothing from the crate: the gear table is
//! made by MD5 (RFC 1321), the masks are those of destor, the authors' implementation.
#![allow(dead_code)]

#[path = "noise.rs"]
mod made;

pub(crate) use made::noise;

/// MD5.
pub(crate) fn md5(message: &[u8]) -> [u8; 16] {
    const TURNS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend_from_slice(&(message.len() as u64 * 8).to_le_bytes());
    for block in bytes.chunks(64) {
        let word = |index: usize| {
            u32::from_le_bytes(block[index * 4..index * 4 + 4].try_into().expect("four bytes"))
        };
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, index) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            let sine = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(sine).wrapping_add(word(index % 16));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4]));
        }
        for (word, add) in state.iter_mut().zip([a, b, c, d]) {
            *word = word.wrapping_add(add);
        }
    }
    let mut digest = [0; 16];
    for (target, word) in digest.chunks_mut(4).zip(state) {
        target.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// The gear table: of 64 bytes of each value, the first half of the MD5, big-endian.
fn gear() -> Vec<u64> {
    let half = |digest: [u8; 16]| u64::from_be_bytes(digest[..8].try_into().expect("eight bytes"));
    (0..=255_u8).map(|value| half(md5(&[value; 64]))).collect()
}

/// Masks of normalization level 1: below the average, and from there on.
fn masks(average: usize) -> (u64, u64) {
    match average {
        256 => (0x0000_0190_0035_3000, 0x0000_0000_1803_5100),
        1024 => (0x0000_d900_0353_0000, 0x0000_0190_0035_3000),
        4096 => (0x0000_d903_0353_0000, 0x0000_d900_0353_0000),
        65536 => (0x0000_d907_0353_7000, 0x0000_d90f_0353_0000),
        _ => unreachable!("no mask for {average}"),
    }
}

/// Lengths of the chunks of `bytes`.
pub(crate) fn cuts(mut bytes: &[u8], min: usize, average: usize, max: usize) -> Vec<usize> {
    let gear = gear();
    let (strict, loose) = masks(average);
    let mut lens = Vec::new();
    while !bytes.is_empty() {
        let most = bytes.len().min(max);
        // Two bytes at a time: the odd one at the end is not looked at.
        let mut hash = 0_u64;
        let found = (min..most - most % 2).find(|&index| {
            hash = (hash << 1).wrapping_add(gear[usize::from(bytes[index])]);
            hash & if index < average { strict } else { loose } == 0
        });
        let len = found.unwrap_or(most);
        lens.push(len);
        bytes = &bytes[len..];
    }
    lens
}
