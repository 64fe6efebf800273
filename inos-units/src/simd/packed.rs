//! Vectors out of records of floats in bytes, and back: what has to be moved between lanes.
//!
//! Callers pass whole vectors: as many records as there are lanes. Of fewer the first are read and
//! written, or none, as suits the set. Nothing is rounded here. What an instruction set has no better way for goes through arrays.

use super::{Lanes, MAX_LANES, Simd};

/// Records of floats in little endian, read into vectors and written from them.
pub(crate) trait Packed: Simd {
    /// The first floats of `bytes`.
    #[inline(always)]
    fn read(self, bytes: &[u8]) -> Self::F {
        let mut lanes = [0.0; MAX_LANES];
        for (lane, word) in lanes.iter_mut().zip(bytes.as_chunks::<4>().0).take(Self::LANES) {
            *lane = f32::from_le_bytes(*word);
        }
        self.load(&lanes)
    }

    /// Writes the first floats of `bytes`.
    #[inline(always)]
    fn write(self, value: Self::F, bytes: &mut [u8]) {
        let lanes = self.lanes_of(value);
        for (word, lane) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(lanes).take(Self::LANES) {
            *word = lane.to_le_bytes();
        }
    }

    /// `x`, `y` and `z` of as many points as there are lanes, which lie packed in three vectors.
    #[inline(always)]
    fn unpack(self, packed: [Self::F; 3]) -> [Self::F; 3] {
        let packed = packed.map(|vector| self.lanes_of(vector));
        let mut parts = [[0.0; MAX_LANES]; 3];
        for at in 0..3 * Self::LANES {
            parts[at % 3][at / 3] = packed[at / Self::LANES][at % Self::LANES];
        }
        parts.each_ref().map(|part| self.load(part))
    }

    /// Undoes [`unpack`](Self::unpack).
    #[inline(always)]
    fn pack(self, parts: [Self::F; 3]) -> [Self::F; 3] {
        let parts = parts.map(|vector| self.lanes_of(vector));
        let mut packed = [[0.0; MAX_LANES]; 3];
        for at in 0..3 * Self::LANES {
            packed[at / Self::LANES][at % Self::LANES] = parts[at % 3][at / 3];
        }
        packed.each_ref().map(|vector| self.load(vector))
    }

    /// The four floats from byte `AT` on of the first records, one for each lane, by their place.
    #[inline(always)]
    fn columns<const N: usize, const AT: usize>(self, records: &[[u8; N]]) -> [Self::F; 4] {
        core::array::from_fn(|column| self.column(records, AT + 4 * column))
    }

    /// The float at byte `at` of the first records, one for each lane.
    #[inline(always)]
    fn column<const N: usize>(self, records: &[[u8; N]], at: usize) -> Self::F {
        let mut lanes = [0.0; MAX_LANES];
        for (lane, record) in lanes.iter_mut().zip(records).take(Self::LANES) {
            let word = record.get(at..).and_then(|bytes| bytes.first_chunk());
            *lane = f32::from_le_bytes(word.copied().unwrap_or_default());
        }
        self.load(&lanes)
    }

    /// Writes records of four floats, one for each lane.
    #[inline(always)]
    fn write_rows(self, columns: [Self::F; 4], rows: &mut [[u8; 16]]) {
        let columns = columns.map(|vector| self.lanes_of(vector));
        for (lane, row) in rows.iter_mut().take(Self::LANES).enumerate() {
            for (word, column) in row.as_chunks_mut::<4>().0.iter_mut().zip(&columns) {
                *word = column[lane].to_le_bytes();
            }
        }
    }

    /// Four floats, again and again.
    #[inline(always)]
    fn quad(self, four: &[u8; 16]) -> Self::F {
        let mut lanes = [0.0; MAX_LANES];
        let (words, _) = four.as_chunks::<4>();
        for (lane, word) in lanes.iter_mut().zip(words.iter().cycle()) {
            *lane = f32::from_le_bytes(*word);
        }
        self.load(&lanes)
    }

    /// Of each four lanes the first in all four, the second, and so on.
    #[inline(always)]
    fn spread(self, quads: Self::F) -> [Self::F; 4] {
        let lanes = self.lanes_of(quads);
        core::array::from_fn(|at| {
            let spread: Lanes = core::array::from_fn(|lane| lanes[lane / 4 * 4 + at]);
            self.load(&spread)
        })
    }

    /// 1, or -1 where `a` has a minus.
    #[inline(always)]
    fn side(self, a: Self::F) -> Self::F {
        self.load(&self.lanes_of(a).map(|a| 1.0_f32.copysign(a)))
    }

    /// `odd + a * 0`: NaN once an `a` was not finite, and 0 for as long as none was.
    #[inline(always)]
    fn spoil(self, odd: Self::F, a: Self::F) -> Self::F {
        self.mul_add(a, self.splat(0.0), odd)
    }

    /// Whether every lane is 0.
    #[inline(always)]
    fn is_zero(self, a: Self::F) -> bool {
        self.lanes_of(a).iter().all(|lane| *lane == 0.0)
    }

    /// All lanes, and 0 behind them.
    #[inline(always)]
    fn lanes_of(self, value: Self::F) -> Lanes {
        let mut lanes = [0.0; MAX_LANES];
        self.store(value, &mut lanes);
        lanes
    }
}

impl Packed for super::portable::Portable {}

#[cfg(target_arch = "aarch64")]
impl Packed for super::neon::Neon {}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Packed for super::wasm::Simd128 {}
