//! x86-64: records by shuffles.
//!
//! A point's `x` is every third float, and 3 has no divisor in common with 4, 8 or 16. So of three
//! vectors of packed points, the `x` are in different lanes each: two blends gather them in one
//! vector, and one permutation puts them in order.

use core::arch::x86_64::*;

use super::packed::Packed;
use super::x86::{Avx2, Avx512, Sse2};

/// Reads and writes of a whole vector.
macro_rules! read_write {
    ($bytes:literal, $vector:ty, $load:ident, $store:ident) => {
        #[inline(always)]
        fn read(self, bytes: &[u8]) -> $vector {
            let mut whole = [0; $bytes];
            if let Some(bytes) = bytes.first_chunk() {
                whole = *bytes;
            }
            // SAFETY: `self` is proof of the feature; the array is as long as the vector, and the
            // load asks for no alignment.
            unsafe { $load(whole.as_ptr().cast()) }
        }

        #[inline(always)]
        fn write(self, value: $vector, bytes: &mut [u8]) {
            if let Some(bytes) = bytes.first_chunk_mut::<$bytes>() {
                // SAFETY: `self` is proof of the feature; the array is as long as the vector, is
                // ours alone, and the store asks for no alignment.
                unsafe { $store(bytes.as_mut_ptr().cast(), value) }
            }
        }
    };
}

/// Methods of [`Packed`], each in safe functions that have the feature.
macro_rules! ops {
    ($feature:literal; $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty { $($body:tt)* })*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            #[inline]
            #[target_feature(enable = $feature)]
            fn with_feature($($arg: $type),*) -> $out {
                $($body)*
            }
            // SAFETY: `self` is proof that the processor has the feature.
            unsafe { with_feature($($arg),*) }
        }
    )*};
}

/// Four floats of a record.
#[inline(always)]
fn four<const N: usize, const AT: usize>(record: &[u8; N]) -> __m128 {
    const { assert!(AT + 16 <= N, "within the record") };
    // SAFETY: the record goes on for as long as four floats behind byte `AT`, as was asserted.
    let from = unsafe { record.as_ptr().add(AT) };
    // SAFETY: as above; the load asks for no alignment, and SSE2 is part of every x86-64.
    unsafe { _mm_loadu_ps(from.cast()) }
}

/// Writes a record of four floats.
#[inline(always)]
fn write_four(row: &mut [u8; 16], value: __m128) {
    // SAFETY: the row has as many bytes as the vector, is ours alone, the store asks for no
    // alignment, and SSE2 is part of every x86-64.
    unsafe { _mm_storeu_ps(row.as_mut_ptr().cast(), value) }
}

/// The places of `_mm_shuffle_ps`, from the first lane to the last.
const fn lanes(a: i32, b: i32, c: i32, d: i32) -> i32 {
    a | b << 2 | c << 4 | d << 6
}

impl Packed for Sse2 {
    read_write!(16, __m128, _mm_loadu_ps, _mm_storeu_ps);

    #[inline(always)]
    fn columns<const N: usize, const AT: usize>(self, records: &[[u8; N]]) -> [__m128; 4] {
        match records.first_chunk::<4>() {
            Some(records) => self.transpose(records.each_ref().map(four::<N, AT>)),
            None => [self.zero(); 4],
        }
    }

    #[inline(always)]
    fn write_rows(self, columns: [__m128; 4], rows: &mut [[u8; 16]]) {
        for (row, value) in rows.iter_mut().zip(self.transpose(columns)) {
            write_four(row, value);
        }
    }

