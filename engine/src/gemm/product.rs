//! A product over all its tiles: tasks, blocks of panels, tiles.

use std::ops::Range;

use super::micro::{self, Call, MAX_ROWS};
use super::{Packed, Source};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Simd, Vectorized};

/// Bytes of packed weights that a task goes through again and again: a part of the second level cache.
const BLOCK_BYTES: usize = 160 << 10;
/// Floats of the left operand in a task of one thread: another part of it.
const TASK_FLOATS: usize = 64 << 10;
/// Pointers in the table of a tile; a longer sum goes through it in parts.
const TABLE: usize = 64 * MAX_ROWS;

/// What is done to finished values while they are near. `()` does nothing.
pub trait Epilogue: Sync {
    /// Changes a tile. Implementations are `#[inline(always)]`.
    fn apply<S: Simd>(&self, simd: S, tile: Tile<'_>);
}

impl Epilogue for () {
    #[inline(always)]
    fn apply<S: Simd>(&self, _: S, _: Tile<'_>) {}
}

/// A finished part of the output: `rows` pixels by `columns` channels.
pub struct Tile<'a> {
    floats: &'a mut [f32],
    stride: usize,
    /// The number of the first pixel.
    pub first_row: usize,
    /// Pixels.
    pub rows: usize,
    /// The first channel.
    pub first_column: usize,
    /// Channels.
    pub columns: usize,
}

impl<'a> Tile<'a> {
    /// A tile over the floats from its first on; a row lies `stride` after the one before.
    #[inline(always)]
    pub fn new(floats: &'a mut [f32], stride: usize, rows: [usize; 2], columns: [usize; 2]) -> Self {
        let ([first_row, rows], [first_column, columns]) = (rows, columns);
        Self { floats, stride, first_row, rows, first_column, columns }
    }

    /// A row of the tile.
    #[inline(always)]
    pub fn row(&mut self, row: usize) -> &mut [f32] {
        &mut self.floats[row * self.stride..][..self.columns]
    }

    /// All rows as one slice, where nothing lies between them.
    #[inline(always)]
    pub fn whole(&mut self) -> Option<&mut [f32]> {
        (self.stride == self.columns).then(|| &mut self.floats[..self.rows * self.columns])
    }
}

/// `to[m][n] = epilogue(clamp(bias[n] + Σₖ from[m][k] · w[n][k]))`
pub struct Product<'a, E = ()> {
    /// The weights and the bias.
    pub weights: &'a Packed,
    /// How `from` is read.
    pub source: Source,
    /// The left operand.
    pub from: &'a [f32],
    /// The distance of two rows of the output, at least its columns.
    pub stride: usize,
    /// The smallest and the largest value.
    pub clamp: [f32; 2],
    /// What follows.
    pub epilogue: &'a E,
}

impl<E: Epilogue> Product<'_, E> {
    /// Computes the product into `to`.
    ///
    /// # Panics
    /// Where a slice is shorter than the product needs, or the depths differ.
    pub fn run(&self, pool: &Pool, to: &mut [f32]) {
        let (rows, columns) = (self.source.rows(), self.weights.columns());
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(self.source.depth().is_none_or(|depth| depth == self.weights.depth()), "depths should agree");
        assert!(
            self.source.extent(self.weights.depth()) <= self.from.len(),
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
            let panels = part(self.weights.panels().len(), panel_tasks, task % panel_tasks);
            self.weights.isa().run(Task { product: self, to: &to, rows, panels });
        });
    }

    /// The number of tasks along the rows and along the panels.
    fn split(&self, threads: usize) -> [usize; 2] {
        let (rows, panels) = (self.source.rows(), self.weights.panels().len());
        let tiles = rows.div_ceil(self.weights.tile_rows());
        let floats = rows * self.weights.depth();
        let cached = if self.weights.bytes() > BLOCK_BYTES { floats.div_ceil(TASK_FLOATS) } else { 1 };
        if threads == 1 {
            return [cached.min(tiles), 1];
        }
        // Tasks of some tens of microseconds, and a few for each thread so that a late one does no harm.
        let worth = (floats * self.weights.columns() / 500_000).clamp(1, 4 * threads);
        let row_tasks = worth.max(cached).min(tiles);
        [row_tasks, worth.div_ceil(row_tasks).min(panels)]
    }
}

/// The `index`th of `parts` nearly equal parts of `0..count`.
fn part(count: usize, parts: usize, index: usize) -> Range<usize> {
    count * index / parts..count * (index + 1) / parts
}

struct Task<'a, E> {
    product: &'a Product<'a, E>,
    to: &'a Disjoint<'a, f32>,
    rows: Range<usize>,
    panels: Range<usize>,
}

