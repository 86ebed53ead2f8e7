//! One filter a channel, on vectors of channels.
//!
//! A task computes rows of the output, in bands of some rows, a vector of channels after the other. Where the window lies inside the picture from left to right, several neighbors in a row are
//! computed at once, so that they share the weights and, for the usual windows, most of what they load; the pixels
//! at the border take their taps one by one. Rows of taps above or below the picture are left out.
//!
//! The last vector of channels overlaps the one before where the channels are not whole vectors: the same values are written twice.

use crate::gemm::{Epilogue, Tile, Window};
use crate::pool::{Disjoint, Pool};
use crate::simd::{AlignedFloats, Isa, Simd, Vectorized};
use std::ops::Range;

/// Bytes of one vector of channels in the rows of a band, which stay in the first level cache while the window moves down.
const BAND_BYTES: usize = 24 << 10;
/// Pixels computed at once.
const PIXELS: usize = 4;

/// A filter for each channel.
pub struct Kernel {
    isa: Isa,
    window: Window,
    channels: usize,
    /// For each vector of channels: the bias, then the taps.
    weights: AlignedFloats,
}

impl Kernel {
    /// A kernel with `taps[tap][channel]`; the window's pixel stride is the number of channels.
    pub fn new(isa: Isa, window: Window, taps: &[f32], bias: &[f32]) -> Self {
        let (channels, lanes, count) =
            (window.pixel_stride, isa.lanes(), window.kernel[0] * window.kernel[1]);
        let mut weights = AlignedFloats::zeros(channels.div_ceil(lanes) * lanes * (count + 1));
        for (vector, floats) in weights.chunks_exact_mut(lanes * (count + 1)).enumerate() {
            let first = first_channel(vector, lanes, channels);
            for lane in 0..lanes.min(channels - first) {
                floats[lane] = bias[first + lane];
                for tap in 0..count {
                    floats[(tap + 1) * lanes + lane] = taps[tap * channels + first + lane];
                }
            }
        }
        Self { isa, window, channels, weights }
    }

    /// Which of the inner loops it uses.
    pub fn form(&self) -> String {
        let Window { kernel: [kh, kw], stride, dilation, .. } = self.window;
        match (kw, stride[1], dilation[1]) {
            (3 | 5, 1, _) | (3 | 5, 2, 1) => format!("{kh}x{kw}s{}d{}", stride[1], dilation[1]),
            _ => "general".into(),
        }
    }

    /// With dilated taps those pixels share what they load that lie a tap apart, so a row is as many interleaved ones.
    fn phases(&self) -> usize {
        if self.window.stride[1] == 1 { self.window.dilation[1] } else { 1 }
    }

    /// Writes the clamped results, then applies the epilogue.
    ///
    /// # Panics
    /// Where a slice is shorter than its picture.
    pub fn run<E: Epilogue>(&self, pool: &Pool, from: &[f32], to: &mut [f32], clamp: [f32; 2], epilogue: &E) {
        let Window { batch, input, output, kernel, .. } = self.window;
        let rows = batch * output[0];
        assert!(
            from.len() >= batch * input[0] * input[1] * self.channels,
            "the input should hold its pixels"
        );
        assert!(to.len() >= rows * output[1] * self.channels, "the output should hold its pixels");
        let work = rows * output[1] * self.channels * kernel[0] * kernel[1];
        let pieces = work / 200_000;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            self.isa.run(Task { kernel: self, from, to: &to, clamp, epilogue, rows });
        });
    }
}

/// The first channel of a vector: the last one begins early enough to be whole, if there are enough channels.
fn first_channel(vector: usize, lanes: usize, channels: usize) -> usize {
    (vector * lanes).min(channels.saturating_sub(lanes))
}

struct Task<'a, E> {
    kernel: &'a Kernel,
    from: &'a [f32],
    to: &'a Disjoint<'a, f32>,
    clamp: [f32; 2],
    epilogue: &'a E,
    rows: Range<usize>,
}

/// What is the same for the pixels of a row and the channels of a vector.
#[derive(Clone, Copy)]
struct Filter {
    /// The bias, and the first tap of the first row of taps in the picture.
    bias: *const f32,
    taps: *const f32,
    /// Rows of taps in the picture, their length, and the floats between them.
    rows: usize,
    width: usize,
    row_stride: usize,
    /// Floats between two taps and between two pixels of the input.
    tap_stride: usize,
    pixel_stride: usize,
    /// Floats between two pixels of the output.
    to_stride: usize,
    lanes: usize,
    clamp: [f32; 2],
}

