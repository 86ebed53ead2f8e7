//! CONV_2D: `y[n, i, j, o] = act(b[o] + Σ x[n, i·s + k·d − p, j·s + l·d − p, c] · w[o, k, l, c])`.
//!
//! Input `[n, h, w, c]`, weights OHWI `[o, kh, kw, c / groups]`, bias `[o]` or absent. Grouped where the weights have
//! fewer input channels than the input.

#[cfg(feature = "cpu")]
mod bytes;
/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;
pub(super) mod gpu;
#[cfg(feature = "cpu")]
mod layout;
mod reference;

use super::{Activation, Chain, CpuKernel, Operands, Operator, Padding, Refusal, Source, Verdict, Window};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Attributes of a convolution; the window's size is the weights'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// Steps in rows and columns.
    pub stride: [usize; 2],
    /// Distances between taps in rows and columns.
    pub dilation: [usize; 2],
    /// What happens at the edges.
    pub padding: Padding,
    /// What is applied to the result.
    pub activation: Activation,
}

impl Conv2d {
    /// The window for weights of this OHWI shape.
    pub fn window(&self, weights: &[usize]) -> Window {
        Window {
            size: [weights[1], weights[2]],
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
        }
    }
}

/// The attributes of a `CONV_2D`.
pub fn decode(source: &Source) -> Verdict<Option<Conv2d>> {
    if source.name != "CONV_2D" {
        return Ok(None);
    }
    Ok(Some(Conv2d {
        stride: [source.extent("stride_h")?, source.extent("stride_w")?],
        dilation: [source.extent("dilation_h_factor")?, source.extent("dilation_w_factor")?],
        padding: source.padding()?,
        activation: source.activation()?,
    }))
}

impl Operator for Conv2d {
    fn name(&self) -> &'static str {
        "CONV_2D"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(input), Some(weights)) = (operands.shape(0)?, operands.shape(1)?) else {
            return Ok(vec![None]);
        };
        let (&[n, h, w, c], &[o, _, _, i]) = (input, weights) else {
            return Err(Refusal::new(format!(
                "its input {input:?} and weights {weights:?} should have rank 4"
            )));
        };
        if i == 0 || c == 0 || c % i != 0 || o % (c / i).max(1) != 0 {
            return Err(Refusal::new(format!("its input {input:?} does not fit its weights {weights:?}")));
        }
        if let Some(bias) = operands.optional(2).filter(|bias| bias.ty.elements() != o) {
            return Err(Refusal::new(format!("its bias {} should have {o} elements", bias.ty)));
        }
        let window = self.window(weights);
        let fits = || Refusal::new(format!("its window {:?} does not fit its input {input:?}", window.size));
        let rows = window.output(0, h).ok_or_else(fits)?;
        let columns = window.output(1, w).ok_or_else(fits)?;
        Ok(vec![Some(vec![n, rows, columns, o])])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        reference::run(self, inputs, &outputs[0])
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
        gpu::choices(self, operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }

    fn carries_prologue(&self, operands: &Operands, input: usize) -> bool {
        let pointwise =
            operands.optional(1).is_some_and(|weights| weights.ty.shape.get(1..3) == Some(&[1, 1]));
        input == 0 && pointwise && self.stride == [1, 1]
    }

    fn bias(&self) -> Option<usize> {
        Some(2)
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}
