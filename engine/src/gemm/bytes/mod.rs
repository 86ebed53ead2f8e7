//! The packed product of bytes under quantized layers: exact sums `Σₖ a[m][k] · w[n][k]` in 32 bits, and what becomes of them.
//!
//! - The instruction sets multiply and add four bytes at a time, so weights lie in [`PackedBytes`] as quads: panels of as many columns as
//!   the register tile has, for each panel one row of quads for every four `k`.
//! - The rows of the left operand are copied, a strip that fits the first level cache at a time, into the form the instruction set wants:
//!   windows become rows, borders get the zero point, the depth is filled up to whole quads. Rows that have the form already are read
//!   where they lie.
//! - Zero points are constants by then: that of the left operand is in each column's [start](PackedBytes::new), that of the
//!   weights, which few models have, needs the sums of the rows, which are taken from the strip.
//! - A [`Finish`] turns a tile's sums, still in registers, into steps of the output or into reals.

mod finish;
mod micro;
mod pack;
mod product;
#[cfg(test)]
mod tests;

pub use finish::{Finish, ToReals, ToSteps};
pub use pack::PackedBytes;
pub use product::{ByteProduct, Operand, Show, Start};
