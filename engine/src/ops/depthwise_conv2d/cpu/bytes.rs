//! One filter of bytes a channel, on vectors of four times as many channels as there are lanes.
//!
//! The taps of a column of the window, four rows at a time, are interleaved into quads, so that one product of bytes adds four taps of a
//! channel. Neighbors in a row share the columns that their windows share. A tap in the border reads the zero point. Weights less
//! their zero point that no byte holds are the sum of two that do.

use crate::gemm::Window;
use crate::gemm::bytes::ToSteps;
use crate::gemm::{Epilogue, Tile};
use crate::pool::{Disjoint, Pool};
use crate::simd::{AlignedFloats, Integers, Isa, Simd, VectorizedIntegers};
use std::ops::Range;

/// Pixels computed at once where there are registers for them.
const PIXELS: usize = 4;

/// A filter for each channel.
pub struct ByteKernel {
    isa: Isa,
    window: Window,
    channels: usize,
    /// Bytes that a weight is the sum of.
    parts: usize,
    /// For each block of channels, column of taps, four rows of taps and part: quads of a block of channels.
    quads: AlignedFloats,
    /// For each channel in the order of the blocks: the sum of its weights.
    sums: Vec<i32>,
    order: Vec<usize>,
}

/// Channels of a block, in the order in which interleaving leaves them.
struct Block;

impl VectorizedIntegers for Block {
    type Output = Vec<usize>;

    #[inline(always)]
    fn run<N: Integers>(self, _: N) -> Vec<usize> {
        (0..4 * N::LANES).map(|i| N::interleaved(i / N::LANES, i % N::LANES)).collect()
    }
}

impl ByteKernel {
    /// A kernel with `weight(tap, channel)` less its zero point; the window's pixel stride is the number of channels.
    pub fn new(isa: Isa, window: Window, weight: impl Fn(usize, usize) -> i32) -> Self {
        let channels = window.pixel_stride;
        let [kh, kw] = window.kernel;
        let order = isa.run_integers(Block);
        let small = |value: i32| (-128..=127).contains(&value);
        let all = (0..kh * kw).all(|tap| (0..channels).all(|channel| small(weight(tap, channel))));
        let (parts, block, rows) = (if all { 1 } else { 2 }, order.len(), kh.div_ceil(4));
        let blocks = channels.div_ceil(block);
        let mut quads = AlignedFloats::zeros(blocks * kw * rows * parts * block);
        let mut sums = vec![0; blocks * block];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut quads);
        for (place, sum) in sums.iter_mut().enumerate() {
            let channel = place / block * block + order[place % block];
            if channel >= channels {
                continue;
            }
            for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                let value = weight(ky * kw + kx, channel);
                *sum += value;
                let first = value.clamp(-128, 127);
                let column = ((place / block * kw + kx) * rows + ky / 4) * parts;
                for (part, value) in [first, value - first].into_iter().enumerate().take(parts) {
                    bytes[((column + part) * block + place % block) * 4 + ky % 4] = value as u8;
                }
            }
        }
        Self { isa, window, channels, parts, quads, sums, order }
    }

    /// The number of each channel, in the order of the blocks, `rest` in their gaps.
    pub fn channel_numbers<T: Copy>(&self, rest: T, number: impl Fn(usize) -> T) -> Vec<T> {
        let block = self.order.len();
        let of = |place: usize| {
            let channel = place / block * block + self.order[place % block];
            if channel < self.channels { number(channel) } else { rest }
        };
        (0..self.sums.len()).map(of).collect()
    }

    /// What the sums start from, where the zero point of the left operand is `zero` and channels have biases.
    pub fn starts(&self, zero: i32, bias: impl Fn(usize) -> i32) -> Vec<i32> {
        let biases = self.channel_numbers(0, bias);
        biases.iter().zip(&self.sums).map(|(bias, sum)| bias.wrapping_sub(zero.wrapping_mul(*sum))).collect()
    }

    /// The sums of the channels' weights, in the order of the blocks.
    pub fn sums(&self) -> &[i32] {
        &self.sums
    }

    /// Computes the filters over the bytes of `input`.
    ///
    /// # Panics
    /// Where a slice is shorter than its picture.
    pub fn run<F: FinishBlock>(&self, pool: &Pool, input: Input<'_>, to: &mut [F::Element], finish: &F) {
        let Window { batch, input: [height, width], output, kernel, .. } = self.window;
        let rows = batch * output[0];
        assert!(
            input.bytes.len() >= batch * height * width * self.channels,
            "the input should hold its pixels"
        );
        assert!(to.len() >= rows * output[1] * self.channels, "the output should hold its pixels");
        assert!(input.starts.len() == self.sums.len(), "each channel should have a start");
        let work = rows * output[1] * self.channels * kernel[0] * kernel[1];
        let pieces = work / 400_000;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            self.isa.run_integers(Task { kernel: self, input, to: &to, finish, rows });
        });
    }
}

