//! GPU kernels as plain data: a description, and its expansion to WGSL.
//!
//! A kernel is described, not made: `ops/*/gpu.rs` returns a [`Kernel`], [`expand`] turns it and the operands' layout
//! into WGSL text, and `gpu` makes pipelines of that. So kernels can be printed, validated and snapshotted where there
//! is no GPU.
//!
//! # Layout
//! A tensor of rank ≤ 4 is seen as `[n, h, w, c]`, aligned at its last dimension; one of higher rank has all but its last three as
//! n. It lies in one *arena* buffer as
//! `n · slices × h × w` texels of four channels, `slices = ⌈c / 4⌉`: texel `((layer · h) + y) · w + x` with
//! `layer = batch · slices + slice`. Lanes past `c` hold zero. A texel is stored as [`Elem`]: four f32, or four halves.
//! All activations of a step are ranges of the same arena, all its weights ranges of one buffer: a step binds a uniform
//! block, the arena and the weights, each of the last two at most twice (as f32 and as halves), whatever is fused.
//!
//! # Write a kernel
//! A `.wgsl` file opens with what one invocation computes and the grid; then helpers, then `main`. It is written against
//! the *prelude* that [`expand`] puts in front:
//! - `Acc`, `Acc4`: the type numbers are accumulated in;
//! - `params.NAME`: the kernel's [`Kernel::params`]; for each slot `T` also `params.T_w`, `T_h`, `T_s` (slices), `T_n`;
//! - `T_load(x, y, layer) -> Acc4` for each input slot, prologue included; no bounds are checked; indices come as `vec4<f32>`;
//! - `T_store(x, y, layer, value)` for each output slot, epilogue included; it ignores places outside the tensor;
//! - `C_load(i) -> Acc4` for each constant;
//! - `F(x, y, layer, value) -> Acc4` for each [`Inline`] of the operator;
//! - `WGX`, `WGY`, `WGZ`: the work-group's size, pipeline-overridable.
//!
//! and may use the [`preprocess`]or's lines: `#if A`, `#else`, `#endif` on [`Kernel::defines`], and
//! `#for i in A..B` … `#end`, which repeats text with `$i` replaced; `$(A)` is replaced by an expression's value. Registers are named by unrolled text
//! (`acc_$i_$j` is written `acc_$i$_$j$`): no local array is indexed by a variable, so nothing spills by accident.

mod expand;
mod expression;
mod layout;
mod preprocess;

pub use expand::{Binding, ParamValue, Shader, expand};
pub use layout::{nhwc_from_texels, texels_from_nhwc};
pub use preprocess::preprocess;

use std::fmt;

/// How a texel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Elem {
    /// Four f32, 16 bytes.
    F32,
    /// Four halves, 8 bytes.
    F16,
}

impl Elem {
    /// Bytes of a texel.
    pub fn texel(self) -> usize {
        match self {
            Elem::F32 => 16,
            Elem::F16 => 8,
        }
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Elem::F32 => "f32",
            Elem::F16 => "f16",
        })
    }
}

/// How WGSL may be written for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// Whether halves are a native type (`enable f16`); otherwise two are packed in a u32.
    pub native_f16: bool,
    /// Whether numbers are accumulated in halves.
    pub f16_arithmetic: bool,
}

/// Which of an operator's kernels runs, and with which tunables: a key that prints, compares and can be stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Choice {
    /// The kernel's name, such as `conv2d_1x1`.
    pub kernel: &'static str,
    /// The register tile, in the kernel's own order; ones where it has none.
    pub tile: [u32; 3],
    /// The work-group's size.
    pub workgroup: [u32; 3],
}

impl Choice {
    /// A kernel without a register tile.
    pub fn new(kernel: &'static str, workgroup: [u32; 3]) -> Self {
        Self { kernel, tile: [1; 3], workgroup }
    }

    /// The same with a register tile.
    pub fn tiled(self, tile: [u32; 3]) -> Self {
        Self { tile, ..self }
    }

    /// The grid of work-groups that covers so many invocations.
    pub fn grid(&self, invocations: [usize; 3]) -> [u32; 3] {
        std::array::from_fn(|axis| (invocations[axis] as u32).div_ceil(self.workgroup[axis]).max(1))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [tx, ty, tz] = self.tile;
        let [wx, wy, wz] = self.workgroup;
        f.write_str(self.kernel)?;
        if self.tile != [1; 3] {
            write!(f, ".t{tx}x{ty}x{tz}")?;
        }
        write!(f, ".wg{wx}x{wy}x{wz}")
    }
}

/// A number that the model fixes, given to the shader in the uniform block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A signed integer.
    I32(i32),
    /// A real.
    F32(f32),
}

impl From<usize> for Scalar {
    fn from(value: usize) -> Self {
        Scalar::I32(value as i32)
    }
}

impl From<f32> for Scalar {
    fn from(value: f32) -> Self {
        Scalar::F32(value)
    }
}

/// Weights in the order a kernel reads them, padded to whole texels.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The name in the source: `NAME_load(i)` gives texel i.
    pub name: &'static str,
    /// The numbers, four to a texel.
    pub values: Vec<f32>,
}

/// Elementwise steps between the parts of a kernel: the source calls `NAME(x, y, l, value) -> Acc4`.
#[derive(Clone, Debug, PartialEq)]
pub struct Inline {
    /// The function's name.
    pub name: &'static str,
    /// WGSL statements that change `v: Acc4` at `(x, y, l)`.
    pub body: String,
    /// The operator's inputs that the statements read.
    pub reads: Vec<Read>,
    /// The shape `[n, h, w, c]` of what it is applied to.
    pub shape: [usize; 4],
}

/// An operand of elementwise steps, read by `e{input}_load`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which of the operator's inputs.
    pub input: usize,
    /// For each of n, h, w, c: whether the operand has that extent (otherwise it has 1).
    pub full: [bool; 4],
}

/// The description of one dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// The chosen kernel with its tunables.
    pub choice: Choice,
    /// The text of its `.wgsl` file.
    pub source: &'static str,
    /// Structure: integers that `#if` and `#for` see and that are constants in the text.
    pub defines: Vec<(&'static str, i64)>,
    /// Numbers in the uniform block.
    pub params: Vec<(&'static str, Scalar)>,
    /// Name of each input slot and the operator's input it reads. Constants packed in `constants` have no slot.
    pub inputs: Vec<(&'static str, usize)>,
    /// Name of each output slot; the i-th is the operator's output i.
    pub outputs: Vec<&'static str>,
    /// Weights.
    pub constants: Vec<Constant>,
    /// The grid in work-groups.
    pub grid: [u32; 3],
    /// Multiply-adds of the whole dispatch.
    pub macs: u64,
}
