//! AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D: for each channel the mean, the greatest or the root mean square of what a
//! window covers of `[n, h, w, c]`; what hangs over the edges does not count.
//!
//! Quantized integers of equal quantization on both sides are pooled as integers, the mean rounded half away from zero.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
mod gpu;
mod reference;

use super::{Activation, Chain, CpuKernel, Operands, Operator, Padding, Refusal, Source, Verdict, Window};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// What is computed of the numbers in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The mean.
    Average,
    /// The root of the mean of the squares.
    L2,
    /// The greatest.
    Max,
}

/// Attributes of a pooling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool2d {
    /// What is computed.
    pub pooling: Pooling,
    /// The window; its dilation is one.
    pub window: Window,
    /// What is applied to the result.
    pub activation: Activation,
}

/// The attributes of a pooling.
pub fn decode(source: &Source) -> Verdict<Option<Pool2d>> {
    let pooling = match source.name {
        "AVERAGE_POOL_2D" => Pooling::Average,
        "L2_POOL_2D" => Pooling::L2,
        "MAX_POOL_2D" => Pooling::Max,
        _ => return Ok(None),
    };
    let window = Window {
        size: [source.extent("filter_height")?, source.extent("filter_width")?],
        stride: [source.extent("stride_h")?, source.extent("stride_w")?],
        dilation: [1, 1],
        padding: source.padding()?,
    };
    Ok(Some(Pool2d { pooling, window, activation: source.activation()? }))
}

/// The shape of a pooling's output; refuses windows that may lie in the padding alone.
pub fn pooled_shape(window: &Window, input: &[usize]) -> Verdict<Vec<usize>> {
    let &[n, h, w, c] = input else {
        return Err(Refusal::new(format!("its input {input:?} should have rank 4")));
    };
    let [rows, columns] = window.outputs([h, w])?;
    if let Padding::Explicit([top, bottom, left, right]) = window.padding
        && (top.max(bottom) >= window.size[0] || left.max(right) >= window.size[1])
    {
        return Err(Refusal::new("its padding holds whole windows"));
    }
    Ok(vec![n, rows, columns, c])
}

impl Operator for Pool2d {
    fn name(&self) -> &'static str {
        match self.pooling {
            Pooling::Average => "AVERAGE_POOL_2D",
            Pooling::L2 => "L2_POOL_2D",
            Pooling::Max => "MAX_POOL_2D",
        }
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let Some(input) = operands.shape(0)? else { return Ok(vec![None]) };
        Ok(vec![Some(pooled_shape(&self.window, input)?)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        Ok(vec![reference::run(self, input, &outputs[0])?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    #[cfg(feature = "cpu")]
    fn cpu_carries_epilogue(&self, operands: &Operands) -> bool {
        cpu::kernel(self, operands, &Chain::empty()).is_some()
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(self, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}
