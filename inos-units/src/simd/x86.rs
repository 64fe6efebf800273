//! x86-64: SSE2, which every such machine has, AVX2 with FMA, and AVX-512.

use core::arch::x86_64::*;

use super::{Kernel, Lanes, MAX_LANES, Packed, Simd};

/// Methods of [`Simd`], each in safe functions that have the feature.
macro_rules! ops {
    ($feature:literal; $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            #[inline]
            #[target_feature(enable = $feature)]
            fn with_feature($($arg: $type),*) -> $out {
                $body
            }
            // SAFETY: `self` is proof that the processor has the feature.
            unsafe { with_feature($($arg),*) }
        }
    )*};
}

/// The first lanes of an array.
macro_rules! load {
    ($feature:literal, $vector:ty, $load:ident) => {
        #[inline(always)]
        fn load(self, from: &Lanes) -> $vector {
            // SAFETY: `self` is proof of the feature; the array has sixteen floats, no fewer than
            // the vector, and the load asks for no alignment.
            unsafe { $load(from.as_ptr()) }
        }
    };
}

macro_rules! store {
    ($feature:literal, $vector:ty, $store:ident) => {
        #[inline(always)]
        fn store(self, value: $vector, to: &mut Lanes) {
            // SAFETY: `self` is proof of the feature; the array has sixteen floats, no fewer than
            // the vector, is ours alone, and the store asks for no alignment.
            unsafe { $store(to.as_mut_ptr(), value) }
        }
    };
}

macro_rules! store_count {
    ($vector:ty, $store:ident) => {
        #[inline(always)]
        fn store_count(self, count: $vector, to: &mut [u32; MAX_LANES]) {
            // SAFETY: `self` is proof of the feature; the array has sixteen words, no fewer than
            // the vector, is ours alone, and the store asks for no alignment.
            unsafe { $store(to.as_mut_ptr().cast(), count) }
        }
    };
}

/// Four lanes, with what every x86-64 has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sse2;

impl Simd for Sse2 {
    const LANES: usize = 4;
    type F = __m128;
    type M = __m128;
    type W = __m128;
    type C = __m128i;

    load!("sse2", __m128, _mm_loadu_ps);
    store!("sse2", __m128, _mm_storeu_ps);
    store_count!(__m128i, _mm_storeu_si128);

    ops! { "sse2";
        fn splat(value: f32) -> __m128 { _mm_set1_ps(value) }
        fn add(a: __m128, b: __m128) -> __m128 { _mm_add_ps(a, b) }
        fn sub(a: __m128, b: __m128) -> __m128 { _mm_sub_ps(a, b) }
        fn mul(a: __m128, b: __m128) -> __m128 { _mm_mul_ps(a, b) }
        fn div(a: __m128, b: __m128) -> __m128 { _mm_div_ps(a, b) }
        fn sqrt(a: __m128) -> __m128 { _mm_sqrt_ps(a) }
        fn abs(a: __m128) -> __m128 { _mm_andnot_ps(_mm_set1_ps(-0.0), a) }
        fn max(a: __m128, b: __m128) -> __m128 { _mm_max_ps(a, b) }
        fn min(a: __m128, b: __m128) -> __m128 { _mm_min_ps(a, b) }
        fn as_count(a: __m128) -> __m128i { _mm_cvttps_epi32(a) }
        fn less(a: __m128, b: __m128) -> __m128 { _mm_cmplt_ps(a, b) }
        fn and(a: __m128, b: __m128) -> __m128 { _mm_and_ps(a, b) }
        fn and_not(a: __m128, b: __m128) -> __m128 { _mm_andnot_ps(b, a) }
        fn any(mask: __m128) -> bool { _mm_movemask_ps(mask) != 0 }
        fn bits(mask: __m128) -> u32 { _mm_movemask_ps(mask).cast_unsigned() }
        fn select(mask: __m128, a: __m128, b: __m128) -> __m128 {
            _mm_or_ps(_mm_and_ps(mask, a), _mm_andnot_ps(mask, b))
        }
        fn keep(mask: __m128, a: __m128) -> __m128 { _mm_and_ps(mask, a) }
        fn add_where(mask: __m128, sum: __m128, a: __m128) -> __m128 {
            _mm_add_ps(sum, _mm_and_ps(mask, a))
        }
        fn zero_count() -> __m128i { _mm_setzero_si128() }
        // A true lane is -1.
        fn count(mask: __m128, count: __m128i) -> __m128i {
            _mm_sub_epi32(count, _mm_castps_si128(mask))
        }
        fn as_float(count: __m128i) -> __m128 { _mm_cvtepi32_ps(count) }
        fn weight(mask: __m128, _one: __m128) -> __m128 { mask }
        fn add_weighted(weight: __m128, sum: __m128, a: __m128) -> __m128 {
            _mm_add_ps(sum, _mm_and_ps(weight, a))
        }
    }
}

