//! Columns cut into panels.

use std::ops::Range;

/// The columns of a product in panels of a register tile's width; the last panel is narrower, whole vectors still.
#[derive(Clone, Copy, Debug)]
pub struct Panels {
    columns: usize,
    /// Rows, vectors and lanes of the register tile.
    tile: [usize; 3],
}

impl Panels {
    /// `columns` columns for a register tile of so many rows, vectors and lanes.
    pub fn new(columns: usize, tile: [usize; 3]) -> Self {
        Self { columns, tile }
    }

    /// The columns of the product.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows of the register tile.
    pub fn tile_rows(&self) -> usize {
        self.tile[0]
    }

    /// Columns of a vector.
    pub fn lanes(&self) -> usize {
        self.tile[2]
    }

    /// Columns of a full panel.
    pub fn full(&self) -> usize {
        self.tile[1] * self.tile[2]
    }

    /// The panels' numbers.
    pub fn all(&self) -> Range<usize> {
        0..self.columns.div_ceil(self.full())
    }

    /// Columns of a panel, padding included: whole vectors.
    pub fn width(&self, panel: usize) -> usize {
        let rest = self.columns - self.first(panel);
        rest.next_multiple_of(self.lanes()).min(self.full())
    }

    /// The first column of a panel.
    pub fn first(&self, panel: usize) -> usize {
        panel * self.full()
    }

    /// Columns of a panel that are the product's own.
    pub fn valid(&self, panel: usize) -> usize {
        (self.columns - self.first(panel)).min(self.full())
    }

    /// The product's own columns of neighboring panels.
    pub fn columns_of(&self, panels: &Range<usize>) -> Range<usize> {
        self.first(panels.start)..self.first(panels.end).min(self.columns)
    }
}
