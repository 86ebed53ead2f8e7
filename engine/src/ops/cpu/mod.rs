//! What the CPU kernels share: chains on vectors, and the elementwise kernel that runs a chain alone.
//!
//! The kernels work on f32 tensors seen as pixels of channels: `[n, h, w, c]`, `c` innermost. A kernel computes a [tile] of pixels, then
//! applies its chain while the tile is in the first level cache. Truth values
//! within a chain are 0 and 1.
//!
//! [tile]: crate::gemm::Tile

mod chain;
mod elementwise;
mod fold;
mod groups;
mod layer;
mod links;
#[cfg(test)]
mod quantized_tests;
mod quantizer;
mod staged;
mod table;
#[cfg(test)]
mod tests;

pub use chain::{Bound, MAX_TAPS, Steps};
pub use elementwise::elementwise;
pub use fold::{Fold, Folding};
pub use groups::{HybridGroups, StepGroups};
pub use layer::{ByteWeights, HybridLayer, StepLayer, Stepped, byte_steps, flip};
pub use quantizer::{Quantizer, Rounded};
pub use staged::{ToBytes, staged};
pub use table::table;

use super::{Link, Operands};
use crate::simd::Isa;
use crate::tensor::DType;
use std::sync::OnceLock;

/// The instruction set the kernels are made for: the widest this CPU has, or the one that the variable `MATTE_CPU_ISA` names, if
/// the CPU has it.
pub fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let name = std::env::var("MATTE_CPU_ISA").unwrap_or_default();
        Isa::all().into_iter().find(|isa| isa.name() == name).unwrap_or_else(Isa::detect)
    })
}

/// Whether the inputs with these indices, where present, and all outputs are f32 and of a fixed shape.
pub fn all_f32(operands: &Operands, inputs: &[usize]) -> bool {
    let mut inputs = inputs.iter().filter_map(|&index| operands.optional(index));
    inputs.all(|input| !input.dynamic && input.ty.dtype == DType::F32)
        && operands.outputs.iter().all(|output| output.dtype == DType::F32)
}

/// Whether a node may ride on a CPU kernel: everything it reads and writes is f32.
pub fn may_ride(operands: &Operands) -> bool {
    all_f32(operands, &(0..operands.inputs.len()).collect::<Vec<_>>())
}

/// Whether the input with this index is absent or part of the model.
pub fn known(operands: &Operands, index: usize) -> bool {
    operands.optional(index).is_none_or(|input| input.constant.is_some())
}

/// Whether reals are rounded to multiply them with weights of bytes, whose output channels lie along `axis`.
pub fn hybrid_applies(operands: &Operands, axis: usize) -> bool {
    all_f32(operands, &[0, 2]) && known(operands, 2) && ByteWeights::hybrid(operands, 1, axis).is_some()
}

/// The range that a link clamps to, where that is all it does.
fn range(link: &Link) -> Option<[f32; 2]> {
    use super::unary::Unary;
    Some(match *link {
        Link::Clamp(low, high) => [low, high],
        Link::Unary(Unary::Relu) => [0.0, f32::INFINITY],
        Link::Unary(Unary::Relu6) => [0.0, 6.0],
        Link::Unary(Unary::Relu0To1) => [0.0, 1.0],
        Link::Unary(Unary::ReluN1To1) => [-1.0, 1.0],
        _ => return None,
    })
}
