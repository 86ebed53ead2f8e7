//! Reals rounded to bytes as they come: each group of them (an image, or a row) to its own 256 steps between its least and its
//! greatest number, zero among them.
//!
//! The scheme and its roundings are those of XNNPACK's dynamically quantized operators: `q = round(x / s) + z`, halves to the even
//! step, with `s = (max − min) / 255` and `z` such that zero is a step. They round so whatever a file says of
//! `asymmetric_quantize_inputs`.

use crate::pool::{Disjoint, Pool, part};
use crate::simd::{Integers, Isa, Simd, VectorizedIntegers};
use std::ops::Range;

/// Numbers worth a task of their own.
const TASK: usize = 32 << 10;
/// Tasks that share a group.
const MAX_TASKS: usize = 64;

/// How reals are rounded.
pub struct Quantizer {
    isa: Isa,
    /// What is added to a signed byte to make it a left operand.
    shift: i32,
    groups: usize,
    size: usize,
}

/// Rounded reals, in the form of left operands.
pub struct Rounded<'a> {
    /// The bytes of all groups.
    pub bytes: &'a [u8],
    /// For each group the size of a step,
    pub scales: &'a [f32],
    /// the zero point of the left operand, negative,
    pub factors: &'a [i32],
    /// and as a byte.
    pub zeros: &'a [u8],
}

/// The steps of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    /// The size of a step.
    pub scale: f32,
    /// Steps to one.
    pub inverse: f32,
    /// The step of zero.
    pub zero_point: i32,
}

impl Grid {
    /// The steps of numbers between these.
    pub fn of(least: f32, greatest: f32) -> Self {
        let (least, greatest) = (least.min(0.0), greatest.max(0.0));
        let inverse = if least == greatest { 1.0 } else { 255.0 / (greatest - least) };
        let (from_least, from_greatest) = (-128.0 - least * inverse, 127.0 - greatest * inverse);
        // The one of both that rounds less.
        let errors = (-128.0 + least * inverse) + (127.0 + greatest * inverse);
        let zero_point: f32 = if errors > 0.0 { from_least } else { from_greatest };
        let zero_point = zero_point.clamp(-128.0, 127.0).round_ties_even() as i32;
        Self { scale: 1.0 / inverse, inverse, zero_point }
    }
}

impl Quantizer {
    /// For `groups` groups of `size` reals.
    pub fn new(isa: Isa, groups: usize, size: usize) -> Self {
        let shift = i32::from(super::layer::flip(isa));
        Self { isa, shift, groups, size }
    }

    /// Bytes of scratch memory: the numbers of the groups, the extremes that tasks find, the rounded reals.
    pub fn scratch(&self) -> usize {
        let numbers = (self.groups * 4).next_multiple_of(64);
        3 * numbers + MAX_TASKS * 8 + (self.groups * self.size).next_multiple_of(64)
    }

