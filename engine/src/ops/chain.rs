//! Elementwise operators that ride on another operator's load or store.
//!
//! A [`Chain`] maps one number to one number, with further operands read at the same place. The plan links elementwise
//! nodes into the kernel that writes their input (its *epilogue*) or the one that reads their output (a *prologue*),
//! so that intermediate values never reach memory.

use super::binary::BinaryKind;
use super::unary::Unary;
use crate::tensor::{DType, TensorType};
use std::fmt::Write;

/// Elementwise steps, applied in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// The steps.
    pub links: Vec<Link>,
}

/// One step of a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// x ← f(x)
    Unary(Unary),
    /// x ← x ∘ other, or other ∘ x where `reversed`.
    Binary {
        /// The operation.
        kind: BinaryKind,
        /// The other operand.
        other: Other,
        /// Whether the other operand stands on the left.
        reversed: bool,
    },
    /// x ← clamp(x, low, high); either bound may be infinite.
    Clamp(f32, f32),
    /// x ← scale · clamp(round(x / scale), low, high): to the steps of a quantized value.
    Steps {
        /// The distance of two steps.
        scale: f32,
        /// The least step, counted from the zero point.
        low: f32,
        /// The greatest step, counted from the zero point.
        high: f32,
    },
    /// x ← scale · clamp(round(round(x / unit) · factor), low, high): a sum of products of integers, in f32 near a multiple of the unit
    /// that is the product of their scales, to the steps of a quantized value. It is what becomes of the exact sum.
    Sums {
        /// What a product of two steps of one stands for.
        unit: f32,
        /// Steps of the value to a unit.
        factor: f32,
        /// The distance of two steps.
        scale: f32,
        /// The least step, counted from the zero point.
        low: f32,
        /// The greatest step, counted from the zero point.
        high: f32,
    },
    /// Writes x to further output `0` of the step, and goes on with it.
    Tap(usize),
}

/// The other operand of a binary link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Other {
    /// The same finite number everywhere.
    Scalar(f32),
    /// An input, spread over the result. While an operator describes itself as a chain, `index` is its own input; in a
    /// step it is the step's.
    Input {
        /// Which input.
        index: usize,
        /// How it is spread.
        broadcast: Broadcast,
    },
}

/// How a smaller operand is spread over `[n, h, w, c]`: which dimensions it has itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// For each of n, h, w, c: whether the operand has that extent (otherwise it has 1).
    pub full: [bool; 4],
}

impl Broadcast {
    /// No spreading.
    pub const NONE: Self = Self { full: [true; 4] };

    /// How an operand of shape `from` is spread over a result of shape `to`, both of rank ≤ 4 and aligned at the last
    /// dimension; `None` where it does not fit.
    pub fn between(from: &[usize], to: &[usize]) -> Option<Self> {
        let (from, to) = (nhwc(from)?, nhwc(to)?);
        let mut full = [true; 4];
        for axis in 0..4 {
            full[axis] = from[axis] == to[axis];
            if !full[axis] && from[axis] != 1 {
                return None;
            }
        }
        Some(Self { full })
    }
}

/// A shape of rank ≤ 4 as `[n, h, w, c]`, aligned at the last dimension as broadcasting aligns it.
pub fn nhwc(shape: &[usize]) -> Option<[usize; 4]> {
    let mut aligned = [1; 4];
    aligned[4usize.checked_sub(shape.len())?..].copy_from_slice(shape);
    Some(aligned)
}

/// Whether chains carry values of this type: f32, and bool as 0 and 1, of rank ≤ 4.
pub fn carried(ty: &TensorType) -> bool {
    matches!(ty.dtype, DType::F32 | DType::Bool) && ty.rank() <= 4
}

impl Chain {
    /// The identity.
    pub const fn empty() -> Self {
        Self { links: Vec::new() }
    }

    /// Whether the chain is the identity.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The WGSL statements that apply the chain to `v: Acc4` at `(x, y, l)`. Input i is read by `e{i}_load`, tap i
    /// written by `t{i}_store`.
    pub fn wgsl(&self) -> String {
        let mut text = String::new();
        for link in &self.links {
            let _ = match link {
                Link::Unary(unary) => write!(text, "{}", unary.wgsl()),
                Link::Binary { kind, other, reversed } => {
                    let other = match other {
                        Other::Scalar(value) => format!("Acc4({value:?})"),
                        Other::Input { index, .. } => format!("e{index}_load(x, y, l)"),
                    };
                    let (a, b) = if *reversed { ("o", "v") } else { ("v", "o") };
                    writeln!(text, "  {{ let o = {other}; v = {}; }}", kind.wgsl(a, b))
                }
                Link::Clamp(low, high) => {
                    let low = if low.is_finite() {
                        format!("  v = max(v, Acc4({low:?}));\n")
                    } else {
                        String::new()
                    };
                    let high = if high.is_finite() {
                        format!("  v = min(v, Acc4({high:?}));\n")
                    } else {
                        String::new()
                    };
                    write!(text, "{low}{high}")
                }
                Link::Steps { scale, low, high } => writeln!(
                    text,
                    "  v = {scale:?} * clamp(round(v / {scale:?}), Acc4({low:?}), Acc4({high:?}));"
                ),
                // In f32 whatever the sums are kept in: units are many.
                Link::Sums { unit, factor, scale, low, high } => writeln!(
                    text,
                    "  v = Acc4({scale:?} * clamp(round(round(vec4<f32>(v) / {unit:?}) * {factor:?}), vec4<f32>({low:?}), vec4<f32>({high:?})));"
                ),
                Link::Tap(output) => writeln!(text, "  t{output}_store(x, y, l, v);"),
            };
        }
        text
    }
}
