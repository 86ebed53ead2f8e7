//! Four lanes: NEON, on every 64-bit ARM.

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::{Simd, Vectorized};

/// Proof that the CPU has NEON.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());

impl Neon {
    /// `None` where the CPU lacks it.
    pub fn new() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

macro_rules! intrinsics {
    ($($name:ident($($argument:ident),+) $body:expr;)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: float32x4_t),+) -> float32x4_t {
                // SAFETY: `self` proves that the CPU has NEON.
                unsafe { $body }
            }
        )+
    };
}

impl Simd for Neon {
    type F32 = float32x4_t;
    type Mask = uint32x4_t;

    const LANES: usize = 4;
    const TILE_ROWS: usize = 8;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: Vectorized>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon")]
        fn inner<K: Vectorized>(simd: Neon, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: `self` proves NEON; the caller promises four readable floats.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_partial(self, from: *const f32, count: usize) -> float32x4_t {
        let mut lanes = [0.0; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(count) {
            // SAFETY: only the lanes below `count` are read, which the caller promises.
            *lane = unsafe { *from.add(i) };
        }
        // SAFETY: four floats lie in the array.
        unsafe { vld1q_f32(lanes.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: float32x4_t) {
        // SAFETY: `self` proves NEON; the caller promises four writable floats.
        unsafe { vst1q_f32(to, value) }
    }

    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, value: float32x4_t, count: usize) {
        let mut lanes = [0.0; 4];
        // SAFETY: four floats lie in the array.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), value) };
        for (i, lane) in lanes.into_iter().enumerate().take(count) {
            // SAFETY: only the lanes below `count` are written, which the caller promises.
            unsafe { *to.add(i) = lane };
        }
    }

    intrinsics! {
        add(a, b) vaddq_f32(a, b);
        sub(a, b) vsubq_f32(a, b);
        mul(a, b) vmulq_f32(a, b);
        div(a, b) vdivq_f32(a, b);
        min(a, b) vbslq_f32(vcltq_f32(a, b), a, b);
        max(a, b) vbslq_f32(vcgtq_f32(a, b), a, b);
        mul_add(a, b, c) vfmaq_f32(c, a, b);
        neg_mul_add(a, b, c) vfmsq_f32(c, a, b);
        sqrt(a) vsqrtq_f32(a);
        round(a) vrndnq_f32(a);
        floor(a) vrndmq_f32(a);
        abs(a) vabsq_f32(a);
        copysign(a, b) vbslq_f32(vdupq_n_u32(0x8000_0000), b, a);
    }

    #[inline(always)]
    fn scale_by_power(self, a: float32x4_t, n: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe {
            // Two factors, since one alone would overflow before the product does.
            let n = vcvtq_s32_f32(n);
            let half = vshrq_n_s32::<1>(n);
            let bias = vdupq_n_s32(127);
            let first = vshlq_n_s32::<23>(vaddq_s32(half, bias));
            let second = vshlq_n_s32::<23>(vaddq_s32(vsubq_s32(n, half), bias));
            vmulq_f32(vmulq_f32(a, vreinterpretq_f32_s32(first)), vreinterpretq_f32_s32(second))
        }
    }

    #[inline(always)]
    fn less(self, a: float32x4_t, b: float32x4_t) -> uint32x4_t {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { vcltq_f32(a, b) }
    }

    #[inline(always)]
    fn select(self, mask: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { vbslq_f32(mask, a, b) }
    }

    #[inline(always)]
    fn sum(self, a: float32x4_t) -> f32 {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { vaddvq_f32(a) }
    }

    #[inline(always)]
    fn largest(self, a: float32x4_t) -> f32 {
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { vmaxvq_f32(a) }
    }
}