impl<E: Epilogue> Vectorized for Task<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (width, channels) = (self.kernel.window.output[1], self.kernel.channels);
        let band = (BAND_BYTES / (width * S::LANES * 4).max(1)).clamp(1, 8);
        for first in self.rows.clone().step_by(band) {
            let rows = first..self.rows.end.min(first + band);
            let taps = S::LANES * (self.kernel.window.kernel[0] * self.kernel.window.kernel[1] + 1);
            for (vector, weights) in self.kernel.weights.chunks_exact(taps).enumerate() {
                let channel = first_channel(vector, S::LANES, channels);
                for row in rows.clone() {
                    self.row(simd, row, channel, weights);
                }
            }
            // SAFETY: the rows of tasks are disjoint.
            let floats = unsafe { self.to.slice(first * width * channels, rows.len() * width * channels) };
            let tile = Tile::new(floats, channels, [first * width, rows.len() * width], [0, channels]);
            self.epilogue.apply(simd, tile);
        }
    }
}

impl<E: Epilogue> Task<'_, E> {
    /// A vector of channels in a row of the output.
    #[inline(always)]
    fn row<S: Simd>(&self, simd: S, row: usize, channel: usize, weights: &[f32]) {
        let (window, channels) = (&self.kernel.window, self.kernel.channels);
        let width = window.output[1];
        let [b, y0, _] = window.corner([row / window.output[0], row % window.output[0], 0]);
        let taps = window.tap_rows(y0);
        let y = y0 + (taps.start * window.dilation[0]) as isize;
        let filter = Filter {
            bias: weights.as_ptr(),
            taps: weights[S::LANES * (1 + taps.start * window.kernel[1])..].as_ptr(),
            rows: taps.len(),
            width: window.kernel[1],
            row_stride: window.dilation[0] * window.input[1] * channels,
            tap_stride: window.dilation[1] * channels,
            pixel_stride: window.stride[1] * channels,
            to_stride: channels,
            lanes: S::LANES.min(channels),
            clamp: self.clamp,
        };
        // SAFETY: this task alone touches its rows, and it uses the result up to the last pixel's channels of this vector.
        let to =
            unsafe { self.to.slice(row * width * channels + channel, (width - 1) * channels + filter.lanes) };
        let inner = window.inner_columns();
        for x in (0..inner.start).chain(inner.end..width) {
            self.border(simd, filter, [b, y], x, channel, to[x * channels..].as_mut_ptr());
        }
        let phases = self.kernel.phases();
        let filter = Filter {
            pixel_stride: filter.pixel_stride * phases,
            to_stride: filter.to_stride * phases,
            ..filter
        };
        for x in inner.clone().take(phases) {
            let from = match taps.is_empty() {
                true => self.from.as_ptr(),
                false => self.tap(b, y, (x * window.stride[1] - window.padding[1]) as isize, channel),
            };
            let count = (inner.end - x).div_ceil(phases);
            // SAFETY: every tap of these pixels lies in the picture, whose extent was checked, and so do their results.
            unsafe { inside(simd, filter, from, to[x * channels..].as_mut_ptr(), count) };
        }
    }

    /// Where a channel of a pixel of the input lies.
    #[inline(always)]
    fn tap(&self, b: isize, y: isize, x: isize, channel: usize) -> *const f32 {
        let offset = self.kernel.window.offset([b, y, x], 0, 0).expect("the tap should lie in the picture");
        self.from[offset + channel..].as_ptr()
    }

    /// A pixel whose window hangs over the left or right border.
    #[inline(always)]
    fn border<S: Simd>(
        &self,
        simd: S,
        filter: Filter,
        [b, y]: [isize; 2],
        x: usize,
        channel: usize,
        to: *mut f32,
    ) {
        let window = &self.kernel.window;
        let x0 = (x * window.stride[1]) as isize - window.padding[1] as isize;
        let valid = |kx: &usize| {
            let x = x0 + (kx * window.dilation[1]) as isize;
            x >= 0 && (x as usize) < window.input[1]
        };
        let first = (0..filter.width).find(valid);
        let count = (0..filter.width).filter(valid).count();
        let (filter, from) = match first.filter(|_| filter.rows > 0) {
            None => (Filter { rows: 0, ..filter }, self.from.as_ptr()),
            Some(first) => {
                let x = x0 + (first * window.dilation[1]) as isize;
                let from = self.tap(b, y, x, channel);
                (Filter { taps: filter.taps.wrapping_add(first * S::LANES), ..filter }, from)
            }
        };
        // SAFETY: the taps from `first` on, `count` of them in each row, lie in the picture.
        unsafe { general::<S, 1>(simd, filter, count, from, to) };
    }
}

