//! Sixteen integers: AVX-512, with its instruction for products of bytes (VNNI, from 2019 on) or without.

use std::arch::x86_64::*;

use super::{Integers, VectorizedIntegers};
use crate::simd::Avx512;

/// Proof that the CPU has AVX-512 with VNNI.
#[derive(Clone, Copy, Debug)]
pub struct Vnni(Avx512);

impl Vnni {
    /// `None` where the CPU or the operating system lacks it.
    pub fn new() -> Option<Self> {
        Avx512::new().filter(|_| is_x86_feature_detected!("avx512vnni")).map(Self)
    }
}

/// The even and the odd bytes as 16-bit numbers.
#[derive(Clone, Copy)]
pub struct Halves(__m512i, __m512i);

#[inline(always)]
fn first_bytes(count: usize) -> __mmask64 {
    if count >= 64 { !0 } else { (1 << count) - 1 }
}

#[inline(always)]
fn first_lanes(count: usize) -> __mmask16 {
    ((1u32 << count.min(16)) - 1) as __mmask16
}

macro_rules! intrinsics {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: $type),*) -> $result {
                // SAFETY: `self` proves that the CPU has AVX-512F, BW and VL.
                unsafe { $body }
            }
        )+
    };
}

/// Everything but the products, which is the same with VNNI and without.
macro_rules! common {
    () => {
        const FLIP: u8 = 0x80;

        #[inline(always)]
        unsafe fn load(self, from: *const i32) -> __m512i {
            // SAFETY: `self` proves AVX-512F; the caller promises sixteen readable integers.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        unsafe fn load_bytes(self, from: *const u8) -> __m512i {
            // SAFETY: `self` proves AVX-512F; the caller promises 64 readable bytes.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        unsafe fn load_bytes_up_to(self, from: *const u8, count: usize) -> __m512i {
            // SAFETY: `self` proves AVX-512BW; the mask leaves the `count` bytes that the caller promises.
            unsafe { _mm512_maskz_loadu_epi8(first_bytes(count), from.cast()) }
        }

        #[inline(always)]
        unsafe fn store_bytes_up_to(self, to: *mut u8, bytes: __m512i, count: usize) {
            // SAFETY: `self` proves AVX-512BW; the mask leaves the `count` bytes that the caller promises.
            unsafe { _mm512_mask_storeu_epi8(to.cast(), first_bytes(count), bytes) }
        }

        #[inline(always)]
        unsafe fn splat_quad(self, from: *const u8) -> __m512i {
            // SAFETY: `self` proves AVX-512F; the caller promises four readable bytes.
            unsafe { _mm512_set1_epi32(from.cast::<i32>().read_unaligned()) }
        }

        intrinsics! {
            splat(value: i32) -> __m512i { _mm512_set1_epi32(value) }
            add(a: __m512i, b: __m512i) -> __m512i { _mm512_add_epi32(a, b) }
            mul(a: __m512i, b: __m512i) -> __m512i { _mm512_mullo_epi32(a, b) }
            to_f32(a: __m512i) -> __m512 { _mm512_cvtepi32_ps(a) }
            rounded(a: __m512) -> __m512i { _mm512_cvtps_epi32(a) }
            splat_byte(byte: u8) -> __m512i { _mm512_set1_epi8(byte as i8) }
            xor(a: __m512i, b: __m512i) -> __m512i { _mm512_xor_si512(a, b) }
            interleave(rows: [__m512i; 4]) -> [__m512i; 4] {
                let [a, b, c, d] = rows;
                let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
                let (ab_high, cd_high) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
                [
                    _mm512_unpacklo_epi16(ab, cd),
                    _mm512_unpackhi_epi16(ab, cd),
                    _mm512_unpacklo_epi16(ab_high, cd_high),
                    _mm512_unpackhi_epi16(ab_high, cd_high),
                ]
            }
            narrow(lanes: [__m512i; 4]) -> __m512i {
                let [a, b, c, d] = lanes;
                _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d))
            }
        }

        #[inline(always)]
        unsafe fn store_low_bytes(self, to: *mut u8, value: __m512i, count: usize) {
            // SAFETY: `self` proves AVX-512F; the mask leaves the `count` bytes that the caller promises.
            unsafe {
                match count {
                    16 => _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(value)),
                    _ => _mm512_mask_cvtepi32_storeu_epi8(to.cast(), first_lanes(count), value),
                }
            }
        }

        #[inline(always)]
        unsafe fn load_widened(self, from: *const u8, count: usize) -> __m512i {
            // SAFETY: `self` proves AVX-512F, BW and VL; the mask leaves the `count` bytes that the caller promises.
            unsafe { _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(count), from.cast())) }
        }
    };
}

impl Integers for Vnni {
    type Floats = Avx512;
    type I32 = __m512i;
    type Bytes = __m512i;
    type Left = __m512i;
    type Right = __m512i;

    const TILE_ROWS: usize = 12;
    const TILE_VECTORS: usize = 2;

    common!();

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
        fn inner<K: VectorizedIntegers>(integers: Vnni, kernel: K) -> K::Output {
            kernel.run(integers)
        }
        // SAFETY: `self` proves that the CPU has these features.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn floats(self) -> Avx512 {
        self.0
    }

    #[inline(always)]
    fn left(self, bytes: __m512i) -> __m512i {
        bytes
    }

    #[inline(always)]
    fn right(self, bytes: __m512i) -> __m512i {
        bytes
    }

    intrinsics! {
        dot(sums: __m512i, left: __m512i, right: __m512i) -> __m512i { _mm512_dpbusd_epi32(sums, left, right) }
    }
}

impl Integers for Avx512 {
    type Floats = Self;
    type I32 = __m512i;
    type Bytes = __m512i;
    type Left = Halves;
    type Right = Halves;

    const TILE_ROWS: usize = 8;
    const TILE_VECTORS: usize = 2;

    common!();

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn inner<K: VectorizedIntegers>(integers: Avx512, kernel: K) -> K::Output {
            kernel.run(integers)
        }
        // SAFETY: `self` proves that the CPU has these features.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn floats(self) -> Self {
        self
    }

    intrinsics! {
        left(bytes: __m512i) -> Halves {
            Halves(_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), _mm512_srli_epi16::<8>(bytes))
        }
        right(bytes: __m512i) -> Halves {
            let even = _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(bytes));
            Halves(even, _mm512_srai_epi16::<8>(bytes))
        }
        dot(sums: __m512i, left: Halves, right: Halves) -> __m512i {
            let even = _mm512_madd_epi16(left.0, right.0);
            let odd = _mm512_madd_epi16(left.1, right.1);
            _mm512_add_epi32(_mm512_add_epi32(sums, even), odd)
        }
    }
}
