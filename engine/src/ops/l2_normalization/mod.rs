//! L2_NORMALIZATION: `y = act(x / max(√Σ x², 10⁻⁶))`, the sum along the last dimension.

/// The family's cases.
pub mod cases;
mod gpu;

use super::operand::reals;
use super::{Activation, Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// The least norm that is divided by.
const LEAST: f32 = 1e-6;

/// A normalization to unit length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L2Normalization {
    /// What is applied to the result.
    pub activation: Activation,
}

/// The attributes of an `L2_NORMALIZATION`.
pub fn decode(source: &Source) -> Verdict<Option<L2Normalization>> {
    Ok(match source.name {
        "L2_NORMALIZATION" => Some(L2Normalization { activation: source.activation()? }),
        _ => None,
    })
}

impl Operator for L2Normalization {
    fn name(&self) -> &'static str {
        "L2_NORMALIZATION"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        match operands.shape(0)? {
            Some([]) => Err(Refusal::new("its input is a scalar")),
            shape => Ok(vec![shape.map(<[usize]>::to_vec)]),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let channels = input.shape().last().copied().unwrap_or(1).max(1);
        let x = reals(input)?;
        let mut y = Vec::with_capacity(x.len());
        for row in x.chunks_exact(channels) {
            let norm = (row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() as f32).sqrt();
            let norm = if norm < LEAST { LEAST } else { norm };
            y.extend(row.iter().map(|&v| self.activation.apply(v / norm)));
        }
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &y)?])
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(operands, choice)
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}