    ops! { "sse2";
        fn unpack(packed: [__m128; 3]) -> [__m128; 3] {
            let [a, b, c] = packed;
            let xy23 = _mm_shuffle_ps::<{ lanes(2, 3, 1, 2) }>(b, c);
            let yz01 = _mm_shuffle_ps::<{ lanes(1, 2, 0, 1) }>(a, b);
            [
                _mm_shuffle_ps::<{ lanes(0, 3, 0, 2) }>(a, xy23),
                _mm_shuffle_ps::<{ lanes(0, 2, 1, 3) }>(yz01, xy23),
                _mm_shuffle_ps::<{ lanes(1, 3, 0, 3) }>(yz01, c),
            ]
        }
        fn pack(parts: [__m128; 3]) -> [__m128; 3] {
            let [x, y, z] = parts;
            let x02y02 = _mm_shuffle_ps::<{ lanes(0, 2, 0, 2) }>(x, y);
            let y13z13 = _mm_shuffle_ps::<{ lanes(1, 3, 1, 3) }>(y, z);
            let z02x13 = _mm_shuffle_ps::<{ lanes(0, 2, 1, 3) }>(z, x);
            [
                _mm_shuffle_ps::<{ lanes(0, 2, 0, 2) }>(x02y02, z02x13),
                _mm_shuffle_ps::<{ lanes(0, 2, 1, 3) }>(y13z13, x02y02),
                _mm_shuffle_ps::<{ lanes(1, 3, 1, 3) }>(z02x13, y13z13),
            ]
        }
        fn quad(record: &[u8; 16]) -> __m128 { four::<16, 0>(record) }
        fn spread(a: __m128) -> [__m128; 4] {
            [
                _mm_shuffle_ps::<0x00>(a, a),
                _mm_shuffle_ps::<0x55>(a, a),
                _mm_shuffle_ps::<0xaa>(a, a),
                _mm_shuffle_ps::<0xff>(a, a),
            ]
        }
        fn side(a: __m128) -> __m128 {
            _mm_or_ps(_mm_and_ps(a, _mm_set1_ps(-0.0)), _mm_set1_ps(1.0))
        }
    }
}

impl Sse2 {
    ops! { "sse2";
        fn zero() -> __m128 { _mm_setzero_ps() }
        fn transpose(rows: [__m128; 4]) -> [__m128; 4] {
            let [a, b, c, d] = rows;
            let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
            [
                _mm_movelh_ps(ab, cd),
                _mm_movehl_ps(cd, ab),
                _mm_movelh_ps(ab_high, cd_high),
                _mm_movehl_ps(cd_high, ab_high),
            ]
        }
    }
}

impl Packed for Avx2 {
    read_write!(32, __m256, _mm256_loadu_ps, _mm256_storeu_ps);

    #[inline(always)]
    fn columns<const N: usize, const AT: usize>(self, records: &[[u8; N]]) -> [__m256; 4] {
        let Some(records) = records.first_chunk::<8>() else { return [self.zero(); 4] };
        let [a, b, c, d, e, f, g, h] = records.each_ref().map(four::<N, AT>);
        self.transpose([self.join(a, e), self.join(b, f), self.join(c, g), self.join(d, h)])
    }

    #[inline(always)]
    fn write_rows(self, columns: [__m256; 4], rows: &mut [[u8; 16]]) {
        let (low, high) = rows.split_at_mut(rows.len().min(4));
        for ((low, high), value) in low.iter_mut().zip(high).zip(self.transpose(columns)) {
            let [first, second] = self.halves(value);
            write_four(low, first);
            write_four(high, second);
        }
    }