/// Eight lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Self(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx2,fma")]
        fn with_feature<K: Kernel, S: Packed>(simd: S, kernel: K) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof that the processor has the features.
        unsafe { with_feature(self, kernel) }
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    type F = __m256;
    type M = __m256;
    type W = __m256;
    type C = __m256i;

    load!("avx2", __m256, _mm256_loadu_ps);
    store!("avx2", __m256, _mm256_storeu_ps);
    store_count!(__m256i, _mm256_storeu_si256);

    ops! { "avx2,fma";
        fn splat(value: f32) -> __m256 { _mm256_set1_ps(value) }
        fn add(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
        fn sub(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
        fn mul(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        fn div(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
        fn sqrt(a: __m256) -> __m256 { _mm256_sqrt_ps(a) }
        fn abs(a: __m256) -> __m256 { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
        fn max(a: __m256, b: __m256) -> __m256 { _mm256_max_ps(a, b) }
        fn min(a: __m256, b: __m256) -> __m256 { _mm256_min_ps(a, b) }
        fn as_count(a: __m256) -> __m256i { _mm256_cvttps_epi32(a) }
        fn less(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
        fn and(a: __m256, b: __m256) -> __m256 { _mm256_and_ps(a, b) }
        fn and_not(a: __m256, b: __m256) -> __m256 { _mm256_andnot_ps(b, a) }
        fn any(mask: __m256) -> bool { _mm256_movemask_ps(mask) != 0 }
        fn bits(mask: __m256) -> u32 { _mm256_movemask_ps(mask).cast_unsigned() }
        fn select(mask: __m256, a: __m256, b: __m256) -> __m256 { _mm256_blendv_ps(b, a, mask) }
        fn keep(mask: __m256, a: __m256) -> __m256 { _mm256_and_ps(mask, a) }
        fn add_where(mask: __m256, sum: __m256, a: __m256) -> __m256 {
            _mm256_add_ps(sum, _mm256_and_ps(mask, a))
        }
        fn zero_count() -> __m256i { _mm256_setzero_si256() }
        // A true lane is -1.
        fn count(mask: __m256, count: __m256i) -> __m256i {
            _mm256_sub_epi32(count, _mm256_castps_si256(mask))
        }
        fn as_float(count: __m256i) -> __m256 { _mm256_cvtepi32_ps(count) }
        fn weight(mask: __m256, one: __m256) -> __m256 { _mm256_and_ps(mask, one) }
        fn add_weighted(weight: __m256, sum: __m256, a: __m256) -> __m256 {
            _mm256_fmadd_ps(weight, a, sum)
        }
    }
}

/// Sixteen lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(());

impl Avx512 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx512f")]
        fn with_feature<K: Kernel, S: Packed>(simd: S, kernel: K) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof that the processor has the feature.
        unsafe { with_feature(self, kernel) }
    }
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    type F = __m512;
    type M = __mmask16;
    type W = (__mmask16, __m512);
    type C = __m512i;

    load!("avx512f", __m512, _mm512_loadu_ps);
    store!("avx512f", __m512, _mm512_storeu_ps);
    store_count!(__m512i, _mm512_storeu_si512);

    ops! { "avx512f";
        fn splat(value: f32) -> __m512 { _mm512_set1_ps(value) }
        fn add(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        fn sub(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        fn mul(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        fn div(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fn sqrt(a: __m512) -> __m512 { _mm512_sqrt_ps(a) }
        fn abs(a: __m512) -> __m512 { _mm512_abs_ps(a) }
        fn max(a: __m512, b: __m512) -> __m512 { _mm512_max_ps(a, b) }
        fn min(a: __m512, b: __m512) -> __m512 { _mm512_min_ps(a, b) }
        fn as_count(a: __m512) -> __m512i { _mm512_cvttps_epi32(a) }
        fn less(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
        fn and(a: __mmask16, b: __mmask16) -> __mmask16 { a & b }
        fn and_not(a: __mmask16, b: __mmask16) -> __mmask16 { a & !b }
        fn any(mask: __mmask16) -> bool { mask != 0 }
        fn bits(mask: __mmask16) -> u32 { u32::from(mask) }
        fn select(mask: __mmask16, a: __m512, b: __m512) -> __m512 {
            _mm512_mask_mov_ps(b, mask, a)
        }
        fn keep(mask: __mmask16, a: __m512) -> __m512 { _mm512_maskz_mov_ps(mask, a) }
        fn add_where(mask: __mmask16, sum: __m512, a: __m512) -> __m512 {
            _mm512_mask_add_ps(sum, mask, sum, a)
        }
        fn zero_count() -> __m512i { _mm512_setzero_si512() }
        fn count(mask: __mmask16, count: __m512i) -> __m512i {
            _mm512_mask_add_epi32(count, mask, count, _mm512_set1_epi32(1))
        }
        fn as_float(count: __m512i) -> __m512 { _mm512_cvtepi32_ps(count) }
        fn weight(mask: __mmask16, one: __m512) -> (__mmask16, __m512) { (mask, one) }
        fn add_weighted(weight: (__mmask16, __m512), sum: __m512, a: __m512) -> __m512 {
            _mm512_mask3_fmadd_ps(a, weight.1, sum, weight.0)
        }
    }
}
