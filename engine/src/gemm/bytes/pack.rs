//! Weights as quads of bytes.

use crate::gemm::panels::Panels;
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
    k: usize,
    panels: Panels,
    /// Quads, in whose place four bytes lie.
    quads: AlignedFloats,
    sums: Vec<i32>,
}

impl PackedBytes {
    /// The greatest depth whose sums cannot leave 32 bits.
    pub const MAX_DEPTH: usize = 1 << 16;

    /// Packs `n` columns of depth `k` whose values are `weight(n, k)`.
    pub fn new(isa: Isa, [n, k]: [usize; 2], weight: impl Fn(usize, usize) -> i8) -> Self {
        let panels = Panels::new(n, isa.run_integers(TileOf));
        let columns: usize = panels.all().map(|panel| panels.width(panel)).sum();
        let sum = |column: usize| (0..k).map(|k| i32::from(weight(column, k))).sum();
        let (quads, sums) = (AlignedFloats::zeros(columns * k.div_ceil(4)), (0..n).map(sum).collect());
        let mut packed = Self { isa, k, panels, quads, sums };
        for panel in panels.all() {
            packed.fill(panel, &weight);
        }
        packed
    }

    fn fill(&mut self, panel: usize, weight: &impl Fn(usize, usize) -> i8) {
        let (columns, start) = (self.panels.width(panel), self.panel_start(panel) * 4);
        let (first, valid, k) = (self.panels.first(panel), self.panels.valid(panel), self.k);
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
        self.panels.columns()
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

    /// How the columns are cut.
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }

    fn panel_start(&self, panel: usize) -> usize {
        self.panels.first(panel) * self.depth_in_quads()
    }

    /// The panel's bytes.
    pub(super) fn panel(&self, panel: usize) -> &[u8] {
        let quads = self.panels.width(panel) * self.depth_in_quads();
        bytemuck::cast_slice(&self.quads[self.panel_start(panel)..][..quads])
    }

    /// As many numbers as there are columns, filled up to whole vectors with `rest`.
    pub fn column_numbers<T: Copy>(&self, rest: T, number: impl Fn(usize) -> T) -> Vec<T> {
        let own = self.columns();
        let count = own.next_multiple_of(self.panels.lanes().max(1));
        (0..count).map(|column| if column < own { number(column) } else { rest }).collect()
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