    ops! { "avx2,fma";
        fn unpack(packed: [__m256; 3]) -> [__m256; 3] {
            let [a, b, c] = packed;
            let x = _mm256_blend_ps::<0x24>(_mm256_blend_ps::<0x92>(a, b), c);
            let y = _mm256_blend_ps::<0x49>(_mm256_blend_ps::<0x24>(a, b), c);
            let z = _mm256_blend_ps::<0x92>(_mm256_blend_ps::<0x49>(a, b), c);
            [
                _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5)),
                _mm256_permutevar8x32_ps(y, _mm256_setr_epi32(1, 4, 7, 2, 5, 0, 3, 6)),
                _mm256_permutevar8x32_ps(z, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7)),
            ]
        }
        fn pack(parts: [__m256; 3]) -> [__m256; 3] {
            let [x, y, z] = parts;
            let x = _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5));
            let y = _mm256_permutevar8x32_ps(y, _mm256_setr_epi32(5, 0, 3, 6, 1, 4, 7, 2));
            let z = _mm256_permutevar8x32_ps(z, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7));
            [
                _mm256_blend_ps::<0x24>(_mm256_blend_ps::<0x92>(x, y), z),
                _mm256_blend_ps::<0x49>(_mm256_blend_ps::<0x24>(x, y), z),
                _mm256_blend_ps::<0x92>(_mm256_blend_ps::<0x49>(x, y), z),
            ]
        }
        fn quad(record: &[u8; 16]) -> __m256 {
            let record = four::<16, 0>(record);
            _mm256_set_m128(record, record)
        }
        fn spread(a: __m256) -> [__m256; 4] {
            [
                _mm256_permute_ps::<0x00>(a),
                _mm256_permute_ps::<0x55>(a),
                _mm256_permute_ps::<0xaa>(a),
                _mm256_permute_ps::<0xff>(a),
            ]
        }
        fn side(a: __m256) -> __m256 {
            _mm256_or_ps(_mm256_and_ps(a, _mm256_set1_ps(-0.0)), _mm256_set1_ps(1.0))
        }
        // A product with 0 is 0 or NaN: nothing is rounded.
        fn spoil(odd: __m256, a: __m256) -> __m256 {
            _mm256_fmadd_ps(a, _mm256_setzero_ps(), odd)
        }
    }
}

impl Avx2 {
    ops! { "avx2,fma";
        fn zero() -> __m256 { _mm256_setzero_ps() }
        fn join(low: __m128, high: __m128) -> __m256 { _mm256_set_m128(high, low) }
        fn halves(a: __m256) -> [__m128; 2] {
            [_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a)]
        }
        // Within each half.
        fn transpose(rows: [__m256; 4]) -> [__m256; 4] {
            let [a, b, c, d] = rows;
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            [
                _mm256_shuffle_ps::<{ lanes(0, 1, 0, 1) }>(ab, cd),
                _mm256_shuffle_ps::<{ lanes(2, 3, 2, 3) }>(ab, cd),
                _mm256_shuffle_ps::<{ lanes(0, 1, 0, 1) }>(ab_high, cd_high),
                _mm256_shuffle_ps::<{ lanes(2, 3, 2, 3) }>(ab_high, cd_high),
            ]
        }
    }
}

/// The lanes of vector `vector` of packed points that hold part `part`.
const fn mask(vector: usize, part: usize) -> u16 {
    let (mut mask, mut lane) = (0, 0);
    while lane < 16 {
        if (16 * vector + lane) % 3 == part {
            mask |= 1 << lane;
        }
        lane += 1;
    }
    mask
}

/// Where a part is, after the blends, of each point; or the other way round.
const fn places(part: usize, inverse: bool) -> [i32; 16] {
    let mut places = [0; 16];
    let mut point = 0;
    while point < 16 {
        let lane = (3 * point + part) % 16;
        let (to, from) = if inverse { (lane, point) } else { (point, lane) };
        places[to] = from as i32;
        point += 1;
    }
    places
}

