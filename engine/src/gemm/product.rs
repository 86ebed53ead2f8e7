//! A product over all its tiles: tasks, blocks of panels, tiles.

use std::ops::Range;

use super::micro::{self, Call, MAX_ROWS, Rows};
use super::{Packed, Source, Window};
use crate::pool::{Disjoint, Pool, part};
use crate::simd::{Simd, Vectorized};

/// Bytes of packed weights that a task goes through again and again: a part of the second level cache.
const BLOCK_BYTES: usize = 160 << 10;
/// Floats of the left operand in a task of one thread: another part of it.
const TASK_FLOATS: usize = 64 << 10;
/// Floats of the operands and results of a strip: a part of the first level cache.
const STRIP_FLOATS: usize = 6 << 10;
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

    /// Calls `f` with runs of values that together are the tile.
    #[inline(always)]
    pub fn each(&mut self, mut f: impl FnMut(&mut [f32])) {
        match self.whole() {
            Some(values) => f(values),
            None => (0..self.rows).for_each(|row| f(self.row(row))),
        }
    }

    /// All rows as one slice, where nothing lies between them.
    #[inline(always)]
    pub fn whole(&mut self) -> Option<&mut [f32]> {
        (self.stride == self.columns || self.rows == 1).then(|| &mut self.floats[..self.rows * self.columns])
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
            let panels = part(self.weights.panels().all().len(), panel_tasks, task % panel_tasks);
            self.weights.isa().run(Task { product: self, to: &to, rows, panels });
        });
    }

    /// The number of tasks along the rows and along the panels.
    fn split(&self, threads: usize) -> [usize; 2] {
        let (rows, panels) = (self.source.rows(), self.weights.panels().all().len());
        let tiles = rows.div_ceil(self.weights.panels().tile_rows());
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

struct Task<'a, E> {
    product: &'a Product<'a, E>,
    to: &'a Disjoint<'a, f32>,
    rows: Range<usize>,
    panels: Range<usize>,
}

/// The pointers of a tile, segment by segment.
type Table = [*const f32; TABLE];

/// A part of the depth: `segments` runs of `length`, from `k` on.
#[derive(Clone, Copy)]
struct Part {
    segments: usize,
    length: usize,
    k: usize,
    /// Whether the bias is still to be added, and whether nothing follows.
    first: bool,
    last: bool,
}

impl<E: Epilogue> Vectorized for Task<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut table = [std::ptr::null(); TABLE];
        let weights = self.product.weights;
        let panel_bytes = weights.panels().full() * (weights.depth() + 1) * 4;
        let panels_of_a_block = (BLOCK_BYTES / panel_bytes).max(1);
        for block in self.panels.clone().step_by(panels_of_a_block) {
            let block = block..self.panels.end.min(block + panels_of_a_block);
            match &self.product.source {
                Source::Rows { stride, .. } => self.rows(simd, *stride, block, &mut table),
                Source::Windows(window) => self.windows(simd, window, block, &mut table),
            }
        }
    }
}

