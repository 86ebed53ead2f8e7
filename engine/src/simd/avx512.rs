//! Sixteen lanes: AVX-512 (foundation), on servers since 2017 and on AMD's desktops since 2022.

use std::arch::x86_64::*;

use super::{Simd, Vectorized};

/// Proof that the CPU has AVX-512F, BW, DQ and VL, AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// `None` where the CPU or the operating system lacks it.
    pub fn new() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        has.then_some(Self(()))
    }
}

#[inline(always)]
fn first_lanes(count: usize) -> __mmask16 {
    ((1u32 << count.min(16)) - 1) as __mmask16
}

macro_rules! intrinsics {
    ($($name:ident($($argument:ident),+) $body:expr;)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: __m512),+) -> __m512 {
                // SAFETY: `self` proves that the CPU has AVX-512F and DQ.
                unsafe { $body }
            }
        )+
    };
}

impl Simd for Avx512 {
    type F32 = __m512;
    type Mask = __mmask16;

    const LANES: usize = 16;
    const TILE_ROWS: usize = 8;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: Vectorized>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn inner<K: Vectorized>(simd: Avx512, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: `self` proves that the CPU has these features.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: `self` proves that the CPU has AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512F; the caller promises sixteen readable floats.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_partial(self, from: *const f32, count: usize) -> __m512 {
        // SAFETY: `self` proves AVX-512F; the mask leaves the `count` lanes that the caller promises.
        unsafe { _mm512_maskz_loadu_ps(first_lanes(count), from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m512) {
        // SAFETY: `self` proves AVX-512F; the caller promises sixteen writable floats.
        unsafe { _mm512_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, value: __m512, count: usize) {
        // SAFETY: `self` proves AVX-512F; the mask leaves the `count` lanes that the caller promises.
        unsafe { _mm512_mask_storeu_ps(to, first_lanes(count), value) }
    }

    intrinsics! {
        add(a, b) _mm512_add_ps(a, b);
        sub(a, b) _mm512_sub_ps(a, b);
        mul(a, b) _mm512_mul_ps(a, b);
        div(a, b) _mm512_div_ps(a, b);
        min(a, b) _mm512_min_ps(a, b);
        max(a, b) _mm512_max_ps(a, b);
        mul_add(a, b, c) _mm512_fmadd_ps(a, b, c);
        neg_mul_add(a, b, c) _mm512_fnmadd_ps(a, b, c);
        sqrt(a) _mm512_sqrt_ps(a);
        round(a) _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        floor(a) _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a);
        abs(a) _mm512_andnot_ps(_mm512_set1_ps(-0.0), a);
        copysign(a, b) _mm512_or_ps(
            _mm512_andnot_ps(_mm512_set1_ps(-0.0), a),
            _mm512_and_ps(_mm512_set1_ps(-0.0), b)
        );
        scale_by_power(a, n) _mm512_scalef_ps(a, n);
    }

    #[inline(always)]
    fn less(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: `self` proves that the CPU has AVX-512F.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves that the CPU has AVX-512F.
        unsafe { _mm512_mask_blend_ps(mask, b, a) }
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        // SAFETY: `self` proves that the CPU has AVX-512F.
        unsafe { _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    fn largest(self, a: __m512) -> f32 {
        // SAFETY: `self` proves that the CPU has AVX-512F.
        unsafe { _mm512_reduce_max_ps(a) }
    }
}