/// `count` neighbors whose taps all lie in the picture.
///
/// # Safety
/// `from` leads to the first tap of the first pixel: `filter.rows · filter.width` taps of `filter.lanes` floats are readable for each
/// pixel, and as many floats are writable for each from `to` on.
#[inline(always)]
unsafe fn inside<S: Simd>(simd: S, filter: Filter, from: *const f32, to: *mut f32, count: usize) {
    let taps_apart = if filter.lanes == S::LANES { filter.pixel_stride / filter.tap_stride } else { 0 };
    let taps_apart = if taps_apart * filter.tap_stride == filter.pixel_stride { taps_apart } else { 0 };
    let mut at = 0;
    while at < count {
        // The last pixels are computed again with some before them, where there are enough.
        let many = count >= PIXELS;
        let first = if many { at.min(count - PIXELS) } else { at };
        // SAFETY: pixels `first .. first + PIXELS`, or one, are among the `count`.
        unsafe {
            let (from, to) = (from.add(first * filter.pixel_stride), to.add(first * filter.to_stride));
            match (many, filter.width, taps_apart) {
                (true, 3, 1) => shared::<S, 3, 1>(simd, filter, from, to),
                (true, 3, 2) => shared::<S, 3, 2>(simd, filter, from, to),
                (true, 5, 1) => shared::<S, 5, 1>(simd, filter, from, to),
                (true, 5, 2) => shared::<S, 5, 2>(simd, filter, from, to),
                _ if many => general::<S, PIXELS>(simd, filter, filter.width, from, to),
                _ => general::<S, 1>(simd, filter, filter.width, from, to),
            }
        }
        at = first + if many { PIXELS } else { 1 };
    }
}

/// [`PIXELS`] neighbors of a window `KW` wide, `SX` taps apart: each float is loaded once a row.
///
/// # Safety
/// As for [`inside`], for these pixels; the vector is whole.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "columns and taps are positions in several arrays at once")]
unsafe fn shared<S: Simd, const KW: usize, const SX: usize>(
    simd: S,
    filter: Filter,
    from: *const f32,
    to: *mut f32,
) {
    // SAFETY: column `j < (PIXELS − 1) SX + KW` of row `ky` is tap `j − p SX` of a pixel `p`.
    unsafe {
        let mut sums = [simd.load(filter.bias); PIXELS];
        for ky in 0..filter.rows {
            let (row, taps) = (from.add(ky * filter.row_stride), filter.taps.add(ky * KW * S::LANES));
            let mut w = [simd.splat(0.0); KW];
            for kx in 0..KW {
                w[kx] = simd.load(taps.add(kx * S::LANES));
            }
            for j in 0..(PIXELS - 1) * SX + KW {
                let x = simd.load(row.add(j * filter.tap_stride));
                for p in 0..PIXELS {
                    if j >= p * SX && j - p * SX < KW {
                        sums[p] = simd.mul_add(x, w[j - p * SX], sums[p]);
                    }
                }
            }
        }
        store(simd, filter, to, sums);
    }
}

/// `P` neighbors of any window, the first `width` taps of each row.
///
/// # Safety
/// As for [`inside`], for these pixels and taps.
#[inline(always)]
unsafe fn general<S: Simd, const P: usize>(
    simd: S,
    filter: Filter,
    width: usize,
    from: *const f32,
    to: *mut f32,
) {
    // SAFETY: each tap is one of those the caller promises.
    unsafe {
        let mut sums = [simd.load(filter.bias); P];
        for ky in 0..filter.rows {
            for kx in 0..width {
                let w = simd.load(filter.taps.add((ky * filter.width + kx) * S::LANES));
                let tap = from.add(ky * filter.row_stride + kx * filter.tap_stride);
                for (p, sum) in sums.iter_mut().enumerate() {
                    let x = simd.load_up_to(tap.add(p * filter.pixel_stride), filter.lanes);
                    *sum = simd.mul_add(x, w, *sum);
                }
            }
        }
        store(simd, filter, to, sums);
    }
}

/// # Safety
/// `filter.lanes` floats are writable for each of the `P` pixels from `to` on.
#[inline(always)]
unsafe fn store<S: Simd, const P: usize>(simd: S, filter: Filter, to: *mut f32, sums: [S::F32; P]) {
    let (low, high) = (simd.splat(filter.clamp[0]), simd.splat(filter.clamp[1]));
    for (p, sum) in sums.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { simd.store_up_to(to.add(p * filter.to_stride), simd.clamp(sum, low, high), filter.lanes) };
    }
}
