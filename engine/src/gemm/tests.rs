//! Products and convolutions of odd sizes on every instruction set, against plain sums.

use super::{Epilogue, Packed, Product, Source, Tile, Window};
use crate::pool::Pool;
use crate::simd::{Isa, Simd, map_in_place};
use crate::simd_maps;

/// Values in −1 … 1 that are the same on every run.
struct Values(u32);

impl Values {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

const UNTOUCHED: f32 = 77.0;

/// All of a list; every third of it under Miri, which is a thousand times slower.
fn thinned<T: Copy>(list: &[T]) -> impl Iterator<Item = T> {
    list.iter().copied().step_by(if cfg!(miri) { 3 } else { 1 })
}

fn assert_close(actual: &[f32], expected: &[f32], depth: usize, what: &str) {
    assert_eq!(actual.len(), expected.len());
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (a - e).abs() <= 1e-5 * e.abs().max(1.0) + 1e-7 * depth as f32,
            "{what}: [{i}] is {a}, not {e}"
        );
    }
}

simd_maps! { Twice(simd, x) simd.add(x, x); }

/// Doubles every value and adds its pixel's number and a thousandth of its channel's.
struct Mark;

impl Epilogue for Mark {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, mut tile: Tile<'_>) {
        for row in 0..tile.rows {
            let (pixel, channel) = (tile.first_row + row, tile.first_column);
            map_in_place(simd, tile.row(row), Twice);
            for (i, value) in tile.row(row).iter_mut().enumerate() {
                *value += pixel as f32 + (channel + i) as f32 / 1000.0;
            }
        }
    }
}

fn product(isa: Isa, pool: &Pool, [m, n, k]: [usize; 3], gap: [usize; 2]) {
    let mut values = Values((m * 31 + n * 7 + k) as u32);
    let (lda, ldc) = (k + gap[0], n + gap[1]);
    let (a, w, bias) = (values.take(m * lda), values.take(n * k), values.take(n));
    let packed = Packed::new(isa, [n, k], |n, row| w[n * k + row], |n| bias[n]);
    let clamp = [-0.75, 1.25];
    let mut expected = vec![UNTOUCHED; m * ldc];
    for i in 0..m {
        for j in 0..n {
            let sum = (0..k).map(|k_| f64::from(a[i * lda + k_]) * f64::from(w[j * k + k_])).sum::<f64>();
            let value = (sum as f32 + bias[j]).clamp(clamp[0], clamp[1]);
            expected[i * ldc + j] = value * 2.0 + i as f32 + j as f32 / 1000.0;
        }
    }
    let mut actual = vec![UNTOUCHED; m * ldc];
    let source = Source::Rows { count: m, stride: lda };
    Product { weights: &packed, source, from: &a, stride: ldc, clamp, epilogue: &Mark }
        .run(pool, &mut actual);
    assert_close(&actual, &expected, k, &format!("{} {m}×{n}×{k} {gap:?}", isa.name()));
}

#[test]
fn products_of_odd_sizes() {
    let pools = [Pool::new(1), Pool::new(3)];
    for isa in Isa::all() {
        for pool in &pools {
            for m in thinned(&[1, 2, 5, 7, 8, 11, 25]) {
                for n in thinned(&[1, 3, 4, 7, 8, 9, 16, 17, 24, 31, 33, 47]) {
                    product(isa, pool, [m, n, 1 + (m + n) % 9], [n % 3, m % 2]);
                }
            }
            if cfg!(miri) {
                continue;
            }
            product(isa, pool, [97, 130, 211], [0, 0]);
            product(isa, pool, [203, 257, 600], [5, 3]);
            product(isa, pool, [1, 301, 1000], [0, 0]);
        }
    }
}