/// [`places`] as a vector.
macro_rules! places {
    ($part:literal, $inverse:literal) => {{
        const PLACES: [i32; 16] = places($part, $inverse);
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = PLACES;
        _mm512_setr_epi32(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    }};
}

impl Packed for Avx512 {
    read_write!(64, __m512, _mm512_loadu_ps, _mm512_storeu_ps);

    #[inline(always)]
    fn columns<const N: usize, const AT: usize>(self, records: &[[u8; N]]) -> [__m512; 4] {
        let Some(records) = records.first_chunk::<16>() else { return [self.zero(); 4] };
        let rows = records.each_ref().map(four::<N, AT>);
        self.transpose(core::array::from_fn(|row| {
            self.join([rows[row], rows[row + 4], rows[row + 8], rows[row + 12]])
        }))
    }

    #[inline(always)]
    fn write_rows(self, columns: [__m512; 4], rows: &mut [[u8; 16]]) {
        let Some(rows) = rows.first_chunk_mut::<16>() else { return };
        for (at, value) in self.transpose(columns).into_iter().enumerate() {
            for (quarter, value) in self.quarters(value).into_iter().enumerate() {
                write_four(&mut rows[4 * quarter + at], value);
            }
        }
    }

    ops! { "avx512f";
        fn unpack(packed: [__m512; 3]) -> [__m512; 3] {
            let [a, b, c] = packed;
            let ab = _mm512_mask_blend_ps(const { mask(1, 0) }, a, b);
            let x = _mm512_mask_blend_ps(const { mask(2, 0) }, ab, c);
            let ab = _mm512_mask_blend_ps(const { mask(1, 1) }, a, b);
            let y = _mm512_mask_blend_ps(const { mask(2, 1) }, ab, c);
            let ab = _mm512_mask_blend_ps(const { mask(1, 2) }, a, b);
            let z = _mm512_mask_blend_ps(const { mask(2, 2) }, ab, c);
            [
                _mm512_permutexvar_ps(places!(0, false), x),
                _mm512_permutexvar_ps(places!(1, false), y),
                _mm512_permutexvar_ps(places!(2, false), z),
            ]
        }
        fn pack(parts: [__m512; 3]) -> [__m512; 3] {
            let [x, y, z] = parts;
            let x = _mm512_permutexvar_ps(places!(0, true), x);
            let y = _mm512_permutexvar_ps(places!(1, true), y);
            let z = _mm512_permutexvar_ps(places!(2, true), z);
            let xy = _mm512_mask_blend_ps(const { mask(0, 1) }, x, y);
            let a = _mm512_mask_blend_ps(const { mask(0, 2) }, xy, z);
            let xy = _mm512_mask_blend_ps(const { mask(1, 1) }, x, y);
            let b = _mm512_mask_blend_ps(const { mask(1, 2) }, xy, z);
            let xy = _mm512_mask_blend_ps(const { mask(2, 1) }, x, y);
            let c = _mm512_mask_blend_ps(const { mask(2, 2) }, xy, z);
            [a, b, c]
        }
        fn quad(record: &[u8; 16]) -> __m512 { _mm512_broadcast_f32x4(four::<16, 0>(record)) }
        fn spread(a: __m512) -> [__m512; 4] {
            [
                _mm512_permute_ps::<0x00>(a),
                _mm512_permute_ps::<0x55>(a),
                _mm512_permute_ps::<0xaa>(a),
                _mm512_permute_ps::<0xff>(a),
            ]
        }
        fn side(a: __m512) -> __m512 {
            let minus = _mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(i32::MIN));
            let one = _mm512_castps_si512(_mm512_set1_ps(1.0));
            _mm512_castsi512_ps(_mm512_or_si512(minus, one))
        }
        // A product with 0 is 0 or NaN: nothing is rounded.
        fn spoil(odd: __m512, a: __m512) -> __m512 {
            _mm512_fmadd_ps(a, _mm512_setzero_ps(), odd)
        }
    }
}

impl Avx512 {
    ops! { "avx512f";
        fn zero() -> __m512 { _mm512_setzero_ps() }
        fn join(quarters: [__m128; 4]) -> __m512 {
            let [a, b, c, d] = quarters;
            let ab = _mm512_insertf32x4::<1>(_mm512_castps128_ps512(a), b);
            _mm512_insertf32x4::<3>(_mm512_insertf32x4::<2>(ab, c), d)
        }
        fn quarters(a: __m512) -> [__m128; 4] {
            [
                _mm512_castps512_ps128(a),
                _mm512_extractf32x4_ps::<1>(a),
                _mm512_extractf32x4_ps::<2>(a),
                _mm512_extractf32x4_ps::<3>(a),
            ]
        }
        // Within each quarter.
        fn transpose(rows: [__m512; 4]) -> [__m512; 4] {
            let [a, b, c, d] = rows;
            let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
            [
                _mm512_shuffle_ps::<{ lanes(0, 1, 0, 1) }>(ab, cd),
                _mm512_shuffle_ps::<{ lanes(2, 3, 2, 3) }>(ab, cd),
                _mm512_shuffle_ps::<{ lanes(0, 1, 0, 1) }>(ab_high, cd_high),
                _mm512_shuffle_ps::<{ lanes(2, 3, 2, 3) }>(ab_high, cd_high),
            ]
        }
    }
}