/// The bytes of the pictures, and what is said of them.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// What is toggled in them to make them left operands.
    pub flip: u8,
    /// The byte of the border of each picture, or of all, before it is toggled.
    pub zeros: &'a [u8],
    /// What each channel's sum starts from, in the order of the blocks.
    pub starts: &'a [i32],
    /// A factor of the start for each picture; none for one.
    pub factors: &'a [i32],
}

/// Turns the sums of a block of channels into elements of the output.
pub trait FinishBlock: Sync {
    /// An element.
    type Element: Send;

    /// Stores the first `count` of a block's channels of a pixel of picture `picture`. Implementations are `#[inline(always)]`.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` elements; `place` is where the block begins in the order of the blocks.
    unsafe fn store<N: Integers>(
        &self,
        n: N,
        sums: [N::I32; 4],
        to: *mut Self::Element,
        picture: usize,
        place: usize,
        count: usize,
    );

    /// Shows finished rows of the output to what follows.
    fn show<N: Integers>(
        &self,
        n: N,
        elements: &mut [Self::Element],
        channels: usize,
        first: usize,
        pixels: usize,
    );
}

/// Steps of a quantized output.
pub struct BlockSteps {
    steps: ToSteps,
    factors: Vec<f32>,
    signed: bool,
}

impl BlockSteps {
    /// With factors in the order of the blocks.
    pub fn new(factors: Vec<f32>, zero_point: i32, range: [i32; 2], signed: bool) -> Self {
        // Narrowing gives unsigned bytes.
        let shift = if signed { 128 } else { 0 };
        let steps = ToSteps::new(Vec::new(), zero_point + shift, range.map(|step| step + shift));
        Self { steps, factors, signed }
    }
}

impl FinishBlock for BlockSteps {
    type Element = u8;

    #[inline(always)]
    unsafe fn store<N: Integers>(
        &self,
        n: N,
        sums: [N::I32; 4],
        to: *mut u8,
        _picture: usize,
        place: usize,
        count: usize,
    ) {
        let factors = &self.factors[place..place + 4 * N::LANES];
        let mut steps = sums;
        for (vector, steps) in steps.iter_mut().enumerate() {
            // SAFETY: the factors of a block are four vectors.
            *steps = unsafe { self.steps.steps(n, *steps, factors.as_ptr().add(vector * N::LANES)) };
        }
        let bytes = n.xor(n.narrow(steps), n.splat_byte(if self.signed { 0x80 } else { 0 }));
        // SAFETY: the caller's promise.
        unsafe { n.store_bytes_up_to(to, bytes, count) };
    }

    #[inline(always)]
    fn show<N: Integers>(&self, _: N, _: &mut [u8], _: usize, _: usize, _: usize) {}
}

/// Reals: `clamp(sum · scale_of_picture · scale + bias)`, then the epilogue.
pub struct BlockReals<'a, E> {
    /// The scales of the weights and the biases, in the order of the blocks.
    pub scales: &'a [f32],
    /// See [`BlockReals::scales`].
    pub biases: &'a [f32],
    /// The scale of each picture.
    pub pictures: &'a [f32],
    /// The smallest and the largest value.
    pub clamp: [f32; 2],
    /// What follows.
    pub epilogue: &'a E,
}

impl<E: Epilogue> FinishBlock for BlockReals<'_, E> {
    type Element = f32;

    #[inline(always)]
    unsafe fn store<N: Integers>(
        &self,
        n: N,
        sums: [N::I32; 4],
        to: *mut f32,
        picture: usize,
        place: usize,
        count: usize,
    ) {
        let simd = n.floats();
        let scales = &self.scales[place..place + 4 * N::LANES];
        let biases = &self.biases[place..place + 4 * N::LANES];
        let mut ordered = [0f32; 64];
        for (vector, sums) in sums.into_iter().enumerate() {
            let mut reals = [0f32; 16];
            // SAFETY: a block is four vectors, and no vector has more than sixteen lanes.
            unsafe {
                let scale = simd.load(scales.as_ptr().add(vector * N::LANES));
                let bias = simd.load(biases.as_ptr().add(vector * N::LANES));
                let sums = simd.mul(n.to_f32(sums), simd.splat(self.pictures[picture]));
                let real = simd.mul_add(sums, scale, bias);
                let real = simd.clamp(real, simd.splat(self.clamp[0]), simd.splat(self.clamp[1]));
                simd.store(reals.as_mut_ptr(), real);
            }
            for lane in (0..N::LANES).step_by(4) {
                let at = N::interleaved(vector, lane);
                ordered[at..at + 4].copy_from_slice(&reals[lane..lane + 4]);
            }
        }
        // SAFETY: the caller promises `count` writable floats, and a block has at most 64.
        unsafe { std::ptr::copy_nonoverlapping(ordered.as_ptr(), to, count) };
    }

    #[inline(always)]
    fn show<N: Integers>(&self, n: N, floats: &mut [f32], channels: usize, first: usize, pixels: usize) {
        self.epilogue.apply(n.floats(), Tile::new(floats, channels, [first, pixels], [0, channels]));
    }
}

