//! LOCAL_RESPONSE_NORMALIZATION: `y_c = x_c / (bias + α Σ x_d²)^β`, the sum over `|d − c| ≤ radius` along the last
//! dimension.

/// The family's cases.
pub mod cases;
mod gpu;

use super::operand::reals;
use super::{Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A normalization over neighboring channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalResponseNormalization {
    /// How far a neighbor is.
    pub radius: usize,
    /// What is added to the weighted sum.
    pub bias: f32,
    /// The sum's weight.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
}

/// The attributes of a `LOCAL_RESPONSE_NORMALIZATION`.
pub fn decode(source: &Source) -> Verdict<Option<LocalResponseNormalization>> {
    if source.name != "LOCAL_RESPONSE_NORMALIZATION" {
        return Ok(None);
    }
    let radius = source.int("radius", 0)?;
    Ok(Some(LocalResponseNormalization {
        radius: usize::try_from(radius)
            .ok()
            .filter(|&radius| radius <= i32::MAX as usize)
            .ok_or_else(|| Refusal::new(format!("its radius is {radius}")))?,
        bias: source.float("bias", 0.0)?,
        alpha: source.float("alpha", 0.0)?,
        beta: source.float("beta", 0.0)?,
    }))
}

impl Operator for LocalResponseNormalization {
    fn name(&self) -> &'static str {
        "LOCAL_RESPONSE_NORMALIZATION"
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
            y.extend((0..channels).map(|c| {
                let near = &row[c.saturating_sub(self.radius)..channels.min(c + self.radius + 1)];
                let sum: f64 = near.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
                let base = f64::from(self.bias) + f64::from(self.alpha) * sum;
                (f64::from(row[c]) * base.powf(-f64::from(self.beta))) as f32
            }));
        }
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &y)?])
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }
}
