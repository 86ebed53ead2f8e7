//! Weights as quads of bytes.

use crate::simd::{AlignedFloats, Integers, Isa, VectorizedIntegers};

/// The right operand `w[n][k]` of a product of bytes, packed for one instruction set.
///
/// A panel holds `columns` neighbors of `n` (fewer in the last, zeros up to whole vectors), for each four `k` one row of quads:
///
/// ```text
/// w[columns][0..4] · w[columns][4..8] · …
/// ```
pub struct PackedBytes {
    isa: Isa,
    n: usize,
    k: usize,
    tile: [usize; 3],
    /// Quads, in whose place four bytes lie.
    quads: AlignedFloats,
    sums: Vec<i32>,
}

impl PackedBytes {
    /// The greatest depth whose sums cannot leave 32 bits.
    pub const MAX_DEPTH: usize = 1 << 16;

    /// Packs `n` columns of depth `k` whose values are `weight(n, k)`.
    pub fn new(isa: Isa, [n, k]: [usize; 2], weight: impl Fn(usize, usize) -> i8) -> Self {
        let tile = isa.run_integers(TileOf);
        let mut packed = Self { isa, n, k, tile, quads: AlignedFloats::default(), sums: vec![0; n] };
        let columns: usize = packed.panels().map(|panel| packed.panel_columns(panel)).sum();
        packed.quads = AlignedFloats::zeros(columns * packed.depth_in_quads());
        for panel in packed.panels() {
            packed.fill(panel, &weight);
        }
        for column in 0..n {
            packed.sums[column] = (0..k).map(|k| i32::from(weight(column, k))).sum();
        }
        packed
    }

    fn fill(&mut self, panel: usize, weight: &impl Fn(usize, usize) -> i8) {
        let (columns, start) = (self.panel_columns(panel), self.panel_start(panel) * 4);
        let first = panel * self.full_columns();
        let valid = columns.min(self.n - first);
        let k = self.k;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.quads);
        for column in 0..valid {
            for at in 0..k {
                bytes[start + (at / 4 * columns + column) * 4 + at % 4] = weight(first + column, at) as u8;
            }
        }
    }

    /// The instruction set it was packed for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The columns of the product.
    pub fn columns(&self) -> usize {
        self.n
    }

    /// The depth of the sum.
    pub fn depth(&self) -> usize {
        self.k
    }

    /// For each column the sum of its weights.
    pub fn sums(&self) -> &[i32] {
        &self.sums
    }

    /// Quads of a row.
    pub(super) fn depth_in_quads(&self) -> usize {
        self.k.div_ceil(4)
    }

    /// Rows of the register tile.
    pub(super) fn tile_rows(&self) -> usize {
        self.tile[0]
    }

    /// Columns of a full panel.
    pub(super) fn full_columns(&self) -> usize {
        self.tile[1] * self.tile[2]
    }

    pub(super) fn panels(&self) -> std::ops::Range<usize> {
        0..self.n.div_ceil(self.full_columns())
    }

    /// Columns of a panel, padding included: whole vectors.
    pub(super) fn panel_columns(&self, panel: usize) -> usize {
        let rest = self.n - panel * self.full_columns();
        rest.next_multiple_of(self.tile[2]).min(self.full_columns())
    }

    fn panel_start(&self, panel: usize) -> usize {
        panel * self.full_columns() * self.depth_in_quads()
    }

    /// The panel's bytes.
    pub(super) fn panel(&self, panel: usize) -> &[u8] {
        let quads = self.panel_columns(panel) * self.depth_in_quads();
        bytemuck::cast_slice(&self.quads[self.panel_start(panel)..][..quads])
    }

    /// As many numbers as there are columns, filled up to whole vectors with `rest`.
    pub fn column_numbers<T: Copy>(&self, rest: T, number: impl Fn(usize) -> T) -> Vec<T> {
        let count = self.n.next_multiple_of(self.tile[2].max(1));
        (0..count).map(|column| if column < self.n { number(column) } else { rest }).collect()
    }
}

/// Rows, vectors and lanes of the register tile.
struct TileOf;

impl VectorizedIntegers for TileOf {
    type Output = [usize; 3];

    #[inline(always)]
    fn run<N: Integers>(self, _: N) -> [usize; 3] {
        [N::TILE_ROWS, N::TILE_VECTORS, N::LANES]
    }
}
