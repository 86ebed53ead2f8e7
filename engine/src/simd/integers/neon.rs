//! Four integers: NEON, with its instruction for products of bytes (2017's ARMv8.2, an option) or without.

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use super::{Integers, VectorizedIntegers, partial};
use crate::simd::Neon;

/// Proof that the CPU has NEON's products of bytes.
#[derive(Clone, Copy, Debug)]
pub struct NeonDot(Neon);

impl NeonDot {
    /// `None` where the CPU lacks it.
    pub fn new() -> Option<Self> {
        Neon::new().filter(|_| is_aarch64_feature_detected!("dotprod")).map(Self)
    }
}

macro_rules! intrinsics {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: $type),*) -> $result {
                // SAFETY: `self` proves that the CPU has NEON.
                unsafe { $body }
            }
        )+
    };
}

/// Everything but the products.
macro_rules! common {
    () => {
        type Floats = Neon;
        type I32 = int32x4_t;
        type Bytes = uint8x16_t;
        type Left = int8x16_t;
        type Right = int8x16_t;

        const FLIP: u8 = 0;
        const TILE_ROWS: usize = 8;
        const TILE_VECTORS: usize = 2;

        #[inline(always)]
        unsafe fn load(self, from: *const i32) -> int32x4_t {
            // SAFETY: `self` proves NEON; the caller promises four readable integers.
            unsafe { vld1q_s32(from) }
        }

        #[inline(always)]
        unsafe fn load_bytes(self, from: *const u8) -> uint8x16_t {
            // SAFETY: `self` proves NEON; the caller promises sixteen readable bytes.
            unsafe { vld1q_u8(from) }
        }

        #[inline(always)]
        unsafe fn load_bytes_up_to(self, from: *const u8, count: usize) -> uint8x16_t {
            // SAFETY: `self` proves NEON; the caller promises `count` readable bytes.
            unsafe {
                match count {
                    16 => vld1q_u8(from),
                    _ => vld1q_u8(partial::<16>(from, count).as_ptr()),
                }
            }
        }

        #[inline(always)]
        unsafe fn store_bytes_up_to(self, to: *mut u8, bytes: uint8x16_t, count: usize) {
            // SAFETY: `self` proves NEON; the caller promises `count` writable bytes.
            unsafe {
                if count == 16 {
                    return vst1q_u8(to, bytes);
                }
                let mut all = [0u8; 16];
                vst1q_u8(all.as_mut_ptr(), bytes);
                std::ptr::copy_nonoverlapping(all.as_ptr(), to, count);
            }
        }

        #[inline(always)]
        unsafe fn splat_quad(self, from: *const u8) -> uint8x16_t {
            // SAFETY: `self` proves NEON; the caller promises four readable bytes.
            unsafe { vreinterpretq_u8_u32(vdupq_n_u32(from.cast::<u32>().read_unaligned())) }
        }

        intrinsics! {
            splat(value: i32) -> int32x4_t { vdupq_n_s32(value) }
            add(a: int32x4_t, b: int32x4_t) -> int32x4_t { vaddq_s32(a, b) }
            mul(a: int32x4_t, b: int32x4_t) -> int32x4_t { vmulq_s32(a, b) }
            to_f32(a: int32x4_t) -> float32x4_t { vcvtq_f32_s32(a) }
            rounded(a: float32x4_t) -> int32x4_t { vcvtnq_s32_f32(a) }
            splat_byte(byte: u8) -> uint8x16_t { vdupq_n_u8(byte) }
            xor(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t { veorq_u8(a, b) }
            left(bytes: uint8x16_t) -> int8x16_t { vreinterpretq_s8_u8(bytes) }
            right(bytes: uint8x16_t) -> int8x16_t { vreinterpretq_s8_u8(bytes) }
            interleave(rows: [uint8x16_t; 4]) -> [uint8x16_t; 4] {
                let [a, b, c, d] = rows;
                let words = |a, b| vreinterpretq_u16_u8(vzip1q_u8(a, b));
                let words_high = |a, b| vreinterpretq_u16_u8(vzip2q_u8(a, b));
                let (ab, cd) = (words(a, b), words(c, d));
                let (ab_high, cd_high) = (words_high(a, b), words_high(c, d));
                [
                    vreinterpretq_u8_u16(vzip1q_u16(ab, cd)),
                    vreinterpretq_u8_u16(vzip2q_u16(ab, cd)),
                    vreinterpretq_u8_u16(vzip1q_u16(ab_high, cd_high)),
                    vreinterpretq_u8_u16(vzip2q_u16(ab_high, cd_high)),
                ]
            }
            narrow(lanes: [int32x4_t; 4]) -> uint8x16_t {
                let [a, b, c, d] = lanes;
                let low = vqmovun_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)));
                vcombine_u8(low, vqmovun_s16(vcombine_s16(vqmovn_s32(c), vqmovn_s32(d))))
            }
        }

        #[inline(always)]
        unsafe fn store_low_bytes(self, to: *mut u8, value: int32x4_t, count: usize) {
            // SAFETY: `self` proves NEON; the caller promises `count` writable bytes, of which there are at most four.
            unsafe {
                let words = vmovn_s32(value);
                let bytes = vmovn_s16(vcombine_s16(words, words));
                let bytes = vget_lane_u32::<0>(vreinterpret_u32_s8(bytes)).to_ne_bytes();
                match count {
                    4 => to.cast::<[u8; 4]>().write_unaligned(bytes),
                    _ => std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, count),
                }
            }
        }

        #[inline(always)]
        unsafe fn load_widened(self, from: *const u8, count: usize) -> int32x4_t {
            // SAFETY: `self` proves NEON; the caller promises `count` readable bytes, of which there are at most four.
            unsafe {
                let bytes = vcreate_u8(u32::from_ne_bytes(partial::<4>(from, count)).into());
                vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))))
            }
        }
    };
}

impl Integers for NeonDot {
    common!();

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon,dotprod")]
        fn inner<K: VectorizedIntegers>(integers: NeonDot, kernel: K) -> K::Output {
            kernel.run(integers)
        }
        // SAFETY: `self` proves that the CPU has these features.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn floats(self) -> Neon {
        self.0
    }

    #[inline(always)]
    fn dot(self, sums: int32x4_t, left: int8x16_t, right: int8x16_t) -> int32x4_t {
        let mut sums = sums;
        // SAFETY: `self` proves that the CPU has the instruction, which touches nothing but its registers.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "sdot {sums:v}.4s, {left:v}.16b, {right:v}.16b",
                sums = inout(vreg) sums,
                left = in(vreg) left,
                right = in(vreg) right,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }
}

impl Integers for Neon {
    common!();

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon")]
        fn inner<K: VectorizedIntegers>(integers: Neon, kernel: K) -> K::Output {
            kernel.run(integers)
        }
        // SAFETY: `self` proves that the CPU has NEON.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn floats(self) -> Neon {
        self
    }

    intrinsics! {
        dot(sums: int32x4_t, left: int8x16_t, right: int8x16_t) -> int32x4_t {
            let low = vmull_s8(vget_low_s8(left), vget_low_s8(right));
            let high = vmull_high_s8(left, right);
            vaddq_s32(sums, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)))
        }
    }
}