fn plain_convolution(window: &Window, from: &[f32], w: &[f32], bias: &[f32]) -> Vec<f32> {
    let [kh, kw] = window.kernel;
    let depth = kh * kw * window.channels;
    let mut to = Vec::new();
    for b in 0..window.batch {
        for y in 0..window.output[0] {
            for x in 0..window.output[1] {
                for (n, bias) in bias.iter().enumerate() {
                    let mut sum = 0.0;
                    for tap in 0..kh * kw {
                        let row = (y * window.stride[0] + tap / kw * window.dilation[0])
                            .wrapping_sub(window.padding[0]);
                        let column = (x * window.stride[1] + tap % kw * window.dilation[1])
                            .wrapping_sub(window.padding[1]);
                        if row >= window.input[0] || column >= window.input[1] {
                            continue;
                        }
                        let pixel = (b * window.input[0] + row) * window.input[1] + column;
                        for c in 0..window.channels {
                            sum += f64::from(from[pixel * window.pixel_stride + c])
                                * f64::from(w[n * depth + tap * window.channels + c]);
                        }
                    }
                    to.push(sum as f32 + bias);
                }
            }
        }
    }
    to
}

fn convolution(isa: Isa, pool: &Pool, window: Window, n: usize) {
    let mut values = Values(n as u32);
    let k = window.kernel[0] * window.kernel[1] * window.channels;
    let from = values.take(window.batch * window.input[0] * window.input[1] * window.pixel_stride);
    let (w, bias) = (values.take(n * k), values.take(n));
    let packed = Packed::new(isa, [n, k], |n, row| w[n * k + row], |n| bias[n]);
    let expected = plain_convolution(&window, &from, &w, &bias);
    let mut actual = vec![UNTOUCHED; expected.len()];
    let clamp = [f32::NEG_INFINITY, f32::INFINITY];
    Product {
        weights: &packed,
        source: Source::Windows(window),
        from: &from,
        stride: n,
        clamp,
        epilogue: &(),
    }
    .run(pool, &mut actual);
    assert_close(&actual, &expected, k, &format!("{} {window:?} to {n}", isa.name()));
}

#[test]
fn convolutions_of_odd_windows() {
    let base = Window {
        batch: 1,
        input: [9, 11],
        channels: 3,
        pixel_stride: 3,
        output: [9, 11],
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
    };
    let pools = [Pool::new(1), Pool::new(2)];
    for isa in Isa::all() {
        for pool in &pools {
            for n in thinned(&[8, 13, 33, 1]) {
                convolution(isa, pool, base, n);
                convolution(isa, pool, Window { pixel_stride: 5, ..base }, n);
                convolution(isa, pool, Window { batch: 3, stride: [2, 2], output: [5, 6], ..base }, n);
                if cfg!(miri) {
                    continue;
                }
                convolution(isa, pool, Window { stride: [2, 3], output: [4, 3], padding: [0, 0], ..base }, n);
                convolution(
                    isa,
                    pool,
                    Window { dilation: [2, 3], padding: [2, 3], channels: 5, pixel_stride: 5, ..base },
                    n,
                );
                convolution(
                    isa,
                    pool,
                    Window { kernel: [1, 1], padding: [0, 0], channels: 17, pixel_stride: 17, ..base },
                    n,
                );
                // Long rows, whose inside goes by spans.
                let long = Window { input: [5, 75], output: [5, 75], ..base };
                convolution(isa, pool, long, n);
                convolution(
                    isa,
                    pool,
                    Window { stride: [1, 2], padding: [1, 0], output: [5, 37], ..long },
                    n,
                );
                convolution(isa, pool, Window { dilation: [3, 1], padding: [3, 1], ..long }, n);
                convolution(
                    isa,
                    pool,
                    Window { kernel: [2, 1], padding: [6, 2], output: [16, 79], pixel_stride: 4, ..long },
                    n,
                );
                // More taps than a tile's table holds, all of some windows in the padding.
                convolution(isa, pool, Window { kernel: [9, 10], padding: [4, 4], ..base }, n);
                convolution(
                    isa,
                    pool,
                    Window { kernel: [12, 12], padding: [20, 20], output: [30, 30], ..base },
                    n,
                );
            }
        }
    }
}

#[test]
fn an_empty_product_writes_nothing() {
    let packed = Packed::new(Isa::detect(), [4, 3], |_, _| 1.0, |_| 1.0);
    let mut to = [UNTOUCHED; 4];
    let source = Source::Rows { count: 0, stride: 3 };
    Product { weights: &packed, source, from: &[], stride: 4, clamp: [0.0, 1.0], epilogue: &() }
        .run(&Pool::new(2), &mut to);
    assert_eq!(to, [UNTOUCHED; 4]);
}
