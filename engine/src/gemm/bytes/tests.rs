//! Products of bytes on every instruction set, against plain sums.

use super::*;
use crate::gemm::{Source, Window};
use crate::pool::Pool;
use crate::simd::{Integers, Isa, VectorizedIntegers};

struct Flip;

impl VectorizedIntegers for Flip {
    type Output = u8;

    #[inline(always)]
    fn run<N: Integers>(self, _: N) -> u8 {
        N::FLIP
    }
}

fn bytes(count: usize, seed: usize) -> Vec<u8> {
    (0..count).map(|i| ((i + seed * 31 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 23) as u8).collect()
}

/// The signed byte of the left operand in row `m` and depth `k`.
fn at(source: &Source, bytes: &[u8], zero: u8, m: usize, k: usize) -> i32 {
    let byte = match source {
        Source::Rows { stride, .. } => bytes[m * stride + k],
        Source::Windows(w) => {
            let (tap, channel) = (k / w.channels, k % w.channels);
            let corner = w.corner(w.pixel(m));
            w.offset(corner, tap / w.kernel[1], tap % w.kernel[1])
                .map_or(zero, |offset| bytes[offset + channel])
        }
    };
    i32::from(byte as i8)
}

fn sources() -> Vec<(Source, usize)> {
    let window =
        |input: [usize; 2], channels, kernel: [usize; 2], stride, dilation, padding: [usize; 2]| Window {
            batch: 2,
            input,
            channels,
            pixel_stride: channels,
            output: [0, 1].map(|axis| {
                (input[axis] + 2 * padding[axis] - dilation * (kernel[axis] - 1) - 1) / stride + 1
            }),
            kernel,
            stride: [stride; 2],
            dilation: [dilation; 2],
            padding,
        };
    vec![
        (Source::Rows { count: 1, stride: 5 }, 5),
        (Source::Rows { count: 31, stride: 64 }, 64),
        (Source::Rows { count: 50, stride: 40 }, 37),
        (Source::Rows { count: 3, stride: 3000 }, 3000),
        (Source::Rows { count: 700, stride: 8 }, 8),
        (Source::Windows(window([9, 40], 3, [3, 3], 2, 1, [1, 1])), 27),
        (Source::Windows(window([6, 5], 7, [3, 5], 1, 1, [1, 2])), 105),
        (Source::Windows(window([11, 13], 4, [3, 3], 1, 2, [2, 2])), 36),
    ]
}

#[test]
fn steps_are_those_of_exact_sums() {
    for isa in Isa::all() {
        let flip = isa.run_integers(Flip);
        // Miri is a thousand times slower: it sees rows and windows once.
        let (widths, first, step): (&[usize], _, _) =
            if cfg!(miri) { (&[5], 2, 4) } else { (&[1, 15, 33, 70], 0, 1) };
        for (source, k) in sources().into_iter().skip(first).step_by(step) {
            for &n in widths {
                let from = bytes(source.extent(k), k);
                let taps = bytes(n * k, n);
                let weights = PackedBytes::new(isa, [n, k], |n, at| taps[n * k + at] as i8);
                let shift = if flip == 0 { 0 } else { 128 };
                // The weights' zero point is 3.
                let sums = |m: usize, n: usize| -> i32 {
                    (0..k).map(|j| at(&source, &from, 7, m, j) * (i32::from(taps[n * k + j] as i8) - 3)).sum()
                };
                let starts = weights
                    .column_numbers(0, |n| n as i32 * 11 - shift * weights.sums()[n] + 3 * shift * k as i32);
                let factors = weights.column_numbers(0.0, |n| 1e-3 + n as f32 * 1e-5);
                let finish = ToSteps::new(factors.clone(), -4, [-100, 90]);
                let rows = source.rows();
                let operand = Operand { bytes: &from, source, flip, zeros: &[7], rows_per_zero: 1 };
                let product = ByteProduct {
                    weights: &weights,
                    operand,
                    start: Start::RowSums(&starts, -3),
                    stride: n + 2,
                    finish: &finish,
                };
                let mut to = vec![0xaau8; rows * (n + 2)];
                product.run(&Pool::new(2), &mut to, &());
                for (m, column) in (0..rows).flat_map(|m| (0..n + 2).map(move |column| (m, column))) {
                    let got = to[m * (n + 2) + column];
                    if column >= n {
                        assert_eq!(got, 0xaa, "what lies between rows stays");
                        continue;
                    }
                    let sum = sums(m, column) + column as i32 * 11;
                    let step = ((sum as f32 * factors[column]).round_ties_even() as i32 - 4).clamp(-100, 90);
                    assert_eq!(got as i8 as i32, step, "{} {source:?} row {m} column {column}", isa.name());
                }
            }
        }
    }
}

#[test]
fn reals_have_the_scale_and_zero_of_their_row() {
    for isa in Isa::all() {
        let flip = isa.run_integers(Flip);
        let (n, k, rows) = (19, 21, 30);
        let (from, taps) = (bytes(rows * k, 1), bytes(n * k, 2));
        let weights = PackedBytes::new(isa, [n, k], |n, at| taps[n * k + at] as i8);
        // As the instruction set's bytes, whose zero points are moved like them.
        let left: Vec<u8> = from.iter().map(|byte| byte ^ flip).collect();
        let shift = if flip == 0 { 0 } else { 128 };
        let zero = |m: usize| (m % 5) as i32 - 2;
        let zeros: Vec<i32> = (0..rows).map(|m| -(zero(m) + shift)).collect();
        let row_scales: Vec<f32> = (0..rows).map(|m| 0.01 * (m + 1) as f32).collect();
        let scales = weights.column_numbers(0.0, |n| 0.5 + n as f32);
        let biases = weights.column_numbers(0.0, |n| n as f32 - 3.0);
        let starts = weights.column_numbers(0, |n| weights.sums()[n]);
        let clamp = [-1e6, 1e5];
        let finish =
            ToReals { scales: &scales, biases: &biases, row_scales: &row_scales, rows_per_scale: 1, clamp };
        let product = ByteProduct {
            weights: &weights,
            operand: Operand {
                bytes: &left,
                source: Source::Rows { count: rows, stride: k },
                flip: 0,
                zeros: &[0],
                rows_per_zero: 1,
            },
            start: Start::Scaled(&starts, &zeros),
            stride: n,
            finish: &finish,
        };
        let mut to = vec![0f32; rows * n];
        product.run(&Pool::new(2), &mut to, &());
        for (m, column) in (0..rows).flat_map(|m| (0..n).map(move |column| (m, column))) {
            let term = |j: usize| {
                (i32::from(from[m * k + j] as i8) - zero(m)) * i32::from(taps[column * k + j] as i8)
            };
            let sum = (0..k).map(term).sum::<i32>() as f32;
            let real =
                (sum * row_scales[m]).mul_add(scales[column], biases[column]).clamp(clamp[0], clamp[1]);
            let got = to[m * n + column];
            assert!((got - real).abs() <= real.abs() * 1e-6, "{} {got} is not {real}", isa.name());
        }
    }
}
