//! A product of bytes over all its tiles: tasks, strips of rows, blocks of panels.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::micro::{self, Call};
use super::{Finish, PackedBytes};
use crate::gemm::{Epilogue, Source, Tile, Window};
use crate::pool::{Disjoint, Pool, part};
use crate::simd::{Integers, VectorizedIntegers};

/// Bytes of packed weights that a task goes through again and again: a part of the second level cache.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes of a strip, which lies on the stack.
const STRIP_BYTES: usize = 64 << 10;
/// Bytes that a strip should not exceed where it has some tiles: a part of the first level cache.
const NEAR_BYTES: usize = 24 << 10;
/// Rows of a strip.
const STRIP_ROWS: usize = 256;

/// The left operand.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Where the rows lie.
    pub source: Source,
    /// What is toggled in each byte to make it one of the instruction set's left operand.
    pub flip: u8,
    /// The byte in the borders, before it is toggled; one for each group of `rows_per_zero` rows, or one for all.
    pub zeros: &'a [u8],
    /// Rows that share a zero.
    pub rows_per_zero: usize,
}

/// What the sums start from.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// A number for each column, in whole vectors.
    Columns(&'a [i32]),
    /// A number for each column, and a factor of the row's sum of bytes as they are in the left operand.
    RowSums(&'a [i32], i32),
    /// A number for each column times one for each group of rows, or one for all.
    Scaled(&'a [i32], &'a [i32]),
}

/// `to[m][n] = finish(start(m, n) + Σₖ a[m][k] · w[n][k])`, then the epilogue where the elements are reals.
pub struct ByteProduct<'a, F> {
    /// The weights.
    pub weights: &'a PackedBytes,
    /// The left operand.
    pub operand: Operand<'a>,
    /// What the sums start from.
    pub start: Start<'a>,
    /// The distance of two rows of the output, at least its columns.
    pub stride: usize,
    /// What becomes of the sums.
    pub finish: &'a F,
}

/// Shows finished elements to an epilogue.
pub trait Show<T>: Sync {
    /// Rows `rows` and columns `columns` of the product; a row of `elements` lies `stride` after the one before.
    fn show<N: Integers>(
        &self,
        n: N,
        elements: &mut [T],
        stride: usize,
        rows: [usize; 2],
        columns: [usize; 2],
    );
}

impl Show<u8> for () {
    #[inline(always)]
    fn show<N: Integers>(&self, _: N, _: &mut [u8], _: usize, _: [usize; 2], _: [usize; 2]) {}
}

impl<E: Epilogue> Show<f32> for E {
    #[inline(always)]
    fn show<N: Integers>(
        &self,
        n: N,
        floats: &mut [f32],
        stride: usize,
        rows: [usize; 2],
        columns: [usize; 2],
    ) {
        self.apply(n.floats(), Tile::new(floats, stride, rows, columns));
    }
}

impl<F: Finish> ByteProduct<'_, F> {
    /// Computes the product into `to`.
    ///
    /// # Panics
    /// Where a slice is shorter than the product needs, or the depths differ.
    pub fn run<E: Show<F::Element>>(&self, pool: &Pool, to: &mut [F::Element], epilogue: &E) {
        let (rows, columns, depth) =
            (self.operand.source.rows(), self.weights.columns(), self.weights.depth());
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(depth <= PackedBytes::MAX_DEPTH - 4, "the depth should fit a strip");
        assert!(self.operand.source.depth().is_none_or(|own| own == depth), "depths should agree");
        assert!(
            self.operand.source.extent(depth) <= self.operand.bytes.len(),
            "the left operand should hold its rows"
        );
        assert!(
            self.stride >= columns && (rows - 1) * self.stride + columns <= to.len(),
            "the output should hold its rows"
        );
        let [row_tasks, panel_tasks] = self.split(pool.threads());
        let to = Disjoint::new(to);
        pool.run(row_tasks * panel_tasks, &|task| {
            let rows = part(rows, row_tasks, task / panel_tasks);
            let panels = part(self.weights.panels().all().len(), panel_tasks, task % panel_tasks);
            self.weights.isa().run_integers(Task { product: self, to: &to, epilogue, rows, panels });
        });
    }

    /// The number of tasks along the rows and along the panels.
    fn split(&self, threads: usize) -> [usize; 2] {
        if threads == 1 {
            return [1, 1];
        }
        let (rows, panels) = (self.operand.source.rows(), self.weights.panels().all().len());
        let tiles = rows.div_ceil(self.weights.panels().tile_rows());
        let products = rows * self.weights.depth() * self.weights.columns();
        // Tasks of some tens of microseconds, and a few for each thread so that a late one does no harm.
        let worth = (products / 1_500_000).clamp(1, 4 * threads);
        let row_tasks = worth.min(tiles);
        [row_tasks, worth.div_ceil(row_tasks).min(panels)]
    }
}