struct Task<'a, F: FinishBlock> {
    kernel: &'a ByteKernel,
    input: Input<'a>,
    to: &'a Disjoint<'a, F::Element>,
    finish: &'a F,
    rows: Range<usize>,
}

/// A row of taps: where its first byte of the picture's row lies, or zeros that a step does not leave.
#[derive(Clone, Copy)]
struct Row {
    from: *const u8,
    /// Bytes from a pixel to the next.
    step: usize,
}

/// What is the same for the pixels of a row and the channels of a block.
struct Filter<'a, F> {
    kernel: &'a ByteKernel,
    finish: &'a F,
    /// For each row of taps, up to a whole number of fours.
    rows: &'a [Row],
    zeros: *const u8,
    flip: u8,
    quads: *const u8,
    starts: *const i32,
    factor: i32,
    picture: usize,
    place: usize,
    count: usize,
}

/// The most rows of taps.
pub const MAX_ROWS: usize = 32;

impl<F: FinishBlock> VectorizedIntegers for Task<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let (window, channels) = (&self.kernel.window, self.kernel.channels);
        let width = window.output[1];
        for row in self.rows.clone() {
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { self.to.slice(row * width * channels, width * channels) };
            for place in (0..self.kernel.sums.len()).step_by(4 * N::LANES) {
                self.row(n, row, place, to);
            }
            self.finish.show(n, to, channels, row * width, width);
        }
    }
}

impl<F: FinishBlock> Task<'_, F> {
    /// A block of channels in a row of the output.
    #[inline(always)]
    fn row<N: Integers>(&self, n: N, row: usize, place: usize, to: &mut [F::Element]) {
        let (window, channels) = (&self.kernel.window, self.kernel.channels);
        let [picture, y, _] = window.corner([row / window.output[0], row % window.output[0], 0]);
        let picture = picture as usize;
        let zero = self.input.zeros[if self.input.zeros.len() == 1 { 0 } else { picture }];
        let zeros = [zero; 64];
        let mut rows = [Row { from: zeros.as_ptr(), step: 0 }; MAX_ROWS];
        for (ky, row) in rows.iter_mut().enumerate().take(window.kernel[0]) {
            if let Some(offset) = window.offset([picture as isize, y, 0], ky, 0) {
                *row = Row { from: self.input.bytes[offset + place..].as_ptr(), step: channels };
            }
        }
        let fours = window.kernel[0].div_ceil(4);
        let bytes_of_a_block = window.kernel[1] * fours * self.kernel.parts * 16 * N::LANES;
        let quads: &[u8] = bytemuck::cast_slice(&self.kernel.quads);
        let filter = Filter {
            kernel: self.kernel,
            finish: self.finish,
            rows: &rows[..4 * fours],
            zeros: zeros.as_ptr(),
            flip: self.input.flip,
            quads: quads[place / (4 * N::LANES) * bytes_of_a_block..].as_ptr(),
            starts: self.input.starts[place..place + 4 * N::LANES].as_ptr(),
            factor: if self.input.factors.is_empty() {
                1
            } else {
                self.input.factors[if self.input.factors.len() == 1 { 0 } else { picture }]
            },
            picture,
            place,
            count: (channels - place).min(4 * N::LANES),
        };
        let inner = window.inner_columns();
        let to = &mut to[place..];
        for x in (0..inner.start).chain(inner.end..window.output[1]) {
            // SAFETY: the pixel's channels lie in the row; taps in the border are those of zeros.
            unsafe { general(n, &filter, x, to[x * channels..].as_mut_ptr()) };
        }
        let shared_columns = match (window.kernel[1], window.stride[1], window.dilation[1]) {
            (3, stride @ (1 | 2), 1) if window.kernel[0] <= 4 && self.kernel.parts == 1 => Some(stride),
            _ => None,
        };
        let Some(stride) = shared_columns.filter(|_| inner.len() >= PIXELS) else {
            for x in inner {
                // SAFETY: as above.
                unsafe { general(n, &filter, x, to[x * channels..].as_mut_ptr()) };
            }
            return;
        };
        let mut x = inner.start;
        while x < inner.end {
            // The last pixels are computed again with some before them.
            let first = x.min(inner.end - PIXELS);
            let to = to[first * channels..].as_mut_ptr();
            // SAFETY: as above, and every tap of these pixels is in the picture from left to right.
            unsafe {
                match stride {
                    1 => shared::<N, F, 3, 1>(n, &filter, first, to),
                    _ => shared::<N, F, 3, 2>(n, &filter, first, to),
                }
            }
            x = first + PIXELS;
        }
    }
}