    /// Rounds the reals of `from` into scratch memory; gives what is left of it.
    ///
    /// # Panics
    /// Where `from` or the scratch memory is too short.
    pub fn run<'a>(&self, pool: &Pool, from: &[f32], scratch: &'a mut [u8]) -> (Rounded<'a>, &'a mut [u8]) {
        let (groups, size) = (self.groups, self.size);
        let numbers = (groups * 4).next_multiple_of(64);
        let (scales, scratch) = scratch.split_at_mut(numbers);
        let (factors, scratch) = scratch.split_at_mut(numbers);
        let (zeros, scratch) = scratch.split_at_mut(numbers);
        let (extremes, scratch) = scratch.split_at_mut(MAX_TASKS * 8);
        let (bytes, rest) = scratch.split_at_mut((groups * size).next_multiple_of(64));
        let scales = &mut bytemuck::cast_slice_mut::<u8, f32>(scales)[..groups];
        let factors = &mut bytemuck::cast_slice_mut::<u8, i32>(factors)[..groups];
        let (zeros, bytes) = (&mut zeros[..groups], &mut bytes[..groups * size]);
        let extremes: &mut [[f32; 2]] = bytemuck::cast_slice_mut(extremes);
        let from = &from[..groups * size];
        let numbers = [Disjoint::new(scales)];
        let (factors_of, zeros_of, bytes_of) =
            (Disjoint::new(factors), Disjoint::new(zeros), Disjoint::new(bytes));
        let note = |group: usize, grid: Grid| {
            let zero = grid.zero_point + self.shift;
            // SAFETY: each group is noted by one task.
            unsafe {
                numbers[0].slice(group, 1)[0] = grid.scale;
                factors_of.slice(group, 1)[0] = -zero;
                zeros_of.slice(group, 1)[0] = zero as u8;
            }
        };
        let round = |grid: Grid, range: Range<usize>| {
            // SAFETY: the ranges of tasks are disjoint.
            let to = unsafe { bytes_of.slice(range.start, range.len()) };
            self.isa.run_integers(Round { from: &from[range], to, grid, shift: self.shift });
        };
        if groups > 1 || size < 2 * TASK || pool.threads() == 1 {
            pool.split(groups, groups * size / TASK, &|part| {
                for group in part {
                    let range = group * size..(group + 1) * size;
                    let [least, greatest] = self.isa.run_integers(Extremes(&from[range.clone()]));
                    let grid = Grid::of(least, greatest);
                    note(group, grid);
                    round(grid, range);
                }
            });
        } else {
            let tasks = (size / TASK).clamp(1, MAX_TASKS.min(4 * pool.threads()));
            let part = |task: usize| part(size, tasks, task);
            let found = Disjoint::new(&mut extremes[..tasks]);
            // SAFETY: each task writes its own pair.
            pool.run(tasks, &|task| unsafe {
                found.slice(task, 1)[0] = self.isa.run_integers(Extremes(&from[part(task)]));
            });
            let least = extremes[..tasks].iter().map(|pair| pair[0]).fold(0.0, f32::min);
            let greatest = extremes[..tasks].iter().map(|pair| pair[1]).fold(0.0, f32::max);
            let grid = Grid::of(least, greatest);
            note(0, grid);
            pool.run(tasks, &|task| round(grid, part(task)));
        }
        (Rounded { bytes, scales, factors, zeros }, rest)
    }
}

/// The least and the greatest of numbers and zero.
struct Extremes<'a>(&'a [f32]);

impl VectorizedIntegers for Extremes<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn run<N: Integers>(self, n: N) -> [f32; 2] {
        let simd = n.floats();
        let mut least = [simd.splat(0.0); 2];
        let mut greatest = [simd.splat(0.0); 2];
        let mut pairs = self.0.chunks_exact(2 * N::LANES);
        for pair in pairs.by_ref() {
            for i in 0..2 {
                // SAFETY: each chunk has two vectors.
                let x = unsafe { simd.load(pair.as_ptr().add(i * N::LANES)) };
                least[i] = simd.min(x, least[i]);
                greatest[i] = simd.max(x, greatest[i]);
            }
        }
        let negative = simd.sub(simd.splat(0.0), simd.min(least[0], least[1]));
        let mut extremes = [-simd.largest(negative), simd.largest(simd.max(greatest[0], greatest[1]))];
        for &x in pairs.remainder() {
            extremes = [extremes[0].min(x), extremes[1].max(x)];
        }
        extremes
    }
}

struct Round<'a> {
    from: &'a [f32],
    to: &'a mut [u8],
    grid: Grid,
    shift: i32,
}

impl VectorizedIntegers for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let (simd, Grid { inverse, zero_point, .. }) = (n.floats(), self.grid);
        let zero = n.splat(zero_point + self.shift);
        let (low, high) = (simd.splat((-128 - zero_point) as f32), simd.splat((127 - zero_point) as f32));
        let inverse = simd.splat(inverse);
        let count = self.from.len().min(self.to.len());
        for at in (0..count).step_by(N::LANES) {
            let lanes = N::LANES.min(count - at);
            // SAFETY: `at + lanes ≤ count`, which neither slice is shorter than.
            unsafe {
                let x = simd.load_up_to(self.from.as_ptr().add(at), lanes);
                let steps = n.rounded(simd.clamp(simd.mul(x, inverse), low, high));
                n.store_low_bytes(self.to.as_mut_ptr().add(at), n.add(steps, zero), lanes);
            }
        }
    }
}
