//! Every operation on every instruction set of the CPU, against plain arithmetic.

use super::{Integers, VectorizedIntegers};
use crate::simd::{Isa, Simd};

/// Bytes without a pattern.
fn bytes(seed: usize) -> [u8; 64] {
    std::array::from_fn(|i| ((i + 7 * seed + 1).wrapping_mul(0x9e37_79b9) >> 13) as u8)
}

/// A vector's integers.
fn lanes<N: Integers>(integers: N, value: N::I32) -> Vec<i32> {
    let mut floats = [0.0f32; 16];
    // Small integers are floats.
    let value = integers.to_f32(value);
    // SAFETY: no vector has more than sixteen lanes.
    unsafe { integers.floats().store(floats.as_mut_ptr(), value) };
    floats[..N::LANES].iter().map(|&v| v as i32).collect()
}

struct Products;

impl VectorizedIntegers for Products {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let (a, b) = (bytes(1), bytes(2));
        for extreme in [None, Some((0u8, 0x80u8)), Some((255, 0x80)), Some((255, 0x7f)), Some((128, 1))] {
            let (a, b) = extreme.map_or((a, b), |(a, b)| ([a; 64], [b; 64]));
            // SAFETY: the arrays have the bytes of the widest vector.
            let (left, right) = unsafe { (n.load_bytes(a.as_ptr()), n.load_bytes(b.as_ptr())) };
            let sums = n.dot(n.splat(3), n.left(left), n.right(right));
            let left = |i: usize| if N::FLIP == 0 { i32::from(a[i] as i8) } else { i32::from(a[i]) };
            let expected = (0..N::LANES).map(|lane| {
                3 + (0..4).map(|j| left(4 * lane + j) * i32::from(b[4 * lane + j] as i8)).sum::<i32>()
            });
            assert_eq!(lanes(n, sums), expected.collect::<Vec<_>>());
        }
    }
}

struct Orders;

impl VectorizedIntegers for Orders {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let rows: [[u8; 64]; 4] = std::array::from_fn(bytes);
        // SAFETY: each row has the bytes of the widest vector.
        let quads = n.interleave(std::array::from_fn(|row| unsafe { n.load_bytes(rows[row].as_ptr()) }));
        let mut back = [[0u8; 64]; 4];
        for (vector, quads) in quads.into_iter().enumerate() {
            let mut all = [0u8; 64];
            // SAFETY: the array has the bytes of the widest vector.
            unsafe { n.store_bytes_up_to(all.as_mut_ptr(), quads, 4 * N::LANES) };
            for lane in 0..N::LANES {
                let at = N::interleaved(vector, lane);
                for row in 0..4 {
                    assert_eq!(all[4 * lane + row], rows[row][at], "vector {vector}, lane {lane}, row {row}");
                    back[row][at] = all[4 * lane + row];
                }
            }
        }
        assert!((0..4).all(|row| back[row][..4 * N::LANES] == rows[row][..4 * N::LANES]));
        // Narrowing gives what a lane came from its place back, clamped.
        let lane = |vector: usize, lane: usize| N::interleaved(vector, lane) as i32 * 7 - 60;
        let vectors = std::array::from_fn(|vector| {
            let list: [i32; 16] = std::array::from_fn(|i| lane(vector, i));
            // SAFETY: the list has the integers of the widest vector.
            unsafe { n.load(list.as_ptr()) }
        });
        let mut narrow = [0u8; 64];
        // SAFETY: the array has the bytes of the widest vector.
        unsafe { n.store_bytes_up_to(narrow.as_mut_ptr(), n.narrow(vectors), 4 * N::LANES) };
        let expected = |i: usize| (i as i32 * 7 - 60).clamp(0, 255) as u8;
        assert!((0..4 * N::LANES).all(|i| narrow[i] == expected(i)), "{narrow:?}");
    }
}

struct Partial;

impl VectorizedIntegers for Partial {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let from = bytes(3);
        for count in 0..=4 * N::LANES {
            let mut to = [0xaa; 64];
            // SAFETY: the arrays have more bytes than `count`.
            unsafe { n.store_bytes_up_to(to.as_mut_ptr(), n.load_bytes_up_to(from.as_ptr(), count), count) };
            assert_eq!(to[..count], from[..count]);
            assert!(to[count..].iter().all(|&byte| byte == 0xaa));
        }
        for count in 0..=N::LANES {
            let mut to = [0xaa; 64];
            // SAFETY: the arrays have more bytes than `count`.
            let widened = unsafe { n.load_widened(from.as_ptr(), count) };
            let expected: Vec<i32> =
                (0..N::LANES).map(|i| if i < count { from[i].into() } else { 0 }).collect();
            assert_eq!(lanes(n, widened), expected);
            let value = n.add(widened, n.splat(0x4ff00));
            // SAFETY: the array has more bytes than `count`.
            unsafe { n.store_low_bytes(to.as_mut_ptr(), value, count) };
            assert_eq!(to[..count], from[..count]);
            assert!(to[count..].iter().all(|&byte| byte == 0xaa));
        }
        let flipped = n.xor(n.splat_byte(0x0f), n.splat_byte(0xf0));
        let mut to = [0; 64];
        // SAFETY: the array has the bytes of the widest vector, and four bytes are read.
        unsafe {
            n.store_bytes_up_to(to.as_mut_ptr(), flipped, 4 * N::LANES);
            assert!(to[..4 * N::LANES].iter().all(|&byte| byte == 0xff));
            n.store_bytes_up_to(to.as_mut_ptr(), n.splat_quad(from.as_ptr()), 4 * N::LANES);
        }
        assert!((0..4 * N::LANES).all(|i| to[i] == from[i % 4]));
        let halves = n.rounded(n.floats().splat(2.5));
        assert!(lanes(n, n.mul(halves, n.splat(-3))).iter().all(|&v| v == -6));
    }
}

#[test]
fn products_of_bytes_are_exact() {
    Isa::all().into_iter().for_each(|isa| isa.run_integers(Products));
}

#[test]
fn what_is_interleaved_is_narrowed_into_its_place() {
    Isa::all().into_iter().for_each(|isa| isa.run_integers(Orders));
}

#[test]
fn parts_of_vectors_touch_nothing_beyond() {
    Isa::all().into_iter().for_each(|isa| isa.run_integers(Partial));
}