struct Task<'a, F: Finish, E> {
    product: &'a ByteProduct<'a, F>,
    to: &'a Disjoint<'a, F::Element>,
    epilogue: &'a E,
    rows: Range<usize>,
    panels: Range<usize>,
}

/// Room for a strip.
#[repr(C, align(64))]
struct Strip([MaybeUninit<u8>; STRIP_BYTES]);

impl<F: Finish, E: Show<F::Element>> VectorizedIntegers for Task<'_, F, E> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, n: N) {
        let mut strip = Strip([MaybeUninit::uninit(); STRIP_BYTES]);
        let mut terms = [[0; 2]; STRIP_ROWS];
        let weights = self.product.weights;
        let panel_bytes = (weights.panels().full() * weights.depth_in_quads() * 4).max(1);
        let panels_of_a_block = (BLOCK_BYTES / panel_bytes).max(1);
        for block in self.panels.clone().step_by(panels_of_a_block) {
            let block = block..self.panels.end.min(block + panels_of_a_block);
            for first in self.rows.clone().step_by(self.strip_rows()) {
                let rows = first..self.rows.end.min(first + self.strip_rows());
                self.strip(n, rows, block.clone(), &mut strip, &mut terms);
            }
        }
    }
}

impl<F: Finish, E: Show<F::Element>> Task<'_, F, E> {
    /// Rows of a strip: whole tiles where they fit.
    fn strip_rows(&self) -> usize {
        let weights = self.product.weights;
        let bytes = (weights.depth_in_quads() * 4).max(1);
        let near = (NEAR_BYTES / bytes)
            .next_multiple_of(weights.panels().tile_rows())
            .max(2 * weights.panels().tile_rows());
        near.min(STRIP_BYTES / bytes).clamp(1, STRIP_ROWS)
    }

    #[inline(always)]
    fn strip<N: Integers>(
        &self,
        n: N,
        rows: Range<usize>,
        panels: Range<usize>,
        strip: &mut Strip,
        terms: &mut [[i32; 2]; STRIP_ROWS],
    ) {
        let ByteProduct { weights, operand, start, stride, finish } = self.product;
        let quads = weights.depth_in_quads();
        let (from, row_bytes) = match operand.source {
            Source::Rows { stride, .. } if operand.flip == 0 && weights.depth().is_multiple_of(4) => {
                (operand.bytes[rows.start * stride..].as_ptr(), stride)
            }
            Source::Rows { stride, .. } => {
                self.copy_rows(rows.clone(), stride, strip);
                (strip.0.as_ptr().cast(), quads * 4)
            }
            Source::Windows(window) => {
                self.copy_windows(rows.clone(), &window, strip);
                (strip.0.as_ptr().cast(), quads * 4)
            }
        };
        let starts = self.starts(n, &rows, from, row_bytes, terms);
        let has_terms = !matches!(start, Start::Columns(_));
        for panel in panels.clone() {
            let (column, columns) = (weights.panels().first(panel), weights.panels().valid(panel));
            let mut at = 0;
            let tiles = rows.len().div_ceil(N::TILE_ROWS);
            let (height, higher) = (rows.len() / tiles, rows.len() % tiles);
            for (height, tiles) in [(height + 1, higher), (height, tiles - higher)] {
                if tiles == 0 {
                    continue;
                }
                let call = Call {
                    rows: from,
                    stride: row_bytes,
                    first: at,
                    tiles,
                    quads,
                    weights: weights.panel(panel).as_ptr(),
                    starts: starts[column..].as_ptr(),
                    terms: if has_terms { terms.as_ptr() } else { std::ptr::null() },
                    to: self.output(&rows, column, columns).as_mut_ptr(),
                    to_stride: *stride,
                    row: rows.start,
                    column,
                    columns,
                    finish: *finish,
                };
                // SAFETY: the strip, or the left operand whose extent was checked, has the rows; the panel has their quads; the
                // starts are whole vectors; and the output spans the rows.
                unsafe { micro::run(n, height, weights.panels().width(panel) / N::LANES, call) };
                at += height * tiles;
            }
        }
        let columns = weights.panels().columns_of(&panels);
        let (first_column, columns) = (columns.start, columns.len());
        let elements = self.output(&rows, first_column, columns);
        self.epilogue.show(n, elements, *stride, [rows.start, rows.len()], [first_column, columns]);
    }

    /// The columns' starts; fills the terms of the rows of a strip.
    #[inline(always)]
    fn starts<N: Integers>(
        &self,
        n: N,
        rows: &Range<usize>,
        from: *const u8,
        row_bytes: usize,
        terms: &mut [[i32; 2]; STRIP_ROWS],
    ) -> &[i32] {
        let starts = match self.product.start {
            Start::Columns(starts) => starts,
            Start::RowSums(starts, factor) => {
                for (row, term) in terms[..rows.len()].iter_mut().enumerate() {
                    // SAFETY: each row of the strip has its quads.
                    let bytes = unsafe {
                        std::slice::from_raw_parts(from.add(row * row_bytes), self.product.weights.depth())
                    };
                    *term = [1, factor.wrapping_mul(row_sum(n, bytes))];
                }
                starts
            }
            Start::Scaled(starts, factors) => {
                for (row, term) in rows.clone().zip(terms.iter_mut()) {
                    let group = if factors.len() == 1 { 0 } else { row / self.product.operand.rows_per_zero };
                    *term = [factors[group], 0];
                }
                starts
            }
        };
        let lanes = N::LANES;
        assert!(
            starts.len() >= self.product.weights.columns().next_multiple_of(lanes),
            "starts should be whole vectors"
        );
        starts
    }

    /// Copies rows as they are.
    #[inline(always)]
    fn copy_rows(&self, rows: Range<usize>, stride: usize, strip: &mut Strip) {
        let (depth, flip) = (self.product.weights.depth(), self.product.operand.flip);
        let row_bytes = depth.next_multiple_of(4);
        for (row, to) in rows.zip(strip.0.chunks_exact_mut(row_bytes)) {
            let (to, rest) = to.split_at_mut(depth);
            toggled(&self.product.operand.bytes[row * stride..][..depth], flip, to);
            rest.fill(MaybeUninit::new(0));
        }
    }

    /// Copies windows: runs of taps that lie together in memory where the window touches no border, else tap by tap.
    #[inline(always)]
    fn copy_windows(&self, rows: Range<usize>, window: &Window, strip: &mut Strip) {
        let Operand { bytes, flip, zeros, rows_per_zero, .. } = self.product.operand;
        let (depth, [height, width]) = (self.product.weights.depth(), window.kernel);
        let (inner, runs) = (window.inner_corners(), window.rows_are_runs());
        let channels = window.channels;
        let [mut b, mut y, mut x] = window.pixel(rows.start);
        for (row, to) in rows.zip(strip.0.chunks_exact_mut(depth.next_multiple_of(4))) {
            let corner = window.corner([b, y, x]);
            let zero = zeros[if zeros.len() == 1 { 0 } else { row / rows_per_zero }] ^ flip;
            let (to, rest) = to.split_at_mut(depth);
            rest.fill(MaybeUninit::new(0));
            let whole = runs && inner.contains(&corner[2]);
            for (ky, to) in to.chunks_exact_mut((width * channels).max(1)).enumerate().take(height) {
                match window.offset(corner, ky, 0) {
                    Some(offset) if whole => toggled(&bytes[offset..][..width * channels], flip, to),
                    _ => {
                        for (kx, to) in to.chunks_exact_mut(channels).enumerate() {
                            match window.offset(corner, ky, kx) {
                                Some(offset) => toggled(&bytes[offset..][..channels], flip, to),
                                None => to.fill(MaybeUninit::new(zero)),
                            }
                        }
                    }
                }
            }
            x += 1;
            if x == window.output[1] {
                (x, y) = (0, y + 1);
            }
            if y == window.output[0] {
                (y, b) = (0, b + 1);
            }
        }
    }

    /// The output of some rows, from a column on to the last of `columns` in the last row.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the task alone uses its part, one slice at a time")]
    fn output(&self, rows: &Range<usize>, column: usize, columns: usize) -> &mut [F::Element] {
        let stride = self.product.stride;
        // SAFETY: this task alone touches the columns of its panels in its rows, and it uses one such slice at a time.
        unsafe { self.to.slice(rows.start * stride + column, (rows.len() - 1) * stride + columns) }
    }
}

/// `to[i] = from[i] ^ flip`
#[inline(always)]
fn toggled(from: &[u8], flip: u8, to: &mut [MaybeUninit<u8>]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.write(from ^ flip);
    }
}

/// The sum of bytes of a left operand.
#[inline(always)]
fn row_sum<N: Integers>(_: N, bytes: &[u8]) -> i32 {
    match N::FLIP {
        0 => bytes.iter().map(|&byte| i32::from(byte as i8)).sum(),
        _ => bytes.iter().map(|&byte| i32::from(byte)).sum(),
    }
}
