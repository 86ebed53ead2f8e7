//! The packed matrix product under convolution and fully connected layers: `out[m][n] = clamp(bias[n] + Σₖ a[m][k] · w[n][k])`.
//!
//! - Weights are [`Packed`] once: panels of as many columns as the register tile has, the bias first, then one row of the panel for
//!   each `k`, so that the inner loop reads them as one stream.
//! - The left operand is never copied. A convolution is the product over its windows, and a window is a few *segments*: runs of
//!   `k` that lie together in memory. A tile of output pixels has a table with a pointer for each segment and pixel; a
//!   segment in the padding points to zeros ([`Source`]). This is the indirect convolution of M. Dukhan (2019), with
//!   the kernel's columns merged into one segment wherever a tile does not touch the border.
//! - A tile of the output stays in registers from the bias to the clamp; an [`Epilogue`] then sees it while it is in the first
//!   level cache.
//! - Tiles are spread over the threads by ranges of rows, or of columns where there are few rows. Within a task the panels go
//!   by in blocks that fit the second level cache.
//!
//! The panel's width depends on the instruction set, so a [`Packed`] belongs to the one it was made for.

pub mod bytes;
mod micro;
mod pack;
mod panels;
mod product;
mod source;
#[cfg(test)]
mod tests;

pub use pack::Packed;
pub use product::{Epilogue, Product, Tile};
pub use source::{Source, Window};
