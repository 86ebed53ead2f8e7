//! Weights in the order in which the kernels read them.

use super::panels::Panels;
use crate::simd::{AlignedFloats, Isa, Simd, Vectorized};

/// The right operand `w[n][k]` of a product with its bias, packed for one instruction set.
///
/// A panel holds `columns` neighbours of `n` (fewer in the last, zeros up to whole vectors):
///
/// ```text
/// bias[columns] · w[columns] for k = 0 · w[columns] for k = 1 · …
/// ```
pub struct Packed {
    isa: Isa,
    k: usize,
    panels: Panels,
    floats: AlignedFloats,
    zeros: Vec<f32>,
}

impl Packed {
    /// Packs `n` columns of depth `k` whose values are `weight(n, k)` and `bias(n)`.
    pub fn new(
        isa: Isa,
        [n, k]: [usize; 2],
        weight: impl Fn(usize, usize) -> f32,
        bias: impl Fn(usize) -> f32,
    ) -> Self {
        let panels = Panels::new(n, isa.run(TileOf));
        let floats = panels.all().map(|panel| panels.width(panel) * (k + 1)).sum();
        let mut packed = Self { isa, k, panels, floats: AlignedFloats::zeros(floats), zeros: vec![0.0; k] };
        for panel in panels.all() {
            packed.fill(panel, &weight, &bias);
        }
        packed
    }

    fn fill(&mut self, panel: usize, weight: &impl Fn(usize, usize) -> f32, bias: &impl Fn(usize) -> f32) {
        let (columns, start) = (self.panels.width(panel), self.panel_start(panel));
        let (first, valid, k) = (self.panels.first(panel), self.panels.valid(panel), self.k);
        let floats: &mut [f32] = &mut self.floats;
        for column in 0..valid {
            floats[start + column] = bias(first + column);
            for row in 0..k {
                floats[start + (row + 1) * columns + column] = weight(first + column, row);
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

    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        (self.floats.len() + self.zeros.len()) * 4
    }

    /// Zeros as long as the depth, for what lies in the padding.
    pub(super) fn zeros(&self) -> &[f32] {
        &self.zeros
    }

    /// How the columns are cut.
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }

    fn panel_start(&self, panel: usize) -> usize {
        self.panels.first(panel) * (self.k + 1)
    }

    /// The panel's bias and weights.
    pub(super) fn panel(&self, panel: usize) -> &[f32] {
        &self.floats[self.panel_start(panel)..][..self.panels.width(panel) * (self.k + 1)]
    }
}

/// Rows, vectors and lanes of the register tile.
struct TileOf;

impl Vectorized for TileOf {
    type Output = [usize; 3];

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> [usize; 3] {
        [S::TILE_ROWS, S::TILE_VECTORS, S::LANES]
    }
}
