//! DEPTHWISE_CONV_2D: `y[n, i, j, o] = act(b[o] + Σ x[n, i·s + k·d − p, j·s + l·d − p, ⌊o / m⌋] · w[0, k, l, o])`.
//!
//! Input `[n, h, w, c]`, weights `[1, kh, kw, c · m]` with the multiplier m, bias `[c · m]` or absent.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
pub(super) mod gpu;
mod reference;

use super::{Activation, Chain, CpuKernel, Operands, Operator, Padding, Refusal, Source, Verdict, Window};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Attributes of a depthwise convolution; the window's size and the multiplier are the weights'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthwiseConv2d {
    /// Steps in rows and columns.
    pub stride: [usize; 2],
    /// Distances between taps in rows and columns.
    pub dilation: [usize; 2],
    /// What happens at the edges.
    pub padding: Padding,
    /// What is applied to the result.
    pub activation: Activation,
}

impl DepthwiseConv2d {
    /// The window for weights of this shape.
    pub fn window(&self, weights: &[usize]) -> Window {
        Window {
            size: [weights[1], weights[2]],
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
        }
    }
}

/// The attributes of a `DEPTHWISE_CONV_2D`.
pub fn decode(source: &Source) -> Verdict<Option<DepthwiseConv2d>> {
    if source.name != "DEPTHWISE_CONV_2D" {
        return Ok(None);
    }
    Ok(Some(DepthwiseConv2d {
        stride: [source.extent("stride_h")?, source.extent("stride_w")?],
        dilation: [source.extent("dilation_h_factor")?, source.extent("dilation_w_factor")?],
        padding: source.padding()?,
        activation: source.activation()?,
    }))
}

impl Operator for DepthwiseConv2d {
    fn name(&self) -> &'static str {
        "DEPTHWISE_CONV_2D"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(input), Some(weights)) = (operands.shape(0)?, operands.shape(1)?) else {
            return Ok(vec![None]);
        };
        let (&[n, h, w, c], &[1, _, _, o]) = (input, weights) else {
            return Err(Refusal::new(format!(
                "its input {input:?} and weights {weights:?} should be [n, h, w, c] and [1, kh, kw, o]"
            )));
        };
        if c == 0 || o == 0 || o % c != 0 {
            return Err(Refusal::new(format!("its {o} outputs are not a multiple of its {c} channels")));
        }
        if let Some(bias) = operands.optional(2).filter(|bias| bias.ty.elements() != o) {
            return Err(Refusal::new(format!("its bias {} should have {o} elements", bias.ty)));
        }
        let [rows, columns] = self.window(weights).outputs([h, w])?;
        Ok(vec![Some(vec![n, rows, columns, o])])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        reference::run(self, inputs, &outputs[0])
    }

    fn macs(&self, operands: &Operands) -> u64 {
        operands.products_of_channels(3)
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
        gpu::choices(self, operands)
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
