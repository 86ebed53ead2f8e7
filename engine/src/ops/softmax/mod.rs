//! SOFTMAX: `y = e^{β(x − m)} / Σ e^{β(x − m)}`, and LOG_SOFTMAX: `y = x − m − ln Σ e^{x − m}`, along the last dimension,
//! whose greatest number is m.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod gpu;

#[cfg(feature = "cpu")]
use super::cpu::staged;
use super::operand::reals;
use super::{Chain, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A softmax or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Softmax {
    /// The softmax with its β.
    Plain {
        /// What differences are multiplied by.
        beta: f32,
    },
    /// The logarithm of the softmax.
    Log,
}

impl Softmax {
    fn beta(self) -> f32 {
        match self {
            Softmax::Plain { beta } => beta,
            Softmax::Log => 1.0,
        }
    }
}

/// The softmax that `source` names.
pub fn decode(source: &Source) -> Verdict<Option<Softmax>> {
    Ok(match source.name {
        "SOFTMAX" => Some(Softmax::Plain { beta: source.float("beta", 1.0)? }),
        "LOG_SOFTMAX" => Some(Softmax::Log),
        _ => None,
    })
}

impl Operator for Softmax {
    fn name(&self) -> &'static str {
        match self {
            Softmax::Plain { .. } => "SOFTMAX",
            Softmax::Log => "LOG_SOFTMAX",
        }
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
            let greatest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let scaled = |&v: &f32| (f64::from(v) - greatest) * f64::from(self.beta());
            let sum: f64 = row.iter().map(|v| scaled(v).exp()).sum();
            y.extend(row.iter().map(|v| match self {
                Softmax::Plain { .. } => (scaled(v).exp() / sum) as f32,
                Softmax::Log => (scaled(v) - sum.ln()) as f32,
            }));
        }
        Ok(vec![Tensor::from_reals(outputs[0].clone(), &y)?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(*self, operands, chain).or_else(|| staged(self, operands, chain))
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::applies(operands)
    }

    fn merged(&self, _operands: &Operands) -> Verdict<Merged> {
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(*self, operands, choice)
    }
}
