//! Eight integers: AVX2. Products of bytes are those of the even and of the odd bytes as 16-bit numbers, whose pairs one instruction
//! sums exactly.

use std::arch::x86_64::*;

use super::{Integers, VectorizedIntegers, partial};
use crate::simd::Avx2;

/// The even and the odd bytes as 16-bit numbers.
#[derive(Clone, Copy)]
pub struct Halves(__m256i, __m256i);

macro_rules! intrinsics {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($argument: $type),*) -> $result {
                // SAFETY: `self` proves that the CPU has AVX2.
                unsafe { $body }
            }
        )+
    };
}

impl Integers for Avx2 {
    type Floats = Self;
    type I32 = __m256i;
    type Bytes = __m256i;
    type Left = Halves;
    type Right = Halves;

    const FLIP: u8 = 0x80;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn inner<K: VectorizedIntegers>(integers: Avx2, kernel: K) -> K::Output {
            kernel.run(integers)
        }
        // SAFETY: `self` proves that the CPU has these features.
        unsafe { inner(self, kernel) }
    }

    #[inline(always)]
    fn floats(self) -> Self {
        self
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> __m256i {
        // SAFETY: `self` proves AVX2; the caller promises eight readable integers.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> __m256i {
        // SAFETY: `self` proves AVX2; the caller promises 32 readable bytes.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_bytes_up_to(self, from: *const u8, count: usize) -> __m256i {
        // SAFETY: `self` proves AVX2; the caller promises `count` readable bytes.
        unsafe {
            match count {
                32 => _mm256_loadu_si256(from.cast()),
                16 => _mm256_zextsi128_si256(_mm_loadu_si128(from.cast())),
                _ => _mm256_loadu_si256(partial::<32>(from, count).as_ptr().cast()),
            }
        }
    }

    #[inline(always)]
    unsafe fn store_bytes_up_to(self, to: *mut u8, bytes: __m256i, count: usize) {
        // SAFETY: `self` proves AVX2; the caller promises `count` writable bytes.
        unsafe {
            match count {
                32 => _mm256_storeu_si256(to.cast(), bytes),
                16 => _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(bytes)),
                _ => {
                    let mut all = [0u8; 32];
                    _mm256_storeu_si256(all.as_mut_ptr().cast(), bytes);
                    std::ptr::copy_nonoverlapping(all.as_ptr(), to, count);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn splat_quad(self, from: *const u8) -> __m256i {
        // SAFETY: `self` proves AVX2; the caller promises four readable bytes.
        unsafe { _mm256_set1_epi32(from.cast::<i32>().read_unaligned()) }
    }

    intrinsics! {
        splat(value: i32) -> __m256i { _mm256_set1_epi32(value) }
        add(a: __m256i, b: __m256i) -> __m256i { _mm256_add_epi32(a, b) }
        mul(a: __m256i, b: __m256i) -> __m256i { _mm256_mullo_epi32(a, b) }
        to_f32(a: __m256i) -> __m256 { _mm256_cvtepi32_ps(a) }
        rounded(a: __m256) -> __m256i { _mm256_cvtps_epi32(a) }
        splat_byte(byte: u8) -> __m256i { _mm256_set1_epi8(byte as i8) }
        xor(a: __m256i, b: __m256i) -> __m256i { _mm256_xor_si256(a, b) }
        left(bytes: __m256i) -> Halves {
            Halves(_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16::<8>(bytes))
        }
        right(bytes: __m256i) -> Halves {
            let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(bytes));
            Halves(even, _mm256_srai_epi16::<8>(bytes))
        }
        dot(sums: __m256i, left: Halves, right: Halves) -> __m256i {
            let even = _mm256_madd_epi16(left.0, right.0);
            let odd = _mm256_madd_epi16(left.1, right.1);
            _mm256_add_epi32(_mm256_add_epi32(sums, even), odd)
        }
        interleave(rows: [__m256i; 4]) -> [__m256i; 4] {
            let [a, b, c, d] = rows;
            let (ab, cd) = (_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(c, d));
            [
                _mm256_unpacklo_epi16(ab, cd),
                _mm256_unpackhi_epi16(ab, cd),
                _mm256_unpacklo_epi16(ab_high, cd_high),
                _mm256_unpackhi_epi16(ab_high, cd_high),
            ]
        }
        narrow(lanes: [__m256i; 4]) -> __m256i {
            let [a, b, c, d] = lanes;
            _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
        }
    }

    #[inline(always)]
    unsafe fn store_low_bytes(self, to: *mut u8, value: __m256i, count: usize) {
        // SAFETY: `self` proves AVX2; the caller promises `count` writable bytes, of which there are at most eight.
        unsafe {
            let low = _mm256_shuffle_epi8(value, _mm256_set1_epi32(0x0c08_0400));
            let first = _mm_cvtsi128_si32(_mm256_castsi256_si128(low)) as u32;
            let second = _mm_cvtsi128_si32(_mm256_extracti128_si256::<1>(low)) as u32;
            let bytes = (u64::from(first) | u64::from(second) << 32).to_ne_bytes();
            match count {
                8 => to.cast::<[u8; 8]>().write_unaligned(bytes),
                _ => std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, count),
            }
        }
    }

    #[inline(always)]
    unsafe fn load_widened(self, from: *const u8, count: usize) -> __m256i {
        // SAFETY: `self` proves AVX2; the caller promises `count` readable bytes, of which there are at most eight.
        unsafe {
            let bytes = match count {
                8 => from.cast::<[u8; 8]>().read_unaligned(),
                _ => partial::<8>(from, count),
            };
            _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(i64::from_ne_bytes(bytes)))
        }
    }
}
