//! WebAssembly with `simd128`, chosen when the module is compiled.

#[cfg(target_feature = "simd128")]
pub(super) use vectors::Simd128;

#[cfg(target_feature = "simd128")]
mod vectors {
    use core::arch::wasm32::*;

    use super::super::{Lanes, MAX_LANES, Simd};

    /// Four lanes.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Simd128;

    impl Simd for Simd128 {
        const LANES: usize = 4;
        type F = v128;
        type M = v128;
        type W = v128;
        type C = v128;

        #[inline(always)]
        fn splat(self, value: f32) -> v128 {
            f32x4_splat(value)
        }

        #[inline(always)]
        fn load(self, from: &Lanes) -> v128 {
            f32x4(from[0], from[1], from[2], from[3])
        }

        #[inline(always)]
        fn store(self, value: v128, to: &mut Lanes) {
            to[0] = f32x4_extract_lane::<0>(value);
            to[1] = f32x4_extract_lane::<1>(value);
            to[2] = f32x4_extract_lane::<2>(value);
            to[3] = f32x4_extract_lane::<3>(value);
        }

        #[inline(always)]
        fn add(self, a: v128, b: v128) -> v128 {
            f32x4_add(a, b)
        }

        #[inline(always)]
        fn sub(self, a: v128, b: v128) -> v128 {
            f32x4_sub(a, b)
        }

        #[inline(always)]
        fn mul(self, a: v128, b: v128) -> v128 {
            f32x4_mul(a, b)
        }

        #[inline(always)]
        fn div(self, a: v128, b: v128) -> v128 {
            f32x4_div(a, b)
        }

        #[inline(always)]
        fn sqrt(self, a: v128) -> v128 {
            f32x4_sqrt(a)
        }

        #[inline(always)]
        fn abs(self, a: v128) -> v128 {
            f32x4_abs(a)
        }

        #[inline(always)]
        fn max(self, a: v128, b: v128) -> v128 {
            f32x4_pmax(a, b)
        }

        #[inline(always)]
        fn less(self, a: v128, b: v128) -> v128 {
            f32x4_lt(a, b)
        }

        #[inline(always)]
        fn and(self, a: v128, b: v128) -> v128 {
            v128_and(a, b)
        }

        #[inline(always)]
        fn and_not(self, a: v128, b: v128) -> v128 {
            v128_andnot(a, b)
        }

        #[inline(always)]
        fn any(self, mask: v128) -> bool {
            v128_any_true(mask)
        }

        #[inline(always)]
        fn bits(self, mask: v128) -> u32 {
            u32::from(i32x4_bitmask(mask))
        }

        #[inline(always)]
        fn select(self, mask: v128, a: v128, b: v128) -> v128 {
            v128_bitselect(a, b, mask)
        }

        #[inline(always)]
        fn keep(self, mask: v128, a: v128) -> v128 {
            v128_and(mask, a)
        }

        #[inline(always)]
        fn add_where(self, mask: v128, sum: v128, a: v128) -> v128 {
            f32x4_add(sum, v128_and(mask, a))
        }

        #[inline(always)]
        fn weight(self, mask: v128, _: v128) -> v128 {
            mask
        }

        #[inline(always)]
        fn add_weighted(self, weight: v128, sum: v128, a: v128) -> v128 {
            self.add_where(weight, sum, a)
        }

        #[inline(always)]
        fn zero_count(self) -> v128 {
            i32x4_splat(0)
        }

        #[inline(always)]
        fn count(self, mask: v128, count: v128) -> v128 {
            // A true lane is -1.
            i32x4_sub(count, mask)
        }

        #[inline(always)]
        fn as_float(self, count: v128) -> v128 {
            f32x4_convert_i32x4(count)
        }

        #[inline(always)]
        fn min(self, a: v128, b: v128) -> v128 {
            f32x4_pmin(a, b)
        }

        #[inline(always)]
        fn as_count(self, a: v128) -> v128 {
            i32x4_trunc_sat_f32x4(a)
        }

        #[inline(always)]
        fn store_count(self, count: v128, to: &mut [u32; MAX_LANES]) {
            to[0] = u32x4_extract_lane::<0>(count);
            to[1] = u32x4_extract_lane::<1>(count);
            to[2] = u32x4_extract_lane::<2>(count);
            to[3] = u32x4_extract_lane::<3>(count);
        }
    }
}
