//! Transposed convolution without zeros between the pixels: a convolution of the image that makes, for each of its places, the
//! `s_h · s_w` pixels of the output there, and a pass that puts them in order.
//!
//! With `Y = y + p`, an output row belongs to place `q = ⌊Y / s⌋` and phase `Y mod s`; the taps `k = (q − i) s + phase` of input rows
//! `i = q − T + 1 … q` reach it, where `T = ⌈kh / s⌉`. So place `q` is a window of `T` input rows with the taps in
//! falling order, those beyond the kernel zero; and likewise the columns.

use super::TransposeConv;
use crate::gemm::{Epilogue, Packed, Product, Source, Tile, Window};
use crate::ops::cpu::{Bound, Steps, all_f32, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Simd, Vectorized};
use std::ops::Range;

struct Transposed {
    weights: Packed,
    window: Window,
    image: usize,
    stride: [usize; 2],
    /// Rows and columns of the first place that lie before the output.
    skip: [usize; 2],
    steps: Steps,
}

/// Whether there is a kernel: for f32, with weights of the model, unless the padding is larger than the window.
pub fn applies(conv: &TransposeConv, operands: &Operands) -> bool {
    let [image, weights, bias] = conv.form.operands();
    all_f32(operands, &[image])
        && known(operands, weights)
        && known(operands, bias)
        && paddings(conv, operands).is_some()
}

/// The zeros before the first place's window.
fn paddings(conv: &TransposeConv, operands: &Operands) -> Option<[usize; 2]> {
    let (weights, output) = (&operands.optional(1)?.ty.shape, &operands.outputs[0].shape);
    let window = conv.window(weights);
    let padding = |axis: usize| {
        let first = window.before(axis, *output.get(axis + 1)?) / conv.stride[axis];
        (window.size[axis].div_ceil(conv.stride[axis]) - 1).checked_sub(first)
    };
    Some([padding(0)?, padding(1)?])
}

/// The kernel.
pub fn kernel(conv: &TransposeConv, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let [image, weights, bias] = conv.form.operands();
    if !applies(conv, operands) {
        return None;
    }
    let (input, weights) = (operands.optional(image)?, operands.optional(weights)?);
    let (&[n, h, w, c], &[o, kh, kw, _]) = (&input.ty.shape[..], &weights.ty.shape[..]) else { return None };
    let &[_, rows, columns, _] = &operands.outputs[0].shape[..] else { return None };
    let taps = weights.constant?.to_reals()?;
    let bias = match operands.optional(bias) {
        None => vec![0.0; o],
        Some(bias) => bias.constant?.to_reals()?,
    };
    let (stride, size, output) = (conv.stride, [kh, kw], [rows, columns]);
    let window = conv.window(&weights.ty.shape);
    let before = [window.before(0, rows), window.before(1, columns)];
    let reach = [kh.div_ceil(stride[0]), kw.div_ceil(stride[1])];
    let first = [before[0] / stride[0], before[1] / stride[1]];
    let places = [0, 1].map(|axis| (output[axis] + before[axis]).div_ceil(stride[axis]) - first[axis]);
    let padding = paddings(conv, operands)?;
    let weight = |column: usize, k: usize| {
        let (phase, out) = ([column / o / stride[1], column / o % stride[1]], column % o);
        let (at, channel) = ([k / c / reach[1], k / c % reach[1]], k % c);
        let tap = |axis: usize| (reach[axis] - 1 - at[axis]) * stride[axis] + phase[axis];
        let inside = tap(0) < size[0] && tap(1) < size[1];
        if inside { taps[((out * kh + tap(0)) * kw + tap(1)) * c + channel] } else { 0.0 }
    };
    let extents = [stride[0] * stride[1] * o, reach[0] * reach[1] * c];
    Some(Box::new(Transposed {
        weights: Packed::new(isa(), extents, weight, |column| bias[column % o]),
        window: Window {
            batch: n,
            input: [h, w],
            channels: c,
            pixel_stride: c,
            output: places,
            kernel: reach,
            stride: [1, 1],
            dilation: [1, 1],
            padding,
        },
        image,
        stride,
        skip: [before[0] % stride[0], before[1] % stride[1]],
        steps: Steps::stored([n, rows, columns, o], conv.activation, chain)?,
    }))
}