impl<E: Epilogue> Vectorized for Task<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let weights = self.product.weights;
        let panel_bytes = weights.full_columns() * (weights.depth() + 1) * 4;
        let panels_of_a_block = (BLOCK_BYTES / panel_bytes).max(1);
        let tiles = self.rows.len().div_ceil(S::TILE_ROWS);
        let mut table = [std::ptr::null(); TABLE];
        for block in self.panels.clone().step_by(panels_of_a_block) {
            let block = block..self.panels.end.min(block + panels_of_a_block);
            for tile in 0..tiles {
                let rows = part(self.rows.len(), tiles, tile);
                self.tile(simd, self.rows.start + rows.start, rows.len(), block.clone(), &mut table);
            }
        }
    }
}

impl<E: Epilogue> Task<'_, E> {
    #[inline(always)]
    fn tile<S: Simd>(&self, simd: S, first: usize, rows: usize, panels: Range<usize>, table: &mut Table) {
        match &self.product.source {
            Source::Rows { stride, .. } => {
                for r in 0..rows {
                    table[r] = self.product.from[(first + r) * stride..].as_ptr();
                }
                self.sum(
                    simd,
                    first,
                    rows,
                    panels.clone(),
                    table,
                    Part { segments: 1, length: self.product.weights.depth(), k: 0 },
                );
            }
            Source::Windows(_) => self.windows(simd, first, rows, panels.clone(), table),
        }
        let weights = self.product.weights;
        let first_column = panels.start * weights.full_columns();
        let columns = (panels.end * weights.full_columns()).min(weights.columns()) - first_column;
        let start = first * self.product.stride + first_column;
        let count = (rows - 1) * self.product.stride + columns;
        // SAFETY: this task alone touches the columns of its panels in its rows, and the product checked their extent.
        let floats = unsafe { self.to.slice(start, count) };
        let tile = Tile::new(floats, self.product.stride, [first, rows], [first_column, columns]);
        self.product.epilogue.apply(simd, tile);
    }

    /// A tile of a convolution: as many segments at a time as the table holds.
    #[inline(always)]
    fn windows<S: Simd>(&self, simd: S, first: usize, rows: usize, panels: Range<usize>, table: &mut Table) {
        let Source::Windows(window) = &self.product.source else { return };
        let mut corners = [[0; 3]; MAX_ROWS];
        let corners = &mut corners[..rows];
        window.corners(first, corners);
        let merged = window.rows_are_whole(corners);
        let [height, width] = window.kernel;
        let (taps, length) =
            if merged { (height, width * window.channels) } else { (height * width, window.channels) };
        for start in (0..taps).step_by(TABLE / MAX_ROWS) {
            let segments = (taps - start).min(TABLE / MAX_ROWS);
            let (mut ky, mut kx) = if merged { (start, 0) } else { (start / width, start % width) };
            for pointers in table[..segments * rows].chunks_exact_mut(rows) {
                for (pointer, &corner) in pointers.iter_mut().zip(corners.iter()) {
                    *pointer = match window.offset(corner, ky, kx) {
                        Some(offset) => self.product.from[offset..].as_ptr(),
                        None => self.product.weights.zeros().as_ptr(),
                    };
                }
                kx += 1;
                if merged || kx == width {
                    (ky, kx) = (ky + 1, 0);
                }
            }
            self.sum(simd, first, rows, panels.clone(), table, Part { segments, length, k: start * length });
        }
    }

    /// Adds the segments of the table to the tile, panel by panel.
    #[inline(always)]
    fn sum<S: Simd>(
        &self,
        simd: S,
        first: usize,
        rows: usize,
        panels: Range<usize>,
        table: &Table,
        part: Part,
    ) {
        let weights = self.product.weights;
        let unbounded = [f32::NEG_INFINITY, f32::INFINITY];
        let last = part.k + part.segments * part.length == weights.depth();
        for panel in panels {
            let floats = weights.panel(panel);
            let width = weights.panel_columns(panel);
            let column = panel * weights.full_columns();
            let columns = width.min(weights.columns() - column);
            let start = first * self.product.stride + column;
            // SAFETY: this task alone touches the columns of its panels in its rows, and the product checked their extent.
            let to = unsafe { self.to.slice(start, (rows - 1) * self.product.stride + columns) };
            let call = Call {
                table: table.as_ptr(),
                segments: part.segments,
                length: part.length,
                weights: floats[(part.k + 1) * width..].as_ptr(),
                bias: if part.k == 0 { floats.as_ptr() } else { std::ptr::null() },
                to: to.as_mut_ptr(),
                stride: self.product.stride,
                columns,
                clamp: if last { self.product.clamp } else { unbounded },
            };
            // SAFETY: the table's pointers lead to whole segments (the extent of the source was checked), the panel holds
            // `depth` rows after its bias, and `to` spans the tile.
            unsafe { micro::run(simd, rows, width / S::LANES, call) };
        }
    }
}

/// The pointers of a tile, segment by segment.
type Table = [*const f32; TABLE];

/// A part of the depth: `segments` of `length` from `k` on.
#[derive(Clone, Copy)]
struct Part {
    segments: usize,
    length: usize,
    k: usize,
}