impl<E: Epilogue> Task<'_, E> {
    /// Goes through the rows of a plain product, as many at a time as stay in the first level cache.
    #[inline(always)]
    fn rows<S: Simd>(&self, simd: S, stride: usize, panels: Range<usize>, table: &mut Table) {
        let depth = self.product.weights.depth();
        for first in self.rows.clone().step_by(self.strip(&panels)) {
            let rows = self.strip(&panels).min(self.rows.end - first);
            table[0] = self.product.from[first * stride..].as_ptr();
            let part = Part { segments: 1, length: depth, k: 0, first: true, last: true };
            self.strided(simd, first..first + rows, stride, panels.clone(), table, part);
            self.finish(simd, first..first + rows, &panels);
        }
    }

    /// Rows whose operands and results fit the first level cache: whole tiles.
    fn strip(&self, panels: &Range<usize>) -> usize {
        let weights = self.product.weights;
        let floats = weights.depth() + panels.len() * weights.panels().full();
        (STRIP_FLOATS / floats).max(1).next_multiple_of(weights.panels().tile_rows())
    }

    /// Goes through the windows of a convolution: along the inside of a row of the picture where it is long enough, else tile by tile.
    #[inline(always)]
    fn windows<S: Simd>(&self, simd: S, window: &Window, panels: Range<usize>, table: &mut Table) {
        let inner = window.inner_columns();
        let by_spans = window.rows_are_runs() && inner.len() >= 4 * S::TILE_ROWS && window.kernel[0] <= TABLE;
        let mut first = self.rows.start;
        while first < self.rows.end {
            let [b, y, x] = window.pixel(first);
            let rows = if !by_spans {
                (self.rows.end - first).min(S::TILE_ROWS)
            } else if inner.contains(&x) {
                (inner.end - x).min(self.strip(&panels))
            } else if x < inner.start {
                (inner.start - x).min(S::TILE_ROWS)
            } else {
                (window.output[1] - x).min(S::TILE_ROWS)
            };
            let rows = first..self.rows.end.min(first + rows);
            if by_spans && inner.contains(&x) {
                self.span(simd, window, [b, y, x], rows.clone(), panels.clone(), table);
            } else {
                self.listed(simd, window, rows.clone(), panels.clone(), table);
            }
            self.finish(simd, rows.clone(), &panels);
            first = rows.end;
        }
    }

    /// Windows in a row of the picture that touch neither its left nor its right border.
    #[inline(always)]
    fn span<S: Simd>(
        &self,
        simd: S,
        window: &Window,
        pixel: [usize; 3],
        rows: Range<usize>,
        panels: Range<usize>,
        table: &mut Table,
    ) {
        let corner = window.corner(pixel);
        let taps = window.tap_rows(corner[1]);
        for (pointer, ky) in table.iter_mut().zip(taps.clone()) {
            let offset = window.offset(corner, ky, 0).expect("the tap should lie in the picture");
            *pointer = self.product.from[offset..].as_ptr();
        }
        let length = window.kernel[1] * window.channels;
        let part = Part { segments: taps.len(), length, k: taps.start * length, first: true, last: true };
        self.strided(simd, rows, window.stride[1] * window.pixel_stride, panels, table, part);
    }

    /// Tiles of rows that lie `stride` apart: nearly equal ones, since a tile of one row is slow.
    #[inline(always)]
    fn strided<S: Simd>(
        &self,
        simd: S,
        rows: Range<usize>,
        stride: usize,
        panels: Range<usize>,
        table: &Table,
        part: Part,
    ) {
        let tiles = rows.len().div_ceil(S::TILE_ROWS);
        let (height, higher) = (rows.len() / tiles, rows.len() % tiles);
        let below = higher * (height + 1);
        for panel in panels {
            if higher > 0 {
                let strided = Rows::Strided { first: 0, tiles: higher, stride };
                self.call(simd, panel, &rows, height + 1, table, strided, part);
            }
            let strided = Rows::Strided { first: below, tiles: tiles - higher, stride };
            self.call(simd, panel, &rows, height, table, strided, part);
        }
    }

    /// A tile of any windows: as many segments at a time as the table holds.
    #[inline(always)]
    fn listed<S: Simd>(
        &self,
        simd: S,
        window: &Window,
        rows: Range<usize>,
        panels: Range<usize>,
        table: &mut Table,
    ) {
        let mut corners = [[0; 3]; MAX_ROWS];
        let corners = &mut corners[..rows.len()];
        window.corners(rows.start, corners);
        let inner = window.inner_corners();
        let merged = window.rows_are_runs() && corners.iter().all(|corner| inner.contains(&corner[2]));
        let [height, width] = window.kernel;
        let (taps, length) =
            if merged { (height, width * window.channels) } else { (height * width, window.channels) };
        for start in (0..taps).step_by(TABLE / MAX_ROWS) {
            let segments = (taps - start).min(TABLE / MAX_ROWS);
            let (mut ky, mut kx) = if merged { (start, 0) } else { (start / width, start % width) };
            for pointers in table[..segments * rows.len()].chunks_exact_mut(rows.len()) {
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
            let part = Part {
                segments,
                length,
                k: start * length,
                first: start == 0,
                last: start + segments == taps,
            };
            for panel in panels.clone() {
                self.call(simd, panel, &rows, rows.len(), table, Rows::Listed, part);
            }
        }
    }

    /// Adds the segments of the table to tiles of `height` rows of a panel; row 0 is the first of `rows`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "what varies between the callers")]
    fn call<S: Simd>(
        &self,
        simd: S,
        panel: usize,
        rows: &Range<usize>,
        height: usize,
        table: &Table,
        listing: Rows,
        part: Part,
    ) {
        let weights = self.product.weights;
        let floats = weights.panel(panel);
        let width = weights.panels().width(panel);
        let (column, columns) = (weights.panels().first(panel), weights.panels().valid(panel));
        let call = Call {
            table: table.as_ptr(),
            rows: listing,
            segments: part.segments,
            length: part.length,
            weights: floats[(part.k + 1) * width..].as_ptr(),
            bias: if part.first { floats.as_ptr() } else { std::ptr::null() },
            to: self.output(rows, column, columns).as_mut_ptr(),
            stride: self.product.stride,
            columns,
            clamp: if part.last { self.product.clamp } else { [f32::NEG_INFINITY, f32::INFINITY] },
        };
        debug_assert!((part.k + 1 + part.segments * part.length) * width <= floats.len());
        // SAFETY: the table leads to whole segments for every row, since the extent of the source was checked; the panel holds
        // `depth` rows after its bias; and the output spans the rows.
        unsafe { micro::run(simd, height, width / S::LANES, call) };
    }

    /// The output of some rows, from a column on to the last of `columns` in the last row.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the task alone uses its part, one slice at a time")]
    fn output(&self, rows: &Range<usize>, column: usize, columns: usize) -> &mut [f32] {
        let start = rows.start * self.product.stride + column;
        // SAFETY: this task alone touches the columns of its panels in its rows, and it uses one such slice at a time.
        unsafe { self.to.slice(start, (rows.len() - 1) * self.product.stride + columns) }
    }

    /// Shows finished rows to the epilogue.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, rows: Range<usize>, panels: &Range<usize>) {
        let weights = self.product.weights;
        let columns = weights.panels().columns_of(panels);
        let (first_column, columns) = (columns.start, columns.len());
        let floats = self.output(&rows, first_column, columns);
        let tile = Tile::new(floats, self.product.stride, [rows.start, rows.len()], [first_column, columns]);
        self.product.epilogue.apply(simd, tile);
    }
}