impl Transposed {
    /// Floats of all places.
    fn floats(&self) -> usize {
        self.window.batch * self.window.output[0] * self.window.output[1] * self.weights.columns()
    }
}

impl CpuKernel for Transposed {
    fn name(&self) -> String {
        format!("transpose_conv_phases.{}", isa().name())
    }

    fn scratch(&self) -> usize {
        self.floats() * 4
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let scratch = std::mem::take(&mut io.scratch);
        let places = &mut bytemuck::cast_slice_mut::<u8, f32>(scratch)[..self.floats()];
        let (to, chain) = self.steps.bind(io);
        let from = chain.operand(self.image);
        let (weights, stride, clamp) = (&self.weights, self.weights.columns(), self.steps.bounds());
        let [height, width] = self.window.output;
        let pointwise = self.window.kernel == [1, 1] && self.window.input == [height, width];
        let source = match pointwise && self.window.padding == [0, 0] {
            true => Source::Rows { count: self.window.batch * height * width, stride: self.window.channels },
            false => Source::Windows(self.window),
        };
        Product { weights, source, from, stride, clamp, epilogue: &() }.run(pool, places);
        let places: &[f32] = places;
        let rows = self.steps.shape()[0] * self.steps.shape()[1];
        let pieces = to.len() / 16384;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            isa().run(Rows { kernel: self, places, to: &to, chain: &chain, rows });
        });
    }
}

struct Rows<'a> {
    kernel: &'a Transposed,
    places: &'a [f32],
    to: &'a Disjoint<'a, f32>,
    chain: &'a Bound<'a>,
    rows: Range<usize>,
}

impl Vectorized for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Transposed { weights, window, stride, skip, steps, .. } = self.kernel;
        let ([_, height, width, o], [grid_rows, grid_columns]) = (steps.shape(), window.output);
        let run = stride[1] * o;
        for row in self.rows.clone() {
            let y = row % height + skip[0];
            let place = (row / height * grid_rows + y / stride[0]) * grid_columns;
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { self.to.slice(row * width * o, width * o) };
            let places = &self.places[place * weights.columns()..];
            let phase = y % stride[0];
            // What the first place has before the output's left border is left out.
            let cut = skip[1] * o;
            let (first, rest) = to.split_at_mut((run - cut).min(to.len()));
            first.copy_from_slice(&places[phase * run + cut..][..first.len()]);
            spread(places.get(weights.columns()..).unwrap_or_default(), stride[0], phase, run, rest);
            self.chain.apply(simd, Tile::new(to, o, [row * width, width], [0, o]));
        }
    }
}

/// Puts run `phase` of each place one after the other; the last may be cut.
#[inline(always)]
fn spread(places: &[f32], phases: usize, phase: usize, run: usize, to: &mut [f32]) {
    // Runs of a fixed size are moves, others calls.
    match run {
        1 => spread_fixed::<1>(places, phases, phase, to),
        2 => spread_fixed::<2>(places, phases, phase, to),
        4 => spread_fixed::<4>(places, phases, phase, to),
        _ => {
            let runs = places.chunks_exact(run).skip(phase).step_by(phases);
            to.chunks_mut(run).zip(runs).for_each(|(to, from)| to.copy_from_slice(&from[..to.len()]));
        }
    }
}

#[inline(always)]
fn spread_fixed<const N: usize>(places: &[f32], phases: usize, phase: usize, to: &mut [f32]) {
    let (runs, _) = places.as_chunks::<N>();
    let (whole, rest) = to.as_chunks_mut::<N>();
    let mut runs = runs.iter().skip(phase).step_by(phases);
    whole.iter_mut().zip(runs.by_ref()).for_each(|(to, from)| *to = *from);
    if let Some(from) = runs.next() {
        rest.copy_from_slice(&from[..rest.len()]);
    }
}