/// A column of taps as quads: rows `4 four ..` of taps at column `x` of the picture.
///
/// # Safety
/// The filter's rows have `count` bytes at that column.
#[inline(always)]
unsafe fn column<N: Integers, F>(
    n: N,
    filter: &Filter<'_, F>,
    four: usize,
    x: Option<usize>,
) -> [N::Left; 4] {
    let flip = n.splat_byte(filter.flip);
    let mut rows = [n.splat_byte(0); 4];
    for (j, bytes) in rows.iter_mut().enumerate() {
        let row = filter.rows[4 * four + j];
        let from = match x {
            // SAFETY: the column lies in the picture, and zeros have no step.
            Some(x) => unsafe { row.from.add(x * row.step) },
            None => filter.zeros,
        };
        let whole = filter.count == 4 * N::LANES;
        // SAFETY: `count` bytes are readable there, all of them where the block is whole.
        let loaded =
            unsafe { if whole { n.load_bytes(from) } else { n.load_bytes_up_to(from, filter.count) } };
        *bytes = n.xor(loaded, flip);
    }
    n.interleave(rows).map(|quads| n.left(quads))
}

/// # Safety
/// The filter's starts are four vectors.
#[inline(always)]
unsafe fn started<N: Integers, F>(n: N, filter: &Filter<'_, F>) -> [N::I32; 4] {
    let mut sums = [n.splat(0); 4];
    for (vector, sums) in sums.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let start = unsafe { n.load(filter.starts.add(vector * N::LANES)) };
        *sums = if filter.factor == 1 { start } else { n.mul(start, n.splat(filter.factor)) };
    }
    sums
}

/// One pixel of any window.
///
/// # Safety
/// `count` elements are writable at `to`; the filter's rows have the pixels of the picture's rows.
#[inline(always)]
unsafe fn general<N: Integers, F: FinishBlock>(n: N, filter: &Filter<'_, F>, x: usize, to: *mut F::Element) {
    let window = &filter.kernel.window;
    let parts = filter.kernel.parts;
    // SAFETY: columns outside the picture are read as zeros; the weights have all quads of the block.
    unsafe {
        let mut sums = started(n, filter);
        let mut quads = filter.quads;
        for kx in 0..window.kernel[1] {
            let column_at = (x * window.stride[1] + kx * window.dilation[1]).checked_sub(window.padding[1]);
            let column_at = column_at.filter(|&at| at < window.input[1]);
            for four in 0..filter.rows.len() / 4 {
                let left = column(n, filter, four, column_at);
                for _ in 0..parts {
                    for (sums, left) in sums.iter_mut().zip(left) {
                        *sums = n.dot(*sums, left, n.right(n.load_bytes(quads)));
                        quads = quads.add(4 * N::LANES);
                    }
                }
            }
        }
        filter.finish.store(n, sums, to, filter.picture, filter.place, filter.count);
    }
}

/// [`PIXELS`] neighbors of a window of up to four rows and `KW` columns, `SX` columns apart: each column is interleaved once.
///
/// # Safety
/// As for [`general`], for these pixels, whose taps all lie in the picture from left to right; the weights have one part.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "columns and taps are positions in several arrays at once")]
unsafe fn shared<N: Integers, F: FinishBlock, const KW: usize, const SX: usize>(
    n: N,
    filter: &Filter<'_, F>,
    x: usize,
    to: *mut F::Element,
) {
    let window = &filter.kernel.window;
    // SAFETY: column `j < (PIXELS − 1) SX + KW` is tap `j − p SX` of a pixel `p`.
    unsafe {
        let mut sums = [started(n, filter); PIXELS];
        let first = x * SX - window.padding[1];
        for j in 0..(PIXELS - 1) * SX + KW {
            let left = column(n, filter, 0, Some(first + j));
            for p in 0..PIXELS {
                if j >= p * SX && j - p * SX < KW {
                    let quads = filter.quads.add((j - p * SX) * 16 * N::LANES);
                    for v in 0..4 {
                        let w = n.right(n.load_bytes(quads.add(v * 4 * N::LANES)));
                        sums[p][v] = n.dot(sums[p][v], left[v], w);
                    }
                }
            }
        }
        for (p, sums) in sums.into_iter().enumerate() {
            let to = to.add(p * filter.kernel.channels);
            filter.finish.store(n, sums, to, filter.picture, filter.place, filter.count);
        }
    }
}
