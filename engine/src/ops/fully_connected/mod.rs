//! FULLY_CONNECTED: `y[r, o] = act(b[o] + Σ x[r, i] · w[o, i])` over the rows that the input's elements make in their order.
//!
//! Weights `[o, i]`, bias `[o]` or absent. The output is `[rows, o]`, or with `keep_num_dims` the input's shape with its
//! last dimension, then i, replaced by o.

#[cfg(feature = "cpu")]
mod bytes;
/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod gpu;

use super::weighted::Weighted;
use super::{Activation, Chain, CpuKernel, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Attributes of a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FullyConnected {
    /// Whether the output has the input's dimensions but for the last.
    pub keep_num_dims: bool,
    /// What is applied to the result.
    pub activation: Activation,
}

/// The attributes of a `FULLY_CONNECTED`.
pub fn decode(source: &Source) -> Verdict<Option<FullyConnected>> {
    if source.name != "FULLY_CONNECTED" {
        return Ok(None);
    }
    if source.int("weights_format", 0)? != 0 {
        return Err(Refusal::new("its weights are shuffled for one processor family"));
    }
    Ok(Some(FullyConnected {
        keep_num_dims: source.bool("keep_num_dims")?,
        activation: source.activation()?,
    }))
}

impl Operator for FullyConnected {
    fn name(&self) -> &'static str {
        "FULLY_CONNECTED"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(input), Some(weights)) = (operands.shape(0)?, operands.shape(1)?) else {
            return Ok(vec![None]);
        };
        let &[o, i] = weights else {
            return Err(Refusal::new(format!("its weights {weights:?} should have rank 2")));
        };
        let elements = operands.input(0)?.ty.elements();
        if i == 0 || elements % i != 0 {
            return Err(Refusal::new(format!("its input {input:?} is not made of rows of {i}")));
        }
        if let Some(bias) = operands.optional(2).filter(|bias| bias.ty.elements() != o) {
            return Err(Refusal::new(format!("its bias {} should have {o} elements", bias.ty)));
        }
        if !self.keep_num_dims {
            return Ok(vec![Some(vec![elements / i, o])]);
        }
        match input.split_last() {
            Some((&last, leading)) if last == i => Ok(vec![Some([leading, &[o]].concat())]),
            _ => Err(Refusal::new(format!("its input {input:?} should end in {i}"))),
        }
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(input), Some(weights), ref bias @ ..] = inputs[..] else {
            return Err(Refusal::new("it needs an input and weights"));
        };
        let &[o, i] = weights.shape() else { return Err(Refusal::new("its weights should have rank 2")) };
        let bias = bias.first().copied().flatten();
        let weighted = Weighted::new([input, weights], bias, o, &outputs[0], self.activation)?;
        let dot = |row: &[f32], taps: &[f32]| {
            row.iter().zip(taps).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
        };
        let mut y = Vec::with_capacity(outputs[0].elements());
        for row in weighted.input.chunks_exact(i) {
            y.extend(
                weighted.weights.chunks_exact(i).zip(&weighted.bias).map(|(taps, &b)| b + dot(row, taps)),
            );
        }
        Ok(vec![weighted.output(&outputs[0], &y)?])
    }

    fn macs(&self, operands: &Operands) -> u64 {
        operands.products_of_channels(0)
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::applies(operands)
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }

    fn bias(&self) -> Option<usize> {
        Some(2)
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}
