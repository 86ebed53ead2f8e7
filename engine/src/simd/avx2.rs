//! Eight lanes: AVX2 with FMA, on x86-64 from 2013 on.

use std::arch::x86_64::*;

use super::{Simd, Vectorized};

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// `None` where the CPU or the operating system lacks it.
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// Eight set lanes, then eight clear ones: a window into it selects the first lanes.
static WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

#[inline]
#[target_feature(enable = "avx2,fma")]
fn first_lanes(count: usize) -> __m256i {
    let start = 8 - count.min(8);
    // SAFETY: `start ≤ 8`, so eight lanes from there are inside the sixteen.
    unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add(start).cast()) }
}

macro_rules! intrinsics {
    ($($name:ident($($argument:ident),+) $body:expr;)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: __m256),+) -> __m256 {
                // SAFETY: `self` proves that the CPU has AVX2 and FMA.
                unsafe { $body }
            }
        )+
    };
}

impl Simd for Avx2 {
    type F32 = __m256;
    type Mask = __m256;

    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: Vectorized>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn inner<K: Vectorized>(simd: Avx2, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: `self` proves that the CPU has AVX2 and FMA.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX2; the caller promises eight readable floats.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_partial(self, from: *const f32, count: usize) -> __m256 {
        // SAFETY: `self` proves AVX2; the mask leaves the `count` lanes that the caller promises.
        unsafe { _mm256_maskload_ps(from, first_lanes(count)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        // SAFETY: `self` proves AVX2; the caller promises eight writable floats.
        unsafe { _mm256_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, value: __m256, count: usize) {
        // SAFETY: `self` proves AVX2; the mask leaves the `count` lanes that the caller promises.
        unsafe { _mm256_maskstore_ps(to, first_lanes(count), value) }
    }

    intrinsics! {
        add(a, b) _mm256_add_ps(a, b);
        sub(a, b) _mm256_sub_ps(a, b);
        mul(a, b) _mm256_mul_ps(a, b);
        div(a, b) _mm256_div_ps(a, b);
        min(a, b) _mm256_min_ps(a, b);
        max(a, b) _mm256_max_ps(a, b);
        mul_add(a, b, c) _mm256_fmadd_ps(a, b, c);
        neg_mul_add(a, b, c) _mm256_fnmadd_ps(a, b, c);
        sqrt(a) _mm256_sqrt_ps(a);
        round(a) _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        floor(a) _mm256_floor_ps(a);
        abs(a) _mm256_andnot_ps(_mm256_set1_ps(-0.0), a);
        copysign(a, b) _mm256_or_ps(
            _mm256_andnot_ps(_mm256_set1_ps(-0.0), a),
            _mm256_and_ps(_mm256_set1_ps(-0.0), b)
        );
    }

    #[inline(always)]
    fn scale_by_power(self, a: __m256, n: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe {
            // Two factors, since one alone would overflow before the product does.
            let n = _mm256_cvtps_epi32(n);
            let half = _mm256_srai_epi32::<1>(n);
            let bias = _mm256_set1_epi32(127);
            let first = _mm256_slli_epi32::<23>(_mm256_add_epi32(half, bias));
            let second = _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_sub_epi32(n, half), bias));
            _mm256_mul_ps(_mm256_mul_ps(a, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second))
        }
    }

    #[inline(always)]
    fn less(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn select(self, mask: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe { _mm256_blendv_ps(b, a, mask) }
    }

    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    #[inline(always)]
    fn largest(self, a: __m256) -> f32 {
        // SAFETY: `self` proves that the CPU has AVX2.
        unsafe {
            let four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        }
    }
}
